//! 連携端末: keys, the machine's door, and the relay itself as a process. FN-OQ-01, SE-06.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::Role;
use sqlx::Row;
use uuid::Uuid;

use crate::fixtures::{Clinic, two_clinics};
use crate::harness::{Answer, Client, Harness};

/// A relay's key, issued by the administrator on the page.
pub async fn issue(admin: &Client) -> String {
    let key = Uuid::now_v7().to_string();
    let page = admin.post("/devices", &[("name", "受付の端末"), ("idempotency_key", &key)]).await.expect(200).body;
    let at = page.find("tsd_").expect("the page shows the key");
    page[at..].split('"').next().unwrap().to_owned()
}

pub async fn bring(h: &Harness, key: &str, folder: &str, name: &str, bytes: &[u8]) -> Answer {
    let client = h.anonymous();
    let request = client
        .request("POST", "/relay/v1/files")
        .bearer_auth(key)
        .header("accept", "application/json")
        .header("x-relay-folder", folder)
        .header("x-relay-name", BASE64_URL_SAFE_NO_PAD.encode(name))
        .header("x-relay-sha256", hex::encode(tenancy::versioned::sha256(bytes)))
        .header("x-relay-version", "0.1.0")
        .header("x-relay-waiting", "3");
    client.send(request.body(bytes.to_vec())).await
}

pub async fn institution_code(h: &Harness, clinic: &Clinic) -> String {
    let sql = "SELECT institution_code FROM tenant WHERE id = $1";
    sqlx::query(sql).bind(clinic.id.as_uuid()).fetch_one(&mut h.superuser().await).await.unwrap().get(0)
}

/// What a card reader would write for this clinic.
async fn card(h: &Harness, clinic: &Clinic, encoding: &str) -> (String, Vec<u8>) {
    let (code, salt) = (institution_code(h, clinic).await, Uuid::now_v7());
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"{encoding}\" standalone=\"no\"?><XmlMsg><MessageHeader><MedicalInstitutionCode>{code}</MedicalInstitutionCode>\
         <ArbitraryFileIdentifier>{salt}</ArbitraryFileIdentifier><ReferenceClassification>1</ReferenceClassification><SegmentOfResult>1</SegmentOfResult>\
         <CharacterCodeIdentifier>{}</CharacterCodeIdentifier></MessageHeader><MessageBody><ProcessingResultStatus>1</ProcessingResultStatus>\
         <QualificationValidity>1</QualificationValidity><ResultList><ResultOfQualificationConfirmation><InsuredCardClassification>01</InsuredCardClassification>\
         <InsurerNumber>01139997</InsurerNumber><InsuredIdentificationNumber>9000001</InsuredIdentificationNumber><Name>架空　太郎</Name><NameKana>ｶｸｳ ﾀﾛｳ</NameKana>\
         <Sex1>1</Sex1><Birthdate>19750401</Birthdate></ResultOfQualificationConfirmation></ResultList></MessageBody></XmlMsg>",
        u8::from(encoding != "UTF-8"),
    );
    let bytes = if encoding == "UTF-8" { text.into_bytes() } else { encoding_rs::SHIFT_JIS.encode(&text).0.into_owned() };
    (format!("OQSsiquc01res_face_{}_20261120090103.xml", salt.simple()), bytes)
}

async fn count(h: &Harness, clinic: &Clinic, sql: &'static str) -> i64 {
    sqlx::query(sql).bind(clinic.id.as_uuid()).fetch_one(&mut h.superuser().await).await.unwrap().get(0)
}

const RESULTS: &str = "SELECT count(*) FROM reader_result WHERE tenant_id = $1";

