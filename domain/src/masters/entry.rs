//! One row of a master in our words.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::Field;

/// A code with its name and the dates between which it may be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MasterEntry {
    pub code: String,
    pub name: String,
    pub name_kana: String,
    pub unit: String,
    /// First day of use where the file tells it (収載年月日).
    pub valid_from: Option<NaiveDate>,
    /// Last day of use: the earlier of 廃止年月日 and, for drugs, 経過措置年月日.
    pub valid_to: Option<NaiveDate>,
    /// 変更区分 1 or 9: the row says that the code has ended.
    pub withdrawn: bool,
    /// The other facts, as printed in the file. Empty ones are left out.
    pub attributes: BTreeMap<Field, String>,
}

impl MasterEntry {
    /// Whether the code may be chosen on a day.
    pub fn is_usable_on(&self, day: NaiveDate) -> bool {
        self.valid_from.is_none_or(|from| from <= day) && self.valid_to.is_none_or(|to| day <= to) && !self.withdrawn
    }

    pub fn attribute(&self, field: Field) -> Option<&str> {
        self.attributes.get(&field).map(String::as_str)
    }

    /// A price or point value in hundredths, exactly as printed (`12.3` is 1230). None when absent.
    pub fn hundredths(&self, field: Field) -> Option<i64> {
        let text = self.attribute(field)?;
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let fraction = format!("{fraction:0<2}");
        let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        whole.checked_mul(100)?.checked_add(fraction.get(..2)?.parse().ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_read_without_rounding() {
        let entry = |price: &str| MasterEntry {
            code: String::new(),
            name: String::new(),
            name_kana: String::new(),
            unit: String::new(),
            valid_from: None,
            valid_to: None,
            withdrawn: false,
            attributes: BTreeMap::from([(Field::PriceYen, price.to_owned())]),
        };
        for (printed, expected) in [("12.30", 1230), ("9.5", 950), ("1288", 128_800), (".91", 91), ("0", 0)] {
            assert_eq!(entry(printed).hundredths(Field::PriceYen), Some(expected), "{printed}");
        }
        assert_eq!(entry("99999999999999999999").hundredths(Field::PriceYen), None);
        assert_eq!(entry("1").hundredths(Field::Points), None);
    }
}
