//! Pages of the slice: the book in words.

use askama::Template;
use chrono::{DateTime, NaiveDate, Utc};
use domain::PatientId;
use domain::appointment::{AppointmentRefusal, AppointmentStatus, Route};
use domain::clock::jst;
use domain::patient::{Age, Sex};
use uuid::Uuid;

use super::acts::Refusal;
use super::calendar::{Column, Line};
use super::list::Row;
use super::seats::SeatRefusal;
use crate::encounters::views::day_words;
use crate::web::face::Face;
use crate::web::page::Subjects;
use crate::web::{Chrome, FormState, PatientStripe};

/// Mark, word and tone of a state.
pub const fn face(status: AppointmentStatus) -> Face {
    let (mark, tone) = match status {
        AppointmentStatus::Held => ("glass", "warn"),
        AppointmentStatus::Booked => ("cal", "accent"),
        AppointmentStatus::Arrived => ("check", "done"),
        AppointmentStatus::NoShow => ("x-c", "warn"),
        AppointmentStatus::Cancelled => ("x", "cancelled"),
    };
    Face { mark, word: status.label(), tone }
}

/// One booking wherever it stands in a list.
#[derive(Debug, Clone)]
pub struct BookingLine {
    pub id: Uuid,
    pub version: i32,
    pub patient_id: Option<PatientId>,
    pub encounter_id: Option<Uuid>,
    pub name: String,
    pub kana: String,
    pub number: String,
    pub age: String,
    pub sex: &'static str,
    pub purpose: String,
    pub note: String,
    pub day: NaiveDate,
    pub time: String,
    pub schedule: String,
    pub route: &'static str,
    pub status: AppointmentStatus,
    pub face: Face,
    pub phone: String,
    pub is_overbooked: bool,
    pub contacted: Option<String>,
    /// Until when a hold is kept.
    pub held_until: Option<String>,
}

impl BookingLine {
    pub fn of(row: &Row, today: NaiveDate) -> Self {
        let status = AppointmentStatus::from_code(&row.status).unwrap_or(AppointmentStatus::Cancelled);
        let text = |field: &Option<String>| field.clone().unwrap_or_default();
        let clock = |at: DateTime<Utc>| jst(at).format("%-H:%M").to_string();
        Self {
            id: row.id,
            version: row.version,
            patient_id: row.patient(),
            encounter_id: row.encounter_id,
            name: row.name_ideographic.clone().unwrap_or_else(|| "(患者は未定)".into()),
            kana: text(&row.name_syllabic),
            number: text(&row.patient_number),
            age: row.birth_date.map(|born| Age::on(born, today).to_string()).unwrap_or_default(),
            sex: row.sex.as_deref().map_or("", |code| code.parse().unwrap_or(Sex::Unknown).label()),
            purpose: row.purpose.clone(),
            note: row.note.clone(),
            day: row.day,
            time: clock(row.starts_at),
            schedule: row.schedule_name.clone(),
            route: Route::from_code(&row.route).map_or("", Route::label),
            status,
            face: face(status),
            phone: [&row.mobile, &row.tel].into_iter().flatten().find(|number| !number.is_empty()).cloned().unwrap_or_default(),
            is_overbooked: row.is_overbooked,
            contacted: row.contacted_at.map(|at| jst(at).format("%-m/%-d %H:%M").to_string()),
            held_until: row.held_until.map(clock),
        }
    }

    pub fn day_words(&self) -> String {
        day_words(self.day)
    }

    pub fn is_booked(&self) -> bool {
        self.status == AppointmentStatus::Booked
    }

    pub fn is_held(&self) -> bool {
        self.status == AppointmentStatus::Held
    }

    /// One click from a visit: also for somebody who comes after having been given up.
    pub fn can_arrive(&self, today: &NaiveDate) -> bool {
        self.day == *today && matches!(self.status, AppointmentStatus::Booked | AppointmentStatus::NoShow)
    }

    pub fn is_open(&self) -> bool {
        self.status.is_open()
    }

    pub fn can_cancel(&self) -> bool {
        matches!(self.status, AppointmentStatus::Booked | AppointmentStatus::NoShow)
    }
}

/// What a person may do with the book.
#[derive(Debug, Clone, Copy, Default)]
pub struct Acts {
    pub book: bool,
    pub receive: bool,
    pub manage: bool,
    pub chart: bool,
}

