//! Pages of the slice.

use askama::Template;
use chrono::NaiveDate;
use domain::schedule::{Visibility, clock_words};
use domain::{PatientId, ScheduleId, wareki};
use uuid::Uuid;

use super::entity::{schedule, schedule_closure, slot_template};
use super::forms::{WEEKDAYS, box_of};
use crate::appointments::list::Row;
use crate::appointments::views::BookingLine;
use crate::encounters::views::day_words;
use crate::web::page::Subjects;
use crate::web::{Chrome, FormState};

/// 枠 as a line.
#[derive(Debug, Clone)]
pub struct TemplateRow {
    pub id: Uuid,
    pub weekday: &'static str,
    pub hours: String,
    pub interval: i32,
    pub capacity: i32,
    pub overbook: i32,
    pub visibility: &'static str,
    pub purposes: String,
    pub period: String,
}

impl TemplateRow {
    pub fn of(row: &slot_template::Model) -> Self {
        let template = row.template();
        Self {
            id: row.id,
            weekday: WEEKDAYS.iter().find(|(day, _)| *day == template.weekday).map_or("", |(_, word)| word),
            hours: format!("{}〜{}", clock_words(row.from_min), clock_words(row.to_min)),
            interval: row.interval_min,
            capacity: row.capacity,
            overbook: row.overbook_limit,
            visibility: template.visibility.label(),
            purposes: if template.purposes.is_empty() { "指定なし".into() } else { template.purposes.join("・") },
            period: format!("{}〜{}", row.valid_from, row.valid_to.map(|day| day.to_string()).unwrap_or_default()),
        }
    }
}

#[derive(Debug, Clone)]
pub struct ScheduleRow {
    pub id: Uuid,
    pub name: String,
    pub kind: &'static str,
    /// 「月 9:00〜12:00、…」
    pub hours: String,
}

/// 予約枠の一覧.
#[derive(Debug, Clone, Template)]
#[template(path = "schedules/list.html")]
pub struct ScheduleListPage {
    pub chrome: Chrome,
    pub rows: Vec<ScheduleRow>,
    /// Doctors without a book.
    pub doctors: Vec<(String, String)>,
    pub form: FormState,
}

impl ScheduleListPage {
    pub fn rows_of(schedules: &[schedule::Model], templates: &[slot_template::Model]) -> Vec<ScheduleRow> {
        let row = |row: &schedule::Model| {
            let own = templates.iter().filter(|template| template.schedule_id == row.id).map(TemplateRow::of);
            ScheduleRow {
                id: row.id,
                name: row.name.clone(),
                kind: match (row.doctor_id.is_some(), row.is_exclusive) {
                    (true, _) => "医師",
                    (false, true) => "部屋・機器(一人ずつ)",
                    (false, false) => "部屋・機器",
                },
                hours: own.map(|template| format!("{} {}", template.weekday, template.hours)).collect::<Vec<_>>().join("、"),
            }
        };
        schedules.iter().map(row).collect()
    }
}

/// One book.
#[derive(Debug, Clone, Template)]
#[template(path = "schedules/show.html")]
pub struct SchedulePage {
    pub chrome: Chrome,
    pub id: Uuid,
    pub name: String,
    pub is_doctor: bool,
    pub is_exclusive: bool,
    pub is_retired: bool,
    /// Name and state.
    pub own: FormState,
    pub templates: Vec<TemplateRow>,
    /// Another template.
    pub form: FormState,
    pub is_saved: bool,
}

/// One template.
#[derive(Debug, Clone, Template)]
#[template(path = "schedules/template.html")]
pub struct TemplatePage {
    pub chrome: Chrome,
    pub schedule: ScheduleId,
    pub id: Uuid,
    pub name: String,
    pub form: FormState,
}

pub struct DayBox {
    pub name: String,
    pub word: &'static str,
    pub is_on: bool,
}

fn days(form: &FormState) -> Vec<DayBox> {
    WEEKDAYS.map(|(day, word)| DayBox { name: box_of(day), word, is_on: !form.value(&box_of(day)).is_empty() }).into()
}

fn visibilities() -> [(&'static str, &'static str); 2] {
    Visibility::ALL.map(|visibility| (visibility.code(), visibility.label()))
}

