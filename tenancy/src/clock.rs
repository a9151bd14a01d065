//! Time is passed in. Everything that needs "now" holds a [`Clock`], so tests can jump.

use std::sync::Arc;

use chrono::{DateTime, FixedOffset, NaiveDate, SubsecRound, Utc};

/// Japan has had one offset and no summer time since 1952.
pub const JST: FixedOffset = match FixedOffset::east_opt(9 * 3600) {
    Some(offset) => offset,
    None => unreachable!(),
};

#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>);

impl Clock {
    /// The machine's clock; the deployment keeps it on NTP (GL-17).
    #[allow(clippy::disallowed_methods)] // the one place that reads it
    pub fn system() -> Self {
        Self(Arc::new(Utc::now))
    }

    pub fn from_fn(now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// Microseconds, the precision Postgres keeps: a digest made now must be the same when read back.
    pub fn now(&self) -> DateTime<Utc> {
        (self.0)().trunc_subsecs(6)
    }

    pub fn today_jst(&self) -> NaiveDate {
        self.now().with_timezone(&JST).date_naive()
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}
