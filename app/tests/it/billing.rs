//! 会計 through the real application: from the end of the consultation to a settled account, and everything that must be refused.

use domain::Role;
use sqlx::Row;
use uuid::Uuid;

use crate::fixtures::{Clinic, two_clinics};
use crate::harness::{Answer, Client, Harness};

pub struct Counter {
    pub h: &'static Harness,
    pub here: Clinic,
    pub neighbour: Clinic,
    pub clerk: Client,
    pub doctor: Client,
    pub patient: String,
}

pub async fn counter() -> Counter {
    let h = Harness::get();
    let (here, neighbour) = two_clinics(h).await;
    let (clerk, doctor) = (here.client(h, Role::Clerk).await, here.client(h, Role::Doctor).await);
    let form =
        [("name_ideographic", "髙﨑 𠮷太郎"), ("name_syllabic", "タカサキ ヨシタロウ"), ("sex", "male"), ("birth_date", "1975-04-01")];
    let patient = clerk.post("/patients", &form).await.expect(303).header("location").split('?').next().unwrap().replace("/patients/", "");
    Counter { h, here, neighbour, clerk, doctor, patient }
}

impl Counter {
    pub async fn receive(&self) -> String {
        let key = Uuid::now_v7().to_string();
        let form = [("patient_token", self.patient.as_str()), ("class", "AMB"), ("again", "yes"), ("idempotency_key", key.as_str())];
        let received = self.clerk.post("/encounters", &form).await.expect(303);
        received.header("location").split("moved=").nth(1).unwrap().split('&').next().unwrap().to_owned()
    }

    async fn number(&self, sql: &'static str, id: &str) -> i64 {
        let id: Uuid = id.parse().unwrap();
        sqlx::query(sql).bind(id).fetch_one(&mut self.h.superuser().await).await.unwrap().get(0)
    }

    /// A visit whose consultation is over.
    pub async fn seen(&self) -> String {
        let visit = self.receive().await;
        self.over(&visit).await;
        visit
    }

    /// The consultation of a visit, begun and ended.
    pub async fn over(&self, visit: &str) {
        let key = Uuid::now_v7().to_string();
        let text = [("body", "咳が続く"), ("version", "0"), ("idempotency_key", key.as_str()), ("patient_token", self.patient.as_str())];
        let wrote = self.doctor.post_json(&format!("/encounters/{visit}/note/sections/S"), &text).await;
        assert!(wrote.status < 300, "{}", wrote.body);
        for to in ["in_consult", "billing_wait"] {
            let version = self.number("SELECT version::bigint FROM encounter WHERE id = $1", visit).await.to_string();
            let form = [("to", to), ("version", version.as_str()), ("patient_token", self.patient.as_str())];
            self.doctor.post(&format!("/encounters/{visit}/status"), &form).await.expect(303);
        }
    }

    pub async fn version(&self, visit: &str) -> String {
        self.number("SELECT coalesce((SELECT version FROM account WHERE id = $1), 0)::bigint", visit).await.to_string()
    }

    /// A form of the bill's page, on the version that is stored.
    pub async fn act(&self, path: &str, visit: &str, fields: &[(&str, &str)]) -> Answer {
        let (version, key) = (self.version(visit).await, Uuid::now_v7().to_string());
        let mut form = vec![("patient_token", self.patient.as_str()), ("version", version.as_str()), ("idempotency_key", key.as_str())];
        for (name, value) in fields {
            form.retain(|(known, _)| known != name);
            form.push((name, value));
        }
        self.clerk.post(path, &form).await
    }

    pub async fn add(&self, visit: &str, fields: &[(&str, &str)]) -> Answer {
        self.act(&format!("/encounters/{visit}/charge-items"), visit, fields).await
    }

    pub async fn pay(&self, visit: &str, fields: &[(&str, &str)]) -> Answer {
        self.act(&format!("/encounters/{visit}/payments"), visit, fields).await
    }

    /// A visit with 291 points at 30 % and nothing else: 870 yen.
    pub async fn priced(&self) -> String {
        let visit = self.seen().await;
        self.add(&visit, &[("q", "見本初診料"), ("points", "291"), ("section", "110")]).await.expect(303);
        self.act(&format!("/encounters/{visit}/billing-terms"), &visit, &[("copay", "30"), ("public_yen", "0")]).await.expect(303);
        visit
    }

    pub async fn page(&self, visit: &str) -> Answer {
        self.clerk.get(&format!("/encounters/{visit}/billing")).await.expect(200)
    }

