//! The dry run: what each line would be, by the rules of the registration form.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use domain::patient::{NewPatient, Numbering};
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use serde::{Deserialize, Serialize};
use tenancy::{Error, TenantTx};

use super::columns::{Column, form_of};
use super::reading::Sheet;
use crate::patients::entity::patient;

/// Numbers asked for in one statement.
const AT_ONCE: usize = 5_000;

/// A line that will not be taken over, and why, in sentences.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    pub line: u64,
    pub says: Vec<String>,
}

/// A line with what it became.
pub struct Judged {
    pub line: u64,
    pub result: Result<NewPatient, Vec<String>>,
}

/// Every line of the file. `known` are the numbers the clinic has given away.
pub fn judge(sheet: &Sheet, mapping: &[Column], known: &BTreeSet<String>, today: NaiveDate) -> Vec<Judged> {
    let mut first: BTreeMap<String, u64> = BTreeMap::new();
    let mut judged = Vec::new();
    for (line, fields) in &sheet.lines {
        let mut result =
            form_of(mapping, fields).registration(today).map_err(|errors| errors.iter().map(|(_, says)| says.to_owned()).collect());
        if let Ok(new) = &result
            && let Err(says) = check_number(new, &mut first, known, *line)
        {
            result = Err(vec![says]);
        }
        judged.push(Judged { line: *line, result });
    }
    judged
}

fn check_number(new: &NewPatient, first: &mut BTreeMap<String, u64>, known: &BTreeSet<String>, line: u64) -> Result<(), String> {
    let Numbering::Given(number) = &new.numbering else { return Ok(()) };
    if known.contains(number.as_str()) {
        return Err(format!("患者番号 {number} はもう登録されています"));
    }
    match first.insert(number.to_string(), line) {
        Some(earlier) => Err(format!("患者番号 {number} が {earlier}行目と同じです")),
        None => Ok(()),
    }
}

pub fn problems(judged: &[Judged]) -> Vec<Problem> {
    let problem = |one: &Judged| one.result.as_ref().err().map(|says| Problem { line: one.line, says: says.clone() });
    judged.iter().filter_map(problem).collect()
}

/// Which of the file's numbers the clinic has given away already.
pub async fn known_numbers(tx: &TenantTx, sheet: &Sheet, mapping: &[Column]) -> Result<BTreeSet<String>, Error> {
    let number = |(_, fields): &(u64, Vec<String>)| {
        domain::patient::PatientNumber::parse(&form_of(mapping, fields).patient_number).ok().map(|number| number.to_string())
    };
    let asked: Vec<String> = sheet.lines.iter().filter_map(number).collect();
    let mut known = BTreeSet::new();
    for some in asked.chunks(AT_ONCE) {
        let query = Query::select()
            .column(patient::Column::PatientNumber)
            .from(patient::Entity)
            .and_where(Expr::col(patient::Column::TenantId).eq(tx.tenant_id().as_uuid()))
            .and_where(Expr::col(patient::Column::PatientNumber).is_in(some.iter().cloned()))
            .take();
        for row in tx.query_all(&query).await? {
            known.insert(row.try_get("", "patient_number")?);
        }
    }
    Ok(known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patient_import::reading::read;

    #[test]
    fn every_line_is_judged_by_the_forms_rules() {
        let text = "患者番号,氏名,カナ,性別,生年月日,電話\n\
            1,齋藤 千鶴子,さいとう ちづこ,女,S34.2.11,\n\
            2,齋藤 千,サイトウ 千,3,R34.2.11,12\n\
            1,別人,ベツジン,男,1960/04/01,\n\
            77,済み,スミ,男,1960-04-01,\n";
        let sheet = read(text.as_bytes()).unwrap();
        let mapping = Column::guess(&sheet.headings);
        let judged = judge(&sheet, &mapping, &BTreeSet::from(["77".to_owned()]), "2026-11-20".parse().unwrap());
        let says = problems(&judged);
        assert_eq!(says.iter().map(|p| p.line).collect::<Vec<_>>(), [3, 4, 5]);
        assert_eq!(says[0].says.len(), 4, "{:?}", says[0]);
        assert_eq!(says[1].says, ["患者番号 1 が 2行目と同じです"]);
        assert_eq!(says[2].says, ["患者番号 77 はもう登録されています"]);
    }
}
