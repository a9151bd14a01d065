//! Samples of 日締め: open with everything on it, refused, closed, and on paper.

use domain::PatientId;
use uuid::Uuid;

use super::lists::{Item, OpenList};
use super::views::{Bar, ClosedView, DayPage, DayPrint};
use crate::web::samples::{errors, show};
use crate::web::{Chrome, FormState, Nav};

fn page() -> DayPage {
    let item = |name: &str| Item {
        patient_id: Some(PatientId::new(Uuid::nil())),
        name: name.into(),
        what: "870円".into(),
        href: format!("/encounters/{}/billing", Uuid::nil()),
    };
    let list = |code, label, items| OpenList { code, label, todo: "連絡するか、次回に精算します", items };
    DayPage {
        chrome: Chrome::sample(Nav::Billing),
        day: "2026-11-20".parse().unwrap(),
        key: Uuid::nil().to_string(),
        version: 0,
        visits: 41,
        lists: vec![
            list("unsigned", "未確定カルテ", vec![]),
            list("unpaid", "未収・概算預かり", vec![item("長谷部𠮷田 摩利亜アレクサンドラクリスティーナ"), item("齋藤 千鶴子")]),
        ],
        methods: vec![("現金", "42,870".into()), ("カード", "3,300".into())],
        taken: "46,170".into(),
        refunds: "-420".into(),
        sums: vec![("請求した受診", "40".into()), ("点数", "15,390".into()), ("請求額", "46,170".into())],
        cash_yen: 42_870,
        bars: (0..14)
            .map(|x| Bar {
                x: x * 28, height: 7 * x as i64, label: String::new(), words: format!("11月{}日 0円", x + 7), is_this: x == 13
            })
            .collect(),
        closed: None,
        form: FormState::default(),
        can_close: true,
        can_reopen: true,
    }
}

#[test]
fn a_day_open_refused_closed_and_printed() {
    let html = show("day-close", &page());
    assert!(html.contains("name=\"why_unpaid\"") && html.contains("name=\"n_10000\"") && !html.contains("name=\"why_cash\""));
    let wrong =
        errors(&[("why_unpaid", "0件でないときは、理由を書いてから締めます"), ("why_cash", "0件でないときは、理由を書いてから締めます")]);
    let refused = DayPage { form: FormState::default().set("n_1000", "3").with_errors(wrong), ..page() };
    assert!(show("day-close-refused", &refused).contains("name=\"why_cash\""));
    let closed = ClosedView {
        id: Uuid::nil(),
        version: 1,
        at: "18:52".into(),
        counted: "92,860".into(),
        expected: "92,870".into(),
        difference: -10,
        explanations: vec![("現金差".into(), "10円玉の数え違い".into())],
    };
    let closed = DayPage { closed: Some(closed), ..page() };
    let html = show("day-close-closed", &closed);
    assert!(html.contains("開き直す") && !html.contains("name=\"n_1000\""));
    assert!(show("day-close-print", &DayPrint { page: closed }).contains("10円玉の数え違い"));
}
