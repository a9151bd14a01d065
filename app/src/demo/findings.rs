//! What is known beside the notes: allergies, and today's examinations with results nobody has read yet. Written after everything
//! else, so that the people and visits of the demo stay the ones they were.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use domain::insurer::check_digit;
use domain::{Role, clock};
use tenancy::{Act, InfoClass};
use uuid::Uuid;

use super::ledger::{Deed, Ledger};
use super::rows::{allergy_intolerance, coverage, observation_result, patient_flag, queue_ticket, service_request};
use super::visits::Team;

/// Somebody the demo knows by now.
pub struct Known {
    pub patient: Uuid,
    pub since: DateTime<Utc>,
}

/// A visit of today with an open examination.
pub struct Open {
    pub patient: Uuid,
    pub encounter: Uuid,
    pub at: DateTime<Utc>,
    /// On the way through the examinations now.
    pub is_examined: bool,
}

/// How many results the first visits have waiting to be read: ten in all.
const UNREAD: [usize; 4] = [4, 3, 2, 1];
/// Code, name, specimen; then what came back.
const EXAMS: [(&str, &str, &str); 4] = [
    ("SMP-REN", "見本腎機能検査", "血液"),
    ("SMP-A1C", "見本HbA1c", "血液"),
    ("SMP-CBC", "見本末梢血液検査", "血液"),
    ("SMP-LIP", "見本脂質検査", "血液"),
];
const VALUES: [[&str; 5]; 4] = [
    ["SMP-K", "カリウム", "mmol/L", "3.6", "4.8"],
    ["SMP-A1C", "HbA1c", "%", "4.9", "6.0"],
    ["SMP-HB", "ヘモグロビン", "g/dL", "11.6", "16.8"],
    ["SMP-LDL", "LDLコレステロール", "mg/dL", "65", "163"],
];
const MEASURED: [&str; 4] = ["4.1", "5.6", "13.2", "118"];
const URINE: (&str, &str, &str) = ("SMP-URI", "見本尿検査", "尿");
const WOUND: (&str, &str, &str) = ("SMP-WOUND", "見本創傷処置", "");

/// Every eighth patient reacts to something; every second one was asked and has nothing; the others were not asked.
pub fn allergies(ledger: &mut Ledger, team: Team, known: &[Known]) {
    const SUBSTANCES: [(&str, &str, &str, &str, &str); 4] = [
        ("medication", "ペニシリン系", "", "", "severe"),
        ("food", "そば", "J9FA19140000", "jfagy", "moderate"),
        ("environment", "ラテックス", "", "", "mild"),
        ("food", "卵", "", "", ""),
    ];
    for (at, person) in known.iter().enumerate() {
        let row = match at % 8 {
            0 => SUBSTANCES[(at / 8) % SUBSTANCES.len()],
            2 | 4 | 6 => ("none", "", "", "", ""),
            _ => continue,
        };
        allergy(ledger, team, person, row);
    }
}

fn allergy(ledger: &mut Ledger, team: Team, person: &Known, (category, substance, code, system, severity): (&str, &str, &str, &str, &str)) {
    let at = person.since + Duration::minutes(12);
    let id = ledger.id_at(at);
    let mut deed = Deed::new(at, (team.doctor, Role::Doctor), Act::Create, InfoClass::Allergy, Some(person.patient));
    ledger.insert(
        &mut deed,
        allergy_intolerance::Model {
            tenant_id: Uuid::nil(),
            id,
            version: 0,
            recorded_at: DateTime::UNIX_EPOCH,
            author_id: Uuid::nil(),
            entered_by_id: Uuid::nil(),
            status: "active".into(),
            digest: vec![],
            patient_id: person.patient,
            category: category.into(),
            substance: substance.into(),
            substance_code: code.into(),
            substance_system: system.into(),
            ingredient_code: String::new(),
            reaction: if substance.is_empty() { "" } else { "蕁麻疹" }.into(),
            severity: severity.into(),
            certainty: "confirmed".into(),
            source: "patient".into(),
            asked_on: clock::today(at),
        },
    );
    ledger.done(deed, ("allergy_intolerance", id));
}

