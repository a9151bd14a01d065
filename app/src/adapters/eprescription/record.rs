//! 処方箋情報: one record a line, fields by comma, LF, no quoting. Grouped by RP, ascending inside a group.
//!
//! A half-width comma inside a text would move every field after it, so it becomes a full-width one; letters that are not text are
//! refused. Drug codes are レセ電 (2), YJ (4) or 一般名 (7): the service takes no others and no dummy codes.

use std::fmt::Write;

use chrono::NaiveDate;
use domain::prescription::split::Part;

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
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doctor {
    /// 姓名の間は空白一つ
    pub name: String,
    /// 科名, required.
    pub department: String,
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
    /// Code of the 用法マスタ, 16 digits; empty where none is known
    pub usage_code: String,
    /// 2 レセ電, 4 YJ, 7 一般名
    pub code_type: u8,
    pub code: String,
    pub name: String,
    /// 内服 = 1日量
    pub dose: String,
    pub unit: String,
    /// 281 区分: 3 後発不可, 8 先発を患者が希望
    pub substitution: Option<u8>,
    /// 281 区分: 1 一包化, 2 粉砕
    pub preparation: Option<u8>,
    pub comment: String,
}

/// What a 処方箋 with 麻薬 says besides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Narcotic {
    /// 麻薬施用者免許番号
    pub license: String,
    pub address: String,
    pub tel: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrescriptionRecord {
    pub facility: Facility,
    pub doctor: Doctor,
    pub person: Person,
    pub insurance: Option<Insurance>,
    /// 公費, in their order: 公費負担者番号 and 受給者番号; at most three
    pub public: Vec<(String, String)>,
    /// レセプト種別, four digits; empty for 自費
    pub claim_type: String,
    pub issued_on: NaiveDate,
    /// 使用期限 when it is not the usual four days
    pub usable_until: Option<NaiveDate>,
    /// 麻薬 are among the drugs: record 61.
    pub narcotic: Option<Narcotic>,
    /// 残薬確認: 1 疑義照会, 2 情報提供
    pub leftover: Option<u8>,
    pub remark: String,
    /// 総使用回数 of a リフィル処方箋: 2 or 3
    pub refills: Option<u8>,
    /// 分割: which part these records are of.
    pub part: Option<Part>,
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
    #[error("a prescription in parts is not repeated, and has 2 or 3 parts")]
    Parts,
    #[error("line {0}: not days that can be handed out in parts")]
    Part(usize),
}

/// 確定前処方箋情報: what 重複投薬等チェック asks about, the drugs and nothing of the person.
pub fn draft_csv(lines: &[DrugLine]) -> Result<String, RecordError> {
    check_codes(lines)?;
    let texts = lines.iter().flat_map(DrugLine::texts);
    if texts.into_iter().any(|text| text.chars().any(char::is_control)) {
        return Err(RecordError::ControlCharacter);
    }
    let mut out = String::from("SJ1\n");
    for (at, line) in lines.iter().enumerate() {
        for row in line.rows(&(at + 1).to_string(), None).into_iter().filter(|row| row.first().is_some_and(|record| record != "281")) {
            put(&mut out, row.iter().map(String::as_str));
        }
    }
    Ok(out)
}

/// One record; a comma inside a field would move the fields behind it.
fn put<'a>(out: &mut String, fields: impl IntoIterator<Item = &'a str>) {
    let fields: Vec<String> = fields.into_iter().map(|field| field.replace(',', "，")).collect();
    let _ = writeln!(out, "{}", fields.join(","));
}

fn check_codes(lines: &[DrugLine]) -> Result<(), RecordError> {
    if lines.is_empty() {
        return Err(RecordError::Empty);
    }
    for (at, line) in lines.iter().enumerate() {
        if !matches!(line.code_type, 2 | 4 | 7) || line.code.is_empty() || line.code.len() > 13 {
            return Err(RecordError::Code(at + 1));
        }
        if line.code.starts_with(DUMMY_PREFIX) {
            return Err(RecordError::Dummy(at + 1));
        }
    }
    Ok(())
}

impl PrescriptionRecord {
    /// The bytes that are signed and registered.
    pub fn to_csv(&self) -> Result<String, RecordError> {
        self.check()?;
        let mut out = String::from("SJ1\n");
        let mut put = |fields: &[&str]| put(&mut out, fields.iter().copied());
        let (f, p) = (&self.facility, &self.person);
        put(&["1", "1", &f.institution_code[3..], &f.institution_code[..2], &f.name]);
        put(&["2", &f.postal_code, &f.address]);
        put(&["3", &f.tel, "", ""]);
        put(&["4", "1", "", &self.doctor.department]);
        put(&["5", "", "", &self.doctor.name]);
        put(&["11", &p.number, &p.name, &p.kana]);
        put(&["12", if p.is_female { "2" } else { "1" }]);
        put(&["13", &day(p.birth_date)]);
        for row in self.insurance_rows().into_iter().chain(self.issue_rows()) {
            put(&row.iter().map(String::as_str).collect::<Vec<_>>());
        }
        for (at, line) in self.lines.iter().enumerate() {
            for row in line.rows(&(at + 1).to_string(), self.part.as_ref()) {
                put(&row.iter().map(String::as_str).collect::<Vec<_>>());
            }
        }
        Ok(out)
    }

