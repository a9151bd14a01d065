//! The page in every state.

use chrono::{DateTime, NaiveDate};
use uuid::Uuid;

use super::entity::Model;
use super::store::{ACCEPTED, ANSWERED, Other, UNAVAILABLE, Why};
use super::views::EntrustedPage;
use crate::web::samples::show;
use crate::web::{Chrome, Nav};

fn listing(status: &str, found: i32, renewed: i32) -> Model {
    let at = DateTime::from_timestamp(1_795_008_800, 0).unwrap();
    Model {
        tenant_id: Uuid::nil(),
        id: Uuid::nil(),
        month: NaiveDate::from_ymd_opt(2026, 11, 1).unwrap(),
        status: status.into(),
        said: if status == UNAVAILABLE { "ZIP にパスワードがかかっています。".into() } else { String::new() },
        found,
        renewed,
        others: Vec::new(),
        asked_at: at,
        changed_at: at,
    }
}

/// FN-OQ-08
#[test]
fn pages() {
    let month = NaiveDate::from_ymd_opt(2026, 11, 1).unwrap();
    let page = |listing, others| EntrustedPage::of(Chrome::sample(Nav::Today), month, listing, others, Uuid::nil());
    let other = |why| Other {
        name: "長谷部𠮷田 摩利亜アレクサンドラクリスティーナ".into(),
        birth_date: NaiveDate::from_ymd_opt(1955, 6, 12).unwrap(),
        payer_number: "12130019".into(),
        recipient_number: "9000019".into(),
        ticket: "医療券 202611 単独 入院外 本人負担 3,000円".into(),
        why,
    };
    assert!(show("entrusted-none", &page(None, vec![])).contains("取り込む"));
    assert!(!show("entrusted-waiting", &page(Some(listing(ACCEPTED, 0, 0)), vec![])).contains("<form"));
    show("entrusted-away", &page(Some(listing(UNAVAILABLE, 0, 0)), vec![]));
    let rows = vec![other(Why::Unknown), other(Why::Several), other(Why::NoTicket), other(Why::OtherForm)];
    let html = show("entrusted", &page(Some(listing(ANSWERED, 12, 9)), rows));
    assert!(html.contains("12名のうち9名"), "{html}");
}
