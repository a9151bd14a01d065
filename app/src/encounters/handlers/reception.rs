//! 飛込み受付: a patient without a card puts on today's list by hand.

use actix_web::{Either, web};
use domain::encounter::EncounterClass;
use domain::{CoverageId, EncounterId, PatientId, StaffId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tenancy::permission::EncounterWrite;
use tenancy::{Access, ActKey, Audit, Error, InfoClass, Principal, Receipt, TenantTx};
use uuid::Uuid;

use super::board::board_path;
use crate::coverages::store as coverages;
use crate::encounters::entity::encounter;
use crate::encounters::store::{self, NUMBER_TRIES, NewVisit, is_number_race};
use crate::encounters::views::ReceptionPage;
use crate::error::AppError;
use crate::patients::store as patients;
use crate::web::{Chrome, FormErrors, FormState, Nav, Page, PatientStripe, Redirect};

const RECEIVE: &str = "encounter.receive";
const PURPOSE_MAX: usize = 200;
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
    doctor_id: String,
    class: String,
    again: String,
}

struct Wish {
    key: Uuid,
    patient_id: PatientId,
    purpose: String,
    doctor_id: Option<StaffId>,
    class: EncounterClass,
}

impl Wish {
    fn act_key(&self, tx: &TenantTx) -> ActKey {
        let sent = format!("{} {} {:?} {:?}", self.patient_id, self.purpose, self.doctor_id, self.class);
        tx.act_key(self.key, RECEIVE, &sent)
    }
}

impl ReceptionForm {
    fn read(&self) -> Result<Wish, FormErrors> {
        let mut errors = FormErrors::default();
        let purpose = self.purpose.trim().to_owned();
        if purpose.chars().count() > PURPOSE_MAX {
            errors.add("purpose", format!("来院目的は{PURPOSE_MAX}文字までです"));
        } else if purpose.chars().any(char::is_control) {
            errors.add("purpose", "来院目的に読めない文字(制御文字など)が入っています。入れ直してください");
        }
        let doctor_id = match self.doctor_id.as_str() {
            "" => Some(None),
            text => errors.take("doctor_id", text.parse().map(Some), |_| "担当医を一覧から選んでください".into()),
        };
        let class = errors.take(
            "class",
            EncounterClass::from_code(&self.class).filter(|class| *class != EncounterClass::Inpatient).ok_or(()),
            |()| "区分を選んでください".into(),
        );
        match (self.patient_token.parse(), self.idempotency_key.parse(), doctor_id, class) {
            (Ok(patient_id), Ok(key), Some(doctor_id), Some(class)) if errors.is_empty() => {
                Ok(Wish { key, patient_id, purpose, doctor_id, class })
            }
            _ => Err(errors),
        }
    }
}

/// The form, with what today already knows of the patient.
pub async fn new(access: Access<EncounterWrite>, path: web::Path<PatientId>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let form = ReceptionForm { idempotency_key: tx.new_id().to_string(), class: "AMB".into(), ..ReceptionForm::default() };
    let page = page(&access, &tx, *path, FormState::of(&form)).await?;
    Page::full(tx.commit(Audit::viewed(InfoClass::Encounter).subject(*path)).await?, &page)
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
            let receipt = tx.commit(Audit::viewed(InfoClass::Encounter).subject(wish.patient_id)).await?;
            return Ok(Either::Left(Redirect::to(receipt, board_path(id))));
        }
        let group = patients::group_ids(&tx, wish.patient_id).await?;
        if group.is_empty() {
            return Err(AppError::NotFound);
        }
        if !may_be_in_charge(&tx, access.principal(), wish.doctor_id).await? {
            let mut errors = FormErrors::default();
            errors.add("doctor_id", "担当医を一覧から選んでください");
            drop(tx);
            return again(&access, &form, errors).await.map(Either::Right);
        }
        if form.again != "yes" && !store::active_on(&tx, store::today(&tx, access.principal()), &group).await?.is_empty() {
            let mut errors = FormErrors::default();
            errors.add("again", "今日はすでに受付があります。別の用件なら「もう1件受け付ける」に印を付けてください");
            drop(tx);
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

async fn commit(
    access: &Access<EncounterWrite>,
    tx: TenantTx,
    wish: &Wish,
    group: &[PatientId],
) -> Result<(Receipt, encounter::Model), Error> {
    let in_force = coverages::in_force(&tx, group, store::today(&tx, access.principal())).await?;
    let visit = NewVisit {
        patient_id: wish.patient_id,
        class: wish.class,
        coverage_id: coverages::usable(&in_force).map(|row| CoverageId::new(row.id)),
        doctor_id: wish.doctor_id,
        purpose: wish.purpose.clone(),
    };
    let visit = store::receive(&tx, &visit, access.principal()).await?;
    tx.remember(wish.act_key(&tx), json!({ "encounter_id": visit.id })).await?;
    let audit = Audit::created(InfoClass::Encounter).subject(wish.patient_id).entity("encounter", EncounterId::new(visit.id));
    Ok((tx.commit(audit).await?, visit))
}

async fn again(access: &Access<EncounterWrite>, form: &ReceptionForm, errors: FormErrors) -> Result<Page, AppError> {
    let patient_id: PatientId = form.patient_token.parse().map_err(|_| AppError::WrongPatient)?;
    let tx = access.begin().await?;
    let mut kept = form.clone();
    if kept.idempotency_key.parse::<Uuid>().is_err() {
        kept.idempotency_key = tx.new_id().to_string();
    }
    let page = page(access, &tx, patient_id, FormState::of(&kept).with_errors(errors)).await?;
    Page::invalid(tx.commit(Audit::viewed(InfoClass::Encounter).subject(patient_id)).await?, &page)
}

async fn page(access: &Access<EncounterWrite>, tx: &TenantTx, patient_id: PatientId, form: FormState) -> Result<ReceptionPage, AppError> {
    let patient = patients::get(tx, patient_id).await?;
    let group = patients::group_ids(tx, patient_id).await?;
    let today = store::today(tx, access.principal());
    let in_force = coverages::in_force(tx, &group, today).await?;
    let namesakes = patients::count_namesakes(tx, &patient).await?;
    Ok(ReceptionPage {
        chrome: Chrome::of(access.principal(), Nav::Today),
        stripe: PatientStripe::of(&patient, today, namesakes),
        form,
        doctors: store::doctors(tx, today).await?,
        classes: CLASSES,
        coverage: coverages::usable(&in_force).map(coverages::words),
        already: store::active_on(tx, today, &group).await?.iter().map(words).collect(),
    })
}

fn words(visit: &encounter::Model) -> String {
    let state = domain::encounter::VisitStatus::from_code(&visit.status).map_or("", |status| status.label());
    format!("{}番 {} 来院 {state} {}", visit.reception_number, domain::clock::jst(visit.arrived_at).format("%H:%M"), visit.purpose)
}

async fn may_be_in_charge(tx: &TenantTx, principal: &Principal, doctor: Option<StaffId>) -> Result<bool, Error> {
    let Some(doctor) = doctor.map(|id| id.to_string()) else { return Ok(true) };
    Ok(store::doctors(tx, store::today(tx, principal)).await?.iter().any(|(id, _)| *id == doctor))
}
