//! 調剤結果 and リフィル on the chart. FN-EP-08, FN-EP-10.

use super::*;

impl Rx<'_> {
    async fn dispensed_at(&self, pharmacy: &str, message: &str) {
        let held = self.shelf().pop().unwrap();
        self.d.services.shelf.receive(&held.access_code, pharmacy).unwrap();
        self.d.services.shelf.move_on(held.id, Status::Dispensed, message).unwrap();
        self.act(&self.d.clerk, "standing", &[]).await.expect(303);
        self.d.deliver().await;
    }

    async fn results(&self) -> Vec<Uuid> {
        let sql = "SELECT id FROM dispense_result WHERE prescription_id = $1 ORDER BY use_no";
        sqlx::query(sql).bind(self.id).fetch_all(&mut self.d.h.superuser().await).await.unwrap().iter().map(|row| row.get(0)).collect()
    }
}

async fn review(by: &Client, id: Uuid, token: &str) -> Answer {
    by.post(&format!("/dispensing-results/{id}/review"), &[("patient_token", token)]).await
}

/// FN-EP-10: what was handed out and said comes to the chart once, unread until a doctor has read it.
#[tokio::test]
async fn a_dispensing_result_is_unread_until_a_doctor_has_read_it() {
    let d = desk().await;
    let rx = d.rx().await;
    d.deliver().await;
    rx.dispensed_at("架空薬局", "残薬が<7>日分ありました").await;
    let page = rx.page().await;
    for words in ["未読", "見本電子処方錠 1錠 1日1回朝食後 14日分", "残薬が&#60;7&#62;日分ありました", "架空薬局", "調剤済"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    let list = d.doctor.get("/eprescriptions").await.expect(200);
    assert!(list.body.contains("未確認の調剤結果") && list.body.contains(&rx.visit) && list.statements() <= 12);
    assert!(!d.neighbour.client(d.h, Role::Doctor).await.get("/eprescriptions").await.expect(200).body.contains(&rx.visit));
    let [result] = rx.results().await[..] else { panic!() };
    review(&d.here.client(d.h, Role::Clerk).await, result, &d.patient).await.expect(403);
    review(&d.neighbour.client(d.h, Role::Doctor).await, result, &d.patient).await.expect(404);
    review(&d.doctor, result, &Uuid::max().to_string()).await.expect(422);
    review(&d.doctor, result, &d.patient).await.expect(303);
    review(&d.doctor, result, &d.patient).await.expect(303);
    assert!(rx.page().await.contains("確認済") && !rx.page().await.contains("未読"));
    assert!(!d.doctor.get("/eprescriptions").await.expect(200).body.contains(&rx.visit));
    let sql = "SELECT content FROM dispense_result WHERE id = $1";
    let sealed: Vec<u8> = sqlx::query(sql).bind(result).fetch_one(&mut d.h.superuser().await).await.unwrap().get(0);
    assert!(!String::from_utf8_lossy(&sealed).contains("残薬"), "kept sealed");
}

/// FN-EP-08: each use of a リフィル is followed, with the day of the next; the last one ends it.
#[tokio::test]
async fn each_use_of_a_refill_is_followed() {
    let d = desk().await;
    let visit = d.visit().await;
    d.line(&visit, DRUG).await;
    assert!(d.head(&visit, &[("refill", "4"), ("version", "1")]).await.expect(422).body.contains("2回・3回"));
    d.head(&visit, &[("refill", "3"), ("version", "1")]).await.expect(303);
    d.check(&visit).await;
    d.sign(&d.doctor, &visit).await.expect(303);
    let id = d.registrations(&visit).await[0];
    let rx = Rx { d: &d, visit, id };
    d.deliver().await;
    assert!(rx.shelf()[0].summary.csv.contains("\n64,3\n"));
    rx.dispensed_at("架空薬局", "").await;
    let page = rx.page().await;
    let next = (domain::clock::today(Utc::now()) + TimeDelta::days(14)).format("%m/%d").to_string();
    assert!(page.contains("調剤 1/3回目") && page.contains(&format!("次回調剤予定 {next}(前後7日)")), "{page}");
    assert_eq!(rx.status().await, "registered", "it waits for its next use");
    d.pass(TimeDelta::days(20));
    rx.dispensed_at("別の薬局", "").await;
    d.settle_clock();
    rx.dispensed_at("架空薬局", "").await;
    let page = rx.page().await;
    assert!(page.contains("調剤 3/3回目") && page.contains("別の薬局") && rx.status().await == "dispensed", "{page}");
    assert_eq!(rx.results().await.len(), 3);
}
