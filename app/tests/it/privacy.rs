//! Planted names: whatever happens, no log line, metric, cookie, header or session record carries a patient's words.

use domain::Role;
use redis::AsyncCommands;

use crate::fixtures::clinic;
use crate::harness::{Answer, Harness, LOGS, env};

const NAME: &str = "密標 植子";
const KANA: &str = "ミツシルベ ウエコ";
const WORDS: [&str; 8] = ["密標", "植子", "ミツシルベ", "ウエコ", "%E5%AF%86%E6%A8%99", "1958-12-24", "0901234987", "密標の主訴"];

fn assert_clean(place: &str, text: &str) {
    for word in WORDS {
        assert!(!text.contains(word), "{word} in {place}");
    }
}

fn headers(answer: &Answer) -> String {
    answer.headers.iter().map(|(k, v)| format!("{k}: {}\n", String::from_utf8_lossy(v.as_bytes()))).collect()
}

#[tokio::test]
async fn no_sink_carries_what_a_patient_said_or_is_called() {
    let h = Harness::get();
    let c = clinic(h).await;
    let clerk = c.client(h, Role::Clerk).await;
    let form = [
        ("name_ideographic", NAME),
        ("name_syllabic", KANA),
        ("sex", "female"),
        ("birth_date", "1958-12-24"),
        ("mobile", "090-1234-9871"),
        ("note", "密標の主訴"),
        ("idempotency_key", "0190a2b4-7c3e-7d11-8a55-0123456789ab"),
    ];
    let made = clerk.post("/patients", &form).await.expect(303);
    let mut answers = vec![headers(&made)];
    let id = made.header("location").split('?').next().unwrap().to_owned();
    for path in [
        id.as_str(),
        "/patients?q=%E5%AF%86%E6%A8%99",
        "/patients?q=1958-12-24",
        "/nowhere/%E5%AF%86%E6%A8%99",
        "/patients/%E5%AF%86%E6%A8%99",
    ] {
        answers.push(headers(&clerk.get(path).await));
    }
    answers
        .push(headers(&clerk.post("/patients", &[("name_ideographic", NAME), ("name_syllabic", NAME), ("birth_date", "S99.1.1")]).await));
    answers.push(headers(&clerk.post(&id, &[("name_ideographic", NAME), ("version", "密標")]).await));
    answers.push(headers(&h.anonymous().post("/login", &[("tenant_code", NAME), ("login_id", NAME), ("password", NAME)]).await));

    assert_clean("answer headers", &answers.concat());
    assert_clean("metrics", &h.metrics.text().unwrap());
    let logs = String::from_utf8_lossy(&LOGS.lock().unwrap().clone()).into_owned();
    assert_clean("logs", &logs);
    assert!(logs.contains("/patients/{"), "the log was not captured, so this test would prove nothing");
    assert_clean("redis", &everything_in_redis().await);
}

async fn everything_in_redis() -> String {
    let mut redis = redis::Client::open(env("REDIS_URL")).unwrap().get_multiplexed_async_connection().await.unwrap();
    let keys: Vec<String> = redis.keys("*").await.unwrap();
    let mut all = keys.join("\n");
    for key in keys {
        all += &redis.get::<_, String>(&key).await.unwrap_or_default();
    }
    all
}

/// An act is in the audit log by codes and ids alone (GL-15).
#[tokio::test]
async fn the_audit_log_knows_who_and_whom_but_no_words() {
    let h = Harness::get();
    let c = clinic(h).await;
    let clerk = c.client(h, Role::Clerk).await;
    let form = [
        ("name_ideographic", NAME),
        ("name_syllabic", KANA),
        ("sex", "female"),
        ("birth_date", "1958-12-24"),
        ("idempotency_key", "0190a2b4-7c3e-7d11-8a55-0123456789ac"),
    ];
    let id = clerk.post("/patients", &form).await.expect(303).header("location").split('?').next().unwrap().to_owned();
    clerk.get(&id).await.expect(200);
    let rows: Vec<String> = sqlx::query_scalar("SELECT to_jsonb(e)::text FROM audit_event e WHERE tenant_id = $1")
        .bind(c.id.as_uuid())
        .fetch_all(&mut h.superuser().await)
        .await
        .unwrap();
    let all = rows.join("\n");
    assert!(all.contains(id.rsplit('/').next().unwrap()) && all.contains(&c.staff_of(Role::Clerk).to_string()));
    assert_clean("audit_event", &all);
}
