//! Samples of the settings and of every face a claim can show.

use chrono::DateTime;
use domain::billing::Sums;
use domain::claim::ClaimStatus;
use uuid::Uuid;

use super::entity::claim;
use super::views::{ClaimFace, SettingsPage};
use crate::web::samples::{errors, show};
use crate::web::{Chrome, FormState, Nav};

fn claim(status: ClaimStatus) -> claim::Model {
    claim::Model {
        tenant_id: Uuid::nil(),
        id: Uuid::nil(),
        version: 1,
        recorded_at: DateTime::UNIX_EPOCH,
        author_id: Uuid::nil(),
        entered_by_id: Uuid::nil(),
        status: status.code().into(),
        digest: vec![],
        patient_id: Uuid::nil(),
        performed_on: "2026-11-20".parse().unwrap(),
        message_version: 1,
        content_digest: "x".into(),
        sent_version: 1,
        medical_uid: "u".into(),
        engine_code: String::new(),
        engine_said: String::new(),
        points: None,
        due_yen: None,
    }
}

fn sums(points: i64, due_yen: i64) -> Sums {
    Sums { points, due_yen, ..Sums::default() }
}

#[test]
fn a_chip_says_where_the_visit_stands_and_what_to_do() {
    for status in ClaimStatus::ALL {
        let face = ClaimFace::of(&claim(status), None);
        assert_ne!(crate::web::assets::icon(face.face.mark), "/assets/unknown");
    }
    let refused = claim::Model {
        engine_code: "14".into(), engine_said: "担当医の医師コードが違います".into(), ..claim(ClaimStatus::Open)
    };
    let face = ClaimFace::of(&refused, None);
    assert_eq!((face.face.word, face.said.as_str(), face.can_resend), ("送信エラー", "担当医の医師コードが違います", true));
    let priced = claim::Model { points: Some(135), due_yen: Some(410), ..claim(ClaimStatus::Priced) };
    let face = ClaimFace::of(&priced, None);
    assert_eq!(face.mismatch(&sums(135, 410)), None);
    assert!(face.mismatch(&sums(291, 870)).is_some_and(|words| words.contains("135点・410円") && words.contains("291点・870円")));
}

#[test]
fn settings() {
    let form = FormState::default().set("url", "https://receipt.example.jp/api").set("status", "on").set("physicians", "doctor 10001");
    let page = SettingsPage { has_password: true, is_saved: true, ..SettingsPage::of(Chrome::sample(Nav::Clinic), None, form) };
    assert!(show("receipt-computer", &page).contains("value=\"on\" checked"));
    let wrong = errors(&[("url", "接続先は https で始まるものだけ使えます"), ("password", "パスワードを入れてください")]);
    let page = SettingsPage { is_stale: true, form: FormState::default().with_errors(wrong), is_saved: false, ..page };
    assert!(show("receipt-computer-refused", &page).contains("2か所 直してください"));
}
