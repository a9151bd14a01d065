//! What happened at each visit: reception, a signed note in four sections, sometimes a correction, often a prescription.

use std::collections::HashMap;

use chrono::{DateTime, Duration, NaiveDate, NaiveTime, Utc};
use domain::{Role, StaffId};
use tenancy::clock::JST;
use tenancy::{Act, Authorship, InfoClass};
use uuid::Uuid;

use super::ledger::{Deed, Ledger};
use super::people::Person;
use super::rows::{encounter, medication_request, note, note_amendment, note_section};
use super::texts::{self, Problem};

/// Who works there.
#[derive(Clone, Copy)]
pub struct Team {
    pub doctor: StaffId,
    pub clerk: StaffId,
    pub aide: StaffId,
}

/// A drug of the master, as far as a prescription names it.
#[derive(Clone)]
pub struct Drug {
    pub code: String,
    pub name: String,
    pub unit: String,
    pub release_id: Uuid,
}

/// Reception numbers, one row of them per day.
#[derive(Default)]
pub struct Receptions(HashMap<NaiveDate, i32>);

impl Receptions {
    pub fn next(&mut self, day: NaiveDate) -> i32 {
        let number = self.0.entry(day).or_default();
        *number += 1;
        *number
    }
}

pub struct Visit<'a> {
    pub person: &'a Person,
    pub day: NaiveDate,
    pub number: i32,
    pub arrived_at: DateTime<Utc>,
    pub status: &'static str,
    pub problem: &'static Problem,
    /// Nothing may be recorded later than this.
    pub now: DateTime<Utc>,
}

/// The `number`-th arrival of a past day: every four minutes from 8:50.
pub fn arrival(day: NaiveDate, number: i32) -> DateTime<Utc> {
    let opening = day.and_time(NaiveTime::MIN) + Duration::minutes(8 * 60 + 50 + 4 * i64::from(number));
    opening.and_local_timezone(JST).single().map_or(DateTime::UNIX_EPOCH, |at| at.with_timezone(&Utc))
}

/// 付箋 of those who are in the house.
const MEMOS: &[&str] = &["", "", "車いす・家族同伴", "", "難聴・右耳から", "", "", "保険証 期限切れ"];

/// Bookings stand on the quarter of an hour after the arrival.
fn on_the_quarter(arrived_at: DateTime<Utc>) -> DateTime<Utc> {
    arrived_at + Duration::seconds(900 - arrived_at.timestamp().rem_euclid(900))
}

