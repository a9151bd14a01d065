//! 画像・文書 through the real application, the real object store and a real clamd (GL-22): what is taken, what is refused, who may
//! open it and when.

use std::io::Cursor;
use std::sync::Arc;

use domain::{FileId, Role};
use image::ImageFormat;
use reqwest::multipart::{Form, Part};
use sqlx::Row;
use tsumugi::attachments::copies::{bring_back, copy_key};
use tsumugi::attachments::{ClamAv, Inspector};
use tsumugi::objectstore::ObjectStore;
use uuid::Uuid;

use crate::fixtures::{Clinic, two_clinics};
use crate::harness::{Answer, Client, Harness, attachment_store, config, env, serve_with};
use crate::notes;

/// The harmless text every scanner knows, in two halves: together it would be found in the sources.
const EICAR: [&str; 2] = [r"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR", "-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"];

struct Desk {
    h: &'static Harness,
    here: Clinic,
    neighbour: Clinic,
    doctor: Client,
    patient: String,
    visit: String,
}

async fn desk() -> Desk {
    let h = Harness::get();
    let (here, neighbour) = two_clinics(h).await;
    let doctor = here.client(h, Role::Doctor).await;
    let patient = notes::patient(h, &here, "000001").await;
    let visit = notes::encounter(h, &here, patient, notes::today(), 1).await;
    Desk { h, here, neighbour, doctor, patient: patient.to_string(), visit: visit.to_string() }
}

