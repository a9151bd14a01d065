//! 資格確認の取込 through the real application: a reader's file becomes patient, coverage and visit, once.

use domain::Role;
use sqlx::Row;
use uuid::Uuid;

use crate::fixtures::{Clinic, two_clinics};
use crate::harness::{Answer, Client, Harness};

const LIST: &str = "/reception/reader-results";

/// A card as the tests vary it.
pub struct Card<'a> {
    name: &'a str,
    kana: &'a str,
    birth: &'a str,
    insurer: &'a str,
    number: &'a str,
    ratio: &'a str,
    reference: &'a str,
    from: &'a str,
}

pub const TARO: Card<'static> = Card {
    name: "架空　太郎",
    kana: "ｶｸｳ ﾀﾛｳ",
    birth: "19750401",
    insurer: "01139997",
    number: "9000001",
    ratio: "030",
    reference: "",
    from: "20200401",
};

pub fn person(card: &Card<'_>) -> String {
    format!(
        "<ResultOfQualificationConfirmation><InsuredCardClassification>01</InsuredCardClassification><InsurerNumber>{}</InsurerNumber>\
         <InsuredIdentificationNumber>{}</InsuredIdentificationNumber><InsuredBranchNumber>00</InsuredBranchNumber><PersonalFamilyClassification>1</PersonalFamilyClassification>\
         <Name>{}</Name><NameKana>{}</NameKana><Sex1>1</Sex1><Birthdate>{}</Birthdate><QualificationDate>{}</QualificationDate>\
         <InsuredPartialContributionRatio>{}</InsuredPartialContributionRatio><InsurerName>架空保険</InsurerName>{}</ResultOfQualificationConfirmation>",
        card.insurer,
        card.number,
        card.name,
        card.kana,
        card.birth,
        card.from,
        card.ratio,
        if card.reference.is_empty() { String::new() } else { format!("<ReferenceNumber>{}</ReferenceNumber>", card.reference) },
    )
}

pub fn message(validity: &str, people: &str, salt: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?><XmlMsg><MessageHeader><ArbitraryFileIdentifier>{salt}</ArbitraryFileIdentifier>\
         <ReferenceClassification>1</ReferenceClassification><SegmentOfResult>1</SegmentOfResult><CharacterCodeIdentifier>0</CharacterCodeIdentifier></MessageHeader>\
         <MessageBody><ProcessingResultStatus>1</ProcessingResultStatus><QualificationValidity>{validity}</QualificationValidity><ResultList>{people}</ResultList></MessageBody></XmlMsg>"
    )
}

fn valid(card: &Card<'_>, salt: &str) -> Vec<u8> {
    message("1", &person(card), salt).into_bytes()
}

async fn upload(client: &Client, bytes: Vec<u8>) -> Answer {
    let part = reqwest::multipart::Part::bytes(bytes).file_name("OQSsiquc01res_face_1_20261120090103.xml");
    client.send(client.request("POST", LIST).multipart(reqwest::multipart::Form::new().part("file", part))).await
}

/// Uploads and gives the page of the result.
pub async fn result(client: &Client, bytes: Vec<u8>) -> String {
    upload(client, bytes).await.expect(303).header("location").to_owned()
}

pub async fn reflect(client: &Client, path: &str, patient: &str, more: &[(&str, &str)]) -> Answer {
    let token = if patient == "new" { "" } else { patient };
    let mut form = vec![("patient", patient), ("patient_token", token), ("choice", "0")];
    form.extend_from_slice(more);
    client.post(&format!("{path}/reflection"), &form).await
}

async fn count(h: &Harness, c: &Clinic, sql: &'static str) -> i64 {
    sqlx::query(sql).bind(c.id.as_uuid()).fetch_one(&mut h.superuser().await).await.unwrap().get(0)
}

/// The only patient of the clinic.
async fn the_patient(h: &Harness, c: &Clinic) -> (String, String) {
    let row = sqlx::query("SELECT id, patient_number FROM patient WHERE tenant_id = $1")
        .bind(c.id.as_uuid())
        .fetch_one(&mut h.superuser().await)
        .await
        .unwrap();
    (row.get::<Uuid, _>(0).to_string(), row.get(1))
}

async fn desk() -> (&'static Harness, Clinic, Clinic, Client) {
    let h = Harness::get();
    let (here, neighbour) = two_clinics(h).await;
    let clerk = here.client(h, Role::Clerk).await;
    (h, here, neighbour, clerk)
}

