//! The pane of the chart, the same pane as a page, and what stands before a print.

use askama::Template;
use chrono::{Datelike, NaiveDate, Weekday};
use domain::order_set::SetScope;
use domain::prescription::head::{DispensedAt, IssueForm, Leftover};
use domain::prescription::supply_days::{RunOut, run_out};
use domain::prescription::usage::{USAGES, Usage};
use domain::prescription::{GenericSubstitution, Preparation};
use domain::warning::{Level, Warning};
use domain::{EncounterId, PatientId, clock};
use uuid::Uuid;

use super::drugs::Drug;
use super::entity::medication_request::Model;
use super::pane::Loaded;
use super::safety;
use super::set_views::SetView;
use super::store;
use super::store::undo::Written;
use crate::eprescriptions::EprescriptionBox;
use crate::web::page::Subjects;
use crate::web::{Chrome, FormState, PatientStripe};

/// Earlier prescriptions offered for Do.
const EARLIER_SHOWN: usize = 5;

/// How a line stands to the prescription before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Diff {
    New,
    Changed,
    Same,
    /// There is nothing to compare with.
    First,
}

impl Diff {
    pub const fn code(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Same => "same",
            Self::First => "first",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::New => "新規",
            Self::Changed => "変更",
            Self::Same => "同じ",
            Self::First => "",
        }
    }

    pub const fn mark(self) -> &'static str {
        match self {
            Self::New => "plus",
            Self::Changed => "pen",
            Self::Same | Self::First => "",
        }
    }
}

/// The supply bar: hundredths of its width.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    pub leftover: u32,
    pub covered: u32,
    /// The next booking.
    pub next: Option<u32>,
}

/// Until when a line lasts, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// `ok`, `warn`, `stop` or nothing to say
    pub tone: &'static str,
    pub text: String,
    pub bar: Bar,
}

impl Run {
    /// The bar ends a quarter behind whatever is later, the supply or the booking.
    fn of(today: NaiveDate, days: u16, leftover: u16, next: Option<NaiveDate>) -> Self {
        let RunOut { until, surplus } = run_out(today, days, leftover, next);
        let end = until.format("%m/%d");
        let (tone, text) = match surplus {
            None => ("", format!("{end} まで")),
            Some(0) => ("ok", format!("{end} まで・予約に一致")),
            Some(more @ 1..) => ("warn", format!("{end} まで・{more}日余る")),
            Some(less) => ("stop", format!("{end} 切れ・予約の{}日前", -less)),
        };
        let ahead = next.map_or(0, |next| u32::try_from((next - today).num_days()).unwrap_or(0));
        let whole = (u32::from(days) + u32::from(leftover)).max(ahead).max(1) * 5 / 4;
        let part = |days: u32| (days * 100 / whole.max(1)).min(100);
        let bar = Bar {
            leftover: part(u32::from(leftover)),
            covered: part(u32::from(days) + u32::from(leftover)),
            next: next.map(|_| part(ahead)),
        };
        Self { tone, text, bar }
    }
}

/// One line of the pane.
#[derive(Debug, Clone)]
pub struct Row {
    pub id: Uuid,
    pub version: i32,
    pub place: String,
    pub number: usize,
    pub name: String,
    pub generic_name: String,
    pub dose: String,
    pub usage: String,
    /// `days`, `times` or `total`
    pub supply: &'static str,
    pub count: String,
    pub tags: Vec<&'static str>,
    pub comment: String,
    pub diff: Diff,
    /// What it was before, when it changed.
    pub was: String,
    /// `前28日`
    pub before: String,
    pub run: Option<Run>,
    pub worst: Option<(Level, String)>,
    pub is_draft: bool,
    pub error: Option<String>,
}

