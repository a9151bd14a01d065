//! Where the fields of the 診療明細書 lie.

use domain::billing::{grouped, section_label};

use super::{CENTRE, LEFT, NUMBER, RIGHT, SMALL, Statement, TEXT, THICK, THIN, area, yen};
use crate::billing::store::BilledLine;
use crate::paper::canvas::{Align, Canvas, Style};

/// Lines on one sheet.
pub(super) const ROWS: usize = 20;
const ROW: f32 = 6.0;
const COLUMNS: [f32; 4] = [24.0, 96.0, 112.0, 128.0];

impl Canvas<'_, '_, '_> {
    pub(super) fn statement(&mut self, sheet: &Statement, lines: &[BilledLine], page: usize, pages: usize) {
        let top = self.slip_head(&sheet.head, "診 療 明 細 書");
        let width = RIGHT - LEFT;
        self.frame(area(LEFT, top, width, ROW), THIN);
        let mut from = 0.0;
        for (label, to) in ["区分", "項目", "点数・円", "回数"].into_iter().zip(COLUMNS) {
            self.cell(area(LEFT + from, top, to - from, ROW), CENTRE, label);
            from = to;
        }
        let mut y = top + ROW;
        for line in lines {
            self.line((LEFT, y + ROW), (RIGHT, y + ROW), THIN);
            self.cell(area(LEFT, y, COLUMNS[0], ROW), SMALL, section_label(&line.section));
            self.cell(area(LEFT + COLUMNS[0], y, COLUMNS[1] - COLUMNS[0], ROW), TEXT, &line.name);
            let price = if line.unit_yen > 0 { format!("{}円", grouped(line.unit_yen.into())) } else { format!("{}点", line.points) };
            self.cell(area(LEFT + COLUMNS[1], y, COLUMNS[2] - COLUMNS[1], ROW), NUMBER, &price);
            self.cell(area(LEFT + COLUMNS[2], y, COLUMNS[3] - COLUMNS[2], ROW), NUMBER, &line.quantity.to_string());
            y += ROW;
        }
        if page == pages {
            self.frame(area(LEFT, y + 2.0, width, 9.0), THICK);
            let bill = &sheet.bill;
            let words = format!("合計 {}点　　負担額 {}", grouped(bill.points.into()), yen(i64::from(bill.copay_yen - bill.over_cap_yen)));
            self.cell(area(LEFT, y + 2.0, width * 0.6, 9.0), TEXT, &words);
            self.cell(area(LEFT + width * 0.6, y + 2.0, width * 0.4, 9.0), NUMBER, &format!("請求額 {}", yen(bill.due_yen.into())));
        }
        let foot = format!(
            "{}　{}　電話 {}　発行 {}",
            sheet.head.clinic_name, sheet.head.clinic_address, sheet.head.clinic_tel, sheet.head.printed_on
        );
        self.cell(area(LEFT, 196.0, width, 6.0), SMALL, &foot);
        if pages > 1 {
            self.text(RIGHT, 206.0, Style { align: Align::Right, ..SMALL }, &format!("{pages}枚中{page}枚目"));
        }
    }
}
