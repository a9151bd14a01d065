//! Samples of the slice's pages: long names, 旧字体, nobody found, errors, both sides changed.

use askama::Template;
use domain::kana::Kana;
use domain::name::HumanName;
use domain::patient::{self, PatientStatus, Sex};
use domain::patient::{Demographics, PatientNumber};
use domain::patient_search::PatientSearch;
use domain::phone;
use domain::search_key::search_key;
use domain::{EncounterId, MergeId, PatientId};
use uuid::Uuid;

use super::super::duplicates::{Candidate, Likeness};
use super::super::fields::Facts;
use super::super::forms::RawPatientForm;
use super::super::history::{Change, Version};
use super::super::overview::{CoverageLine, Overview, VisitLine};
use super::super::search::{Found, Hit};
use super::*;
use crate::web::samples::{errors, show};
use crate::web::{Chrome, FormState, Nav};

const ALL: Acts = Acts { receive: true, chart: true, edit: true, merge: true, take_in: true, consents: true, documents: true };

fn today() -> NaiveDate {
    "2026-11-20".parse().unwrap()
}

fn chrome() -> Chrome {
    Chrome::sample(Nav::Patients)
}

fn hit(n: u128, number: &str, kanji: &str, kana: &str, birth: &str, tel: &str) -> Hit {
    Hit {
        id: Uuid::from_u128(0x0190_a2b4_7c3e_7d11_8a55_0123_4567_0000 + n),
        patient_number: number.into(),
        name_ideographic: kanji.into(),
        name_syllabic: kana.into(),
        kana_key: search_key(kana),
        kanji_key: search_key(kanji),
        sex: "female".into(),
        birth_date: birth.parse().unwrap(),
        tel: tel.into(),
        mobile: String::new(),
        deceased_on: None,
        last_visit: "2026-11-06".parse().ok(),
    }
}

fn hits() -> Vec<Hit> {
    vec![
        hit(1, "001207", "齋藤 千鶴子", "サイトウ チヅコ", "1959-02-11", "090-0000-4471"),
        hit(2, "013010", "斉藤 千鶴子", "サイトウ チヅコ", "1955-07-02", "03-1234-0912"),
        hit(
            3,
            "004733",
            "𠮷田齊藤﨑 千夏アレクサンドラクリスティーナ",
            "サイトウ チナツアレクサンドラクリスティーナ",
            "2003-01-20",
            "080-1111-7702",
        ),
        hit(4, "T00041", "斎藤 ちはる", "サイトウ チハル", "2024-05-05", ""),
        Hit {
            deceased_on: "2026-01-03".parse().ok(), ..hit(5, "000090", "西塔 智恵美", "サイトウ チエミ", "1938-10-09", "0466-22-2210")
        },
    ]
}

fn list(q: &str, hits: Vec<Hit>, has_more: bool) -> PatientListPage {
    let search = PatientSearch::parse(q);
    let found = Found { hits, has_more, shared_keys: vec![search_key("サイトウ チヅコ")] };
    PatientListPage::new(chrome(), q.into(), &search, &found, today(), ALL)
}

fn demographics() -> Demographics {
    Demographics {
        name: HumanName { ideographic: "齋藤 千鶴子".into(), syllabic: Kana::parse("サイトウ チヅコ").unwrap() },
        alias_name: None,
        sex: Sex::Female,
        birth_date: "1959-02-11".parse().unwrap(),
        postal_code: patient::PostalCode::parse("251-0052").ok(),
        address: Some("神奈川県藤沢市藤沢1-2-3".into()),
        tel: None,
        mobile: phone::Phone::parse("090-0000-4471").ok(),
        email: None,
        language: "ja".into(),
        note: Some("耳が遠いので、右側から大きな声で。".into()),
        deceased_on: None,
        background: Default::default(),
    }
}

fn patient() -> Patient {
    Patient {
        id: PatientId::new(Uuid::from_u128(0x0190_a2b4_7c3e_7d11_8a55_0123_4567_0001)),
        version: 3,
        status: PatientStatus::Active,
        number: PatientNumber::parse("001207").unwrap(),
        demographics: demographics(),
        merged_into: None,
        merge_id: None,
    }
}

fn candidates() -> Vec<CandidateRow> {
    let likeness = |kana, birth_date, phone| Likeness { kana, kanji: None, birth_date, phone };
    let facts = [likeness(Some(true), None, Some(true)), likeness(Some(true), Some(false), Some(false))];
    hits().into_iter().take(2).zip(facts).map(|(hit, likeness)| CandidateRow::of(&Candidate { hit, likeness }, today())).collect()
}

