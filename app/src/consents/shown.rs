//! What is read under a consent, in words.

use askama::Template;
use chrono::{DateTime, NaiveDate, Utc};
use domain::PatientId;
use domain::care_history::{CareHistory, Checkups, Drug, Episode, Finding, Origin, Treatment};
use domain::checkup_trend::{self, Line, Own};
use domain::clock::jst;
use domain::consent::ConsentSubject;
use domain::drug_history::{Handing, Told};

use super::entity::record;
use super::own::Measured;
use super::store::Consents;
use super::trend::{Picture, picture};
use super::views::failed;
use crate::web::page::Subjects;
use crate::web::{Chrome, PatientStripe};

/// Checkups shown side by side.
const CHECKUPS: usize = 4;
/// Of our own values.
const OWN: usize = 3;

/// One row of a table of checkups: item, then a value for each day.
#[derive(Debug, Clone)]
pub struct TrendRow {
    pub name: String,
    pub unit: String,
    pub values: Vec<String>,
    /// Our own values of the same, latest first, each with its day.
    pub own: Vec<(String, String)>,
    pub picture: Option<Picture>,
}

/// One day at one place.
#[derive(Debug, Clone)]
pub struct Day {
    pub on: String,
    pub place: String,
    /// Empty where each line names its own.
    pub origin: &'static str,
    pub setting: String,
    pub lines: Vec<DayLine>,
}

#[derive(Debug, Clone)]
pub struct DayLine {
    pub name: String,
    pub more: String,
    pub tag: String,
    /// Who tells of it.
    pub origins: Vec<&'static str>,
    /// What one of them says otherwise.
    pub differing: Vec<String>,
}

#[derive(Debug, Clone)]
pub enum Content {
    /// The consent came too late for a fetch: nothing was asked under it.
    NotAsked,
    Pending,
    Failed(String),
    Days(Vec<Day>),
    Checkups {
        days: Vec<String>,
        rows: Vec<TrendRow>,
    },
}

impl Content {
    pub fn waiting(row: &record::Model) -> Self {
        failed(row).map_or(Self::Pending, |failed| Self::Failed(failed.why))
    }

    /// Each medicine once, with everybody who may tell of it.
    pub fn drugs(history: &CareHistory, is_allowed: impl Fn(Origin) -> bool) -> Self {
        Self::Days(history.handings(is_allowed).iter().map(handing).collect())
    }

    /// Only lines every needed consent is open for.
    pub fn treatments(history: &CareHistory, open: &[ConsentSubject]) -> Self {
        let is_allowed = |t: &&Treatment| t.needs().iter().all(|subject| open.contains(subject));
        let lines = |e: &Episode| e.treatments.iter().filter(is_allowed).map(treatment).collect::<Vec<_>>();
        Self::Days(history.episodes.iter().map(|e| day(e, lines(e))).filter(|day| !day.lines.is_empty()).collect())
    }

    /// The items of the checkups, with our own values of the same beside them.
    pub fn checkups(checkups: &Checkups, measured: &[Measured]) -> Self {
        let own: Vec<Own<'_>> =
            measured.iter().map(|m| Own { analytes: &m.analytes, on: m.on, value: m.value.clone(), unit: m.unit.clone() }).collect();
        let days: Vec<Option<NaiveDate>> = checkups.checkups.iter().map(|checkup| checkup.on).collect();
        let row = |line: &Line<'_>| TrendRow {
            name: if line.finding.name.is_empty() { line.finding.code.clone() } else { line.finding.name.clone() },
            unit: line.finding.unit.clone(),
            values: line.checkups.iter().take(CHECKUPS).map(|v| v.map(value).unwrap_or_default()).collect(),
            own: line.own.iter().take(OWN).map(|own| (own.value.clone(), own.on.to_string())).collect(),
            picture: picture(line, &days),
        };
        Self::Checkups {
            days: days.iter().take(CHECKUPS).map(|on| on.map_or_else(|| "日付不明".to_owned(), |on| on.to_string())).collect(),
            rows: checkup_trend::lines(checkups, &own).iter().map(row).collect(),
        }
    }
}

fn value(finding: &Finding) -> String {
    let name = if finding.value_name.is_empty() { String::new() } else { format!(" {}", finding.value_name) };
    format!("{}{name}", finding.value)
}

/// `202610` as `2026-10`; anything else as it came.
fn month_words(text: &str) -> String {
    match (text.get(..4), text.get(4..)) {
        (Some(year), Some(month)) if text.len() == 6 => format!("{year}-{month}"),
        _ => text.to_owned(),
    }
}

fn handing(handing: &Handing) -> Day {
    let prescriber = &handing.prescriber;
    let place = match handing.place.as_str() {
        _ if handing.is_only_prescribed() => format!("{prescriber}(処方。調剤の情報はまだありません)"),
        "" => prescriber.clone(),
        place if place == prescriber => place.to_owned(),
        place => format!("{prescriber} → {place}"),
    };
    let on = handing.on.or(handing.prescribed_on).map_or_else(|| month_words(&handing.month), |on| on.to_string());
    Day { on, place, origin: "", setting: handing.setting.clone(), lines: handing.drugs.iter().map(told).collect() }
}

