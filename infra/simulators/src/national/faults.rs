//! Faults on demand: what the next answers will be like.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::packed::Packing;
use super::terminal::TERMINAL_FAULTS;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 受付時間外
    Closed,
    /// 障害
    Failing,
    RateLimited,
    /// No answer within anybody's patience; nothing was done.
    Timeout,
    /// Done, but the answer never arrives.
    LostReply,
    /// Right, but after twelve seconds.
    Late,
    Malformed,
    Cp932,
    /// The answer to somebody else's question.
    OtherQuestion,
    /// Another facility's code.
    OtherFacility,
    /// Another person's data.
    OtherPerson,
    /// Fifty megabytes more than anybody asked for.
    Flood,
    /// A document type that multiplies its entities.
    Entities,
    Superseded,
    NotFound,
    Multiple,
    Invalid,
    Pending,
    /// The connection ends before anything was done.
    Cut,
    /// Read and turned down.
    Refused,
    /// The answer that was given before, once more.
    Duplicate,
    /// 連携ソフト cannot read the question (`.err`).
    Unread,
    /// The answer's file grows slowly under its own name.
    Partial,
    /// The answer to a list comes packed.
    Packed(Packing),
}

impl Fault {
    pub const ALL: [Self; 18] = [
        Self::Closed,
        Self::Failing,
        Self::RateLimited,
        Self::Timeout,
        Self::LostReply,
        Self::Late,
        Self::Malformed,
        Self::Cp932,
        Self::OtherQuestion,
        Self::OtherFacility,
        Self::OtherPerson,
        Self::Flood,
        Self::Entities,
        Self::Superseded,
        Self::NotFound,
        Self::Multiple,
        Self::Invalid,
        Self::Pending,
    ];

    pub const fn key(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Failing => "failing",
            Self::RateLimited => "rate_limited",
            Self::Timeout => "timeout",
            Self::LostReply => "lost_reply",
            Self::Late => "late",
            Self::Malformed => "malformed",
            Self::Cp932 => "cp932",
            Self::OtherQuestion => "other_question",
            Self::OtherFacility => "other_facility",
            Self::OtherPerson => "other_person",
            Self::Flood => "flood",
            Self::Entities => "entities",
            Self::Superseded => "superseded",
            Self::NotFound => "not_found",
            Self::Multiple => "multiple",
            Self::Invalid => "invalid",
            Self::Pending => "pending",
            Self::Cut => "cut",
            Self::Refused => "refused",
            Self::Duplicate => "duplicate",
            Self::Unread => "unread",
            Self::Partial => "partial",
            Self::Packed(packing) => packing.key(),
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Closed => "受付時間外",
            Self::Failing => "障害",
            Self::RateLimited => "混雑",
            Self::Timeout => "返事なし(処理もされない)",
            Self::LostReply => "返事なし(処理はされる)",
            Self::Late => "12秒遅れの返事",
            Self::Malformed => "壊れた返事",
            Self::Cp932 => "Shift_JISの返事",
            Self::OtherQuestion => "別の照会への返事",
            Self::OtherFacility => "別の医療機関への返事",
            Self::OtherPerson => "別の人についての返事",
            Self::Flood => "50 MB の返事",
            Self::Entities => "実体参照を増やす返事",
            Self::Superseded => "無効(新しい資格あり)",
            Self::NotFound => "該当資格なし",
            Self::Multiple => "複数該当",
            Self::Invalid => "無効",
            Self::Pending => "処理中",
            Self::Cut => "途中で切れる(処理もされない)",
            Self::Refused => "登録拒否",
            Self::Duplicate => "一つ前の返事がもう一度届く",
            Self::Unread => "電文を読めない(.err)",
            Self::Partial => "返事のファイルが少しずつ書かれる",
            Self::Packed(packing) => packing.label(),
        }
    }

    pub fn find(key: &str) -> Option<Self> {
        let packed = Packing::ALL.map(Self::Packed);
        Self::ALL.into_iter().chain(packed).chain(EPS_FAULTS).chain(TERMINAL_FAULTS).find(|fault| fault.key() == key)
    }
}

/// What 電子処方箋管理サービス can be made to do.
pub const EPS_FAULTS: [Fault; 11] = [
    Fault::Closed,
    Fault::Failing,
    Fault::RateLimited,
    Fault::Timeout,
    Fault::Cut,
    Fault::LostReply,
    Fault::Late,
    Fault::Malformed,
    Fault::Cp932,
    Fault::Refused,
    Fault::Duplicate,
];