impl Row {
    pub fn of(number: usize, row: &Model, previous: &[&Model], loaded: &Loaded, warnings: &[Warning]) -> Self {
        let line = LineView::of(row);
        let earlier = previous.iter().find(|other| other.drug_code == row.drug_code);
        let how = |row: &Model| format!("{} {}", amount(row), row.usage_text);
        let (diff, was) = match earlier {
            None if previous.is_empty() => (Diff::First, String::new()),
            None => (Diff::New, String::new()),
            Some(other) if how(other) != how(row) => (Diff::Changed, how(other)),
            Some(_) => (Diff::Same, String::new()),
        };
        let place = safety::place(row);
        let worst = warnings.iter().find(|w| w.place == place).map(|w| (w.level, w.text.clone()));
        let number_of = |days: i32| u16::try_from(days).unwrap_or_default();
        Self {
            id: row.id,
            version: row.version,
            number,
            name: line.name,
            generic_name: row.generic_name.clone(),
            dose: line.dose,
            usage: line.usage,
            supply: if row.days.is_some() {
                "days"
            } else if row.quantity_text.is_empty() {
                "total"
            } else {
                "times"
            },
            count: row.days.map_or_else(|| row.quantity_text.trim_end_matches("回分").to_owned(), |days| days.to_string()),
            tags: line.tags,
            comment: line.comment,
            diff,
            was,
            before: earlier.and_then(|other| other.days).map(|days| format!("前{days}日")).unwrap_or_default(),
            run: row.days.map(|days| {
                let from = row.signed_at.map_or(loaded.today, clock::today);
                Run::of(from, number_of(days), number_of(row.leftover_days), loaded.next.filter(|_| from == loaded.today))
            }),
            worst,
            is_draft: line.is_draft,
            place,
            error: None,
        }
    }

    pub fn level(&self) -> &'static str {
        self.worst.as_ref().map_or("", |(level, _)| level.code())
    }
}

/// A drug of the prescription before that is no longer prescribed.
#[derive(Debug, Clone)]
pub struct Stopped {
    pub name: String,
    pub how: String,
}

impl Stopped {
    /// Nothing is stopped while nothing is prescribed.
    pub fn of(previous: &[&Model], lines: &[Model]) -> Vec<Self> {
        if lines.is_empty() {
            return vec![];
        }
        let gone = previous.iter().filter(|old| !lines.iter().any(|line| line.drug_code == old.drug_code));
        gone.map(|old| Self { name: old.drug_name.clone(), how: format!("{} {}", amount(old), old.usage_text) }).collect()
    }
}

/// An earlier prescription as Do offers it.
#[derive(Debug, Clone)]
pub struct Earlier {
    pub encounter_id: Uuid,
    pub date: String,
    pub drugs: String,
}

impl Earlier {
    pub fn of(rows: &[Model], today: NaiveDate) -> Vec<Self> {
        let mut visits: Vec<Uuid> = Vec::new();
        for row in rows {
            if !visits.contains(&row.encounter_id) {
                visits.push(row.encounter_id);
            }
        }
        visits.truncate(EARLIER_SHOWN);
        let one = |id: Uuid| {
            let of_visit: Vec<&Model> = rows.iter().filter(|row| row.encounter_id == id).collect();
            let date =
                of_visit.iter().filter_map(|row| row.signed_at).max().map(|at| near_day(clock::today(at), today)).unwrap_or_default();
            let drugs = of_visit.iter().map(|row| format!("{} {}", row.drug_name, supply(row))).collect::<Vec<_>>().join("、");
            Self { encounter_id: id, date, drugs }
        };
        visits.into_iter().map(one).collect()
    }
}

/// `11/06(金)`, with its year when that is another.
fn near_day(day: NaiveDate, today: NaiveDate) -> String {
    if day.year() == today.year() { short_day(day) } else { format!("{}/{}", day.year(), short_day(day)) }
}

/// `11/06(金)`.
pub fn short_day(day: NaiveDate) -> String {
    let weekday = match day.weekday() {
        Weekday::Mon => "月",
        Weekday::Tue => "火",
        Weekday::Wed => "水",
        Weekday::Thu => "木",
        Weekday::Fri => "金",
        Weekday::Sat => "土",
        Weekday::Sun => "日",
    };
    format!("{}({weekday})", day.format("%m/%d"))
}

