//! 予約 (`Appointment`): its states and who may take it from one to the next (workflow §1 `AppointmentStatus`).

use chrono::{DateTime, Duration, Utc};

/// How long a seat is kept while somebody is still on the telephone.
pub const HOLD_MIN: i64 = 5;
/// How long after the day's last slot a booking without a visit counts as 無断キャンセル.
pub const NO_SHOW_AFTER_MIN: i64 = 60;

/// Where a booking stands (FHIR `Appointment.status`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AppointmentStatus {
    /// 仮押さえ
    Held,
    /// 予約
    Booked,
    /// 来院
    Arrived,
    /// 無断キャンセル
    NoShow,
    /// 取消
    Cancelled,
}

/// Why a booking cannot go where somebody wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AppointmentRefusal {
    #[error("already in that state")]
    SameState,
    #[error("no path between the states")]
    NoPath,
    #[error("a reason is needed")]
    ReasonNeeded,
}

impl AppointmentStatus {
    pub const ALL: [Self; 5] = [Self::Held, Self::Booked, Self::Arrived, Self::NoShow, Self::Cancelled];

    /// The stored code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Booked => "booked",
            Self::Arrived => "arrived",
            Self::NoShow => "no_show",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads a stored code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.code() == code)
    }

    /// The words on the page.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Held => "仮押さえ",
            Self::Booked => "予約",
            Self::Arrived => "来院",
            Self::NoShow => "無断キャンセル",
            Self::Cancelled => "取消",
        }
    }

    /// The seat is somebody's; the unique rule of the table counts the same rows.
    pub const fn keeps_seat(self) -> bool {
        !matches!(self, Self::Cancelled)
    }

    /// Whether the time can still be moved or given up.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Held | Self::Booked)
    }

    /// Judges a move. Somebody who comes after having been marked as missing is still received.
    pub fn check_move(self, to: Self, has_reason: bool) -> Result<(), AppointmentRefusal> {
        use AppointmentStatus::{Arrived, Booked, Cancelled, Held, NoShow};
        match (self, to) {
            (from, to) if from == to => Err(AppointmentRefusal::SameState),
            (Held, Booked) | (Booked | NoShow, Arrived) | (Booked, NoShow) | (Held, Cancelled) => Ok(()),
            (Booked | NoShow, Cancelled) if has_reason => Ok(()),
            (Booked | NoShow, Cancelled) => Err(AppointmentRefusal::ReasonNeeded),
            _ => Err(AppointmentRefusal::NoPath),
        }
    }
}

/// Until when a seat held now is kept.
pub fn held_until(now: DateTime<Utc>) -> DateTime<Utc> {
    now + Duration::minutes(HOLD_MIN)
}

/// Whether the booking of a day that closed at `closes_at` has become a 無断キャンセル.
pub fn is_no_show(closes_at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    now >= closes_at + Duration::minutes(NO_SHOW_AFTER_MIN)
}

/// 経路: how the booking came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Route {
    Desk,
    Phone,
    Web,
    Chart,
}

impl Route {
    pub const ALL: [Self; 4] = [Self::Desk, Self::Phone, Self::Web, Self::Chart];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Desk => "desk",
            Self::Phone => "phone",
            Self::Web => "web",
            Self::Chart => "chart",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Desk => "窓口",
            Self::Phone => "電話",
            Self::Web => "Web",
            Self::Chart => "カルテ",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|route| route.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::AppointmentStatus::*;
    use super::*;

    #[test]
    fn the_table_of_moves() {
        let may = |from: AppointmentStatus, to| from.check_move(to, true).is_ok();
        let allowed: Vec<_> = AppointmentStatus::ALL
            .into_iter()
            .flat_map(|from| AppointmentStatus::ALL.map(|to| (from, to)))
            .filter(|(a, b)| may(*a, *b))
            .collect();
        assert_eq!(
            allowed,
            [
                (Held, Booked),
                (Held, Cancelled),
                (Booked, Arrived),
                (Booked, NoShow),
                (Booked, Cancelled),
                (NoShow, Arrived),
                (NoShow, Cancelled)
            ]
        );
        assert_eq!(Booked.check_move(Cancelled, false), Err(AppointmentRefusal::ReasonNeeded));
        assert_eq!(Arrived.check_move(Cancelled, true), Err(AppointmentRefusal::NoPath));
    }

    #[test]
    fn an_hour_after_closing_who_did_not_come_is_missing() {
        let closed: DateTime<Utc> = "2026-11-20T09:30:00Z".parse().unwrap();
        assert!(!is_no_show(closed, closed + Duration::minutes(59)));
        assert!(is_no_show(closed, closed + Duration::minutes(60)));
    }
}