/// What goes wrong by itself at a rate: troubles that are over when somebody asks again.
pub const OQS_TROUBLES: [Fault; 8] =
    [Fault::Closed, Fault::Failing, Fault::RateLimited, Fault::Timeout, Fault::LostReply, Fault::Malformed, Fault::Cp932, Fault::Duplicate];
pub const EPS_TROUBLES: [Fault; 9] = [
    Fault::Closed,
    Fault::Failing,
    Fault::RateLimited,
    Fault::Timeout,
    Fault::Cut,
    Fault::LostReply,
    Fault::Malformed,
    Fault::Cp932,
    Fault::Duplicate,
];
pub const TERMINAL_TROUBLES: [Fault; 7] =
    [Fault::Cut, Fault::LostReply, Fault::Partial, Fault::Malformed, Fault::Cp932, Fault::Duplicate, Fault::OtherQuestion];

#[derive(Clone, Default)]
pub struct Faults(Arc<Mutex<Weather>>);

#[derive(Default)]
struct Weather {
    waiting: VecDeque<Fault>,
    rate: Option<Rate>,
    /// Since the rate was set: answers, and what went wrong with them.
    answers: u64,
    happened: BTreeMap<&'static str, u64>,
}

/// So many of a hundred answers go wrong.
struct Rate {
    percent: u64,
    /// SplitMix64.
    dice: u64,
    troubles: &'static [Fault],
}

impl Rate {
    fn roll(&mut self) -> u64 {
        self.dice = self.dice.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.dice;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn draw(&mut self) -> Option<Fault> {
        if self.roll() % 100 >= self.percent {
            return None;
        }
        let which = self.roll() % self.troubles.len().max(1) as u64;
        usize::try_from(which).ok().and_then(|which| self.troubles.get(which)).copied()
    }
}

impl Faults {
    fn weather(&self) -> MutexGuard<'_, Weather> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn next(&self, fault: Fault, times: u32) {
        self.weather().waiting.extend((0..times.min(1000)).map(|_| fault));
    }

    /// From now on, drawn from the seed; counting begins anew.
    pub fn at_rate(&self, percent: u64, seed: u64, troubles: &'static [Fault]) {
        let mut weather = self.weather();
        weather.rate = Some(Rate { percent, dice: seed, troubles });
        (weather.answers, weather.happened) = Default::default();
    }

    pub fn clear(&self) {
        let mut weather = self.weather();
        weather.waiting.clear();
        weather.rate = None;
    }

    pub fn waiting(&self) -> usize {
        self.weather().waiting.len()
    }

    /// Answers since a rate was set, and what went wrong with them.
    pub fn happened(&self) -> (u64, BTreeMap<&'static str, u64>) {
        let weather = self.weather();
        (weather.answers, weather.happened.clone())
    }

    pub(super) fn take(&self) -> Option<Fault> {
        let mut weather = self.weather();
        let fault = weather.waiting.pop_front().or_else(|| weather.rate.as_mut().and_then(Rate::draw));
        weather.answers += 1;
        if let Some(fault) = fault {
            *weather.happened.entry(fault.key()).or_default() += 1;
        }
        fault
    }

    /// While the next answer would be 障害 or 時間外, the login is away too.
    pub(super) fn is_down(&self) -> bool {
        matches!(self.weather().waiting.front(), Some(Fault::Failing | Fault::Closed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_kept_and_the_same_seed_is_the_same_weather() {
        let drawn = |seed: u64| {
            let faults = Faults::default();
            faults.at_rate(10, seed, &EPS_TROUBLES);
            let all: Vec<Option<Fault>> = (0..2000).map(|_| faults.take()).collect();
            (all, faults)
        };
        let (all, faults) = drawn(7);
        let wrong = all.iter().flatten().count();
        assert!((140..260).contains(&wrong), "{wrong} of 2000");
        assert_eq!(all, drawn(7).0);
        assert_ne!(all, drawn(8).0);
        let (answers, happened) = faults.happened();
        assert_eq!((answers, happened.values().sum::<u64>()), (2000, wrong as u64));
        assert_eq!(happened.len(), EPS_TROUBLES.len(), "every kind came");
        faults.next(Fault::Refused, 1);
        assert_eq!(faults.take(), Some(Fault::Refused), "what was asked for comes first");
        faults.clear();
        assert!((0..200).all(|_| faults.take().is_none()));
    }
}
