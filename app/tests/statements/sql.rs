//! As much SQL as the rule needs: which clinic tables a statement touches and how often it binds `tenant_id`.

use std::collections::BTreeSet;

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Uses {
    /// Clinic tables read or written, counted once per mention.
    pub tables: usize,
    /// Places where `tenant_id` is compared, or listed among the columns of an INSERT.
    pub bound: usize,
}

/// The clinic that `SET LOCAL app.tenant_id = '…'` in this statement chooses.
pub fn clinic_set_by(statement: &str) -> Option<String> {
    let rest = statement.split_once("app.tenant_id = '")?.1;
    Some(rest.split_once('\'')?.0.to_owned())
}

pub fn ends_transaction(statement: &str) -> bool {
    let first = statement.trim_start().split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    (first.eq_ignore_ascii_case("commit") || first.eq_ignore_ascii_case("rollback"))
        && !statement.to_ascii_lowercase().contains("to savepoint")
}

/// The texts between single quotes.
pub fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('\'').skip(1).step_by(2)
}

/// The statement without its literal values.
pub fn shape(statement: &str) -> String {
    let mut outside = statement.split('\'').step_by(2);
    let mut shape = outside.next().unwrap_or_default().to_owned();
    for part in outside {
        shape.push_str("'…'");
        shape.push_str(part);
    }
    shape
}

pub fn uses(statement: &str, tables: &BTreeSet<String>) -> Uses {
    let bare = shape(statement).to_ascii_lowercase();
    let tokens = tokens(&bare);
    let mut uses = Uses::default();
    for (at, token) in tokens.iter().enumerate() {
        match *token {
            "from" | "join" | "into" | "update" if tables.contains(table_after(&tokens, at)) => {
                uses.tables += 1;
                uses.bound += usize::from(*token == "into" && lists_tenant(&tokens[at..]));
            }
            "tenant_id" if is_compared(&tokens, at) => uses.bound += 1,
            _ => {}
        }
    }
    uses
}

/// Words, `$1`, and single signs; quotation marks around names are dropped.
fn tokens(sql: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
        let length = if word(first) { rest.find(|c| !word(c)).unwrap_or(rest.len()) } else { first.len_utf8() };
        let (token, tail) = rest.split_at(length);
        if !token.trim().is_empty() && token != "\"" {
            tokens.push(token);
        }
        rest = tail;
    }
    tokens
}

fn table_after<'a>(tokens: &[&'a str], at: usize) -> &'a str {
    let mut names = tokens[at + 1..].iter().copied().filter(|t| !matches!(*t, "only" | "lateral" | "public" | "."));
    names.next().unwrap_or_default()
}

/// `INSERT INTO note (tenant_id, …)`: the list between the first parentheses.
fn lists_tenant(tokens: &[&str]) -> bool {
    tokens.iter().take_while(|t| **t != ")").any(|t| *t == "tenant_id")
}

/// `tenant_id = …`, `… = tenant_id` or `tenant_id IN (…)`. A join of two tables counts once: the second table is bound
/// by it only when the first is bound to a value elsewhere.
fn is_compared(tokens: &[&str], at: usize) -> bool {
    let after = tokens.get(at + 1).copied().unwrap_or_default();
    // Skip back over `note.` to what stands before the column.
    let start = if at >= 2 && tokens[at - 1] == "." { at - 2 } else { at };
    let second_of_join = start >= 2 && tokens[start - 1] == "=" && tokens[start - 2] == "tenant_id";
    matches!(after, "=" | "in") || (start >= 1 && tokens[start - 1] == "=" && !second_of_join)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(statement: &str) -> (usize, usize) {
        let tables = ["patient", "note"].map(str::to_owned).into();
        let uses = uses(statement, &tables);
        (uses.tables, uses.bound)
    }

    #[test]
    fn bound_statements_balance() {
        assert_eq!(count(r#"SELECT "patient"."id" FROM "patient" WHERE "patient"."tenant_id" = $1"#), (1, 1));
        assert_eq!(count("SELECT 1 FROM note n JOIN patient p ON p.tenant_id = $1 AND p.id = n.patient_id WHERE n.tenant_id = $1"), (2, 2));
        assert_eq!(count(r#"INSERT INTO "note" ("tenant_id", "id") VALUES ($1, $2) RETURNING "tenant_id""#), (1, 1));
        assert_eq!(count("DELETE FROM public.note WHERE tenant_id = 'x' AND id = 'y'"), (1, 1));
        assert_eq!(count("SELECT 1 FROM note n JOIN patient p ON p.tenant_id = n.tenant_id WHERE $1 = n.tenant_id"), (2, 2));
        assert_eq!(count("SELECT 1 FROM drug_master WHERE code = 'from patient'"), (0, 0));
    }

    #[test]
    fn unbound_statements_do_not() {
        assert_eq!(count("SELECT tenant_id FROM patient WHERE id = $1"), (1, 0));
        assert_eq!(count("SELECT 1 FROM note JOIN patient USING (id) WHERE note.tenant_id = $1"), (2, 1));
        assert_eq!(count("SELECT 1 FROM note n JOIN patient p ON p.tenant_id = n.tenant_id"), (2, 1));
        assert_eq!(count("UPDATE note SET body = $1 WHERE id = $2"), (1, 0));
    }

    #[test]
    fn the_clinic_and_the_end_of_a_transaction_are_seen() {
        assert_eq!(clinic_set_by("BEGIN; SET LOCAL app.tenant_id = 'abc'").as_deref(), Some("abc"));
        assert!(ends_transaction("COMMIT") && ends_transaction("rollback;"));
        assert!(!ends_transaction("ROLLBACK TO SAVEPOINT a") && !ends_transaction("SELECT 1"));
    }

    #[test]
    fn values_are_not_statements() {
        assert_eq!(shape("SELECT 'it''s' || $1"), "SELECT '…''…' || $1");
        assert_eq!(quoted("parameters: $1 = 'a', $2 = 'b'").collect::<Vec<_>>(), ["a", "b"]);
    }
}
