//! 入院: stays with the wards passed through, and a progress note every other day.

use chrono::{DateTime, Days, Duration, NaiveDate, Utc};
use domain::Role;
use serde_json::json;
use tenancy::{Act, InfoClass};
use uuid::Uuid;

use super::ledger::{Deed, Ledger};
use super::people::Person;
use super::rows::encounter;
use super::texts;
use super::visits::{Receptions, Team, Visit, arrival};

pub struct Stay<'a> {
    pub person: &'a Person,
    pub admitted_on: NaiveDate,
    /// `None` while the patient is still here.
    pub discharged_on: Option<NaiveDate>,
    /// Where the stay began, and where it went on from the third day.
    pub wards: [Uuid; 2],
}

impl Stay<'_> {
    pub fn record(&self, ledger: &mut Ledger, team: Team, receptions: &mut Receptions, now: DateTime<Utc>) {
        let number = receptions.next(self.admitted_on);
        let at = arrival(self.admitted_on, number);
        let id = self.admit(ledger, team, number, at);
        self.locations(ledger, id, at);
        let last = self.discharged_on.unwrap_or(now.date_naive());
        let mut day = self.admitted_on;
        while day <= last {
            let arrived_at = arrival(day, number % 60);
            if arrived_at + Duration::minutes(40) < now {
                let problem = texts::problem(self.person.age_on(day), &mut ledger.rng);
                let visit = Visit { person: self.person, day, number, arrived_at, status: "treatment", problem, now };
                visit.sign_note(ledger, team, id);
            }
            day = day + Days::new(2);
        }
    }

    fn admit(&self, ledger: &mut Ledger, team: Team, number: i32, at: DateTime<Utc>) -> Uuid {
        let id = ledger.id_at(at);
        let mut deed = Deed::new(at, (team.clerk, Role::Clerk), Act::Create, InfoClass::Encounter, Some(self.person.id));
        ledger.insert(
            &mut deed,
            encounter::Model {
                tenant_id: Uuid::nil(),
                id,
                version: 0,
                recorded_at: DateTime::UNIX_EPOCH,
                author_id: Uuid::nil(),
                entered_by_id: Uuid::nil(),
                status: if self.discharged_on.is_some() { "paid" } else { "treatment" }.into(),
                digest: vec![],
                patient_id: self.person.id,
                class: "IMP".into(),
                reception_date: self.admitted_on,
                reception_number: number,
                arrived_at: at,
                started_at: Some(at),
                ended_at: self.discharged_on.map(|day| arrival(day, 15)),
                doctor_id: Some(team.doctor.as_uuid()),
                coverage_id: Some(self.person.coverage_id),
                purpose: "入院".into(),
                visit_kind: "revisit".into(),
                memo: String::new(),
                is_isolated: false,
                waits_at: "lobby".into(),
                booked_for: None,
                called_at: None,
            },
        );
        ledger.done(deed, ("encounter", id));
        id
    }

    fn locations(&self, ledger: &mut Ledger, encounter_id: Uuid, at: DateTime<Utc>) {
        let end = self.discharged_on.map(|day| arrival(day, 15));
        let moved = Some(at + Duration::days(2)).filter(|moved| end.is_none_or(|end| *moved < end));
        let mut place = |place_id: Uuid, from: DateTime<Utc>, to: Option<DateTime<Utc>>| {
            let row = json!({
                "tenant_id": ledger.tenant_id, "id": ledger.id_at(from), "encounter_id": encounter_id, "place_id": place_id,
                "from_at": from, "to_at": to,
            });
            ledger.plain("encounter_location", &row);
        };
        place(self.wards[0], at, moved.or(end));
        if let Some(moved) = moved {
            place(self.wards[1], moved, end);
        }
    }
}
