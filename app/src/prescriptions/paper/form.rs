//! Where the fields of 様式第二号 lie. Millimetres on A5; wording as the form prints it.

use krilla::Document;
use krilla::metadata::Metadata;
use krilla::page::PageSettings;

use super::Sheet;
use super::layout::{Block, paginate};
use super::symbol_page::A_SHEET;
use crate::paper::canvas::{Align, Area, Canvas, Face, Letters, PT_PER_MM, Style};
use crate::paper::wrap::line_height;
use crate::paper::{Paper, PaperError, Typefaces};

const PAGE_W: f32 = 148.0;
const PAGE_H: f32 = 210.0;
const LEFT: f32 = 7.0;
const RIGHT: f32 = 141.0;
const THIN: f32 = 0.15;
const THICK: f32 = 0.35;

const RX_SIZE: f32 = 9.5;
const RX_TOP: f32 = 73.5;
const RX_BODY_TOP: f32 = 87.0;
const RX_BODY_BOTTOM: f32 = 149.0;
const RX_TEXT_X: f32 = LEFT + 30.0;

const LABEL: Style = Style { face: Face::Mincho, size: 7.0, align: Align::Centre };
const SMALL: Style = Style { face: Face::Mincho, size: 6.0, align: Align::Left };
const VALUE: Style = Style { face: Face::Mincho, size: 9.0, align: Align::Left };
const VALUE_CENTRE: Style = Style { align: Align::Centre, ..VALUE };

pub(super) fn draw(sheets: &[Sheet], faces: &Typefaces) -> Result<Paper, PaperError> {
    let mut letters = Letters::new(faces).ok_or(PaperError::NotAFont { face: "明朝" })?;
    let mut document = Document::new();
    document.set_metadata(Metadata::new().title("処方箋".into()).language("ja".into()));
    let size = PageSettings::from_wh(PAGE_W * PT_PER_MM, PAGE_H * PT_PER_MM);
    let size = size.ok_or_else(|| PaperError::Drawing("page size".into()))?;
    let mut drawing = |letters: &mut Letters<'_>, draw: &dyn Fn(&mut Canvas<'_, '_, '_>)| {
        let mut page = document.start_page_with(size.clone());
        let mut surface = page.surface();
        draw(&mut Canvas { surface: &mut surface, letters });
        surface.finish();
        page.finish();
    };
    let rows_per_page = ((RX_BODY_BOTTOM - RX_BODY_TOP - 2.0) / line_height(RX_SIZE)).floor() as usize;
    let text_width = RIGHT - RX_TEXT_X - 8.0;
    for (at, sheet) in sheets.iter().enumerate() {
        let pages = paginate(sheet, &letters, RX_SIZE, text_width, rows_per_page);
        for (at, blocks) in pages.iter().enumerate() {
            drawing(&mut letters, &|canvas| canvas.page(sheet, blocks, at + 1, pages.len()));
        }
        for (at, symbols) in sheet.symbols.chunks(A_SHEET).enumerate() {
            drawing(&mut letters, &|canvas| canvas.symbols(sheet, symbols, at * A_SHEET, sheet.symbols.len()));
        }
        let is_last_part = sheets.get(at + 1).and_then(|next| next.part).is_none_or(|(no, _)| no == 1);
        if sheet.part.is_some() && is_last_part && !sheet.is_copy {
            drawing(&mut letters, &|canvas| canvas.split_page(sheet));
        }
    }
    let replaced = letters.replacements();
    let pdf = document.finish().map_err(|e| PaperError::Drawing(e.to_string()))?;
    Ok(Paper { pdf, replaced })
}

fn area(x: f32, y: f32, w: f32, h: f32) -> Area {
    Area { x, y, w, h }
}

