//! 発行形態の希望: what the patient chose at the reader is what the 処方箋 begins with. FN-EP-03.

use super::*;
use crate::eligibility::{TARO, message, person, reflect, result};

/// Somebody comes whose reading says this of the form; their visit and their id.
async fn comes(d: &Desk, choice: &str, patient: &str) -> (String, String) {
    let select = if choice.is_empty() { String::new() } else { format!("<PrescriptionIssueSelect>{choice}</PrescriptionIssueSelect>") };
    let file = message("1", &person(&TARO), &Uuid::now_v7().to_string()).replace("</MessageBody>", &format!("{select}</MessageBody>"));
    let page = result(&d.clerk, file.into_bytes()).await;
    let taken = reflect(&d.clerk, &page, patient, &[]).await.expect(303);
    let visit = taken.header("location").split("moved=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let row = sqlx::query("SELECT patient_id FROM encounter WHERE id = $1").bind(visit.parse::<Uuid>().unwrap());
    (visit, row.fetch_one(&mut d.h.superuser().await).await.unwrap().get::<Uuid, _>(0).to_string())
}

async fn write(d: &Desk, visit: &str, patient: &str) -> String {
    let key = Uuid::now_v7().to_string();
    let form = [
        ("patient_token", patient),
        ("idempotency_key", key.as_str()),
        ("drug_code", DRUG),
        ("dose", "1"),
        ("usage", "1a"),
        ("supply", "days"),
        ("count", "14"),
        ("substitution", "allowed"),
    ];
    let path = format!("/encounters/{visit}/prescription-lines");
    d.doctor.send(d.doctor.request("POST", &path).header("hx-request", "true").form(&form)).await.expect(200).body
}

/// FN-EP-03: electronic at the reader begins an electronic one, paper a paper one; the doctor may issue another, and sees the wish.
#[tokio::test]
async fn the_form_chosen_at_the_reader_is_what_the_prescription_begins_with() {
    let mut d = desk().await;
    let (visit, patient) = comes(&d, "1", "new").await;
    let pane = write(&d, &visit, &patient).await;
    assert!(pane.contains("院外・電子") && pane.contains("患者の希望は電子"), "{pane}");
    d.patient = patient.clone();
    d.head(&visit, &[("issue_form", "paper"), ("version", "1")]).await.expect(303);
    let pane = d.doctor.get(&format!("/encounters/{visit}/prescription")).await.expect(200);
    assert!(pane.body.contains("院外・紙") && pane.body.contains("t-warn") && pane.body.contains("患者の希望は電子"), "{}", pane.body);
    assert!(pane.statements() <= 12, "{}", pane.statements());

    // Read again before anything is written in another visit: the later choice counts.
    let leave = "UPDATE encounter SET status = 'paid' WHERE id = $1";
    sqlx::query(leave).bind(visit.parse::<Uuid>().unwrap()).execute(&mut d.h.superuser().await).await.unwrap();
    let (first, _) = comes(&d, "1", &patient).await;
    let (second, _) = comes(&d, "2", &patient).await;
    assert_eq!(first, second, "the visit was on the list");
    let pane = write(&d, &second, &patient).await;
    assert!(pane.contains("院外・紙") && pane.contains("患者の希望は紙") && !pane.contains("t-warn\">患者"), "{pane}");
}

/// FN-EP-03: a reading that says nothing of the form, or something unknown, begins a paper one and claims no wish.
#[tokio::test]
async fn an_unknown_choice_is_none() {
    for choice in ["", "9"] {
        let d = desk().await;
        let (visit, patient) = comes(&d, choice, "new").await;
        let pane = write(&d, &visit, &patient).await;
        assert!(pane.contains("院外・紙") && !pane.contains("患者の希望"), "{choice}: {pane}");
    }
}
