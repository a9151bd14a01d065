//! Where the fields of the 領収書 lie.

use super::{CENTRE, LEFT, NUMBER, RIGHT, Receipt, SMALL, TEXT, THICK, THIN, area, yen};
use crate::paper::canvas::{Align, Canvas, Style};

const ROW: f32 = 6.0;

impl Canvas<'_, '_, '_> {
    pub(super) fn receipt(&mut self, sheet: &Receipt) {
        let mut y = self.slip_head(&sheet.head, sheet.title);
        self.frame(area(LEFT, y, RIGHT - LEFT, 13.0), THICK);
        self.text(LEFT + 4.0, y + 8.2, TEXT, if sheet.amount_yen < 0 { "返金額" } else { "領収金額" });
        let sum = Style { size: 17.0, align: Align::Right, ..TEXT };
        self.text(RIGHT - 6.0, y + 9.2, sum, &yen(sheet.amount_yen.abs()));
        y += 17.0;
        self.text(LEFT, y, SMALL, &format!("領収日 {}　　{}　　No. {}", sheet.taken_on, sheet.method, sheet.number));
        y = self.points(sheet, y + 3.0);
        y = self.sums(sheet, y + 3.0);
        for remark in &sheet.remarks {
            self.cell(area(LEFT, y + 1.0, RIGHT - LEFT, 8.0), SMALL, remark);
            y += 9.0;
        }
        self.text(LEFT, 184.0, SMALL, "医療費控除を受けるときに必要です。大切に保管してください。");
        self.letterhead(&sheet.head, 188.0);
    }

    /// 診療区分別の点数, three to a row.
    fn points(&mut self, sheet: &Receipt, top: f32) -> f32 {
        let w = (RIGHT - LEFT) / 3.0;
        let mut y = top;
        for row in sheet.sections.chunks(3) {
            for (at, (label, points)) in row.iter().enumerate() {
                let x = LEFT + w * at as f32;
                self.frame(area(x, y, w, ROW), THIN);
                self.cell(area(x, y, w * 0.55, ROW), SMALL, label);
                self.cell(area(x + w * 0.55, y, w * 0.45, ROW), NUMBER, &format!("{points}点"));
            }
            y += ROW;
        }
        let total: i64 = sheet.sections.iter().map(|(_, points)| points).sum();
        if total > 0 {
            self.frame(area(LEFT, y, RIGHT - LEFT, ROW), THIN);
            self.cell(area(LEFT, y, w, ROW), CENTRE, "合計点数");
            self.cell(area(LEFT + w, y, RIGHT - LEFT - w, ROW), NUMBER, &format!("{total}点 (1点10円)"));
            y += ROW;
        }
        y
    }

    fn sums(&mut self, sheet: &Receipt, top: f32) -> f32 {
        let mut y = top;
        for (label, amount) in sheet.sums.iter().filter(|(label, amount)| *amount != 0 || label.contains("請求額")) {
            self.line((LEFT, y + ROW), (RIGHT, y + ROW), THIN);
            self.cell(area(LEFT, y, 90.0, ROW), TEXT, label);
            self.cell(area(LEFT + 90.0, y, RIGHT - LEFT - 90.0, ROW), NUMBER, &yen(*amount));
            y += ROW;
        }
        y
    }
}
