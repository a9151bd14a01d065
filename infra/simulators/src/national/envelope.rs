//! What every question to オンライン資格確認等システム shares: the gate, and XmlMsg with its two parts.

use std::time::Duration;

use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};

use super::faults::Fault;
use super::xml::Node;
use super::{National, xml};

/// The header of a question about one person or a list.
pub const HEADER: [&str; 3] = ["QualificationConfirmationDate", "MedicalInstitutionCode", "ArbitraryFileIdentifier"];
/// Whom a question is about.
pub const SEARCH: [&str; 7] = [
    "InsurerNumber",
    "InsuredCardSymbol",
    "InsuredIdentificationNumber",
    "InsuredBranchNumber",
    "Birthdate",
    "LimitApplicationCertificateRelatedConsFlg",
    "ArbitraryIdentifier",
];

impl National {
    /// Counts the question and lets it in, with the fault its answer shall have; `Err` is the answer of a gate that stays shut.
    pub(super) async fn admit(&self, req: &HttpRequest) -> Result<Option<Fault>, HttpResponse> {
        self.count();
        if !self.knows(req) {
            return Err(HttpResponse::Unauthorized().finish());
        }
        let fault = self.faults.take();
        match fault {
            Some(Fault::Closed) => return Err(HttpResponse::ServiceUnavailable().insert_header(("retry-after", "3600")).finish()),
            Some(Fault::Failing) => return Err(HttpResponse::InternalServerError().finish()),
            Some(Fault::RateLimited) => return Err(HttpResponse::TooManyRequests().finish()),
            Some(Fault::Timeout) => {
                tokio::time::sleep(Duration::from_secs(60)).await;
                return Err(HttpResponse::GatewayTimeout().finish());
            }
            Some(Fault::Late) => tokio::time::sleep(Duration::from_secs(12)).await,
            Some(fault @ (Fault::LostReply | Fault::Duplicate)) => drop(req.extensions_mut().insert(fault)),
            _ => {}
        }
        self.think(5).await;
        Ok(fault)
    }
}

/// A question whose envelope is right.
pub struct Envelope {
    pub institution: String,
    pub identifier: String,
    pub header: Node,
    pub body: Node,
}

impl Envelope {
    /// `known` are the elements the header may have.
    pub fn read(bytes: &[u8], known: &[&str]) -> Result<Self, String> {
        let root = xml::parse(bytes)?;
        if root.name != "XmlMsg" {
            return Err("最も外側は XmlMsg です".into());
        }
        root.only(&["MessageHeader", "MessageBody"])?;
        let header = root.child("MessageHeader").cloned().ok_or("MessageHeader がありません")?;
        header.only(known)?;
        let institution = header.must("MedicalInstitutionCode")?.to_owned();
        if institution.len() != 10 || !digits(&institution) {
            return Err("MedicalInstitutionCode は10桁です".into());
        }
        let identifier = header.must("ArbitraryFileIdentifier")?.to_owned();
        let body = root.child("MessageBody").cloned().ok_or("MessageBody がありません")?;
        Ok(Self { institution, identifier, header, body })
    }
}

/// Padded with spaces on the left to eight digits, but the reader of text trims: what is left has six or eight.
pub fn insurer(node: &Node) -> Result<&str, String> {
    let insurer = node.must("InsurerNumber")?;
    if matches!(insurer.len(), 6 | 8) && check_digit(insurer) {
        Ok(insurer)
    } else {
        Err("InsurerNumber の検証番号が違います".into())
    }
}

/// Insurer, branch and number of one person, each in its form.
pub fn insured(node: &Node) -> Result<(), String> {
    insurer(node)?;
    let branch = node.text_of("InsuredBranchNumber");
    if !branch.is_empty() && (branch.len() != 2 || !digits(branch)) {
        return Err("InsuredBranchNumber は2桁です".into());
    }
    node.must("InsuredIdentificationNumber").map(drop)
}

pub fn digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

/// Modulus 10, weights 2 and 1 from the right, digits of the products summed.
pub fn check_digit(number: &str) -> bool {
    if !digits(number) {
        return false;
    }
    let digits: Vec<u32> = number.bytes().map(|b| u32::from(b - b'0')).collect();
    let Some((check, body)) = digits.split_last() else { return false };
    let sum: u32 = body.iter().rev().enumerate().map(|(i, d)| if i % 2 == 0 { d * 2 / 10 + d * 2 % 10 } else { *d }).sum();
    (10 - sum % 10) % 10 == *check
}

pub fn xml_answer(body: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/xml").body(body)
}
