//! 署名: all drafts of a visit together, locked by the table from then on.

use std::collections::HashSet;

use chrono::NaiveDate;
use domain::EncounterId;
use domain::prescription::head::RxStatus;
use tenancy::{Authorship, Error, TenantTx, versioned};
use uuid::Uuid;

use super::heads;
use super::lines::{self, DRAFT, SIGNED};
use crate::prescriptions::drugs;
use crate::prescriptions::entity::medication_request::Model;
use crate::prescriptions::entity::prescription;

/// Why the lines were not signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignRefusal {
    NothingToSign,
    /// The lines on the page are not the lines in the table.
    Changed,
    /// These drugs are no longer in the master; `None` when the code is gone altogether.
    DrugEnded {
        name: String,
        last_day: Option<NaiveDate>,
    },
}

/// What was signed.
#[derive(Debug)]
pub struct Sealed {
    pub lines: usize,
    pub heads: Vec<prescription::Model>,
}

impl SignRefusal {
    pub fn sentence(&self) -> String {
        match self {
            Self::NothingToSign => "署名を待っている処方がありません。".into(),
            Self::Changed => "画面を開いたあとに処方が変わりました。開き直して内容を確かめてから署名してください。".into(),
            Self::DrugEnded { name, last_day } => format!("{}。処方から外してから署名してください。", ended(name, *last_day)),
        }
    }
}

/// The sentence for a drug the master no longer has.
pub fn ended(name: &str, last_day: Option<NaiveDate>) -> String {
    match last_day {
        Some(day) => format!("「{name}」は医薬品マスターで{day}に終わっています。別の薬を選んでください"),
        None => format!("「{name}」は今日の医薬品マスターにありません。別の薬を選んでください"),
    }
}

/// `seen` is what the doctor saw: id and version of each draft.
pub async fn seal(
    tx: &TenantTx,
    encounter: EncounterId,
    seen: &[(Uuid, i32)],
    today: NaiveDate,
) -> Result<Result<Sealed, SignRefusal>, Error> {
    let drafts: Vec<Model> = lines::lines(tx, encounter).await?.into_iter().filter(|row| row.status == DRAFT).collect();
    if drafts.is_empty() {
        return Ok(Err(SignRefusal::NothingToSign));
    }
    if drafts.len() != seen.len() || !drafts.iter().all(|row| seen.contains(&(row.id, row.version))) {
        return Ok(Err(SignRefusal::Changed));
    }
    let codes: Vec<&str> = drafts.iter().map(|row| row.drug_code.as_str()).collect();
    let known = drugs::of_codes(tx, &codes, today).await?;
    for line in &drafts {
        let drug = known.iter().find(|drug| drug.code == line.drug_code);
        if !drug.is_some_and(|drug| drug.is_in_force(today)) {
            let last_day = drug.and_then(|drug| drug.valid_to);
            return Ok(Err(SignRefusal::DrugEnded { name: line.drug_name.clone(), last_day }));
        }
    }
    drugs::adopt(tx, &known).await?;
    let count = drafts.len();
    let signed: HashSet<Option<Uuid>> = drafts.iter().map(|row| row.prescription_id).collect();
    for mut line in drafts {
        line.status = SIGNED.to_owned();
        line.signed_at = Some(tx.now());
        line.signed_by_id = Some(tx.actor().as_uuid());
        versioned::update(tx, line, Authorship::own(tx), "").await?;
    }
    let mut sealed = Sealed { lines: count, heads: Vec::new() };
    for head in heads::of_encounter(tx, encounter).await? {
        if signed.contains(&Some(head.id)) && heads::status(&head).is_open() {
            sealed.heads.push(heads::move_to(tx, head, RxStatus::Signed, "").await?);
        }
    }
    Ok(Ok(sealed))
}
