//! The shared masters, written by `tsumugi_operator` (IF-04). A release is applied in one transaction or not at all.
//!
//! A code's rows are its versions: a release closes the version before it and adds its own, so that a prescription or
//! a disease name recorded earlier still finds the wording it was recorded with.

use chrono::{DateTime, NaiveDate, Utc};
use domain::masters::{Field, MasterDiff, MasterEntry, MasterKind};
use domain::search_key::search_key;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Postgres, Row, Transaction};
use uuid::Uuid;

use crate::Error;
use crate::operator::Operator;

/// A file about to be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRelease {
    pub kind: MasterKind,
    pub label: String,
    pub source_file: String,
    pub sha256: [u8; 32],
    /// The first day on which it holds.
    pub effective_on: NaiveDate,
    /// 見本: invented content, never for care or claims.
    pub is_sample: bool,
}

/// An applied file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    pub id: Uuid,
    pub label: String,
    pub sha256: Vec<u8>,
    pub effective_on: NaiveDate,
    pub imported_at: DateTime<Utc>,
    pub row_count: i32,
    pub is_sample: bool,
}

/// One import under way: what is compared is what is applied.
pub struct Importing {
    tx: Transaction<'static, Postgres>,
    kind: MasterKind,
    now: DateTime<Utc>,
}

fn table(kind: MasterKind) -> &'static str {
    match kind {
        MasterKind::Disease => "disease_master",
        MasterKind::Modifier => "modifier_master",
        MasterKind::Drug => "drug_master",
        MasterKind::Procedure => "procedure_master",
    }
}

