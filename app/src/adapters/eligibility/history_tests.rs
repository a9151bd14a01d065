use proptest::prelude::*;

use super::*;

fn question(asks: Asks) -> HistoryQuestion {
    HistoryQuestion {
        institution_code: "1319999999".into(),
        insurer_number: "138057".into(),
        insured_symbol: "架<１".into(),
        insured_number: "900100".into(),
        branch_number: String::new(),
        birth_date: NaiveDate::from_ymd_opt(1975, 4, 1).unwrap(),
        asks,
        setting: CareSetting::Outpatient,
    }
}

fn care_question() -> HistoryQuestion {
    let day = |m| NaiveDate::from_ymd_opt(2026, m, 20).unwrap();
    question(Asks::Care { from: day(6), to: day(11), with_treatments: true })
}

fn reply(header: &str, body: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?><XmlMsg><MessageHeader><MedicalInstitutionCode>1319999999</MedicalInstitutionCode>\
         <ArbitraryFileIdentifier>q-1</ArbitraryFileIdentifier>{header}</MessageHeader><MessageBody>{body}</MessageBody></XmlMsg>"
    )
}

const ABOUT: &str = "<ResultCode>1</ResultCode><QuaInf><Name>架空　太郎</Name><Birth>19750401</Birth><AdmGendCode>1</AdmGendCode></QuaInf>";

fn drugs() -> String {
    let day = |prefix: &str, on: &str, drug: &str| {
        format!(
            "<{prefix}DateInfs><{prefix}DateInf><DiDate>{on}</DiDate><DrugInfs><DrugInf><DrugC>620000001</DrugC><DrugN>{drug}</DrugN><Qua1>1</Qua1>\
             <Unit>錠</Unit><UsageN>朝食後</UsageN><Times>30</Times></DrugInf></DrugInfs></{prefix}DateInf></{prefix}DateInfs>"
        )
    };
    format!(
        "<MeTrMonthInf><MeTrDiHNm>架空薬局</MeTrDiHNm><PrlsHNm>架空内科</PrlsHNm><MeTrMonth>202609</MeTrMonth><InOut>Q9</InOut>{}\
         <DiDateInfs><DiDateInf><MeTrInfs><MeTrInf><SinInfN>胃切除術</SinInfN><SinInfCd>150000000</SinInfCd><MeTrIdCl>50</MeTrIdCl></MeTrInf></MeTrInfs></DiDateInf></DiDateInfs></MeTrMonthInf>\
         <CzDiInf><CzDiMonthInf><CzPrlsHNm>架空医院</CzPrlsHNm><CzDiMonth>202610</CzDiMonth>{}</CzDiMonthInf></CzDiInf>",
        day("Di", "20260904", "架空錠５ｍｇ"),
        day("CzDi", "20261005", "架空カプセル"),
    )
}

#[test]
fn the_questions_use_the_names_of_their_own_interface() {
    let text = String::from_utf8(care_question().message("q-1")).unwrap();
    for part in [
        "<InsuranceCardSymbol>架&lt;１</InsuranceCardSymbol>",
        "<InsurerNumber>  138057</InsurerNumber>",
        "<StartDate>202606</StartDate><EndDate>202611</EndDate><FileCategory>4</FileCategory><PrDiInfClassification>1</PrDiInfClassification>",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("BranchNumber"));
    let checkups = String::from_utf8(question(Asks::Checkups).message("q-1")).unwrap();
    assert!(checkups.contains("<FileCategory>2</FileCategory>") && !checkups.contains("StartDate"));
}

#[test]
fn drugs_come_latest_first_with_where_they_come_from() {
    let history = read_care(reply(ABOUT, &drugs()).as_bytes()).unwrap();
    let lines: Vec<_> = history.episodes.iter().map(|e| (e.origin, e.place.as_str(), e.prescriber.as_str(), e.drugs.len())).collect();
    assert_eq!(
        lines,
        [(Origin::Dispensed, "架空医院", "", 1), (Origin::Claim, "架空薬局", "架空内科", 1), (Origin::Claim, "架空薬局", "架空内科", 0)]
    );
    assert_eq!(history.episodes[1].setting, "Q9", "an unknown code is kept as it came");
    assert_eq!(history.episodes[2].treatments[0].class_label(), Some("手術"));
}

