//! Coverage read, compared and stored.

use chrono::{Datelike, NaiveDate};
use domain::coverage::{CoverageContent, CoverageKind, Verification};
use domain::eligibility::EligibilityStatus;
use domain::{CoverageId, PatientId};
use sea_orm::sea_query::Cond;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use tenancy::{Authorship, Error, TenantTx, versioned};
use uuid::Uuid;

use super::entity::coverage::{Column, Entity, Model};

const ACTIVE: &str = "active";

/// One coverage by its id.
pub async fn get(tx: &TenantTx, id: CoverageId) -> Result<Model, Error> {
    Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::Id.eq(id.as_uuid()))
        .one(tx)
        .await?
        .ok_or(Error::NotFound)
}

/// Coverages in force on a day, newest first; of every patient number that belongs to the same person.
pub async fn in_force(tx: &TenantTx, patients: &[PatientId], day: NaiveDate) -> Result<Vec<Model>, Error> {
    let rows = Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::PatientId.is_in(patients.iter().map(|id| id.as_uuid())))
        .filter(Cond::any().add(Column::ValidTo.is_null()).add(Column::ValidTo.gte(day)))
        .order_by_desc(Column::ValidFrom)
        .order_by_desc(Column::Id)
        .all(tx)
        .await?;
    Ok(rows)
}

/// The coverage a visit of today would use: the newest insurance that is not known to be void.
pub fn usable(rows: &[Model]) -> Option<&Model> {
    let is_void = |row: &Model| matches!(row.eligibility.as_str(), "invalid" | "superseded" | "not_found");
    rows.iter().find(|row| !is_void(row)).or_else(|| rows.first())
}

/// The stored row an answer speaks about: the same card, else the insurance in force it would replace.
pub fn counterpart<'a>(rows: &'a [Model], new: &CoverageContent) -> Option<&'a Model> {
    rows.iter().find(|row| content_of(row).is_same_card(new)).or_else(|| usable(rows))
}

/// Takes an answer over: the same card gets a new version; another card is added, and when it is valid the old one ends the day
/// before (it stays, with its history).
pub async fn apply(tx: &TenantTx, patient_id: PatientId, known: &[Model], new: &CoverageContent) -> Result<CoverageId, Error> {
    if let Some(same) = known.iter().find(|row| content_of(row).is_same_card(new)) {
        let mut row = same.clone();
        state(&mut row, new);
        let row = versioned::update(tx, row, Authorship::own(tx), "資格確認").await?;
        return Ok(CoverageId::new(row.id));
    }
    if new.eligibility == EligibilityStatus::Valid {
        for old in known.iter().filter(|row| is_insurance(row)) {
            let mut row = old.clone();
            row.valid_to = Some(content_of(old).closing_day(new));
            row.eligibility = EligibilityStatus::Superseded.code().to_owned();
            versioned::update(tx, row, Authorship::own(tx), "新しい資格に切替").await?;
        }
    }
    let mut row = empty(tx, patient_id);
    state(&mut row, new);
    let row = versioned::insert(tx, row, Authorship::own(tx)).await?;
    Ok(CoverageId::new(row.id))
}

/// 公費 and 労災 stand beside an insurance; they are not replaced by one.
fn is_insurance(row: &Model) -> bool {
    use CoverageKind as K;
    matches!(CoverageKind::from_code(&row.kind), Some(K::Employees | K::National | K::LateElderly | K::PublicAssistance))
}

/// 目視: nobody could be asked. The row waits on the list of those to be asked again.
pub async fn sight(tx: &TenantTx, row: &Model, today: NaiveDate) -> Result<(), Error> {
    if is_confirmed_in(row, today) {
        return Ok(());
    }
    let mut row = row.clone();
    row.eligibility = EligibilityStatus::Unavailable.code().to_owned();
    row.verification = Verification::Sight.code().to_owned();
    row.verified_on = Some(today);
    versioned::update(tx, row, Authorship::own(tx), "目視").await.map(drop)
}

/// Found valid in the month of that day: insurance is asked about once a month.
pub fn is_confirmed_in(row: &Model, today: NaiveDate) -> bool {
    let is_this_month = row.verified_on.is_some_and(|day| (day.year(), day.month()) == (today.year(), today.month()));
    is_this_month && row.eligibility == EligibilityStatus::Valid.code()
}

fn empty(tx: &TenantTx, patient_id: PatientId) -> Model {
    Model {
        tenant_id: Uuid::nil(),
        id: tx.new_id(),
        version: 0,
        recorded_at: tx.now(),
        author_id: Uuid::nil(),
        entered_by_id: Uuid::nil(),
        status: ACTIVE.to_owned(),
        digest: Vec::new(),
        patient_id: patient_id.as_uuid(),
        kind: String::new(),
        insurer_number: String::new(),
        insurer_name: String::new(),
        insured_symbol: String::new(),
        insured_number: String::new(),
        branch_number: String::new(),
        relation: String::new(),
        copay_percent: None,
        insured_card_classification: String::new(),
        limit_category: String::new(),
        valid_from: None,
        valid_to: None,
        verified_on: None,
        verification: String::new(),
        eligibility: String::new(),
    }
}

fn state(row: &mut Model, c: &CoverageContent) {
    row.kind = c.kind.code().to_owned();
    row.insurer_number = c.insurer_number.clone();
    row.insurer_name = c.insurer_name.clone();
    row.insured_symbol = c.insured_symbol.clone();
    row.insured_number = c.insured_number.clone();
    row.branch_number = c.branch_number.clone();
    row.relation = if c.is_self { "self" } else { "family" }.to_owned();
    row.copay_percent = c.copay_percent.map(i32::from);
    row.insured_card_classification = c.card_classification.clone();
    row.limit_category = c.limit_category.clone();
    row.valid_from = c.valid_from;
    row.valid_to = c.valid_to;
    row.verified_on = Some(c.verified_on);
    row.verification = c.verification.code().to_owned();
    row.eligibility = c.eligibility.code().to_owned();
}

/// A stored row as it is compared; codes a later program wrote read as the nearest neutral value.
pub fn content_of(row: &Model) -> CoverageContent {
    CoverageContent {
        kind: CoverageKind::from_code(&row.kind).unwrap_or(CoverageKind::SelfPay),
        insurer_number: row.insurer_number.clone(),
        insurer_name: row.insurer_name.clone(),
        insured_symbol: row.insured_symbol.clone(),
        insured_number: row.insured_number.clone(),
        branch_number: row.branch_number.clone(),
        is_self: row.relation == "self",
        copay_percent: row.copay_percent.and_then(|percent| u8::try_from(percent).ok()),
        card_classification: row.insured_card_classification.clone(),
        limit_category: row.limit_category.clone(),
        valid_from: row.valid_from,
        valid_to: row.valid_to,
        verified_on: row.verified_on.unwrap_or_default(),
        verification: Verification::Sight,
        eligibility: EligibilityStatus::from_code(&row.eligibility).unwrap_or(EligibilityStatus::Unchecked),
    }
}

/// `社保 全国健康保険協会　架空支部 本人 3割`.
pub fn words(row: &Model) -> String {
    let content = content_of(row);
    let share = content.copay_percent.map(|percent| format!("{}割", percent / 10)).unwrap_or_default();
    [content.kind.label(), &content.insurer_name, content.relation_label(), &share]
        .into_iter()
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}
