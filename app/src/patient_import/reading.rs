//! Bytes → lines: UTF-8 (with or without its mark) or CP932, then CSV.

use encoding_rs::SHIFT_JIS;

pub const BYTES_MAX: usize = 8 * 1024 * 1024;
pub const LINES_MAX: usize = 20_000;
const COLUMNS_MAX: usize = 60;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    pub encoding: &'static str,
    pub headings: Vec<String>,
    /// The line number people see in their editor, and the fields.
    pub lines: Vec<(u64, Vec<String>)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SheetError {
    Empty,
    TooLarge,
    Encoding,
    /// Not CSV from this line on.
    Broken {
        line: u64,
    },
    TooManyLines,
    TooManyColumns,
}

impl SheetError {
    pub fn sentence(&self) -> String {
        match self {
            Self::Empty => "ファイルが空です。見出しの行と、患者の行が要ります。".into(),
            Self::TooLarge => format!("ファイルが大きすぎます({}MBまで)。分けて取り込んでください。", BYTES_MAX / 1024 / 1024),
            Self::Encoding => "文字を読めません。UTF-8 か Shift_JIS(CP932)の CSV で書き出してください。".into(),
            Self::Broken { line } => format!("{line}行目から CSV として読めません。引用符(\")の閉じ忘れがないか確かめてください。"),
            Self::TooManyLines => format!("行が多すぎます({LINES_MAX}名まで)。分けて取り込んでください。"),
            Self::TooManyColumns => format!("列が多すぎます({COLUMNS_MAX}列まで)。要らない列を消してください。"),
        }
    }
}

pub fn read(bytes: &[u8]) -> Result<Sheet, SheetError> {
    if bytes.len() > BYTES_MAX {
        return Err(SheetError::TooLarge);
    }
    let (encoding, text) = decode(bytes)?;
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut records = reader.records();
    let broken = |error: &csv::Error| SheetError::Broken { line: error.position().map_or(1, csv::Position::line) };
    let headings: Vec<String> = match records.next() {
        None => return Err(SheetError::Empty),
        Some(record) => record.map_err(|e| broken(&e))?.iter().map(|field| field.trim().to_owned()).collect(),
    };
    if headings.len() > COLUMNS_MAX {
        return Err(SheetError::TooManyColumns);
    }
    let mut lines = Vec::new();
    for record in records {
        let record = record.map_err(|e| broken(&e))?;
        let at = record.position().map_or(0, |position| line_of(&text, position));
        let fields: Vec<String> = record.iter().map(str::to_owned).collect();
        if fields.iter().all(|field| field.trim().is_empty()) {
            continue;
        }
        if lines.len() == LINES_MAX {
            return Err(SheetError::TooManyLines);
        }
        lines.push((at, fields));
    }
    if lines.is_empty() { Err(SheetError::Empty) } else { Ok(Sheet { encoding, headings, lines }) }
}

/// Where the record begins for somebody with an editor: empty lines before it are counted, too.
fn line_of(text: &str, position: &csv::Position) -> u64 {
    let from = usize::try_from(position.byte()).unwrap_or_default();
    let before = text.as_bytes().iter().skip(from).take_while(|byte| matches!(byte, b'\r' | b'\n'));
    position.line() + before.filter(|byte| **byte == b'\n').count() as u64
}

fn decode(bytes: &[u8]) -> Result<(&'static str, String), SheetError> {
    let plain = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if let Ok(text) = std::str::from_utf8(plain) {
        return Ok(("UTF-8", text.to_owned()));
    }
    match SHIFT_JIS.decode_without_bom_handling_and_without_replacement(bytes) {
        Some(text) => Ok(("CP932", text.into_owned())),
        None => Err(SheetError::Encoding),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_encodings_read_the_same() {
        let text = "患者番号,氏名\n1,髙橋 榮太郎\n\n2,\"𠮷\n田\"\n";
        let utf8 = read(text.as_bytes()).unwrap();
        assert_eq!((utf8.encoding, utf8.lines.len(), utf8.lines[1].0), ("UTF-8", 2, 4));
        let (bytes, _, lossy) = SHIFT_JIS.encode("患者番号,氏名\r\n1,髙﨑 ①郎\r\n");
        assert!(!lossy);
        let cp932 = read(&bytes).unwrap();
        assert_eq!((cp932.encoding, cp932.lines[0].1[1].as_str()), ("CP932", "髙﨑 ①郎"));
        assert_eq!(read(b"\xEF\xBB\xBFa,b\n1,2").unwrap().headings, ["a", "b"]);
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        assert_eq!(read(b""), Err(SheetError::Empty));
        assert_eq!(read("患者番号\n".as_bytes()), Err(SheetError::Empty));
        assert_eq!(read(b"\xFF\xFE\x80\x00"), Err(SheetError::Encoding));
        assert_eq!(read(&vec![b'a'; BYTES_MAX + 1]), Err(SheetError::TooLarge));
        assert_eq!(read(format!("a\n{}", "1\n".repeat(LINES_MAX + 1)).as_bytes()), Err(SheetError::TooManyLines));
        assert_eq!(read(format!("{}\n1", ",".repeat(60)).as_bytes()), Err(SheetError::TooManyColumns));
    }
}
