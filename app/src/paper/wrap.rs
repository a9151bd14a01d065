//! Breaking text into lines by width, with Japanese line-break rules.

use super::canvas::{Align, Area, Canvas, Face, Letters, Style};

/// Distance between baselines as a multiple of the type size.
const LEADING: f32 = 1.28;
/// Not at the start of a line (行頭禁則).
const NOT_FIRST: &str = "、。，．・：；?!？！)]｝〕〉》」』】％%゛゜ーァィゥェォッャュョヮヵヶぁぃぅぇぉっゃゅょゎ々";
/// Not at the end of a line (行末禁則).
const NOT_LAST: &str = "([｛〔〈《「『【（［";

/// Height of one line in millimetres.
pub(crate) fn line_height(size: f32) -> f32 {
    size * LEADING / super::canvas::PT_PER_MM
}

/// Breaks by width; a Latin word or a number stays whole when it fits on a line.
pub(crate) fn wrap(letters: &Letters<'_>, text: &str, face: Face, size: f32, width: f32) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        wrap_paragraph(letters, paragraph, face, size, width, &mut lines);
    }
    lines
}

fn wrap_paragraph(letters: &Letters<'_>, text: &str, face: Face, size: f32, width: f32, lines: &mut Vec<String>) {
    let mut rest: Vec<char> = text.chars().collect();
    loop {
        let fitting = fitting(letters, &rest, face, size, width);
        if fitting >= rest.len() {
            lines.push(rest.into_iter().collect());
            return;
        }
        let at = break_before(&rest, fitting);
        let tail = rest.split_off(at);
        lines.push(rest.into_iter().collect());
        rest = tail.into_iter().skip_while(|c| *c == ' ').collect();
    }
}

/// How many letters fit; at least one, so that a narrow box cannot loop.
fn fitting(letters: &Letters<'_>, text: &[char], face: Face, size: f32, width: f32) -> usize {
    let mut used = 0.0;
    let mut buffer = [0; 4];
    for (at, c) in text.iter().enumerate() {
        used += letters.width(c.encode_utf8(&mut buffer), face, size);
        if used > width + 0.01 {
            return at.max(1);
        }
    }
    text.len()
}

/// The latest allowed place at or before `limit`.
fn break_before(text: &[char], limit: usize) -> usize {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '%';
    (1..=limit)
        .rev()
        .find(|at| {
            let (before, after) = (text[at - 1], text[*at]);
            !(NOT_FIRST.contains(after) || NOT_LAST.contains(before) || (is_word(before) && is_word(after)))
        })
        .unwrap_or(limit)
}

impl Canvas<'_, '_, '_> {
    /// Text inside a box, centred vertically: on one line if it fits, smaller if it nearly fits, else on several lines.
    pub fn cell(&mut self, area: Area, style: Style, text: &str) {
        let inner = (area.w - 1.6).max(1.0);
        let mut size = style.size;
        let lines = loop {
            let lines = wrap(self.letters, text, style.face, size, inner);
            let height = lines.len() as f32 * line_height(size);
            if (height <= area.h + 0.2 && lines.len() <= text.split('\n').count().max(max_lines(area, size))) || size <= 5.0 {
                break lines;
            }
            size -= 0.25;
        };
        let height = lines.len() as f32 * line_height(size);
        let mut y = area.y + (area.h - height) / 2.0 + line_height(size) * 0.78;
        let x = match style.align {
            Align::Left => area.x + 0.8,
            Align::Centre => area.x + area.w / 2.0,
            Align::Right => area.x + area.w - 0.8,
        };
        for line in &lines {
            self.text(x, y, Style { size, ..style }, line);
            y += line_height(size);
        }
    }
}

fn max_lines(area: Area, size: f32) -> usize {
    (area.h / line_height(size)).floor().max(1.0) as usize
}
