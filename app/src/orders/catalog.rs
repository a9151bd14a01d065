//! What can be ordered: the sample list of examinations (見本, `masters/sample/exam_items.json`) and the procedure master.

use std::sync::OnceLock;

use chrono::NaiveDate;
use domain::order::OrderCategory;
use domain::search_key::{PrefixRange, search_key};
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Order, Query};
use serde::Deserialize;
use tenancy::{Error, TenantTx};

/// Options shown while typing.
const SHOWN: usize = 20;
/// Fewer letters would list half the master.
pub const SHORTEST: usize = 2;
const SAMPLE: &str = include_str!("../../../masters/sample/exam_items.json");

/// One value an examination brings.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ResultItem {
    pub code: String,
    pub name: String,
    pub unit: String,
    /// Lower limit, or the word that is expected.
    pub low: String,
    pub high: String,
    /// JLAC10 分析物コード of the same item elsewhere; none where nothing compares.
    #[serde(default)]
    pub jlac10: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct ExamItem {
    code: String,
    name: String,
    kana: String,
    specimen: String,
    procedure_code: String,
    results: Vec<ResultItem>,
}

/// Examinations ordered together.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ExamSet {
    pub code: String,
    pub name: String,
    items: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Catalog {
    items: Vec<ExamItem>,
    sets: Vec<ExamSet>,
}

fn catalog() -> Result<&'static Catalog, Error> {
    static CATALOG: OnceLock<Catalog> = OnceLock::new();
    if let Some(known) = CATALOG.get() {
        return Ok(known);
    }
    let read = serde_json::from_str(SAMPLE).map_err(Error::internal)?;
    Ok(CATALOG.get_or_init(|| read))
}

/// Something that can be ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub category: OrderCategory,
    pub code: String,
    pub name: String,
    pub specimen: String,
    pub procedure_code: String,
}

fn of_exam(item: &ExamItem) -> Item {
    Item {
        category: OrderCategory::Laboratory,
        code: item.code.clone(),
        name: item.name.clone(),
        specimen: item.specimen.clone(),
        procedure_code: item.procedure_code.clone(),
    }
}

/// Examinations whose name or reading contains the text, then procedures that begin with it.
pub async fn search(tx: &TenantTx, text: &str, day: NaiveDate) -> Result<Vec<Item>, Error> {
    let key = search_key(text);
    if key.chars().count() < SHORTEST {
        return Ok(vec![]);
    }
    let means = |item: &&ExamItem| search_key(&item.name).contains(&key) || search_key(&item.kana).contains(&key);
    let mut found: Vec<Item> = catalog()?.items.iter().filter(means).map(of_exam).collect();
    let known: Vec<&str> = catalog()?.items.iter().map(|item| item.procedure_code.as_str()).collect();
    for column in ["search_key", "kana_key"] {
        for item in procedures(tx, Cond::all().add(begins(column, &key)), day).await? {
            if !known.contains(&item.code.as_str()) && !found.contains(&item) {
                found.push(item);
            }
        }
    }
    found.truncate(SHOWN);
    Ok(found)
}

fn begins(column: &'static str, key: &str) -> Cond {
    let range = PrefixRange::of(key);
    let mut from = Cond::all().add(Expr::col(column).gte(range.lower));
    if let Some(upper) = range.upper {
        from = from.add(Expr::col(column).lt(upper));
    }
    if column == "kana_key" {
        from = from.add(Expr::col(column).ne(Expr::Constant("".into())));
    }
    from
}

async fn procedures(tx: &TenantTx, which: Cond, day: NaiveDate) -> Result<Vec<Item>, Error> {
    let query = Query::select()
        .columns(["code", "name"])
        .from("procedure_master")
        .cond_where(which)
        .and_where(Expr::col("valid_from").lte(day))
        .cond_where(Cond::any().add(Expr::col("valid_to").is_null()).add(Expr::col("valid_to").gte(day)))
        .order_by("code", Order::Asc)
        .limit(SHOWN as u64)
        .take();
    let rows = tx.query_all(&query).await?;
    let item = |row: &sea_orm::QueryResult| {
        let code: String = row.try_get("", "code")?;
        Ok(Item {
            category: OrderCategory::Procedure,
            procedure_code: code.clone(),
            code,
            name: row.try_get("", "name")?,
            specimen: String::new(),
        })
    };
    rows.iter().map(item).collect()
}

/// What a code names today.
pub async fn find(tx: &TenantTx, code: &str, day: NaiveDate) -> Result<Option<Item>, Error> {
    if let Some(item) = catalog()?.items.iter().find(|item| item.code == code) {
        return Ok(Some(of_exam(item)));
    }
    Ok(procedures(tx, Cond::all().add(Expr::col("code").eq(code)), day).await?.pop())
}

/// The values an ordered examination brings; none for a procedure.
pub fn results_of(code: &str) -> Result<&'static [ResultItem], Error> {
    Ok(catalog()?.items.iter().find(|item| item.code == code).map(|item| item.results.as_slice()).unwrap_or_default())
}

/// What a result of ours compares with, by JLAC10 分析物コード.
pub fn analytes_of(code: &str) -> Result<Vec<&'static str>, Error> {
    let found = catalog()?.items.iter().flat_map(|item| &item.results).find(|result| result.code == code);
    Ok(found.map(|result| result.jlac10.iter().map(String::as_str).collect()).unwrap_or_default())
}

pub fn sets() -> Result<&'static [ExamSet], Error> {
    Ok(&catalog()?.sets)
}

/// The examinations of a set; none when there is no such set.
pub fn of_set(code: &str) -> Result<Option<Vec<Item>>, Error> {
    let known = catalog()?;
    let set = known.sets.iter().find(|set| set.code == code);
    Ok(set.map(|set| known.items.iter().filter(|item| set.items.contains(&item.code)).map(of_exam).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_list_is_whole_and_says_that_it_is_one() {
        let known = catalog().unwrap();
        assert!(known.items.iter().all(|item| item.name.contains("見本") && !item.results.is_empty()));
        for set in &known.sets {
            assert_eq!(of_set(&set.code).unwrap().unwrap().len(), set.items.len(), "{}", set.code);
            assert!(set.name.contains("見本"));
        }
        assert_eq!(of_set("nothing").unwrap(), None);
    }
}
