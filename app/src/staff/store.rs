//! People of the clinic and what they hold.

use std::collections::BTreeSet;

use domain::{Role, StaffId};
use sea_orm::sea_query::LockType;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tenancy::staff::{staff, staff_passkey, staff_recovery_code, staff_role, staff_totp};
use tenancy::{Authorship, Error, TenantTx, second_factor, versioned};
use uuid::Uuid;

use super::forms::{ACTIVE, Facts, INACTIVE, NarcoticLicense, NewPerson};

/// A person with the 職種 they hold.
#[derive(Clone, Debug)]
pub struct Person {
    pub row: staff::Model,
    pub roles: Vec<Role>,
}

impl Person {
    pub fn id(&self) -> StaffId {
        StaffId::new(self.row.id)
    }

    pub fn facts(&self) -> Facts {
        Facts {
            name: self.row.name.clone(),
            name_kana: self.row.name_kana.clone(),
            license_no: self.row.license_no.clone(),
            roles: self.roles.clone(),
            valid_from: self.row.valid_from,
            valid_to: self.row.valid_to,
            is_active: self.row.status == ACTIVE,
            narcotic: NarcoticLicense::of(&self.row),
            department: self.row.department.clone(),
        }
    }
}

fn own(tx: &TenantTx) -> sea_orm::Select<staff::Entity> {
    staff::Entity::find().filter(staff::Column::TenantId.eq(tx.tenant_id().as_uuid()))
}

/// Everybody there ever was, by reading.
pub async fn everyone(tx: &TenantTx) -> Result<Vec<Person>, Error> {
    let rows = own(tx).order_by_asc(staff::Column::NameKana).order_by_asc(staff::Column::LoginId).all(tx).await?;
    with_roles(tx, rows).await
}

/// Everybody, held until the end of the transaction: two 管理者 who remove each other must meet, and a password changed meanwhile
/// must not be written back.
pub async fn everyone_held(tx: &TenantTx) -> Result<Vec<Person>, Error> {
    let rows = own(tx).order_by_asc(staff::Column::Id).lock(LockType::NoKeyUpdate).all(tx).await?;
    with_roles(tx, rows).await
}

pub async fn get(tx: &TenantTx, id: StaffId) -> Result<Person, Error> {
    let row = second_factor::find_staff(tx, id).await?;
    with_roles(tx, vec![row]).await?.pop().ok_or(Error::NotFound)
}

async fn with_roles(tx: &TenantTx, rows: Vec<staff::Model>) -> Result<Vec<Person>, Error> {
    let held = staff_role::Entity::find()
        .filter(staff_role::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(staff_role::Column::StaffId.eq_any(rows.iter().map(|row| row.id)))
        .all(tx)
        .await?;
    let holds = |row: &staff::Model, role: Role| held.iter().any(|h| h.staff_id == row.id && h.role == role.code());
    let people = rows.into_iter().map(|row| Person { roles: Role::ALL.iter().copied().filter(|role| holds(&row, *role)).collect(), row });
    Ok(people.collect())
}

/// Who has a second factor in force.
pub async fn enrolled(tx: &TenantTx) -> Result<BTreeSet<Uuid>, Error> {
    let tenant = tx.tenant_id().as_uuid();
    let apps: Vec<Uuid> = staff_totp::Entity::find()
        .select_only()
        .column(staff_totp::Column::StaffId)
        .filter(staff_totp::Column::TenantId.eq(tenant))
        .filter(staff_totp::Column::ConfirmedAt.is_not_null())
        .into_tuple()
        .all(tx)
        .await?;
    let keys: Vec<Uuid> = staff_passkey::Entity::find()
        .select_only()
        .column(staff_passkey::Column::StaffId)
        .filter(staff_passkey::Column::TenantId.eq(tenant))
        .into_tuple()
        .all(tx)
        .await?;
    Ok(apps.into_iter().chain(keys).collect())
}

/// A taken login id is an [`Error::Duplicate`] of the table.
pub async fn insert(tx: &TenantTx, id: StaffId, new: &NewPerson, phc: String) -> Result<(), Error> {
    let facts = &new.facts;
    let row = staff::Model {
        tenant_id: tx.tenant_id().as_uuid(),
        id: id.as_uuid(),
        version: 0,
        recorded_at: tx.now(),
        author_id: tx.actor().as_uuid(),
        entered_by_id: tx.actor().as_uuid(),
        status: status_of(facts).into(),
        digest: vec![],
        login_id: new.login_id.to_string(),
        name: facts.name.clone(),
        name_kana: facts.name_kana.clone(),
        license_no: facts.license_no.clone(),
        password_hash: phc,
        password_changed_at: tx.now(),
        must_change_password: true,
        pin_hash: None,
        valid_from: facts.valid_from,
        valid_to: facts.valid_to,
        narcotic_license: facts.narcotic.number.clone(),
        narcotic_license_to: facts.narcotic.last_day,
        department: facts.department.clone(),
    };
    versioned::insert(tx, row, Authorship::own(tx)).await?;
    grant(tx, id, &facts.roles).await
}

fn status_of(facts: &Facts) -> &'static str {
    if facts.is_active { ACTIVE } else { INACTIVE }
}

