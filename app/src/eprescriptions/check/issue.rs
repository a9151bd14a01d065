//! What the check had said is kept with the 処方箋 that is issued; what is to be registered is not issued without it.

use domain::EncounterId;
use domain::prescription::duplicate_check::{CheckOutcome, Standing};
use domain::prescription::head::DispensedAt;
use domain::{clock, warning};
use tenancy::{Error, TenantTx};

use super::entity::issued_check;
use super::{look, store};
use crate::eprescriptions::content::{self, Problem};
use crate::notes::store::answers;
use crate::prescriptions::entity::prescription;
use crate::prescriptions::store::{self as prescriptions, heads};

/// 発行 of these 処方箋, whose lines were signed a moment ago in this transaction.
pub async fn record(tx: &TenantTx, signed: &[prescription::Model]) -> Result<Result<(), Problem>, Error> {
    let is_outside = |head: &&prescription::Model| heads::content_of(head).dispensed_at == DispensedAt::Outside;
    let outside: Vec<_> = signed.iter().filter(is_outside).collect();
    let Some(encounter) = outside.first().map(|head| EncounterId::new(head.encounter_id)) else { return Ok(Ok(())) };
    let mut lines = prescriptions::lines(tx, encounter).await?;
    lines.retain(|line| signed.iter().any(|head| line.prescription_id == Some(head.id)));
    let known = content::known(tx, &lines, clock::today(tx.now())).await?;
    let looked = look(tx, encounter, &lines, &known).await?;
    let is_required = outside.iter().any(|head| heads::content_of(head).issue_form.is_registered());
    let standing = looked.as_ref().map_or(&Standing::NotAsked, |looked| &looked.standing);
    if looked.is_some() {
        let mut open = standing.warnings(is_required);
        answers::of_encounter(tx, encounter).await?.settle(&mut open);
        if let Some(bar) = open.iter().find(|w: &&warning::Warning| w.is_open()) {
            return Ok(Err(format!("{}: {}", bar.subject, bar.text)));
        }
    }
    let (outcome, why) = outcome(standing);
    let check_id = looked.and_then(|looked| looked.row).map(|row| row.id);
    for head in outside {
        let row = issued_check::Model {
            tenant_id: tx.tenant_id().as_uuid(),
            prescription_id: head.id,
            patient_id: head.patient_id,
            check_id,
            outcome: outcome.code().to_owned(),
            why: why.clone(),
            issued_at: tx.now(),
            issued_by: tx.actor().as_uuid(),
        };
        store::keep_issued(tx, row).await?;
    }
    Ok(Ok(()))
}

fn outcome(standing: &Standing) -> (CheckOutcome, String) {
    match standing {
        Standing::Answered(findings) if findings.is_empty() => (CheckOutcome::Clear, String::new()),
        Standing::Answered(_) => (CheckOutcome::Allowed, String::new()),
        Standing::Away(why) => (CheckOutcome::Unchecked, why.clone()),
        Standing::NotAsked | Standing::Waiting => (CheckOutcome::Unchecked, "照会していません。".to_owned()),
    }
}
