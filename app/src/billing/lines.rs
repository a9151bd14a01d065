//! Lines of a visit added, copied and withdrawn. Each of these moves the account's version on.

use domain::EncounterId;
use tenancy::{Authorship, Error, TenantTx, versioned};
use uuid::Uuid;

use super::account::Case;
use super::entity::{account, charge_item};
use super::store::{self, BILLABLE, BilledLine, WITHDRAWN};

/// Where a line comes from.
#[derive(Debug, Clone, Copy)]
pub enum Source {
    Hand,
    /// The visit before.
    Copy,
    /// The receipt computer.
    Engine,
}

impl Source {
    const fn code(self) -> &'static str {
        match self {
            Self::Hand => "hand",
            Self::Copy => "copy",
            Self::Engine => "engine",
        }
    }
}

/// Adds lines after the last one.
pub async fn add(tx: &TenantTx, case: &mut Case, lines: &[BilledLine], source: Source) -> Result<Vec<Uuid>, Error> {
    let last = store::every_line(tx, case.id()).await?.iter().map(|row| row.line_no).max().unwrap_or_default();
    let mut added = Vec::new();
    for (line_no, line) in (last + 1..).zip(lines) {
        let row = charge_item::Model {
            tenant_id: Uuid::nil(),
            id: tx.new_id(),
            version: 0,
            recorded_at: tx.now(),
            author_id: Uuid::nil(),
            entered_by_id: Uuid::nil(),
            status: BILLABLE.to_owned(),
            digest: Vec::new(),
            patient_id: case.visit.patient_id,
            encounter_id: case.visit.id,
            line_no,
            source: source.code().to_owned(),
            section: line.section.clone(),
            code: line.code.clone(),
            name: line.name.clone(),
            points: line.points,
            unit_yen: line.unit_yen,
            quantity: line.quantity,
        };
        let row = versioned::insert(tx, row, Authorship::own(tx)).await?;
        added.push(row.id);
        case.lines.push(row);
    }
    case.account = changed(tx, case.account.clone()).await?;
    Ok(added)
}

pub async fn withdraw(tx: &TenantTx, case: &mut Case, id: Uuid) -> Result<(), Error> {
    let at = case.lines.iter().position(|row| row.id == id).ok_or(Error::NotFound)?;
    let mut row = case.lines.remove(at);
    row.status = WITHDRAWN.to_owned();
    versioned::update(tx, row, Authorship::own(tx), "").await?;
    case.account = changed(tx, case.account.clone()).await?;
    Ok(())
}

/// The lines of the patient's visit before, as they were billed then.
pub async fn of_last_visit(tx: &TenantTx, case: &Case) -> Result<Vec<BilledLine>, Error> {
    let Some(last) = store::last_billed(tx, &case.group.ids(), case.id()).await? else { return Ok(Vec::new()) };
    let rows = store::lines(tx, EncounterId::new(last.id)).await?;
    Ok(rows.iter().map(BilledLine::from).collect())
}

/// The account after its lines or terms changed: a bill already made no longer says what they say.
pub async fn changed(tx: &TenantTx, mut account: account::Model) -> Result<account::Model, Error> {
    account.is_changed = account.revision > 0;
    store::keep(tx, account, "").await
}