impl SchedulePage {
    fn days(&self) -> Vec<DayBox> {
        days(&self.form)
    }

    fn visibilities(&self) -> [(&'static str, &'static str); 2] {
        visibilities()
    }

    fn statuses(&self) -> [(&'static str, &'static str); 2] {
        [("active", "使う"), ("retired", "使わない")]
    }
}

impl TemplatePage {
    fn days(&self) -> Vec<DayBox> {
        days(&self.form)
    }

    fn visibilities(&self) -> [(&'static str, &'static str); 2] {
        visibilities()
    }

    fn statuses(&self) -> [(&'static str, &'static str); 2] {
        [("active", "使う"), ("retired", "やめる")]
    }
}

/// 休診 as a line.
#[derive(Debug, Clone)]
pub struct ClosureRow {
    pub id: Uuid,
    pub day: NaiveDate,
    pub whom: String,
    pub hours: String,
    pub reason: String,
    pub is_withdrawn: bool,
}

impl ClosureRow {
    pub fn of(row: &schedule_closure::Model, schedules: &[schedule::Model]) -> Self {
        let name = |id: Uuid| {
            schedules.iter().find(|schedule| schedule.id == id).map_or("(使われていない予約表)".into(), |s| s.name.clone())
        };
        let is_whole = row.from_min == 0 && row.to_min == 24 * 60;
        Self {
            id: row.id,
            day: row.day,
            whom: row.schedule_id.map_or("院全体".into(), name),
            hours: if is_whole { "一日中".into() } else { format!("{}〜{}", clock_words(row.from_min), clock_words(row.to_min)) },
            reason: row.reason.clone(),
            is_withdrawn: row.status != super::store::ACTIVE,
        }
    }

    pub fn day_words(&self) -> String {
        day_words(self.day)
    }
}

/// 休診の一覧.
#[derive(Debug, Clone, Template)]
#[template(path = "schedules/closures.html")]
pub struct ClosureListPage {
    pub chrome: Chrome,
    pub rows: Vec<ClosureRow>,
    pub schedules: Vec<(String, String)>,
    pub form: FormState,
}

/// A 休診 and whom it hits.
#[derive(Debug, Clone, Template)]
#[template(path = "schedules/closure.html")]
pub struct ClosurePage {
    pub chrome: Chrome,
    pub closure: ClosureRow,
    pub version: i32,
    pub hit: Vec<BookingLine>,
    pub told: usize,
    pub may_write: bool,
    pub may_manage: bool,
}

impl Subjects for ClosurePage {
    fn subjects(&self) -> Vec<PatientId> {
        self.hit.iter().filter_map(|line| line.patient_id).collect()
    }
}

/// One sheet.
#[derive(Debug, Clone)]
pub struct Notice {
    pub patient_id: Option<PatientId>,
    pub name: String,
    pub postal_code: String,
    pub address: String,
    pub when: String,
    pub purpose: String,
}

impl Notice {
    pub fn of(row: &Row, today: NaiveDate) -> Self {
        let line = BookingLine::of(row, today);
        Self {
            patient_id: line.patient_id,
            when: format!("{} {}", line.day_words(), line.time),
            name: line.name,
            postal_code: row.postal_code.clone().unwrap_or_default(),
            address: row.address.clone().unwrap_or_default(),
            purpose: line.purpose,
        }
    }
}

/// お知らせ, a sheet for each patient.
#[derive(Debug, Clone, Template)]
#[template(path = "schedules/notices.html")]
pub struct NoticesPage {
    pub closure: ClosureRow,
    pub clinic: String,
    pub address: String,
    pub tel: String,
    pub today: NaiveDate,
    pub notices: Vec<Notice>,
}

impl NoticesPage {
    pub fn today_words(&self) -> String {
        wareki::short(self.today)
    }
}

impl Subjects for NoticesPage {
    fn subjects(&self) -> Vec<PatientId> {
        self.notices.iter().filter_map(|notice| notice.patient_id).collect()
    }
}

crate::no_subjects!(ScheduleListPage, SchedulePage, TemplatePage, ClosureListPage);
