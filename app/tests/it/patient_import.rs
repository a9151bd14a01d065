//! Patients out of a CSV file: looked at, matched, registered in the background, once.

use domain::Role;
use sqlx::Row;
use tsumugi::patient_import::work_off;

use crate::fixtures::{Clinic, two_clinics};
use crate::harness::{Answer, Client, Harness};

const FILE: &str = "患者番号,氏名,フリガナ,性別,生年月日,電話番号,続柄\n\
    000101,長谷部𠮷田 摩利亜,ハセベヨシダ マリア,女,S34.2.11,03-0000-0001,本人\n\
    000102,髙橋 榮太郎,タカハシ エイタロウ,1,1960/04/01,,\n\
    000103,誤り 太郎,誤り タロウ,男,1960-04-01,12,\n\
    000101,二重 太郎,ニジュウ タロウ,男,1960-04-01,,\n\
    ,番号 なし,バンゴウ ナシ,男,R1.5.1,,\n";

struct Office {
    h: &'static Harness,
    here: Clinic,
    admin: Client,
}

async fn office() -> (Office, Clinic) {
    let h = Harness::get();
    let (here, neighbour) = two_clinics(h).await;
    let admin = here.client(h, Role::ClinicAdmin).await;
    (Office { h, here, admin }, neighbour)
}

async fn send(client: &Client, bytes: Vec<u8>) -> Answer {
    let part = reqwest::multipart::Part::bytes(bytes).file_name("C:\\移行\\患者.csv");
    client.send(client.request("POST", "/patient-imports").multipart(reqwest::multipart::Form::new().part("file", part))).await
}

impl Office {
    async fn patients(&self) -> Vec<(String, String, String)> {
        let sql = "SELECT patient_number, name_ideographic, household_relation FROM patient WHERE tenant_id = $1 ORDER BY 1";
        let rows = sqlx::query(sql).bind(self.here.id.as_uuid()).fetch_all(&mut self.h.superuser().await).await.unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
    }
}

#[tokio::test]
async fn a_file_is_looked_at_first_and_registered_once() {
    let (o, _) = office().await;
    let checked = send(&o.admin, FILE.as_bytes().to_vec()).await.expect(303);
    let path = checked.header("location").to_owned();
    assert!(o.patients().await.is_empty(), "looking registers nobody");
    let page = o.admin.get(&path).await.expect(200);
    for expected in [
        "患者.csv",
        "UTF-8",
        "<strong>5</strong>行のうち",
        "取り込める <strong>3</strong>名",
        "患者番号 000101 が 2行目と同じです",
        "カナに漢字「誤」",
        "電話番号は市外局番から",
    ] {
        assert!(page.body.contains(expected), "{expected}: {}", page.body);
    }
    assert!(page.statements() <= 12);
    assert!(send(&o.admin, FILE.as_bytes().to_vec()).await.expect(303).header("location").starts_with(&format!("{path}?known")));
    let apply = format!("{path}/application");
    o.admin.post(&apply, &[]).await.expect(303);
    o.admin.post(&apply, &[]).await.expect(303);
    assert!(o.admin.get_fragment(&path).await.expect(200).body.contains("順番待ち"));
    assert_eq!(work_off(&o.h.operator(), o.here.id).await.unwrap(), 3);
    assert_eq!(work_off(&o.h.operator(), o.here.id).await.unwrap(), 0, "a file is registered once");
    let patients = o.patients().await;
    assert_eq!(
        patients.iter().map(|p| p.0.as_str()).collect::<Vec<_>>(),
        ["000101", "000102", "000103"],
        "the one without a number got the next"
    );
    assert_eq!((patients[0].1.as_str(), patients[0].2.as_str()), ("長谷部𠮷田 摩利亜", "本人"));
    let done = o.admin.get(&path).await.expect(200);
    assert!(done.body.contains("取込済") && done.body.contains("登録 <strong>3</strong>名・取り込まない 2行"), "{}", done.body);
    let (sealed, author): (Vec<u8>, uuid::Uuid) = {
        let row = sqlx::query("SELECT i.content_sealed, p.author_id FROM patient_import i JOIN patient p ON p.tenant_id = i.tenant_id WHERE i.tenant_id = $1 LIMIT 1")
            .bind(o.here.id.as_uuid())
            .fetch_one(&mut o.h.superuser().await)
            .await
            .unwrap();
        (row.get(0), row.get(1))
    };
    assert!(sealed.is_empty(), "the file is forgotten");
    assert_eq!(author, o.here.staff_of(Role::ClinicAdmin).as_uuid(), "in the name of whoever pressed the button");
}

