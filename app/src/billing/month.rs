//! 限度額: which limit holds for a visit, and what the month's other visits left of it.

use std::collections::HashMap;
use std::sync::OnceLock;

use chrono::{Datelike, Months, NaiveDate};
use domain::PatientId;
use domain::billing::grouped;
use domain::coverage::{CoverageKind, limit_words};
use domain::encounter::{EncounterClass, VisitStatus};
use domain::monthly_cap::{CapRule, CapTable, MonthCap, disease_cap_yen};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tenancy::{Error, TenantTx};
use uuid::Uuid;

use super::entity::{account, invoice};
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

/// The limit a visit is under, with what the month's other bills took of it.
pub fn limited(
    coverage: Option<&coverage::Model>,
    account: &account::Model,
    day: NaiveDate,
    bills: &[invoice::Model],
) -> Result<Limited, Error> {
    let rule = rule_of(&account.cap_rule);
    let limit = match whole_month(coverage, account, day)? {
        Limited::By(limit) => limit,
        none => return Ok(none),
    };
    // A bill from before the insurance was written on it is taken as one of the same.
    let is_same = |bill: &invoice::Model| bill.coverage_id.is_none() || bill.coverage_id == coverage.map(|row| row.id);
    let counts = |bill: &&invoice::Model| is_same(bill) && bill.copay_percent.is_some() && rule_of(&bill.cap_rule) == rule;
    let cap = bills.iter().filter(counts).fold(limit.cap, |cap, bill| MonthCap {
        earlier_cost_yen: cap.earlier_cost_yen + i64::from(bill.cost_yen),
        earlier_share_yen: cap.earlier_share_yen + i64::from(bill.copay_yen - bill.over_cap_yen),
        ..cap
    });
    Ok(Limited::By(Limit { cap, ..limit }))
}

/// The same before anything was billed.
pub fn whole_month(coverage: Option<&coverage::Model>, account: &account::Model, day: NaiveDate) -> Result<Limited, Error> {
    coverage.map_or(Ok(Limited::No), |coverage| base(coverage, rule_of(&account.cap_rule), day))
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

/// Bills in force of the person's other visits of that month. A bill that stands was made in sight of those before it only.
pub async fn others(
    tx: &TenantTx,
    group: &[PatientId],
    visit: &encounter::Model,
    account: &account::Model,
) -> Result<Vec<invoice::Model>, Error> {
    let bills = newest(bills_of_month(tx, group, visit.reception_date).await?);
    let own = bills.get(&visit.id).filter(|_| account.revision > 0 && !account.is_changed).map(|bill| bill.recorded_at);
    let before = |bill: &invoice::Model| own.is_none_or(|own| bill.recorded_at < own);
    Ok(bills.into_values().filter(|bill| bill.encounter_id != visit.id && before(bill)).collect())
}

async fn bills_of_month(tx: &TenantTx, group: &[PatientId], day: NaiveDate) -> Result<Vec<invoice::Model>, Error> {
    use encounter::Column as C;
    let first = day.with_day(1).unwrap_or(day);
    let next = first.checked_add_months(Months::new(1)).unwrap_or(first);
    let visits = Query::select()
        .column(C::Id)
        .from(encounter::Entity)
        .and_where(Expr::col(C::TenantId).eq(tx.tenant_id().as_uuid()))
        .and_where(Expr::col(C::PatientId).is_in(group.iter().map(|id| id.as_uuid())))
        .and_where(Expr::col(C::ReceptionDate).gte(first))
        .and_where(Expr::col(C::ReceptionDate).lt(next))
        .and_where(Expr::col(C::Class).ne(EncounterClass::Inpatient.code()))
        .and_where(Expr::col(C::Status).ne(VisitStatus::Cancelled.code()))
        .take();
    let rows = invoice::Entity::find()
        .filter(invoice::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(invoice::Column::EncounterId.in_subquery(visits))
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
