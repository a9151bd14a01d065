//! 処方箋情報: one record a line, fields by comma, LF, no quoting. Grouped by RP, ascending inside a group.
//!
//! A half-width comma inside a text would move every field after it, so it becomes a full-width one; letters that are not text are
//! refused. Drug codes are レセ電 (2), YJ (4) or 一般名 (7): the service takes no others and no dummy codes.

use std::fmt::Write;

use chrono::NaiveDate;

/// Codes that stand for "not coded"; the service refuses them since 2025-08.
const DUMMY_PREFIX: &str = "7777";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facility {
    /// 医療機関コード, ten digits: 都道府県2 + 点数表1 + 医療機関7
    pub institution_code: String,
    pub name: String,
    pub postal_code: String,
    pub address: String,
    pub tel: String,
    pub department: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doctor {
    /// 姓名の間は空白一つ
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub number: String,
    pub name: String,
    /// 半角カナ
    pub kana: String,
    pub is_female: bool,
    pub birth_date: NaiveDate,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Insurance {
    pub insurer_number: String,
    pub symbol: String,
    pub number: String,
    pub branch: String,
    pub is_self: bool,
    pub copay_percent: u8,
    /// レセプト種別, four digits
    pub claim_type: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Supply {
    /// 内服: 日数
    Days(u16),
    /// 頓服: 回数
    Times(u16),
    /// 外用ほか: 全量
    Total,
}

impl Supply {
    /// 剤形区分 and 調剤数量 of record 101.
    const fn form(self) -> (u8, u16) {
        match self {
            Self::Days(days) => (1, days),
            Self::Times(times) => (2, times),
            Self::Total => (3, 1),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrugLine {
    pub supply: Supply,
    pub usage: String,
    /// 2 レセ電, 4 YJ, 7 一般名
    pub code_type: u8,
    pub code: String,
    pub name: String,
    /// 内服 = 1日量
    pub dose: String,
    pub unit: String,
    /// 281 区分: 3 後発不可, 8 先発を患者が希望
    pub substitution: Option<u8>,
    pub comment: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrescriptionRecord {
    pub facility: Facility,
    pub doctor: Doctor,
    pub person: Person,
    pub insurance: Option<Insurance>,
    pub issued_on: NaiveDate,
    /// 総使用回数 of a リフィル処方箋: 2 or 3
    pub refills: Option<u8>,
    pub lines: Vec<DrugLine>,
}

/// Why a prescription cannot be sent as it is. Names the line, never its content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    #[error("no drug")]
    Empty,
    #[error("the institution code has not ten digits")]
    Institution,
    #[error("line {0}: the code is not one the service takes")]
    Code(usize),
    #[error("line {0}: a dummy code")]
    Dummy(usize),
    #[error("a control character")]
    ControlCharacter,
    #[error("a repeat prescription is used 2 or 3 times")]
    Refills,
}

impl PrescriptionRecord {
    /// The bytes that are signed and registered.
    pub fn to_csv(&self) -> Result<String, RecordError> {
        self.check()?;
        let mut out = String::from("SJ1\n");
        let mut put = |fields: &[&str]| {
            let fields: Vec<String> = fields.iter().map(|field| field.replace(',', "，")).collect();
            let _ = writeln!(out, "{}", fields.join(","));
        };
        let (f, p) = (&self.facility, &self.person);
        put(&["1", "1", &f.institution_code[3..], &f.institution_code[..2], &f.name]);
        put(&["2", &f.postal_code, &f.address]);
        put(&["3", &f.tel, "", ""]);
        put(&["4", "1", "", &f.department]);
        put(&["5", "", "", &self.doctor.name]);
        put(&["11", &p.number, &p.name, &p.kana]);
        put(&["12", if p.is_female { "2" } else { "1" }]);
        put(&["13", &day(p.birth_date)]);
        if let Some(i) = &self.insurance {
            let scheme = match (i.insurer_number.len(), i.insurer_number.get(..2)) {
                (6, _) => "2",
                (_, Some("39")) => "7",
                _ => "1",
            };
            put(&["21", scheme]);
            put(&["22", &i.insurer_number]);
            put(&["23", &i.symbol, &i.number, if i.is_self { "1" } else { "2" }, &i.branch]);
            put(&["24", &format!("{:03}", i.copay_percent), &format!("{:03}", 100u8.saturating_sub(i.copay_percent))]);
            put(&["31", &i.claim_type]);
        }
        put(&["51", &day(self.issued_on)]);
        if let Some(times) = self.refills {
            put(&["64", &times.to_string()]);
        }
        for (at, line) in self.lines.iter().enumerate() {
            let rp = (at + 1).to_string();
            let (form, quantity) = line.supply.form();
            put(&["101", &rp, &form.to_string(), "", &quantity.to_string()]);
            put(&["111", &rp, "1", "", &line.usage, ""]);
            put(&["201", &rp, "1", "1", &line.code_type.to_string(), &line.code, &line.name, &line.dose, "1", &line.unit]);
            if let Some(kind) = line.substitution {
                let words = if kind == 8 { "先発医薬品患者希望" } else { "後発品変更不可" };
                put(&["281", &rp, "1", "1", &kind.to_string(), words, ""]);
            }
            if !line.comment.is_empty() {
                let at = if line.substitution.is_some() { "2" } else { "1" };
                put(&["281", &rp, "1", at, "", &line.comment, ""]);
            }
        }
        Ok(out)
    }

    fn check(&self) -> Result<(), RecordError> {
        if self.lines.is_empty() {
            return Err(RecordError::Empty);
        }
        let code = &self.facility.institution_code;
        if code.len() != 10 || !code.bytes().all(|b| b.is_ascii_digit()) {
            return Err(RecordError::Institution);
        }
        if self.refills.is_some_and(|times| !matches!(times, 2 | 3)) {
            return Err(RecordError::Refills);
        }
        for (at, line) in self.lines.iter().enumerate() {
            if !matches!(line.code_type, 2 | 4 | 7) || line.code.is_empty() || line.code.len() > 13 {
                return Err(RecordError::Code(at + 1));
            }
            if line.code.starts_with(DUMMY_PREFIX) {
                return Err(RecordError::Dummy(at + 1));
            }
        }
        let texts = self.texts();
        if texts.iter().any(|text| text.chars().any(char::is_control)) { Err(RecordError::ControlCharacter) } else { Ok(()) }
    }

    fn texts(&self) -> Vec<&str> {
        let (f, p) = (&self.facility, &self.person);
        let mut texts: Vec<&str> =
            vec![&f.name, &f.postal_code, &f.address, &f.tel, &f.department, &self.doctor.name, &p.number, &p.name, &p.kana];
        if let Some(i) = &self.insurance {
            texts.extend([i.insurer_number.as_str(), &i.symbol, &i.number, &i.branch, &i.claim_type]);
        }
        for line in &self.lines {
            texts.extend([line.usage.as_str(), &line.code, &line.name, &line.dose, &line.unit, &line.comment]);
        }
        texts
    }
}

fn day(date: NaiveDate) -> String {
    date.format("%Y%m%d").to_string()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub fn sample() -> PrescriptionRecord {
        PrescriptionRecord {
            facility: Facility {
                institution_code: "1319999999".into(),
                name: "架空診療所".into(),
                postal_code: "100-0000".into(),
                address: "東京都架空区1-2-3".into(),
                tel: "03-0000-0000".into(),
                department: "内科".into(),
            },
            doctor: Doctor { name: "架空　医師".into() },
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
                claim_type: "1112".into(),
            }),
            issued_on: NaiveDate::from_ymd_opt(2026, 11, 20).unwrap(),
            refills: None,
            lines: vec![DrugLine {
                supply: Supply::Days(14),
                usage: "1日1回 朝食後, 水で".into(),
                code_type: 2,
                code: "610462016".into(),
                name: "架空ロキソプロフェン錠60mg".into(),
                dose: "1".into(),
                unit: "錠".into(),
                substitution: Some(3),
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
            "51,20261120",
            "101,1,1,,14",
            "111,1,1,,1日1回 朝食後， 水で,",
            "201,1,1,1,2,610462016,架空ロキソプロフェン錠60mg,1,1,錠",
            "281,1,1,1,3,後発品変更不可,",
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
        assert!(with(|r| r.insurance = None).unwrap().lines().all(|line| !line.starts_with("22,")));
    }
}
