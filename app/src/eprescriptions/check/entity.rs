//! Rows of `duplicate_check`, `oral_consent` and `issued_check`.

/// What was asked about one draft, and the answer.
pub mod duplicate_check {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "duplicate_check")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub version: i32,
        pub patient_id: Uuid,
        pub encounter_id: Uuid,
        /// None when there was nothing to ask by.
        pub message_id: Option<Uuid>,
        pub content_sha256: Vec<u8>,
        pub drugs: i32,
        pub oral_consent: bool,
        /// Until when the patient agreed on the reader.
        pub consent_until: Option<DateTimeUtc>,
        /// `asked`, `answered`, `refused` or `unavailable`
        pub status: String,
        pub alerts: i32,
        /// Sealed.
        pub result: Option<Vec<u8>>,
        /// Why there is no answer.
        pub said: String,
        pub asked_at: DateTimeUtc,
        pub asked_by_id: Uuid,
        pub answered_at: Option<DateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 口頭同意: who took it, and when. It ends with the visit.
pub mod oral_consent {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "oral_consent")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub encounter_id: Uuid,
        pub patient_id: Uuid,
        pub taken_by: Uuid,
        pub taken_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What the check had said when a 処方箋 was issued; `outcome` is a `CheckOutcome`.
pub mod issued_check {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "issued_check")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub prescription_id: Uuid,
        pub patient_id: Uuid,
        pub check_id: Option<Uuid>,
        pub outcome: String,
        pub why: String,
        pub issued_at: DateTimeUtc,
        pub issued_by: Uuid,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
