//! The worklist in words.

use std::collections::HashMap;

use askama::Template;
use chrono::{Days, NaiveDate};
use domain::PatientId;
use domain::clock::jst;
use domain::eligibility::EligibilityStatus;
use uuid::Uuid;

use super::entity::{inquiry, line};
use super::store;
use crate::notes::neighbours::Card;
use crate::web::Chrome;
use crate::web::face::{self, Face};
use crate::web::page::Subjects;

#[derive(Debug, Clone)]
pub struct Row {
    pub id: Uuid,
    pub version: i32,
    pub patient: PatientId,
    pub at: String,
    pub name: String,
    pub kana: String,
    pub number: String,
    pub face: Face,
    pub says: String,
    pub is_limit_changed: bool,
}

#[derive(Debug, Template)]
#[template(path = "bulk_inquiries/show.html")]
pub struct BulkPage {
    pub chrome: Chrome,
    pub day: NaiveDate,
    pub may_ask: bool,
    /// Where the asking stands: mark, tone and words; none when nobody asked.
    pub state: Option<(&'static str, &'static str, String)>,
    pub asked: usize,
    pub valid: usize,
    pub pending: usize,
    pub handled: usize,
    pub rows: Vec<Row>,
}

impl BulkPage {
    pub fn of(
        chrome: Chrome,
        day: NaiveDate,
        today: NaiveDate,
        inquiry: Option<inquiry::Model>,
        lines: Vec<line::Model>,
        people: &HashMap<PatientId, Card>,
    ) -> Self {
        let count = |code: &str| lines.iter().filter(|line| line.eligibility == code).count();
        let rows =
            lines.iter().filter(|line| line.needs_hand()).filter_map(|line| row(line, people.get(&PatientId::new(line.patient_id))?));
        Self {
            chrome,
            day,
            may_ask: inquiry.is_none() && day >= today,
            state: inquiry.as_ref().map(state),
            asked: lines.len(),
            valid: count(EligibilityStatus::Valid.code()),
            pending: count(EligibilityStatus::Pending.code()),
            handled: lines.iter().filter(|line| line.handled_at.is_some()).count(),
            rows: rows.collect(),
        }
    }

    fn before(&self) -> NaiveDate {
        self.day.checked_sub_days(Days::new(1)).unwrap_or(self.day)
    }

    fn after(&self) -> NaiveDate {
        self.day.checked_add_days(Days::new(1)).unwrap_or(self.day)
    }
}

impl Subjects for BulkPage {
    fn subjects(&self) -> Vec<PatientId> {
        self.rows.iter().map(|row| row.patient).collect()
    }
}

fn state(inquiry: &inquiry::Model) -> (&'static str, &'static str, String) {
    let at = jst(inquiry.changed_at).format("%m/%d %H:%M");
    match inquiry.status.as_str() {
        store::PENDING => ("clock", "info", format!("{at} 照会を送っています")),
        store::ACCEPTED => ("clock", "info", format!("{at} 受け付けられました。結果を待っています")),
        store::ANSWERED => ("check", "ok", format!("{at} 結果が届きました")),
        _ if inquiry.said.is_empty() => ("tri", "warn", format!("{at} 照会できませんでした。後処理から送り直せます")),
        _ => ("tri", "warn", format!("{at} 照会できませんでした。{}", inquiry.said)),
    }
}

fn row(line: &line::Model, card: &Card) -> Option<Row> {
    let status = EligibilityStatus::from_code(&line.eligibility)?;
    let says = match status {
        _ if !line.said.is_empty() => line.said.clone(),
        EligibilityStatus::Invalid => "資格を失っています。来院時に新しい保険を確かめてください".into(),
        EligibilityStatus::Superseded => "新しい資格があります。カードを読み取ると新しい内容になります".into(),
        EligibilityStatus::NotFound => "該当する資格がありません。番号と生年月日を確かめてください".into(),
        EligibilityStatus::Multiple => "候補が複数あります。枝番を確かめてください".into(),
        EligibilityStatus::Unchecked => "照会に使える番号がありません。保険証・資格確認書を確かめてください".into(),
        EligibilityStatus::Valid => String::new(),
        _ => "結果を読み取れませんでした。番号で照会してください".into(),
    };
    Some(Row {
        id: line.id,
        version: line.version,
        patient: PatientId::new(line.patient_id),
        at: jst(line.starts_at).format("%H:%M").to_string(),
        name: card.name.clone(),
        kana: card.kana.clone(),
        number: card.number.clone(),
        face: face::eligibility(status),
        says,
        is_limit_changed: line.is_limit_changed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::Nav;
    use crate::web::samples::show;

    fn line(n: u128, eligibility: &str) -> line::Model {
        line::Model {
            tenant_id: Uuid::nil(),
            id: Uuid::from_u128(n),
            version: 1,
            bulk_inquiry_id: Uuid::nil(),
            patient_id: Uuid::from_u128(n),
            coverage_id: None,
            starts_at: chrono::DateTime::from_timestamp(1_795_008_800, 0).unwrap(),
            eligibility: eligibility.into(),
            said: String::new(),
            is_limit_changed: false,
            handled_at: None,
            handled_by_id: None,
        }
    }

    #[test]
    fn only_what_needs_a_hand_is_listed() {
        let (day, at) = (NaiveDate::from_ymd_opt(2026, 11, 21).unwrap(), chrono::DateTime::from_timestamp(1_795_008_800, 0).unwrap());
        let inquiry = inquiry::Model {
            tenant_id: Uuid::nil(),
            id: Uuid::nil(),
            day,
            status: store::ANSWERED.into(),
            reception_number: "R1".into(),
            said: String::new(),
            asked_at: at,
            changed_at: at,
        };
        let mut lines: Vec<_> =
            ["valid", "invalid", "superseded", "unchecked", "pending"].iter().zip(1..).map(|(e, n)| line(n, e)).collect();
        lines.push(line::Model { handled_at: Some(at), ..line(8, "invalid") });
        lines.push(line::Model { is_limit_changed: true, ..line(9, "valid") });
        let card = Card { name: "髙﨑 𠮷太郎".into(), kana: "タカサキ ヨシタロウ".into(), number: "001207".into() };
        let people = lines.iter().map(|l| (PatientId::new(l.patient_id), card.clone())).collect();
        let page = BulkPage::of(Chrome::sample(Nav::Today), day, day, Some(inquiry), lines, &people);
        assert_eq!((page.rows.len(), page.valid, page.pending, page.handled), (4, 2, 1, 1));
        show("bulk-inquiry", &page);
        let nobody = BulkPage::of(Chrome::sample(Nav::Today), day, day, None, vec![], &HashMap::new());
        assert!(show("bulk-inquiry-none", &nobody).contains("いま照会する"));
    }
}
