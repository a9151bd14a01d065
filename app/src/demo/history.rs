//! The past and the present day of one clinic, patient by patient.

use chrono::{DateTime, Datelike as _, Days, Duration, NaiveDate, Utc, Weekday};
use domain::clock::clinic_day;
use domain::{Role, StaffId};
use serde_json::json;
use tenancy::staff::staff;
use tenancy::{Act, InfoClass};
use uuid::Uuid;

use super::bills::Ends;
use super::bookings::Books;
use super::clinics::{Clinic, Person as Member, STAFF};
use super::conditions::{self, Disease};
use super::findings::{self, Known, Open};
use super::ledger::{Deed, Ledger};
use super::people::{self, Arrival, Person};
use super::stays::Stay;
use super::texts;
use super::visits::{Drug, Receptions, Team, Visit, arrival};

/// The chart with a thousand visits belongs to patient 000100 of the first clinic.
pub const BUSY_CHART: usize = 99;
const BUSY_VISITS: u64 = 1_000;
/// The demo's day is the calendar's, at whatever hour somebody looks at it.
const DAY_BOUNDARY_MIN: i32 = 0;
/// Visits of the first clinic since then have their bills.
const BILLED_DAYS: u64 = 90;

/// Who telephoned for a number today.
const CALLED_AHEAD: usize = 30;
/// Today's arrivals, oldest first.
const TODAY: &[&str] = &[
    "paid",
    "paid",
    "billing_wait",
    "treatment",
    "exam_doing",
    "in_consult",
    "exam_waiting",
    "waiting",
    "waiting",
    "on_hold",
    "waiting",
    "triage",
    "registered",
    "cancelled",
    "registered",
];

pub struct Passwords {
    pub known: String,
    pub first: String,
}

pub struct History {
    pub clinic: &'static Clinic,
    pub ledger: Ledger,
    pub now: DateTime<Utc>,
    pub drugs: Vec<Drug>,
    diseases: Vec<Disease>,
    known: conditions::Known,
    team: Team,
    wards: Vec<Uuid>,
    receptions: Receptions,
    books: Books,
    met: Vec<Known>,
    open: Vec<Open>,
}

