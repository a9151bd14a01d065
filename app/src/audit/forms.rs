//! What somebody looks for in the log: a few words in the address, each checked.

use chrono::{DateTime, Days, NaiveDate, TimeZone, Utc};
use domain::StaffId;
use serde::{Deserialize, Serialize};
use tenancy::clock::JST;
use tenancy::{Act, InfoClass, Outcome};
use uuid::Uuid;

use crate::web::FormErrors;

/// Without dates the last 31 days are shown; older ones are one field away.
const DAYS_SHOWN: u64 = 31;

/// The address's words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct RawFilter {
    pub from: String,
    pub to: String,
    pub staff: String,
    pub act: String,
    pub info: String,
    pub outcome: String,
    pub patient: String,
    /// Where the page before ended.
    pub before: String,
    /// Why the log is taken out of the house; asked by the export only.
    pub reason: String,
}

/// A checked filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    pub from: DateTime<Utc>,
    /// The first moment that is not shown any more.
    pub until: DateTime<Utc>,
    pub staff: Option<StaffId>,
    pub act: Option<Act>,
    pub info: Option<InfoClass>,
    pub outcome: Option<Outcome>,
    pub patient_number: Option<String>,
    /// The last event of the page before: this one begins below it.
    pub before: Option<Uuid>,
}

impl RawFilter {
    /// Every wrong word gets a message; the rest stays as it was typed.
    pub fn validate(&self, today: NaiveDate) -> Result<Filter, FormErrors> {
        let mut errors = FormErrors::default();
        let to = self.day("to", &self.to, &mut errors).unwrap_or(today);
        let from = self.day("from", &self.from, &mut errors).unwrap_or(to.checked_sub_days(Days::new(DAYS_SHOWN)).unwrap_or(to));
        if from > to {
            errors.add("from", "始まりの日が終わりの日より後です");
        }
        let filter = Filter {
            from: midnight(from),
            until: midnight(to.succ_opt().unwrap_or(to)),
            staff: choice("staff", &self.staff, &mut errors, |text| text.parse().ok()),
            act: choice("act", &self.act, &mut errors, Act::from_code),
            info: choice("info", &self.info, &mut errors, InfoClass::from_code),
            outcome: choice("outcome", &self.outcome, &mut errors, Outcome::from_code),
            patient_number: Some(self.patient.trim().to_owned()).filter(|number| !number.is_empty()),
            before: choice("before", &self.before, &mut errors, |text| text.parse().ok()),
        };
        if filter.patient_number.as_ref().is_some_and(|number| number.chars().count() > 20) {
            errors.add("patient", "患者番号は20文字までです");
        }
        if errors.is_empty() { Ok(filter) } else { Err(errors) }
    }

    fn day(&self, field: &'static str, text: &str, errors: &mut FormErrors) -> Option<NaiveDate> {
        if text.trim().is_empty() {
            return None;
        }
        let message = |_: &_| format!("「{text}」は日付として読めません。2026-11-20 や R8.11.20 のように入れてください");
        errors.take(field, domain::wareki::parse(text), message)
    }

    /// The same search without its page, as an address.
    pub fn address(&self) -> String {
        let words = [
            ("from", &self.from),
            ("to", &self.to),
            ("staff", &self.staff),
            ("act", &self.act),
            ("info", &self.info),
            ("outcome", &self.outcome),
            ("patient", &self.patient),
        ];
        let words = words.iter().filter(|(_, word)| !word.is_empty());
        let encoded: Vec<String> = words
            .map(|(name, word)| format!("{name}={}", askama::filters::urlencode_strict(word).map_or(String::new(), |w| w.to_string())))
            .collect();
        encoded.join("&")
    }
}

fn choice<T>(field: &'static str, text: &str, errors: &mut FormErrors, read: impl Fn(&str) -> Option<T>) -> Option<T> {
    if text.is_empty() {
        return None;
    }
    let found = read(text);
    if found.is_none() {
        errors.add(field, "一覧から選び直してください");
    }
    found
}

/// Days are days in Japan.
fn midnight(day: NaiveDate) -> DateTime<Utc> {
    let local = day.and_hms_opt(0, 0, 0).unwrap_or_default();
    JST.from_local_datetime(&local).single().map_or(DateTime::<Utc>::MIN_UTC, |at| at.with_timezone(&Utc))
}

/// Why the log leaves the house. Codes, because what is typed has no place in the log.
pub const EXPORT_REASONS: [(&str, &str); 5] = [
    ("review", "定期の点検"),
    ("patient_request", "患者本人からの開示の求め"),
    ("incident", "事故・苦情の調査"),
    ("authority", "監督官庁・審査機関の求め"),
    ("handover", "システムの移行・引継ぎ"),
];

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 20).unwrap()
    }

    #[test]
    fn days_are_days_in_japan_and_the_last_month_is_the_default() {
        let filter = RawFilter::default().validate(today()).unwrap();
        assert_eq!(filter.until.to_rfc3339(), "2026-11-20T15:00:00+00:00");
        assert_eq!(filter.until - filter.from, chrono::TimeDelta::days(32));
        let raw = RawFilter { from: "R8.11.1".into(), to: "2026-11-02".into(), ..RawFilter::default() };
        assert_eq!(raw.validate(today()).unwrap().from.to_rfc3339(), "2026-10-31T15:00:00+00:00");
    }

    #[test]
    fn every_wrong_word_is_named() {
        let raw = RawFilter {
            from: "2026-13-45".into(),
            act: "fly".into(),
            staff: "nobody".into(),
            before: "zzz".into(),
            ..RawFilter::default()
        };
        let errors = raw.validate(today()).unwrap_err();
        assert_eq!(errors.iter().map(|(field, _)| field).collect::<Vec<_>>(), ["from", "staff", "act", "before"]);
        let backwards = RawFilter { from: "2026-11-20".into(), to: "2026-11-01".into(), ..RawFilter::default() };
        assert!(backwards.validate(today()).unwrap_err().of("from").is_some());
    }
}
