//! 飛込み受付: a patient without a card puts on today's list by hand.

use actix_web::{Either, web};
use domain::encounter::EncounterClass;
use domain::patient::{Patient, PatientStatus};
use domain::reception::{VisitKind, WaitsAt, is_long_ago};
use domain::{CoverageId, EncounterId, PatientId, StaffId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tenancy::permission::{EncounterRead, EncounterWrite};
use tenancy::{Access, Act, ActKey, Audit, Error, InfoClass, Principal, Receipt, TenantTx};
use uuid::Uuid;

use super::board::board_path;
use crate::coverages::store as coverages;
use crate::encounters::entity::encounter;
use crate::encounters::store::{self, NUMBER_TRIES, NewVisit, is_number_race};
use crate::encounters::views::{ReceptionPage, TicketPage};
use crate::error::AppError;
use crate::inquiries::store as inquiries;
use crate::patients::store as patients;
use crate::web::{Chrome, FormErrors, FormState, Nav, Page, PatientStripe, Redirect};

const RECEIVE: &str = "encounter.receive";
/// Longest purpose or memo, in characters.
const TEXT_MAX: usize = 200;
const MERGED_AWAY: &str = "この患者は統合済みです。残したカルテから受け付けてください。";
const CLASSES: [(&str, &str); 3] = [
    (EncounterClass::Ambulatory.code(), EncounterClass::Ambulatory.label()),
    (EncounterClass::Home.code(), EncounterClass::Home.label()),
    (EncounterClass::Virtual.code(), EncounterClass::Virtual.label()),
];

/// What was typed, untouched.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ReceptionForm {
    patient_token: String,
    idempotency_key: String,
    purpose: String,
    visit_kind: String,
    memo: String,
    doctor_id: String,
    class: String,
    waits_at: String,
    is_isolated: String,
    /// 目視: nobody could be asked about the insurance.
    sighted: String,
    again: String,
}

struct Wish {
    key: Uuid,
    visit: NewVisit,
    is_sighted: bool,
    /// Everything that was sent, for telling a second press from another act.
    sent: String,
}

impl Wish {
    fn act_key(&self, tx: &TenantTx) -> ActKey {
        tx.act_key(self.key, RECEIVE, &self.sent)
    }
}

impl ReceptionForm {
    fn read(&self) -> Result<Wish, FormErrors> {
        let mut errors = FormErrors::default();
        let purpose = line(&mut errors, "purpose", "来院目的", &self.purpose);
        // Not chosen is not wrong: the candidate stands.
        let visit_kind = match self.visit_kind.as_str() {
            "" => Some(None),
            code => errors.take("visit_kind", VisitKind::from_code(code).map(Some).ok_or(()), |()| "初診か再診を選んでください".into()),
        };
        let memo = line(&mut errors, "memo", "症状メモ", &self.memo);
        let doctor_id = match self.doctor_id.as_str() {
            "" => Some(None),
            text => errors.take("doctor_id", text.parse().map(Some), |_| "担当医を一覧から選んでください".into()),
        };
        let class = EncounterClass::from_code(&self.class).filter(|class| *class != EncounterClass::Inpatient);
        let class = errors.take("class", class.ok_or(()), |()| "区分を選んでください".into());
        let waits_at = match self.waits_at.as_str() {
            "" => Some(WaitsAt::Lobby),
            code => errors.take("waits_at", WaitsAt::from_code(code).ok_or(()), |()| "待つ場所を選んでください".into()),
        };
        let known = (self.patient_token.parse(), self.idempotency_key.parse());
        match (known, doctor_id, class, visit_kind, waits_at) {
            ((Ok(patient_id), Ok(key)), Some(doctor_id), Some(class), Some(visit_kind), Some(waits_at)) if errors.is_empty() => {
                let is_isolated = self.is_isolated == "yes";
                let visit = NewVisit { class, doctor_id, purpose, visit_kind, memo, is_isolated, waits_at, ..NewVisit::of(patient_id) };
                let sent = format!("{visit:?} {}", self.sighted);
                Ok(Wish { key, visit, is_sighted: self.sighted == "yes", sent })
            }
            _ => Err(errors),
        }
    }
}

