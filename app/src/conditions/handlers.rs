//! 病名 of one patient: the box on the chart, the page, one name with its history.

use std::collections::HashSet;

use actix_web::{Either, HttpRequest, web};
use chrono::NaiveDate;
use domain::clock;
use domain::condition::{Course, Outcome};
use domain::{ConditionId, EncounterId, PatientId};
use serde::Deserialize;
use tenancy::permission::{ConditionPropose, ConditionRead, ConditionWrite, MasterRead, Permission};
use tenancy::{Access, Audit, Error, InfoClass, TenantTx};

use super::diseases::{self, Choice};
use super::entity::Model;
use super::forms::RawCondition;
use super::views::{ConditionPage, ConditionPane, ConditionsPage, DiseaseOptions, Line, MonthView, Options, VersionLine};
use super::{candidates, proposal, store};
use crate::AppError;
use crate::notes::neighbours;
use crate::notes::store::staff;
use crate::web::{Chrome, FormErrors, FormState, Nav, Page, Redirect, is_htmx};

const ADD: &str = "condition.add";
type Answer = Either<Redirect, Page>;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ListQuery {
    encounter: String,
    /// `2026-10`: what the claims of that month said.
    month: String,
}

/// 病名の候補 while typing. Posted: no disease belongs into an address.
pub async fn diseases(access: Access<MasterRead>, form: web::Form<RawCondition>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let choices = diseases::search(&tx, &form.q, clock::today(tx.now())).await?;
    let receipt = tx.commit(Audit::searched(InfoClass::Master)).await?;
    Page::full(receipt, &DiseaseOptions { options: Options::new(choices, &form.q) })
}

/// 病名: for htmx the box of the chart, else the page.
pub async fn list(
    access: Access<ConditionRead>,
    path: web::Path<PatientId>,
    query: web::Query<ListQuery>,
    req: HttpRequest,
) -> Result<Page, AppError> {
    let raw = RawCondition { encounter: query.encounter.clone(), ..RawCondition::default() };
    shown(&access, *path, &raw, FormErrors::default(), &query.month, &req).await
}

pub(super) async fn shown<P: Permission>(
    access: &Access<P>,
    patient: PatientId,
    raw: &RawCondition,
    errors: FormErrors,
    month: &str,
    req: &HttpRequest,
) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let is_invalid = !errors.is_empty();
    let person = neighbours::person(&tx, patient).await?;
    let id = person.stripe.patient_id;
    let pane = pane(&tx, access, id, raw, errors).await?;
    let audit = Audit::viewed(InfoClass::Condition).subject(id);
    if is_htmx(req) {
        let receipt = tx.commit(audit).await?;
        return if is_invalid { Page::invalid(receipt, &pane) } else { Page::full(receipt, &pane) };
    }
    let today = clock::today(tx.now());
    let month = match format!("{month}-01").parse::<NaiveDate>() {
        Ok(first) => Some(MonthView::of(first, &store::of_month(&tx, id, first).await?)),
        Err(_) => None,
    };
    let page = ConditionsPage {
        chrome: Chrome::of(access.principal(), Nav::Patients),
        stripe: person.stripe,
        pane,
        month,
        this_month: today.format("%Y-%m").to_string(),
    };
    let receipt = tx.commit(audit).await?;
    if is_invalid { Page::invalid(receipt, &page) } else { Page::full(receipt, &page) }
}

async fn pane<P: Permission>(
    tx: &TenantTx,
    access: &Access<P>,
    patient: PatientId,
    raw: &RawCondition,
    errors: FormErrors,
) -> Result<ConditionPane, AppError> {
    let today = clock::today(tx.now());
    let rows = store::of_patient(tx, patient).await?;
    let encounter: Option<EncounterId> = raw.encounter.parse().ok();
    let can_write = access.may::<ConditionWrite>();
    let may_propose = !can_write && access.may::<ConditionPropose>();
    let options = match (can_write || may_propose, raw.q.trim().is_empty()) {
        (false, _) => vec![],
        (true, false) => diseases::search(tx, &raw.q, today).await?,
        (true, true) => {
            let present: HashSet<String> = rows.iter().filter(|r| r.status == store::ACTIVE).map(|r| r.disease_code.clone()).collect();
            candidates::of_visit(tx, encounter, &present, today).await?
        }
    };
    let fresh = RawCondition { idempotency_key: tx.new_id().to_string(), ..raw.clone() };
    Ok(ConditionPane {
        patient_id: patient,
        encounter,
        lines: rows.iter().map(|row| Line::of(row, today)).collect(),
        options: Options::new(options, &raw.q),
        can_write,
        may_propose,
        proposals: proposal::open_of(tx, &crate::patients::store::group_ids(tx, patient).await?).await?,
        form: FormState::of(&fresh).with_errors(errors),
    })
}

