//! Prices read back: kept on the claim, and made the lines of the bill when there are none yet.

use domain::EncounterId;
use domain::claim::ClaimEvent;
use tenancy::{Error, TenantTx};

use super::store;
use crate::adapters::receipt::client::Priced;
use crate::adapters::receipt::meaning::section;
use crate::billing::account::Case;
use crate::billing::lines::{self, Source};
use crate::billing::store::BilledLine;
use crate::encounters::store as encounters;

pub async fn take(tx: &TenantTx, id: EncounterId, priced: &Priced) -> Result<(), Error> {
    let Some(mut claim) = store::find(tx, id).await? else { return Ok(()) };
    let Ok(next) = store::status_of(&claim)?.after(ClaimEvent::Priced) else { return Ok(()) };
    claim.status = next.code().to_owned();
    claim.points = Some(priced.points);
    claim.due_yen = Some(priced.due_yen);
    store::keep(tx, claim).await?;
    let mut case = Case::load(tx, encounters::get(tx, id).await?).await?;
    if case.is_billed() {
        return Ok(());
    }
    // A newer price replaces the older one; lines a person entered stay, and the page shows where they differ.
    let stale: Vec<_> = case.lines.iter().filter(|line| line.source == "engine").map(|line| line.id).collect();
    for line in &stale {
        lines::withdraw(tx, &mut case, *line).await?;
    }
    if !case.lines.is_empty() {
        return Ok(());
    }
    lines::add(tx, &mut case, &billed(priced), Source::Engine).await?;
    // What the patient pays there less than the share of the points is borne by a public payer; the receipt computer knows better than
    // our own reckoning.
    let sums = case.sums();
    let public_yen = (sums.due_yen + sums.public_yen - i64::from(priced.due_yen)).max(0);
    if public_yen != sums.public_yen {
        case.account.public_rule = String::new();
        case.account.public_yen = i32::try_from(public_yen).map_err(Error::internal)?;
        lines::changed(tx, case.account).await?;
    }
    Ok(())
}

fn billed(priced: &Priced) -> Vec<BilledLine> {
    let insured = priced.parts.iter().map(|(code, name, points)| BilledLine {
        section: section(code).to_owned(),
        code: String::new(),
        name: name.clone(),
        points: *points,
        unit_yen: 0,
        quantity: 1,
    });
    let private = (priced.self_pay_yen > 0).then(|| BilledLine {
        section: "950".to_owned(),
        code: String::new(),
        name: "自費".to_owned(),
        points: 0,
        unit_yen: priced.self_pay_yen,
        quantity: 1,
    });
    insured.chain(private).collect()
}
