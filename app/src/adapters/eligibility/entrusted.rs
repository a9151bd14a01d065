//! 委託先資格情報一括取得 (OQSmutic01/02): everybody entrusted to this facility under 医療扶助 in a month, with their 医療券.

use chrono::NaiveDate;
use domain::eligibility::{EligibilityStatus, Qualification};
use serde::{Deserialize, Serialize};

use super::bulk::{Reply, elements, message, reply, status};
use super::query::NotOurs;
use super::{unpacked, wire};

pub const SUBMIT: &str = "/oqs/v1/OQSmutic01";
pub const COLLECT: &str = "/oqs/v1/OQSmutic02";

/// Which month is asked for; kept sealed in the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submission {
    pub institution_code: String,
    pub month: NaiveDate,
}

/// 受付番号 of a list whose people are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collection {
    pub institution_code: String,
    pub reception_number: String,
}

/// One person of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entrusted {
    pub status: EligibilityStatus,
    pub qualification: Qualification,
}

pub fn submission(asked: &Submission, identifier: &str) -> Vec<u8> {
    let body = elements(&[("MedicalTreatmentMonth", &asked.month.format("%Y%m").to_string())]);
    message(&asked.institution_code, identifier, None, &body)
}

pub fn read_people(bytes: &[u8], institution: &str, identifier: &str) -> Result<Reply<Vec<Entrusted>>, NotOurs> {
    reply(&unpacked(bytes)?, institution, identifier, |root| {
        let mut units = Vec::new();
        root.descendants("BulkConfirmUnit", &mut units);
        // A unit that could not be processed names nobody.
        let people = units.into_iter().filter_map(|unit| Some((unit, unit.child("ResultOfQualificationConfirmation")?)));
        people.map(|(unit, person)| Ok(Entrusted { status: status(unit), qualification: wire::qualification(person)? })).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "1319999999";

    fn answer(body: &str) -> Vec<u8> {
        format!(
            "<XmlMsg><MessageHeader><MedicalInstitutionCode>{HERE}</MedicalInstitutionCode><ArbitraryFileIdentifier>q-1</ArbitraryFileIdentifier>\
             <SegmentOfResult>1</SegmentOfResult></MessageHeader><MessageBody>{body}</MessageBody></XmlMsg>"
        )
        .into_bytes()
    }

    fn unit(validity: &str, person: &str) -> String {
        format!(
            "<BulkConfirmUnit><ProcessingResultStatus>1</ProcessingResultStatus><QualificationValidity>{validity}</QualificationValidity>{person}</BulkConfirmUnit>"
        )
    }

    const PERSON: &str = "<ResultOfQualificationConfirmation><InsuredCardClassification>A1</InsuredCardClassification><InsurerNumber>12130019</InsurerNumber>\
        <InsuredIdentificationNumber>9000019</InsuredIdentificationNumber><Name>架空　扶助</Name><Sex1>2</Sex1><Birthdate>19550612</Birthdate>\
        <PublicExpenseResultList><MedicalTicketInfo><TicketType>01</TicketType></MedicalTicketInfo></PublicExpenseResultList></ResultOfQualificationConfirmation>";

    /// FN-OQ-08
    #[test]
    fn a_month_is_asked_for_and_everybody_named_is_read() {
        let asked = Submission { institution_code: HERE.into(), month: NaiveDate::from_ymd_opt(2026, 11, 1).unwrap() };
        let text = String::from_utf8(submission(&asked, "q-1")).unwrap();
        assert!(text.contains("<MedicalTreatmentMonth>202611</MedicalTreatmentMonth>"), "{text}");
        let body = unit("1", PERSON) + &unit("2", PERSON) + &unit("4", "");
        let Reply::Given(people) = read_people(&answer(&body), HERE, "q-1").unwrap() else { panic!("not given") };
        let states: Vec<_> = people.iter().map(|one| (one.status, one.qualification.tickets.len())).collect();
        assert_eq!(states, [(EligibilityStatus::Valid, 1), (EligibilityStatus::Invalid, 1)]);
        let nameless = unit("1", &PERSON.replace("<Name>架空　扶助</Name>", ""));
        assert!(read_people(&answer(&nameless), HERE, "q-1").is_err());
        assert!(matches!(read_people(&answer(""), HERE, "q-2"), Err(NotOurs::OtherQuestion)));
        assert!(matches!(read_people(&answer(""), "1310000009", "q-1"), Err(NotOurs::OtherFacility)));
    }
}
