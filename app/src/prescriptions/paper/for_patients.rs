//! What a patient keeps: the page for the お薬手帳 (A6), and a label for each 薬袋 of what the clinic hands out itself.

use super::{Sheet, SheetLine};
use crate::paper::canvas::{Align, Area, Canvas, Face, Letters, Style};
use crate::paper::pages::document;
use crate::paper::wrap::{line_height, wrap};
use crate::paper::{Paper, PaperError, Typefaces};

const NOTEBOOK: (f32, f32) = (105.0, 148.0);
const LABEL: (f32, f32) = (100.0, 62.0);
const MARGIN: f32 = 7.0;
const THIN: f32 = 0.15;
const NAME: Style = Style { face: Face::Gothic, size: 10.0, align: Align::Left };
const TEXT: Style = Style { size: 9.0, ..NAME };
const SMALL: Style = Style { size: 7.5, ..NAME };
const HEAD_BOTTOM: f32 = 31.0;
const FOOT_TOP: f32 = 130.0;

/// `1日 3錠` where the amount is a day's; what is taken when needed says its own.
fn amount(line: &SheetLine) -> String {
    if line.usage.ends_with("日分") { format!("1日 {}", line.amount) } else { line.amount.clone() }
}

/// One drug as rows of text, with its number before the first.
fn rows(number: usize, line: &SheetLine, letters: &Letters<'_>) -> Vec<(Style, String)> {
    let width = NOTEBOOK.0 - 2.0 * MARGIN - 6.0;
    let mut rows: Vec<(Style, String)> =
        wrap(letters, &format!("{number}) {}", line.drug_name), NAME.face, NAME.size, width).into_iter().map(|row| (NAME, row)).collect();
    let how = [amount(line), line.usage.clone()].join("　");
    rows.extend(wrap(letters, &how, TEXT.face, TEXT.size, width - 4.0).into_iter().map(|row| (TEXT, format!("　{row}"))));
    if !line.comment.is_empty() {
        let said = format!("※{}", line.comment);
        rows.extend(wrap(letters, &said, SMALL.face, SMALL.size, width - 4.0).into_iter().map(|row| (SMALL, format!("　{row}"))));
    }
    rows
}

/// A drug is never parted; as many pages as it takes.
fn pages(sheet: &Sheet, letters: &Letters<'_>) -> Vec<Vec<(Style, String)>> {
    let (mut pages, mut y) = (vec![Vec::new()], HEAD_BOTTOM);
    for (at, line) in sheet.lines.iter().enumerate() {
        let block = rows(at + 1, line, letters);
        let height: f32 = block.iter().map(|(style, _)| line_height(style.size)).sum::<f32>() + 1.5;
        if y + height > FOOT_TOP && y > HEAD_BOTTOM {
            pages.push(Vec::new());
            y = HEAD_BOTTOM;
        }
        y += height;
        if let Some(page) = pages.last_mut() {
            page.extend(block);
        }
    }
    pages
}

pub fn notebook(sheet: &Sheet, faces: &Typefaces) -> Result<Paper, PaperError> {
    document("お薬手帳", NOTEBOOK, faces, |letters, pdf| {
        let pages = pages(sheet, letters);
        let count = pages.len();
        for (at, rows) in pages.iter().enumerate() {
            pdf.page(letters, |canvas| canvas.notebook(sheet, rows, (at + 1, count)));
        }
    })
}

/// One label for each drug.
pub fn labels(sheet: &Sheet, faces: &Typefaces) -> Result<Paper, PaperError> {
    document("薬袋ラベル", LABEL, faces, |letters, pdf| {
        for line in &sheet.lines {
            pdf.page(letters, |canvas| canvas.label(sheet, line));
        }
    })
}

impl Canvas<'_, '_, '_> {
    fn notebook(&mut self, sheet: &Sheet, rows: &[(Style, String)], (at, count): (usize, usize)) {
        let right = NOTEBOOK.0 - MARGIN;
        let bar = |y: f32, h: f32| Area { x: MARGIN, y, w: right - MARGIN, h };
        self.text(MARGIN, 13.0, Style { size: 13.0, ..NAME }, "お薬手帳");
        self.text(right, 13.0, Style { align: Align::Right, ..TEXT }, &sheet.issued_on);
        self.cell(bar(17.0, 8.0), Style { size: 11.0, ..NAME }, &format!("{}　様", sheet.patient_name));
        self.line((MARGIN, 26.5), (right, 26.5), THIN);
        let mut y = HEAD_BOTTOM;
        for (style, row) in rows {
            y += line_height(style.size);
            self.text(MARGIN, y, *style, row);
        }
        self.line((MARGIN, FOOT_TOP + 1.0), (right, FOOT_TOP + 1.0), THIN);
        self.cell(bar(FOOT_TOP + 1.5, 6.0), TEXT, &sheet.clinic_name);
        self.text(MARGIN + 0.8, FOOT_TOP + 11.0, SMALL, &format!("電話 {}　医師 {}", sheet.clinic_tel, sheet.doctor_name));
        if count > 1 {
            self.text(right, FOOT_TOP + 11.0, Style { align: Align::Right, ..SMALL }, &format!("{at}/{count}"));
        }
    }

    fn label(&mut self, sheet: &Sheet, line: &SheetLine) {
        let right = LABEL.0 - 5.0;
        let bar = |y: f32, h: f32| Area { x: 5.0, y, w: right - 5.0, h };
        self.cell(bar(4.0, 9.0), Style { size: 14.0, ..NAME }, &format!("{}　様", sheet.patient_name));
        self.line((5.0, 14.0), (right, 14.0), THIN);
        self.cell(bar(15.0, 14.0), Style { size: 15.0, align: Align::Centre, ..NAME }, &line.usage);
        self.cell(bar(29.5, 8.0), Style { size: 12.0, align: Align::Centre, ..NAME }, &amount(line));
        self.cell(bar(38.0, 10.0), NAME, &line.drug_name);
        if !line.comment.is_empty() {
            self.cell(bar(47.5, 5.0), SMALL, &format!("※{}", line.comment));
        }
        self.text(5.8, 57.5, SMALL, &sheet.issued_on);
        self.text(right, 57.5, Style { align: Align::Right, ..SMALL }, &format!("{}　{}", sheet.clinic_name, sheet.clinic_tel));
    }
}
