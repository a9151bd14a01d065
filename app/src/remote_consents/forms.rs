//! The days of consents to fetch, as typed.

use chrono::{Days, NaiveDate};
use domain::check_in::CareSetting;
use domain::wareki;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::web::FormErrors;

/// The service gives a month at a time.
const MOST_DAYS: u64 = 31;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RawListing {
    pub idempotency_key: String,
    pub setting: String,
    pub from: String,
    pub to: String,
}

#[derive(Debug, Clone, Copy)]
pub struct Span {
    pub setting: CareSetting,
    pub from: NaiveDate,
    pub to: NaiveDate,
}

impl RawListing {
    pub fn begun(key: Uuid, today: NaiveDate) -> Self {
        Self { idempotency_key: key.to_string(), setting: CareSetting::Home.code().into(), from: today.to_string(), to: today.to_string() }
    }

    pub fn read(&self, today: NaiveDate) -> Result<(Uuid, Span), FormErrors> {
        let mut errors = FormErrors::default();
        let setting = CareSetting::from_code(&self.setting).filter(|setting| setting.is_remote()).ok_or(());
        let setting = errors.take("setting", setting, |()| "訪問診療等かオンライン診療等を選んでください".into());
        let day = |errors: &mut FormErrors, field: &'static str, typed: &str| {
            errors.take(field, wareki::parse_past(typed, today), |_| "今日までの日付を R8.11.20 か 2026-11-20 の形で入れてください".into())
        };
        let (from, to) = (day(&mut errors, "from", &self.from), day(&mut errors, "to", &self.to));
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            errors.add("to", "終わりが始まりより前です");
        } else if from.zip(to).is_some_and(|(from, to)| from.checked_add_days(Days::new(MOST_DAYS)).is_some_and(|last| last < to)) {
            errors.add("to", "一度に取り込めるのは31日分までです");
        }
        match (self.idempotency_key.parse(), setting, from.zip(to)) {
            (Ok(key), Some(setting), Some((from, to))) if errors.is_empty() => Ok((key, Span { setting, from, to })),
            (Err(_), ..) if errors.is_empty() => {
                errors.add("setting", "画面を開き直してから取り込んでください");
                Err(errors)
            }
            _ => Err(errors),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_in_the_past_in_order_and_no_longer_than_a_month() {
        let today: NaiveDate = "2026-11-20".parse().unwrap();
        let raw = RawListing::begun(Uuid::nil(), today);
        let typed = |from: &str, to: &str| RawListing { from: from.into(), to: to.into(), ..raw.clone() };
        assert!(raw.read(today).is_ok() && typed("R8.10.20", "R8.11.20").read(today).is_ok());
        let refused =
            |raw: RawListing| raw.read(today).unwrap_err().iter().map(|(field, _)| field.to_owned()).collect::<Vec<_>>().join(" ");
        assert_eq!(refused(typed("2026-11-20", "2026-11-19")), "to");
        assert_eq!(refused(typed("2026-10-19", "2026-11-20")), "to");
        assert_eq!(refused(typed("2026-11-21", "x")), "from to");
        assert_eq!(refused(RawListing { setting: "outpatient".into(), ..raw.clone() }), "setting");
        assert_eq!(refused(RawListing { idempotency_key: String::new(), ..raw.clone() }), "setting");
    }
}
