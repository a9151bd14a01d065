//! Rows of `coverage`.

/// 保険資格: the head row, current version.
pub mod coverage {
    use sea_orm::entity::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Serialize, Deserialize)]
    #[sea_orm(table_name = "coverage")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub version: i32,
        pub recorded_at: DateTimeUtc,
        pub author_id: Uuid,
        pub entered_by_id: Uuid,
        pub status: String,
        pub digest: Vec<u8>,
        pub patient_id: Uuid,
        pub kind: String,
        pub insurer_number: String,
        pub insurer_name: String,
        pub insured_symbol: String,
        pub insured_number: String,
        pub branch_number: String,
        pub relation: String,
        pub copay_percent: Option<i32>,
        pub insured_card_classification: String,
        pub limit_category: String,
        /// 特定疾病 in words
        #[serde(default)]
        pub specific_diseases: String,
        pub valid_from: Option<Date>,
        pub valid_to: Option<Date>,
        pub verified_on: Option<Date>,
        pub verification: String,
        pub eligibility: String,
        /// 公費の優先順位 1–4; 0 for an insurance.
        pub priority: i32,
        pub cap_yen: Option<i32>,
        /// 償還払い
        #[serde(default)]
        pub is_paid_back: bool,
        /// 医療券 in words
        #[serde(default)]
        pub medical_ticket: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    tenancy::versioned!(Model, ActiveModel, "coverage");
}
