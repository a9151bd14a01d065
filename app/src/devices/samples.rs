//! The pages in every state.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::entity::{arrival, device};
use super::handlers::RawDevice;
use super::views::{ArrivalsPage, DevicesPage};
use crate::web::samples::show;
use crate::web::{Chrome, FormState, Nav};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_008_800, 0).unwrap()
}

fn device(n: u128, name: &str, seen: Option<i64>, aside: i32) -> device::Model {
    device::Model {
        tenant_id: Uuid::nil(),
        id: Uuid::from_u128(n),
        version: 1,
        name: name.into(),
        prefix: "tsd_ab12CD34".into(),
        secret_sha256: vec![0; 32],
        issued_at: now() - TimeDelta::days(3),
        issued_by_id: Uuid::nil(),
        revoked_at: None,
        revoked_by_id: None,
        last_seen_at: seen.map(|seconds| now() - TimeDelta::seconds(seconds)),
        program: "0.1.0".into(),
        waiting: 0,
        aside,
    }
}

#[test]
fn devices_in_each_state() {
    let revoked = device::Model { revoked_at: Some(now()), ..device(5, "古い端末", Some(9000), 0) };
    let rows = [
        device(1, "受付の資格確認端末", Some(10), 0),
        device(2, "予備", None, 0),
        device(3, "二階", Some(600), 0),
        device(4, "薬局側", Some(5), 2),
        revoked,
    ];
    let form = FormState::of(&RawDevice::default());
    let html = show("devices", &DevicesPage::of(Chrome::sample(Nav::Clinic), &rows, now(), 2, form.clone()));
    for word in ["つながっています", "まだ連絡なし", "応答なし", "脇に置いたファイルあり", "鍵を無効にした端末"]
    {
        assert!(html.contains(word), "{word}");
    }
    let empty = DevicesPage::of(Chrome::sample(Nav::Clinic), &[], now(), 0, form);
    let shown = DevicesPage { key: Some(("受付".into(), "tsd_secret".into())), ..empty.clone() };
    assert!(show("devices-key", &shown).contains("tsd_secret") && !show("devices-empty", &empty).contains("tsd_"));
}

#[test]
fn arrivals_say_what_happened() {
    let row = |n: u128, reason: &str| arrival::Model {
        tenant_id: Uuid::nil(),
        id: Uuid::from_u128(n),
        version: 1,
        device_id: Uuid::from_u128(1),
        folder: "res".into(),
        name: format!("OQSsiquc01res_{n}.xml"),
        content_sha256: vec![0; 32],
        size: 10,
        content: vec![],
        state: "refused".into(),
        reason: reason.into(),
        arrived_at: now(),
        reviewed_at: None,
        reviewed_by_id: None,
    };
    let devices = [device(1, "受付の資格確認端末", Some(10), 0)];
    let rows =
        [row(1, "facility"), row(2, "unasked"), row(3, "same_name"), row(4, "malformed"), row(6, "packing"), row(5, "unknown_encoding")];
    let html = show("arrivals", &ArrivalsPage::of(Chrome::sample(Nav::Today), &rows, &devices, now(), Some("key".into())));
    assert!(html.contains("別の医療機関のコード") && html.contains("確認した"));
    show("arrivals-empty", &ArrivalsPage::of(Chrome::sample(Nav::Today), &[], &devices, now(), None));
}