/// One line of text, as long as the board can carry.
fn line(errors: &mut FormErrors, field: &'static str, label: &str, typed: &str) -> String {
    let text = typed.trim();
    if text.chars().count() > TEXT_MAX {
        errors.add(field, format!("{label}は{TEXT_MAX}文字までです"));
    } else if text.chars().any(char::is_control) {
        errors.add(field, format!("{label}に読めない文字(制御文字など)が入っています。入れ直してください"));
    }
    text.to_owned()
}

/// The form, with what today already knows of the patient. A number given up in a merge leads to the chart that is left.
pub async fn new(access: Access<EncounterWrite>, path: web::Path<PatientId>) -> Result<Either<Redirect, Page>, AppError> {
    let tx = access.begin().await?;
    let patient = patients::get(&tx, *path).await?;
    if let Some(survivor) = patient.merged_into {
        let receipt = tx.commit(Audit::viewed(InfoClass::Encounter).subject(patient.id).detail("merged", true)).await?;
        return Ok(Either::Left(Redirect::to(receipt, format!("/patients/{survivor}/reception"))));
    }
    let form = ReceptionForm {
        idempotency_key: tx.new_id().to_string(),
        class: EncounterClass::Ambulatory.code().into(),
        waits_at: WaitsAt::Lobby.code().into(),
        ..ReceptionForm::default()
    };
    let page = page(&access, &tx, patient, form, FormErrors::default()).await?;
    Page::full(tx.commit(Audit::viewed(InfoClass::Encounter).subject(*path)).await?, &page).map(Either::Right)
}

