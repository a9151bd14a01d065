//! The board in words: what each row, count and refusal says.

use askama::Template;
use chrono::{DateTime, NaiveDate, Utc};
use domain::PatientId;
use domain::appointment::AppointmentStatus;
use domain::clock::jst;
use domain::eligibility::EligibilityStatus;
use domain::encounter::{MoveRefusal, VisitStatus, WaitLevel, can_undo, waited_min};
use domain::patient::{Age, Sex};
use tenancy::{Principal, StaffId};
use uuid::Uuid;

use super::list::Row;
use super::store::moved_by;
use crate::appointments::list as bookings;
use crate::appointments::views::BookingLine;
use crate::web::face::{self, Face};
use crate::web::page::Subjects;
use crate::web::{Chrome, FormState, PatientStripe};

/// What the list is narrowed to; lives in the URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    All,
    Waiting,
    Exam,
    Billing,
    Mine,
    /// Eligibility needs somebody's eye.
    Eligibility,
}

impl Filter {
    const ALL: [Self; 6] = [Self::All, Self::Waiting, Self::Exam, Self::Billing, Self::Mine, Self::Eligibility];

    /// The value of `state=`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::All => "",
            Self::Waiting => "waiting",
            Self::Exam => "exam",
            Self::Billing => "billing",
            Self::Mine => "mine",
            Self::Eligibility => "eligibility",
        }
    }

    /// An unknown code shows everybody rather than nobody.
    pub fn from_code(code: &str) -> Self {
        Self::ALL.into_iter().find(|filter| filter.code() == code).unwrap_or(Self::All)
    }

    const fn label(self) -> &'static str {
        match self {
            Self::All => "院内すべて",
            Self::Waiting => "診察待ち",
            Self::Exam => "検査・処置",
            Self::Billing => "会計待ち",
            Self::Mine => "自分の担当",
            Self::Eligibility => "資格に問題",
        }
    }

    const fn mark(self) -> &'static str {
        match self {
            Self::All => "user",
            Self::Waiting => "c-open",
            Self::Exam => "d-open",
            Self::Billing => "yen",
            Self::Mine => "bell",
            Self::Eligibility => "eye",
        }
    }

    fn holds(self, row: &BoardRow) -> bool {
        use VisitStatus as V;
        match self {
            Self::All => true,
            Self::Waiting => matches!(row.status, V::Registered | V::Triage | V::Waiting),
            Self::Exam => matches!(row.status, V::ExamWaiting | V::ExamDoing | V::Treatment),
            Self::Billing => row.status == V::BillingWait,
            Self::Mine => row.is_mine && !row.is_done,
            Self::Eligibility => !row.is_done && row.has_eligibility_problem,
        }
    }
}

/// One count on top of the list, which is also a filter.
#[derive(Debug, Clone)]
pub struct Tally {
    pub href: String,
    pub mark: &'static str,
    pub label: &'static str,
    pub count: usize,
    /// Minutes of the one who waits longest.
    pub longest_min: i64,
    pub is_current: bool,
}

/// One visit of the list.
#[derive(Debug, Clone)]
pub struct BoardRow {
    pub id: Uuid,
    pub patient_id: PatientId,
    pub version: i32,
    pub number: i32,
    pub arrived: String,
    pub name: String,
    pub kana: String,
    pub age: String,
    pub sex: &'static str,
    pub patient_number: String,
    pub has_namesake: bool,
    pub purpose: String,
    pub doctor: String,
    pub place: String,
    pub status: VisitStatus,
    pub face: Face,
    pub wait_min: Option<i64>,
    pub eligibility: Face,
    pub has_eligibility_problem: bool,
    pub has_prescription: bool,
    /// The one step that usually comes next.
    pub next_move: Option<VisitStatus>,
    /// The others, behind a menu.
    pub moves: Vec<(&'static str, Face)>,
    pub is_done: bool,
    pub is_mine: bool,
    moved_at: DateTime<Utc>,
    moved_by: Uuid,
}

impl BoardRow {
    pub fn of(row: Row, prescribed: &[Uuid], principal: &Principal, now: DateTime<Utc>, day: NaiveDate) -> Self {
        let status = VisitStatus::from_code(&row.status).unwrap_or(VisitStatus::OnHold);
        let eligibility = row.eligibility.as_deref().and_then(EligibilityStatus::from_code).unwrap_or(EligibilityStatus::Unchecked);
        let by = moved_by(principal.role);
        // The account is closed by its own button.
        let next_move = status.usual_next(by);
        let closes = |to: &VisitStatus| matches!(to, VisitStatus::Paid | VisitStatus::LeftUnpaid);
        let moves = status.offers(by).into_iter().filter(|to| !closes(to) && Some(*to) != next_move);
        Self {
            id: row.id,
            patient_id: PatientId::new(row.patient_id),
            version: row.version,
            number: row.reception_number,
            arrived: jst(row.arrived_at).format("%H:%M").to_string(),
            name: row.name_ideographic,
            kana: row.name_syllabic,
            age: Age::on(row.birth_date, day).to_string(),
            sex: row.sex.parse().unwrap_or(Sex::Unknown).label(),
            patient_number: row.patient_number,
            has_namesake: false,
            purpose: row.purpose,
            doctor: row.doctor_name.unwrap_or_default(),
            place: row.place_name.unwrap_or_default(),
            status,
            face: face::visit(status),
            wait_min: status.counts_waiting().then(|| waited_min(row.arrived_at, now)),
            eligibility: face::eligibility(eligibility),
            has_eligibility_problem: !matches!(eligibility, EligibilityStatus::Valid),
            has_prescription: prescribed.contains(&row.id),
            next_move,
            moves: moves.map(|to| (to.code(), face::visit(to))).collect(),
            is_done: status.is_finished(),
            is_mine: row.doctor_id == Some(StaffId::as_uuid(principal.staff_id)),
            moved_at: row.recorded_at,
            moved_by: row.entered_by_id,
        }
    }

