//! When a clinic's archive is due: every night at 02:00 in Japan, and at once when the last good one is older (BK-03).

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use tenancy::clock::JST;
use tenancy::duties::BackupAge;

const NIGHTLY_AT: NaiveTime = match NaiveTime::from_hms_opt(2, 0, 0) {
    Some(at) => at,
    None => NaiveTime::MIN,
};
/// After a failure the next try waits, so that a full disk is not hammered.
const RETRY_AFTER: TimeDelta = TimeDelta::minutes(15);

pub fn is_due(now: DateTime<Utc>, age: &BackupAge) -> bool {
    let wanted = age.succeeded_at.is_none_or(|at| at < last_nightly(now));
    let tried_lately = age.attempted_at.is_some_and(|at| at <= now && now - at < RETRY_AFTER);
    wanted && !tried_lately
}

/// The 02:00 that has most recently passed.
fn last_nightly(now: DateTime<Utc>) -> DateTime<Utc> {
    let local = now.with_timezone(&JST);
    let day = if local.time() < NIGHTLY_AT { local.date_naive().pred_opt() } else { Some(local.date_naive()) };
    let at = day.unwrap_or_default().and_time(NIGHTLY_AT).and_local_timezone(JST);
    at.single().map_or(now, |at| at.with_timezone(&Utc))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use tenancy::TenantId;
    use uuid::Uuid;

    fn at(jst: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(&format!("{jst}:00+09:00")).unwrap().with_timezone(&Utc)
    }

    fn age(succeeded: Option<&str>, attempted: Option<&str>) -> BackupAge {
        let tenant_id = TenantId::new(Uuid::from_u128(7));
        BackupAge { tenant_id, succeeded_at: succeeded.map(at), attempted_at: attempted.or(succeeded).map(at) }
    }

    // BK-03
    #[test]
    fn once_a_night_at_two_and_at_once_when_a_night_was_missed() {
        let done = age(Some("2026-11-20T02:00"), None);
        assert!(!is_due(at("2026-11-20T02:01"), &done));
        assert!(!is_due(at("2026-11-21T01:59"), &done));
        assert!(is_due(at("2026-11-21T02:00"), &done));
        assert!(is_due(at("2026-11-23T13:00"), &done));
        assert!(is_due(at("2026-11-20T13:00"), &age(None, None)));
        assert!(!is_due(at("2026-11-21T01:59"), &age(Some("2026-11-20T13:00"), None)));
    }

    #[test]
    fn a_failed_try_waits_and_a_clock_that_jumped_back_does_not_stop_it_for_ever() {
        let failed = age(Some("2026-11-19T02:00"), Some("2026-11-20T02:00"));
        assert!(!is_due(at("2026-11-20T02:10"), &failed));
        assert!(is_due(at("2026-11-20T02:15"), &failed));
        assert!(is_due(at("2026-11-20T02:00"), &age(None, Some("2026-11-20T09:00"))));
    }
}
