//! The box of a visit's 院内処方, 登録し直す and 変更.

use actix_web::{Either, HttpRequest, web};
use domain::prescription::inside::InsideStatus;
use domain::{EncounterId, PatientId, clock};
use serde::Deserialize;
use serde_json::json;
use tenancy::permission::{Permission, PrescriptionRead, PrescriptionWrite};
use tenancy::{Access, Act, Audit, Error, InfoClass, TenantTx};
use uuid::Uuid;

use super::views::{InsideBox, InsidePage, Line};
use super::{acts, settings, store};
use crate::encounters::store as encounters;
use crate::eprescriptions::change_handlers::not_begun;
use crate::eprescriptions::changes;
use crate::error::AppError;
use crate::patients::store as patients;
use crate::prescriptions::entity::prescription;
use crate::prescriptions::store::heads;
use crate::web::act_form::{check_token, check_version, key_of};
use crate::web::{Chrome, Nav, Page, PatientStripe, Redirect, is_htmx};

const REGISTER: &str = "inside.register";
const CHANGE: &str = "inside.change";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ActForm {
    patient_token: String,
    idempotency_key: String,
    version: String,
    /// 変更をやめる
    undo: String,
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
    let page = InsidePage { chrome: Chrome::of(access.principal(), Nav::Today), stripe, content };
    Page::full(tx.commit(audit).await?, &page)
}

async fn read<P: Permission>(access: &Access<P>, tx: &TenantTx, id: EncounterId, patient_id: PatientId) -> Result<InsideBox, Error> {
    let (heads, rows) = (heads::of_encounter(tx, id).await?, store::of_encounter(tx, id).await?);
    let mut list = Vec::new();
    for row in &rows {
        let draft = heads.iter().find(|head| heads::status(head).is_open() && head.replaces_id == Some(row.id));
        list.push(Line::of(row, draft.is_some(), heads.iter().any(|head| head.id == row.id))?);
    }
    let unregistered = |head: &&prescription::Model| is_out(head) && !rows.iter().any(|row| row.id == head.id);
    Ok(InsideBox {
        encounter_id: id,
        patient_id,
        lines: list,
        is_on: settings::read(tx).await?.is_on,
        unregistered: heads.iter().filter(unregistered).map(|head| (head.id, head.version)).collect(),
        act_key: tx.new_id(),
        can_write: access.may::<PrescriptionWrite>(),
    })
}

/// Signed, handed out here, and standing.
fn is_out(head: &prescription::Model) -> bool {
    heads::status(head).can_be_withdrawn() && heads::content_of(head).dispensed_at.is_inside()
}

impl ActForm {
    async fn head(&self, tx: &TenantTx, id: Uuid) -> Result<prescription::Model, AppError> {
        let head = heads::get(tx, id).await?;
        check_token(&self.patient_token, head.patient_id)?;
        Ok(head)
    }

    async fn is_first(&self, tx: &TenantTx, act: &'static str, id: Uuid) -> Result<bool, AppError> {
        let key = tx.act_key(key_of(&self.idempotency_key)?, act, &format!("{id} {}", self.undo));
        if tx.idempotent(key).await?.is_some() {
            return Ok(false);
        }
        tx.remember(key, json!({})).await?;
        Ok(true)
    }
}

fn audit(head: &prescription::Model, step: &'static str) -> Audit {
    Audit::of(Act::Send, InfoClass::Prescription)
        .subject(PatientId::new(head.patient_id))
        .entity("prescription", head.id)
        .detail("inside", step)
}

/// 登録する what was never registered, 登録し直す what was turned down.
pub async fn register(
    access: Access<PrescriptionWrite>,
    path: web::Path<Uuid>,
    form: web::Form<ActForm>,
    req: HttpRequest,
) -> Result<Either<Redirect, Page>, AppError> {
    let tx = access.begin().await?;
    let head = form.head(&tx, *path).await?;
    let encounter = EncounterId::new(head.encounter_id);
    if form.is_first(&tx, REGISTER, *path).await? {
        let row = store::find(&tx, head.id).await?;
        check_version(&form.version, row.as_ref().map_or(head.version, |row| row.version))?;
        let is_open = match &row {
            Some(row) => store::status(row)? == InsideStatus::Refused,
            None => settings::read(&tx).await?.is_on,
        };
        if !is_open || !is_out(&head) {
            return Err(AppError::Refused("この院内処方は登録済みか、取り消してあるか、登録しない設定です。".into()));
        }
        acts::register(&tx, &head).await?;
    }
    if !is_htmx(&req) {
        return Ok(Either::Left(Redirect::to(
            tx.commit(audit(&head, "registered")).await?,
            format!("/encounters/{encounter}/inside-registrations"),
        )));
    }
    let content = read(&access, &tx, encounter, PatientId::new(head.patient_id)).await?;
    Ok(Either::Right(Page::full(tx.commit(audit(&head, "registered")).await?, &content)?))
}

/// 変更する: the chart goes on with a draft of what was handed out; 変更をやめる takes the draft out again.
pub async fn change(access: Access<PrescriptionWrite>, path: web::Path<Uuid>, form: web::Form<ActForm>) -> Result<Redirect, AppError> {
    let tx = access.begin().await?;
    let head = form.head(&tx, *path).await?;
    let back = format!("/encounters/{}#prescription", head.encounter_id);
    if form.is_first(&tx, CHANGE, *path).await? {
        if form.undo.is_empty() {
            begin(&tx, &head, &form.version).await?;
        } else {
            abandon(&tx, &head).await?;
        }
    }
    Ok(Redirect::to(tx.commit(audit(&head, if form.undo.is_empty() { "change" } else { "no_change" })).await?, back))
}

async fn begin(tx: &TenantTx, head: &prescription::Model, version: &str) -> Result<(), AppError> {
    let row = store::find(tx, head.id).await?.ok_or(AppError::NotFound)?;
    check_version(version, row.version)?;
    if !store::status(&row)?.can_be_changed() || !is_out(head) {
        return Err(AppError::Refused("登録を確かめているか、もう終わっているため、いまは変更できません。".into()));
    }
    let mut draft = changes::draft_of(tx, head.id, EncounterId::new(head.encounter_id)).await?.map_err(not_begun)?;
    draft.replaces_id = Some(head.id);
    heads::update(tx, draft).await?;
    Ok(())
}

async fn abandon(tx: &TenantTx, head: &prescription::Model) -> Result<(), AppError> {
    let encounter = EncounterId::new(head.encounter_id);
    let drafts = heads::of_encounter(tx, encounter).await?;
    let draft = drafts.into_iter().find(|draft| heads::status(draft).is_open() && draft.replaces_id == Some(head.id));
    let Some(mut draft) = draft else {
        return Err(AppError::Refused("変更の下書きはもうありません。画面を開き直してください。".into()));
    };
    changes::discard_drafts(tx, encounter, draft.id).await?;
    draft.replaces_id = None;
    heads::update(tx, draft).await?;
    Ok(())
}
