//! HPKIカード: product, relay process and a PKCS#11 token (SoftHSM2) together. FN-EP-06.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::*;
use crate::devices::{Relay, issue, until};

const MODULES: [&str; 2] = ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"];

/// A token with one doctor's key and certificate in it, and what types its PIN.
struct Token {
    dir: PathBuf,
    module: &'static str,
}

fn run(dir: &Path, program: &str, args: &[&str]) {
    let done = Command::new(program).args(args).env("SOFTHSM2_CONF", dir.join("softhsm2.conf")).current_dir(dir).output();
    let done = done.unwrap_or_else(|_| panic!("{program} is installed by infra/local/install --tests"));
    assert!(done.status.success(), "{program}: {}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
}

impl Token {
    fn new(clinic: Uuid, card: Card) -> Self {
        let module =
            MODULES.into_iter().find(|file| Path::new(file).is_file()).expect("softhsm2 is installed by infra/local/install --tests");
        let (dir, person) = (std::env::temp_dir().join(format!("tsumugi-card-{}", Uuid::now_v7())), Uuid::now_v7());
        std::fs::create_dir_all(dir.join("tokens")).unwrap();
        std::fs::write(dir.join("softhsm2.conf"), format!("directories.tokendir = {}\n", dir.join("tokens").display())).unwrap();
        signers::give(clinic, person, card);
        let name = signers::folder().join(format!("{clinic}.{person}"));
        let file = |end: &str| format!("{}.{end}", name.display());
        run(&dir, "openssl", &["pkcs8", "-topk8", "-nocrypt", "-in", &file("key"), "-out", "key.p8"]);
        run(&dir, "openssl", &["x509", "-in", &file("crt"), "-outform", "DER", "-out", "cert.der"]);
        run(&dir, "softhsm2-util", &["--init-token", "--free", "--label", "hpki", "--pin", "4321", "--so-pin", "87654321"]);
        run(&dir, "softhsm2-util", &["--import", "key.p8", "--token", "hpki", "--label", "sign", "--id", "01", "--pin", "4321"]);
        let write = ["--module", module, "--login", "--pin", "4321", "--write-object", "cert.der", "--type", "cert", "--id", "01"];
        run(&dir, "pkcs11-tool", &write);
        std::fs::remove_file(dir.join("key.p8")).unwrap();
        let token = Self { dir, module };
        token.types("4321");
        token
    }

    /// What the doctor will type when the reader asks.
    fn types(&self, pin: &str) {
        use std::os::unix::fs::PermissionsExt;
        let file = self.dir.join("pin");
        std::fs::write(&file, format!("#!/bin/sh\necho '{pin}'\n")).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o700)).unwrap();
    }

    async fn relay(&self, d: &Desk) -> Relay {
        let admin = d.here.client(d.h, Role::ClinicAdmin).await;
        let mut relay = Relay::new(&d.h.url, &issue(&admin).await);
        relay.extra = format!("card_module = '{}'\npin_program = '{}'\n", self.module, self.dir.join("pin").display());
        relay.env = vec![("SOFTHSM2_CONF".into(), self.dir.join("softhsm2.conf").display().to_string())];
        relay.start();
        relay
    }
}

async fn page(by: &Client) -> String {
    by.get("/account/signing").await.expect(200).body
}

/// The card as the page offers it.
async fn shown(by: &Client) -> String {
    until("the card in the reader", async || page(by).await.contains("読取機のカード")).await;
    let body = page(by).await;
    body.split("name=\"fingerprint\" value=\"").nth(1).map(|rest| rest.split('"').next().unwrap().to_owned()).unwrap_or_default()
}

async fn sign_in(by: &Client, fingerprint: &str) -> String {
    let asked = by.post("/account/signing/card", &[("fingerprint", fingerprint)]).await.expect(200).body;
    assert!(asked.contains("PINを入れてください"), "{asked}");
    let last = Mutex::new(String::new());
    until("an answer of the card", async || {
        *last.lock().unwrap() = by.post("/account/signing/completion", &[]).await.expect(200).body;
        !last.lock().unwrap().contains("まだサインインを確かめられません")
    })
    .await;
    last.into_inner().unwrap()
}

