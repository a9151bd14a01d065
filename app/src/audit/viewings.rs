//! How often 薬剤・診療・手術・特定健診 were looked at under a consent, from the log itself (KPI-04).

use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Func, Query};
use serde_json::Value;
use tenancy::{Act, Error, InfoClass, Outcome, TenantTx};

use super::store::{AuditEvent, first_id};

const CLASSES: [InfoClass; 3] = [InfoClass::MedicationHistory, InfoClass::CareHistory, InfoClass::CheckupHistory];

/// Times something was really shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Viewings {
    pub medication: u32,
    pub care: u32,
    pub surgery: u32,
    pub checkup: u32,
}

pub async fn between(tx: &TenantTx, (from, until): (DateTime<Utc>, DateTime<Utc>)) -> Result<Viewings, Error> {
    let query = Query::select()
        .columns([AuditEvent::InfoClass, AuditEvent::Detail])
        .expr_as(Func::count(Expr::col(AuditEvent::Id)), Alias::new("count"))
        .from(AuditEvent::Table)
        .and_where(Expr::col(AuditEvent::TenantId).eq(tx.tenant_id().as_uuid()))
        .and_where(Expr::col(AuditEvent::Id).gte(first_id(from)))
        .and_where(Expr::col(AuditEvent::Id).lt(first_id(until)))
        // Written out, as the index of these events is.
        .and_where(Expr::col(AuditEvent::InfoClass).is_in(CLASSES.map(|class| Expr::Constant(class.code().into()))))
        .and_where(Expr::col(AuditEvent::Act).eq(Act::View.code()))
        .and_where(Expr::col(AuditEvent::Outcome).eq(Outcome::Success.code()))
        .group_by_col(AuditEvent::InfoClass)
        .group_by_col(AuditEvent::Detail)
        .take();
    let mut found = Viewings::default();
    for row in tx.query_all(&query).await? {
        let (class, detail, count): (String, Value, i64) =
            (row.try_get("", "info_class")?, row.try_get("", "detail")?, row.try_get("", "count")?);
        found.add(&class, &detail, u32::try_from(count).unwrap_or(u32::MAX));
    }
    Ok(found)
}

impl Viewings {
    /// A page that only said what is on its way showed nothing.
    fn add(&mut self, class: &str, detail: &Value, count: u32) {
        if detail["status"] != "received" {
            return;
        }
        let is = |what: &str| detail[what] == Value::Bool(true);
        match InfoClass::from_code(class) {
            Some(InfoClass::MedicationHistory) => self.medication += count,
            Some(InfoClass::CheckupHistory) => self.checkup += count,
            Some(InfoClass::CareHistory) => {
                self.care += if is("care") { count } else { 0 };
                self.surgery += if is("surgery") { count } else { 0 };
            }
            _ => {}
        }
    }

    pub fn rows(self) -> [(&'static str, u32); 4] {
        [("薬剤情報", self.medication), ("診療情報", self.care), ("手術の情報", self.surgery), ("特定健診等情報", self.checkup)]
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// KPI-04
    #[test]
    fn only_what_was_shown_counts_and_surgery_on_its_own() {
        let mut found = Viewings::default();
        for (class, detail, count) in [
            ("medication_history", json!({"status": "received"}), 3),
            ("medication_history", json!({"status": "pending"}), 7),
            ("medication_history", json!({}), 7),
            ("care_history", json!({"status": "received", "care": true, "surgery": false}), 2),
            ("care_history", json!({"status": "received", "care": false, "surgery": true}), 5),
            ("checkup_history", json!({"status": "received"}), 1),
            ("note", json!({"status": "received"}), 9),
        ] {
            found.add(class, &detail, count);
        }
        assert_eq!(found, Viewings { medication: 3, care: 2, surgery: 5, checkup: 1 });
    }
}
