//! Rows of `device`, `device_arrival`, `device_request` and `national_connection`.

pub mod device {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "device")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub version: i32,
        pub name: String,
        /// The key's first letters.
        pub prefix: String,
        pub secret_sha256: Vec<u8>,
        pub issued_at: DateTimeUtc,
        pub issued_by_id: Uuid,
        pub revoked_at: Option<DateTimeUtc>,
        pub revoked_by_id: Option<Uuid>,
        pub last_seen_at: Option<DateTimeUtc>,
        /// The relay's version, as it says.
        pub program: String,
        /// Files it holds and has not handed over yet.
        pub waiting: i32,
        /// Files it put aside because nobody can use them.
        pub aside: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod arrival {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "device_arrival")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub version: i32,
        pub device_id: Uuid,
        pub folder: String,
        pub name: String,
        pub content_sha256: Vec<u8>,
        pub size: i32,
        /// Sealed; empty where the content is kept elsewhere or must not be kept.
        pub content: Vec<u8>,
        pub state: String,
        pub reason: String,
        pub arrived_at: DateTimeUtc,
        pub reviewed_at: Option<DateTimeUtc>,
        pub reviewed_by_id: Option<Uuid>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod request {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "device_request")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub message_id: Uuid,
        pub name: String,
        /// What question and answer have in common in their file names.
        pub suffix: String,
        pub identifier: String,
        pub content: Vec<u8>,
        pub answer: Vec<u8>,
        pub answer_sha256: Vec<u8>,
        pub state: String,
        pub device_id: Option<Uuid>,
        pub queued_at: DateTimeUtc,
        pub fetched_at: Option<DateTimeUtc>,
        pub answered_at: Option<DateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod connection {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "national_connection")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub version: i32,
        pub transport: String,
        pub changed_at: DateTimeUtc,
        pub changed_by_id: Uuid,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