impl Visit<'_> {
    /// A visit that is over: reception, signed note, prescription, payment.
    pub fn completed(&self, ledger: &mut Ledger, team: Team, drugs: &[Drug]) -> Uuid {
        let encounter_id = self.receive(ledger, team);
        self.sign_note(ledger, team, encounter_id);
        self.prescribe(ledger, team, encounter_id, drugs);
        encounter_id
    }

    /// The row of the visit itself, by the clerk.
    pub fn receive(&self, ledger: &mut Ledger, team: Team) -> Uuid {
        let id = ledger.id_at(self.arrived_at);
        let seen = !matches!(self.status, "registered" | "triage" | "waiting" | "on_hold" | "cancelled");
        let over = matches!(self.status, "paid" | "billing_wait");
        let mut deed = Deed::new(self.arrived_at, (team.clerk, Role::Clerk), Act::Create, InfoClass::Encounter, Some(self.person.id));
        ledger.insert(
            &mut deed,
            encounter::Model {
                tenant_id: Uuid::nil(),
                id,
                version: 0,
                recorded_at: DateTime::UNIX_EPOCH,
                author_id: Uuid::nil(),
                entered_by_id: Uuid::nil(),
                status: self.status.into(),
                digest: vec![],
                patient_id: self.person.id,
                class: "AMB".into(),
                reception_date: self.day,
                reception_number: self.number,
                arrived_at: self.arrived_at,
                started_at: seen.then(|| self.arrived_at + Duration::minutes(16)),
                ended_at: over.then(|| self.arrived_at + Duration::minutes(26)),
                doctor_id: Some(team.doctor.as_uuid()),
                coverage_id: Some(self.person.coverage_id),
                purpose: self.problem.purpose.into(),
                visit_kind: "revisit".into(),
                memo: if over { "" } else { MEMOS[self.number.unsigned_abs() as usize % MEMOS.len()] }.into(),
                is_isolated: false,
                waits_at: if !over && self.number % 6 == 0 { "car" } else { "lobby" }.into(),
                booked_for: (self.number % 3 != 0).then(|| on_the_quarter(self.arrived_at)),
                called_at: None,
            },
        );
        ledger.done(deed, ("encounter", id));
        id
    }

    /// Written and signed by the doctor; one P in twelve was saved twice before, one note in forty got an addendum.
    pub fn sign_note(&self, ledger: &mut Ledger, team: Team, encounter_id: Uuid) {
        let at = self.arrived_at + Duration::minutes(22);
        let entry = texts::entry(self.problem, &mut ledger.rng);
        let note_id = ledger.id_at(at);
        let edited = ledger.rng.chance(8);
        let ids = [(); 4].map(|()| ledger.id_at(at));
        let first_draft = edited.then(|| {
            let mut draft =
                Deed::new(at - Duration::minutes(3), (team.doctor, Role::Doctor), Act::Update, InfoClass::Note, Some(self.person.id));
            let mut section = self.section(ids[3], note_id, "P", "処方継続。", None);
            ledger.version(&mut draft, &mut section, 1, own(team.doctor), "");
            ledger.done(draft, ("note_section", ids[3]));
        });
        let mut deed = Deed::new(at, (team.doctor, Role::Doctor), Act::Sign, InfoClass::Note, Some(self.person.id));
        ledger.insert(&mut deed, self.note(note_id, encounter_id, team.doctor, Some(at)));
        for (id, (letter, body)) in ids.into_iter().zip(&entry.sections) {
            let mut section = self.section(id, note_id, letter, body, Some(at));
            let version = if *letter == "P" && first_draft.is_some() { 2 } else { 1 };
            ledger.version(&mut deed, &mut section, version, own(team.doctor), "");
            ledger.keep(section);
        }
        ledger.done(deed, ("note", note_id));
        let later = at + Duration::hours(3);
        if ledger.rng.chance(3) && later < self.now {
            self.amend(ledger, team, note_id, later);
        }
    }

    /// S only, typed by the assistant for the doctor: what an open chart looks like.
    pub fn open_note(&self, ledger: &mut Ledger, team: Team, encounter_id: Uuid) {
        let at = self.arrived_at + Duration::minutes(17);
        let entry = texts::entry(self.problem, &mut ledger.rng);
        let (note_id, section_id) = (ledger.id_at(at), ledger.id_at(at));
        let by = Authorship { author: team.doctor, entered_by: team.aide };
        let mut deed = Deed::new(at, (team.aide, Role::DoctorAide), Act::Update, InfoClass::Note, Some(self.person.id));
        let mut note = self.note(note_id, encounter_id, team.doctor, None);
        ledger.version(&mut deed, &mut note, 1, by, "");
        ledger.keep(note);
        let mut section = self.section(section_id, note_id, "S", &entry.sections[0].1, None);
        ledger.version(&mut deed, &mut section, 1, by, "");
        ledger.keep(section);
        ledger.done(deed, ("note", note_id));
    }

    fn amend(&self, ledger: &mut Ledger, team: Team, note_id: Uuid, at: DateTime<Utc>) {
        let id = ledger.id_at(at);
        let is_correction = ledger.rng.chance(40);
        let (kind, section, body, reason) = if is_correction {
            ("amendment", Some("A".to_owned()), "左右の記載誤り。正しくは左側の所見。", "記載誤りのため")
        } else {
            ("addendum", None, "検査結果を電話で説明し、次回予約を確認した。", "")
        };
        let mut deed = Deed::new(at, (team.doctor, Role::Doctor), Act::Amend, InfoClass::Note, Some(self.person.id));
        ledger.insert(
            &mut deed,
            note_amendment::Model {
                tenant_id: Uuid::nil(),
                id,
                version: 0,
                recorded_at: DateTime::UNIX_EPOCH,
                author_id: Uuid::nil(),
                entered_by_id: Uuid::nil(),
                status: "signed".into(),
                digest: vec![],
                note_id,
                patient_id: self.person.id,
                kind: kind.into(),
                section,
                body: body.into(),
                reason: reason.into(),
            },
        );
        ledger.done(deed, ("note_amendment", id));
    }

    fn prescribe(&self, ledger: &mut Ledger, team: Team, encounter_id: Uuid, drugs: &[Drug]) {
        let at = self.arrived_at + Duration::minutes(24);
        let lines: Vec<_> = self
            .problem
            .drugs
            .iter()
            .filter_map(|(word, usage, days)| drugs.iter().find(|drug| drug.name.contains(word)).map(|drug| (drug, *usage, *days)))
            .collect();
        if lines.is_empty() {
            return;
        }
        let mut deed = Deed::new(at, (team.doctor, Role::Doctor), Act::Sign, InfoClass::Prescription, Some(self.person.id));
        for (line_no, (drug, usage, days)) in (1..).zip(lines) {
            let row = self.line(ledger, encounter_id, line_no, drug, usage, days, team.doctor, at);
            ledger.insert(&mut deed, row);
        }
        ledger.done(deed, ("encounter", encounter_id));
    }

    #[allow(clippy::too_many_arguments)] // one row's values
    fn line(
        &self,
        ledger: &mut Ledger,
        encounter_id: Uuid,
        line_no: i32,
        drug: &Drug,
        usage: &str,
        days: i32,
        doctor: StaffId,
        at: DateTime<Utc>,
    ) -> medication_request::Model {
        medication_request::Model {
            tenant_id: Uuid::nil(),
            id: ledger.id_at(at),
            version: 0,
            recorded_at: DateTime::UNIX_EPOCH,
            author_id: Uuid::nil(),
            entered_by_id: Uuid::nil(),
            status: "signed".into(),
            digest: vec![],
            patient_id: self.person.id,
            encounter_id,
            line_no,
            drug_code: drug.code.clone(),
            drug_code_system: "receipt".into(),
            drug_name: drug.name.clone(),
            dose_value: "1".into(),
            dose_unit: drug.unit.clone(),
            usage_text: usage.into(),
            days: Some(days),
            quantity_text: String::new(),
            generic_substitution: "allowed".into(),
            comment: String::new(),
            master_release_id: drug.release_id,
            signed_at: Some(at),
            signed_by_id: Some(doctor.as_uuid()),
            prescription_id: None,
            usage_code: String::new(),
            generic_name: String::new(),
            is_generic: false,
            preparation: String::new(),
            leftover_days: 0,
        }
    }

    fn note(&self, id: Uuid, encounter_id: Uuid, doctor: StaffId, signed_at: Option<DateTime<Utc>>) -> note::Model {
        note::Model {
            tenant_id: Uuid::nil(),
            id,
            version: 0,
            recorded_at: DateTime::UNIX_EPOCH,
            author_id: Uuid::nil(),
            entered_by_id: Uuid::nil(),
            status: if signed_at.is_some() { "signed" } else { "draft" }.into(),
            digest: vec![],
            patient_id: self.person.id,
            encounter_id,
            noted_on: self.day,
            responsible_id: doctor.as_uuid(),
            signed_at,
            signed_by_id: signed_at.map(|_| doctor.as_uuid()),
        }
    }

    fn section(&self, id: Uuid, note_id: Uuid, letter: &str, body: &str, frozen_at: Option<DateTime<Utc>>) -> note_section::Model {
        note_section::Model {
            tenant_id: Uuid::nil(),
            id,
            version: 0,
            recorded_at: DateTime::UNIX_EPOCH,
            author_id: Uuid::nil(),
            entered_by_id: Uuid::nil(),
            status: if frozen_at.is_some() { "signed" } else { "draft" }.into(),
            digest: vec![],
            note_id,
            patient_id: self.person.id,
            section: letter.into(),
            body: body.into(),
            frozen_at,
        }
    }
}

fn own(staff: StaffId) -> Authorship {
    Authorship { author: staff, entered_by: staff }
}
