//! 資格確認 by number: the question (OQSsiquc01req) and what makes an answer an answer to it.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{ReadError, ReaderFile, wire, xml};
use domain::check_in::CareSetting;
use domain::eligibility::FaceResult;

/// What is asked; kept sealed in the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// 医療機関コード, ten digits
    pub institution_code: String,
    pub insurer_number: String,
    pub insured_symbol: String,
    pub insured_number: String,
    pub branch_number: String,
    pub birth_date: NaiveDate,
    /// 限度額情報の提供への同意
    pub limit_consent: bool,
    pub asked_on: NaiveDate,
    #[serde(default)]
    pub setting: CareSetting,
}

impl Question {
    /// 外来, 訪問診療等 and オンライン診療等 have an interface each.
    pub const fn path(&self) -> &'static str {
        match self.setting {
            CareSetting::Outpatient => "/oqs/v1/OQSsiquc01",
            CareSetting::Home => "/oqs/v1/OQSsihvq01",
            CareSetting::Online => "/oqs/v1/OQSsionq01",
        }
    }

    /// One line of XML, empty optional elements left out. `identifier` names the attempt and comes back in the answer.
    pub fn message(&self, identifier: &str) -> Vec<u8> {
        let mut body = String::new();
        for (name, value) in [
            // Shorter numbers are padded on the left to eight.
            ("InsurerNumber", format!("{:>8}", self.insurer_number)),
            ("InsuredCardSymbol", self.insured_symbol.clone()),
            ("InsuredIdentificationNumber", self.insured_number.clone()),
            ("InsuredBranchNumber", self.branch_number.clone()),
            ("Birthdate", self.birth_date.format("%Y%m%d").to_string()),
            ("LimitApplicationCertificateRelatedConsFlg", if self.limit_consent { "1" } else { "0" }.to_owned()),
        ] {
            if !value.is_empty() {
                body.push_str(&format!("<{name}>{}</{name}>", xml::escape(&value)));
            }
        }
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?><XmlMsg><MessageHeader><QualificationConfirmationDate>{}</QualificationConfirmationDate>\
             <MedicalInstitutionCode>{}</MedicalInstitutionCode><ArbitraryFileIdentifier>{identifier}</ArbitraryFileIdentifier></MessageHeader>\
             <MessageBody><QualificationConfirmSearchInfo>{body}</QualificationConfirmSearchInfo></MessageBody></XmlMsg>",
            self.asked_on.format("%Y%m%d"),
            xml::escape(&self.institution_code),
        )
        .into_bytes()
    }
}

/// Why bytes that came back are not our answer.
#[derive(Debug, thiserror::Error)]
pub enum NotOurs {
    #[error(transparent)]
    Unreadable(#[from] ReadError),
    #[error("the answer is to another question")]
    OtherQuestion,
    #[error("the answer is for another facility")]
    OtherFacility,
    #[error("the answer is about another person")]
    OtherPerson,
}

/// Reads an answer and makes sure that it was given to this question and to this facility.
pub fn read_answer(file: &ReaderFile, question: &Question, identifier: &str) -> Result<FaceResult, NotOurs> {
    let result = wire::parse(&file.bytes)?;
    // A header-level failure of the service carries neither.
    if result.is_processed || result.institution_code.is_some() {
        if wire::identifier(&file.bytes)?.as_deref() != Some(identifier) {
            return Err(NotOurs::OtherQuestion);
        }
        if result.institution_code.as_deref() != Some(&question.institution_code) {
            return Err(NotOurs::OtherFacility);
        }
    }
    // An answer for a visit to the clinic opens nothing for one at home.
    if result.is_processed && result.setting != question.setting {
        return Err(NotOurs::OtherQuestion);
    }
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_leaves_out_what_is_empty_and_pads_the_insurer() {
        let question = Question {
            institution_code: "1319999999".into(),
            insurer_number: "139998".into(),
            insured_symbol: "ア<&".into(),
            insured_number: "9000001".into(),
            branch_number: String::new(),
            birth_date: NaiveDate::from_ymd_opt(1975, 4, 1).unwrap(),
            limit_consent: false,
            asked_on: NaiveDate::from_ymd_opt(2026, 11, 20).unwrap(),
            setting: CareSetting::Outpatient,
        };
        let text = String::from_utf8(question.message("q-1")).unwrap();
        assert!(
            text.contains("<InsurerNumber>  139998</InsurerNumber>") && text.contains("<InsuredCardSymbol>ア&lt;&amp;</InsuredCardSymbol>")
        );
        assert!(!text.contains("InsuredBranchNumber") && text.contains("<Birthdate>19750401</Birthdate>") && !text.contains('\n'));
    }
    /// FN-OQ-09: what was asked before there were settings is read as it was meant, and an answer must be for the setting asked about.
    #[test]
    fn the_setting_belongs_to_the_question() {
        let asked = r#"{"institution_code":"1319999999","insurer_number":"01139997","insured_symbol":"","insured_number":"9000001","branch_number":"",
            "birth_date":"1975-04-01","limit_consent":false,"asked_on":"2026-11-20"}"#;
        let question: Question = serde_json::from_str(asked).unwrap();
        assert_eq!((question.setting, question.path()), (CareSetting::Outpatient, "/oqs/v1/OQSsiquc01"));
        let answer = |flag: &str| {
            ReaderFile {
            name: String::new(),
            bytes: format!(
                "<XmlMsg><MessageHeader><MedicalInstitutionCode>1319999999</MedicalInstitutionCode><ArbitraryFileIdentifier>q-1</ArbitraryFileIdentifier>{flag}\
                 <SegmentOfResult>1</SegmentOfResult></MessageHeader><MessageBody><ProcessingResultStatus>1</ProcessingResultStatus>\
                 <QualificationValidity>4</QualificationValidity></MessageBody></XmlMsg>"
            )
            .into_bytes(),
        }
        };
        let home = Question { setting: CareSetting::Home, ..question.clone() };
        let flag = "<MedicalTreatmentFlag>2</MedicalTreatmentFlag>";
        for (question, flag, is_ours) in [(&question, "", true), (&question, flag, false), (&home, flag, true), (&home, "", false)] {
            assert_eq!(read_answer(&answer(flag), question, "q-1").is_ok(), is_ours, "{:?} {flag}", question.setting);
        }
    }
}
