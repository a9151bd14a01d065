//! What a person proves themselves with beside the password: TOTP, passkeys, recovery codes; and the short PIN that only works on a
//! device where they have signed in fully (S01). All of it belongs to one person of one clinic and is stored under their rows.

use chrono::{DateTime, Utc};
use domain::StaffId;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::Value;
use totp_rs::{Builder, Totp};

use crate::keys::{Envelope, Keyring};
use crate::password::Hasher;
use crate::staff::{staff, staff_passkey, staff_recovery_code, staff_totp};
use crate::versioned::sha256;
use crate::{Error, TenantTx};

const TOTP_PURPOSE: &str = "staff_totp.secret";
const SECRET_LEN: usize = 20;
const RECOVERY_CODES: usize = 10;

/// A secret shown once while it is being enrolled.
pub struct NewTotp {
    /// `otpauth://…`, for the QR code.
    pub url: String,
    /// Base32.
    pub secret: String,
}

/// 30 s steps, six digits, one step of tolerance either way (RFC 6238 §5.2).
fn totp(secret: Vec<u8>, account: &str) -> Result<Totp, Error> {
    let issuer = Some("Tsumugi");
    Builder::new()
        .with_secret(secret)
        .with_account_name(account)
        .with_issuer(issuer)
        .build()
        .map_err(|e| Error::Internal(format!("totp: {e:?}")))
}

