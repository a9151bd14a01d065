//! 保険・公費 by hand (S04): check digits, old beside new, versions, 目視, and the way onto bill and 処方箋.

use domain::Role;
use sqlx::Row;
use uuid::Uuid;

use crate::billing::{Counter, counter};
use crate::harness::Answer;

/// A card whose numbers add up.
const CARD: [(&str, &str); 9] = [
    ("kind", "employees"),
    ("insurer_number", "０１１３９９９７"),
    ("insured_symbol", "12"),
    ("insured_number", "9000001"),
    ("relation", "self"),
    ("copay_percent", "30"),
    ("valid_from", "R7.4.1"),
    ("verified_on", "2026-11-01"),
    ("verification", "certificate"),
];
const DISEASE: [(&str, &str); 9] = [
    ("kind", "public_expense"),
    ("insurer_number", "54139993"),
    ("insured_number", "1234566"),
    ("relation", "self"),
    ("priority", "1"),
    ("cap_yen", "5,000"),
    ("valid_from", "2025-10-01"),
    ("verified_on", "2026-11-01"),
    ("verification", "certificate"),
];

struct Desk(Counter);

impl Desk {
    async fn open() -> Self {
        Self(counter().await)
    }

    async fn post(&self, path: &str, base: &[(&str, &str)], changes: &[(&str, &str)]) -> Answer {
        let key = Uuid::now_v7().to_string();
        let mut form = vec![("patient_token", self.0.patient.as_str()), ("idempotency_key", key.as_str())];
        form.extend(base);
        for (name, value) in changes {
            form.retain(|(known, _)| known != name);
            form.push((name, value));
        }
        self.0.clerk.post(path, &form).await
    }

    async fn add(&self, base: &[(&str, &str)], changes: &[(&str, &str)]) -> Answer {
        self.post(&format!("/patients/{}/coverages", self.0.patient), base, changes).await
    }

    /// kind, insurer number, version, eligibility and end, oldest first.
    async fn rows(&self) -> Vec<(Uuid, String, i32, String, Option<chrono::NaiveDate>)> {
        let patient: Uuid = self.0.patient.parse().unwrap();
        let sql = "SELECT id, insurer_number, version, eligibility, valid_to FROM coverage WHERE patient_id = $1 ORDER BY id";
        let rows = sqlx::query(sql).bind(patient).fetch_all(&mut self.0.h.superuser().await).await.unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3), row.get(4))).collect()
    }

    async fn inquiries(&self) -> Vec<String> {
        let patient: Uuid = self.0.patient.parse().unwrap();
        let sql = "SELECT status FROM eligibility_inquiry WHERE patient_id = $1 ORDER BY id";
        let rows = sqlx::query(sql).bind(patient).fetch_all(&mut self.0.h.superuser().await).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    async fn patient_page(&self) -> String {
        self.0.clerk.get(&format!("/patients/{}", self.0.patient)).await.expect(200).body
    }
}

/// S04: the first card is written at once; another one stands beside it until 反映, and then the old one ends the day before.
#[tokio::test]
async fn a_card_is_typed_compared_and_taken_over_with_its_history() {
    let d = Desk::open().await;
    let page = d.0.clerk.get(&format!("/patients/{}/coverages/new", d.0.patient)).await.expect(200);
    assert!(page.body.contains("保険者番号") && page.statements() <= 12);
    d.add(&CARD, &[]).await.expect(303);
    let visit = d.0.receive().await;
    let other = [("insurer_number", "06139992"), ("insured_number", "77"), ("valid_from", "2026-10-01")];
    let compared = d.add(&CARD, &other).await.expect(200);
    assert!(compared.body.contains("<del>01139997</del>") && compared.body.contains("<ins>06139992</ins>"), "{}", compared.body);
    assert!(compared.body.contains("2026-09-30 で終わりにします") && d.rows().await.len() == 1, "nothing is written before 反映");
    let back = d.add(&CARD, &[other[0], other[1], other[2], ("compared", "back")]).await.expect(200);
    assert!(back.body.contains("value=\"06139992\"") && d.rows().await.len() == 1);
    d.add(&CARD, &[other[0], other[1], other[2], ("compared", "yes")]).await.expect(303);
    let rows = d.rows().await;
    assert_eq!((rows[0].3.as_str(), rows[0].4), ("superseded", "2026-09-30".parse().ok()));
    assert_eq!((rows[1].1.as_str(), rows[1].3.as_str()), ("06139992", "unchecked"));
    let bill = d.0.page(&visit).await;
    assert!(!bill.body.contains("id=\"coverage-trouble\""), "today's visit took the new insurance");
    let history = d.0.clerk.get(&format!("/coverages/{}/history", rows[0].0)).await.expect(200);
    assert!(history.body.contains("1版") && history.body.contains("新しい資格に切替") && history.body.contains("無効(新資格あり)"));
}

