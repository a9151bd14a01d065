//! 病名 of the demo's patients: what each visit was about, noted once; what passes is healed a week later.

use std::collections::HashSet;

use chrono::Duration;
use domain::Role;
use serde_json::json;
use tenancy::{Act, Authorship, InfoClass};
use uuid::Uuid;

use super::ledger::{Deed, Ledger};
use super::rows::condition;
use super::visits::{Team, Visit};

/// A disease of the master, as far as a chart names it.
#[derive(Clone)]
pub struct Disease {
    pub code: String,
    pub name: String,
    pub exchange_code: String,
    pub icd10: String,
    pub release_id: Uuid,
}

/// 来院目的 → 病名 of the sample master, and whether it passes.
const NAMES: &[(&str, &str, bool)] = &[
    ("高血圧", "見本高血圧症", false),
    ("糖尿病", "見本２型糖尿病", false),
    ("かぜ", "見本かぜ症候群", true),
    ("腹痛", "見本胃炎", true),
    ("腰痛", "見本腰痛症", false),
    ("花粉", "見本アレルギー性鼻炎", false),
];
/// A 疑い that goes with a name.
const DOUBTS: &[(&str, &str)] = &[("高血圧", "見本脂質異常症"), ("腹痛", "見本湿疹")];
const HEALED_AFTER_DAYS: i64 = 7;

/// Names already on each patient's list.
#[derive(Default)]
pub struct Known(HashSet<(Uuid, &'static str)>);

pub fn note(ledger: &mut Ledger, known: &mut Known, visit: &Visit, team: Team, encounter_id: Uuid, diseases: &[Disease]) {
    let purpose = visit.problem.purpose;
    let named = NAMES.iter().find(|(word, _, _)| purpose.contains(word));
    for (_, name, passes) in named.into_iter() {
        if known.0.insert((visit.person.id, name)) {
            let is_first = !passes && known.0.iter().filter(|(id, _)| *id == visit.person.id).count() == 1;
            one(ledger, visit, team, encounter_id, find(diseases, name), &Sort { is_main: is_first, is_suspected: false, passes: *passes });
        }
    }
    let doubted = DOUBTS.iter().find(|(word, _)| purpose.contains(word)).filter(|_| visit.number % 5 == 0);
    for (_, name) in doubted.into_iter() {
        if known.0.insert((visit.person.id, name)) {
            one(ledger, visit, team, encounter_id, find(diseases, name), &Sort { is_main: false, is_suspected: true, passes: false });
        }
    }
}

struct Sort {
    is_main: bool,
    is_suspected: bool,
    passes: bool,
}

fn find<'a>(diseases: &'a [Disease], name: &str) -> Option<&'a Disease> {
    diseases.iter().find(|disease| disease.name == name)
}

fn one(ledger: &mut Ledger, visit: &Visit, team: Team, encounter_id: Uuid, disease: Option<&Disease>, sort: &Sort) {
    let Some(disease) = disease else { return };
    let at = visit.arrived_at + Duration::minutes(23);
    let id = ledger.id_at(at);
    let mut row = condition::Model {
        tenant_id: Uuid::nil(),
        id,
        version: 0,
        recorded_at: at,
        author_id: Uuid::nil(),
        entered_by_id: Uuid::nil(),
        status: "active".into(),
        digest: vec![],
        patient_id: visit.person.id,
        encounter_id: Some(encounter_id),
        disease_code: disease.code.clone(),
        disease_name: disease.name.clone(),
        exchange_code: disease.exchange_code.clone(),
        icd10: disease.icd10.clone(),
        modifiers: json!([]),
        display_name: domain::condition::display(&disease.name, &[], sort.is_suspected),
        started_on: visit.day,
        is_suspected: sort.is_suspected,
        is_main: sort.is_main,
        is_undisclosed: false,
        purpose: "claim".into(),
        outcome: None,
        ended_on: None,
        master_release_id: disease.release_id,
    };
    let by = Authorship { author: team.doctor, entered_by: team.doctor };
    let mut deed = Deed::new(at, (team.doctor, Role::Doctor), Act::Create, InfoClass::Condition, Some(visit.person.id));
    ledger.version(&mut deed, &mut row, 1, by, "");
    ledger.done(deed, ("condition", id));
    let healed = at + Duration::days(HEALED_AFTER_DAYS);
    if sort.passes && healed < visit.now {
        row.status = "ended".into();
        (row.outcome, row.ended_on) = (Some("healed".into()), Some(visit.day + Duration::days(HEALED_AFTER_DAYS)));
        let mut deed = Deed::new(healed, (team.doctor, Role::Doctor), Act::Update, InfoClass::Condition, Some(visit.person.id));
        ledger.version(&mut deed, &mut row, 2, by, "");
        ledger.done(deed, ("condition", id));
    }
    ledger.keep(row);
}