impl History {
    /// The clinic itself, its rooms and its people.
    pub fn open(
        clinic: &'static Clinic,
        now: DateTime<Utc>,
        (drugs, diseases): (Vec<Drug>, Vec<Disease>),
        passwords: &Passwords,
    ) -> (Self, Vec<(StaffId, &'static Member)>) {
        let mut ledger = Ledger::new(clinic.id, clinic.seed);
        let opened = now - Duration::days(365 * 8);
        ledger.plain("tenant", &tenant_row(clinic, opened));
        let mut wards = vec![];
        for (name, kind) in clinic.places {
            let id = ledger.id_at(opened);
            if *kind == "ward" {
                wards.push(id);
            }
            ledger.plain("place", &json!({"tenant_id": clinic.id, "id": id, "name": name, "kind": kind}));
        }
        let since = |member: &Member| if member.is_new { now } else { opened };
        let staff: Vec<_> = STAFF.iter().map(|member| (employ(&mut ledger, member, since(member), passwords), member)).collect();
        let of = |login: &str| staff.iter().find(|(_, m)| m.login_id == login).map_or(StaffId::new(Uuid::nil()), |(id, _)| *id);
        let team = Team { doctor: of("doctor"), clerk: of("clerk"), aide: of("aide") };
        let doctors = ["doctor", "director"].map(|login| (of(login), STAFF.iter().find(|m| m.login_id == login).map_or("", |m| m.name)));
        let books = Books::open(&mut ledger, team.clerk, &doctors, opened);
        let (receptions, known) = (Receptions::default(), conditions::Known::default());
        let history = Self { clinic, ledger, now, drugs, diseases, known, team, wards, receptions, books, met: vec![], open: vec![] };
        (history, staff)
    }

    fn today(&self) -> NaiveDate {
        clinic_day(self.now, DAY_BOUNDARY_MIN)
    }

    /// The `index`-th patient with everything that ever happened to them.
    pub fn patient(&mut self, index: usize) {
        let (young, old) = self.clinic.ages;
        let years = self.ledger.rng.between(1, 6);
        let days_ago = years * 365 + self.ledger.rng.between(0, 300);
        let is_busy = index == BUSY_CHART && self.clinic.has_busy_chart;
        let first_day = if is_busy {
            self.today() - Days::new(2 * BUSY_VISITS + 4)
        } else {
            working_day(self.today() - Days::new(days_ago.unsigned_abs()))
        };
        let age = self.ledger.rng.between(young, (old - years).max(young + 1));
        let number = self.receptions.next(first_day);
        let at = arrival(first_day, number);
        let person = people::register(&mut self.ledger, &Arrival { index, at, age }, self.team.clerk);
        self.met.push(Known { patient: person.id, since: at });
        self.visit(&person, first_day, number);
        if self.wards.is_empty() {
            self.outpatient(index, &person, first_day, is_busy);
            let today = self.today();
            self.books.patient(&mut self.ledger, index, &person, today, self.now);
        } else {
            self.inpatient(index, &person);
        }
    }

    /// What stands beside the visits, once everybody is there.
    pub fn finish(&mut self) {
        let (met, open) = (std::mem::take(&mut self.met), std::mem::take(&mut self.open));
        findings::allergies(&mut self.ledger, self.team, &met);
        findings::flags(&mut self.ledger, self.team, &met);
        findings::public_expenses(&mut self.ledger, self.team, &met);
        findings::orders(&mut self.ledger, self.team, &open);
        if let Some(person) = met.get(CALLED_AHEAD).filter(|_| self.wards.is_empty()) {
            let today = clinic_day(self.now, DAY_BOUNDARY_MIN);
            let number = self.receptions.next(today);
            findings::ticket(&mut self.ledger, self.team, person, number, today, self.now - Duration::minutes(20));
        }
    }

    fn visit(&mut self, person: &Person, day: NaiveDate, number: i32) {
        let problem = texts::problem(person.age_on(day), &mut self.ledger.rng);
        let visit = Visit { person, day, number, arrived_at: arrival(day, number), status: "paid", problem, now: self.now };
        let id = visit.completed(&mut self.ledger, self.team, &self.drugs);
        conditions::note(&mut self.ledger, &mut self.known, &visit, self.team, id, &self.diseases);
        if self.clinic.has_busy_chart && day + Days::new(BILLED_DAYS) > self.today() {
            visit.bill(&mut self.ledger, self.team.clerk, id, Ends::Paid);
        }
    }

    fn outpatient(&mut self, index: usize, person: &Person, first_day: NaiveDate, is_busy: bool) {
        let today = self.today();
        let mut day = first_day;
        let visits = if is_busy { BUSY_VISITS - 1 } else { self.ledger.rng.between(0, 7).unsigned_abs() };
        for _ in 0..visits {
            day = if is_busy { day + Days::new(2) } else { working_day(day + Days::new(self.ledger.rng.between(14, 120).unsigned_abs())) };
            if day >= today {
                break;
            }
            let number = self.receptions.next(day);
            self.visit(person, day, number);
        }
        if let Some(status) = TODAY.get(index.wrapping_sub(2)) {
            self.arrive_today(person, index - 2, status);
        }
    }

    fn inpatient(&mut self, index: usize, person: &Person) {
        let length = self.ledger.rng.between(3, 20).unsigned_abs();
        let is_here = index.is_multiple_of(5);
        let ago = if is_here { length } else { self.ledger.rng.between(30, 700).unsigned_abs() };
        let admitted_on = self.today() - Days::new(ago);
        let wards = [index % self.wards.len(), (index + 1) % self.wards.len()].map(|i| self.wards[i]);
        let stay = Stay { person, admitted_on, discharged_on: (!is_here).then(|| admitted_on + Days::new(length)), wards };
        stay.record(&mut self.ledger, self.team, &mut self.receptions, self.now);
    }

    /// Somebody of today's list: arrivals lie between two and a half hours ago and now.
    fn arrive_today(&mut self, person: &Person, place: usize, status: &'static str) {
        let day = self.today();
        let number = self.receptions.next(day);
        let waited = 150 - 10 * i64::try_from(place).unwrap_or(0);
        let arrived_at = self.now - Duration::minutes(waited.max(4));
        let problem = texts::problem(person.age_on(day), &mut self.ledger.rng);
        let visit = Visit { person, day, number, arrived_at, status, problem, now: self.now };
        match status {
            "paid" | "billing_wait" | "treatment" => {
                let id = visit.completed(&mut self.ledger, self.team, &self.drugs);
                conditions::note(&mut self.ledger, &mut self.known, &visit, self.team, id, &self.diseases);
                self.open.push(Open { patient: person.id, encounter: id, at: arrived_at, is_examined: false });
                if status != "treatment" {
                    let ends = if status == "paid" { Ends::Paid } else { Ends::Waiting };
                    visit.bill(&mut self.ledger, self.team.clerk, id, ends);
                }
            }
            "in_consult" | "exam_doing" | "exam_waiting" => {
                let encounter_id = visit.receive(&mut self.ledger, self.team);
                visit.open_note(&mut self.ledger, self.team, encounter_id);
                if status != "in_consult" {
                    self.open.push(Open { patient: person.id, encounter: encounter_id, at: arrived_at, is_examined: true });
                }
            }
            _ => {
                let encounter = visit.receive(&mut self.ledger, self.team);
                self.open.push(Open { patient: person.id, encounter, at: arrived_at, is_examined: false });
            }
        }
    }
}

/// Sundays are closed.
fn working_day(day: NaiveDate) -> NaiveDate {
    if day.weekday() == Weekday::Sun { day + Days::new(1) } else { day }
}

pub fn tenant_row(clinic: &Clinic, at: DateTime<Utc>) -> serde_json::Value {
    json!({
        "id": clinic.id, "code": clinic.code, "name": clinic.name, "kind": clinic.kind, "institution_code": clinic.institution_code,
        "postal_code": clinic.postal_code, "address": clinic.address, "tel": clinic.tel, "idle_lock_s": 600, "reception_idle_lock_s": 180,
        "day_boundary_min": DAY_BOUNDARY_MIN, "source_allow_list": [], "created_at": at, "settings_version": 1,
    })
}

pub fn employ(ledger: &mut Ledger, member: &Member, at: DateTime<Utc>, passwords: &Passwords) -> StaffId {
    let id = ledger.id_at(at);
    let staff_id = StaffId::new(id);
    let mut deed = Deed::new(at, (staff_id, Role::ClinicAdmin), Act::Create, InfoClass::Staff, None);
    ledger.insert(
        &mut deed,
        staff::Model {
            tenant_id: Uuid::nil(),
            id,
            version: 0,
            recorded_at: at,
            author_id: id,
            entered_by_id: id,
            status: "active".into(),
            digest: vec![],
            login_id: member.login_id.into(),
            name: member.name.into(),
            name_kana: member.name_kana.into(),
            license_no: member.license_no.into(),
            password_hash: if member.is_new { &passwords.first } else { &passwords.known }.clone(),
            password_changed_at: at,
            must_change_password: member.is_new,
            pin_hash: None,
            valid_from: at.date_naive(),
            valid_to: None,
            narcotic_license: String::new(),
            narcotic_license_to: None,
            department: if member.roles.contains(&Role::Doctor) { "内科".into() } else { String::new() },
        },
    );
    for role in member.roles {
        let row = json!({"tenant_id": ledger.tenant_id, "id": ledger.id_at(at), "staff_id": id, "role": role.code()});
        ledger.plain("staff_role", &row);
    }
    ledger.done(deed, ("staff", id));
    staff_id
}