    pub async fn account(&self, visit: &str) -> (String, i32, i32, i32) {
        let id: Uuid = visit.parse().unwrap();
        let sql = "SELECT status, due_yen, paid_yen, unpaid_yen FROM account WHERE id = $1";
        let row = sqlx::query(sql).bind(id).fetch_one(&mut self.h.superuser().await).await.unwrap();
        (row.get(0), row.get(1), row.get(2), row.get(3))
    }

    pub async fn visit_status(&self, visit: &str) -> String {
        let id: Uuid = visit.parse().unwrap();
        sqlx::query("SELECT status FROM encounter WHERE id = $1").bind(id).fetch_one(&mut self.h.superuser().await).await.unwrap().get(0)
    }

    async fn payments(&self, visit: &str) -> i64 {
        self.number("SELECT count(*) FROM payment_notice WHERE encounter_id = $1", visit).await
    }
}

#[tokio::test]
async fn a_visit_is_priced_paid_and_closed_with_both_papers() {
    let c = counter().await;
    let visit = c.priced().await;
    let page = c.page(&visit).await;
    assert!(page.statements() <= 12, "{} statements", page.statements());
    for expected in ["見本初診料", "291点", "value=\"870\"", "会計待ち"] {
        assert!(page.body.contains(expected), "{expected}: {}", page.body);
    }
    let paid = c.pay(&visit, &[("amount", "870"), ("method", "cash")]).await.expect(303);
    assert_eq!(c.account(&visit).await, ("balanced".into(), 870, 870, 0));
    assert_eq!(c.visit_status(&visit).await, "paid");
    let queue = c.clerk.get(paid.header("location")).await.expect(200);
    assert!(queue.body.contains("会計を済ませました") && queue.body.contains("会計済"), "{}", queue.body);
    assert!(queue.statements() <= 12, "{} statements", queue.statements());
    let receipt = queue.body.split("/payments/").nth(1).unwrap().split('"').next().unwrap();
    for path in [format!("/payments/{receipt}"), format!("/encounters/{visit}/statement.pdf")] {
        let answer = c.clerk.send(c.clerk.request("GET", &path)).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "application/pdf"), "{path}");
    }
    c.neighbour.client(c.h, Role::Clerk).await.get(&format!("/payments/{receipt}")).await.expect(404);
    c.doctor.get(&format!("/encounters/{visit}/billing")).await.expect(200);
    c.doctor.post(&format!("/encounters/{visit}/payments"), &[]).await.expect(403);
}

/// R2
#[tokio::test]
async fn posted_twice_it_is_paid_once_even_at_the_same_moment() {
    let c = counter().await;
    let visit = c.priced().await;
    let (version, key) = (c.version(&visit).await, Uuid::now_v7().to_string());
    let form = [
        ("patient_token", c.patient.as_str()),
        ("version", version.as_str()),
        ("idempotency_key", key.as_str()),
        ("amount", "870"),
        ("method", "card"),
    ];
    let path = format!("/encounters/{visit}/payments");
    let both = tokio::join!(c.clerk.post(&path, &form), c.clerk.post(&path, &form));
    both.0.expect(303);
    both.1.expect(303);
    c.clerk.post(&path, &form).await.expect(303);
    assert_eq!(c.payments(&visit).await, 1);
    let other_key = Uuid::now_v7().to_string();
    let form: Vec<_> = form.iter().map(|(n, v)| (*n, if *n == "idempotency_key" { other_key.as_str() } else { *v })).collect();
    let stale = c.clerk.post(&path, &form).await.expect(409);
    assert!(stale.body.contains("会計が変わりました"), "a second screen of the same bill is told");
    assert_eq!(c.payments(&visit).await, 1);
}

/// R2, R3
#[tokio::test]
async fn another_version_or_another_patient_changes_nothing() {
    let c = counter().await;
    let visit = c.priced().await;
    let before = c.version(&visit).await;
    c.add(&visit, &[("q", "見本採血"), ("points", "40")]).await.expect(303);
    let stale = c.pay(&visit, &[("amount", "870"), ("method", "cash"), ("version", before.as_str())]).await.expect(409);
    assert!(stale.body.contains("見本採血") && stale.body.contains("何も記録していません"));
    let other = Uuid::now_v7().to_string();
    c.pay(&visit, &[("amount", "870"), ("method", "cash"), ("patient_token", other.as_str())]).await.expect(422);
    assert_eq!(c.payments(&visit).await, 0);
    let elsewhere = c.neighbour.client(c.h, Role::Clerk).await;
    elsewhere.get(&format!("/encounters/{visit}/billing")).await.expect(404);
    elsewhere.post(&format!("/encounters/{visit}/payments"), &[("patient_token", c.patient.as_str())]).await.expect(404);
}

