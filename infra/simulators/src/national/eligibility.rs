//! 資格確認 by number (OQSsiquc01req → res): the question is checked as the documents say, the answer echoes it.

use actix_web::{HttpRequest, HttpResponse, web};

use super::National;
use super::envelope::{Envelope, HEADER, SEARCH, insured, xml_answer};
use super::faults::Fault;
use crate::reader::answers::{Asked, answer};

pub async fn confirm(national: web::Data<National>, req: HttpRequest, body: web::Bytes) -> HttpResponse {
    let fault = match national.admit(&req).await {
        Ok(fault) => fault,
        Err(shut) => return shut,
    };
    let asked = match read(&body) {
        Ok(asked) => asked,
        Err(reason) => return xml_answer(refusal(&reason)),
    };
    national.answered.note(&asked.institution, &asked.identifier);
    xml_answer(match fault {
        Some(Fault::Malformed) => b"<?xml version=\"1.0\"?><XmlMsg><MessageHeader><SegmentOfResult>1</Segm".to_vec(),
        other => answer(&asked, other.map_or("valid", Fault::key)),
    })
}

pub(super) fn read(body: &[u8]) -> Result<Asked, String> {
    let asked = Envelope::read(body, &HEADER)?;
    let search = asked.body.child("QualificationConfirmSearchInfo").ok_or("照会の内容がありません")?;
    search.only(&SEARCH)?;
    insured(search)?;
    let birth = search.must("Birthdate")?;
    if chrono::NaiveDate::parse_from_str(birth, "%Y%m%d").is_err() || birth.len() != 8 {
        return Err("Birthdate は yyyyMMdd です".into());
    }
    if !matches!(search.must("LimitApplicationCertificateRelatedConsFlg")?, "0" | "1") {
        return Err("LimitApplicationCertificateRelatedConsFlg は 0 か 1 です".into());
    }
    Ok(Asked {
        insurer: search.must("InsurerNumber")?.to_owned(),
        number: search.must("InsuredIdentificationNumber")?.to_owned(),
        branch: search.text_of("InsuredBranchNumber").to_owned(),
        birth: birth.to_owned(),
        institution: asked.institution,
        identifier: asked.identifier,
    })
}

pub(super) fn refusal(reason: &str) -> Vec<u8> {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?><XmlMsg><MessageHeader><SegmentOfResult>9</SegmentOfResult>\
         <ErrorCode>SIMOQ001E</ErrorCode><ErrorMessage>{reason}</ErrorMessage><CharacterCodeIdentifier>0</CharacterCodeIdentifier></MessageHeader></XmlMsg>"
    )
    .into_bytes()
}
