//! One function per act on one patient.

use actix_web::{Either, HttpRequest, web};
use chrono::NaiveDate;
use domain::PatientId;
use domain::patient::{NewPatient, Patient, PatientError, PatientStatus};
use domain::patient_search::PatientSearch;
use serde::Deserialize;
use serde_json::json;
use tenancy::permission::{
    AllergyRead, AttachmentRead, ConsentRead, CoverageWrite, EncounterWrite, FlagRead, NoteRead, PatientMerge, PatientRead, PatientWrite,
    Permission,
};
use tenancy::{Access, Audit, Error, InfoClass, TenantTx};
use uuid::Uuid;

use super::duplicates::{self, Probe, RawProbe};
use super::fields::Facts;
use super::forms::RawPatientForm;
use super::store::{self, Group};
use super::views::*;
use super::{history as versions, overview};
use crate::allergies;
use crate::error::AppError;
use crate::flags;
use crate::web::{Chrome, FormErrors, FormState, Nav, Page, Redirect};

pub type Answer = Either<Redirect, Page>;

const REGISTER: &str = "patient.register";
/// Two first registrations of an empty clinic may meet on number 000001.
const NUMBER_TRIES: usize = 5;
pub(super) const MERGED_AWAY: &str = "この患者は統合済みです。残したカルテで操作してください。";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    q: String,
    /// `reception`: whoever is found is to be received.
    r#for: String,
}

fn chrome<P: Permission>(access: &Access<P>) -> Chrome {
    Chrome::of(access.principal(), Nav::Patients)
}

/// The search page. `?q=` is answered for other tools; our own pages post, so that no name stands in an address.
pub async fn list(access: Access<PatientRead>, query: web::Query<Asked>, req: HttpRequest) -> Result<Page, AppError> {
    found(access, query.into_inner(), req).await
}

/// 患者検索. Typing narrows the list; without JavaScript the same form gives the whole page.
pub async fn search(access: Access<PatientRead>, form: web::Form<Asked>, req: HttpRequest) -> Result<Page, AppError> {
    found(access, form.into_inner(), req).await
}

async fn found(access: Access<PatientRead>, wish: Asked, req: HttpRequest) -> Result<Page, AppError> {
    let q = wish.q;
    let asked = PatientSearch::parse(&q);
    let tx = access.begin().await?;
    let found = super::search::search(&tx, &asked).await?;
    let receipt = tx.commit(Audit::searched(InfoClass::Patient).subjects(found.hits.iter().map(super::search::Hit::patient_id))).await?;
    let page = PatientListPage::new(chrome(&access), q, &asked, &found, access.clock().today_jst(), acts(&access));
    let page = if wish.r#for == "reception" { page.for_reception() } else { page };
    Page::full_or(&req, receipt, &page, page.as_results())
}

/// An empty registration form.
pub async fn new(access: Access<PatientWrite>) -> Result<Page, AppError> {
    begun(access, "").await
}

/// A registration form begun with what was looked for in vain.
pub async fn new_from_search(access: Access<PatientWrite>, form: web::Form<Asked>) -> Result<Page, AppError> {
    begun(access, &form.q).await
}

async fn begun(access: Access<PatientWrite>, asked: &str) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let raw = RawPatientForm::begun(asked, tx.new_id());
    let receipt = tx.commit(Audit::viewed(InfoClass::Patient)).await?;
    Page::full(receipt, &PatientNewPage { chrome: chrome(&access), form: FormState::of(&raw), candidates: vec![] })
}

/// 同じ人かもしれません, while the form is being filled in.
pub async fn duplicates(access: Access<PatientWrite>, form: web::Form<RawPatientForm>, req: HttpRequest) -> Result<Page, AppError> {
    let today = access.clock().today_jst();
    let tx = access.begin().await?;
    let candidates = candidates(&tx, &RawProbe::of(&form).read(today), today).await?;
    let receipt = tx.commit(searched(&candidates)).await?;
    let page = PatientNewPage { chrome: chrome(&access), form: FormState::of(&form.into_inner()), candidates };
    Page::full_or(&req, receipt, &page, page.as_duplicates())
}

