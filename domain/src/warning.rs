//! What must be looked at before 確定. Every slice says its warnings in this shape and one panel shows them all, most severe first.

use serde::{Deserialize, Serialize};

/// How loud a warning is; the order is the order of the panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// 止める: not signed until it is gone, or a superior agreed to the reason given
    Block,
    /// 理由: signed once somebody gave a reason
    Reason,
    /// 情報: shown, never in the way
    Info,
}

impl Level {
    pub const ALL: [Self; 3] = [Self::Block, Self::Reason, Self::Info];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Reason => "reason",
            Self::Info => "info",
        }
    }

    /// The word beside the mark.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Block => "止める",
            Self::Reason => "理由",
            Self::Info => "情報",
        }
    }

    /// The icon's name.
    pub const fn mark(self) -> &'static str {
        match self {
            Self::Block => "stop",
            Self::Reason => "tri",
            Self::Info => "info",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.code() == code)
    }
}

/// One thing to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    pub level: Level,
    /// Stable name of the finding, the same each time it is looked for: an answer is kept under it.
    pub code: String,
    /// What is wrong and what to do, in plain Japanese.
    pub text: String,
    /// Where the rule comes from; empty for a fact of the chart itself.
    pub source: String,
    /// What it is about, as shown: a drug's or a disease's name.
    pub subject: String,
    /// The reason somebody gave for going on.
    pub answer: Option<String>,
    /// The superior who agreed to that reason; only a `Block` needs one.
    pub approved_by: Option<String>,
    /// A `Block` nobody can override: what it is about cannot be signed at all.
    pub is_absolute: bool,
    /// Where on the chart it is put right, as an element id without `#`.
    pub place: String,
}

impl Warning {
    pub fn new(level: Level, code: impl Into<String>, subject: impl Into<String>, text: impl Into<String>) -> Self {
        let (code, subject, text) = (code.into(), subject.into(), text.into());
        Self {
            level,
            code,
            text,
            source: String::new(),
            subject,
            answer: None,
            approved_by: None,
            is_absolute: false,
            place: String::new(),
        }
    }

    #[must_use]
    pub fn source(mut self, source: impl Into<String>) -> Self {
        self.source = source.into();
        self
    }

    #[must_use]
    pub fn answered(mut self, answer: Option<String>) -> Self {
        self.answer = answer;
        self
    }

    #[must_use]
    pub fn approved(mut self, by: Option<String>) -> Self {
        self.approved_by = by;
        self
    }

    #[must_use]
    pub fn absolute(mut self) -> Self {
        self.is_absolute = true;
        self
    }

    #[must_use]
    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.place = place.into();
        self
    }

    /// A reason may be given for this one, and was not.
    pub fn takes_reason(&self) -> bool {
        self.level != Level::Info && !self.is_absolute && self.answer.is_none()
    }

    /// A reason stands, and a superior has not agreed to it yet (S10).
    pub fn waits_for_superior(&self) -> bool {
        self.level == Level::Block && !self.is_absolute && self.answer.is_some() && self.approved_by.is_none()
    }

    /// 確定 waits for this one. A reason alone never lifts a `Block`: a superior has to agree, and to some nobody can.
    pub fn is_open(&self) -> bool {
        match self.level {
            Level::Block => self.is_absolute || self.answer.is_none() || self.approved_by.is_none(),
            Level::Reason => self.answer.is_none(),
            Level::Info => false,
        }
    }
}

/// Most severe first; of one severity the open ones first; else as they were found.
pub fn sort(warnings: &mut [Warning]) {
    warnings.sort_by_key(|w| (w.level, !w.is_open()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_comes_first_and_answered_ones_last_of_their_kind() {
        let w = |level, code: &str| Warning::new(level, code, "薬", "文");
        let mut all =
            vec![w(Level::Info, "a"), w(Level::Reason, "b").answered(Some("減量した".into())), w(Level::Reason, "c"), w(Level::Block, "d")];
        sort(&mut all);
        let codes: Vec<_> = all.iter().map(|w| w.code.as_str()).collect();
        assert_eq!(codes, ["d", "c", "b", "a"]);
        assert_eq!(all.iter().filter(|w| w.is_open()).count(), 2);
    }

    #[test]
    fn no_reason_lifts_a_stop() {
        let stop = Warning::new(Level::Block, "x", "薬", "文").answered(Some("急ぎ".into()));
        assert!(stop.is_open() && stop.waits_for_superior() && !stop.takes_reason());
    }

    #[test]
    fn a_superior_lifts_a_stop_that_has_a_reason_unless_it_is_absolute() {
        let stop = |reason: Option<&str>| Warning::new(Level::Block, "x", "薬", "文").answered(reason.map(Into::into));
        let by = || Some("紺野 修".to_owned());
        assert!(!stop(Some("急ぎ")).approved(by()).is_open());
        assert!(stop(None).approved(by()).is_open());
        let absolute = stop(Some("急ぎ")).approved(by()).absolute();
        assert!(absolute.is_open() && !absolute.waits_for_superior());
        assert!(!stop(None).absolute().takes_reason());
    }

    #[test]
    fn codes_are_read_back() {
        for level in Level::ALL {
            assert_eq!(Level::from_code(level.code()), Some(level));
        }
        assert_eq!(Level::from_code("stop"), None);
    }
}
