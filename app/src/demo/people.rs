//! Patients of a clinic with their insurance. The same numbers and names come first in every clinic, so that a leak
//! between neighbours would be visible anywhere.

use chrono::{DateTime, Datelike as _, Days, NaiveDate, Utc};
use domain::phone::Phone;
use domain::search_key::search_key;
use domain::{Role, StaffId};
use tenancy::{Act, InfoClass};
use uuid::Uuid;

use super::ledger::{Deed, Ledger};
use super::names::{self, Sex};
use super::rows::{coverage, patient};

pub struct Person {
    pub id: Uuid,
    pub coverage_id: Uuid,
    pub birth_date: NaiveDate,
    pub copay_percent: i32,
}

impl Person {
    pub fn age_on(&self, day: NaiveDate) -> i64 {
        let had_birthday = (day.month(), day.day()) >= (self.birth_date.month(), self.birth_date.day());
        i64::from(day.year() - self.birth_date.year() - i32::from(!had_birthday))
    }
}

const TOWNS: &[(&str, &str)] = &[
    ("198-0011", "東京都青梅市紺屋町"),
    ("198-0012", "東京都青梅市機織"),
    ("198-0013", "東京都青梅市糸繰台"),
    ("198-0014", "東京都青梅市染谷"),
    ("198-0015", "東京都青梅市絣が丘"),
];

/// Who came first, when, and how old they are then.
pub struct Arrival {
    pub index: usize,
    pub at: DateTime<Utc>,
    pub age: i64,
}

/// Registers one patient: row, insurance, and the act of the clerk who did it.
pub fn register(ledger: &mut Ledger, arrival: &Arrival, clerk: StaffId) -> Person {
    let (name, sex) = names::person(arrival.index, &mut ledger.rng);
    let birth_date = birth_date(ledger, arrival);
    let id = ledger.id_at(arrival.at);
    let mut deed = Deed::new(arrival.at, (clerk, Role::Clerk), Act::Create, InfoClass::Patient, Some(id));
    let row = patient_row(ledger, id, &name, sex, birth_date, arrival.index);
    ledger.insert(&mut deed, row);
    let coverage_id = ledger.id_at(arrival.at);
    let row = coverage_row(ledger, coverage_id, id, arrival.age, arrival.at.date_naive());
    let copay_percent = row.copay_percent.unwrap_or(100);
    ledger.insert(&mut deed, row);
    ledger.done(deed, ("patient", id));
    Person { id, coverage_id, birth_date, copay_percent }
}

/// The patient alone, as part of an act that brings many: enough to search among.
pub fn import(ledger: &mut Ledger, deed: &mut Deed, arrival: &Arrival) {
    let (name, sex) = names::person(arrival.index, &mut ledger.rng);
    let birth_date = birth_date(ledger, arrival);
    let id = ledger.id_at(arrival.at);
    let row = patient_row(ledger, id, &name, sex, birth_date, arrival.index);
    ledger.insert(deed, row);
}

fn birth_date(ledger: &mut Ledger, arrival: &Arrival) -> NaiveDate {
    let days = arrival.age * 365 + ledger.rng.between(0, 365);
    let day = arrival.at.date_naive();
    day.checked_sub_days(Days::new(days.unsigned_abs())).unwrap_or(day)
}

fn patient_row(ledger: &mut Ledger, id: Uuid, name: &names::Name, sex: Sex, birth_date: NaiveDate, index: usize) -> patient::Model {
    let rng = &mut ledger.rng;
    let town = rng.pick(TOWNS);
    // 0428-00 and 070-0000 are not given out.
    let tel = if rng.chance(60) { format!("0428-00-{:04}", rng.between(0, 10_000)) } else { String::new() };
    let mobile = if rng.chance(80) { format!("070-0000-{:04}", rng.between(0, 10_000)) } else { String::new() };
    patient::Model {
        tenant_id: Uuid::nil(),
        id,
        version: 0,
        recorded_at: DateTime::UNIX_EPOCH,
        author_id: Uuid::nil(),
        entered_by_id: Uuid::nil(),
        status: "active".into(),
        digest: vec![],
        patient_number: format!("{:06}", index + 1),
        name_ideographic: name.ideographic.clone(),
        name_syllabic: name.syllabic.clone(),
        alias_name: String::new(),
        sex: sex.code().into(),
        birth_date,
        postal_code: town.0.into(),
        address: format!("{}{}-{}-{}", town.1, rng.between(1, 6), rng.between(1, 30), rng.between(1, 20)),
        tel_last4: last4(&tel),
        mobile_last4: last4(&mobile),
        tel,
        mobile,
        email: String::new(),
        language: if name.ideographic.is_ascii() { "vi".into() } else { "ja".into() },
        note: String::new(),
        deceased_on: None,
        emergency_contacts: String::new(),
        household_head: String::new(),
        household_relation: String::new(),
        occupation: String::new(),
        pharmacy: String::new(),
        referrer: String::new(),
        contact_ok: String::new(),
        merged_into_id: None,
        merge_id: None,
        kana_key: search_key(&name.syllabic),
        kanji_key: search_key(&name.ideographic),
    }
}

