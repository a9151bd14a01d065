//! The documented TOTP secret, put in force as an enrolment would have.

use domain::{StaffId, TenantId};
use tenancy::keys::Keyring;
use tenancy::operator::Operator;
use tenancy::second_factor::store_totp;
use tenancy::{Act, Audit, InfoClass};

use super::clinics::TOTP_SECRET_BYTES;

/// # Errors
/// When the key provider or the database is away.
pub async fn enrol(operator: &Operator, keyring: &Keyring, tenant_id: TenantId, staff: &[StaffId]) -> anyhow::Result<()> {
    let tx = operator.begin(tenant_id).await?;
    for staff_id in staff {
        store_totp(&tx, keyring, *staff_id, TOTP_SECRET_BYTES, 0).await?;
    }
    tx.commit(Audit::of(Act::Manage, InfoClass::Account).detail("changed", "totp").detail("count", staff.len())).await?;
    Ok(())
}