fn told(told: &Told) -> DayLine {
    let otherwise = |(origin, drug): &(Origin, Drug)| format!("{}では {}", origin.label(), amount(drug));
    DayLine {
        origins: told.origins.iter().map(|origin| origin.label()).collect(),
        differing: told.differing.iter().map(otherwise).collect(),
        ..drug(&told.drug)
    }
}

fn amount(drug: &Drug) -> String {
    let times = if drug.times.is_empty() { String::new() } else { format!(" ×{}", drug.times) };
    format!("{}{}{times}", drug.quantity, drug.unit)
}

fn day(episode: &Episode, lines: Vec<DayLine>) -> Day {
    let month = month_words(&episode.month);
    let place = match episode.prescriber.as_str() {
        "" => episode.place.clone(),
        prescriber => format!("{prescriber} → {}", episode.place),
    };
    let on = episode.on.or(episode.prescribed_on).map_or(month, |on| on.to_string());
    Day { on, place, origin: episode.origin.label(), setting: episode.setting.clone(), lines }
}

fn joined(parts: &[&str]) -> String {
    parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(" ")
}

fn drug(drug: &Drug) -> DayLine {
    let times = if drug.times.is_empty() { String::new() } else { format!("×{}", drug.times) };
    let amount = format!("{}{}", drug.quantity, drug.unit);
    let name = if drug.name.is_empty() { drug.code.clone() } else { drug.name.clone() };
    let more = joined(&[&amount, &drug.usage, &drug.instruction, &times]);
    DayLine { name, more, tag: drug.ingredient.clone(), origins: Vec::new(), differing: Vec::new() }
}

fn treatment(t: &Treatment) -> DayLine {
    let times = if t.times.is_empty() { String::new() } else { format!("×{}", t.times) };
    let amount = format!("{}{}", t.quantity, t.unit);
    // A code we do not know is shown as it came.
    let tag = t.class_label().map_or_else(|| format!("識別 {}", t.class), str::to_owned);
    let name = if t.name.is_empty() { t.code.clone() } else { t.name.clone() };
    DayLine { name, more: joined(&[&amount, &times]), tag, origins: Vec::new(), differing: Vec::new() }
}

/// As of when it was told, and what asks anew.
#[derive(Debug, Clone)]
pub struct Latest {
    pub record: uuid::Uuid,
    /// Whose record it is; after a merge not always the page's.
    pub token: PatientId,
    pub version: i32,
    pub at: String,
    /// Why the last try to renew it brought nothing.
    pub said: String,
}

impl Latest {
    pub fn of(row: &record::Model) -> Option<Self> {
        let at = jst(row.received_at?).format("%m/%d %H:%M").to_string();
        Some(Self { record: row.id, token: PatientId::new(row.patient_id), version: row.version, at, said: row.said.clone() })
    }
}

/// What is read now, with the moment it must be gone.
#[derive(Debug, Template)]
#[template(path = "consents/_shown.html")]
pub struct Shown {
    pub patient_id: PatientId,
    pub door: &'static str,
    pub title: &'static str,
    pub until: String,
    pub seconds_left: i64,
    pub content: Content,
    /// 手術 is not among the consents.
    pub is_without_surgery: bool,
    /// 処方・調剤 of 電子処方箋 were asked for and not allowed.
    pub is_without_recent: bool,
    /// 薬剤 of the claims is not among the consents.
    pub is_without_claims: bool,
    pub latest: Option<Latest>,
}

impl Shown {
    pub fn of(patient_id: PatientId, open: &[ConsentSubject], consents: &Consents, content: Content, now: DateTime<Utc>) -> Self {
        let ends = open.iter().filter_map(|subject| consents.of(*subject)?.consent.available_until).min().unwrap_or_else(|| jst(now));
        let has = |subject| open.contains(&subject);
        let (door, title) = match () {
            () if has(ConsentSubject::Medication) || has(ConsentSubject::Prescription) => ("medication", "薬剤情報"),
            () if has(ConsentSubject::Checkup) => ("checkup", "特定健診等情報"),
            () => ("care", "診療情報"),
        };
        Self {
            patient_id,
            door,
            title,
            until: ends.format("%m/%d %H:%M").to_string(),
            seconds_left: (ends.to_utc() - now).num_seconds().max(0),
            content,
            is_without_surgery: has(ConsentSubject::Care) && !has(ConsentSubject::Surgery),
            is_without_recent: has(ConsentSubject::Medication)
                && consents.of(ConsentSubject::Prescription).is_some()
                && !has(ConsentSubject::Prescription),
            is_without_claims: has(ConsentSubject::Prescription) && !has(ConsentSubject::Medication),
            latest: None,
        }
    }
}

impl Subjects for Shown {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.patient_id]
    }
}

#[derive(Debug, Template)]
#[template(path = "consents/record.html")]
pub struct RecordPage {
    pub chrome: Chrome,
    pub stripe: PatientStripe,
    pub shown: Shown,
}

impl Subjects for RecordPage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.stripe.patient_id]
    }
}