/// FN-EP-06: the doctor's own card signs after one PIN, until they sign out; a wrong PIN opens nothing; the card's certificate is
/// theirs from the first signature on.
#[tokio::test]
async fn a_card_in_the_clinics_reader_signs_until_the_doctor_signs_out() {
    let d = desk().await;
    let token = Token::new(d.here.id.as_uuid(), Card::Doctor);
    let mut relay = token.relay(&d).await;
    let card = shown(&d.doctor).await;
    token.types("0000");
    let wrong = sign_in(&d.doctor, &card).await;
    assert!(wrong.contains("PINが違うか") && !wrong.contains("署名のサインインを終える"), "{wrong}");
    token.types("4321");
    assert!(sign_in(&d.doctor, &card).await.contains("サインインしました"));
    for _ in 0..2 {
        let rx = d.rx().await;
        d.deliver().await;
        assert!(rx.shelf()[0].signer.contains("SIM-doctor"), "verified by the service: {:?}", rx.shelf());
        rx.withdraw().await.expect(303);
        d.deliver().await;
    }
    assert!(page(&d.doctor).await.contains("登録を外す"), "the certificate is registered");

    // Signing out of the product ends it; what is left is another certificate than the registered one.
    d.here.client(d.h, Role::Doctor).await.post("/logout", &[]).await.expect(303);
    let (visit, body) = (d.drafted().await, page(&d.doctor).await);
    assert!(!body.contains("署名のサインインを終える"), "{body}");
    let refused = d.sign(&d.doctor, &visit).await.expect(422).body;
    assert!(refused.contains("登録してある証明書と違う証明書です"), "{refused}");

    // The relay is gone with the card: nothing is signed, nothing hangs.
    assert!(sign_in(&d.doctor, &card).await.contains("サインインしました"));
    relay.kill();
    assert!(d.sign(&d.doctor, &visit).await.expect(422).body.contains("署名の装置につながりません"));

    // Registered for somebody else it signs for nobody but them.
    let sql = "UPDATE signing_certificate SET staff_id = $2 WHERE tenant_id = $1";
    let nurse = d.here.staff_of(Role::Nurse).as_uuid();
    sqlx::query(sql).bind(d.here.id.as_uuid()).bind(nurse).execute(&mut d.h.superuser().await).await.unwrap();
    relay.start();
    assert_eq!(shown(&d.doctor).await, card);
    assert!(sign_in(&d.doctor, &card).await.contains("サインインしました"));
    assert!(d.sign(&d.doctor, &visit).await.expect(422).body.contains("ほかの職員のもの"));
    relay.kill();
}

/// FN-EP-06: a card that is not a doctor's, or has run out, is refused before anybody types a PIN; the neighbour sees no card of ours.
#[tokio::test]
async fn a_card_that_may_not_sign_is_refused_with_a_sentence() {
    for (kind, says) in [(Card::Nurse, "医師の資格がありません"), (Card::Expired, "切れています")] {
        let d = desk().await;
        let token = Token::new(d.here.id.as_uuid(), kind);
        let mut relay = token.relay(&d).await;
        assert_eq!(shown(&d.doctor).await, "", "no button");
        assert!(page(&d.doctor).await.contains(says), "{kind:?}");
        let der = std::fs::read(token.dir.join("cert.der")).unwrap();
        let fingerprint = hex::encode(tenancy::versioned::sha256(&der));
        let refused = d.doctor.post("/account/signing/card", &[("fingerprint", &fingerprint)]).await.expect(200).body;
        assert!(refused.contains(says) && !refused.contains("PINを入れてください"));
        let neighbour = d.neighbour.client(d.h, Role::Doctor).await;
        assert!(!page(&neighbour).await.contains("読取機のカード"));
        let lost = neighbour.post("/account/signing/card", &[("fingerprint", &fingerprint)]).await.expect(200).body;
        assert!(lost.contains("カードが抜かれたか"), "{lost}");
        relay.kill();
    }
}