/// CP932 with letters outside JIS X 0208, and headings nobody could guess, matched by hand.
#[tokio::test]
async fn another_encoding_and_other_headings_are_matched_by_hand() {
    let (o, _) = office().await;
    let text = "コード,お名前,よみ,区分,誕生,余り\r\n77,髙﨑 ①郎,タカサキ イチロウ,女性,S58.2.28,x\r\n";
    let (bytes, _, lossy) = encoding_rs::SHIFT_JIS.encode(text);
    assert!(!lossy);
    let path = send(&o.admin, bytes.into_owned()).await.expect(303).header("location").to_owned();
    let page = o.admin.get(&path).await.expect(200);
    assert!(page.body.contains("CP932") && page.body.contains("氏名・カナ・性別・生年月日 の列が決まっていません"), "{}", page.body);
    o.admin.post(&format!("{path}/application"), &[]).await.expect(422);
    let columns = [
        ("column_0", "patient_number"),
        ("column_1", "name_ideographic"),
        ("column_2", "name_syllabic"),
        ("column_3", "sex"),
        ("column_4", "birth_date"),
    ];
    let twice = [columns[0], columns[1], ("column_2", "name_ideographic"), columns[3], columns[4]];
    assert!(o.admin.post(&format!("{path}/mapping"), &twice).await.expect(422).body.contains("二つの列"));
    o.admin.post(&format!("{path}/mapping"), &[("column_0", "drop table")]).await.expect(422);
    o.admin.post(&format!("{path}/mapping"), &columns).await.expect(303);
    assert!(o.admin.get(&path).await.expect(200).body.contains("1名を取り込む"));
    o.admin.post(&format!("{path}/application"), &[]).await.expect(303);
    assert_eq!(work_off(&o.h.operator(), o.here.id).await.unwrap(), 1);
    assert_eq!(o.patients().await[0].1, "髙﨑 ①郎");
}

#[tokio::test]
async fn files_that_cannot_be_read_say_why() {
    let (o, neighbour) = office().await;
    for (bytes, says) in [
        (vec![], "ファイルが空です"),
        ("患者番号,氏名\n".into(), "ファイルが空です"),
        (vec![0xFF, 0xFE, 0x80, 0x00], "文字を読めません"),
        (vec![b'a'; 8 * 1024 * 1024 + 10], "大きすぎます"),
        (format!("氏名\n{}", "あ\n".repeat(20_001)).into_bytes(), "行が多すぎます"),
    ] {
        let page = send(&o.admin, bytes).await.expect(422);
        assert!(page.body.contains(says), "{says}");
    }
    let path = send(&o.admin, FILE.as_bytes().to_vec()).await.expect(303).header("location").to_owned();
    let next_door = neighbour.client(o.h, Role::ClinicAdmin).await;
    next_door.get(&path).await.expect(404);
    next_door.post(&format!("{path}/application"), &[]).await.expect(404);
    o.here.client(o.h, Role::Clerk).await.get(&path).await.expect(403);
    o.admin.post(&format!("{path}/disposal"), &[]).await.expect(303);
    o.admin.post(&format!("{path}/application"), &[]).await.expect(422);
    assert!(o.admin.get(&path).await.expect(200).body.contains("取り込まずにやめました"));
    send(&o.admin, FILE.as_bytes().to_vec()).await.expect(303);
    assert!(o.admin.get(&path).await.expect(200).body.contains("3名を取り込む"), "the same file may be looked at again");
}

/// A worker that goes away leaves whole hundreds behind; the next one goes on after them.
#[tokio::test]
async fn a_long_file_goes_on_where_it_stopped() {
    let (o, _) = office().await;
    let lines: String = (1..=250).map(|n| format!("{n:06},続き {n},ツヅキ,男,1960-04-01\n")).collect();
    let path =
        send(&o.admin, format!("患者番号,氏名,カナ,性別,生年月日\n{lines}").into_bytes()).await.expect(303).header("location").to_owned();
    o.admin.post(&format!("{path}/application"), &[]).await.expect(303);
    // As if a worker had stopped after the first hundred.
    let workers = [o.h.operator(), o.h.operator()];
    let (a, b) = tokio::join!(work_off(&workers[0], o.here.id), work_off(&workers[1], o.here.id));
    assert_eq!(a.unwrap() + b.unwrap(), 250, "two workers share a file without doubling a line");
    assert_eq!(o.patients().await.len(), 250);
    let events: i64 = sqlx::query("SELECT count(*) FROM audit_event WHERE tenant_id = $1 AND act = 'import' AND entity_kind = 'patient_import' AND detail ? 'registered'")
        .bind(o.here.id.as_uuid())
        .fetch_one(&mut o.h.superuser().await)
        .await
        .unwrap()
        .get(0);
    assert_eq!(events, 3, "each hundred is an act of its own");
}
