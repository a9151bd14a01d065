//! Samples: the phone with nothing, with everything wrong, the staff's pages.

use std::collections::BTreeMap;

use domain::EncounterId;
use domain::questionnaire::ITEMS;
use uuid::Uuid;

use super::views::{AnswersPage, AnswersPane, Issued, LinkPage, PhonePage, SaidPage, Sheet};
use crate::web::samples::{errors, show};
use crate::web::{Chrome, Nav, PatientStripe};

fn phone(sent: BTreeMap<String, Vec<String>>, wrong: &[(&'static str, &str)]) -> PhonePage {
    PhonePage { clinic: "藍の里内科クリニック".into(), number: 12, items: ITEMS, sent, errors: errors(wrong) }
}

fn sheet() -> Sheet {
    Sheet {
        at: "11/20 09:12".into(),
        form: "mihon-1".into(),
        lines: vec![("主訴", "咳が続く".into()), ("アレルギー", "なし".into())],
        text: "【問診】\n主訴: 咳が続く".into(),
    }
}

#[test]
fn the_phone_knows_no_name_and_keeps_what_was_typed() {
    let html = show("phone", &phone(BTreeMap::new(), &[]));
    assert!(html.contains("受付番号 <strong>12</strong>") && html.contains("今日はどうされましたか") && !html.contains("サインイン"));
    let sent = BTreeMap::from([("chief".to_owned(), vec!["咳<b>".to_owned()]), ("illness".to_owned(), vec!["asthma".to_owned()])]);
    let html = show("phone-errors", &phone(sent, &[("birth_date", "合いません"), ("allergy", "お答えください")]));
    assert!(html.contains("2か所 直してください") && html.contains("咳&#60;b&#62;") && html.contains("value=\"asthma\" checked"));
    show("phone-said", &SaidPage { title: "問診票を受け付けました", text: "ありがとうございました。" });
}

#[test]
fn the_staff_see_answers_and_the_code() {
    let (visit, stripe) = (EncounterId::new(Uuid::from_u128(9)), PatientStripe::sample_long());
    let page =
        |sheet| AnswersPage { chrome: Chrome::sample(Nav::Today), stripe: stripe.clone(), encounter_id: visit, sheet, may_issue: true };
    assert!(show("answers", &page(Some(sheet()))).contains("咳が続く"));
    assert!(show("answers-empty", &page(None)).contains("まだありません"));
    let pane = AnswersPane { patient_id: stripe.patient_id, sheet: Some(sheet()) };
    assert!(show("answers-pane", &pane).contains("data-quote-to=\"body-S\""));
    let issued = Issued { url: "https://example.invalid/q/x".into(), qr_svg: "<svg></svg>".into(), until: "12:30".into() };
    let link = LinkPage { chrome: Chrome::sample(Nav::Today), stripe, encounter_id: visit, is_answered: false, issued: Some(issued) };
    assert!(show("questionnaire-link", &link).contains("12:30 まで"));
}
