//! The price table. Amounts are yen with tax.

use domain::billing::grouped;
use serde::Deserialize;

const TABLE: &str = include_str!("prices.toml");

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    pub plan: Vec<Plan>,
    pub group: Vec<Group>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    pub name: String,
    pub for_whom: String,
    pub initial: u32,
    pub monthly: u32,
    /// What the monthly amount is counted by; empty for the institution.
    pub per: String,
    pub ready: bool,
    pub holds: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    pub name: String,
    pub options: Vec<PriceOption>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceOption {
    pub name: String,
    pub about: String,
    pub initial: Option<u32>,
    pub monthly: Option<u32>,
    #[serde(default)]
    pub per: String,
    pub ready: bool,
}

impl Prices {
    /// # Errors
    /// When the table is not the TOML described in its head.
    pub fn read() -> Result<Self, basic_toml::Error> {
        basic_toml::from_str(TABLE)
    }

    pub fn count(&self) -> usize {
        self.group.iter().map(|group| group.options.len()).sum()
    }
}

impl Plan {
    pub fn monthly_yen(&self) -> String {
        grouped(self.monthly.into())
    }

    pub fn initial_yen(&self) -> String {
        grouped(self.initial.into())
    }
}

impl PriceOption {
    pub fn initial_words(&self) -> String {
        words(self.initial, "")
    }

    pub fn monthly_words(&self) -> String {
        words(self.monthly, &self.per)
    }

    pub fn yearly_words(&self) -> String {
        let yearly = self.monthly.filter(|yen| *yen > 0 && self.per.is_empty()).map(|yen| yen * 12);
        words(yearly, "")
    }
}

fn words(yen: Option<u32>, per: &str) -> String {
    match (yen, per) {
        (None, _) => "–".to_owned(),
        (Some(0), _) => "含む".to_owned(),
        (Some(yen), "") => format!("{}円", grouped(yen.into())),
        (Some(yen), per) => format!("{}円/{per}", grouped(yen.into())),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// PB-01: every amount is in the table; nothing is left to ask for.
    #[test]
    fn every_option_has_an_amount() {
        let prices = Prices::read().unwrap();
        assert_eq!(prices.plan.len(), 3);
        for option in prices.group.iter().flat_map(|group| &group.options) {
            assert!(option.initial.is_some() || option.monthly.is_some(), "{}", option.name);
        }
    }

    #[test]
    fn amounts_are_read_in_threes() {
        assert_eq!([0, 900, 17_600, 1_234_567].map(grouped), ["0", "900", "17,600", "1,234,567"]);
        assert_eq!(words(Some(9), "通"), "9円/通");
    }
}
