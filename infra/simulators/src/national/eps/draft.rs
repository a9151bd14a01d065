//! The drugs of a prescription, and 確定前処方箋情報 which is nothing else.

use super::record::{self, Remark};

/// One drug of a prescription, as far as a check looks at it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Item {
    pub code_type: String,
    pub code: String,
    pub name: String,
    pub usage: String,
    /// 剤形区分
    pub form: String,
    /// 日数, of a 分割 those of this part; 1 for what is not counted in days
    pub days: u64,
}

/// 確定前処方箋情報: the drugs alone, as strictly as in a prescription.
pub fn check_draft(csv: &[u8]) -> Result<Vec<Item>, Vec<Remark>> {
    let rows = record::rows(csv)?;
    let mut wrong = Vec::new();
    if let Some(row) = rows.iter().find(|row| !["101", "111", "201"].contains(&row[0])) {
        wrong.push(Remark("SIMC031E", format!("確定前の処方にレコード {} は置けません。", row[0])));
    }
    record::order(&rows, &mut wrong);
    record::lines(&rows, &mut wrong);
    if wrong.is_empty() { Ok(items(&rows)) } else { Err(wrong) }
}

pub(super) fn items(rows: &[Vec<&str>]) -> Vec<Item> {
    let of = |record: &str, rp: &str, at: usize| {
        let row = rows.iter().find(|row| row[0] == record && row.get(1) == Some(&rp));
        row.and_then(|row| row.get(at)).copied().unwrap_or_default().to_owned()
    };
    let item = |row: &Vec<&str>| {
        let (rp, form) = (row[1], of("101", row[1], 2));
        // Of a part what it hands out itself.
        let own = Some(of("102", rp, 2)).filter(|days| !days.is_empty()).unwrap_or_else(|| of("101", rp, 4));
        Item {
            code_type: row[4].to_owned(),
            code: row[5].to_owned(),
            name: row[6].to_owned(),
            usage: of("111", rp, 4),
            days: if form == "1" { own.parse().unwrap_or(1) } else { 1 },
            form,
        }
    };
    rows.iter().filter(|row| row[0] == "201").map(item).collect()
}
