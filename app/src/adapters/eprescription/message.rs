//! The messages of EPS-IF 201 to 209, 217 and 220: one line of XML each. Addresses are ours until the interface specification is at hand.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::adapters::eligibility::xml::escape;

pub const REGISTER: &str = "/eps/v1/EPS-IF-201";
pub const REVOKE: &str = "/eps/v1/EPS-IF-203";
pub const CHANGE: &str = "/eps/v1/EPS-IF-205";
pub const REVOKE_UNDO: &str = "/eps/v1/EPS-IF-207";
pub const CHANGE_UNDO: &str = "/eps/v1/EPS-IF-209";
pub const STATUS: &str = "/eps/v1/EPS-IF-217";
pub const SEARCH: &str = "/eps/v1/EPS-IF-220";
pub const HEALTH: &str = "/eps/healthz";

/// Who registered, under which name of their own, for whom: what finds a registration again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// 医療機関コード, ten digits
    pub institution_code: String,
    /// The same for every attempt at one registration.
    pub identifier: String,
    pub insurer_number: String,
    pub symbol: String,
    pub number: String,
    pub branch: String,
    pub issued_on: NaiveDate,
}

impl Trace {
    /// `name` comes back in the answer.
    pub(super) fn message(&self, name: &str, elements: &[(&str, &str)]) -> Vec<u8> {
        let body: String = elements
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("<{name}>{}</{name}>", escape(value)))
            .collect();
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><XmlMsg><MessageHeader><MedicalInstitutionCode>{}</MedicalInstitutionCode>\
             <ArbitraryFileIdentifier>{}</ArbitraryFileIdentifier></MessageHeader><MessageBody>{body}</MessageBody></XmlMsg>",
            escape(&self.institution_code),
            escape(name),
        )
        .into_bytes()
    }

    /// 処方箋登録 of a document; signed unless the paper is the original.
    pub fn registration(&self, document: &str, is_on_paper: bool) -> Vec<u8> {
        self.message(&self.identifier, &[("PrescriptionInfo", &STANDARD.encode(document)), ("IssueType", issue_type(is_on_paper))])
    }

    /// 処方箋変更: a signed document in the place of another.
    pub fn change(&self, document: &str, replaces: &str, is_on_paper: bool) -> Vec<u8> {
        self.message(
            &self.identifier,
            &[("PrescriptionId", replaces), ("PrescriptionInfo", &STANDARD.encode(document)), ("IssueType", issue_type(is_on_paper))],
        )
    }

    /// 処方箋取消, the two UNDOs, and the question how a prescription stands.
    pub fn about(&self, name: &str, register_id: &str) -> Vec<u8> {
        self.message(name, &[("PrescriptionId", register_id)])
    }

    /// 処方箋ID検索: what we registered for this person that day.
    pub fn search(&self, name: &str) -> Vec<u8> {
        let day = self.issued_on.format("%Y%m%d").to_string();
        let mut elements = self.insured().to_vec();
        elements.extend([("IssueDateFrom", day.as_str()), ("IssueDateTo", &day)]);
        self.message(name, &elements)
    }

    /// Whom a question concerns.
    pub(super) fn insured(&self) -> [(&'static str, &str); 4] {
        [
            ("InsurerNumber", &self.insurer_number),
            ("InsuredCardSymbol", &self.symbol),
            ("InsuredIdentificationNumber", &self.number),
            ("InsuredBranchNumber", &self.branch),
        ]
    }
}

const fn issue_type(is_on_paper: bool) -> &'static str {
    if is_on_paper { "2" } else { "1" }
}
