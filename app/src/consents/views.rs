//! The consents in words, and what is read under them.

use askama::Template;
use chrono::{DateTime, Utc};
use domain::care_history::{CareHistory, Checkups, Drug, Episode, Treatment};
use domain::clock::jst;
use domain::consent::ConsentSubject;
use domain::{EncounterId, PatientId};
use uuid::Uuid;

use super::entity::record;
use super::store::{self, Consents, Given, Kind};
use crate::web::page::Subjects;
use crate::web::{Chrome, PatientStripe};

/// Checkups shown side by side.
const CHECKUPS: usize = 4;

/// What this person may open.
#[derive(Debug, Clone, Copy)]
pub struct Doors {
    pub medication: bool,
    pub care: bool,
    pub checkup: bool,
    pub fetch: bool,
}

impl Doors {
    const fn to(self, subject: ConsentSubject) -> Option<&'static str> {
        match subject {
            ConsentSubject::Medication if self.medication => Some("medication"),
            ConsentSubject::Care | ConsentSubject::Surgery if self.care => Some("care"),
            ConsentSubject::Checkup if self.checkup => Some("checkup"),
            _ => None,
        }
    }
}

/// One consent.
#[derive(Debug, Clone)]
pub struct Line {
    pub subject: String,
    pub tone: &'static str,
    pub mark: &'static str,
    pub word: String,
    pub until: String,
    /// The last part of the address where its content is; none when nobody may look now.
    pub door: Option<&'static str>,
    /// Where the fetching stands.
    pub state: String,
}

/// Something to fetch again.
#[derive(Debug, Clone)]
pub struct Failed {
    pub id: Uuid,
    pub version: i32,
    pub what: &'static str,
    pub why: String,
}

/// 同意 as a list that renews itself when something arrives.
#[derive(Debug, Clone, Template)]
#[template(path = "consents/_list.html")]
pub struct ConsentList {
    pub patient_id: PatientId,
    pub encounter_id: Option<EncounterId>,
    pub lines: Vec<Line>,
    pub failed: Vec<Failed>,
}

impl ConsentList {
    pub fn of(
        patient_id: PatientId,
        encounter_id: Option<EncounterId>,
        consents: &Consents,
        records: &[record::Model],
        doors: Doors,
        now: DateTime<Utc>,
    ) -> Self {
        let mut given: Vec<&Given> = consents.0.iter().collect();
        given.sort_by_key(|g| ConsentSubject::ALL.iter().position(|s| g.consent.is_about(*s)).unwrap_or(usize::MAX));
        let is_open = |row: &record::Model| {
            consents.0.iter().any(|g| {
                let kind = ConsentSubject::from_code(&g.consent.subject).and_then(Kind::of);
                g.reader_result_id == row.reader_result_id && g.consent.is_open(now) && kind.is_some_and(|kind| kind.code() == row.kind)
            })
        };
        let failed = records.iter().filter(|row| doors.fetch && is_open(row)).filter_map(failed).collect();
        Self { patient_id, encounter_id, lines: given.into_iter().map(|g| line(g, records, doors, now)).collect(), failed }
    }

    /// What may stay open on the page.
    fn open(&self) -> String {
        self.lines.iter().filter_map(|line| line.door).collect::<Vec<_>>().join(" ")
    }

    fn href(&self) -> String {
        let at = self.encounter_id.map(|id| format!("&encounter={id}")).unwrap_or_default();
        format!("/patients/{}/consents?part=list{at}", self.patient_id)
    }

    fn live(&self) -> String {
        self.encounter_id.map(|id| id.to_string()).unwrap_or_default()
    }
}

impl Subjects for ConsentList {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.patient_id]
    }
}

fn line(given: &Given, records: &[record::Model], doors: Doors, now: DateTime<Utc>) -> Line {
    let consent = &given.consent;
    let subject = ConsentSubject::from_code(&consent.subject);
    let is_open = consent.is_open(now);
    let is_of_certificate = subject.is_some_and(ConsentSubject::is_of_certificate);
    let until = consent.available_until.map(|until| until.format("%m/%d %H:%M まで").to_string());
    let (tone, mark, word) = match (is_open, consent.is_given()) {
        (true, _) => ("ok", "check", consent.flag_label()),
        (false, true) if is_of_certificate => ("ok", "check", consent.flag_label()),
        (false, true) if until.is_none() => ("warn", "tri", "同意あり・期限なし".to_owned()),
        (false, true) => ("plain", "clock", "閲覧期間の終了".to_owned()),
        (false, false) => ("plain", "off", consent.flag_label()),
    };
    let record = subject.and_then(Kind::of).and_then(|kind| store::under(records, given, kind));
    let state = match record.map(|row| row.status.as_str()) {
        _ if !is_open => "",
        Some(store::PENDING) => "取り寄せ中",
        Some(store::RECEIVED) => "届いています",
        Some(_) => "取り寄せられませんでした",
        None => "",
    };
    Line {
        subject: consent.subject_label().to_owned(),
        tone,
        mark,
        word,
        until: until.unwrap_or_default(),
        door: subject.filter(|_| is_open).and_then(|subject| doors.to(subject)),
        state: state.to_owned(),
    }
}

