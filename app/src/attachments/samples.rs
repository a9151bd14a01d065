//! The pages in their shapes: empty, every state, off, refused, the board.

use domain::attachment::{FileRefusal, FileState};
use tenancy::standing::ScannerState;
use uuid::Uuid;

use super::entity::{attachment, attachment_file};
use super::store::{Reach, Shown};
use super::views::*;
use crate::notes::record::Names;
use crate::web::samples::show;
use crate::web::{Chrome, Nav, PatientStripe};

const NOW: &str = "2026-11-20T01:00:00Z";

fn shown(n: u128, kind: &str, mime: &str, state: FileState, reason: &str) -> Shown {
    let row = attachment::Model {
        tenant_id: Uuid::nil(),
        id: Uuid::from_u128(n),
        version: 1,
        recorded_at: NOW.parse().unwrap(),
        author_id: Uuid::nil(),
        entered_by_id: Uuid::nil(),
        status: "active".into(),
        digest: vec![7; 32],
        patient_id: Uuid::nil(),
        encounter_id: None,
        kind: kind.into(),
        title: "左前腕の発疹 初診時 <髙橋>".into(),
        noted_on: "2026-11-20".parse().unwrap(),
        file_id: Uuid::from_u128(n),
        drawing: String::new(),
    };
    let file = attachment_file::Model {
        tenant_id: Uuid::nil(),
        id: Uuid::from_u128(n),
        patient_id: Uuid::nil(),
        content_type: mime.into(),
        state: state.code().into(),
        reason: reason.into(),
        bytes: 1_234_567,
        width: Some(4000),
        height: Some(3000),
        sha256: vec![],
        uploaded_at: NOW.parse().unwrap(),
        uploaded_by_id: Uuid::nil(),
        attempts: 0,
        next_attempt_at: NOW.parse().unwrap(),
        holder: None,
        settled_at: None,
        engine: String::new(),
        signatures_at: None,
        copied_at: None,
    };
    Shown { row, file }
}

fn every_state() -> Vec<Shown> {
    vec![
        shown(5, "photo", "image/jpeg", FileState::Clean, ""),
        shown(4, "photo", "image/jpeg", FileState::Quarantine, ""),
        shown(3, "document", "application/pdf", FileState::Infected, "Mihon.EICAR-Test"),
        shown(2, "photo", "image/png", FileState::Refused, FileRefusal::Broken.code()),
        shown(1, "document", "application/pdf", FileState::Clean, ""),
    ]
}

fn pane(list: &[Shown]) -> AttachmentPane {
    let patient = PatientStripe::sample().patient_id;
    let mut pane = AttachmentPane::of(patient, None, list, ScannerLine::of(None, NOW.parse().unwrap()), NOW.parse().unwrap());
    (pane.reach, pane.can_write, pane.can_draw) = (Reach::Chart, true, true);
    pane
}

fn page(pane: AttachmentPane) -> AttachmentPage {
    AttachmentPage { chrome: Chrome::sample(Nav::Patients), stripe: PatientStripe::sample(), pane, kind: "", undo: None }
}

#[test]
fn only_clean_files_have_a_way_in() {
    let html = show("attachments", &page(pane(&every_state())));
    assert_eq!(html.matches("class=\"attachment-open\"").count(), 2);
    assert_eq!(html.matches("/thumbnail").count(), 1, "a PDF has no small picture");
    assert!(html.contains("ウイルスが見つかったため開けません") && html.contains("壊れていて読めません"));
    assert!(html.contains("data-waiting=\"1\"") && html.contains("つながっていません"));
    assert!(show("attachments-pane", &pane(&every_state())).contains("検査待ち"));
    assert!(show("attachments-empty", &page(pane(&[]))).contains("まだ画像・文書はありません"));
    let timeline = show("attachments-timeline", &TimelineView { pane: pane(&every_state()) });
    assert_eq!(timeline.matches("<a class=\"row\"").count(), 2);
}

