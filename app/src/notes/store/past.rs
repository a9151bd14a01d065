//! What the left column knows of the past beside the notes: the drugs of each visit, and the days of a month with a visit.

use std::collections::HashMap;

use chrono::{Datelike, Months, NaiveDate};
use domain::PatientId;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tenancy::{Error, TenantTx};
use uuid::Uuid;

use crate::notes::entity::note;
use crate::notes::record::NoteRecord;
use crate::prescriptions::entity::medication_request;
use crate::prescriptions::store::SIGNED;

/// Signed drugs of one visit, in their order.
#[derive(Debug, Clone, Default)]
pub struct Drugs(pub Vec<(String, Option<i32>)>);

impl Drugs {
    /// 「28日 見本アルファ錠 ほか3剤」
    pub fn line(&self) -> Option<String> {
        let (first, days) = self.0.first()?;
        let days = days.map(|days| format!("{days}日 ")).unwrap_or_default();
        let others = self.0.len() - 1;
        Some(if others == 0 { format!("{days}{first}") } else { format!("{days}{first} ほか{others}剤") })
    }
}

/// The signed drugs of these notes' visits, in one statement.
pub async fn drugs_of(tx: &TenantTx, notes: &[NoteRecord]) -> Result<HashMap<Uuid, Drugs>, Error> {
    use medication_request::{Column as C, Entity};
    let rows: Vec<(Uuid, String, Option<i32>)> = Entity::find()
        .select_only()
        .columns([C::EncounterId, C::DrugName, C::Days])
        .filter(C::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(C::EncounterId.eq_any(notes.iter().map(|n| n.encounter_id.as_uuid())))
        .filter(C::Status.eq(SIGNED))
        .order_by_asc(C::LineNo)
        .into_tuple()
        .all(tx)
        .await?;
    let mut found: HashMap<Uuid, Drugs> = HashMap::new();
    for (encounter, name, days) in rows {
        found.entry(encounter).or_default().0.push((name, days));
    }
    Ok(found)
}

/// Days of the month on which something was noted.
pub async fn days_of(tx: &TenantTx, patients: &[PatientId], first: NaiveDate) -> Result<Vec<u32>, Error> {
    use note::{Column as C, Entity};
    let next = first.checked_add_months(Months::new(1)).unwrap_or(first);
    let days: Vec<NaiveDate> = Entity::find()
        .select_only()
        .column(C::NotedOn)
        .distinct()
        .filter(C::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(C::PatientId.is_in(patients.iter().map(|p| p.as_uuid())))
        .filter(C::NotedOn.gte(first))
        .filter(C::NotedOn.lt(next))
        .into_tuple()
        .all(tx)
        .await?;
    Ok(days.into_iter().map(|day| day.day()).collect())
}
