//! How one attempt to reach a partner ended.

use domain::outbox::{Attempt, Trouble};

/// How one attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The partner has it; the reply is handed to [`Driver::settled`](super::Driver::settled).
    Done(Vec<u8>),
    /// It certainly was not accepted; the same may work later.
    Retry(Trouble),
    /// The partner read it and said no, with its code and its words.
    Refused { code: String, said: String },
    /// It may have arrived.
    Unknown(Trouble),
    /// Only from [`Driver::look`](super::Driver::look): it is not there.
    Absent,
}

impl Outcome {
    pub const fn attempt(&self) -> Attempt {
        match self {
            Self::Done(_) => Attempt::Done,
            Self::Retry(_) => Attempt::Retry,
            Self::Refused { .. } => Attempt::Refused,
            Self::Unknown(_) => Attempt::Unknown,
            Self::Absent => Attempt::Absent,
        }
    }

    pub const fn code(&self) -> &'static str {
        match self {
            Self::Done(_) => "done",
            Self::Retry(_) => "retry",
            Self::Refused { .. } => "refused",
            Self::Unknown(_) => "unknown",
            Self::Absent => "absent",
        }
    }

    /// Did the partner answer at all?
    pub const fn trouble(&self) -> Option<Trouble> {
        match self {
            Self::Retry(trouble) | Self::Unknown(trouble) => Some(*trouble),
            _ => None,
        }
    }
}
