//! Drawing in millimetres from the top left corner, text in points.

use std::collections::BTreeMap;

use krilla::geom::{PathBuilder, Point};
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;
use krilla::text::{GlyphId, KrillaGlyph};
use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider};

use super::symbol::Symbol;
use super::{Replaced, Typeface, Typefaces};

pub(crate) const PT_PER_MM: f32 = 72.0 / 25.4;
/// Printed where no font has the letter and no form of it is known.
const GETA: char = '〓';

/// Name letters outside JIS X 0213 that the usual fonts lack, with the form everybody accepts instead.
const COMMON_FORMS: [(char, char); 10] = [
    ('𠮷', '吉'),
    ('𡈽', '土'),
    ('𣘺', '橋'),
    ('𦚰', '脇'),
    ('𣳾', '泰'),
    ('𠀋', '丈'),
    ('𥔎', '崎'),
    ('𨕫', '廻'),
    ('𤴔', '疋'),
    ('𢎭', '弁'),
];

/// Which face a text asks for; the other one helps out when a letter is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Face {
    Mincho,
    Gothic,
}

/// A box in millimetres.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Area {
    pub x: f32,
    pub y: f32,
    pub w: f32,
    pub h: f32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Centre,
    Right,
}

/// How a text is set: face, size in points, alignment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    pub face: Face,
    pub size: f32,
    pub align: Align,
}

/// Knows every letter's glyph and width; shared by measuring and drawing.
pub(crate) struct Letters<'a> {
    faces: &'a Typefaces,
    mincho: FontRef<'a>,
    gothic: FontRef<'a>,
    /// What was asked for and what is printed instead.
    replaced: BTreeMap<char, char>,
}

#[derive(Clone, Copy)]
struct Letter {
    face: Face,
    glyph: u32,
    /// in em
    advance: f32,
}

impl<'a> Letters<'a> {
    pub fn new(faces: &'a Typefaces) -> Option<Self> {
        let mincho = FontRef::new(&faces.mincho.bytes).ok()?;
        let gothic = FontRef::new(&faces.gothic.bytes).ok()?;
        Some(Self { faces, mincho, gothic, replaced: BTreeMap::new() })
    }

    /// What was printed by another letter.
    pub fn replacements(&self) -> Vec<Replaced> {
        self.replaced.iter().map(|(wanted, printed)| Replaced { wanted: *wanted, printed: *printed }).collect()
    }

    fn font(&self, face: Face) -> &FontRef<'a> {
        match face {
            Face::Mincho => &self.mincho,
            Face::Gothic => &self.gothic,
        }
    }

    fn typeface(&self, face: Face) -> &'a Typeface {
        match face {
            Face::Mincho => &self.faces.mincho,
            Face::Gothic => &self.faces.gothic,
        }
    }

    fn in_face(&self, c: char, face: Face) -> Option<Letter> {
        let font = self.font(face);
        let glyph = font.charmap().map(c)?;
        let metrics = font.glyph_metrics(Size::new(1.0), LocationRef::default());
        Some(Letter { face, glyph: glyph.to_u32(), advance: metrics.advance_width(glyph).unwrap_or(1.0) })
    }

    fn letter(&self, c: char, wanted: Face) -> Option<Letter> {
        let other = if wanted == Face::Mincho { Face::Gothic } else { Face::Mincho };
        self.in_face(c, wanted).or_else(|| self.in_face(c, other))
    }

    /// Width in millimetres.
    pub fn width(&self, text: &str, face: Face, size: f32) -> f32 {
        let em: f32 = text.chars().filter(|c| !is_invisible(*c)).map(|c| self.advance(c, face)).sum();
        em * size / PT_PER_MM
    }

    fn advance(&self, c: char, face: Face) -> f32 {
        self.letter(c, face).or_else(|| self.stand_in(c, face).map(|(_, letter)| letter)).map_or(1.0, |l| l.advance)
    }

    /// What is printed for a letter no face has.
    fn stand_in(&self, c: char, face: Face) -> Option<(char, Letter)> {
        let common = COMMON_FORMS.iter().find(|(rare, _)| *rare == c).map(|(_, common)| *common);
        common.into_iter().chain([GETA]).find_map(|shown| self.letter(shown, face).map(|letter| (shown, letter)))
    }
}

/// Variation selectors and zero-width marks draw nothing; the base letter carries the text.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// A page being drawn.
pub(crate) struct Canvas<'s, 'p, 'a> {
    pub surface: &'s mut Surface<'p>,
    pub letters: &'s mut Letters<'a>,
}

