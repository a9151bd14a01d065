//! Rows of `prescription_registration` and `prescription_change`.

/// The registration of one 処方箋, or of one part of it; `status` is a `RegistrationStatus`.
pub mod registration {
    use sea_orm::entity::prelude::*;
    use serde::{Deserialize, Serialize};

    /// `original`: the paper is, and the service has its content.
    pub const PAPER: &str = "paper";
    pub const ELECTRONIC: &str = "electronic";

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Serialize, Deserialize)]
    #[sea_orm(table_name = "prescription_registration")]
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
        pub message_id: Uuid,
        pub issued_on: Date,
        pub usable_until: Date,
        pub register_id: String,
        pub access_code: String,
        pub pharmacy_name: String,
        pub pharmacy_message: String,
        pub service_code: String,
        pub service_said: String,
        pub reason: String,
        /// Follows from the 処方箋's 発行形態 and the way it went.
        pub original: String,
        /// 分割回; none of a 処方箋 that is handed out in one.
        pub part: Option<i32>,
        /// Of a later part: the 処方箋. The first stands under its id.
        pub whole_id: Option<Uuid>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl Model {
        pub fn is_on_paper(&self) -> bool {
            self.original == PAPER
        }

        pub fn prescription_id(&self) -> Uuid {
            self.whole_id.unwrap_or(self.id)
        }

        pub fn part_no(&self) -> Option<u8> {
            self.part.and_then(|part| u8::try_from(part).ok())
        }
    }

    tenancy::versioned!(Model, ActiveModel, "prescription_registration", derived = [original]);
}

/// Which registered 処方箋 another one was written to replace.
pub mod change {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "prescription_change")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub prescription_id: Uuid,
        /// None when the change was given up before it was signed.
        pub replaced_id: Option<Uuid>,
        pub begun_at: DateTimeUtc,
        pub begun_by: Uuid,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
