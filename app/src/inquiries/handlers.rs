//! Ask, look, ask again, go on by sight.

use actix_web::{Either, HttpRequest, web};
use domain::{InquiryId, PatientId};
use serde::Deserialize;
use serde_json::json;
use tenancy::permission::CoverageWrite;
use tenancy::{Access, Act, Audit, Error, InfoClass, TenantTx};
use uuid::Uuid;

use super::entity::Model;
use super::forms::RawInquiry;
use super::store::{self, Numbers};
use super::views::{InquiriesPage, InquiryPage};
use crate::coverages::store as coverages;
use crate::devices::views::RelayLine;
use crate::error::AppError;
use crate::patients::store as patients;
use crate::web::{Chrome, FormState, Nav, Page, Redirect, Subjects};

type Clerk = Access<CoverageWrite>;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Arrival {
    /// Whose registered numbers to begin with.
    patient: String,
}

/// 再照会の一覧, and the numbers to ask by.
pub async fn list(access: Clerk, query: web::Query<Arrival>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let mut raw = RawInquiry::begun(tx.new_id());
    if let Ok(id) = query.patient.parse::<PatientId>() {
        raw = of_patient(&tx, id, raw).await?;
    }
    let page = page(&access, &tx, FormState::of(&raw), raw.patient_id()).await?;
    let audit = Audit::viewed(InfoClass::Coverage).subjects(page.subjects());
    Page::full(tx.commit(audit).await?, &page)
}

async fn of_patient(tx: &TenantTx, id: PatientId, raw: RawInquiry) -> Result<RawInquiry, AppError> {
    let patient = patients::get(tx, id).await?;
    let group = patients::group_ids(tx, id).await?;
    let today = domain::clock::today(tx.now());
    let known = coverages::in_force(tx, &group, today).await?;
    let mut raw = RawInquiry { patient_token: id.to_string(), birth_date: patient.demographics.birth_date.to_string(), ..raw };
    if let Some(row) = coverages::usable(&known, today) {
        raw.insurer_number = row.insurer_number.clone();
        raw.insured_symbol = row.insured_symbol.clone();
        raw.insured_number = row.insured_number.clone();
        raw.branch_number = row.branch_number.clone();
    }
    Ok(raw)
}

async fn page(access: &Clerk, tx: &TenantTx, form: FormState, patient: Option<PatientId>) -> Result<InquiriesPage, AppError> {
    let lines = store::lines(tx).await?;
    let relay = RelayLine::read(tx).await?;
    Ok(InquiriesPage::of(Chrome::of(access.principal(), Nav::Today), lines, form, patient).with_relay(relay))
}

/// 照会. The page goes on at once; the answer comes to the inquiry's own page.
pub async fn ask(access: Clerk, form: web::Form<RawInquiry>) -> Result<Either<Redirect, Page>, AppError> {
    let raw = form.into_inner();
    let tx = access.begin().await?;
    let patient = raw.patient_id();
    if let Some(id) = patient {
        patients::get(&tx, id).await?;
    }
    let (key, numbers) = match raw.read(domain::clock::today(tx.now())) {
        Ok(read) => read,
        Err(errors) => {
            let page = page(&access, &tx, FormState::of(&raw).with_errors(errors), patient).await?;
            let receipt = tx.commit(Audit::viewed(InfoClass::Coverage).subjects(page.subjects())).await?;
            return Ok(Either::Right(Page::invalid(receipt, &page)?));
        }
    };
    ask_about(&access, tx, key, patient, &numbers).await.map(Either::Left)
}

/// Asks once for one pressing, and leads to the inquiry's own page.
pub async fn ask_about(
    access: &Clerk,
    tx: TenantTx,
    key: Uuid,
    patient: Option<PatientId>,
    numbers: &Numbers,
) -> Result<Redirect, AppError> {
    match ask_once(tx, key, patient, numbers).await {
        // The other half of a double press got there first; its answer is there now.
        Err(Error::Duplicate { .. }) => Ok(ask_once(access.begin().await?, key, patient, numbers).await?),
        done => Ok(done?),
    }
}

