//! 委託先資格情報一括取得 (OQSmutic01, OQSmutic02): everybody on 医療扶助 entrusted to a facility in a month.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{Months, NaiveDate};

use super::National;
use super::bulk;
use crate::reader::answers;
use crate::reader::now;
use crate::reader::people::PEOPLE;

/// What the service remembers of lists.
#[derive(Clone, Default)]
pub struct Entrusted(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    /// Months asked for, by 受付番号.
    months: HashMap<String, String>,
    is_combined: bool,
}

impl Entrusted {
    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on everybody's 医療券 are 併用.
    pub fn combine(&self) {
        self.kept().is_combined = true;
    }
}

pub async fn submit(national: web::Data<National>, req: HttpRequest, body: web::Bytes) -> HttpResponse {
    bulk::answer(&national, &req, &body, |asked, _| {
        asked.body.only(&["MedicalTreatmentMonth"])?;
        let month = asked.body.must("MedicalTreatmentMonth")?;
        let first = NaiveDate::parse_from_str(&format!("{month}01"), "%Y%m%d").ok().filter(|_| month.len() == 6);
        let first = first.ok_or("MedicalTreatmentMonth は yyyyMM です")?;
        if now().date_naive().checked_add_months(Months::new(1)).is_some_and(|latest| first > latest) {
            return Err("まだ決まっていない診療年月です".into());
        }
        let number = uuid::Uuid::new_v4().simple().to_string();
        national.entrusted.kept().months.insert(number.clone(), month.to_owned());
        Ok(format!("<ReceptionNumber>{number}</ReceptionNumber>"))
    })
    .await
}

pub async fn collect(national: web::Data<National>, req: HttpRequest, body: web::Bytes) -> HttpResponse {
    bulk::answer(&national, &req, &body, |asked, _| {
        asked.body.only(&["ReceptionNumber"])?;
        let number = asked.body.must("ReceptionNumber")?;
        let month = national.entrusted.kept().months.get(number).cloned().ok_or("その受付番号はありません")?;
        // 医療券 are issued month by month.
        if month != now().format("%Y%m").to_string() {
            return Ok(String::new());
        }
        let is_combined = national.entrusted.kept().is_combined;
        let one = |result: String| {
            let result = if is_combined { result.replace("<SingleOrCombinedUse>01<", "<SingleOrCombinedUse>02<") } else { result };
            format!("<BulkConfirmUnit><ProcessingResultStatus>1</ProcessingResultStatus><QualificationValidity>1</QualificationValidity>{result}</BulkConfirmUnit>")
        };
        Ok(PEOPLE.iter().filter(|person| person.classification == "A1").map(|person| one(answers::entrusted(person))).collect())
    })
    .await
}
