//! Raw fields of a round to values, collecting what is wrong and what is unusual.

use chrono::{DateTime, Duration, NaiveDateTime, Utc};
use domain::clock::jst;
use domain::vital_signs::{Acuity, JCS, VitalError, VitalItem, VitalSigns, is_unusual};
use serde::{Deserialize, Serialize};

use crate::web::FormErrors;

/// How a browser writes a local moment.
const LOCAL: &str = "%Y-%m-%dT%H:%M";
/// Older than this is a mistyped day, not a late entry.
const OLDEST_D: i64 = 7;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RoundForm {
    pub patient_token: String,
    pub idempotency_key: String,
    pub measured_at: String,
    pub bt: String,
    pub sbp: String,
    pub dbp: String,
    pub hr: String,
    pub spo2: String,
    pub rr: String,
    pub wt: String,
    pub ht: String,
    pub bs: String,
    pub nrs: String,
    pub jcs: String,
    pub acuity: String,
    /// Unusual values a person has seen in amber: `wt=26.5 bt=39.8`.
    pub seen: String,
}

/// A round as it was read.
pub struct Read {
    pub measured_at: DateTime<Utc>,
    pub values: VitalSigns,
    pub jcs: String,
    pub acuity: String,
}

impl RoundForm {
    pub fn new(key: uuid::Uuid, now: DateTime<Utc>) -> Self {
        let measured_at = jst(now).format(LOCAL).to_string();
        Self { idempotency_key: key.to_string(), measured_at, acuity: Acuity::Routine.code().into(), ..Self::default() }
    }

    pub fn typed(&self, item: VitalItem) -> &str {
        match item {
            VitalItem::BodyTemperature => &self.bt,
            VitalItem::Systolic => &self.sbp,
            VitalItem::Diastolic => &self.dbp,
            VitalItem::Pulse => &self.hr,
            VitalItem::OxygenSaturation => &self.spo2,
            VitalItem::Respiration => &self.rr,
            VitalItem::Weight => &self.wt,
            VitalItem::Height => &self.ht,
            VitalItem::Glucose => &self.bs,
            VitalItem::Pain => &self.nrs,
        }
    }

    pub fn read(&self, now: DateTime<Utc>) -> Result<Read, FormErrors> {
        let mut errors = FormErrors::default();
        let measured_at = errors.take("measured_at", self.time(now), |message| (*message).to_owned());
        let mut values = VitalSigns::default();
        for item in VitalItem::ALL {
            let typed = self.typed(item).trim();
            if !typed.is_empty() {
                values.set(item, errors.take(item.key(), item.parse(typed), |error| sentence(item, *error)));
            }
        }
        if values.has_crossed_pressure() {
            errors.add("dbp", "拡張期血圧は収縮期血圧より低い値です。入れ違っていないか確かめてください");
        }
        if !self.jcs.is_empty() && !JCS.contains(&self.jcs.as_str()) {
            errors.add("jcs", "意識(JCS)を一覧から選んでください");
        }
        if !self.acuity.is_empty() && Acuity::from_code(&self.acuity).is_none() {
            errors.add("acuity", "トリアージを選んでください");
        }
        if errors.is_empty() && values.is_empty() && self.jcs.is_empty() {
            errors.add("bt", "測った値を一つ以上入れてください");
        }
        match measured_at {
            Some(measured_at) if errors.is_empty() => Ok(Read { measured_at, values, jcs: self.jcs.clone(), acuity: self.acuity.clone() }),
            _ => Err(errors),
        }
    }

