//! One visit's money as it is judged: visit, patient's group, account, lines, and what else is owed.

use domain::billing::Sums;
use domain::coverage::CoverageKind;
use domain::public_expense::{self, Borne, PublicTerms};
use domain::{EncounterId, PatientId};
use tenancy::{Error, TenantTx};

use super::entity::{account, charge_item};
use super::month::{self, Limited};
use super::payers::{self, Payer, PublicPart};
use super::store;
use crate::coverages::entity::coverage;
use crate::coverages::store as coverages;
use crate::encounters::entity::encounter;
use crate::patients::store as patients;
use crate::patients::store::Group;

#[derive(Debug)]
pub struct Case {
    pub visit: encounter::Model,
    pub group: Group,
    pub coverage: Option<coverage::Model>,
    /// 公費 in force on the day of the visit, in the order they pay.
    pub public: Vec<coverage::Model>,
    /// Other insurances of that day this visit could use.
    pub alternatives: Vec<coverage::Model>,
    pub account: account::Model,
    pub lines: Vec<charge_item::Model>,
    /// Other visits with something to pay or to give back, oldest first.
    pub others: Vec<account::Model>,
    /// 高額療養費
    pub limited: Limited,
    /// Public payers, where what they bear is computed.
    pub payers: Vec<Payer>,
}

impl Case {
    /// Six statements, and one more where a monthly limit holds or somebody else pays.
    pub async fn load(tx: &TenantTx, visit: encounter::Model) -> Result<Self, Error> {
        let id = EncounterId::new(visit.id);
        let group = patients::get_group(tx, PatientId::new(visit.patient_id)).await?;
        let known = coverages::all_of(tx, &group.ids()).await?;
        let day = visit.reception_date;
        let coverage = known.iter().find(|row| Some(row.id) == visit.coverage_id).cloned();
        let is_used = |row: &coverage::Model| Some(row.id) == visit.coverage_id;
        let public: Vec<coverage::Model> = coverages::public_on(&known, day).into_iter().filter(|row| !is_used(row)).cloned().collect();
        let could = |row: &&coverage::Model| {
            !is_used(row) && coverages::kind_of(row) != CoverageKind::PublicExpense && coverages::trouble(row, day).is_none()
        };
        let alternatives = known.iter().filter(could).cloned().collect();
        let stored = store::find_account(tx, id).await?;
        let account = stored.unwrap_or_else(|| store::begun(&visit, coverage.as_ref().and_then(share_of)));
        let lines = store::lines(tx, id).await?;
        let others = store::unsettled(tx, &group.ids(), id).await?;
        let is_auto = payers::is_auto(&account);
        let has_limit = month::whole_month(coverage.as_ref(), &account, day)?.cap().is_some();
        let has_payers = is_auto && !payers::of(&public, coverage.as_ref(), &[]).is_empty();
        let bills = if has_limit || has_payers { month::others(tx, &group.ids(), &visit, &account).await? } else { Vec::new() };
        let limited = month::limited(coverage.as_ref(), &account, day, &bills)?;
        let payers = if is_auto { payers::of(&public, coverage.as_ref(), &bills) } else { Vec::new() };
        Ok(Self { visit, group, coverage, public, alternatives, account, lines, others, limited, payers })
    }

    /// Insurance and 公費 in words.
    pub fn coverage_words(&self) -> Option<String> {
        let words: Vec<String> = self.coverage.iter().chain(&self.public).map(coverages::words).collect();
        (!words.is_empty()).then(|| words.join("・"))
    }

    /// Why the insurance of this visit should be looked at before money is taken.
    pub fn coverage_trouble(&self) -> Option<String> {
        self.coverage.as_ref().and_then(|row| coverages::trouble(row, self.visit.reception_date))
    }

    /// `2割`, when the bill counts with another share than the insurance says.
    pub fn other_share(&self) -> Option<String> {
        let stated = self.coverage.as_ref().and_then(|row| row.copay_percent)?;
        let differs = self.public.is_empty() && self.account.copay_percent.is_some_and(|counted| counted != stated);
        differs.then(|| format!("{}割", stated / 10))
    }

    pub fn id(&self) -> EncounterId {
        EncounterId::new(self.visit.id)
    }

    pub fn patient_id(&self) -> PatientId {
        PatientId::new(self.visit.patient_id)
    }

    /// What the lines come to now; the bill says what was asked for.
    pub fn sums(&self) -> Sums {
        let public_yen = self.borne().iter().map(|borne| borne.yen).sum::<i64>();
        let public_yen =
            if payers::is_auto(&self.account) { i32::try_from(public_yen).unwrap_or(i32::MAX) } else { self.account.public_yen };
        store::sums(&self.lines, &self.account, self.limited.cap(), public_yen)
    }

    /// What each payer bears of the lines as they are now.
    pub fn borne(&self) -> Vec<Borne> {
        let alone = store::sums(&self.lines, &self.account, self.limited.cap(), 0);
        let terms: Vec<PublicTerms> = self.payers.iter().map(|payer| payer.terms).collect();
        public_expense::borne(alone.cost_yen, alone.share_yen(), &terms)
    }

    pub fn public_parts(&self) -> Vec<PublicPart> {
        let of =
            |(payer, borne): (&Payer, Borne)| PublicPart { coverage_id: payer.coverage_id, yen: borne.yen, after_yen: borne.after_yen };
        self.payers.iter().zip(self.borne()).map(of).collect()
    }

    pub fn is_billed(&self) -> bool {
        self.account.revision > 0
    }

    /// Still to pay of this visit: of the bill, or of the bill there would be.
    pub fn unpaid_yen(&self) -> i64 {
        if self.is_billed() { i64::from(self.account.unpaid_yen) } else { self.sums().due_yen - i64::from(self.account.paid_yen) }
    }

    /// 前回未収.
    pub fn brought_forward_yen(&self) -> i64 {
        self.others.iter().map(|account| i64::from(account.unpaid_yen).max(0)).sum()
    }

    /// 今回お支払い: never less than nothing.
    pub fn to_pay_yen(&self) -> i64 {
        self.unpaid_yen().max(0) + self.brought_forward_yen()
    }
}

/// 医療扶助 alone: all of it is somebody's, and its 医療券 says how much is the patient's.
fn share_of(coverage: &coverage::Model) -> Option<i32> {
    let is_assistance = coverages::kind_of(coverage) == CoverageKind::PublicAssistance;
    coverage.copay_percent.filter(|_| !is_assistance).or(is_assistance.then_some(100))
}
