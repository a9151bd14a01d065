//! 日締め: lists that ask why, the cash, the lock and the key to it.

use domain::Role;
use uuid::Uuid;

use crate::billing::{Counter, counter};
use crate::harness::{Answer, Client};

async fn close(c: &Counter, client: &Client, version: &str, fields: &[(&str, &str)]) -> Answer {
    let key = Uuid::now_v7().to_string();
    let day = today(c).await;
    let mut form = vec![("day", day.as_str()), ("version", version), ("idempotency_key", key.as_str()), ("float_yen", "50000")];
    form.extend_from_slice(fields);
    client.post("/day-close", &form).await
}

async fn today(c: &Counter) -> String {
    let page = c.clerk.get("/day-close").await.expect(200);
    page.body.split("name=\"day\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_day_is_closed_when_every_list_is_empty_or_explained_and_the_cash_agrees() {
    let c = counter().await;
    let paid = c.priced().await;
    c.pay(&paid, &[("amount", "870"), ("method", "cash")]).await.expect(303);
    let owing = c.priced().await;
    c.pay(&owing, &[("method", "later"), ("unpaid_reason", "later")]).await.expect(303);
    let page = c.clerk.get("/day-close").await.expect(200);
    assert!(page.statements() <= 12, "{} statements", page.statements());
    for expected in ["未確定カルテ", "未収・概算預かり", "資格を確かめていない受診", "870円"] {
        assert!(page.body.contains(expected), "{expected}");
    }
    // 50,000 in the float, 870 taken: ten yen short.
    let cash = [("n_10000", "5"), ("n_500", "1"), ("n_100", "3"), ("n_50", "1"), ("n_10", "1")];
    let asked = close(&c, &c.clerk, "0", &cash).await.expect(422);
    for field in ["why_unsigned", "why_unpaid", "why_unchecked", "why_cash"] {
        assert!(asked.body.contains(&format!("name=\"{field}\"")) && asked.body.contains(&format!("href=\"#{field}\"")), "{field}");
    }
    assert!(asked.body.contains("name=\"n_500\" value=\"1\""), "the count is kept");
    let why = [("why_unsigned", "明朝確定"), ("why_unpaid", "電話済"), ("why_unchecked", "保険なし"), ("why_cash", "数え違い")];
    c.doctor.post("/day-close", &[]).await.expect(403);
    close(&c, &c.clerk, "0", &[&cash[..], &why[..]].concat()).await.expect(303);
    let closed = c.clerk.get("/day-close").await.expect(200);
    assert!(closed.body.contains("締め済") && closed.body.contains("数え違い") && closed.body.contains("-10円"), "{}", closed.body);
    assert!(c.clerk.get("/day-close/print").await.expect(200).body.contains("日計表"));
    close(&c, &c.clerk, "0", &[&cash[..], &why[..]].concat()).await.expect(422);
}

#[tokio::test]
async fn a_closed_day_takes_no_money_until_it_is_opened_with_a_reason() {
    let c = counter().await;
    close(&c, &c.clerk, "0", &[("n_10000", "5")]).await.expect(303);
    let visit = c.priced().await;
    let refused = c.pay(&visit, &[("amount", "870"), ("method", "cash")]).await.expect(422);
    assert!(refused.body.contains("日締めが済んでいる") && refused.body.contains("value=\"870\""));
    let admin = c.here.client(c.h, Role::ClinicAdmin).await;
    let page = admin.get("/day-close").await.expect(200);
    let path = format!(
        "/day-close/{}/reopening",
        page.body.split("/day-close/").find(|p| p.contains("/reopening")).unwrap().split('/').next().unwrap()
    );
    c.clerk.post(&path, &[("version", "1"), ("reason", "急患")]).await.expect(403);
    admin.post(&path, &[("version", "1"), ("reason", " ")]).await.expect(422);
    admin.post(&path, &[("version", "9"), ("reason", "急患")]).await.expect(409);
    c.neighbour.client(c.h, Role::ClinicAdmin).await.post(&path, &[("version", "1"), ("reason", "急患")]).await.expect(404);
    admin.post(&path, &[("version", "1"), ("reason", "急患の会計")]).await.expect(303);
    c.pay(&visit, &[("amount", "870"), ("method", "cash")]).await.expect(303);
    let why = [
        ("why_unsigned", "明朝確定"),
        ("why_unchecked", "保険なし"),
        ("n_10000", "5"),
        ("n_500", "1"),
        ("n_100", "3"),
        ("n_50", "1"),
        ("n_10", "2"),
    ];
    close(&c, &c.clerk, "0", &why).await.expect(409);
    close(&c, &c.clerk, "2", &why).await.expect(303);
}

#[tokio::test]
async fn the_worst_input_is_refused() {
    let c = counter().await;
    for (field, value, says) in
        [("n_1", "99999999999", "0から9999まで"), ("n_5000", "-1", "0から9999まで"), ("n_10", "十", "0から9999まで")]
    {
        let page = close(&c, &c.clerk, "0", &[(field, value)]).await.expect(422);
        assert!(page.body.contains(says) && page.body.contains(&format!("value=\"{value}\"")), "{field} {value}");
    }
    c.clerk.get("/day-close?day=2999-01-01").await.expect(422);
    c.clerk.get("/day-close?day=x").await.expect(422);
    c.clerk.post("/day-close", &[("day", ""), ("idempotency_key", "x")]).await.expect(422);
}

/// S13: an answer of the reader that belongs to nobody and a booking nobody came to keep a day from closing without a word.
#[tokio::test]
async fn unmatched_results_and_no_shows_ask_why() {
    let c = counter().await;
    let sql = "INSERT INTO reader_result (tenant_id, id, file_name, content_sha256, key_version, raw_encrypted, received_at, staff_id, outcome, validity)
        VALUES ($1, $2, 'x.xml', sha256($2::text::bytea), 1, '\\x00', now(), $3, 'received', 'multiple')";
    let staff = c.here.staff_of(Role::Clerk).as_uuid();
    let insert = sqlx::query(sql).bind(c.here.id.as_uuid()).bind(Uuid::now_v7()).bind(staff);
    insert.execute(&mut c.h.superuser().await).await.unwrap();
    let page = c.clerk.get("/day-close").await.expect(200);
    assert!(
        page.body.contains("未紐付結果") && page.body.contains("複数候補") && page.body.contains("予約の無断キャンセル"),
        "{}",
        page.body
    );
    assert!(page.statements() <= 12, "{}", page.statements());
    let asked = close(&c, &c.clerk, "0", &[("n_10000", "5")]).await.expect(422);
    assert!(asked.body.contains("name=\"why_unmatched\""));
    close(&c, &c.clerk, "0", &[("n_10000", "5"), ("why_unmatched", "明朝に確かめる")]).await.expect(303);
}