impl Importing {
    /// Waits for another import of the same master to end.
    pub async fn begin(operator: &Operator, kind: MasterKind) -> Result<Self, Error> {
        let mut tx = operator.pool().begin().await?;
        sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))").bind(table(kind)).execute(&mut *tx).await?;
        Ok(Self { tx, kind, now: operator.clock().now() })
    }

    /// The release in force, if any.
    pub async fn last_release(&mut self) -> Result<Option<Release>, Error> {
        let row = sqlx::query(
            "SELECT id, label, sha256, effective_on, imported_at, row_count, is_sample FROM master_release
             WHERE kind = $1 ORDER BY effective_on DESC, imported_at DESC LIMIT 1",
        )
        .bind(self.kind.code())
        .fetch_optional(&mut *self.tx)
        .await?;
        row.map(|row| {
            Ok(Release {
                id: row.try_get("id")?,
                label: row.try_get("label")?,
                sha256: row.try_get("sha256")?,
                effective_on: row.try_get("effective_on")?,
                imported_at: row.try_get("imported_at")?,
                row_count: row.try_get("row_count")?,
                is_sample: row.try_get("is_sample")?,
            })
        })
        .transpose()
    }

    /// Was this very file taken before?
    pub async fn is_known(&mut self, sha256: &[u8; 32]) -> Result<bool, Error> {
        let row = sqlx::query("SELECT EXISTS (SELECT 1 FROM master_release WHERE kind = $1 AND sha256 = $2)");
        Ok(row.bind(self.kind.code()).bind(sha256.as_slice()).fetch_one(&mut *self.tx).await?.try_get(0)?)
    }

    /// The newest version of every code that came from a file.
    pub async fn current(&mut self) -> Result<Vec<MasterEntry>, Error> {
        let sql = format!("SELECT DISTINCT ON (code) entry FROM {} WHERE entry ? 'code' ORDER BY code, valid_from DESC", table(self.kind));
        let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut *self.tx).await?;
        rows.iter().map(|row| serde_json::from_value(row.try_get("entry")?).map_err(Error::internal)).collect()
    }

    /// Writes the release and what it changes; `entries` is the whole file, `diff` what it changes.
    pub async fn apply(mut self, release: &NewRelease, entries: &[MasterEntry], diff: &MasterDiff) -> Result<Uuid, Error> {
        let id = crate::versioned::new_id(self.now);
        self.insert_release(id, release, entries.len()).await?;
        let changed: std::collections::HashSet<&str> =
            diff.added.iter().map(|entry| entry.code.as_str()).chain(diff.changed.iter().map(|change| change.code.as_str())).collect();
        let replaced: Vec<&str> = diff.changed.iter().map(|change| change.code.as_str()).collect();
        let ended: Vec<&str> = diff.ended.iter().map(|entry| entry.code.as_str()).collect();
        self.close(&replaced, release.effective_on, false).await?;
        self.close(&ended, release.effective_on, true).await?;
        let known: Vec<&str> = diff.changed.iter().map(|change| change.code.as_str()).collect();
        let rows = entries.iter().filter(|entry| changed.contains(entry.code.as_str()));
        let rows = rows.map(|entry| row(id, release, entry, known.contains(&entry.code.as_str())));
        self.insert(rows.collect()).await?;
        self.tx.commit().await?;
        Ok(id)
    }

    async fn insert_release(&mut self, id: Uuid, release: &NewRelease, rows: usize) -> Result<(), Error> {
        sqlx::query(
            "INSERT INTO master_release (id, kind, label, source_file, sha256, effective_on, imported_at, row_count, is_sample)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(id)
        .bind(self.kind.code())
        .bind(&release.label)
        .bind(&release.source_file)
        .bind(release.sha256.as_slice())
        .bind(release.effective_on)
        .bind(self.now)
        .bind(i32::try_from(rows).map_err(Error::internal)?)
        .bind(release.is_sample)
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// The version in force ends the day before; one that had not begun yet is replaced by the insert.
    async fn close(&mut self, codes: &[&str], effective_on: NaiveDate, withdrawn: bool) -> Result<(), Error> {
        let sql = format!(
            "UPDATE {0} SET valid_to = least(valid_to, greatest(valid_from, $2 - 1)),
                    entry = CASE WHEN $3 THEN entry || '{{\"withdrawn\": true}}' ELSE entry END
             WHERE (code, valid_from) IN (SELECT code, max(valid_from) FROM {0} WHERE code = ANY($1) GROUP BY code)",
            table(self.kind)
        );
        let close = sqlx::query(AssertSqlSafe(sql)).bind(codes.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>());
        close.bind(effective_on).bind(withdrawn).execute(&mut *self.tx).await?;
        Ok(())
    }

    async fn insert(&mut self, rows: Vec<Value>) -> Result<(), Error> {
        let own = match self.kind {
            MasterKind::Drug => "yj_code, unit, dosage_form, price_yen_hundredths",
            MasterKind::Disease => "exchange_code, icd10",
            MasterKind::Modifier => "exchange_code, modifier_kind",
            MasterKind::Procedure => "points_hundredths",
        };
        let columns = format!("release_id, code, name, name_kana, search_key, kana_key, valid_from, valid_to, entry, {own}");
        let replace: Vec<String> = columns.split(", ").map(|column| format!("{column} = excluded.{column}")).collect();
        let sql = format!(
            "INSERT INTO {0} ({columns}) SELECT {columns} FROM jsonb_populate_recordset(NULL::{0}, $1)
             ON CONFLICT (code, valid_from) DO UPDATE SET {1}",
            table(self.kind),
            replace.join(", ")
        );
        for part in rows.chunks(2000) {
            sqlx::query(AssertSqlSafe(sql.as_str())).bind(Value::from(part.to_vec())).execute(&mut *self.tx).await?;
        }
        Ok(())
    }
}

/// One version as a row. A code new to us holds from its own first day, a changed one from the release's.
fn row(release_id: Uuid, release: &NewRelease, entry: &MasterEntry, was_known: bool) -> Value {
    let listed = entry.valid_from.filter(|_| !was_known).unwrap_or(release.effective_on);
    let future = entry.valid_from.filter(|from| *from > release.effective_on);
    let text = |field| entry.attribute(field).unwrap_or_default();
    json!({
        "release_id": release_id,
        "code": entry.code,
        "name": entry.name,
        "name_kana": entry.name_kana,
        "search_key": search_key(&entry.name),
        "kana_key": search_key(&entry.name_kana),
        "valid_from": future.unwrap_or(listed),
        "valid_to": entry.valid_to,
        "entry": entry,
        "yj_code": text(Field::YjCode),
        "unit": entry.unit,
        "dosage_form": text(Field::DosageForm),
        "price_yen_hundredths": entry.hundredths(Field::PriceYen),
        "exchange_code": text(Field::ExchangeCode),
        "icd10": text(Field::Icd10),
        "modifier_kind": text(Field::ModifierClass),
        "points_hundredths": entry.hundredths(Field::Points),
    })
}