const PATIENTS: &str = "SELECT count(*) FROM patient WHERE tenant_id = $1";
const VISITS: &str = "SELECT count(*) FROM encounter WHERE tenant_id = $1";
const COVERAGES: &str = "SELECT count(*) FROM coverage WHERE tenant_id = $1";
const RESULTS: &str = "SELECT count(*) FROM reader_result WHERE tenant_id = $1";

#[tokio::test]
async fn a_new_persons_card_becomes_patient_coverage_and_visit() {
    let (h, here, _, clerk) = desk().await;
    let path = result(&clerk, valid(&TARO, "a")).await;
    let page = clerk.get(&path).await.expect(200);
    assert!(page.body.contains("登録して受け付ける") && page.body.contains("カクウ タロウ"), "{}", page.body);
    let done = reflect(&clerk, &path, "new", &[("name_syllabic", "カクウ タロウ"), ("purpose", "発熱")]).await.expect(303);
    assert!(done.header("location").starts_with("/board?moved="));
    let board = clerk.get(done.header("location")).await.expect(200);
    for expected in ["架空 太郎", "カクウ タロウ", "発熱", "受付済", "有効", "さんを受け付けました"] {
        assert!(board.body.contains(expected), "{expected}: {}", board.body);
    }
    for (sql, expected) in [(PATIENTS, 1), (VISITS, 1), (COVERAGES, 1), (RESULTS, 1)] {
        assert_eq!(count(h, &here, sql).await, expected, "{sql}");
    }
    let subjects: i64 = sqlx::query("SELECT count(*) FROM audit_event WHERE tenant_id = $1 AND act = 'import' AND cardinality(subject_ids) = 1 AND entity_kind = 'encounter'")
        .bind(here.id.as_uuid())
        .fetch_one(&mut h.superuser().await)
        .await
        .unwrap()
        .get(0);
    assert_eq!(subjects, 1, "the act names its subject");
}

#[tokio::test]
async fn the_same_file_twice_is_the_same_result_and_taken_over_once() {
    let (h, here, _, clerk) = desk().await;
    let (a, b) = tokio::join!(result(&clerk, valid(&TARO, "a")), result(&clerk, valid(&TARO, "a")));
    assert_eq!(a, b);
    assert_eq!(result(&clerk, valid(&TARO, "a")).await, a);
    assert_eq!(count(h, &here, RESULTS).await, 1);
    let (first, second) = tokio::join!(reflect(&clerk, &a, "new", &[]), reflect(&clerk, &a, "new", &[]));
    assert_eq!((first.status, second.status), (303, 303));
    assert_eq!(first.header("location"), second.header("location"));
    for sql in [PATIENTS, VISITS, COVERAGES] {
        assert_eq!(count(h, &here, sql).await, 1, "{sql}");
    }
    assert!(clerk.get(&a).await.expect(200).body.contains("反映済みです"));
    let other = result(&clerk, valid(&TARO, "b")).await;
    assert_ne!(other, a, "the same name with another content is another result");
    assert!(clerk.get(&other).await.expect(200).body.contains("同じ名前で中身の違うファイル"));
}

#[tokio::test]
async fn a_known_reference_number_proposes_and_shows_what_changes() {
    let (h, here, _, clerk) = desk().await;
    reflect(&clerk, &result(&clerk, valid(&TARO, "a")).await, "new", &[]).await.expect(303);
    let (patient, number) = the_patient(h, &here).await;
    let cheaper = Card { ratio: "020", reference: &number, ..TARO };
    let path = result(&clerk, valid(&cheaper, "b")).await;
    let page = clerk.get(&path).await.expect(200);
    for expected in ["照会番号と生年月日が一致", "<del>3割</del>", "<ins>2割</ins>", "今日の受付 1番に保険を結びます"]
    {
        assert!(page.body.contains(expected), "{expected}: {}", page.body);
    }
    reflect(&clerk, &path, &patient, &[]).await.expect(303);
    assert_eq!(count(h, &here, COVERAGES).await, 1, "the same card: a new version, no new row");
    assert_eq!(count(h, &here, "SELECT max(version)::bigint FROM coverage WHERE tenant_id = $1").await, 2);
    assert_eq!(count(h, &here, VISITS).await, 1, "already on the list");
}