/// The next version of a person read by [`everyone_held`]. 職種 are rows of their own: granted and withdrawn, not versioned; the
/// audit entry says which are held from now on.
pub async fn update(tx: &TenantTx, current: &Person, facts: &Facts) -> Result<(), Error> {
    let row = staff::Model {
        name: facts.name.clone(),
        name_kana: facts.name_kana.clone(),
        license_no: facts.license_no.clone(),
        valid_from: facts.valid_from,
        valid_to: facts.valid_to,
        narcotic_license: facts.narcotic.number.clone(),
        narcotic_license_to: facts.narcotic.last_day,
        department: facts.department.clone(),
        status: status_of(facts).into(),
        ..current.row.clone()
    };
    versioned::update(tx, row, Authorship::own(tx), "").await?;
    let withdrawn: Vec<Role> = current.roles.iter().copied().filter(|role| !facts.roles.contains(role)).collect();
    let granted: Vec<Role> = facts.roles.iter().copied().filter(|role| !current.roles.contains(role)).collect();
    withdraw(tx, current.id(), &withdrawn).await?;
    grant(tx, current.id(), &granted).await
}

async fn grant(tx: &TenantTx, id: StaffId, roles: &[Role]) -> Result<(), Error> {
    if roles.is_empty() {
        return Ok(());
    }
    let rows = roles.iter().map(|role| staff_role::ActiveModel {
        tenant_id: Set(tx.tenant_id().as_uuid()),
        id: Set(tx.new_id()),
        staff_id: Set(id.as_uuid()),
        role: Set(role.code().to_owned()),
    });
    staff_role::Entity::insert_many(rows).exec_without_returning(tx).await?;
    Ok(())
}

async fn withdraw(tx: &TenantTx, id: StaffId, roles: &[Role]) -> Result<(), Error> {
    if roles.is_empty() {
        return Ok(());
    }
    staff_role::Entity::delete_many()
        .filter(staff_role::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(staff_role::Column::StaffId.eq(id.as_uuid()))
        .filter(staff_role::Column::Role.is_in(roles.iter().map(|role| role.code())))
        .exec(tx)
        .await?;
    Ok(())
}

/// A password somebody else made: it must be changed at its first use, and the old PIN goes with the old password.
pub async fn set_initial_password(tx: &TenantTx, id: StaffId, phc: String) -> Result<(), Error> {
    second_factor::set_password(tx, id, phc).await?;
    staff::Entity::update_many()
        .col_expr(staff::Column::MustChangePassword, true.into())
        .col_expr(staff::Column::PinHash, Option::<String>::None.into())
        .filter(staff::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(staff::Column::Id.eq(id.as_uuid()))
        .exec(tx)
        .await?;
    Ok(())
}

/// Authenticator, passkeys and recovery codes: the next sign-in enrols anew.
pub async fn remove_second_factors(tx: &TenantTx, id: StaffId) -> Result<(), Error> {
    let tenant = tx.tenant_id().as_uuid();
    second_factor::remove_totp(tx, id).await?;
    staff_passkey::Entity::delete_many()
        .filter(staff_passkey::Column::TenantId.eq(tenant))
        .filter(staff_passkey::Column::StaffId.eq(id.as_uuid()))
        .exec(tx)
        .await?;
    staff_recovery_code::Entity::delete_many()
        .filter(staff_recovery_code::Column::TenantId.eq(tenant))
        .filter(staff_recovery_code::Column::StaffId.eq(id.as_uuid()))
        .exec(tx)
        .await?;
    Ok(())
}
