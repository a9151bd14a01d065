//! Lines of a prescription.

use std::cmp::Reverse;

use domain::prescription::head::RxStatus;
use domain::prescription::{LineContent, Supply, usage};
use domain::{EncounterId, MedicationRequestId, PatientId};
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Query, UnionType};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select};
use tenancy::{Authorship, Error, TenantTx, versioned};
use uuid::Uuid;

use crate::encounters::entity::encounter;
use crate::prescriptions::drugs::Drug;
use crate::prescriptions::entity::medication_request::{Column, Entity, Model};
use crate::prescriptions::entity::prescription;

pub const DRAFT: &str = "draft";
pub const SIGNED: &str = "signed";
pub const WITHDRAWN: &str = "withdrawn";
/// `drug_code` is a レセプト電算コード.
const RECEIPT_CODE: &str = "receipt";
/// As many earlier lines as can still matter: some prescriptions to repeat, and everything that has not run out.
const EARLIER_ROWS: u64 = 200;

/// Lines of a visit that stand, in their order; withdrawn ones are history.
pub async fn lines(tx: &TenantTx, encounter: EncounterId) -> Result<Vec<Model>, Error> {
    let rows = of_visit(tx, encounter).order_by_asc(Column::LineNo).order_by_asc(Column::Id).all(tx).await?;
    Ok(rows)
}

/// The same, and the signed lines of other visits, newest first: what was prescribed before and what is still being taken. One
/// statement; however much was signed since, no line of the visit is left out.
pub async fn with_earlier(tx: &TenantTx, patients: &[PatientId], encounter: EncounterId) -> Result<(Vec<Model>, Vec<Model>), Error> {
    let earlier = Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::PatientId.is_in(patients.iter().map(|id| id.as_uuid())))
        .filter(Column::Status.eq(SIGNED))
        .filter(Column::EncounterId.ne(encounter.as_uuid()))
        .filter(stands(tx))
        .order_by_desc(Column::RecordedAt)
        .order_by_asc(Column::LineNo)
        .limit(EARLIER_ROWS)
        .into_query();
    let both = of_visit(tx, encounter).into_query().union(UnionType::All, earlier).take();
    let rows = tx.query_all(&both).await?;
    let rows = rows.iter().map(|row| Model::from_query_result(row, "")).collect::<Result<Vec<_>, _>>()?;
    let (mut own, mut earlier): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.encounter_id == encounter.as_uuid());
    own.sort_by_key(|row| (row.line_no, row.id));
    earlier.sort_by_key(|row| (Reverse(row.recorded_at), row.line_no));
    Ok((own, earlier))
}

fn of_visit(tx: &TenantTx, encounter: EncounterId) -> Select<Entity> {
    Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::EncounterId.eq(encounter.as_uuid()))
        .filter(stands(tx))
}

/// Neither taken out nor part of a 処方箋 that was taken back.
fn stands(tx: &TenantTx) -> Cond {
    let withdrawn = Query::select()
        .expr(Expr::val(1))
        .from(prescription::Entity)
        .and_where(Expr::col((prescription::Entity, prescription::Column::TenantId)).eq(tx.tenant_id().as_uuid()))
        .and_where(Expr::col((prescription::Entity, prescription::Column::Id)).equals((Entity, Column::PrescriptionId)))
        .and_where(Expr::col((prescription::Entity, prescription::Column::Status)).is_in(RxStatus::ENDED.map(RxStatus::code)))
        .take();
    Cond::all().add(Column::Status.ne(WITHDRAWN)).add(Expr::exists(withdrawn).not())
}

pub async fn get(tx: &TenantTx, id: MedicationRequestId) -> Result<Model, Error> {
    Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::Id.eq(id.as_uuid()))
        .one(tx)
        .await?
        .ok_or(Error::NotFound)
}

/// A new draft line; `line_no` is where it stands.
pub async fn add(
    tx: &TenantTx,
    visit: &encounter::Model,
    prescription: Uuid,
    line_no: i32,
    drug: &Drug,
    line: &LineContent,
) -> Result<Model, Error> {
    let mut model = Model {
        tenant_id: Uuid::nil(),
        id: tx.new_id(),
        version: 0,
        recorded_at: tx.now(),
        author_id: Uuid::nil(),
        entered_by_id: Uuid::nil(),
        status: DRAFT.to_owned(),
        digest: Vec::new(),
        patient_id: visit.patient_id,
        encounter_id: visit.id,
        line_no,
        drug_code: drug.code.clone(),
        drug_code_system: RECEIPT_CODE.to_owned(),
        drug_name: drug.name.clone(),
        dose_value: String::new(),
        dose_unit: String::new(),
        usage_text: String::new(),
        days: None,
        quantity_text: String::new(),
        generic_substitution: String::new(),
        comment: String::new(),
        master_release_id: drug.release_id,
        signed_at: None,
        signed_by_id: None,
        prescription_id: Some(prescription),
        usage_code: String::new(),
        generic_name: drug.generic_name(),
        is_generic: false,
        preparation: String::new(),
        leftover_days: 0,
    };
    state(&mut model, line);
    versioned::insert(tx, model, Authorship::own(tx)).await
}

/// A line in one sentence.
pub fn words(row: &Model) -> String {
    let supply = row.days.map_or_else(|| row.quantity_text.clone(), |days| format!("{days}日分"));
    [row.drug_name.as_str(), &format!("{}{}", row.dose_value, row.dose_unit), &row.usage_text, &supply].join(" ").trim_end().to_owned()
}

/// Puts what was typed into the row.
pub fn state(row: &mut Model, line: &LineContent) {
    (row.days, row.quantity_text) = match line.supply {
        Supply::Days(days) => (Some(i32::from(days)), String::new()),
        Supply::Times(_) => (None, line.supply.words()),
        Supply::Total => (None, String::new()),
    };
    row.dose_value = line.dose.as_str().to_owned();
    row.dose_unit.clone_from(&line.unit);
    row.usage_text.clone_from(&line.usage);
    row.usage_code = usage::of_words(&line.usage).map(|usage| usage.code.to_owned()).unwrap_or_default();
    row.generic_substitution = line.substitution.code().to_owned();
    row.is_generic = line.is_generic && !row.generic_name.is_empty();
    row.preparation = line.preparation.code().to_owned();
    row.leftover_days = i32::from(line.leftover_days);
    row.comment.clone_from(&line.comment);
}

/// A copy of an earlier line as a draft of this visit, of the drug as the master has it today.
pub async fn repeat(
    tx: &TenantTx,
    visit: &encounter::Model,
    prescription: Uuid,
    line_no: i32,
    drug: &Drug,
    days: Option<i32>,
    earlier: &Model,
) -> Result<Model, Error> {
    let model = Model {
        id: tx.new_id(),
        version: 0,
        status: DRAFT.to_owned(),
        patient_id: visit.patient_id,
        encounter_id: visit.id,
        line_no,
        drug_name: drug.name.clone(),
        master_release_id: drug.release_id,
        days,
        signed_at: None,
        signed_by_id: None,
        prescription_id: Some(prescription),
        leftover_days: 0,
        ..earlier.clone()
    };
    versioned::insert(tx, model, Authorship::own(tx)).await
}

/// The next version of a draft line, exactly from the one that was seen.
pub async fn update(tx: &TenantTx, line: Model) -> Result<Model, Error> {
    versioned::update(tx, line, Authorship::own(tx), "").await
}

/// 中止 of a draft line; it stays as history.
pub async fn withdraw(tx: &TenantTx, mut line: Model) -> Result<Model, Error> {
    line.status = WITHDRAWN.to_owned();
    update(tx, line).await
}
