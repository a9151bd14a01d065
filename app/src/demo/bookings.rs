//! 予約 of the demo: two doctors' books and a room that serves one at a time, somebody today, somebody most days ahead.

use std::collections::HashMap;

use chrono::{DateTime, Datelike as _, Days, Duration, NaiveDate, Timelike as _, Utc, Weekday};
use domain::appointment::{AppointmentStatus, Route};
use domain::clock::jst;
use domain::schedule::{Template, Visibility, instant};
use domain::{Role, StaffId};
use tenancy::{Act, InfoClass};
use uuid::Uuid;

use super::ledger::{Deed, Ledger};
use super::people::Person;
use super::rows::{appointment, schedule, slot_template};

/// Patients with a booking today, by index: none of them is on today's list already.
const TODAY: std::ops::Range<usize> = 20..29;
/// Every so many patients one has a booking ahead.
const EVERY: usize = 9;
const SLOT_MIN: i32 = 15;
const PURPOSES: [&str; 5] = ["再診", "血圧の定期受診", "予防接種", "検査の結果", "健診"];

/// The clinic's books while it is being filled.
pub struct Books {
    clerk: StaffId,
    schedules: Vec<Uuid>,
    taken: HashMap<(Uuid, DateTime<Utc>), i32>,
}

impl Books {
    /// `doctors`: whose books there are, with the name on each.
    pub fn open(ledger: &mut Ledger, clerk: StaffId, doctors: &[(StaffId, &str)], at: DateTime<Utc>) -> Self {
        let mut books = Self { clerk, schedules: vec![], taken: HashMap::new() };
        for (doctor, name) in doctors {
            let id = books.schedule(ledger, name, Some(*doctor), at);
            books.schedules.push(id);
            for day in 0..7_u8 {
                let weekday = Weekday::try_from(day).unwrap_or(Weekday::Mon);
                books.template(ledger, id, weekday, (9 * 60, 12 * 60), 2, at);
                if matches!(weekday, Weekday::Mon | Weekday::Tue | Weekday::Wed | Weekday::Fri) {
                    books.template(ledger, id, weekday, (15 * 60, 18 * 60 + 30), 2, at);
                }
            }
        }
        let room = books.schedule(ledger, "エコー室", None, at);
        for weekday in [Weekday::Mon, Weekday::Wed, Weekday::Fri] {
            books.template(ledger, room, weekday, (13 * 60, 15 * 60), 1, at);
        }
        books
    }

    fn deed(&self, at: DateTime<Utc>, subject: Option<Uuid>) -> Deed {
        Deed::new(at, (self.clerk, Role::Clerk), Act::Create, InfoClass::Appointment, subject)
    }

    fn schedule(&self, ledger: &mut Ledger, name: &str, doctor: Option<StaffId>, at: DateTime<Utc>) -> Uuid {
        let id = ledger.id_at(at);
        let mut deed = self.deed(at, None);
        let row = schedule::Model {
            tenant_id: Uuid::nil(),
            id,
            version: 0,
            recorded_at: at,
            author_id: Uuid::nil(),
            entered_by_id: Uuid::nil(),
            status: "active".into(),
            digest: vec![],
            name: name.into(),
            doctor_id: doctor.map(StaffId::as_uuid),
            is_exclusive: doctor.is_none(),
        };
        ledger.insert(&mut deed, row);
        ledger.done(deed, ("schedule", id));
        id
    }

    fn template(&self, ledger: &mut Ledger, schedule: Uuid, weekday: Weekday, hours: (i32, i32), capacity: i32, at: DateTime<Utc>) {
        let template = Template {
            weekday,
            starts_min: hours.0,
            ends_min: hours.1,
            interval_min: SLOT_MIN,
            capacity,
            overbook_limit: capacity - 1,
            visibility: Visibility::Staff,
            purposes: PURPOSES.map(str::to_owned).to_vec(),
            valid_from: at.date_naive(),
            valid_to: None,
        };
        let id = ledger.id_at(at);
        let mut deed = self.deed(at, None);
        let mut row = slot_template::Model {
            tenant_id: Uuid::nil(),
            id,
            version: 0,
            recorded_at: at,
            author_id: Uuid::nil(),
            entered_by_id: Uuid::nil(),
            status: "active".into(),
            digest: vec![],
            schedule_id: schedule,
            weekday: 0,
            from_min: 0,
            to_min: 0,
            interval_min: 0,
            capacity: 0,
            overbook_limit: 0,
            visibility: String::new(),
            purposes: String::new(),
            valid_from: template.valid_from,
            valid_to: None,
        };
        row.state(&template);
        ledger.insert(&mut deed, row);
        ledger.done(deed, ("slot_template", id));
    }

    /// What the `index`-th patient has ahead: today around now, or some day of the coming weeks in the morning.
    pub fn patient(&mut self, ledger: &mut Ledger, index: usize, person: &Person, today: NaiveDate, now: DateTime<Utc>) {
        let Some(schedule) = self.schedules.get(index % self.schedules.len().max(1)).copied() else { return };
        if TODAY.contains(&index) {
            let place = i64::try_from(index - TODAY.start).unwrap_or_default();
            self.book(ledger, schedule, person, today, around(now, today, place), now);
        } else if index.is_multiple_of(EVERY) {
            let day = today + Days::new(1 + (index / EVERY % 28) as u64);
            let minute = 9 * 60 + SLOT_MIN * i32::try_from(index / EVERY % 12).unwrap_or_default();
            self.book(ledger, schedule, person, day, instant(day, minute), now);
        }
    }

    fn book(&mut self, ledger: &mut Ledger, schedule: Uuid, person: &Person, day: NaiveDate, starts_at: DateTime<Utc>, now: DateTime<Utc>) {
        let seat = self.taken.entry((schedule, starts_at)).or_default();
        if *seat == 2 {
            return;
        }
        *seat += 1;
        let seat_no = *seat;
        let at = now - Duration::days(ledger.rng.between(1, 20));
        let id = ledger.id_at(at);
        let mut deed = self.deed(at, Some(person.id));
        let row = appointment::Model {
            tenant_id: Uuid::nil(),
            id,
            version: 0,
            recorded_at: at,
            author_id: Uuid::nil(),
            entered_by_id: Uuid::nil(),
            status: AppointmentStatus::Booked.code().into(),
            digest: vec![],
            schedule_id: schedule,
            patient_id: Some(person.id),
            day,
            starts_at,
            ends_at: starts_at + Duration::minutes(SLOT_MIN.into()),
            seat_no,
            is_overbooked: false,
            is_exclusive: false,
            purpose: PURPOSES[usize::try_from(day.day()).unwrap_or_default() % PURPOSES.len()].into(),
            note: String::new(),
            route: if seat_no == 1 { Route::Desk } else { Route::Phone }.code().into(),
            held_until: None,
            contacted_at: None,
            contacted_by_id: None,
            encounter_id: None,
        };
        ledger.insert(&mut deed, row);
        ledger.done(deed, ("appointment", id));
    }
}

/// The `place`-th quarter of an hour from half an hour ago on, within the day.
fn around(now: DateTime<Utc>, day: NaiveDate, place: i64) -> DateTime<Utc> {
    let minute = i32::try_from(jst(now).num_seconds_from_midnight() / 60).unwrap_or_default() / SLOT_MIN * SLOT_MIN;
    let wanted = minute - 2 * SLOT_MIN + SLOT_MIN * i32::try_from(place).unwrap_or_default();
    instant(day, wanted.clamp(0, 24 * 60 - SLOT_MIN))
}
