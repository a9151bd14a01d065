//! Rows of `schedule`, `slot_template` and `schedule_closure`.

/// `schedule`: a doctor, a room or a device one books.
pub mod schedule {
    use sea_orm::entity::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Serialize, Deserialize)]
    #[sea_orm(table_name = "schedule")]
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
        pub doctor_id: Option<Uuid>,
        /// One at a time: bookings of it never overlap.
        pub is_exclusive: bool,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    tenancy::versioned!(Model, ActiveModel, "schedule");
}

/// `slot_template`: 枠定義.
pub mod slot_template {
    use chrono::Weekday;
    use domain::schedule::{Template, Visibility};
    use sea_orm::entity::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Serialize, Deserialize)]
    #[sea_orm(table_name = "slot_template")]
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
        pub schedule_id: Uuid,
        /// ISO: 1 = 月 … 7 = 日.
        pub weekday: i32,
        pub from_min: i32,
        pub to_min: i32,
        pub interval_min: i32,
        pub capacity: i32,
        pub overbook_limit: i32,
        pub visibility: String,
        /// One on a line.
        pub purposes: String,
        pub valid_from: Date,
        pub valid_to: Option<Date>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    tenancy::versioned!(Model, ActiveModel, "slot_template");

    impl Model {
        pub fn template(&self) -> Template {
            let weekday = u8::try_from(self.weekday - 1).ok().and_then(|day| Weekday::try_from(day).ok());
            Template {
                weekday: weekday.unwrap_or(Weekday::Mon),
                starts_min: self.from_min,
                ends_min: self.to_min,
                interval_min: self.interval_min,
                capacity: self.capacity,
                overbook_limit: self.overbook_limit,
                visibility: Visibility::from_code(&self.visibility).unwrap_or(Visibility::Staff),
                purposes: self.purposes.lines().map(str::to_owned).collect(),
                valid_from: self.valid_from,
                valid_to: self.valid_to,
            }
        }

        /// Takes over what is stated.
        pub fn state(&mut self, template: &Template) {
            self.weekday = template.weekday.number_from_monday() as i32;
            self.from_min = template.starts_min;
            self.to_min = template.ends_min;
            self.interval_min = template.interval_min;
            self.capacity = template.capacity;
            self.overbook_limit = template.overbook_limit;
            self.visibility = template.visibility.code().to_owned();
            self.purposes = template.purposes.join("\n");
            self.valid_from = template.valid_from;
            self.valid_to = template.valid_to;
        }
    }
}

/// `schedule_closure`: 休診 of one schedule, or of the whole clinic.
pub mod schedule_closure {
    use domain::schedule::Closure;
    use sea_orm::entity::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Serialize, Deserialize)]
    #[sea_orm(table_name = "schedule_closure")]
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
        pub schedule_id: Option<Uuid>,
        pub day: Date,
        pub from_min: i32,
        pub to_min: i32,
        pub reason: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    tenancy::versioned!(Model, ActiveModel, "schedule_closure");

    impl Model {
        pub fn closure(&self) -> Closure {
            Closure { day: self.day, from_min: self.from_min, to_min: self.to_min }
        }

        pub fn concerns(&self, schedule: Uuid) -> bool {
            self.schedule_id.is_none_or(|id| id == schedule)
        }
    }
}
