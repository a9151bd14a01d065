//! The drug master as a prescription needs it: found by the beginning of a name or reading, the clinic's own drugs first.

use chrono::NaiveDate;
use domain::masters::{Field, MasterEntry};
use domain::search_key::{PrefixRange, search_key};
use sea_orm::sea_query::{Alias, Cond, Expr, ExprTrait, OnConflict, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait, FromQueryResult};
use tenancy::{Error, TenantTx};
use uuid::Uuid;

use super::rules;

/// Options shown while typing.
pub const SHOWN: usize = 20;
/// Fewer letters would list half the master.
pub const SHORTEST: usize = 3;
/// 内用薬 and 外用薬 in the master's 剤形.
const INTERNAL: &str = "1";
const EXTERNAL: &str = "6";
/// 麻薬 in the master's 麻薬・向精神薬等.
const NARCOTIC: &str = "1";

/// One row of the master.
#[derive(Debug, Clone, Default, PartialEq, FromQueryResult)]
pub struct Drug {
    /// レセプト電算コード, 9 digits
    pub code: String,
    pub name: String,
    pub unit: String,
    pub yj_code: String,
    pub dosage_form: String,
    pub search_key: String,
    pub kana_key: String,
    pub release_id: Uuid,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
    pub entry: serde_json::Value,
    /// The master it stands in; only [`of_codes`] asks for it.
    #[sea_orm(skip)]
    pub release: String,
}

impl Drug {
    pub fn is_in_force(&self, day: NaiveDate) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|last| day <= last)
    }

    /// 一般名処方の標準的な記載; empty when the master has none.
    pub fn generic_name(&self) -> String {
        let entry: Option<MasterEntry> = serde_json::from_value(self.entry.clone()).ok();
        entry.and_then(|entry| entry.attribute(Field::GenericName).map(str::to_owned)).unwrap_or_default()
    }

    /// 麻薬・毒薬・覚醒剤原料・向精神薬 as the master counts them; empty for every other drug.
    pub fn controlled_class(&self) -> String {
        let entry: Option<MasterEntry> = serde_json::from_value(self.entry.clone()).ok();
        let class = entry.and_then(|entry| entry.attribute(Field::ControlledClass).map(str::to_owned)).unwrap_or_default();
        if class == "0" { String::new() } else { class }
    }

    pub fn is_narcotic(&self) -> bool {
        self.controlled_class() == NARCOTIC
    }

    /// Why this drug may not come again without a visit (リフィル); empty when it may.
    pub fn refill_bar(&self) -> &'static str {
        if !self.controlled_class().is_empty() {
            "投与量に限度のある薬(麻薬・向精神薬等)"
        } else if self.dosage_form == EXTERNAL && self.unit == "枚" {
            "湿布などの貼付剤"
        } else {
            ""
        }
    }

    /// How such a drug is usually handed out: days for 内用, a whole amount for 外用.
    pub fn usual_supply(&self) -> &'static str {
        if self.dosage_form == EXTERNAL { "total" } else { "days" }
    }

    /// Counted units, of which one at a time is a fair first guess; powders and liquids have none.
    pub fn is_counted(&self) -> bool {
        self.dosage_form != EXTERNAL && matches!(self.unit.as_str(), "錠" | "カプセル" | "包" | "丸")
            || self.dosage_form == INTERNAL && self.unit == "個"
    }

    /// Whether what was typed can mean this drug.
    pub fn begins_with(&self, text: &str) -> bool {
        let key = search_key(text);
        self.search_key.starts_with(&key) || (!self.kana_key.is_empty() && self.kana_key.starts_with(&key))
    }
}

/// Drugs in force whose name or reading begins with the text; those the clinic has prescribed before come first.
pub async fn search(tx: &TenantTx, text: &str, day: NaiveDate) -> Result<Vec<Drug>, Error> {
    let key = search_key(text);
    if key.chars().count() < SHORTEST {
        return Ok(Vec::new());
    }
    let mut found: Vec<Drug> = Vec::new();
    for statement in [adopted(tx, &key, day), named("search_key", &key, day), named("kana_key", &key, day)] {
        for row in tx.query_all(&statement).await? {
            let drug = Drug::from_query_result(&row, "")?;
            if !found.iter().any(|known| known.code == drug.code) {
                found.push(drug);
            }
        }
        if found.len() >= SHOWN {
            break;
        }
    }
    found.truncate(SHOWN);
    Ok(found)
}

