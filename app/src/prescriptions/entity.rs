//! Rows of `medication_request` and of what stands around it.

/// 処方の一行: the head row, current version; a signed one is locked by the table.
pub mod medication_request {
    use sea_orm::entity::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Serialize, Deserialize)]
    #[sea_orm(table_name = "medication_request")]
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
        pub line_no: i32,
        pub drug_code: String,
        pub drug_code_system: String,
        pub drug_name: String,
        pub dose_value: String,
        pub dose_unit: String,
        pub usage_text: String,
        pub days: Option<i32>,
        pub quantity_text: String,
        pub generic_substitution: String,
        pub comment: String,
        pub master_release_id: Uuid,
        pub signed_at: Option<DateTimeUtc>,
        pub signed_by_id: Option<Uuid>,
        pub prescription_id: Option<Uuid>,
        pub usage_code: String,
        pub generic_name: String,
        pub is_generic: bool,
        pub preparation: String,
        pub leftover_days: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    tenancy::versioned!(Model, ActiveModel, "medication_request");
}

/// 処方箋: the head of a visit's lines; `status` is a `RxStatus`.
pub mod prescription {
    use sea_orm::entity::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Serialize, Deserialize)]
    #[sea_orm(table_name = "prescription")]
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
        pub dispensed_at: String,
        pub issue_form: String,
        pub valid_to: Option<Date>,
        pub refill: i32,
        pub split: i32,
        pub leftover: String,
        pub remark: String,
        pub signed_at: Option<DateTimeUtc>,
        pub signed_by_id: Option<Uuid>,
        /// What the patient chose at the reader; empty when nothing was chosen.
        pub wished_form: String,
        /// 院内: the signed one this was written to replace.
        pub replaces_id: Option<Uuid>,
        /// 分割: days of each part, `14+14`.
        pub split_days: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    tenancy::versioned!(Model, ActiveModel, "prescription");
}

/// セット: lines kept under a name.
pub mod order_set {
    use sea_orm::entity::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Serialize, Deserialize)]
    #[sea_orm(table_name = "order_set")]
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
        pub name: String,
        pub content_kind: String,
        pub scope: String,
        pub owner_id: Option<Uuid>,
        pub department: String,
        pub lines: Json,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    tenancy::versioned!(Model, ActiveModel, "order_set");
}

/// Drugs the clinic has prescribed before.
pub mod adopted_drug {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "adopted_drug")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub code: String,
        pub search_key: String,
        pub kana_key: String,
        pub adopted_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 発行形態の希望 of a visit.
pub mod prescription_wish {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "prescription_wish")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub encounter_id: Uuid,
        pub form: String,
        pub said_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