fn failed(row: &record::Model) -> Option<Failed> {
    let why = match row.status.as_str() {
        store::REFUSED if row.said.is_empty() => "サービスが受け付けませんでした".to_owned(),
        store::REFUSED => row.said.clone(),
        store::UNAVAILABLE => "時間内に返事がありませんでした".to_owned(),
        _ => return None,
    };
    let what = if row.kind == Kind::Checkup.code() { "特定健診等情報" } else { "薬剤・診療情報" };
    Some(Failed { id: row.id, version: row.version, what, why })
}

#[derive(Debug, Template)]
#[template(path = "consents/show.html", blocks = ["box"])]
pub struct ConsentPage {
    pub chrome: Chrome,
    pub stripe: PatientStripe,
    pub list: ConsentList,
}

impl Subjects for ConsentPage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.stripe.patient_id]
    }
}

/// One row of a table of checkups: item, then a value for each day.
#[derive(Debug, Clone)]
pub struct TrendRow {
    pub name: String,
    pub unit: String,
    pub values: Vec<String>,
}

/// One day at one place.
#[derive(Debug, Clone)]
pub struct Day {
    pub on: String,
    pub place: String,
    pub origin: &'static str,
    pub setting: String,
    pub lines: Vec<DayLine>,
}

#[derive(Debug, Clone)]
pub struct DayLine {
    pub name: String,
    pub more: String,
    pub tag: String,
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

    pub fn drugs(history: &CareHistory) -> Self {
        let with = history.episodes.iter().filter(|e| !e.drugs.is_empty());
        Self::Days(with.map(|e| day(e, e.drugs.iter().map(drug).collect())).collect())
    }

    /// Only lines every needed consent is open for.
    pub fn treatments(history: &CareHistory, open: &[ConsentSubject]) -> Self {
        let is_allowed = |t: &&Treatment| t.needs().iter().all(|subject| open.contains(subject));
        let lines = |e: &Episode| e.treatments.iter().filter(is_allowed).map(treatment).collect::<Vec<_>>();
        Self::Days(history.episodes.iter().map(|e| day(e, lines(e))).filter(|day| !day.lines.is_empty()).collect())
    }

    pub fn checkups(checkups: &Checkups) -> Self {
        let days = checkups.checkups.iter().take(CHECKUPS);
        let row = |(item, values): (&domain::care_history::Finding, Vec<Option<&domain::care_history::Finding>>)| TrendRow {
            name: if item.name.is_empty() { item.code.clone() } else { item.name.clone() },
            unit: item.unit.clone(),
            values: values.into_iter().take(CHECKUPS).map(|v| v.map(value).unwrap_or_default()).collect(),
        };
        Self::Checkups {
            days: days.map(|c| c.on.map_or_else(|| "日付不明".to_owned(), |on| on.to_string())).collect(),
            rows: checkups.trend().into_iter().map(row).collect(),
        }
    }
}

fn value(finding: &domain::care_history::Finding) -> String {
    let name = if finding.value_name.is_empty() { String::new() } else { format!(" {}", finding.value_name) };
    format!("{}{name}", finding.value)
}

fn day(episode: &Episode, lines: Vec<DayLine>) -> Day {
    let month = match (episode.month.get(..4), episode.month.get(4..)) {
        (Some(year), Some(month)) if episode.month.len() == 6 => format!("{year}-{month}"),
        _ => episode.month.clone(),
    };
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
    DayLine { name, more: joined(&[&amount, &drug.usage, &drug.instruction, &times]), tag: drug.ingredient.clone() }
}

fn treatment(t: &Treatment) -> DayLine {
    let times = if t.times.is_empty() { String::new() } else { format!("×{}", t.times) };
    let amount = format!("{}{}", t.quantity, t.unit);
    // A code we do not know is shown as it came.
    let tag = t.class_label().map_or_else(|| format!("識別 {}", t.class), str::to_owned);
    let name = if t.name.is_empty() { t.code.clone() } else { t.name.clone() };
    DayLine { name, more: joined(&[&amount, &times]), tag }
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
}

impl Shown {
    pub fn of(patient_id: PatientId, open: &[ConsentSubject], consents: &Consents, content: Content, now: DateTime<Utc>) -> Self {
        let ends = open.iter().filter_map(|subject| consents.of(*subject)?.consent.available_until).min().unwrap_or_else(|| jst(now));
        let has = |subject| open.contains(&subject);
        let (door, title) = match () {
            () if has(ConsentSubject::Medication) => ("medication", "薬剤情報"),
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
