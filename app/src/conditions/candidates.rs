//! 病名の候補: what this visit's drugs are usually given for, then what this doctor has used lately. Listed, never added.
//!
//! Which drug goes with which disease is data. No such table is published freely; the one beside the sample masters is 見本.

use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;

use chrono::NaiveDate;
use domain::EncounterId;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tenancy::{Error, TenantTx};

use super::diseases::{self, Choice};
use super::entity;
use crate::prescriptions;

/// Candidates shown.
const SHOWN: usize = 8;
/// How far back a doctor's own habit is read, in rows.
const RECENT: u64 = 40;

/// レセプト電算コード of a drug → codes of diseases (見本).
static INDICATIONS: LazyLock<BTreeMap<String, Vec<String>>> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../masters/sample/indications.json")).unwrap_or_default());

/// Candidates for a patient who already has `present` (codes).
pub async fn of_visit(
    tx: &TenantTx,
    encounter: Option<EncounterId>,
    present: &HashSet<String>,
    day: NaiveDate,
) -> Result<Vec<Choice>, Error> {
    let mut reasons: Vec<(String, String)> = Vec::new();
    if let Some(encounter) = encounter {
        for line in prescriptions::store::lines(tx, encounter).await? {
            for code in INDICATIONS.get(&line.drug_code).into_iter().flatten() {
                reasons.push((code.clone(), format!("処方 {}", line.drug_name)));
            }
        }
    }
    reasons.extend(recent(tx).await?.into_iter().map(|code| (code, "最近使った病名".to_owned())));
    let mut seen = present.clone();
    reasons.retain(|(code, _)| seen.insert(code.clone()));
    reasons.truncate(SHOWN);
    let codes: Vec<String> = reasons.iter().map(|(code, _)| code.clone()).collect();
    let known = diseases::by_codes(tx, &codes, day).await?;
    let choice = |(code, why): (String, String)| {
        let disease = known.iter().find(|d| d.code == code && d.is_in_force(day) && !d.needs_modifier())?;
        Some(Choice { why, ..Choice::of(disease, vec![], false) })
    };
    Ok(reasons.into_iter().filter_map(choice).collect())
}

/// Codes this person has used lately, the most used first.
async fn recent(tx: &TenantTx) -> Result<Vec<String>, Error> {
    use entity::Column as C;
    let rows: Vec<String> = entity::Entity::find()
        .select_only()
        .column(C::DiseaseCode)
        .filter(C::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(C::AuthorId.eq(tx.actor().as_uuid()))
        .order_by_desc(C::RecordedAt)
        .limit(RECENT)
        .into_tuple()
        .all(tx)
        .await?;
    let mut counted: Vec<(String, usize)> = Vec::new();
    for code in rows {
        match counted.iter_mut().find(|(known, _)| *known == code) {
            Some((_, times)) => *times += 1,
            None => counted.push((code, 1)),
        }
    }
    counted.sort_by_key(|(_, times)| std::cmp::Reverse(*times));
    Ok(counted.into_iter().map(|(code, _)| code).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_table_is_readable() {
        assert!(!INDICATIONS.is_empty());
        assert!(INDICATIONS.iter().all(|(drug, diseases)| drug.len() == 9 && diseases.iter().all(|d| d.len() == 7)));
    }
}
