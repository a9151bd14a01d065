//! One patient's way through the house, by the pages the staff use.

use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;
use uuid::Uuid;

use crate::clinic::Clinic;
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
}

/// Tries as often as somebody at a desk would before calling for help.
const TRIES: usize = 8;

/// A form of a page, posted. The page is opened again when somebody else was faster; when an answer was lost, `done` says on the
/// new page whether it had counted.
async fn post(by: &Person, page: &str, action: &str, fill: impl Fn(Form) -> anyhow::Result<Form>) -> anyhow::Result<Answer> {
    let mut last = String::new();
    for _ in 0..TRIES {
        let form = fill(by.get(page).await?.form(action)?)?;
        let answer = by.send(&form).await?;
        match answer.status {
            409 => last = answer.said(),
            _ => return Ok(answer),
        }
        tokio::time::sleep(std::time::Duration::from_millis(150)).await;
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
    let (patient, first) = clinic.arrive(&plan).await.with_context(|| format!("arrival of {plan:?}"))?;
    let mut done = vec![story(&clinic, &plan, patient, first).await.with_context(|| format!("visit {first} of {plan:?}"))?];
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
            order(doctor, visit).await?;
            move_to(doctor, visit, "exam_waiting").await?;
        }
    }
    if plan.is_examined {
        examine(clinic, visit, patient).await?;
    }
    let (doctor, _busy) = clinic.doctor_for(plan.number).await;
    if plan.is_examined {
        move_to(doctor, visit, "in_consult").await?;
        review(doctor, patient).await?;
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

async fn order(doctor: &Person, visit: Uuid) -> anyhow::Result<()> {
    let page = format!("/encounters/{visit}/orders");
    post(doctor, &page, "/orders/set", Ok).await?.moved()?;
    post(doctor, &page, "/orders/issue", Ok).await?.moved().map(drop)
}

/// The nurse takes every order of the patient, does it and enters what came out.
async fn examine(clinic: &Clinic, visit: Uuid, patient: Uuid) -> anyhow::Result<()> {
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

async fn review(doctor: &Person, patient: Uuid) -> anyhow::Result<()> {
    let list = doctor.get("/results").await?;
    for form in html::forms(&list.body) {
        if form.action.ends_with("/review") && form.value("patient_token") == patient.to_string() {
            let answer = doctor.send(&form).await?;
            ensure!(answer.status < 400 || answer.again, "確認 answered {}: {}", answer.status, answer.said());
        }
    }
    Ok(())
}

/// 確定 of exactly what the chart and its boxes show; whatever asks for a reason gets one first.
async fn sign(doctor: &Person, told: &mut Acknowledged) -> anyhow::Result<()> {
    let chart = format!("/encounters/{}", told.visit);
    for _ in 0..TRIES {
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
            409 | 422 => tokio::time::sleep(std::time::Duration::from_millis(200)).await,
            status => bail!("確定 answered {status}: {}", answer.said()),
        }
    }
    bail!("確定 of {} never went through", told.visit)
}

/// The bill: two lines, the share, and as much money as the plan says.
pub async fn pay(clerk: &Person, ending: Ending, told: &mut Acknowledged) -> anyhow::Result<()> {
    let page = format!("/encounters/{}/billing", told.visit);
    let looked = clerk.send(&Form::to("/procedures").with("q", "見本再診料")).await?;
    let code = looked.body.split("name=\"code\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
    for (name, code, points) in [("見本再診料", code, ""), ("外来管理(台本)", "", "52")] {
        let there = clerk.get(&page).await?.body.contains(&format!("<th scope=\"row\">{name}"));
        if !there {
            let fill = |form: Form| Ok(form.with("q", name).with("code", code).with("points", points).with("quantity", "1"));
            let answer = post(clerk, &page, "/charge-items", fill).await?;
            ensure!(answer.status == 303, "a line answered {}: {}", answer.status, answer.said());
        }
    }
    // What 確定 could not send without lines goes to the receipt computer now.
    if html::form(&clerk.get(&page).await?.body, "/claims").is_some() {
        let answer = post(clerk, &page, "/claims", Ok).await?;
        ensure!(answer.status == 303 || answer.again, "再送 answered {}: {}", answer.status, answer.said());
    }
    post(clerk, &page, "/billing-terms", |form| Ok(form.with("copay", "30").with("public_yen", "0"))).await?.moved()?;
    let due: i64 = clerk.get(&page).await?.form("/payments")?.value("amount").replace(',', "").parse().unwrap_or_default();
    let (amount, reason, method) = match ending {
        Ending::Later => (0, "later", "later"),
        Ending::PartlyPaid => (100.min(due), "later", "cash"),
        _ => (due, "", "cash"),
    };
    let fill = |form: Form| {
        let amount = if method == "later" { String::new() } else { amount.to_string() };
        form.with("method", method).with("amount", amount).with("unpaid_reason", reason)
    };
    for _ in 0..TRIES {
        let answer = clerk.get(&page).await?;
        // An answer that was lost has counted: there is nothing left to take.
        let Some(form) = html::form(&answer.body, "/payments") else { break };
        let answer = clerk.send(&fill(form)).await?;
        match answer.status {
            303 => break,
            409 => {}
            _ if answer.again => break,
            status => bail!("payment answered {status}: {}", answer.said()),
        }
    }
    (told.paid_yen, told.payments) = (amount, usize::from(amount > 0));
    told.ends = if ending == Ending::Paid { "paid" } else { "left_unpaid" };
    Ok(())
}
