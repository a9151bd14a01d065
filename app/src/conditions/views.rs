//! What the condition pages show.

use askama::Template;
use chrono::NaiveDate;
use domain::condition::{Outcome, Purpose, stale_suspicion};
use domain::{ConditionId, EncounterId, PatientId, wareki};

use super::diseases::Choice;
use super::entity::Model;
use super::proposal;
use super::store::{ACTIVE, Version};
use crate::notes::record::Names;
use crate::notes::views::labels;
use crate::web::{Chrome, FormState, PatientStripe, Subjects};

/// One name on a list.
#[derive(Debug, Clone)]
pub struct Line {
    pub id: ConditionId,
    pub version: i32,
    pub patient_id: PatientId,
    pub name: String,
    /// 「R8.11.6」
    pub started: String,
    pub is_active: bool,
    pub is_main: bool,
    pub is_suspected: bool,
    pub is_undisclosed: bool,
    pub is_clinical: bool,
    /// Days a 疑い has stood, once that is too long.
    pub stale: Option<i64>,
    /// 「治癒 R8.11.20」
    pub outcome: String,
}

impl Line {
    pub fn of(row: &Model, today: NaiveDate) -> Self {
        let outcome = row.outcome.as_deref().and_then(Outcome::from_code);
        let end = row.ended_on.map(wareki::short).unwrap_or_default();
        let is_active = row.status == ACTIVE;
        Self {
            id: ConditionId::new(row.id),
            version: row.version,
            patient_id: PatientId::new(row.patient_id),
            name: row.display_name.clone(),
            started: wareki::short(row.started_on),
            is_active,
            is_main: row.is_main,
            is_suspected: row.is_suspected,
            is_undisclosed: row.is_undisclosed,
            is_clinical: row.purpose == Purpose::Clinical.code(),
            stale: stale_suspicion(row.started_on, today).filter(|_| is_active && row.is_suspected),
            outcome: outcome.map(|o| format!("{} {end}", o.label()).trim_end().to_owned()).unwrap_or_default(),
        }
    }
}

/// A name that can be chosen.
#[derive(Debug, Clone)]
pub struct OptionLine {
    pub value: String,
    pub name: String,
    pub icd10: String,
    pub why: String,
}

/// What can be chosen, and what was typed for it.
#[derive(Debug, Clone, Default)]
pub struct Options {
    pub lines: Vec<OptionLine>,
    pub q: String,
}

impl Options {
    pub fn new(choices: Vec<Choice>, q: &str) -> Self {
        Self { lines: choices.into_iter().map(OptionLine::from).collect(), q: q.trim().to_owned() }
    }
}

/// The fragment under the search box.
#[derive(Template)]
#[template(path = "conditions/_options.html")]
pub struct DiseaseOptions {
    pub options: Options,
}

crate::no_subjects!(DiseaseOptions);

/// The box on the chart, and the upper part of the page.
#[derive(Template)]
#[template(path = "conditions/_pane.html")]
pub struct ConditionPane {
    pub patient_id: PatientId,
    pub encounter: Option<EncounterId>,
    pub lines: Vec<Line>,
    pub options: Options,
    pub can_write: bool,
    /// Somebody who may only have a doctor look at it.
    pub may_propose: bool,
    /// What waits for a doctor.
    pub proposals: Vec<proposal::Model>,
    pub form: FormState,
}

impl ConditionPane {
    /// Where the form of one more name goes.
    pub fn action(&self) -> String {
        let to = if self.can_write { "conditions" } else { "condition-proposals" };
        format!("/patients/{}/{to}", self.patient_id)
    }

    pub fn active(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| line.is_active)
    }

    /// `id:version` of the names in force, for 確定.
    pub fn seen(&self) -> String {
        self.active().map(|line| format!("{}:{}", line.id, line.version)).collect::<Vec<_>>().join(" ")
    }

    pub fn count(&self) -> usize {
        self.active().count()
    }

    pub fn ended(&self) -> usize {
        self.lines.len() - self.count()
    }

    pub fn encounter_text(&self) -> String {
        self.encounter.map(|id| id.to_string()).unwrap_or_default()
    }

    pub fn href(&self) -> String {
        match self.encounter {
            Some(id) => format!("/patients/{}/conditions?encounter={id}", self.patient_id),
            None => format!("/patients/{}/conditions", self.patient_id),
        }
    }

    pub fn outcomes(&self) -> [Outcome; 5] {
        Outcome::ALL
    }
}

impl Subjects for ConditionPane {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.patient_id]
    }
}

/// What the claims of one month said.
#[derive(Debug, Clone)]
pub struct MonthView {
    pub month: String,
    pub label: String,
    pub lines: Vec<MonthLine>,
}

