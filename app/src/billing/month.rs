//! 限度額: which limit holds for a visit, and what the month's other visits left of it.

use std::collections::HashMap;
use std::sync::OnceLock;

use chrono::{Datelike, Months, NaiveDate};
use domain::PatientId;
use domain::billing::grouped;
use domain::coverage::{CoverageKind, limit_words};
use domain::encounter::{EncounterClass, VisitStatus};
use domain::monthly_cap::{CapRule, CapTable, MonthCap, disease_cap_yen};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use tenancy::{Error, TenantTx};
use uuid::Uuid;

use super::entity::{account, invoice};
use super::store;
use crate::coverages::entity::coverage;
use crate::coverages::store as coverages;
use crate::encounters::entity::encounter;

/// 見本: see the source of each line.
const SAMPLE: &str = include_str!("../../../masters/sample/monthly_caps.json");

fn table() -> Result<&'static CapTable, Error> {
    static TABLE: OnceLock<CapTable> = OnceLock::new();
    if let Some(known) = TABLE.get() {
        return Ok(known);
    }
    let read = CapTable::parse(SAMPLE).map_err(Error::internal)?;
    Ok(TABLE.get_or_init(|| read))
}

/// The limit a visit is under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// `限度額区分 ウ (A03)`
    pub words: String,
    pub source: String,
    pub cap: MonthCap,
}

/// Whether there is one; else perhaps why the bill cannot use what the insurance says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Limited {
    #[default]
    No,
    Not(String),
    By(Limit),
}

impl Limited {
    pub fn cap(&self) -> Option<MonthCap> {
        match self {
            Self::By(limit) => Some(limit.cap),
            _ => None,
        }
    }

    pub fn source(&self) -> &str {
        match self {
            Self::By(limit) => &limit.source,
            _ => "",
        }
    }

    pub fn why_not(&self) -> Option<&str> {
        match self {
            Self::Not(why) => Some(why),
            _ => None,
        }
    }

    /// `限度額区分 ウ (A03): 今月は85,800円まで・この医院でこれまで79,000円`
    pub fn words(&self, cost_yen: i64) -> Option<String> {
        let Self::By(limit) = self else { return None };
        let (most, before) = (grouped(limit.cap.limit_yen(cost_yen)), grouped(limit.cap.earlier_share_yen));
        Some(format!("{}: 今月は{most}円まで・この医院でこれまで{before}円", limit.words))
    }
}

/// Two statements where a limit holds, else none.
pub async fn limited(
    tx: &TenantTx,
    group: &[PatientId],
    visit: &encounter::Model,
    coverage: Option<&coverage::Model>,
    account: &account::Model,
) -> Result<Limited, Error> {
    let rule = rule_of(&account.cap_rule);
    match coverage.map(|coverage| base(coverage, rule, visit.reception_date)).transpose()?.unwrap_or_default() {
        Limited::By(limit) => {
            let cap = with_earlier(tx, group, visit, account, rule, limit.cap).await?;
            Ok(Limited::By(Limit { cap, ..limit }))
        }
        none => Ok(none),
    }
}

fn rule_of(code: &str) -> CapRule {
    CapRule::from_code(code).unwrap_or(CapRule::Category)
}

