//! Registration and edit forms: raw text in, domain values or one clear sentence per field out.

use chrono::NaiveDate;
use domain::kana::{Kana, KanaError};
use domain::name::{self, HumanName};
use domain::patient::{self, Demographics, NewPatient, Numbering, Patient, PatientNumber, PostalCode, Sex};
use domain::patient_background::{Background, CONTACTS, ContactError, ContactWay, EmergencyContact};
use domain::phone::{Phone, PhoneError};
use domain::text::{self, TextError};
use domain::wareki::{self, DateError};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::fields::{Facts, Field};
use crate::web::FormErrors;

const ADDRESS_MAX: usize = 120;
const NOTE_MAX: usize = 1000;
const RELATION_MAX: usize = 20;
/// Names of pharmacies, employers, other clinics.
const PLACE_MAX: usize = 60;

/// Everything a person typed, untouched, so that a refused form shows it again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RawPatientForm {
    pub patient_number: String,
    pub name_ideographic: String,
    pub name_syllabic: String,
    pub alias_name: String,
    pub sex: String,
    pub birth_date: String,
    pub postal_code: String,
    pub address: String,
    pub tel: String,
    pub mobile: String,
    pub email: String,
    pub language: String,
    pub note: String,
    pub deceased_on: String,
    pub emergency_contacts: String,
    pub household_head: String,
    pub household_relation: String,
    pub occupation: String,
    pub pharmacy: String,
    pub referrer: String,
    /// `tel,letter` as compared, or a box for each way.
    pub contact_ok: String,
    pub contact_ok_tel: String,
    pub contact_ok_email: String,
    pub contact_ok_letter: String,
    /// `provisional` = 仮番号.
    pub numbering: String,
    /// Registration: posting twice registers once.
    pub idempotency_key: String,
    /// Edit: the version the form was drawn from.
    pub version: String,
    pub patient_token: String,
}

impl RawPatientForm {
    /// A form begun with what the search box held: a reading, a name, a birth date or a telephone, each in its field.
    pub fn begun(asked: &str, key: Uuid) -> Self {
        let mut form = Self { language: "ja".to_owned(), idempotency_key: key.to_string(), ..Self::default() };
        let mut names = Vec::new();
        for word in asked.split_whitespace() {
            match (wareki::parse(word), Phone::parse(word)) {
                (Ok(day), _) => form.birth_date = wareki::short(day),
                (_, Ok(phone)) => form.tel = phone.to_string(),
                _ if word.chars().any(char::is_numeric) => {}
                _ => names.push(word),
            }
        }
        let name = names.join(" ");
        match Kana::parse(&name) {
            Ok(kana) => form.name_syllabic = kana.to_string(),
            Err(_) => form.name_ideographic = name,
        }
        form
    }

    /// The clinic chooses the number, so a clash is ours to solve.
    pub fn asks_for_a_number(&self) -> bool {
        self.numbering == "provisional" || self.patient_number.trim().is_empty()
    }

    /// An edit form filled with what is stored.
    pub fn of(patient: &Patient) -> Self {
        let facts = Facts::of(&patient.number, &patient.demographics);
        let text = |field| facts.text(field).to_owned();
        let day = |field| facts.text(field).parse().map(wareki::short).unwrap_or_default();
        Self {
            patient_number: text(Field::PatientNumber),
            name_ideographic: text(Field::NameIdeographic),
            name_syllabic: text(Field::NameSyllabic),
            alias_name: text(Field::AliasName),
            sex: text(Field::Sex),
            birth_date: day(Field::BirthDate),
            postal_code: facts.shown(Field::PostalCode),
            address: text(Field::Address),
            tel: text(Field::Tel),
            mobile: text(Field::Mobile),
            email: text(Field::Email),
            language: text(Field::Language),
            note: text(Field::Note),
            deceased_on: day(Field::DeceasedOn),
            emergency_contacts: text(Field::EmergencyContacts),
            household_head: text(Field::HouseholdHead),
            household_relation: text(Field::HouseholdRelation),
            occupation: text(Field::Occupation),
            pharmacy: text(Field::Pharmacy),
            referrer: text(Field::Referrer),
            contact_ok_tel: if facts.text(Field::ContactOk).split(',').any(|code| code == "tel") { "on".into() } else { String::new() },
            contact_ok_email: if facts.text(Field::ContactOk).split(',').any(|code| code == "email") { "on".into() } else { String::new() },
            contact_ok_letter: if facts.text(Field::ContactOk).split(',').any(|code| code == "letter") {
                "on".into()
            } else {
                String::new()
            },
            version: patient.version.to_string(),
            patient_token: patient.id.to_string(),
            ..Self::default()
        }
    }

