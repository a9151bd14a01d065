//! Reading a published file. CP932's second bytes are never a comma or a quote, so rows can be split as bytes first
//! and decoded field by field; a broken character is then known by line and column.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use chrono::NaiveDate;
use csv::ByteRecord;

use super::{Field, Layout, MasterEntry};

const MAX_NAME_CHARS: usize = 200;
const FOREVER: &str = "99999999";

/// The whole file, read; either every row is good or `bad` says what is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    pub entries: Vec<MasterEntry>,
    pub bad: Vec<BadRow>,
}

/// A row that cannot be taken, with the line of the file it begins on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    pub line: u64,
    pub reason: Reason,
}

/// Why the file as a whole is refused before its rows are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FileProblem {
    #[error("ファイルが空です")]
    Empty,
    #[error("ファイルが途中で切れています({line}行目に改行がありません)")]
    Cut { line: u64 },
    #[error("UTF-8のファイルです。公表されたままのShift_JIS(CP932)のファイルを指定してください")]
    Utf8,
    #[error("引用符が閉じていません({line}行目以降)。ファイルが途中で切れた可能性があります")]
    OpenQuote { line: u64 },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    Columns { found: usize, min: usize, max: usize },
    Encoding { column: usize },
    MasterType { found: String },
    ChangeClass { found: String },
    Code { found: String },
    DuplicateCode { code: String, first_line: u64 },
    NoName,
    NameTooLong,
    ControlCharacter { column: usize },
    Date { column: usize, found: String },
    Number { column: usize, found: String },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Columns { found, min, max } if min == max => write!(f, "項目数が{found}です(正しくは{min})"),
            Self::Columns { found, min, max } => write!(f, "項目数が{found}です(正しくは{min}〜{max})"),
            Self::Encoding { column } => write!(f, "{column}項目めがShift_JIS(CP932)として読めません"),
            Self::MasterType { found } => write!(f, "マスター種別が「{found}」です。別のマスターのファイルではありませんか"),
            Self::ChangeClass { found } => write!(f, "変更区分「{found}」は0・1・3・5・9のいずれでもありません"),
            Self::Code { found } => write!(f, "コード「{found}」の桁数または先頭の数字が正しくありません"),
            Self::DuplicateCode { code, first_line } => write!(f, "コード{code}が{first_line}行目と重複しています"),
            Self::NoName => write!(f, "名称が空です"),
            Self::NameTooLong => write!(f, "名称が{MAX_NAME_CHARS}文字を超えています"),
            Self::ControlCharacter { column } => write!(f, "{column}項目めに制御文字があります"),
            Self::Date { column, found } => write!(f, "{column}項目めの日付「{found}」は存在しません"),
            Self::Number { column, found } => write!(f, "{column}項目めの数値「{found}」が読めません"),
        }
    }
}

/// Reads every row. Nothing is dropped silently: a row is an entry or a bad row.
pub fn parse(layout: &Layout, bytes: &[u8]) -> Result<Parsed, FileProblem> {
    check_whole(bytes)?;
    let mut parsed = Parsed { entries: Vec::new(), bad: Vec::new() };
    let mut first_lines: HashMap<String, u64> = HashMap::new();
    // Without the carriage returns the reader counts lines as an editor does.
    let lines: Vec<u8> = bytes.iter().copied().filter(|&byte| byte != b'\r').collect();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(lines.as_slice());
    for record in reader.byte_records() {
        // Reading from memory cannot fail, and `flexible` accepts any number of columns: they are judged below.
        let Ok(record) = record else { continue };
        let line = record.position().map_or(0, csv::Position::line);
        match row(layout, &record) {
            Ok(entry) => match first_lines.get(&entry.code) {
                Some(&first_line) => parsed.bad.push(BadRow { line, reason: Reason::DuplicateCode { code: entry.code, first_line } }),
                None => {
                    first_lines.insert(entry.code.clone(), line);
                    parsed.entries.push(entry);
                }
            },
            Err(reason) => parsed.bad.push(BadRow { line, reason }),
        }
    }
    Ok(parsed)
}

fn check_whole(bytes: &[u8]) -> Result<(), FileProblem> {
    if bytes.is_empty() {
        return Err(FileProblem::Empty);
    }
    let not_ascii = bytes.iter().any(|byte| !byte.is_ascii());
    if bytes.starts_with(&[0xEF, 0xBB, 0xBF]) || (not_ascii && std::str::from_utf8(bytes).is_ok()) {
        return Err(FileProblem::Utf8);
    }
    let lines = bytes.split_inclusive(|&b| b == b'\n');
    let count = lines.clone().count() as u64;
    // A quoted line feed is not used by the published files: an odd number of quotes on a line is an open one.
    if let Some(at) = lines.clone().position(|line| line.iter().filter(|&&b| b == b'"').count() % 2 == 1) {
        return Err(FileProblem::OpenQuote { line: at as u64 + 1 });
    }
    match bytes.last() {
        Some(b'\n') => Ok(()),
        _ => Err(FileProblem::Cut { line: count }),
    }
}

