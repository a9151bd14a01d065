//! Rows of `bulk_inquiry` and `bulk_inquiry_line`.

pub mod inquiry {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "bulk_inquiry")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// Whose bookings were asked about.
        pub day: Date,
        /// `pending`, `accepted`, `answered` or `unavailable`
        pub status: String,
        /// 受付番号
        pub reception_number: String,
        pub said: String,
        pub asked_at: DateTimeUtc,
        pub changed_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod line {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "bulk_inquiry_line")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub version: i32,
        pub bulk_inquiry_id: Uuid,
        pub patient_id: Uuid,
        pub coverage_id: Option<Uuid>,
        pub starts_at: DateTimeUtc,
        /// An `EligibilityStatus`
        pub eligibility: String,
        pub said: String,
        pub is_limit_changed: bool,
        pub handled_at: Option<DateTimeUtc>,
        pub handled_by_id: Option<Uuid>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl Model {
        /// Somebody should look after it before the patient comes.
        pub fn needs_hand(&self) -> bool {
            self.handled_at.is_none() && (self.is_limit_changed || !matches!(self.eligibility.as_str(), "valid" | "pending"))
        }
    }
}
