//! 最終受診 beside the patient, because a list asks it of every row. It follows from the visits and is no statement of anybody's, so
//! it has no version and no digest.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        // The owner sees all clinics for this one statement.
        let tables = ["patient", "encounter"];
        let mut sql = vec!["ALTER TABLE patient ADD COLUMN last_visit_on date".to_owned()];
        sql.extend(tables.map(|t| format!("ALTER TABLE {t} NO FORCE ROW LEVEL SECURITY")));
        sql.push(
            "UPDATE patient p SET last_visit_on = v.day FROM (
                SELECT e.tenant_id, coalesce(o.merged_into_id, o.id) AS id, max(e.reception_date) AS day
                FROM encounter e JOIN patient o ON (o.tenant_id, o.id) = (e.tenant_id, e.patient_id)
                WHERE e.status <> 'cancelled' GROUP BY 1, 2) v
             WHERE (p.tenant_id, p.id) = (v.tenant_id, v.id)"
                .into(),
        );
        sql.extend(tables.map(|t| format!("ALTER TABLE {t} FORCE ROW LEVEL SECURITY")));
        sql.push("GRANT UPDATE (last_visit_on) ON patient TO tsumugi_restore".into());
        run(m, &sql).await
    }
}
