//! 公費: what the public payers of a visit bear, in their order, each up to its month's limit (FN-PL-01).

use domain::billing::grouped;
use domain::coverage::CoverageKind;
use domain::public_expense::{Borne, PublicTerms, is_assistance};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::entity::{account, invoice};
use crate::coverages::entity::coverage;
use crate::coverages::store as coverages;

/// What the payers bear is computed from their certificates.
pub const AUTO: &str = "auto";

/// One payer's part of a bill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicPart {
    pub coverage_id: Uuid,
    pub yen: i64,
    /// What the patient was left with after it.
    pub after_yen: i64,
}

/// A payer with what its certificate says for this visit.
#[derive(Debug, Clone)]
pub struct Payer {
    pub coverage_id: Uuid,
    pub words: String,
    pub terms: PublicTerms,
}

pub fn is_auto(account: &account::Model) -> bool {
    account.public_rule == AUTO
}

/// In the order they pay; 医療扶助 without an insurance is the only payer there is.
pub fn of(public: &[coverage::Model], used: Option<&coverage::Model>, bills: &[invoice::Model]) -> Vec<Payer> {
    let alone = used.filter(|row| coverages::kind_of(row) == CoverageKind::PublicAssistance);
    public.iter().chain(alone).map(|row| payer(row, bills)).collect()
}

fn payer(row: &coverage::Model, bills: &[invoice::Model]) -> Payer {
    let parts = bills.iter().flat_map(|bill| parts_of(&bill.public_parts));
    let paid: i64 = parts.filter(|part| part.coverage_id == row.id).map(|part| part.after_yen).sum();
    // Alone, or beside an insurance (併用).
    let is_assistance = coverages::kind_of(row) == CoverageKind::PublicAssistance || is_assistance(&row.insurer_number);
    let percent = row.copay_percent.and_then(|percent| u8::try_from(percent).ok());
    let terms = PublicTerms {
        // 医療扶助 leaves what its 医療券 says, and nothing where it says nothing.
        percent: if is_assistance && row.cap_yen.is_none() { Some(0) } else { percent.filter(|_| !is_assistance) },
        left_yen: row.cap_yen.map(|cap| (i64::from(cap) - paid).max(0)),
        is_paid_back: row.is_paid_back,
    };
    Payer { coverage_id: row.id, words: coverages::words(row), terms }
}

fn parts_of(json: &serde_json::Value) -> Vec<PublicPart> {
    serde_json::from_value(json.clone()).unwrap_or_default()
}

impl Payer {
    /// `第1公費 難病 上限 10000円/月`, with why it bears nothing.
    pub fn line(&self, borne: Borne) -> (String, String) {
        let why = match self.terms {
            terms if terms.is_paid_back => "(窓口では払い、あとで払い戻される)",
            terms if terms.is_open() => "(負担割合も上限額も登録がなく、計算に入れていません)",
            _ => "",
        };
        (format!("{}{why}", self.words), grouped(borne.yen))
    }
}
