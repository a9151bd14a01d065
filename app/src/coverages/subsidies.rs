//! 医療費助成の受給者証 (PMH): what came with the card becomes 公費, in the order the payers pay (FN-PL-01).

use chrono::NaiveDate;
use domain::PatientId;
use domain::coverage::{CoverageContent, CoverageKind, PUBLIC_EXPENSES};
use domain::public_expense::{Subsidy, order_of};
use tenancy::{Authorship, Error, TenantTx, versioned};

use super::entity::coverage::Model;
use super::store;

/// Each becomes a row of 公費 or renews its own, and all that hold are put in the order they pay.
pub async fn apply(tx: &TenantTx, patient_id: PatientId, known: &[Model], subsidies: &[Subsidy], day: NaiveDate) -> Result<(), Error> {
    let new: Vec<CoverageContent> = subsidies.iter().filter(|s| s.is_usable(day)).map(|s| CoverageContent::from_subsidy(s, day)).collect();
    if new.is_empty() {
        return Ok(());
    }
    let kept = |row: &&Model| store::kind_of(row) == CoverageKind::PublicExpense && store::is_in_force(row, day);
    let old = known.iter().filter(kept).map(|row| (Some(row), store::content_of(row)));
    let untouched = old.filter(|(_, old)| !new.iter().any(|new| new.is_same_card(old)));
    let mut all: Vec<(Option<&Model>, CoverageContent)> = untouched.collect();
    all.extend(new.iter().map(|new| (known.iter().filter(kept).find(|row| store::content_of(row).is_same_card(new)), new.clone())));
    all.sort_by_key(|(_, content)| (order_of(&content.insurer_number), content.insurer_number.clone(), content.insured_number.clone()));
    for (rank, (row, content)) in (1..).zip(all) {
        // What the certificate does not say stays as somebody wrote it down.
        let share =
            row.filter(|_| content.copay_percent.is_none()).and_then(|row| store::content_of(row).copay_percent).or(content.copay_percent);
        let content = CoverageContent { priority: u8::min(rank, PUBLIC_EXPENSES as u8), copay_percent: share, ..content };
        match row {
            Some(row) if store::content_of(row) == content => {}
            Some(row) => drop(store::amend(tx, row, &content, "医療費助成の資格").await?),
            None => {
                let mut row = store::empty(tx, patient_id);
                store::state(&mut row, &content);
                versioned::insert(tx, row, Authorship::own(tx)).await?;
            }
        }
    }
    Ok(())
}
