//! The statements a patient row makes, as one list: forms, history, comparison and merge all walk it, so a new column
//! cannot be forgotten in one of them.

use chrono::NaiveDate;
use domain::patient::{Demographics, LANGUAGES, PatientNumber, PostalCode, Sex};
use domain::patient_background::{ContactWay, EmergencyContact};
use domain::wareki;
use serde_json::{Map, Value};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    PatientNumber,
    NameIdeographic,
    NameSyllabic,
    AliasName,
    Sex,
    BirthDate,
    PostalCode,
    Address,
    Tel,
    Mobile,
    Email,
    Language,
    Note,
    DeceasedOn,
    EmergencyContacts,
    HouseholdHead,
    HouseholdRelation,
    Occupation,
    Pharmacy,
    Referrer,
    ContactOk,
}

impl Field {
    pub const ALL: [Field; 21] = [
        Field::PatientNumber,
        Field::NameIdeographic,
        Field::NameSyllabic,
        Field::AliasName,
        Field::Sex,
        Field::BirthDate,
        Field::PostalCode,
        Field::Address,
        Field::Tel,
        Field::Mobile,
        Field::Email,
        Field::Language,
        Field::Note,
        Field::DeceasedOn,
        Field::EmergencyContacts,
        Field::HouseholdHead,
        Field::HouseholdRelation,
        Field::Occupation,
        Field::Pharmacy,
        Field::Referrer,
        Field::ContactOk,
    ];

    /// Column, form field and key in the stored version alike.
    pub const fn name(self) -> &'static str {
        match self {
            Field::PatientNumber => "patient_number",
            Field::NameIdeographic => "name_ideographic",
            Field::NameSyllabic => "name_syllabic",
            Field::AliasName => "alias_name",
            Field::Sex => "sex",
            Field::BirthDate => "birth_date",
            Field::PostalCode => "postal_code",
            Field::Address => "address",
            Field::Tel => "tel",
            Field::Mobile => "mobile",
            Field::Email => "email",
            Field::Language => "language",
            Field::Note => "note",
            Field::DeceasedOn => "deceased_on",
            Field::EmergencyContacts => "emergency_contacts",
            Field::HouseholdHead => "household_head",
            Field::HouseholdRelation => "household_relation",
            Field::Occupation => "occupation",
            Field::Pharmacy => "pharmacy",
            Field::Referrer => "referrer",
            Field::ContactOk => "contact_ok",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Field::PatientNumber => "患者番号",
            Field::NameIdeographic => "氏名",
            Field::NameSyllabic => "カナ",
            Field::AliasName => "旧姓・通称",
            Field::Sex => "性別",
            Field::BirthDate => "生年月日",
            Field::PostalCode => "郵便番号",
            Field::Address => "住所",
            Field::Tel => "電話",
            Field::Mobile => "携帯電話",
            Field::Email => "メール",
            Field::Language => "話す言葉",
            Field::Note => "メモ",
            Field::DeceasedOn => "死亡日",
            Field::EmergencyContacts => "緊急連絡先",
            Field::HouseholdHead => "世帯主",
            Field::HouseholdRelation => "世帯主との続柄",
            Field::Occupation => "職業",
            Field::Pharmacy => "かかりつけ薬局",
            Field::Referrer => "紹介元",
            Field::ContactOk => "連絡してよい方法",
        }
    }
}

/// One version of a patient's statements, as stored text by field. Codes and ISO dates, so a form takes them back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts(Map<String, Value>);

