//! The sheet of 2次元シンボル behind the 処方箋: as many symbols as its records need, with whose they are.

use crate::paper::canvas::{Align, Area, Canvas, Face, Style};
use crate::paper::symbol::Symbol;

use super::Sheet;

const MODULE: f32 = 0.4;
const LEFT: f32 = 12.0;
const TOP: f32 = 34.0;
/// Room of one symbol with its quiet zone, and how many stand side by side.
const CELL: f32 = 62.0;
const ACROSS: usize = 2;
/// As many as one sheet holds.
pub(super) const A_SHEET: usize = 4;

impl Canvas<'_, '_, '_> {
    /// `from` is the number of the first symbol on this sheet.
    pub(super) fn symbols(&mut self, sheet: &Sheet, symbols: &[Symbol], from: usize, all: usize) {
        let title = Style { face: Face::Mincho, size: 13.0, align: Align::Left };
        let small = Style { face: Face::Mincho, size: 8.0, align: Align::Left };
        self.text(LEFT, 14.0, title, "処方箋 2次元シンボル");
        self.text(LEFT, 20.0, small, &format!("{} 様　交付年月日 {}　{}", sheet.patient_name, sheet.issued_on, sheet.clinic_name));
        self.text(LEFT, 25.0, small, "薬局で処方箋と一緒に出してください。処方箋の内容が入っています。");
        for (at, symbol) in symbols.iter().enumerate() {
            let (x, y) = (LEFT + (at % ACROSS) as f32 * CELL, TOP + (at / ACROSS) as f32 * (CELL + 8.0));
            self.symbol((x + 4.0 * MODULE, y + 4.0 * MODULE), MODULE, symbol);
            let place = format!("{} / {all}", from + at + 1);
            self.cell(Area { x, y: y + CELL - 8.0, w: CELL - 8.0, h: 6.0 }, Style { align: Align::Left, ..small }, &place);
        }
    }
}
