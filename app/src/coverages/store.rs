//! Coverage read, compared and stored.

use chrono::{Datelike, NaiveDate};
use domain::coverage::{CoverageContent, CoverageKind, Verification};
use domain::eligibility::EligibilityStatus;
use domain::insurer::public_scheme;
use domain::{CoverageId, PatientId, clock};
use sea_orm::sea_query::Cond;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use tenancy::{Authorship, Error, TenantTx, versioned};
use uuid::Uuid;

use super::entity::coverage::{Column, Entity, Model};
use crate::inquiries::store::Numbers;

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

/// Everything ever known of these patients, newest first.
pub async fn all_of(tx: &TenantTx, patients: &[PatientId]) -> Result<Vec<Model>, Error> {
    let rows = Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::PatientId.is_in(patients.iter().map(|id| id.as_uuid())))
        .order_by_desc(Column::ValidFrom)
        .order_by_desc(Column::Id)
        .all(tx)
        .await?;
    Ok(rows)
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

/// The coverage a visit of that day would use: the newest insurance that holds then, else one that is not known to be void. 公費 stands
/// beside one.
pub fn usable(rows: &[Model], day: NaiveDate) -> Option<&Model> {
    let insurances = || rows.iter().filter(|row| kind_of(row) != CoverageKind::PublicExpense);
    let holds = |row: &&Model| !is_void(row) && is_in_force(row, day);
    insurances().find(holds).or_else(|| insurances().find(|row| !is_void(row))).or_else(|| insurances().next())
}

/// 公費 in force on that day, in the order they pay.
pub fn public_on(rows: &[Model], day: NaiveDate) -> Vec<&Model> {
    let mut public: Vec<&Model> = rows.iter().filter(|row| kind_of(row).is_public() && trouble(row, day).is_none()).collect();
    // 生活保護 comes after every other.
    public.sort_by_key(|row| (row.priority == 0, row.priority, row.id));
    public
}

pub fn is_in_force(row: &Model, day: NaiveDate) -> bool {
    row.valid_from.is_none_or(|from| from <= day) && row.valid_to.is_none_or(|to| day <= to)
}

/// What is wrong with using this coverage for a visit of that day, in words.
pub fn trouble(row: &Model, day: NaiveDate) -> Option<String> {
    if let Some(to) = row.valid_to.filter(|to| *to < day) {
        return Some(format!("この受診の保険は {to} で終わっています"));
    }
    if let Some(from) = row.valid_from.filter(|from| day < *from) {
        return Some(format!("この受診の保険は {from} からです"));
    }
    // A card that was replaced or lost later was good until its last day.
    let status = EligibilityStatus::from_code(&row.eligibility).filter(|status| status.is_void() && row.valid_to.is_none())?;
    Some(format!("この受診の保険は「{}」です", status.label()))
}

fn is_void(row: &Model) -> bool {
    EligibilityStatus::from_code(&row.eligibility).is_some_and(EligibilityStatus::is_void)
}

pub fn kind_of(row: &Model) -> CoverageKind {
    CoverageKind::from_code(&row.kind).unwrap_or(CoverageKind::SelfPay)
}

/// The stored row an answer speaks about: the same card, else the insurance in force it would replace.
pub fn counterpart<'a>(rows: &'a [Model], new: &CoverageContent) -> Option<&'a Model> {
    rows.iter()
        .find(|row| is_same(row, new))
        .or_else(|| usable(rows, new.verified_on).filter(|row| new.kind.is_main_insurance() && kind_of(row).is_main_insurance()))
}

/// The same card; a 公費 with the numbers of an insurance (医療扶助) is another thing.
fn is_same(row: &Model, new: &CoverageContent) -> bool {
    let is_beside = |kind: CoverageKind| kind == CoverageKind::PublicExpense;
    is_beside(kind_of(row)) == is_beside(new.kind) && content_of(row).is_same_card(new)
}

