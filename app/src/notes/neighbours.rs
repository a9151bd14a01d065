//! What the note pages take from the slices beside them.

use std::collections::{BTreeSet, HashMap};

use domain::patient::Patient;
use domain::PatientId;
use sea_orm::sea_query::{Condition, Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tenancy::{Error, TenantTx};

pub use crate::encounters::finish_consultation;
use crate::patients;
use crate::patients::entity::patient;
pub use crate::prescriptions::PrescriptionBox;
use crate::web::stripe::PatientStripe;

/// The person a chart is about: the surviving record, and every record merged into it.
#[derive(Debug, Clone)]
pub struct Person {
    pub stripe: PatientStripe,
    pub group: Vec<PatientId>,
}

/// The person behind a patient id, whether it survived a merge or not.
pub async fn person(tx: &TenantTx, id: PatientId) -> Result<Person, Error> {
    use patient::Column as P;
    let tenant = tx.tenant_id().as_uuid();
    let survivor = || {
        Query::select()
            .column(P::MergedIntoId)
            .from(patient::Entity)
            .and_where(P::TenantId.eq(tenant))
            .and_where(P::Id.eq(id.as_uuid()))
            .take()
    };
    let rows = patient::Entity::find()
        .filter(P::TenantId.eq(tenant))
        .filter(
            Condition::any()
                .add(P::Id.eq(id.as_uuid()))
                .add(P::MergedIntoId.eq(id.as_uuid()))
                .add(Expr::col(P::Id).in_subquery(survivor()))
                .add(Expr::col(P::MergedIntoId).in_subquery(survivor())),
        )
        .all(tx)
        .await?;
    let group = rows.iter().map(|r| PatientId::new(r.id)).collect();
    let row = rows.into_iter().min_by_key(|r| r.merged_into_id.is_some()).ok_or(Error::NotFound)?;
    let today = crate::notes::views::labels::jst(tx.now()).date_naive();
    let patient = Patient::from(row);
    let namesakes = patients::store::count_namesakes(tx, &patient).await?;
    Ok(Person { stripe: PatientStripe::of(&patient, today, namesakes), group })
}

/// How a list names a patient.
#[derive(Debug, Clone)]
pub struct Card {
    pub name: String,
    pub kana: String,
    pub number: String,
}

/// The names on a list, in one statement.
pub async fn cards(
    tx: &TenantTx,
    ids: impl IntoIterator<Item = PatientId>,
) -> Result<HashMap<PatientId, Card>, Error> {
    let ids: BTreeSet<_> = ids.into_iter().map(PatientId::as_uuid).collect();
    let rows = patient::Entity::find()
        .filter(patient::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(patient::Column::Id.is_in(ids))
        .all(tx)
        .await?;
    let card = |r: patient::Model| {
        (PatientId::new(r.id), Card { name: r.name_ideographic, kana: r.name_syllabic, number: r.patient_number })
    };
    Ok(rows.into_iter().map(card).collect())
}
