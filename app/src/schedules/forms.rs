//! What was typed about schedules, templates and closures, and what it means.

use std::collections::BTreeMap;

use chrono::{NaiveDate, Weekday};
use domain::schedule::{CAPACITY, INTERVAL_MIN, OVERBOOK, Template, TemplateError, Visibility, clock_words, parse_minute};
use domain::{ScheduleId, StaffId, text, wareki};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::entity::{schedule, slot_template};
use super::store::{ACTIVE, RETIRED};
use crate::patients::forms::{date_message, text_message};
use crate::web::FormErrors;

const NAME_LETTERS: usize = 30;
const PURPOSE_LETTERS: usize = 40;
const PURPOSES: usize = 20;
const REASON_LETTERS: usize = 60;

pub const WEEKDAYS: [(Weekday, &str); 7] = [
    (Weekday::Mon, "月"),
    (Weekday::Tue, "火"),
    (Weekday::Wed, "水"),
    (Weekday::Thu, "木"),
    (Weekday::Fri, "金"),
    (Weekday::Sat, "土"),
    (Weekday::Sun, "日"),
];

/// 予約を受ける人・部屋・機器.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct RawScheduleForm {
    pub name: String,
    pub doctor_id: String,
    pub is_exclusive: String,
    pub status: String,
    pub version: String,
    pub idempotency_key: String,
}

#[derive(Debug)]
pub struct NewSchedule {
    pub name: String,
    pub doctor: Option<StaffId>,
    pub is_exclusive: bool,
}

impl RawScheduleForm {
    pub fn begun(key: Uuid) -> Self {
        Self { idempotency_key: key.to_string(), ..Self::default() }
    }

    pub fn of(row: &schedule::Model) -> Self {
        Self { name: row.name.clone(), status: row.status.clone(), version: row.version.to_string(), ..Self::default() }
    }

    /// `doctors`: whom the clinic has; their name is the schedule's unless another is given.
    pub fn opened(&self, doctors: &[(String, String)]) -> Result<NewSchedule, FormErrors> {
        let mut errors = FormErrors::default();
        let doctor = doctors.iter().find(|(id, _)| *id == self.doctor_id);
        if doctor.is_none() && !self.doctor_id.is_empty() {
            errors.add("doctor_id", "医師を一覧から選んでください");
        }
        let typed = if self.name.trim().is_empty() { doctor.map(|(_, name)| name.as_str()).unwrap_or_default() } else { &self.name };
        let name = errors.take("name", text::required_line(typed, NAME_LETTERS), |e| match e {
            text::TextError::Empty => "医師を選ぶか、部屋や機器の名前を入れてください".into(),
            e => text_message("名前", *e),
        });
        let doctor = doctor.and_then(|(id, _)| id.parse().ok());
        match name {
            Some(name) if errors.is_empty() => {
                Ok(NewSchedule { name, doctor, is_exclusive: doctor.is_none() && self.is_exclusive == "yes" })
            }
            _ => Err(errors),
        }
    }

    pub fn changed(&self) -> Result<(String, &'static str), FormErrors> {
        let mut errors = FormErrors::default();
        let name = errors.take("name", text::required_line(&self.name, NAME_LETTERS), |e| text_message("名前", *e));
        let status = if self.status == RETIRED { RETIRED } else { ACTIVE };
        name.map(|name| (name, status)).ok_or(errors)
    }
}

/// 枠定義. A new one may stand for several weekdays at once: `day_1=on` … `day_7=on`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct RawTemplateForm {
    pub starts: String,
    pub ends: String,
    pub interval_min: String,
    pub capacity: String,
    pub overbook_limit: String,
    pub visibility: String,
    pub purposes: String,
    pub valid_from: String,
    pub valid_to: String,
    pub status: String,
    pub version: String,
    pub idempotency_key: String,
    #[serde(flatten)]
    pub boxes: BTreeMap<String, String>,
}

pub fn box_of(weekday: Weekday) -> String {
    format!("day_{}", weekday.number_from_monday())
}

impl RawTemplateForm {
    pub fn begun(today: NaiveDate, key: Uuid) -> Self {
        Self {
            starts: "9:00".into(),
            ends: "12:00".into(),
            interval_min: "15".into(),
            capacity: "2".into(),
            overbook_limit: "1".into(),
            visibility: Visibility::Staff.code().into(),
            purposes: "再診\n初診".into(),
            valid_from: today.to_string(),
            idempotency_key: key.to_string(),
            ..Self::default()
        }
    }