fn picture(format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let spots = image::RgbImage::from_fn(400, 300, |x, y| image::Rgb([(x % 256) as u8, (y % 256) as u8, 90]));
    image::DynamicImage::from(spots).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn pdf(inside: &str) -> Vec<u8> {
    format!("%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\n{inside}\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n").into_bytes()
}

fn part(name: &str, bytes: Vec<u8>) -> Part {
    Part::bytes(bytes).file_name(name.to_owned())
}

/// A row as it stands.
struct Stored {
    id: String,
    version: i32,
    status: String,
    file: Uuid,
    state: String,
    reason: String,
    kind: String,
}

impl Desk {
    fn page(&self) -> String {
        format!("/patients/{}/attachments", self.patient)
    }

    fn form(&self, key: &str) -> Form {
        let token = self.patient.clone();
        Form::new().text("patient_token", token).text("idempotency_key", key.to_owned()).text("encounter_id", self.visit.clone())
    }

    async fn send(&self, client: &Client, form: Form) -> Answer {
        client.send(client.request("POST", &self.page()).multipart(form)).await
    }

    /// One file by a plain form.
    async fn upload(&self, name: &str, bytes: Vec<u8>) -> Answer {
        self.send(&self.doctor, self.form(&notes::id()).part("file", part(name, bytes))).await
    }

    async fn rows(&self) -> Vec<Stored> {
        let sql = "SELECT a.id::text, a.version, a.status, f.id, f.state, f.reason, a.kind FROM attachment a
            JOIN attachment_file f ON f.tenant_id = a.tenant_id AND f.id = a.file_id WHERE a.tenant_id = $1 ORDER BY a.id";
        let rows = sqlx::query(sql).bind(self.here.id.as_uuid()).fetch_all(&mut self.h.superuser().await).await.unwrap();
        let stored = |row: &sqlx::postgres::PgRow| Stored {
            id: row.get(0),
            version: row.get(1),
            status: row.get(2),
            file: row.get(3),
            state: row.get(4),
            reason: row.get(5),
            kind: row.get(6),
        };
        rows.iter().map(stored).collect()
    }

    async fn only(&self) -> Stored {
        let mut rows = self.rows().await;
        assert_eq!(rows.len(), 1);
        rows.remove(0)
    }

    fn inspector(&self, socket: &str) -> Inspector {
        Inspector::new(self.h.operator(), store(), Arc::new(ClamAv::new(socket)), Uuid::now_v7()).only(self.here.id)
    }

    /// As the worker does, until nothing is due.
    async fn inspect(&self) {
        let inspector = self.inspector(&env("ATTACHMENT_SCANNER_SOCKET"));
        while inspector.round().await.unwrap() > 0 {}
    }

    async fn sql(&self, sql: &'static str) {
        sqlx::query(sql).bind(self.here.id.as_uuid()).execute(&mut self.h.superuser().await).await.unwrap();
    }
}

fn store() -> ObjectStore {
    ObjectStore::new(&attachment_store().expect("TSUMUGI_TEST_ATTACHMENT_BUCKET is not set")).unwrap()
}

async fn bytes_of(client: &Client, path: &str) -> (u16, reqwest::header::HeaderMap, Vec<u8>) {
    let answer = client.request("GET", path).send().await.unwrap();
    (answer.status().as_u16(), answer.headers().clone(), answer.bytes().await.unwrap().to_vec())
}

/// GL-22: quarantine → scan → release, and nobody before that; what readers get is written anew and runs nothing.
#[tokio::test]
async fn a_photo_is_opened_by_nobody_before_it_was_scanned() {
    let d = desk().await;
    let to = d.upload("左前腕.jpg", picture(ImageFormat::Jpeg)).await.expect(303);
    let page = d.doctor.get(to.header("location")).await.expect(200);
    assert!(page.body.contains("左前腕") && page.body.contains("検査待ち") && !page.body.contains("/thumbnail"), "{}", page.body);
    assert!(page.statements() <= 12, "{}", page.statements());
    let id = d.only().await.id;
    for door in ["file", "thumbnail", "print"] {
        let early = d.doctor.get(&format!("/attachments/{id}/{door}")).await.expect(422);
        assert!(early.body.contains("検査が終わるまで開けません"), "{door}");
    }
    d.inspect().await;
    let (status, headers, bytes) = bytes_of(&d.doctor, &format!("/attachments/{id}/file")).await;
    assert_eq!((status, image::guess_format(&bytes).unwrap()), (200, ImageFormat::Jpeg));
    for (name, value) in [
        ("content-type", "image/jpeg"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox"),
    ] {
        assert_eq!(headers[name], value);
    }
    assert_eq!(headers["content-disposition"], format!("inline; filename=\"attachment-{id}.jpg\"").as_str());
    let (_, _, small) = bytes_of(&d.doctor, &format!("/attachments/{id}/thumbnail")).await;
    assert!(image::load_from_memory(&small).unwrap().width() <= 320);
    let shown = d.doctor.get(&format!("/attachments/{id}")).await.expect(200);
    assert!(shown.body.contains("400×300") && shown.statements() <= 12, "{}", shown.statements());
    let pane = d.doctor.get_fragment(&format!("{}?encounter={}", d.page(), d.visit)).await.expect(200);
    assert!(pane.body.contains("この受診") && pane.body.contains("/thumbnail") && !pane.body.contains("<html"));
    assert!(d.doctor.get(&format!("{}/timeline", d.page())).await.expect(200).body.contains("左前腕"));
    assert!(d.doctor.get(&format!("/encounters/{}", d.visit)).await.expect(200).body.contains("画像・文書"));
}

/// GL-22: sealed under the clinic's key; what was uploaded does not stay behind.
#[tokio::test]
async fn the_object_store_holds_sealed_bytes_only() {
    let d = desk().await;
    let photo = picture(ImageFormat::Png);
    d.upload("a.png", photo.clone()).await.expect(303);
    let file = d.only().await.file;
    let key = |ending: &str| format!("{}/{file}{ending}", d.here.id);
    let sealed = store().get_bytes(&key(".upload")).await.unwrap();
    assert!(sealed.len() > photo.len() && !sealed.windows(4).any(|window| window == b"IHDR"));
    d.inspect().await;
    assert!(store().get_bytes(&key(".upload")).await.unwrap().is_empty(), "the upload is emptied");
    let whole = store().get_bytes(&key("")).await.unwrap();
    assert!(!whole.windows(4).any(|window| window == b"IHDR"));
    // Another object under the same name is not given out.
    store().put(&key(""), sealed, "application/octet-stream").await.unwrap();
    let (status, ..) = bytes_of(&d.doctor, &format!("/attachments/{}/file", d.only().await.id)).await;
    assert_eq!(status, 500);
    assert!(store().list(&d.here.id.to_string()).await.is_err(), "the keeper cannot look what lies there");
}

/// GL-22: EICAR by its real scanner, and as a bare file at the door.
#[tokio::test]
async fn a_virus_is_named_and_never_opened() {
    let d = desk().await;
    let bare = d.upload("eicar.jpg", EICAR.concat().into_bytes()).await.expect(422);
    assert!(bare.body.contains("JPEG・PNG・PDF のどれでもありません"), "{}", bare.body);
    d.upload("紹介状.pdf", pdf(&EICAR.concat())).await.expect(303);
    d.inspect().await;
    let found = d.only().await;
    assert_eq!((found.state.as_str(), found.reason.as_str()), ("infected", "Mihon.EICAR-Test.UNOFFICIAL"));
    let page = d.doctor.get(&d.page()).await.expect(200);
    assert!(page.body.contains("ウイルスが見つかったため開けません"), "{}", page.body);
    let refused = d.doctor.get(&format!("/attachments/{}/file", found.id)).await.expect(422);
    assert!(refused.body.contains("ウイルスが見つかった"));
    assert!(store().get_bytes(&format!("{}/{}.upload", d.here.id, found.file)).await.unwrap().is_empty());
}

/// GL-22: the bytes decide. Nothing of what is refused is kept.
#[tokio::test]
async fn what_is_not_allowed_is_refused_with_words() {
    let d = desk().await;
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>".to_vec();
    let mut bomb = picture(ImageFormat::Png);
    bomb[16..24].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]);
    let mut crc = flate2::Crc::new();
    crc.update(&bomb[12..29]);
    bomb[29..33].copy_from_slice(&crc.sum().to_be_bytes());
    for (name, bytes, says) in [
        ("図.png", svg, "SVG・HTML"),
        ("爆弾.png", bomb, "画像が大きすぎます"),
        ("写真.heic", b"\0\0\0\x18ftypheic\0\0\0\0".to_vec(), "HEIC"),
        ("macro.pdf", pdf("<< /S /JavaScript /JS (app.alert(1)) >>"), "自動で動く仕掛け"),
        ("locked.pdf", pdf("<< /Encrypt 5 0 R >>"), "パスワード"),
        ("empty.jpg", vec![], "空です"),
        ("big.jpg", vec![b'x'; 40 * 1024 * 1024], "20 MB を超えています"),
    ] {
        let answer = d.upload(name, bytes).await.expect(422);
        assert!(answer.body.contains(says) && answer.body.contains(name), "{name}: {}", answer.body);
    }
    let nothing = d.send(&d.doctor, d.form(&notes::id())).await.expect(422);
    assert!(nothing.body.contains("ファイルを選んでください"));
    assert!(d.rows().await.is_empty());
}

