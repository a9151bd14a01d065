//! Rows of `claim` and `receipt_engine`.

use crate::billing::entity::versioned_entity;

versioned_entity! {
    /// What the receipt computer knows of one visit, under the visit's id.
    claim, "claim", {
        patient_id: Uuid,
        performed_on: Date,
        message_version: i32,
        content_digest: String,
        sent_version: i32,
        medical_uid: String,
        engine_code: String,
        engine_said: String,
        points: Option<i32>,
        due_yen: Option<i32>,
    }
}

/// How the clinic reaches its receipt computer, under the clinic's id; the password is sealed and no part of the history.
pub mod receipt_engine {
    use sea_orm::entity::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Serialize, Deserialize)]
    #[sea_orm(table_name = "receipt_engine")]
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
        pub url: String,
        pub user_name: String,
        pub password_sealed: Vec<u8>,
        pub department_code: String,
        /// Login id → the receipt computer's doctor code.
        pub physician_codes: Json,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    tenancy::versioned!(Model, ActiveModel, "receipt_engine", derived = [password_sealed]);
}