    /// Registration. An empty number means the next one.
    pub fn registration(&self, today: NaiveDate) -> Result<NewPatient, FormErrors> {
        let mut errors = FormErrors::default();
        let numbering = match (self.numbering.as_str(), self.patient_number.trim()) {
            ("provisional", _) => Some(Numbering::Provisional),
            (_, "") => Some(Numbering::Next),
            (_, typed) => number(typed, &mut errors).map(Numbering::Given),
        };
        let demographics = self.demographics(today, &mut errors);
        match (numbering, demographics) {
            (Some(numbering), Some(demographics)) if errors.is_empty() => Ok(NewPatient { numbering, demographics }),
            _ => Err(errors),
        }
    }

    /// An edit: the number must be there.
    pub fn edit(&self, today: NaiveDate) -> Result<(PatientNumber, Demographics), FormErrors> {
        let mut errors = FormErrors::default();
        let number = number(&self.patient_number, &mut errors);
        let demographics = self.demographics(today, &mut errors);
        match (number, demographics) {
            (Some(number), Some(demographics)) if errors.is_empty() => Ok((number, demographics)),
            _ => Err(errors),
        }
    }

    fn demographics(&self, today: NaiveDate, errors: &mut FormErrors) -> Option<Demographics> {
        let mut keep = Keeper(errors);
        let ideographic =
            keep.take("name_ideographic", name::parse_ideographic(&self.name_ideographic).map_err(|error| text_message("氏名", error)));
        let syllabic = keep.take("name_syllabic", Kana::parse(&self.name_syllabic).map_err(kana_message));
        let alias_name = keep.take("alias_name", one_line("旧姓・通称", &self.alias_name, name::MAX_CHARS));
        let sex = keep.take("sex", self.sex.parse::<Sex>().map_err(|_| "性別を選んでください".to_owned()));
        let birth_date =
            keep.take("birth_date", wareki::parse_past(&self.birth_date, today).map_err(|error| date_message("生年月日", &error)));
        let postal_code = keep.take(
            "postal_code",
            optional(&self.postal_code, |text| {
                PostalCode::parse(text).map_err(|_| "郵便番号は7桁の数字で入れてください(例 251-0052)".to_owned())
            }),
        );
        let address = keep.take("address", one_line("住所", &self.address, ADDRESS_MAX));
        let tel = keep.take("tel", optional(&self.tel, |text| Phone::parse(text).map_err(phone_message)));
        let mobile = keep.take("mobile", optional(&self.mobile, |text| Phone::parse(text).map_err(phone_message)));
        let email = keep.take(
            "email",
            optional(&self.email, |text| {
                patient::parse_email(text).map_err(|_| "メールアドレスの形が違います(例 hanako@example.jp)".to_owned())
            }),
        );
        let language = keep.take("language", language(&self.language));
        let note = keep.take("note", text::lines(&self.note, NOTE_MAX).map_err(|error| text_message("メモ", error)));
        let deceased_on = keep.take(
            "deceased_on",
            optional(&self.deceased_on, |text| wareki::parse_past(text, today).map_err(|error| date_message("死亡日", &error))),
        );
        let background = self.background(&mut keep);
        let (birth_date, deceased_on) = (birth_date?, deceased_on?);
        if deceased_on.is_some_and(|day| day < birth_date) {
            keep.0.add("deceased_on", "死亡日が生年月日より前です");
            return None;
        }
        Some(Demographics {
            name: HumanName { ideographic: ideographic?, syllabic: syllabic? },
            alias_name: alias_name?,
            sex: sex?,
            birth_date,
            postal_code: postal_code?,
            address: address?,
            tel: tel?,
            mobile: mobile?,
            email: email?,
            language: language?,
            note: note?,
            deceased_on,
            background: background?,
        })
    }

    fn background(&self, keep: &mut Keeper) -> Option<Background> {
        let contacts = EmergencyContact::parse_all(&self.emergency_contacts).map_err(contact_message);
        let emergency_contacts = keep.take("emergency_contacts", contacts);
        let household_head = keep.take("household_head", one_line("世帯主", &self.household_head, name::MAX_CHARS));
        let household_relation = keep.take("household_relation", one_line("世帯主との続柄", &self.household_relation, RELATION_MAX));
        let occupation = keep.take("occupation", one_line("職業", &self.occupation, PLACE_MAX));
        let pharmacy = keep.take("pharmacy", one_line("かかりつけ薬局", &self.pharmacy, PLACE_MAX));
        let referrer = keep.take("referrer", one_line("紹介元", &self.referrer, PLACE_MAX));
        Some(Background {
            emergency_contacts: emergency_contacts?,
            household_head: household_head?,
            household_relation: household_relation?,
            occupation: occupation?,
            pharmacy: pharmacy?,
            referrer: referrer?,
            contact_ok: self.contact_ways(),
        })
    }