/// 受付する. A second open visit of the day is asked about once; posting twice receives once.
pub async fn receive(access: Access<EncounterWrite>, form: web::Form<ReceptionForm>) -> Result<Either<Redirect, Page>, AppError> {
    let wish = match form.read() {
        Ok(wish) => wish,
        Err(errors) => return again(&access, &form, errors).await.map(Either::Right),
    };
    for _ in 0..NUMBER_TRIES {
        let tx = access.begin().await?;
        if let Some(outcome) = tx.idempotent(wish.act_key(&tx)).await? {
            let id: Uuid = serde_json::from_value(outcome["encounter_id"].clone()).map_err(AppError::internal)?;
            let receipt = tx.commit(Audit::viewed(InfoClass::Encounter).subject(wish.visit.patient_id)).await?;
            return Ok(Either::Left(Redirect::to(receipt, board_path(id))));
        }
        let patient = patients::get(&tx, wish.visit.patient_id).await?;
        if patient.status != PatientStatus::Active {
            return Err(AppError::Refused(MERGED_AWAY.into()));
        }
        let group = patients::group_ids(&tx, patient.id).await?;
        if let Some(errors) = judge(&access, &tx, &wish, &group, form.again == "yes").await? {
            return again(&access, &form, errors).await.map(Either::Right);
        }
        match commit(&access, tx, &wish, &group).await {
            Ok((receipt, visit)) => return Ok(Either::Left(Redirect::to(receipt, board_path(visit.id)))),
            Err(error) if is_number_race(&error) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(AppError::Unavailable("reception number".into()))
}

/// What only the clinic's own rows can tell.
async fn judge(
    access: &Access<EncounterWrite>,
    tx: &TenantTx,
    wish: &Wish,
    group: &[PatientId],
    is_on_purpose: bool,
) -> Result<Option<FormErrors>, Error> {
    let mut errors = FormErrors::default();
    if !may_be_in_charge(tx, access.principal(), wish.visit.doctor_id).await? {
        errors.add("doctor_id", "担当医を一覧から選んでください");
    } else if !is_on_purpose && !store::active_on(tx, store::today(tx, access.principal()), group).await?.is_empty() {
        errors.add("again", "今日はすでに受付があります。別の用件なら「もう1件受け付ける」に印を付けてください");
    }
    Ok((!errors.is_empty()).then_some(errors))
}

async fn commit(
    access: &Access<EncounterWrite>,
    tx: TenantTx,
    wish: &Wish,
    group: &[PatientId],
) -> Result<(Receipt, encounter::Model), Error> {
    let today = store::today(&tx, access.principal());
    let in_force = coverages::in_force(&tx, group, today).await?;
    let usable = coverages::usable(&in_force, today);
    if let (true, Some(row)) = (wish.is_sighted, usable) {
        coverages::sight(&tx, row, today).await?;
        let patient = patients::get(&tx, wish.visit.patient_id).await?;
        inquiries::ask_sighted(&tx, &patient, &coverages::content_of(row)).await?;
    }
    let visit = NewVisit { coverage_id: usable.map(|row| CoverageId::new(row.id)), ..wish.visit.clone() };
    let visit = store::receive(&tx, &visit, access.principal()).await?;
    tx.remember(wish.act_key(&tx), json!({ "encounter_id": visit.id })).await?;
    let audit = Audit::created(InfoClass::Encounter).subject(wish.visit.patient_id).entity("encounter", EncounterId::new(visit.id));
    Ok((tx.commit(audit).await?, visit))
}

async fn again(access: &Access<EncounterWrite>, form: &ReceptionForm, errors: FormErrors) -> Result<Page, AppError> {
    let patient_id: PatientId = form.patient_token.parse().map_err(|_| AppError::WrongPatient)?;
    let tx = access.begin().await?;
    let patient = patients::get(&tx, patient_id).await?;
    let mut kept = form.clone();
    if kept.idempotency_key.parse::<Uuid>().is_err() {
        kept.idempotency_key = tx.new_id().to_string();
    }
    let page = page(access, &tx, patient, kept, errors).await?;
    Page::invalid(tx.commit(Audit::viewed(InfoClass::Encounter).subject(patient_id)).await?, &page)
}

async fn page(
    access: &Access<EncounterWrite>,
    tx: &TenantTx,
    patient: Patient,
    mut form: ReceptionForm,
    errors: FormErrors,
) -> Result<ReceptionPage, AppError> {
    let group = patients::group_ids(tx, patient.id).await?;
    let today = store::today(tx, access.principal());
    let in_force = coverages::in_force(tx, &group, today).await?;
    let last_visit = store::last_visit(tx, today, &group).await?;
    if VisitKind::from_code(&form.visit_kind).is_none() && errors.is_empty() {
        form.visit_kind = VisitKind::candidate(last_visit).code().to_owned();
    }
    let usable = coverages::usable(&in_force, today);
    let namesakes = patients::count_namesakes(tx, &patient).await?;
    Ok(ReceptionPage {
        chrome: Chrome::of(access.principal(), Nav::Today),
        stripe: PatientStripe::of(&patient, today, namesakes),
        form: FormState::of(&form).with_errors(errors),
        doctors: store::doctors(tx, today).await?,
        classes: CLASSES,
        kinds: VisitKind::ALL.map(|kind| (kind.code(), kind.label())).to_vec(),
        waiting_places: WaitsAt::ALL.map(|place| (place.code(), place.label())).to_vec(),
        last_visit: last_visit.map(|day| (day.to_string(), is_long_ago(day, today))),
        coverage: usable.map(|row| coverages::with_public(row, &in_force, today)),
        can_be_sighted: usable.is_some_and(|row| !coverages::is_confirmed_in(row, today)),
        already: store::active_on(tx, today, &group).await?.iter().map(words).collect(),
    })
}

/// 番号票.
pub async fn ticket(access: Access<EncounterRead>, path: web::Path<EncounterId>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let visit = store::get(&tx, *path).await?;
    let doctors = store::doctors(&tx, visit.reception_date).await?;
    let patient_id = PatientId::new(visit.patient_id);
    let waits_at = WaitsAt::from_code(&visit.waits_at).unwrap_or_default();
    let page = TicketPage::of(access.principal(), &visit, doctors, waits_at);
    let audit = Audit::of(Act::Print, InfoClass::Encounter).subject(patient_id).entity("encounter", *path);
    Page::full(tx.commit(audit).await?, &page)
}

fn words(visit: &encounter::Model) -> String {
    let state = domain::encounter::VisitStatus::from_code(&visit.status).map_or("", |status| status.label());
    format!("{}番 {} 来院 {state} {}", visit.reception_number, domain::clock::jst(visit.arrived_at).format("%H:%M"), visit.purpose)
}

async fn may_be_in_charge(tx: &TenantTx, principal: &Principal, doctor: Option<StaffId>) -> Result<bool, Error> {
    let Some(doctor) = doctor.map(|id| id.to_string()) else { return Ok(true) };
    Ok(store::doctors(tx, store::today(tx, principal)).await?.iter().any(|(id, _)| *id == doctor))
}