/// GL-22: a file that is two things at once becomes one.
#[tokio::test]
async fn a_page_behind_a_picture_is_gone() {
    let d = desk().await;
    let polyglot = [picture(ImageFormat::Png), b"<html><script>alert(1)</script></html>".to_vec()].concat();
    d.upload("a.png", polyglot).await.expect(303);
    d.inspect().await;
    let (status, _, bytes) = bytes_of(&d.doctor, &format!("/attachments/{}/file", d.only().await.id)).await;
    assert!(status == 200 && !bytes.windows(7).any(|window| window == b"<script"));
    let half = picture(ImageFormat::Png);
    d.upload("b.png", half[..half.len() / 2].to_vec()).await.expect(303);
    d.inspect().await;
    let rows = d.rows().await;
    assert_eq!((rows[1].state.as_str(), rows[1].reason.as_str()), ("refused", "broken"));
    assert!(d.doctor.get(&d.page()).await.expect(200).body.contains("壊れていて読めません"));
}

/// Several at once without scripts: each is judged by itself, and a name says which was refused.
#[tokio::test]
async fn several_files_are_several_attachments() {
    let d = desk().await;
    let form =
        d.form(&notes::id()).part("file", part("一.jpg", picture(ImageFormat::Jpeg))).part("file", part("二.svg", b"<svg/>".to_vec()));
    let answer = d.send(&d.doctor, form.part("file", part("三.pdf", pdf("")))).await.expect(422);
    assert!(answer.body.contains("1件 受け付けられませんでした") && answer.body.contains("二.svg"));
    assert_eq!(d.rows().await.len(), 2);
    d.inspect().await;
    let document = &d.rows().await[1];
    let (status, headers, _) = bytes_of(&d.doctor, &format!("/attachments/{}/file", document.id)).await;
    assert_eq!(
        (status, headers["content-disposition"].to_str().unwrap().starts_with("attachment;")),
        (200, true),
        "a PDF is not opened inside the chart"
    );
    d.doctor.get(&format!("/attachments/{}/thumbnail", document.id)).await.expect(404);
}

