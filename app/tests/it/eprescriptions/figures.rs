//! 電子処方箋の数. KPI-07, KPI-09, KPI-10.

use super::*;

/// KPI-07, KPI-09, KPI-10: counted from what was issued, dispensed and checked; the neighbour's are not among them.
#[tokio::test]
async fn a_months_figures_are_the_clinics_own() {
    let d = desk().await;
    let rx = d.rx().await;
    d.deliver().await;
    let taken = d.rx().await;
    d.deliver().await;
    d.services.shelf.receive(&taken.shelf()[0].access_code, "架空薬局").unwrap();
    d.services.shelf.move_on(taken.shelf()[0].id, Status::Dispensed, "").unwrap();
    taken.act(&d.clerk, "standing", &[]).await.expect(303);
    d.deliver().await;
    let visit = d.visit().await;
    d.line(&visit, DRUG).await;
    d.sign(&d.doctor, &visit).await.expect(303);
    rx.withdraw().await.expect(303);
    d.deliver().await;
    let admin = d.here.client(d.h, Role::ClinicAdmin).await;
    let page = admin.get("/eprescriptions/figures").await.expect(200);
    let squeezed: String = page.body.split_whitespace().collect();
    for cell in [
        "電子</th><tdclass=\"num\">1</td><tdclass=\"num\">50.0%",
        "紙</th><tdclass=\"num\">1</td><tdclass=\"num\">50.0%",
        "登録した処方箋</th><tdclass=\"num\">1</td>",
        "調剤結果が登録されたもの</th><tdclass=\"num\">1</td><tdclass=\"num\">100.0%",
    ] {
        assert!(squeezed.contains(cell), "{cell}: {}", page.body);
    }
    assert!(page.statements() <= 12);
    let next_door = d.neighbour.client(d.h, Role::ClinicAdmin).await.get("/eprescriptions/figures").await.expect(200).body;
    assert!(next_door.split_whitespace().collect::<String>().contains("合計</th><tdclass=\"num\">0</td>"));
    d.doctor.get("/eprescriptions/figures").await.expect(403);
    for odd in ["2026-13", "<script>", "9999-12", "0000-00", ""] {
        let answer = admin.get(&format!("/eprescriptions/figures?month={odd}")).await;
        assert_eq!(answer.status, 200, "{odd}");
    }
    assert!(admin.get("/eprescriptions/figures?month=2020-01").await.expect(200).body.contains("2020年1月"));
}

/// KPI-06: a clinic is live once 電子処方箋管理サービス took one of its prescriptions, and not for having one under way.
#[tokio::test]
async fn a_clinic_is_live_once_a_prescription_was_taken() {
    let d = desk().await;
    let (operator, now) = (d.h.operator(), Utc::now());
    let is_live = async |now| tsumugi::figures::live(&operator, now).await.unwrap().contains(&d.here.id);
    d.rx().await;
    assert!(!is_live(now).await, "nothing was sent yet");
    d.deliver().await;
    assert!(is_live(now).await);
    assert!(!is_live(now + TimeDelta::days(91)).await, "nor for what it did long ago");
    assert!(!tsumugi::figures::live(&operator, now).await.unwrap().contains(&d.neighbour.id));
}
