//! A PDF page by page.

use krilla::Document;
use krilla::metadata::Metadata;
use krilla::page::PageSettings;

use super::canvas::{Canvas, Letters, PT_PER_MM};
use super::{Paper, PaperError, Typefaces};

pub(crate) struct Pages<'d> {
    document: &'d mut Document,
    size: PageSettings,
}

impl Pages<'_> {
    pub fn page<'a>(&mut self, letters: &mut Letters<'a>, draw: impl FnOnce(&mut Canvas<'_, '_, 'a>)) {
        let mut page = self.document.start_page_with(self.size.clone());
        let mut surface = page.surface();
        draw(&mut Canvas { surface: &mut surface, letters });
        surface.finish();
        page.finish();
    }
}

/// Sheets of one size, in millimetres.
pub(crate) fn document(
    title: &str,
    (width, height): (f32, f32),
    faces: &Typefaces,
    draw: impl FnOnce(&mut Letters<'_>, &mut Pages<'_>),
) -> Result<Paper, PaperError> {
    let mut letters = Letters::new(faces).ok_or(PaperError::NotAFont { face: "ゴシック" })?;
    let mut document = Document::new();
    document.set_metadata(Metadata::new().title(title.into()).language("ja".into()));
    let size = PageSettings::from_wh(width * PT_PER_MM, height * PT_PER_MM).ok_or_else(|| PaperError::Drawing("page size".into()))?;
    draw(&mut letters, &mut Pages { document: &mut document, size });
    let replaced = letters.replacements();
    let pdf = document.finish().map_err(|e| PaperError::Drawing(e.to_string()))?;
    Ok(Paper { pdf, replaced })
}
