//! What can go wrong between two machines, on demand: each fault waits for the next question it fits.

use serde::Deserialize;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Nothing is done and nothing comes back.
    Timeout,
    /// It is done; the reply is lost on the way.
    LostReply,
    /// It arrives twice; the second answer comes back.
    Duplicate,
    /// It is done; the answer is not XML.
    Malformed,
    /// The operator is unknown.
    WrongCredentials,
    /// It is done, some seconds later than anybody likes.
    Slow,
    /// 他端末使用中
    Locked,
    /// The program behind the door fails before it does anything.
    Failing,
    /// It is done, and then the program fails.
    FailingAfter,
}

impl Fault {
    pub const ALL: [(Self, &'static str, &'static str); 9] = [
        (Self::Timeout, "timeout", "返事がない(処理もしない)"),
        (Self::LostReply, "lost_reply", "処理したが返事が失われる"),
        (Self::Duplicate, "duplicate", "二度届く"),
        (Self::Malformed, "malformed", "処理したが返事が壊れている"),
        (Self::WrongCredentials, "wrong_credentials", "利用者が違うと言われる"),
        (Self::Slow, "slow", "遅い"),
        (Self::Locked, "locked", "他端末使用中"),
        (Self::Failing, "failing", "処理の前に500"),
        (Self::FailingAfter, "failing_after", "処理したが500"),
    ];
}

/// A fault and the part of the path it waits for; an empty part fits every question.
#[derive(Debug, Clone, Deserialize)]
pub struct Wish {
    pub fault: Fault,
    #[serde(default)]
    pub at: String,
}
