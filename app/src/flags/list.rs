//! The flags of everybody on a list, in one statement.

use std::collections::HashMap;

use domain::flag::FlagCategory;
use domain::{PatientId, TenantId};
use sea_orm::sea_query::{Alias, Cond, Expr, ExprTrait, Query, SelectStatement, UnionType};
use sea_orm::{ColumnTrait, ConnectionTrait, FromQueryResult};
use tenancy::{Error, TenantTx};
use uuid::Uuid;

use super::entity::{Column as F, Entity};
use super::store::ACTIVE;
use crate::patients::entity::patient;

#[derive(Debug, Clone, FromQueryResult)]
struct Row {
    id: Uuid,
    /// On whose chart it stands: the survivor of a merge.
    patient_id: Uuid,
    encounter_id: Option<Uuid>,
    category: String,
    said: String,
}

/// What is stuck on the people of a list.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    of_patient: HashMap<Uuid, Vec<(FlagCategory, String)>>,
    of_visit: HashMap<Uuid, String>,
}

impl Flags {
    /// Present flags of a kind, in the order they were said.
    pub fn said(&self, patient: Uuid, category: FlagCategory) -> Vec<&str> {
        let all = self.of_patient.get(&patient).into_iter().flatten();
        all.filter(|(kind, _)| *kind == category).map(|(_, text)| text.as_str()).collect()
    }

    /// 付箋: the visit's, then the patient's.
    pub fn stuck(&self, patient: Uuid, visit: Uuid) -> Vec<&str> {
        self.of_visit.get(&visit).map(String::as_str).into_iter().chain(self.said(patient, FlagCategory::Sticky)).collect()
    }

    #[cfg(test)]
    pub fn sample(patient: Uuid, said: &[(FlagCategory, &str)]) -> Self {
        let said = said.iter().map(|(category, text)| (*category, (*text).to_owned())).collect();
        Self { of_patient: [(patient, said)].into(), of_visit: HashMap::new() }
    }
}

pub async fn of_board(tx: &TenantTx, patients: &[PatientId]) -> Result<Flags, Error> {
    let found = tx.query_all(&statement(tx.tenant_id(), patients)).await?;
    let mut rows = found.iter().map(|row| Row::from_query_result(row, "")).collect::<Result<Vec<_>, _>>()?;
    rows.sort_by_key(|row| row.id);
    let mut flags = Flags::default();
    for row in rows {
        let Some(category) = FlagCategory::from_code(&row.category) else { continue };
        match row.encounter_id {
            Some(visit) => drop(flags.of_visit.insert(visit, row.said)),
            None => flags.of_patient.entry(row.patient_id).or_default().push((category, row.said)),
        }
    }
    Ok(flags)
}

/// What is said of these patients, and of the numbers merged into them: two selects, each by an index of its own.
fn statement(tenant: TenantId, patients: &[PatientId]) -> SelectStatement {
    use patient::Column as P;
    let ids = || patients.iter().map(|id| id.as_uuid());
    let f = |column: F| Expr::col((Entity, column));
    let said = |patient: Expr| {
        Query::select()
            .expr_as(patient, Alias::new("patient_id"))
            .columns([F::Id, F::EncounterId, F::Category, F::Said].map(|column| (Entity, column)))
            .from(Entity)
            .and_where(f(F::TenantId).eq(tenant.as_uuid()))
            .and_where(f(F::Status).eq(ACTIVE))
            .and_where(f(F::IsPresent).eq(true))
            .take()
    };
    let of_merged = said(Expr::col((patient::Entity, P::MergedIntoId)))
        .inner_join(
            patient::Entity,
            Cond::all()
                .add(Expr::col((patient::Entity, P::TenantId)).eq(tenant.as_uuid()))
                .add(Expr::col((patient::Entity, P::Id)).equals((Entity, F::PatientId))),
        )
        .and_where(P::MergedIntoId.eq_any(ids()))
        .take();
    said(f(F::PatientId)).and_where(F::PatientId.eq_any(ids())).union(UnionType::All, of_merged).take()
}

/// The list query with typical input, for the plan test.
pub fn plans(tenant: TenantId) -> Vec<(&'static str, SelectStatement)> {
    vec![("flags of a list", statement(tenant, &[PatientId::new(Uuid::nil())]))]
}