#[tokio::test]
async fn another_card_ends_the_old_one_the_day_before() {
    let (h, here, _, clerk) = desk().await;
    reflect(&clerk, &result(&clerk, valid(&TARO, "a")).await, "new", &[]).await.expect(303);
    let (patient, _) = the_patient(h, &here).await;
    let changed = Card { insurer: "06139992", number: "7777", from: "20261001", ..TARO };
    let path = result(&clerk, valid(&changed, "b")).await;
    assert!(clerk.get(&path).await.expect(200).body.contains("<del>01139997</del>"));
    reflect(&clerk, &path, &patient, &[]).await.expect(303);
    let rows = sqlx::query("SELECT insurer_number, valid_to::text, eligibility FROM coverage WHERE tenant_id = $1 ORDER BY valid_from")
        .bind(here.id.as_uuid())
        .fetch_all(&mut h.superuser().await)
        .await
        .unwrap();
    let seen: Vec<(String, Option<String>, String)> = rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
    assert_eq!(seen, [("01139997".into(), Some("2026-09-30".into()), "superseded".into()), ("06139992".into(), None, "valid".into())]);
}

#[tokio::test]
async fn two_namesakes_with_one_birthday_are_never_chosen_from() {
    let (_, _, _, clerk) = desk().await;
    for _ in 0..2 {
        let form = [("name_ideographic", "架空 太郎"), ("name_syllabic", "カクウ タロウ"), ("sex", "male"), ("birth_date", "1975-04-01")];
        clerk.post("/patients", &form).await.expect(303);
    }
    let path = result(&clerk, valid(&TARO, "a")).await;
    let page = clerk.get(&path).await.expect(200);
    assert!(page.body.contains("自動では選びません") && !page.body.contains("反映して受け付ける"));
    let chosen = page.body.split("patient=").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let page = clerk.get(&format!("{path}?patient={chosen}")).await.expect(200);
    assert!(page.body.contains("反映して受け付ける"));
    reflect(&clerk, &path, &chosen, &[]).await.expect(303);
}

#[tokio::test]
async fn a_reference_number_with_another_birthday_is_doubted() {
    let (h, here, _, clerk) = desk().await;
    reflect(&clerk, &result(&clerk, valid(&TARO, "a")).await, "new", &[]).await.expect(303);
    let (_, number) = the_patient(h, &here).await;
    let stranger = Card { name: "別　人", kana: "ﾍﾞﾂ ｼﾞﾝ", birth: "19900101", number: "1", reference: &number, ..TARO };
    let page = clerk.get(&result(&clerk, valid(&stranger, "b")).await).await.expect(200);
    assert!(page.body.contains("照会番号は一致、生年月日が違う") && !page.body.contains("反映して受け付ける"));
}

#[tokio::test]
async fn several_qualifications_wait_for_a_person() {
    let (h, here, _, clerk) = desk().await;
    let both = person(&TARO) + &person(&Card { insurer: "06139992", ..TARO });
    let path = result(&clerk, message("5", &both, "a").into_bytes()).await;
    let page = clerk.get(&path).await.expect(200);
    assert!(page.body.contains("候補 2件") && page.body.contains("複数候補") && !page.body.contains("だれのカードか"));
    let refused = clerk.post(&format!("{path}/reflection"), &[("patient", "new"), ("choice", "")]).await.expect(422);
    assert!(refused.body.contains("どの資格を使うか"));
    clerk.post(&format!("{path}/reflection"), &[("patient", "new"), ("choice", "1")]).await.expect(303);
    assert_eq!(
        count(h, &here, "SELECT count(*) FROM coverage WHERE tenant_id = $1 AND insurer_number = '06139992' AND eligibility = 'multiple'")
            .await,
        1
    );
}

#[tokio::test]
async fn answers_without_a_person_say_what_to_do() {
    let (h, here, _, clerk) = desk().await;
    let path = result(&clerk, message("4", "", "a").into_bytes()).await;
    let page = clerk.get(&path).await.expect(200);
    assert!(page.body.contains("該当する資格がありません") && page.body.contains("患者を探して受け付ける"));
    let closed = "<XmlMsg><MessageHeader><SegmentOfResult>9</SegmentOfResult><ErrorCode>SIM0001E</ErrorCode><ErrorMessage>サービス時間外です。</ErrorMessage></MessageHeader></XmlMsg>";
    let page = clerk.get(&result(&clerk, closed.into()).await).await.expect(200);
    assert!(page.body.contains("サービス時間外です。") && page.body.contains("SIM0001E") && page.body.contains("目視で確かめて"));
    assert_eq!(count(h, &here, VISITS).await, 0);
}

