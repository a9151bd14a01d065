//! `tsumugi demo signatories`: whom `infra/local/signers` makes keys for.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tenancy::operator::Operator;
use tenancy::staff::staff_role::{Column, Entity};
use tenancy::{Audit, InfoClass, Role};

use super::clinics::CLINICS;

pub async fn print(operator: &Operator) -> anyhow::Result<()> {
    for clinic in operator.list_tenants().await?.iter().filter(|clinic| CLINICS.iter().any(|known| known.code == clinic.code)) {
        let tx = operator.begin(clinic.id).await?;
        let doctors =
            Entity::find().filter(Column::TenantId.eq(clinic.id.as_uuid())).filter(Column::Role.eq(Role::Doctor.code())).all(&tx).await?;
        tx.commit(Audit::viewed(InfoClass::Staff).detail("count", doctors.len())).await?;
        for doctor in doctors {
            println!("{}.{}", clinic.id, doctor.staff_id);
        }
    }
    Ok(())
}
