//! 保険・公費 by hand: typed, seen beside what was known, taken over.

use actix_web::{Either, web};
use domain::coverage::{CoverageContent, CoverageKind, PUBLIC_EXPENSES};
use domain::patient::{Patient, PatientStatus};
use domain::{CoverageId, EncounterId, PatientId, clock};
use serde::Deserialize;
use serde_json::json;
use tenancy::permission::{CoverageRead, CoverageWrite, Permission};
use tenancy::{Access, Audit, Error, InfoClass, TenantTx};
use uuid::Uuid;

use super::entity::coverage::Model;
use super::forms::RawCoverage;
use super::store;
use super::views::{ComparePage, CoveragePage, HistoryPage};
use crate::encounters::store as encounters;
use crate::error::AppError;
use crate::inquiries::store as inquiries;
use crate::patients::store as patients;
use crate::web::act_form::check_token;
use crate::web::{Chrome, FormErrors, FormState, Nav, Page, PatientStripe, Redirect};

type Clerk = Access<CoverageWrite>;
type Answer = Either<Redirect, Page>;

const ADD: &str = "coverage.add";
const MERGED_AWAY: &str = "この患者は統合済みです。残したカルテで操作してください。";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    kind: String,
}

/// A patient in use, with everything known of the insurance.
struct Desk {
    patient: Patient,
    group: Vec<PatientId>,
    known: Vec<Model>,
}

impl Desk {
    async fn of(tx: &TenantTx, id: PatientId) -> Result<Self, AppError> {
        let patient = patients::get(tx, id).await?;
        if patient.status != PatientStatus::Active {
            return Err(AppError::Refused(MERGED_AWAY.into()));
        }
        let group = patients::group_ids(tx, id).await?;
        let known = store::in_force(tx, &group, clock::today(tx.now())).await?;
        Ok(Self { patient, group, known })
    }

    /// What only the other rows can tell: four 公費 at a time, each with a rank of its own.
    fn judge(&self, new: &CoverageContent, own: Option<&Model>, today: chrono::NaiveDate) -> FormErrors {
        let mut errors = FormErrors::default();
        if new.kind != CoverageKind::PublicExpense {
            return errors;
        }
        let is_other = |row: &&Model| {
            let is_own = own.is_some_and(|own| own.id == row.id) || store::content_of(row).is_same_card(new);
            store::kind_of(row) == CoverageKind::PublicExpense && !is_own && store::is_in_force(row, today)
        };
        let others: Vec<&Model> = self.known.iter().filter(is_other).collect();
        if others.len() >= PUBLIC_EXPENSES {
            errors.add("insurer_number", format!("公費は同時に{PUBLIC_EXPENSES}つまでです。終わった公費に終わりの日を入れてください"));
        } else if others.iter().any(|row| row.priority == i32::from(new.priority)) {
            errors.add("priority", format!("第{}公費はもうあります。別の順位を選んでください", new.priority));
        }
        errors
    }
}

/// An empty form.
pub async fn new(access: Clerk, path: web::Path<PatientId>, query: web::Query<Asked>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let desk = Desk::of(&tx, *path).await?;
    let kind = CoverageKind::from_code(&query.kind).unwrap_or(CoverageKind::Employees);
    let mut raw = RawCoverage::begun(kind, tx.new_id(), clock::today(tx.now()));
    if raw.is_public() {
        raw.priority = (1..=4).find(|rank| desk.known.iter().all(|row| row.priority != *rank)).unwrap_or(1).to_string();
    }
    let page = form_page(&access, &tx, &desk, None, FormState::of(&raw)).await?;
    Page::full(tx.commit(viewed(*path)).await?, &page)
}

async fn form_page<P: Permission>(
    access: &Access<P>,
    tx: &TenantTx,
    desk: &Desk,
    row: Option<&Model>,
    form: FormState,
) -> Result<CoveragePage, AppError> {
    let action = match row {
        Some(row) => format!("/coverages/{}", row.id),
        None => format!("/patients/{}/coverages", desk.patient.id),
    };
    Ok(CoveragePage::of(chrome(access), stripe(tx, &desk.patient).await?, action, row.is_some(), form))
}

async fn stripe(tx: &TenantTx, patient: &Patient) -> Result<PatientStripe, Error> {
    Ok(PatientStripe::of(patient, clock::today(tx.now()), patients::count_namesakes(tx, patient).await?))
}

fn chrome<P: Permission>(access: &Access<P>) -> Chrome {
    Chrome::of(access.principal(), Nav::Patients)
}

fn viewed(patient: PatientId) -> Audit {
    Audit::viewed(InfoClass::Coverage).subject(patient)
}

