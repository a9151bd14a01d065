//! What else the desk writes down of a person. Text with an empty default: a version before them reads and writes as before.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const COLUMNS: [&str; 7] =
    ["emergency_contacts", "household_head", "household_relation", "occupation", "pharmacy", "referrer", "contact_ok"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let add: Vec<String> = COLUMNS.iter().map(|name| format!("ADD COLUMN {name} text NOT NULL DEFAULT ''")).collect();
        run(m, &[format!("ALTER TABLE patient {}", add.join(", "))]).await
    }
}
