//! The 診療行為 master as a bill needs it: found by the beginning of a name, reading or code, with its points.

use chrono::NaiveDate;
use domain::search_key::{PrefixRange, search_key};
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait, FromQueryResult};
use tenancy::{Error, TenantTx};

pub const SHOWN: usize = 10;
/// Fewer letters would list half the master.
pub const SHORTEST: usize = 2;

#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Procedure {
    /// レセプト電算コード, 9 digits
    pub code: String,
    pub name: String,
    pub points_hundredths: Option<i64>,
}

impl Procedure {
    /// Whole points; a fraction is rounded half up as a receipt does.
    pub fn points(&self) -> i32 {
        self.points_hundredths.and_then(|hundredths| i32::try_from((hundredths + 50) / 100).ok()).unwrap_or_default()
    }

    /// 診療区分 by the block of codes it stands in.
    pub fn section(&self) -> &'static str {
        match self.code.get(..3).unwrap_or_default() {
            "111" | "112" => "110",
            "113" => "130",
            "114" => "140",
            "120" => "210",
            "130" => "310",
            "140" => "400",
            "150" => "500",
            "160" => "600",
            "170" => "700",
            _ => "800",
        }
    }
}

/// Procedures in force whose name, reading or code begins with the text.
pub async fn search(tx: &TenantTx, text: &str, day: NaiveDate) -> Result<Vec<Procedure>, Error> {
    let key = search_key(text);
    if key.chars().count() < SHORTEST {
        return Ok(Vec::new());
    }
    let column = if key.bytes().all(|b| b.is_ascii_digit()) { "code" } else { "search_key" };
    let mut found: Vec<Procedure> = Vec::new();
    for column in if column == "code" { &["code"][..] } else { &["search_key", "kana_key"] } {
        for row in tx.query_all(&statement(column, &key, day)).await? {
            let procedure = Procedure::from_query_result(&row, "")?;
            if !found.iter().any(|known| known.code == procedure.code) {
                found.push(procedure);
            }
        }
    }
    found.truncate(SHOWN);
    Ok(found)
}

/// One code on a day.
pub async fn find(tx: &TenantTx, code: &str, day: NaiveDate) -> Result<Option<Procedure>, Error> {
    let mut query = columns(day);
    query.and_where(Expr::col("code").eq(code)).order_by("valid_from", Order::Desc).limit(1);
    tx.query_one(&query).await?.map(|row| Procedure::from_query_result(&row, "").map_err(Error::from)).transpose()
}

fn columns(day: NaiveDate) -> SelectStatement {
    Query::select()
        .columns(["code", "name", "points_hundredths"])
        .from("procedure_master")
        .and_where(Expr::col("valid_from").lte(day))
        .cond_where(Cond::any().add(Expr::col("valid_to").is_null()).add(Expr::col("valid_to").gte(day)))
        .take()
}

fn statement(column: &'static str, key: &str, day: NaiveDate) -> SelectStatement {
    let range = PrefixRange::of(key);
    let mut query = columns(day);
    query.and_where(Expr::col(column).gte(range.lower));
    if let Some(upper) = range.upper {
        query.and_where(Expr::col(column).lt(upper));
    }
    if column == "kana_key" {
        // The partial index holds only rows with a reading; a bound value could not be proven to match it.
        query.and_where(Expr::col(column).ne(Expr::Constant("".into())));
    }
    query.order_by(column, Order::Asc).order_by("code", Order::Asc).limit(SHOWN as u64).take()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_whole_and_sections_follow_the_code() {
        let of = |code: &str, hundredths| Procedure { code: code.into(), name: String::new(), points_hundredths: hundredths };
        assert_eq!((of("112007410", Some(7_500)).points(), of("112007410", None).section()), (75, "110"));
        assert_eq!((of("160008010", Some(2_650)).points(), of("160008010", None).section()), (27, "600"));
        assert_eq!((of("", None).points(), of("", None).section()), (0, "800"));
    }
}