impl Canvas<'_, '_, '_> {
    /// A straight line `weight` millimetres thick.
    pub fn line(&mut self, from: (f32, f32), to: (f32, f32), weight: f32) {
        let mut path = PathBuilder::new();
        path.move_to(from.0 * PT_PER_MM, from.1 * PT_PER_MM);
        path.line_to(to.0 * PT_PER_MM, to.1 * PT_PER_MM);
        self.stroke(path, weight);
    }

    /// A rectangle's outline.
    pub fn frame(&mut self, a: Area, weight: f32) {
        let mut path = PathBuilder::new();
        path.move_to(a.x * PT_PER_MM, a.y * PT_PER_MM);
        path.line_to((a.x + a.w) * PT_PER_MM, a.y * PT_PER_MM);
        path.line_to((a.x + a.w) * PT_PER_MM, (a.y + a.h) * PT_PER_MM);
        path.line_to(a.x * PT_PER_MM, (a.y + a.h) * PT_PER_MM);
        path.close();
        self.stroke(path, weight);
    }

    /// A 2次元シンボル whose upper left corner is at `(x, y)`; one path, runs of dark modules as bars.
    pub fn symbol(&mut self, (x, y): (f32, f32), module: f32, symbol: &Symbol) {
        let mut path = PathBuilder::new();
        for (row, modules) in symbol.dark.chunks(symbol.width).enumerate() {
            let mut at = 0;
            for run in modules.chunk_by(|a, b| a == b) {
                if run[0] {
                    let (left, top) = (x + at as f32 * module, y + row as f32 * module);
                    let (right, bottom) = (left + run.len() as f32 * module, top + module);
                    path.move_to(left * PT_PER_MM, top * PT_PER_MM);
                    path.line_to(right * PT_PER_MM, top * PT_PER_MM);
                    path.line_to(right * PT_PER_MM, bottom * PT_PER_MM);
                    path.line_to(left * PT_PER_MM, bottom * PT_PER_MM);
                    path.close();
                }
                at += run.len();
            }
        }
        if let Some(path) = path.finish() {
            self.surface.set_stroke(None);
            self.surface.set_fill(Some(Fill::default()));
            self.surface.draw_path(&path);
        }
    }

    /// A circle, as four cubic arcs.
    pub fn circle(&mut self, centre: (f32, f32), radius: f32, weight: f32) {
        let (x, y, r) = (centre.0 * PT_PER_MM, centre.1 * PT_PER_MM, radius * PT_PER_MM);
        let k = r * 0.552_28;
        let mut path = PathBuilder::new();
        path.move_to(x + r, y);
        path.cubic_to(x + r, y + k, x + k, y + r, x, y + r);
        path.cubic_to(x - k, y + r, x - r, y + k, x - r, y);
        path.cubic_to(x - r, y - k, x - k, y - r, x, y - r);
        path.cubic_to(x + k, y - r, x + r, y - k, x + r, y);
        path.close();
        self.stroke(path, weight);
    }

    fn stroke(&mut self, path: PathBuilder, weight: f32) {
        if let Some(path) = path.finish() {
            self.surface.set_fill(None);
            self.surface.set_stroke(Some(Stroke { width: weight * PT_PER_MM, ..Stroke::default() }));
            self.surface.draw_path(&path);
        }
    }

    /// One line of text whose baseline is at `y`; `x` is the left, centre or right by the style's alignment.
    pub fn text(&mut self, x: f32, y: f32, style: Style, text: &str) {
        let width = self.letters.width(text, style.face, style.size);
        let mut at = match style.align {
            Align::Left => x,
            Align::Centre => x - width / 2.0,
            Align::Right => x - width,
        };
        self.surface.set_stroke(None);
        self.surface.set_fill(Some(Fill::default()));
        for run in self.runs(text, style.face) {
            let advance: f32 = run.glyphs.iter().map(|g| g.x_advance).sum();
            let font = self.letters.typeface(run.face).font.clone();
            let start = Point::from_xy(at * PT_PER_MM, y * PT_PER_MM);
            self.surface.draw_glyphs(start, &run.glyphs, font, &run.text, style.size, false);
            at += advance * style.size / PT_PER_MM;
        }
    }

    /// Splits a text where the face changes; letters no face has are printed by a stand-in, and remembered.
    fn runs(&mut self, text: &str, wanted: Face) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for c in text.chars() {
            if is_invisible(c) {
                continue;
            }
            let found = self.letters.letter(c, wanted).map(|letter| (c, letter));
            let Some((shown, letter)) = found.or_else(|| self.letters.stand_in(c, wanted)) else { continue };
            if shown != c {
                self.letters.replaced.insert(c, shown);
            }
            match runs.last_mut() {
                Some(run) if run.face == letter.face => run.push(shown, letter),
                _ => {
                    let mut run = Run { face: letter.face, text: String::new(), glyphs: Vec::new() };
                    run.push(shown, letter);
                    runs.push(run);
                }
            }
        }
        runs
    }
}

struct Run {
    face: Face,
    text: String,
    glyphs: Vec<KrillaGlyph>,
}

impl Run {
    fn push(&mut self, c: char, letter: Letter) {
        let start = self.text.len();
        self.text.push(c);
        let range = start..self.text.len();
        self.glyphs.push(KrillaGlyph::new(GlyphId::new(letter.glyph), letter.advance, 0.0, 0.0, 0.0, range, None));
    }
}
