//! Samples of the slice's pages: nothing entered, a full bill with everything on it, refused, and the queue; and both papers.

use domain::billing::Sums;
use domain::encounter::VisitStatus;
use domain::{EncounterId, PatientId};
use uuid::Uuid;

use super::forms::RawBillForm;
use super::paper::{self, Head, Receipt, Statement};
use super::procedures::Procedure;
use super::store::BilledLine;
use super::views::{BillPage, JustDone, LineView, OtherView, OwedRow, PaymentView, ProcedureOptions, QueuePage, QueueRow, SectionView};
use crate::paper::Typefaces;
use crate::web::samples::{errors, show};
use crate::web::{Chrome, FormState, Nav, PatientStripe, face};

fn line(name: &str, price: &str) -> LineView {
    LineView { id: Uuid::nil().to_string(), name: name.into(), price: price.into(), quantity: 1, sum: price.into(), is_copied: true }
}

fn page() -> BillPage {
    BillPage {
        chrome: Chrome::sample(Nav::Billing),
        stripe: PatientStripe::sample(),
        encounter_id: EncounterId::new(Uuid::nil()),
        version: 0,
        key: Uuid::nil().to_string(),
        day: "2026-11-20".into(),
        visit: face::visit(VisitStatus::BillingWait),
        is_at_cashier: true,
        coverage: "社保 全国健康保険協会　架空支部 本人 3割".into(),
        coverage_trouble: None,
        other_share: None,
        alternatives: vec![],
        visit_version: 3,
        can_change_coverage: true,
        sections: vec![],
        sums: Sums::default(),
        payers: vec![],
        limit: None,
        limit_source: String::new(),
        no_limit: None,
        copay: "30".into(),
        revision: 0,
        is_changed: false,
        is_estimate: false,
        due_yen: 0,
        paid_yen: 0,
        unpaid_yen: 0,
        unpaid_reason: String::new(),
        brought_forward_yen: 0,
        to_pay_yen: 0,
        others: vec![],
        payments: vec![],
        options: vec![],
        claim: None,
        form: FormState::of(&RawBillForm::default()).set("method", "cash"),
        is_stale: false,
        can_write: true,
    }
}

fn full() -> BillPage {
    let long = "見本検体検査判断料(長い名称の項目が折り返しても表が崩れないことを確かめる行)";
    let payment = PaymentView {
        id: Uuid::nil().to_string(),
        at: "11/20 10:42".into(),
        what: "入金 現金".into(),
        amount: "1,000".into(),
        number: "20261120-007-1".into(),
        reason: String::new(),
    };
    BillPage {
        coverage_trouble: Some("この受診の保険は 2026-11-15 で終わっています".into()),
        other_share: Some("2割".into()),
        alternatives: vec![(Uuid::nil(), "国保 見本市国民健康保険 本人 3割".into())],
        sections: vec![
            SectionView { label: "初・再診".into(), lines: vec![line("見本再診料", "75点")] },
            SectionView { label: "検査".into(), lines: vec![line("見本血液検査", "210点"), line(long, "144点")] },
        ],
        sums: Sums {
            points: 429,
            cost_yen: 4_290,
            copay_yen: 1_290,
            over_cap_yen: 0,
            public_yen: 500,
            self_pay_yen: 3_300,
            due_yen: 4_090,
        },
        due_yen: 4_090,
        paid_yen: 1_000,
        unpaid_yen: 3_090,
        revision: 2,
        unpaid_reason: "持合せが足りない・次回に".into(),
        brought_forward_yen: 870,
        to_pay_yen: 3_960,
        others: vec![OtherView { id: Uuid::nil().to_string(), day: "2026-10-02".into(), unpaid: "870".into(), reason: "後日支払う" }],
        payments: vec![payment],
        ..page()
    }
}

#[test]
fn a_bill_in_all_its_states() {
    assert!(show("billing-empty", &page()).contains("前回と同じ"));
    let html = show("billing", &full());
    for expected in ["429", "4,090", "前回未収", "第2版", "領収書", "返金する", "value=\"cash\" checked"] {
        assert!(html.contains(expected), "{expected}");
    }
    let limit = "限度額区分 ウ (A03): 今月は85,800円まで・この医院でこれまで85,000円";
    let limited = BillPage {
        payers: vec![
            ("第1公費 難病 上限 10000円/月".into(), "300".into()),
            ("第2公費 地方単独 償還払い(窓口では払い、あとで払い戻される)".into(), "0".into()),
        ],
        limit: Some(limit.into()),
        limit_source: "健康保険法施行令第42条".into(),
        sums: Sums { copay_yen: 1_290, over_cap_yen: 490, due_yen: 4_100, ..full().sums },
        ..full()
    };
    assert!(show("billing-limited", &limited).contains("−490"));
    let not = BillPage { no_limit: Some("限度額区分をこの月にまだ確かめていません。".into()), ..full() };
    assert!(show("billing-not-limited", &not).contains("まだ確かめていません"));
    let changed = BillPage { is_changed: true, ..full() };
    let html = show("billing-changed", &changed);
    assert!(html.contains("請求し直す") && !html.contains("id=\"pay-h\""));
    let wrong = errors(&[("amount", "お支払いは3,960円までです"), ("unpaid_reason", "残る理由を選んでください")]);
    let form = FormState::default().set("amount", "99999").with_errors(wrong);
    assert!(show("billing-refused", &BillPage { form, is_stale: true, ..full() }).contains("2か所 直してください"));
    let reader = show("billing-read", &BillPage { can_write: false, can_change_coverage: false, ..full() });
    assert!(!reader.contains("method=\"post\""));
    let owed_back = BillPage { unpaid_yen: -420, to_pay_yen: 0, ..full() };
    assert!(show("billing-owed-back", &owed_back).contains("お返しする額"));
}