impl Canvas<'_, '_, '_> {
    fn page(&mut self, sheet: &Sheet, blocks: &[Block], no: usize, of: usize) {
        self.head(sheet);
        self.prescription(sheet, blocks, no == of);
        self.remarks(sheet);
        self.dispensing(sheet);
        if of > 1 {
            self.text(RIGHT, 206.0, Style { align: Align::Right, ..SMALL }, &format!("{of}枚中{no}枚目"));
        }
    }

    fn head(&mut self, sheet: &Sheet) {
        let title = Style { face: Face::Mincho, size: 16.0, align: Align::Centre };
        let (name, note) = if sheet.is_copy && !sheet.access_code.is_empty() {
            ("処方内容（控え）", "(この控えは処方箋ではありません。電子処方箋を登録しました。薬局で引換番号を伝えてください。)")
        } else if sheet.is_copy {
            ("処方内容（控え）", "(この控えは処方箋ではありません。薬局には処方箋を出してください。)")
        } else {
            ("処　方　箋", "(この処方箋は、どの保険薬局でも有効です。)")
        };
        self.text(PAGE_W / 2.0, 12.0, title, name);
        self.text(PAGE_W / 2.0, 16.0, LABEL, note);
        if let Some((no, of)) = sheet.part {
            self.text(LEFT, 9.0, Style { size: 7.5, ..SMALL }, &format!("分割指示に係る処方箋　{of}分割の{no}回目"));
        }
        if !sheet.access_code.is_empty() {
            let code = Style { face: Face::Gothic, size: 11.0, align: Align::Right };
            self.text(RIGHT, 9.0, code, &format!("引換番号 {}", sheet.access_code));
            self.text(LEFT, 206.0, SMALL, &format!("処方箋ID {}", sheet.register_id));
        }
        self.public_expense(area(LEFT, 18.5, 60.0, 13.0), sheet.public.first());
        self.insurance(area(69.0, 18.5, 72.0, 13.0), sheet);
        self.patient(area(LEFT, 33.0, 60.0, 26.0), sheet);
        self.institution(area(69.0, 33.0, 72.0, 26.0), sheet);
        self.dates(area(LEFT, 60.5, RIGHT - LEFT, 11.5), sheet);
    }

    fn labelled(&mut self, a: Area, label_width: f32, label: &str) -> Area {
        self.frame(a, THIN);
        self.line((a.x + label_width, a.y), (a.x + label_width, a.y + a.h), THIN);
        self.cell(area(a.x, a.y, label_width, a.h), LABEL, label);
        area(a.x + label_width, a.y, a.w - label_width, a.h)
    }

    /// One digit per box, right-aligned as the form asks.
    fn digits(&mut self, a: Area, boxes: usize, value: &str) {
        let w = a.w / boxes as f32;
        let digits: Vec<char> = value.chars().filter(char::is_ascii_digit).collect();
        let skip = boxes.saturating_sub(digits.len());
        for at in 0..boxes {
            let x = a.x + w * at as f32;
            if at > 0 {
                self.line((x, a.y), (x, a.y + a.h), THIN);
            }
            let digit = at.checked_sub(skip).and_then(|i| digits.get(i));
            if let Some(digit) = digit {
                self.cell(area(x, a.y, w, a.h), VALUE_CENTRE, &digit.to_string());
            }
        }
    }

    fn public_expense(&mut self, a: Area, numbers: Option<&(String, String)>) {
        let (payer, recipient) = numbers.map_or(("", ""), |(payer, recipient)| (payer, recipient));
        let value = self.labelled(area(a.x, a.y, a.w, a.h / 2.0), 20.0, "公費負担者番号");
        self.digits(value, 8, payer);
        let value = self.labelled(area(a.x, a.y + a.h / 2.0, a.w, a.h / 2.0), 20.0, "公費負担医療の\n受給者番号");
        // Seven boxes in the width of eight; the last is struck out.
        let w = value.w / 8.0;
        self.digits(area(value.x, value.y, w * 7.0, value.h), 7, recipient);
        let x = value.x + w * 7.0;
        self.line((x, value.y), (x, value.y + value.h), THIN);
        self.line((x, value.y), (x + w, value.y + value.h), THIN);
    }

    fn insurance(&mut self, a: Area, sheet: &Sheet) {
        let value = self.labelled(area(a.x, a.y, a.w, a.h / 2.0), 20.0, "保険者番号");
        self.digits(value, 8, &sheet.insurer_number);
        let value = self.labelled(area(a.x, a.y + a.h / 2.0, a.w, a.h / 2.0), 20.0, "被保険者証等の\n記号・番号");
        self.cell(value, VALUE_CENTRE, &sheet.insured);
    }

    fn patient(&mut self, a: Area, sheet: &Sheet) {
        self.frame(a, THIN);
        self.line((a.x + 6.0, a.y), (a.x + 6.0, a.y + a.h), THIN);
        self.cell(area(a.x, a.y, 6.0, a.h), LABEL, "患\n\n者");
        let x = a.x + 6.0;
        let w = a.w - 6.0;
        let name = self.labelled(area(x, a.y, w, 13.5), 14.0, "氏　名");
        let kana = Style { size: 6.5, ..VALUE };
        self.cell(area(name.x, name.y + 0.4, name.w, 4.0), kana, &sheet.patient_kana);
        self.cell(area(name.x, name.y + 4.2, name.w, 9.0), Style { size: 12.0, ..VALUE }, &sheet.patient_name);
        let birth = self.labelled(area(x, a.y + 13.5, w, 6.25), 14.0, "生年月日");
        self.line((birth.x + 30.0, birth.y), (birth.x + 30.0, birth.y + birth.h), THIN);
        self.cell(area(birth.x, birth.y, 30.0, birth.h), Style { size: 8.5, ..VALUE }, &sheet.birth_date);
        self.cell(area(birth.x + 30.0, birth.y, birth.w - 30.0, birth.h), VALUE_CENTRE, &sheet.sex);
        let kind = self.labelled(area(x, a.y + 19.75, w, 6.25), 14.0, "区　分");
        self.line((kind.x + 30.0, kind.y), (kind.x + 30.0, kind.y + kind.h), THIN);
        self.cell(area(kind.x, kind.y, 30.0, kind.h), VALUE_CENTRE, &sheet.relation);
        self.cell(area(kind.x + 30.0, kind.y, kind.w - 30.0, kind.h), VALUE_CENTRE, &sheet.copay);
    }

    fn institution(&mut self, a: Area, sheet: &Sheet) {
        let at = self.labelled(area(a.x, a.y, a.w, 9.5), 20.0, "保険医療機関の\n所在地及び名称");
        let words = format!("{}\n{}", sheet.clinic_address, sheet.clinic_name);
        self.cell(at, Style { size: 7.5, ..VALUE }, &words);
        let tel = self.labelled(area(a.x, a.y + 9.5, a.w, 4.5), 20.0, "電話番号");
        self.cell(tel, Style { size: 8.0, ..VALUE }, &sheet.clinic_tel);
        let doctor = self.labelled(area(a.x, a.y + 14.0, a.w, 7.0), 20.0, "保険医氏名");
        self.cell(area(doctor.x, doctor.y, doctor.w - 10.0, doctor.h), Style { size: 10.5, ..VALUE }, &sheet.doctor_name);
        self.circle((doctor.x + doctor.w - 5.0, doctor.y + doctor.h / 2.0), 2.6, THIN);
        self.cell(area(doctor.x + doctor.w - 10.0, doctor.y, 10.0, doctor.h), LABEL, "印");
        self.codes(area(a.x, a.y + 21.0, a.w, 5.0), &sheet.institution_code);
    }

    /// 都道府県番号 2, 点数表番号 1, 医療機関コード 7 out of the ten digits.
    fn codes(&mut self, a: Area, code: &str) {
        let part = |from: usize, to: usize| code.get(from..to).unwrap_or_default().to_owned();
        let columns = [
            (13.0, "都道府県\n番号", 5.0, part(0, 2)),
            (11.0, "点数表\n番号", 4.0, part(2, 3)),
            (14.0, "医療機関\nコード", 25.0, part(3, 10)),
        ];
        let mut x = a.x;
        self.frame(a, THIN);
        for (label_w, label, value_w, value) in columns {
            self.cell(area(x, a.y, label_w, a.h), Style { size: 5.5, ..LABEL }, label);
            self.line((x + label_w, a.y), (x + label_w, a.y + a.h), THIN);
            x += label_w;
            if value.chars().count() > 2 {
                self.digits(area(x, a.y, value_w, a.h), 7, &value);
            } else {
                self.cell(area(x, a.y, value_w, a.h), Style { size: 8.0, ..VALUE_CENTRE }, &value);
                self.line((x + value_w, a.y), (x + value_w, a.y + a.h), THIN);
            }
            x += value_w;
        }
    }

    fn dates(&mut self, a: Area, sheet: &Sheet) {
        let issued = self.labelled(area(a.x, a.y, 50.0, a.h), 20.0, "交付年月日");
        self.cell(issued, VALUE_CENTRE, &sheet.issued_on);
        let until = self.labelled(area(a.x + 50.0, a.y, a.w - 50.0, a.h), 18.0, "処方箋の\n使用期間");
        self.cell(
            area(until.x, until.y, 27.0, until.h),
            Style { size: 8.0, ..VALUE_CENTRE },
            if sheet.valid_to.is_empty() { "令和　年　月　日" } else { &sheet.valid_to },
        );
        let note = "特に記載のある場合を除き、交付の日を含めて４日以内に保険薬局に提出すること。";
        self.cell(area(until.x + 27.0, until.y, until.w - 27.0, until.h), SMALL, note);
    }

    fn prescription(&mut self, sheet: &Sheet, blocks: &[Block], is_last: bool) {
        let a = area(LEFT, RX_TOP, RIGHT - LEFT, RX_BODY_BOTTOM + 5.0 - RX_TOP);
        self.frame(a, THICK);
        self.cell(area(a.x, a.y, 6.0, a.h), LABEL, "処\n\n\n方");
        let x = a.x + 6.0;
        self.line((x, a.y), (x, a.y + a.h), THIN);
        for column in [x + 12.0, x + 22.0] {
            self.line((column, a.y), (column, RX_BODY_BOTTOM), THIN);
        }
        self.line((x, RX_BODY_TOP), (RIGHT, RX_BODY_TOP), THIN);
        self.line((x, RX_BODY_BOTTOM), (RIGHT, RX_BODY_BOTTOM), THIN);
        self.cell(area(x, a.y, 12.0, RX_BODY_TOP - a.y), Style { size: 6.0, ..LABEL }, "変更不可\n(医療上\n必要)");
        self.cell(area(x + 12.0, a.y, 10.0, RX_BODY_TOP - a.y), Style { size: 6.0, ..LABEL }, "患者\n希望");
        let notice = "個々の処方薬について、医療上の必要性があるため、後発医薬品(ジェネリック医薬品)への変更に差し支えがあると判断した場合には、「変更不可」欄に「レ」又は「×」を記載し、「保険医署名」欄に署名又は記名・押印すること。また、患者の希望を踏まえ、先発医薬品を処方した場合には、「患者希望」欄に「レ」又は「×」を記載すること。";
        self.cell(area(x + 22.0, a.y, RIGHT - x - 22.0, RX_BODY_TOP - a.y), Style { size: 5.8, ..SMALL }, notice);
        self.drug_rows(blocks, is_last, x);
        self.text(x + 2.0, RX_BODY_BOTTOM + 3.6, Style { size: 8.0, ..VALUE }, "リフィル可");
        self.frame(area(x + 17.0, RX_BODY_BOTTOM + 1.2, 2.8, 2.8), THIN);
        let uses = if sheet.refill > 0 { format!("(　{}　回)", sheet.refill) } else { "(　　　回)".into() };
        self.tick(sheet.refill > 0, (x + 18.4, RX_BODY_BOTTOM + 3.5));
        self.text(x + 21.5, RX_BODY_BOTTOM + 3.6, Style { size: 8.0, ..VALUE }, &uses);
    }

    fn drug_rows(&mut self, blocks: &[Block], is_last: bool, x: f32) {
        let step = line_height(RX_SIZE);
        let row = Style { size: RX_SIZE, ..VALUE };
        let mark = Style { size: RX_SIZE, ..VALUE_CENTRE };
        let mut y = RX_BODY_TOP + step;
        for block in blocks {
            if block.is_change_barred {
                self.text(x + 6.0, y, mark, "レ");
            }
            if block.is_patient_wish {
                self.text(x + 17.0, y, mark, "レ");
            }
            self.text(RX_TEXT_X, y, row, &format!("{})", block.number));
            self.text(RIGHT - 1.5, y, Style { align: Align::Right, ..row }, &block.amount);
            for name in &block.name {
                self.text(RX_TEXT_X + 6.0, y, row, name);
                y += step;
            }
            for detail in &block.details {
                self.text(RX_TEXT_X + 10.0, y, row, detail);
                y += step;
            }
        }
        let end = if is_last { "―――　以 下 余 白　―――" } else { "―――　次 葉 へ 続 く　―――" };
        self.text((RX_TEXT_X + RIGHT) / 2.0, y, mark, end);
    }

    fn remarks(&mut self, sheet: &Sheet) {
        let a = area(LEFT, 155.5, RIGHT - LEFT, 18.0);
        self.frame(a, THIN);
        self.line((a.x + 6.0, a.y), (a.x + 6.0, a.y + a.h), THIN);
        self.cell(area(a.x, a.y, 6.0, a.h), LABEL, "備\n\n考");
        let x = a.x + 6.0;
        self.text(
            x + 1.0,
            a.y + 3.0,
            SMALL,
            "保険医署名　〔「変更不可」欄に「レ」又は「×」を記載した場合は、署名又は記名・押印すること。〕",
        );
        if sheet.lines.iter().any(|line| line.is_change_barred) {
            self.text(x + 1.0, a.y + 7.0, Style { size: 9.0, ..VALUE }, &sheet.doctor_name);
        }
        let mut remarks = sheet.remarks.clone();
        remarks.extend(self.letters.replacements().into_iter().map(|r| format!("※{}", r.sentence())));
        let remarks = remarks.join("　");
        self.cell(area(x + 40.0, a.y + 3.2, RIGHT - x - 40.0, 6.6), Style { size: 7.5, ..VALUE }, &remarks);
        self.line((x, a.y + 10.0), (RIGHT, a.y + 10.0), THIN);
        let ask = "保険薬局が調剤時に残薬を確認した場合の対応(特に指示がある場合は「レ」又は「×」を記載すること。)";
        self.text(x + 1.0, a.y + 13.0, SMALL, ask);
        for (at, words, is_asked) in
            [(x + 3.0, "保険医療機関へ疑義照会した上で調剤", sheet.asks_back), (x + 58.0, "保険医療機関へ情報提供", sheet.reports_back)]
        {
            self.frame(area(at, a.y + 14.4, 2.4, 2.4), THIN);
            self.tick(is_asked, (at + 1.2, a.y + 16.4));
            self.text(at + 3.6, a.y + 16.6, Style { size: 7.0, ..SMALL }, words);
        }
    }

    /// レ in a small box.
    fn tick(&mut self, is_set: bool, (x, y): (f32, f32)) {
        if is_set {
            self.text(x, y, Style { size: 7.5, ..VALUE_CENTRE }, "レ");
        }
    }

    /// The pharmacy's part; the second 公費 stands here.
    fn dispensing(&mut self, sheet: &Sheet) {
        let (payer_no, recipient_no) = sheet.public.get(1).map_or(("", ""), |(payer, recipient)| (payer, recipient));
        let y = 177.5;
        let cycle = "調剤実施回数(調剤回数に応じて、□に「レ」又は「×」を記載するとともに、調剤日及び次回調剤予定日を記載すること。)";
        self.text(LEFT, y, SMALL, cycle);
        for (at, words) in [
            (LEFT + 1.0, "1回目調剤日(　年　月　日)"),
            (LEFT + 46.0, "2回目調剤日(　年　月　日)"),
            (LEFT + 91.0, "3回目調剤日(　年　月　日)"),
        ] {
            self.frame(area(at, y + 1.4, 2.4, 2.4), THIN);
            self.text(at + 3.4, y + 3.5, SMALL, words);
        }
        self.text(LEFT + 4.4, y + 6.8, SMALL, "次回調剤予定日(　年　月　日)");
        self.text(LEFT + 49.4, y + 6.8, SMALL, "次回調剤予定日(　年　月　日)");
        let a = area(LEFT, 186.0, RIGHT - LEFT, 17.0);
        let half = 70.0;
        let day = self.labelled(area(a.x, a.y, half, 6.0), 20.0, "調剤済年月日");
        self.cell(day, Style { size: 8.0, ..VALUE_CENTRE }, "令和　　年　　月　　日");
        let seal = self.labelled(area(a.x, a.y + 6.0, half, a.h - 6.0), 20.0, "保険薬局の所在地\n及び名称\n保険薬剤師氏名");
        self.circle((seal.x + seal.w - 5.0, seal.y + seal.h / 2.0), 2.6, THIN);
        self.cell(area(seal.x + seal.w - 10.0, seal.y, 10.0, seal.h), LABEL, "印");
        let payer = self.labelled(area(a.x + half, a.y, a.w - half, 6.0), 20.0, "公費負担者番号");
        self.digits(payer, 8, payer_no);
        let recipient = self.labelled(area(a.x + half, a.y + 6.0, a.w - half, a.h - 6.0), 20.0, "公費負担医療の\n受給者番号");
        let w = recipient.w / 8.0;
        self.digits(area(recipient.x, recipient.y, w * 7.0, recipient.h), 7, recipient_no);
        self.line((recipient.x + w * 7.0, recipient.y), (recipient.x + w * 7.0, recipient.y + recipient.h), THIN);
        self.line((recipient.x + w * 7.0, recipient.y), (RIGHT, recipient.y + recipient.h), THIN);
    }
}