/// Every seventh patient was asked about infections; some carry one. One in ten has a 付箋 of their own.
pub fn flags(ledger: &mut Ledger, team: Team, known: &[Known]) {
    const INFECTIONS: [&str; 3] = ["HCV", "MRSA", "HBV"];
    const STUCK: [&str; 3] = ["車いす", "難聴・右耳から", "ご家族が説明に同席"];
    for (at, person) in known.iter().enumerate() {
        if at % 7 == 3 {
            let said = if at % 2 == 0 { INFECTIONS[(at / 14) % INFECTIONS.len()] } else { "" };
            flag(ledger, team, person, "infection", said);
        }
        if at % 10 == 4 {
            flag(ledger, team, person, "sticky", STUCK[(at / 10) % STUCK.len()]);
        }
    }
}

fn flag(ledger: &mut Ledger, team: Team, person: &Known, category: &str, said: &str) {
    let at = person.since + Duration::minutes(13);
    let id = ledger.id_at(at);
    let mut deed = Deed::new(at, (team.doctor, Role::Doctor), Act::Create, InfoClass::Flag, Some(person.patient));
    ledger.insert(
        &mut deed,
        patient_flag::Model {
            tenant_id: Uuid::nil(),
            id,
            version: 0,
            recorded_at: DateTime::UNIX_EPOCH,
            author_id: Uuid::nil(),
            entered_by_id: Uuid::nil(),
            status: "active".into(),
            digest: vec![],
            patient_id: person.patient,
            encounter_id: None,
            category: category.into(),
            is_present: !said.is_empty(),
            said: said.into(),
            source: if category == "sticky" { "" } else { "patient" }.into(),
            noted_on: clock::today(at),
        },
    );
    ledger.done(deed, ("patient_flag", id));
}

/// 難病 beside the insurance of every thirtieth patient: 公費 in its place on bill and paper.
pub fn public_expenses(ledger: &mut Ledger, team: Team, known: &[Known]) {
    for (at, person) in known.iter().enumerate().filter(|(at, _)| at % 30 == 5) {
        let since = person.since + Duration::minutes(3);
        let id = ledger.id_at(since);
        let mut deed = Deed::new(since, (team.clerk, Role::Clerk), Act::Create, InfoClass::Coverage, Some(person.patient));
        ledger.insert(&mut deed, public_expense(id, person.patient, at, clock::today(since)));
        ledger.done(deed, ("coverage", id));
    }
}

fn public_expense(id: Uuid, patient_id: Uuid, at: usize, day: NaiveDate) -> coverage::Model {
    let recipient = format!("{:06}", 100_000 + at);
    coverage::Model {
        tenant_id: Uuid::nil(),
        id,
        version: 0,
        recorded_at: DateTime::UNIX_EPOCH,
        author_id: Uuid::nil(),
        entered_by_id: Uuid::nil(),
        status: "active".into(),
        digest: vec![],
        patient_id,
        kind: "public_expense".into(),
        insurer_number: "54139993".into(),
        insurer_name: String::new(),
        insured_symbol: String::new(),
        insured_number: format!("{recipient}{}", check_digit(&recipient)),
        branch_number: String::new(),
        relation: "self".into(),
        copay_percent: Some(20),
        insured_card_classification: String::new(),
        limit_category: String::new(),
        specific_diseases: String::new(),
        valid_from: Some(day),
        valid_to: None,
        verified_on: Some(day),
        verification: "certificate".into(),
        eligibility: "unchecked".into(),
        priority: 1,
        cap_yen: Some(10_000),
        is_paid_back: false,
        medical_ticket: String::new(),
    }
}

/// 順番予約: somebody telephoned a little while ago and is not here yet.
pub fn ticket(ledger: &mut Ledger, team: Team, person: &Known, number: i32, day: NaiveDate, at: DateTime<Utc>) {
    let id = ledger.id_at(at);
    let mut deed = Deed::new(at, (team.clerk, Role::Clerk), Act::Create, InfoClass::Appointment, Some(person.patient));
    ledger.insert(
        &mut deed,
        queue_ticket::Model {
            tenant_id: Uuid::nil(),
            id,
            version: 0,
            recorded_at: DateTime::UNIX_EPOCH,
            author_id: Uuid::nil(),
            entered_by_id: Uuid::nil(),
            status: "booked".into(),
            digest: vec![],
            patient_id: person.patient,
            day,
            number,
            doctor_id: None,
            encounter_id: None,
        },
    );
    ledger.done(deed, ("queue_ticket", id));
}

