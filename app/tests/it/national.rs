//! The line to the national services itself: mutual TLS, a login for each service, tokens that end. FN-OQ-02.

use std::path::Path;
use std::process::Command;

use domain::outbox::Trouble;
use tsumugi::adapters::national::NationalClient;

use crate::eligibility_query::{national, way};
use crate::harness::{LOGS, env};

const QUESTION: &str = "/oqs/v1/OQSsiquc01";
const OTHER: &str = "/eps/v1/EPS-IF-217";

/// FN-OQ-02: a token that has ended is renewed once, each service has its own, and none is ever logged.
#[tokio::test]
async fn a_token_that_ended_is_renewed_and_never_logged() {
    let (services, url) = national();
    let line = way(&url);
    for _ in 0..2 {
        line.ask(QUESTION, b"<XmlMsg/>".to_vec()).await.unwrap();
    }
    assert_eq!(services.logins(), 1, "kept while it works");
    line.ask(OTHER, b"<XmlMsg/>".to_vec()).await.unwrap();
    assert_eq!(services.logins(), 2, "the other service has a login of its own");
    let old = services.tokens();
    services.end_tokens();
    let both = tokio::join!(line.ask(QUESTION, b"<XmlMsg/>".to_vec()), line.ask(QUESTION, b"<XmlMsg/>".to_vec()));
    assert!(both.0.is_ok() && both.1.is_ok());
    assert_eq!(services.logins(), 3, "two questions that found it ended renew it once");
    let logs = String::from_utf8_lossy(&LOGS.lock().unwrap()).into_owned();
    assert!(old.iter().chain(&services.tokens()).all(|token| !logs.contains(token)));
}

/// FN-OQ-02: without a certificate of the clinic's authority nobody gets as far as the login.
#[tokio::test]
async fn only_a_certificate_of_the_authority_gets_in() {
    let (services, url) = national();
    let dir = std::env::temp_dir().join(format!("tsumugi-stranger-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let args = "req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=stranger";
    assert!(Command::new("openssl").args(args.split(' ')).current_dir(&dir).output().unwrap().status.success());
    let pem = [std::fs::read(dir.join("key.pem")).unwrap(), std::fs::read(dir.join("cert.pem")).unwrap()].concat();
    std::fs::write(dir.join("both.pem"), pem).unwrap();
    let authority = env("CA_FILE");
    let stranger = NationalClient::new(&url, &dir.join("both.pem"), Path::new(&authority)).unwrap();
    let none = stranger.ask(QUESTION, b"<XmlMsg/>".to_vec()).await.unwrap_err();
    assert_eq!(none.trouble, Trouble::Unreachable);
    let root = reqwest::Certificate::from_pem(&std::fs::read(&authority).unwrap()).unwrap();
    let bare = reqwest::Client::builder().tls_certs_only([root]).build().unwrap();
    assert!(bare.post(format!("{url}/oqs/v1/login")).send().await.is_err());
    assert_eq!((services.logins(), services.asked()), (0, 0));
    std::fs::remove_dir_all(dir).unwrap();
}
