//! 電子処方箋の登録: where a registered 処方箋 stands between the clinic, the national service and the pharmacy.
//!
//! One prescription is never on paper and registered at once: it becomes paper only when nothing was ever sent, or after the service
//! has been asked and what stood there has been taken back.

use super::head::RxStatus;
use crate::codes;
use crate::outbox::{Delivery, Parcel};

codes! {
    /// 電子処方箋の状態
    RegistrationStatus {
        Pending "pending" "登録待ち"
        Refused "refused" "登録できませんでした"
        Registered "registered" "登録済"
        /// A registration that may have arrived is looked for and taken back; then it is paper.
        ToPaper "to_paper" "紙へ切替中"
        Withdrawing "withdrawing" "取消中"
        /// 薬局が受付
        Received "received" "薬局で調剤中"
        Dispensed "dispensed" "調剤済"
        /// 薬局が回収
        Collected "collected" "薬局で回収済"
        Paper "paper" "紙へ切替済"
        Withdrawn "withdrawn" "取消済"
        /// Another 処方箋 is being put in its place.
        Changing "changing" "変更中"
        /// Another 処方箋 stands in its place; its numbers are dead.
        Changed "changed" "変更済"
        /// 取消UNDO
        Restoring "restoring" "取消を戻しています"
        /// 変更UNDO: what stood before comes back.
        Reverting "reverting" "変更を戻しています"
    }
}

/// What is certain of a registration that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is not there, and nothing is on its way.
    Never,
    /// It may be there.
    Unknown,
}

impl Fate {
    /// Read off the message that carries the registration.
    pub const fn of(parcel: &Parcel) -> Self {
        match parcel.state {
            Delivery::Refused => Self::Never,
            Delivery::Sending | Delivery::Done => Self::Unknown,
            Delivery::Waiting | Delivery::GivenUp | Delivery::Withdrawn if parcel.may_have_arrived => Self::Unknown,
            Delivery::Waiting | Delivery::GivenUp | Delivery::Withdrawn => Self::Never,
        }
    }
}

/// What the service says of a prescription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    Waiting,
    Received,
    Dispensed,
    Collected,
    Withdrawn,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegistrationEvent {
    Accepted,
    TurnedDown,
    /// 紙へ切替, by the doctor
    Paper(Fate),
    /// 取消, by the doctor
    Withdraw(Fate),
    /// The service was asked: nothing stands there any more.
    Cleared,
    /// It cannot be taken back: a pharmacy has it.
    Taken,
    /// It cannot be taken back for another reason, and stands.
    Kept,
    /// 変更, by the doctor: another is on its way
    Change,
    /// The other one stands now.
    Replaced,
    /// The other one was not taken.
    Spared,
    /// The other one gave its place back.
    Revived,
    /// 取消UNDO, by the doctor
    Restore,
    /// 変更UNDO, by the doctor
    Revert,
    /// あとから登録, of what went out on paper
    Late,
    Seen(Seen),
}

/// Why an act is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RegistrationRefusal {
    #[error("registered already")]
    Registered,
    #[error("a pharmacy has it")]
    AtPharmacy,
    #[error("dispensed")]
    Dispensed,
    #[error("being resolved")]
    Underway,
    #[error("ended")]
    Ended,
    /// 分割: a part does not come back before the one it follows.
    #[error("an earlier part was taken back")]
    EarlierPart,
}

impl RegistrationStatus {
    /// The service has, or may have, or is about to have it: no paper may leave.
    pub const fn bars_paper(self) -> bool {
        !matches!(self, Self::Paper | Self::Withdrawn | Self::Changed)
    }

    /// Something is still to be done before the day ends.
    pub const fn is_unfinished(self) -> bool {
        matches!(
            self,
            Self::Pending | Self::Refused | Self::ToPaper | Self::Withdrawing | Self::Changing | Self::Restoring | Self::Reverting
        )
    }

    /// A pharmacy may still do something with it.
    pub const fn is_watched(self) -> bool {
        matches!(self, Self::Registered | Self::Received)
    }

    pub const fn can_become_paper(self) -> bool {
        matches!(self, Self::Pending | Self::Refused)
    }

    /// An errand of its own is on its way that may have to be pushed on.
    pub const fn is_underway(self) -> bool {
        matches!(self, Self::ToPaper | Self::Withdrawing | Self::Restoring | Self::Reverting)
    }

