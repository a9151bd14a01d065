//! 処方箋 on paper: 様式第二号 (保険医療機関及び保険医療養担当規則 第23条関係), A5 portrait.
//!
//! `canvas` knows millimetres, fonts and missing letters; `layout` breaks lines and pages; `form` knows where each field of the form lies.

mod canvas;
mod form;
mod layout;

use std::path::Path;
use std::sync::Arc;

use krilla::text::Font;

/// One prescription as it is to be printed; every value is already in the words of the form.
#[derive(Debug, Clone, Default)]
pub struct Sheet {
    pub insurer_number: String,
    /// 記号・番号 (枝番)
    pub insured: String,
    pub patient_name: String,
    pub patient_kana: String,
    pub birth_date: String,
    pub sex: String,
    /// 被保険者 or 被扶養者
    pub relation: String,
    pub copay: String,
    pub clinic_address: String,
    pub clinic_name: String,
    pub clinic_tel: String,
    /// 都道府県番号2, 点数表番号1, 医療機関コード7
    pub institution_code: String,
    pub doctor_name: String,
    pub issued_on: String,
    pub lines: Vec<SheetLine>,
    pub remarks: Vec<String>,
}

/// One drug of the 処方 column.
#[derive(Debug, Clone, Default)]
pub struct SheetLine {
    pub drug_name: String,
    pub amount: String,
    pub usage: String,
    pub comment: String,
    pub is_change_barred: bool,
    pub is_patient_wish: bool,
}

/// The two typefaces of the form. Cloning shares the loaded files.
#[derive(Clone)]
pub struct Typefaces {
    mincho: Typeface,
    gothic: Typeface,
}

#[derive(Clone)]
struct Typeface {
    bytes: Arc<Vec<u8>>,
    font: Font,
}

/// Why no paper came out.
#[derive(Debug, thiserror::Error)]
pub enum PaperError {
    #[error("the font file for {face} is not set")]
    FontNotSet { face: &'static str },
    #[error("the font file for {face} cannot be read")]
    FontUnreadable { face: &'static str, source: std::io::Error },
    #[error("the font file for {face} is not a font")]
    NotAFont { face: &'static str },
    #[error("the page could not be drawn: {0}")]
    Drawing(String),
}

/// The finished paper, and the letters no font had.
#[derive(Debug)]
pub struct Paper {
    pub pdf: Vec<u8>,
    pub replaced: Vec<Replaced>,
}

/// A letter printed by another: its common form, or 〓 to be filled in by hand. The paper says so under 備考.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replaced {
    pub wanted: char,
    pub printed: char,
}

impl Replaced {
    /// `U+20BB7を吉で印字`.
    pub fn sentence(self) -> String {
        format!("U+{:04X}を{}で印字", u32::from(self.wanted), self.printed)
    }
}

impl Typefaces {
    /// Loads both files; done once at start, since each is several MB.
    pub fn load(mincho: Option<&Path>, gothic: Option<&Path>) -> Result<Self, PaperError> {
        Ok(Self { mincho: Typeface::load(mincho, "明朝")?, gothic: Typeface::load(gothic, "ゴシック")? })
    }
}

impl Typeface {
    fn load(path: Option<&Path>, face: &'static str) -> Result<Self, PaperError> {
        let path = path.ok_or(PaperError::FontNotSet { face })?;
        let bytes = Arc::new(std::fs::read(path).map_err(|source| PaperError::FontUnreadable { face, source })?);
        let font = Font::new(Arc::clone(&bytes).into(), 0).ok_or(PaperError::NotAFont { face })?;
        Ok(Self { bytes, font })
    }
}

/// Draws the prescription; as many sheets as its lines need, each with the whole head.
pub fn draw(sheet: &Sheet, faces: &Typefaces) -> Result<Paper, PaperError> {
    form::draw(sheet, faces)
}

#[cfg(test)]
mod tests;