/// What was just done, with the key to take it back.
#[derive(Debug, Clone)]
pub struct Toast {
    pub id: Uuid,
    pub patient_id: String,
    pub version: i32,
    pub text: String,
    pub can_undo: bool,
}

/// For whom a slot is looked for.
#[derive(Debug, Clone)]
pub enum Purpose {
    /// Nobody yet: pressing a slot holds it.
    Open,
    /// Pressing a slot books it for them.
    For { patient_id: PatientId, words: String },
    /// 変更: pressing a slot moves this booking there.
    Moving { id: Uuid, version: i32, patient_id: PatientId, words: String },
}

/// 予約: the day by schedule, or the week of one schedule.
#[derive(Debug, Clone, Template)]
#[template(path = "appointments/calendar.html")]
pub struct CalendarPage {
    pub chrome: Chrome,
    pub day: NaiveDate,
    pub today: NaiveDate,
    /// The schedule whose week is shown.
    pub week_of: Option<Uuid>,
    pub schedules: Vec<(String, String)>,
    pub columns: Vec<Column>,
    pub lines: Vec<Line>,
    pub purpose: Purpose,
    pub purposes: Vec<String>,
    pub key: String,
    pub message: Option<String>,
    pub toast: Option<Toast>,
    pub acts: Acts,
}

impl CalendarPage {
    pub fn day_words(&self) -> String {
        day_words(self.day)
    }

    pub fn shows_week_of(&self, schedule: &str) -> bool {
        self.week_of.is_some_and(|id| id.to_string() == schedule)
    }

    fn shifted(&self, days: i64) -> NaiveDate {
        self.day.checked_add_signed(chrono::Duration::days(days)).unwrap_or(self.day)
    }

    fn step(&self) -> i64 {
        if self.week_of.is_some() { 7 } else { 1 }
    }

    pub fn previous(&self) -> NaiveDate {
        self.shifted(-self.step())
    }

    pub fn next(&self) -> NaiveDate {
        self.shifted(self.step())
    }

    /// What every link of the page keeps: whom it is about and which week.
    pub fn kept(&self) -> String {
        let week = self.week_of.map(|id| format!("&schedule={id}")).unwrap_or_default();
        format!("{week}{}", self.about())
    }

    pub fn about(&self) -> String {
        match &self.purpose {
            Purpose::Open => String::new(),
            Purpose::For { patient_id, .. } => format!("&patient={patient_id}"),
            Purpose::Moving { id, .. } => format!("&moving={id}"),
        }
    }

    /// Where the buttons of free slots post to.
    pub fn action(&self) -> String {
        match &self.purpose {
            Purpose::Open => "/appointments/holds".into(),
            Purpose::For { .. } => "/appointments".into(),
            Purpose::Moving { id, .. } => format!("/appointments/{id}/move"),
        }
    }

    pub fn bookings(&self) -> impl Iterator<Item = &BookingLine> {
        self.lines.iter().flat_map(|line| &line.cells).flat_map(|cell| &cell.bookings)
    }

    /// Those with a button of their own on this page.
    pub fn receivable(&self) -> Vec<&BookingLine> {
        self.bookings().filter(|booking| booking.can_arrive(&self.today)).collect()
    }
}

impl Subjects for CalendarPage {
    fn subjects(&self) -> Vec<PatientId> {
        let own = match &self.purpose {
            Purpose::Open => None,
            Purpose::For { patient_id, .. } | Purpose::Moving { patient_id, .. } => Some(*patient_id),
        };
        self.bookings().filter_map(|booking| booking.patient_id).chain(own).collect()
    }
}

/// One booking; while it is held, the form that makes it a booking.
#[derive(Debug, Clone, Template)]
#[template(path = "appointments/show.html")]
pub struct AppointmentPage {
    pub chrome: Chrome,
    pub booking: BookingLine,
    pub today: NaiveDate,
    pub form: FormState,
    pub purposes: Vec<String>,
    pub candidates: Vec<Candidate>,
    pub was_asked: bool,
    pub acts: Acts,
    pub toast: Option<Toast>,
}

impl AppointmentPage {
    pub fn routes(&self) -> Vec<(&'static str, &'static str)> {
        [Route::Phone, Route::Desk, Route::Web].map(|route| (route.code(), route.label())).to_vec()
    }
}

