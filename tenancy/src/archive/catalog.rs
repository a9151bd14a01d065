//! Tables of a clinic as the catalog describes them, parents before children.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, Row};

use crate::Error;

/// A column as an archive names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    pub name: String,
    #[serde(rename = "type")]
    pub data_type: String,
}

/// A table that holds rows of clinics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub name: String,
    pub columns: Vec<Column>,
    /// The primary key without the clinic.
    pub key: Vec<Column>,
    /// `id` in `tenant`, `tenant_id` elsewhere.
    pub tenant_column: &'static str,
}

const COLUMNS: &str = "
    SELECT c.relname::text AS table_name, a.attname::text AS column_name, format_type(a.atttypid, a.atttypmod) AS data_type,
           array_position(i.indkey::int2[], a.attnum) AS key_position
    FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
    JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND (c.relname = 'tenant' OR EXISTS
           (SELECT 1 FROM pg_attribute t WHERE t.attrelid = c.oid AND t.attname = 'tenant_id' AND NOT t.attisdropped))
    ORDER BY c.relname, a.attnum";

const PARENTS: &str = "
    SELECT DISTINCT child.relname::text AS child, parent.relname::text AS parent
    FROM pg_constraint f JOIN pg_class child ON child.oid = f.conrelid JOIN pg_class parent ON parent.oid = f.confrelid
    WHERE f.contype = 'f' AND child.oid <> parent.oid AND child.relnamespace = 'public'::regnamespace";

/// Every table of a clinic. Transaction numbers (`xid8`) mean nothing in another database and are left out.
pub(super) async fn tables(connection: &mut PgConnection) -> Result<Vec<Table>, Error> {
    let mut found: BTreeMap<String, (Table, BTreeMap<i32, Column>)> = BTreeMap::new();
    for row in sqlx::query(COLUMNS).fetch_all(&mut *connection).await? {
        let (name, position): (String, Option<i32>) = (row.try_get("table_name")?, row.try_get("key_position")?);
        let column = Column { name: row.try_get("column_name")?, data_type: row.try_get("data_type")? };
        let (table, key) = found.entry(name.clone()).or_insert_with(|| {
            let tenant_column = if name == "tenant" { "id" } else { "tenant_id" };
            (Table { name, columns: Vec::new(), key: Vec::new(), tenant_column }, BTreeMap::new())
        });
        if let Some(position) = position.filter(|_| column.name != table.tenant_column) {
            key.insert(position, column.clone());
        }
        if column.data_type != "xid8" {
            table.columns.push(column);
        }
    }
    // A restored event is told from its seals whether it has been sealed, so the seals come first.
    let mut parents = BTreeMap::from([("audit_event".to_owned(), BTreeSet::from(["audit_seal".to_owned()]))]);
    for row in sqlx::query(PARENTS).fetch_all(connection).await? {
        parents.entry(row.try_get("child")?).or_default().insert(row.try_get("parent")?);
    }
    let tables = found.into_values().map(|(table, key)| Table { key: key.into_values().collect(), ..table });
    parents_first(tables.collect(), &parents)
}

fn parents_first(mut waiting: Vec<Table>, parents: &BTreeMap<String, BTreeSet<String>>) -> Result<Vec<Table>, Error> {
    let mut ordered: Vec<Table> = Vec::new();
    while !waiting.is_empty() {
        let names: BTreeSet<&str> = waiting.iter().map(|table| table.name.as_str()).collect();
        let is_free = |table: &Table| parents.get(&table.name).is_none_or(|of| !of.iter().any(|p| names.contains(p.as_str())));
        let free: Vec<bool> = waiting.iter().map(is_free).collect();
        if !free.contains(&true) {
            return Err(Error::internal("foreign keys between clinic tables form a circle"));
        }
        let mut free = free.into_iter();
        let (now, later) = waiting.into_iter().partition(|_| free.next().unwrap_or(false));
        ordered.extend::<Vec<Table>>(now);
        waiting = later;
    }
    Ok(ordered)
}

impl Table {
    /// `SELECT` of the given columns of one clinic, in the order of the key. The clinic is a typed uuid.
    pub(super) fn select(&self, columns: &[Column], tenant: domain::TenantId) -> String {
        let order: Vec<String> = self
            .key
            .iter()
            .map(|column| match column.data_type.as_str() {
                // Text sorts differently from one database's collation to another's.
                "text" => format!("{} COLLATE \"C\"", quoted(&column.name)),
                _ => quoted(&column.name),
            })
            .collect();
        let order = if order.is_empty() { String::new() } else { format!(" ORDER BY {}", order.join(", ")) };
        format!("SELECT {} FROM {} WHERE {} = '{tenant}'{order}", list(columns), quoted(&self.name), quoted(self.tenant_column))
    }
}

pub(super) fn list(columns: &[Column]) -> String {
    columns.iter().map(|column| quoted(&column.name)).collect::<Vec<_>>().join(", ")
}

/// An identifier from the catalog or from an archive; whatever it contains stays an identifier.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn table(name: &str) -> Table {
        Table { name: name.into(), columns: vec![], key: vec![], tenant_column: "tenant_id" }
    }

    #[test]
    fn parents_come_before_children_and_a_circle_is_refused() {
        let names = |tables: &[Table]| tables.iter().map(|t| t.name.clone()).collect::<Vec<_>>();
        let of = |pairs: &[(&str, &str)]| {
            let mut parents: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
            for (child, parent) in pairs {
                parents.entry((*child).into()).or_default().insert((*parent).into());
            }
            parents
        };
        let tables = vec![table("encounter"), table("note"), table("patient"), table("tenant")];
        let parents = of(&[("encounter", "patient"), ("note", "encounter"), ("note", "patient"), ("patient", "tenant")]);
        assert_eq!(names(&parents_first(tables, &parents).unwrap()), ["tenant", "patient", "encounter", "note"]);
        let circle = of(&[("a", "b"), ("b", "a")]);
        assert!(parents_first(vec![table("a"), table("b")], &circle).is_err());
    }

    #[test]
    fn an_identifier_cannot_break_out() {
        assert_eq!(quoted(r#"x"; DROP TABLE patient; --"#), r#""x""; DROP TABLE patient; --""#);
    }
}
