//! A relay that lies: what it says a card signed is believed only when that card signed exactly that. FN-EP-06.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::*;
use crate::devices::issue;

/// What comes back instead of the card's own signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answers {
    Honest,
    /// Signed by another doctor's card.
    OtherCard,
    /// The right card, over other bytes.
    OtherBytes,
    /// The right card's signature of what it signed when the doctor signed in.
    Replayed,
    Noise,
    Empty,
}

/// The end of a relay this test plays itself, with a card whose key it holds.
struct Liar {
    answers: Arc<Mutex<Answers>>,
    fingerprint: String,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Liar {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn key_file(clinic: Uuid, person: Uuid) -> PathBuf {
    signers::folder().join(format!("{clinic}.{person}.key"))
}

/// RSA over SHA-256, by openssl.
fn signed(key: &PathBuf, content: &[u8]) -> String {
    let mut run = Command::new("openssl");
    run.args(["dgst", "-sha256", "-sign"]).arg(key).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = run.spawn().unwrap();
    child.stdin.take().unwrap().write_all(content).unwrap();
    let done = child.wait_with_output().unwrap();
    assert!(done.status.success());
    BASE64_STANDARD.encode(done.stdout)
}

async fn liar(d: &Desk) -> Liar {
    let (clinic, own, other) = (d.here.id.as_uuid(), Uuid::now_v7(), Uuid::now_v7());
    signers::give(clinic, own, Card::Doctor);
    signers::give(clinic, other, Card::Doctor);
    let certificate = signers::folder().join(format!("{clinic}.{own}.crt"));
    let der = Command::new("openssl").args(["x509", "-outform", "DER", "-in"]).arg(certificate).output().unwrap().stdout;
    let device_key = issue(&d.here.client(d.h, Role::ClinicAdmin).await).await;
    let answers = Arc::new(Mutex::new(Answers::Honest));
    let (h, now, fingerprint) = (d.h, answers.clone(), hex::encode(tenancy::versioned::sha256(&der)));
    let (own, other) = (key_file(clinic, own), key_file(clinic, other));
    let task = tokio::spawn(async move {
        let (client, shown, mut at_sign_in) = (h.anonymous(), json!({ "certificates": [BASE64_STANDARD.encode(&der)] }), String::new());
        let knock = async |path: &str, body: &Value| {
            let request = client.request("POST", path).bearer_auth(&device_key).header("accept", "application/json");
            client.send(request.header("content-type", "application/json").body(body.to_string())).await.body
        };
        loop {
            let asked: Value = serde_json::from_str(&knock("/relay/v1/cards", &shown).await).unwrap_or_default();
            let (Some(id), Some(content)) = (asked["job"]["id"].as_str(), asked["job"]["content"].as_str()) else { continue };
            let content = BASE64_STANDARD.decode(content).unwrap();
            let honest = signed(&own, &content);
            let mode = *now.lock().unwrap();
            let signature = match mode {
                Answers::Honest => honest.clone(),
                Answers::OtherCard => signed(&other, &content),
                Answers::OtherBytes => signed(&own, &[content.as_slice(), b" "].concat()),
                Answers::Replayed => at_sign_in.clone(),
                Answers::Noise => BASE64_STANDARD.encode([7u8; 256]),
                Answers::Empty => String::new(),
            };
            if asked["job"]["errand"] == "sign_in" {
                at_sign_in = honest;
            }
            knock(&format!("/relay/v1/signings/{id}"), &json!({ "signature": signature, "refusal": "" })).await;
        }
    });
    Liar { answers, fingerprint, task }
}

impl Liar {
    fn say(&self, answers: Answers) {
        *self.answers.lock().unwrap() = answers;
    }

    async fn sign_in(&self, by: &Client) -> String {
        crate::devices::until("the card in the reader", async || {
            by.get("/account/signing").await.expect(200).body.contains(&self.fingerprint)
        })
        .await;
        by.post("/account/signing/card", &[("fingerprint", &self.fingerprint)]).await.expect(200);
        let last = Mutex::new(String::new());
        crate::devices::until("an answer of the card", async || {
            *last.lock().unwrap() = by.post("/account/signing/completion", &[]).await.expect(200).body;
            !last.lock().unwrap().contains("まだサインインを確かめられません")
        })
        .await;
        last.into_inner().unwrap()
    }
}

/// FN-EP-06: another card's signature, or one over other bytes, opens no session and signs no prescription; nothing is sent.
#[tokio::test]
async fn a_forged_answer_of_a_card_signs_nothing() {
    let d = desk().await;
    let relay = liar(&d).await;
    for forged in [Answers::OtherCard, Answers::OtherBytes, Answers::Noise] {
        relay.say(forged);
        let page = relay.sign_in(&d.doctor).await;
        assert!(page.contains("送った内容と違うため止めました") && !page.contains("サインインしました"), "{forged:?}: {page}");
    }
    relay.say(Answers::Honest);
    assert!(relay.sign_in(&d.doctor).await.contains("サインインしました"));
    let visit = d.drafted().await;
    for forged in [Answers::OtherCard, Answers::OtherBytes, Answers::Replayed, Answers::Noise, Answers::Empty] {
        relay.say(forged);
        let refused = d.sign(&d.doctor, &visit).await.expect(422).body;
        assert!(refused.contains("送った内容と違うため止めました"), "{forged:?}: {refused}");
        let encounter: Uuid = visit.parse().unwrap();
        let sql = "SELECT (SELECT count(*) FROM prescription_registration WHERE encounter_id = $1),
                          (SELECT count(*) FROM medication_request WHERE encounter_id = $1 AND status = 'signed'),
                          (SELECT count(*) FROM signing_certificate WHERE tenant_id = $2)";
        let query = sqlx::query(sql).bind(encounter).bind(d.here.id.as_uuid());
        let row = query.fetch_one(&mut d.h.superuser().await).await.unwrap();
        assert_eq!((row.get::<i64, _>(0), row.get::<i64, _>(1), row.get::<i64, _>(2)), (0, 0, 0), "{forged:?}: nothing is signed");
    }
    d.deliver().await;
    assert!(d.services.shelf.all().is_empty(), "nothing was sent");
    relay.say(Answers::Honest);
    d.sign(&d.doctor, &visit).await.expect(303);
    d.deliver().await;
    assert!(d.services.shelf.all()[0].signer.contains("SIM-doctor"), "the same card, telling the truth, signs it");
}
