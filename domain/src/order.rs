//! 検査・処置のオーダー (`ServiceRequest`) and its results: who may move it where.

use unicode_normalization::UnicodeNormalization;

use crate::Role;
use crate::codes;

codes! {
    /// 検査・処置.
    OrderCategory { Laboratory "laboratory" "検査" Procedure "procedure" "処置" }
}

codes! {
    /// `OrderStatus`.
    OrderStatus {
        Draft "draft" "下書き"
        Issued "issued" "発行"
        Acknowledged "acknowledged" "指示受け"
        InProgress "in_progress" "実施中"
        Done "done" "実施済"
        Resulted "resulted" "結果着"
        Reviewed "reviewed" "確認済"
        Stopped "stopped" "中止"
        Cancelled "cancelled" "取消"
    }
}

/// Where the patient goes for it, as the board names it.
pub fn station(category: &str, specimen: &str) -> &'static str {
    match (OrderCategory::from_code(category), specimen) {
        (Some(OrderCategory::Procedure), _) => "処置",
        (_, "血液") => "採血",
        (_, "尿") => "採尿",
        _ => "検査",
    }
}

/// What somebody wants to do with an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderAct {
    Issue,
    Acknowledge,
    Start,
    Finish,
    EnterResult,
    Review,
    Stop,
    Cancel,
}

/// Why it is not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OrderRefusal {
    #[error("a doctor issues, stops and cancels")]
    DoctorOnly,
    #[error("a nurse or a laboratory technician acknowledges")]
    NotAcknowledgedByYou,
    #[error("not issued yet")]
    NotIssued,
    #[error("already done")]
    AlreadyDone,
    #[error("no longer stands")]
    Over,
    #[error("only what is done has results")]
    NotDone,
    #[error("no results to review")]
    NoResults,
    #[error("begun: stop it instead of cancelling")]
    Begun,
    #[error("already in that state")]
    AlreadyThere,
}

impl OrderRefusal {
    /// What the person reads: why, and what to do.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::DoctorOnly => "医師だけが行えます。",
            Self::NotAcknowledgedByYou => "指示受けは看護師か検査技師が行います。",
            Self::NotIssued => "まだ発行されていません。医師がカルテを確定すると発行されます。",
            Self::AlreadyDone => "すでに実施済みです。",
            Self::Over => "中止または取り消されたオーダーです。必要なら新しく出してください。",
            Self::NotDone => "実施済みにしてから結果を入れてください。",
            Self::NoResults => "確認する結果がありません。",
            Self::Begun => "実施が始まっているため取り消せません。「中止」にすると、そこまでの実施は残ります。",
            Self::AlreadyThere => "すでにその状態です。",
        }
    }
}

impl OrderStatus {
    /// The state after the act, by the person's role.
    pub fn after(self, act: OrderAct, role: Role) -> Result<Self, OrderRefusal> {
        use OrderAct as A;
        use OrderRefusal as R;
        if !matches!(self, Self::Stopped | Self::Cancelled)
            && matches!(act, A::Issue | A::Stop | A::Cancel | A::Review)
            && role != Role::Doctor
        {
            return Err(R::DoctorOnly);
        }
        match (self, act) {
            (Self::Stopped | Self::Cancelled, _) => Err(R::Over),
            (Self::Draft, A::Issue) => Ok(Self::Issued),
            (_, A::Issue) => Err(R::AlreadyThere),
            (Self::Draft | Self::Issued | Self::Acknowledged, A::Cancel) => Ok(Self::Cancelled),
            (_, A::Cancel) => Err(R::Begun),
            (Self::Draft, _) => Err(R::NotIssued),
            (Self::Issued, A::Acknowledge) if matches!(role, Role::Nurse | Role::LabTech) => Ok(Self::Acknowledged),
            (Self::Issued, A::Acknowledge) => Err(R::NotAcknowledgedByYou),
            (Self::Issued | Self::Acknowledged, A::Start) => Ok(Self::InProgress),
            (Self::Issued | Self::Acknowledged | Self::InProgress, A::Finish) => Ok(Self::Done),
            (Self::Issued | Self::Acknowledged | Self::InProgress, A::Stop) => Ok(Self::Stopped),
            (Self::Done | Self::Resulted | Self::Reviewed, A::EnterResult) => Ok(Self::Resulted),
            (_, A::EnterResult) => Err(R::NotDone),
            (Self::Resulted, A::Review) => Ok(Self::Reviewed),
            (_, A::Review) => Err(R::NoResults),
            (Self::Done | Self::Resulted | Self::Reviewed, A::Finish | A::Stop | A::Start | A::Acknowledge) => Err(R::AlreadyDone),
            (_, A::Acknowledge | A::Start) => Err(R::AlreadyThere),
        }
    }

    /// Whether it was carried out, and so is billed.
    pub const fn is_done(self) -> bool {
        matches!(self, Self::Done | Self::Resulted | Self::Reviewed)
    }

