//! 受付ボード: the counts on top, what the list is narrowed to, its rows.

use askama::Template;
use chrono::{DateTime, NaiveDate, Utc};
use domain::appointment::AppointmentStatus;
use domain::clock::jst;
use domain::encounter::VisitStatus;
use domain::reception::WaitsAt;
use domain::{PatientId, Role};
use tenancy::Principal;
use uuid::Uuid;

use super::day_words;
use super::moves::Toast;
use super::row::BoardRow;
use crate::appointments::list as bookings;
use crate::appointments::views::BookingLine;
use crate::encounters::list::{Beside, Row};
use crate::web::Chrome;
use crate::web::page::Subjects;

/// What the list is narrowed to; lives in the URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    All,
    /// 受付・会計: the desk's
    Desk,
    /// 問診・検査・処置: the nurses'
    Care,
    /// 診察待ち: the doctors'
    Waiting,
    Billing,
    Mine,
    /// Eligibility needs somebody's eye: 再照会一覧.
    Eligibility,
}

impl Filter {
    pub const ALL: [Self; 7] = [Self::All, Self::Desk, Self::Care, Self::Waiting, Self::Billing, Self::Mine, Self::Eligibility];

    /// The value of `state=`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Desk => "desk",
            Self::Care => "care",
            Self::Waiting => "waiting",
            Self::Billing => "billing",
            Self::Mine => "mine",
            Self::Eligibility => "eligibility",
        }
    }

    /// What each 職種 sees first; an unknown code shows everybody rather than nobody.
    pub fn asked(code: &str, role: Role) -> Self {
        match (code, role) {
            ("", Role::Doctor) => Self::Waiting,
            ("", Role::Nurse) => Self::Care,
            ("", Role::Clerk) => Self::Desk,
            _ => Self::ALL.into_iter().find(|filter| filter.code() == code).unwrap_or(Self::All),
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::All => "院内すべて",
            Self::Desk => "受付・会計",
            Self::Care => "問診・検査",
            Self::Waiting => "診察待ち",
            Self::Billing => "会計待ち",
            Self::Mine => "自分の番",
            Self::Eligibility => "資格・再照会",
        }
    }

    const fn mark(self) -> &'static str {
        match self {
            Self::All => "user",
            Self::Desk => "c-dash",
            Self::Care => "d-open",
            Self::Waiting => "c-open",
            Self::Billing => "yen",
            Self::Mine => "bell",
            Self::Eligibility => "eye",
        }
    }

    fn holds(self, row: &BoardRow, role: Role) -> bool {
        use VisitStatus as V;
        match self {
            Self::All => true,
            Self::Desk => row.is_done || matches!(row.status, V::Registered | V::OnHold | V::BillingWait),
            Self::Care => matches!(row.status, V::Registered | V::Triage | V::ExamWaiting | V::ExamDoing | V::Treatment),
            Self::Waiting => matches!(row.status, V::Registered | V::Triage | V::Waiting | V::InConsult),
            Self::Billing => row.status == V::BillingWait,
            Self::Mine => is_ones_turn(row, role),
            Self::Eligibility => !row.is_done && row.has_eligibility_problem,
        }
    }

    /// Somebody being seen is shown with those who wait but is no longer one of them.
    fn counts(self, row: &BoardRow, role: Role) -> bool {
        let is_waiting = self != Self::Waiting || row.status != VisitStatus::InConsult;
        !row.is_done && is_waiting && self.holds(row, role)
    }
}

/// 自分の番: the next step is this person's to take.
fn is_ones_turn(row: &BoardRow, role: Role) -> bool {
    use VisitStatus as V;
    match role {
        Role::Doctor => (row.is_mine || row.doctor_id.is_none()) && matches!(row.status, V::Waiting | V::InConsult),
        Role::Nurse => matches!(row.status, V::Registered | V::Triage | V::Treatment),
        Role::LabTech => matches!(row.status, V::ExamWaiting | V::ExamDoing),
        Role::Clerk | Role::ClinicAdmin => {
            matches!(row.status, V::BillingWait | V::OnHold) || (!row.is_done && row.has_eligibility_problem)
        }
        Role::Pharmacist | Role::DoctorAide => row.is_mine,
    }
}

/// Where a patient can be found, as the filter names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaceKey {
    Waiting(WaitsAt),
    Room(Uuid),
    Gone,
}

impl PlaceKey {
    pub fn code(self) -> String {
        match self {
            Self::Waiting(place) => place.code().to_owned(),
            Self::Room(id) => id.to_string(),
            Self::Gone => String::new(),
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        WaitsAt::from_code(code).map(Self::Waiting).or_else(|| code.parse().ok().map(Self::Room))
    }
}

/// What the address asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    pub day: NaiveDate,
    pub today: NaiveDate,
    pub filter: Filter,
    pub doctor: Option<Uuid>,
    pub place: Option<PlaceKey>,
}

