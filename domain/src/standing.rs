//! 運用状態: how the product itself and each partner stand (§9 of the workflow page).

use chrono::{DateTime, Utc};

use crate::codes;
use crate::outbox::Service;

codes! {
    /// 運用モード
    SystemMode {
        Normal "normal" "通常"
        Degraded "degraded" "一部停止"
        ReadOnly "read_only" "閲覧のみ"
    }
}

codes! {
    /// 相手先の状態
    ServiceState {
        Up "up" "正常"
        Degraded "degraded" "不安定"
        Down "down" "停止中"
    }
}

impl Service {
    /// Each clinic has its own partner of this kind; the others are the nation's.
    pub const fn is_per_clinic(self) -> bool {
        matches!(self, Self::Receipt)
    }

    /// How work goes on while it is away.
    pub const fn way_round(self) -> &'static str {
        match self {
            Self::Eligibility => "資格は保険証類の目視で受け付け、あとで照会します。",
            Self::Prescription => "処方は紙で交付できます。",
            Self::Receipt => "会計は概算で預かり、あとで計算します。",
        }
    }
}

/// What is known of one partner, from real outcomes and probes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServiceHealth {
    pub state: ServiceState,
    /// Failures in a row.
    pub failures: u32,
    pub since: DateTime<Utc>,
}

/// One failure is an accident, two are a sign, four a stop.
const DEGRADED_AT: u32 = 2;
const DOWN_AT: u32 = 4;

impl ServiceHealth {
    pub fn new(now: DateTime<Utc>) -> Self {
        Self { state: ServiceState::Up, failures: 0, since: now }
    }

    /// An answer of any kind brings it back at once.
    pub fn observe(&mut self, answered: bool, now: DateTime<Utc>) {
        self.failures = if answered { 0 } else { self.failures.saturating_add(1) };
        let state = match self.failures {
            0..DEGRADED_AT => ServiceState::Up,
            DEGRADED_AT..DOWN_AT => ServiceState::Degraded,
            _ => ServiceState::Down,
        };
        if state != self.state {
            self.state = state;
            self.since = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partner_is_believed_down_after_four_failures_and_up_after_one_answer() {
        let at = |s| DateTime::from_timestamp(s, 0).unwrap();
        let mut health = ServiceHealth::new(at(0));
        let states: Vec<ServiceState> = (1..=5)
            .map(|n| {
                health.observe(false, at(n));
                health.state
            })
            .collect();
        assert_eq!(states, [ServiceState::Up, ServiceState::Degraded, ServiceState::Degraded, ServiceState::Down, ServiceState::Down]);
        assert_eq!(health.since, at(4));
        health.observe(true, at(9));
        assert_eq!((health.state, health.since), (ServiceState::Up, at(9)));
    }
}
