//! 領収書 and 明細書 on A5, from the same canvas as every other form.

mod receipt;
mod statement;

use domain::billing::{PaymentMethod, SECTIONS, grouped};

use super::account::Case;
use super::entity::{invoice, payment_notice};
use super::store::BilledLine;
use crate::paper::canvas::{Align, Area, Canvas, Face, Style};
use crate::paper::pages::document;
use crate::paper::{Paper, PaperError, Typefaces};

pub(super) const WIDTH: f32 = 148.0;
const A5: (f32, f32) = (WIDTH, 210.0);
pub(super) const LEFT: f32 = 10.0;
pub(super) const RIGHT: f32 = 138.0;
pub(super) const THIN: f32 = 0.15;
pub(super) const THICK: f32 = 0.4;

pub(super) const TEXT: Style = Style { face: Face::Gothic, size: 9.0, align: Align::Left };
pub(super) const SMALL: Style = Style { size: 7.5, ..TEXT };
pub(super) const CENTRE: Style = Style { align: Align::Centre, ..TEXT };
pub(super) const NUMBER: Style = Style { align: Align::Right, ..TEXT };

/// What stands on top of both papers.
#[derive(Debug, Clone, Default)]
pub struct Head {
    pub patient_name: String,
    pub patient_number: String,
    pub visited_on: String,
    pub printed_on: String,
    pub coverage: String,
    pub clinic_name: String,
    pub clinic_address: String,
    pub clinic_tel: String,
}

/// One receipt, in words.
#[derive(Debug, Clone, Default)]
pub struct Receipt {
    pub head: Head,
    /// 領収書, 概算預かり証 or 返金の控え
    pub title: &'static str,
    pub number: String,
    pub taken_on: String,
    pub method: String,
    pub amount_yen: i64,
    /// 診療区分 and its points
    pub sections: Vec<(String, i64)>,
    /// Label and yen, in the order of the form.
    pub sums: Vec<(String, i64)>,
    pub remarks: Vec<String>,
}

/// 明細書: the bill with each of its lines.
#[derive(Debug, Clone)]
pub struct Statement {
    pub head: Head,
    pub lines: Vec<BilledLine>,
    pub bill: invoice::Model,
}

impl Receipt {
    pub fn of(head: Head, case: &Case, bill: Option<&invoice::Model>, rows: &[payment_notice::Model]) -> Self {
        let amount_yen: i64 = rows.iter().map(|row| i64::from(row.amount_yen)).sum();
        let is_deposit = rows.iter().any(|row| row.status == "deposit");
        let first = rows.first();
        let mut receipt = Self {
            head,
            title: if amount_yen < 0 {
                "返金の控え"
            } else if is_deposit {
                "概算預かり証"
            } else {
                "領　収　書"
            },
            number: first.map(|row| row.receipt_no.clone()).unwrap_or_default(),
            taken_on: first.map(|row| domain::wareki::long(row.taken_on)).unwrap_or_default(),
            method: first.and_then(|row| PaymentMethod::from_code(&row.method)).map(|m| m.label().to_owned()).unwrap_or_default(),
            amount_yen,
            ..Self::default()
        };
        receipt.state(case, bill, rows);
        receipt
    }

    fn state(&mut self, case: &Case, bill: Option<&invoice::Model>, rows: &[payment_notice::Model]) {
        let of_others: i64 = rows.iter().filter(|row| row.encounter_id != case.visit.id).map(|row| i64::from(row.amount_yen)).sum();
        if let Some(bill) = bill {
            self.sections = sections(bill);
            let share = bill.copay_percent.map_or("自費".to_owned(), |percent| format!("負担割合 {}割", percent / 10));
            self.sums = vec![
                (format!("負担額 ({share})"), bill.copay_yen.into()),
                ("高額療養費 (限度額を超えた分)".into(), -i64::from(bill.over_cap_yen)),
                ("公費".into(), -i64::from(bill.public_yen)),
                ("自費".into(), bill.self_pay_yen.into()),
                ("今回の請求額".into(), bill.due_yen.into()),
            ];
        }
        if of_others != 0 {
            self.sums.push(("前回までの未収分の入金".into(), of_others));
        }
        let left = i64::from(case.account.unpaid_yen).max(0) + case.brought_forward_yen();
        if left > 0 {
            self.sums.push(("未収の残り".into(), left));
        }
        if self.title == "概算預かり証" {
            self.remarks.push("計算が済んでいないため概算でお預かりしました。次回、正しい金額との差を精算します。".into());
        }
        self.remarks.extend(rows.iter().filter(|row| !row.reason.is_empty()).map(|row| format!("理由: {}", row.reason)));
    }
}