    /// Ending of `data-wait`, an icon and words for those who do not see the colour.
    pub fn wait_face(&self) -> (&'static str, &'static str, &'static str) {
        match WaitLevel::of(self.wait_min.unwrap_or_default()) {
            WaitLevel::Plain => ("", "", ""),
            WaitLevel::Long => ("long", "clock", "30分以上 "),
            WaitLevel::TooLong => ("over", "tri", "45分以上 "),
        }
    }

    pub fn is_at_cashier(&self) -> bool {
        matches!(self.status, VisitStatus::BillingWait | VisitStatus::LeftUnpaid)
    }

    /// 呼戻し asks for a reason.
    pub fn asks_reason(&self) -> bool {
        self.status == VisitStatus::BillingWait && !self.moves.is_empty()
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
}

/// 本日の受付.
#[derive(Debug, Clone, Template)]
#[template(path = "encounters/board.html")]
pub struct BoardPage {
    pub chrome: Chrome,
    pub day: NaiveDate,
    pub is_today: bool,
    pub filter: Filter,
    pub tallies: Vec<Tally>,
    pub open: Vec<BoardRow>,
    pub done: Vec<BoardRow>,
    pub received: usize,
    /// Who is expected and not yet here.
    pub bookings: Vec<BookingLine>,
    pub guide_left: usize,
    pub toast: Option<Toast>,
    pub at: String,
    pub acts: Acts,
}

/// Which doors the role in force opens from the board.
#[derive(Debug, Clone, Copy, Default)]
pub struct Acts {
    pub chart: bool,
    pub receive: bool,
    pub take_in: bool,
    pub bill: bool,
    pub print: bool,
}

/// Everything the page is made of.
pub struct BoardFacts {
    pub rows: Vec<Row>,
    /// Visits with a signed prescription.
    pub prescribed: Vec<Uuid>,
    /// Today's bookings, those received included.
    pub booked: Vec<bookings::Row>,
    /// Steps of the first day that wait, for those who take them.
    pub guide_left: usize,
    pub day: NaiveDate,
    pub today: NaiveDate,
    pub filter: Filter,
    pub moved: Option<Uuid>,
    pub now: DateTime<Utc>,
    pub acts: Acts,
}

impl BoardPage {
    pub fn of(chrome: Chrome, principal: &Principal, facts: BoardFacts) -> Self {
        let BoardFacts { rows, prescribed, booked, guide_left, day, today, filter, moved, now, acts } = facts;
        let keys: Vec<String> = rows.iter().map(|row| row.kana_key.clone()).collect();
        let mut all: Vec<BoardRow> = rows.into_iter().map(|row| BoardRow::of(row, &prescribed, principal, now, today)).collect();
        for at in 0..all.len() {
            let namesake = keys.iter().zip(&all).any(|(key, other)| *key == keys[at] && other.patient_id != all[at].patient_id);
            all[at].has_namesake = namesake;
        }
        let tallies = Filter::ALL.into_iter().map(|f| tally(f, filter, day, today, &all)).collect();
        let toast = moved.and_then(|id| all.iter().find(|row| row.id == id)).map(|row| toast_of(row, principal, now));
        let received = all.len();
        let bookings = if filter == Filter::All { expected(&booked, today) } else { Vec::new() };
        let (done, open) = all.into_iter().filter(|row| filter.holds(row)).partition(|row| row.is_done);
        Self {
            chrome,
            day,
            is_today: day == today,
            filter,
            tallies,
            open,
            done,
            received,
            bookings,
            guide_left,
            toast,
            at: jst(now).format("%H:%M:%S").to_string(),
            acts,
        }
    }

