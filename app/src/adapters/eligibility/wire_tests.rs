//! Readings of whole files: the usual, the broken and the hostile.

use domain::eligibility::EligibilityStatus;
use proptest::prelude::*;

use super::*;

fn person(extra: &str) -> String {
    format!(
        "<ResultOfQualificationConfirmation><InsuredCardClassification>01</InsuredCardClassification>\
         <InsurerNumber>01139997</InsurerNumber><InsuredCardSymbol>１２３</InsuredCardSymbol>\
         <InsuredIdentificationNumber>9000001</InsuredIdentificationNumber><InsuredBranchNumber>1</InsuredBranchNumber>\
         <PersonalFamilyClassification>1</PersonalFamilyClassification><Name>髙﨑　太郎</Name><NameKana>ﾀｶｻｷ ﾀﾛｳ</NameKana>\
         <Sex1>1</Sex1><Birthdate>19750401</Birthdate>{extra}</ResultOfQualificationConfirmation>"
    )
}

fn file(header: &str, body: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?><XmlMsg><MessageHeader>\
         <ProcessExecutionTime>20261120090103</ProcessExecutionTime><QualificationConfirmationDate>20261120</QualificationConfirmationDate>\
         <ReferenceClassification>1</ReferenceClassification>{header}<CharacterCodeIdentifier>0</CharacterCodeIdentifier></MessageHeader>\
         <MessageBody>{body}</MessageBody></XmlMsg>"
    )
}

fn valid(extra: &str) -> String {
    file(
        "<SegmentOfResult>1</SegmentOfResult>",
        &format!(
            "<ProcessingResultStatus>1</ProcessingResultStatus><QualificationValidity>1</QualificationValidity><ResultList>{}</ResultList>",
            person(extra)
        ),
    )
}

fn read(text: &str) -> Result<FaceResult, ReadError> {
    parse(text.as_bytes())
}

#[test]
fn a_usual_answer_is_read_whole() {
    let extra = "<InsuredPartialContributionRatio>030</InsuredPartialContributionRatio><DisqualificationDate>99999999</DisqualificationDate>\
        <LimitApplicationCertificateRelatedInfo><LimitApplicationCertificateClassificationFlag>Z99</LimitApplicationCertificateClassificationFlag></LimitApplicationCertificateRelatedInfo>\
        <PharmacistsInfoConsFlg>1</PharmacistsInfoConsFlg><PharmacistsInfoConsTime>20261120090100</PharmacistsInfoConsTime>\
        <PharmacistsInfoAvailableTime>20261121090100</PharmacistsInfoAvailableTime><ReferenceNumber>00000042</ReferenceNumber><Novelty><Deep>1</Deep></Novelty>";
    let result = read(&valid(extra)).unwrap();
    assert_eq!(result.status(), EligibilityStatus::Valid);
    assert!(result.by_card);
    let q = result.single().unwrap();
    assert_eq!(q.name, "髙﨑　太郎");
    assert_eq!(q.name_kana.as_ref().map(|kana| kana.as_str()), Some("タカサキ タロウ"));
    assert_eq!(q.branch_number.as_deref(), Some("01"));
    assert_eq!(q.copay_percent, Some(30));
    assert_eq!(q.disqualified_on, None);
    assert_eq!(q.limit.as_ref().unwrap().category, "Z99", "an unknown code is kept");
    assert_eq!(q.reference_number.as_deref(), Some("00000042"));
    assert!(q.consents[0].is_given() && q.consents[0].subject == "PharmacistsInfo");
}

#[test]
fn certificates_and_tickets_are_read_with_codes_as_they_came() {
    let extra = "<ElderlyRecipientCertificateInfo><ElderlyRecipientValidStartDate>20260801</ElderlyRecipientValidStartDate><ElderlyRecipientValidEndDate>20270731</ElderlyRecipientValidEndDate>\
        <ElderlyRecipientContributionRatio>020</ElderlyRecipientContributionRatio></ElderlyRecipientCertificateInfo>\
        <SpecificDiseasesCertificateList><SpecificDiseasesCertificateInfo><SpecificDiseasesDiseaseCategory>1</SpecificDiseasesDiseaseCategory>\
        <SpecificDiseasesSelfPay>10000</SpecificDiseasesSelfPay></SpecificDiseasesCertificateInfo><SpecificDiseasesCertificateInfo>\
        <SpecificDiseasesDiseaseCategory>9</SpecificDiseasesDiseaseCategory></SpecificDiseasesCertificateInfo></SpecificDiseasesCertificateList>\
        <PublicExpenseResultList><MedicalTicketInfo><TicketType>01</TicketType><MedicalTicketValidDate>20261101</MedicalTicketValidDate>\
        <MedicalTicketExpirationDate>20261130</MedicalTicketExpirationDate><DesignatedMedicalInstitutionFlag>0</DesignatedMedicalInstitutionFlag>\
        <InjuryName1>高血圧症</InjuryName1><SelfPayAmount>3000</SelfPayAmount><SingleOrCombinedUse>01</SingleOrCombinedUse></MedicalTicketInfo></PublicExpenseResultList>";
    let result = read(&valid(extra)).unwrap();
    let q = result.single().unwrap();
    let day = "2026-11-20".parse().unwrap();
    assert_eq!(q.copay_on(day), Some(20));
    assert_eq!(q.diseases_on(day).map(|d| d.words()).collect::<Vec<_>>(), ["人工透析 10000円", "区分 9"]);
    let ticket = q.ticket_on(day).unwrap();
    assert_eq!((ticket.self_pay_yen, ticket.injuries.as_slice()), (Some(3000), &["高血圧症".to_owned()][..]));
    assert_eq!(read(&valid(&extra.replace(">3000<", ">三千<"))), Err(ReadError::Invalid("SelfPayAmount")));
}