/// S04: an edit compares too; a stale one shows both and writes nothing; the same words again write no version.
#[tokio::test]
async fn an_edit_is_compared_and_a_stale_one_loses_nothing() {
    let d = Desk::open().await;
    d.add(&CARD, &[]).await.expect(303);
    let id = d.rows().await[0].0;
    let path = format!("/coverages/{id}");
    assert!(d.0.clerk.get(&path).await.expect(200).body.contains("value=\"01139997\""));
    let shares = [("copay_percent", "20"), ("version", "1")];
    let compared = d.post(&path, &CARD, &shares).await.expect(200);
    assert!(compared.body.contains("<del>3割</del>") && compared.body.contains("<ins>2割</ins>"));
    d.post(&path, &CARD, &[shares[0], shares[1], ("compared", "yes")]).await.expect(303);
    assert_eq!(d.rows().await[0].2, 2);
    let stale = d.post(&path, &CARD, &[("limit_category", "A03"), ("version", "1"), ("compared", "yes")]).await.expect(409);
    assert!(stale.body.contains("何も記録していません") && stale.body.contains("name=\"version\" value=\"2\""));
    assert_eq!(d.rows().await[0].2, 2, "nothing was written");
    d.post(&path, &CARD, &[("copay_percent", "20"), ("version", "2")]).await.expect(303);
    assert_eq!(d.rows().await[0].2, 2, "the same words are no new version");
}

/// S04: wrong check digits, the worst lengths, another patient's token, the same form twice, the clinic next door.
#[tokio::test]
async fn what_does_not_add_up_is_refused_with_the_input_kept() {
    let d = Desk::open().await;
    for (field, value, says) in [
        ("insurer_number", "01139998", "最後の桁は 7"),
        ("insurer_number", "0113999", "6桁か8桁"),
        ("insurer_number", "39139993", "後期のもの"),
        ("insured_number", "", "番号を20文字まで"),
        ("branch_number", "123", "枝番は2桁"),
        ("valid_to", "2020-01-01", "終わりが始まりより前"),
        ("valid_from", "", "始まりを入れて"),
        ("verified_on", "2099-01-01", "確認日を今日まで"),
        ("copay_percent", "15", "負担割合を選んで"),
        ("insurer_name", "\u{0}", "読める文字だけ"),
    ] {
        let refused = d.add(&CARD, &[(field, value)]).await.expect(422);
        assert!(refused.body.contains(says), "{field} {value}");
        assert!(refused.body.contains("9000001") || field == "insured_number", "the input is kept");
    }
    d.add(&CARD, &[("patient_token", &Uuid::nil().to_string())]).await.expect(422);
    assert!(d.rows().await.is_empty());
    let key = Uuid::now_v7().to_string();
    d.add(&CARD, &[("idempotency_key", &key)]).await.expect(303);
    d.add(&CARD, &[("idempotency_key", &key)]).await.expect(303);
    assert_eq!(d.rows().await.len(), 1);
    let id = d.rows().await[0].0;
    let next_door = d.0.neighbour.client(d.0.h, Role::Clerk).await;
    next_door.get(&format!("/coverages/{id}")).await.expect(404);
    next_door.get(&format!("/coverages/{id}/history")).await.expect(404);
    next_door.get(&format!("/patients/{}/coverages/new", d.0.patient)).await.expect(404);
}

/// S04, EligibilityStatus `manual_verified`: 目視 marks the coverage and puts it on 再照会, once.
#[tokio::test]
async fn sight_marks_the_coverage_and_is_asked_again() {
    let d = Desk::open().await;
    d.add(&CARD, &[("verification", "sight")]).await.expect(303);
    assert_eq!(d.rows().await[0].3, "manual_verified");
    assert_eq!(d.inquiries().await, ["manual_verified"]);
    assert!(d.patient_page().await.contains("目視確認"));
    let list = d.0.clerk.get("/reception/inquiries").await.expect(200);
    assert!(list.body.contains("01139997 9000001") && list.body.contains("目視・回答待ち"), "{}", list.body);
    let id = d.rows().await[0].0;
    d.post(
        &format!("/coverages/{id}"),
        &CARD,
        &[("verification", "sight"), ("version", "1"), ("copay_percent", "20"), ("compared", "yes")],
    )
    .await
    .expect(303);
    assert_eq!(d.inquiries().await.len(), 1, "what waits already is not asked twice");
}

