//! レセコンへの送信 (`Claim`): where the message of one visit stands (`ClaimStatus` of the workflow page §1).

/// States of a claim. A visit that is sent again after a change makes a new version; the receipt computer keeps one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimStatus {
    Open,
    Sent,
    Priced,
    Settled,
    Corrected,
    MonthlyChecked,
    Claimed,
    Returned,
    Assessed,
}

/// What happens to a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimEvent {
    /// The receipt computer keeps the version.
    Accepted,
    /// Points and share came back.
    Priced,
    /// The patient paid.
    Settled,
    /// The chart changed after sending: another version has to go.
    Changed,
    MonthlyChecked,
    Claimed,
    Returned,
    Assessed,
}

/// The event cannot happen in this state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{event:?} does not follow {from:?}")]
pub struct NoSuchStep {
    pub from: ClaimStatus,
    pub event: ClaimEvent,
}

impl ClaimStatus {
    pub const ALL: [Self; 9] = [
        Self::Open,
        Self::Sent,
        Self::Priced,
        Self::Settled,
        Self::Corrected,
        Self::MonthlyChecked,
        Self::Claimed,
        Self::Returned,
        Self::Assessed,
    ];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Sent => "sent",
            Self::Priced => "priced",
            Self::Settled => "settled",
            Self::Corrected => "corrected",
            Self::MonthlyChecked => "monthly_checked",
            Self::Claimed => "claimed",
            Self::Returned => "returned",
            Self::Assessed => "assessed",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.code() == code)
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Open => "未送信",
            Self::Sent => "レセコン送信済",
            Self::Priced => "計算済",
            Self::Settled => "精算済",
            Self::Corrected => "訂正",
            Self::MonthlyChecked => "点検済",
            Self::Claimed => "請求済",
            Self::Returned => "返戻",
            Self::Assessed => "査定",
        }
    }

    /// Nothing of the visit is known to the receipt computer, or what it knows is no longer true.
    pub const fn is_to_send(self) -> bool {
        matches!(self, Self::Open | Self::Corrected | Self::Returned)
    }

    /// The state after an event. Events that say again what is known change nothing.
    pub fn after(self, event: ClaimEvent) -> Result<Self, NoSuchStep> {
        use ClaimEvent as E;
        match (self, event) {
            (Self::Open | Self::Corrected | Self::Returned | Self::Sent, E::Accepted) => Ok(Self::Sent),
            (Self::Sent | Self::Priced, E::Priced) => Ok(Self::Priced),
            (Self::Settled, E::Priced | E::Settled) => Ok(Self::Settled),
            (Self::Sent | Self::Priced, E::Settled) => Ok(Self::Settled),
            (Self::Open, E::Changed) => Ok(Self::Open),
            (Self::Claimed, E::Changed) => Err(NoSuchStep { from: self, event }),
            (_, E::Changed) => Ok(Self::Corrected),
            (Self::Settled | Self::MonthlyChecked, E::MonthlyChecked) => Ok(Self::MonthlyChecked),
            (Self::MonthlyChecked, E::Claimed) => Ok(Self::Claimed),
            (Self::Claimed, E::Returned) => Ok(Self::Returned),
            (Self::Claimed, E::Assessed) => Ok(Self::Assessed),
            (from, event) => Err(NoSuchStep { from, event }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ClaimEvent as E;
    use super::*;

    #[test]
    fn a_visit_is_sent_priced_settled_and_corrected() {
        let sent = ClaimStatus::Open.after(E::Accepted).unwrap();
        let settled = sent.after(E::Priced).and_then(|s| s.after(E::Settled)).unwrap();
        assert_eq!(settled, ClaimStatus::Settled);
        let again = settled.after(E::Changed).and_then(|s| s.after(E::Accepted)).unwrap();
        assert_eq!(again, ClaimStatus::Sent);
    }

    #[test]
    fn hearing_the_same_twice_changes_nothing() {
        for (state, event) in [(ClaimStatus::Sent, E::Accepted), (ClaimStatus::Priced, E::Priced), (ClaimStatus::Settled, E::Settled)] {
            assert_eq!(state.after(event), Ok(state));
        }
        assert_eq!(ClaimStatus::Settled.after(E::Priced), Ok(ClaimStatus::Settled), "a late price does not undo a payment");
    }

    #[test]
    fn what_was_claimed_waits_for_its_answer() {
        assert!(ClaimStatus::Claimed.after(E::Changed).is_err());
        assert!(ClaimStatus::Open.after(E::Priced).is_err());
        assert_eq!(ClaimStatus::Claimed.after(E::Returned).map(ClaimStatus::is_to_send), Ok(true));
    }

    #[test]
    fn codes_read_back() {
        assert!(ClaimStatus::ALL.iter().all(|status| ClaimStatus::from_code(status.code()) == Some(*status)));
    }
}