/// The first visits have results waiting to be read; those on their way through the examinations have them ahead, and every fourth
/// of the others a urine test.
pub fn orders(ledger: &mut Ledger, team: Team, open: &[Open]) {
    for (n, visit) in open.iter().filter(|visit| visit.is_examined).enumerate() {
        issue(ledger, team, visit, 1, EXAMS[n % EXAMS.len()]);
        if n % 2 == 0 {
            issue(ledger, team, visit, 2, WOUND);
        }
    }
    for (n, visit) in open.iter().filter(|visit| !visit.is_examined).enumerate() {
        for (exam, measured) in MEASURED.iter().enumerate().take(UNREAD.get(n).copied().unwrap_or_default()) {
            let value = if n == 0 && exam == 0 { ("5.8", "H") } else { (*measured, "") };
            resulted(ledger, team, visit, exam, value);
        }
        if n >= UNREAD.len() && n % 4 == 0 {
            issue(ledger, team, visit, 1, URINE);
        }
    }
}

fn issue(ledger: &mut Ledger, team: Team, visit: &Open, position: i32, exam: (&str, &str, &str)) -> Uuid {
    place(ledger, team, visit, position, exam, None)
}

fn resulted(ledger: &mut Ledger, team: Team, visit: &Open, exam: usize, value: (&str, &str)) {
    let at = visit.at + Duration::minutes(2);
    let id = place(ledger, team, visit, exam as i32 + 1, EXAMS[exam], Some(at));
    result(ledger, team, visit, id, at, VALUES[exam], value);
}

fn place(ledger: &mut Ledger, team: Team, visit: &Open, position: i32, exam: (&str, &str, &str), done_at: Option<DateTime<Utc>>) -> Uuid {
    let at = visit.at + Duration::minutes(1);
    let id = ledger.id_at(at);
    let mut deed = Deed::new(at, (team.doctor, Role::Doctor), Act::Create, InfoClass::Order, Some(visit.patient));
    let row = service_request::Model { position, ..order(visit, id, team, exam, at, done_at) };
    ledger.insert(&mut deed, row);
    ledger.done(deed, ("service_request", id));
    id
}

fn order(
    visit: &Open,
    id: Uuid,
    team: Team,
    (code, name, specimen): (&str, &str, &str),
    at: DateTime<Utc>,
    done_at: Option<DateTime<Utc>>,
) -> service_request::Model {
    service_request::Model {
        tenant_id: Uuid::nil(),
        id,
        version: 0,
        recorded_at: DateTime::UNIX_EPOCH,
        author_id: Uuid::nil(),
        entered_by_id: Uuid::nil(),
        status: if done_at.is_some() { "resulted" } else { "issued" }.into(),
        digest: vec![],
        patient_id: visit.patient,
        encounter_id: visit.encounter,
        category: if code == WOUND.0 { "procedure" } else { "laboratory" }.into(),
        code: code.into(),
        name: name.into(),
        specimen: specimen.into(),
        procedure_code: "199999004".into(),
        quantity: 1,
        position: 1,
        is_stat: false,
        due_on: clock::today(at),
        note: String::new(),
        issued_at: Some(at),
        issued_by_id: Some(team.doctor.as_uuid()),
        acknowledged_at: done_at,
        acknowledged_by_id: done_at.map(|_| team.aide.as_uuid()),
        done_at,
        done_by_id: done_at.map(|_| team.aide.as_uuid()),
    }
}

fn result(
    ledger: &mut Ledger,
    team: Team,
    visit: &Open,
    order: Uuid,
    at: DateTime<Utc>,
    [code, name, unit, low, high]: [&str; 5],
    (value, flag): (&str, &str),
) {
    let id = ledger.id_at(at);
    let mut deed = Deed::new(at, (team.doctor, Role::Doctor), Act::Update, InfoClass::Order, Some(visit.patient));
    ledger.insert(
        &mut deed,
        observation_result::Model {
            tenant_id: Uuid::nil(),
            id,
            version: 0,
            recorded_at: DateTime::UNIX_EPOCH,
            author_id: Uuid::nil(),
            entered_by_id: Uuid::nil(),
            status: "unread".into(),
            digest: vec![],
            patient_id: visit.patient,
            service_request_id: order,
            code: code.into(),
            name: name.into(),
            value_text: value.into(),
            unit: unit.into(),
            reference_low: low.into(),
            reference_high: high.into(),
            flag: flag.into(),
            ordered_by_id: team.doctor.as_uuid(),
            observed_at: at,
            reviewed_at: None,
            reviewed_by_id: None,
        },
    );
    ledger.done(deed, ("observation_result", id));
}
