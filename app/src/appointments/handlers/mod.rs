//! One function per act, by where it begins: the book, a seat, a booking, a patient, the shorthand, paper.

use actix_web::Either;
use chrono::{DateTime, NaiveDate, Utc};
use domain::appointment::AppointmentStatus;
use domain::clock::{clinic_day, jst};
use tenancy::permission::{AppointmentWrite, EncounterWrite, NoteRead, Permission, ScheduleManage};
use tenancy::{Access, Principal};

use super::acts::may_undo;
use super::entity::Model;
use super::views::{Acts, Toast};
use crate::encounters::views::day_words;
use crate::error::AppError;
use crate::web::{Page, Redirect};

pub mod act;
pub mod book;
pub mod calendar;
pub mod next;
pub mod patient;
pub mod print;

pub type Answer = Either<Redirect, Page>;

fn acts<P: Permission>(access: &Access<P>) -> Acts {
    Acts {
        book: access.may::<AppointmentWrite>(),
        receive: access.may::<EncounterWrite>(),
        manage: access.may::<ScheduleManage>(),
        chart: access.may::<NoteRead>(),
    }
}

fn today<P: Permission>(access: &Access<P>) -> NaiveDate {
    clinic_day(access.clock().now(), access.principal().day_boundary_min as i32)
}

fn version(text: &str) -> Result<i32, AppError> {
    text.parse().map_err(|_| AppError::Invalid("版番号がありません。画面を開き直してください。".into()))
}

/// What was just done to this booking.
fn toast_of(row: &Model, name: &str, principal: &Principal, now: DateTime<Utc>) -> Toast {
    let when = format!("{} {}", day_words(row.day), jst(row.starts_at).format("%-H:%M"));
    let text = match AppointmentStatus::from_code(&row.status) {
        Some(AppointmentStatus::Booked) if row.contacted_at.is_some() => format!("{name} さんを連絡済にしました"),
        Some(AppointmentStatus::Booked) => format!("{name} さん {when} の予約です"),
        Some(AppointmentStatus::Arrived) => format!("{name} さんを受け付けました"),
        Some(AppointmentStatus::Cancelled) => format!("{when} の予約を取り消しました"),
        Some(AppointmentStatus::Held) => format!("{when} を5分間押さえています"),
        Some(AppointmentStatus::NoShow) | None => format!("{name} さん {when}"),
    };
    Toast {
        id: row.id,
        patient_id: row.patient_id.map(|id| id.to_string()).unwrap_or_default(),
        version: row.version,
        text,
        can_undo: may_undo(row, principal, now),
    }
}