    pub fn of(row: &slot_template::Model) -> Self {
        let template = row.template();
        Self {
            starts: clock_words(row.from_min),
            ends: clock_words(row.to_min),
            interval_min: row.interval_min.to_string(),
            capacity: row.capacity.to_string(),
            overbook_limit: row.overbook_limit.to_string(),
            visibility: row.visibility.clone(),
            purposes: row.purposes.clone(),
            valid_from: row.valid_from.to_string(),
            valid_to: row.valid_to.map(|day| day.to_string()).unwrap_or_default(),
            status: row.status.clone(),
            version: row.version.to_string(),
            boxes: BTreeMap::from([(box_of(template.weekday), "on".to_owned())]),
            idempotency_key: String::new(),
        }
    }

    pub fn has(&self, weekday: Weekday) -> bool {
        self.boxes.contains_key(&box_of(weekday))
    }

    /// One template for each weekday ticked.
    pub fn templates(&self) -> Result<Vec<Template>, FormErrors> {
        let mut errors = FormErrors::default();
        let weekdays: Vec<Weekday> = WEEKDAYS.iter().map(|(day, _)| *day).filter(|day| self.has(*day)).collect();
        if weekdays.is_empty() {
            errors.add("weekdays", "曜日を選んでください");
        }
        let time = |text: &str| parse_minute(text).ok_or(());
        let starts_min = errors.take("starts", time(&self.starts), |()| "開始を 9:00 の形で入れてください".into());
        let ends_min = errors.take("ends", time(&self.ends), |()| "終了を 12:00 の形で入れてください".into());
        let number = |text: &str| text.trim().parse::<i32>();
        let interval_min = errors.take("interval_min", number(&self.interval_min), |_| interval_message());
        let capacity = errors.take("capacity", number(&self.capacity), |_| capacity_message());
        let overbook_limit = errors.take("overbook_limit", number(&self.overbook_limit), |_| overbook_message());
        let visibility =
            errors.take("visibility", Visibility::from_code(&self.visibility).ok_or(()), |()| "公開の範囲を選んでください".into());
        let purposes = errors.take("purposes", purposes(&self.purposes), String::clone);
        let valid_from = errors.take("valid_from", wareki::parse(&self.valid_from), |e| date_message("使い始める日", e));
        let last = if self.valid_to.trim().is_empty() { Ok(None) } else { wareki::parse(&self.valid_to).map(Some) };
        let valid_to = errors.take("valid_to", last, |e| date_message("最後の日", e));
        let one = (|| {
            Some(Template {
                weekday: *weekdays.first()?,
                starts_min: starts_min?,
                ends_min: ends_min?,
                interval_min: interval_min?,
                capacity: capacity?,
                overbook_limit: overbook_limit?,
                visibility: visibility?,
                purposes: purposes?,
                valid_from: valid_from?,
                valid_to: valid_to?,
            })
        })();
        let Some(one) = one.filter(|_| errors.is_empty()) else { return Err(errors) };
        if let Err(error) = one.check() {
            return Err(template_errors(error));
        }
        Ok(weekdays.into_iter().map(|weekday| Template { weekday, ..one.clone() }).collect())
    }
}

fn purposes(text: &str) -> Result<Vec<String>, String> {
    let mut all = Vec::new();
    for line in text.split(['\n', '、', ',']) {
        match text::line(line, PURPOSE_LETTERS).map_err(|e| text_message("目的", e))? {
            Some(purpose) if !all.contains(&purpose) => all.push(purpose),
            _ => {}
        }
    }
    if all.len() > PURPOSES { Err(format!("目的は{PURPOSES}種類までです")) } else { Ok(all) }
}

fn interval_message() -> String {
    format!("間隔は{}分から{}分までの数字で、時間の長さまでにしてください", INTERVAL_MIN.start(), INTERVAL_MIN.end())
}

fn capacity_message() -> String {
    format!("定員は{}から{}までの数字で入れてください", CAPACITY.start(), CAPACITY.end())
}

fn overbook_message() -> String {
    format!("重ね上限は{}から{}までの数字で入れてください", OVERBOOK.start(), OVERBOOK.end())
}

/// The sentence at the field that has to change.
pub fn template_errors(error: TemplateError) -> FormErrors {
    let mut errors = FormErrors::default();
    match error {
        TemplateError::Times => errors.add("ends", "終了を開始より後の、24:00までの時刻にしてください"),
        TemplateError::Interval => errors.add("interval_min", interval_message()),
        TemplateError::Capacity => errors.add("capacity", capacity_message()),
        TemplateError::Overbook => errors.add("overbook_limit", overbook_message()),
        TemplateError::Validity => errors.add("valid_to", "最後の日が使い始める日より前です"),
        TemplateError::Overlap => {
            errors.add("starts", "同じ曜日の別の枠と時間が重なります。重ならない時間にするか、前の枠の最後の日を入れてください")
        }
    }
    errors
}

/// 休診.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct RawClosureForm {
    pub schedule: String,
    pub day: String,
    pub starts: String,
    pub ends: String,
    pub reason: String,
    pub idempotency_key: String,
}

