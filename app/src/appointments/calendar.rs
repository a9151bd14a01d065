//! The book as a table: a column for each schedule of a day, or for each day of a schedule; a row for each time.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, NaiveTime, Timelike, Utc};
use domain::clock::jst;
use domain::schedule::{Slot, clock_words, instant};
use uuid::Uuid;

use super::list::Row;
use super::views::BookingLine;
use crate::schedules::store::Plan;

/// What one column stands for.
#[derive(Debug, Clone)]
pub struct Column {
    pub schedule: Uuid,
    pub day: NaiveDate,
    pub title: String,
    /// Another way to look at it.
    pub href: String,
    pub is_today: bool,
}

#[derive(Debug, Clone)]
pub struct Line {
    pub time: String,
    pub cells: Vec<Cell>,
}

impl Line {
    /// Empty slots that are over only push the rest of the day down.
    fn is_worth_showing(&self) -> bool {
        self.cells.iter().any(|cell| !cell.bookings.is_empty() || cell.slot.as_ref().is_some_and(|slot| !slot.is_past))
    }
}

#[derive(Debug, Clone, Default)]
pub struct Cell {
    pub bookings: Vec<BookingLine>,
    pub slot: Option<CellSlot>,
}

#[derive(Debug, Clone)]
pub struct CellSlot {
    /// `schedule/day/minute`, as the buttons send it.
    pub code: String,
    /// For those who do not see where the button stands.
    pub words: String,
    pub left: i32,
    pub is_closed: bool,
    pub is_past: bool,
    pub can_overbook: bool,
}

impl CellSlot {
    pub fn is_bookable(&self) -> bool {
        self.left > 0 && !self.is_closed && !self.is_past
    }

    pub fn is_full(&self) -> bool {
        self.left == 0 && !self.is_closed && !self.is_past
    }
}

/// Every time that any column still offers or has booked, early first.
pub fn lines(columns: &[Column], plan: &Plan, rows: &[Row], now: DateTime<Utc>, line: impl Fn(&Row) -> BookingLine) -> Vec<Line> {
    let slots: Vec<Vec<Slot>> = columns.iter().map(|column| plan.slots(column.schedule, column.day)).collect();
    let of_column =
        |column: &Column| rows.iter().filter(|row| row.schedule_id == column.schedule && row.day == column.day).collect::<Vec<_>>();
    let booked: Vec<Vec<&Row>> = columns.iter().map(of_column).collect();
    let mut times: BTreeSet<i32> = slots.iter().flatten().map(|slot| slot.starts_min).collect();
    times.extend(booked.iter().flatten().map(|row| minute_of(row.starts_at)));
    let cell = |at: usize, minute: i32| {
        let slot = slots[at].iter().find(|slot| slot.starts_min == minute);
        Cell {
            bookings: booked[at].iter().filter(|row| minute_of(row.starts_at) == minute).map(|row| line(row)).collect(),
            slot: slot.map(|slot| cell_slot(&columns[at], plan, slot, &booked[at], now)),
        }
    };
    let line_of = |minute: i32| Line { time: clock_words(minute), cells: (0..columns.len()).map(|at| cell(at, minute)).collect() };
    times.into_iter().map(line_of).filter(Line::is_worth_showing).collect()
}

fn cell_slot(column: &Column, plan: &Plan, slot: &Slot, booked: &[&Row], now: DateTime<Utc>) -> CellSlot {
    let (from, to) = (instant(column.day, slot.starts_min), instant(column.day, slot.ends_min));
    let is_exclusive = plan.schedules.iter().any(|schedule| schedule.id == column.schedule && schedule.is_exclusive);
    let seats: Vec<i32> = if is_exclusive {
        booked.iter().filter(|row| row.starts_at < to && from < row.ends_at).map(|_| 1).collect()
    } else {
        booked.iter().filter(|row| row.starts_at == from).map(|row| row.seat_no).collect()
    };
    CellSlot {
        code: format!("{}/{}/{}", column.schedule, column.day, slot.starts_min),
        words: format!("{} {}", column.title, clock_words(slot.starts_min)),
        left: slot.left(&seats),
        is_closed: slot.is_closed,
        is_past: to <= now,
        can_overbook: !is_exclusive && slot.free_seat(&seats, true).is_ok(),
    }
}

/// Minutes after midnight in Japan.
pub fn minute_of(at: DateTime<Utc>) -> i32 {
    let time: NaiveTime = jst(at).time();
    i32::try_from(time.num_seconds_from_midnight() / 60).unwrap_or_default()
}
