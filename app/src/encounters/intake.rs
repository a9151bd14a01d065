//! 資格確認の取込: from a reader's answer to a patient with coverage on today's list, in one transaction.

use domain::check_in::CareSetting;
use domain::coverage::{CoverageContent, Verification};
use domain::eligibility::{EligibilityStatus, FaceResult, Qualification};
use domain::encounter::EncounterClass;
use domain::kana::Kana;
use domain::name::{HumanName, NameError};
use domain::patient::{Demographics, NewPatient, Numbering, Patient, PatientError, PostalCode};
use domain::patient_background::Background;
use domain::{CoverageId, EncounterId, PatientId};
use tenancy::{Error, Principal, TenantTx};

use super::store::{self, NewVisit};
use crate::coverages::entity::coverage;
use crate::coverages::{store as coverages, subsidies};
use crate::patients::store as patients;

/// Longest address of a patient (S03).
const ADDRESS_MAX: usize = 120;

/// Whom a person chose at reception.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    Known(PatientId),
    /// Nobody we know: register, with this reading where the card has none.
    New {
        kana: String,
    },
}

/// What a person at reception wants of an answer.
pub struct Wish<'a> {
    pub chosen: &'a Chosen,
    pub purpose: &'a str,
    /// Onto today's list; else only consent and insurance are taken over.
    pub with_visit: bool,
}

/// What the person has to mend before the result can be taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IntakeError {
    Name(NameError),
    Patient(PatientError),
}

/// What the intake did.
#[derive(Debug, Clone, Copy)]
pub struct Taken {
    pub patient_id: PatientId,
    /// None where only the consent and the insurance were taken over.
    pub visit_id: Option<EncounterId>,
    pub is_new_patient: bool,
    /// The visit was on the list already and got the coverage.
    pub was_listed: bool,
}

/// The answer's day: when the service confirmed, else today.
fn verified_on(result: &FaceResult, tx: &TenantTx, principal: &Principal) -> chrono::NaiveDate {
    result.confirmed_on.unwrap_or_else(|| store::today(tx, principal))
}

/// What would be stored as coverage.
pub fn coverage_of(result: &FaceResult, q: &Qualification, tx: &TenantTx, principal: &Principal) -> CoverageContent {
    CoverageContent::from_qualification(q, result.status(), result.channel().is_by_card(), verified_on(result, tx, principal))
}

/// Patient, coverage and visit. Errors of kind [`store::is_number_race`] are to be tried again in a new transaction.
pub async fn take_in(
    tx: &TenantTx,
    principal: &Principal,
    result: &FaceResult,
    q: &Qualification,
    wish: &Wish<'_>,
) -> Result<Result<Taken, IntakeError>, Error> {
    let patient = match patient(tx, q, wish.chosen).await? {
        Ok(patient) => patient,
        Err(error) => return Ok(Err(error)),
    };
    let group = patients::group_ids(tx, patient.id).await?;
    let today = store::today(tx, principal);
    let known = coverages::in_force(tx, &group, today).await?;
    let content = coverage_of(result, q, tx, principal);
    let coverage_id = apply(tx, patient.id, q, &known, &content).await?;
    let is_new_patient = matches!(wish.chosen, Chosen::New { .. });
    let taken = |visit_id, was_listed| Ok(Ok(Taken { patient_id: patient.id, visit_id, is_new_patient, was_listed }));
    if !wish.with_visit {
        return taken(None, false);
    }
    let listed = store::active_on(tx, today, &group).await?.into_iter().next();
    let was_listed = listed.is_some();
    let visit = match listed {
        Some(visit) => store::set_coverage(tx, visit, coverage_id).await?,
        None => {
            let visit = NewVisit {
                coverage_id: Some(coverage_id),
                purpose: wish.purpose.to_owned(),
                class: class_of(result.setting),
                ..NewVisit::of(patient.id)
            };
            store::receive(tx, &visit, principal).await?
        }
    };
    taken(Some(EncounterId::new(visit.id)), was_listed)
}