impl Asked {
    /// The query that shows the same list with another filter; the role's own list needs none.
    pub fn query(&self, filter: Filter) -> String {
        let mut query = vec![format!("state={}", filter.code())];
        if self.day != self.today {
            query.push(format!("day={}", self.day));
        }
        if let Some(doctor) = self.doctor {
            query.push(format!("doctor={doctor}"));
        }
        if let Some(place) = self.place {
            query.push(format!("place={}", place.code()));
        }
        query.join("&")
    }

    /// Who is expected stands on today's list of everybody and on the desk's own.
    pub fn shows_bookings(&self) -> bool {
        self.day == self.today && matches!(self.filter, Filter::All | Filter::Desk)
    }

    pub fn own_query(&self) -> String {
        self.query(self.filter)
    }

    fn holds(&self, row: &BoardRow) -> bool {
        self.doctor.is_none_or(|doctor| row.doctor_id == Some(doctor)) && self.place.is_none_or(|place| row.place_key == place)
    }
}

/// One count on top of the list, which is also a filter.
#[derive(Debug, Clone)]
pub struct Tally {
    pub code: &'static str,
    pub href: String,
    pub mark: &'static str,
    pub label: &'static str,
    pub count: usize,
    /// Minutes of the one who waits longest.
    pub longest_min: i64,
    pub is_current: bool,
}

/// 本日の受付.
#[derive(Debug, Clone, Template)]
#[template(path = "encounters/board.html", blocks = ["live"])]
pub struct BoardPage {
    pub chrome: Chrome,
    pub asked: Asked,
    pub tallies: Vec<Tally>,
    pub open: Vec<BoardRow>,
    pub done: Vec<BoardRow>,
    /// Every id in the order of the page; a fragment brings only some of the rows.
    pub open_ids: String,
    pub done_ids: String,
    pub doctors: Vec<(String, String)>,
    pub places: Vec<(String, String)>,
    pub received: usize,
    /// Who is expected and not yet here.
    pub bookings: Vec<BookingLine>,
    pub guide_left: usize,
    pub toast: Option<Toast>,
    pub at: String,
    pub now_s: i64,
    pub acts: Acts,
}

/// Which doors the role in force opens from the board.
#[derive(Debug, Clone, Copy, Default)]
pub struct Acts {
    pub chart: bool,
    pub measure: bool,
    pub receive: bool,
    pub take_in: bool,
    pub bill: bool,
    pub print: bool,
    pub stick: bool,
    pub results: bool,
}

/// Everything the page is made of.
pub struct BoardFacts {
    pub rows: Vec<Row>,
    pub beside: Beside,
    /// Today's bookings, those received included.
    pub booked: Vec<bookings::Row>,
    /// Steps of the first day that wait, for those who take them.
    pub guide_left: usize,
    pub asked: Asked,
    pub moved: Option<Uuid>,
    /// The rows a fragment is about; all of them without.
    pub only: Option<Vec<Uuid>>,
    pub now: DateTime<Utc>,
    pub acts: Acts,
}

impl BoardPage {
    pub fn of(chrome: Chrome, principal: &Principal, facts: BoardFacts) -> Self {
        let BoardFacts { rows, beside, booked, guide_left, asked, moved, only, now, acts } = facts;
        let mut all: Vec<BoardRow> = rows.into_iter().map(|row| BoardRow::of(row, &beside, principal, now, asked.today)).collect();
        mark_namesakes(&mut all);
        let (doctors, places) = (doctors(&all), places(&all));
        let received = all.len();
        let bookings = expected(&booked, asked.today);
        let toast = moved.and_then(|id| all.iter().find(|row| row.id == id)).map(|row| Toast::of(row, principal, now));
        all.retain(|row| asked.holds(row));
        let role = principal.role;
        let tallies = Filter::ALL.into_iter().map(|filter| tally(filter, &asked, role, &all)).collect();
        let (done, open): (Vec<_>, Vec<_>) = all.into_iter().filter(|row| asked.filter.holds(row, role)).partition(|row| row.is_done);
        let (open_ids, done_ids) = (ids(&open), ids(&done));
        let wanted = |row: &BoardRow| only.as_ref().is_none_or(|only| only.contains(&row.id));
        Self {
            chrome,
            asked,
            tallies,
            open: open.into_iter().filter(wanted).collect(),
            done: done.into_iter().filter(wanted).collect(),
            open_ids,
            done_ids,
            doctors,
            places,
            received,
            bookings,
            guide_left,
            toast,
            at: jst(now).format("%H:%M:%S").to_string(),
            now_s: now.timestamp(),
            acts,
        }
    }

