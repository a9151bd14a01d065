//! The disease and modifier masters while typing: 「急性いえん」 finds 急性 + 胃炎.

use chrono::NaiveDate;
use domain::condition::{Modifier, display};
use domain::search_key::{PrefixRange, search_key};
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait, FromQueryResult};
use tenancy::{Error, TenantTx};
use uuid::Uuid;

/// Options shown while typing.
pub const SHOWN: usize = 12;
/// Modifiers taken off the front of what was typed.
const MODIFIERS_READ: usize = 2;
/// Longest modifier, in characters of its key.
const MODIFIER_MAX: usize = 14;
/// Longest text that is looked up.
const QUERY_MAX: usize = 60;

/// One row of the disease master.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Disease {
    pub code: String,
    pub name: String,
    pub exchange_code: String,
    pub icd10: String,
    pub release_id: Uuid,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
    pub entry: serde_json::Value,
}

impl Disease {
    pub fn is_in_force(&self, day: NaiveDate) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|last| day <= last)
    }

    /// 単独使用禁止: the master lets it stand only with a modifier.
    pub fn needs_modifier(&self) -> bool {
        let flag = self.entry.pointer("/attributes/alone_forbidden").and_then(serde_json::Value::as_str).unwrap_or_default();
        !matches!(flag, "" | "0" | "00")
    }
}

/// A name as it could be added: disease, modifiers, and whether の疑い was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub code: String,
    pub name: String,
    pub icd10: String,
    pub modifiers: Vec<Modifier>,
    pub is_suspected: bool,
    /// Why it is offered, when nobody typed it.
    pub why: String,
}

impl Choice {
    pub fn of(disease: &Disease, modifiers: Vec<Modifier>, is_suspected: bool) -> Self {
        let (code, icd10) = (disease.code.clone(), disease.icd10.clone());
        Self { code, name: disease.name.clone(), icd10, modifiers, is_suspected, why: String::new() }
    }

    pub fn display(&self) -> String {
        display(&self.name, &self.modifiers, self.is_suspected)
    }

    /// `code`, `code+mod+mod`, `code+mod?`: what a press of the option sends.
    pub fn value(&self) -> String {
        let parts: Vec<&str> = [self.code.as_str()].into_iter().chain(self.modifiers.iter().map(|m| m.code.as_str())).collect();
        format!("{}{}", parts.join("+"), if self.is_suspected { "?" } else { "" })
    }
}

/// Names in force that begin with the text, or with what is left of it behind one or two modifiers.
pub async fn search(tx: &TenantTx, typed: &str, day: NaiveDate) -> Result<Vec<Choice>, Error> {
    let text: String = typed.chars().filter(|c| !c.is_control()).take(QUERY_MAX).collect();
    let (text, is_suspected) = without_doubt(text.trim());
    let (mut key, mut modifiers, mut found) = (search_key(text), Vec::new(), Vec::new());
    for _ in 0..=MODIFIERS_READ {
        if key.is_empty() {
            break;
        }
        for disease in begin_with(tx, &key, day).await? {
            if found.len() < SHOWN {
                found.push(Choice::of(&disease, modifiers.clone(), is_suspected));
            }
        }
        if found.len() >= SHOWN || key.chars().count() < 2 {
            break;
        }
        let Some((modifier, rest)) = longest_modifier(tx, &key, day).await? else { break };
        modifiers.push(modifier);
        key = rest;
    }
    Ok(found)
}

/// の疑い at the end is the person's own word for the flag.
fn without_doubt(text: &str) -> (&str, bool) {
    for doubt in ["の疑い", "疑い", "のうたがい", "うたがい"] {
        if let Some(rest) = text.strip_suffix(doubt).filter(|rest| !rest.is_empty()) {
            return (rest.trim_end(), true);
        }
    }
    (text, false)
}

async fn begin_with(tx: &TenantTx, key: &str, day: NaiveDate) -> Result<Vec<Disease>, Error> {
    let mut found: Vec<Disease> = Vec::new();
    for column in ["search_key", "kana_key"] {
        for row in tx.query_all(&statement(column, key, day)).await? {
            let disease = Disease::from_query_result(&row, "")?;
            if !found.iter().any(|known| known.code == disease.code) {
                found.push(disease);
            }
        }
    }
    Ok(found)
}

