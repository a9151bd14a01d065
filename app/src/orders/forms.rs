//! An order and a result as they were typed.

use std::collections::BTreeMap;

use domain::order::fold;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::web::FormErrors;

const NOTE_MAX_CHARS: usize = 100;
const VALUE_MAX_CHARS: usize = 60;
/// Fields of results carry the code behind this.
const VALUE: &str = "value_";

/// How an item is ordered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderContent {
    pub quantity: u8,
    pub is_stat: bool,
    pub note: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RawOrderForm {
    pub patient_token: String,
    pub idempotency_key: String,
    /// What was typed to find the item.
    pub order_q: String,
    pub code: String,
    pub quantity: String,
    pub is_stat: String,
    pub note: String,
}

impl RawOrderForm {
    pub fn begun(key: Uuid) -> Self {
        Self { idempotency_key: key.to_string(), ..Self::default() }
    }

    pub fn read(&self) -> Result<OrderContent, FormErrors> {
        let mut e = FormErrors::default();
        let typed: String = fold(&self.quantity).chars().filter(|c| !c.is_whitespace()).collect();
        let quantity = if typed.is_empty() { Ok(1) } else { typed.parse().ok().filter(|n| (1..=99).contains(n)).ok_or(()) };
        let quantity = e.take("quantity", quantity, |()| "数量は1から99までの数字で入れてください".into());
        let note = e.take("note", plain(&self.note, NOTE_MAX_CHARS), |()| format!("指示は{NOTE_MAX_CHARS}文字までです"));
        match (quantity, note) {
            (Some(quantity), Some(note)) => Ok(OrderContent { quantity, is_stat: !self.is_stat.is_empty(), note }),
            _ => Err(e),
        }
    }
}

fn plain(text: &str, longest: usize) -> Result<String, ()> {
    let text = text.trim();
    if text.chars().any(char::is_control) || text.chars().count() > longest { Err(()) } else { Ok(text.to_owned()) }
}

/// 結果入力 of one order: a field for each value.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ResultForm {
    pub patient_token: String,
    pub idempotency_key: String,
    pub version: String,
    #[serde(flatten)]
    pub fields: BTreeMap<String, String>,
}

impl ResultForm {
    /// Values by their code, empty ones left out; or the code that is too long.
    pub fn read(&self) -> Result<BTreeMap<String, String>, String> {
        let mut values = BTreeMap::new();
        for (name, typed) in &self.fields {
            let Some(code) = name.strip_prefix(VALUE) else { continue };
            match plain(&fold(typed), VALUE_MAX_CHARS) {
                Ok(value) if value.is_empty() => {}
                Ok(value) => {
                    values.insert(code.to_owned(), value);
                }
                Err(()) => return Err(code.to_owned()),
            }
        }
        Ok(values)
    }

    pub fn typed(&self, code: &str) -> &str {
        self.fields.get(&format!("{VALUE}{code}")).map_or("", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_one_to_ninety_nine() {
        let read = |quantity: &str| RawOrderForm { quantity: quantity.into(), ..RawOrderForm::default() }.read().map(|c| c.quantity);
        assert_eq!((read(""), read("１２")), (Ok(1), Ok(12)));
        for wrong in ["0", "100", "-1", "三", "1.5"] {
            assert!(read(wrong).unwrap_err().of("quantity").is_some(), "{wrong}");
        }
        let long = RawOrderForm { note: "あ".repeat(101), ..RawOrderForm::default() };
        assert!(long.read().unwrap_err().of("note").is_some());
    }

    #[test]
    fn values_are_read_by_code_and_empty_ones_left_out() {
        let form = ResultForm {
            fields: [("value_A", "７.９"), ("value_B", " "), ("other", "x")].map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
            ..ResultForm::default()
        };
        assert_eq!(form.read().unwrap(), [("A".to_owned(), "7.9".to_owned())].into());
        let long = ResultForm { fields: [("value_A".to_owned(), "9".repeat(61))].into(), ..ResultForm::default() };
        assert_eq!(long.read(), Err("A".into()));
    }
}
