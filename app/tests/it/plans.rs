//! Plans at the size they will be met at (performance): every page is fetched in a clinic of 20,000 patients and in the
//! demo's thousand-visit chart, then each statement the product sent is explained as the runtime role with a generic plan.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::Role;
use sqlx::{AssertSqlSafe, PgConnection, Row};
use tsumugi::slices;
use tsumugi::web::routes::Door;

use crate::demo;
use crate::fixtures::Clinic;
use crate::harness::{Harness, env};

#[path = "../statements/log.rs"]
mod log;

/// Buffers a statement may touch before it has found anything, and for each row it gives back from each table it joins.
const BUFFERS_AT_REST: u64 = 60;
const BUFFERS_PER_ROW: u64 = 4;
/// Rows a node may fetch and throw away: on a table of ten pages that is the cheaper plan, and where hundreds of rows are asked for by
/// their ids, walking a small clinic once is cheaper than as many probes.
const ROWS_IN_VAIN: u64 = 400;
const ROWS_IN_VAIN_PER_ROW: u64 = 10;

/// Tables that grow with a clinic's years: a scan of one is never a plan.
const LARGE: &[&str] = &[
    "patient",
    "coverage",
    "encounter",
    "condition",
    "note",
    "note_section",
    "note_amendment",
    "medication_request",
    "appointment",
    "charge_item",
    "account",
    "invoice",
    "payment_notice",
    "row_version",
    "audit_event",
];

/// What people type into 患者検索: kana, kanji, number, birth date, telephone.
const SEARCHES: &[&str] = &["サトウ", "さとうけ", "佐藤", "髙橋", "000123", "1234", "S60.1.1", "1985-01-01", "070-0000-1234"];

struct Sent {
    sql: String,
    parameters: Vec<String>,
}

/// `parameters: $1 = 'a', $2 = NULL` → SQL literals.
fn literals(detail: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = detail.strip_prefix("parameters: ").unwrap_or_default();
    while let Some((_, after)) = rest.split_once(" = ") {
        let end = if after.starts_with('\'') { closing_quote(after) } else { after.find(", $").unwrap_or(after.len()) };
        found.push(after[..end].to_owned());
        rest = &after[end..];
    }
    found
}

/// Just behind the quotation mark that ends the literal; doubled ones are part of it.
fn closing_quote(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        if bytes[at] == b'\'' {
            if bytes.get(at + 1) != Some(&b'\'') {
                return at + 1;
            }
            at += 1;
        }
        at += 1;
    }
    bytes.len()
}

