//! What was typed, and what it means.

use domain::billing::{AmountError, POINTS_MAX, PaymentMethod, QUANTITY_MAX, SECTIONS, UnpaidReason, YEN_MAX, grouped, parse_amount};
use domain::monthly_cap::CapRule;
use domain::text;
use serde::{Deserialize, Serialize};

use super::acts::Settlement;
use super::payers::AUTO;
use super::procedures::Procedure;
use super::store::BilledLine;
use crate::patients::forms::text_message;
use crate::web::FormErrors;

const NAME_LETTERS: usize = 60;
const NOTE_LETTERS: usize = 100;
/// 後日: a way of not paying now, beside the ways of paying.
pub const LATER: &str = "later";

/// Every form of the bill's page; each act reads the fields it knows.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct RawBillForm {
    pub patient_token: String,
    pub idempotency_key: String,
    pub version: String,
    /// Name of the line, or what was typed to find it.
    pub q: String,
    pub code: String,
    pub section: String,
    pub points: String,
    pub unit_yen: String,
    pub quantity: String,
    pub copay: String,
    pub public_yen: String,
    pub public_rule: String,
    pub cap_rule: String,
    pub amount: String,
    pub method: String,
    pub unpaid_reason: String,
    pub note: String,
    pub refund_amount: String,
    pub refund_method: String,
    pub reason: String,
}

pub struct Change {
    pub copay_percent: Option<i32>,
    pub public_yen: i32,
    /// What public payers bear is computed, or was entered.
    pub public_rule: &'static str,
    /// 限度額の数え方; none leaves it as it is.
    pub cap_rule: Option<CapRule>,
}

pub struct Refund {
    pub amount_yen: i32,
    pub method: PaymentMethod,
    pub reason: String,
}

impl RawBillForm {
    /// One line: of the master when one was chosen, else as typed.
    pub fn line(&self, chosen: Option<&Procedure>) -> Result<BilledLine, FormErrors> {
        let mut e = FormErrors::default();
        let quantity = if self.quantity.trim().is_empty() {
            Some(1)
        } else {
            let read = parse_amount(&self.quantity, QUANTITY_MAX).and_then(|n| if n == 0 { Err(AmountError::OutOfRange) } else { Ok(n) });
            e.take("quantity", read, |error| amount_message("数量", *error, QUANTITY_MAX))
        };
        let section = SECTIONS.iter().map(|(code, _)| *code).find(|code| *code == self.section);
        let line = match chosen {
            Some(found) => BilledLine {
                section: section.unwrap_or(found.section()).to_owned(),
                code: found.code.clone(),
                name: found.name.clone(),
                points: found.points(),
                unit_yen: 0,
                quantity: 1,
            },
            None => self.typed_line(section, &mut e),
        };
        match quantity {
            Some(quantity) if e.is_empty() => Ok(BilledLine { quantity, ..line }),
            _ => Err(e),
        }
    }

    fn typed_line(&self, section: Option<&str>, e: &mut FormErrors) -> BilledLine {
        let name = e.take("q", text::required_line(&self.q, NAME_LETTERS), |error| text_message("名称", *error));
        let points = optional(e, "points", "点数", &self.points, POINTS_MAX);
        let unit_yen = optional(e, "unit_yen", "自費の円", &self.unit_yen, YEN_MAX);
        match (points, unit_yen) {
            (Some(None), Some(None)) => e.add("points", "候補から選ぶか、点数か自費の円を入れてください"),
            (Some(Some(_)), Some(Some(_))) => e.add("unit_yen", "点数と自費の円は、どちらか一つだけ入れてください"),
            _ => {}
        }
        let unit_yen = unit_yen.flatten();
        let usual = if unit_yen.is_some() { "950" } else { "800" };
        BilledLine {
            section: section.unwrap_or(usual).to_owned(),
            code: String::new(),
            name: name.unwrap_or_default(),
            points: points.flatten().unwrap_or_default(),
            unit_yen: unit_yen.unwrap_or_default(),
            quantity: 1,
        }
    }

    pub fn terms(&self) -> Result<Change, FormErrors> {
        let mut e = FormErrors::default();
        let copay = match self.copay.as_str() {
            "" => Some(None),
            text => e
                .take("copay", text.parse::<i32>().ok().filter(|p| (0..=100).contains(p)).ok_or(()), |()| {
                    "負担割合を一覧から選んでください".into()
                })
                .map(Some),
        };
        let public_yen = optional(&mut e, "public_yen", "公費", &self.public_yen, YEN_MAX);
        let public_rule = if self.public_rule == AUTO { AUTO } else { "" };
        if public_rule == AUTO && public_yen.flatten().is_some_and(|yen| yen > 0) {
            e.add("public_yen", "受給者証から計算するときは空か0のままにしてください。手で入れるときは「手で入れる」を選んでください");
        }
        let cap_rule = match self.cap_rule.as_str() {
            "" => Some(None),
            code => e.take("cap_rule", CapRule::from_code(code).ok_or(()), |()| "限度額の数え方を一覧から選んでください".into()).map(Some),
        };
        match (copay, public_yen, cap_rule) {
            (Some(copay_percent), Some(public_yen), Some(cap_rule)) if e.is_empty() => {
                Ok(Change { copay_percent, public_yen: public_yen.unwrap_or_default(), public_rule, cap_rule })
            }
            _ => Err(e),
        }
    }

