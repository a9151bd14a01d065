//! The counter: the bill and the money.

use anyhow::{bail, ensure};
use loadtests::html::{self, Form};

use crate::plan::Ending;
use crate::story::{Acknowledged, TRIES, post};
use crate::visitor::Person;

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
