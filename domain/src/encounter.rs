//! 受診 (`Encounter`): the states of a visit, and who may move it.
//!
//! The states are `VisitStatus` of the workflow page §1. A move that is refused says which rule refused it, so the
//! page can answer with a sentence instead of a code.

use chrono::{DateTime, Duration, FixedOffset, Offset, Utc};

/// Seconds during which the last move can be taken back with one key (R4).
pub const UNDO_WINDOW_S: i64 = 30;

/// Where a visit stands (受付ボードの状態).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VisitStatus {
    /// 受付済
    Registered,
    /// 問診・計測中
    Triage,
    /// 診察待ち
    Waiting,
    /// 診察中
    InConsult,
    /// 検査待ち
    ExamWaiting,
    /// 検査中
    ExamDoing,
    /// 処置中
    Treatment,
    /// 会計待ち
    BillingWait,
    /// 会計済
    Paid,
    /// 未収帰宅
    LeftUnpaid,
    /// 保留
    OnHold,
    /// 受付取消
    Cancelled,
}

impl VisitStatus {
    /// In the order a visit usually runs; also the order of filters.
    pub const ALL: [Self; 12] = [
        Self::Registered,
        Self::Triage,
        Self::Waiting,
        Self::InConsult,
        Self::ExamWaiting,
        Self::ExamDoing,
        Self::Treatment,
        Self::BillingWait,
        Self::Paid,
        Self::LeftUnpaid,
        Self::OnHold,
        Self::Cancelled,
    ];

    /// The stored code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Triage => "triage",
            Self::Waiting => "waiting",
            Self::InConsult => "in_consult",
            Self::ExamWaiting => "exam_waiting",
            Self::ExamDoing => "exam_doing",
            Self::Treatment => "treatment",
            Self::BillingWait => "billing_wait",
            Self::Paid => "paid",
            Self::LeftUnpaid => "left_unpaid",
            Self::OnHold => "on_hold",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads a stored or posted code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.code() == code)
    }

    /// The words on the board.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Registered => "受付済",
            Self::Triage => "問診・計測中",
            Self::Waiting => "診察待ち",
            Self::InConsult => "診察中",
            Self::ExamWaiting => "検査待ち",
            Self::ExamDoing => "検査中",
            Self::Treatment => "処置中",
            Self::BillingWait => "会計待ち",
            Self::Paid => "会計済",
            Self::LeftUnpaid => "未収帰宅",
            Self::OnHold => "保留",
            Self::Cancelled => "受付取消",
        }
    }

    /// The patient is in the house and not yet on the way out.
    pub const fn is_in_care(self) -> bool {
        matches!(
            self,
            Self::Registered | Self::Triage | Self::Waiting | Self::InConsult | Self::ExamWaiting | Self::ExamDoing | Self::Treatment
        )
    }

    /// Nothing more is expected of this visit today.
    pub const fn is_finished(self) -> bool {
        matches!(self, Self::Paid | Self::LeftUnpaid | Self::Cancelled)
    }

    /// The wait is counted while somebody is waiting for us.
    pub const fn counts_waiting(self) -> bool {
        !self.is_finished()
    }
}

/// Who moves the visit, as far as the rules care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MovedBy {
    Doctor,
    Nurse,
    Clerk,
    /// Any other 職種: may look, may not move.
    Other,
}

/// What is known about the visit when a move is judged.
#[derive(Debug, Clone, Copy, Default)]
pub struct MoveFacts {
    /// At least one S/O/A/P section of the visit has text.
    pub has_written_section: bool,
    /// A note of this visit is signed.
    pub has_signed_note: bool,
    /// A reason was given (呼戻し needs one).
    pub has_reason: bool,
}

/// Why a move is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoveRefusal {
    #[error("already in that state")]
    SameState,
    #[error("no path from {from:?} to {to:?}")]
    NoPath { from: VisitStatus, to: VisitStatus },
    #[error("only a doctor ends or recalls a consultation")]
    DoctorOnly,
    #[error("only reception closes the account")]
    ClerkOnly,
    #[error("this role does not move visits")]
    NotAllowed,
    #[error("nothing was written in this visit")]
    NothingWritten,
    #[error("a reason is needed")]
    ReasonNeeded,
    #[error("a note of this visit is signed")]
    NoteSigned,
}