#[test]
fn cp932_reads_the_same_as_utf8() {
    let utf8 = valid("");
    for declared in ["Shift_JIS", "windows-31j", "CP932"] {
        let text = utf8.replace("UTF-8", declared).replace("Identifier>0<", "Identifier>1<");
        let (bytes, _, failed) = encoding_rs::SHIFT_JIS.encode(&text);
        assert!(!failed, "髙 and 﨑 are in the vendor extension");
        assert_eq!(parse(&bytes), read(&utf8));
    }
}

#[test]
fn the_identifier_decides_when_the_declaration_is_silent_or_wrong() {
    for declaration in ["", "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>"] {
        let text = valid("").replace("Identifier>0<", "Identifier>1<");
        let text = format!("{declaration}{}", text.split_once("?>").unwrap().1);
        let (bytes, _, _) = encoding_rs::SHIFT_JIS.encode(&text);
        assert_eq!(parse(&bytes).unwrap().single().unwrap().name, "髙﨑　太郎");
    }
}

#[test]
fn a_byte_order_mark_is_no_hindrance() {
    let mut bytes = vec![0xef, 0xbb, 0xbf];
    bytes.extend(valid("").as_bytes());
    assert!(parse(&bytes).is_ok());
    assert_eq!(parse(&[0xff, 0xfe, 0x3c, 0x00]), Err(ReadError::UnknownEncoding("UTF-16".into())));
}

#[test]
fn damaged_text_is_refused_not_guessed() {
    let text = valid("");
    let shift_jis = text.replace("UTF-8", "Shift_JIS").replace("Identifier>0<", "Identifier>1<");
    let mut bytes = encoding_rs::SHIFT_JIS.encode(&shift_jis).0.into_owned();
    let at = bytes.windows(6).position(|w| w == b"<Name>").unwrap() + 6;
    bytes[at] = 0xfd;
    assert_eq!(parse(&bytes), Err(ReadError::Garbled));
    assert_eq!(read(&text.replace("太郎", "太\u{fffd}郎")), Err(ReadError::Garbled));
    assert_eq!(read(&text.replace("太郎", "太\u{0}郎")), Err(ReadError::Garbled));
    assert_eq!(read(&text.replace("太郎", "太&#0;郎")), Err(ReadError::Forbidden));
    assert_eq!(read(&text.replace("太郎", "太&#1;郎")), Err(ReadError::Garbled));
    assert_eq!(read(&text.replace("UTF-8", "EUC-JP")), Err(ReadError::UnknownEncoding("euc-jp".into())));
}

#[test]
fn definitions_and_oversize_are_refused() {
    let text = valid("");
    let bomb = text.replace("<XmlMsg>", "<!DOCTYPE XmlMsg [<!ENTITY a \"aaaa\">]><XmlMsg>");
    assert_eq!(read(&bomb), Err(ReadError::Forbidden));
    assert_eq!(read(&text.replace("太郎", "&a;")), Err(ReadError::Forbidden));
    assert_eq!(read(&text.replace("太郎", "&lt;&#22826;")).unwrap().single().unwrap().name, "髙﨑　<太");
    assert_eq!(parse(&vec![b'a'; 1024 * 1024 + 1]), Err(ReadError::TooLarge { limit_kib: 1024 }));
    assert_eq!(read(&valid(&"<A>".repeat(20))), Err(ReadError::TooComplex));
    assert_eq!(read(&valid(&"<A/>".repeat(6000))), Err(ReadError::TooComplex));
    assert_eq!(read(&valid(&format!("<Address>{}</Address>", "あ".repeat(2001)))), Err(ReadError::TooComplex));
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    for (from, to, expected) in [
        ("<SegmentOfResult>1</SegmentOfResult>", "", ReadError::Missing("SegmentOfResult")),
        ("<ProcessingResultStatus>1</ProcessingResultStatus>", "", ReadError::Missing("ProcessingResultStatus")),
        ("<QualificationValidity>1</QualificationValidity>", "", ReadError::Missing("QualificationValidity")),
        ("<Birthdate>19750401</Birthdate>", "", ReadError::Missing("Birthdate")),
        ("<Birthdate>19750401", "<Birthdate>19750231", ReadError::Invalid("Birthdate")),
        ("<Birthdate>19750401", "<Birthdate>S50.4.1", ReadError::Invalid("Birthdate")),
        ("<InsurerNumber>01139997", "<InsurerNumber>0113999X", ReadError::Invalid("InsurerNumber")),
        ("<InsuredBranchNumber>1", "<InsuredBranchNumber>123", ReadError::Invalid("InsuredBranchNumber")),
        ("<Name>髙﨑　太郎</Name>", "<Name> </Name>", ReadError::Missing("Name")),
        ("20261120090103", "20261120250103", ReadError::Invalid("ProcessExecutionTime")),
        ("XmlMsg", "Other", ReadError::NotFaceResult),
    ] {
        assert_eq!(read(&valid("").replace(from, to)), Err(expected), "{from}");
    }
    assert!(read(&valid("").replace("<Birthdate>19750401", "<Birthdate>1975")).unwrap_err().sentence().contains("生年月日"));
}

