//! Writing and signing the prescription of one visit.

use actix_web::{Either, web};
use domain::clock;
use domain::encounter::VisitStatus;
use domain::{EncounterId, MedicationRequestId, PatientId};
use serde::Deserialize;
use serde_json::json;
use tenancy::permission::{MasterRead, Permission, PrescriptionRead, PrescriptionSign, PrescriptionWrite};
use tenancy::{Access, Act, Audit, Error, InfoClass, TenantTx};
use uuid::Uuid;

use super::drugs::{self, Drug, SHORTEST};
use super::forms::RawLineForm;
use super::store::{self, SignRefusal};
use super::views::{DrugOptions, PrescriptionBox, PrescriptionPage};
use crate::encounters::entity::encounter;
use crate::encounters::store as encounters;
use crate::error::AppError;
use crate::patients::store as patients;
use crate::web::{Chrome, FormErrors, FormState, Nav, Page, PatientStripe, Redirect};

const ADD: &str = "prescription.add";
/// Longest search text that is looked up.
const QUERY_MAX: usize = 60;

/// 薬の候補 while typing: a fragment for the search box, and nothing else. Posted, as no drug belongs into an address.
pub async fn drugs(access: Access<MasterRead>, form: web::Form<RawLineForm>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let options = search(&tx, &form.q).await?;
    let receipt = tx.commit(Audit::searched(InfoClass::Master)).await?;
    let RawLineForm { q, drug_code, .. } = form.into_inner();
    Page::full(receipt, &DrugOptions { q, options, drug_code })
}

async fn search(tx: &TenantTx, q: &str) -> Result<Vec<Drug>, Error> {
    let text: String = q.chars().filter(|c| !c.is_control()).take(QUERY_MAX).collect();
    drugs::search(tx, &text, clock::today(tx.now())).await
}

/// 処方.
pub async fn show(access: Access<PrescriptionRead>, path: web::Path<EncounterId>) -> Result<Page, AppError> {
    shown(&access, *path, None).await
}

/// 薬を探す without scripts: the same page with the candidates and everything typed so far.
pub async fn look_up(
    access: Access<PrescriptionRead>,
    path: web::Path<EncounterId>,
    form: web::Form<RawLineForm>,
) -> Result<Page, AppError> {
    shown(&access, *path, Some(form.into_inner())).await
}

async fn shown(access: &Access<PrescriptionRead>, id: EncounterId, typed: Option<RawLineForm>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let visit = encounters::get(&tx, id).await?;
    let begun = RawLineForm::begun(tx.new_id());
    let raw = match typed {
        Some(typed) => RawLineForm { idempotency_key: begun.idempotency_key, ..typed },
        None => begun,
    };
    let page = page(access, &tx, &visit, &raw, FormErrors::default()).await?;
    let audit = Audit::viewed(InfoClass::Prescription).subject(PatientId::new(visit.patient_id)).entity("encounter", id);
    Page::full(tx.commit(audit).await?, &page)
}

async fn page<P: Permission>(
    access: &Access<P>,
    tx: &TenantTx,
    visit: &encounter::Model,
    raw: &RawLineForm,
    errors: FormErrors,
) -> Result<PrescriptionPage, AppError> {
    let patient = patients::get(tx, PatientId::new(visit.patient_id)).await?;
    let namesakes = patients::count_namesakes(tx, &patient).await?;
    let mut prescription = PrescriptionBox::load(tx, access.principal(), EncounterId::new(visit.id), patient.id).await?;
    prescription.options = search(tx, &raw.q).await?;
    prescription.form = FormState::of(raw).with_errors(errors);
    Ok(PrescriptionPage {
        chrome: Chrome::of(access.principal(), Nav::Today),
        stripe: PatientStripe::of(&patient, clock::today(tx.now()), namesakes),
        prescription,
    })
}

/// One drug more. Posting twice adds once.
pub async fn add(
    access: Access<PrescriptionWrite>,
    path: web::Path<EncounterId>,
    form: web::Form<RawLineForm>,
) -> Result<Either<Redirect, Page>, AppError> {
    let tx = access.begin().await?;
    let visit = open_visit(&tx, *path, &form.patient_token).await?;
    let key: Uuid = form.idempotency_key.parse().map_err(|_| AppError::Invalid("画面を開き直してやり直してください。".into()))?;
    let patient_id = PatientId::new(visit.patient_id);
    let audit = Audit::created(InfoClass::Prescription).subject(patient_id);
    let key = tx.act_key(key, ADD, &format!("{} {:?}", *path, *form));
    if tx.idempotent(key).await?.is_some() {
        return Ok(Either::Left(Redirect::to(tx.commit(audit.entity("encounter", *path)).await?, prescription_path(*path))));
    }
    let drug = meant(&tx, &form).await?;
    match form.read(drug.as_ref().map_err(Clone::clone)) {
        Ok(line) => {
            let drug = drug.map_err(AppError::Invalid)?;
            let row = store::add(&tx, &visit, &drug, &line).await?;
            tx.remember(key, json!({ "id": row.id })).await?;
            Ok(Either::Left(Redirect::to(tx.commit(audit.entity("medication_request", row.id)).await?, prescription_path(*path))))
        }
        Err(errors) => {
            let page = page(&access, &tx, &visit, &form, errors).await?;
            let audit = Audit::viewed(InfoClass::Prescription).subject(patient_id).entity("encounter", *path);
            Ok(Either::Right(Page::invalid(tx.commit(audit).await?, &page)?))
        }
    }
}

