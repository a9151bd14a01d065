//! 分割指示に係る処方箋（別紙）: where pharmacies reach the clinic, and where the pharmacy of each part writes itself down.

use crate::paper::canvas::{Align, Area, Canvas, Face, Style};

use super::Sheet;

const LEFT: f32 = 12.0;
const WIDTH: f32 = 124.0;
const LABEL_W: f32 = 36.0;
const ROW: f32 = 8.0;
const THIN: f32 = 0.15;
const TEXT: Style = Style { face: Face::Mincho, size: 8.5, align: Align::Left };

impl Canvas<'_, '_, '_> {
    /// `sheet` is the last part of its 処方箋.
    pub(super) fn split_page(&mut self, sheet: &Sheet) {
        self.text(LEFT + WIDTH / 2.0, 16.0, Style { size: 13.0, align: Align::Centre, ..TEXT }, "分割指示に係る処方箋（別紙）");
        let whose = format!("{} 様　交付年月日 {}", sheet.patient_name, sheet.issued_on);
        self.text(LEFT, 24.0, TEXT, &whose);
        self.text(LEFT, 32.0, TEXT, "（発行保険医療機関情報）");
        self.text(LEFT, 37.5, TEXT, &format!("{}　処方箋発行医療機関の保険薬局からの連絡先", sheet.clinic_name));
        let contact = [("電話番号", sheet.clinic_tel.as_str()), ("ＦＡＸ番号", ""), ("その他の連絡先", "")];
        self.rows(40.0, &contact);
        let mut y = 72.0;
        self.text(LEFT, y, TEXT, "（受付保険薬局情報）");
        let parts = sheet.part.map_or(0, |(_, of)| of);
        for no in 1..=parts {
            self.text(LEFT, y + 6.0, TEXT, &format!("{no}枚目を受け付けた保険薬局"));
            self.rows(y + 8.0, &[("名称", ""), ("所在地", ""), ("電話番号・ＦＡＸ番号", ""), ("調剤年月日", "")]);
            y += 6.0 + 4.0 * ROW + 4.0;
        }
    }

    fn rows(&mut self, top: f32, rows: &[(&str, &str)]) {
        for (at, (label, value)) in rows.iter().enumerate() {
            let a = Area { x: LEFT, y: top + at as f32 * ROW, w: WIDTH, h: ROW };
            self.frame(a, THIN);
            self.line((a.x + LABEL_W, a.y), (a.x + LABEL_W, a.y + a.h), THIN);
            self.cell(Area { w: LABEL_W, ..a }, TEXT, label);
            self.cell(Area { x: a.x + LABEL_W, w: a.w - LABEL_W, ..a }, TEXT, value);
        }
    }
}
