//! What came with the card beside the insurance, 医療費助成の受給者証 (PMH) and 併用の医療扶助, becomes 公費 in the order the payers pay
//! (FN-PL-01, FN-OQ-08).

use chrono::NaiveDate;
use domain::PatientId;
use domain::coverage::{CoverageContent, CoverageKind, PUBLIC_EXPENSES};
use domain::eligibility::{EligibilityStatus, Qualification};
use domain::public_expense::{is_assistance, order_of};
use tenancy::{Authorship, Error, TenantTx, versioned};

use super::entity::coverage::Model;
use super::store;

/// The insurance that a 併用の医療扶助, read by itself, stands beside.
pub fn insurance_beside<'a>(q: &Qualification, known: &'a [Model], day: NaiveDate) -> Option<&'a Model> {
    if !q.is_assistance() || !q.is_combined(day) {
        return None;
    }
    known.iter().find(|row| {
        let kind = store::kind_of(row);
        kind.is_main_insurance() && kind != CoverageKind::PublicAssistance && store::trouble(row, day).is_none()
    })
}

/// Every 公費 a reading tells of. 医療扶助 is one where it stands beside an insurance and has a 医療券 for this facility.
pub fn told(q: &Qualification, known: &[Model], status: EligibilityStatus, by_card: bool, day: NaiveDate) -> Vec<CoverageContent> {
    let certificates = q.subsidies.iter().filter(|s| s.is_usable(day)).map(|s| CoverageContent::from_subsidy(s, day));
    let stands_beside = q.assistance.is_some() || insurance_beside(q, known, day).is_some();
    let assistance = q.assisted().filter(|a| stands_beside && status == EligibilityStatus::Valid && a.ticket_on(day).is_some());
    certificates.chain(assistance.map(|a| CoverageContent::from_assistance(a, status, by_card, day))).collect()
}

/// 医療扶助 is alone or beside an insurance, never both: what it was until then ends the day before.
pub async fn end_other_assistance(tx: &TenantTx, known: &[Model], is_beside: bool, day: NaiveDate) -> Result<(), Error> {
    let ended = if is_beside { CoverageKind::PublicAssistance } else { CoverageKind::PublicExpense };
    let assistance = known.iter().filter(|row| store::kind_of(row) == ended && is_assistance(&row.insurer_number));
    for row in assistance.filter(|row| store::is_in_force(row, day)) {
        let content = CoverageContent { valid_to: day.pred_opt(), ..store::content_of(row) };
        store::amend(tx, row, &content, if is_beside { "医療扶助の併用" } else { "医療扶助の単独" }).await?;
    }
    Ok(())
}

/// Each becomes a row of 公費 or renews its own, and all that hold are put in the order they pay.
pub async fn apply(tx: &TenantTx, patient_id: PatientId, known: &[Model], new: &[CoverageContent], day: NaiveDate) -> Result<(), Error> {
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