/// 登録. A duplicate person is warned of on the page that follows, never refused; the same form posted twice registers once.
pub async fn register(access: Access<PatientWrite>, form: web::Form<RawPatientForm>) -> Result<Answer, AppError> {
    let raw = form.into_inner();
    let new = match raw.registration(access.clock().today_jst()) {
        Ok(new) => new,
        Err(errors) => return refuse_registration(&access, raw, errors).await,
    };
    for _ in 0..NUMBER_TRIES {
        match register_once(&access, &new, raw.idempotency_key.parse().ok()).await {
            Ok(Ok(done)) => return Ok(Either::Left(done)),
            Ok(Err(PatientError::DuplicateNumber)) if raw.asks_for_a_number() => {}
            Ok(Err(error)) => return refuse_registration(&access, raw, number_error(error)).await,
            // The other half of a double press got there first; the next try finds its answer.
            Err(Error::Duplicate { constraint }) if constraint.starts_with("idempotency_key") => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(AppError::Unavailable("no free patient number after several tries".into()))
}

async fn register_once(
    access: &Access<PatientWrite>,
    new: &NewPatient,
    key: Option<Uuid>,
) -> Result<Result<Redirect, PatientError>, Error> {
    let tx = access.begin().await?;
    let key = key.map(|key| tx.act_key(key, REGISTER, &format!("{new:?}")));
    if let Some(key) = key
        && let Some(outcome) = tx.idempotent(key).await?
    {
        let id: PatientId = outcome["patient_id"].as_str().and_then(|id| id.parse().ok()).ok_or(Error::NotFound)?;
        let receipt = tx.commit(Audit::viewed(InfoClass::Patient).subject(id).detail("repeated", true)).await?;
        return Ok(Ok(Redirect::to(receipt, registered_path(id))));
    }
    let patient = match store::register(&tx, new).await? {
        Ok(patient) => patient,
        Err(error) => return Ok(Err(error)),
    };
    if let Some(key) = key {
        tx.remember(key, json!({"patient_id": patient.id})).await?;
    }
    let receipt = tx.commit(Audit::created(InfoClass::Patient).subject(patient.id).entity("patient", patient.id)).await?;
    Ok(Ok(Redirect::to(receipt, registered_path(patient.id))))
}

fn registered_path(id: PatientId) -> String {
    format!("/patients/{id}?registered=1")
}

async fn refuse_registration(access: &Access<PatientWrite>, raw: RawPatientForm, errors: FormErrors) -> Result<Answer, AppError> {
    let today = access.clock().today_jst();
    let tx = access.begin().await?;
    let candidates = candidates(&tx, &RawProbe::of(&raw).read(today), today).await?;
    let receipt = tx.commit(searched(&candidates)).await?;
    let page = PatientNewPage { chrome: chrome(access), form: FormState::of(&raw).with_errors(errors), candidates };
    Ok(Either::Right(Page::invalid(receipt, &page)?))
}

fn number_error(error: PatientError) -> FormErrors {
    let mut errors = FormErrors::default();
    errors.add(
        "patient_number",
        match error {
            PatientError::NumbersExhausted => "自動で付けられる番号がなくなりました。番号を指定してください",
            _ => "この番号は別の患者が使っています",
        },
    );
    errors
}

pub(super) async fn candidates(tx: &TenantTx, probe: &Probe, today: NaiveDate) -> Result<Vec<CandidateRow>, Error> {
    Ok(duplicates::find(tx, probe).await?.iter().map(|candidate| CandidateRow::of(candidate, today)).collect())
}

fn searched(candidates: &[CandidateRow]) -> Audit {
    Audit::searched(InfoClass::Patient).subjects(candidates.iter().map(|candidate| candidate.patient.id))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ShowQuery {
    registered: String,
}

/// 患者の情報. A chart that was merged away leads to the one that stayed.
pub async fn show(access: Access<PatientRead>, path: web::Path<PatientId>, query: web::Query<ShowQuery>) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let group = store::get_group(&tx, *path).await?;
    if let Some(survivor) = group.patient.merged_into {
        let receipt = tx.commit(Audit::viewed(InfoClass::Patient).subject(*path)).await?;
        return Ok(Either::Left(Redirect::to(receipt, format!("/patients/{survivor}"))));
    }
    let page = show_page(&access, &tx, &group, !query.registered.is_empty()).await?;
    let subjects = group.ids().into_iter().chain(crate::web::Subjects::subjects(&page));
    let receipt = tx.commit(Audit::viewed(InfoClass::Patient).subjects(subjects)).await?;
    Ok(Either::Right(Page::full(receipt, &page)?))
}

async fn show_page(access: &Access<PatientRead>, tx: &TenantTx, group: &Group, was_registered: bool) -> Result<PatientShowPage, Error> {
    let (today, patient) = (access.clock().today_jst(), &group.patient);
    let beside = overview::load(tx, &group.ids()).await?;
    let mut stripe = stripe(patient, store::count_namesakes(tx, patient).await?, today);
    if access.may::<AllergyRead>() {
        stripe = stripe.knowing(allergies::guard(&allergies::store::of_patients(tx, &group.ids()).await?));
    }
    if access.may::<FlagRead>() {
        stripe = stripe.flagged(flags::guards(&flags::store::of_patients(tx, &group.ids()).await?, patient, today));
    }
    let probe = if was_registered { Probe::of(&patient.demographics, Some(patient.id.as_uuid())) } else { Probe::default() };
    Ok(PatientShowPage {
        chrome: chrome(access),
        stripe,
        facts: Facts::of(&patient.number, &patient.demographics),
        version: patient.version,
        coverages: coverage_rows(&beside),
        visits: visit_rows(&beside),
        merged: merged_rows(group),
        candidates: candidates(tx, &probe, today).await?,
        was_registered,
        acts: acts(access),
    })
}

fn merged_rows(group: &Group) -> Vec<MergedRow> {
    let row = |patient: &Patient| MergedRow {
        merge_id: patient.merge_id,
        number: patient.number.to_string(),
        name: patient.name().ideographic.clone(),
    };
    group.merged.iter().map(row).collect()
}

fn acts(access: &Access<PatientRead>) -> Acts {
    Acts {
        receive: access.may::<EncounterWrite>(),
        chart: access.may::<NoteRead>(),
        edit: access.may::<PatientWrite>(),
        merge: access.may::<PatientMerge>(),
        take_in: access.may::<CoverageWrite>(),
        consents: access.may::<ConsentRead>(),
        documents: access.may::<AttachmentRead>(),
    }
}

/// The edit form.
pub async fn edit(access: Access<PatientWrite>, path: web::Path<PatientId>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let patient = in_use(&tx, *path).await?;
    let form = FormState::of(&RawPatientForm::of(&patient));
    let (page, audit) = edit_page(&access, &tx, &patient, form).await?;
    Page::full(tx.commit(audit).await?, &page)
}

/// 編集. A stale version is answered with both texts (R2); a form drawn for another patient is refused (R3).
pub async fn update(access: Access<PatientWrite>, path: web::Path<PatientId>, form: web::Form<RawPatientForm>) -> Result<Answer, AppError> {
    let raw = form.into_inner();
    if raw.patient_token != path.to_string() {
        return Err(AppError::WrongPatient);
    }
    let seen = raw.version.parse().map_err(|_| AppError::Invalid("版番号がありません。画面を開き直してください。".into()))?;
    let (number, demographics) = match raw.edit(access.clock().today_jst()) {
        Ok(stated) => stated,
        Err(errors) => return refuse_edit(&access, *path, raw, errors).await,
    };
    let mine = Facts::of(&number, &demographics);
    let tx = access.begin().await?;
    let current = in_use(&tx, *path).await?;
    if mine == Facts::of(&current.number, &current.demographics) {
        return back_to(tx, *path, Audit::viewed(InfoClass::Patient)).await;
    }
    if current.version != seen {
        return compare(&access, tx, current, seen, &mine).await;
    }
    match store::update(&tx, &current, seen, &number, &demographics).await {
        Ok(Ok(_)) => back_to(tx, *path, Audit::updated(InfoClass::Patient).entity("patient", *path)).await,
        Ok(Err(error)) => refuse_edit(&access, *path, raw, number_error(error)).await,
        Err(Error::Conflict { .. }) => {
            let current = store::get(&tx, *path).await?;
            compare(&access, tx, current, seen, &mine).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn back_to(tx: TenantTx, id: PatientId, audit: Audit) -> Result<Answer, AppError> {
    let receipt = tx.commit(audit.subject(id)).await?;
    Ok(Either::Left(Redirect::to(receipt, format!("/patients/{id}"))))
}

async fn refuse_edit(access: &Access<PatientWrite>, id: PatientId, raw: RawPatientForm, errors: FormErrors) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let patient = in_use(&tx, id).await?;
    let (page, audit) = edit_page(access, &tx, &patient, FormState::of(&raw).with_errors(errors)).await?;
    Ok(Either::Right(Page::invalid(tx.commit(audit).await?, &page)?))
}

async fn edit_page(
    access: &Access<PatientWrite>,
    tx: &TenantTx,
    patient: &Patient,
    form: FormState,
) -> Result<(PatientEditPage, Audit), Error> {
    let namesakes = store::count_namesakes(tx, patient).await?;
    let page = PatientEditPage { chrome: chrome(access), stripe: stripe(patient, namesakes, access.clock().today_jst()), form };
    Ok((page, Audit::viewed(InfoClass::Patient).subject(patient.id)))
}

/// 見比べる: what both started from, what each made of it.
async fn compare(access: &Access<PatientWrite>, tx: TenantTx, current: Patient, seen: i32, mine: &Facts) -> Result<Answer, AppError> {
    let base = versions::at(&tx, current.id, seen).await?.map(|version| version.facts);
    let latest = versions::at(&tx, current.id, current.version).await?;
    let namesakes = store::count_namesakes(&tx, &current).await?;
    let receipt = tx.commit(Audit::viewed(InfoClass::Patient).subject(current.id).detail("conflict", true)).await?;
    let theirs = Facts::of(&current.number, &current.demographics);
    let page = PatientConflictPage {
        chrome: chrome(access),
        stripe: stripe(&current, namesakes, access.clock().today_jst()),
        choices: Choice::between(base.as_ref(), mine, &theirs),
        same: PatientConflictPage::shared(mine, &theirs),
        seen_version: seen,
        current_version: current.version,
        other: latest.as_ref().map(|version| version.author.clone()).unwrap_or_default(),
        other_at: latest.map(|version| moment(version.recorded_at)).unwrap_or_default(),
    };
    Ok(Either::Right(Page::conflict(receipt, &page)?))
}

async fn in_use(tx: &TenantTx, id: PatientId) -> Result<Patient, AppError> {
    let patient = store::get(tx, id).await?;
    if patient.status == PatientStatus::Merged { Err(AppError::Refused(MERGED_AWAY.into())) } else { Ok(patient) }
}

#[derive(Debug, Deserialize)]
pub struct HistoryQuery {
    before: Option<i32>,
}

/// 版履歴, newest first.
pub async fn history(access: Access<PatientRead>, path: web::Path<PatientId>, query: web::Query<HistoryQuery>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let patient = store::get(&tx, *path).await?;
    let namesakes = store::count_namesakes(&tx, &patient).await?;
    let (found, has_older) = versions::list(&tx, *path, query.before).await?;
    let receipt = tx.commit(Audit::viewed(InfoClass::Patient).subject(*path).detail("history", true)).await?;
    let page = PatientHistoryPage {
        chrome: chrome(&access),
        stripe: stripe(&patient, namesakes, access.clock().today_jst()),
        older: found.last().filter(|_| has_older).map(|version| version.number),
        versions: found.iter().map(VersionRow::of).collect(),
    };
    Page::full(receipt, &page)
}