async fn totp_row(tx: &TenantTx, staff: StaffId) -> Result<Option<staff_totp::Model>, Error> {
    Ok(staff_totp::Entity::find()
        .filter(staff_totp::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(staff_totp::Column::StaffId.eq(staff.as_uuid()))
        .one(tx)
        .await?)
}

/// A fresh secret. Nothing is stored yet: what is in force stays so until [`confirm_totp`]. The sealed form may wait in the session store.
pub async fn offer_totp(tx: &TenantTx, keyring: &Keyring, account: &str) -> Result<(NewTotp, Envelope), Error> {
    let mut secret = vec![0u8; SECRET_LEN];
    aws_lc_rs::rand::fill(&mut secret).map_err(Error::internal)?;
    let sealed = keyring.seal(tx, TOTP_PURPOSE, &secret).await?;
    Ok((show_totp(secret, account)?, sealed))
}

/// The same offer again, after a reload or a wrong code.
pub async fn reopen_offer(tx: &TenantTx, keyring: &Keyring, sealed: &Envelope, account: &str) -> Result<NewTotp, Error> {
    show_totp(keyring.open(tx, TOTP_PURPOSE, sealed).await?, account)
}

fn show_totp(secret: Vec<u8>, account: &str) -> Result<NewTotp, Error> {
    let totp = totp(secret, account)?;
    Ok(NewTotp { url: totp.to_url().map_err(|e| Error::Internal(format!("totp: {e:?}")))?, secret: totp.secret().to_base32() })
}

/// The first right code puts the offered secret in force, in place of any earlier one.
pub async fn confirm_totp(tx: &TenantTx, keyring: &Keyring, staff: StaffId, sealed: &Envelope, code: &str) -> Result<bool, Error> {
    let secret = keyring.open(tx, TOTP_PURPOSE, sealed).await?;
    let Some(step) = matching_step(&totp(secret.clone(), "-")?, code, tx.now()) else { return Ok(false) };
    remove_totp(tx, staff).await?;
    store_totp(tx, keyring, staff, &secret, step).await?;
    Ok(true)
}

fn matching_step(totp: &Totp, code: &str, now: DateTime<Utc>) -> Option<i64> {
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let now = u64::try_from(now.timestamp()).unwrap_or_default();
    totp.check(&code, now).and_then(|step| i64::try_from(step).ok())
}

/// Keeps a secret in force. `last_step` is the step already used, 0 for none.
pub async fn store_totp(tx: &TenantTx, keyring: &Keyring, staff: StaffId, secret: &[u8], last_step: i64) -> Result<(), Error> {
    let sealed = keyring.seal(tx, TOTP_PURPOSE, secret).await?;
    let row = staff_totp::ActiveModel {
        tenant_id: Set(tx.tenant_id().as_uuid()),
        id: Set(tx.new_id()),
        staff_id: Set(staff.as_uuid()),
        key_version: Set(sealed.key_version),
        secret_encrypted: Set(sealed.to_bytes()),
        confirmed_at: Set(Some(tx.now())),
        last_step: Set(last_step),
    };
    staff_totp::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

pub async fn remove_totp(tx: &TenantTx, staff: StaffId) -> Result<(), Error> {
    staff_totp::Entity::delete_many()
        .filter(staff_totp::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(staff_totp::Column::StaffId.eq(staff.as_uuid()))
        .exec(tx)
        .await?;
    Ok(())
}

/// Is this the code of now? A step is accepted once, so a code seen over a shoulder is worthless.
pub async fn check_totp(tx: &TenantTx, keyring: &Keyring, staff: StaffId, code: &str) -> Result<bool, Error> {
    let Some(row) = totp_row(tx, staff).await? else { return Ok(false) };
    let secret = keyring.open(tx, TOTP_PURPOSE, &Envelope::from_bytes(&row.secret_encrypted)?).await?;
    let Some(step) = matching_step(&totp(secret, "-")?, code, tx.now()) else { return Ok(false) };
    let used = staff_totp::Entity::update_many()
        .col_expr(staff_totp::Column::LastStep, step.into())
        .filter(staff_totp::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(staff_totp::Column::Id.eq(row.id))
        .filter(staff_totp::Column::LastStep.lt(step))
        .exec(tx)
        .await?;
    Ok(used.rows_affected == 1)
}

pub async fn has_totp(tx: &TenantTx, staff: StaffId) -> Result<bool, Error> {
    Ok(totp_row(tx, staff).await?.is_some())
}

/// Ten fresh codes; the old ones stop working. Shown once, stored as hashes: 60 random bits need no slow hash.
pub async fn issue_recovery_codes(tx: &TenantTx, staff: StaffId) -> Result<Vec<String>, Error> {
    staff_recovery_code::Entity::delete_many()
        .filter(staff_recovery_code::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(staff_recovery_code::Column::StaffId.eq(staff.as_uuid()))
        .exec(tx)
        .await?;
    let mut codes = Vec::with_capacity(RECOVERY_CODES);
    let mut rows = Vec::with_capacity(RECOVERY_CODES);
    for _ in 0..RECOVERY_CODES {
        let code = random_code()?;
        rows.push(staff_recovery_code::ActiveModel {
            tenant_id: Set(tx.tenant_id().as_uuid()),
            id: Set(tx.new_id()),
            staff_id: Set(staff.as_uuid()),
            code_hash: Set(recovery_hash(&code)),
            used_at: Set(None),
        });
        codes.push(code);
    }
    staff_recovery_code::Entity::insert_many(rows).exec_without_returning(tx).await?;
    Ok(codes)
}

/// `abcd-efgh-jkmn`: 32 letters without look-alikes.
fn random_code() -> Result<String, Error> {
    const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz234567894";
    let mut bytes = [0u8; 12];
    aws_lc_rs::rand::fill(&mut bytes).map_err(Error::internal)?;
    let letters: Vec<char> = bytes.iter().map(|b| char::from(LETTERS[usize::from(b % 32)])).collect();
    Ok(letters.chunks(4).map(|c| c.iter().collect::<String>()).collect::<Vec<_>>().join("-"))
}

fn recovery_hash(code: &str) -> Vec<u8> {
    let plain: String = code.chars().filter(|c| c.is_ascii_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect();
    sha256(plain.as_bytes()).to_vec()
}

pub async fn use_recovery_code(tx: &TenantTx, staff: StaffId, code: &str) -> Result<bool, Error> {
    let used = staff_recovery_code::Entity::update_many()
        .col_expr(staff_recovery_code::Column::UsedAt, tx.now().into())
        .filter(staff_recovery_code::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(staff_recovery_code::Column::StaffId.eq(staff.as_uuid()))
        .filter(staff_recovery_code::Column::CodeHash.eq(recovery_hash(code)))
        .filter(staff_recovery_code::Column::UsedAt.is_null())
        .exec(tx)
        .await?;
    Ok(used.rows_affected == 1)
}

pub async fn unused_recovery_codes(tx: &TenantTx, staff: StaffId) -> Result<usize, Error> {
    let rows = staff_recovery_code::Entity::find()
        .filter(staff_recovery_code::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(staff_recovery_code::Column::StaffId.eq(staff.as_uuid()))
        .filter(staff_recovery_code::Column::UsedAt.is_null())
        .all(tx)
        .await?;
    Ok(rows.len())
}

pub async fn passkeys(tx: &TenantTx, staff: StaffId) -> Result<Vec<staff_passkey::Model>, Error> {
    Ok(staff_passkey::Entity::find()
        .filter(staff_passkey::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(staff_passkey::Column::StaffId.eq(staff.as_uuid()))
        .order_by_asc(staff_passkey::Column::CreatedAt)
        .all(tx)
        .await?)
}

/// `credential` is the ceremony library's own public record of the key.
pub async fn add_passkey(tx: &TenantTx, staff: StaffId, label: &str, credential_id: String, credential: Value) -> Result<(), Error> {
    let row = staff_passkey::ActiveModel {
        tenant_id: Set(tx.tenant_id().as_uuid()),
        id: Set(tx.new_id()),
        staff_id: Set(staff.as_uuid()),
        label: Set(label.to_owned()),
        credential_id: Set(credential_id),
        credential: Set(credential),
        created_at: Set(tx.now()),
        last_used_at: Set(None),
    };
    staff_passkey::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Keeps the counter the authenticator reported.
pub async fn passkey_used(tx: &TenantTx, passkey: staff_passkey::Model, credential: Value) -> Result<(), Error> {
    staff_passkey::Entity::update_many()
        .col_expr(staff_passkey::Column::Credential, credential.into())
        .col_expr(staff_passkey::Column::LastUsedAt, tx.now().into())
        .filter(staff_passkey::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(staff_passkey::Column::Id.eq(passkey.id))
        .exec(tx)
        .await?;
    Ok(())
}

/// Holds the person's row, so that two removals cannot each leave the other's factor as the last one.
pub async fn lock_staff(tx: &TenantTx, staff: StaffId) -> Result<(), Error> {
    staff::Entity::find()
        .filter(staff::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(staff::Column::Id.eq(staff.as_uuid()))
        .lock_exclusive()
        .one(tx)
        .await?
        .ok_or(Error::NotFound)
        .map(drop)
}

pub async fn remove_passkey(tx: &TenantTx, staff: StaffId, id: sea_orm::prelude::Uuid) -> Result<bool, Error> {
    let removed = staff_passkey::Entity::delete_many()
        .filter(staff_passkey::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(staff_passkey::Column::StaffId.eq(staff.as_uuid()))
        .filter(staff_passkey::Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(removed.rows_affected == 1)
}

pub async fn find_staff(tx: &TenantTx, staff: StaffId) -> Result<staff::Model, Error> {
    staff::Entity::find()
        .filter(staff::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(staff::Column::Id.eq(staff.as_uuid()))
        .one(tx)
        .await?
        .ok_or(Error::NotFound)
}

/// Secrets are not part of a person's versioned record; the audit log has who changed them and when.
async fn set_secret(
    tx: &TenantTx,
    staff: StaffId,
    column: staff::Column,
    hash: String,
    also: Option<(staff::Column, bool)>,
) -> Result<(), Error> {
    let mut update = staff::Entity::update_many().col_expr(column, hash.into());
    if let Some((column, value)) = also {
        update = update.col_expr(column, value.into()).col_expr(staff::Column::PasswordChangedAt, tx.now().into());
    }
    update.filter(staff::Column::TenantId.eq(tx.tenant_id().as_uuid())).filter(staff::Column::Id.eq(staff.as_uuid())).exec(tx).await?;
    Ok(())
}

/// `phc` is the hash made before the transaction began: hashing is slow and must not hold a connection.
pub async fn set_password(tx: &TenantTx, staff: StaffId, phc: String) -> Result<(), Error> {
    set_secret(tx, staff, staff::Column::PasswordHash, phc, Some((staff::Column::MustChangePassword, false))).await
}

pub async fn set_pin(tx: &TenantTx, staff: StaffId, phc: String) -> Result<(), Error> {
    set_secret(tx, staff, staff::Column::PinHash, phc, None).await
}

/// Six digits, neither all the same nor in a row.
pub fn is_acceptable_pin(pin: &str) -> bool {
    let digits: Vec<i16> = pin.bytes().filter(u8::is_ascii_digit).map(i16::from).collect();
    let step = |by: i16| digits.windows(2).all(|w| w[1] - w[0] == by);
    pin.len() == 6 && digits.len() == 6 && !step(0) && !step(1) && !step(-1)
}

/// The password, or the PIN where the person has one.
pub async fn verify_secret(hasher: &Hasher, staff: &staff::Model, password: &str, pin: &str) -> Result<bool, Error> {
    if pin.is_empty() {
        hasher.verify(password, Some(&staff.password_hash)).await
    } else {
        hasher.verify(pin, staff.pin_hash.as_deref()).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_are_six_digits_and_not_a_pattern() {
        for (pin, good) in [
            ("482915", true),
            ("111111", false),
            ("123456", false),
            ("654321", false),
            ("12345", false),
            ("12345a", false),
            ("１２３４５６", false),
        ] {
            assert_eq!(is_acceptable_pin(pin), good, "{pin}");
        }
    }

    #[test]
    fn recovery_codes_forgive_case_and_hyphens() {
        let code = random_code().unwrap();
        assert_eq!(code.len(), 14);
        assert_eq!(recovery_hash(&code), recovery_hash(&code.to_uppercase().replace('-', " ")));
    }
}
