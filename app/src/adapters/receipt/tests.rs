//! Questions and answers without a socket.

use super::content::*;
use super::reply::{Reply, Unreadable};
use super::{meaning, request};

fn content() -> ClaimContent {
    ClaimContent {
        version: 1,
        patient: PatientFacts {
            number: "000042".into(),
            name: "架空 太郎".into(),
            kana: "カクウ タロウ".into(),
            birth: "1975-04-01".into(),
            sex: "1".into(),
            postal_code: "100-0000".into(),
            address: "<b>1-2</b>".into(),
            phone: String::new(),
        },
        coverage: None,
        performed_on: "2026-11-20".into(),
        performed_at: "10:10:00".into(),
        department: "01".into(),
        physician: "10001".into(),
        acts: vec![],
        diseases: vec![],
    }
}

#[test]
fn names_and_addresses_are_wide_and_escaped() {
    let xml = request::register_patient(&content());
    assert!(xml.contains("<WholeName type=\"string\">架空　太郎</WholeName>"));
    assert!(xml.contains("<Address_ZipCode type=\"string\">1000000</Address_ZipCode>"));
    assert!(xml.contains("＜ｂ＞") && !xml.contains("<b>"));
    assert!(!xml.contains("PhoneNumber1"), "what is empty is left out");
}

#[test]
fn equal_content_has_one_digest_whatever_its_version() {
    let later = ClaimContent { version: 2, ..content() };
    assert_eq!(content().digest(), later.digest());
    let other = ClaimContent { physician: "10002".into(), ..content() };
    assert_ne!(content().digest(), other.digest());
}

fn reply(body: &str) -> Result<Reply, Unreadable> {
    Reply::parse(format!("<xmlio2><medicalres type=\"record\">{body}</medicalres></xmlio2>").as_bytes(), "medicalres")
}

#[test]
fn an_answer_is_done_with_a_remark_or_refused() {
    let done = reply("<Api_Result type=\"string\">00</Api_Result><L type=\"array\"><L_child type=\"record\"><A type=\"string\">1 &amp; 2</A></L_child><L_child type=\"record\"></L_child></L>").unwrap();
    assert!(done.is_done());
    assert_eq!(done.body.list("L").map(|r| r.at("A")).collect::<Vec<_>>(), ["1 & 2"], "padding is left out");
    assert!(reply("<Api_Result>K3</Api_Result>").unwrap().is_done());
    assert!(!reply("<Api_Result>14</Api_Result>").unwrap().is_done());
}

#[test]
fn anything_else_is_unreadable() {
    for bad in [
        &b""[..],
        b"<html></html>",
        b"<xmlio2><medicalres><Api_Result>00",
        b"<xmlio2><other><Api_Result>00</Api_Result></other></xmlio2>",
        b"<xmlio2><medicalres></medicalres></xmlio2>",
        b"<!DOCTYPE x [<!ENTITY a \"b\">]><xmlio2><medicalres><Api_Result>&a;</Api_Result></medicalres></xmlio2>",
        b"<xmlio2><medicalres><Api_Result>\x82\xa0</Api_Result></medicalres></xmlio2>",
        b"{}",
    ] {
        assert!(Reply::parse(bad, "medicalres").is_err(), "{}", String::from_utf8_lossy(bad));
    }
    let deep = format!("<xmlio2>{}</xmlio2>", "<a>".repeat(1_000));
    assert!(Reply::parse(deep.as_bytes(), "medicalres").is_err());
}

#[test]
fn every_known_code_says_what_to_do() {
    for code in ["401", "01", "02", "03", "10", "13", "14", "22", "80", "89", "97", "99", "H1", "P1", "local:person", "local:billed"] {
        let sentence = meaning::sentence(code, "");
        assert!(sentence.chars().count() > 12 && !sentence.contains(code), "{code}: {sentence}");
    }
    assert_eq!(meaning::sentence("Z9", ""), "レセコンが受け付けませんでした(Z9)");
}

#[test]
fn public_expense_goes_with_the_insurance_and_only_where_its_class_is_known() {
    for (number, class) in [("54139993", Some("054")), ("12139994", Some("012")), ("80139991", None), ("", None), ("あ", None)] {
        assert_eq!(public_class(number).as_deref(), class, "{number}");
    }
    let public = PublicFacts {
        class: "054".into(),
        name: "難病".into(),
        payer_number: "54139993".into(),
        recipient_number: "1234566".into(),
        valid_from: "2026-10-01".into(),
        valid_to: String::new(),
    };
    let insured = |public| CoverageFacts {
        provider_class: "009".into(),
        insurer_number: "01139997".into(),
        insurer_name: "全国健康保険協会".into(),
        symbol: "12".into(),
        number: "9000001".into(),
        branch: String::new(),
        relation: "1".into(),
        valid_from: "2020-04-01".into(),
        valid_to: String::new(),
        checked_on: "2026-11-20".into(),
        public,
    };
    let without = ClaimContent { coverage: Some(insured(vec![])), ..content() };
    let with = ClaimContent { coverage: Some(insured(vec![public])), ..content() };
    assert!(!request::register_patient(&without).contains("PublicInsurance"));
    let xml = request::register_patient(&with);
    assert!(xml.contains("<PublicInsurer_Number type=\"string\">54139993</PublicInsurer_Number>"), "{xml}");
    assert_ne!(without.digest(), with.digest());
}

#[test]
fn insurers_tell_their_class() {
    assert_eq!([provider_class("01139997"), provider_class("138057"), provider_class("39131234")], [Some("009"), Some("060"), Some("039")]);
    assert_eq!(provider_class("12131234"), None, "生活保護 is no insurance of its own there");
}
