//! 院内処方の登録: what was handed out in the clinic itself is told the national service, so that others' checks see it. No pharmacy
//! takes it in, so it has no 引換番号 and no 控え, and the clinic's own truth never waits for it.

use chrono::{Datelike, Months, NaiveDate};

use super::registration::Fate;
use crate::codes;

codes! {
    /// When what an inpatient gets is registered; outpatients' and discharge medicine always at once.
    InpatientTiming {
        Daily "daily" "その日の終わりに"
        Closing "closing" "締め日に"
        Discharge "discharge" "退院のときに"
    }
}

codes! {
    /// 処方区分
    Care { Outpatient "1" "外来" Inpatient "2" "入院" Discharge "3" "退院" }
}

codes! {
    /// 院内処方の登録の状態
    InsideStatus {
        /// 退院を待っている
        Held "held" "退院時に登録"
        Pending "pending" "登録待ち"
        Refused "refused" "登録できませんでした"
        Registered "registered" "登録済"
        Changing "changing" "変更中"
        Changed "changed" "変更済"
        Withdrawing "withdrawing" "取消中"
        Withdrawn "withdrawn" "取消済"
    }
}

/// When a registration is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    Now,
    /// As soon as this day is over.
    After(NaiveDate),
    Discharge,
}

/// What a clinic has chosen for its inpatients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InpatientRule {
    pub timing: InpatientTiming,
    /// 締め日, 1 to 28; 31 is the last day of the month.
    pub closing_day: u8,
}

impl InpatientRule {
    pub const LAST_DAY: u8 = 31;

    pub fn is_sound(closing_day: u8) -> bool {
        matches!(closing_day, 1..=28 | Self::LAST_DAY)
    }

    pub fn due(self, care: Care, day: NaiveDate) -> Due {
        match (care, self.timing) {
            (Care::Outpatient | Care::Discharge, _) => Due::Now,
            (Care::Inpatient, InpatientTiming::Daily) => Due::After(day),
            (Care::Inpatient, InpatientTiming::Closing) => Due::After(self.next_closing(day)),
            (Care::Inpatient, InpatientTiming::Discharge) => Due::Discharge,
        }
    }

    /// The closing day of this month, or of the next when it is over.
    fn next_closing(self, day: NaiveDate) -> NaiveDate {
        let closing_of = |month: NaiveDate| {
            let last = month.with_day(1).and_then(|first| first.checked_add_months(Months::new(1))).and_then(|next| next.pred_opt());
            let own = if self.closing_day == Self::LAST_DAY { None } else { month.with_day(u32::from(self.closing_day)) };
            own.or(last).unwrap_or(day)
        };
        let this = closing_of(day);
        if day <= this { this } else { day.checked_add_months(Months::new(1)).map_or(this, closing_of) }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InsideEvent {
    /// 退院
    Release,
    Accepted,
    TurnedDown,
    /// 登録し直す, by a person
    Again,
    /// The 処方 was taken back.
    Withdraw(Fate),
    /// Nothing stands there any more.
    Cleared,
    /// The service did not let it go.
    Kept,
    /// Another 処方 is on its way into its place.
    Change,
    Replaced,
    /// The other one was not taken.
    Spared,
}

/// The act does not fit where the registration stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not possible in this state")]
pub struct NotNow;

impl InsideStatus {
    /// The service has it, or may have it.
    pub const fn may_stand(self) -> bool {
        !matches!(self, Self::Held | Self::Refused | Self::Changed | Self::Withdrawn)
    }

    pub const fn can_be_changed(self) -> bool {
        matches!(self, Self::Held | Self::Registered)
    }

    pub fn after(self, event: InsideEvent) -> Result<Self, NotNow> {
        use InsideEvent as E;
        Ok(match (self, event) {
            (Self::Held, E::Release) | (Self::Refused, E::Again) => Self::Pending,
            (Self::Pending | Self::Refused, E::Accepted) => Self::Registered,
            (Self::Pending | Self::Refused, E::TurnedDown) => Self::Refused,
            (Self::Held, E::Withdraw(_)) | (Self::Pending | Self::Refused, E::Withdraw(Fate::Never)) => Self::Withdrawn,
            (Self::Pending | Self::Refused, E::Withdraw(Fate::Unknown)) | (Self::Registered | Self::Changing, E::Withdraw(_)) => {
                Self::Withdrawing
            }
            (Self::Withdrawing, E::Cleared) => Self::Withdrawn,
            (Self::Withdrawing, E::Kept) => Self::Registered,
            (Self::Registered, E::Change) => Self::Changing,
            (Self::Held, E::Change) => Self::Changed,
            (Self::Changing | Self::Registered, E::Replaced) => Self::Changed,
            (Self::Changing, E::Spared) => Self::Registered,
            _ => return Err(NotNow),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use InsideEvent as E;
    use InsideStatus as S;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// FN-EP-11
    #[test]
    fn only_what_an_inpatient_gets_waits_and_as_the_clinic_chose() {
        let rule = |timing, closing_day| InpatientRule { timing, closing_day };
        let at = day("2026-11-20");
        for timing in InpatientTiming::ALL {
            for care in [Care::Outpatient, Care::Discharge] {
                assert_eq!(rule(*timing, 31).due(care, at), Due::Now, "{timing:?} {care:?}");
            }
        }
        let due = |timing, closing| rule(timing, closing).due(Care::Inpatient, at);
        assert_eq!(due(InpatientTiming::Daily, 31), Due::After(at));
        assert_eq!(due(InpatientTiming::Discharge, 31), Due::Discharge);
        assert_eq!(due(InpatientTiming::Closing, 20), Due::After(at), "today is the day");
        assert_eq!(due(InpatientTiming::Closing, 19), Due::After(day("2026-12-19")));
        assert_eq!(due(InpatientTiming::Closing, 31), Due::After(day("2026-11-30")));
        let new_year = rule(InpatientTiming::Closing, 15).due(Care::Inpatient, day("2026-12-31"));
        assert_eq!(new_year, Due::After(day("2027-01-15")));
        assert!(InpatientRule::is_sound(28) && InpatientRule::is_sound(31) && !InpatientRule::is_sound(29) && !InpatientRule::is_sound(0));
    }

    /// FN-EP-11: nothing leaves an end but a new wish, and what the service may have is always asked for before it is forgotten.
    #[test]
    fn what_may_stand_there_is_taken_back_before_it_ends() {
        for status in S::ALL.iter().filter(|status| status.may_stand() && **status != S::Withdrawing) {
            assert_eq!(status.after(E::Withdraw(Fate::Unknown)), Ok(S::Withdrawing), "{status:?}");
        }
        assert_eq!(S::Held.after(E::Withdraw(Fate::Never)), Ok(S::Withdrawn));
        assert_eq!(S::Held.after(E::Change), Ok(S::Changed), "nothing was sent");
        assert_eq!(S::Withdrawing.after(E::Cleared), Ok(S::Withdrawn));
        assert_eq!(S::Registered.after(E::Change).and_then(|s| s.after(E::Spared)), Ok(S::Registered));
        assert_eq!(S::Changing.after(E::Replaced), Ok(S::Changed));
        for end in [S::Changed, S::Registered] {
            assert!(end.after(E::Accepted).is_err() && end.after(E::Again).is_err(), "{end:?}");
        }
    }
}
