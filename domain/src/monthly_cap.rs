//! 高額療養費の自己負担限度額: how much of a month's insured treatment at one facility a patient pays at most. The amounts are data
//! (`masters/sample/monthly_caps.json`, 見本) with their source and the days they hold; the rule here is only the shape of the formula.

use chrono::NaiveDate;
use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;

use crate::codes;

codes! {
    /// 限度額の数え方 of one visit.
    CapRule {
        Category "category" "限度額区分で"
        Disease "disease" "特定疾病の療養として"
        None "none" "限度額を使わない"
    }
}

/// One line of the table: outpatient treatment, one month, one person.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CapLine {
    /// OQSCD012
    pub categories: Vec<String>,
    pub base_yen: i64,
    /// One percent of the month's cost above this is added; nothing where it is not said.
    pub above_yen: Option<i64>,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
    pub source: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapTable(Vec<CapLine>);

#[derive(Debug, thiserror::Error)]
pub enum BadTable {
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error("line {0} has no source, no category or an amount below zero")]
    Line(usize),
    #[error("{0} has two amounts on one day")]
    Twice(String),
}

impl CapTable {
    pub fn parse(json: &str) -> Result<Self, BadTable> {
        let lines: Vec<CapLine> = serde_json::from_str(json)?;
        for (at, line) in lines.iter().enumerate() {
            if line.source.trim().is_empty() || line.categories.is_empty() || line.base_yen < 0 || line.above_yen.is_some_and(|n| n < 0) {
                return Err(BadTable::Line(at + 1));
            }
            let overlaps = |other: &&CapLine| {
                let ends = |line: &CapLine| line.valid_to.unwrap_or(NaiveDate::MAX);
                other.valid_from <= ends(line) && line.valid_from <= ends(other)
            };
            let twice = lines[..at].iter().filter(overlaps).flat_map(|other| &other.categories).find(|c| line.categories.contains(c));
            if let Some(category) = twice {
                return Err(BadTable::Twice(category.clone()));
            }
        }
        Ok(Self(lines))
    }

    /// The line for a category on a day; none for a category or a day the table does not know.
    pub fn find(&self, category: &str, day: NaiveDate) -> Option<&CapLine> {
        let holds = |line: &&CapLine| line.valid_from <= day && line.valid_to.is_none_or(|to| day <= to);
        self.0.iter().filter(holds).find(|line| line.categories.iter().any(|c| c == category))
    }
}

/// The limit of a month with what was billed of it already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthCap {
    pub base_yen: i64,
    pub above_yen: Option<i64>,
    /// 総医療費 of the month's other visits.
    pub earlier_cost_yen: i64,
    /// What of it the patient was asked for.
    pub earlier_share_yen: i64,
}

impl MonthCap {
    pub const fn of(base_yen: i64, above_yen: Option<i64>) -> Self {
        Self { base_yen, above_yen, earlier_cost_yen: 0, earlier_share_yen: 0 }
    }

    /// The whole month's limit with this visit in it; a fraction of a yen is rounded half up.
    pub fn limit_yen(&self, cost_yen: i64) -> i64 {
        let over = self.above_yen.map_or(0, |above| (self.earlier_cost_yen + cost_yen - above).max(0));
        self.base_yen + (over + 50) / 100
    }

    /// What may still be asked for.
    pub fn left_yen(&self, cost_yen: i64) -> i64 {
        (self.limit_yen(cost_yen) - self.earlier_share_yen).max(0)
    }
}

/// 特定疾病: the amount on the 受療証 (`人工透析 10000円`), the smallest where there are several.
pub fn disease_cap_yen(words: &str) -> Option<i64> {
    let text: String = words.nfkc().filter(|c| *c != ',').collect();
    let parts: Vec<&str> = text.split('円').collect();
    let (_, amounts) = parts.split_last()?;
    let number = |part: &&str| {
        let digits = part.len() - part.bytes().rev().take_while(u8::is_ascii_digit).count();
        part[digits..].parse().ok()
    };
    amounts.iter().filter_map(number).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SAMPLE: &str = include_str!("../../masters/sample/monthly_caps.json");

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn table() -> CapTable {
        CapTable::parse(SAMPLE).unwrap()
    }

    /// FN-OQ-03
    #[test]
    fn every_category_has_one_amount_on_every_day_since_2018() {
        for (category, _) in crate::coverage::LIMIT_CATEGORIES {
            for on in ["2018-08-01", "2026-07-31", "2026-08-01", "2026-11-20"] {
                assert!(table().find(category, day(on)).is_some(), "{category} {on}");
            }
            assert_eq!(table().find(category, day("2018-07-31")), None);
        }
        assert_eq!(table().find("Z99", day("2026-11-20")), None);
    }

    /// FN-OQ-03: the amounts of the years before the revision, as everybody knows them.
    #[test]
    fn the_formula_gives_the_published_amounts() {
        let limit = |category: &str, cost: i64| {
            let line = table().find(category, day("2026-07-31")).unwrap().clone();
            MonthCap::of(line.base_yen, line.above_yen).limit_yen(cost)
        };
        assert_eq!(limit("A03", 1_000_000), 87_430);
        assert_eq!(limit("A01", 1_000_000), 254_180);
        assert_eq!(limit("A02", 600_000), 167_820);
        assert_eq!((limit("A03", 267_000), limit("A03", 267_049), limit("A03", 267_050)), (80_100, 80_100, 80_101));
        assert_eq!((limit("A04", 9_000_000), limit("A05", 9_000_000), limit("B04", 1), limit("B06", 1)), (57_600, 35_400, 18_000, 8_000));
    }

    #[test]
    fn what_was_billed_before_leaves_less_and_never_less_than_nothing() {
        let cap = MonthCap { earlier_cost_yen: 300_000, earlier_share_yen: 80_000, ..MonthCap::of(80_100, Some(267_000)) };
        assert_eq!(cap.limit_yen(10_000), 80_530);
        assert_eq!(cap.left_yen(10_000), 530);
        assert_eq!(MonthCap { earlier_share_yen: 99_999, ..cap }.left_yen(0), 0);
    }

    #[test]
    fn a_table_that_contradicts_itself_or_names_no_source_is_none() {
        let line = |from: &str, source: &str| {
            format!(r#"{{"categories":["A01"],"base_yen":1,"above_yen":null,"valid_from":"{from}","valid_to":null,"source":"{source}"}}"#)
        };
        assert!(CapTable::parse(&format!("[{}]", line("2026-01-01", "x"))).is_ok());
        assert!(CapTable::parse(&format!("[{},{}]", line("2026-01-01", "x"), line("2026-02-01", "x"))).is_err());
        assert!(CapTable::parse(&format!("[{}]", line("2026-01-01", " "))).is_err());
        assert!(CapTable::parse("{").is_err());
    }

    #[test]
    fn the_certificates_amount_is_read_from_its_words() {
        assert_eq!(disease_cap_yen("人工透析 10000円"), Some(10_000));
        assert_eq!(disease_cap_yen("人工透析 ２０，０００円・血友病 10,000円"), Some(10_000));
        assert_eq!((disease_cap_yen("血友病"), disease_cap_yen("円"), disease_cap_yen("")), (None, None, None));
    }

    proptest! {
        #[test]
        fn reading_words_never_panics(text in any::<String>()) {
            let _ = disease_cap_yen(&text);
        }
    }
}