/// FN-EP-06: the door takes nothing that cannot be a card's, and nothing without a device's key.
#[tokio::test]
async fn the_cards_door_reads_strictly() {
    let d = desk().await;
    let admin = d.here.client(d.h, Role::ClinicAdmin).await;
    let (key, client) = (issue(&admin).await, d.h.anonymous());
    let knock = async |key: &str, path: &str, body: &str| {
        let request = client.request("POST", path).bearer_auth(key).header("accept", "application/json");
        client.send(request.header("content-type", "application/json").body(body.to_owned())).await.status
    };
    let long = "A".repeat(20_000);
    for body in ["{", "{\"certificates\":[\"%%\"]}", "{\"certificates\":[\"\"]}", &format!("{{\"certificates\":[\"{long}\"]}}")] {
        let status = knock(&key, "/relay/v1/cards", body).await;
        assert!((400..500).contains(&status), "{status}: {}", &body[..body.len().min(60)]);
    }
    let signing = format!("/relay/v1/signings/{}", Uuid::now_v7());
    assert_eq!(knock(&key, &signing, &format!("{{\"signature\":\"{long}\"}}")).await, 422);
    assert_eq!(knock(&key, &signing, "{\"signature\":\"AAAA\"}").await, 200, "an answer nobody waits for changes nothing");
    assert_eq!(knock("tsd_nobody", "/relay/v1/cards", "{\"certificates\":[]}").await, 401);
}

/// FN-EP-06: a revoked certificate stops before anybody types a PIN, and so does a list that is lost or has run out.
#[tokio::test]
async fn a_revoked_card_signs_nothing() {
    use tsumugi::adapters::eprescription::revocation::Revocations;
    use tsumugi::adapters::eprescription::{CardDesk, CardSigner, PrescriptionSigner, SigningRefusal};
    let d = desk().await;
    let (clinic, doctor, token) = (d.here.id, d.here.staff_of(Role::Doctor), Token::new(d.here.id.as_uuid(), Card::Doctor));
    let authority = |name: &str| signers::folder().join(name).display().to_string();
    let config = "[ca]\ndefault_ca = own\n[own]\ndatabase = ./index.txt\ndefault_md = sha256\n";
    std::fs::write(token.dir.join("ca.cnf"), config).unwrap();
    std::fs::write(token.dir.join("index.txt"), "").unwrap();
    let (cert, key) = (authority("ca.crt"), authority("ca.key"));
    let ca = |args: &[&str]| run(&token.dir, "openssl", &[&["ca", "-config", "ca.cnf", "-cert", &cert, "-keyfile", &key], args].concat());
    ca(&["-gencrl", "-crldays", "2", "-out", "clean.crl"]);
    run(&token.dir, "openssl", &["x509", "-inform", "DER", "-in", "cert.der", "-out", "cert.pem"]);
    ca(&["-revoke", "cert.pem"]);
    ca(&["-gencrl", "-crldays", "2", "-out", "revoked.crl"]);
    run(&token.dir, "openssl", &["crl", "-in", "revoked.crl", "-outform", "DER", "-out", "revoked.der"]);
    let der = std::fs::read(token.dir.join("cert.der")).unwrap();
    for (list, ahead, expected) in [
        ("clean.crl", 0, None),
        ("revoked.crl", 0, Some(SigningRefusal::Revoked)),
        ("revoked.der", 0, Some(SigningRefusal::Revoked)),
        ("nowhere.crl", 0, Some(SigningRefusal::Unchecked)),
        ("ca.cnf", 0, Some(SigningRefusal::Unchecked)),
        ("clean.crl", 3, Some(SigningRefusal::Unchecked)),
    ] {
        let desk = CardDesk::new(d.h.sessions(), Clock::from_fn(move || Utc::now() + TimeDelta::seconds(5) + TimeDelta::days(ahead)));
        let signer = CardSigner::new(desk.clone(), Revocations::new(Some(token.dir.join(list))));
        let fingerprint = desk.see(clinic, &der).await.unwrap();
        assert_eq!(signer.cards(clinic).await.unwrap()[0].refusal, expected, "{list}");
        assert_eq!(signer.begin_with_card(clinic, doctor, &fingerprint).await.err(), expected, "{list}");
    }
}
