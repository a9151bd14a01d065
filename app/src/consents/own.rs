//! What we measured ourselves, to stand beside a checkup: 計測 of visits and laboratory results.

use domain::PatientId;
use domain::checkup_trend::analytes;
use domain::clock;
use domain::vital_signs::VitalItem;
use tenancy::{Error, TenantTx};

use crate::{observations, orders};

/// One value as it is kept here.
#[derive(Debug, Clone)]
pub struct Measured {
    pub analytes: Vec<&'static str>,
    pub on: chrono::NaiveDate,
    pub value: String,
    pub unit: String,
}

/// Everything of this person that could be compared, newest first.
pub async fn measured(tx: &TenantTx, group: &[PatientId]) -> Result<Vec<Measured>, Error> {
    let mut values = Vec::new();
    for round in observations::store::last_rounds(tx, group).await? {
        for item in VitalItem::ALL.into_iter().filter(|item| !analytes(*item).is_empty()) {
            let Some(value) = round.values().get(item) else { continue };
            let (on, value, unit) = (clock::today(round.measured_at), item.words(value), item.unit().to_owned());
            values.push(Measured { analytes: analytes(item).to_vec(), on, value, unit });
        }
    }
    for result in orders::store::measured(tx, group).await? {
        let (analytes, on) = (orders::analytes_of(&result.code)?, clock::today(result.observed_at));
        values.push(Measured { analytes, on, value: result.value_text, unit: result.unit });
    }
    Ok(values)
}