    /// Records 21 to 31.
    fn insurance_rows(&self) -> Vec<Vec<String>> {
        let mut rows = Vec::new();
        let scheme = match &self.insurance {
            Some(i) if i.insurer_number.len() == 6 => "2",
            Some(i) if i.insurer_number.starts_with("39") => "7",
            None if self.public.is_empty() => "6",
            _ => "1",
        };
        rows.push(row(&["21", scheme]));
        if let Some(i) = &self.insurance {
            rows.push(row(&["22", &i.insurer_number]));
            rows.push(row(&["23", &i.symbol, &i.number, if i.is_self { "1" } else { "2" }, &i.branch]));
            rows.push(row(&["24", &format!("{:03}", i.copay_percent), &format!("{:03}", 100u8.saturating_sub(i.copay_percent))]));
        }
        for (record, (payer, recipient)) in ["27", "28", "29"].iter().zip(&self.public) {
            rows.push(row(&[record, payer, recipient]));
        }
        if !self.claim_type.is_empty() {
            rows.push(row(&["31", &self.claim_type]));
        }
        rows
    }

    /// Records 51 to 81: when, until when, 麻薬, 残薬, 分割, リフィル, 備考.
    fn issue_rows(&self) -> Vec<Vec<String>> {
        let mut rows = vec![row(&["51", &day(self.issued_on)])];
        rows.extend(self.usable_until.map(|until| row(&["52", &day(until)])));
        rows.extend(self.narcotic.as_ref().map(|n| row(&["61", &n.license, &n.address, &n.tel])));
        rows.extend(self.leftover.map(|kind| row(&["62", &kind.to_string()])));
        rows.extend(self.part.map(|part| row(&["63", &part.of.to_string(), &part.no.to_string()])));
        rows.extend(self.refills.map(|times| row(&["64", &times.to_string()])));
        if !self.remark.is_empty() {
            rows.push(row(&["81", "1", "", &self.remark]));
        }
        rows
    }

    fn check(&self) -> Result<(), RecordError> {
        check_codes(&self.lines)?;
        let code = &self.facility.institution_code;
        if code.len() != 10 || !code.bytes().all(|b| b.is_ascii_digit()) {
            return Err(RecordError::Institution);
        }
        if self.refills.is_some_and(|times| !matches!(times, 2 | 3)) {
            return Err(RecordError::Refills);
        }
        if let Some(part) = &self.part {
            self.check_part(part)?;
        }
        let texts = self.texts();
        if texts.iter().any(|text| text.chars().any(char::is_control)) { Err(RecordError::ControlCharacter) } else { Ok(()) }
    }

    /// Every line is of days, and of more than this part hands out.
    fn check_part(&self, part: &Part) -> Result<(), RecordError> {
        if self.refills.is_some() || !matches!(part.of, 2 | 3) || !(1..=part.of).contains(&part.no) {
            return Err(RecordError::Parts);
        }
        let is_partial = |line: &DrugLine| matches!(line.supply, Supply::Days(days) if (1..days).contains(&u16::from(part.days)));
        match self.lines.iter().position(|line| !is_partial(line)) {
            Some(at) => Err(RecordError::Part(at + 1)),
            None => Ok(()),
        }
    }

    fn texts(&self) -> Vec<&str> {
        let (f, p) = (&self.facility, &self.person);
        let mut texts: Vec<&str> =
            vec![&f.name, &f.postal_code, &f.address, &f.tel, &self.doctor.department, &self.doctor.name, &p.number, &p.name, &p.kana];
        if let Some(i) = &self.insurance {
            texts.extend([i.insurer_number.as_str(), &i.symbol, &i.number, &i.branch]);
        }
        texts.extend(self.public.iter().flat_map(|(payer, recipient)| [payer.as_str(), recipient]));
        texts.extend(self.narcotic.iter().flat_map(|n| [n.license.as_str(), &n.address, &n.tel]));
        texts.extend([self.claim_type.as_str(), &self.remark]);
        texts.extend(self.lines.iter().flat_map(DrugLine::texts));
        texts
    }
}

impl DrugLine {
    fn texts(&self) -> [&str; 7] {
        [&self.usage, &self.usage_code, &self.code, &self.name, &self.dose, &self.unit, &self.comment]
    }

    /// Records 101 to 281 of one RP. 101 says the whole also of a part; 102 what the part hands out of it.
    fn rows(&self, rp: &str, part: Option<&Part>) -> Vec<Vec<String>> {
        let (form, quantity) = self.supply.form();
        let usage = if self.usage_code.is_empty() { "1" } else { "3" };
        let mut rows = vec![row(&["101", rp, &form.to_string(), "", &quantity.to_string()])];
        rows.extend(part.map(|part| row(&["102", rp, &part.days.to_string(), &quantity.to_string()])));
        rows.extend([
            row(&["111", rp, usage, &self.usage_code, &self.usage, ""]),
            row(&["201", rp, "1", "1", &self.code_type.to_string(), &self.code, &self.name, &self.dose, "1", &self.unit]),
        ]);
        let substitution =
            self.substitution.map(|kind| (kind.to_string(), if kind == 8 { "先発医薬品患者希望" } else { "後発品変更不可" }));
        let preparation = self.preparation.map(|kind| (kind.to_string(), if kind == 1 { "一包化" } else { "粉砕" }));
        let comment = (!self.comment.is_empty()).then(|| (String::new(), self.comment.as_str()));
        for (at, (kind, words)) in substitution.into_iter().chain(preparation).chain(comment).enumerate() {
            rows.push(row(&["281", rp, "1", &(at + 1).to_string(), &kind, words, ""]));
        }
        rows
    }
}

fn row(fields: &[&str]) -> Vec<String> {
    fields.iter().map(|field| (*field).to_owned()).collect()
}

fn day(date: NaiveDate) -> String {
    date.format("%Y%m%d").to_string()
}

#[cfg(test)]
#[path = "record_tests.rs"]
pub(super) mod tests;
