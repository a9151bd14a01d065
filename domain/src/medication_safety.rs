//! 処方の点検: what a prescription is compared with before it is signed.
//!
//! Rules are data (`masters/sample/medication_rules.json`, 見本, until a release is imported): each carries its source and the days on which it holds. A rule that
//! cannot say where it comes from is never a hard stop. The engine knows kinds of comparison, never a drug.

mod check;
mod diff;
mod rule;
mod table;

pub use check::{Allergy, Diagnosis, Facts, LabResult, Line, Running, check};
pub use diff::RuleDiff;
pub use rule::{BadRules, Condition, Needs, Rule, RuleSet};
pub use table::{BadField, COLUMNS, read as read_table};

/// Two drugs share their ingredient when the first seven digits of their YJ codes agree (薬効 4 + 成分 3).
const INGREDIENT_DIGITS: usize = 7;

/// The ingredient part of a YJ code; none when the code is too short to tell.
pub fn ingredient(yj_code: &str) -> Option<&str> {
    yj_code.get(..INGREDIENT_DIGITS)
}
