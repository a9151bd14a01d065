//! The status page: two figures, ninety days a service, what happened.

use askama::Template;
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use domain::availability::{Availability, Minutes, ServiceCondition};
use tenancy::availability::{Day, Outage};

use super::{CHART, SERVICES};

const DAYS_SHOWN: u64 = 90;
/// Three missed looks: nobody is measuring any more.
const STALE: TimeDelta = TimeDelta::minutes(4);

/// One day of one service, as a bar.
pub struct Bar {
    pub kind: &'static str,
    pub words: String,
}

pub struct ServiceRow {
    pub name: &'static str,
    pub bars: Vec<Bar>,
    pub figure: Option<Availability>,
    /// Tone, mark and word of the present moment.
    pub now: (&'static str, &'static str, &'static str),
    pub summary: String,
}

pub struct OutageRow {
    pub name: &'static str,
    pub began: String,
    pub ended: Option<String>,
    pub minutes: i64,
}

#[derive(Template)]
#[template(path = "availability/status.html")]
pub struct StatusPage {
    pub official: Option<Availability>,
    pub strict: Option<Availability>,
    pub minutes: Minutes,
    pub since: Option<NaiveDate>,
    pub first_shown: NaiveDate,
    pub services: Vec<ServiceRow>,
    pub outages: Vec<OutageRow>,
    pub headline: (&'static str, &'static str, String),
    pub at: String,
}

impl StatusPage {
    pub fn of(days: &[Day], outages: &[Outage], now: DateTime<Utc>, today: NaiveDate) -> Self {
        let first_shown = today.checked_sub_days(Days::new(DAYS_SHOWN - 1)).unwrap_or(today);
        let own: Vec<&Day> = days.iter().filter(|day| day.service == CHART).collect();
        let minutes = own.iter().fold(Minutes::default(), |sum, day| sum + day.minutes);
        let row = |(code, name): (&'static str, &'static str)| {
            let days: Vec<&Day> = days.iter().filter(|day| day.service == code).collect();
            ServiceRow::of(name, &days, first_shown, now)
        };
        let services: Vec<ServiceRow> = SERVICES.into_iter().map(row).collect();
        Self {
            official: minutes.official(),
            strict: minutes.strict(),
            minutes,
            since: own.first().map(|day| day.day),
            first_shown,
            headline: headline(&services),
            services,
            outages: outages.iter().map(|outage| OutageRow::of(outage, now)).collect(),
            at: clock(now),
        }
    }

    /// `1時間08分`.
    pub fn down_words(&self) -> String {
        spell(self.minutes.down)
    }

