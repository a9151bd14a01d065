//! Rows of `service_request` and `observation_result`.

/// 検査・処置の一件; `status` is an `OrderStatus`.
pub mod service_request {
    use sea_orm::entity::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Serialize, Deserialize)]
    #[sea_orm(table_name = "service_request")]
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
        pub category: String,
        pub code: String,
        pub name: String,
        pub specimen: String,
        /// 診療行為コード it is billed with; empty when there is none.
        pub procedure_code: String,
        pub quantity: i32,
        /// Place among the orders of the visit, as they were added.
        pub position: i32,
        pub is_stat: bool,
        pub due_on: Date,
        pub note: String,
        pub issued_at: Option<DateTimeUtc>,
        pub issued_by_id: Option<Uuid>,
        pub acknowledged_at: Option<DateTimeUtc>,
        pub acknowledged_by_id: Option<Uuid>,
        pub done_at: Option<DateTimeUtc>,
        pub done_by_id: Option<Uuid>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    tenancy::versioned!(Model, ActiveModel, "service_request");
}

/// One measured value; `status` is unread, reviewed or explained.
pub mod observation_result {
    use sea_orm::entity::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Serialize, Deserialize)]
    #[sea_orm(table_name = "observation_result")]
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
        pub service_request_id: Uuid,
        pub code: String,
        pub name: String,
        pub value_text: String,
        pub unit: String,
        pub reference_low: String,
        pub reference_high: String,
        pub flag: String,
        pub ordered_by_id: Uuid,
        pub observed_at: DateTimeUtc,
        pub reviewed_at: Option<DateTimeUtc>,
        pub reviewed_by_id: Option<Uuid>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    tenancy::versioned!(Model, ActiveModel, "observation_result");
}