/// GL-02, SE-06: shown once, kept as a hash, seen by its last contact; revoked it opens nothing, like any other wrong key.
#[tokio::test]
async fn a_key_is_shown_once_and_ends_when_it_is_revoked() {
    let h = Harness::get();
    let (here, neighbour) = two_clinics(h).await;
    let admin = here.client(h, Role::ClinicAdmin).await;
    let form = [("name", "受付の端末"), ("idempotency_key", "0190a2b4-7c3e-7d11-8a55-0123456789ab")];
    let shown = admin.post("/devices", &form).await.expect(200).body;
    let key = shown[shown.find("tsd_").unwrap()..].split('"').next().unwrap().to_owned();
    admin.post("/devices", &form).await.expect(303);
    let page = admin.get("/devices").await.expect(200);
    assert!(!page.body.contains(&key) && page.body.contains(&key[..12]) && page.body.contains("まだ連絡なし"));
    assert!(page.statements() <= 12, "{}", page.statements());
    assert_eq!(count(h, &here, "SELECT count(*) FROM device WHERE tenant_id = $1").await, 1, "the same press makes one key");
    let bare = format!("SELECT count(*) FROM device WHERE tenant_id = $1 AND device::text LIKE '%{}%'", &key[12..]);
    assert_eq!(
        sqlx::query(sqlx::AssertSqlSafe(bare)).bind(here.id.as_uuid()).fetch_one(&mut h.superuser().await).await.unwrap().get::<i64, _>(0),
        0
    );

    let (name, bytes) = card(h, &here, "UTF-8").await;
    assert_eq!(bring(h, &key, "face", &name, &bytes).await.expect(200).json()["state"], "taken");
    let page = admin.get("/devices").await.expect(200).body;
    assert!(page.contains("つながっています") && page.contains("3件") && page.contains("0.1.0"));
    assert!(here.client(h, Role::Clerk).await.get("/outbox").await.expect(200).body.contains("つながっています"));

    let id: Uuid = sqlx::query("SELECT id FROM device WHERE tenant_id = $1")
        .bind(here.id.as_uuid())
        .fetch_one(&mut h.superuser().await)
        .await
        .unwrap()
        .get(0);
    let path = format!("/devices/{id}/revocation");
    let end = |version: &'static str| [("idempotency_key", Uuid::now_v7().to_string()), ("version", version.to_owned())];
    let stranger = neighbour.client(h, Role::ClinicAdmin).await;
    let send = async |client: &Client, form: &[(&str, String)]| client.send(client.request("POST", &path).form(form)).await;
    send(&stranger, &end("1")).await.expect(404);
    send(&admin, &end("9")).await.expect(409);
    bring(h, &key, "face", &name, &bytes).await.expect(200);
    send(&admin, &end("1")).await.expect(303);
    let revoked = bring(h, &key, "face", &name, &bytes).await;
    let unknown = bring(h, "tsd_nothing", "face", &name, &bytes).await;
    assert_eq!((revoked.status, unknown.status), (401, 401));
    let told = |answer: &Answer| {
        let mut json = answer.json();
        json["request_id"].take();
        json
    };
    assert_eq!(told(&revoked), told(&unknown));
    here.client(h, Role::Clerk).await.get("/devices").await.expect(403);
    let steps: Vec<String> =
        sqlx::query("SELECT detail->>'step' FROM audit_event WHERE tenant_id = $1 AND detail->>'step' IS NOT NULL ORDER BY recorded_at")
            .bind(here.id.as_uuid())
            .fetch_all(&mut h.superuser().await)
            .await
            .unwrap()
            .iter()
            .map(|row| row.get(0))
            .collect();
    assert_eq!(steps, ["issued", "revoked"]);
}

/// FN-OQ-01: a card read on the terminal stands at reception once, in both encodings; the neighbour's, a broken one and an answer
/// nobody asked for wait for a person.
#[tokio::test]
async fn a_file_is_taken_once_and_what_cannot_be_used_waits_for_a_person() {
    let h = Harness::get();
    let (here, neighbour) = two_clinics(h).await;
    let key = issue(&here.client(h, Role::ClinicAdmin).await).await;
    let clerk = here.client(h, Role::Clerk).await;
    for encoding in ["UTF-8", "Shift_JIS"] {
        let (name, bytes) = card(h, &here, encoding).await;
        for _ in 0..3 {
            assert_eq!(bring(h, &key, "face", &name, &bytes).await.expect(200).json()["state"], "taken");
        }
    }
    assert_eq!(count(h, &here, RESULTS).await, 2);
    assert!(clerk.get("/reception/reader-results").await.expect(200).body.contains("/reception/reader-results/"));

    let (name, bytes) = card(h, &neighbour, "UTF-8").await;
    for (folder, name, bytes) in
        [("face", name.as_str(), &bytes[..]), ("face", "half.xml", &bytes[..200]), ("res", "OQSsiquc01res_9.xml", &bytes[..])]
    {
        for _ in 0..2 {
            assert_eq!(bring(h, &key, folder, name, bytes).await.expect(200).json()["state"], "refused", "{name}");
        }
    }
    assert_eq!(count(h, &here, RESULTS).await, 2);
    let page = clerk.get("/reception/arrivals").await.expect(200);
    for words in ["別の医療機関のコード", "途中で切れている", "つむぎが出していない照会"] {
        assert_eq!(page.body.matches(words).count(), 1, "{words}");
    }
    assert!(page.statements() <= 12);
    assert!(clerk.get("/reception/inquiries").await.expect(200).body.contains("使えなかったファイル 3件"));

    let act =
        page.body.split("action=\"").find(|part| part.starts_with("/reception/arrivals/")).unwrap().split('"').next().unwrap().to_owned();
    let review = [("version", "1"), ("idempotency_key", "0190a2b4-7c3e-7d11-8a55-0123456789cd")];
    neighbour.client(h, Role::Clerk).await.post(&act, &review).await.expect(404);
    clerk.post(&act, &review).await.expect(303);
    clerk.post(&act, &review).await.expect(303);
    clerk.post(&act, &[("version", "1"), ("idempotency_key", "0190a2b4-7c3e-7d11-8a55-0123456789ce")]).await.expect(409);
    assert!(clerk.get("/reception/inquiries").await.expect(200).body.contains("使えなかったファイル 2件"));
}