#[test]
fn without_a_store_nothing_is_offered() {
    let off = AttachmentPane { is_off: true, ..pane(&[]) };
    for html in [show("attachments-off", &page(off.clone())), off.to_string()] {
        assert!(html.contains("画像・文書は使えません") && !html.contains("type=\"file\"") && !html.contains("drawings/new"));
    }
}

#[test]
fn what_was_refused_is_named() {
    let refusals = vec![("<evil>.svg".to_owned(), FileRefusal::Markup.sentence().to_owned())];
    let html = show("attachments-refused", &page(AttachmentPane { refusals, ..pane(&[]) }));
    assert!(html.contains("1件 受け付けられませんでした") && html.contains("&#60;evil&#62;.svg"));
}

#[test]
fn the_age_of_the_signatures_is_said() {
    let now = NOW.parse().unwrap();
    let known = |is_up, signatures: Option<&str>, checked: &str| {
        let engine = "ClamAV 1.4.6".into();
        let scanner =
            ScannerState { is_up, engine, signatures_at: signatures.map(|at| at.parse().unwrap()), checked_at: checked.parse().unwrap() };
        ScannerLine::of(Some(&scanner), now)
    };
    assert_eq!(known(true, Some("2026-11-19T20:00:00Z"), NOW).text, "ウイルス定義: 5時間前・ClamAV 1.4.6");
    let old = known(true, Some("2026-11-10T01:00:00Z"), NOW);
    assert!(old.tone == "warn" && old.text.contains("10日前"));
    assert!(known(true, None, NOW).text.contains("公式の定義が入っていません"));
    assert!(known(false, None, NOW).text.contains("止まっています"));
    assert!(known(true, None, "2026-11-20T00:50:00Z").text.contains("止まっています"), "a worker that is gone scans nothing");
    assert!(ScannerLine::of(None, now).text.contains("つながっていません"));
}

fn viewer(shown: &Shown) -> ViewerPage {
    let around = (Chrome::sample(Nav::Patients), PatientStripe::sample());
    let mut page = ViewerPage::of(around, (shown, &every_state()), (&[], &Names::default()), ScannerLine::of(None, NOW.parse().unwrap()));
    (page.can_write, page.can_draw) = (true, true);
    page
}

#[test]
fn a_viewer_shows_what_may_be_seen() {
    let picture = show("attachment-picture", &viewer(&every_state()[0]));
    assert!(picture.contains("<img") && picture.contains("4000×3000・1.2 MB") && picture.contains("data-leaf=\"next\""));
    let waiting = show("attachment-waiting", &viewer(&every_state()[1]));
    assert!(!waiting.contains("<img") && waiting.contains("検査が終わるまで"));
    assert!(show("attachment-pdf", &viewer(&every_state()[4])).contains("ファイルを保存"));
    let print = PrintPage {
        clinic: "藍の里内科クリニック".into(),
        printed_at: "2026/11/20 10:00".into(),
        printed_by: "山﨑 理恵".into(),
        id: every_state()[0].id(),
        title: "左前腕".into(),
        kind: "写真",
        day: "2026/11/20(金)".into(),
        words: String::new(),
        stripe: PatientStripe::sample(),
    };
    assert!(show("attachment-print", &print).contains("藍の里"));
}

#[test]
fn a_board_begins_empty_or_where_it_was_left() {
    let around = || (Chrome::sample(Nav::Patients), PatientStripe::sample());
    let mut page = DrawingPage::begun(around(), PatientStripe::sample().patient_id, None);
    assert!(show("drawing-choose", &page).contains("下絵を選んでください"));
    page.choose("face", None);
    assert!(show("drawing", &page).contains("data-height=\"1200\""));
    let mut row = every_state().remove(0).row;
    row.drawing =
        r#"{"version":1,"base":{"template":"eyes"},"height":600,"marks":[{"is":"number","ink":"red","at":[1,2],"number":1,"words":"\"発赤\""}]}"#.into();
    page.go_on(&row);
    let html = show("drawing-again", &page);
    assert!(html.contains("描き直す") && html.contains("data-height=\"600\"") && html.contains("&#34;発赤"));
}