/// What the person gets to see before anything is written.
enum Before {
    Wrong(FormErrors),
    /// The form again, as it was typed.
    Again,
    Take(Box<CoverageContent>),
}

fn judged(raw: &RawCoverage, desk: &Desk, row: Option<&Model>, tx: &TenantTx) -> Before {
    if raw.compared == "back" {
        return Before::Again;
    }
    let today = clock::today(tx.now());
    let typed = match raw.read(today, row) {
        Ok(typed) => typed,
        Err(errors) => return Before::Wrong(errors),
    };
    // Typed anew, the same card keeps what the service said of it.
    let same = desk.known.iter().find(|known| store::content_of(known).is_same_card(&typed));
    let typed = raw.read(today, row.or(same)).unwrap_or(typed);
    let errors = desk.judge(&typed, row, today);
    if errors.is_empty() { Before::Take(Box::new(typed)) } else { Before::Wrong(errors) }
}

/// 登録. Where something is known already, old and new are shown first.
pub async fn add(access: Clerk, path: web::Path<PatientId>, form: web::Form<RawCoverage>) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let desk = Desk::of(&tx, *path).await?;
    check_token(&form.patient_token, *path)?;
    let content = match judged(&form, &desk, None, &tx) {
        Before::Wrong(errors) => return refused(&access, tx, &desk, None, &form, errors).await,
        Before::Again => return again(&access, tx, &desk, None, &form).await,
        Before::Take(content) => content,
    };
    let key = form.idempotency_key.parse::<Uuid>().map_err(|_| AppError::Invalid("画面を開き直してやり直してください。".into()))?;
    let key = tx.act_key(key, ADD, &format!("{} {content:?}", *path));
    let audit = Audit::created(InfoClass::Coverage).subject(*path);
    if tx.idempotent(key).await?.is_some() {
        return back(tx, *path, audit.detail("repeated", true)).await;
    }
    let old = store::counterpart(&desk.known, &content);
    if !form.is_compared() && old.is_some_and(|old| !store::content_of(old).differences(&content).is_empty()) {
        return compare(&access, tx, &desk, old, &content, &form, None).await;
    }
    tx.remember(key, json!({})).await?;
    let id = store::state_by_hand(&tx, *path, &desk.known, &content).await?;
    after(&access, &tx, &desk, id, &content).await?;
    back(tx, *path, audit.entity("coverage", id)).await
}

/// 目視 is asked again later; today's visit takes the new insurance.
async fn after(access: &Clerk, tx: &TenantTx, desk: &Desk, id: CoverageId, content: &CoverageContent) -> Result<(), AppError> {
    if content.verification.is_by_eye() {
        inquiries::ask_sighted(tx, &desk.patient, content).await?;
    }
    let today = encounters::today(tx, access.principal());
    if content.kind.is_main_insurance() && content.valid_from.is_none_or(|from| from <= today) {
        for visit in encounters::active_on(tx, today, &desk.group).await? {
            encounters::set_coverage(tx, visit, id).await?;
        }
    }
    Ok(())
}

async fn back(tx: TenantTx, patient: PatientId, audit: Audit) -> Result<Answer, AppError> {
    Ok(Either::Left(Redirect::to(tx.commit(audit).await?, format!("/patients/{patient}?stated=1"))))
}

/// One coverage, to be put right.
pub async fn edit(access: Clerk, path: web::Path<CoverageId>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let row = store::get(&tx, *path).await?;
    let patient = PatientId::new(row.patient_id);
    let desk = Desk::of(&tx, patient).await?;
    let form = FormState::of(&RawCoverage::of(&row, clock::today(tx.now())));
    let page = form_page(&access, &tx, &desk, Some(&row), form).await?;
    Page::full(tx.commit(viewed(patient).entity("coverage", *path)).await?, &page)
}

/// 訂正: the same card with other words, or a number that was copied wrongly. Changed meanwhile: both texts, 409.
pub async fn update(access: Clerk, path: web::Path<CoverageId>, form: web::Form<RawCoverage>) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let row = store::get(&tx, *path).await?;
    let patient = PatientId::new(row.patient_id);
    let desk = Desk::of(&tx, patient).await?;
    check_token(&form.patient_token, patient)?;
    let seen: i32 = form.version.parse().map_err(|_| AppError::Invalid("版番号がありません。画面を開き直してください。".into()))?;
    let content = match judged(&form, &desk, Some(&row), &tx) {
        Before::Wrong(errors) => return refused(&access, tx, &desk, Some(&row), &form, errors).await,
        Before::Again => return again(&access, tx, &desk, Some(&row), &form).await,
        Before::Take(content) => content,
    };
    if store::content_of(&row) == *content {
        return back(tx, patient, viewed(patient)).await;
    }
    let is_stale = seen != row.version;
    let differs = !store::content_of(&row).differences(&content).is_empty();
    if is_stale || (differs && !form.is_compared()) {
        return compare(&access, tx, &desk, Some(&row), &content, &form, Some((&row, is_stale))).await;
    }
    store::amend(&tx, &row, &content, "手入力").await?;
    if content.verification.is_by_eye() {
        inquiries::ask_sighted(&tx, &desk.patient, &content).await?;
    }
    back(tx, patient, Audit::updated(InfoClass::Coverage).subject(patient).entity("coverage", *path)).await
}