    fn contact_ways(&self) -> Vec<ContactWay> {
        let ticked = |way: &ContactWay| match way {
            ContactWay::Tel => !self.contact_ok_tel.is_empty(),
            ContactWay::Email => !self.contact_ok_email.is_empty(),
            ContactWay::Letter => !self.contact_ok_letter.is_empty(),
        };
        let stated = ContactWay::parse_all(&self.contact_ok);
        ContactWay::ALL.into_iter().filter(|way| ticked(way) || stated.contains(way)).collect()
    }
}

/// Fields whose message is already the sentence to show.
struct Keeper<'a>(&'a mut FormErrors);

impl Keeper<'_> {
    fn take<T>(&mut self, field: &'static str, result: Result<T, String>) -> Option<T> {
        self.0.take(field, result, String::clone)
    }
}

fn number(text: &str, errors: &mut FormErrors) -> Option<PatientNumber> {
    let message = "患者番号は10文字までの英数字とハイフンで入れてください".to_owned();
    Keeper(errors).take("patient_number", PatientNumber::parse(text).map_err(|_| message))
}

fn optional<T>(text: &str, parse: impl Fn(&str) -> Result<T, String>) -> Result<Option<T>, String> {
    if text.trim().is_empty() { Ok(None) } else { parse(text).map(Some) }
}

fn one_line(label: &str, input: &str, max: usize) -> Result<Option<String>, String> {
    text::line(input, max).map_err(|error| text_message(label, error))
}

fn language(code: &str) -> Result<String, String> {
    match code {
        "" => Ok("ja".to_owned()),
        code if patient::is_language(code) => Ok(code.to_owned()),
        _ => Err("話す言葉を一覧から選んでください".to_owned()),
    }
}

pub fn text_message(label: &str, error: TextError) -> String {
    match error {
        TextError::Empty => format!("{label}を入れてください"),
        TextError::TooLong { max } => format!("{label}は{max}文字までです"),
        TextError::Unreadable => format!("{label}に読めない文字(制御文字など)が入っています。入れ直してください"),
    }
}

pub fn kana_message(error: KanaError) -> String {
    match error {
        KanaError::Empty => "カナを入れてください".to_owned(),
        KanaError::TooLong => format!("カナは{}文字までです", domain::kana::MAX_CHARS),
        KanaError::Kanji(c) => format!("カナに漢字「{c}」が入っています。読みを入れてください"),
        KanaError::Alphanumeric(c) => format!("カナに英数字「{c}」が入っています。読みを入れてください"),
        KanaError::Other(c) if c.is_control() || c == char::REPLACEMENT_CHARACTER => {
            "カナに読めない文字(制御文字など)が入っています。入れ直してください".to_owned()
        }
        KanaError::Other(c) => format!("カナに使えない文字「{c}」が入っています"),
        KanaError::TooManySpaces => "空白は姓と名の間の一つだけです。続く名は「・」でつないでください".to_owned(),
    }
}

fn contact_message(error: ContactError) -> String {
    match error {
        ContactError::Parts => "緊急連絡先は1行に「氏名 / 続柄 / 電話」の形で入れてください".to_owned(),
        ContactError::TooMany => format!("緊急連絡先は{CONTACTS}人までです"),
        ContactError::Text(error) => text_message("緊急連絡先の氏名と続柄", error),
        ContactError::Phone(error) => format!("緊急連絡先の{}", phone_message(error)),
    }
}

pub fn phone_message(error: PhoneError) -> String {
    match error {
        PhoneError::Unreadable => "電話番号は数字とハイフンで入れてください".to_owned(),
        PhoneError::WrongLength => "電話番号は市外局番から10桁か11桁で入れてください".to_owned(),
        PhoneError::NoLeadingZero => "電話番号は0から入れてください".to_owned(),
    }
}