    pub fn is_today(&self) -> bool {
        self.asked.day == self.asked.today
    }

    pub fn is_empty(&self) -> bool {
        self.open_ids.is_empty() && self.done_ids.is_empty() && self.bookings.is_empty()
    }

    pub fn day_words(&self) -> String {
        day_words(self.asked.day)
    }

    pub fn previous(&self) -> String {
        self.asked.day.pred_opt().unwrap_or(self.asked.day).to_string()
    }

    pub fn next(&self) -> String {
        self.asked.day.succ_opt().unwrap_or(self.asked.day).to_string()
    }

    pub fn query(&self) -> String {
        self.asked.own_query()
    }

    pub fn all_query(&self) -> String {
        Asked { doctor: None, place: None, ..self.asked.clone() }.query(Filter::All)
    }

    pub fn is_doctor(&self, id: &str) -> bool {
        self.asked.doctor.is_some_and(|doctor| doctor.to_string() == id)
    }

    pub fn is_place(&self, code: &str) -> bool {
        self.asked.place.is_some_and(|place| place.code() == code)
    }

    /// Said to those who do not see the counts.
    pub fn count_line(&self) -> String {
        let of = |filter: Filter| self.tallies.iter().find(|tally| tally.code == filter.code());
        let words = |tally: &Tally| format!("{} {}名 最長 {}分", tally.label, tally.count, tally.longest_min);
        [Filter::Waiting, Filter::Care, Filter::Billing].into_iter().filter_map(of).map(words).collect::<Vec<_>>().join("、")
    }

    /// Who waits longest at the counter, for one key.
    pub fn next_bill(&self) -> Option<&BoardRow> {
        self.open.iter().find(|row| row.status == VisitStatus::BillingWait)
    }

    /// Finished visits are few words, the others full rows; the same cells, so the same template.
    pub fn groups(&self) -> [(&'static str, &'static str, &[BoardRow]); 2] {
        [("open", "", &self.open), ("done", "会計済・未収・取消", &self.done)]
    }

    pub fn done_count(&self) -> usize {
        self.done_ids.split_whitespace().count()
    }
}

impl Subjects for BoardPage {
    fn subjects(&self) -> Vec<PatientId> {
        let here = self.open.iter().chain(&self.done).map(|row| row.patient_id);
        let moved = self.toast.iter().map(|toast| toast.patient_id);
        here.chain(moved).chain(self.bookings.iter().filter_map(|booking| booking.patient_id)).collect()
    }
}

fn expected(booked: &[bookings::Row], today: NaiveDate) -> Vec<BookingLine> {
    booked.iter().map(|row| BookingLine::of(row, today)).filter(|line| line.status == AppointmentStatus::Booked).collect()
}

fn ids(rows: &[BoardRow]) -> String {
    rows.iter().map(|row| row.id.to_string()).collect::<Vec<_>>().join(" ")
}

fn mark_namesakes(all: &mut [BoardRow]) {
    for at in 0..all.len() {
        all[at].has_namesake = all.iter().any(|other| other.kana_key == all[at].kana_key && other.patient_id != all[at].patient_id);
    }
}

fn doctors(all: &[BoardRow]) -> Vec<(String, String)> {
    let named = all.iter().filter_map(|row| Some((row.doctor_id?.to_string(), row.doctor.clone())));
    sorted(named)
}

fn places(all: &[BoardRow]) -> Vec<(String, String)> {
    sorted(all.iter().filter(|row| row.place_key != PlaceKey::Gone).map(|row| (row.place_key.code(), row.place.clone())))
}

fn sorted(named: impl Iterator<Item = (String, String)>) -> Vec<(String, String)> {
    let mut list: Vec<_> = named.collect();
    list.sort_by(|(a_id, a), (b_id, b)| (a, a_id).cmp(&(b, b_id)));
    list.dedup();
    list
}

fn tally(filter: Filter, asked: &Asked, role: Role, all: &[BoardRow]) -> Tally {
    let held: Vec<&BoardRow> = all.iter().filter(|row| filter.counts(row, role)).collect();
    Tally {
        code: filter.code(),
        href: format!("/board?{}", asked.query(filter)),
        mark: filter.mark(),
        label: filter.label(),
        count: held.len(),
        longest_min: held.iter().filter_map(|row| row.wait_min).max().unwrap_or_default(),
        is_current: filter == asked.filter,
    }
}