/// Points of each 診療区分 that has any, in the order of the form.
fn sections(bill: &invoice::Model) -> Vec<(String, i64)> {
    let lines: Vec<BilledLine> = serde_json::from_value(bill.lines.clone()).unwrap_or_default();
    let of =
        |code: &str| lines.iter().filter(|line| line.section == code).map(|line| i64::from(line.points) * i64::from(line.quantity)).sum();
    SECTIONS.iter().map(|(code, label)| ((*label).to_owned(), of(code))).filter(|(_, points)| *points > 0).collect()
}

pub fn receipt(sheet: &Receipt, faces: &Typefaces) -> Result<Paper, PaperError> {
    document("領収書", A5, faces, |letters, pages| pages.page(letters, |canvas| canvas.receipt(sheet)))
}

pub fn statement(sheet: &Statement, faces: &Typefaces) -> Result<Paper, PaperError> {
    document("診療明細書", A5, faces, |letters, pages| {
        let chunks: Vec<&[BilledLine]> = sheet.lines.chunks(statement::ROWS).collect();
        let count = chunks.len();
        for (at, lines) in chunks.into_iter().enumerate() {
            pages.page(letters, |canvas| canvas.statement(sheet, lines, at + 1, count));
        }
    })
}

pub(super) fn area(x: f32, y: f32, w: f32, h: f32) -> Area {
    Area { x, y, w, h }
}

/// `1,230円`.
pub(super) fn yen(amount: i64) -> String {
    format!("{}円", grouped(amount))
}

impl Canvas<'_, '_, '_> {
    /// Who, when and under which insurance; gives the y below it.
    fn slip_head(&mut self, head: &Head, title: &str) -> f32 {
        let large = Style { size: 15.0, align: Align::Centre, ..TEXT };
        self.text(WIDTH / 2.0, 16.0, large, title);
        self.cell(area(LEFT, 22.0, 88.0, 9.0), Style { size: 12.0, ..TEXT }, &format!("{}　様", head.patient_name));
        self.line((LEFT, 31.0), (LEFT + 88.0, 31.0), THIN);
        self.text(RIGHT, 26.0, Style { align: Align::Right, ..SMALL }, &format!("患者番号 {}", head.patient_number));
        self.text(RIGHT, 30.5, Style { align: Align::Right, ..SMALL }, &format!("受診日 {}", head.visited_on));
        self.cell(area(LEFT, 32.0, RIGHT - LEFT, 6.0), SMALL, &head.coverage);
        40.0
    }

    fn letterhead(&mut self, head: &Head, y: f32) {
        self.cell(area(LEFT + 40.0, y, 72.0, 5.5), Style { size: 10.0, ..TEXT }, &head.clinic_name);
        self.cell(area(LEFT + 40.0, y + 5.5, 72.0, 4.5), SMALL, &head.clinic_address);
        self.cell(area(LEFT + 40.0, y + 10.0, 72.0, 4.5), SMALL, &format!("電話 {}", head.clinic_tel));
        self.frame(area(RIGHT - 16.0, y, 16.0, 16.0), THIN);
        self.text(RIGHT - 8.0, y + 9.0, Style { align: Align::Centre, ..SMALL }, "領収印");
    }
}
