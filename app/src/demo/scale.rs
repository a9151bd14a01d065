//! Many clinics for the bench: the patients of each came by one import per thousand, nobody has visited yet.

use chrono::{DateTime, Duration, Utc};
use domain::Role;
use serde_json::json;
use tenancy::{Act, InfoClass};
use uuid::Uuid;

use super::clinics::{CLINICS, Clinic, STAFF};
use super::history::{Passwords, employ, tenant_row};
use super::ledger::{Deed, Ledger};
use super::people::{self, Arrival};
use super::rng::Rng;

/// Patients brought by one act.
const IMPORT: usize = 1_000;

/// The code of the `number`-th clinic of that size.
pub fn code(patients: usize, number: usize) -> String {
    format!("bench-{patients}-{number:04}")
}

/// The same on every day, so that seeding twice finds what is there.
pub fn tenant_id(patients: usize, number: usize) -> Uuid {
    let seed = u64::try_from(patients * 1_000_000 + number).unwrap_or(0);
    Rng::new(seed).id_at(DateTime::UNIX_EPOCH + Duration::days(20_000))
}

/// The clinic, its doctor, and its patients in the given range; the first range opens the clinic.
pub struct Scaled {
    pub ledger: Ledger,
    pub doctor: domain::StaffId,
    now: DateTime<Utc>,
    next: usize,
    patients: usize,
}

impl Scaled {
    pub fn open(patients: usize, number: usize, now: DateTime<Utc>, passwords: &Passwords) -> Self {
        let id = tenant_id(patients, number);
        let mut ledger = Ledger::new(id, u64::try_from(number).unwrap_or(0));
        let opened = now - Duration::days(400);
        let (code, name) = (code(patients, number), format!("計測クリニック{number:04}"));
        let mut row = tenant_row(&Clinic { id, ..CLINICS[0] }, opened);
        row["code"] = code.into();
        row["name"] = name.into();
        ledger.plain("tenant", &row);
        let place = ledger.id_at(opened);
        ledger.plain("place", &json!({"tenant_id": id, "id": place, "name": "診察室", "kind": "exam"}));
        let doctor = employ(&mut ledger, &STAFF[0], opened, passwords);
        Self { ledger, doctor, now, next: 0, patients }
    }

    /// The next import, or `false` when everybody is there.
    pub fn import(&mut self) -> bool {
        let at = self.now - Duration::days(300);
        let mut deed = Deed::new(at, (self.doctor, Role::Doctor), Act::Import, InfoClass::Patient, None);
        for index in self.next..self.patients.min(self.next + IMPORT) {
            let age = self.ledger.rng.between(0, 95);
            people::import(&mut self.ledger, &mut deed, &Arrival { index, at, age });
        }
        let id = self.ledger.id_at(at);
        self.ledger.done(deed, ("import", id));
        self.next += IMPORT;
        self.next < self.patients
    }
}
