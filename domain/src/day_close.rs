//! 日締め: the cash of a day, counted by denomination.

use crate::billing::{AmountError, parse_amount};

/// Notes and coins in use, largest first.
pub const DENOMINATIONS: [i32; 10] = [10_000, 5_000, 2_000, 1_000, 500, 100, 50, 10, 5, 1];
/// More of one kind is a slip of the finger.
pub const COUNT_MAX: i32 = 9_999;

/// How many of each denomination lie in the drawer, in the order of [`DENOMINATIONS`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CashCount([i32; DENOMINATIONS.len()]);

impl CashCount {
    /// An empty field is none of that kind.
    pub fn parse<'a>(typed: impl Fn(i32) -> &'a str) -> Result<Self, (i32, AmountError)> {
        let mut counts = [0; DENOMINATIONS.len()];
        for (count, value) in counts.iter_mut().zip(DENOMINATIONS) {
            *count = match parse_amount(typed(value), COUNT_MAX) {
                Err(AmountError::Missing) => 0,
                read => read.map_err(|error| (value, error))?,
            };
        }
        Ok(Self(counts))
    }

    pub fn pairs(self) -> impl Iterator<Item = (i32, i32)> {
        DENOMINATIONS.into_iter().zip(self.0)
    }

    pub fn total_yen(self) -> i64 {
        self.pairs().map(|(value, count)| i64::from(value) * i64::from(count)).sum()
    }
}

/// 現金差: what was counted beyond what should be there; negative when something is missing.
pub const fn difference_yen(counted: i64, float: i64, cash_of_the_day: i64) -> i64 {
    counted - float - cash_of_the_day
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawer_is_counted_by_denomination() {
        let typed = |value: i32| match value {
            10_000 => "３",
            500 => "4",
            1 => "7",
            _ => "",
        };
        assert_eq!(CashCount::parse(typed).unwrap().total_yen(), 32_007);
        assert_eq!(CashCount::parse(|value| if value == 5 { "x" } else { "" }), Err((5, AmountError::NotNumber)));
        assert_eq!(CashCount::parse(|_| "99999"), Err((10_000, AmountError::OutOfRange)));
    }

    #[test]
    fn the_difference_is_beyond_float_and_takings() {
        assert_eq!(difference_yen(52_870, 50_000, 2_870), 0);
        assert_eq!(difference_yen(52_860, 50_000, 2_870), -10);
    }
}
