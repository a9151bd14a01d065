//! Breaking prescriptions into sheets.

use super::{Sheet, SheetLine};
use crate::paper::canvas::{Face, Letters};
use crate::paper::wrap::wrap;

/// One drug broken into printed rows.
pub(super) struct Block {
    pub number: usize,
    pub name: Vec<String>,
    pub amount: String,
    pub details: Vec<String>,
    pub is_change_barred: bool,
    pub is_patient_wish: bool,
}

impl Block {
    pub fn rows(&self) -> usize {
        self.name.len() + self.details.len()
    }

    /// Breaks one line of the prescription for a column `width` millimetres wide.
    pub fn of(number: usize, line: &SheetLine, letters: &Letters<'_>, size: f32, width: f32) -> Self {
        let amount_width = letters.width(&line.amount, Face::Mincho, size) + 2.0;
        let name = wrap(letters, &line.drug_name, Face::Mincho, size, (width - amount_width).max(width / 3.0));
        let mut details = wrap(letters, &line.usage, Face::Mincho, size, width - 4.0);
        if !line.comment.is_empty() {
            details.extend(wrap(letters, &format!("※{}", line.comment), Face::Mincho, size, width - 4.0));
        }
        Self {
            number,
            name,
            amount: line.amount.clone(),
            details,
            is_change_barred: line.is_change_barred,
            is_patient_wish: line.is_patient_wish,
        }
    }
}

/// Fills sheets one after another; a drug is never split, and one row is kept for 以下余白 or 次葉へ続く.
pub(super) fn paginate(sheet: &Sheet, letters: &Letters<'_>, size: f32, width: f32, rows_per_page: usize) -> Vec<Vec<Block>> {
    let mut pages: Vec<Vec<Block>> = vec![Vec::new()];
    let mut used = 0;
    for (at, line) in sheet.lines.iter().enumerate() {
        let block = Block::of(at + 1, line, letters, size, width);
        let rows = block.rows();
        if used > 0 && used + rows + 1 > rows_per_page {
            pages.push(Vec::new());
            used = 0;
        }
        used += rows;
        if let Some(page) = pages.last_mut() {
            page.push(block);
        }
    }
    pages
}
