//! 警告予算: what the rules said, once per visit and finding, and what became of it.
//!
//! A finding somebody gave a reason for was overridden; one that is gone from a signed visit without a reason was accepted.

use chrono::{DateTime, Utc};
use domain::EncounterId;
use domain::warning::Warning;
use sea_orm::sea_query::{Alias, CaseStatement, Cond, Expr, ExprTrait, Func, OnConflict, Order, Query};
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, FromQueryResult, IntoActiveModel};
use tenancy::{Error, TenantTx};

use crate::notes::entity::warning_fired::{Column, Entity, Model};
use crate::notes::entity::{note, warning_answer};

/// The rule a finding belongs to: its code up to the colon. Facts of the chart itself have none.
pub fn rule_of(code: &str) -> Option<&str> {
    code.split_once(':').map(|(rule, _)| rule).filter(|rule| !rule.is_empty())
}

/// Notes what an act brought up; what was noted before stays as it was.
pub async fn keep(tx: &TenantTx, encounter: EncounterId, warnings: &[Warning]) -> Result<(), Error> {
    let row = |warning: &Warning| {
        let rule = rule_of(&warning.code)?;
        let (code, rule, level) = (warning.code.clone(), rule.chars().take(100).collect(), warning.level.code().to_owned());
        Some(Model { tenant_id: tx.tenant_id().as_uuid(), encounter_id: encounter.as_uuid(), code, rule, level, fired_at: tx.now() })
    };
    let rows: Vec<_> = warnings.iter().filter_map(row).map(|row| row.into_active_model().reset_all()).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let known = OnConflict::columns([Column::TenantId, Column::EncounterId, Column::Code]).do_nothing().to_owned();
    Entity::insert_many(rows).on_conflict(known).exec_without_returning(tx).await?;
    Ok(())
}

/// One rule's numbers.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Count {
    pub rule: String,
    pub level: String,
    pub fired: i64,
    pub overridden: i64,
    pub accepted: i64,
}

impl Count {
    /// Neither signed nor answered yet.
    pub fn open(&self) -> i64 {
        Ord::max(self.fired - self.overridden - self.accepted, 0)
    }
}

/// The loudest rules first.
pub async fn counts(tx: &TenantTx, from: DateTime<Utc>, until: DateTime<Utc>) -> Result<Vec<Count>, Error> {
    let tenant = tx.tenant_id().as_uuid();
    let fired = |column: Column| Expr::col((Entity, column));
    let answer = Query::select()
        .expr(Expr::val(1))
        .from(warning_answer::Entity)
        .and_where(Expr::col((warning_answer::Entity, warning_answer::Column::TenantId)).eq(tenant))
        .and_where(Expr::col((warning_answer::Entity, warning_answer::Column::EncounterId)).equals((Entity, Column::EncounterId)))
        .and_where(Expr::col((warning_answer::Entity, warning_answer::Column::Code)).equals((Entity, Column::Code)))
        .take();
    let signed = Query::select()
        .expr(Expr::val(1))
        .from(note::Entity)
        .and_where(Expr::col((note::Entity, note::Column::TenantId)).eq(tenant))
        .and_where(Expr::col((note::Entity, note::Column::EncounterId)).equals((Entity, Column::EncounterId)))
        .and_where(Expr::col((note::Entity, note::Column::SignedAt)).is_not_null())
        .take();
    let (answered, is_signed) = (Expr::exists(answer), Expr::exists(signed));
    let counted = |which: Cond| Func::count(CaseStatement::new().case(which, 1));
    let query = Query::select()
        .columns([Column::Rule, Column::Level])
        .expr_as(Func::count(fired(Column::Code)), Alias::new("fired"))
        .expr_as(counted(Cond::all().add(answered.clone())), Alias::new("overridden"))
        .expr_as(counted(Cond::all().add(is_signed).add(answered.not())), Alias::new("accepted"))
        .from(Entity)
        .and_where(fired(Column::TenantId).eq(tenant))
        .and_where(fired(Column::FiredAt).gte(from))
        .and_where(fired(Column::FiredAt).lt(until))
        .group_by_columns([Column::Rule, Column::Level])
        .order_by_expr(Func::count(fired(Column::Code)).into(), Order::Desc)
        .order_by(Column::Rule, Order::Asc)
        .take();
    let rows = tx.query_all(&query).await?;
    rows.iter().map(|row| Count::from_query_result(row, "").map_err(Error::from)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_findings_of_rules_are_counted() {
        assert_eq!(rule_of("sample-pair:9990:見本:薬"), Some("sample-pair"));
        for code in ["note.uncompared.S", ":x", ""] {
            assert_eq!(rule_of(code), None, "{code}");
        }
    }
}