/// The distinct reads the product sent for that clinic, as the server logged them. The log is written by another
/// process: a search nobody else makes tells when it has come so far.
async fn sent_for(h: &Harness, clinic: &Clinic) -> Vec<Sent> {
    let folder = env("PG_LOG_DIR");
    let (here, tenant, last) = (format!("{}/", h.database), clinic.id.to_string(), "マボロシノヒト");
    clinic.client(h, Role::Doctor).await.get(&format!("/patients?q={last}")).await.expect(200);
    for _ in 0..50 {
        let (mut sent, mut complete) = (BTreeMap::new(), false);
        log::each(folder.as_ref(), |entry| {
            if entry.session.starts_with(&here) && entry.statement.starts_with("SELECT") && entry.parameters.contains(&tenant) {
                complete |= entry.parameters.contains(last);
                let parameters = literals(&entry.parameters);
                sent.entry((entry.statement.clone(), parameters.clone())).or_insert(Sent { sql: entry.statement, parameters });
            }
        })
        .unwrap();
        if complete {
            return sent.into_values().collect();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the server's log in {folder} does not show what was just sent; start Postgres through infra/local with TSUMUGI_LOCAL_TEST=1");
}

/// Sequential scans are priced out, as they would be in a large clinic; one that remains has no index to go by.
async fn explain(db: &mut PgConnection, clinic: &Clinic, sent: &Sent) -> serde_json::Value {
    // Postgres infers what a parameter is from where it stands; a flag among the columns of a UNION gives it no clue.
    let types: Vec<&str> =
        sent.parameters.iter().map(|value| if matches!(value.as_str(), "'t'" | "'f'") { "boolean" } else { "unknown" }).collect();
    let list = |items: &[&str]| if items.is_empty() { String::new() } else { format!("({})", items.join(", ")) };
    let arguments = list(&sent.parameters.iter().map(String::as_str).collect::<Vec<_>>());
    for sql in [
        format!(
            "BEGIN; SET LOCAL app.tenant_id = '{}'; SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off",
            clinic.id
        ),
        format!("PREPARE asked{} AS {}", list(&types), sent.sql),
    ] {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *db).await.unwrap_or_else(|e| panic!("{e}\n{}", sent.sql));
    }
    let analyze = format!("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE asked{arguments}");
    // Twice: the first run fills the catalog caches.
    sqlx::raw_sql(AssertSqlSafe(analyze.clone())).fetch_all(&mut *db).await.unwrap_or_else(|e| panic!("{e}\n{analyze}\n{}", sent.sql));
    let row = sqlx::raw_sql(AssertSqlSafe(analyze)).fetch_one(&mut *db).await.unwrap();
    sqlx::raw_sql("ROLLBACK; DEALLOCATE asked").execute(&mut *db).await.unwrap();
    row.get::<serde_json::Value, _>(0)[0]["Plan"].clone()
}

/// What was read in vain: a scan of a large table, or rows fetched only to be thrown away.
fn waste(plan: &serde_json::Value, found: &mut Vec<String>) {
    let table = plan["Relation Name"].as_str().unwrap_or_default();
    let number = |name: &str| plan[name].as_u64().unwrap_or(0);
    if number("Actual Loops") > 0 && LARGE.contains(&table) {
        let (kept, dropped) = (number("Actual Rows"), number("Rows Removed by Filter"));
        if plan["Node Type"] == "Seq Scan" {
            found.push(format!("scans {table}"));
        } else if dropped > ROWS_IN_VAIN + ROWS_IN_VAIN_PER_ROW * kept {
            found.push(format!("{table}: {dropped} rows read in vain for {kept}"));
        }
    }
    for inner in plan["Plans"].as_array().into_iter().flatten() {
        waste(inner, found);
    }
}

/// Places the plan reads rows from: a joined row costs a descent of its own.
fn tables(plan: &serde_json::Value) -> u64 {
    let inner: u64 = plan["Plans"].as_array().into_iter().flatten().map(tables).sum();
    inner + u64::from(plan["Relation Name"].is_string())
}

async fn check(h: &Harness, clinic: &Clinic, at_least: usize) {
    let mut db = h.role("APP_DATABASE_URL").await;
    let sent = sent_for(h, clinic).await;
    assert!(sent.len() >= at_least, "only {} reads were logged", sent.len());
    let mut faults = Vec::new();
    for statement in &sent {
        let plan = explain(&mut db, clinic, statement).await;
        let number = |name: &str| plan[name].as_u64().unwrap_or(0);
        let buffers = number("Shared Hit Blocks") + number("Shared Read Blocks");
        let allowed = BUFFERS_AT_REST + BUFFERS_PER_ROW * number("Actual Rows") * tables(&plan).max(1);
        let mut wasted = Vec::new();
        waste(&plan, &mut wasted);
        if buffers > allowed || !wasted.is_empty() {
            let rows = number("Actual Rows");
            faults.push(format!(
                "{buffers} buffers for {rows} rows (allowed {allowed}), {wasted:?}\n{}\n{:?}\n{plan:#}",
                statement.sql, statement.parameters
            ));
        }
    }
    assert!(faults.is_empty(), "{} of {} statements:\n\n{}", faults.len(), sent.len(), faults.join("\n\n"));
}

/// A search costs what it shows, not what the clinic holds.
#[tokio::test]
async fn searching_twenty_thousand_patients_reads_a_page() {
    let h = Harness::get();
    let clinic = demo::crowd(h, 20_000).await;
    let client = clinic.client(h, Role::Doctor).await;
    for word in SEARCHES {
        let answer = client.send(client.request("GET", "/patients").query(&[("q", word)])).await.expect(200);
        assert!(answer.statements() <= 4, "{word}: {} statements", answer.statements());
    }
    check(h, &clinic, SEARCHES.len() / 2).await;
}

/// Every page that can be opened, at the patient with a thousand visits.
#[tokio::test]
async fn no_page_of_a_long_chart_scans_a_table() {
    let h = Harness::get();
    let clinic = demo::clinic(h, "ainosato").await;
    for door in slices::routes().recorded() {
        let Door::Guarded(right) = door.door else { continue };
        if door.method != "GET" || door.path.starts_with("/session") {
            continue;
        }
        let path = demo::path_into(h, &clinic, door.path).await.unwrap_or_else(|| door.path.to_owned());
        let client = clinic.client(h, right.roles[0]).await;
        let answer = client.get(&path).await;
        assert!(answer.status < 500, "{path}: {}", answer.body);
        assert!(answer.status != 200 || answer.statements() <= 12, "{}: {} statements", door.path, answer.statements());
    }
    check(h, &clinic, 5).await;
}
