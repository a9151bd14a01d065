//! カードレス署名: a session at the key service, a signature that is not believed unseen, and the page a doctor signs in on. FN-EP-06, FN-EP-07.

use std::process::Command;

use chrono::{DateTime, TimeDelta, Utc};
use domain::{Role, StaffId, TenantId};
use simulators::cardless as service;
use tsumugi::adapters::eprescription::{Cardless, PrescriptionSigner, SigningRefusal, SigningSession};

use crate::fixtures::two_clinics;
use crate::harness::{Client, Harness, config, serve_with};
use crate::signers::{self, Card};

const CSV: &str = "SJ1\n1,1,9999999,13,架空診療所\n201,1,1,1,7,2171022F1ZZZ,【般】アムロジピン錠２．５ｍｇ,1,1,錠\n";

/// The key service in a thread of its own.
fn start() -> (service::Cardless, String) {
    let own = service::Cardless::new(Some(signers::folder()));
    let (sender, receiver) = std::sync::mpsc::channel();
    let for_thread = own.clone();
    std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let data = actix_web::web::Data::new(for_thread);
            let server = actix_web::HttpServer::new(move || actix_web::App::new().app_data(data.clone()).configure(service::routes));
            let server = server.workers(1).disable_signals().bind(("127.0.0.1", 0)).unwrap();
            sender.send(server.addrs()[0]).unwrap();
            server.run().await.unwrap();
        });
    });
    let address = receiver.recv_timeout(std::time::Duration::from_secs(20)).unwrap();
    (own, format!("http://{address}/cardless"))
}

/// A doctor with a card at the service.
struct Doctor {
    clinic: TenantId,
    id: StaffId,
    signer: Cardless,
    service: service::Cardless,
}

impl Doctor {
    async fn new(card: Card) -> Self {
        let h = Harness::get();
        let (here, _) = two_clinics(h).await;
        let (clinic, id) = (here.id, here.staff_of(Role::Doctor));
        signers::give(clinic.as_uuid(), id.as_uuid(), card);
        let (service, url) = start();
        Self { clinic, id, signer: Cardless::new(&url, None, h.sessions()).unwrap(), service }
    }

    fn person(&self) -> String {
        format!("{}.{}", self.clinic, self.id)
    }

    async fn sign(&self) -> Result<String, SigningRefusal> {
        self.signer.sign(self.clinic, self.id, CSV, now()).await
    }

    async fn sign_in(&self, method: &str) {
        let address = self.signer.begin_session(self.clinic, self.id).await.unwrap().unwrap();
        assert!(!self.signer.finish_session(self.clinic, self.id).await.unwrap(), "nobody has signed in there yet");
        at_the_service(&address, &self.person(), method).await;
        assert!(self.signer.finish_session(self.clinic, self.id).await.unwrap());
    }
}

#[allow(clippy::disallowed_methods)]
fn now() -> DateTime<Utc> {
    Utc::now() + TimeDelta::seconds(5)
}

/// The person proves who they are on the service's own page.
async fn at_the_service(address: &str, person: &str, method: &str) {
    let (page, query) = address.split_once('?').unwrap();
    let state = query.split("state=").nth(1).unwrap();
    let http = reqwest::Client::new();
    let asked = http.get(address).send().await.unwrap().text().await.unwrap();
    assert!(asked.contains("マイナンバーカード") && asked.contains(state));
    let form = [("state", state), ("person", person), ("method", method)];
    assert!(http.post(page).form(&form).send().await.unwrap().status().is_success());
}

/// Asks xmlsec1, which is nobody's here.
fn verifies(document: &str) -> bool {
    let dir = std::env::temp_dir().join(format!("tsumugi-cardless-{}", uuid::Uuid::now_v7()));
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("doc.xml"), document).unwrap();
    let done = Command::new("xmlsec1")
        .args(["--verify", "--enabled-key-data", "x509", "--trusted-pem"])
        .arg(signers::folder().join("ca.crt"))
        .args(["--id-attr:id", "PrescriptionDocument"])
        .args(["--id-attr:Id", "http://www.w3.org/2000/09/xmldsig#:KeyInfo"])
        .args(["--id-attr:Id", "http://uri.etsi.org/01903/v1.3.2#:SignedProperties"])
        .arg(dir.join("doc.xml"))
        .output()
        .expect("xmlsec1 is installed by infra/local/install --tests");
    std::fs::remove_dir_all(dir).unwrap();
    done.status.success()
}

