//! Paper: forms drawn in millimetres with embedded Japanese fonts. `canvas` knows fonts and missing letters, `wrap` breaks text; each
//! slice lays out its own forms.

pub(crate) mod canvas;
pub(crate) mod pages;
pub(crate) mod symbol;
pub(crate) mod wrap;

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use actix_web::web;
use krilla::text::Font;

use crate::config;
use crate::error::AppError;

/// The two typefaces of our forms. Cloning shares the loaded files.
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

/// A letter printed by another: its common form, or 〓 to be filled in by hand. The paper says so.
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

/// The fonts are read at the first form and kept; a failure is tried again, so that installing them is enough.
fn typefaces() -> Result<&'static Typefaces, PaperError> {
    static FACES: OnceLock<Typefaces> = OnceLock::new();
    if let Some(faces) = FACES.get() {
        return Ok(faces);
    }
    let file = |name| config::optional(name).ok().flatten().map(PathBuf::from);
    let faces = Typefaces::load(file("TSUMUGI_FONT_MINCHO_FILE").as_deref(), file("TSUMUGI_FONT_GOTHIC_FILE").as_deref())?;
    Ok(FACES.get_or_init(|| faces))
}

/// Drawing takes some milliseconds of one core, so it stays off the threads that answer others.
pub async fn draw(form: impl FnOnce(&Typefaces) -> Result<Paper, PaperError> + Send + 'static) -> Result<Paper, AppError> {
    let drawn = web::block(move || form(typefaces()?)).await.map_err(AppError::internal)?;
    drawn.map_err(|error| match error {
        PaperError::Drawing(cause) => AppError::Internal(cause),
        PaperError::FontNotSet { face } | PaperError::FontUnreadable { face, .. } | PaperError::NotAFont { face } => AppError::Refused(format!(
            "書類を作る書体({face})が見つからないため、印刷できません。管理者は fonts-ipaexfont を入れるか、TSUMUGI_FONT_MINCHO_FILE と TSUMUGI_FONT_GOTHIC_FILE を確かめてください。"
        )),
    })
}
