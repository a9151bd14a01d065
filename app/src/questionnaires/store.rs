//! Answers read and written.

use domain::questionnaire::{Answers, FORM};
use domain::{EncounterId, PatientId};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use tenancy::{Authorship, Error, TenantTx, versioned};
use uuid::Uuid;

use super::entity::questionnaire_response::{Column, Entity, Model};

const SUBMITTED: &str = "submitted";

/// What the patient of this visit answered.
pub async fn of_visit(tx: &TenantTx, visit: EncounterId) -> Result<Option<Model>, Error> {
    let row = Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::EncounterId.eq(visit.as_uuid()))
        .one(tx)
        .await?;
    Ok(row)
}

/// Which of these visits have answers: 問診済 on the board.
pub async fn answered(tx: &TenantTx, visits: impl IntoIterator<Item = Uuid>) -> Result<Vec<Uuid>, Error> {
    let query = Query::select()
        .column(Column::EncounterId)
        .from(Entity)
        .and_where(Expr::col(Column::TenantId).eq(tx.tenant_id().as_uuid()))
        .and_where(Column::EncounterId.eq_any(visits))
        .take();
    tx.query_all(&query).await?.iter().map(|row| row.try_get("", "encounter_id").map_err(Error::from)).collect()
}

/// The first answers, or a new version when the patient was asked again.
pub async fn keep(tx: &TenantTx, visit: EncounterId, patient: PatientId, answers: &Answers) -> Result<Model, Error> {
    if let Some(mut row) = of_visit(tx, visit).await? {
        row.form = FORM.to_owned();
        row.answers = answers.to_json();
        return versioned::update(tx, row, Authorship::own(tx), "再回答").await;
    }
    let model = Model {
        tenant_id: Uuid::nil(),
        id: tx.new_id(),
        version: 0,
        recorded_at: tx.now(),
        author_id: Uuid::nil(),
        entered_by_id: Uuid::nil(),
        status: SUBMITTED.to_owned(),
        digest: Vec::new(),
        patient_id: patient.as_uuid(),
        encounter_id: visit.as_uuid(),
        form: FORM.to_owned(),
        answers: answers.to_json(),
    };
    versioned::insert(tx, model, Authorship::own(tx)).await
}