#[test]
fn lists() {
    let html = show("patients-list", &list("さいとう ち", hits(), true));
    assert!(html.contains("<mark>サイトウ チ</mark>ヅコ") && html.contains("090-****-4471") && html.contains("同姓同名"));
    assert!(!html.contains("090-0000-4471"), "the counter must not see whole numbers");
    let html = show("patients-list-none", &list("しらいし 0412", vec![], false));
    assert!(
        html.contains("「しらいし 0412」に合う患者はいません") && html.contains("name=\"q\" value=\"しらいし\"") && !html.contains("?q=")
    );
    show("patients-list-empty", &list("", vec![], false));
    let fragment = show("patients-list-fragment", &list("斉藤", hits(), false).as_results());
    assert!(fragment.trim_start().starts_with("<div id=\"results\">") && fragment.contains("<mark>齋藤</mark>"));
}

#[test]
fn what_was_typed_is_escaped() {
    let html = list("<script>alert(1)</script>", vec![], false).render().unwrap();
    assert!(!html.contains("<script>alert"));
}

#[test]
fn registration() {
    let raw = RawPatientForm::begun("齋藤 R34.2.11", Uuid::nil());
    let raw = RawPatientForm { name_syllabic: "サイトウ 千".into(), birth_date: "R34.2.11".into(), ..raw };
    let wrong = errors(&[
        ("name_syllabic", "カナに漢字「千」が入っています。読みを入れてください"),
        ("birth_date", "今日より後の日付です。S34.2.11 ですか?"),
    ]);
    let page = PatientNewPage { chrome: chrome(), form: FormState::of(&raw).with_errors(wrong), candidates: candidates() };
    let html = show("patients-new-errors", &page);
    assert!(html.contains("value=\"R34.2.11\"") && html.contains("href=\"#birth_date\"") && html.contains("2か所 直してください"));
    assert!(show("patients-new-duplicates", &page.as_duplicates()).contains("この患者を使う"));
    show(
        "patients-new",
        &PatientNewPage { chrome: chrome(), form: FormState::of(&RawPatientForm::begun("", Uuid::nil())), candidates: vec![] },
    );
}

fn show_page(candidates: Vec<CandidateRow>) -> PatientShowPage {
    let patient = patient();
    let coverage = CoverageLine {
        id: Uuid::nil(),
        kind: "national".into(),
        insurer_number: "138057".into(),
        insurer_name: "藤沢市".into(),
        insured_symbol: "12".into(),
        insured_number: "3456789".into(),
        branch_number: "01".into(),
        relation: "self".into(),
        copay_percent: Some(30),
        valid_from: "2026-04-01".parse().ok(),
        valid_to: "2027-03-31".parse().ok(),
        verified_on: "2026-11-06".parse().ok(),
        eligibility: "valid".into(),
        verification: "card".into(),
        priority: 0,
        cap_yen: None,
        limit_category: "A03".into(),
        specific_diseases: "人工透析 10000円".into(),
        medical_ticket: String::new(),
    };
    let public = CoverageLine {
        kind: "public_expense".into(),
        insurer_number: "54139993".into(),
        insurer_name: String::new(),
        priority: 1,
        cap_yen: Some(10_000),
        verification: "sight".into(),
        eligibility: "manual_verified".into(),
        ..coverage.clone()
    };
    let expired = CoverageLine {
        eligibility: "superseded".into(),
        copay_percent: None,
        insurer_name: String::new(),
        valid_to: None,
        ..coverage.clone()
    };
    let visit = VisitLine {
        id: EncounterId::new(Uuid::nil()).as_uuid(),
        reception_date: "2026-11-06".parse().unwrap(),
        arrived_at: "2026-11-06T00:12:00Z".parse().unwrap(),
        status: "paid".into(),
        purpose: "定期受診".into(),
        doctor: Some("山﨑 理恵".into()),
    };
    let waiting = VisitLine { status: "waiting".into(), doctor: None, ..visit.clone() };
    PatientShowPage {
        chrome: chrome(),
        stripe: stripe(&patient, 1, today()),
        facts: Facts::of(&patient.number, &patient.demographics),
        version: 3,
        coverages: [coverage, public, expired].iter().map(CoverageRow::of).collect(),
        visits: [waiting, visit].iter().map(VisitRow::of).collect(),
        merged: vec![MergedRow { merge_id: Some(MergeId::new(Uuid::nil())), number: "T00038".into(), name: "斎藤 千鶴子".into() }],
        was_registered: !candidates.is_empty(),
        candidates,
        acts: ALL,
    }
}