#[test]
fn checkups_are_sorted_by_their_day() {
    let one = |on: &str, value: &str| {
        format!(
            "<SpecificHealthCheckupInfo><EffectiveTime>{on}</EffectiveTime><HealthCheckupResultAndQuestionInfos><HealthCheckupResultAndQuestionInfo>\
             <ItemCode>3D045000001920402</ItemCode><ItemName>HbA1c</ItemName><DataValue>{value}</DataValue><Unit>%</Unit></HealthCheckupResultAndQuestionInfo>\
             </HealthCheckupResultAndQuestionInfos></SpecificHealthCheckupInfo>"
        )
    };
    let header = "<ResultCode>1</ResultCode><QualificationsInfo><Name>架空　太郎</Name><Birthday>19750401</Birthday></QualificationsInfo>";
    let read = read_checkups(reply(header, &(one("20250601", "5.6") + &one("20260601", "5.9"))).as_bytes()).unwrap();
    let values: Vec<_> = read.checkups.iter().map(|c| c.findings[0].value.as_str()).collect();
    assert_eq!(values, ["5.9", "5.6"]);
}

#[test]
fn an_answer_to_somebody_else_is_never_ours() {
    let question = care_question();
    let good = reply(ABOUT, &drugs());
    let judge = |text: &str| read_reply(text.as_bytes(), &question, "q-1");
    assert_eq!(judge(&good).unwrap(), Reply::Given);
    assert!(matches!(judge(&good.replace("q-1", "q-2")), Err(NotOurs::OtherQuestion)));
    assert!(matches!(judge(&good.replace("1319999999", "1399999999")), Err(NotOurs::OtherFacility)));
    assert!(matches!(judge(&good.replace("19750401", "19750402")), Err(NotOurs::OtherPerson)));
    assert!(matches!(judge(&good.replace("<Birth>19750401</Birth>", "")), Err(NotOurs::Unreadable(_))), "nobody named");
    assert!(matches!(judge(&good.replace("<ResultCode>1</ResultCode>", "")), Err(NotOurs::Unreadable(_))));
    let refused = reply("<ResultCode>9</ResultCode><MessageContents>同意がありません</MessageContents>", "");
    assert_eq!(judge(&refused).unwrap(), Reply::Refused { code: "9".into(), said: "同意がありません".into() });
}

#[test]
fn bombs_entities_and_floods_are_refused() {
    let judge = |text: &str| read_reply(text.as_bytes(), &care_question(), "q-1").is_err();
    let declared = |doctype: &str| reply(ABOUT, "&x;").replace("<XmlMsg>", &format!("{doctype}<XmlMsg>"));
    assert!(judge(&declared("<!DOCTYPE XmlMsg [<!ENTITY x \"1\"><!ENTITY y \"&x;&x;&x;\">]>")), "a bomb");
    assert!(judge(&declared("<!DOCTYPE XmlMsg [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>")), "an external entity");
    assert!(judge(&reply(ABOUT, &"<a>".repeat(40))), "deep");
    assert!(judge(&reply(ABOUT, &"<a/>".repeat(200_000))), "wide");
    assert!(judge(&reply(ABOUT, &" ".repeat(50 * 1024 * 1024))), "50 MB");
    assert!(judge(&reply(ABOUT, "<MeTrMonthInf><Memo>123456789018</Memo></MeTrMonthInf>")), "an individual number");
}

proptest! {
    #[test]
    fn a_flipped_byte_never_panics(at in 0usize..2000, to in 0u8..=255) {
        let mut bytes = reply(ABOUT, &drugs()).into_bytes();
        let at = at % bytes.len();
        bytes[at] = to;
        let _ = read_reply(&bytes, &care_question(), "q-1");
        let _ = read_checkups(&bytes);
    }
}
