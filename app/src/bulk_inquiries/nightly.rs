//! The evening before: the worker asks about tomorrow's bookings, once per clinic and day.

use chrono::{Days, NaiveTime};
use domain::clock::jst;
use tenancy::operator::Operator;
use tenancy::{Act, Audit, Error, InfoClass, TenantId};

use super::store;
use crate::devices::connection;

/// Bookings made later are asked about at the desk.
const FROM: NaiveTime = match NaiveTime::from_hms_opt(20, 0, 0) {
    Some(at) => at,
    None => NaiveTime::MIN,
};

/// How many people were asked about; none when it is not the time, was done already, or no way leads from this clinic to the service.
pub async fn ask_for_tomorrow(operator: &Operator, tenant: TenantId, is_direct: bool) -> Result<usize, Error> {
    let now = jst(operator.clock().now());
    let Some(day) = now.date_naive().checked_add_days(Days::new(1)).filter(|_| now.time() >= FROM) else { return Ok(0) };
    let tx = operator.begin(tenant).await?;
    if store::of_day(&tx, day).await?.is_some() || !is_direct && !connection::is_folder(&tx).await? {
        return Ok(0);
    }
    let asked = store::ask(&tx, day).await?;
    tx.commit(Audit::of(Act::Send, InfoClass::Coverage).detail("step", "bulk").detail("asked", asked)).await?;
    Ok(asked)
}
