//! What is known beside the notes: allergies, and today's examinations with results nobody has read yet. Written after everything
//! else, so that the people and visits of the demo stay the ones they were.

use chrono::{DateTime, Duration, Utc};
use domain::{Role, clock};
use tenancy::{Act, InfoClass};
use uuid::Uuid;

use super::ledger::{Deed, Ledger};
use super::rows::{allergy_intolerance, observation_result, service_request};
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
}

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

/// 尿検査 issued for each open visit; the first ones have results waiting to be read.
pub fn orders(ledger: &mut Ledger, team: Team, open: &[Open]) {
    for (n, visit) in open.iter().enumerate() {
        let (ordered_at, resulted_at) = (visit.at + Duration::minutes(1), visit.at + Duration::minutes(2));
        let (status, is_done) = if n < 10 { ("resulted", true) } else { ("issued", false) };
        let id = ledger.id_at(ordered_at);
        let mut deed = Deed::new(ordered_at, (team.doctor, Role::Doctor), Act::Create, InfoClass::Order, Some(visit.patient));
        ledger.insert(&mut deed, order(visit, id, team, status, ordered_at, is_done.then_some(resulted_at)));
        ledger.done(deed, ("service_request", id));
        if is_done {
            result(ledger, team, visit, id, resulted_at, if n == 0 { ("5.8", "H") } else { ("4.1", "") });
        }
    }
}

fn order(visit: &Open, id: Uuid, team: Team, status: &str, at: DateTime<Utc>, done_at: Option<DateTime<Utc>>) -> service_request::Model {
    service_request::Model {
        tenant_id: Uuid::nil(),
        id,
        version: 0,
        recorded_at: DateTime::UNIX_EPOCH,
        author_id: Uuid::nil(),
        entered_by_id: Uuid::nil(),
        status: status.into(),
        digest: vec![],
        patient_id: visit.patient,
        encounter_id: visit.encounter,
        category: "laboratory".into(),
        code: "SMP-REN".into(),
        name: "見本腎機能検査".into(),
        specimen: "血液".into(),
        procedure_code: "199999004".into(),
        quantity: 1,
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

fn result(ledger: &mut Ledger, team: Team, visit: &Open, order: Uuid, at: DateTime<Utc>, (value, flag): (&str, &str)) {
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
            code: "SMP-K".into(),
            name: "カリウム".into(),
            value_text: value.into(),
            unit: "mmol/L".into(),
            reference_low: "3.6".into(),
            reference_high: "4.8".into(),
            flag: flag.into(),
            ordered_by_id: team.doctor.as_uuid(),
            observed_at: at,
            reviewed_at: None,
            reviewed_by_id: None,
        },
    );
    ledger.done(deed, ("observation_result", id));
}