#[test]
fn one_patient() {
    let html = show("patients-show", &show_page(vec![]));
    assert!(html.contains("S34.2.11 (1959-02-11)") && html.contains("本人 3割") && html.contains("09:12"));
    show("patients-show-registered", &show_page(candidates()));
    let bare = PatientShowPage { coverages: vec![], visits: vec![], merged: vec![], acts: Acts::default(), ..show_page(vec![]) };
    assert!(!show("patients-show-bare", &bare).contains("/edit"), "nobody is shown an act that would be refused");
    let form = FormState::of(&RawPatientForm::of(&patient()));
    let html = show("patients-edit", &PatientEditPage { chrome: chrome(), stripe: stripe(&patient(), 0, today()), form });
    assert!(html.contains("name=\"patient_token\"") && html.contains("name=\"version\" value=\"3\""));
}

#[test]
fn both_changed() {
    let base = Facts::of(&patient().number, &demographics());
    let changed = |address: &str, note: Option<&str>, tel: Option<&str>| {
        let d = Demographics {
            address: Some(address.into()),
            note: note.map(str::to_owned),
            tel: tel.and_then(|t| phone::Phone::parse(t).ok()),
            ..demographics()
        };
        Facts::of(&patient().number, &d)
    };
    let mine = changed("神奈川県藤沢市鵠沼4-5", None, None);
    let theirs = changed("神奈川県茅ヶ崎市7-8", Some("耳が遠いので、右側から大きな声で。"), Some("0467-00-1234"));
    let choices = Choice::between(Some(&base), &mine, &theirs);
    let side = |name: &str| choices.iter().find(|choice| choice.name == name).unwrap().prefers_mine;
    assert_eq!((side("address"), side("note"), side("tel")), (None, Some(true), Some(false)));
    let page = PatientConflictPage {
        chrome: chrome(),
        stripe: stripe(&patient(), 0, today()),
        choices,
        same: PatientConflictPage::shared(&mine, &theirs),
        seen_version: 2,
        current_version: 3,
        other: "小林 結衣".into(),
        other_at: "2026-11-20 10:41:31".into(),
    };
    let html = show("patients-conflict", &page);
    for text in ["鵠沼4-5", "茅ヶ崎市7-8", "0467-00-1234", "name=\"version\" value=\"3\""] {
        assert!(html.contains(text), "{text}");
    }
}

#[test]
fn versions() {
    let facts = Facts::of(&patient().number, &demographics());
    let at = "2026-11-20T01:41:31Z".parse().unwrap();
    let version = |number, changes, reason: &str| Version {
        number,
        recorded_at: at,
        author: "小林 結衣".into(),
        entered_by: (number == 2).then(|| "佐々木 亮".into()),
        status: "active".into(),
        reason: reason.into(),
        facts: facts.clone(),
        changes,
    };
    let change = Change { label: "住所", before: String::new(), after: "神奈川県藤沢市藤沢1-2-3".into() };
    let versions = [version(3, vec![], "統合"), version(2, vec![change], ""), version(1, vec![], "")];
    let page = PatientHistoryPage {
        chrome: chrome(),
        stripe: stripe(&patient(), 0, today()),
        versions: versions.iter().map(VersionRow::of).collect(),
        older: Some(1),
    };
    let html = show("patients-history", &page);
    assert!(html.contains("代行入力 佐々木 亮") && html.contains("<ins>神奈川県") && html.contains("?before=1"));
}

#[test]
fn merging() {
    let (a, mut b) = (patient(), patient());
    b.id = PatientId::new(Uuid::from_u128(9));
    b.number = PatientNumber::parse("T00038").unwrap();
    b.demographics.address = None;
    let overview = Overview::default();
    let page = |b: Option<&Patient>, message: Option<&str>| MergePage {
        chrome: chrome(),
        a: MergeSide::of(&a, &overview),
        b: b.map(|b| MergeSide::of(b, &overview)),
        candidates: if b.is_some() { vec![] } else { candidates() },
        b_number: String::new(),
        survivor: a.id.to_string(),
        message: message.map(str::to_owned),
        idempotency_key: Uuid::nil().to_string(),
    };
    let html = show("patients-merge", &page(Some(&b), None));
    assert!(html.contains("違う") && html.contains("name=\"confirmed\"") && html.matches("checked").count() == 1);
    show("patients-merge-pick", &page(None, Some("その番号の別の患者は見つかりません")));
    let done = |undone: Option<&str>, refusal| MergeShowPage {
        chrome: chrome(),
        merge_id: MergeId::new(Uuid::nil()),
        survivor: MergeParty::of(&a),
        merged: MergeParty::of(&b),
        merged_at: "2026-11-20 10:41:31".into(),
        undo_until: "2026-12-20 10:41:31".into(),
        undone_at: undone.map(str::to_owned),
        refusal,
    };
    assert!(show("patients-merged", &done(None, None)).contains("統合を元に戻す"));
    show("patients-merge-undone", &done(Some("2026-11-21 09:00:00"), Some("すでに元へ戻されています。")));
}
