//! The list whoever judges works through.

use std::collections::HashMap;

use askama::Template;
use chrono::{DateTime, Datelike, Months, NaiveDate, Utc};
use domain::PatientId;
use domain::emergency::{Grounds, Judgement};
use uuid::Uuid;

use super::entity::view;
use super::store::LINES;
use super::views::Facts;
use crate::notes::neighbours::Card;
use crate::web::Chrome;
use crate::web::page::Subjects;

#[derive(Debug)]
pub struct Line {
    pub facts: Facts,
    pub name: String,
    pub number: String,
    is_of_month: bool,
}

/// The looks of a month, and those of any month nobody has judged.
#[derive(Debug, Template)]
#[template(path = "emergency_views/list.html")]
pub struct LooksPage {
    pub chrome: Chrome,
    pub month: NaiveDate,
    pub today: NaiveDate,
    pub lines: Vec<Line>,
    pub is_hospital: bool,
}

impl LooksPage {
    pub fn of(
        chrome: Chrome,
        (month, today): (NaiveDate, NaiveDate),
        (from, to): (DateTime<Utc>, DateTime<Utc>),
        rows: &[view::Model],
        names: &HashMap<Uuid, String>,
        cards: &HashMap<PatientId, Card>,
    ) -> Self {
        let line = |row: &view::Model| {
            let card = cards.get(&PatientId::new(row.patient_id));
            Line {
                facts: Facts::of(row, names),
                name: card.map(|card| card.name.clone()).unwrap_or_default(),
                number: card.map(|card| card.number.clone()).unwrap_or_default(),
                is_of_month: (from..to).contains(&row.opened_at),
            }
        };
        Self { chrome, month, today, lines: rows.iter().map(line).collect(), is_hospital: false }
    }

    /// 救急時 belongs to hospitals only.
    #[must_use]
    pub fn in_hospital(self, is_hospital: bool) -> Self {
        Self { is_hospital, ..self }
    }

    const fn name(&self) -> &'static str {
        if self.is_hospital { "救急時・災害時の閲覧" } else { "災害時の閲覧" }
    }

    /// 救急時医療情報閲覧 of the month (KPI-05).
    fn emergencies(&self) -> usize {
        self.lines.iter().filter(|line| line.is_of_month && line.facts.grounds == Grounds::Emergency.label()).count()
    }

    fn waiting(&self) -> Vec<&Line> {
        self.lines.iter().filter(|line| line.facts.judgement.is_none()).collect()
    }

    fn judged(&self) -> Vec<&Line> {
        self.lines.iter().filter(|line| line.facts.judgement.is_some()).collect()
    }

    /// Looks opened in the month.
    fn count(&self) -> usize {
        self.lines.iter().filter(|line| line.is_of_month).count()
    }

    fn questioned(&self) -> usize {
        let is_questioned = |line: &&Line| line.facts.judgement.as_ref().is_some_and(|judged| judged.word == Judgement::Questioned.label());
        self.lines.iter().filter(|line| line.is_of_month).filter(is_questioned).count()
    }

    fn is_cut(&self) -> bool {
        self.lines.len() as u64 >= LINES
    }

    fn title(&self) -> String {
        format!("{}年{}月", self.month.year(), self.month.month())
    }

    fn before(&self) -> String {
        self.month.checked_sub_months(Months::new(1)).unwrap_or(self.month).format("%Y-%m").to_string()
    }

    /// The next month, when it has begun.
    fn after(&self) -> Option<String> {
        let next = self.month.checked_add_months(Months::new(1)).filter(|next| *next <= self.today)?;
        Some(next.format("%Y-%m").to_string())
    }
}

impl Subjects for LooksPage {
    fn subjects(&self) -> Vec<PatientId> {
        self.lines.iter().map(|line| line.facts.patient_id).collect()
    }
}
