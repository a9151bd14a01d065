//! Substances by name: J-FAGY for food and the rest (the list shipped in `masters/jfagy`), the drug master for drugs.

use std::sync::OnceLock;

use domain::allergy::{Category, SubstanceSystem};
use domain::clock;
use domain::search_key::search_key;
use tenancy::{Error, TenantTx};

use crate::prescriptions::drugs;

/// Options shown while typing.
const SHOWN: usize = 20;
const JFAGY: &str = include_str!("../../../masters/jfagy/JFAGY_J9FN_20250401_R01.csv");
/// `J9F…` are foods, `J9N…` everything else.
const FOOD: &str = "J9F";

/// One row of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Substance {
    pub system: SubstanceSystem,
    pub code: String,
    pub name: String,
    /// Of drugs only.
    pub yj_code: String,
}

struct Listed {
    code: &'static str,
    name: &'static str,
    keys: [String; 2],
}

fn list() -> &'static [Listed] {
    static LIST: OnceLock<Vec<Listed>> = OnceLock::new();
    LIST.get_or_init(|| JFAGY.lines().skip(1).filter_map(listed).collect())
}

/// Column 2 is the code, 3 the name, 4 the reading; dummies are not for people.
fn listed(line: &'static str) -> Option<Listed> {
    let mut columns = line.trim().trim_matches('"').split("\",\"").skip(1);
    let (code, name, kana) = (columns.next()?, columns.next()?, columns.next()?);
    code.starts_with("J9").then(|| Listed { code, name, keys: [search_key(name), search_key(kana)] })
}

fn as_substance(listed: &Listed) -> Substance {
    Substance { system: SubstanceSystem::Jfagy, code: listed.code.into(), name: listed.name.into(), yj_code: String::new() }
}

/// Beginnings first, then names that contain the text.
pub async fn search(tx: &TenantTx, category: Category, text: &str) -> Result<Vec<Substance>, Error> {
    if category == Category::Medication {
        let found = drugs::search(tx, text, clock::today(tx.now())).await?;
        return Ok(found.into_iter().map(of_drug).collect());
    }
    let key = search_key(text);
    if key.is_empty() {
        return Ok(vec![]);
    }
    let of_category: Vec<&Listed> = list().iter().filter(|row| row.code.starts_with(FOOD) == (category == Category::Food)).collect();
    let begins = |row: &&&Listed| row.keys.iter().any(|k| k.starts_with(&key));
    let contains = |row: &&&Listed| !begins(row) && row.keys.iter().any(|k| k.contains(&key));
    Ok(of_category.iter().filter(begins).chain(of_category.iter().filter(contains)).take(SHOWN).map(|row| as_substance(row)).collect())
}

fn of_drug(drug: drugs::Drug) -> Substance {
    Substance { system: SubstanceSystem::Receipt, code: drug.code, name: drug.name, yj_code: drug.yj_code }
}

/// What a chosen code names.
pub async fn find(tx: &TenantTx, category: Category, code: &str) -> Result<Option<Substance>, Error> {
    if category == Category::Medication {
        return Ok(drugs::find(tx, code, clock::today(tx.now())).await?.map(of_drug));
    }
    Ok(list().iter().find(|row| row.code == code).map(as_substance))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_list_is_read_whole() {
        assert!(list().len() > 1_700, "{}", list().len());
        let soba = list().iter().find(|row| row.name == "そば").unwrap();
        assert!(soba.code.starts_with(FOOD));
        assert!(list().iter().all(|row| !row.name.is_empty() && !row.name.contains('"')));
        assert!(list().iter().all(|row| !row.name.contains("ダミー")));
    }
}