/// The limit of a whole month, nothing billed of it yet.
fn base(coverage: &coverage::Model, rule: CapRule, day: NaiveDate) -> Result<Limited, Error> {
    let kind = coverages::kind_of(coverage);
    if !kind.is_main_insurance() || kind == CoverageKind::PublicAssistance {
        return Ok(Limited::No);
    }
    match rule {
        CapRule::None => Ok(Limited::No),
        CapRule::Disease => Ok(match disease_cap_yen(&coverage.specific_diseases) {
            Some(yen) => Limited::By(Limit {
                words: format!("特定疾病 {}", coverage.specific_diseases),
                source: "特定疾病療養受療証の自己負担限度額".into(),
                cap: MonthCap::of(yen, None),
            }),
            None => {
                Limited::Not("特定疾病の限度額が保険に登録されていません。受療証を確かめ、保険の「特定疾病」に額を入れてください".into())
            }
        }),
        CapRule::Category if coverage.limit_category.is_empty() => Ok(Limited::No),
        CapRule::Category if !is_checked_in_month(coverage, day) => {
            Ok(Limited::Not("限度額区分をこの月にまだ確かめていません。資格を確かめると、限度額を使って計算します".into()))
        }
        CapRule::Category => Ok(match table()?.find(&coverage.limit_category, day) {
            Some(line) => Limited::By(Limit {
                words: format!("限度額区分 {}", limit_words(&coverage.limit_category)),
                source: line.source.clone(),
                cap: MonthCap::of(line.base_yen, line.above_yen),
            }),
            None => Limited::Not(format!("限度額区分 {} の額が表にないため、限度額を使わずに計算しています", coverage.limit_category)),
        }),
    }
}

/// A category is good for the month it was checked in.
fn is_checked_in_month(coverage: &coverage::Model, day: NaiveDate) -> bool {
    coverage.verified_on.is_some_and(|on| (on.year(), on.month()) == (day.year(), day.month()))
}

/// What was billed of the same insurance in the same month by the same rule. A bill that stands was made in sight of those before it
/// only.
async fn with_earlier(
    tx: &TenantTx,
    group: &[PatientId],
    visit: &encounter::Model,
    account: &account::Model,
    rule: CapRule,
    cap: MonthCap,
) -> Result<MonthCap, Error> {
    let mut visits = visits_of_month(tx, group, visit).await?;
    visits.push(visit.id);
    let bills = newest(store::bills(tx, &visits).await?);
    let own = bills.get(&visit.id).filter(|_| account.revision > 0 && !account.is_changed).map(|bill| bill.recorded_at);
    let counts = |bill: &&invoice::Model| {
        bill.encounter_id != visit.id
            && bill.copay_percent.is_some()
            && rule_of(&bill.cap_rule) == rule
            && own.is_none_or(|own| bill.recorded_at < own)
    };
    Ok(bills.values().filter(counts).fold(cap, |cap, bill| MonthCap {
        earlier_cost_yen: cap.earlier_cost_yen + i64::from(bill.cost_yen),
        earlier_share_yen: cap.earlier_share_yen + i64::from(bill.copay_yen - bill.over_cap_yen),
        ..cap
    }))
}

async fn visits_of_month(tx: &TenantTx, group: &[PatientId], visit: &encounter::Model) -> Result<Vec<Uuid>, Error> {
    use encounter::Column as C;
    let first = visit.reception_date.with_day(1).unwrap_or(visit.reception_date);
    let next = first.checked_add_months(Months::new(1)).unwrap_or(first);
    let rows = encounter::Entity::find()
        .select_only()
        .column(C::Id)
        .filter(C::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(C::PatientId.is_in(group.iter().map(|id| id.as_uuid())))
        .filter(C::ReceptionDate.gte(first))
        .filter(C::ReceptionDate.lt(next))
        .filter(C::CoverageId.eq(visit.coverage_id))
        .filter(C::Class.ne(EncounterClass::Inpatient.code()))
        .filter(C::Status.ne(VisitStatus::Cancelled.code()))
        .filter(C::Id.ne(visit.id))
        .into_tuple()
        .all(tx)
        .await?;
    Ok(rows)
}

/// The bill in force of each visit.
fn newest(bills: Vec<invoice::Model>) -> HashMap<Uuid, invoice::Model> {
    let mut found: HashMap<Uuid, invoice::Model> = HashMap::new();
    for bill in bills {
        match found.get(&bill.encounter_id) {
            Some(known) if known.revision >= bill.revision => {}
            _ => {
                found.insert(bill.encounter_id, bill);
            }
        }
    }
    found
}
