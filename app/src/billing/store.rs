//! Rows read, and the small writes the acts are made of.

use domain::billing::{AccountStatus, Line, Sums, Terms, price};
use domain::monthly_cap::MonthCap;
use domain::{ChargeItemId, EncounterId, PatientId, PaymentNoticeId};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use tenancy::{Authorship, Error, TenantTx, versioned};
use uuid::Uuid;

use super::entity::{account, charge_item, invoice, payment_notice};
use crate::encounters::entity::encounter;

pub const BILLABLE: &str = "billable";
pub const WITHDRAWN: &str = "withdrawn";

/// A line as a bill keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BilledLine {
    pub section: String,
    pub code: String,
    pub name: String,
    pub points: i32,
    pub unit_yen: i32,
    pub quantity: i32,
}

impl From<&charge_item::Model> for BilledLine {
    fn from(row: &charge_item::Model) -> Self {
        Self {
            section: row.section.clone(),
            code: row.code.clone(),
            name: row.name.clone(),
            points: row.points,
            unit_yen: row.unit_yen,
            quantity: row.quantity,
        }
    }
}

/// Lines of a visit that stand, in their order.
pub async fn lines(tx: &TenantTx, encounter: EncounterId) -> Result<Vec<charge_item::Model>, Error> {
    let mut rows = every_line(tx, encounter).await?;
    rows.retain(|row| row.status == BILLABLE);
    Ok(rows)
}

