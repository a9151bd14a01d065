//! Rows of `encounter`, where it took place, and the reader results that opened it.

/// 受診: the head row, current version; `status` is a `VisitStatus`.
pub mod encounter {
    use sea_orm::entity::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Serialize, Deserialize)]
    #[sea_orm(table_name = "encounter")]
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
        pub class: String,
        pub reception_date: Date,
        pub reception_number: i32,
        pub arrived_at: DateTimeUtc,
        pub started_at: Option<DateTimeUtc>,
        pub ended_at: Option<DateTimeUtc>,
        pub doctor_id: Option<Uuid>,
        pub coverage_id: Option<Uuid>,
        pub purpose: String,
        pub visit_kind: String,
        pub memo: String,
        pub is_isolated: bool,
        pub waits_at: String,
        pub booked_for: Option<DateTimeUtc>,
        pub called_at: Option<DateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    tenancy::versioned!(Model, ActiveModel, "encounter");
}

/// Where the patient was, from when to when.
pub mod encounter_location {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "encounter_location")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub encounter_id: Uuid,
        pub place_id: Uuid,
        pub from_at: DateTimeUtc,
        pub to_at: Option<DateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A card reader's file as it arrived, sealed under the clinic's key.
pub mod reader_result {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "reader_result")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub file_name: String,
        pub content_sha256: Vec<u8>,
        pub raw_encrypted: Vec<u8>,
        pub key_version: i32,
        pub received_at: DateTimeUtc,
        pub staff_id: Uuid,
        pub outcome: String,
        pub validity: String,
        /// A `CheckChannel`; empty before it was written down.
        pub channel: String,
        pub patient_id: Option<Uuid>,
        pub encounter_id: Option<Uuid>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
