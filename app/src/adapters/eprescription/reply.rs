//! What comes back. An answer that cannot be read, or that answers another question, says nothing about ours.

use domain::prescription::registration::Seen;
use serde::{Deserialize, Serialize};

use super::dispensing::{Dispensing, dispensings};
use crate::adapters::eligibility::xml::{self, Element};

/// What the service keeps a registered prescription under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// 処方箋ID
    pub register_id: String,
    /// 引換番号
    pub access_code: String,
}

/// 状況 of one prescription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    pub sentence: String,
    pub pharmacy: String,
    pub message: String,
    /// 調剤結果, each time it was dispensed
    #[serde(default)]
    pub results: Vec<Dispensing>,
}

impl Standing {
    /// The sentences are told apart by their own words; an unknown one is none of ours.
    pub fn seen(&self) -> Option<Seen> {
        let says = |words: &str| self.sentence.contains(words);
        match () {
            () if says("取消") => Some(Seen::Withdrawn),
            () if says("受付されて") => Some(Seen::Waiting),
            () if says("調剤中") => Some(Seen::Received),
            () if says("調剤済") => Some(Seen::Dispensed),
            () if says("回収") => Some(Seen::Collected),
            () => None,
        }
    }
}

/// An answer to our question.
#[derive(Debug)]
pub enum Answer {
    Ok(Element),
    Refused { code: String, said: String },
}

/// Why bytes are no answer to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotOurs {
    #[error("unreadable")]
    Unreadable,
    #[error("an answer to another question")]
    OtherQuestion,
}

pub fn read(bytes: &[u8], identifier: &str) -> Result<Answer, NotOurs> {
    let unreadable = |_| NotOurs::Unreadable;
    let root = xml::parse(&xml::decode(bytes).map_err(unreadable)?).map_err(unreadable)?;
    let header = root.child("MessageHeader").filter(|_| root.name == "XmlMsg").ok_or(NotOurs::Unreadable)?;
    if header.value("SegmentOfResult") == Some("9") {
        let text = |name| header.value(name).unwrap_or_default().to_owned();
        return Ok(Answer::Refused { code: text("ErrorCode"), said: text("ErrorMessage") });
    }
    if header.value("ArbitraryFileIdentifier") != Some(identifier) {
        return Err(NotOurs::OtherQuestion);
    }
    let body = root.child("MessageBody").ok_or(NotOurs::Unreadable)?;
    match body.value("ProcessingResultStatus") {
        Some("1") => Ok(Answer::Ok(root)),
        Some("2") => Ok(refusal(body)),
        _ => Err(NotOurs::Unreadable),
    }
}

/// The first reason given: of the message, of its records, or of the signature.
fn refusal(body: &Element) -> Answer {
    let of = |list: Option<&Element>, code, said| {
        let list = list?;
        Some((list.value(code).unwrap_or_default().to_owned(), list.value(said).unwrap_or_default().to_owned()))
    };
    let failed = body.children_named("VerifyResultList").find_map(|list| list.child("FailureReasons"));
    let (code, said) = of(body.value("ProcessingResultCode").map(|_| body), "ProcessingResultCode", "ProcessingResultMessage")
        .or_else(|| of(body.child("XmlCheckResultList"), "ResultCode", "ResultMessage"))
        .or_else(|| of(body.child("CsvCheckResultList"), "ResultCode", "ResultMessage"))
        .or_else(|| of(failed, "MessageCode", "Message"))
        .unwrap_or_default();
    Answer::Refused { code, said }
}

fn body(root: &Element) -> Option<&Element> {
    root.child("MessageBody")
}

fn ids(element: &Element) -> Option<Accepted> {
    let (register_id, access_code) = (element.value("PrescriptionId")?, element.value("AccessCode")?);
    let is_plain = |text: &str, longest| text.len() <= longest && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    (is_plain(register_id, 36) && is_plain(access_code, 16))
        .then(|| Accepted { register_id: register_id.to_owned(), access_code: access_code.to_owned() })
}

pub fn accepted(root: &Element) -> Option<Accepted> {
    ids(body(root)?)
}

/// Our registration among those found.
pub fn found(root: &Element, identifier: &str) -> Option<Accepted> {
    let mut lines = body(root)?.children_named("PrescriptionIdList");
    lines.find(|line| line.value("ArbitraryFileIdentifier") == Some(identifier)).and_then(ids)
}

pub fn standing(root: &Element) -> Option<Standing> {
    let body = body(root)?;
    let text = |name| body.value(name).unwrap_or_default().chars().take(200).collect();
    Some(Standing {
        sentence: body.value("PrescriptionStatus")?.to_owned(),
        pharmacy: text("ReceptionPharmacyName"),
        message: text("PharmacyMessage"),
        results: dispensings(body),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &str) -> Vec<u8> {
        format!(
            "<XmlMsg><MessageHeader><ArbitraryFileIdentifier>rx-1</ArbitraryFileIdentifier><SegmentOfResult>1</SegmentOfResult>\
             <CharacterCodeIdentifier>0</CharacterCodeIdentifier></MessageHeader><MessageBody>{body}</MessageBody></XmlMsg>"
        )
        .into_bytes()
    }

    /// FN-EP-01
    #[test]
    fn an_answer_is_read_only_by_the_one_who_asked() {
        let ok = answer(
            "<ProcessingResultStatus>1</ProcessingResultStatus><PrescriptionId>3f0c9d1e-0000-4000-8000-000000000042</PrescriptionId><AccessCode>123456</AccessCode>",
        );
        let Ok(Answer::Ok(root)) = read(&ok, "rx-1") else { panic!() };
        assert_eq!(accepted(&root).unwrap().access_code, "123456");
        assert_eq!(read(&ok, "rx-2").err(), Some(NotOurs::OtherQuestion));
        assert_eq!(read(&ok[..90], "rx-1").err(), Some(NotOurs::Unreadable));
        assert_eq!(read(b"", "rx-1").err(), Some(NotOurs::Unreadable));
        let csv = answer(
            "<ProcessingResultStatus>2</ProcessingResultStatus><CsvCheckResultList><ResultCode>EPSB0052E</ResultCode><ResultMessage>改行</ResultMessage></CsvCheckResultList>",
        );
        assert!(matches!(read(&csv, "rx-1"), Ok(Answer::Refused { code, said }) if code == "EPSB0052E" && said == "改行"));
        let odd =
            answer("<ProcessingResultStatus>1</ProcessingResultStatus><PrescriptionId>../x</PrescriptionId><AccessCode>1</AccessCode>");
        let Ok(Answer::Ok(root)) = read(&odd, "rx-1") else { panic!() };
        assert_eq!(accepted(&root), None);
    }

    #[test]
    fn the_service_tells_its_states_in_sentences() {
        let seen = |sentence: &str| {
            Standing { sentence: sentence.into(), pharmacy: String::new(), message: String::new(), results: vec![] }.seen()
        };
        for (sentence, state) in [
            ("当該処方箋は処方箋取消されています。", Some(Seen::Withdrawn)),
            ("薬局にて受付されていません。", Some(Seen::Waiting)),
            ("薬局にて調剤中です。", Some(Seen::Received)),
            ("薬局にて調剤済です。", Some(Seen::Dispensed)),
            ("薬局にて回収済です。", Some(Seen::Collected)),
            ("", None),
        ] {
            assert_eq!(seen(sentence), state, "{sentence}");
        }
    }
}
