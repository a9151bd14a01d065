//! What was typed about a person, and what it means.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use domain::Role;
use domain::kana::Kana;
use domain::staff::{LOGIN_ID_LETTERS, LoginId, LoginIdError};
use domain::{text, wareki};
use serde::{Deserialize, Serialize};
use tenancy::staff::staff;
use uuid::Uuid;

use super::store::Person;
use crate::patients::forms::{date_message, kana_message, text_message};
use crate::web::FormErrors;

pub const ACTIVE: &str = "active";
pub const INACTIVE: &str = "inactive";

const NAME_LETTERS: usize = 40;
const LICENSE_LETTERS: usize = 20;
const DEPARTMENT_LETTERS: usize = 20;

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct RawStaffForm {
    pub idempotency_key: String,
    pub version: String,
    pub login_id: String,
    pub name: String,
    pub name_kana: String,
    pub license_no: String,
    pub valid_from: String,
    pub valid_to: String,
    pub status: String,
    pub narcotic_license: String,
    pub narcotic_license_to: String,
    pub department: String,
    /// One box for each 職種: `role_doctor=on`.
    #[serde(flatten)]
    pub boxes: BTreeMap<String, String>,
}

/// What a clinic states about a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    pub name: String,
    pub name_kana: String,
    pub license_no: String,
    /// In the order of `Role::ALL`, never empty.
    pub roles: Vec<Role>,
    pub valid_from: NaiveDate,
    /// The last day.
    pub valid_to: Option<NaiveDate>,
    pub is_active: bool,
    pub narcotic: NarcoticLicense,
    /// 診療科 on this person's 処方箋; may be empty.
    pub department: String,
}

/// 麻薬施用者免許; an empty number is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NarcoticLicense {
    pub number: String,
    pub last_day: Option<NaiveDate>,
}

impl NarcoticLicense {
    pub fn of(row: &staff::Model) -> Self {
        Self { number: row.narcotic_license.clone(), last_day: row.narcotic_license_to }
    }

    pub fn is_valid_on(&self, day: NaiveDate) -> bool {
        !self.number.is_empty() && self.last_day.is_none_or(|last| day <= last)
    }
}

impl Facts {
    pub fn is_valid_on(&self, day: NaiveDate) -> bool {
        self.is_active && self.valid_from <= day && self.valid_to.is_none_or(|to| day <= to)
    }
}

#[derive(Debug)]
pub struct NewPerson {
    pub login_id: LoginId,
    pub facts: Facts,
}

pub fn box_of(role: Role) -> String {
    format!("role_{}", role.code())
}

impl RawStaffForm {
    pub fn begun(today: NaiveDate, key: Uuid) -> Self {
        Self { valid_from: today.to_string(), idempotency_key: key.to_string(), ..Self::default() }
    }

    pub fn of(person: &Person) -> Self {
        let facts = person.facts();
        Self {
            version: person.row.version.to_string(),
            login_id: person.row.login_id.clone(),
            boxes: facts.roles.iter().map(|role| (box_of(*role), "on".to_owned())).collect(),
            name: facts.name,
            name_kana: facts.name_kana,
            license_no: facts.license_no,
            valid_from: facts.valid_from.to_string(),
            valid_to: facts.valid_to.map(|day| day.to_string()).unwrap_or_default(),
            status: if facts.is_active { ACTIVE } else { INACTIVE }.to_owned(),
            narcotic_license: facts.narcotic.number,
            narcotic_license_to: facts.narcotic.last_day.map(|day| day.to_string()).unwrap_or_default(),
            department: facts.department,
            idempotency_key: String::new(),
        }
    }

    pub fn with_role(mut self, role: Role) -> Self {
        self.boxes.insert(box_of(role), "on".to_owned());
        self
    }

    pub fn new_person(&self) -> Result<NewPerson, FormErrors> {
        let mut errors = FormErrors::default();
        let login_id = errors.take("login_id", LoginId::parse(&self.login_id), |error| login_id_message(*error));
        match (login_id, self.read(&mut errors)) {
            (Some(login_id), Some(facts)) => Ok(NewPerson { login_id, facts }),
            _ => Err(errors),
        }
    }

    pub fn facts(&self) -> Result<Facts, FormErrors> {
        let mut errors = FormErrors::default();
        self.read(&mut errors).ok_or(errors)
    }

    fn read(&self, errors: &mut FormErrors) -> Option<Facts> {
        let name = errors.take("name", text::required_line(&self.name, NAME_LETTERS), |e| text_message("氏名", *e));
        let name_kana = errors.take("name_kana", reading(&self.name_kana), String::clone);
        let roles = self.roles(errors);
        let license = text::line(&self.license_no, LICENSE_LETTERS);
        let license_no = errors.take("license_no", license, |e| text_message("免許・登録番号", *e));
        let valid_from = errors.take("valid_from", wareki::parse(&self.valid_from), |e| date_message("勤務の始まり", e));
        let valid_to = errors.take("valid_to", last_day(&self.valid_to, valid_from), String::clone);
        let narcotic = text::line(&self.narcotic_license, LICENSE_LETTERS);
        let narcotic = errors.take("narcotic_license", narcotic, |e| text_message("麻薬施用者免許番号", *e));
        let narcotic_to = errors.take("narcotic_license_to", last_day(&self.narcotic_license_to, None), |_| {
            "麻薬施用者免許の期限を日付で入れてください(例 2027-12-31)".to_owned()
        });
        let department = errors.take("department", self.department(roles.as_deref()), String::clone);
        Some(Facts {
            name: name?,
            name_kana: name_kana?,
            license_no: license_no?.unwrap_or_default(),
            roles: roles?,
            valid_from: valid_from?,
            valid_to: valid_to?,
            is_active: self.status != INACTIVE,
            narcotic: NarcoticLicense { number: narcotic?.unwrap_or_default(), last_day: narcotic_to? },
            department: department?,
        })
    }