/// FN-EP-06, FN-EP-07: one sign-in, by card or マイナンバーカード, then every prescription of the session; nothing without it or after it.
#[tokio::test]
async fn a_session_at_the_key_service_signs_until_it_ends() {
    let d = Doctor::new(Card::Doctor).await;
    assert_eq!(d.sign().await, Err(SigningRefusal::SignedOut));
    d.sign_in("mynumber").await;
    assert_eq!(d.signer.session(d.clinic, d.id).await, Ok(SigningSession::In));
    let signed = d.sign().await.unwrap();
    assert!(verifies(&signed), "{signed}");
    assert!(!verifies(&signed.replacen("U0", "V0", 1)), "an altered byte is noticed");
    d.sign().await.unwrap();
    assert_eq!(d.service.signed(), 2);

    d.service.end_sessions();
    assert_eq!(d.sign().await, Err(SigningRefusal::SessionEnded));
    assert_eq!(d.sign().await, Err(SigningRefusal::SignedOut), "an ended token is not tried again");
    d.sign_in("hpki").await;
    d.sign().await.unwrap();
    let other = StaffId::new(uuid::Uuid::now_v7());
    assert_eq!(d.signer.sign(d.clinic, other, CSV, now()).await, Err(SigningRefusal::SignedOut), "a session is one person's");
}

/// FN-EP-06: other records, a nurse's, an expired or a revoked certificate: the act stops and says why.
#[tokio::test]
async fn what_comes_back_signed_is_not_believed_unseen() {
    let d = Doctor::new(Card::Doctor).await;
    d.sign_in("fido").await;
    d.service.swap_next();
    assert_eq!(d.sign().await, Err(SigningRefusal::OtherDocument));
    d.service.revoke(&d.person());
    assert_eq!(d.sign().await, Err(SigningRefusal::Revoked));
    for (card, is_right) in [
        (Card::Nurse, (|refusal| refusal == SigningRefusal::NotADoctor) as fn(SigningRefusal) -> bool),
        (Card::Expired, |refusal| matches!(refusal, SigningRefusal::Expired(_))),
    ] {
        let d = Doctor::new(card).await;
        d.sign_in("hpki").await;
        let refusal = d.sign().await.unwrap_err();
        assert!(is_right(refusal), "{card:?}: {refusal:?}");
    }
    let away = Cardless::new("http://127.0.0.1:9", None, Harness::get().sessions()).unwrap();
    assert_eq!(away.finish_session(d.clinic, d.id).await, Err(SigningRefusal::Away));
}

/// FN-EP-06: the doctor's page: signed out, the way in, signed in; nobody else's.
#[tokio::test]
async fn a_doctor_signs_in_on_a_page_of_their_own() {
    let h = Harness::get();
    let (here, _) = two_clinics(h).await;
    let doctor = here.staff_of(Role::Doctor);
    signers::give(here.id.as_uuid(), doctor.as_uuid(), Card::Doctor);
    let (_, url) = start();
    let (base, _) = serve_with(tsumugi::config::Config { cardless_url: Some(url), ..config(&h.database) }, false);
    let (token, _) = h.sessions().start(here.principal(Role::Doctor)).await.unwrap();
    let client = Client::new(&base, Some(token.cookie_value()));
    assert!(client.get("/account").await.expect(200).body.contains("/account/signing"));
    assert!(client.get("/account/signing").await.expect(200).body.contains("サインインしていません"));
    let begun = client.post("/account/signing", &[]).await.expect(200).body;
    let address =
        begun.split("href=\"http://127.0.0.1").nth(1).map(|rest| format!("http://127.0.0.1{}", rest.split('"').next().unwrap())).unwrap();
    assert!(client.post("/account/signing/completion", &[]).await.expect(200).body.contains("まだサインインを確かめられません"));
    at_the_service(&address.replace("&#38;", "&").replace("&amp;", "&"), &format!("{}.{doctor}", here.id), "mynumber").await;
    assert!(client.post("/account/signing/completion", &[]).await.expect(200).body.contains("サインイン中"));
    here.client(h, Role::Nurse).await.get("/account/signing").await.expect(403);
    client.post("/logout", &[]).await.expect(303);
    let (token, _) = h.sessions().start(here.principal(Role::Doctor)).await.unwrap();
    let again = Client::new(&base, Some(token.cookie_value()));
    assert!(again.get("/account/signing").await.expect(200).body.contains("サインインしていません"), "the token left with the person");
    let plain = here.client(h, Role::Doctor).await.get("/account/signing").await.expect(200).body;
    assert!(plain.contains("サインインは要りません"), "key files need none");
}