/// Takes an answer over: the same card gets a new version; another card is added, and when it is valid the old one ends the day
/// before (it stays, with its history).
pub async fn apply(tx: &TenantTx, patient_id: PatientId, known: &[Model], new: &CoverageContent) -> Result<CoverageId, Error> {
    take(tx, patient_id, known, new, new.eligibility == EligibilityStatus::Valid, "資格確認").await
}

/// The same, typed in at the desk: another insurance takes the place of the one before it whether or not anybody could be asked.
pub async fn state_by_hand(tx: &TenantTx, patient_id: PatientId, known: &[Model], new: &CoverageContent) -> Result<CoverageId, Error> {
    take(tx, patient_id, known, new, new.kind.is_main_insurance(), "手入力").await
}

async fn take(
    tx: &TenantTx,
    patient_id: PatientId,
    known: &[Model],
    new: &CoverageContent,
    replaces: bool,
    why: &str,
) -> Result<CoverageId, Error> {
    if let Some(same) = known.iter().find(|row| is_same(row, new)) {
        return amend(tx, same, new, why).await;
    }
    if replaces {
        let today = clock::today(tx.now());
        for old in known.iter().filter(|row| kind_of(row).is_main_insurance()) {
            let mut row = old.clone();
            row.valid_to = Some(content_of(old).closing_day(new));
            // One that begins later leaves the old card good until then.
            if new.valid_from.is_none_or(|from| from <= today) {
                row.eligibility = EligibilityStatus::Superseded.code().to_owned();
            }
            versioned::update(tx, row, Authorship::own(tx), "新しい資格に切替").await?;
        }
    }
    let mut row = empty(tx, patient_id);
    state(&mut row, new);
    let row = versioned::insert(tx, row, Authorship::own(tx)).await?;
    Ok(CoverageId::new(row.id))
}

/// A new version of one row; the version it was made from is the row's.
pub async fn amend(tx: &TenantTx, row: &Model, new: &CoverageContent, why: &str) -> Result<CoverageId, Error> {
    let mut row = row.clone();
    state(&mut row, new);
    let row = versioned::update(tx, row, Authorship::own(tx), why).await?;
    Ok(CoverageId::new(row.id))
}

/// 目視: nobody could be asked. The row waits on the list of those to be asked again.
pub async fn sight(tx: &TenantTx, row: &Model, today: NaiveDate) -> Result<(), Error> {
    if is_confirmed_in(row, today) {
        return Ok(());
    }
    let mut row = row.clone();
    row.eligibility = EligibilityStatus::ManualVerified.code().to_owned();
    row.verification = Verification::Sight.code().to_owned();
    row.verified_on = Some(today);
    versioned::update(tx, row, Authorship::own(tx), "目視").await.map(drop)
}

/// The card these numbers were read from, marked as seen; one we did not know is written down.
pub async fn sight_numbers(tx: &TenantTx, patient: PatientId, known: &[Model], numbers: &Numbers, today: NaiveDate) -> Result<(), Error> {
    let seen = CoverageContent {
        kind: CoverageKind::of("", &numbers.insurer_number),
        insurer_number: numbers.insurer_number.clone(),
        insurer_name: String::new(),
        insured_symbol: numbers.insured_symbol.clone(),
        insured_number: numbers.insured_number.clone(),
        branch_number: numbers.branch_number.clone(),
        is_self: true,
        copay_percent: None,
        card_classification: String::new(),
        limit_category: String::new(),
        specific_diseases: String::new(),
        valid_from: None,
        valid_to: None,
        verified_on: today,
        verification: Verification::Sight,
        eligibility: EligibilityStatus::ManualVerified,
        priority: 0,
        cap_yen: None,
        is_paid_back: false,
        medical_ticket: String::new(),
    };
    match known.iter().find(|row| content_of(row).is_same_card(&seen)) {
        Some(row) => sight(tx, row, today).await,
        None => state_by_hand(tx, patient, &[], &seen).await.map(drop),
    }
}

