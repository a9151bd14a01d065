//! The list of a day and the moves made on it.

use actix_web::web;
use chrono::NaiveDate;
use domain::clock::clinic_day;
use domain::encounter::VisitStatus;
use domain::{EncounterId, PatientId};
use serde::Deserialize;
use tenancy::permission::{
    BillingWrite, ClinicManage, CoverageWrite, EncounterRead, EncounterWrite, NoteRead, Permission, PrescriptionPrint,
};
use tenancy::{Access, Act, Audit, InfoClass, TenantTx};
use uuid::Uuid;

use crate::appointments::list as bookings;
use crate::encounters::entity::encounter;
use crate::encounters::list;
use crate::encounters::store::{self, Undo};
use crate::encounters::views::{Acts, BoardFacts, BoardPage, Filter, refusal_sentence};
use crate::error::AppError;
use crate::guide;
use crate::web::{Chrome, Nav, Page, Redirect};

/// Longest reason of a recall, in characters.
const REASON_MAX: usize = 100;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct BoardQuery {
    day: String,
    state: String,
    /// The visit just moved: shown as a message.
    moved: String,
}

/// 本日の受付. The day and the filter live in the address.
pub async fn show(access: Access<EncounterRead>, query: web::Query<BoardQuery>) -> Result<Page, AppError> {
    let principal = access.principal();
    let today = clinic_day(access.clock().now(), principal.day_boundary_min as i32);
    let day = day_of(&query.day, today)?;
    let tx = access.begin().await?;
    let rows = list::of_day(&tx, day).await?;
    let booked = if day == today { bookings::of_board(&tx, day).await? } else { Vec::new() };
    let guide_left = if access.may::<ClinicManage>() { guide::done(&tx).await?.left() } else { 0 };
    let facts = BoardFacts {
        guide_left,
        booked,
        prescribed: list::with_prescription(&tx, &rows).await?,
        rows,
        day,
        today,
        filter: Filter::from_code(&query.state),
        moved: query.moved.parse().ok(),
        now: tx.now(),
        acts: acts(&access),
    };
    let page = BoardPage::of(Chrome::of(principal, Nav::Today), principal, facts);
    let audit = Audit::viewed(InfoClass::Encounter).subjects(crate::web::Subjects::subjects(&page)).detail("day", day.to_string());
    Page::full(tx.commit(audit).await?, &page)
}

fn acts<P: Permission>(access: &Access<P>) -> Acts {
    Acts {
        chart: access.may::<NoteRead>(),
        receive: access.may::<EncounterWrite>(),
        take_in: access.may::<CoverageWrite>(),
        bill: access.may::<BillingWrite>(),
        print: access.may::<PrescriptionPrint>(),
    }
}

fn day_of(text: &str, today: NaiveDate) -> Result<NaiveDate, AppError> {
    if text.is_empty() {
        return Ok(today);
    }
    domain::wareki::parse(text).map_err(|_| AppError::Invalid("日付を読めません。2026-11-20 の形で入れてください。".into()))
}

/// A move posted from a row of the list, and where to come back to.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct MoveForm {
    to: String,
    version: String,
    reason: String,
    patient_token: String,
    day: String,
    state: String,
}

impl MoveForm {
    fn back(&self, id: EncounterId) -> String {
        let mut query = vec![format!("moved={id}")];
        if let Ok(day) = self.day.parse::<NaiveDate>() {
            query.push(format!("day={day}"));
        }
        let filter = Filter::from_code(&self.state);
        if filter != Filter::All {
            query.push(format!("state={}", filter.code()));
        }
        format!("/board?{}", query.join("&"))
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
) -> Result<Redirect, AppError> {
    move_to(&access, *path, &form, Act::Update, |form| match VisitStatus::from_code(&form.to) {
        None => Err(AppError::Invalid("移す先の状態を選んでください。".into())),
        Some(VisitStatus::Paid | VisitStatus::LeftUnpaid) => Err(AppError::Refused("会計を閉じるのは「会計する」で行います。".into())),
        Some(to) => Ok(to),
    })
    .await
}

async fn move_to<P: Permission>(
    access: &Access<P>,
    id: EncounterId,
    form: &MoveForm,
    act: Act,
    target: impl Fn(&MoveForm) -> Result<VisitStatus, AppError>,
) -> Result<Redirect, AppError> {
    let tx = access.begin().await?;
    let visit = form.visit(&tx, id).await?;
    let to = target(form)?;
    let patient_id = PatientId::new(visit.patient_id);
    match store::change_status(&tx, visit, to, &form.reason(), access.principal()).await? {
        Ok(_) => {
            let audit = Audit::of(act, InfoClass::Encounter).subject(patient_id).entity("encounter", id).detail("status", to.code());
            Ok(Redirect::to(tx.commit(audit).await?, form.back(id)))
        }
        Err(refusal) => Err(AppError::Refused(refusal_sentence(refusal).into())),
    }
}

/// 元に戻す.
pub async fn undo_status(
    access: Access<EncounterWrite>,
    path: web::Path<EncounterId>,
    form: web::Form<MoveForm>,
) -> Result<Redirect, AppError> {
    let tx = access.begin().await?;
    let visit = form.visit(&tx, *path).await?;
    let patient_id = PatientId::new(visit.patient_id);
    match store::undo_status(&tx, visit).await? {
        Undo::Done(visit) => {
            let audit = Audit::updated(InfoClass::Encounter)
                .subject(patient_id)
                .entity("encounter", *path)
                .detail("status", visit.status)
                .detail("undo", true);
            Ok(Redirect::to(tx.commit(audit).await?, form.back(*path)))
        }
        Undo::TooLate => {
            Err(AppError::Refused("元に戻せる時間(30秒)を過ぎたか、戻せる変更がありません。状態を選び直してください。".into()))
        }
    }
}

/// The visit's row on the list, for links from elsewhere.
pub fn board_path(moved: Uuid) -> String {
    format!("/board?moved={moved}")
}
