//! Rows of `questionnaire_response`.

/// 問診の回答 of one visit.
pub mod questionnaire_response {
    use sea_orm::entity::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Serialize, Deserialize)]
    #[sea_orm(table_name = "questionnaire_response")]
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
        pub form: String,
        pub answers: Json,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    tenancy::versioned!(Model, ActiveModel, "questionnaire_response");
}
