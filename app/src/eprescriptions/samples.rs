//! Samples of the box in every state.

use chrono::DateTime;
use domain::EncounterId;
use domain::prescription::registration::RegistrationStatus;
use uuid::Uuid;

use super::entity::registration::Model;
use super::store::Carrier;
use super::views::{EprescriptionBox, EprescriptionPage, Line, SearchPage};
use crate::web::samples::show;
use crate::web::{Chrome, Nav, PatientStripe};

fn row(n: usize, status: RegistrationStatus) -> Model {
    Model {
        tenant_id: Uuid::nil(),
        id: Uuid::from_u128(n as u128),
        version: 2,
        recorded_at: DateTime::UNIX_EPOCH,
        author_id: Uuid::nil(),
        entered_by_id: Uuid::nil(),
        status: status.code().into(),
        digest: vec![],
        patient_id: Uuid::nil(),
        encounter_id: Uuid::nil(),
        message_id: Uuid::nil(),
        issued_on: "2026-11-20".parse().unwrap(),
        usable_until: "2026-11-23".parse().unwrap(),
        register_id: "3f0c9d1e-0000-4000-8000-000000000042".into(),
        access_code: "123456".into(),
        pharmacy_name: "架空薬局".into(),
        pharmacy_message: "残薬が7日分ありました。<次回>調整をお願いします。".into(),
        service_code: "SIMC025E".into(),
        service_said: "RP 1 はダミーコードのため登録できません。".into(),
        reason: "用量の誤り".into(),
        original: "electronic".into(),
        part: None,
        whole_id: None,
    }
}

impl EprescriptionBox {
    /// One that is registered, for the pages it stands on.
    pub fn sample() -> Self {
        let lines = vec![Line::of(&row(1, RegistrationStatus::Registered), &Carrier::default(), &[]).unwrap()];
        boxed(lines)
    }
}

fn boxed(lines: Vec<Line>) -> EprescriptionBox {
    EprescriptionBox {
        encounter_id: EncounterId::new(Uuid::nil()),
        patient_id: PatientStripe::sample().patient_id,
        is_brief: false,
        lines,
        act_key: Uuid::nil(),
        can_sign: true,
        can_write: true,
        can_ask: true,
        can_print: true,
    }
}

#[test]
fn samples() {
    let all = RegistrationStatus::ALL
        .iter()
        .enumerate()
        .map(|(n, status)| Line::of(&row(n, *status), &Carrier::default(), &[]).unwrap())
        .collect();
    for (name, lines) in [("eprescription", all), ("eprescription-empty", vec![])] {
        let page = EprescriptionPage { chrome: Chrome::sample(Nav::Today), stripe: PatientStripe::sample(), content: boxed(lines) };
        show(name, &page);
    }
    let mut wrong = crate::web::FormErrors::default();
    wrong.add("register_id", "この医院から登録した処方箋に、このIDはありません。");
    let form = crate::web::FormState::of(&serde_json::json!({ "register_id": "<3f0c9d1e>" })).with_errors(wrong);
    show("eprescription-search", &SearchPage { chrome: Chrome::sample(Nav::Today), form, unread: Vec::new() });
    let figures = super::figures::Figures { electronic: 61, numbered: 20, paper: 19, registered: 81, dispensed: 66, ..Default::default() };
    let month = crate::web::month::Month::of(&Default::default(), "2026-11-20".parse().unwrap());
    show("eprescription-figures", &super::figures::FiguresPage { chrome: Chrome::sample(Nav::Clinic), month, figures });
}
