//! The document inside a registration: taken out of its wrappings, then judged.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, NaiveDate, Utc};

use super::super::xml::Node;
use super::Reply;
use super::record::{self, Remark, Summary};
use super::signature::{self, Anchors, Failure};
use super::tree::{self, Element};

pub struct Request {
    document: Vec<u8>,
    is_electronic: bool,
}

/// Why a registration is refused: its records, or its signature.
pub enum Findings {
    Form(String),
    Records(Vec<Remark>),
    Signature(Failure),
}

impl Findings {
    pub fn record(code: &'static str, words: &str) -> Self {
        Self::Records(vec![Remark(code, words.to_owned())])
    }

    pub fn reply(self) -> Reply {
        let body = match self {
            Self::Form(words) => {
                format!("<XmlCheckResultList><ResultCode>SIMX003E</ResultCode><ResultMessage>{words}</ResultMessage></XmlCheckResultList>")
            }
            Self::Records(remarks) => remarks
                .iter()
                .map(|Remark(code, words)| {
                    format!(
                        "<CsvCheckResultList><ResultCode>{code}</ResultCode><ResultMessage>{}</ResultMessage></CsvCheckResultList>",
                        super::escaped(words)
                    )
                })
                .collect(),
            Self::Signature(Failure(code, words)) => format!(
                "<VerifyResultList><Status>2</Status><Message>署名を検証できません。</Message><SignId>PrescriptionSign</SignId><FailureReasons>\
                 <MessageCode>{code}</MessageCode><Message>{words}</Message></FailureReasons></VerifyResultList>"
            ),
        };
        Reply { is_ok: false, body }
    }
}

impl Request {
    pub fn read(body: &Node, is_change: bool) -> Result<Self, String> {
        let change: &[&str] = if is_change { &["PrescriptionId"] } else { &[] };
        body.only(&[change, &["PrescriptionInfo", "IssueType"]].concat())?;
        if body.children.last().is_none_or(|last| last.name != "IssueType") {
            return Err("IssueType は最後の要素です".into());
        }
        let info = body.must("PrescriptionInfo")?;
        let document = STANDARD.decode(info).map_err(|_| "PrescriptionInfo が base64 ではありません")?;
        let is_electronic = match body.must("IssueType")? {
            "1" => true,
            "2" => false,
            other => return Err(format!("IssueType {other} は使えません")),
        };
        Ok(Self { document, is_electronic })
    }

    /// What the prescription says and who signed it.
    pub fn check(&self, anchors: &Anchors, now: DateTime<Utc>, today: NaiveDate) -> Result<(Summary, String), Findings> {
        let root = tree::parse(&self.document).map_err(Findings::Form)?;
        let prescription = form(&root, self.is_electronic).map_err(Findings::Form)?;
        let csv = prescription.one("", "PrescriptionDocument").map_err(Findings::Form)?;
        let csv = STANDARD.decode(csv.text()).map_err(|_| Findings::Form("PrescriptionDocument が base64 ではありません".into()))?;
        let signer =
            if self.is_electronic { signature::verify(prescription, anchors, now).map_err(Findings::Signature)? } else { String::new() };
        Ok((record::check(&csv, today).map_err(Findings::Records)?, signer))
    }
}

/// As EP.xsd has it: three parts in their order, ids used once.
pub(super) fn form(root: &Element, is_electronic: bool) -> Result<&Element, String> {
    if !root.is("", "Document") || root.attribute("id") != "Document" || root.attributes.iter().all(|a| a.value != "EP.xsd") {
        return Err("最も外側は EP.xsd の Document です".into());
    }
    let prescription = root.one("", "Prescription")?;
    let parts: Vec<&str> = prescription.elements().map(|e| e.local.as_str()).collect();
    let wanted: &[&str] = if is_electronic {
        &["PrescriptionManagement", "PrescriptionDocument", "PrescriptionSign"]
    } else {
        &["PrescriptionManagement", "PrescriptionDocument"]
    };
    if parts != wanted {
        return Err(format!("Prescription の中は {} です", wanted.join("・")));
    }
    if prescription.one("", "PrescriptionManagement")?.one("", "Version")?.attribute("Value") != "EPS1.0" {
        return Err("Version は EPS1.0 です".into());
    }
    let mut ids: Vec<&str> =
        root.all().into_iter().flat_map(|e| [e.attribute("Id"), e.attribute("id")]).filter(|id| !id.is_empty()).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    if ids.len() == count { Ok(prescription) } else { Err("同じ Id が二つあります".into()) }
}
