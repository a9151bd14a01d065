//! The documented TOTP secret, sealed under each clinic's own key as an enrolment would have left it.

use anyhow::Context;
use domain::{StaffId, TenantId};
use tenancy::keys::Keyring;
use tenancy::operator::Operator;
use tenancy::{Act, Audit, InfoClass, second_factor};
use totp_rs::Secret;

use super::clinics::TOTP_SECRET;

/// # Errors
/// When the key provider or the database is away.
pub async fn enrol(operator: &Operator, keyring: &Keyring, tenant_id: TenantId, staff: &[StaffId]) -> anyhow::Result<()> {
    let secret = Secret::try_from_base32(TOTP_SECRET).ok().context("the documented secret is not base32")?;
    let tx = operator.begin(tenant_id).await?;
    for staff_id in staff {
        second_factor::store_totp(&tx, keyring, *staff_id, secret.as_bytes(), 0).await?;
    }
    tx.commit(Audit::of(Act::Manage, InfoClass::Account).detail("step", "enrol").detail("count", staff.len())).await?;
    Ok(())
}