/// R2, R3: sent twice it is one; sent from another patient's page it is none.
#[tokio::test]
async fn a_double_post_is_one_and_a_strange_token_none() {
    let d = desk().await;
    let key = notes::id();
    let form = || d.form(&key).part("file", part("a.jpg", picture(ImageFormat::Jpeg)));
    let (first, second) = tokio::join!(d.send(&d.doctor, form()), d.send(&d.doctor, form()));
    assert_eq!((first.status, second.status), (303, 303), "{} {}", first.body, second.body);
    d.send(&d.doctor, form()).await.expect(303);
    d.only().await;
    let other = notes::patient(d.h, &d.here, "000002").await.to_string();
    let strange = Form::new()
        .text("patient_token", other)
        .text("idempotency_key", notes::id())
        .part("file", part("b.jpg", picture(ImageFormat::Jpeg)));
    let refused = d.send(&d.doctor, strange).await.expect(422);
    assert!(refused.body.contains("別の患者"), "{}", refused.body);
    d.only().await;
}

/// SE-06, GL-06
#[tokio::test]
async fn the_neighbour_and_the_clerk_find_nothing() {
    let d = desk().await;
    d.upload("a.jpg", picture(ImageFormat::Jpeg)).await.expect(303);
    d.inspect().await;
    let (id, neighbour) = (d.only().await.id, d.neighbour.client(d.h, Role::Doctor).await);
    for door in ["", "/file", "/thumbnail", "/print", "/drawing"] {
        neighbour.get(&format!("/attachments/{id}{door}")).await.expect(404);
    }
    neighbour.get(&d.page()).await.expect(404);
    let foreign =
        Form::new().text("patient_token", d.patient.clone()).text("idempotency_key", notes::id()).part("file", part("a.jpg", vec![1]));
    d.send(&neighbour, foreign).await.expect(404);
    let clerk = d.here.client(d.h, Role::Clerk).await;
    for door in ["", "/file", "/thumbnail", "/print"] {
        clerk.get(&format!("/attachments/{id}{door}")).await.expect(404);
    }
    clerk.get(&format!("/attachments/{id}/drawing")).await.expect(403);
    let list = clerk.get(&d.page()).await.expect(200).body;
    assert!(!list.contains(&id.to_string()) && !list.contains("シェーマ"), "{list}");
    d.here.client(d.h, Role::Pharmacist).await.get(&format!("/attachments/{id}/file")).await.expect(200);
}

/// GL-06: a letter the clerk scanned is a 文書, whatever its bytes; doctors find it on the chart, and a slip is taken back.
#[tokio::test]
async fn a_clerk_files_papers_and_sees_nothing_else() {
    let d = desk().await;
    let clerk = d.here.client(d.h, Role::Clerk).await;
    d.upload("発疹.jpg", picture(ImageFormat::Jpeg)).await.expect(303);
    let form = Form::new().text("patient_token", d.patient.clone()).text("idempotency_key", notes::id());
    d.send(&clerk, form.part("file", part("紹介状.jpg", picture(ImageFormat::Jpeg)))).await.expect(303);
    d.inspect().await;
    let list = clerk.get(&d.page()).await.expect(200);
    assert!(list.body.contains("紹介状") && !list.body.contains("発疹") && list.statements() <= 12, "{}", list.body);
    let rows = d.rows().await;
    let [photo, filed] = &rows[..] else { panic!("{}", rows.len()) };
    assert_eq!((&*photo.kind, &*filed.kind), ("photo", "document"));
    clerk.get(&format!("/attachments/{}", filed.id)).await.expect(200);
    let seen = d.doctor.get(&d.page()).await.expect(200).body;
    assert!(seen.contains("紹介状") && seen.contains("発疹"));
    let cancel = async |id: &str| {
        let key = notes::id();
        let fields = [("patient_token", &*d.patient), ("idempotency_key", &*key), ("version", "1"), ("reason", "別の患者の書類")];
        clerk.post(&format!("/attachments/{id}/cancellation"), &fields).await
    };
    cancel(&photo.id).await.expect(404);
    cancel(&filed.id).await.expect(303);
    clerk.get(&format!("/patients/{}/drawings/new", d.patient)).await.expect(403);
}

