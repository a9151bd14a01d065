//! 予約枠 (`Schedule`, `Slot`): which slots a weekly template makes on a day, and whose seat in one is free.
//!
//! Times of day are whole minutes after midnight in Japan. A slot is named by its schedule and its beginning; its seats are numbered
//! from 1, those above the capacity exist only for 重ね予約.

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveTime, Utc, Weekday};

const DAY_MIN: i32 = 24 * 60;
/// Shortest and longest slot, in minutes.
pub const INTERVAL_MIN: std::ops::RangeInclusive<i32> = 5..=240;
pub const CAPACITY: std::ops::RangeInclusive<i32> = 1..=50;
pub const OVERBOOK: std::ops::RangeInclusive<i32> = 0..=20;

/// 公開: who may take a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Visibility {
    /// 院内
    Staff,
    /// 院内+患者
    Patient,
}

impl Visibility {
    pub const ALL: [Self; 2] = [Self::Staff, Self::Patient];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Staff => "staff",
            Self::Patient => "patient",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Staff => "院内",
            Self::Patient => "院内+患者",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|visibility| visibility.code() == code)
    }
}

/// 枠定義: every week on one weekday, within the days it is valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pub weekday: Weekday,
    pub starts_min: i32,
    pub ends_min: i32,
    pub interval_min: i32,
    /// 定員 of each slot.
    pub capacity: i32,
    /// 重ね上限: further seats that only 重ね予約 gives away.
    pub overbook_limit: i32,
    pub visibility: Visibility,
    /// What may be booked here; empty = anything.
    pub purposes: Vec<String>,
    pub valid_from: NaiveDate,
    /// The last day.
    pub valid_to: Option<NaiveDate>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    #[error("ends before it begins, or not within the day")]
    Times,
    #[error("the interval is too short, too long, or longer than the time")]
    Interval,
    #[error("capacity out of bounds")]
    Capacity,
    #[error("overbooking out of bounds")]
    Overbook,
    #[error("the last day is before the first")]
    Validity,
    #[error("another template covers the same time")]
    Overlap,
}

impl Template {
    pub fn check(&self) -> Result<(), TemplateError> {
        let length = self.ends_min - self.starts_min;
        match () {
            () if self.starts_min < 0 || self.ends_min > DAY_MIN || length <= 0 => Err(TemplateError::Times),
            () if !INTERVAL_MIN.contains(&self.interval_min) || self.interval_min > length => Err(TemplateError::Interval),
            () if !CAPACITY.contains(&self.capacity) => Err(TemplateError::Capacity),
            () if !OVERBOOK.contains(&self.overbook_limit) => Err(TemplateError::Overbook),
            () if self.valid_to.is_some_and(|to| to < self.valid_from) => Err(TemplateError::Validity),
            () => Ok(()),
        }
    }

    /// Two templates of one schedule must not make the same moment twice.
    pub fn overlaps(&self, other: &Self) -> bool {
        let same_days = self.valid_to.is_none_or(|to| other.valid_from <= to) && other.valid_to.is_none_or(|to| self.valid_from <= to);
        let same_hours = self.starts_min < other.ends_min && other.starts_min < self.ends_min;
        self.weekday == other.weekday && same_days && same_hours
    }

    fn is_valid_on(&self, day: NaiveDate) -> bool {
        self.weekday == day.weekday() && self.valid_from <= day && self.valid_to.is_none_or(|to| day <= to)
    }

    /// Only whole slots: what is left of the time at the end is not offered.
    fn slots(&self) -> impl Iterator<Item = Slot> + '_ {
        let step = usize::try_from(self.interval_min.max(1)).unwrap_or(1);
        (self.starts_min..self.ends_min).step_by(step).map(|starts_min| self.slot(starts_min)).filter(|slot| slot.ends_min <= self.ends_min)
    }

    fn slot(&self, starts_min: i32) -> Slot {
        Slot {
            starts_min,
            ends_min: starts_min + self.interval_min,
            capacity: self.capacity,
            overbook_limit: self.overbook_limit,
            is_closed: false,
        }
    }
}

