//! The one way a clinical statement is stored: a head row with the current version and an insert-only `row_version` for every
//! version there ever was (真正性: GL-11, DA-01). The digest of each version is part of the audit leaf of the act that wrote it.

use chrono::{DateTime, Utc};
use domain::{StaffId, TenantId};
use sea_orm::sea_query::{self, Alias, Expr, ExprTrait, Query};
use sea_orm::{ActiveModelBehavior, ActiveModelTrait, ConnectionTrait, EntityTrait, Iden, IntoActiveModel, ModelTrait, QueryFilter};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::audit::ContentDigest;
use crate::{Error, TenantTx};

/// Who stands for a version and who typed it (代行入力 keeps the two apart, GL-12).
#[derive(Clone, Copy, Debug)]
pub struct Authorship {
    pub author: StaffId,
    pub entered_by: StaffId,
}

impl Authorship {
    pub fn own(tx: &TenantTx) -> Self {
        Self { author: tx.actor(), entered_by: tx.actor() }
    }

    pub fn on_behalf_of(author: StaffId, tx: &TenantTx) -> Self {
        Self { author, entered_by: tx.actor() }
    }
}

/// The columns every versioned head has, by reference.
pub struct Head<'a> {
    pub tenant_id: &'a mut Uuid,
    pub id: Uuid,
    pub version: &'a mut i32,
    pub recorded_at: &'a mut DateTime<Utc>,
    pub author_id: &'a mut Uuid,
    pub entered_by_id: &'a mut Uuid,
    pub status: &'a str,
    pub digest: &'a mut Vec<u8>,
}

/// Implemented by [`versioned!`](crate::versioned!) on a sea-orm model.
pub trait Versioned: ModelTrait + Serialize + Clone + IntoActiveModel<Self::Active> {
    /// The table's name, also the kind in `row_version` and in digests.
    const KIND: &'static str;
    /// Columns computed from others (search keys); they are not content.
    const DERIVED: &'static [&'static str];
    type Active: ActiveModelTrait<Entity = Self::Entity> + ActiveModelBehavior + Send;

    fn head(&mut self) -> Head<'_>;

    /// What is kept for ever: every column but the head's and the derived ones.
    fn content(&self) -> Value {
        let mut content = serde_json::to_value(self).unwrap_or(Value::Null);
        if let Value::Object(columns) = &mut content {
            columns.retain(|name, _| !HEAD.contains(&name.as_str()) && !Self::DERIVED.contains(&name.as_str()));
        }
        content
    }
}

const HEAD: [&str; 7] = ["tenant_id", "id", "version", "recorded_at", "author_id", "entered_by_id", "digest"];

/// `versioned!(Model, ActiveModel, "patient", derived = [kana_key])`; the model must have the head columns as plain fields.
#[macro_export]
macro_rules! versioned {
    ($model:ty, $active:ty, $kind:literal, derived = [$($derived:ident),* $(,)?]) => {
        impl $crate::Versioned for $model {
            const KIND: &'static str = $kind;
            const DERIVED: &'static [&'static str] = &[$(stringify!($derived)),*];
            type Active = $active;

            fn head(&mut self) -> $crate::versioned::Head<'_> {
                $crate::versioned::Head {
                    tenant_id: &mut self.tenant_id,
                    id: self.id,
                    version: &mut self.version,
                    recorded_at: &mut self.recorded_at,
                    author_id: &mut self.author_id,
                    entered_by_id: &mut self.entered_by_id,
                    status: &self.status,
                    digest: &mut self.digest,
                }
            }
        }
    };
    ($model:ty, $active:ty, $kind:literal) => {
        $crate::versioned!($model, $active, $kind, derived = []);
    };
}

/// First version of a new row. Give the model a fresh `tx.new_id()`; the other head columns are filled in.
pub async fn insert<M: Versioned>(tx: &TenantTx, mut model: M, by: Authorship) -> Result<M, Error> {
    let version = stamp(tx.tenant_id(), tx.now(), &mut model, 1, by);
    <M::Entity as EntityTrait>::insert(model.clone().into_active_model().reset_all()).exec_without_returning(tx).await?;
    version.write(tx, "").await?;
    Ok(model)
}

/// The next version of a row. `model.version` is the version the user saw; anything newer in the table is a
/// [`Error::Conflict`] and nothing is written. A row that is locked (signed) reports the version it has.
pub async fn update<M: Versioned>(tx: &TenantTx, mut model: M, by: Authorship, reason: &str) -> Result<M, Error> {
    let (id, seen) = (model.head().id, *model.head().version);
    let next = seen.checked_add(1).ok_or(Error::Conflict { current_version: seen })?;
    let version = stamp(tx.tenant_id(), tx.now(), &mut model, next, by);
    let changed = <M::Entity as EntityTrait>::update_many()
        .set(model.clone().into_active_model().reset_all())
        .filter(Expr::col(Alias::new("tenant_id")).eq(tx.tenant_id().as_uuid()))
        .filter(Expr::col(Alias::new("id")).eq(id))
        .filter(Expr::col(Alias::new("version")).eq(seen))
        .exec(tx)
        .await?;
    if changed.rows_affected == 0 {
        return Err(current_version(tx, M::KIND, id).await?.map_or(Error::NotFound, |current_version| Error::Conflict { current_version }));
    }
    version.write(tx, reason).await?;
    Ok(model)
}