/// The drug chosen, or the only one the typed text can mean; the error is the sentence for the search box.
async fn meant(tx: &TenantTx, form: &RawLineForm) -> Result<Result<Drug, String>, Error> {
    let today = clock::today(tx.now());
    if !form.drug_code.is_empty() {
        return Ok(match drugs::find(tx, &form.drug_code, today).await? {
            Some(drug) if drug.is_in_force(today) => Ok(drug),
            Some(drug) => Err(ended(&drug.name, drug.valid_to)),
            None => Err("この薬は医薬品マスターにありません。選び直してください".into()),
        });
    }
    let mut options = search(tx, &form.q).await?;
    Ok(match options.len() {
        1 => Ok(options.remove(0)),
        0 if form.q.chars().count() < SHORTEST => Err(format!("薬の名前を{SHORTEST}文字以上入れて、候補から選んでください")),
        0 => Err("その名前で始まる薬がマスターにありません。名前を短くして探してください".into()),
        _ => Err("候補がいくつかあります。一つ選んでください".into()),
    })
}

fn ended(name: &str, last_day: Option<chrono::NaiveDate>) -> String {
    match last_day {
        Some(day) => format!("「{name}」は医薬品マスターで{day}に終わっています。別の薬を選んでください"),
        None => format!("「{name}」は今日の医薬品マスターにありません。別の薬を選んでください"),
    }
}

/// The visit, if the form was drawn for its patient and it still takes prescriptions.
async fn open_visit(tx: &TenantTx, id: EncounterId, patient_token: &str) -> Result<encounter::Model, AppError> {
    let visit = encounters::get(tx, id).await?;
    if patient_token != visit.patient_id.to_string() {
        return Err(AppError::WrongPatient);
    }
    if visit.status == VisitStatus::Cancelled.code() {
        return Err(AppError::Refused("受付が取り消されているため、処方できません。".into()));
    }
    Ok(visit)
}

fn prescription_path(id: EncounterId) -> String {
    format!("/encounters/{id}/prescription")
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct WithdrawForm {
    patient_token: String,
    version: String,
}

/// 取消 of a draft line; a signed one is changed by a new prescription.
pub async fn withdraw(
    access: Access<PrescriptionWrite>,
    path: web::Path<MedicationRequestId>,
    form: web::Form<WithdrawForm>,
) -> Result<Redirect, AppError> {
    let tx = access.begin().await?;
    let line = store::get(&tx, *path).await?;
    if form.patient_token != line.patient_id.to_string() {
        return Err(AppError::WrongPatient);
    }
    if line.status != store::DRAFT {
        return Err(AppError::Refused("署名した処方は取り消せません。".into()));
    }
    if form.version.parse() != Ok(line.version) {
        return Err(AppError::Conflict);
    }
    let (patient_id, encounter_id) = (PatientId::new(line.patient_id), EncounterId::new(line.encounter_id));
    store::withdraw(&tx, line).await?;
    let audit =
        Audit::updated(InfoClass::Prescription).subject(patient_id).entity("medication_request", *path).detail("status", "withdrawn");
    Ok(Redirect::to(tx.commit(audit).await?, prescription_path(encounter_id)))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SignForm {
    patient_token: String,
    /// `id:version` of each line on the page
    seen: String,
}

impl SignForm {
    fn seen(&self) -> Option<Vec<(Uuid, i32)>> {
        let pair = |word: &str| word.split_once(':').and_then(|(id, version)| Some((id.parse().ok()?, version.parse().ok()?)));
        self.seen.split_whitespace().map(pair).collect()
    }
}

/// 署名: every draft of the visit at once.
pub async fn sign(access: Access<PrescriptionSign>, path: web::Path<EncounterId>, form: web::Form<SignForm>) -> Result<Redirect, AppError> {
    let tx = access.begin().await?;
    let visit = open_visit(&tx, *path, &form.patient_token).await?;
    let seen = form.seen().ok_or_else(|| AppError::Invalid("画面を開き直してから署名してください。".into()))?;
    let today = clock::today(tx.now());
    match store::sign(&tx, *path, &seen, today).await? {
        Ok(count) => {
            let audit = Audit::of(Act::Sign, InfoClass::Prescription)
                .subject(PatientId::new(visit.patient_id))
                .entity("encounter", *path)
                .detail("lines", count);
            Ok(Redirect::to(tx.commit(audit).await?, format!("/encounters/{path}/prescription/print")))
        }
        Err(refusal) => Err(AppError::Refused(sentence(refusal))),
    }
}

fn sentence(refusal: SignRefusal) -> String {
    match refusal {
        SignRefusal::NothingToSign => "署名を待っている処方がありません。".into(),
        SignRefusal::Changed => "画面を開いたあとに処方が変わりました。開き直して内容を確かめてから署名してください。".into(),
        SignRefusal::DrugEnded { name, last_day } => format!("{}。処方から外してから署名してください。", ended(&name, last_day)),
    }
}
