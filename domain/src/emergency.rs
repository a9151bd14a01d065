//! 救急時・災害時の閲覧: looking at what others did without the person's consent, because they cannot give it or their card is lost.
//! Each look has its reason, ends by itself, and is judged afterwards by somebody else.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{StaffId, codes};

/// A look is over so long after it was opened.
pub const LOOK_LASTS: TimeDelta = TimeDelta::hours(24);

pub const REMARK_MAX: usize = 200;

codes! {
    /// On what grounds.
    Grounds {
        /// 救急: the card was read while the person could not answer (同意区分 3).
        Emergency "emergency" "救急時"
        /// 災害: without a card, while the nation declares it.
        Disaster "disaster" "災害時"
    }
}

codes! {
    /// Why nobody could be asked, or no card read.
    LookReason {
        Unconscious "unconscious" "意識障害で、意思を確かめられない"
        LifeAtRisk "life_at_risk" "生命の危険が迫り、意思を確かめる余裕がない"
        CannotExpress "cannot_express" "意思の表示が難しく、代わって答える人もいない"
        CardLost "card_lost" "被災してカードも資格確認書も持っていない"
        NoReader "no_reader" "被災して読み取り機が使えない"
        Other "other" "その他"
    }
}

impl LookReason {
    pub const fn of(grounds: Grounds) -> &'static [Self] {
        match grounds {
            Grounds::Emergency => &[Self::Unconscious, Self::LifeAtRisk, Self::CannotExpress, Self::Other],
            Grounds::Disaster => &[Self::CardLost, Self::NoReader, Self::Other],
        }
    }

    pub const fn needs_words(self) -> bool {
        matches!(self, Self::Other)
    }
}

codes! {
    /// What somebody else thinks of it afterwards.
    Judgement {
        Justified "justified" "妥当"
        Questioned "questioned" "要調査"
    }
}

impl Judgement {
    pub const fn needs_words(self) -> bool {
        matches!(self, Self::Questioned)
    }
}

/// Who looked, until when it may be seen, and whether it was judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    pub opened_by: StaffId,
    pub until: DateTime<Utc>,
    pub is_judged: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JudgeError {
    #[error("nobody judges their own look")]
    Own,
    #[error("judged already")]
    Again,
}

impl Look {
    /// Only the one who gave the reason sees what it opened, and not for ever.
    pub fn shows_to(&self, who: StaffId, now: DateTime<Utc>) -> bool {
        who == self.opened_by && now <= self.until
    }

    pub fn judge(&self, who: StaffId) -> Result<(), JudgeError> {
        match () {
            () if who == self.opened_by => Err(JudgeError::Own),
            () if self.is_judged => Err(JudgeError::Again),
            () => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn who(n: u128) -> StaffId {
        StaffId::new(Uuid::from_u128(n))
    }

    #[test]
    fn only_the_opener_sees_it_and_only_in_time() {
        let at = |s| DateTime::from_timestamp(s, 0).unwrap();
        let look = Look { opened_by: who(1), until: at(100), is_judged: false };
        assert!(look.shows_to(who(1), at(100)) && !look.shows_to(who(1), at(101)) && !look.shows_to(who(2), at(0)));
    }

    #[test]
    fn nobody_judges_their_own_look_or_anybodys_twice() {
        let look = Look { opened_by: who(1), until: DateTime::UNIX_EPOCH, is_judged: false };
        assert_eq!((look.judge(who(1)), look.judge(who(2))), (Err(JudgeError::Own), Ok(())));
        assert_eq!(Look { is_judged: true, ..look }.judge(who(2)), Err(JudgeError::Again));
    }

    #[test]
    fn every_ground_has_reasons_and_a_way_out_in_words() {
        for grounds in Grounds::ALL {
            let reasons = LookReason::of(*grounds);
            assert_eq!(reasons.iter().filter(|reason| reason.needs_words()).count(), 1);
        }
        assert!(!LookReason::of(Grounds::Emergency).contains(&LookReason::CardLost));
    }
}
