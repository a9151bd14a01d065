//! Small charts of the last rounds, drawn on the server as SVG; the same values stand in a table beside them.

use chrono::{DateTime, Utc};
use domain::clock::jst;
use domain::vital_signs::VitalItem;

use super::entity::vital_signs::Model;

const WIDTH: i64 = 300;
const HEIGHT: i64 = 96;
const LEFT: i64 = 44;
const RIGHT: i64 = 10;
const TOP: i64 = 10;
const BOTTOM: i64 = 24;

/// What is drawn together.
const CHARTS: [(&str, &[VitalItem]); 5] = [
    ("血圧", &[VitalItem::Systolic, VitalItem::Diastolic]),
    ("脈拍", &[VitalItem::Pulse]),
    ("体温", &[VitalItem::BodyTemperature]),
    ("SpO2", &[VitalItem::OxygenSaturation]),
    ("体重", &[VitalItem::Weight]),
];

#[derive(Debug, Clone)]
pub struct Chart {
    pub title: &'static str,
    pub unit: &'static str,
    pub lines: Vec<Line>,
    pub highest: String,
    pub lowest: String,
    pub from: String,
    pub to: String,
    /// The values in words, for those who do not see the picture.
    pub words: String,
}

#[derive(Debug, Clone)]
pub struct Line {
    /// `x,y x,y`
    pub points: String,
    pub marks: Vec<(i64, i64)>,
}

/// Everything measured at least twice.
pub fn charts(newest_first: &[Model]) -> Vec<Chart> {
    CHARTS.iter().filter_map(|(title, items)| chart(title, items, newest_first)).collect()
}

type Point = (DateTime<Utc>, i32);

fn chart(title: &'static str, items: &[VitalItem], rounds: &[Model]) -> Option<Chart> {
    let first = *items.first()?;
    let series: Vec<Vec<Point>> = items.iter().map(|item| points_of(*item, rounds)).collect();
    let all: Vec<Point> = series.iter().flatten().copied().collect();
    if series.first().is_none_or(|points| points.len() < 2) {
        return None;
    }
    let (from, to) = (all.iter().map(|p| p.0).min()?, all.iter().map(|p| p.0).max()?);
    let (low, high) = (all.iter().map(|p| p.1).min()?, all.iter().map(|p| p.1).max()?);
    let place = |(at, value): Point| (across(at, from, to), down(value, low, high));
    let lines = series.iter().map(|points| line(points.iter().copied().map(place).collect())).collect();
    let day = |at: DateTime<Utc>| jst(at).format("%-m/%-d").to_string();
    let said = series.first().into_iter().flatten().map(|(at, value)| format!("{} {}", day(*at), first.words(*value)));
    let words = said.collect::<Vec<_>>().join("、");
    Some(Chart {
        title,
        unit: first.unit(),
        lines,
        highest: first.words(high),
        lowest: first.words(low),
        from: day(from),
        to: day(to),
        words,
    })
}

/// Oldest first.
fn points_of(item: VitalItem, rounds: &[Model]) -> Vec<Point> {
    rounds.iter().rev().filter_map(|round| Some((round.measured_at, round.values().get(item)?))).collect()
}

fn line(marks: Vec<(i64, i64)>) -> Line {
    Line { points: marks.iter().map(|(x, y)| format!("{x},{y}")).collect::<Vec<_>>().join(" "), marks }
}

fn across(at: DateTime<Utc>, from: DateTime<Utc>, to: DateTime<Utc>) -> i64 {
    let span = (to - from).num_seconds().max(1);
    LEFT + (at - from).num_seconds() * (WIDTH - LEFT - RIGHT) / span
}

fn down(value: i32, low: i32, high: i32) -> i64 {
    let span = i64::from(high - low);
    let room = HEIGHT - TOP - BOTTOM;
    if span == 0 { TOP + room / 2 } else { TOP + i64::from(high - value) * room / span }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_is_on_top_and_the_newest_at_the_right() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let (from, to) = (at("2026-10-01T00:00:00Z"), at("2026-11-01T00:00:00Z"));
        assert_eq!((across(from, from, to), across(to, from, to)), (LEFT, WIDTH - RIGHT));
        assert_eq!(across(from, from, from), LEFT, "one moment does not divide by nothing");
        assert_eq!((down(1400, 1200, 1400), down(1200, 1200, 1400)), (TOP, HEIGHT - BOTTOM));
        assert_eq!(down(5, 5, 5), TOP + (HEIGHT - TOP - BOTTOM) / 2);
    }
}