/// Whatever is sent at the door is answered, and nothing of it is kept that is not whole.
#[tokio::test]
async fn the_door_refuses_what_is_not_a_file() {
    let h = Harness::get();
    let (here, _) = two_clinics(h).await;
    let key = issue(&here.client(h, Role::ClinicAdmin).await).await;
    bring(h, &key, "req", "a.xml", b"x").await.expect(422);
    bring(h, &key, "face", "", b"x").await.expect(422);
    bring(h, &key, "face", &"あ".repeat(200), b"x").await.expect(422);
    bring(h, &key, "face", "a\nb.xml", b"x").await.expect(422);
    let client = h.anonymous();
    let wrong =
        client.request("POST", "/relay/v1/files").bearer_auth(&key).header("accept", "application/json").header("x-relay-folder", "face");
    let wrong = wrong.header("x-relay-name", BASE64_URL_SAFE_NO_PAD.encode("a.xml")).header("x-relay-sha256", "00").body("x");
    client.send(wrong).await.expect(422);
    bring(h, &key, "face", "big.xml", &vec![b'x'; 9 * 1024 * 1024]).await.expect(413);
    bring(h, &key, "face", "junk.xml", &[0xff, 0xfe, 0x00]).await.expect(200);
    assert_eq!(count(h, &here, "SELECT count(*) FROM device_arrival WHERE tenant_id = $1").await, 1);
    for bare in ["", "Bearer", "tsd_", "あ"] {
        let request = client.request("POST", "/relay/v1/files").header("accept", "application/json");
        let request = if bare.is_ascii() { request.header("authorization", bare) } else { request };
        client.send(request).await.expect(401);
    }
}

/// The relay as a process of its own, in folders of its own.
pub struct Relay {
    pub dir: PathBuf,
    url: String,
    key: String,
    child: Option<Child>,
    /// Further settings, and the environment it runs in.
    pub extra: String,
    pub env: Vec<(String, String)>,
}

impl Relay {
    pub fn new(url: &str, key: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("tsumugi-relay-{}", Uuid::now_v7()));
        for folder in ["req", "res", "face"] {
            std::fs::create_dir_all(dir.join(folder)).unwrap();
        }
        Self { dir, url: url.to_owned(), key: key.to_owned(), child: None, extra: String::new(), env: Vec::new() }
    }

    pub fn start(&mut self) {
        let at = |name: &str| self.dir.join(name).display().to_string();
        let text = format!(
            "url = '{}'\ndevice_key = '{}'\nreq = '{}'\nres = '{}'\nface = '{}'\nspool = '{}'\nscan_ms = 60\n{}",
            self.url,
            self.key,
            at("req"),
            at("res"),
            at("face"),
            at("spool"),
            self.extra,
        );
        std::fs::write(self.dir.join("relay.toml"), text).unwrap();
        let program = std::env::current_exe().unwrap().parent().unwrap().with_file_name("tsumugi-relay");
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.dir.join("log")).unwrap();
        let child = Command::new(program)
            .arg("--config")
            .arg(self.dir.join("relay.toml"))
            .envs(self.env.iter().cloned())
            .stdout(log)
            .stderr(Stdio::null())
            .spawn();
        self.child = Some(child.expect("tsumugi-relay is built by cargo build --workspace --bins"));
    }

    /// As the power goes: nothing is said to it.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    pub fn put(&self, folder: &str, name: &str, bytes: &[u8]) {
        let part = self.dir.join(folder).join(format!("{name}.part"));
        std::fs::write(&part, bytes).unwrap();
        std::fs::rename(&part, self.dir.join(folder).join(name)).unwrap();
    }

    pub fn files(&self, folder: &str) -> Vec<PathBuf> {
        files(&self.dir.join(folder))
    }

    /// Everything it still holds anywhere.
    pub fn holds(&self) -> usize {
        ["res", "face", "spool/waiting"].iter().map(|folder| self.files(folder).len()).sum()
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).map(|list| list.flatten().map(|entry| entry.path()).collect()).unwrap_or_default()
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.kill();
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

