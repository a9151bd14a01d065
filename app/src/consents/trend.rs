//! A small picture of one item over time: 健診 as squares, our own as circles; the same values stand in words beside it.

use chrono::NaiveDate;
use domain::checkup_trend::{Line, thousandths};

const WIDTH: i64 = 160;
const HEIGHT: i64 = 36;
const EDGE: i64 = 6;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// `x,y x,y`, oldest first
    pub points: String,
    /// Left upper corner of a square of six.
    pub checkups: Vec<(i64, i64)>,
    pub own: Vec<(i64, i64)>,
    /// For those who do not see it.
    pub words: String,
}

struct Point {
    on: NaiveDate,
    value: i64,
    is_own: bool,
    words: String,
}

/// `None` with fewer than two numbers. `days` are the checkups' days, in the order of the line's values.
pub fn picture(line: &Line<'_>, days: &[Option<NaiveDate>]) -> Option<Picture> {
    let checkups = line.checkups.iter().zip(days).filter_map(|(finding, on)| point((*on)?, &finding.as_ref()?.value, false));
    let own = line.own.iter().filter_map(|own| point(own.on, &own.value, true));
    let mut points: Vec<Point> = checkups.chain(own).collect();
    points.sort_by_key(|point| point.on);
    if points.len() < 2 {
        return None;
    }
    let (from, to) = (points.first()?.on, points.last()?.on);
    let (low, high) = (points.iter().map(|p| p.value).min()?, points.iter().map(|p| p.value).max()?);
    let place = |p: &Point| {
        let x = EDGE + (p.on - from).num_days() * (WIDTH - 2 * EDGE) / (to - from).num_days().max(1);
        let y = if low == high { HEIGHT / 2 } else { EDGE + (high - p.value) * (HEIGHT - 2 * EDGE) / (high - low) };
        (x, y)
    };
    let of = |is_own: bool| points.iter().filter(move |p| p.is_own == is_own).map(place);
    Some(Picture {
        points: points.iter().map(place).map(|(x, y)| format!("{x},{y}")).collect::<Vec<_>>().join(" "),
        checkups: of(false).map(|(x, y)| (x - 3, y - 3)).collect(),
        own: of(true).collect(),
        words: points.iter().map(|p| p.words.as_str()).collect::<Vec<_>>().join("、"),
    })
}

fn point(on: NaiveDate, text: &str, is_own: bool) -> Option<Point> {
    let whose = if is_own { "当院" } else { "健診" };
    Some(Point { on, value: thousandths(text)?, is_own, words: format!("{on} {whose} {text}") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::care_history::Finding;
    use domain::checkup_trend::Own;

    #[test]
    fn both_are_drawn_in_time_each_with_its_own_mark() {
        let finding = |value: &str| Finding {
            code: "3D046".into(),
            name: "HbA1c".into(),
            value: value.into(),
            unit: "%".into(),
            value_name: String::new(),
        };
        let (latest, first, none) = (finding("6.0"), finding("5.0"), finding("判定不能"));
        let day = |m| NaiveDate::from_ymd_opt(2026, m, 1);
        let own = Own { analytes: &[], on: day(6).unwrap(), value: "5.5".into(), unit: "%".into() };
        let line = Line { finding: &latest, checkups: vec![Some(&latest), Some(&none), Some(&first)], own: vec![&own] };
        let drawn = picture(&line, &[day(11), day(8), day(1)]).unwrap();
        assert_eq!((drawn.checkups.len(), drawn.own.len()), (2, 1));
        assert!(drawn.points.starts_with("6,30 ") && drawn.points.ends_with(" 154,6"), "{}", drawn.points);
        assert_eq!(drawn.words, "2026-01-01 健診 5.0、2026-06-01 当院 5.5、2026-11-01 健診 6.0");
        assert_eq!(picture(&line, &[None, None, None]), None, "one number is no trend");
    }
}
