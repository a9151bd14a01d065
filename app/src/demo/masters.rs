//! The drugs and diseases of the imported masters, as far as the demo uses them.

use sqlx::Row as _;
use tenancy::operator::Operator;

use super::conditions::Disease;
use super::visits::Drug;

/// # Errors
/// When the database is away.
pub async fn drugs(operator: &Operator) -> anyhow::Result<Vec<Drug>> {
    let rows = sqlx::query("SELECT code, name, unit, release_id FROM drug_master ORDER BY code").fetch_all(operator.pool()).await?;
    rows.into_iter()
        .map(|row| Ok(Drug { code: row.try_get(0)?, name: row.try_get(1)?, unit: row.try_get(2)?, release_id: row.try_get(3)? }))
        .collect()
}

/// # Errors
/// When the database is away.
pub async fn diseases(operator: &Operator) -> anyhow::Result<Vec<Disease>> {
    let sql = "SELECT code, name, exchange_code, icd10, release_id FROM disease_master ORDER BY code";
    let rows = sqlx::query(sql).fetch_all(operator.pool()).await?;
    let disease = |row: sqlx::postgres::PgRow| {
        Ok(Disease {
            code: row.try_get(0)?,
            name: row.try_get(1)?,
            exchange_code: row.try_get(2)?,
            icd10: row.try_get(3)?,
            release_id: row.try_get(4)?,
        })
    };
    rows.into_iter().map(disease).collect()
}