/// The head in words.
#[derive(Debug, Clone, Default)]
pub struct Head {
    pub dispensed_at: &'static str,
    /// Handed out here: it has no 発行形態 and no 使用期限.
    pub is_inside: bool,
    pub issue_form: &'static str,
    pub usable_until: String,
    pub refill: u8,
    pub split: u8,
    /// `14+14`
    pub split_days: String,
    /// What the patient chose at the reader; empty when nothing was chosen.
    pub wish: &'static str,
    /// It is issued otherwise than the patient wished.
    pub differs: bool,
    /// Signed prescriptions that can be taken back: id, version, state.
    pub signed: Vec<(Uuid, i32, &'static str)>,
}

/// 処方 of a visit: what stands in the box on the chart.
#[derive(Debug, Clone, Template)]
#[template(path = "prescriptions/_pane.html")]
pub struct PrescriptionPane {
    pub encounter_id: String,
    /// Whose visit it is; the token of every form.
    pub patient_id: String,
    pub shown: PatientId,
    pub rows: Vec<Row>,
    pub stopped: Vec<Stopped>,
    pub editing: Option<(Uuid, FormState)>,
    pub form: FormState,
    pub options: Vec<Drug>,
    pub earlier: Vec<Earlier>,
    pub sets: Vec<SetView>,
    pub head: Head,
    pub electronic: EprescriptionBox,
    pub head_form: FormState,
    pub next: Option<NaiveDate>,
    pub days_to_next: Option<u8>,
    pub done: Option<(String, Written)>,
    pub act_key: Uuid,
    pub can_write: bool,
    pub can_sign: bool,
    pub can_print: bool,
    /// Something was handed out in the clinic itself.
    pub has_inside: bool,
    pub is_inpatient: bool,
    /// The masters the drugs of this visit stand in.
    pub masters: String,
}

impl PrescriptionPane {
    pub fn has_draft(&self) -> bool {
        self.rows.iter().any(|row| row.is_draft)
    }

    pub fn has_signed(&self) -> bool {
        self.rows.iter().any(|row| !row.is_draft)
    }

    /// Lines whose days follow the next booking.
    pub fn can_fit(&self) -> bool {
        self.days_to_next.is_some() && self.rows.iter().any(|row| row.is_draft && row.supply == "days")
    }

    pub fn is_editing(&self, id: &Uuid) -> bool {
        self.editing.as_ref().is_some_and(|(at, _)| at == id)
    }

    pub fn chosen(&self) -> String {
        chosen(&self.options, self.form.value("drug_code"))
    }

    pub fn count(&self, diff: &str) -> usize {
        self.rows.iter().filter(|row| row.diff.code() == diff).count()
    }

    pub fn next_day(&self) -> String {
        self.next.map(short_day).unwrap_or_default()
    }

    /// What the doctor sees and signs: `id:version` of each draft.
    pub fn seen(&self) -> String {
        pairs(self.rows.iter().filter(|row| row.is_draft).map(|row| (row.id, row.version)))
    }

    pub fn undo_rows(&self) -> String {
        self.done.as_ref().map(|(_, written)| pairs(written.iter().copied())).unwrap_or_default()
    }

    /// The form stays open while something in it is wrong.
    pub fn is_detailed(&self) -> bool {
        !self.form.is_valid()
    }

    pub fn usages(&self) -> &'static [Usage] {
        &USAGES
    }

    pub fn supplies(&self) -> [(&'static str, &'static str); 4] {
        [("", "薬に合わせる"), ("days", "日分"), ("times", "回分(頓用)"), ("total", "全量(外用など)")]
    }

    pub fn substitutions(&self) -> [(&'static str, &'static str); 3] {
        [
            (GenericSubstitution::Allowed.code(), "変更してよい"),
            (GenericSubstitution::MedicallyBarred.code(), "変更不可(医療上必要)"),
            (GenericSubstitution::PatientWish.code(), "先発を患者が希望"),
        ]
    }

    pub fn preparations(&self) -> [(&'static str, &'static str); 3] {
        Preparation::ALL.map(|p| (p.code(), if p == Preparation::Plain { "なし" } else { p.label() }))
    }

    pub fn places(&self) -> Vec<(&'static str, &'static str)> {
        let fits = |place: &&DispensedAt| self.is_inpatient || **place != DispensedAt::Discharge;
        DispensedAt::ALL.iter().filter(fits).map(|c| (c.code(), c.label())).collect()
    }

    pub fn issue_forms(&self) -> Vec<(&'static str, &'static str)> {
        IssueForm::ALL.iter().map(|c| (c.code(), c.label())).collect()
    }

    pub fn leftovers(&self) -> Vec<(&'static str, &'static str)> {
        Leftover::ALL.iter().map(|c| (c.code(), c.label())).collect()
    }

    pub fn scopes(&self) -> &'static [SetScope] {
        SetScope::ALL
    }

    pub fn uses(&self) -> [(&'static str, &'static str); 3] {
        [("0", "なし"), ("2", "2回"), ("3", "3回")]
    }
}

/// `id:version id:version`.
fn pairs(rows: impl Iterator<Item = (Uuid, i32)>) -> String {
    rows.map(|(id, version)| format!("{id}:{version}")).collect::<Vec<_>>().join(" ")
}

impl Subjects for PrescriptionPane {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.shown]
    }
}

