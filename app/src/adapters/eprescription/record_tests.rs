//! FN-EP-01, FN-EP-14: the records as the specification has them.

use super::*;

pub fn sample() -> PrescriptionRecord {
    PrescriptionRecord {
        facility: Facility {
            institution_code: "1319999999".into(),
            name: "架空診療所".into(),
            postal_code: "100-0000".into(),
            address: "東京都架空区1-2-3".into(),
            tel: "03-0000-0000".into(),
        },
        doctor: Doctor { name: "架空　医師".into(), department: "内科".into() },
        person: Person {
            number: "42".into(),
            name: "架空　太郎".into(),
            kana: "ｶｸｳ ﾀﾛｳ".into(),
            is_female: false,
            birth_date: NaiveDate::from_ymd_opt(1975, 4, 1).unwrap(),
        },
        insurance: Some(Insurance {
            insurer_number: "01139997".into(),
            symbol: "12345678".into(),
            number: "9000001".into(),
            branch: "00".into(),
            is_self: true,
            copay_percent: 30,
        }),
        public: vec![("54139993".into(), "1234566".into())],
        claim_type: "1122".into(),
        issued_on: NaiveDate::from_ymd_opt(2026, 11, 20).unwrap(),
        usable_until: None,
        narcotic: None,
        leftover: Some(2),
        remark: "見本の備考".into(),
        refills: None,
        part: None,
        lines: vec![DrugLine {
            supply: Supply::Days(14),
            usage: "1日1回 朝食後, 水で".into(),
            usage_code: String::new(),
            code_type: 2,
            code: "610462016".into(),
            name: "架空ロキソプロフェン錠60mg".into(),
            dose: "1".into(),
            unit: "錠".into(),
            substitution: Some(3),
            preparation: Some(1),
            comment: String::new(),
        }],
    }
}

/// FN-EP-01
#[test]
fn the_record_has_the_lines_the_specification_asks_for() {
    let csv = sample().to_csv().unwrap();
    assert!(csv.starts_with("SJ1\n1,1,9999999,13,架空診療所\n") && csv.ends_with("\n") && !csv.contains('\r'));
    for line in [
        "11,42,架空　太郎,ｶｸｳ ﾀﾛｳ",
        "21,1",
        "23,12345678,9000001,1,00",
        "24,030,070",
        "27,54139993,1234566",
        "31,1122",
        "51,20261120",
        "62,2",
        "81,1,,見本の備考",
        "101,1,1,,14",
        "111,1,1,,1日1回 朝食後， 水で,",
        "201,1,1,1,2,610462016,架空ロキソプロフェン錠60mg,1,1,錠",
        "281,1,1,1,3,後発品変更不可,",
        "281,1,1,2,1,一包化,",
    ] {
        assert!(csv.lines().any(|found| found == line), "{line}\n{csv}");
    }
}

/// FN-EP-14: what the service would refuse is refused before it is sent.
#[test]
fn what_the_service_refuses_is_never_written() {
    let with = |change: fn(&mut PrescriptionRecord)| {
        let mut record = sample();
        change(&mut record);
        record.to_csv()
    };
    assert_eq!(with(|r| r.lines.clear()), Err(RecordError::Empty));
    assert_eq!(with(|r| r.lines[0].code = "777770000".into()), Err(RecordError::Dummy(1)));
    assert_eq!(with(|r| r.lines[0].code_type = 3), Err(RecordError::Code(1)));
    assert_eq!(with(|r| r.lines[0].comment = "a\r\nb".into()), Err(RecordError::ControlCharacter));
    assert_eq!(with(|r| r.refills = Some(4)), Err(RecordError::Refills));
    assert_eq!(with(|r| r.facility.institution_code = "13199999".into()), Err(RecordError::Institution));
    assert!(with(|r| r.lines[0].usage_code = "1011000400000000".into()).unwrap().contains("111,1,3,1011000400000000,"));
    assert!(with(|r| r.insurance = None).unwrap().lines().all(|line| !line.starts_with("22,")));
}

/// FN-EP-01: 麻薬 travel with the licence of who prescribes them and the patient's address, before 残薬 and リフィル.
#[test]
fn a_narcotic_brings_its_record() {
    let narcotic =
        Narcotic { license: "第99-123号".into(), address: "東京都架空区1-2, 架空荘".into(), tel: "03-0000-0001".into() };
    let csv = PrescriptionRecord { narcotic: Some(narcotic.clone()), ..sample() }.to_csv().unwrap();
    let at = |start: &str| csv.lines().position(|line| line.starts_with(start)).unwrap();
    assert!(csv.contains("\n61,第99-123号,東京都架空区1-2， 架空荘,03-0000-0001\n"), "{csv}");
    assert!(at("51,") < at("61,") && at("61,") < at("62,"));
    let broken = Narcotic { address: "東京\n都".into(), ..narcotic };
    assert_eq!(PrescriptionRecord { narcotic: Some(broken), ..sample() }.to_csv(), Err(RecordError::ControlCharacter));
}

/// FN-EP-01: 分割 says which part it is, what that part hands out, and what the whole is; what cannot be parted is never written.
#[test]
fn a_part_says_itself_and_the_whole() {
    let part = |no, of, days| PrescriptionRecord { part: Some(Part { no, of, days }), ..sample() };
    let csv = part(2, 3, 4).to_csv().unwrap();
    assert!(csv.contains("\n62,2\n63,3,2\n81,"), "{csv}");
    assert!(csv.contains("\n101,1,1,,14\n102,1,4,14\n111,1,"), "{csv}");
    assert!(!sample().to_csv().unwrap().contains("\n102,"));
    for (no, of) in [(1, 4), (1, 1), (0, 2), (3, 2)] {
        assert_eq!(part(no, of, 4).to_csv(), Err(RecordError::Parts), "{no}/{of}");
    }
    assert_eq!(PrescriptionRecord { refills: Some(2), ..part(1, 2, 7) }.to_csv(), Err(RecordError::Parts));
    for days in [0, 14, 15] {
        assert_eq!(part(1, 2, days).to_csv(), Err(RecordError::Part(1)), "{days}");
    }
    let mut ointment = part(1, 2, 7);
    ointment.lines[0].supply = Supply::Total;
    assert_eq!(ointment.to_csv(), Err(RecordError::Part(1)));
}