/// Names the likely date where there is one; it is never taken by itself.
pub fn date_message(label: &str, error: &DateError) -> String {
    let sentence = match error {
        DateError::Empty => return format!("{label}を入れてください"),
        DateError::Unreadable => return format!("{label}を読めません。S35.4.1 や 1960-04-01 の形で入れてください"),
        DateError::NoSuchDay => return format!("{label}の日付は暦にありません"),
        DateError::TooEarly => return format!("{label}が1900年より前です"),
        DateError::OutsideEra { .. } => "その元号にこの日はありません",
        DateError::AfterToday { .. } => "今日より後の日付です",
    };
    match error.likely() {
        Some(likely) => format!("{sentence}。{} ですか?", wareki::short(likely)),
        None => sentence.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn today() -> NaiveDate {
        "2026-11-20".parse().unwrap()
    }

    fn filled() -> RawPatientForm {
        RawPatientForm {
            name_ideographic: "齋藤　千鶴子".into(),
            name_syllabic: "さいとう ちづこ".into(),
            sex: "female".into(),
            birth_date: "昭和34年2月11日".into(),
            postal_code: "２５１-００５２".into(),
            tel: "0466-22-2210".into(),
            ..RawPatientForm::default()
        }
    }

    fn message(form: RawPatientForm, field: &str) -> String {
        form.registration(today()).unwrap_err().of(field).unwrap_or_default().to_owned()
    }

    #[test]
    fn takes_what_a_desk_types() {
        let new = filled().registration(today()).unwrap();
        assert_eq!(new.numbering, Numbering::Next);
        assert_eq!(new.demographics.name.syllabic.as_str(), "サイトウ チヅコ");
        assert_eq!(new.demographics.birth_date.to_string(), "1959-02-11");
        assert_eq!(new.demographics.language, "ja");
        let provisional = RawPatientForm { numbering: "provisional".into(), ..filled() };
        assert_eq!(provisional.registration(today()).unwrap().numbering, Numbering::Provisional);
    }

    #[test]
    fn every_wrong_field_is_told_at_once() {
        let errors =
            RawPatientForm { tel: "123".into(), postal_code: "1".into(), ..RawPatientForm::default() }.registration(today()).unwrap_err();
        let fields: Vec<_> = errors.iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["name_ideographic", "name_syllabic", "sex", "birth_date", "postal_code", "tel"]);
    }

    #[test]
    fn says_the_likely_fix() {
        assert_eq!(
            message(RawPatientForm { birth_date: "R34.2.11".into(), ..filled() }, "birth_date"),
            "今日より後の日付です。S34.2.11 ですか?"
        );
        assert_eq!(
            message(RawPatientForm { birth_date: "S64.1.8".into(), ..filled() }, "birth_date"),
            "その元号にこの日はありません。H1.1.8 ですか?"
        );
        assert_eq!(message(RawPatientForm { birth_date: "S34.2.30".into(), ..filled() }, "birth_date"), "生年月日の日付は暦にありません");
        assert!(message(RawPatientForm { name_syllabic: "サイトウ 千".into(), ..filled() }, "name_syllabic").contains("漢字「千」"));
        assert!(message(RawPatientForm { name_ideographic: "a\0".into(), ..filled() }, "name_ideographic").contains("読めない文字"));
        assert_eq!(message(RawPatientForm { deceased_on: "S30.1.1".into(), ..filled() }, "deceased_on"), "死亡日が生年月日より前です");
    }

    #[test]
    fn begins_with_what_was_looked_for() {
        let form = RawPatientForm::begun("しらいし S35.4.1 090-0000-4471 0412", Uuid::nil());
        assert_eq!((form.name_syllabic.as_str(), form.birth_date.as_str(), form.tel.as_str()), ("シライシ", "S35.4.1", "090-0000-4471"));
        assert_eq!(RawPatientForm::begun("齋藤 千鶴子", Uuid::nil()).name_ideographic, "齋藤 千鶴子");
    }

    #[test]
    fn a_stored_patient_fills_the_form_that_stores_it_again() {
        let new = filled().registration(today()).unwrap();
        let patient = Patient {
            id: "0190a2b4-7c3e-7d11-8a55-0123456789ab".parse().unwrap(),
            version: 3,
            status: domain::patient::PatientStatus::Active,
            number: PatientNumber::parse("001207").unwrap(),
            demographics: new.demographics,
            merged_into: None,
            merge_id: None,
        };
        let form = RawPatientForm::of(&patient);
        assert_eq!((form.birth_date.as_str(), form.version.as_str()), ("S34.2.11", "3"));
        assert_eq!(form.edit(today()), Ok((patient.number, patient.demographics)));
    }
}