/// The candidate that Enter takes: the one chosen before while it is still there, else the first.
pub fn chosen(options: &[Drug], before: &str) -> String {
    options.iter().find(|drug| drug.code == before).or(options.first()).map(|drug| drug.code.clone()).unwrap_or_default()
}

/// The options under the search box.
#[derive(Debug, Clone, Template)]
#[template(path = "prescriptions/_drugs.html")]
pub struct DrugOptions {
    pub q: String,
    pub options: Vec<Drug>,
    pub drug_code: String,
}

crate::no_subjects!(DrugOptions);

/// 処方 of one visit as a page.
#[derive(Template)]
#[template(path = "prescriptions/show.html")]
pub struct PrescriptionPage {
    pub chrome: Chrome,
    pub stripe: PatientStripe,
    pub pane: PrescriptionPane,
}

impl Subjects for PrescriptionPage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.stripe.patient_id, self.pane.shown]
    }
}

/// One line in words, as it is printed.
#[derive(Debug, Clone)]
pub struct LineView {
    pub name: String,
    pub dose: String,
    pub usage: String,
    pub supply: String,
    pub comment: String,
    pub tags: Vec<&'static str>,
    pub is_draft: bool,
}

impl LineView {
    pub fn of(row: &Model) -> Self {
        let substitution = match GenericSubstitution::from_code(&row.generic_substitution) {
            Some(GenericSubstitution::MedicallyBarred) => "変更不可(医療上必要)",
            Some(GenericSubstitution::PatientWish) => "患者希望",
            _ => "",
        };
        let preparation = Preparation::from_code(&row.preparation).unwrap_or_default().label();
        Self {
            name: printed_name(row),
            dose: amount(row),
            usage: row.usage_text.clone(),
            supply: supply(row),
            comment: row.comment.clone(),
            tags: [substitution, preparation].into_iter().filter(|tag| !tag.is_empty()).collect(),
            is_draft: row.status == store::DRAFT,
        }
    }
}

/// `【般】…` when it is prescribed by its generic name.
pub fn printed_name(row: &Model) -> String {
    if row.is_generic && !row.generic_name.is_empty() { format!("【般】{}", row.generic_name) } else { row.drug_name.clone() }
}

/// `28日分`, `10回分`; a whole amount says it in the dose.
pub fn supply(row: &Model) -> String {
    row.days.map_or_else(|| row.quantity_text.clone(), |days| format!("{days}日分"))
}

/// `1錠`; of a 頓用 the dose is one time's: `1回1錠`.
pub fn amount(row: &Model) -> String {
    let once = if row.quantity_text.ends_with("回分") { "1回" } else { "" };
    format!("{once}{}{}", row.dose_value, row.dose_unit)
}

/// Before printing: what will be on the paper, and which letters cannot be.
#[derive(Debug, Clone, Template)]
#[template(path = "prescriptions/print.html")]
pub struct PrintPage {
    pub chrome: Chrome,
    pub stripe: PatientStripe,
    pub encounter_id: EncounterId,
    pub lines: Vec<LineView>,
    pub has_draft: bool,
    pub issued_on: String,
    pub usable_until: String,
    pub doctor: String,
    pub coverage: String,
    pub replaced: Vec<String>,
    /// Something of this visit goes on paper.
    pub has_paper: bool,
    /// Something of it is handed out here, in a 薬袋.
    pub has_inside: bool,
    /// 電子処方箋: its label, 引換番号 and 処方箋ID.
    pub electronic: Vec<(String, String, String)>,
}

impl Subjects for PrintPage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.stripe.patient_id]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_shows_supply_and_booking_in_one_measure() {
        let today: NaiveDate = "2026-11-20".parse().unwrap();
        let next: NaiveDate = "2026-12-18".parse().unwrap();
        let fits = Run::of(today, 28, 0, Some(next));
        assert_eq!((fits.tone, fits.text.as_str()), ("ok", "12/17 まで・予約に一致"));
        assert_eq!((fits.bar.covered, fits.bar.next), (80, Some(80)));
        let short = Run::of(today, 14, 0, Some(next));
        assert_eq!((short.tone, short.text.as_str(), short.bar.covered), ("stop", "12/03 切れ・予約の14日前", 40));
        let over = Run::of(today, 28, 7, Some(next));
        assert_eq!((over.tone, over.bar.leftover), ("warn", 16));
        assert_eq!(Run::of(today, 90, 90, None).bar.covered, 80);
        assert_eq!(Run::of(today, 1, 0, None).bar.covered, 100);
    }
}
