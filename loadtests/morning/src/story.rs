//! One patient's way through the house, by the pages the staff use.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;
use uuid::Uuid;

use crate::clinic::Clinic;
use crate::errands;
use crate::orders;
use crate::plan::{Ending, Plan};
use crate::visitor::{Answer, Person};
use loadtests::html::{self, Form};

/// What the server acknowledged about one visit; afterwards it is looked for.
#[derive(Debug, Default, Clone)]
pub struct Acknowledged {
    pub patient: Uuid,
    pub visit: Uuid,
    /// Section letter and words, each unique in this run.
    pub texts: Vec<(char, String)>,
    pub drugs: usize,
    pub is_signed: bool,
    pub ends: &'static str,
    pub paid_yen: i64,
    pub payments: usize,
    pub conflicts: usize,
    pub rounds: usize,
    pub questionnaires: usize,
    /// Questions by number, as the page named them.
    pub inquiries: Vec<Uuid>,
    /// A 処方箋 goes to the national service.
    pub is_registered: bool,
    pub is_taken_back: bool,
}

/// Tries as often as somebody at a desk would before calling for help.
pub const TRIES: usize = 8;

/// How long a doctor waits for what 確定 waits for.
pub const PATIENCE: Duration = Duration::from_secs(90);
pub const PAUSE: Duration = Duration::from_millis(400);