/// S04 公費[]: ranks, the fifth, a recipient number without a check digit; on the bill, its 明細書 and the 処方箋.
#[tokio::test]
async fn public_expense_stands_beside_the_insurance_and_reaches_the_papers() {
    let d = Desk::open().await;
    d.add(&CARD, &[]).await.expect(303);
    d.add(&DISEASE, &[]).await.expect(303);
    assert_eq!(d.rows().await[0].4, None, "公費 ends no insurance");
    assert!(d.add(&DISEASE, &[("insured_number", "7654320")]).await.expect(422).body.contains("第1公費はもうあります"));
    let unchecked = [("insurer_number", "80139991"), ("insured_number", "1234567"), ("priority", "2")];
    assert!(d.add(&DISEASE, &unchecked).await.expect(422).body.contains("name=\"as_written\""));
    d.add(&DISEASE, &[unchecked[0], unchecked[1], unchecked[2], ("as_written", "yes")]).await.expect(303);
    for (number, priority) in [("1234566", "3"), ("7654320", "4")] {
        d.add(&DISEASE, &[("insurer_number", "21139993"), ("insured_number", number), ("priority", priority)]).await.expect(303);
    }
    let fifth = d.add(&DISEASE, &[("insurer_number", "15139991")]).await.expect(422);
    assert!(fifth.body.contains("同時に4つまで"));
    let visit = d.0.seen().await;
    let bill = d.0.page(&visit).await;
    assert!(bill.body.contains("第1公費 難病 上限 5000円/月") && bill.body.contains("第2公費 地方単独"), "{}", bill.body);
    assert!(bill.statements() <= 12, "{}", bill.statements());
    assert!(d.patient_page().await.contains("第1公費 難病 上限 5,000円/月"));
}

/// Bad input of issue 3: coverage that ended in the middle of a visit is said plainly on board and bill, and can be replaced.
#[tokio::test]
async fn a_coverage_that_ended_meanwhile_is_said_on_board_and_bill() {
    let d = Desk::open().await;
    d.add(&CARD, &[]).await.expect(303);
    let visit = d.0.seen().await;
    let id = d.rows().await[0].0;
    d.post(&format!("/coverages/{id}"), &CARD, &[("version", "1"), ("valid_to", "2026-01-31"), ("compared", "yes")]).await.expect(303);
    let board = d.0.clerk.get("/board?state=all").await.expect(200);
    assert!(board.body.contains("期間終了"), "the board says it");
    let bill = d.0.page(&visit).await;
    assert!(bill.body.contains("この受診の保険は 2026-01-31 で終わっています") && bill.body.contains("保険を登録する"));
    let other = [("insurer_number", "06139992"), ("copay_percent", "20"), ("valid_from", "2026-02-01"), ("compared", "yes")];
    d.add(&CARD, &other).await.expect(303);
    assert!(!d.0.page(&visit).await.body.contains("id=\"coverage-trouble\""), "a visit still open takes the new insurance");
    // Put back by hand, the bill offers the other one.
    let use_it = |coverage: Uuid, version: i64| {
        let form = [("coverage_id", coverage.to_string()), ("version", version.to_string()), ("patient_token", d.0.patient.clone())];
        let (clerk, path) = (&d.0.clerk, format!("/encounters/{visit}/coverage"));
        async move {
            let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
            clerk.post(&path, &form).await
        }
    };
    let version = || async {
        let id: Uuid = visit.parse().unwrap();
        let sql = "SELECT version::bigint FROM encounter WHERE id = $1";
        sqlx::query(sql).bind(id).fetch_one(&mut d.0.h.superuser().await).await.unwrap().get::<i64, _>(0)
    };
    use_it(id, version().await).await.expect(303);
    let bill = d.0.page(&visit).await;
    assert!(bill.body.contains("id=\"coverage-trouble\"") && bill.body.contains("保険を替える"));
    let new = d.rows().await[1].0;
    use_it(new, 1).await.expect(409);
    use_it(new, version().await).await.expect(303);
    assert!(!d.0.page(&visit).await.body.contains("id=\"coverage-trouble\""));
    use_it(Uuid::now_v7(), version().await).await.expect(404);
}

/// A card that begins later, and a past visit under a card that was replaced since: neither is a reason to doubt the visit.
#[tokio::test]
async fn a_later_card_leaves_today_and_the_past_alone() {
    let d = Desk::open().await;
    d.add(&CARD, &[]).await.expect(303);
    let visit = d.0.seen().await;
    let later = [("insurer_number", "06139992"), ("insured_number", "77"), ("valid_from", "2099-04-01"), ("compared", "yes")];
    d.add(&CARD, &later).await.expect(303);
    let rows = d.rows().await;
    assert_eq!((rows[0].3.as_str(), rows[0].4), ("unchecked", "2099-03-31".parse().ok()), "good until the day before");
    let bill = d.0.page(&visit).await;
    assert!(bill.body.contains("全国健康保険協会") || bill.body.contains("社保"), "{}", bill.body);
    assert!(!bill.body.contains("id=\"coverage-trouble\"") && !bill.body.contains("保険を替える"), "the later card is no choice yet");
    let board = d.0.clerk.get("/board?state=all").await.expect(200);
    assert!(!board.body.contains("期間終了"));
}
