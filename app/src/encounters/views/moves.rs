//! The menu of one row, and what is said after an act on it.

use askama::Template;
use chrono::{DateTime, Utc};
use domain::PatientId;
use domain::encounter::{VisitStatus, can_undo};
use tenancy::Principal;
use uuid::Uuid;

use super::board::Asked;
use super::row::BoardRow;
use crate::encounters::entity::encounter;
use crate::encounters::moves::moved_by;
use crate::web::face::{self, Face};
use crate::web::{Chrome, PatientStripe, Subjects};

/// Where a visit may go from here. A page of its own without scripts, else the menu over the list.
#[derive(Debug, Clone, Template)]
#[template(path = "encounters/moves.html", blocks = ["menu"])]
pub struct MovesPage {
    pub chrome: Chrome,
    pub stripe: PatientStripe,
    pub id: Uuid,
    pub version: i32,
    pub face: Face,
    /// The list it was opened from.
    pub asked: Asked,
    pub moves: Vec<(&'static str, Face)>,
    /// 呼戻し asks for a reason.
    pub asks_reason: bool,
    pub can_call: bool,
}

impl MovesPage {
    pub fn of(chrome: Chrome, stripe: PatientStripe, visit: &encounter::Model, principal: &Principal, asked: Asked) -> Self {
        let status = VisitStatus::from_code(&visit.status).unwrap_or(VisitStatus::OnHold);
        let by = moved_by(principal.role);
        // The account is closed by its own button.
        let closes = |to: &VisitStatus| matches!(to, VisitStatus::Paid | VisitStatus::LeftUnpaid);
        let usual = status.usual_next(by);
        let mut moves: Vec<VisitStatus> = status.offers(by).into_iter().filter(|to| !closes(to)).collect();
        // The step that usually comes next stands first, under the finger that opened the menu.
        moves.sort_by_key(|to| Some(*to) != usual);
        Self {
            chrome,
            stripe,
            id: visit.id,
            version: visit.version,
            face: face::visit(status),
            asked,
            asks_reason: status == VisitStatus::BillingWait && !moves.is_empty(),
            moves: moves.into_iter().map(|to| (to.code(), face::visit(to))).collect(),
            can_call: !status.is_finished(),
        }
    }
}

impl Subjects for MovesPage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.stripe.patient_id]
    }
}

/// What was just done, with the key to take it back.
#[derive(Debug, Clone)]
pub struct Toast {
    pub id: Uuid,
    pub patient_id: PatientId,
    pub version: i32,
    pub text: String,
    pub can_undo: bool,
    /// Just received: the ticket can be printed.
    pub is_received: bool,
}

impl Toast {
    pub fn of(row: &BoardRow, principal: &Principal, now: DateTime<Utc>) -> Self {
        let is_own = row.moved_by == principal.staff_id.as_uuid();
        let is_received = row.version == 1;
        let called = row.called.as_ref().map(|at| format!("・呼出 {at}")).unwrap_or_default();
        let text = if is_received {
            format!("{} さんを受け付けました({}番)", row.name, row.number)
        } else {
            format!("{} さんは「{}」です{called}", row.name, row.face.word)
        };
        Self {
            id: row.id,
            patient_id: row.patient_id,
            version: row.version,
            text,
            can_undo: !is_received && is_own && can_undo(row.moved_at, now),
            is_received,
        }
    }
}

/// The toast alone, for a list that stays where it is.
#[derive(Debug, Clone, Template)]
#[template(path = "encounters/moved.html")]
pub struct MovedNotice {
    pub toast: Toast,
}

impl Subjects for MovedNotice {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.toast.patient_id]
    }
}