/// GL-22: the scanner is away: nothing is judged, nothing is opened; it comes back and all goes on by itself.
#[tokio::test]
async fn without_the_scanner_files_wait() {
    let d = desk().await;
    d.upload("a.jpg", picture(ImageFormat::Jpeg)).await.expect(303);
    let away = d.inspector("/nonexistent/clamd.sock");
    assert_eq!(away.round().await.unwrap(), 1);
    assert_eq!(away.round().await.unwrap(), 0, "it is not asked again at once");
    assert_eq!(d.only().await.state, "quarantine");
    assert_eq!(away.probe().await.unwrap(), None);
    let (url, _) = serve_with(config(&d.h.database), true);
    let (token, _) = d.h.sessions().start(d.here.principal(Role::Doctor)).await.unwrap();
    let watching = Client::new(&url, Some(token.cookie_value()));
    tokio::time::sleep(std::time::Duration::from_millis(2500)).await;
    let page = watching.get(&d.page()).await.expect(200);
    assert!(page.body.contains("検査の仕組み(ウイルス対策)が止まっています") && page.body.contains("検査待ち"), "{}", page.body);
    assert!(page.body.contains("画像・文書の検査 停止中"), "every page says so");
    d.sql("UPDATE attachment_file SET next_attempt_at = now() WHERE tenant_id = $1").await;
    d.inspect().await;
    assert_eq!(d.only().await.state, "clean");
    let known = d.inspector(&env("ATTACHMENT_SCANNER_SOCKET")).probe().await.unwrap().unwrap();
    assert!(known.engine.starts_with("ClamAV ") && known.published_at.is_none(), "the sample signature has no publication");
    tokio::time::sleep(std::time::Duration::from_millis(2500)).await;
    assert!(watching.get(&d.page()).await.expect(200).body.contains("公式の定義が入っていません"));
    let (token, _) = d.h.sessions().start(d.here.principal(Role::ClinicAdmin)).await.unwrap();
    let admin = Client::new(&url, Some(token.cookie_value()));
    assert!(admin.get("/clinic").await.expect(200).body.contains("公式の定義が入っていません"), "whoever runs the clinic reads it, too");
}

/// The object store is away at upload: a sentence, and nothing half-kept. Without any store the pages say that it is off.
#[tokio::test]
async fn without_the_object_store_nothing_is_half_kept() {
    let d = desk().await;
    let dead = tsumugi::objectstore::StoreConfig { endpoint: "https://localhost:9".into(), ..attachment_store().unwrap() };
    let (url, _) = serve_with(tsumugi::config::Config { attachments: Some(dead), ..config(&d.h.database) }, false);
    let (token, _) = d.h.sessions().start(d.here.principal(Role::Doctor)).await.unwrap();
    let client = Client::new(&url, Some(token.cookie_value()));
    let answer = d.send(&client, d.form(&notes::id()).part("file", part("a.jpg", picture(ImageFormat::Jpeg)))).await.expect(422);
    assert!(answer.body.contains("保管先につながらないため、保存していません"), "{}", answer.body);
    assert!(d.rows().await.is_empty());
    assert_eq!(notes::count(d.h, "SELECT count(*) FROM attachment_file WHERE tenant_id = $1", d.here.id.as_uuid()).await, 0);
    let (url, _) = serve_with(tsumugi::config::Config { attachments: None, ..config(&d.h.database) }, false);
    let client = Client::new(&url, Some(token.cookie_value()));
    assert!(client.get(&d.page()).await.expect(200).body.contains("画像・文書は使えません"));
    d.send(&client, d.form(&notes::id()).part("file", part("a.jpg", picture(ImageFormat::Jpeg)))).await.expect(422);
}