/// R3: the page the form stood on must be this person's.
pub(super) async fn check_token(tx: &TenantTx, token: &str, patient: PatientId) -> Result<(), AppError> {
    let token: PatientId = token.parse().map_err(|_| AppError::WrongPatient)?;
    if crate::patients::store::is_same_person(tx, token, patient).await? { Ok(()) } else { Err(AppError::WrongPatient) }
}

/// 病名追加. Pressed twice it is one name.
pub async fn add(
    access: Access<ConditionWrite>,
    path: web::Path<PatientId>,
    form: web::Form<RawCondition>,
    req: HttpRequest,
) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let patient = crate::patients::store::get(&tx, *path).await?.id;
    check_token(&tx, &form.patient_token, patient).await?;
    let encounter = visit_of(&tx, &form.encounter, patient).await?;
    let act = tx.act_key(form.key()?, ADD, &format!("{patient} {:?}", *form));
    if tx.idempotent(act).await?.is_none() {
        let content = match form.read(&tx, clock::today(tx.now())).await? {
            Ok(content) => content,
            Err(errors) => {
                drop(tx);
                return shown(&access, patient, &form, errors, "", &req).await.map(Either::Right);
            }
        };
        match tx.remember(act, serde_json::json!({})).await {
            Ok(()) => drop(store::insert(&tx, patient, encounter, &content).await?),
            Err(Error::Duplicate { .. }) => return after(&access, patient, &form.encounter, &req).await,
            Err(e) => return Err(e.into()),
        }
    }
    tx.commit(Audit::created(InfoClass::Condition).subject(patient)).await?;
    after(&access, patient, &form.encounter, &req).await
}

/// The visit the name is noted at must be this patient's.
pub(super) async fn visit_of(tx: &TenantTx, encounter: &str, patient: PatientId) -> Result<Option<EncounterId>, AppError> {
    let Ok(id) = encounter.parse::<EncounterId>() else { return Ok(None) };
    let visit = crate::encounters::store::get(tx, id).await?;
    let group = crate::patients::store::group_ids(tx, patient).await?;
    if group.contains(&PatientId::new(visit.patient_id)) { Ok(Some(id)) } else { Err(AppError::WrongPatient) }
}

/// The box again for htmx, which also asks the warnings to look again; else the page.
pub(super) async fn after<P: Permission>(
    access: &Access<P>,
    patient: PatientId,
    encounter: &str,
    req: &HttpRequest,
) -> Result<Answer, AppError> {
    if is_htmx(req) {
        let raw = RawCondition { encounter: encounter.to_owned(), ..RawCondition::default() };
        let page = shown(access, patient, &raw, FormErrors::default(), "", req).await?;
        return Ok(Either::Right(page.event("chart-changed")));
    }
    let tx = access.begin().await?;
    let receipt = tx.commit(Audit::viewed(InfoClass::Condition).subject(patient)).await?;
    let to = match encounter.parse::<EncounterId>() {
        Ok(id) => format!("/patients/{patient}/conditions?encounter={id}"),
        Err(_) => format!("/patients/{patient}/conditions"),
    };
    Ok(Either::Left(Redirect::to(receipt, to)))
}

/// One press on a line of the box.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct MarkForm {
    patient_token: String,
    version: String,
    encounter: String,
    /// An outcome's code, or the flag that is turned over: `main`, `suspected`, `undisclosed`; or `mistaken`.
    act: String,
    reason: String,
}

/// 転帰 today, or one flag turned over.
pub async fn mark(
    access: Access<ConditionWrite>,
    path: web::Path<ConditionId>,
    form: web::Form<MarkForm>,
    req: HttpRequest,
) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let mut row = store::get(&tx, *path).await?;
    let patient = PatientId::new(row.patient_id);
    check_token(&tx, &form.patient_token, patient).await?;
    let seen: i32 = form.version.parse().map_err(|_| AppError::Invalid("版番号がありません。画面を開き直してください。".into()))?;
    if seen != row.version {
        return Err(AppError::Conflict);
    }
    let mut course = store::course_of(&row);
    match form.act.as_str() {
        "main" => row.is_main = !row.is_main,
        "suspected" => row.is_suspected = !row.is_suspected,
        "undisclosed" => row.is_undisclosed = !row.is_undisclosed,
        "mistaken" if form.reason.trim().is_empty() => return Err(AppError::Invalid("誤入力とする理由を書いてください。".into())),
        "mistaken" => row.status = store::MISTAKEN.to_owned(),
        code => {
            let outcome = Outcome::from_code(code).ok_or_else(|| AppError::Invalid("転帰を選んでください。".into()))?;
            course = ended_today(course, outcome, clock::today(tx.now()));
        }
    }
    let reason: String = form.reason.trim().chars().filter(|c| !c.is_control()).take(100).collect();
    store::update(&tx, row, course, &reason).await?;
    tx.commit(Audit::updated(InfoClass::Condition).subject(patient).entity("condition", *path).detail("act", form.act.clone())).await?;
    after(&access, patient, &form.encounter, &req).await
}

