//! 資格確認 by number (OQSsiquc01req → res): the question is checked as the documents say, the answer echoes it.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};

use super::faults::Fault;
use super::{National, xml};
use crate::reader::answers::{Asked, answer};

const HEADER: [&str; 3] = ["QualificationConfirmationDate", "MedicalInstitutionCode", "ArbitraryFileIdentifier"];
const BODY: [&str; 7] = [
    "InsurerNumber",
    "InsuredCardSymbol",
    "InsuredIdentificationNumber",
    "InsuredBranchNumber",
    "Birthdate",
    "LimitApplicationCertificateRelatedConsFlg",
    "ArbitraryIdentifier",
];

pub async fn confirm(national: web::Data<National>, req: HttpRequest, body: web::Bytes) -> HttpResponse {
    national.count();
    if !national.knows(&req) {
        return HttpResponse::Unauthorized().finish();
    }
    let fault = national.faults.take();
    match fault {
        Some(Fault::Closed) => return HttpResponse::ServiceUnavailable().insert_header(("retry-after", "3600")).finish(),
        Some(Fault::Failing) => return HttpResponse::InternalServerError().finish(),
        Some(Fault::RateLimited) => return HttpResponse::TooManyRequests().finish(),
        Some(Fault::Timeout | Fault::LostReply) => tokio::time::sleep(Duration::from_secs(60)).await,
        Some(Fault::Late) => tokio::time::sleep(Duration::from_secs(12)).await,
        _ => {}
    }
    national.think().await;
    let asked = match read(&body) {
        Ok(asked) => asked,
        Err(reason) => return xml_answer(refusal(&reason)),
    };
    xml_answer(match fault {
        Some(Fault::Malformed) => b"<?xml version=\"1.0\"?><XmlMsg><MessageHeader><SegmentOfResult>1</Segm".to_vec(),
        other => answer(&asked, other.map_or("valid", Fault::key)),
    })
}

pub(super) fn read(body: &[u8]) -> Result<Asked, String> {
    let root = xml::parse(body)?;
    if root.name != "XmlMsg" {
        return Err("最も外側は XmlMsg です".into());
    }
    root.only(&["MessageHeader", "MessageBody"])?;
    let header = root.child("MessageHeader").ok_or("MessageHeader がありません")?;
    header.only(&HEADER)?;
    let search = root.child("MessageBody").and_then(|b| b.child("QualificationConfirmSearchInfo")).ok_or("照会の内容がありません")?;
    search.only(&BODY)?;
    let institution = header.must("MedicalInstitutionCode")?;
    if institution.len() != 10 || !digits(institution) {
        return Err("MedicalInstitutionCode は10桁です".into());
    }
    // Padded with spaces on the left to eight digits, but the reader of text trims: what is left has six or eight.
    let insurer = search.must("InsurerNumber")?;
    if !matches!(insurer.len(), 6 | 8) || !check_digit(insurer) {
        return Err("InsurerNumber の検証番号が違います".into());
    }
    let birth = search.must("Birthdate")?;
    if chrono::NaiveDate::parse_from_str(birth, "%Y%m%d").is_err() || birth.len() != 8 {
        return Err("Birthdate は yyyyMMdd です".into());
    }
    if !matches!(search.must("LimitApplicationCertificateRelatedConsFlg")?, "0" | "1") {
        return Err("LimitApplicationCertificateRelatedConsFlg は 0 か 1 です".into());
    }
    let branch = search.text_of("InsuredBranchNumber");
    if !branch.is_empty() && (branch.len() != 2 || !digits(branch)) {
        return Err("InsuredBranchNumber は2桁です".into());
    }
    Ok(Asked {
        institution: institution.to_owned(),
        identifier: header.must("ArbitraryFileIdentifier")?.to_owned(),
        insurer: insurer.to_owned(),
        number: search.must("InsuredIdentificationNumber")?.to_owned(),
        branch: branch.to_owned(),
        birth: birth.to_owned(),
    })
}

pub(super) fn digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

/// Modulus 10, weights 2 and 1 from the right, digits of the products summed.
pub(super) fn check_digit(number: &str) -> bool {
    if !digits(number) {
        return false;
    }
    let digits: Vec<u32> = number.bytes().map(|b| u32::from(b - b'0')).collect();
    let Some((check, body)) = digits.split_last() else { return false };
    let sum: u32 = body.iter().rev().enumerate().map(|(i, d)| if i % 2 == 0 { d * 2 / 10 + d * 2 % 10 } else { *d }).sum();
    (10 - sum % 10) % 10 == *check
}

pub(super) fn refusal(reason: &str) -> Vec<u8> {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?><XmlMsg><MessageHeader><SegmentOfResult>9</SegmentOfResult>\
         <ErrorCode>SIMOQ001E</ErrorCode><ErrorMessage>{reason}</ErrorMessage><CharacterCodeIdentifier>0</CharacterCodeIdentifier></MessageHeader></XmlMsg>"
    )
    .into_bytes()
}

pub(super) fn xml_answer(body: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/xml").body(body)
}