    pub fn measured_words(&self) -> String {
        spell(self.minutes.measured())
    }
}

fn spell(minutes: u64) -> String {
    if minutes < 60 { format!("{minutes}分") } else { format!("{}時間{:02}分", minutes / 60, minutes % 60) }
}

fn clock(at: DateTime<Utc>) -> String {
    domain::clock::jst(at).format("%Y-%m-%d %H:%M").to_string()
}

fn headline(services: &[ServiceRow]) -> (&'static str, &'static str, String) {
    let bad: Vec<&str> = services.iter().filter(|s| s.now.0 == "stop" || s.now.0 == "warn").map(|s| s.name).collect();
    match (bad.as_slice(), services.first()) {
        ([], Some(first)) if first.now.0 == "ok" => ("ok", "check-c", "動いています。".to_owned()),
        ([], _) => ("info", "info", "いまの様子は計測していません。".to_owned()),
        (bad, _) => ("warn", "tri", format!("{}に支障があります。", bad.join("・"))),
    }
}

impl ServiceRow {
    fn of(name: &'static str, days: &[&Day], first_shown: NaiveDate, now: DateTime<Utc>) -> Self {
        let bar = |offset: u64| {
            let date = first_shown + Days::new(offset);
            Bar::of(date, days.iter().find(|day| day.day == date).map(|day| day.minutes))
        };
        let minutes = days.iter().fold(Minutes::default(), |sum, day| sum + day.minutes);
        let fresh = days.last().filter(|day| now - day.last_at < STALE);
        Self {
            name,
            bars: (0..DAYS_SHOWN).map(bar).collect(),
            figure: minutes.official(),
            now: match fresh.map(|day| day.last) {
                Some(ServiceCondition::Up) => ("ok", "check-c", ServiceCondition::Up.label()),
                Some(ServiceCondition::Slow) => ("warn", "tri", ServiceCondition::Slow.label()),
                Some(ServiceCondition::Down) => ("stop", "stop", ServiceCondition::Down.label()),
                None => ("none", "c-dash", "未計測"),
            },
            summary: format!("{}日を計測、停止 {}", days.len(), spell(minutes.down)),
        }
    }
}

impl Bar {
    fn of(date: NaiveDate, minutes: Option<Minutes>) -> Self {
        let (kind, words) = match minutes {
            None => ("none", "未計測".to_owned()),
            Some(m) if m.down > 0 => ("down", format!("停止 {}", spell(m.down))),
            Some(m) if m.slow > 0 => ("slow", format!("遅い {}", spell(m.slow))),
            Some(_) => ("up", "正常".to_owned()),
        };
        Self { kind, words: format!("{} {words}", date.format("%m/%d")) }
    }
}

impl OutageRow {
    fn of(outage: &Outage, now: DateTime<Utc>) -> Self {
        let name = SERVICES.iter().find(|(code, _)| *code == outage.service).map_or("", |(_, name)| name);
        let lasted = outage.ended_at.unwrap_or(now) - outage.began_at;
        Self { name, began: clock(outage.began_at), ended: outage.ended_at.map(clock), minutes: lasted.num_minutes().max(1) }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::web::samples;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    /// AV-05, AV-09: what was measured is shown as measured, everything else as 未計測.
    #[test]
    fn what_nobody_measured_is_said_so() {
        let (now, today) = (at("2026-11-20T03:00:00Z"), NaiveDate::from_ymd_opt(2026, 11, 20).unwrap());
        let empty = StatusPage::of(&[], &[], now, today);
        assert!(empty.official.is_none() && empty.services.iter().all(|s| s.bars.iter().all(|b| b.kind == "none")));
        assert!(samples::show("status-empty", &empty).contains("未計測"));
        let day = |ago: u64, down: u64| Day {
            service: CHART.into(),
            day: today - Days::new(ago),
            minutes: Minutes { up: 1_440 - down, slow: 0, down },
            last_at: now - TimeDelta::minutes(1) - TimeDelta::days(i64::try_from(ago).unwrap()),
            last: ServiceCondition::Up,
        };
        let days: Vec<Day> = (0..30).rev().map(|ago| day(ago, if ago == 12 { 68 } else { 0 })).collect();
        let outage = Outage { service: CHART.into(), began_at: at("2026-11-08T05:02:00Z"), ended_at: Some(at("2026-11-08T06:10:00Z")) };
        let page = StatusPage::of(&days, &[outage], now, today);
        let html = samples::show("status", &page);
        assert_eq!(page.official.unwrap().to_string(), "99.842");
        assert!(html.contains("1時間08分") && html.contains("68分"));
        assert_eq!(page.services[0].bars.iter().filter(|b| b.kind == "down").count(), 1);
        assert_eq!(page.services[1].now.2, "未計測");
    }

    #[test]
    fn an_old_look_is_no_look() {
        let (now, today) = (at("2026-11-20T03:00:00Z"), NaiveDate::from_ymd_opt(2026, 11, 20).unwrap());
        let day = Day {
            service: CHART.into(),
            day: today,
            minutes: Minutes { up: 5, slow: 0, down: 0 },
            last_at: now - TimeDelta::minutes(10),
            last: ServiceCondition::Up,
        };
        assert_eq!(StatusPage::of(&[day], &[], now, today).services[0].now.2, "未計測");
    }
}
