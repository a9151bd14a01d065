//! One visit's money as it is judged: visit, patient's group, account, lines, and what else is owed.

use domain::billing::Sums;
use domain::{CoverageId, EncounterId, PatientId};
use tenancy::{Error, TenantTx};

use super::entity::{account, charge_item};
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
    pub account: account::Model,
    pub lines: Vec<charge_item::Model>,
    /// Other visits with something to pay or to give back, oldest first.
    pub others: Vec<account::Model>,
}

impl Case {
    /// Six statements.
    pub async fn load(tx: &TenantTx, visit: encounter::Model) -> Result<Self, Error> {
        let id = EncounterId::new(visit.id);
        let group = patients::get_group(tx, PatientId::new(visit.patient_id)).await?;
        let coverage = match visit.coverage_id {
            Some(id) => Some(coverages::get(tx, CoverageId::new(id)).await?),
            None => None,
        };
        let stored = store::find_account(tx, id).await?;
        let account = stored.unwrap_or_else(|| store::begun(&visit, coverage.as_ref().and_then(|row| row.copay_percent)));
        let lines = store::lines(tx, id).await?;
        let others = store::unsettled(tx, &group.ids(), id).await?;
        Ok(Self { visit, group, coverage, account, lines, others })
    }

    pub fn id(&self) -> EncounterId {
        EncounterId::new(self.visit.id)
    }

    pub fn patient_id(&self) -> PatientId {
        PatientId::new(self.visit.patient_id)
    }

    /// What the lines come to now; the bill says what was asked for.
    pub fn sums(&self) -> Sums {
        store::sums(&self.lines, &self.account)
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