/// 患者の候補 alone, while somebody types.
#[derive(Debug, Clone, Template)]
#[template(path = "appointments/_candidates.html")]
pub struct CandidateList<'a> {
    pub was_asked: bool,
    pub candidates: &'a [Candidate],
}

/// A patient a held seat could be for.
#[derive(Debug, Clone)]
pub struct Candidate {
    pub id: PatientId,
    pub words: String,
    pub detail: String,
    pub has_namesake: bool,
    pub is_chosen: bool,
}

impl Subjects for AppointmentPage {
    fn subjects(&self) -> Vec<PatientId> {
        self.booking.patient_id.into_iter().chain(self.candidates.iter().map(|candidate| candidate.id)).collect()
    }
}

/// A patient's bookings, and the next one.
#[derive(Debug, Clone, Template)]
#[template(path = "appointments/patient.html")]
pub struct PatientAppointmentsPage {
    /// One press of 順番 is one number.
    pub queue_key: Uuid,
    pub chrome: Chrome,
    pub stripe: PatientStripe,
    pub next: NextBox,
    pub ahead: Vec<BookingLine>,
    pub before: Vec<BookingLine>,
    pub today: NaiveDate,
    pub acts: Acts,
    pub toast: Option<Toast>,
}

impl Subjects for PatientAppointmentsPage {
    fn subjects(&self) -> Vec<PatientId> {
        std::iter::once(self.stripe.patient_id).chain(self.next.subjects()).collect()
    }
}

/// 次回予約 as a box of its own: on the patient's page and on the chart.
#[derive(Debug, Clone, Template)]
#[template(path = "appointments/next_box.html")]
pub struct NextBox {
    pub patient_id: PatientId,
    pub form: FormState,
    pub schedules: Vec<(String, String)>,
    /// The bookings ahead, early first.
    pub ahead: Vec<BookingLine>,
    /// What was just booked.
    pub done: Option<Toast>,
    pub may_book: bool,
}

impl Subjects for NextBox {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.patient_id]
    }
}

/// 予約票.
#[derive(Debug, Clone, Template)]
#[template(path = "appointments/print.html")]
pub struct SlipPage {
    pub clinic: String,
    pub address: String,
    pub tel: String,
    pub booking: BookingLine,
    pub year: i32,
    pub printed: String,
}

impl Subjects for SlipPage {
    fn subjects(&self) -> Vec<PatientId> {
        self.booking.patient_id.into_iter().collect()
    }
}

/// Why no seat was given, and what to do.
pub const fn seat_sentence(refusal: SeatRefusal) -> &'static str {
    match refusal {
        SeatRefusal::NoSlot => "この時間の枠はありません。枠の定義が変わったか、続けて取れる枠が足りません。ほかの時間を選んでください。",
        SeatRefusal::Past => "過ぎた時間には予約できません。これからの時間を選んでください。",
        SeatRefusal::Closed => "この時間は休診です。ほかの日か時間を選んでください。",
        SeatRefusal::Full { can_overbook: true } => {
            "この時間の枠は埋まりました。ほかの時間を選ぶか、どうしても必要なら「重ね予約」で取ってください。"
        }
        SeatRefusal::Full { can_overbook: false } => "この時間の枠は埋まりました。ほかの時間を選んでください。",
    }
}

/// Why an act is refused, and what to do.
pub const fn refusal_sentence(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Status(AppointmentRefusal::SameState) => "すでにその状態です。",
        Refusal::Status(AppointmentRefusal::NoPath) => "いまの状態からはできません。画面を開き直して、予約の状態を確かめてください。",
        Refusal::Status(AppointmentRefusal::ReasonNeeded) => "取消の理由を入れてください。",
        Refusal::HoldOver => "仮押さえの5分が過ぎました。予約表から、もう一度枠を選んでください。",
        Refusal::OtherDay => "きょうの予約ではないため、ここからは受付できません。予約の日を変えるか、飛込みで受け付けてください。",
        Refusal::TooLate => "元に戻せる時間(30秒)を過ぎたか、ほかの人が変えた予約です。取消や変更で直してください。",
        Refusal::VisitMovedOn => "受付のあとの診療が進んでいるため、元に戻せません。本日の受付で状態を直してください。",
    }
}
