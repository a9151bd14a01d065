//! One short function for each act; each answers with the box as it is now.

use actix_web::{Either, HttpRequest, web};
use domain::prescription::check_comment;
use domain::prescription::registration::RegistrationRefusal;
use domain::{EncounterId, PatientId, clock};
use serde::Deserialize;
use serde_json::json;
use tenancy::permission::{DeliveryWrite, Permission, PrescriptionPrint, PrescriptionRead, PrescriptionSign, PrescriptionWrite};
use tenancy::{Access, Act, Audit, Error, InfoClass, TenantTx};
use uuid::Uuid;

use super::acts::{self, Wish};
use super::changes::{self, Link};
use super::entity::registration::Model;
use super::results::{self, ResultLine};
use super::store::{self, Carrier};
use super::views::{EprescriptionBox, EprescriptionPage, Line};
use crate::encounters::store as encounters;
use crate::error::AppError;
use crate::live::{Live, Topic};
use crate::patients::store as patients;
use crate::prescriptions::store::heads;
use crate::web::act_form::{check_token, check_version};
use crate::web::{Chrome, Nav, Page, PatientStripe, Redirect, is_htmx};

pub type Answer = Either<Redirect, Page>;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ActForm {
    patient_token: String,
    idempotency_key: String,
    pub(super) version: String,
    reason: String,
}

pub async fn show(access: Access<PrescriptionRead>, path: web::Path<EncounterId>, req: HttpRequest) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let visit = encounters::get(&tx, *path).await?;
    let patient = PatientId::new(visit.patient_id);
    let content = read(&access, &tx, *path, patient).await?;
    let audit = Audit::viewed(InfoClass::Prescription).subject(patient).entity("encounter", *path);
    if is_htmx(&req) {
        return Page::full(tx.commit(audit).await?, &content);
    }
    let patient = patients::get(&tx, patient).await?;
    let namesakes = patients::count_namesakes(&tx, &patient).await?;
    let stripe = PatientStripe::of(&patient, clock::today(tx.now()), namesakes);
    let page = EprescriptionPage { chrome: Chrome::of(access.principal(), Nav::Today), stripe, content };
    Page::full(tx.commit(audit).await?, &page)
}

/// The box as this person sees it.
pub async fn read<P: Permission>(
    access: &Access<P>,
    tx: &TenantTx,
    encounter_id: EncounterId,
    patient_id: PatientId,
) -> Result<EprescriptionBox, Error> {
    let rows = store::carried(tx, encounter_id).await?;
    let links = if rows.is_empty() { Vec::new() } else { changes::of_encounter(tx, encounter_id).await? };
    let lines = lines(tx, encounter_id, &rows, &links).await?;
    Ok(EprescriptionBox { is_brief: false, ..boxed(access, tx, encounter_id, patient_id, lines) })
}

/// The box as other pages begin with it, in one statement; it fetches the rest by itself.
pub async fn read_brief<P: Permission>(
    access: &Access<P>,
    tx: &TenantTx,
    encounter_id: EncounterId,
    patient_id: PatientId,
) -> Result<EprescriptionBox, Error> {
    let rows = store::carried(tx, encounter_id).await?;
    let lines = rows.iter().map(|(row, carrier)| Line::of(row, carrier, &[])).collect::<Result<_, _>>()?;
    Ok(boxed(access, tx, encounter_id, patient_id, lines))
}

fn boxed<P: Permission>(
    access: &Access<P>,
    tx: &TenantTx,
    encounter_id: EncounterId,
    patient_id: PatientId,
    lines: Vec<Line>,
) -> EprescriptionBox {
    EprescriptionBox {
        encounter_id,
        patient_id,
        is_brief: true,
        lines,
        act_key: tx.new_id(),
        can_sign: access.may::<PrescriptionSign>(),
        can_write: access.may::<PrescriptionWrite>(),
        can_ask: access.may::<DeliveryWrite>(),
        can_print: access.may::<PrescriptionPrint>(),
    }
}

/// The registrations, each with what pharmacies handed out of it.
async fn lines(tx: &TenantTx, encounter: EncounterId, rows: &[(Model, Carrier)], links: &[Link]) -> Result<Vec<Line>, Error> {
    let mut lines = rows.iter().map(|(row, carrier)| Line::of(row, carrier, links)).collect::<Result<Vec<_>, _>>()?;
    let is_dispensed = |(row, _): &(Model, Carrier)| !row.pharmacy_name.is_empty() || store::status(row).is_ok_and(|s| s.is_watched());
    if !rows.iter().any(is_dispensed) {
        return Ok(lines);
    }
    for (result, said) in results::store::of_encounter(tx, encounter).await? {
        for line in lines.iter_mut().filter(|line| line.id == result.prescription_id) {
            let refills = if line.is_part() { 0 } else { heads::content_of(&heads::get(tx, line.id).await?).refill };
            line.results.push(ResultLine::of(&result, &said, refills));
        }
    }
    Ok(lines)
}

