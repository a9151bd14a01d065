//! What changed, as it travels: a word and an id.

use domain::{EncounterId, InquiryId};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// One visit's row.
    Visit(EncounterId),
    /// An answer about somebody's insurance.
    Inquiry(InquiryId),
    /// Something every row may show, such as a partner's state.
    Board,
    /// A question, or a card's job, waits for the clinic's relay; no page shows it.
    Request,
}

impl Topic {
    pub(super) fn encode(self) -> String {
        match self {
            Self::Visit(id) => format!("visit {id}"),
            Self::Inquiry(id) => format!("inquiry {id}"),
            Self::Board => "board".into(),
            Self::Request => "request".into(),
        }
    }

    /// `None` for words of a newer version.
    pub(super) fn decode(text: &str) -> Option<Self> {
        match text.split_once(' ') {
            Some(("visit", id)) => id.parse().ok().map(Self::Visit),
            Some(("inquiry", id)) => id.parse().ok().map(Self::Inquiry),
            None if text == "board" => Some(Self::Board),
            None if text == "request" => Some(Self::Request),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_wrote_and_ignores_the_rest() {
        let visit = Topic::Visit("0190a2b4-7c3e-7d11-8a55-0123456789ab".parse().unwrap());
        let inquiry = Topic::Inquiry("0190a2b4-7c3e-7d11-8a55-0123456789ab".parse().unwrap());
        for topic in [visit, inquiry, Topic::Board, Topic::Request] {
            assert_eq!(Topic::decode(&topic.encode()), Some(topic));
        }
        for text in ["", "visit", "visit x", "board 1", "次"] {
            assert_eq!(Topic::decode(text), None, "{text}");
        }
    }
}
