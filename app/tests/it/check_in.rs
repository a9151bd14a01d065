//! 受付の経路: what the patient held to the reader, kept with the answer and counted by month. FN-OQ-10, KPI-01, KPI-03.

use domain::Role;
use sqlx::Row;
use uuid::Uuid;

use crate::fixtures::{Clinic, two_clinics};
use crate::harness::{Client, Harness};

struct Desk {
    h: &'static Harness,
    here: Clinic,
    neighbour: Clinic,
    clerk: Client,
}

async fn desk() -> Desk {
    let h = Harness::get();
    let (here, neighbour) = two_clinics(h).await;
    let clerk = here.client(h, Role::Clerk).await;
    Desk { h, here, neighbour, clerk }
}

/// The file of somebody with this number; `medium` is what the reader says, `classification` 1 for a card and 2 for a number.
fn file(number: &str, medium: &str, classification: &str) -> String {
    let medium = if medium.is_empty() { String::new() } else { format!("<IdentificationMedium>{medium}</IdentificationMedium>") };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?><XmlMsg><MessageHeader><ReferenceClassification>{classification}</ReferenceClassification>{medium}\
         <SegmentOfResult>1</SegmentOfResult><CharacterCodeIdentifier>0</CharacterCodeIdentifier></MessageHeader>\
         <MessageBody><ProcessingResultStatus>1</ProcessingResultStatus><QualificationValidity>1</QualificationValidity><ResultList><ResultOfQualificationConfirmation>\
         <InsurerNumber>01139997</InsurerNumber><InsuredIdentificationNumber>{number}</InsuredIdentificationNumber><Name>架空　{number}</Name><NameKana>ｶｸｳ ﾀﾛｳ</NameKana>\
         <Sex1>1</Sex1><Birthdate>19750401</Birthdate></ResultOfQualificationConfirmation></ResultList></MessageBody></XmlMsg>"
    )
}

impl Desk {
    /// Takes a file over as a new patient; `channel` is what the desk says.
    async fn take(&self, file: String, channel: &str) -> String {
        let part = reqwest::multipart::Part::bytes(file.into_bytes()).file_name("OQSsiquc01res_face_1.xml");
        let form = reqwest::multipart::Form::new().part("file", part);
        let request = self.clerk.request("POST", "/reception/reader-results").multipart(form);
        let path = self.clerk.send(request).await.expect(303).header("location").to_owned();
        let page = self.clerk.get(&path).await.expect(200).body;
        let form = [("patient", "new"), ("patient_token", ""), ("choice", "0"), ("channel", channel)];
        self.clerk.post(&format!("{path}/reflection"), &form).await.expect(303);
        page
    }

    async fn channels(&self) -> Vec<String> {
        let sql = "SELECT channel FROM reader_result WHERE tenant_id = $1 ORDER BY id";
        let rows = sqlx::query(sql).bind(self.here.id.as_uuid()).fetch_all(&mut self.h.superuser().await).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }
}

/// FN-OQ-10: a smartphone is taken like the card and stays known as one; where the reader does not say, or says it wrong, the desk does.
#[tokio::test]
async fn a_smartphone_is_taken_like_the_card_and_recorded() {
    let d = desk().await;
    let page = d.take(file("9000001", "2", "1"), "").await;
    assert!(page.contains("value=\"phone\" checked") && page.contains("マイナ保険証(スマートフォン)"), "{page}");
    let page = d.take(file("9000002", "", "1"), "phone").await;
    assert!(page.contains("value=\"card\" checked"), "{page}");
    d.take(file("9000003", "", "1"), "card").await;
    // Asked by number: nobody held anything to a reader, whatever is posted; words from nowhere change nothing.
    let page = d.take(file("9000004", "", "2"), "phone").await;
    assert!(!page.contains("name=\"channel\""), "{page}");
    d.take(file("9000005", "2", "1"), "<script>").await;
    d.take(file("9000006", "2", "1"), "number").await;
    assert_eq!(d.channels().await, ["phone", "phone", "card", "number", "phone", "phone"]);
    let sql = "SELECT count(*) FROM audit_event WHERE tenant_id = $1 AND act = 'import' AND detail->>'channel' = 'phone'";
    let told: i64 = sqlx::query(sql).bind(d.here.id.as_uuid()).fetch_one(&mut d.h.superuser().await).await.unwrap().get(0);
    assert_eq!(told, 4);
}

/// KPI-01, KPI-03: a month's visits by the way they came in; cancelled ones and the neighbour's are not among them.
#[tokio::test]
async fn a_months_visits_are_counted_by_channel() {
    let d = desk().await;
    for (number, medium, classification, channel) in
        [("9000001", "", "1", "card"), ("9000002", "2", "1", ""), ("9000003", "2", "1", ""), ("9000004", "", "2", "")]
    {
        d.take(file(number, medium, classification), channel).await;
    }
    let form = [("name_ideographic", "予約 花子"), ("name_syllabic", "ヨヤク ハナコ"), ("sex", "female"), ("birth_date", "1980-01-01")];
    let made = d.clerk.post("/patients", &form).await.expect(303);
    let patient = made.header("location").split('?').next().unwrap().replace("/patients/", "");
    let key = Uuid::now_v7().to_string();
    let form = [("patient_token", patient.as_str()), ("class", "AMB"), ("again", "yes"), ("idempotency_key", key.as_str())];
    d.clerk.post("/encounters", &form).await.expect(303);
    let sql = "UPDATE encounter SET status = 'cancelled' WHERE tenant_id = $1 AND id = (SELECT encounter_id FROM reader_result WHERE tenant_id = $1 ORDER BY id DESC OFFSET 1 LIMIT 1)";
    sqlx::query(sql).bind(d.here.id.as_uuid()).execute(&mut d.h.superuser().await).await.unwrap();

    let admin = d.here.client(d.h, Role::ClinicAdmin).await;
    let page = admin.get("/reception/figures").await.expect(200);
    let squeezed: String = page.body.split_whitespace().collect();
    for cell in [
        "マイナ保険証(カード)</th><tdclass=\"num\">1</td><tdclass=\"num\">25.0%",
        "マイナ保険証(スマートフォン)</th><tdclass=\"num\">1</td><tdclass=\"num\">25.0%",
        "資格確認書・番号</th><tdclass=\"num\">1</td>",
        "照会せずに受付</th><tdclass=\"num\">1</td>",
        "合計</th><tdclass=\"num\">4</td>",
        "2÷3</td><tdclass=\"num\">66.7%",
    ] {
        assert!(squeezed.contains(cell), "{cell}: {}", page.body);
    }
    assert!(page.statements() <= 12);
    let next_door = d.neighbour.client(d.h, Role::ClinicAdmin).await.get("/reception/figures").await.expect(200).body;
    assert!(next_door.split_whitespace().collect::<String>().contains("合計</th><tdclass=\"num\">0</td>"));
    d.clerk.get("/reception/figures").await.expect(403);
    for odd in ["2026-13", "<script>", "9999-12", "0000-00", ""] {
        assert_eq!(admin.get(&format!("/reception/figures?month={odd}")).await.status, 200, "{odd}");
    }
}