#[tokio::test]
async fn part_is_paid_with_a_reason_and_the_rest_comes_with_the_next_visit() {
    let c = counter().await;
    let first = c.priced().await;
    let asked = c.pay(&first, &[("amount", "500"), ("method", "cash")]).await.expect(422);
    assert!(asked.body.contains("370円が残ります") && asked.body.contains("value=\"500\""));
    c.pay(&first, &[("amount", "500"), ("method", "cash"), ("unpaid_reason", "short"), ("note", "次回に")]).await.expect(303);
    assert_eq!(c.account(&first).await, ("left_unpaid".into(), 870, 500, 370));
    assert_eq!(c.visit_status(&first).await, "left_unpaid");
    let second = c.priced().await;
    let page = c.page(&second).await;
    assert!(page.body.contains("前回未収") && page.body.contains("value=\"1240\""), "{}", page.body);
    let too_much = c.pay(&second, &[("amount", "1250"), ("method", "cash")]).await.expect(422);
    assert!(too_much.body.contains("1,240円まで"));
    let paid = c.pay(&second, &[("amount", "1240"), ("method", "qr")]).await.expect(303);
    assert_eq!(c.account(&first).await, ("balanced".into(), 870, 870, 0));
    assert_eq!((c.visit_status(&first).await.as_str(), c.visit_status(&second).await.as_str()), ("paid", "paid"));
    let receipts = c.number("SELECT count(DISTINCT receipt_id) FROM payment_notice WHERE encounter_id = $1", &second).await;
    assert_eq!(receipts, 1);
    assert!(c.clerk.get(paid.header("location")).await.expect(200).body.contains("未収はありません"));
}

#[tokio::test]
async fn later_is_not_a_payment_and_needs_a_reason() {
    let c = counter().await;
    let visit = c.priced().await;
    assert!(c.pay(&visit, &[("method", "later")]).await.expect(422).body.contains("残る理由を選んで"));
    c.pay(&visit, &[("method", "later"), ("unpaid_reason", "later")]).await.expect(303);
    assert_eq!(c.account(&visit).await, ("left_unpaid".into(), 870, 0, 870));
    assert_eq!(c.payments(&visit).await, 0);
    let queue = c.clerk.get("/billing").await.expect(200);
    assert!(queue.body.contains("後日支払う") && queue.body.contains("870円"));
}

/// workflows S12: the receipt computer is down.
#[tokio::test]
async fn a_deposit_is_kept_and_settled_when_the_price_is_known() {
    let c = counter().await;
    let visit = c.seen().await;
    assert!(c.pay(&visit, &[("amount", "1000"), ("method", "cash")]).await.expect(422).body.contains("明細がありません"));
    let kept = c.pay(&visit, &[("amount", "1000"), ("method", "cash"), ("unpaid_reason", "engine_down")]).await.expect(303);
    assert!(c.clerk.get(kept.header("location")).await.expect(200).body.contains("概算で預かりました"));
    assert_eq!(c.account(&visit).await, ("left_unpaid".into(), 0, 1000, -1000));
    assert_eq!(c.visit_status(&visit).await, "left_unpaid");
    c.add(&visit, &[("q", "見本初診料"), ("points", "291")]).await.expect(303);
    c.act(&format!("/encounters/{visit}/billing-terms"), &visit, &[("copay", "30")]).await.expect(303);
    c.pay(&visit, &[("amount", "0"), ("method", "cash")]).await.expect(303);
    assert_eq!(c.account(&visit).await, ("issued".into(), 870, 1000, -130));
    assert!(c.page(&visit).await.body.contains("お返しする額"));
    let refund = [("refund_amount", "130"), ("refund_method", "cash"), ("reason", "概算との差")];
    c.act(&format!("/encounters/{visit}/refunds"), &visit, &refund).await.expect(303);
    assert_eq!(c.account(&visit).await, ("balanced".into(), 870, 870, 0));
    assert_eq!(c.visit_status(&visit).await, "paid");
}