/// 休診 of a part of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closure {
    pub day: NaiveDate,
    pub from_min: i32,
    pub to_min: i32,
}

impl Closure {
    pub const fn whole_day(day: NaiveDate) -> Self {
        Self { day, from_min: 0, to_min: DAY_MIN }
    }

    fn touches(&self, slot: &Slot) -> bool {
        slot.starts_min < self.to_min && self.from_min < slot.ends_min
    }

    /// Whether a booking of that time is hit.
    pub fn covers(&self, day: NaiveDate, starts_min: i32, ends_min: i32) -> bool {
        self.day == day && starts_min < self.to_min && self.from_min < ends_min
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    pub starts_min: i32,
    pub ends_min: i32,
    pub capacity: i32,
    pub overbook_limit: i32,
    /// 休診
    pub is_closed: bool,
}

/// The slots of one schedule on one day, early first; those of a 休診 are there and closed.
pub fn slots_on(templates: &[Template], closures: &[Closure], day: NaiveDate) -> Vec<Slot> {
    let mut slots: Vec<Slot> = templates.iter().filter(|template| template.is_valid_on(day)).flat_map(Template::slots).collect();
    slots.sort_by_key(|slot| slot.starts_min);
    slots.dedup_by_key(|slot| slot.starts_min);
    for slot in &mut slots {
        slot.is_closed = closures.iter().any(|closure| closure.day == day && closure.touches(slot));
    }
    slots
}

/// Why no seat is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoSeat {
    #[error("closed")]
    Closed,
    /// Taken; `can_overbook` says whether 重ね予約 would still find one.
    #[error("full")]
    Full { can_overbook: bool },
}

impl Slot {
    /// The lowest free seat. Above the capacity only for the explicit act of overbooking.
    pub fn free_seat(&self, taken: &[i32], overbook: bool) -> Result<i32, NoSeat> {
        if self.is_closed {
            return Err(NoSeat::Closed);
        }
        let free = |until: i32| (1..=until).find(|seat| !taken.contains(seat));
        match (free(self.capacity), free(self.capacity + self.overbook_limit)) {
            (Some(seat), _) => Ok(seat),
            (None, Some(seat)) if overbook => Ok(seat),
            (None, extra) => Err(NoSeat::Full { can_overbook: extra.is_some() }),
        }
    }

    /// Seats that anybody may still take.
    pub fn left(&self, taken: &[i32]) -> i32 {
        if self.is_closed { 0 } else { (1..=self.capacity).filter(|seat| !taken.contains(seat)).count().try_into().unwrap_or(0) }
    }
}

/// The moment a minute of a day in Japan begins.
pub fn instant(day: NaiveDate, minute: i32) -> DateTime<Utc> {
    const JST_MIN: i64 = 9 * 60;
    day.and_time(NaiveTime::MIN).and_utc() + Duration::minutes(i64::from(minute) - JST_MIN)
}