pub(super) async fn every_line(tx: &TenantTx, encounter: EncounterId) -> Result<Vec<charge_item::Model>, Error> {
    use charge_item::Column as C;
    let rows = charge_item::Entity::find()
        .filter(C::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(C::EncounterId.eq(encounter.as_uuid()))
        .order_by_asc(C::LineNo)
        .order_by_asc(C::Id)
        .all(tx)
        .await?;
    Ok(rows)
}

pub async fn line(tx: &TenantTx, id: ChargeItemId) -> Result<charge_item::Model, Error> {
    charge_item::Entity::find()
        .filter(charge_item::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(charge_item::Column::Id.eq(id.as_uuid()))
        .one(tx)
        .await?
        .ok_or(Error::NotFound)
}

pub async fn find_account(tx: &TenantTx, encounter: EncounterId) -> Result<Option<account::Model>, Error> {
    let row = account::Entity::find()
        .filter(account::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(account::Column::Id.eq(encounter.as_uuid()))
        .one(tx)
        .await?;
    Ok(row)
}

/// Written out: a bound value could not be proven to match the index that holds only such rows.
pub(super) fn is_unsettled() -> Expr {
    let written = |status: AccountStatus| Expr::Constant(status.code().into());
    Expr::col((account::Entity, account::Column::Status)).is_in([written(AccountStatus::Issued), written(AccountStatus::LeftUnpaid)])
}

/// What the patient still owes, or is owed, of other visits; oldest first.
pub async fn unsettled(tx: &TenantTx, patients: &[PatientId], except: EncounterId) -> Result<Vec<account::Model>, Error> {
    use account::Column as C;
    let rows = account::Entity::find()
        .filter(C::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(C::PatientId.is_in(patients.iter().map(|id| id.as_uuid())))
        .filter(is_unsettled())
        .order_by_asc(C::BilledOn)
        .order_by_asc(C::Id)
        .all(tx)
        .await?;
    Ok(rows.into_iter().filter(|row| row.id != except.as_uuid()).collect())
}

/// The patient's billed visit before this one.
pub async fn last_billed(tx: &TenantTx, patients: &[PatientId], except: EncounterId) -> Result<Option<account::Model>, Error> {
    use account::Column as C;
    let rows = account::Entity::find()
        .filter(C::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(C::PatientId.is_in(patients.iter().map(|id| id.as_uuid())))
        .order_by_desc(C::BilledOn)
        .limit(5)
        .all(tx)
        .await?;
    Ok(rows.into_iter().find(|row| row.id != except.as_uuid() && row.revision > 0))
}

pub async fn payments(tx: &TenantTx, encounter: EncounterId) -> Result<Vec<payment_notice::Model>, Error> {
    use payment_notice::Column as C;
    let rows = payment_notice::Entity::find()
        .filter(C::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(C::EncounterId.eq(encounter.as_uuid()))
        .order_by_asc(C::RecordedAt)
        .order_by_asc(C::Id)
        .all(tx)
        .await?;
    Ok(rows)
}

pub async fn payment(tx: &TenantTx, id: PaymentNoticeId) -> Result<payment_notice::Model, Error> {
    payment_notice::Entity::find()
        .filter(payment_notice::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(payment_notice::Column::Id.eq(id.as_uuid()))
        .one(tx)
        .await?
        .ok_or(Error::NotFound)
}

/// All rows of one receipt.
pub async fn of_receipt(tx: &TenantTx, receipt_id: Uuid) -> Result<Vec<payment_notice::Model>, Error> {
    let rows = payment_notice::Entity::find()
        .filter(payment_notice::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(payment_notice::Column::ReceiptId.eq(receipt_id))
        .order_by_asc(payment_notice::Column::Id)
        .all(tx)
        .await?;
    Ok(rows)
}

/// The bill in force: the newest revision.
pub async fn bill(tx: &TenantTx, encounter: EncounterId) -> Result<Option<invoice::Model>, Error> {
    let row = invoice::Entity::find()
        .filter(invoice::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(invoice::Column::EncounterId.eq(encounter.as_uuid()))
        .order_by_desc(invoice::Column::Revision)
        .limit(1)
        .one(tx)
        .await?;
    Ok(row)
}

/// Bills of several visits, every revision; for the sums of a day.
pub async fn bills(tx: &TenantTx, encounters: &[Uuid]) -> Result<Vec<invoice::Model>, Error> {
    if encounters.is_empty() {
        return Ok(Vec::new());
    }
    let rows = invoice::Entity::find()
        .filter(invoice::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(invoice::Column::EncounterId.eq_any(encounters.iter().copied()))
        .all(tx)
        .await?;
    Ok(rows)
}

pub fn sums(lines: &[charge_item::Model], account: &account::Model, cap: Option<MonthCap>, public_yen: i32) -> Sums {
    let of = |row: &charge_item::Model| Line { points: row.points, unit_yen: row.unit_yen, quantity: row.quantity };
    price(&lines.iter().map(of).collect::<Vec<_>>(), terms(account, cap, public_yen))
}

fn terms(account: &account::Model, cap: Option<MonthCap>, public_yen: i32) -> Terms {
    Terms { copay_percent: account.copay_percent.and_then(|percent| u8::try_from(percent).ok()), public_yen, cap }
}

/// The account a visit begins with; version 0 until it is stored.
pub fn begun(visit: &encounter::Model, copay_percent: Option<i32>) -> account::Model {
    account::Model {
        tenant_id: visit.tenant_id,
        id: visit.id,
        version: 0,
        recorded_at: visit.recorded_at,
        author_id: Uuid::nil(),
        entered_by_id: Uuid::nil(),
        status: AccountStatus::Open.code().to_owned(),
        digest: Vec::new(),
        patient_id: visit.patient_id,
        billed_on: visit.reception_date,
        copay_percent,
        public_yen: 0,
        revision: 0,
        is_changed: false,
        is_estimate: false,
        due_yen: 0,
        paid_yen: 0,
        unpaid_yen: 0,
        unpaid_reason: String::new(),
        unpaid_note: String::new(),
        cap_rule: String::new(),
        public_rule: super::payers::AUTO.to_owned(),
    }
}

/// The account's next version; its first when there was none.
pub async fn keep(tx: &TenantTx, account: account::Model, reason: &str) -> Result<account::Model, Error> {
    if account.version > 0 {
        return versioned::update(tx, account, Authorship::own(tx), reason).await;
    }
    match versioned::insert(tx, account, Authorship::own(tx)).await {
        // Somebody else opened it a moment before.
        Err(Error::Duplicate { constraint }) if constraint.starts_with("account") => Err(Error::Conflict { current_version: 1 }),
        kept => kept,
    }
}
