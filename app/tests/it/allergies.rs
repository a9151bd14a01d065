//! アレルギー through the real application.

use domain::Role;
use sqlx::Row;
use uuid::Uuid;

use crate::fixtures::{Clinic, two_clinics};
use crate::harness::{Answer, Client, Harness};

struct Ward {
    h: &'static Harness,
    here: Clinic,
    neighbour: Clinic,
    doctor: Client,
    patient: String,
}

async fn ward() -> Ward {
    let h = Harness::get();
    let (here, neighbour) = two_clinics(h).await;
    let doctor = here.client(h, Role::Doctor).await;
    let form = [("name_ideographic", "髙﨑 𠮷子"), ("name_syllabic", "タカサキ ヨシコ"), ("sex", "female"), ("birth_date", "1965-04-01")];
    let patient = doctor.post("/patients", &form).await.expect(303).header("location").split('?').next().unwrap().replace("/patients/", "");
    Ward { h, here, neighbour, doctor, patient }
}

impl Ward {
    fn path(&self) -> String {
        format!("/patients/{}/allergies", self.patient)
    }

    async fn add(&self, changes: &[(&str, &str)]) -> Answer {
        let key = Uuid::now_v7().to_string();
        let mut form = vec![
            ("patient_token", self.patient.as_str()),
            ("idempotency_key", key.as_str()),
            ("category", "food"),
            ("substance", "そば"),
            ("severity", "severe"),
            ("certainty", "confirmed"),
            ("source", "patient"),
        ];
        for (name, value) in changes {
            form.retain(|(known, _)| known != name);
            form.push((name, value));
        }
        self.doctor.post(&self.path(), &form).await
    }

    async fn page(&self) -> Answer {
        self.doctor.get(&self.path()).await.expect(200)
    }

    async fn none(&self) -> Answer {
        let key = Uuid::now_v7().to_string();
        let form = [("patient_token", self.patient.as_str()), ("idempotency_key", key.as_str()), ("source", "patient")];
        self.doctor.post(&format!("{}/none", self.path()), &form).await
    }
}

/// 「なし」 is stated, contradicted by a substance, and possible again only when nothing stands.
#[tokio::test]
async fn not_asked_none_and_present_are_three_things() {
    let w = ward().await;
    let page = w.page().await;
    assert!(page.body.contains("まだ聞き取っていません") && page.body.contains("未確認"));
    assert!(page.statements() <= 12);
    w.none().await.expect(303);
    assert!(w.page().await.body.contains("アレルギーなし"));
    w.add(&[]).await.expect(303);
    let page = w.page().await;
    assert!(page.body.contains("そば(重症)"), "the stripe names it: {}", page.body);
    assert!(w.none().await.expect(422).body.contains("登録された物質があります"));
}

/// J-FAGY's code is kept with its name; a code on no list is not taken quietly.
#[tokio::test]
async fn a_substance_is_found_by_reading_and_kept_with_its_code() {
    let w = ward().await;
    let options = w.doctor.post("/allergies/substances", &[("category", "food"), ("substance", "そば")]).await.expect(200);
    assert!(options.body.contains("J9FA19140000") && !options.body.contains("医薬品マスター"));
    w.add(&[("substance_code", "J9FA19140000"), ("substance", "そ")]).await.expect(303);
    let row = sqlx::query("SELECT substance, substance_system FROM allergy_intolerance WHERE tenant_id = $1")
        .bind(w.here.id.as_uuid())
        .fetch_one(&mut w.h.superuser().await)
        .await
        .unwrap();
    assert_eq!((row.get::<String, _>(0).as_str(), row.get::<String, _>(1).as_str()), ("そば", "jfagy"));
    assert!(w.add(&[("substance_code", "J9FX00000000")]).await.expect(422).body.contains("一覧にありません"));
}

#[tokio::test]
async fn wrong_input_is_told_at_its_field_and_kept() {
    let w = ward().await;
    let long = "あ".repeat(101);
    for (field, value, says) in [
        ("category", "none", "種類を選んで"),
        ("substance", " ", "物質を入れて"),
        ("reaction", long.as_str(), "100文字まで"),
        ("severity", "deadly", "重症度を選んで"),
        ("certainty", "", "確実度を選んで"),
        ("source", "rumour", "出典を選んで"),
    ] {
        let page = w.add(&[("reaction", "残しておく言葉"), (field, value)]).await.expect(422);
        assert!(page.body.contains(says), "{field}: {}", page.body);
        assert!(field == "reaction" || page.body.contains("残しておく言葉"));
    }
    assert!(w.page().await.body.contains("まだ聞き取っていません"));
    w.add(&[("patient_token", "x")]).await.expect(422);
}

#[tokio::test]
async fn posted_twice_is_once_and_an_end_needs_its_version_and_a_reason() {
    let w = ward().await;
    let key = Uuid::now_v7().to_string();
    for _ in 0..2 {
        w.add(&[("idempotency_key", key.as_str())]).await.expect(303);
    }
    let page = w.page().await;
    assert_eq!(page.body.matches("/end\"").count(), 1);
    let id = page.body.split("/allergies/").find_map(|part| part.split_once("/end").map(|(id, _)| id.to_owned())).unwrap();
    let end = async |client: &Client, version: &str, reason: &str| {
        let form = [("patient_token", w.patient.as_str()), ("version", version), ("status", "entered_in_error"), ("reason", reason)];
        client.post(&format!("/allergies/{id}/end"), &form).await
    };
    end(&w.doctor, "7", "聞き間違い").await.expect(409);
    end(&w.doctor, "1", "").await.expect(422);
    end(&w.here.client(w.h, Role::Pharmacist).await, "1", "聞き間違い").await.expect(403);
    end(&w.neighbour.client(w.h, Role::Doctor).await, "1", "聞き間違い").await.expect(404);
    end(&w.doctor, "1", "聞き間違い").await.expect(303);
    let page = w.page().await;
    assert!(page.body.contains("終わった登録 1件") && page.body.contains("誤登録"));
    let stripe = page.body.split("class=\"guard\"").nth(1).unwrap().split("</dl>").next().unwrap().to_owned();
    assert!(!stripe.contains("そば"), "the stripe shows what stands only");
    end(&w.doctor, "2", "聞き間違い").await.expect(409);
}

/// The chart's stripe says it on every page about the patient.
#[tokio::test]
async fn the_stripe_of_the_chart_knows() {
    let w = ward().await;
    w.add(&[]).await.expect(303);
    let chart = w.doctor.get(&format!("/patients/{}/chart", w.patient)).await.expect(200);
    assert!(chart.body.contains("そば(重症)") && chart.body.contains(&w.path()));
}
