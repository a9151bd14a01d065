//! Rows of `emergency_view` and `emergency_privilege`.

/// One look.
pub mod view {
    use domain::StaffId;
    use domain::emergency::{Grounds, Look};
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "emergency_view")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub version: i32,
        pub patient_id: Uuid,
        pub encounter_id: Option<Uuid>,
        /// The card's reading that noted 取得困難.
        pub reader_result_id: Option<Uuid>,
        pub grounds: String,
        pub reason: String,
        pub reason_words: String,
        pub opened_by_id: Uuid,
        pub opened_at: DateTimeUtc,
        pub until: DateTimeUtc,
        /// `pending`, `received`, `refused` or `unavailable`
        pub status: String,
        /// Why it was refused, in the service's words.
        pub said: String,
        /// The answer as it arrived, sealed.
        pub raw: Option<Vec<u8>>,
        pub received_at: Option<DateTimeUtc>,
        pub judged_by_id: Option<Uuid>,
        pub judged_at: Option<DateTimeUtc>,
        pub judgement: Option<String>,
        pub remark: String,
    }

    impl Model {
        pub fn grounds(&self) -> Option<Grounds> {
            Grounds::from_code(&self.grounds)
        }

        pub fn look(&self) -> Look {
            Look { opened_by: StaffId::new(self.opened_by_id), until: self.until, is_judged: self.judged_by_id.is_some() }
        }
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Whom the administrator named (救急閲覧権限); a row with `is_held` false was taken back.
pub mod privilege {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "emergency_privilege")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub staff_id: Uuid,
        pub version: i32,
        pub is_held: bool,
        pub changed_at: DateTimeUtc,
        pub changed_by_id: Uuid,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
