//! What the house wants of the national services, and which way it asks.

use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use loadtests::html::{self, Form};
use uuid::Uuid;

use crate::clinic::{Clinic, id_in, today};
use crate::plan::Plan;
use crate::story::{Acknowledged, PATIENCE, PAUSE, post};
use crate::visitor::Person;

/// A relay that was just started is heard of within this time.
const RELAY_WAITS: Duration = Duration::from_secs(40);

impl Clinic {
    /// Which way this clinic's questions to the national services go.
    pub async fn choose_way(&self, transport: &str) -> anyhow::Result<()> {
        let until = Instant::now() + RELAY_WAITS;
        while transport == "folder" && !self.admin.get("/devices").await?.body.contains("つながっています") {
            ensure!(Instant::now() < until, "no relay of this clinic is there; make demo starts one");
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        let form = self.admin.get("/devices").await?.form("/devices/connection")?;
        let answer = self.admin.send(&form.with("transport", transport)).await?;
        ensure!(answer.status == 303 || answer.again, "つなぎ方 answered {}: {}", answer.status, answer.said());
        Ok(())
    }

    /// 確認した for each file the terminal brought that nobody could use: how many there were.
    pub async fn review_arrivals(&self) -> anyhow::Result<usize> {
        let page = self.clerk.get("/reception/arrivals").await?;
        let forms: Vec<Form> = html::forms(&page.body).into_iter().filter(|form| form.action.ends_with("/review")).collect();
        for form in &forms {
            self.clerk.send(form).await?.moved()?;
        }
        Ok(forms.len())
    }

    /// The card's numbers, typed.
    pub async fn insure(&self, patient: Uuid, plan: &Plan) -> anyhow::Result<()> {
        let page = format!("/patients/{patient}/coverages/new");
        let mut form = self.clerk.get(&page).await?.form("/coverages")?.with("insured_number", self.insured_number(plan.number)?);
        for (name, value) in [
            ("kind", "employees"),
            ("insurer_number", "01139997"),
            ("insured_symbol", "12345678"),
            ("relation", "self"),
            ("copay_percent", "30"),
            ("valid_from", "R7.4.1"),
            ("verified_on", &today()),
            ("verification", "certificate"),
        ] {
            form = form.with(name, value);
        }
        let answer = self.clerk.send(&form).await?;
        ensure!(answer.status == 303 || answer.again, "保険 answered {}: {}", answer.status, answer.said());
        Ok(())
    }

    /// 番号照会 of somebody the service knows: the page goes on, the answer comes when it comes.
    pub async fn ask_about(&self) -> anyhow::Result<Uuid> {
        let key = Uuid::new_v4().to_string();
        let fields = [
            ("idempotency_key", key.as_str()),
            ("patient_token", ""),
            ("insurer_number", "01139997"),
            ("insured_symbol", "12345678"),
            ("insured_number", "9000001"),
            ("branch_number", ""),
            ("birth_date", "1975-04-01"),
        ];
        let form = fields.iter().fold(Form::to("/reception/inquiries"), |form, (name, value)| form.with(name, *value));
        id_in(&self.clerk.send(&form).await?.moved()?, "/reception/inquiries/")
    }
}

/// Not on paper alone; and the page puts every draft before the national service while the doctor goes on.
pub async fn issue(doctor: &Person, plan: &Plan, told: &mut Acknowledged) -> anyhow::Result<()> {
    let chart = format!("/encounters/{}", told.visit);
    let page = format!("{chart}/prescription");
    post(doctor, &page, "/prescription/head", |form| Ok(form.with("issue_form", plan.issue.code()))).await?.moved()?;
    let (key, token) = (Uuid::new_v4().to_string(), told.patient.to_string());
    let asked = Form::to(format!("{chart}/duplicate-check")).with("patient_token", token).with("idempotency_key", key);
    doctor.send(&asked).await?.moved()?;
    told.is_registered = true;
    Ok(())
}

/// 取消 of what was registered, as soon as the box offers it.
pub async fn take_back(clinic: &Clinic, plan: &Plan, told: &mut Acknowledged) -> anyhow::Result<()> {
    let (doctor, _busy) = clinic.doctor_for(plan.number).await;
    let (page, until) = (format!("/encounters/{}/eprescription", told.visit), Instant::now() + PATIENCE);
    while Instant::now() < until {
        let answer = doctor.get(&page).await?;
        let Some(form) = html::form(&answer.body, "/revocation") else {
            // An answer that was lost has counted.
            ensure!(answer.body.contains("取消"), "no 取消 is offered: {}", answer.said());
            told.is_taken_back = true;
            return Ok(());
        };
        let answer = doctor.send(&form.with("reason", "用量の誤り")).await?;
        if answer.status == 303 {
            told.is_taken_back = true;
            return Ok(());
        }
        ensure!(matches!(answer.status, 409 | 422), "取消 answered {}: {}", answer.status, answer.said());
        tokio::time::sleep(PAUSE).await;
    }
    bail!("取消 of {} never went through", told.visit)
}
