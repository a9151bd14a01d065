//! Rows of `day_close`.

use crate::billing::entity::versioned_entity;

versioned_entity! {
    /// One day's closing; `status` says whether its cash is locked now.
    day_close, "day_close", {
        day: Date,
        float_yen: i32,
        expected_cash_yen: i32,
        counted_cash_yen: i32,
        denominations: Json,
        explanations: Json,
        counts: Json,
    }
}