impl VisitStatus {
    /// Judges a move by the table of `VisitStatus`; `Ok` means it may be stored.
    pub fn check_move(self, to: Self, by: MovedBy, facts: MoveFacts) -> Result<(), MoveRefusal> {
        if self == to {
            return Err(MoveRefusal::SameState);
        }
        if by == MovedBy::Other {
            return Err(MoveRefusal::NotAllowed);
        }
        let from = self;
        match (from, to) {
            (Self::InConsult, Self::BillingWait) => {
                require(by == MovedBy::Doctor, MoveRefusal::DoctorOnly)?;
                require(facts.has_written_section, MoveRefusal::NothingWritten)
            }
            (Self::BillingWait, Self::InConsult) => {
                require(by == MovedBy::Doctor, MoveRefusal::DoctorOnly)?;
                require(facts.has_reason, MoveRefusal::ReasonNeeded)
            }
            (Self::BillingWait | Self::LeftUnpaid, Self::Paid) | (Self::BillingWait, Self::LeftUnpaid) => {
                require(by == MovedBy::Clerk, MoveRefusal::ClerkOnly)
            }
            (_, Self::Cancelled) if from.is_in_care() || from == Self::OnHold => require(!facts.has_signed_note, MoveRefusal::NoteSigned),
            (_, _) if (from.is_in_care() || from == Self::OnHold) && (to.is_in_care() || to == Self::OnHold) => Ok(()),
            _ => Err(MoveRefusal::NoPath { from, to }),
        }
    }

    /// Where the visit usually goes from here, when this actor may send it there: the one button of a row.
    pub fn usual_next(self, by: MovedBy) -> Option<Self> {
        let to = match (self, by) {
            (Self::Registered, MovedBy::Nurse | MovedBy::Clerk) => Self::Triage,
            (Self::Triage | Self::OnHold | Self::ExamDoing | Self::Treatment, MovedBy::Nurse | MovedBy::Clerk) => Self::Waiting,
            (Self::InConsult, MovedBy::Doctor) => Self::BillingWait,
            (Self::ExamWaiting, _) => Self::ExamDoing,
            (_, MovedBy::Doctor) | (Self::Waiting, _) if self.is_in_care() || self == Self::OnHold => Self::InConsult,
            _ => return None,
        };
        self.offers(by).contains(&to).then_some(to)
    }

    /// The states offered in the menu of a row, for this actor; facts are judged again when one is chosen.
    pub fn offers(self, by: MovedBy) -> Vec<Self> {
        let hopeful = MoveFacts { has_written_section: true, has_signed_note: false, has_reason: true };
        Self::ALL.into_iter().filter(|to| self.check_move(*to, by, hopeful).is_ok()).collect()
    }
}

/// 診察終了 that follows from 確定: the doctor's signature ends the consultation wherever the board had the patient.
/// `None` when the visit is already at the cashier, gone, or cancelled.
pub const fn after_signing(status: VisitStatus) -> Option<VisitStatus> {
    if status.is_in_care() || matches!(status, VisitStatus::OnHold) { Some(VisitStatus::BillingWait) } else { None }
}

/// Whether a move made at `moved_at` may still be taken back at `now` (a clock that jumped back counts as too late).
pub fn can_undo(moved_at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    let age = now - moved_at;
    age >= Duration::zero() && age <= Duration::seconds(UNDO_WINDOW_S)
}

fn require(condition: bool, refusal: MoveRefusal) -> Result<(), MoveRefusal> {
    if condition { Ok(()) } else { Err(refusal) }
}

/// Encounter.class (HL7 v3 ActCode): where the care happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncounterClass {
    /// AMB 外来
    Ambulatory,
    /// IMP 入院
    Inpatient,
    /// HH 訪問
    Home,
    /// VR オンライン
    Virtual,
}

impl EncounterClass {
    /// The stored code (v3 ActCode).
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ambulatory => "AMB",
            Self::Inpatient => "IMP",
            Self::Home => "HH",
            Self::Virtual => "VR",
        }
    }

    /// Reads a stored or posted code.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Ambulatory, Self::Inpatient, Self::Home, Self::Virtual].into_iter().find(|class| class.code() == code)
    }

    /// The word on the page.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Ambulatory => "外来",
            Self::Inpatient => "入院",
            Self::Home => "訪問",
            Self::Virtual => "オンライン",
        }
    }
}

/// Japan's offset, for reading local times; [`crate::clock::jst`] shows an instant in it.
pub fn jst() -> FixedOffset {
    // Nine hours is always inside the accepted range of ±24 h.
    FixedOffset::east_opt(9 * 3600).unwrap_or_else(|| Utc.fix())
}

/// Whole minutes waited, never negative.
pub fn waited_min(arrived_at: DateTime<Utc>, until: DateTime<Utc>) -> i64 {
    (until - arrived_at).num_minutes().max(0)
}

/// How loudly a wait is shown; the number is always written beside the colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitLevel {
    Plain,
    /// 30 minutes or more
    Long,
    /// 45 minutes or more
    TooLong,
}

