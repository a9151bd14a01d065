//! The flags of everybody on a list, in one statement.

use std::collections::HashMap;

use domain::flag::FlagCategory;
use domain::{PatientId, TenantId};
use sea_orm::sea_query::{Alias, Cond, Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait, FromQueryResult};
use tenancy::{Error, TenantTx};
use uuid::Uuid;

use super::entity::{Column as F, Entity};
use super::store::ACTIVE;
use crate::patients::entity::patient;

#[derive(Debug, Clone, FromQueryResult)]
struct Row {
    patient_id: Uuid,
    merged_into_id: Option<Uuid>,
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
    let mut flags = Flags::default();
    for row in tx.query_all(&statement(tx.tenant_id(), patients)).await? {
        let row = Row::from_query_result(&row, "")?;
        let Some(category) = FlagCategory::from_code(&row.category) else { continue };
        match row.encounter_id {
            Some(visit) => drop(flags.of_visit.insert(visit, row.said)),
            None => {
                for patient in std::iter::once(row.patient_id).chain(row.merged_into_id) {
                    flags.of_patient.entry(patient).or_default().push((category, row.said.clone()));
                }
            }
        }
    }
    Ok(flags)
}

/// Of these patients and of the numbers merged into them: people first, by two indexes, then what is said of each.
fn statement(tenant: TenantId, patients: &[PatientId]) -> SelectStatement {
    use patient::Column as P;
    let ids = || patients.iter().map(|id| id.as_uuid());
    let p = |column: P| Expr::col((patient::Entity, column));
    Query::select()
        .columns([F::PatientId, F::EncounterId, F::Category, F::Said].map(|column| (Entity, column)))
        .expr_as(p(P::MergedIntoId), Alias::new("merged_into_id"))
        .from(patient::Entity)
        .inner_join(
            Entity,
            Cond::all()
                .add(Expr::col((Entity, F::TenantId)).eq(tenant.as_uuid()))
                .add(Expr::col((Entity, F::PatientId)).equals((patient::Entity, P::Id))),
        )
        .and_where(p(P::TenantId).eq(tenant.as_uuid()))
        .cond_where(Cond::any().add(p(P::Id).is_in(ids())).add(p(P::MergedIntoId).is_in(ids())))
        .and_where(Expr::col((Entity, F::Status)).eq(ACTIVE))
        .and_where(Expr::col((Entity, F::IsPresent)).eq(true))
        .order_by((Entity, F::Id), Order::Asc)
        .take()
}

/// The list query with typical input, for the plan test.
pub fn plans(tenant: TenantId) -> Vec<(&'static str, SelectStatement)> {
    vec![("flags of a list", statement(tenant, &[PatientId::new(Uuid::nil())]))]
}
