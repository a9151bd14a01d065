//! Rules for 処方の点検, written by `tsumugi_operator`. A release is the whole set of rules from its first day on; it is applied in one
//! transaction or not at all, and never changed afterwards.

use chrono::NaiveDate;
use domain::medication_safety::Rule;
use serde_json::Value;
use sqlx::{Postgres, Row, Transaction};
use uuid::Uuid;

use crate::Error;
use crate::operator::Operator;

const KIND: &str = "medication_rule";

/// A file about to be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRules {
    pub label: String,
    pub source_file: String,
    pub sha256: [u8; 32],
    /// The first day on which it holds.
    pub effective_on: NaiveDate,
    /// 見本: invented content, never for care.
    pub is_sample: bool,
}

/// The newest release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastRules {
    pub id: Uuid,
    pub effective_on: NaiveDate,
    pub is_sample: bool,
}

/// One import under way: what is compared is what is applied.
pub struct ImportingRules {
    tx: Transaction<'static, Postgres>,
    operator: Operator,
}

impl ImportingRules {
    /// Waits for another import to end.
    pub async fn begin(operator: &Operator) -> Result<Self, Error> {
        let mut tx = operator.pool().begin().await?;
        sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))").bind(KIND).execute(&mut *tx).await?;
        Ok(Self { tx, operator: operator.clone() })
    }

    pub async fn is_known(&mut self, sha256: &[u8; 32]) -> Result<bool, Error> {
        let row = sqlx::query("SELECT EXISTS (SELECT 1 FROM master_release WHERE kind = $1 AND sha256 = $2)");
        Ok(row.bind(KIND).bind(sha256.as_slice()).fetch_one(&mut *self.tx).await?.try_get(0)?)
    }

    pub async fn last(&mut self) -> Result<Option<LastRules>, Error> {
        let sql =
            "SELECT id, effective_on, is_sample FROM master_release WHERE kind = $1 ORDER BY effective_on DESC, imported_at DESC LIMIT 1";
        let row = sqlx::query(sql).bind(KIND).fetch_optional(&mut *self.tx).await?;
        row.map(|row| {
            Ok(LastRules { id: row.try_get("id")?, effective_on: row.try_get("effective_on")?, is_sample: row.try_get("is_sample")? })
        })
        .transpose()
    }

    /// The rules of one release, in the order of their names.
    pub async fn rules_of(&mut self, release: Uuid) -> Result<Vec<Rule>, Error> {
        let sql = "SELECT rule FROM medication_rule WHERE release_id = $1 ORDER BY id";
        let rows = sqlx::query(sql).bind(release).fetch_all(&mut *self.tx).await?;
        rows.iter().map(|row| serde_json::from_value(row.try_get::<Value, _>("rule")?).map_err(Error::internal)).collect()
    }

    pub async fn apply(mut self, release: &NewRules, rules: &[Rule]) -> Result<Uuid, Error> {
        let now = self.operator.clock().now();
        let id = crate::versioned::new_id(now);
        sqlx::query(
            "INSERT INTO master_release (id, kind, label, source_file, sha256, effective_on, imported_at, row_count, is_sample)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(id)
        .bind(KIND)
        .bind(&release.label)
        .bind(&release.source_file)
        .bind(release.sha256.as_slice())
        .bind(release.effective_on)
        .bind(now)
        .bind(i32::try_from(rules.len()).map_err(Error::internal)?)
        .bind(release.is_sample)
        .execute(&mut *self.tx)
        .await?;
        for rule in rules {
            sqlx::query("INSERT INTO medication_rule (release_id, id, rule) VALUES ($1, $2, $3)")
                .bind(id)
                .bind(&rule.id)
                .bind(serde_json::to_value(rule).map_err(Error::internal)?)
                .execute(&mut *self.tx)
                .await?;
        }
        self.tx.commit().await?;
        Ok(id)
    }
}