    pub const fn can_be_withdrawn(self) -> bool {
        matches!(self, Self::Pending | Self::Refused | Self::Registered)
    }

    /// The state of the 処方箋 itself that goes with it; none while it stays what it was.
    pub const fn rx_status(self) -> Option<RxStatus> {
        match self {
            Self::Registered | Self::Received | Self::Collected => Some(RxStatus::Registered),
            Self::Dispensed => Some(RxStatus::Dispensed),
            Self::Paper => Some(RxStatus::IssuedPaper),
            Self::Withdrawn => Some(RxStatus::Withdrawn),
            Self::Changed => Some(RxStatus::Changed),
            Self::Pending | Self::Refused | Self::ToPaper | Self::Withdrawing | Self::Changing | Self::Restoring | Self::Reverting => None,
        }
    }

    pub fn after(self, event: RegistrationEvent) -> Result<Self, RegistrationRefusal> {
        use RegistrationEvent as E;
        Ok(match (self, event) {
            (Self::Pending | Self::Refused, E::Accepted) => Self::Registered,
            (Self::Pending | Self::Refused, E::TurnedDown) => Self::Refused,
            (Self::Pending | Self::Refused, E::Paper(Fate::Never)) => Self::Paper,
            (Self::Pending | Self::Refused, E::Paper(Fate::Unknown)) => Self::ToPaper,
            (Self::Pending | Self::Refused, E::Withdraw(Fate::Never)) => Self::Withdrawn,
            (Self::Pending | Self::Refused, E::Withdraw(Fate::Unknown)) | (Self::Registered, E::Withdraw(_)) => Self::Withdrawing,
            (Self::ToPaper, E::Cleared) => Self::Paper,
            (Self::Withdrawing, E::Cleared) => Self::Withdrawn,
            (Self::ToPaper | Self::Withdrawing | Self::Reverting | Self::Changing, E::Taken) => Self::Received,
            (Self::ToPaper | Self::Withdrawing | Self::Reverting, E::Kept) => Self::Registered,
            (Self::Paper, E::Late) => Self::Pending,
            (Self::Registered, E::Change) => Self::Changing,
            // A change that was turned down once and is sent again by hand finds the old one standing; one whose answer was lost may have
            // been seen as withdrawn before it was known what took its place.
            (Self::Changing | Self::Registered | Self::Received | Self::Withdrawn, E::Replaced) => Self::Changed,
            (Self::Changing, E::Spared) | (Self::Changed, E::Revived) => Self::Registered,
            (Self::Withdrawn, E::Restore) => Self::Restoring,
            (Self::Restoring, E::Accepted) => Self::Registered,
            (Self::Restoring, E::Kept) => Self::Withdrawn,
            (Self::Registered, E::Revert) => Self::Reverting,
            (Self::Reverting, E::Cleared) => Self::Withdrawn,
            (Self::Registered | Self::Received, E::Seen(seen)) => match seen {
                Seen::Waiting => Self::Registered,
                Seen::Received => Self::Received,
                Seen::Dispensed => Self::Dispensed,
                Seen::Collected => Self::Collected,
                Seen::Withdrawn => Self::Withdrawn,
            },
            (Self::Registered, _) => return Err(RegistrationRefusal::Registered),
            (Self::Received | Self::Collected, _) => return Err(RegistrationRefusal::AtPharmacy),
            (Self::Dispensed, _) => return Err(RegistrationRefusal::Dispensed),
            (Self::Paper | Self::Withdrawn | Self::Changed, _) => return Err(RegistrationRefusal::Ended),
            (Self::Pending | Self::Refused | Self::ToPaper | Self::Withdrawing | Self::Changing | Self::Restoring | Self::Reverting, _) => {
                return Err(RegistrationRefusal::Underway);
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use RegistrationEvent as E;
    use RegistrationStatus as S;

    fn parcel(state: Delivery, may_have_arrived: bool) -> Parcel {
        Parcel { state, may_have_arrived, ..Parcel::new(DateTime::UNIX_EPOCH) }
    }

    /// FN-EP-15
    #[test]
    fn only_what_certainly_never_arrived_is_paper_at_once() {
        for state in Delivery::ALL {
            let certain = matches!(state, Delivery::Refused | Delivery::Waiting | Delivery::GivenUp | Delivery::Withdrawn);
            let fate = Fate::of(&parcel(*state, false));
            assert_eq!(fate, if certain { Fate::Never } else { Fate::Unknown }, "{state:?}");
            let arrived = Fate::of(&parcel(*state, true));
            assert_eq!(arrived, if *state == Delivery::Refused { Fate::Never } else { Fate::Unknown }, "{state:?}");
        }
        assert_eq!(S::Pending.after(E::Paper(Fate::Never)), Ok(S::Paper));
        assert_eq!(S::Pending.after(E::Paper(Fate::Unknown)), Ok(S::ToPaper));
        assert!(S::ToPaper.bars_paper(), "no paper while it is being looked for");
        assert_eq!(S::Registered.after(E::Paper(Fate::Unknown)), Err(RegistrationRefusal::Registered));
    }

    /// FN-EP-12
    #[test]
    fn what_a_pharmacy_has_is_not_taken_back() {
        assert_eq!(S::Registered.after(E::Withdraw(Fate::Unknown)), Ok(S::Withdrawing));
        assert_eq!(S::Withdrawing.after(E::Taken), Ok(S::Received));
        for (status, why) in [
            (S::Received, RegistrationRefusal::AtPharmacy),
            (S::Dispensed, RegistrationRefusal::Dispensed),
            (S::Paper, RegistrationRefusal::Ended),
            (S::Withdrawn, RegistrationRefusal::Ended),
            (S::ToPaper, RegistrationRefusal::Underway),
        ] {
            assert_eq!(status.after(E::Withdraw(Fate::Unknown)), Err(why), "{status:?}");
        }
        assert_eq!(S::Received.after(E::Seen(Seen::Waiting)), Ok(S::Registered), "the pharmacy gave it back");
        assert_eq!(S::Withdrawing.after(E::Seen(Seen::Waiting)), Err(RegistrationRefusal::Underway));
    }

    /// FN-EP-12: a change and its undo move two prescriptions, and never leave both standing.
    #[test]
    fn a_change_and_its_undo_leave_one_standing() {
        let (old, new) = (S::Registered.after(E::Change).unwrap(), S::Pending);
        assert!(old.bars_paper() && !old.is_watched() && old.after(E::Withdraw(Fate::Unknown)) == Err(RegistrationRefusal::Underway));
        let (old, new) = (old.after(E::Replaced).unwrap(), new.after(E::Accepted).unwrap());
        assert_eq!((old, new, old.rx_status()), (S::Changed, S::Registered, Some(RxStatus::Changed)));
        assert!(!old.bars_paper() && old.after(E::Restore).is_err(), "its numbers are dead");
        let back = new.after(E::Revert).unwrap();
        assert_eq!((old.after(E::Revived), back.after(E::Cleared)), (Ok(S::Registered), Ok(S::Withdrawn)));
        assert!(old.after(E::Spared).is_err(), "another change that was turned down revives nothing");
        assert_eq!(back.after(E::Taken), Ok(S::Received), "a pharmacy was quicker");
        assert_eq!(S::Changing.after(E::Spared), Ok(S::Registered), "the change was not taken");
    }

    /// FN-EP-12
    #[test]
    fn a_withdrawal_is_undone_at_the_service_first() {
        let back = S::Withdrawn.after(E::Restore).unwrap();
        assert!(back.bars_paper() && back.is_unfinished() && back.rx_status().is_none());
        assert_eq!((back.after(E::Accepted), back.after(E::Kept)), (Ok(S::Registered), Ok(S::Withdrawn)));
        for status in S::ALL.iter().filter(|status| **status != S::Withdrawn) {
            assert!(status.after(E::Restore).is_err(), "{status:?}");
        }
    }

    #[test]
    fn nothing_leaves_an_end_and_no_end_bars_or_hides() {
        for status in S::ALL.iter().filter(|s| matches!(s, S::Paper | S::Withdrawn | S::Changed | S::Dispensed | S::Collected)) {
            for event in [E::Accepted, E::TurnedDown, E::Paper(Fate::Never), E::Withdraw(Fate::Never), E::Cleared, E::Taken, E::Kept] {
                assert!(status.after(event).is_err(), "{status:?} {event:?}");
            }
            assert!(!status.is_unfinished() && !status.is_watched() && status.rx_status().is_some());
        }
    }
}