/// The outcome on that day; 継続 leaves it open.
pub fn ended_today(course: Course, outcome: Outcome, today: NaiveDate) -> Course {
    Course { outcome: Some(outcome), ended_on: outcome.ends().then_some(today.max(course.started_on)), ..course }
}

/// One name: everything about it, and every version there was.
pub async fn show(access: Access<ConditionRead>, path: web::Path<ConditionId>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let row = store::get(&tx, *path).await?;
    let page = one(&tx, &access, &row, None).await?;
    let audit = Audit::viewed(InfoClass::Condition).subject(page.stripe.patient_id).entity("condition", *path);
    Page::full(tx.commit(audit).await?, &page)
}

async fn one<P: Permission>(tx: &TenantTx, access: &Access<P>, row: &Model, form: Option<FormState>) -> Result<ConditionPage, AppError> {
    let person = neighbours::person(tx, PatientId::new(row.patient_id)).await?;
    let versions = store::versions(tx, &[row.id], None).await?;
    let names = staff(tx, versions.iter().map(|v| v.author_id.into())).await?.names;
    Ok(ConditionPage {
        chrome: Chrome::of(access.principal(), Nav::Patients),
        stripe: person.stripe,
        line: Line::of(row, clock::today(tx.now())),
        disease: format!("{} {}", row.disease_code, row.icd10),
        can_write: access.may::<ConditionWrite>() && row.status != store::MISTAKEN,
        form: form.unwrap_or_else(|| FormState::of(&raw_of(row))),
        versions: versions.iter().map(|v| VersionLine::of(v, &names)).collect(),
    })
}

fn raw_of(row: &Model) -> RawCondition {
    let flag = |is_set: bool| if is_set { "on" } else { "" }.to_owned();
    RawCondition {
        version: row.version.to_string(),
        started_on: row.started_on.to_string(),
        is_suspected: flag(row.is_suspected),
        is_main: flag(row.is_main),
        is_undisclosed: flag(row.is_undisclosed),
        purpose: row.purpose.clone(),
        outcome: row.outcome.clone().unwrap_or_default(),
        ended_on: row.ended_on.map(|day| day.to_string()).unwrap_or_default(),
        ..RawCondition::default()
    }
}

/// この内容にする. A stale page is a 409 that shows both: what was typed, and what stands now.
pub async fn change(
    access: Access<ConditionWrite>,
    path: web::Path<ConditionId>,
    form: web::Form<RawCondition>,
) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let mut row = store::get(&tx, *path).await?;
    let patient = PatientId::new(row.patient_id);
    check_token(&tx, &form.patient_token, patient).await?;
    let seen = form.version()?;
    let mut errors = FormErrors::default();
    let (course, purpose) = (form.course(clock::today(tx.now()), &mut errors), form.purpose(&mut errors));
    let (Some(course), Some(purpose)) = (course, purpose) else {
        let page = one(&tx, &access, &row, Some(FormState::of(&*form).with_errors(errors))).await?;
        let audit = Audit::viewed(InfoClass::Condition).subjects([patient, page.stripe.patient_id]);
        return Page::invalid(tx.commit(audit).await?, &page).map(Either::Right);
    };
    if seen != row.version {
        errors.add("started_on", "ほかの人が先に変えました。下の履歴の一番上が今の内容です。確かめてからもう一度押してください。");
        let again = RawCondition { version: row.version.to_string(), ..form.into_inner() };
        let page = one(&tx, &access, &row, Some(FormState::of(&again).with_errors(errors))).await?;
        let audit = Audit::viewed(InfoClass::Condition).subjects([patient, page.stripe.patient_id]);
        return Page::conflict(tx.commit(audit).await?, &page).map(Either::Right);
    }
    (row.is_suspected, row.is_main, row.is_undisclosed) =
        (!form.is_suspected.is_empty(), !form.is_main.is_empty(), !form.is_undisclosed.is_empty());
    row.purpose = purpose.code().to_owned();
    store::update(&tx, row, course, form.reason.trim()).await?;
    let receipt = tx.commit(Audit::updated(InfoClass::Condition).subject(patient).entity("condition", *path)).await?;
    Ok(Either::Left(Redirect::to(receipt, format!("/conditions/{}", *path))))
}

/// Options for a choice list; kept here so that the pages need no knowledge of the masters.
impl From<Choice> for super::views::OptionLine {
    fn from(choice: Choice) -> Self {
        Self { value: choice.value(), name: choice.display(), icd10: choice.icd10.clone(), why: choice.why }
    }
}