    fn time(&self, now: DateTime<Utc>) -> Result<DateTime<Utc>, &'static str> {
        let local = NaiveDateTime::parse_from_str(self.measured_at.get(..16).unwrap_or_default(), LOCAL);
        let local = local.map_err(|_| "測定時刻を読めません。選び直してください")?;
        let at = local.and_local_timezone(domain::encounter::jst()).single().ok_or("測定時刻を読めません。選び直してください")?;
        let at = at.with_timezone(&Utc);
        if at > now + Duration::minutes(1) {
            return Err("測定時刻がいまより後です");
        }
        if at < now - Duration::days(OLDEST_D) {
            return Err("測定時刻は7日前までです");
        }
        Ok(at)
    }

    fn has_seen(&self, item: VitalItem, value: i32) -> bool {
        let wanted = format!("{}={}", item.key(), item.words(value));
        self.seen.split_whitespace().any(|seen| seen == wanted)
    }

    /// Values nobody has yet looked at twice: the person is shown them before they are kept.
    pub fn unseen(&self, values: &VitalSigns, usual: impl Fn(VitalItem) -> Option<i32>) -> Vec<VitalItem> {
        let is_new = |item: &VitalItem| match (values.get(*item), usual(*item)) {
            (Some(value), Some(usual)) => is_unusual(value, usual) && !self.has_seen(*item, value),
            _ => false,
        };
        VitalItem::ALL.into_iter().filter(is_new).collect()
    }

    /// The unusual values have now been shown.
    pub fn note_seen(&mut self, values: &VitalSigns, items: &[VitalItem]) {
        for item in items {
            if let Some(value) = values.get(*item) {
                self.seen = format!("{} {}={}", self.seen, item.key(), item.words(value)).trim().to_owned();
            }
        }
    }
}

fn sentence(item: VitalItem, error: VitalError) -> String {
    let (label, limits, unit) = (item.label(), item.limits_words(), item.unit());
    match error {
        VitalError::NotANumber => format!("{label}は数字で入れてください({limits}{unit})"),
        VitalError::OneDecimal => format!("{label}の小数は1桁までです"),
        VitalError::WholeNumber => format!("{label}は整数で入れてください"),
        VitalError::OutOfLimits => format!("{label}は {limits}{unit} の範囲で入れてください"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-11-20T01:00:00Z".parse().unwrap()
    }

    fn form() -> RoundForm {
        RoundForm { wt: "26.5".into(), measured_at: "2026-11-20T09:50".into(), ..RoundForm::default() }
    }

    #[test]
    fn an_unusual_value_is_shown_once() {
        let mut form = form();
        let read = form.read(now()).ok().unwrap();
        let usual = |item| (item == VitalItem::Weight).then_some(625);
        assert_eq!(form.unseen(&read.values, usual), [VitalItem::Weight]);
        form.note_seen(&read.values, &[VitalItem::Weight]);
        assert_eq!((form.unseen(&read.values, usual).len(), form.seen.as_str()), (0, "wt=26.5"));
        form.wt = "25.6".into();
        let read = form.read(now()).ok().unwrap();
        assert_eq!(form.unseen(&read.values, usual), [VitalItem::Weight], "another value is looked at again");
    }

    #[test]
    fn the_time_of_measuring_lies_behind_us() {
        let at = |text: &str| RoundForm { measured_at: text.into(), ..form() }.read(now()).map(|read| read.measured_at);
        assert_eq!(at("2026-11-20T09:50").ok(), Some("2026-11-20T00:50:00Z".parse().unwrap()));
        assert_eq!(at("2026-11-19T23:00:00").ok(), Some("2026-11-19T14:00:00Z".parse().unwrap()));
        for text in ["2026-11-20T10:02", "2026-11-12T09:00", "きのう", "", "2026-11-20", "二〇二六年十一月二十日だよ"] {
            assert!(at(text).is_err(), "{text}");
        }
    }

    #[test]
    fn nothing_measured_is_told() {
        let empty = RoundForm { wt: String::new(), ..form() };
        assert!(empty.read(now()).is_err_and(|errors| errors.of("bt").is_some()));
        let only_jcs = RoundForm { jcs: "1".into(), ..empty };
        assert!(only_jcs.read(now()).is_ok());
    }
}
