//! 資格確認の取込: the file a reader wrote, whose it is, what changes, one key to take it over.

use actix_multipart::Multipart;
use actix_web::{Either, web};
use aws_lc_rs::digest;
use domain::check_in::CheckChannel;
use domain::eligibility::{FaceResult, Qualification};
use domain::{EncounterId, PatientId, ReaderResultId};
use serde::{Deserialize, Serialize};
use tenancy::keys::Keyring;
use tenancy::permission::CoverageWrite;
use tenancy::{Access, Act, Audit, Error, InfoClass, Outcome, TenantTx};
use uuid::Uuid;

use super::board::board_path;
use super::upload;
use crate::adapters::eligibility::{ReadError, ReaderFile, read_face_result};
use crate::consents::fetch::{self, Reading};
use crate::encounters::entity::reader_result;
use crate::encounters::intake::{self, Chosen, Taken, Wish};
use crate::encounters::reader_store;
use crate::encounters::reader_views::{IntakeFacts, ReaderListPage, ReaderResultPage, intake_errors};
use crate::encounters::store::{NUMBER_TRIES, is_number_race};
use crate::encounters::{matching, store};
use crate::error::AppError;
use crate::inquiries::reference;
use crate::patients::store as patients;
use crate::prescriptions::store::wishes;
use crate::remote_consents;
use crate::web::{Chrome, FormErrors, FormState, Nav, Page, Redirect};

type Answer = Either<Redirect, Page>;
pub const NO_VISIT: &str = "none";

/// Where a file is given in, and what came lately.
pub async fn list(access: Access<CoverageWrite>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let (page, audit) = list_page(&access, &tx, None).await?;
    Page::full(tx.commit(audit).await?, &page)
}

async fn list_page(access: &Access<CoverageWrite>, tx: &TenantTx, error: Option<String>) -> Result<(ReaderListPage, Audit), Error> {
    let lines = reader_store::recent(tx).await?;
    let audit = Audit::viewed(InfoClass::Coverage).subjects(lines.iter().filter_map(|line| line.patient_id).map(PatientId::new));
    Ok((ReaderListPage::of(Chrome::of(access.principal(), Nav::Today), lines, error), audit))
}

/// Takes a file: read, sealed, kept once. A file that cannot be read is not kept.
pub async fn upload(access: Access<CoverageWrite>, keys: web::Data<Keyring>, form: Multipart) -> Result<Answer, AppError> {
    let file = upload::file(form).await?;
    let read = file.and_then(|file| read_face_result(&file).map(|result| (file, result)));
    match read {
        Ok((file, result)) => keep(&access, &keys, &file, &result).await.map(Either::Left),
        Err(error) => refuse(&access, &error).await.map(Either::Right),
    }
}

async fn refuse(access: &Access<CoverageWrite>, error: &ReadError) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let (page, audit) = list_page(access, &tx, Some(error.sentence())).await?;
    let refused = Audit::of(Act::Import, InfoClass::Coverage).outcome(Outcome::Refused).detail("error", error.code());
    let subjects = crate::web::Subjects::subjects(&page);
    drop(audit);
    Page::invalid(tx.commit(refused.subjects(subjects)).await?, &page)
}