/// The longest modifier the key begins with, and what follows it.
async fn longest_modifier(tx: &TenantTx, key: &str, day: NaiveDate) -> Result<Option<(Modifier, String)>, Error> {
    let begins: Vec<String> = key.char_indices().skip(1).take(MODIFIER_MAX).map(|(end, _)| key[..end].to_owned()).collect();
    let query = Query::select()
        .columns(["code", "name", "modifier_kind", "search_key", "kana_key"])
        .from("modifier_master")
        .cond_where(Cond::any().add(Expr::col("search_key").is_in(begins.clone())).add(Expr::col("kana_key").is_in(begins)))
        .and_where(Expr::col("valid_from").lte(day))
        .cond_where(Cond::any().add(Expr::col("valid_to").is_null()).add(Expr::col("valid_to").gte(day)))
        .take();
    let mut best: Option<(Modifier, usize)> = None;
    for row in tx.query_all(&query).await? {
        let (code, name, class): (String, String, String) =
            (row.try_get("", "code")?, row.try_get("", "name")?, row.try_get("", "modifier_kind")?);
        let keys: [String; 2] = [row.try_get("", "search_key")?, row.try_get("", "kana_key")?];
        let read = keys.iter().filter(|k| !k.is_empty() && key.starts_with(k.as_str())).map(String::len).max().unwrap_or_default();
        if read > best.as_ref().map_or(0, |(_, length)| *length) {
            best = Some((Modifier::new(code, name, &class), read));
        }
    }
    Ok(best.map(|(modifier, read)| (modifier, key[read..].to_owned())))
}

/// The newest rows of these codes on a day, in force or not.
pub async fn by_codes(tx: &TenantTx, codes: &[String], day: NaiveDate) -> Result<Vec<Disease>, Error> {
    if codes.is_empty() {
        return Ok(vec![]);
    }
    let query = columns()
        .and_where(Expr::col("code").is_in(codes))
        .and_where(Expr::col("valid_from").lte(day))
        .order_by("valid_from", Order::Desc)
        .take();
    let mut found: Vec<Disease> = Vec::new();
    for row in tx.query_all(&query).await? {
        let disease = Disease::from_query_result(&row, "")?;
        if !found.iter().any(|known| known.code == disease.code) {
            found.push(disease);
        }
    }
    Ok(found)
}

/// The modifiers of these codes, in the order asked; one that is unknown or not in force is an absence.
pub async fn modifiers(tx: &TenantTx, codes: &[String], day: NaiveDate) -> Result<Option<Vec<Modifier>>, Error> {
    if codes.is_empty() {
        return Ok(Some(vec![]));
    }
    let query = Query::select()
        .columns(["code", "name", "modifier_kind"])
        .from("modifier_master")
        .and_where(Expr::col("code").is_in(codes))
        .and_where(Expr::col("valid_from").lte(day))
        .cond_where(Cond::any().add(Expr::col("valid_to").is_null()).add(Expr::col("valid_to").gte(day)))
        .take();
    let mut known = std::collections::HashMap::new();
    for row in tx.query_all(&query).await? {
        let (code, name, class): (String, String, String) =
            (row.try_get("", "code")?, row.try_get("", "name")?, row.try_get("", "modifier_kind")?);
        known.insert(code.clone(), Modifier::new(code, name, &class));
    }
    Ok(codes.iter().map(|code| known.get(code).cloned()).collect())
}

fn columns() -> SelectStatement {
    Query::select()
        .columns(["code", "name", "exchange_code", "icd10", "release_id", "valid_from", "valid_to", "entry"])
        .from("disease_master")
        .take()
}

fn statement(column: &'static str, key: &str, day: NaiveDate) -> SelectStatement {
    let range = PrefixRange::of(key);
    let mut query = columns();
    query.and_where(Expr::col(column).gte(range.lower));
    if let Some(upper) = range.upper {
        query.and_where(Expr::col(column).lt(upper));
    }
    if column == "kana_key" {
        // The partial index holds only rows with a reading; a bound value could not be proven to match it.
        query.and_where(Expr::col(column).ne(Expr::Constant("".into())));
    }
    query
        .and_where(Expr::col("valid_from").lte(day))
        .cond_where(Cond::any().add(Expr::col("valid_to").is_null()).add(Expr::col("valid_to").gte(day)))
        .order_by(column, Order::Asc)
        .order_by("code", Order::Asc)
        .limit(SHOWN as u64)
        .take()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typed_doubt_is_the_flag() {
        assert_eq!(without_doubt("胃癌の疑い"), ("胃癌", true));
        assert_eq!(without_doubt("いがん うたがい"), ("いがん", true));
        assert_eq!(without_doubt("疑い"), ("疑い", false));
    }

    #[test]
    fn what_an_option_sends_names_every_part() {
        let modifiers = vec![Modifier::new("4012", "急性", "4")];
        let choice =
            Choice {
                code: "5350003".into(), name: "胃炎".into(), icd10: "K297".into(), modifiers, is_suspected: true, why: String::new()
            };
        assert_eq!((choice.display().as_str(), choice.value().as_str()), ("急性胃炎の疑い", "5350003+4012?"));
    }
}