async fn ask_once(tx: TenantTx, key: Uuid, patient: Option<PatientId>, numbers: &Numbers) -> Result<Redirect, Error> {
    let key = tx.act_key(key, "inquiry.ask", &format!("{patient:?} {numbers:?}"));
    let audit = Audit::of(Act::Send, InfoClass::Coverage).subjects(patient);
    if let Some(outcome) = tx.idempotent(key).await? {
        let id = outcome["inquiry_id"].as_str().unwrap_or_default().to_owned();
        return Ok(Redirect::to(tx.commit(audit.detail("repeated", true)).await?, path(&id)));
    }
    let id = InquiryId::new(tx.new_id());
    tx.remember(key, json!({"inquiry_id": id})).await?;
    store::ask(&tx, id, patient, numbers).await?;
    Ok(Redirect::to(tx.commit(audit.entity("eligibility_inquiry", id)).await?, path(&id.to_string())))
}

fn path(id: &str) -> String {
    format!("/reception/inquiries/{id}")
}

/// One inquiry; the page asks for itself again while it is open.
pub async fn show(access: Clerk, id: web::Path<InquiryId>, req: HttpRequest) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let line = store::find(&tx, *id).await?;
    let page = InquiryPage::of(Chrome::of(access.principal(), Nav::Today), line);
    let audit = Audit::viewed(InfoClass::Coverage).subjects(page.subjects()).entity("eligibility_inquiry", *id);
    Page::full_or(&req, tx.commit(audit).await?, &page, page.as_state())
}

#[derive(Debug, Deserialize)]
pub struct MoveForm {
    #[serde(default)]
    version: String,
    #[serde(default)]
    patient_token: String,
}

impl MoveForm {
    async fn row(&self, tx: &TenantTx, id: InquiryId) -> Result<Model, AppError> {
        let row = store::lock(tx, id).await?;
        if self.patient_token != row.patient_id.map(|id| id.to_string()).unwrap_or_default() {
            return Err(AppError::WrongPatient);
        }
        match self.version.parse::<i32>() {
            Ok(version) if version == row.version => Ok(row),
            Ok(_) => Err(AppError::Conflict),
            Err(_) => Err(AppError::Invalid("版番号がありません。画面を開き直してください。".into())),
        }
    }
}

fn audit(row: &Model, act: Act) -> Audit {
    Audit::of(act, InfoClass::Coverage).subjects(row.patient_id.map(PatientId::new)).entity("eligibility_inquiry", row.id)
}

/// 再照会: a press twice is stopped by the version.
pub async fn repeat(access: Clerk, id: web::Path<InquiryId>, form: web::Form<MoveForm>) -> Result<Redirect, AppError> {
    let tx = access.begin().await?;
    let row = form.row(&tx, *id).await?;
    if row.status == store::ANSWERED || !store::find(&tx, *id).await?.is_settled() {
        return Err(AppError::Refused("もう回答があるか、いま照会しています。画面を開き直して確かめてください。".into()));
    }
    let audit = audit(&row, Act::Send);
    store::repeat(&tx, row).await?;
    Ok(Redirect::to(tx.commit(audit).await?, path(&id.to_string())))
}

/// 目視で確認した: the coverage is marked so and stays on the list.
pub async fn sighted(access: Clerk, id: web::Path<InquiryId>, form: web::Form<MoveForm>) -> Result<Redirect, AppError> {
    let tx = access.begin().await?;
    let row = form.row(&tx, *id).await?;
    if row.status == store::ANSWERED {
        return Err(AppError::Refused("もう回答が届いています。回答を確かめてください。".into()));
    }
    let audit = audit(&row, Act::Update).detail("verification", "sight");
    if let Some(patient) = row.patient_id.map(PatientId::new) {
        let today = domain::clock::today(tx.now());
        let known = coverages::in_force(&tx, &patients::group_ids(&tx, patient).await?, today).await?;
        coverages::sight_numbers(&tx, patient, &known, &row.numbers(), today).await?;
    }
    store::sighted(&tx, row).await?;
    Ok(Redirect::to(tx.commit(audit).await?, "/reception/inquiries"))
}

impl RawInquiry {
    fn patient_id(&self) -> Option<PatientId> {
        self.patient_token.parse::<Uuid>().ok().map(PatientId::new)
    }
}