    /// Doctors have one: no 処方箋 goes out without 科名.
    fn department(&self, roles: Option<&[Role]>) -> Result<String, String> {
        let department = text::line(&self.department, DEPARTMENT_LETTERS).map_err(|e| text_message("診療科", e))?.unwrap_or_default();
        match roles {
            Some(roles) if roles.contains(&Role::Doctor) && department.is_empty() => {
                Err("医師には、処方箋に書く診療科を入れてください(例 内科)".into())
            }
            _ => Ok(department),
        }
    }

    fn roles(&self, errors: &mut FormErrors) -> Option<Vec<Role>> {
        let roles: Vec<Role> = Role::ALL.iter().copied().filter(|role| self.boxes.contains_key(&box_of(*role))).collect();
        let some = if roles.is_empty() { Err(()) } else { Ok(roles) };
        errors.take("roles", some, |()| "職種を一つ以上選んでください".to_owned())
    }
}

fn reading(input: &str) -> Result<String, String> {
    if input.trim().is_empty() {
        return Ok(String::new());
    }
    Kana::parse(input).map(|kana| kana.as_str().to_owned()).map_err(kana_message)
}

fn last_day(input: &str, from: Option<NaiveDate>) -> Result<Option<NaiveDate>, String> {
    if input.trim().is_empty() {
        return Ok(None);
    }
    let day = wareki::parse(input).map_err(|error| date_message("最後の日", &error))?;
    if from.is_some_and(|from| day < from) { Err("最後の日が勤務の始まりより前です".to_owned()) } else { Ok(Some(day)) }
}

fn login_id_message(error: LoginIdError) -> String {
    match error {
        LoginIdError::Empty => "ユーザーIDを入れてください".to_owned(),
        LoginIdError::Length => format!("ユーザーIDは{}文字から{}文字までです", LOGIN_ID_LETTERS.start(), LOGIN_ID_LETTERS.end()),
        LoginIdError::Other(c) if c.is_control() => "ユーザーIDに読めない文字が入っています。入れ直してください".to_owned(),
        LoginIdError::Other(c) => format!("ユーザーIDに「{c}」は使えません。半角の英小文字・数字と . _ - で入れてください"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled() -> RawStaffForm {
        RawStaffForm {
            login_id: "r.yamazaki".into(),
            name: "山﨑 涼".into(),
            name_kana: "やまざき りょう".into(),
            valid_from: "R8.4.1".into(),
            department: "内科".into(),
            ..RawStaffForm::default()
        }
        .with_role(Role::Doctor)
    }

    fn wrong(change: fn(&mut RawStaffForm)) -> Option<&'static str> {
        let mut raw = filled();
        change(&mut raw);
        raw.new_person().err().and_then(|errors| errors.iter().next().map(|(field, _)| field))
    }

    #[test]
    fn a_person_is_checked_field_by_field() {
        let new = filled().with_role(Role::ClinicAdmin).new_person().ok().unwrap();
        assert_eq!(new.login_id.as_str(), "r.yamazaki");
        assert_eq!(new.facts.name_kana, "ヤマザキ リョウ");
        assert_eq!(new.facts.roles, [Role::Doctor, Role::ClinicAdmin]);
        assert_eq!(new.facts.valid_from.to_string(), "2026-04-01");
        assert_eq!(wrong(|r| r.login_id = "山".into()), Some("login_id"));
        assert_eq!(wrong(|r| r.name = "あ".repeat(41)), Some("name"));
        assert_eq!(wrong(|r| r.name_kana = "山崎".into()), Some("name_kana"));
        assert_eq!(wrong(|r| r.boxes.clear()), Some("roles"));
        assert_eq!(wrong(|r| r.license_no = "1".repeat(21)), Some("license_no"));
        assert_eq!(wrong(|r| r.valid_from = "昨日".into()), Some("valid_from"));
        assert_eq!(wrong(|r| r.valid_to = "2026-03-31".into()), Some("valid_to"));
        assert_eq!(wrong(|r| r.valid_to = "2026-04-01".into()), None);
        assert_eq!(wrong(|r| r.narcotic_license = "1".repeat(21)), Some("narcotic_license"));
        assert_eq!(wrong(|r| r.department = "科".repeat(21)), Some("department"));
        assert_eq!(wrong(|r| r.department.clear()), Some("department"), "a doctor prescribes");
        assert_eq!(wrong(|r| r.narcotic_license_to = "いつか".into()), Some("narcotic_license_to"));
    }
}