/// R5: nothing is overwritten.
#[tokio::test]
async fn a_correction_is_the_next_revision_and_a_refund_a_row_of_its_own() {
    let c = counter().await;
    let visit = c.priced().await;
    c.pay(&visit, &[("amount", "870"), ("method", "cash")]).await.expect(303);
    let page = c.page(&visit).await;
    let line = page.body.split("/charge-items/").nth(1).unwrap().split('/').next().unwrap().to_owned();
    c.act(&format!("/charge-items/{line}/withdrawal"), &visit, &[]).await.expect(303);
    c.add(&visit, &[("q", "見本再診料"), ("points", "75")]).await.expect(303);
    assert!(c.pay(&visit, &[("amount", "0"), ("method", "cash")]).await.expect(422).body.contains("先に「請求し直す」"));
    let path = format!("/encounters/{visit}/invoices");
    assert!(c.act(&path, &visit, &[]).await.expect(422).body.contains("理由を入れてください"));
    c.act(&path, &visit, &[("reason", "初診でなく再診だった")]).await.expect(303);
    assert_eq!(c.account(&visit).await, ("issued".into(), 230, 870, -640));
    let refund = format!("/encounters/{visit}/refunds");
    let fields = [("refund_amount", "900"), ("refund_method", "cash"), ("reason", "差額")];
    assert!(c.act(&refund, &visit, &fields).await.expect(422).body.contains("870円まで"));
    c.act(&refund, &visit, &[("refund_amount", "640"), ("refund_method", "cash"), ("reason", "差額")]).await.expect(303);
    assert_eq!(c.account(&visit).await, ("balanced".into(), 230, 230, 0));
    assert_eq!(c.number("SELECT count(*) FROM invoice WHERE encounter_id = $1", &visit).await, 2);
    assert_eq!(c.payments(&visit).await, 2);
    let mut app = c.h.role("APP_DATABASE_URL").await;
    for table in ["invoice", "payment_notice"] {
        let sql = format!("UPDATE {table} SET reason = 'x'");
        assert!(sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut app).await.is_err(), "{table} cannot be rewritten");
    }
}

#[tokio::test]
async fn the_lines_of_the_visit_before_come_with_one_press() {
    let c = counter().await;
    let first = c.seen().await;
    assert!(c.act(&format!("/encounters/{first}/charge-items/copies"), &first, &[]).await.expect(422).body.contains("写せる前回"));
    c.add(&first, &[("q", "見本再診料"), ("points", "75")]).await.expect(303);
    c.add(&first, &[("q", "診断書"), ("unit_yen", "3,300")]).await.expect(303);
    c.pay(&first, &[("amount", "4050"), ("method", "cash")]).await.expect(303);
    let second = c.seen().await;
    c.act(&format!("/encounters/{second}/charge-items/copies"), &second, &[]).await.expect(303);
    let page = c.page(&second).await;
    assert!(page.body.contains("見本再診料") && page.body.contains("3,300円") && page.body.contains("value=\"4050\""), "{}", page.body);
}

#[tokio::test]
async fn nobody_pays_before_the_consultation_is_over() {
    let c = counter().await;
    let visit = c.receive().await;
    c.add(&visit, &[("q", "見本初診料"), ("points", "291")]).await.expect(303);
    assert!(c.page(&visit).await.body.contains("診察がまだ終わっていません"));
    let refused = c.pay(&visit, &[("amount", "2910"), ("method", "cash")]).await.expect(422);
    assert!(refused.body.contains("診察がまだ終わっていません"));
    assert_eq!(c.payments(&visit).await, 0);
}

#[tokio::test]
async fn the_worst_input_is_said_at_its_field_and_kept() {
    let c = counter().await;
    let visit = c.priced().await;
    for (field, value, says) in [
        ("points", "12345678901", "999,999までです"),
        ("points", "一", "0以上の整数"),
        ("points", "-5", "0以上の整数"),
        ("quantity", "0", "999までです"),
        ("q", "", "名称を入れて"),
        ("q", "\u{202e}逆", "読めない文字"),
        ("code", "999999999", "今日のマスターにありません"),
    ] {
        let usual = [("q", "見本検査"), ("points", "10")].into_iter().filter(|(name, _)| *name != field);
        let fields: Vec<_> = usual.chain([(field, value)]).collect();
        let page = c.add(&visit, &fields).await.expect(422);
        assert!(page.body.contains(says), "{field} {value}: {}", page.body);
    }
    for (field, value, says) in [
        ("amount", "99999999999", "9,999,999までです"),
        ("amount", "870.5", "0以上の整数"),
        ("method", "gold", "支払い方法"),
        ("amount", "0", "0円です"),
    ] {
        let usual = [("amount", "870"), ("method", "cash")].into_iter().filter(|(name, _)| *name != field);
        let fields: Vec<_> = usual.chain([(field, value)]).collect();
        let page = c.pay(&visit, &fields).await.expect(422);
        assert!(page.body.contains(says), "{field} {value}");
        assert!(field != "amount" || value == "0" || page.body.contains(&format!("value=\"{value}\"")), "{value} is kept");
    }
    assert_eq!(c.payments(&visit).await, 0);
}