    pub fn day_words(&self) -> String {
        day_words(self.day)
    }

    pub fn previous(&self) -> String {
        self.day.pred_opt().unwrap_or(self.day).to_string()
    }

    pub fn next(&self) -> String {
        self.day.succ_opt().unwrap_or(self.day).to_string()
    }

    /// Who waits longest at the counter, for one key.
    pub fn next_bill(&self) -> Option<&BoardRow> {
        self.open.iter().find(|row| row.status == VisitStatus::BillingWait)
    }

    /// Finished visits are few words, the others full rows; the same cells, so the same template.
    pub fn groups(&self) -> [(&'static str, &[BoardRow]); 2] {
        [("", &self.open), ("会計済・未収・取消", &self.done)]
    }
}

impl Subjects for BoardPage {
    fn subjects(&self) -> Vec<PatientId> {
        let here = self.open.iter().chain(&self.done).map(|row| row.patient_id);
        here.chain(self.bookings.iter().filter_map(|booking| booking.patient_id)).collect()
    }
}

fn expected(booked: &[bookings::Row], today: NaiveDate) -> Vec<BookingLine> {
    booked.iter().map(|row| BookingLine::of(row, today)).filter(|line| line.status == AppointmentStatus::Booked).collect()
}

fn tally(filter: Filter, current: Filter, day: NaiveDate, today: NaiveDate, all: &[BoardRow]) -> Tally {
    let held: Vec<&BoardRow> = all.iter().filter(|row| filter.holds(row) && !row.is_done).collect();
    let mut query = Vec::new();
    if day != today {
        query.push(format!("day={day}"));
    }
    if filter != Filter::All {
        query.push(format!("state={}", filter.code()));
    }
    let href = if query.is_empty() { "/board".to_owned() } else { format!("/board?{}", query.join("&")) };
    Tally {
        href,
        mark: filter.mark(),
        label: filter.label(),
        count: held.len(),
        longest_min: held.iter().filter_map(|row| row.wait_min).max().unwrap_or_default(),
        is_current: filter == current,
    }
}

fn toast_of(row: &BoardRow, principal: &Principal, now: DateTime<Utc>) -> Toast {
    let is_own = row.moved_by == principal.staff_id.as_uuid();
    let text = if row.version == 1 {
        format!("{} さんを受け付けました", row.name)
    } else {
        format!("{} さんは「{}」です", row.name, row.face.word)
    };
    Toast {
        id: row.id,
        patient_id: row.patient_id,
        version: row.version,
        text,
        can_undo: row.version > 1 && is_own && can_undo(row.moved_at, now),
    }
}

/// `11月20日(金)`.
pub fn day_words(day: NaiveDate) -> String {
    use chrono::Datelike;
    let weekday = ["月", "火", "水", "木", "金", "土", "日"][day.weekday().num_days_from_monday() as usize];
    format!("{}月{}日({weekday})", day.month(), day.day())
}

/// Why a move is refused, and what to do instead.
pub const fn refusal_sentence(refusal: MoveRefusal) -> &'static str {
    match refusal {
        MoveRefusal::SameState => "すでにその状態です。",
        MoveRefusal::NoPath { .. } => "いまの状態からは移せません。画面を開き直して状態を確かめてください。",
        MoveRefusal::DoctorOnly => "診察終了と呼戻しは医師が行います。",
        MoveRefusal::ClerkOnly => "会計を閉じるのは医療事務が行います。",
        MoveRefusal::NotAllowed => "いまの職種では状態を変えられません。",
        MoveRefusal::NothingWritten => "この受診の記載がまだありません。S・O・A・P のどれかを書いてから診察を終えてください。",
        MoveRefusal::ReasonNeeded => "呼戻しには理由が必要です。理由を入れてください。",
        MoveRefusal::NoteSigned => "確定した記載があるため、受付を取り消せません。",
    }
}

/// 受付登録 of a walk-in.
#[derive(Debug, Clone, Template)]
#[template(path = "encounters/reception.html")]
pub struct ReceptionPage {
    pub chrome: Chrome,
    pub stripe: PatientStripe,
    pub form: FormState,
    pub doctors: Vec<(String, String)>,
    pub classes: [(&'static str, &'static str); 3],
    pub coverage: Option<String>,
    /// Visits of today that are still open: a second one is possible, but asked about.
    pub already: Vec<String>,
}

impl Subjects for ReceptionPage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.stripe.patient_id]
    }
}
