//! The list 再照会 and one inquiry.

use askama::Template;
use domain::PatientId;
use domain::check_in::CareSetting;
use domain::outbox::Trouble;
use domain::wareki;
use uuid::Uuid;

use super::store::{ANSWERED, Line, SIGHTED};
use crate::devices::views::RelayLine;
use crate::web::{Chrome, FormState, Subjects};

#[derive(Debug, Clone)]
pub struct Row {
    pub id: Uuid,
    pub version: i32,
    pub at: String,
    pub who: String,
    /// 訪問診療等 or オンライン診療等; nothing for 外来.
    pub setting: &'static str,
    pub is_remote: bool,
    pub patient: Option<(PatientId, String)>,
    pub tone: &'static str,
    pub mark: &'static str,
    pub word: &'static str,
    pub why: String,
    pub next: String,
    pub result: Option<Uuid>,
    pub is_away: bool,
    pub is_sighted: bool,
    pub may_repeat: bool,
}

impl Row {
    fn of(line: Line) -> Self {
        let away = line.is_away();
        let sighted = line.status == SIGHTED;
        let (tone, mark, word) = match line.status.as_str() {
            ANSWERED => ("ok", "check", "回答あり"),
            SIGHTED => ("warn", "eye", "目視・回答待ち"),
            _ if away => ("warn", "tri", "照会不可"),
            _ => ("info", "clock", "照会中"),
        };
        let why = match Trouble::from_code(&line.code) {
            _ if line.status == ANSWERED => String::new(),
            Some(trouble) => format!("{}。", trouble.label()),
            None => line.said.clone(),
        };
        let remote = CareSetting::from_code(&line.setting).filter(|setting| setting.is_remote());
        let settled = line.is_settled();
        let next = if settled {
            String::new()
        } else {
            format!("{} に自動で照会します", domain::clock::jst(line.next_attempt_at).format("%H:%M:%S"))
        };
        Self {
            id: line.id,
            version: line.version,
            at: domain::clock::jst(line.asked_at).format("%m/%d %H:%M").to_string(),
            who: format!("{} {} {}生", line.insurer_number, line.insured_number, wareki::short(line.birth_date)),
            setting: remote.map_or("", CareSetting::label),
            is_remote: remote.is_some(),
            patient: line.patient_id.map(PatientId::new).zip(line.name_ideographic),
            tone,
            mark,
            word,
            why,
            next: if away { next } else { String::new() },
            result: line.reader_result_id,
            is_away: away,
            is_sighted: sighted,
            may_repeat: settled && line.status != ANSWERED,
        }
    }

    pub fn token(&self) -> String {
        self.patient.as_ref().map(|(id, _)| id.to_string()).unwrap_or_default()
    }
}

#[derive(Template)]
#[template(path = "inquiries/list.html")]
pub struct InquiriesPage {
    chrome: Chrome,
    form: FormState,
    patient: Option<PatientId>,
    open: Vec<Row>,
    answered: Vec<Row>,
    relay: RelayLine,
}

impl InquiriesPage {
    pub fn of(chrome: Chrome, lines: Vec<Line>, form: FormState, patient: Option<PatientId>) -> Self {
        let (answered, open) = lines.into_iter().partition(|line| line.status == ANSWERED);
        let rows = |lines: Vec<Line>| lines.into_iter().map(Row::of).collect();
        Self { chrome, form, patient, open: rows(open), answered: rows(answered), relay: RelayLine::default() }
    }

    fn settings(&self) -> Vec<(&'static str, &'static str)> {
        CareSetting::ALL.iter().map(|setting| (setting.code(), setting.label())).collect()
    }

    pub fn with_relay(self, relay: RelayLine) -> Self {
        Self { relay, ..self }
    }
}

impl Subjects for InquiriesPage {
    fn subjects(&self) -> Vec<PatientId> {
        let rows = self.open.iter().chain(&self.answered);
        rows.filter_map(|row| row.patient.as_ref().map(|(id, _)| *id)).chain(self.patient).collect()
    }
}

#[derive(Template)]
#[template(path = "inquiries/show.html", blocks = ["state"])]
pub struct InquiryPage {
    chrome: Chrome,
    row: Row,
}

impl InquiryPage {
    pub fn of(chrome: Chrome, line: Line) -> Self {
        Self { chrome, row: Row::of(line) }
    }
}

impl Subjects for InquiryPage {
    fn subjects(&self) -> Vec<PatientId> {
        self.row.patient.iter().map(|(id, _)| *id).collect()
    }
}