/// 紙へ切替; also tries again what is stuck on its way to an end.
pub async fn to_paper(
    access: Access<PrescriptionSign>,
    path: web::Path<Uuid>,
    form: web::Form<ActForm>,
    live: web::Data<Live>,
    req: HttpRequest,
) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let row = form.row(&tx, *path).await?;
    let audit = audit(&row, Act::Update).detail("to", "paper");
    if !form.is_first(&tx, "eprescription.paper", *path).await? {
        return done(&access, tx, &row, &req, &live, audit.detail("repeated", true)).await;
    }
    if store::status(&row)?.is_underway() {
        acts::push_on(&tx, *path).await?;
        return done(&access, tx, &row, &req, &live, audit.detail("again", true)).await;
    }
    check_version(&form.version, row.version)?;
    acts::end(&tx, *path, Wish::Paper, "紙へ切替").await?.map_err(refused)?;
    done(&access, tx, &row, &req, &live, audit).await
}

/// 取消 of what no pharmacy has taken in.
pub async fn revoke(
    access: Access<PrescriptionSign>,
    path: web::Path<Uuid>,
    form: web::Form<ActForm>,
    live: web::Data<Live>,
    req: HttpRequest,
) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let row = form.row(&tx, *path).await?;
    let audit = audit(&row, Act::Update).detail("to", "withdrawn");
    if !form.is_first(&tx, "eprescription.revoke", *path).await? {
        return done(&access, tx, &row, &req, &live, audit.detail("repeated", true)).await;
    }
    let status = store::status(&row)?;
    if !status.can_be_withdrawn() {
        return Err(refused(
            status.after(domain::prescription::registration::RegistrationEvent::Accepted).err().unwrap_or(RegistrationRefusal::Underway),
        ));
    }
    check_version(&form.version, row.version)?;
    let reason = check_comment(&form.reason).ok().filter(|reason| !reason.is_empty());
    let reason = reason.ok_or_else(|| AppError::Invalid("取り消す理由を60文字までで入れてください。".into()))?;
    acts::end(&tx, *path, Wish::Withdraw, &reason).await?.map_err(refused)?;
    done(&access, tx, &row, &req, &live, audit).await
}

/// 状況を確かめる: asks now instead of at the next turn.
pub async fn ask(
    access: Access<DeliveryWrite>,
    path: web::Path<Uuid>,
    form: web::Form<ActForm>,
    live: web::Data<Live>,
    req: HttpRequest,
) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let row = form.row(&tx, *path).await?;
    let audit = audit(&row, Act::Send).detail("asked", true);
    if form.is_first(&tx, "eprescription.ask", *path).await? {
        if !store::status(&row)?.is_watched() {
            return Err(AppError::Refused("登録されていないか、もう終わっているため、確かめることはありません。".into()));
        }
        acts::ask(&tx, &row, format!("rx/{}/status/now/{}", row.id, form.idempotency_key), false, None).await?;
    }
    done(&access, tx, &row, &req, &live, audit).await
}

impl ActForm {
    /// The registration, if the form was drawn for its patient (R3).
    pub(super) async fn row(&self, tx: &TenantTx, id: Uuid) -> Result<Model, AppError> {
        let row = store::find(tx, id).await?.ok_or(AppError::NotFound)?;
        check_token(&self.patient_token, row.patient_id)?;
        Ok(row)
    }

    pub(super) async fn is_first(&self, tx: &TenantTx, act: &'static str, id: Uuid) -> Result<bool, AppError> {
        let key = self.idempotency_key.parse().map_err(|_| AppError::Invalid("画面を開き直してから、もう一度押してください。".into()))?;
        let key = tx.act_key(key, act, &format!("{id} {}", self.reason));
        if tx.idempotent(key).await?.is_some() {
            return Ok(false);
        }
        tx.remember(key, json!({})).await?;
        Ok(true)
    }
}

pub(super) fn audit(row: &Model, act: Act) -> Audit {
    Audit::of(act, InfoClass::Prescription).subject(PatientId::new(row.patient_id)).entity("prescription", row.id)
}

pub(super) fn refused(refusal: RegistrationRefusal) -> AppError {
    let says = match refusal {
        RegistrationRefusal::Registered => {
            "電子処方箋として登録されました。控えを渡してください。紙に替えるときは、電子処方箋を取り消してから処方し直してください。"
        }
        RegistrationRefusal::AtPharmacy => "薬局が受け付けているため取り消せません。薬局に連絡し、受付を取り消してもらってください。",
        RegistrationRefusal::Dispensed => "薬局での調剤が終わっているため取り消せません。",
        RegistrationRefusal::Underway => "いま電子処方箋管理サービスに確かめています。結果が出てからもう一度押してください。",
        RegistrationRefusal::EarlierPart => "分割の前の回が取り消されています。前の回の取消を先に元に戻してください。",
        RegistrationRefusal::Ended => "もう紙に切り替えたか、取り消したか、変更してあります。",
    };
    AppError::Refused(says.into())
}

pub(super) async fn done<P: Permission>(
    access: &Access<P>,
    tx: TenantTx,
    row: &Model,
    req: &HttpRequest,
    live: &Live,
    audit: Audit,
) -> Result<Answer, AppError> {
    let (encounter, tenant) = (EncounterId::new(row.encounter_id), tx.tenant_id());
    let content = if is_htmx(req) { Some(read(access, &tx, encounter, PatientId::new(row.patient_id)).await?) } else { None };
    let receipt = tx.commit(audit).await?;
    live.announce(tenant, Topic::Visit(encounter));
    match content {
        Some(content) => Ok(Either::Right(Page::full(receipt, &content)?)),
        None => Ok(Either::Left(Redirect::to(receipt, format!("/encounters/{encounter}/eprescription")))),
    }
}
