//! The page 後処理.

use askama::Template;
use chrono::{DateTime, Utc};
use domain::PatientId;
use domain::outbox::{Delivery, Errand, Trouble};
use uuid::Uuid;

use super::store::Line;
use crate::devices::views::RelayLine;
use crate::web::{Chrome, Subjects};

#[derive(Template)]
#[template(path = "outbox/list.html")]
pub struct OutboxPage {
    chrome: Chrome,
    may_write: bool,
    done: &'static str,
    stuck: Vec<Row>,
    waiting: Vec<Row>,
    ended: Vec<Row>,
    relay: RelayLine,
}

pub struct Row {
    pub id: Uuid,
    pub version: i32,
    pub key: Uuid,
    pub at: String,
    pub patient: Option<(PatientId, String, String)>,
    pub service: &'static str,
    pub errand: &'static str,
    pub state: &'static str,
    pub tone: &'static str,
    pub mark: &'static str,
    /// What happened, in one sentence.
    pub what: String,
    /// What comes next, or what to do.
    pub next: String,
    pub attempts: i32,
    pub can_resend: bool,
    pub can_withdraw: bool,
}

impl Row {
    pub fn token(&self) -> String {
        self.patient.as_ref().map(|(id, _, _)| id.to_string()).unwrap_or_default()
    }
}

impl OutboxPage {
    pub fn of(chrome: Chrome, lines: Vec<Line>, now: DateTime<Utc>, may_write: bool, done: &str) -> Self {
        let (mut stuck, mut waiting, mut ended) = (vec![], vec![], vec![]);
        for line in lines {
            let state = Delivery::from_code(&line.state).unwrap_or(Delivery::GivenUp);
            let list = match state {
                state if state.needs_hand() => &mut stuck,
                state if state.is_settled() => &mut ended,
                _ => &mut waiting,
            };
            list.push(row(line, state, now));
        }
        let done = match done {
            "sent" => "送り直しています。結果はこの画面に出ます。",
            "withdrawn" => "取り下げました。「最近終わったもの」の再送で元に戻せます。",
            _ => "",
        };
        Self { chrome, may_write, done, stuck, waiting, ended, relay: RelayLine::default() }
    }

    pub fn with_relay(self, relay: RelayLine) -> Self {
        Self { relay, ..self }
    }

    fn is_empty(&self) -> bool {
        self.stuck.is_empty() && self.waiting.is_empty() && self.ended.is_empty()
    }
}

impl Subjects for OutboxPage {
    fn subjects(&self) -> Vec<PatientId> {
        let rows = self.stuck.iter().chain(&self.waiting).chain(&self.ended);
        rows.filter_map(|row| row.patient.as_ref().map(|(id, _, _)| *id)).collect()
    }
}

fn row(line: Line, state: Delivery, now: DateTime<Utc>) -> Row {
    let errand = Errand::from_code(&line.errand);
    let (tone, mark) = match state {
        Delivery::Waiting | Delivery::Sending if line.code.is_empty() => ("info", "clock"),
        Delivery::Waiting | Delivery::Sending => ("warn", "clock"),
        Delivery::Done => ("ok", "check"),
        Delivery::Refused | Delivery::GivenUp => ("stop", "x-c"),
        Delivery::Withdrawn => ("plain", "undo"),
    };
    Row {
        id: line.id,
        version: line.version,
        key: tenancy::versioned::new_id(now),
        at: domain::clock::jst(line.created_at).format("%m/%d %H:%M").to_string(),
        service: errand.map_or("?", |errand| errand.service().label()),
        errand: errand.map_or("?", Errand::label),
        state: state.label(),
        tone,
        mark,
        what: what(&line, state),
        next: next(&line, state),
        attempts: line.attempts,
        can_resend: state.is_settled() && state != Delivery::Done,
        can_withdraw: !matches!(state, Delivery::Done | Delivery::Withdrawn),
        patient: match (line.patient_id, line.patient_number, line.name_ideographic) {
            (Some(id), Some(number), Some(name)) => Some((PatientId::new(id), number, name)),
            _ => None,
        },
    }
}

fn what(line: &Line, state: Delivery) -> String {
    let cause = match Trouble::from_code(&line.code) {
        Some(trouble) => format!("{}。", trouble.label()),
        None if line.said.is_empty() && line.code.is_empty() => String::new(),
        None if line.said.is_empty() => format!("先方のコード {}", line.code),
        None => format!("{}({})", line.said, line.code),
    };
    match state {
        Delivery::Waiting | Delivery::Sending if cause.is_empty() => "これから送ります。".into(),
        Delivery::Done => "届きました。".into(),
        Delivery::Withdrawn if line.may_have_arrived => "取り下げました。送信中だったため、先方に届いている可能性があります。".into(),
        Delivery::Withdrawn => "取り下げました。先方には届いていません。".into(),
        _ if line.may_have_arrived => format!("{cause}先方に届いている可能性があります。"),
        _ => cause,
    }
}

fn next(line: &Line, state: Delivery) -> String {
    match state {
        Delivery::Waiting if line.may_have_arrived => format!("{} に届いたか確かめます", clock_time(line.next_attempt_at)),
        Delivery::Waiting => format!("{} に自動で送ります", clock_time(line.next_attempt_at)),
        Delivery::Sending => "返事を待っています".into(),
        Delivery::Refused | Delivery::GivenUp if line.errand == Errand::PrescriptionRegister.code() => {
            "カルテの処方で紙へ切り替えるか、再送してください".into()
        }
        Delivery::Refused => "内容を直してから再送してください。不要なら取り下げてください".into(),
        Delivery::GivenUp if line.may_have_arrived => "再送すると、届いていないことを確かめてから送ります".into(),
        Delivery::GivenUp => "回線と先方の案内を確かめて再送してください".into(),
        Delivery::Done | Delivery::Withdrawn => String::new(),
    }
}

fn clock_time(at: DateTime<Utc>) -> String {
    domain::clock::jst(at).format("%H:%M:%S").to_string()
}