async fn refused(
    access: &Clerk,
    tx: TenantTx,
    desk: &Desk,
    row: Option<&Model>,
    raw: &RawCoverage,
    errors: FormErrors,
) -> Result<Answer, AppError> {
    let page = form_page(access, &tx, desk, row, FormState::of(raw).with_errors(errors)).await?;
    Ok(Either::Right(Page::invalid(tx.commit(viewed(desk.patient.id)).await?, &page)?))
}

async fn again(access: &Clerk, tx: TenantTx, desk: &Desk, row: Option<&Model>, raw: &RawCoverage) -> Result<Answer, AppError> {
    let page = form_page(access, &tx, desk, row, FormState::of(raw)).await?;
    Ok(Either::Right(Page::full(tx.commit(viewed(desk.patient.id)).await?, &page)?))
}

/// 反映: old beside new. `edited` is the row of an edit, and whether it changed meanwhile.
async fn compare(
    access: &Clerk,
    tx: TenantTx,
    desk: &Desk,
    old: Option<&Model>,
    new: &CoverageContent,
    raw: &RawCoverage,
    edited: Option<(&Model, bool)>,
) -> Result<Answer, AppError> {
    let is_stale = edited.is_some_and(|(_, is_stale)| is_stale);
    let version = edited.map(|(row, _)| row.version.to_string()).unwrap_or_default();
    let raw = RawCoverage { version, compared: String::new(), ..raw.clone() };
    let action = match edited {
        Some((row, _)) => format!("/coverages/{}", row.id),
        None => format!("/patients/{}/coverages", desk.patient.id),
    };
    let page = ComparePage::of(chrome(access), stripe(&tx, &desk.patient).await?, action, old, new, &raw, is_stale);
    let receipt = tx.commit(viewed(desk.patient.id).detail("compared", true)).await?;
    Ok(Either::Right(if is_stale { Page::conflict(receipt, &page)? } else { Page::full(receipt, &page)? }))
}

/// 版履歴 of one coverage.
pub async fn history(access: Access<CoverageRead>, path: web::Path<CoverageId>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let row = store::get(&tx, *path).await?;
    let patient = patients::get(&tx, PatientId::new(row.patient_id)).await?;
    let versions = super::history::of(&tx, *path).await?;
    let page = HistoryPage { chrome: chrome(&access), stripe: stripe(&tx, &patient).await?, title: store::words(&row), versions };
    Page::full(tx.commit(viewed(patient.id).entity("coverage", *path).detail("history", true)).await?, &page)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct UseForm {
    patient_token: String,
    /// Of the visit.
    version: String,
    coverage_id: String,
}

/// Another coverage of the patient for this visit.
pub async fn use_for_visit(access: Clerk, path: web::Path<EncounterId>, form: web::Form<UseForm>) -> Result<Redirect, AppError> {
    let tx = access.begin().await?;
    let visit = encounters::get(&tx, *path).await?;
    let patient = PatientId::new(visit.patient_id);
    check_token(&form.patient_token, patient)?;
    let wanted: CoverageId = form.coverage_id.parse().map_err(|_| AppError::Invalid("保険を選んでください。".into()))?;
    let coverage = store::get(&tx, wanted).await?;
    let group = patients::group_ids(&tx, patient).await?;
    if !group.contains(&PatientId::new(coverage.patient_id)) || store::kind_of(&coverage) == CoverageKind::PublicExpense {
        return Err(AppError::NotFound);
    }
    if form.version.parse() != Ok(visit.version) && visit.coverage_id != Some(coverage.id) {
        return Err(AppError::Conflict);
    }
    encounters::set_coverage(&tx, visit, wanted).await?;
    let audit = Audit::updated(InfoClass::Encounter).subject(patient).entity("encounter", *path).detail("coverage", wanted.to_string());
    Ok(Redirect::to(tx.commit(audit).await?, format!("/encounters/{}/billing", *path)))
}
