//! The plans of the slice's list statements, as the runtime role sees them.

use sqlx::{AssertSqlSafe, Connection, Row};
use uuid::Uuid;

use crate::harness::role_url;
use crate::patients::{desk, register};

/// performance.md: each list statement stays on an index as the runtime role with a generic plan, however big the clinic.
#[tokio::test]
async fn every_list_statement_reads_few_pages() {
    const BOUND: i64 = 120;
    let (h, here, _, clerk) = desk().await;
    register(&clerk, &[]).await;
    let mut superuser = h.superuser().await;
    fill(&mut superuser, here.id.as_uuid(), 20_000).await;
    let mut app = sqlx::PgConnection::connect(&role_url("APP_DATABASE_URL", &h.database)).await.unwrap();
    for (name, statement) in tsumugi::patients::search::plans(here.id) {
        let plan = explain(&mut app, here.id.as_uuid(), &statement).await;
        assert!(!plan.contains("Seq Scan"), "{name}:\n{plan}");
        let read: i64 = plan
            .lines()
            .find_map(|line| line.split("Buffers: shared hit=").nth(1))
            .and_then(|rest| rest.split_whitespace().next())
            .unwrap()
            .parse()
            .unwrap();
        assert!(read <= BOUND, "{name} touches {read} buffers:\n{plan}");
    }
}

/// Copies of the one registered patient under other readings, numbers, birthdays and telephones.
async fn fill(superuser: &mut sqlx::PgConnection, tenant: Uuid, rows: i32) {
    let sql = "INSERT INTO patient SELECT (jsonb_populate_record(p, jsonb_build_object(
            'id', gen_random_uuid(), 'patient_number', lpad((n + 10)::text, 6, '0'),
            'kana_key', CASE n % 20 WHEN 0 THEN 'サイトウ' ELSE chr(12450 + n % 80) || chr(12450 + n / 80 % 80) END || n,
            'kanji_key', CASE n % 20 WHEN 0 THEN '斉藤' ELSE chr(19968 + n % 2000) END || n,
            'birth_date', date '1930-01-01' + n, 'tel_last4', lpad((n % 9000)::text, 4, '0'), 'mobile_last4', lpad((n % 8000)::text, 4, '0')))).*
        FROM patient p, generate_series(1, $2) n WHERE p.tenant_id = $1 AND p.patient_number = '000001'";
    sqlx::query(sql).bind(tenant).bind(rows).execute(&mut *superuser).await.unwrap();
    let aliases = "INSERT INTO patient_alias SELECT tenant_id, gen_random_uuid(), id, 'X' || patient_number, gen_random_uuid() FROM patient WHERE tenant_id = $1";
    sqlx::query(aliases).bind(tenant).execute(&mut *superuser).await.unwrap();
    for table in ["patient", "patient_alias"] {
        sqlx::raw_sql(AssertSqlSafe(format!("VACUUM ANALYZE {table}"))).execute(&mut *superuser).await.unwrap();
    }
}

async fn explain(app: &mut sqlx::PgConnection, tenant: Uuid, statement: &sea_orm::sea_query::SelectStatement) -> String {
    use sea_orm::sea_query::{PostgresQueryBuilder, Value};
    let (sql, values) = statement.build(PostgresQueryBuilder);
    let literal = |value: &Value| match value {
        Value::String(Some(text)) => format!("'{text}'"),
        Value::Uuid(Some(id)) => format!("'{id}'::uuid"),
        Value::ChronoDate(Some(day)) => format!("'{day}'::date"),
        Value::Int(Some(n)) => n.to_string(),
        Value::BigInt(Some(n)) => n.to_string(),
        Value::BigUnsigned(Some(n)) => n.to_string(),
        other => panic!("teach the plan test about {other:?}"),
    };
    let arguments: Vec<String> = values.0.iter().map(literal).collect();
    let mut lines = Vec::new();
    let setup =
        format!("BEGIN; SET LOCAL app.tenant_id = '{tenant}'; SET LOCAL plan_cache_mode = force_generic_plan; PREPARE list AS {sql}");
    sqlx::raw_sql(AssertSqlSafe(setup)).execute(&mut *app).await.unwrap();
    // The first run warms the catalog caches; the second is measured.
    for _ in 0..2 {
        let run = format!("EXPLAIN (ANALYZE, BUFFERS, TIMING OFF) EXECUTE list({})", arguments.join(", "));
        lines = sqlx::raw_sql(AssertSqlSafe(run)).fetch_all(&mut *app).await.unwrap().iter().map(|row| row.get::<String, _>(0)).collect();
    }
    sqlx::raw_sql("DEALLOCATE list; ROLLBACK").execute(app).await.unwrap();
    lines.join("\n")
}
