//! 月カレンダー of one patient.

use askama::Template;
use chrono::{Datelike, Months, NaiveDate};
use domain::PatientId;

use crate::web::Subjects;
use crate::web::chrome::Chrome;
use crate::web::stripe::PatientStripe;

/// One month, Sunday first; cells before the first are empty.
#[derive(Debug, Clone, Template)]
#[template(path = "notes/_calendar.html")]
pub struct Calendar {
    pub patient_id: PatientId,
    pub label: String,
    pub previous: String,
    pub next: Option<String>,
    pub weeks: Vec<Vec<Option<Cell>>>,
}

#[derive(Debug, Clone)]
pub struct Cell {
    pub day: u32,
    pub iso: String,
    pub has_note: bool,
    pub is_today: bool,
}

impl Calendar {
    pub fn of(patient_id: PatientId, first: NaiveDate, noted: &[u32], today: NaiveDate) -> Self {
        let mut cells: Vec<Option<Cell>> = vec![None; first.weekday().num_days_from_sunday() as usize];
        let mut day = first;
        while day.month() == first.month() {
            cells.push(Some(Cell { day: day.day(), iso: day.to_string(), has_note: noted.contains(&day.day()), is_today: day == today }));
            let Some(next) = day.succ_opt() else { break };
            day = next;
        }
        let month = |day: Option<NaiveDate>| day.map(|d| d.format("%Y-%m").to_string());
        let next = first.checked_add_months(Months::new(1)).filter(|next| *next <= today);
        Self {
            patient_id,
            label: first.format("%Y年%-m月").to_string(),
            previous: month(first.checked_sub_months(Months::new(1))).unwrap_or_default(),
            next: month(next),
            weeks: cells.chunks(7).map(<[_]>::to_vec).collect(),
        }
    }
}

/// The calendar as a page of its own.
#[derive(Template)]
#[template(path = "notes/calendar.html")]
pub struct CalendarPage {
    pub chrome: Chrome,
    pub stripe: PatientStripe,
    pub calendar: Calendar,
}

impl Subjects for CalendarPage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.stripe.patient_id]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_begins_on_its_weekday_and_ends_with_its_last_day() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let patient = PatientStripe::sample().patient_id;
        let november = Calendar::of(patient, day("2026-11-01"), &[6, 20], day("2026-11-20"));
        assert_eq!(november.weeks.len(), 5);
        let cells: Vec<&Cell> = november.weeks.iter().flatten().flatten().collect();
        assert_eq!((cells.len(), cells.iter().filter(|c| c.has_note).count(), november.next), (30, 2, None));
        let october = Calendar::of(patient, day("2026-10-01"), &[], day("2026-11-20"));
        assert_eq!((october.weeks[0][4].as_ref().unwrap().day, october.next.as_deref()), (1, Some("2026-11")));
        let html = crate::web::samples::show("calendar", &october);
        assert!(html.contains("2026年10月"));
    }
}
