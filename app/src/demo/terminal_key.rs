//! `tsumugi demo terminal-key`: a key for the relay that `make demo` runs beside the simulated 資格確認端末 of one clinic.

use anyhow::Context as _;
use domain::StaffId;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tenancy::operator::Operator;
use tenancy::staff::staff::{Column, Entity};
use tenancy::{Act, Audit, InfoClass};

use super::clinics::TERMINAL_CLINIC;
use crate::devices::store;

const NAME: &str = "受付の資格確認端末(見本)";
const BY: &str = "admin";

/// Printed once; the clinic keeps its hash only.
pub async fn print(operator: &Operator) -> anyhow::Result<()> {
    let clinics = operator.list_tenants().await?;
    let clinic = clinics.iter().find(|clinic| clinic.code == TERMINAL_CLINIC).context("the demo's clinics are not there")?;
    let tx = operator.begin(clinic.id).await?;
    let own = Entity::find().filter(Column::TenantId.eq(clinic.id.as_uuid())).filter(Column::LoginId.eq(BY));
    let admin = own.one(&tx).await?.context("the clinic has no administrator")?;
    let (id, key) = store::issue_by(&tx, NAME, StaffId::new(admin.id)).await?;
    let audit = Audit::of(Act::Manage, InfoClass::Clinic).entity("device", id).detail("step", "issued").detail("prefix", key.prefix());
    tx.commit(audit).await?;
    println!("{}", key.text());
    Ok(())
}
