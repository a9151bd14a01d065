//! Rows of `appointment`.

use domain::PatientId;
use domain::appointment::AppointmentStatus;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use tenancy::Error;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "appointment")]
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
    /// None only while a seat is held and the person on the telephone is not yet known.
    pub patient_id: Option<Uuid>,
    /// The day in Japan.
    pub day: Date,
    pub starts_at: DateTimeUtc,
    pub ends_at: DateTimeUtc,
    /// From 1; above the slot's capacity after 重ね予約.
    pub seat_no: i32,
    pub is_overbooked: bool,
    /// As the schedule was when it was booked.
    pub is_exclusive: bool,
    pub purpose: String,
    pub note: String,
    pub route: String,
    pub held_until: Option<DateTimeUtc>,
    /// 連絡済 after a 休診.
    pub contacted_at: Option<DateTimeUtc>,
    pub contacted_by_id: Option<Uuid>,
    pub encounter_id: Option<Uuid>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

tenancy::versioned!(Model, ActiveModel, "appointment");

impl Model {
    pub fn known_status(&self) -> Result<AppointmentStatus, Error> {
        AppointmentStatus::from_code(&self.status).ok_or_else(|| Error::internal("a booking is in a state this program does not know"))
    }

    pub fn patient(&self) -> Option<PatientId> {
        self.patient_id.map(PatientId::new)
    }

    /// A hold whose time is over counts as given up, whether or not that has been written yet.
    pub fn keeps_seat(&self, now: DateTimeUtc) -> bool {
        AppointmentStatus::from_code(&self.status).is_some_and(AppointmentStatus::keeps_seat)
            && self.held_until.is_none_or(|until| now < until)
    }
}