/// A decoded row that knows the layout.
struct Row<'a> {
    layout: &'a Layout,
    cells: Vec<String>,
}

fn row(layout: &Layout, record: &ByteRecord) -> Result<MasterEntry, Reason> {
    let (found, min, max) = (record.len(), layout.columns_min, layout.columns_max);
    if found < min || found > max {
        return Err(Reason::Columns { found, min, max });
    }
    let cells = record.iter().enumerate().map(|(at, cell)| decode(at + 1, cell)).collect::<Result<Vec<_>, _>>()?;
    Row { layout, cells }.entry()
}

fn decode(column: usize, cell: &[u8]) -> Result<String, Reason> {
    let (text, broken) = encoding_rs::SHIFT_JIS.decode_without_bom_handling(cell);
    if broken {
        return Err(Reason::Encoding { column });
    }
    if text.chars().any(char::is_control) {
        return Err(Reason::ControlCharacter { column });
    }
    Ok(text.trim_matches([' ', '\u{3000}']).to_owned())
}

impl Row<'_> {
    fn column(&self, field: Field) -> usize {
        self.layout.fields.get(&field).copied().unwrap_or_default()
    }

    fn text(&self, field: Field) -> &str {
        self.column(field).checked_sub(1).and_then(|at| self.cells.get(at)).map_or("", String::as_str)
    }

    fn entry(&self) -> Result<MasterEntry, Reason> {
        let change = self.change()?;
        let code = self.code()?;
        for field in [Field::PriceYen, Field::Points] {
            self.number(field)?;
        }
        self.date(Field::ChangedOn)?;
        Ok(MasterEntry {
            code,
            name: self.name()?,
            name_kana: self.text(Field::NameKana).to_owned(),
            unit: self.text(Field::Unit).to_owned(),
            valid_from: self.date(Field::ListedOn)?,
            valid_to: [self.date(Field::EndedOn)?, self.date(Field::UsableUntil)?].into_iter().flatten().min(),
            withdrawn: matches!(change, "1" | "9"),
            attributes: self.attributes(),
        })
    }

    fn change(&self) -> Result<&str, Reason> {
        let master_type = self.text(Field::MasterType);
        if master_type != self.layout.master_type {
            return Err(Reason::MasterType { found: master_type.to_owned() });
        }
        let change = self.text(Field::Change);
        match change {
            "0" | "1" | "3" | "5" | "9" => Ok(change),
            other => Err(Reason::ChangeClass { found: other.to_owned() }),
        }
    }

    fn code(&self) -> Result<String, Reason> {
        let code = self.text(Field::Code);
        let well_formed = code.len() == self.layout.code_digits && code.bytes().all(|b| b.is_ascii_digit());
        if well_formed && code.starts_with(&self.layout.code_prefix) {
            Ok(code.to_owned())
        } else {
            Err(Reason::Code { found: code.to_owned() })
        }
    }

    /// The full name; older layouts and some rows leave it empty and carry the short one only.
    fn name(&self) -> Result<String, Reason> {
        let name = [Field::Name, Field::ShortName].into_iter().map(|f| self.text(f)).find(|text| !text.is_empty());
        match name {
            None => Err(Reason::NoName),
            Some(name) if name.chars().count() > MAX_NAME_CHARS => Err(Reason::NameTooLong),
            Some(name) => Ok(name.to_owned()),
        }
    }

    fn date(&self, field: Field) -> Result<Option<NaiveDate>, Reason> {
        let text = self.text(field);
        if matches!(text, "" | "0" | FOREVER) || text.bytes().all(|b| b == b'0') {
            return Ok(None);
        }
        let bad = || Reason::Date { column: self.column(field), found: text.to_owned() };
        if text.len() != 8 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(bad());
        }
        NaiveDate::parse_from_str(text, "%Y%m%d").map(Some).map_err(|_| bad())
    }

    fn number(&self, field: Field) -> Result<(), Reason> {
        let text = self.text(field);
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        let dots = text.bytes().filter(|&b| b == b'.').count();
        let well_formed = text.is_empty() || (digits > 0 && dots <= 1 && digits + dots == text.len());
        if well_formed { Ok(()) } else { Err(Reason::Number { column: self.column(field), found: text.to_owned() }) }
    }

    fn attributes(&self) -> BTreeMap<Field, String> {
        const OWN: [Field; 10] = [
            Field::Change,
            Field::MasterType,
            Field::Code,
            Field::Name,
            Field::NameKana,
            Field::Unit,
            Field::ListedOn,
            Field::EndedOn,
            Field::UsableUntil,
            Field::ChangedOn,
        ];
        let others = self.layout.fields.keys().filter(|field| !OWN.contains(field));
        others.map(|&field| (field, self.text(field).to_owned())).filter(|(_, text)| !text.is_empty()).collect()
    }
}

#[cfg(test)]
mod tests;
