//! Consents from people's own devices: what was fetched, who waits to be taken over, who is registered.

use std::collections::HashMap;

use askama::Template;
use chrono::NaiveDate;
use domain::PatientId;
use domain::check_in::{CareSetting, CheckChannel, ConsentEnding};
use domain::clock::jst;
use domain::eligibility::EligibilityStatus;
use uuid::Uuid;

use super::entity::{consent, listing};
use super::listing::{ACCEPTED, ANSWERED, PENDING};
use crate::encounters::reader_store::Line;
use crate::notes::neighbours::Card;
use crate::web::face::{self, Face};
use crate::web::page::Subjects;
use crate::web::{Chrome, FormState};

/// One list that was asked for.
#[derive(Debug, Clone)]
pub struct ListRow {
    pub at: String,
    pub what: String,
    pub tone: &'static str,
    pub mark: &'static str,
    pub words: String,
}

/// Somebody whose answer waits to be taken over. Who it is stands inside.
#[derive(Debug, Clone)]
pub struct WaitingRow {
    pub id: Uuid,
    pub at: String,
    pub setting: &'static str,
    pub face: Face,
}

/// Somebody with a continuing consent.
#[derive(Debug, Clone)]
pub struct PersonRow {
    pub id: Uuid,
    pub version: i32,
    pub key: Uuid,
    pub patient: PatientId,
    pub name: String,
    pub kana: String,
    pub number: String,
    pub setting: &'static str,
    pub since: String,
    pub until: String,
    pub is_over: bool,
    pub checked: String,
    pub face: Face,
}

#[derive(Debug, Clone)]
pub struct EndedRow {
    pub patient: PatientId,
    pub name: String,
    pub setting: &'static str,
    pub at: String,
    pub why: &'static str,
}

/// Gathered by the handler.
pub struct Rows {
    /// Each with a key for one pressing.
    pub active: Vec<(consent::Model, Uuid)>,
    pub ended: Vec<consent::Model>,
    pub people: HashMap<PatientId, Card>,
    pub results: HashMap<Uuid, EligibilityStatus>,
}

#[derive(Debug, Template)]
#[template(path = "remote_consents/list.html")]
pub struct RemoteConsentsPage {
    pub chrome: Chrome,
    pub form: FormState,
    pub lists: Vec<ListRow>,
    pub waiting: Vec<WaitingRow>,
    pub people: Vec<PersonRow>,
    pub ended: Vec<EndedRow>,
}

impl RemoteConsentsPage {
    pub fn of(chrome: Chrome, form: FormState, lists: Vec<listing::Model>, waiting: Vec<Line>, rows: Rows, today: NaiveDate) -> Self {
        let card = |row: &consent::Model| rows.people.get(&PatientId::new(row.patient_id)).cloned();
        let people = rows.active.iter().filter_map(|(row, key)| Some(person(row, *key, card(row)?, &rows.results, today)));
        let ended = rows.ended.iter().filter_map(|row| Some(ended(row, card(row)?)));
        Self {
            chrome,
            form,
            lists: lists.iter().map(list_row).collect(),
            waiting: waiting.iter().map(waiting_row).collect(),
            people: people.collect(),
            ended: ended.collect(),
        }
    }

    fn settings(&self) -> Vec<(&'static str, &'static str)> {
        CareSetting::ALL.iter().filter(|setting| setting.is_remote()).map(|setting| (setting.code(), setting.label())).collect()
    }

    fn endings(&self) -> Vec<(&'static str, &'static str)> {
        ConsentEnding::ALL.iter().map(|ending| (ending.code(), ending.label())).collect()
    }
}

impl Subjects for RemoteConsentsPage {
    fn subjects(&self) -> Vec<PatientId> {
        self.people.iter().map(|row| row.patient).chain(self.ended.iter().map(|row| row.patient)).collect()
    }
}

fn setting_words(code: &str) -> &'static str {
    CareSetting::from_code(code).map_or("", CareSetting::label)
}

fn list_row(row: &listing::Model) -> ListRow {
    let (tone, mark, words) = match row.status.as_str() {
        PENDING => ("info", "clock", "申し込んでいます".to_owned()),
        ACCEPTED => ("info", "clock", "受け付けられました。結果を待っています".to_owned()),
        ANSWERED => ("ok", "check", format!("{}名の同意が届きました", row.found)),
        _ if row.said.is_empty() => ("warn", "tri", "取り込めませんでした。後処理から送り直せます".to_owned()),
        _ => ("warn", "tri", format!("取り込めませんでした。{}", row.said)),
    };
    let what = format!("{} {} 〜 {}", setting_words(&row.setting), row.from_on, row.to_on);
    ListRow { at: jst(row.changed_at).format("%m/%d %H:%M").to_string(), what, tone, mark, words }
}

fn waiting_row(line: &Line) -> WaitingRow {
    let setting = if line.channel == CheckChannel::Online.code() { CareSetting::Online } else { CareSetting::Home };
    WaitingRow {
        id: line.id,
        at: jst(line.received_at).format("%m/%d %H:%M").to_string(),
        setting: setting.label(),
        face: face::eligibility(EligibilityStatus::from_code(&line.validity).unwrap_or(EligibilityStatus::Unchecked)),
    }
}

fn person(row: &consent::Model, key: Uuid, card: Card, results: &HashMap<Uuid, EligibilityStatus>, today: NaiveDate) -> PersonRow {
    PersonRow {
        id: row.id,
        version: row.version,
        key,
        patient: PatientId::new(row.patient_id),
        name: card.name,
        kana: card.kana,
        number: card.number,
        setting: setting_words(&row.setting),
        since: jst(row.registered_at).format("%Y-%m-%d").to_string(),
        until: row.until.map_or_else(|| "取り消すまで".into(), |until| format!("{until} まで")),
        is_over: row.is_over(today),
        checked: jst(row.checked_at).format("%m/%d %H:%M").to_string(),
        face: face::eligibility(results.get(&row.reader_result_id).copied().unwrap_or(EligibilityStatus::Unchecked)),
    }
}

fn ended(row: &consent::Model, card: Card) -> EndedRow {
    EndedRow {
        patient: PatientId::new(row.patient_id),
        name: card.name,
        setting: setting_words(&row.setting),
        at: row.ended_at.map(|at| jst(at).format("%Y-%m-%d").to_string()).unwrap_or_default(),
        why: ConsentEnding::from_code(&row.ending).map_or("", ConsentEnding::label),
    }
}