#[test]
fn every_error_has_a_sentence() {
    for error in [
        ReadError::Empty,
        ReadError::Garbled,
        ReadError::Forbidden,
        ReadError::TooComplex,
        ReadError::NotFaceResult,
        ReadError::IndividualNumber,
    ] {
        assert!(error.sentence().ends_with('。'), "{error}");
        assert!(!error.code().is_empty());
    }
}

#[test]
fn the_services_own_refusal_is_an_answer_with_its_words() {
    let failed =
        file("<SegmentOfResult>9</SegmentOfResult><ErrorCode>SIM0001E</ErrorCode><ErrorMessage>サービス時間外です。</ErrorMessage>", "");
    let result = read(&failed.replace("<MessageBody></MessageBody>", "")).unwrap();
    assert_eq!(result.status(), EligibilityStatus::Unavailable);
    assert_eq!(result.message.unwrap().text.as_deref(), Some("サービス時間外です。"));
    let unprocessed = file(
        "<SegmentOfResult>1</SegmentOfResult>",
        "<ProcessingResultStatus>2</ProcessingResultStatus><ProcessingResultCode>X1E</ProcessingResultCode><ProcessingResultMessage>再度</ProcessingResultMessage>",
    );
    let result = read(&unprocessed).unwrap();
    assert_eq!(result.status(), EligibilityStatus::Unavailable);
    assert_eq!(result.message.unwrap().code.as_deref(), Some("X1E"));
}

#[test]
fn several_people_are_several() {
    let text = file(
        "<SegmentOfResult>1</SegmentOfResult>",
        &format!(
            "<ProcessingResultStatus>1</ProcessingResultStatus><QualificationValidity>1</QualificationValidity><ResultList>{}{}</ResultList>",
            person(""),
            person("")
        ),
    );
    let result = read(&text).unwrap();
    assert_eq!(result.status(), EligibilityStatus::Multiple);
    assert_eq!(result.single(), None);
}

#[test]
fn an_individual_number_anywhere_stops_the_file() {
    for hidden in [
        "<Address>番号 1234 5678 9018</Address>",
        "<Memo>１２３４５６７８９０１８</Memo>",
        "<ReferenceNumber>123456789018</ReferenceNumber>",
    ] {
        assert_eq!(read(&valid(hidden)), Err(ReadError::IndividualNumber), "{hidden}");
    }
}

#[test]
fn a_name_drawn_by_chance_is_no_individual_number() {
    let named = "<ArbitraryFileIdentifier>0199edb1-1234-5678-9018-123456789018-1</ArbitraryFileIdentifier>";
    assert!(domain::eligibility::carries_individual_number(named));
    assert!(read(&valid(named)).is_ok());
}

#[test]
fn kana_that_is_not_kana_is_left_to_a_person() {
    let result = read(&valid("").replace("ﾀｶｻｷ ﾀﾛｳ", "NGUYEN THI")).unwrap();
    assert_eq!(result.single().unwrap().name_kana, None);
}

#[test]
fn every_cut_is_an_error_and_never_a_panic() {
    let utf8 = valid("<ReferenceNumber>42</ReferenceNumber>").into_bytes();
    for end in 0..utf8.len() {
        assert!(parse(&utf8[..end]).is_err(), "cut at {end}");
    }
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..2048)) {
        let _ = parse(&bytes);
    }

    #[test]
    fn xml_shaped_noise_never_panics(text in "(<[A-Za-z/!?&;]{0,6}>?|&[a-z#0-9]{0,4};?|[ぁ-ん0-9]{0,5}|]]>|<!\\[CDATA\\[){0,60}") {
        let _ = parse(text.as_bytes());
    }

    #[test]
    fn a_flipped_byte_never_panics(at in 0usize..1200, to in any::<u8>()) {
        let mut bytes = valid("").into_bytes();
        let at = at % bytes.len();
        bytes[at] = to;
        let _ = parse(&bytes);
    }
}
