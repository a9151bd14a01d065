//! Rows of `vital_signs`.

/// One round of measuring; values in tenths of their unit.
pub mod vital_signs {
    use sea_orm::entity::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Serialize, Deserialize)]
    #[sea_orm(table_name = "vital_signs")]
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
        pub encounter_id: Uuid,
        pub measured_at: DateTimeUtc,
        pub bt: Option<i32>,
        pub sbp: Option<i32>,
        pub dbp: Option<i32>,
        pub hr: Option<i32>,
        pub spo2: Option<i32>,
        pub rr: Option<i32>,
        pub wt: Option<i32>,
        pub ht: Option<i32>,
        pub bs: Option<i32>,
        pub nrs: Option<i32>,
        pub jcs: String,
        pub acuity: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    tenancy::versioned!(Model, ActiveModel, "vital_signs");
}
