//! 特定健診 beside what was measured here: the same item of both over time, each under its own name, never mixed into one row of values.

use chrono::NaiveDate;

use crate::care_history::{Checkups, Finding};
use crate::text::folded;
use crate::vital_signs::VitalItem;

/// JLAC10 分析物コード (the first five letters of an item's code) of what is measured at a visit.
pub const fn analytes(item: VitalItem) -> &'static [&'static str] {
    match item {
        VitalItem::Height => &["9N001"],
        VitalItem::Weight => &["9N006"],
        VitalItem::Systolic => &["9A751", "9A752", "9A755"],
        VitalItem::Diastolic => &["9A761", "9A762", "9A765"],
        _ => &[],
    }
}

/// A value of our own record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Own<'a> {
    /// What it is comparable with; empty for nothing.
    pub analytes: &'a [&'a str],
    pub on: NaiveDate,
    pub value: String,
    pub unit: String,
}

/// One item: a value for each checkup (latest first, gaps kept), and our own (latest first).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line<'a> {
    pub finding: &'a Finding,
    pub checkups: Vec<Option<&'a Finding>>,
    pub own: Vec<&'a Own<'a>>,
}

/// Every item of the checkups with what we measured of the same, in the same unit.
pub fn lines<'a>(checkups: &'a Checkups, own: &'a [Own<'a>]) -> Vec<Line<'a>> {
    let line = |(finding, values): (&'a Finding, Vec<Option<&'a Finding>>)| {
        let mut ours: Vec<&Own<'_>> = own.iter().filter(|own| is_same_item(finding, own)).collect();
        ours.sort_by_key(|own| std::cmp::Reverse(own.on));
        Line { finding, checkups: values, own: ours }
    };
    checkups.trend().into_iter().map(line).collect()
}

/// Another unit is another scale, even of the same substance.
fn is_same_item(finding: &Finding, own: &Own<'_>) -> bool {
    own.analytes.iter().any(|analyte| finding.code.starts_with(analyte)) && folded(&finding.unit) == folded(&own.unit)
}

/// A plain number in thousandths, for drawing; words and limits (`1.5未満`) have none.
pub fn thousandths(value: &str) -> Option<i64> {
    let text = folded(value);
    let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
    let (sign, digits) = whole.strip_prefix('-').map_or((1, whole), |rest| (-1, rest));
    let is_number = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if digits.is_empty() || digits.len() > 9 || decimals.len() > 3 || !is_number(digits) || !is_number(decimals) {
        return None;
    }
    let fraction: i64 = format!("{decimals:0<3}").parse().ok()?;
    Some(sign * (digits.parse::<i64>().ok()? * 1000 + fraction))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::care_history::{About, Checkup};

    fn finding(code: &str, value: &str, unit: &str) -> Finding {
        Finding { code: code.into(), name: code.into(), value: value.into(), unit: unit.into(), value_name: String::new() }
    }

    fn day(d: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 6, d).unwrap()
    }

    /// FN-OQ-07
    #[test]
    fn our_values_stand_beside_the_same_item_in_the_same_unit_only() {
        let found = vec![finding("3D046000001906202", "5.9", "％"), finding("9N006000000000001", "72.5", "kg"), finding("X", "1", "")];
        let about = About { name: String::new(), birth_date: NaiveDate::MIN };
        let checkups = Checkups { about, checkups: vec![Checkup { on: Some(day(5)), findings: found }] };
        let own = |analytes: &'static [&'static str], d: u32, value: &str, unit: &str| Own {
            analytes,
            on: day(d),
            value: value.into(),
            unit: unit.into(),
        };
        let ours = [
            own(&["3D046"], 1, "6.1", "%"),
            own(&["3D046"], 9, "5.8", "%"),
            own(&["3D045"], 9, "5.4", "%"), // JDS is another scale
            own(&["3D046"], 9, "40", "mmol/mol"),
            own(analytes(VitalItem::Weight), 2, "71.0", "kg"),
            own(&[], 2, "1", ""),
        ];
        let lines: Vec<Vec<&str>> = lines(&checkups, &ours).iter().map(|l| l.own.iter().map(|o| o.value.as_str()).collect()).collect();
        assert_eq!(lines, [vec!["5.8", "6.1"], vec!["71.0"], vec![]]);
    }

    #[test]
    fn only_plain_numbers_are_drawn() {
        for (text, expected) in [
            ("5.9", Some(5_900)),
            ("１２８", Some(128_000)),
            ("-0.5", Some(-500)),
            ("0.001", Some(1)),
            ("", None),
            ("-", None),
            ("1.5未満", None),
            ("(-)", None),
            ("1.2.3", None),
            ("99999999999", None),
            (".5", None),
        ] {
            assert_eq!(thousandths(text), expected, "{text}");
        }
    }
}