/// R4, R5: 取消 with a reason, taken back, both kept as versions; a stale press and a press without a reason do nothing.
#[tokio::test]
async fn cancelling_keeps_everything_and_can_be_taken_back() {
    let d = desk().await;
    d.upload("a.jpg", picture(ImageFormat::Jpeg)).await.expect(303);
    d.inspect().await;
    let (id, key) = (d.only().await.id, notes::id());
    let form = |version: &'static str, reason: &'static str| {
        [("patient_token", d.patient.clone()), ("idempotency_key", key.clone()), ("version", version.into()), ("reason", reason.into())]
    };
    let post = async |act: &str, version, reason| {
        let form = form(version, reason);
        let fields: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        d.doctor.post(&format!("/attachments/{id}/{act}"), &fields).await
    };
    assert!(post("cancellation", "1", " ").await.expect(422).body.contains("理由"));
    post("cancellation", "7", "誤登録").await.expect(409);
    let to = post("cancellation", "1", "別の患者の写真だった").await.expect(303);
    post("cancellation", "1", "別の患者の写真だった").await.expect(303);
    let gone = d.only().await;
    assert_eq!((gone.status.as_str(), gone.version), ("cancelled", 2), "pressed twice it is done once");
    let page = d.doctor.get(to.header("location")).await.expect(200);
    assert!(page.body.contains("元に戻す") && page.body.contains("取り消したもの 1件"), "{}", page.body);
    assert!(d.doctor.get(&format!("/attachments/{id}")).await.expect(200).body.contains("別の患者の写真だった"));
    post("restoration", "2", "").await.expect(303);
    assert_eq!((d.only().await.status.as_str(), d.only().await.version), ("active", 3));
    d.doctor.get(&format!("/attachments/{id}/file")).await.expect(200);
}

fn drawing(words: &str) -> String {
    format!(
        r#"{{"version":1,"base":{{"template":"face"}},"height":1200,"marks":[{{"is":"number","ink":"red","at":[500,600],"number":1,"words":"{words}"}}]}}"#
    )
}

impl Desk {
    async fn draw(&self, path: &str, drawing: &str, version: &str, key: &str) -> Answer {
        let form = self.form(key).text("title", "顔").text("drawing", drawing.to_owned()).text("version", version.to_owned());
        let form = form.part("file", part("schema.png", picture(ImageFormat::Png)));
        self.doctor.send(self.doctor.request("POST", path).header("accept", "application/json").multipart(form)).await
    }
}

/// シェーマ: kept as a picture and as data, drawn on again as a version; the version before stays readable.
#[tokio::test]
async fn a_drawing_is_drawn_on_again() {
    let d = desk().await;
    let (path, key) = (format!("/patients/{}/drawings", d.patient), notes::id());
    d.doctor.get(&format!("{path}/new?template=face&encounter={}", d.visit)).await.expect(200);
    let made = d.draw(&path, &drawing("発赤"), "0", &key).await.expect(201);
    d.draw(&path, &drawing("発赤"), "0", &key).await.expect(201);
    let location = made.json()["location"].as_str().unwrap().to_owned();
    assert_eq!(location, format!("/attachments/{}", d.only().await.id));
    d.inspect().await;
    assert!(d.doctor.get(&location).await.expect(200).body.contains("1 発赤"));
    assert!(d.doctor.get(&format!("{location}/drawing")).await.expect(200).body.contains("発赤"));
    let again = format!("{location}/drawing");
    d.draw(&again, &drawing("消退"), "1", &notes::id()).await.expect(201);
    d.draw(&again, &drawing("別の人"), "1", &notes::id()).await.expect(409);
    d.inspect().await;
    let row = d.only().await;
    assert_eq!(row.version, 2);
    let page = d.doctor.get(&location).await.expect(200);
    assert!(page.body.contains("1 消退") && page.body.contains("?version=1") && page.statements() <= 12, "{}", page.statements());
    let (before, ..) = bytes_of(&d.doctor, &format!("{location}/file?version=1")).await;
    let (unknown, ..) = bytes_of(&d.doctor, &format!("{location}/file?version=9")).await;
    assert_eq!((before, unknown), (200, 404));
}

