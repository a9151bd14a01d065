//! 処方箋 on paper: 様式第二号 (保険医療機関及び保険医療養担当規則 第23条関係), A5 portrait.
//!
//! `layout` breaks lines into sheets; `form` knows where each field of the form lies; the canvas and its fonts are [`crate::paper`].

mod for_patients;
mod form;
mod layout;
mod split_page;
mod symbol_page;

use crate::paper::symbol::Symbol;
use crate::paper::{Paper, PaperError, Typefaces};

/// One prescription as it is to be printed; every value is already in the words of the form.
#[derive(Debug, Clone, Default)]
pub struct Sheet {
    pub insurer_number: String,
    /// 記号・番号 (枝番)
    pub insured: String,
    pub patient_name: String,
    pub patient_kana: String,
    pub birth_date: String,
    pub sex: String,
    /// 被保険者 or 被扶養者
    pub relation: String,
    pub copay: String,
    pub clinic_address: String,
    pub clinic_name: String,
    pub clinic_tel: String,
    /// 都道府県番号2, 点数表番号1, 医療機関コード7
    pub institution_code: String,
    pub doctor_name: String,
    pub issued_on: String,
    pub lines: Vec<SheetLine>,
    pub remarks: Vec<String>,
    /// 公費負担者番号 and 受給者番号, in their order
    pub public: Vec<(String, String)>,
    /// 使用期間 when it is not the usual four days
    pub valid_to: String,
    /// リフィル: total uses, 0 when there is none
    pub refill: u8,
    /// 分割: which part of how many
    pub part: Option<(u8, u8)>,
    /// 控え for the patient, never taken for the 処方箋
    pub is_copy: bool,
    /// 処方箋ID of a registered prescription; else empty
    pub register_id: String,
    /// 引換番号 of a registered prescription; else empty
    pub access_code: String,
    /// 2次元シンボル, on a sheet of their own
    pub symbols: Vec<Symbol>,
    /// 残薬: 疑義照会した上で調剤
    pub asks_back: bool,
    /// 残薬: 情報提供
    pub reports_back: bool,
}

/// One drug of the 処方 column.
#[derive(Debug, Clone, Default)]
pub struct SheetLine {
    pub drug_name: String,
    pub amount: String,
    pub usage: String,
    pub comment: String,
    pub is_change_barred: bool,
    pub is_patient_wish: bool,
}

pub use for_patients::{labels, notebook};

/// Draws prescriptions one after another; of each as many sheets as its lines need, with the whole head. Behind the parts of one 分割
/// lies its 別紙.
pub fn draw(sheets: &[Sheet], faces: &Typefaces) -> Result<Paper, PaperError> {
    form::draw(sheets, faces)
}

#[cfg(test)]
mod tests;
