//! Rows of `outbox_message` and `outbox_exchange`.

pub mod message {
    use domain::outbox::{Delivery, Errand, Parcel, Service};
    use sea_orm::entity::prelude::*;
    use tenancy::Error;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "outbox_message")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub version: i32,
        pub service: String,
        pub errand: String,
        pub lane: Uuid,
        pub key: String,
        pub patient_id: Option<Uuid>,
        pub encounter_id: Option<Uuid>,
        pub payload: Vec<u8>,
        pub state: String,
        pub attempts: i32,
        pub may_have_arrived: bool,
        pub next_attempt_at: DateTimeUtc,
        pub wanted_since: DateTimeUtc,
        pub holder: Option<Uuid>,
        pub code: String,
        pub said: String,
        pub created_at: DateTimeUtc,
        pub created_by_id: Uuid,
        pub changed_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl Model {
        pub fn service(&self) -> Result<Service, Error> {
            Service::from_code(&self.service).ok_or_else(|| Error::internal("an unknown service in the outbox"))
        }

        pub fn errand(&self) -> Result<Errand, Error> {
            Errand::from_code(&self.errand).ok_or_else(|| Error::internal("an unknown errand in the outbox"))
        }

        pub fn parcel(&self) -> Result<Parcel, Error> {
            Ok(Parcel {
                state: Delivery::from_code(&self.state).ok_or_else(|| Error::internal("an unknown state in the outbox"))?,
                attempts: u32::try_from(self.attempts).unwrap_or(0),
                may_have_arrived: self.may_have_arrived,
                next_attempt_at: self.next_attempt_at,
                wanted_since: self.wanted_since,
                holder: self.holder,
            })
        }

        /// Takes over what the clockwork decided.
        pub fn turn(&mut self, parcel: &Parcel, now: DateTimeUtc) {
            self.state = parcel.state.code().to_owned();
            self.attempts = i32::try_from(parcel.attempts).unwrap_or(i32::MAX);
            self.may_have_arrived = parcel.may_have_arrived;
            self.next_attempt_at = parcel.next_attempt_at;
            self.wanted_since = parcel.wanted_since;
            self.holder = parcel.holder;
            self.changed_at = now;
            self.version += 1;
        }
    }
}

pub mod exchange {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "outbox_exchange")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub message_id: Uuid,
        pub attempt: i32,
        pub task: String,
        pub outcome: String,
        pub started_at: DateTimeUtc,
        pub elapsed_ms: i32,
        pub sent: Vec<u8>,
        pub received: Vec<u8>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