/// Bad drawings: 422 with words, and nothing kept.
#[tokio::test]
async fn what_is_no_drawing_is_refused() {
    let d = desk().await;
    let path = format!("/patients/{}/drawings", d.patient);
    for (text, says) in [
        (drawing("<script>alert(1)</script>"), "タグ"),
        (drawing("発赤").replace("500", "NaN"), "読み取れません"),
        (drawing("発赤").replace("500", "99999"), "読み取れません"),
        (drawing(&"あ".repeat(61)), "60字"),
        (drawing("発赤").replace("face", "../../etc/passwd"), "読み取れません"),
        (" ".repeat(40 * 1024 * 1024), "多すぎて"),
        (String::new(), "読み取れません"),
    ] {
        let answer = d.draw(&path, &text, "0", &notes::id()).await.expect(422);
        assert!(answer.json()["message"].as_str().unwrap().contains(says), "{}", answer.body);
    }
    let form = d.form(&notes::id()).text("title", "顔").text("drawing", drawing("発赤"));
    let form = form.part("file", part("schema.png", b"<svg onload=alert(1)>".to_vec()));
    d.doctor.send(d.doctor.request("POST", &path).multipart(form)).await.expect(422);
    // A photo of somebody else is no paper to draw on.
    let other = drawing("発赤").replace(r#"{"template":"face"}"#, &format!(r#"{{"photo":"{}"}}"#, Uuid::now_v7()));
    d.draw(&path, &other, "0", &notes::id()).await.expect(404);
    assert!(d.rows().await.is_empty());
}

/// GL-15: every look at the bytes, every print, and what the worker did are in the log, by ids alone.
#[tokio::test]
async fn looking_and_printing_leave_their_trace() {
    let d = desk().await;
    d.upload("山田花子の写真.jpg", picture(ImageFormat::Jpeg)).await.expect(303);
    d.inspect().await;
    let id = d.only().await.id;
    d.doctor.get(&format!("/attachments/{id}/file")).await.expect(200);
    d.doctor.get(&format!("/attachments/{id}/print")).await.expect(200);
    let sql = "SELECT act, coalesce(actor_id::text, ''), detail::text FROM audit_event WHERE tenant_id = $1 AND info_class = 'attachment' ORDER BY id";
    let rows = sqlx::query(sql).bind(d.here.id.as_uuid()).fetch_all(&mut d.h.superuser().await).await.unwrap();
    let events: Vec<(String, String, String)> = rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
    for act in ["create", "update", "view", "print"] {
        assert!(events.iter().any(|(done, ..)| done == act), "{act}: {events:?}");
    }
    assert!(events.iter().all(|(_, _, detail)| !detail.contains("山田")), "{events:?}");
    assert!(events.iter().any(|(act, staff, detail)| act == "update" && staff.is_empty() && detail.contains("clean")), "{events:?}");
}

/// BK-01: the sealed bytes of a clean file are copied to where backups lie, under lock; an infected one's are not.
#[tokio::test]
async fn clean_files_are_copied_to_the_backups() {
    let d = desk().await;
    d.upload("a.jpg", picture(ImageFormat::Jpeg)).await.expect(303);
    d.upload("b.pdf", pdf(&EICAR.concat())).await.expect(303);
    let inspector = d.inspector(&env("ATTACHMENT_SCANNER_SOCKET")).with_copies(Some(crate::backup::writer()));
    while inspector.round().await.unwrap() > 0 {}
    let rows = d.rows().await;
    let copy = |file: Uuid| copy_key(&format!("{}/{}", d.here.id, FileId::new(file)));
    let copied = crate::backup::reader().get_bytes(&copy(rows[0].file)).await.unwrap();
    assert_eq!(copied, store().get_bytes(&format!("{}/{}", d.here.id, rows[0].file)).await.unwrap());
    assert!(crate::backup::reader().get_bytes(&copy(rows[1].file)).await.is_err());
    assert_eq!(inspector.round().await.unwrap(), 0, "each is copied once");
    // The bucket is lost: what was clean comes back.
    let (key, id) = (format!("{}/{}", d.here.id, rows[0].file), &rows[0].id);
    store().put(&key, vec![], "application/octet-stream").await.unwrap();
    d.doctor.get(&format!("/attachments/{id}/file")).await.expect(500);
    assert_eq!(bring_back(&crate::backup::reader(), &store(), d.here.id).await.unwrap(), 2, "the picture and its small one");
    let (status, ..) = bytes_of(&d.doctor, &format!("/attachments/{id}/file")).await;
    assert_eq!(status, 200);
}