async fn current_version(tx: &TenantTx, kind: &str, id: Uuid) -> Result<Option<i32>, Error> {
    let query = Query::select()
        .column(Alias::new("version"))
        .from(Alias::new(kind))
        .and_where(Expr::col(Alias::new("tenant_id")).eq(tx.tenant_id().as_uuid()))
        .and_where(Expr::col(Alias::new("id")).eq(id))
        .take();
    let row = tx.query_one(&query).await?;
    row.map(|r| r.try_get("", "version").map_err(Error::from)).transpose()
}

/// Fills in the head for `version` and returns the history row. Public so that bulk loads make the same rows.
pub fn stamp<M: Versioned>(tenant_id: TenantId, now: DateTime<Utc>, model: &mut M, version: i32, by: Authorship) -> RowVersion {
    {
        let head = model.head();
        *head.tenant_id = tenant_id.as_uuid();
        *head.version = version;
        *head.recorded_at = now;
        *head.author_id = by.author.as_uuid();
        *head.entered_by_id = by.entered_by.as_uuid();
    }
    let mut row = RowVersion::of(model);
    row.digest = row.compute_digest();
    *model.head().digest = row.digest.to_vec();
    row
}

/// A row of `row_version`.
#[derive(Clone, Debug)]
pub struct RowVersion {
    pub tenant_id: Uuid,
    pub kind: String,
    pub id: Uuid,
    pub version: i32,
    pub recorded_at: DateTime<Utc>,
    pub author_id: Uuid,
    pub entered_by_id: Uuid,
    pub status: String,
    pub content: Value,
    pub digest: [u8; 32],
}

impl RowVersion {
    /// The history row a head stands for; the digest is whatever the head claims.
    pub fn of<M: Versioned>(model: &mut M) -> Self {
        let content = model.content();
        let head = model.head();
        Self {
            tenant_id: *head.tenant_id,
            kind: M::KIND.to_owned(),
            id: head.id,
            version: *head.version,
            recorded_at: *head.recorded_at,
            author_id: *head.author_id,
            entered_by_id: *head.entered_by_id,
            status: head.status.to_owned(),
            content,
            digest: head.digest.as_slice().try_into().unwrap_or_default(),
        }
    }

    pub fn compute_digest(&self) -> [u8; 32] {
        let body = serde_json::json!({
            "tenant_id": self.tenant_id,
            "kind": self.kind,
            "id": self.id,
            "version": self.version,
            "recorded_at": self.recorded_at.timestamp_micros(),
            "author_id": self.author_id,
            "entered_by_id": self.entered_by_id,
            "status": self.status,
            "content": self.content,
        });
        sha256(canonical_json(&body).as_bytes())
    }

    pub fn content_digest(&self) -> ContentDigest {
        ContentDigest { kind: self.kind.clone(), id: self.id, version: self.version, digest: hex::encode(self.digest) }
    }

    async fn write(self, tx: &TenantTx, reason: &str) -> Result<(), Error> {
        use RowVersionColumn as C;
        tx.note_digest(self.content_digest());
        let query = Query::insert()
            .into_table(C::Table)
            .columns([
                C::TenantId,
                C::Kind,
                C::Id,
                C::Version,
                C::RecordedAt,
                C::AuthorId,
                C::EnteredById,
                C::Status,
                C::Reason,
                C::Content,
                C::Digest,
            ])
            .values_panic([
                self.tenant_id.into(),
                self.kind.into(),
                self.id.into(),
                self.version.into(),
                self.recorded_at.into(),
                self.author_id.into(),
                self.entered_by_id.into(),
                self.status.into(),
                reason.into(),
                self.content.into(),
                self.digest.to_vec().into(),
            ])
            .take();
        tx.execute(&query).await?;
        Ok(())
    }
}

#[derive(Iden)]
enum RowVersionColumn {
    #[iden = "row_version"]
    Table,
    TenantId,
    Kind,
    Id,
    Version,
    RecordedAt,
    AuthorId,
    EnteredById,
    Status,
    Reason,
    Content,
    Digest,
}

/// JSON with sorted keys and no spaces: the same bytes from Rust and from a `jsonb` column read back.
pub fn canonical_json(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| key.as_str());
            let body: Vec<String> =
                entries.into_iter().map(|(k, v)| format!("{}:{}", Value::from(k.as_str()), canonical_json(v))).collect();
            format!("{{{}}}", body.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(canonical_json).collect::<Vec<_>>().join(",")),
        scalar => scalar.to_string(),
    }
}

pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    digest.as_ref().try_into().unwrap_or_default()
}

/// A UUIDv7 for this moment.
#[allow(clippy::disallowed_methods)] // the one place that draws ids
pub fn new_id(now: DateTime<Utc>) -> Uuid {
    let mut bytes = [0u8; 10];
    rand::RngCore::fill_bytes(&mut rand::rng(), &mut bytes);
    uuid::Builder::from_unix_timestamp_millis(u64::try_from(now.timestamp_millis()).unwrap_or_default(), &bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_json_does_not_depend_on_key_order() {
        let a: Value = serde_json::from_str(r#"{"b":[1,{"z":null,"a":"髙\n"}],"a":true}"#).unwrap();
        let b: Value = serde_json::from_str(r#"{"a":true,"b":[1,{"a":"髙\n","z":null}]}"#).unwrap();
        assert_eq!(canonical_json(&a), canonical_json(&b));
        assert_eq!(canonical_json(&a), r#"{"a":true,"b":[1,{"a":"髙\n","z":null}]}"#);
    }
}
