//! 追記, 訂正 and 無効 of signed notes.

use actix_web::{Either, web};
use domain::NoteId;
use tenancy::permission::{NoteAmend, NoteVoid};
use tenancy::{Access, Act, Audit, InfoClass, Receipt};

use super::{chart_again, refused};
use crate::AppError;
use crate::notes::acts::Refusal;
use crate::notes::acts::amend::{self, Amendment};
use crate::notes::assemble::Extra;
use crate::notes::forms::{RawAmendment, RawStep};
use crate::notes::neighbours;
use crate::notes::record::NoteRecord;
use crate::notes::store::{self, read};
use crate::notes::views::labels;
use crate::notes::views::pending::{VoidRequestRow, VoidRequestsPage};
use crate::web::chrome::{Chrome, Nav};
use crate::web::{Page, Redirect};

/// Requests shown at once; more than a handful means something else is wrong.
const REQUESTS: u64 = 100;

/// 記録に加える.
pub async fn add(
    access: Access<NoteAmend>,
    path: web::Path<NoteId>,
    form: web::Form<RawAmendment>,
) -> Result<Either<Redirect, Page>, AppError> {
    let tx = access.begin().await?;
    let encounter = read::get(&tx, *path).await?.encounter_id;
    drop(tx);
    let new = match form.parse() {
        Ok(new) => new,
        Err(amend) => {
            let extra = Extra { amend: *amend, ..Extra::default() };
            return chart_again(&access, encounter, extra).await.map(Either::Right);
        }
    };
    match add_once(&access, *path, new).await {
        Ok(receipt) => Ok(Either::Left(Redirect::to(receipt, format!("/encounters/{encounter}")))),
        Err(refusal) => refused(&access, encounter, refusal).await.map(Either::Right),
    }
}

async fn add_once(access: &Access<NoteAmend>, note: NoteId, new: Amendment) -> Result<Receipt, Refusal> {
    let tx = access.begin().await?;
    let kind = new.kind.code();
    let record = amend::amend(&tx, note, new).await?;
    let audit = Audit::of(Act::Amend, InfoClass::Note).subject(record.patient_id).entity("note", note).detail("kind", kind);
    Ok(tx.commit(audit).await?)
}

/// 無効の申請 that wait for an administrator.
pub async fn void_requests(access: Access<NoteVoid>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let asked = read::void_requests(&tx, REQUESTS).await?;
    let staff = store::staff(&tx, asked.iter().map(|a| a.author_id.into())).await?;
    let cards = neighbours::cards(&tx, asked.iter().map(|a| a.patient_id.into())).await?;
    let rows = asked.iter().filter_map(|a| {
        let card = cards.get(&a.patient_id.into())?;
        Some(VoidRequestRow {
            note_id: a.note_id.into(),
            patient_id: a.patient_id.into(),
            patient: card.name.clone(),
            kana: card.kana.clone(),
            number: card.number.clone(),
            asked_at: labels::stamp(a.recorded_at),
            asked_by: staff.names.of(a.author_id.into()).to_owned(),
            reason: a.reason.clone(),
        })
    });
    let page = VoidRequestsPage {
        chrome: Chrome::of(access.principal(), Nav::Approvals),
        rows: rows.collect(),
        may_agree: access.principal().role == domain::Role::ClinicAdmin,
        notice: None,
    };
    let audit = Audit::viewed(InfoClass::Note).subjects(page.rows.iter().map(|r| r.patient_id));
    Page::full(tx.commit(audit).await?, &page)
}

/// 無効にする.
pub async fn make_void(access: Access<NoteVoid>, path: web::Path<NoteId>, form: web::Form<RawStep>) -> Result<Redirect, AppError> {
    let (token, reason) = (form.token()?, form.reason()?);
    let tx = access.begin().await?;
    let record: NoteRecord = amend::make_void(&tx, access.principal().role, *path, token, reason).await?;
    let audit = Audit::of(Act::Amend, InfoClass::Note).subject(record.patient_id).entity("note", *path).detail("kind", "void");
    Ok(Redirect::to(tx.commit(audit).await?, "/notes/void-requests"))
}
