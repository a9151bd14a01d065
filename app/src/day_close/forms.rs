//! What was typed when closing a day.

use std::collections::BTreeMap;

use domain::billing::{AmountError, YEN_MAX, parse_amount};
use domain::day_close::CashCount;
use domain::text;
use serde::{Deserialize, Serialize};

use super::lists::OpenList;
use crate::patients::forms::text_message;
use crate::web::FormErrors;

const WHY_LETTERS: usize = 200;

/// `n_1000` = how many of that note or coin; `why_unpaid` = the explanation of that list.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct RawClosing {
    pub day: String,
    pub version: String,
    pub idempotency_key: String,
    pub float_yen: String,
    pub reason: String,
    #[serde(flatten)]
    pub fields: BTreeMap<String, String>,
}

pub struct Typed {
    pub float_yen: i32,
    pub cash: CashCount,
    pub explanations: BTreeMap<&'static str, String>,
}

pub const DIFFERENCE: &str = "cash";

impl RawClosing {
    fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    /// `cash_yen` is what the day's payments say; every list that is not empty, and a difference in cash, asks why.
    pub fn read(&self, lists: &[OpenList], cash_yen: i64) -> Result<Typed, FormErrors> {
        let mut e = FormErrors::default();
        let float_yen = e.take("float_yen", parse_amount(&self.float_yen, YEN_MAX), |error| match error {
            AmountError::Missing => "釣銭準備金を入れてください。なければ0です".into(),
            _ => "釣銭準備金は0以上の整数で入れてください".into(),
        });
        let cash = e.take("cash", CashCount::parse(|value| self.field(&format!("n_{value}"))), |(value, _)| {
            format!("{value}円の枚数は0から9999までの整数で入れてください")
        });
        let mut explanations = BTreeMap::new();
        let difference =
            float_yen.zip(cash).map(|(float, cash)| domain::day_close::difference_yen(cash.total_yen(), float.into(), cash_yen));
        let open = lists.iter().filter(|list| !list.items.is_empty()).map(|list| list.code);
        for code in open.chain(difference.filter(|yen| *yen != 0).map(|_| DIFFERENCE)) {
            match text::line(self.field(&format!("why_{code}")), WHY_LETTERS) {
                Ok(Some(why)) => drop(explanations.insert(code, why)),
                Ok(None) => e.add(why_field(code), "0件でないときは、理由を書いてから締めます"),
                Err(error) => e.add(why_field(code), text_message("理由", error)),
            }
        }
        match (float_yen, cash) {
            (Some(float_yen), Some(cash)) if e.is_empty() => Ok(Typed { float_yen, cash, explanations }),
            _ => Err(e),
        }
    }
}

/// The field of a list's explanation, by its static name.
pub fn why_field(code: &str) -> &'static str {
    match code {
        "unsigned" => "why_unsigned",
        "unbilled" => "why_unbilled",
        "unpaid" => "why_unpaid",
        "unchecked" => "why_unchecked",
        "unsent" => "why_unsent",
        "unregistered" => "why_unregistered",
        "unmatched" => "why_unmatched",
        "no_show" => "why_no_show",
        _ => "why_cash",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A list whose field has another name could never be explained, and the day never closed.
    #[test]
    fn every_list_is_explained_in_a_field_of_its_own() {
        for code in ["unsigned", "unbilled", "unsent", "unregistered", "unpaid", "unchecked", "unmatched", "no_show", DIFFERENCE] {
            assert_eq!(why_field(code), format!("why_{code}"));
        }
    }

    #[test]
    fn a_difference_and_an_open_list_ask_why() {
        let list = OpenList { code: "unsigned", label: "", todo: "", items: vec![] };
        let fields = BTreeMap::from([("n_1000".to_owned(), "3".to_owned())]);
        let raw = RawClosing { float_yen: "2000".into(), fields, ..RawClosing::default() };
        assert!(raw.read(std::slice::from_ref(&list), 1_000).is_ok());
        let missing = raw.read(&[list], 990).err().unwrap();
        assert_eq!(missing.iter().map(|(field, _)| field).collect::<Vec<_>>(), ["why_cash"]);
        let mut explained = raw.clone();
        explained.fields.insert("why_cash".into(), "10円玉の数え違い".into());
        assert_eq!(explained.read(&[], 990).unwrap().explanations["cash"], "10円玉の数え違い");
    }

    #[test]
    fn absurd_counts_are_said_at_the_field() {
        let fields = BTreeMap::from([("n_1".to_owned(), "99999999999".to_owned())]);
        let raw = RawClosing { float_yen: "-5".into(), fields, ..RawClosing::default() };
        let errors = raw.read(&[], 0).err().unwrap();
        assert_eq!(errors.iter().map(|(field, _)| field).collect::<Vec<_>>(), ["float_yen", "cash"]);
    }
}