    pub fn settlement(&self) -> Result<Settlement, FormErrors> {
        let mut e = FormErrors::default();
        let method = match self.method.as_str() {
            LATER => Some(None),
            code => e.take("method", PaymentMethod::from_code(code).ok_or(()), |()| "支払い方法を選んでください".into()).map(Some),
        };
        let amount_yen = match method {
            Some(None) => Some(0),
            _ => e.take("amount", parse_amount(&self.amount, YEN_MAX), |error| amount_message("入金", *error, YEN_MAX)),
        };
        let reason = match self.unpaid_reason.as_str() {
            "" => Some(None),
            code => {
                e.take("unpaid_reason", UnpaidReason::from_code(code).ok_or(()), |()| "残る理由を一覧から選んでください".into()).map(Some)
            }
        };
        let note = e.take("note", text::line(&self.note, NOTE_LETTERS), |error| text_message("メモ", *error));
        match (method, amount_yen, reason, note) {
            (Some(method), Some(amount_yen), Some(reason), Some(note)) => {
                Ok(Settlement { method, amount_yen, reason, note: note.unwrap_or_default() })
            }
            _ => Err(e),
        }
    }

    pub fn refund(&self) -> Result<Refund, FormErrors> {
        let mut e = FormErrors::default();
        let amount = e.take("refund_amount", parse_amount(&self.refund_amount, YEN_MAX), |error| amount_message("返金", *error, YEN_MAX));
        let method = PaymentMethod::from_code(&self.refund_method).ok_or(());
        let method = e.take("refund_method", method, |()| "返す方法を選んでください".into());
        let reason = self.reason_in(&mut e);
        match (amount, method, reason) {
            (Some(amount_yen), Some(method), Some(reason)) => Ok(Refund { amount_yen, method, reason }),
            _ => Err(e),
        }
    }

    pub fn correction(&self) -> Result<String, FormErrors> {
        let mut e = FormErrors::default();
        self.reason_in(&mut e).ok_or(e)
    }

    fn reason_in(&self, e: &mut FormErrors) -> Option<String> {
        e.take("reason", text::required_line(&self.reason, NOTE_LETTERS), |error| text_message("理由", *error))
    }
}

/// `None` when something is wrong, `Some(None)` when nothing was typed.
fn optional(e: &mut FormErrors, field: &'static str, what: &str, typed: &str, max: i32) -> Option<Option<i32>> {
    match parse_amount(typed, max) {
        Err(AmountError::Missing) => Some(None),
        read => e.take(field, read, |error| amount_message(what, *error, max)).map(Some),
    }
}

fn amount_message(what: &str, error: AmountError, max: i32) -> String {
    match error {
        AmountError::Missing => format!("{what}を入れてください"),
        AmountError::NotNumber => format!("{what}は0以上の整数で入れてください"),
        AmountError::OutOfRange => format!("{what}は{}までです", grouped(max.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong<T>(read: Result<T, FormErrors>) -> Vec<&'static str> {
        read.err().map(|errors| errors.iter().map(|(field, _)| field).collect()).unwrap_or_default()
    }

    fn raw() -> RawBillForm {
        RawBillForm { q: "診断書".into(), unit_yen: "3,300".into(), ..RawBillForm::default() }
    }

    #[test]
    fn a_typed_line_is_points_or_yen() {
        let line = raw().line(None).unwrap();
        assert_eq!((line.unit_yen, line.points, line.quantity, line.section.as_str()), (3_300, 0, 1, "950"));
        assert_eq!(wrong(RawBillForm { points: "10".into(), ..raw() }.line(None)), ["unit_yen"]);
        assert_eq!(wrong(RawBillForm { unit_yen: String::new(), ..raw() }.line(None)), ["points"]);
        assert_eq!(wrong(RawBillForm { q: "あ".repeat(61), ..raw() }.line(None)), ["q"]);
        assert_eq!(wrong(RawBillForm { quantity: "0".into(), ..raw() }.line(None)), ["quantity"]);
        assert_eq!(wrong(RawBillForm { quantity: "12345678901".into(), ..raw() }.line(None)), ["quantity"]);
    }

    #[test]
    fn a_chosen_procedure_brings_its_own_points() {
        let found = Procedure { code: "160008010".into(), name: "見本検査".into(), points_hundredths: Some(2_600) };
        let line = RawBillForm { quantity: "２".into(), points: "9".into(), ..raw() }.line(Some(&found)).unwrap();
        assert_eq!((line.points, line.quantity, line.section.as_str(), line.name.as_str()), (26, 2, "600", "見本検査"));
    }

    #[test]
    fn money_is_checked_field_by_field() {
        let pay = RawBillForm { method: "cash".into(), amount: "８７０".into(), ..RawBillForm::default() };
        assert_eq!(pay.settlement().unwrap().amount_yen, 870);
        assert_eq!(wrong(RawBillForm { amount: "-1".into(), method: "gold".into(), ..pay.clone() }.settlement()), ["method", "amount"]);
        let later = RawBillForm { method: LATER.into(), amount: "".into(), unpaid_reason: "short".into(), ..pay.clone() };
        assert_eq!(later.settlement().unwrap().method, None);
        assert_eq!(wrong(RawBillForm { unpaid_reason: "x".into(), ..pay }.settlement()), ["unpaid_reason"]);
        assert_eq!(wrong(RawBillForm::default().refund()), ["refund_amount", "refund_method", "reason"]);
        assert_eq!(
            wrong(RawBillForm { copay: "101".into(), public_yen: "x".into(), ..RawBillForm::default() }.terms()),
            ["copay", "public_yen"]
        );
    }
}