/// The insurance, and the 公費 beside it. 併用の医療扶助 read by itself leaves the insurance as it is.
async fn apply(
    tx: &TenantTx,
    patient: PatientId,
    q: &Qualification,
    known: &[coverage::Model],
    content: &CoverageContent,
) -> Result<CoverageId, Error> {
    let day = content.verified_on;
    let public = subsidies::told(q, known, content.eligibility, content.verification == Verification::Card, day);
    let insurance = subsidies::insurance_beside(q, known, day);
    if q.is_assistance() && content.eligibility == EligibilityStatus::Valid {
        subsidies::end_other_assistance(tx, known, insurance.is_some(), day).await?;
    }
    let id = match insurance {
        Some(insurance) => CoverageId::new(insurance.id),
        None => coverages::apply(tx, patient, known, content).await?,
    };
    subsidies::apply(tx, patient, known, &public, day).await?;
    Ok(id)
}

const fn class_of(setting: CareSetting) -> EncounterClass {
    match setting {
        CareSetting::Outpatient => EncounterClass::Ambulatory,
        CareSetting::Home => EncounterClass::Home,
        CareSetting::Online => EncounterClass::Virtual,
    }
}

async fn patient(tx: &TenantTx, q: &Qualification, chosen: &Chosen) -> Result<Result<Patient, IntakeError>, Error> {
    match chosen {
        Chosen::Known(id) => patients::get(tx, *id).await.map(Ok),
        Chosen::New { kana } => match demographics(q, kana) {
            Ok(demographics) => {
                let new = NewPatient { numbering: Numbering::Next, demographics };
                Ok(patients::register(tx, &new).await?.map_err(IntakeError::Patient))
            }
            Err(error) => Ok(Err(IntakeError::Name(error))),
        },
    }
}

/// What a card says about a person; telephone and the rest are asked at the desk.
pub fn demographics(q: &Qualification, typed_kana: &str) -> Result<Demographics, NameError> {
    let ideographic = domain::name::parse_ideographic(&q.name)?;
    let syllabic =
        if typed_kana.trim().is_empty() { q.name_kana.clone().map_or_else(|| Kana::parse(""), Ok) } else { Kana::parse(typed_kana) }?;
    let address: String = q.address.as_deref().unwrap_or_default().trim().chars().take(ADDRESS_MAX).collect();
    Ok(Demographics {
        name: HumanName { ideographic, syllabic },
        alias_name: None,
        sex: q.sex,
        birth_date: q.birth_date,
        postal_code: q.postal_code.as_deref().and_then(|text| PostalCode::parse(text).ok()),
        address: Some(address).filter(|address| !address.is_empty()),
        tel: None,
        mobile: None,
        email: None,
        language: "ja".to_owned(),
        note: None,
        deceased_on: None,
        background: Background::default(),
    })
}

/// 医療扶助 needs a 医療券 for this facility besides a valid right.
pub fn ticket_advice(q: &Qualification, today: chrono::NaiveDate) -> &'static str {
    let Some(q) = q.assisted() else { return "" };
    match () {
        () if q.ticket_on(today).is_some() => "",
        () if q.tickets.iter().any(|ticket| ticket.is_ours == Some(false)) => {
            "医療券の指定医療機関が当院ではありません。福祉事務所に確かめてください。受付は続けられます。"
        }
        () => "今月の医療券がまだ届いていません。委託や要否の決定を福祉事務所に確かめてください。受付は続けられます。",
    }
}

/// What reception should do about an answer that is not simply valid.
pub const fn advice(status: EligibilityStatus) -> &'static str {
    match status {
        EligibilityStatus::Valid => "",
        EligibilityStatus::Invalid => "資格を失っています。新しい保険の有無を患者に確かめてください。受付は続けられます。",
        EligibilityStatus::Superseded => {
            "この資格は無効で、新しい資格があります。マイナ保険証で読み直すか、新しい資格確認書を確かめてください。"
        }
        EligibilityStatus::NotFound => "該当する資格がありません。番号と生年月日を確かめてください。受付は患者検索から続けられます。",
        EligibilityStatus::Multiple => "候補が複数あります。どの資格を使うかを、患者に確かめて選んでください。",
        EligibilityStatus::Pending => "照会はまだ処理中です。少し待ってから読み直してください。",
        EligibilityStatus::Unavailable => "いまは照会できません。目視で確かめて受付を続け、あとで読み直してください。",
        EligibilityStatus::ManualVerified => "目視で確かめました。再照会の一覧から照会してください。",
        EligibilityStatus::Unchecked => "まだ照会していません。",
    }
}
