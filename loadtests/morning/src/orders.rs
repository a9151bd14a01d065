//! Examinations: ordered, done and entered by the nurse, looked at by the doctor.

use anyhow::ensure;
use loadtests::html::{self, Form};
use uuid::Uuid;

use crate::clinic::Clinic;
use crate::story::{TRIES, move_to, post};
use crate::visitor::Person;

pub async fn order(doctor: &Person, visit: Uuid) -> anyhow::Result<()> {
    let page = format!("/encounters/{visit}/orders");
    post(doctor, &page, "/orders/set", Ok).await?.moved()?;
    post(doctor, &page, "/orders/issue", Ok).await?.moved().map(drop)
}

/// The nurse takes every order of the patient, does it and enters what came out.
pub async fn examine(clinic: &Clinic, visit: Uuid, patient: Uuid) -> anyhow::Result<()> {
    move_to(&clinic.nurse, visit, "exam_doing").await?;
    for _ in 0..TRIES {
        let list = clinic.nurse.get("/orders").await?;
        let own: Vec<Form> = html::forms(&list.body)
            .into_iter()
            .filter(|form| form.action.ends_with("/step") && form.value("patient_token") == patient.to_string())
            .collect();
        if own.is_empty() {
            break;
        }
        for form in own {
            let order = form.action.trim_end_matches("/step").to_owned();
            let answer = clinic.nurse.send(&form.with("act", "finish")).await?;
            // An answer that was lost has counted.
            if answer.status == 303 || answer.again {
                enter(clinic, &order).await?;
            }
        }
    }
    move_to(&clinic.nurse, visit, "waiting").await
}

async fn enter(clinic: &Clinic, order: &str) -> anyhow::Result<()> {
    let page = format!("{order}/results");
    let answer = clinic.nurse.get(&page).await?;
    let Some(form) = html::form(&answer.body, "/results") else { return Ok(()) };
    let filled = form.names_starting("value_").into_iter().fold(form, |form, name| form.with(&name, "5.4"));
    let answer = clinic.nurse.send(&filled).await?;
    ensure!(answer.status == 303 || answer.again, "results of {order} answered {}: {}", answer.status, answer.said());
    Ok(())
}

pub async fn review(doctor: &Person, patient: Uuid) -> anyhow::Result<()> {
    let list = doctor.get("/results").await?;
    for form in html::forms(&list.body) {
        if form.action.ends_with("/review") && form.value("patient_token") == patient.to_string() {
            let answer = doctor.send(&form).await?;
            ensure!(answer.status < 400 || answer.again, "確認 answered {}: {}", answer.status, answer.said());
        }
    }
    Ok(())
}
