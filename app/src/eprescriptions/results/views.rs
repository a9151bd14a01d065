//! One result on the chart, and one line of the list of unread ones.

use chrono::NaiveDate;
use domain::PatientId;
use sea_orm::QueryResult;
use tenancy::Error;
use uuid::Uuid;

use super::entity::Model;
use crate::adapters::eprescription::Dispensing;

/// One time a prescription was dispensed.
#[derive(Debug, Clone)]
pub struct ResultLine {
    pub id: Uuid,
    /// `調剤 1/3回目`
    pub which: String,
    pub day: String,
    pub pharmacy: String,
    pub message: String,
    pub drugs: Vec<String>,
    /// 次回調剤予定日 with its leeway
    pub next: String,
    pub is_unread: bool,
}

impl ResultLine {
    pub fn of(row: &Model, said: &Dispensing, refills: u8) -> Self {
        let day = |day: Option<NaiveDate>| day.map(|day| day.format("%m/%d").to_string()).unwrap_or_default();
        Self {
            id: row.id,
            which: if refills > 0 { format!("調剤 {}/{refills}回目", row.use_no) } else { "調剤結果".to_owned() },
            day: day(row.dispensed_on),
            pharmacy: said.pharmacy.clone(),
            message: said.message.clone(),
            drugs: said.drugs.clone(),
            next: if refills > 0 && row.use_no < i32::from(refills) { day(row.next_on) } else { String::new() },
            is_unread: row.reviewed_at.is_none(),
        }
    }
}

/// One line of 未確認の調剤結果.
#[derive(Debug, Clone)]
pub struct UnreadLine {
    pub encounter_id: Uuid,
    pub patient_id: PatientId,
    pub patient: String,
    pub day: String,
}

impl UnreadLine {
    pub fn of(row: &QueryResult) -> Result<Self, Error> {
        let (number, name): (String, String) = (row.try_get("", "patient_number")?, row.try_get("", "name_ideographic")?);
        let day: Option<NaiveDate> = row.try_get("", "dispensed_on")?;
        Ok(Self {
            encounter_id: row.try_get("", "encounter_id")?,
            patient_id: PatientId::new(row.try_get("", "patient_id")?),
            patient: format!("{number} {name}"),
            day: day.map(|day| day.format("%m/%d").to_string()).unwrap_or_default(),
        })
    }
}