fn last4(number: &str) -> String {
    Phone::parse(number).map(|phone| phone.last4()).unwrap_or_default()
}

fn coverage_row(ledger: &mut Ledger, id: Uuid, patient_id: Uuid, age: i64, day: NaiveDate) -> coverage::Model {
    let rng = &mut ledger.rng;
    let (kind, insurer_number, insurer_name, copay) = match age {
        75.. => ("late_elderly", "39130018", "東京都後期高齢者医療広域連合", 10),
        70..75 => ("national", "130054", "青梅市国民健康保険", 20),
        0..6 => ("employees", "01130012", "全国健康保険協会 東京支部", 20),
        _ if rng.chance(60) => ("employees", "01130012", "全国健康保険協会 東京支部", 30),
        _ => ("national", "130054", "青梅市国民健康保険", 30),
    };
    let is_family = age < 18 || (age < 70 && rng.chance(30));
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
        kind: kind.into(),
        insurer_number: insurer_number.into(),
        insurer_name: insurer_name.into(),
        insured_symbol: if kind == "late_elderly" { String::new() } else { rng.digits(4) },
        insured_number: rng.digits(8),
        branch_number: if kind == "late_elderly" { String::new() } else { if is_family { "02" } else { "01" }.into() },
        relation: if is_family { "family" } else { "self" }.into(),
        copay_percent: Some(copay),
        insured_card_classification: "01".into(),
        limit_category: String::new(),
        specific_diseases: String::new(),
        valid_from: Some(day),
        valid_to: None,
        verified_on: Some(day),
        verification: "card".into(),
        eligibility: "valid".into(),
        priority: 0,
        cap_yen: None,
        is_paid_back: false,
        medical_ticket: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use domain::insurer::parse_insurer_number;
    use domain::kana::Kana;
    use domain::patient::{PatientNumber, PostalCode, is_language};

    use super::*;
    use crate::demo::names::NOTABLE;
    use crate::demo::rng::Rng;

    /// The demo's patients could have been typed in: each passes the checks of the registration form.
    #[test]
    fn every_patient_could_have_been_registered_by_hand() {
        let mut ledger = Ledger::new(Uuid::nil(), 1);
        for index in 0..500 {
            let (name, sex) = names::person(index, &mut ledger.rng);
            let birth_date = NaiveDate::from_ymd_opt(1980, 2, 29).unwrap();
            let row = patient_row(&mut ledger, Uuid::nil(), &name, sex, birth_date, index);
            assert!(Kana::parse(&row.name_syllabic).is_ok() || Kana::parse_foreign(&row.name_syllabic).is_ok(), "{}", row.name_syllabic);
            assert!(PatientNumber::parse(&row.patient_number).is_ok());
            assert!(PostalCode::parse(&row.postal_code).is_ok() && is_language(&row.language));
            for number in [&row.tel, &row.mobile] {
                assert!(number.is_empty() || Phone::parse(number).is_ok(), "{number}");
            }
            for age in [3, 30, 72, 90] {
                let coverage = coverage_row(&mut ledger, Uuid::nil(), Uuid::nil(), age, birth_date);
                assert!(parse_insurer_number(&coverage.insurer_number).is_ok(), "{}", coverage.insurer_number);
            }
        }
    }

    #[test]
    fn neighbours_share_their_first_names_and_numbers() {
        let (mut one, mut other) = (Rng::new(7), Rng::new(7));
        for index in 0..NOTABLE.len() + 50 {
            assert_eq!(names::person(index, &mut one).0.ideographic, names::person(index, &mut other).0.ideographic);
        }
    }
}