#[test]
fn candidates_or_a_sentence() {
    let found = Procedure { code: "199999001".into(), name: "見本初診料".into(), points_hundredths: Some(29_100) };
    let some = ProcedureOptions { q: "みほん".into(), code: String::new(), options: vec![found] };
    assert!(show("procedures", &some).contains("291点"));
    let none = ProcedureOptions { q: "ない名前".into(), code: String::new(), options: vec![] };
    assert!(show("procedures-none", &none).contains("名称として使えます"));
}

#[test]
fn the_queue() {
    let row = |number, is_waiting| QueueRow {
        id: Uuid::from_u128(number),
        patient_id: PatientId::new(Uuid::nil()),
        number: number as i32,
        name: "長谷部𠮷田 摩利亜アレクサンドラクリスティーナ".into(),
        kana: "ハセベ マリアアレクサンドラクリスティーナ".into(),
        patient_number: "T00041".into(),
        face: face::visit(if is_waiting { VisitStatus::BillingWait } else { VisitStatus::Paid }),
        wait_min: is_waiting.then_some(4),
        due: "1,290".into(),
        paid: "1,290".into(),
        is_waiting,
    };
    let owed = OwedRow {
        id: Uuid::nil(),
        patient_id: PatientId::new(Uuid::nil()),
        day: "2026-11-19".into(),
        name: "齋藤 千鶴子".into(),
        kana: "サイトウ チヅコ".into(),
        number: "001207".into(),
        unpaid_yen: -200,
        unpaid: "-200".into(),
        reason: "レセコン停止・概算預かり".into(),
        is_estimate: true,
    };
    let done = JustDone {
        id: Uuid::nil(),
        patient_id: PatientId::new(Uuid::nil()),
        receipt: Some(Uuid::nil()),
        has_bill: true,
        text: "会計を済ませました",
    };
    let page = QueuePage {
        chrome: Chrome::sample(Nav::Billing),
        day: "2026-11-20".parse().unwrap(),
        waiting: vec![row(7, true)],
        done: vec![row(3, false)],
        owed: vec![owed],
        owed_sum: "0".into(),
        is_all: true,
        just_done: Some(done),
        can_write: true,
    };
    let html = show("billing-queue", &page);
    assert!(html.contains("次の会計") && html.contains("概算預かり") && html.contains("/receipt.pdf"));
    let empty = QueuePage { waiting: vec![], done: vec![], owed: vec![], just_done: None, ..page };
    assert!(show("billing-queue-empty", &empty).contains("未収はありません"));
}

fn head() -> Head {
    Head {
        patient_name: "髙﨑　𠮷太郎".into(),
        patient_number: "001207".into(),
        visited_on: "令和8年11月20日".into(),
        printed_on: "令和8年11月20日".into(),
        coverage: "社保 全国健康保険協会　架空支部 本人 3割".into(),
        clinic_name: "医療法人　架空会　架空内科クリニック".into(),
        clinic_address: "東京都架空区架空1-2-3".into(),
        clinic_tel: "03-0000-0000".into(),
    }
}

fn faces() -> Option<Typefaces> {
    let file = |name: &str, fallback: &str| std::path::PathBuf::from(std::env::var(name).unwrap_or_else(|_| fallback.into()));
    let mincho = file("TSUMUGI_FONT_MINCHO_FILE", "/usr/share/fonts/opentype/ipaexfont-mincho/ipaexm.ttf");
    let gothic = file("TSUMUGI_FONT_GOTHIC_FILE", "/usr/share/fonts/opentype/ipaexfont-gothic/ipaexg.ttf");
    Typefaces::load(Some(&mincho), Some(&gothic)).ok()
}

#[test]
fn both_papers_come_out_whatever_stands_on_them() {
    let Some(faces) = faces() else { return eprintln!("no IPAex fonts: skipped") };
    let sheet = Receipt {
        head: head(),
        title: "領　収　書",
        number: "20261120-007-1".into(),
        taken_on: "令和8年11月20日".into(),
        method: "現金".into(),
        amount_yen: 1_290,
        sections: vec![("初・再診".into(), 75), ("検査".into(), 354)],
        sums: vec![("負担額 (負担割合 3割)".into(), 1_290), ("今回の請求額".into(), 1_290)],
        remarks: vec!["あ".repeat(300)],
    };
    let paper = paper::receipt(&sheet, &faces).unwrap();
    assert!(paper.pdf.starts_with(b"%PDF-"));
    let line =
        BilledLine {
            section: "600".into(), code: String::new(), name: "見本検査".repeat(20), points: 999_999, unit_yen: 0, quantity: 999
        };
    let bill = super::entity::invoice::Model {
        tenant_id: Uuid::nil(),
        id: Uuid::nil(),
        version: 1,
        recorded_at: chrono::DateTime::UNIX_EPOCH,
        author_id: Uuid::nil(),
        entered_by_id: Uuid::nil(),
        status: "issued".into(),
        digest: vec![],
        patient_id: Uuid::nil(),
        encounter_id: Uuid::nil(),
        revision: 1,
        copay_percent: Some(30),
        points: 429,
        cost_yen: 4_290,
        copay_yen: 1_290,
        public_yen: 0,
        self_pay_yen: 0,
        due_yen: 1_290,
        lines: serde_json::json!([]),
        reason: String::new(),
        cap_rule: String::new(),
        over_cap_yen: 0,
        public_parts: serde_json::json!([]),
        coverage_id: None,
    };
    let many = Statement { head: head(), lines: vec![line; 45], bill };
    assert!(paper::statement(&many, &faces).unwrap().pdf.starts_with(b"%PDF-"));
}