/// Found valid in the month of that day: insurance is asked about once a month.
pub fn is_confirmed_in(row: &Model, today: NaiveDate) -> bool {
    let is_this_month = row.verified_on.is_some_and(|day| (day.year(), day.month()) == (today.year(), today.month()));
    is_this_month && row.eligibility == EligibilityStatus::Valid.code()
}

pub(super) fn empty(tx: &TenantTx, patient_id: PatientId) -> Model {
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
        specific_diseases: String::new(),
        valid_from: None,
        valid_to: None,
        verified_on: None,
        verification: String::new(),
        eligibility: String::new(),
        priority: 0,
        cap_yen: None,
        is_paid_back: false,
        medical_ticket: String::new(),
    }
}

pub(super) fn state(row: &mut Model, c: &CoverageContent) {
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
    row.specific_diseases = c.specific_diseases.clone();
    row.valid_from = c.valid_from;
    row.valid_to = c.valid_to;
    row.verified_on = Some(c.verified_on);
    row.verification = c.verification.code().to_owned();
    row.eligibility = c.eligibility.code().to_owned();
    row.priority = i32::from(c.priority);
    row.is_paid_back = c.is_paid_back;
    row.medical_ticket = c.medical_ticket.clone();
    row.cap_yen = c.cap_yen.and_then(|yen| i32::try_from(yen).ok());
}

/// A stored row as it is compared; codes a later program wrote read as the nearest neutral value.
pub fn content_of(row: &Model) -> CoverageContent {
    CoverageContent {
        kind: kind_of(row),
        insurer_number: row.insurer_number.clone(),
        insurer_name: row.insurer_name.clone(),
        insured_symbol: row.insured_symbol.clone(),
        insured_number: row.insured_number.clone(),
        branch_number: row.branch_number.clone(),
        is_self: row.relation == "self",
        copay_percent: row.copay_percent.and_then(|percent| u8::try_from(percent).ok()),
        card_classification: row.insured_card_classification.clone(),
        limit_category: row.limit_category.clone(),
        specific_diseases: row.specific_diseases.clone(),
        valid_from: row.valid_from,
        valid_to: row.valid_to,
        verified_on: row.verified_on.unwrap_or_default(),
        verification: Verification::from_code(&row.verification).unwrap_or(Verification::Sight),
        eligibility: EligibilityStatus::from_code(&row.eligibility).unwrap_or(EligibilityStatus::Unchecked),
        priority: u8::try_from(row.priority).unwrap_or_default(),
        cap_yen: row.cap_yen.and_then(|yen| u32::try_from(yen).ok()),
        is_paid_back: row.is_paid_back,
        medical_ticket: row.medical_ticket.clone(),
    }
}

/// `社保 全国健康保険協会　架空支部 本人 3割`, `第1公費 難病 上限 5000円/月`.
pub fn words(row: &Model) -> String {
    let content = content_of(row);
    if content.kind == CoverageKind::PublicExpense {
        let cap = content.cap_yen.map(|yen| format!(" 上限 {yen}円/月")).unwrap_or_default();
        let back = if content.is_paid_back { " 償還払い" } else { "" };
        return format!("第{}公費 {}{cap}{back}", content.priority.max(1), public_scheme(&content.insurer_number));
    }
    let share = content.copay_percent.map(|percent| format!("{}割", percent / 10)).unwrap_or_default();
    [content.kind.label(), &content.insurer_name, content.relation_label(), &share]
        .into_iter()
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// The same with the 公費 beside it.
pub fn with_public(row: &Model, rows: &[Model], day: NaiveDate) -> String {
    let public = public_on(rows, day).into_iter().filter(|public| public.id != row.id).map(words);
    std::iter::once(words(row)).chain(public).collect::<Vec<_>>().join("・")
}