#[derive(Debug, Clone)]
pub struct MonthLine {
    pub name: String,
    pub started: String,
    pub is_main: bool,
    pub outcome: String,
    pub recorded: String,
}

impl MonthView {
    pub fn of(first: NaiveDate, versions: &[Version]) -> Self {
        let line = |v: &Version| {
            let course = v.course();
            let day = |day: Option<NaiveDate>| day.map(wareki::short).unwrap_or_default();
            let outcome = course.and_then(|c| c.outcome).map_or("", Outcome::label);
            MonthLine {
                name: v.text("display_name").to_owned(),
                started: day(course.map(|c| c.started_on)),
                is_main: v.flag("is_main"),
                outcome: format!("{outcome} {}", day(course.and_then(|c| c.ended_on))).trim().to_owned(),
                recorded: format!("{}版 {}", v.version, labels::stamp(v.recorded_at)),
            }
        };
        let label = first.format("%Y年%-m月").to_string();
        Self { month: first.format("%Y-%m").to_string(), label, lines: versions.iter().map(line).collect() }
    }
}

/// `/patients/{id}/conditions`
#[derive(Template)]
#[template(path = "conditions/list.html")]
pub struct ConditionsPage {
    pub chrome: Chrome,
    pub stripe: PatientStripe,
    pub pane: ConditionPane,
    pub month: Option<MonthView>,
    pub this_month: String,
}

impl ConditionsPage {
    pub fn month_value(&self) -> &str {
        self.month.as_ref().map_or(&self.this_month, |m| &m.month)
    }
}

impl Subjects for ConditionsPage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.stripe.patient_id, self.pane.patient_id]
    }
}

/// One version in the history of a name.
#[derive(Debug, Clone)]
pub struct VersionLine {
    pub version: i32,
    pub at: String,
    pub by: String,
    pub says: String,
    pub reason: String,
}

impl VersionLine {
    pub fn of(v: &Version, names: &Names) -> Self {
        let course = v.course();
        let mut says = vec![v.text("display_name").to_owned()];
        says.extend(course.map(|c| format!("開始 {}", wareki::short(c.started_on))));
        says.extend(
            [("is_main", "主病名"), ("is_undisclosed", "未告知")].into_iter().filter(|(f, _)| v.flag(f)).map(|(_, w)| w.to_owned()),
        );
        says.extend(Purpose::from_code(v.text("purpose")).map(|p| p.label().to_owned()));
        let end = course.and_then(|c| c.ended_on).map(wareki::short).unwrap_or_default();
        says.extend(course.and_then(|c| c.outcome).map(|o| format!("{} {end}", o.label())));
        if v.status == super::store::MISTAKEN {
            says.push("誤入力".into());
        }
        Self {
            version: v.version,
            at: labels::stamp(v.recorded_at),
            by: names.of(v.author_id.into()).to_owned(),
            says: says.join("・"),
            reason: v.reason.clone(),
        }
    }
}

/// `/conditions/{id}`
#[derive(Template)]
#[template(path = "conditions/show.html")]
pub struct ConditionPage {
    pub chrome: Chrome,
    pub stripe: PatientStripe,
    pub line: Line,
    pub disease: String,
    pub can_write: bool,
    pub form: FormState,
    pub versions: Vec<VersionLine>,
}

impl ConditionPage {
    pub fn outcomes(&self) -> Vec<(&'static str, &'static str)> {
        Outcome::ALL.into_iter().map(|o| (o.code(), o.label())).collect()
    }

    pub fn purposes(&self) -> Vec<(&'static str, &'static str)> {
        Purpose::ALL.into_iter().map(|p| (p.code(), p.label())).collect()
    }
}

impl Subjects for ConditionPage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.stripe.patient_id, self.line.patient_id]
    }
}

/// A line of the clinic's list of old 疑い.
#[derive(Debug, Clone)]
pub struct SuspectedRow {
    pub line: Line,
    pub patient: String,
    pub kana: String,
    pub number: String,
}

#[derive(Template)]
#[template(path = "conditions/suspected.html")]
pub struct SuspectedPage {
    pub chrome: Chrome,
    pub rows: Vec<SuspectedRow>,
    pub has_more: bool,
    pub can_write: bool,
    pub today: String,
    /// What the last press did: closed, and left because somebody else was first.
    pub done: Option<(u32, u32)>,
    pub error: Option<String>,
}

impl SuspectedPage {
    pub fn outcomes(&self) -> [Outcome; 5] {
        Outcome::ALL
    }
}

impl Subjects for SuspectedPage {
    fn subjects(&self) -> Vec<PatientId> {
        self.rows.iter().map(|row| row.line.patient_id).collect()
    }
}