/// The newest row of each code up to the day, in force or not, and which rules they are looked at by, in one statement.
pub async fn of_codes(tx: &TenantTx, codes: &[&str], day: NaiveDate) -> Result<Vec<Drug>, Error> {
    if codes.is_empty() {
        return Ok(Vec::new());
    }
    let query = columns()
        .expr_as(Expr::col(("master_release", "label")), Alias::new("release_label"))
        .expr_as(Expr::SubQuery(None, Box::new(rules::release_on(day).into())), Alias::new("rules_release"))
        .inner_join("master_release", Expr::col(("master_release", "id")).equals(("drug_master", "release_id")))
        .and_where(Expr::col(("drug_master", "code")).is_in(codes.iter().copied()))
        .and_where(Expr::col(("drug_master", "valid_from")).lte(day))
        .order_by(("drug_master", "code"), Order::Asc)
        .order_by(("drug_master", "valid_from"), Order::Desc)
        .take();
    let mut found: Vec<Drug> = Vec::new();
    let rows = tx.query_all(&query).await?;
    if let Some(row) = rows.first() {
        rules::note(tx, day, row.try_get("", "rules_release")?);
    }
    for row in rows {
        let drug = Drug { release: row.try_get("", "release_label")?, ..Drug::from_query_result(&row, "")? };
        if found.last().is_none_or(|newest| newest.code != drug.code) {
            found.push(drug);
        }
    }
    Ok(found)
}

pub async fn find(tx: &TenantTx, code: &str, day: NaiveDate) -> Result<Option<Drug>, Error> {
    Ok(of_codes(tx, &[code], day).await?.pop())
}

/// The clinic prescribes these: they come first from now on.
pub async fn adopt(tx: &TenantTx, drugs: &[Drug]) -> Result<(), Error> {
    if drugs.is_empty() {
        return Ok(());
    }
    let mut query =
        Query::insert().into_table("adopted_drug").columns(["tenant_id", "code", "search_key", "kana_key", "adopted_at"]).take();
    for drug in drugs {
        query.values_panic([
            tx.tenant_id().as_uuid().into(),
            drug.code.as_str().into(),
            drug.search_key.as_str().into(),
            drug.kana_key.as_str().into(),
            tx.now().into(),
        ]);
    }
    query.on_conflict(OnConflict::columns(["tenant_id", "code"]).do_nothing().to_owned());
    tx.execute(&query).await?;
    Ok(())
}

const COLUMNS: [&str; 11] =
    ["code", "name", "unit", "yj_code", "dosage_form", "search_key", "kana_key", "release_id", "valid_from", "valid_to", "entry"];

fn columns() -> SelectStatement {
    Query::select().columns(COLUMNS.map(|column| ("drug_master", column))).from("drug_master").take()
}

fn begins(table: &'static str, column: &'static str, key: &str) -> Cond {
    let range = PrefixRange::of(key);
    let from = Cond::all().add(Expr::col((table, column)).gte(range.lower));
    match range.upper {
        Some(upper) => from.add(Expr::col((table, column)).lt(upper)),
        None => from,
    }
}

fn in_force(query: &mut SelectStatement, day: NaiveDate) -> &mut SelectStatement {
    let last = ("drug_master", "valid_to");
    query
        .and_where(Expr::col(("drug_master", "valid_from")).lte(day))
        .cond_where(Cond::any().add(Expr::col(last).is_null()).add(Expr::col(last).gte(day)))
}

fn adopted(tx: &TenantTx, key: &str, day: NaiveDate) -> SelectStatement {
    let mut query = columns();
    query
        .inner_join("adopted_drug", Expr::col(("adopted_drug", "code")).equals(("drug_master", "code")))
        .and_where(Expr::col(("adopted_drug", "tenant_id")).eq(tx.tenant_id().as_uuid()))
        .cond_where(Cond::any().add(begins("adopted_drug", "search_key", key)).add(begins("adopted_drug", "kana_key", key)));
    in_force(&mut query, day).order_by(("drug_master", "search_key"), Order::Asc).limit(SHOWN as u64).take()
}

fn named(column: &'static str, key: &str, day: NaiveDate) -> SelectStatement {
    let mut query = columns();
    query.cond_where(begins("drug_master", column, key));
    if column == "kana_key" {
        // The partial index holds only rows with a reading; a bound value could not be proven to match it.
        query.and_where(Expr::col(("drug_master", column)).ne(Expr::Constant("".into())));
    }
    in_force(&mut query, day)
        .order_by(("drug_master", column), Order::Asc)
        .order_by(("drug_master", "code"), Order::Asc)
        .limit(SHOWN as u64)
        .take()
}
