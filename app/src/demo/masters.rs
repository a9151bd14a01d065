//! The drugs of the imported master, as far as the demo prescribes them.

use sqlx::Row as _;
use tenancy::operator::Operator;

use super::visits::Drug;

/// # Errors
/// When the database is away.
pub async fn drugs(operator: &Operator) -> anyhow::Result<Vec<Drug>> {
    let rows = sqlx::query("SELECT code, name, unit, release_id FROM drug_master ORDER BY code").fetch_all(operator.pool()).await?;
    rows.into_iter()
        .map(|row| Ok(Drug { code: row.try_get(0)?, name: row.try_get(1)?, unit: row.try_get(2)?, release_id: row.try_get(3)? }))
        .collect()
}