pub async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    for _ in 0..400 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("waited 20 s for: {what}");
}

/// FN-OQ-01: a relay that is killed again and again hands every file over, each once, and keeps nothing afterwards.
#[tokio::test]
async fn a_relay_killed_at_any_moment_loses_nothing_and_sends_nothing_twice() {
    let h = Harness::get();
    let (here, _) = two_clinics(h).await;
    let key = issue(&here.client(h, Role::ClinicAdmin).await).await;
    let mut relay = Relay::new(&h.url, &key);
    let mut cards = Vec::new();
    for n in 0..12 {
        cards.push(card(h, &here, if n % 2 == 0 { "UTF-8" } else { "Shift_JIS" }).await);
        cards[n].1.extend_from_slice(format!("<!-- {n} -->").as_bytes());
    }
    for (n, (name, bytes)) in cards.iter().enumerate() {
        relay.put("face", name, bytes);
        relay.start();
        tokio::time::sleep(Duration::from_millis(37 * n as u64 % 400)).await;
        relay.kill();
    }
    relay.start();
    until("an empty relay", async || relay.holds() == 0).await;
    assert_eq!(count(h, &here, RESULTS).await, 12);
    assert_eq!(count(h, &here, "SELECT count(*) FROM device_arrival WHERE tenant_id = $1").await, 12);
    assert!(relay.files("spool/aside").is_empty());

    // Half a file is not a file: its writer is given time.
    let (name, bytes) = &cards[0];
    let (slow, half) = (relay.dir.join("face").join(format!("slow-{name}")), bytes.len() / 2);
    for end in [half, half + 10, half + 20, bytes.len()] {
        std::fs::write(&slow, &bytes[..end]).unwrap();
        tokio::time::sleep(Duration::from_millis(45)).await;
    }
    until("the slow file", async || relay.holds() == 0).await;
    assert_eq!(count(h, &here, "SELECT count(*) FROM device_arrival WHERE tenant_id = $1 AND state = 'refused'").await, 0);
    let log = std::fs::read_to_string(relay.dir.join("log")).unwrap();
    assert!(!log.contains(&key) && !log.contains("架空"), "{log}");
}

/// A relay whose calls are cut off again and again, as while a process is killed under it, is not taken for somebody who guesses.
#[tokio::test]
async fn a_good_key_is_never_held_back() {
    let h = Harness::get();
    let (here, _) = two_clinics(h).await;
    let key = issue(&here.client(h, Role::ClinicAdmin).await).await;
    let (name, bytes) = card(h, &here, "UTF-8").await;
    for n in 0..60 {
        let _ = tokio::time::timeout(Duration::from_micros(400 * n), bring(h, &key, "face", &name, &bytes)).await;
    }
    bring(h, &key, "face", &name, &bytes).await.expect(200);
    assert_eq!(count(h, &here, RESULTS).await, 1);
}

/// While the product is away the folders are emptied into the spool, and everything arrives when it is back.
#[tokio::test]
async fn what_arrives_while_the_product_is_away_is_queued() {
    let h = Harness::get();
    let (here, _) = two_clinics(h).await;
    let key = issue(&here.client(h, Role::ClinicAdmin).await).await;
    let mut relay = Relay::new("http://127.0.0.1:9", &key);
    relay.start();
    let (name, bytes) = card(h, &here, "UTF-8").await;
    relay.put("face", &name, &bytes);
    until("the spool", async || relay.files("face").is_empty() && relay.files("spool/waiting").len() == 1).await;
    relay.kill();
    relay.url = h.url.clone();
    relay.start();
    until("the product", async || relay.holds() == 0).await;
    assert_eq!(count(h, &here, RESULTS).await, 1);
}