/// The same content again leads to the same result; two uploads at once meet on a unique rule, and the second finds the first.
async fn keep(access: &Access<CoverageWrite>, keys: &Keyring, file: &ReaderFile, result: &FaceResult) -> Result<Redirect, AppError> {
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(digest::digest(&digest::SHA256, &file.bytes).as_ref());
    for _ in 0..2 {
        let tx = access.begin().await?;
        let audit = Audit::of(Act::Import, InfoClass::Coverage).detail("eligibility", result.status().code());
        if let Some(known) = reader_store::find_content(&tx, &sha256).await? {
            let audit = audit.subjects(known.patient_id.map(PatientId::new)).entity("reader_result", known.id).detail("again", true);
            return Ok(Redirect::to(tx.commit(audit).await?, result_path(ReaderResultId::new(known.id))));
        }
        match reader_store::insert(&tx, keys, file, sha256, result).await {
            Ok(id) => return Ok(Redirect::to(tx.commit(audit.entity("reader_result", id)).await?, result_path(id))),
            Err(Error::Duplicate { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(AppError::Conflict)
}

fn result_path(id: ReaderResultId) -> String {
    format!("/reception/reader-results/{id}")
}

/// Which of several qualifications, and which of several patients, a person is looking at.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Choice {
    choice: String,
    patient: String,
    name_syllabic: String,
    purpose: String,
    patient_token: String,
    /// Card or smartphone, as the desk saw it.
    channel: String,
    /// `none`: a consent from a person's own device is taken over ahead of the visit.
    visit: String,
}

impl Choice {
    /// The qualification meant: the only one, or the one a person pointed at. Never one of several by itself.
    fn qualification<'a>(&self, result: &'a FaceResult) -> Option<(usize, &'a Qualification)> {
        match result.qualifications.as_slice() {
            [only] => Some((0, only)),
            several => self.choice.parse().ok().and_then(|at: usize| several.get(at).map(|q| (at, q))),
        }
    }

    fn wants_visit(&self, result: &FaceResult) -> bool {
        !result.setting.is_remote() || self.visit != NO_VISIT
    }

    /// The desk tells a card from a smartphone; every other way is the answer's own.
    fn channel(&self, result: &FaceResult) -> CheckChannel {
        let seen = CheckChannel::from_code(&self.channel).filter(|channel| channel.is_at_reader());
        seen.filter(|_| result.channel().is_at_reader()).unwrap_or(result.channel())
    }
}

pub async fn show(
    access: Access<CoverageWrite>,
    keys: web::Data<Keyring>,
    path: web::Path<ReaderResultId>,
    choice: web::Query<Choice>,
) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let row = reader_store::get(&tx, *path).await?;
    let page = result_page(&access, &tx, &keys, &row, &choice, FormErrors::default()).await?;
    let audit = Audit::viewed(InfoClass::Coverage).subjects(crate::web::Subjects::subjects(&page)).entity("reader_result", *path);
    Page::full(tx.commit(audit).await?, &page)
}

async fn reread(tx: &TenantTx, keys: &Keyring, row: &reader_result::Model) -> Result<FaceResult, AppError> {
    let file = reader_store::open(tx, keys, row).await?;
    read_face_result(&file).map_err(AppError::internal)
}

async fn result_page(
    access: &Access<CoverageWrite>,
    tx: &TenantTx,
    keys: &Keyring,
    row: &reader_result::Model,
    choice: &Choice,
    errors: FormErrors,
) -> Result<ReaderResultPage, AppError> {
    let result = reread(tx, keys, row).await?;
    let mut facts =
        IntakeFacts::new(row, &result, reader_store::count_namesakes(tx, row).await?, FormState::of(choice).with_errors(errors));
    if let Some((at, q)) = choice.qualification(&result) {
        let candidates = matching::candidates(tx, q).await?;
        let pointed = choice.patient.parse().ok().filter(|id| candidates.iter().any(|c| c.patient.id == *id));
        let chosen = pointed.or_else(|| matching::proposal(&candidates).filter(|_| choice.patient.is_empty()).map(|c| c.patient.id));
        let is_new = choice.patient == "new" || candidates.is_empty();
        facts.look_at(at, q, candidates, chosen, is_new);
        if let Some(id) = chosen {
            let group = patients::group_ids(tx, id).await?;
            let today = store::today(tx, access.principal());
            let known = crate::coverages::store::in_force(tx, &group, today).await?;
            facts.compare(&known, &intake::coverage_of(&result, q, tx, access.principal()));
            facts.listed = store::active_on(tx, today, &group).await?.first().map(|visit| visit.reception_number);
        }
    }
    Ok(ReaderResultPage::of(Chrome::of(access.principal(), Nav::Today), facts, store::today(tx, access.principal())))
}

/// 反映: patient, coverage and visit together. A result is taken over once.
pub async fn reflect(
    access: Access<CoverageWrite>,
    keys: web::Data<Keyring>,
    path: web::Path<ReaderResultId>,
    form: web::Form<Choice>,
) -> Result<Answer, AppError> {
    for _ in 0..NUMBER_TRIES {
        let tx = access.begin().await?;
        let row = reader_store::lock(&tx, *path).await?;
        let chosen = chosen(&form)?;
        if let Some(patient) = row.patient_id.map(PatientId::new).filter(|_| row.is_reflected()) {
            let audit = Audit::viewed(InfoClass::Coverage).subject(patient).entity("reader_result", *path);
            return Ok(Either::Left(Redirect::to(tx.commit(audit).await?, taken_path(patient, row.encounter_id))));
        }
        let result = reread(&tx, &keys, &row).await?;
        let Some((_, q)) = form.qualification(&result) else {
            return Err(AppError::Refused("どの資格を使うかを選んでから反映してください。".into()));
        };
        if let Chosen::Known(id) = &chosen {
            known(&tx, *id, q).await?;
        }
        let wish = Wish { chosen: &chosen, purpose: form.purpose.trim(), with_visit: form.wants_visit(&result) };
        let taken = intake::take_in(&tx, access.principal(), &result, q, &wish).await;
        match taken {
            Ok(Ok(taken)) => {
                let reading =
                    Reading { id: *path, result: &result, qualification: q, patient: taken.patient_id, encounter: taken.visit_id };
                return finish(tx, &reading, form.channel(&result), taken).await.map(Either::Left);
            }
            Ok(Err(error)) => {
                drop(tx);
                return again(&access, &keys, *path, &form, intake_errors(&error)).await.map(Either::Right);
            }
            Err(error) if is_number_race(&error) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(AppError::Unavailable("reception number".into()))
}

/// Only somebody the page offered: a result is never put on a patient it does not speak about.
async fn known(tx: &TenantTx, id: PatientId, q: &Qualification) -> Result<(), AppError> {
    patients::get(tx, id).await?;
    if matching::candidates(tx, q).await?.iter().any(|candidate| candidate.patient.id == id) {
        return Ok(());
    }
    Err(AppError::Refused(
        "この患者は、読み取った資格の候補ではありません。氏名・生年月日を確かめ、候補から選ぶか新しく登録してください。".into(),
    ))
}

fn chosen(form: &Choice) -> Result<Chosen, AppError> {
    if form.purpose.chars().count() > 200 || form.purpose.chars().any(char::is_control) {
        return Err(AppError::Invalid("来院目的は200文字までの文字で入れてください。".into()));
    }
    match form.patient.as_str() {
        "new" => Ok(Chosen::New { kana: form.name_syllabic.clone() }),
        id if id == form.patient_token => {
            id.parse().map(Chosen::Known).map_err(|_| AppError::Invalid("患者を選んでから反映してください。".into()))
        }
        _ => Err(AppError::WrongPatient),
    }
}

async fn finish(tx: TenantTx, reading: &Reading<'_>, channel: CheckChannel, taken: Taken) -> Result<Redirect, AppError> {
    reader_store::mark_reflected(&tx, reading.id, channel, taken.patient_id, taken.visit_id).await?;
    if let Some(visit) = taken.visit_id {
        wishes::keep(&tx, visit, reading.result.prescription_choice.as_deref()).await?;
    }
    fetch::begin(&tx, reading).await?;
    remote_consents::store::register(&tx, reading).await?;
    reference::register(&tx, &patients::get(&tx, taken.patient_id).await?, reading.result, reading.qualification).await?;
    let audit = Audit::of(Act::Import, InfoClass::Coverage)
        .subject(taken.patient_id)
        .detail("eligibility", reading.result.status().code())
        .detail("channel", channel.code())
        .detail("new_patient", taken.is_new_patient)
        .detail("was_listed", taken.was_listed);
    let audit = match taken.visit_id {
        Some(visit) => audit.entity("encounter", visit),
        None => audit.entity("reader_result", reading.id),
    };
    Ok(Redirect::to(tx.commit(audit).await?, taken_path(taken.patient_id, taken.visit_id.map(EncounterId::as_uuid))))
}

/// Today's list, or the patient's page where nobody was put on it.
fn taken_path(patient: PatientId, visit: Option<Uuid>) -> String {
    visit.map_or_else(|| format!("/patients/{patient}"), board_path)
}

async fn again(
    access: &Access<CoverageWrite>,
    keys: &Keyring,
    id: ReaderResultId,
    form: &Choice,
    errors: FormErrors,
) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let row = reader_store::get(&tx, id).await?;
    let page = result_page(access, &tx, keys, &row, form, errors).await?;
    let audit = Audit::viewed(InfoClass::Coverage).subjects(crate::web::Subjects::subjects(&page)).entity("reader_result", id);
    Page::invalid(tx.commit(audit).await?, &page)
}