/// A form of a page, posted. The page is opened again when somebody else was faster; when an answer was lost, `done` says on the
/// new page whether it had counted.
pub async fn post(by: &Person, page: &str, action: &str, fill: impl Fn(Form) -> anyhow::Result<Form>) -> anyhow::Result<Answer> {
    let mut last = String::new();
    for _ in 0..TRIES {
        let form = fill(by.get(page).await?.form(action)?)?;
        let answer = by.send(&form).await?;
        match answer.status {
            409 => last = answer.said(),
            _ => return Ok(answer),
        }
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
    bail!("{page}: {action} was in conflict {TRIES} times: {last}")
}

/// Another state of the visit, by the menu of its row.
pub async fn move_to(by: &Person, visit: Uuid, to: &str) -> anyhow::Result<()> {
    let page = format!("/encounters/{visit}/moves");
    for _ in 0..TRIES {
        let form = by.get(&page).await?.form("/status")?;
        // An answer that was lost has counted: the state asked for is no longer offered.
        if !form.offers("to", to) {
            return Ok(());
        }
        let answer = by.send(&form.with("to", to).with("reason", "呼び戻して確かめる")).await?;
        match answer.status {
            303 => return Ok(()),
            409 => {}
            422 if answer.again => {}
            status => bail!("{visit} → {to} answered {status}: {}", answer.said()),
        }
    }
    bail!("{visit} never became {to}")
}

pub async fn visit(clinic: Arc<Clinic>, plan: Plan) -> anyhow::Result<Vec<Acknowledged>> {
    let arrived = clinic.arrive(&plan).await.with_context(|| format!("arrival of {plan:?}"))?;
    let (patient, first) = (arrived.patient, arrived.visit);
    let told = story(&clinic, &plan, patient, first).await.with_context(|| format!("visit {first} of {plan:?}"))?;
    let mut done = vec![Acknowledged { inquiries: arrived.inquiries, ..told }];
    if plan.comes_again {
        let again = clinic.receive(patient, plan.number, true, false).await?;
        let plan = Plan { is_contested: false, is_examined: false, is_recalled: false, drugs: 0, has_questionnaire: false, ..plan };
        done.push(story(&clinic, &plan, patient, again).await.with_context(|| format!("second visit {again}"))?);
    }
    Ok(done)
}

async fn story(clinic: &Clinic, plan: &Plan, patient: Uuid, visit: Uuid) -> anyhow::Result<Acknowledged> {
    let mut told = Acknowledged { patient, visit, ..Acknowledged::default() };
    clinic.clerk.get(&format!("/encounters/{visit}/ticket")).await?;
    if plan.has_questionnaire {
        told.questionnaires = questionnaire(clinic, plan, visit).await?;
    }
    if plan.is_measured {
        move_to(&clinic.nurse, visit, "triage").await?;
        told.rounds = measure(clinic, visit).await?;
    }
    if plan.ending == Ending::Cancelled {
        move_to(&clinic.clerk, visit, "cancelled").await?;
        told.ends = "cancelled";
        return Ok(told);
    }
    move_to(&clinic.nurse, visit, "waiting").await?;
    {
        // A doctor sees one patient at a time.
        let (doctor, _busy) = clinic.doctor_for(plan.number).await;
        move_to(doctor, visit, "in_consult").await?;
        consult(clinic, doctor, plan, &mut told).await?;
        if plan.ending == Ending::OnHold {
            move_to(doctor, visit, "on_hold").await?;
            told.ends = "on_hold";
            return Ok(told);
        }
        if plan.is_examined {
            orders::order(doctor, visit).await?;
            move_to(doctor, visit, "exam_waiting").await?;
        }
    }
    if plan.is_examined {
        orders::examine(clinic, visit, patient).await?;
    }
    let (doctor, _busy) = clinic.doctor_for(plan.number).await;
    if plan.is_examined {
        move_to(doctor, visit, "in_consult").await?;
        orders::review(doctor, patient).await?;
    }
    if plan.is_treated {
        move_to(doctor, visit, "treatment").await?;
        move_to(&clinic.nurse, visit, "waiting").await?;
        move_to(doctor, visit, "in_consult").await?;
    }
    if plan.is_recalled {
        move_to(doctor, visit, "billing_wait").await?;
        move_to(doctor, visit, "in_consult").await?;
    }
    sign(doctor, &mut told).await?;
    drop(_busy);
    clinic.settle(plan.ending, &mut told).await?;
    Ok(told)
}

async fn questionnaire(clinic: &Clinic, plan: &Plan, visit: Uuid) -> anyhow::Result<usize> {
    let page = format!("/encounters/{visit}/questionnaire/link");
    let issued = post(&clinic.clerk, &page, "/questionnaire/link", Ok).await?;
    let token = issued.body.split("/q/").nth(1).and_then(|rest| rest.split('<').next()).context("no link for the phone")?;
    let path = format!("/q/{token}");
    let form = html::forms(&clinic.phone.get(&path).await?.body).pop().context("no questions on the phone")?;
    let form = form.at(path).with("birth_date", plan.birth.clone()).with("chief", "朝から頭が痛い").with("allergy", "no");
    let sent = clinic.phone.send(&form).await?;
    // A second answer to the same link is answered like the first.
    ensure!(sent.status == 200, "the questionnaire answered {}: {}", sent.status, sent.said());
    Ok(1)
}

async fn measure(clinic: &Clinic, visit: Uuid) -> anyhow::Result<usize> {
    let values = [("bt", "36.7"), ("sbp", "128"), ("dbp", "76"), ("hr", "72"), ("spo2", "98"), ("wt", "61.5")];
    let fill = |form: Form| Ok(values.iter().fold(form, |form, (name, value)| form.with(name, *value)));
    let answer = post(&clinic.nurse, &format!("/encounters/{visit}/vitals"), "/vitals", fill).await?;
    if answer.status == 422 {
        // Unlike the patient's usual values: looked at, and recorded as they are.
        clinic.nurse.send(&answer.form("/vitals")?).await?.moved()?;
        return Ok(1);
    }
    answer.moved().map(|_| 1)
}

/// Saves words under S, O, A and P as the page does while typing; a contested O comes from two hands at once.
async fn consult(clinic: &Clinic, doctor: &Person, plan: &Plan, told: &mut Acknowledged) -> anyhow::Result<()> {
    let visit = told.visit;
    doctor.get(&format!("/encounters/{visit}")).await?;
    for (letter, words) in [('S', "頭が重い。"), ('A', "緊張型頭痛の見込み。"), ('P', "経過をみる。")] {
        let text = format!("{words}{}", clinic.mark(plan.number, letter));
        save(doctor, told, letter, &text).await?;
        told.texts.push((letter, text));
    }
    if plan.is_contested {
        contest(clinic, doctor, plan, told).await?;
    } else {
        let text = format!("項部の緊張あり。{}", clinic.mark(plan.number, 'O'));
        save(doctor, told, 'O', &text).await?;
        told.texts.push(('O', text));
    }
    disease(doctor, told).await?;
    for drug in ["みほんみゅ 3t 5", "みほんあるふぁ 1a 14", "みほんべーた 3t 7"].iter().take(plan.drugs) {
        told.drugs += prescribe(doctor, visit, drug).await?;
    }
    if told.drugs > 0 && plan.issue.is_registered() {
        errands::issue(doctor, plan, told).await?;
    }
    Ok(())
}

async fn save(by: &Person, told: &Acknowledged, letter: char, text: &str) -> anyhow::Result<()> {
    let answer = saved(by, told, letter, text).await?;
    ensure!(answer.status == 200, "{letter} of {} answered {}: {}", told.visit, answer.status, answer.body);
    Ok(())
}

async fn saved(by: &Person, told: &Acknowledged, letter: char, text: &str) -> anyhow::Result<Answer> {
    let (key, token) = (Uuid::new_v4().to_string(), told.patient.to_string());
    let form = [("body", text), ("version", "0"), ("idempotency_key", &key), ("patient_token", &token)];
    by.save(&format!("/encounters/{}/note/sections/{letter}", told.visit), &form).await
}

/// Both press at once: one is stored, the other is shown both texts and joins them.
async fn contest(clinic: &Clinic, doctor: &Person, plan: &Plan, told: &mut Acknowledged) -> anyhow::Result<()> {
    let mine = format!("医師の所見。{}", clinic.mark(plan.number, 'O'));
    let theirs = format!("看護師の観察。{}", clinic.mark(plan.number, 'N'));
    let (a, b) = tokio::join!(saved(doctor, told, 'O', &mine), saved(&clinic.nurse, told, 'O', &theirs));
    for (by, text, answer) in [(doctor, &mine, a?), (&clinic.nurse, &theirs, b?)] {
        told.texts.push(('O', text.clone()));
        if answer.status == 200 {
            continue;
        }
        ensure!(answer.status == 409, "a contested text answered {}: {}", answer.status, answer.body);
        told.conflicts += 1;
        let url = serde_json::from_str::<Value>(&answer.body)?["conflict_url"].as_str().context("no page to compare on")?.to_owned();
        let joined = post(by, &url, url.split('?').next().unwrap_or(&url), |form| {
            let (a, b) = (mine.as_str(), theirs.as_str());
            Ok(form.with("body", format!("{a}\n{b}")))
        });
        joined.await?.moved()?;
    }
    Ok(())
}

async fn disease(doctor: &Person, told: &Acknowledged) -> anyhow::Result<()> {
    let page = format!("/patients/{}/conditions?encounter={}", told.patient, told.visit);
    let form = doctor.fragment(&page).await?.form("/conditions")?.with("q", "見本高血圧症").with("choice", "");
    let offered = doctor.send(&form.clone().at("/diseases")).await?;
    let choice =
        offered.body.split("name=\"choice\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).context("no 病名 offered")?;
    let answer = doctor.send(&form.with("choice", choice)).await?;
    // The second visit of the day finds the name already there.
    ensure!(matches!(answer.status, 303 | 422), "病名 answered {}", answer.status);
    Ok(())
}

async fn prescribe(doctor: &Person, visit: Uuid, line: &str) -> anyhow::Result<usize> {
    let page = format!("/encounters/{visit}/prescription");
    let blank = doctor.fragment(&page).await?.form("/prescription-lines")?;
    let typed = ["dose", "usage", "count", "supply", "drug_code"].iter().fold(blank, |form, name| form.with(name, "")).with("q", line);
    let options = doctor.send(&typed.clone().at("/drugs")).await?;
    let code = options.body.split("name=\"drug_code\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    doctor.send(&typed.with("drug_code", code.with_context(|| format!("no drug for {line}"))?)).await?.moved()?;
    Ok(1)
}

/// 確定 of exactly what the chart and its boxes show; whatever asks for a reason gets one first, and what has to be waited for is waited for.
async fn sign(doctor: &Person, told: &mut Acknowledged) -> anyhow::Result<()> {
    let chart = format!("/encounters/{}", told.visit);
    let (until, mut last) = (Instant::now() + PATIENCE, String::new());
    while Instant::now() < until {
        let panel = doctor.fragment(&format!("{chart}/warnings")).await?;
        for form in html::forms(&panel.body).into_iter().filter(|form| form.action.ends_with("/warnings")) {
            doctor.send(&form.with("reason", "医学的に必要")).await?;
        }
        let page = doctor.get(&chart).await?;
        let Some(mut form) = html::form(&page.body, "/finalization") else {
            told.is_signed = true;
            return Ok(());
        };
        for pane in [
            format!("{chart}/prescription"),
            format!("{chart}/orders"),
            format!("/patients/{}/conditions?encounter={}", told.patient, told.visit),
        ] {
            for (name, value) in html::fields_for(&doctor.fragment(&pane).await?.body, "note") {
                form = form.with(&name, value);
            }
        }
        let answer = doctor.send(&form).await?;
        match answer.status {
            303 => {
                told.is_signed = true;
                return Ok(());
            }
            409 | 422 => last = answer.said(),
            status => bail!("確定 answered {status}: {}", answer.said()),
        }
        tokio::time::sleep(PAUSE).await;
    }
    bail!("確定 of {} never went through: {last}", told.visit)
}
