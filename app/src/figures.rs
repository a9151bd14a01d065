//! `tsumugi figures`: what the vendor tells of all clinics together (KPI-06, KPI-08). Clinics are counted, and nothing in them.

use chrono::{DateTime, TimeDelta, Utc};
use domain::outbox::Errand;
use domain::prescription::figures::share_words;
use tenancy::{Clock, Error, duties};

use crate::tenants;

/// A clinic that registered no prescription for so long is not live.
const LIVE_FOR: TimeDelta = TimeDelta::days(90);

pub async fn run(clock: Clock) -> anyhow::Result<()> {
    let operator = tenants::operator(clock)?;
    let clinics = operator.list_tenants().await?.len();
    let live = live(&operator, operator.clock().now()).await?.len();
    print!("{}", words(u32::try_from(live).unwrap_or(u32::MAX), u32::try_from(clinics).unwrap_or(u32::MAX)));
    Ok(())
}

/// Clinics whose prescriptions 電子処方箋管理サービス took lately.
pub async fn live(operator: &tenancy::operator::Operator, now: DateTime<Utc>) -> Result<Vec<domain::TenantId>, Error> {
    duties::clinics_that_delivered(operator, Errand::PrescriptionRegister.code(), now - LIVE_FOR).await
}

fn words(live: u32, clinics: u32) -> String {
    format!(
        "電子処方箋の導入率 (KPI-06)\t{live} ÷ {clinics}\t{}\t直近{}日に電子処方箋管理サービスへ登録した医療機関 ÷ 登録のある医療機関\n\
         情報共有対応施設の電子処方箋導入率 (KPI-08)\t—\t—\t電子カルテ情報共有サービスに対応していないため、分母がありません\n",
        share_words(live, clinics),
        LIVE_FOR.num_days(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// KPI-06, KPI-08
    #[test]
    fn a_share_of_no_clinics_is_not_shown_and_what_cannot_be_known_is_said() {
        assert!(words(1, 3).contains("1 ÷ 3\t33.3%"));
        assert!(words(0, 0).contains("0 ÷ 0\t—"));
        assert!(words(1, 3).contains("(KPI-08)\t—"));
    }
}