#[derive(Debug)]
pub struct NewClosure {
    /// None = the whole clinic.
    pub schedule: Option<ScheduleId>,
    pub day: NaiveDate,
    pub minutes: (i32, i32),
    pub reason: String,
}

impl RawClosureForm {
    pub fn begun(key: Uuid) -> Self {
        Self { idempotency_key: key.to_string(), ..Self::default() }
    }

    pub fn read(&self, today: NaiveDate) -> Result<NewClosure, FormErrors> {
        let mut errors = FormErrors::default();
        let schedule = if self.schedule.is_empty() { Ok(None) } else { self.schedule.parse().map(Some) };
        let schedule = errors.take("schedule", schedule, |_| "休むところを一覧から選んでください".into());
        let day = errors.take("day", wareki::parse(&self.day), |e| date_message("休診日", e));
        if day.is_some_and(|day| day < today) {
            errors.add("day", "過ぎた日は休診にできません");
        }
        let minutes = errors.take("ends", minutes(&self.starts, &self.ends), |message| (*message).to_owned());
        let reason = errors.take("reason", text::line(&self.reason, REASON_LETTERS), |e| text_message("理由", *e));
        match (schedule, day, minutes, reason) {
            (Some(schedule), Some(day), Some(minutes), Some(reason)) if errors.is_empty() => {
                Ok(NewClosure { schedule, day, minutes, reason: reason.unwrap_or_default() })
            }
            _ => Err(errors),
        }
    }
}

/// Both empty = the whole day.
fn minutes(starts: &str, ends: &str) -> Result<(i32, i32), &'static str> {
    if starts.trim().is_empty() && ends.trim().is_empty() {
        return Ok((0, 24 * 60));
    }
    match (parse_minute(starts), parse_minute(ends)) {
        (Some(from), Some(to)) if from < to => Ok((from, to)),
        (Some(_), Some(_)) => Err("終わりを始まりより後にしてください"),
        _ => Err("始まりと終わりを 9:00 の形で入れるか、両方を空にしてください(一日中)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled() -> RawTemplateForm {
        let mut raw = RawTemplateForm::begun("2026-11-20".parse().unwrap(), Uuid::nil());
        raw.boxes.insert("day_1".into(), "on".into());
        raw.boxes.insert("day_5".into(), "on".into());
        raw
    }

    fn wrong(change: fn(&mut RawTemplateForm)) -> Option<&'static str> {
        let mut raw = filled();
        change(&mut raw);
        raw.templates().err().and_then(|errors| errors.iter().next().map(|(field, _)| field))
    }

    #[test]
    fn a_template_is_checked_field_by_field() {
        let templates = filled().templates().unwrap();
        assert_eq!(templates.iter().map(|t| t.weekday).collect::<Vec<_>>(), [Weekday::Mon, Weekday::Fri]);
        assert_eq!(templates[0].purposes, ["再診", "初診"]);
        assert_eq!(wrong(|r| r.boxes.clear()), Some("weekdays"));
        assert_eq!(wrong(|r| r.starts = "朝".into()), Some("starts"));
        assert_eq!(wrong(|r| r.ends = "8:00".into()), Some("ends"));
        assert_eq!(wrong(|r| r.interval_min = "1000000000000".into()), Some("interval_min"));
        assert_eq!(wrong(|r| r.capacity = "0".into()), Some("capacity"));
        assert_eq!(wrong(|r| r.overbook_limit = "-1".into()), Some("overbook_limit"));
        assert_eq!(wrong(|r| r.visibility = String::new()), Some("visibility"));
        assert_eq!(wrong(|r| r.purposes = "あ".repeat(41)), Some("purposes"));
        assert_eq!(wrong(|r| r.valid_to = "2020-01-01".into()), Some("valid_to"));
    }

    #[test]
    fn a_closure_is_a_part_of_a_day_or_all_of_it() {
        let today = "2026-11-20".parse().unwrap();
        let raw = RawClosureForm { day: "2026-11-24".into(), ..RawClosureForm::default() };
        assert_eq!(raw.read(today).unwrap().minutes, (0, 1440));
        let first = |raw: RawClosureForm| raw.read(today).err().and_then(|e| e.iter().next().map(|(field, _)| field));
        assert_eq!(first(RawClosureForm { starts: "9:00".into(), ..raw.clone() }), Some("ends"));
        assert_eq!(first(RawClosureForm { starts: "9:00".into(), ends: "9:00".into(), ..raw.clone() }), Some("ends"));
        assert_eq!(first(RawClosureForm { day: "2026-11-19".into(), ..raw.clone() }), Some("day"));
        assert_eq!(first(RawClosureForm { schedule: "だれか".into(), ..raw }), Some("schedule"));
    }
}