    /// Whether somebody still has something to do.
    pub const fn is_waiting(self) -> bool {
        matches!(self, Self::Issued | Self::Acknowledged | Self::InProgress)
    }
}

codes! {
    /// 異常の印.
    ResultFlag { Normal "" "" Low "L" "低" High "H" "高" VeryLow "LL" "著低" VeryHigh "HH" "著高" Abnormal "A" "異常" }
}

/// Full-width digits and signs as the half-width ones they mean.
pub fn fold(text: &str) -> String {
    text.nfkc().collect()
}

/// A value beside its reference range. Words are compared with the lower limit as the expected word: `(-)`.
pub fn flag(value: &str, low: &str, high: &str) -> ResultFlag {
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|n| n.is_finite());
    match (number(value), number(low), number(high)) {
        (Some(v), low, high) if low.is_some() || high.is_some() => match (low, high) {
            (Some(low), _) if v < low / 2.0 => ResultFlag::VeryLow,
            (Some(low), _) if v < low => ResultFlag::Low,
            (_, Some(high)) if v > high * 2.0 => ResultFlag::VeryHigh,
            (_, Some(high)) if v > high => ResultFlag::High,
            _ => ResultFlag::Normal,
        },
        (None, None, None) if !low.trim().is_empty() && value.trim() != low.trim() => ResultFlag::Abnormal,
        _ => ResultFlag::Normal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use OrderAct as A;
    use OrderRefusal as R;
    use OrderStatus as S;

    #[test]
    fn an_order_goes_from_the_doctor_to_the_nurse_and_back() {
        let mut status = S::Draft;
        for (act, role, next) in [
            (A::Issue, Role::Doctor, S::Issued),
            (A::Acknowledge, Role::Nurse, S::Acknowledged),
            (A::Start, Role::Nurse, S::InProgress),
            (A::Finish, Role::Nurse, S::Done),
            (A::EnterResult, Role::LabTech, S::Resulted),
            (A::Review, Role::Doctor, S::Reviewed),
        ] {
            status = status.after(act, role).unwrap();
            assert_eq!(status, next);
        }
        assert_eq!(S::Reviewed.after(A::EnterResult, Role::LabTech), Ok(S::Resulted), "a corrected result opens it again");
    }

    #[test]
    fn refusals_say_why() {
        for (status, act, role, refusal) in [
            (S::Draft, A::Issue, Role::Nurse, R::DoctorOnly),
            (S::Draft, A::Finish, Role::Nurse, R::NotIssued),
            (S::Issued, A::Acknowledge, Role::Doctor, R::NotAcknowledgedByYou),
            (S::InProgress, A::Cancel, Role::Doctor, R::Begun),
            (S::Done, A::Cancel, Role::Doctor, R::Begun),
            (S::Done, A::Stop, Role::Doctor, R::AlreadyDone),
            (S::Cancelled, A::Finish, Role::Nurse, R::Over),
            (S::Stopped, A::Issue, Role::Doctor, R::Over),
            (S::Issued, A::EnterResult, Role::LabTech, R::NotDone),
            (S::Done, A::Review, Role::Doctor, R::NoResults),
            (S::Issued, A::Issue, Role::Doctor, R::AlreadyThere),
        ] {
            assert_eq!(status.after(act, role), Err(refusal), "{status:?} {act:?}");
            assert!(refusal.sentence().ends_with('。'));
        }
        assert_eq!(S::Acknowledged.after(A::Cancel, Role::Doctor), Ok(S::Cancelled), "cancel only before it is begun");
        assert_eq!(S::InProgress.after(A::Stop, Role::Doctor), Ok(S::Stopped));
    }

    #[test]
    fn every_state_answers_every_act() {
        for status in S::ALL {
            for act in [A::Issue, A::Acknowledge, A::Start, A::Finish, A::EnterResult, A::Review, A::Stop, A::Cancel] {
                for role in Role::ALL {
                    let _ = status.after(act, *role);
                }
            }
            assert_eq!(S::from_code(status.code()), Some(*status));
        }
    }

    #[test]
    fn values_are_flagged_against_their_range() {
        for (value, low, high, expected) in [
            ("5.5", "4.6", "6.2", ""),
            ("4.6", "4.6", "6.2", ""),
            ("7.9", "4.6", "6.2", "H"),
            ("12.5", "4.6", "6.2", "HH"),
            ("4.5", "4.6", "6.2", "L"),
            ("2.2", "4.6", "6.2", "LL"),
            ("90", "60", "", ""),
            ("38", "60", "", "L"),
            ("(-)", "(-)", "", ""),
            ("(2+)", "(-)", "", "A"),
            ("溶血", "4.6", "6.2", ""),
            ("NaN", "4.6", "6.2", ""),
            ("5", "", "", ""),
        ] {
            assert_eq!(flag(value, low, high).code(), expected, "{value}");
        }
    }
}
