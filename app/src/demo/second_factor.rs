//! The documented TOTP secret, sealed under each clinic's own key as an enrolment would have left it.

use domain::{StaffId, TenantId};
use sea_orm::{ActiveValue::Set, EntityTrait as _};
use tenancy::keys::Keyring;
use tenancy::operator::Operator;
use tenancy::staff::staff_totp;
use tenancy::{Act, Audit, InfoClass};

use super::clinics::TOTP_SECRET;

/// # Errors
/// When the key provider or the database is away.
pub async fn enrol(operator: &Operator, keyring: &Keyring, tenant_id: TenantId, staff: &[StaffId]) -> anyhow::Result<()> {
    let tx = operator.begin(tenant_id).await?;
    let mut rows = Vec::with_capacity(staff.len());
    for staff_id in staff {
        let sealed = keyring.seal(&tx, "staff.totp", TOTP_SECRET.as_bytes()).await?;
        rows.push(staff_totp::ActiveModel {
            tenant_id: Set(tx.tenant_id().as_uuid()),
            id: Set(tx.new_id()),
            staff_id: Set(staff_id.as_uuid()),
            secret_encrypted: Set(sealed.to_bytes()),
            key_version: Set(sealed.key_version),
            confirmed_at: Set(Some(tx.now())),
            last_step: Set(0),
        });
    }
    staff_totp::Entity::insert_many(rows).exec_without_returning(&tx).await?;
    tx.commit(Audit::of(Act::Manage, InfoClass::Account).detail("step", "enrol").detail("count", staff.len())).await?;
    Ok(())
}
