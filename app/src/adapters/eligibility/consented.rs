//! 同意済資格情報一括取得 (OQSmuhvq01/02 訪問診療等, OQSmuonq01/02 オンライン診療等) and 閲覧同意取消 (OQSsihvd01): who consented on a device of
//! their own, one answer for each of them.

use chrono::NaiveDate;
use domain::check_in::CareSetting;
use serde::{Deserialize, Serialize};

use super::bulk::{Insured, Reply, elements, message, reply};
use super::query::NotOurs;
use super::xml::Element;
use super::{ReadError, ReaderFile, unpacked, wire};

/// Which consents are asked for; kept sealed in the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    pub institution_code: String,
    pub setting: CareSetting,
    pub from: NaiveDate,
    pub to: NaiveDate,
}

/// 受付番号 of a listing whose people are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collection {
    pub institution_code: String,
    pub setting: CareSetting,
    pub reception_number: String,
}

/// The address of each half.
pub const fn paths(setting: CareSetting) -> [&'static str; 2] {
    match setting {
        CareSetting::Online => ["/oqs/v1/OQSmuonq01", "/oqs/v1/OQSmuonq02"],
        _ => ["/oqs/v1/OQSmuhvq01", "/oqs/v1/OQSmuhvq02"],
    }
}

pub const CANCEL: &str = "/oqs/v1/OQSsihvd01";

pub fn submission(listing: &Listing, identifier: &str) -> Vec<u8> {
    let day = |day: NaiveDate| day.format("%Y%m%d").to_string();
    let body = elements(&[
        ("ConsentDateFrom", &day(listing.from)),
        ("ConsentDateTo", &day(listing.to)),
        ("MedicalTreatmentFlag", listing.setting.flag()),
    ]);
    message(&listing.institution_code, identifier, None, &body)
}

/// The continuing consent of one person is given up. The name of the element around it is ours (見本).
pub fn cancellation(institution: &str, identifier: &str, insured: &Insured, birth_date: NaiveDate) -> Vec<u8> {
    let birth = elements(&[("Birthdate", &birth_date.format("%Y%m%d").to_string())]);
    let body = format!("<ViewingConsentCancelInfo>{}{birth}</ViewingConsentCancelInfo>", insured.elements());
    message(institution, identifier, None, &body)
}

/// Everybody of the answer, each as the file a reader would have left.
pub fn read_people(bytes: &[u8], asked: &Collection, identifier: &str) -> Result<Reply<Vec<ReaderFile>>, NotOurs> {
    reply(&unpacked(bytes)?, &asked.institution_code, identifier, |root| {
        let day = root.child("MessageHeader").and_then(|header| header.value("QualificationConfirmationDate")).unwrap_or_default();
        let mut units = Vec::new();
        root.descendants("BulkConfirmUnit", &mut units);
        let name = asked.reception_number.chars().filter(char::is_ascii_alphanumeric).take(40).collect::<String>();
        units.iter().enumerate().map(|(at, unit)| person(unit, asked, day, format!("{name}_{}.xml", at + 1))).collect()
    })
}

/// One person's answer on its own; it must be readable as one.
fn person(unit: &Element, asked: &Collection, day: &str, name: String) -> Result<ReaderFile, ReadError> {
    let header = elements(&[
        ("QualificationConfirmationDate", day),
        ("MedicalInstitutionCode", &asked.institution_code),
        ("ReferenceClassification", "1"),
        ("MedicalTreatmentFlag", asked.setting.flag()),
        ("SegmentOfResult", "1"),
        ("CharacterCodeIdentifier", "0"),
    ]);
    let mut result = String::new();
    if let Some(e) = unit.child("ResultOfQualificationConfirmation") {
        e.write(&mut result);
    }
    let body = elements(&[
        ("ProcessingResultStatus", unit.value("ProcessingResultStatus").unwrap_or_default()),
        ("QualificationValidity", unit.value("QualificationValidity").unwrap_or_default()),
    ]);
    let bytes = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?><XmlMsg><MessageHeader>{header}</MessageHeader>\
         <MessageBody>{body}<ResultList>{result}</ResultList></MessageBody></XmlMsg>"
    )
    .into_bytes();
    wire::parse(&bytes)?;
    Ok(ReaderFile { name, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "1319999999";

    fn asked() -> Collection {
        Collection { institution_code: HERE.into(), setting: CareSetting::Home, reception_number: "R<1>".into() }
    }

    fn unit(name: &str, more: &str) -> String {
        format!(
            "<BulkConfirmUnit><ProcessingResultStatus>1</ProcessingResultStatus><QualificationValidity>1</QualificationValidity><ResultOfQualificationConfirmation>\
             <InsurerNumber>01139997</InsurerNumber><InsuredIdentificationNumber>9000001</InsuredIdentificationNumber><Name>{name}</Name><Sex1>1</Sex1>\
             <Birthdate>19750401</Birthdate>{more}</ResultOfQualificationConfirmation></BulkConfirmUnit>"
        )
    }

    fn answer(body: &str) -> Vec<u8> {
        format!(
            "<XmlMsg><MessageHeader><QualificationConfirmationDate>20261120</QualificationConfirmationDate><MedicalInstitutionCode>{HERE}</MedicalInstitutionCode>\
             <ArbitraryFileIdentifier>q-1</ArbitraryFileIdentifier><SegmentOfResult>1</SegmentOfResult></MessageHeader><MessageBody>{body}</MessageBody></XmlMsg>"
        )
        .into_bytes()
    }

    /// FN-OQ-09
    #[test]
    fn each_person_becomes_an_answer_of_their_own_with_consents_and_continuation() {
        let consents = "<PharmacistsInfoConsFlg>1</PharmacistsInfoConsFlg><PharmacistsInfoConsTime>20261120090000</PharmacistsInfoConsTime>\
            <PharmacistsInfoAvailableTime>20261121090000</PharmacistsInfoAvailableTime><ContinuingConsent>1</ContinuingConsent>\
            <ContinuingConsentEndDate>20270331</ContinuingConsentEndDate>";
        let body = unit("架空　太郎&lt;", consents) + &unit("架空　花子", "");
        let Reply::Given(files) = read_people(&answer(&body), &asked(), "q-1").unwrap() else { panic!("not given") };
        assert_eq!(files.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(), ["R1_1.xml", "R1_2.xml"]);
        let first = wire::parse(&files[0].bytes).unwrap();
        let q = first.single().unwrap();
        assert_eq!((first.setting, first.channel().is_by_card(), q.name.as_str()), (CareSetting::Home, true, "架空　太郎<"));
        assert_eq!(q.continuing.unwrap().until, NaiveDate::from_ymd_opt(2027, 3, 31));
        assert!(q.consents.iter().any(|c| c.subject == "PharmacistsInfo" && c.is_given()));
        assert_eq!(wire::parse(&files[1].bytes).unwrap().single().unwrap().continuing, None);
    }

    #[test]
    fn an_answer_with_somebody_unreadable_is_not_ours_to_cut_up() {
        let nameless = unit("", "");
        assert!(read_people(&answer(&nameless), &asked(), "q-1").is_err());
        assert!(matches!(read_people(&answer(""), &asked(), "q-2"), Err(NotOurs::OtherQuestion)));
        assert!(matches!(read_people(&answer(""), &asked(), "q-1"), Ok(Reply::Given(files)) if files.is_empty()));
    }
}