/// `9:30` → 570. Full-width digits and `930` are read, too.
pub fn parse_minute(input: &str) -> Option<i32> {
    use unicode_normalization::UnicodeNormalization;
    let text: String = input.trim().nfkc().collect();
    let (hour, minute) = match text.split_once(':') {
        Some(parts) => parts,
        None if (3..=4).contains(&text.len()) && text.is_ascii() => text.split_at(text.len() - 2),
        None => (text.as_str(), "0"),
    };
    let number = |part: &str| part.parse::<i32>().ok().filter(|_| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    let (hour, minute) = (number(hour)?, number(minute)?);
    ((0..=24).contains(&hour) && (0..60).contains(&minute) && hour * 60 + minute <= DAY_MIN).then_some(hour * 60 + minute)
}

/// 570 → `9:30`.
pub fn clock_words(minute: i32) -> String {
    format!("{}:{:02}", minute / 60, minute % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn morning() -> Template {
        Template {
            weekday: Weekday::Fri,
            starts_min: 9 * 60,
            ends_min: 10 * 60 + 10,
            interval_min: 30,
            capacity: 2,
            overbook_limit: 1,
            visibility: Visibility::Staff,
            purposes: vec![],
            valid_from: day("2026-04-01"),
            valid_to: None,
        }
    }

    #[test]
    fn a_template_makes_whole_slots_on_its_weekday() {
        let slots = slots_on(&[morning()], &[], day("2026-11-20"));
        assert_eq!(slots.iter().map(|slot| slot.starts_min).collect::<Vec<_>>(), [540, 570]);
        assert!(slots_on(&[morning()], &[], day("2026-11-21")).is_empty());
        assert!(slots_on(&[morning()], &[], day("2026-03-27")).is_empty(), "before it is valid");
        let half = Closure { day: day("2026-11-20"), from_min: 0, to_min: 560 };
        let closed: Vec<bool> = slots_on(&[morning()], &[half], day("2026-11-20")).iter().map(|slot| slot.is_closed).collect();
        assert_eq!(closed, [true, false]);
    }

    #[test]
    fn a_seat_above_the_capacity_is_given_on_purpose_only() {
        let slot = morning().slot(540);
        assert_eq!(slot.free_seat(&[], false), Ok(1));
        assert_eq!(slot.free_seat(&[2], false), Ok(1));
        assert_eq!(slot.free_seat(&[1, 2], false), Err(NoSeat::Full { can_overbook: true }));
        assert_eq!(slot.free_seat(&[1, 2], true), Ok(3));
        assert_eq!(slot.free_seat(&[1, 2, 3], true), Err(NoSeat::Full { can_overbook: false }));
        assert_eq!(Slot { is_closed: true, ..slot }.free_seat(&[], true), Err(NoSeat::Closed));
        assert_eq!((slot.left(&[3]), slot.left(&[1, 2])), (2, 0));
    }

    #[test]
    fn impossible_templates_are_refused() {
        let wrong = |change: fn(&mut Template)| {
            let mut template = morning();
            change(&mut template);
            template.check().err()
        };
        assert_eq!(wrong(|_| {}), None);
        assert_eq!(wrong(|t| t.ends_min = t.starts_min), Some(TemplateError::Times));
        assert_eq!(wrong(|t| t.ends_min = 24 * 60 + 1), Some(TemplateError::Times));
        assert_eq!(wrong(|t| t.interval_min = 71), Some(TemplateError::Interval));
        assert_eq!(wrong(|t| t.interval_min = 0), Some(TemplateError::Interval));
        assert_eq!(wrong(|t| t.capacity = 0), Some(TemplateError::Capacity));
        assert_eq!(wrong(|t| t.overbook_limit = 21), Some(TemplateError::Overbook));
        assert_eq!(wrong(|t| t.valid_to = Some(day("2026-03-31"))), Some(TemplateError::Validity));
    }

    #[test]
    fn templates_of_one_schedule_must_not_overlap() {
        let afternoon = Template { starts_min: 14 * 60, ends_min: 17 * 60, ..morning() };
        assert!(!morning().overlaps(&afternoon));
        assert!(morning().overlaps(&Template { starts_min: 10 * 60, ends_min: 11 * 60, ..morning() }));
        assert!(!morning().overlaps(&Template { weekday: Weekday::Mon, ..morning() }));
        let old = Template { valid_from: day("2020-04-01"), valid_to: Some(day("2026-03-31")), ..morning() };
        assert!(!morning().overlaps(&old));
    }

    #[test]
    fn moments_and_times_of_day() {
        assert_eq!(instant(day("2026-11-20"), 570).to_rfc3339(), "2026-11-20T00:30:00+00:00");
        assert_eq!(
            ["9:30", "９：３０", "930", "9", "24:00", "24:01", "9:60", "", "朝", "-1"].map(parse_minute),
            [Some(570), Some(570), Some(570), Some(540), Some(1440), None, None, None, None, None]
        );
        assert_eq!(clock_words(545), "9:05");
    }
}
