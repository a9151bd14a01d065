//! 紙へ切替 and 取消.

use super::*;

/// Scenario 4: the service is away, the doctor turns to paper, and nothing can send the electronic one any more.
#[tokio::test]
async fn what_was_never_sent_is_paper_at_once() {
    let d = desk().await;
    let rx = d.rx().await;
    d.services.eps_faults.next(Fault::Closed, 3);
    d.deliver().await;
    assert!(rx.page().await.contains("受付時間外") && rx.page().await.contains("Alt+X"));
    rx.act(&d.here.client(d.h, Role::Nurse).await, "paper", &[]).await.expect(403);
    rx.act(&d.neighbour.client(d.h, Role::Doctor).await, "paper", &[]).await.expect(404);
    rx.act(&d.doctor, "paper", &[("patient_token", &Uuid::max().to_string())]).await.expect(422);
    rx.act(&d.doctor, "paper", &[("version", "77")]).await.expect(409);
    rx.act(&d.doctor, "paper", &[("version", "")]).await.expect(422);
    rx.act(&d.doctor, "paper", &[("idempotency_key", "x")]).await.expect(422);
    let key = Uuid::now_v7().to_string();
    rx.act(&d.doctor, "paper", &[("idempotency_key", &key)]).await.expect(303);
    let version = rx.row().await.1;
    rx.act(&d.doctor, "paper", &[("idempotency_key", &key)]).await.expect(303);
    assert_eq!(rx.row().await.1, version, "pressed twice it is done once");
    assert!(rx.paper().await.expect(422).body.contains("もう紙に切り替えたか"));
    assert_eq!((rx.status().await.as_str(), rx.head().await.as_str()), ("paper", "issued_paper"));
    rx.pdf("prescription").await.expect(200);

    rx.press_on_outbox("dispatch").await.expect(303);
    d.services.eps_faults.clear();
    d.pass(TimeDelta::minutes(5));
    d.deliver().await;
    assert_eq!(rx.shelf().len(), 0, "再送 sends nothing that is on paper");
    let outbox = d.clerk.get("/outbox").await.expect(200).body;
    assert!(outbox.contains("紙へ切り替えたか取り消したため、送りませんでした"), "{outbox}");
}

/// Scenario 4: the answer was lost. No paper leaves before the service has been asked and what stood there is taken back.
#[tokio::test]
async fn what_may_have_arrived_is_taken_back_before_paper_leaves() {
    for fault in [Fault::LostReply, Fault::Cut, Fault::Malformed, Fault::Failing] {
        let d = desk().await;
        let rx = d.rx().await;
        d.services.eps_faults.next(fault, 1);
        d.deliver().await;
        rx.paper().await.expect(303);
        assert_eq!(rx.status().await, "to_paper", "{fault:?}");
        assert!(rx.page().await.contains("確かめ終わると紙の処方箋を印刷できます"));
        rx.pdf("prescription").await.expect(422);
        assert!(rx.withdraw().await.expect(422).body.contains("いま電子処方箋管理サービスに確かめています"));
        d.deliver().await;
        assert_eq!(rx.status().await, "to_paper", "{fault:?}: not before a request on its way has arrived or died");
        d.pass(TimeDelta::minutes(1));
        d.deliver().await;
        assert_eq!((rx.status().await.as_str(), rx.standing()), ("paper", 0), "{fault:?}");
        rx.pdf("prescription").await.expect(200);
    }
    let d = desk().await;
    // A pharmacy was quicker: it stays electronic, and the page says why.
    let rx = d.rx().await;
    d.services.eps_faults.next(Fault::LostReply, 1);
    d.deliver().await;
    rx.paper().await.expect(303);
    d.services.shelf.receive(&rx.shelf()[0].access_code, "架空薬局").unwrap();
    d.pass(TimeDelta::minutes(1));
    d.deliver().await;
    assert_eq!((rx.status().await.as_str(), rx.head().await.as_str()), ("received", "registered"));
    assert!(rx.page().await.contains("紙への切替はできませんでした"));
    rx.pdf("prescription").await.expect(422);
    rx.pdf("prescription-copy").await.expect(200);
}

/// FN-EP-12: taken back before a pharmacy has it, with a reason; a stuck withdrawal is tried again.
#[tokio::test]
async fn a_registered_prescription_is_taken_back_until_a_pharmacy_has_it() {
    let d = desk().await;
    let rx = d.rx().await;
    d.deliver().await;
    assert!(rx.paper().await.expect(422).body.contains("電子処方箋として登録されました"));
    assert!(rx.act(&d.doctor, "revocation", &[]).await.expect(422).body.contains("取り消す理由"));
    rx.act(&d.doctor, "revocation", &[("reason", "x"), ("version", "1")]).await.expect(409);
    let take_back = format!("/prescriptions/{}/withdrawal", rx.id);
    let head: i32 = sqlx::query("SELECT version FROM prescription WHERE id = $1")
        .bind(rx.id)
        .fetch_one(&mut d.h.superuser().await)
        .await
        .unwrap()
        .get(0);
    let version = head.to_string();
    let form = [("patient_token", d.patient.as_str()), ("version", &version), ("reason", "x")];
    assert!(
        d.doctor.post(&take_back, &form).await.expect(422).body.contains("電子処方箋を取り消す"),
        "the paper's way does not take it back"
    );
    d.services.eps_faults.next(Fault::Duplicate, 1);
    rx.withdraw().await.expect(303);
    assert_eq!(rx.status().await, "withdrawing");
    for _ in 0..4 {
        d.deliver().await;
        d.pass(TimeDelta::minutes(2));
    }
    assert_eq!((rx.status().await.as_str(), rx.head().await.as_str(), rx.standing()), ("withdrawn", "withdrawn", 0));
    assert!(rx.page().await.contains("用量の誤り"));
    let pane = d.doctor.get(&format!("/encounters/{}/prescription", rx.visit)).await.expect(200).body;
    assert!(pane.contains("まだ処方はありません"), "its lines no longer stand");

    // The service is away for longer than anybody tries: the doctor pushes on when it is back.
    let rx = d.rx().await;
    d.deliver().await;
    d.services.eps_faults.next(Fault::Closed, 1000);
    rx.withdraw().await.expect(303);
    for _ in 0..60 {
        d.deliver().await;
        d.pass(TimeDelta::minutes(11));
    }
    assert!(rx.page().await.contains("もう一度確かめる"), "{}", rx.page().await);
    d.services.eps_faults.clear();
    rx.paper().await.expect(303);
    d.pass(TimeDelta::minutes(1));
    d.deliver().await;
    assert_eq!((rx.status().await.as_str(), rx.standing()), ("withdrawn", 0));
}
