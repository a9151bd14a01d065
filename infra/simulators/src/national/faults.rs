//! Faults on demand: what the next answers will be like.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

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

#[derive(Clone, Default)]
pub struct Faults(Arc<Mutex<VecDeque<Fault>>>);

impl Faults {
    pub fn next(&self, fault: Fault, times: u32) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.extend((0..times.min(1000)).map(|_| fault));
    }

    pub fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    pub fn waiting(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    pub(super) fn take(&self) -> Option<Fault> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    /// While the next answer would be 障害 or 時間外, the login is away too.
    pub(super) fn is_down(&self) -> bool {
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        matches!(waiting.front(), Some(Fault::Failing | Fault::Closed))
    }
}
