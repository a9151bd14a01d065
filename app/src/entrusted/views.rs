//! This month's list in words.

use askama::Template;
use chrono::NaiveDate;
use domain::clock::jst;
use domain::{PatientId, wareki};
use uuid::Uuid;

use super::entity::Model;
use super::store::{ACCEPTED, ANSWERED, Other, PENDING, Why};
use crate::web::Chrome;
use crate::web::page::Subjects;

/// Somebody of the list for a person to look after.
#[derive(Debug, Clone)]
pub struct Row {
    pub name: String,
    pub birth: String,
    pub numbers: String,
    pub ticket: String,
    pub todo: &'static str,
}

#[derive(Debug, Template)]
#[template(path = "entrusted/show.html")]
pub struct EntrustedPage {
    pub chrome: Chrome,
    pub month: NaiveDate,
    pub key: Uuid,
    /// Mark, tone and words; none when nobody asked this month.
    pub state: Option<(&'static str, &'static str, String)>,
    /// An answer is on its way.
    pub is_waiting: bool,
    pub found: i32,
    pub renewed: i32,
    pub rows: Vec<Row>,
}

impl EntrustedPage {
    pub fn of(chrome: Chrome, month: NaiveDate, listing: Option<Model>, others: Vec<Other>, key: Uuid) -> Self {
        Self {
            chrome,
            month,
            key,
            is_waiting: listing.as_ref().is_some_and(|row| matches!(row.status.as_str(), PENDING | ACCEPTED)),
            state: listing.as_ref().map(state),
            found: listing.as_ref().map_or(0, |row| row.found),
            renewed: listing.as_ref().map_or(0, |row| row.renewed),
            rows: others.into_iter().map(row).collect(),
        }
    }

    fn title(&self) -> String {
        self.month.format("%Y年%-m月").to_string()
    }
}

impl Subjects for EntrustedPage {
    fn subjects(&self) -> Vec<PatientId> {
        Vec::new()
    }
}

fn state(row: &Model) -> (&'static str, &'static str, String) {
    let at = jst(row.changed_at).format("%m/%d %H:%M");
    match row.status.as_str() {
        PENDING => ("clock", "info", format!("{at} 申し込んでいます")),
        ACCEPTED => ("clock", "info", format!("{at} 受け付けられました。結果を待っています")),
        ANSWERED => ("check", "ok", format!("{at} 結果が届きました")),
        _ if row.said.is_empty() => ("tri", "warn", format!("{at} 取り込めませんでした。後処理から送り直せます")),
        _ => ("tri", "warn", format!("{at} 取り込めませんでした。{}", row.said)),
    }
}

fn row(other: Other) -> Row {
    Row {
        birth: format!("{} ({})", wareki::short(other.birth_date), other.birth_date),
        numbers: format!("{}・{}", other.payer_number, other.recipient_number),
        todo: match other.why {
            Why::Unknown => "この番号と生年月日の患者がいません。来院したら、カードの読取りか手入力で登録してください",
            Why::Several => "この番号と生年月日の患者が2人以上います。患者の統合が要らないか確かめてください",
            Why::OtherForm => "単独と併用の別が登録と違います。カードの読取りで、医療保険とあわせて確かめてください",
            Why::NoTicket => "当院で今日使える医療券がありません。福祉事務所に確かめてください",
        },
        name: other.name,
        ticket: other.ticket,
    }
}