impl WaitLevel {
    /// From whole minutes waited.
    pub const fn of(minutes: i64) -> Self {
        match minutes {
            ..=29 => Self::Plain,
            30..=44 => Self::Long,
            _ => Self::TooLong,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use VisitStatus::*;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    const WRITTEN: MoveFacts = MoveFacts { has_written_section: true, has_signed_note: false, has_reason: false };

    #[test]
    fn every_code_reads_back() {
        for status in VisitStatus::ALL {
            assert_eq!(VisitStatus::from_code(status.code()), Some(status));
        }
        assert_eq!(VisitStatus::from_code("PAID"), None);
    }

    #[test]
    fn care_states_move_freely_among_themselves() {
        for from in [Registered, Triage, Waiting, InConsult, ExamWaiting, ExamDoing, Treatment, OnHold] {
            for to in [Registered, Triage, Waiting, InConsult, ExamWaiting, ExamDoing, Treatment, OnHold] {
                let expected = if from == to { Err(MoveRefusal::SameState) } else { Ok(()) };
                assert_eq!(from.check_move(to, MovedBy::Nurse, MoveFacts::default()), expected);
            }
        }
    }

    #[test]
    fn ending_a_consultation_needs_a_doctor_and_a_written_section() {
        assert_eq!(InConsult.check_move(BillingWait, MovedBy::Doctor, WRITTEN), Ok(()));
        assert_eq!(InConsult.check_move(BillingWait, MovedBy::Nurse, WRITTEN), Err(MoveRefusal::DoctorOnly));
        assert_eq!(InConsult.check_move(BillingWait, MovedBy::Doctor, MoveFacts::default()), Err(MoveRefusal::NothingWritten));
    }

    #[test]
    fn recall_needs_a_reason() {
        assert_eq!(BillingWait.check_move(InConsult, MovedBy::Doctor, WRITTEN), Err(MoveRefusal::ReasonNeeded));
        let facts = MoveFacts { has_reason: true, ..WRITTEN };
        assert_eq!(BillingWait.check_move(InConsult, MovedBy::Doctor, facts), Ok(()));
    }

    #[test]
    fn only_reception_closes_and_a_paid_visit_stays_paid() {
        assert_eq!(BillingWait.check_move(Paid, MovedBy::Clerk, WRITTEN), Ok(()));
        assert_eq!(BillingWait.check_move(Paid, MovedBy::Doctor, WRITTEN), Err(MoveRefusal::ClerkOnly));
        assert_eq!(LeftUnpaid.check_move(Paid, MovedBy::Clerk, WRITTEN), Ok(()));
        assert!(matches!(Paid.check_move(Waiting, MovedBy::Clerk, WRITTEN), Err(MoveRefusal::NoPath { .. })));
        assert!(matches!(Waiting.check_move(Paid, MovedBy::Clerk, WRITTEN), Err(MoveRefusal::NoPath { .. })));
    }

    #[test]
    fn a_signed_note_stops_cancelling() {
        assert_eq!(Waiting.check_move(Cancelled, MovedBy::Clerk, WRITTEN), Ok(()));
        let signed = MoveFacts { has_signed_note: true, ..WRITTEN };
        assert_eq!(Waiting.check_move(Cancelled, MovedBy::Clerk, signed), Err(MoveRefusal::NoteSigned));
    }

    #[test]
    fn others_only_look() {
        assert!(VisitStatus::ALL.iter().all(|status| status.offers(MovedBy::Other).is_empty()));
    }

    #[test]
    fn signing_sends_to_the_cashier_once() {
        assert_eq!(after_signing(Waiting), Some(BillingWait));
        assert_eq!(after_signing(OnHold), Some(BillingWait));
        assert_eq!(after_signing(BillingWait), None);
        assert_eq!(after_signing(Cancelled), None);
    }

    #[test]
    fn undo_lasts_thirty_seconds_and_no_longer() {
        let moved = utc("2026-11-20T01:00:00Z");
        assert!(can_undo(moved, utc("2026-11-20T01:00:30Z")));
        assert!(!can_undo(moved, utc("2026-11-20T01:00:31Z")));
        assert!(!can_undo(moved, utc("2026-11-20T00:59:59Z")));
    }

    #[test]
    fn waiting_is_never_negative_and_grows_louder() {
        assert_eq!(waited_min(utc("2026-11-20T01:00:00Z"), utc("2026-11-20T00:00:00Z")), 0);
        assert_eq!(WaitLevel::of(29), WaitLevel::Plain);
        assert_eq!(WaitLevel::of(30), WaitLevel::Long);
        assert_eq!(WaitLevel::of(45), WaitLevel::TooLong);
    }

    #[test]
    fn the_usual_next_step_is_always_an_allowed_one() {
        for by in [MovedBy::Doctor, MovedBy::Nurse, MovedBy::Clerk, MovedBy::Other] {
            for from in VisitStatus::ALL {
                assert!(from.usual_next(by).is_none_or(|to| from.offers(by).contains(&to)), "{from:?} {by:?}");
            }
        }
        assert_eq!(VisitStatus::Waiting.usual_next(MovedBy::Doctor), Some(VisitStatus::InConsult));
        assert_eq!(VisitStatus::InConsult.usual_next(MovedBy::Doctor), Some(VisitStatus::BillingWait));
        assert_eq!(VisitStatus::InConsult.usual_next(MovedBy::Nurse), None);
        assert_eq!(VisitStatus::BillingWait.usual_next(MovedBy::Doctor), None);
    }
}
