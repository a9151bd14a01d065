//! Acts on one row of the board: its menu, another state, 呼出, 元に戻す.

use actix_web::{Either, HttpRequest, web};
use domain::encounter::VisitStatus;
use domain::{EncounterId, PatientId};
use serde::Deserialize;
use tenancy::permission::{EncounterRead, EncounterWrite, Permission};
use tenancy::{Access, Audit, InfoClass, TenantTx};

use super::board::BoardQuery;
use crate::encounters::entity::encounter;
use crate::encounters::list;
use crate::encounters::moves::{self, Undo};
use crate::encounters::store;
use crate::encounters::views::{BoardRow, Filter, MovedNotice, MovesPage, Toast, refusal_sentence};
use crate::error::AppError;
use crate::patients::store as patients;
use crate::web::{Chrome, Nav, Page, PatientStripe, Redirect, is_htmx};

/// Longest reason of a recall, in characters.
const REASON_MAX: usize = 100;
const CLOSED_ELSEWHERE: &str = "会計を閉じるのは「会計する」で行います。";
const TOO_LATE: &str = "元に戻せる時間(30秒)を過ぎたか、戻せる変更がありません。状態を選び直してください。";

type Answer = Either<Redirect, Page>;

/// Where a visit may go, as a menu over the list or a page of its own.
pub async fn menu(
    access: Access<EncounterRead>,
    path: web::Path<EncounterId>,
    query: web::Query<BoardQuery>,
    req: HttpRequest,
) -> Result<Page, AppError> {
    let principal = access.principal();
    let asked = query.asked(&access)?;
    let tx = access.begin().await?;
    let visit = store::get(&tx, *path).await?;
    let patient = patients::get(&tx, PatientId::new(visit.patient_id)).await?;
    let stripe = PatientStripe::of(&patient, asked.today, 0);
    let page = MovesPage::of(Chrome::of(principal, Nav::Today), stripe, &visit, principal, asked);
    let receipt = tx.commit(Audit::viewed(InfoClass::Encounter).subject(patient.id).entity("encounter", *path)).await?;
    Page::full_or(&req, receipt, &page, page.as_menu())
}

/// An act posted from a row, and the list to come back to.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct MoveForm {
    to: String,
    version: String,
    reason: String,
    patient_token: String,
    day: String,
    state: String,
    doctor: String,
    place: String,
}

impl MoveForm {
    fn back(&self, access: &Access<impl Permission>) -> String {
        let query = BoardQuery::of(&self.day, &self.state, &self.doctor, &self.place);
        // An unreadable day was not on any page of ours.
        query.asked(access).map_or_else(|_| format!("state={}", Filter::All.code()), |asked| asked.query(asked.filter))
    }

    /// The row as the person saw it; anything newer is a conflict, another patient's row a mix-up (R3).
    async fn visit(&self, tx: &TenantTx, id: EncounterId) -> Result<encounter::Model, AppError> {
        let visit = store::get(tx, id).await?;
        if self.patient_token != visit.patient_id.to_string() {
            return Err(AppError::WrongPatient);
        }
        match self.version.parse::<i32>() {
            Ok(version) if version == visit.version => Ok(visit),
            Ok(_) => Err(AppError::Conflict),
            Err(_) => Err(AppError::Invalid("版番号がありません。画面を開き直してください。".into())),
        }
    }

    fn reason(&self) -> String {
        self.reason.trim().chars().filter(|c| !c.is_control()).take(REASON_MAX).collect()
    }
}

/// 状態の変更, with 30 s to take it back.
pub async fn change_status(
    access: Access<EncounterWrite>,
    path: web::Path<EncounterId>,
    form: web::Form<MoveForm>,
    req: HttpRequest,
) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let visit = form.visit(&tx, *path).await?;
    let to = match VisitStatus::from_code(&form.to) {
        None => return Err(AppError::Invalid("移す先の状態を選んでください。".into())),
        Some(VisitStatus::Paid | VisitStatus::LeftUnpaid) => return Err(AppError::Refused(CLOSED_ELSEWHERE.into())),
        Some(to) => to,
    };
    let moved = moves::change_status(&tx, visit, to, &form.reason(), access.principal()).await?;
    let visit = moved.map_err(|refusal| AppError::Refused(refusal_sentence(refusal).into()))?;
    let audit = Audit::updated(InfoClass::Encounter).entity("encounter", *path).detail("status", to.code());
    done(&access, tx, &visit, &form, &req, audit).await
}

/// 呼出.
pub async fn call(
    access: Access<EncounterWrite>,
    path: web::Path<EncounterId>,
    form: web::Form<MoveForm>,
    req: HttpRequest,
) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let visit = form.visit(&tx, *path).await?;
    let called = moves::call(&tx, visit).await?;
    let visit = called.ok_or_else(|| AppError::Refused("受付が終わっているため、呼び出せません。".into()))?;
    let audit = Audit::updated(InfoClass::Encounter).entity("encounter", *path).detail("called", true);
    done(&access, tx, &visit, &form, &req, audit).await
}

/// 元に戻す.
pub async fn undo(
    access: Access<EncounterWrite>,
    path: web::Path<EncounterId>,
    form: web::Form<MoveForm>,
    req: HttpRequest,
) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let visit = form.visit(&tx, *path).await?;
    let Undo::Done(visit) = moves::undo(&tx, visit).await? else { return Err(AppError::Refused(TOO_LATE.into())) };
    let status = visit.status.clone();
    let audit = Audit::updated(InfoClass::Encounter).entity("encounter", *path).detail("status", status).detail("undo", true);
    done(&access, tx, &visit, &form, &req, audit).await
}

/// Back to the list; a list that is open keeps its place, shows the message and asks for the row.
async fn done<P: Permission>(
    access: &Access<P>,
    tx: TenantTx,
    visit: &encounter::Model,
    form: &MoveForm,
    req: &HttpRequest,
    audit: Audit,
) -> Result<Answer, AppError> {
    let principal = access.principal();
    let audit = audit.subject(PatientId::new(visit.patient_id));
    if !is_htmx(req) {
        return Ok(Either::Left(Redirect::to(tx.commit(audit).await?, format!("/board?{}&moved={}", form.back(access), visit.id))));
    }
    let row = list::of_visit(&tx, EncounterId::new(visit.id)).await?;
    let row = BoardRow::of(row, &list::Beside::default(), principal, tx.now(), store::today(&tx, principal));
    let notice = MovedNotice { toast: Toast::of(&row, principal, tx.now()) };
    let page = Page::full(tx.commit(audit).await?, &notice)?;
    let page = page.header("HX-Retarget", "#toast").header("HX-Reswap", "innerHTML");
    Ok(Either::Right(page.header("HX-Trigger", &format!("{{\"visit-changed\":\"{}\"}}", visit.id))))
}