impl Facts {
    pub fn of(number: &PatientNumber, d: &Demographics) -> Self {
        let optional = |text: &Option<String>| text.clone().unwrap_or_default();
        let facts = Field::ALL.map(|field| {
            let text = match field {
                Field::PatientNumber => number.to_string(),
                Field::NameIdeographic => d.name.ideographic.clone(),
                Field::NameSyllabic => d.name.syllabic.to_string(),
                Field::AliasName => optional(&d.alias_name),
                Field::Sex => d.sex.code().to_owned(),
                Field::BirthDate => d.birth_date.to_string(),
                Field::PostalCode => d.postal_code.as_ref().map(|code| code.as_str().to_owned()).unwrap_or_default(),
                Field::Address => optional(&d.address),
                Field::Tel => d.tel.as_ref().map(ToString::to_string).unwrap_or_default(),
                Field::Mobile => d.mobile.as_ref().map(ToString::to_string).unwrap_or_default(),
                Field::Email => optional(&d.email),
                Field::Language => d.language.clone(),
                Field::Note => optional(&d.note),
                Field::DeceasedOn => d.deceased_on.map(|day| day.to_string()).unwrap_or_default(),
                Field::EmergencyContacts => EmergencyContact::lines(&d.background.emergency_contacts),
                Field::HouseholdHead => optional(&d.background.household_head),
                Field::HouseholdRelation => optional(&d.background.household_relation),
                Field::Occupation => optional(&d.background.occupation),
                Field::Pharmacy => optional(&d.background.pharmacy),
                Field::Referrer => optional(&d.background.referrer),
                Field::ContactOk => ContactWay::codes(&d.background.contact_ok),
            };
            (field.name().to_owned(), Value::String(text))
        });
        Self(facts.into_iter().collect())
    }

    /// A stored version; fields it does not know yet read as empty.
    pub fn from_content(content: Value) -> Self {
        match content {
            Value::Object(map) => Self(map),
            _ => Self::default(),
        }
    }

    pub fn into_content(self) -> Map<String, Value> {
        self.0
    }

    pub fn text(&self, field: Field) -> &str {
        self.0.get(field.name()).and_then(Value::as_str).unwrap_or_default()
    }

    /// As people read it: words for codes, both calendars for dates.
    pub fn shown(&self, field: Field) -> String {
        let text = self.text(field);
        let shown = match field {
            Field::Sex => text.parse::<Sex>().ok().map(|sex| sex.label().to_owned()),
            Field::BirthDate | Field::DeceasedOn => text.parse().ok().map(both_calendars),
            Field::Language => LANGUAGES.iter().find(|(code, _)| *code == text).map(|(_, name)| (*name).to_owned()),
            Field::PostalCode => PostalCode::parse(text).ok().map(|code| code.to_string()),
            Field::ContactOk => Some(ContactWay::parse_all(text).into_iter().map(ContactWay::label).collect::<Vec<_>>().join("・")),
            _ => None,
        };
        shown.unwrap_or_else(|| text.to_owned())
    }

    /// Fields in which two versions differ, in page order.
    pub fn differences(&self, other: &Facts) -> Vec<Field> {
        Field::ALL.into_iter().filter(|field| self.text(*field) != other.text(*field)).collect()
    }
}

pub fn both_calendars(day: NaiveDate) -> String {
    format!("{} ({day})", wareki::short(day))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn shows_words_and_both_calendars() {
        let facts = Facts::from_content(json!({"sex": "female", "birth_date": "1959-02-11", "language": "vi", "postal_code": "2510052"}));
        assert_eq!(facts.shown(Field::Sex), "女");
        assert_eq!(facts.shown(Field::BirthDate), "S34.2.11 (1959-02-11)");
        assert_eq!(facts.shown(Field::Language), "Tiếng Việt");
        assert_eq!(facts.shown(Field::PostalCode), "251-0052");
        assert_eq!(facts.shown(Field::Address), "");
    }

    #[test]
    fn names_the_fields_that_differ() {
        let before = Facts::from_content(json!({"sex": "female", "tel": "03-1234-5678"}));
        let after = Facts::from_content(json!({"sex": "female", "tel": "", "note": "車いす"}));
        assert_eq!(before.differences(&after), [Field::Tel, Field::Note]);
        assert_eq!(Facts::from_content(json!(null)).differences(&Facts::default()), []);
    }
}
