//! 稼働率 (標準仕様書 NF-001): how much of the time it was meant to run a service ran. Counted in minutes, compared as fractions, so
//! that 99.9 % is 99.9 % and not what rounding makes of it.

/// The yearly goal, in thousandths.
pub const GOAL_PERMILLE: u64 = 999;

/// What one look at a service found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceCondition {
    Up,
    /// Answers, but a person would wait.
    Slow,
    Down,
}

impl ServiceCondition {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Slow => "slow",
            Self::Down => "down",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Up, Self::Slow, Self::Down].into_iter().find(|condition| condition.code() == code)
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Up => "正常",
            Self::Slow => "遅い",
            Self::Down => "停止",
        }
    }
}

/// Measured minutes. Minutes nobody measured are in none of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Minutes {
    pub up: u64,
    pub slow: u64,
    pub down: u64,
}

/// A share of time; the denominator is never zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Availability {
    running: u64,
    measured: u64,
}

impl Minutes {
    pub const fn measured(self) -> u64 {
        self.up + self.slow + self.down
    }

    /// The official count: time in which users could work. `None` where nothing was measured.
    pub fn official(self) -> Option<Availability> {
        Availability::of(self.up + self.slow, self.measured())
    }

    /// The strict count: slow minutes are lost minutes, too.
    pub fn strict(self) -> Option<Availability> {
        Availability::of(self.up, self.measured())
    }
}

impl std::ops::Add for Minutes {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { up: self.up + other.up, slow: self.slow + other.slow, down: self.down + other.down }
    }
}

impl Availability {
    fn of(running: u64, measured: u64) -> Option<Self> {
        (measured > 0).then_some(Self { running, measured })
    }

    pub fn meets_goal(self) -> bool {
        u128::from(self.running) * 1000 >= u128::from(self.measured) * u128::from(GOAL_PERMILLE)
    }
}

/// Three decimals, cut and never rounded up: 99.9999 % is not 100 %.
impl std::fmt::Display for Availability {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let thousandths = u128::from(self.running) * 100_000 / u128::from(self.measured);
        write!(f, "{}.{:03}", thousandths / 1000, thousandths % 1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(up: u64, down: u64) -> Availability {
        Minutes { up, slow: 0, down }.official().unwrap()
    }

    /// AV-01
    #[test]
    fn the_goal_is_met_exactly_at_its_edge() {
        assert!(of(999_000, 1_000).meets_goal());
        assert!(!of(998_999, 1_001).meets_goal());
        assert_eq!(of(998_999, 1_001).to_string(), "99.899");
        assert_eq!(of(9_999_999, 1).to_string(), "99.999");
        assert_eq!(of(1, 0).to_string(), "100.000");
        assert_eq!(Minutes::default().official(), None);
    }

    #[test]
    fn a_slow_minute_counts_in_one_of_the_two_figures_only() {
        let day = Minutes { up: 1_430, slow: 10, down: 0 };
        assert_eq!(day.official().unwrap().to_string(), "100.000");
        assert_eq!(day.strict().unwrap().to_string(), "99.305");
    }

    proptest! {
        /// AV-01: whatever was measured, the figure stays between 0 and 100 and the strict one is never the better.
        #[test]
        fn figures_stay_in_bounds(up in 0u64..600_000, slow in 0u64..600_000, down in 0u64..600_000) {
            let minutes = Minutes { up, slow, down };
            if let (Some(official), Some(strict)) = (minutes.official(), minutes.strict()) {
                prop_assert!(official.running <= official.measured && strict.running <= official.running);
            }
        }
    }
}