#[tokio::test]
async fn a_lost_qualification_does_not_replace_a_good_one() {
    let (h, here, _, clerk) = desk().await;
    reflect(&clerk, &result(&clerk, valid(&TARO, "a")).await, "new", &[]).await.expect(303);
    let (patient, _) = the_patient(h, &here).await;
    let lost = message("2", &person(&Card { insurer: "06139992", number: "1", ..TARO }), "b");
    reflect(&clerk, &result(&clerk, lost.into_bytes()).await, &patient, &[]).await.expect(303);
    assert_eq!(
        count(h, &here, "SELECT count(*) FROM coverage WHERE tenant_id = $1 AND eligibility = 'valid' AND valid_to IS NULL").await,
        1
    );
    assert!(clerk.get("/board").await.expect(200).body.contains("無効"));
}

#[tokio::test]
async fn bad_files_are_refused_with_a_sentence_and_not_kept() {
    let (h, here, _, clerk) = desk().await;
    let good = message("1", &person(&TARO), "a");
    let long = vec![b'a'; 1024 * 1024 + 1];
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (Vec::new(), "ファイルが空です"),
        (long, "上限 1024 KB"),
        (good.as_bytes()[..good.len() / 2].to_vec(), "途中で切れている"),
        (good.replace("<Birthdate>19750401</Birthdate>", "").into_bytes(), "生年月日」(Birthdate)がありません"),
        (good.replace("19750401", "19750231").into_bytes(), "生年月日」(Birthdate)の値を読めません"),
        (good.replace("<XmlMsg>", "<!DOCTYPE a [<!ENTITY b \"c\">]><XmlMsg>").into_bytes(), "DOCTYPE"),
        (good.replace("架空保険", "1234 5678 9018").into_bytes(), "個人番号"),
        (b"\xff\xfe\x00\x00".to_vec(), "UTF-16"),
        ("<Other/>".into(), "資格確認の結果ファイルではありません"),
    ];
    for (bytes, says) in cases {
        let page = upload(&clerk, bytes).await.expect(422);
        assert!(page.body.contains(says), "{says}: {}", page.body);
    }
    assert_eq!(count(h, &here, RESULTS).await, 0);
    assert_eq!(
        count(h, &here, "SELECT count(*) FROM audit_event WHERE tenant_id = $1 AND act = 'import' AND outcome = 'refused'").await,
        9
    );
    let nothing = clerk.send(clerk.request("POST", LIST).multipart(reqwest::multipart::Form::new().text("other", "x"))).await;
    assert!(nothing.expect(422).body.contains("ファイルが空です"));
}

#[tokio::test]
async fn a_card_without_kana_asks_for_it() {
    let (_, _, _, clerk) = desk().await;
    let foreign = Card { name: "ＮＧＵＹＥＮ　ＡＮ", kana: "NGUYEN AN", ..TARO };
    let path = result(&clerk, valid(&foreign, "a")).await;
    let page = reflect(&clerk, &path, "new", &[("name_syllabic", ""), ("purpose", "腹痛")]).await.expect(422);
    assert!(page.body.contains("カナを入れてください") && page.body.contains("腹痛"), "{}", page.body);
    reflect(&clerk, &path, "new", &[("name_syllabic", "グエン アン")]).await.expect(303);
}

#[tokio::test]
async fn the_file_rests_sealed_and_belongs_to_its_clinic() {
    let (h, here, neighbour, clerk) = desk().await;
    let path = result(&clerk, valid(&TARO, "a")).await;
    let raw: Vec<u8> = sqlx::query("SELECT raw_encrypted FROM reader_result WHERE tenant_id = $1")
        .bind(here.id.as_uuid())
        .fetch_one(&mut h.superuser().await)
        .await
        .unwrap()
        .get(0);
    assert!(!raw.windows(6).any(|w| w == "架空".as_bytes()) && !raw.windows(7).any(|w| w == b"9000001"));
    neighbour.client(h, Role::Clerk).await.get(&path).await.expect(404);
    here.client(h, Role::LabTech).await.get(&path).await.expect(403);
    let (stale, other) = (Uuid::now_v7().to_string(), Uuid::now_v7().to_string());
    let mixed = clerk.post(&format!("{path}/reflection"), &[("patient", stale.as_str()), ("patient_token", other.as_str())]).await;
    mixed.expect(422);
}
