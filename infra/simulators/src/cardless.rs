//! HPKIカードレス署名: the key service as a clinic's computer meets it. A person signs in with a card or a phone, gets a token for that
//! session, and what is sent with it is signed by the person's key. Own XAdES writer; fields are the ones in use, codes are ours.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use actix_web::{HttpResponse, web};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use serde::{Deserialize, Serialize};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::national::eps::tree::{DSIG, XADES};

const SESSION_LIVES: Duration = Duration::from_secs(4 * 3600);
const C14N: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const METHODS: [(&str, &str); 3] = [("hpki", "HPKIカード"), ("mynumber", "マイナンバーカード"), ("fido", "スマートフォン(FIDO)")];

/// Somebody who has signed in, by their PEM file.
#[derive(Clone)]
struct Visit {
    person: String,
    born: Instant,
}

#[derive(Default)]
struct Book {
    by_state: HashMap<String, Visit>,
    by_token: HashMap<String, Visit>,
    revoked: Vec<String>,
    /// The next answer carries other records than were sent.
    swaps: bool,
    signed: u64,
}

/// The service; tests look in.
#[derive(Clone, Default)]
pub struct Cardless {
    folder: Option<PathBuf>,
    book: Arc<Mutex<Book>>,
}

impl Cardless {
    /// `folder` holds a PEM with key and certificate for each person.
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self { folder, book: Arc::default() }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every session ends now.
    pub fn end_sessions(&self) {
        let mut book = self.book();
        book.by_state.clear();
        book.by_token.clear();
    }

    pub fn revoke(&self, person: &str) {
        self.book().revoked.push(person.to_owned());
    }

    pub fn swap_next(&self) {
        self.book().swaps = true;
    }

    pub fn signed(&self) -> u64 {
        self.book().signed
    }

    fn people(&self) -> Vec<String> {
        let Some(entries) = self.folder.as_ref().and_then(|folder| std::fs::read_dir(folder).ok()) else { return Vec::new() };
        let mut names: Vec<String> =
            entries.flatten().filter_map(|e| e.file_name().to_str()?.strip_suffix(".pem").map(str::to_owned)).collect();
        names.sort();
        names
    }
}

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/cardless/auth/login", web::get().to(ask))
        .route("/cardless/auth/login", web::post().to(login))
        .route("/cardless/token", web::get().to(token))
        .route("/cardless/signature/prescription/sign", web::post().to(sign));
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Login {
    state: String,
    person: String,
    method: String,
}

async fn ask(service: web::Data<Cardless>, query: web::Query<Login>) -> HttpResponse {
    let people: String = service.people().iter().map(|person| format!("<option>{person}</option>")).collect();
    let methods: String = METHODS.iter().map(|(code, word)| format!("<option value=\"{code}\">{word}</option>")).collect();
    let state: String = query.state.chars().filter(char::is_ascii_alphanumeric).collect();
    page(&format!(
        "<h1>カードレス署名(模擬)</h1><form method=\"post\" action=\"/cardless/auth/login\"><input type=\"hidden\" name=\"state\" value=\"{state}\">\
         <p><label>本人 <select name=\"person\">{people}</select></label></p><p><label>本人確認 <select name=\"method\">{methods}</select></label></p>\
         <button>サインイン</button></form>"
    ))
}

async fn login(service: web::Data<Cardless>, form: web::Form<Login>) -> HttpResponse {
    let known = service.people().contains(&form.person) && METHODS.iter().any(|(code, _)| *code == form.method);
    if !known || form.state.len() < 16 {
        return HttpResponse::UnprocessableEntity().body("本人・本人確認・合言葉のどれかが違います");
    }
    let visit = Visit { person: form.person.clone(), born: Instant::now() };
    service.book().by_state.insert(form.state.clone(), visit);
    page("<h1>サインインしました</h1><p>この画面を閉じて、電子カルテの画面へ戻ってください。</p>")
}

#[derive(Serialize)]
struct TokenAnswer {
    result: bool,
    source: String,
}

async fn token(service: web::Data<Cardless>, query: web::Query<Login>) -> HttpResponse {
    let mut book = service.book();
    let visit = book.by_state.get(&query.state).filter(|visit| visit.born.elapsed() < SESSION_LIVES).cloned();
    let source = visit.map_or_else(String::new, |visit| {
        let token = uuid::Uuid::new_v4().simple().to_string();
        book.by_token.insert(token.clone(), visit);
        token
    });
    HttpResponse::Ok().json(TokenAnswer { result: !source.is_empty(), source })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SignQuestion {
    token: String,
    csv_data: String,
}

#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
struct SignAnswer {
    is_success: bool,
    signed_xml_data: String,
    error_code: &'static str,
}

async fn sign(service: web::Data<Cardless>, question: web::Json<SignQuestion>) -> HttpResponse {
    match service.signed_document(&question) {
        Ok(xml) => HttpResponse::Ok().json(SignAnswer { is_success: true, signed_xml_data: STANDARD.encode(xml), error_code: "" }),
        Err(error_code) => HttpResponse::Ok().json(SignAnswer { error_code, ..SignAnswer::default() }),
    }
}

impl Cardless {
    fn signed_document(&self, question: &SignQuestion) -> Result<String, &'static str> {
        let mut book = self.book();
        let visit = book.by_token.get(&question.token).filter(|visit| visit.born.elapsed() < SESSION_LIVES).cloned().ok_or("SIMH002E")?;
        if book.revoked.contains(&visit.person) {
            return Err("SIMH004E");
        }
        let mut csv = STANDARD.decode(&question.csv_data).map_err(|_| "SIMH005E")?;
        if !csv.starts_with(b"SJ1\n") {
            return Err("SIMH005E");
        }
        if std::mem::take(&mut book.swaps) {
            csv.extend_from_slice(b"281,1,1,1,3,,\n");
        }
        book.signed += 1;
        drop(book);
        let folder = self.folder.as_deref().ok_or("SIMH009E")?;
        write(folder, &visit.person, &csv, Utc::now())
    }
}

/// Each signed element is written as its exclusive canonical form.
fn write(folder: &Path, person: &str, csv: &[u8], at: DateTime<Utc>) -> Result<String, &'static str> {
    let broken = |_| "SIMH009E";
    let pem = std::fs::read(folder.join(format!("{person}.pem"))).map_err(|_| "SIMH009E")?;
    let key = PrivatePkcs8KeyDer::from_pem_slice(&pem).map_err(broken)?;
    let certificate = CertificateDer::from_pem_slice(&pem).map_err(broken)?.to_vec();
    let key = KeyPair::from_pkcs8(key.secret_pkcs8_der()).map_err(|_| "SIMH009E")?;
    let (_, read) = X509Certificate::from_der(&certificate).map_err(|_| "SIMH009E")?;
    let document = format!("<PrescriptionDocument id=\"PrescriptionDocument\">{}</PrescriptionDocument>", STANDARD.encode(csv));
    let key_info = format!(
        "<xs:KeyInfo xmlns:xs=\"{DSIG}\" Id=\"KeyInfo\"><xs:X509Data><xs:X509Certificate>{}</xs:X509Certificate></xs:X509Data></xs:KeyInfo>",
        STANDARD.encode(&certificate)
    );
    let own = |name: &str, attribute: &str, text: &str| format!("<xs:{name} xmlns:xs=\"{DSIG}\"{attribute}>{text}</xs:{name}>");
    let method = " Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"";
    let properties = format!(
        "<xa:SignedProperties xmlns:xa=\"{XADES}\" Id=\"SignedProperties\"><xa:SignedSignatureProperties><xa:SigningTime>{}</xa:SigningTime>\
         <xa:SigningCertificate><xa:Cert><xa:CertDigest>{}{}</xa:CertDigest><xa:IssuerSerial>{}{}</xa:IssuerSerial></xa:Cert></xa:SigningCertificate>\
         </xa:SignedSignatureProperties></xa:SignedProperties>",
        at.format("%Y-%m-%dT%H:%M:%SZ"),
        own("DigestMethod", method, ""),
        own("DigestValue", "", &hash(&certificate)),
        own("X509IssuerName", "", &read.issuer().to_string().replace('&', "&amp;").replace('<', "&lt;")),
        own("X509SerialNumber", "", &read.serial.to_string()),
    );
    let reference = |kind: &str, id: &str, content: &str| {
        format!(
            "<xs:Reference{kind} URI=\"#{id}\"><xs:Transforms><xs:Transform Algorithm=\"{C14N}\"></xs:Transform></xs:Transforms>\
             <xs:DigestMethod{method}></xs:DigestMethod><xs:DigestValue>{}</xs:DigestValue></xs:Reference>",
            hash(content.as_bytes())
        )
    };
    let info = format!(
        "<xs:SignedInfo xmlns:xs=\"{DSIG}\"><xs:CanonicalizationMethod Algorithm=\"{C14N}\"></xs:CanonicalizationMethod>\
         <xs:SignatureMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\"></xs:SignatureMethod>{}{}{}</xs:SignedInfo>",
        reference("", "PrescriptionDocument", &document),
        reference("", "KeyInfo", &key_info),
        reference(" Type=\"http://uri.etsi.org/01903#SignedProperties\"", "SignedProperties", &properties),
    );
    let mut value = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), info.as_bytes(), &mut value).map_err(|_| "SIMH009E")?;
    Ok(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Document xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" id=\"Document\" \
         xsi:noNamespaceSchemaLocation=\"EP.xsd\"><Prescription><PrescriptionManagement id=\"PrescriptionManagement\"><Version Value=\"EPS1.0\"/>\
         </PrescriptionManagement>{document}<PrescriptionSign><xs:Signature xmlns:xs=\"{DSIG}\" Id=\"PrescriptionSign\">{info}\
         <xs:SignatureValue>{}</xs:SignatureValue>{key_info}<xs:Object><xa:QualifyingProperties xmlns:xa=\"{XADES}\" Target=\"#PrescriptionSign\">\
         {properties}</xa:QualifyingProperties></xs:Object></xs:Signature></PrescriptionSign></Prescription></Document>",
        STANDARD.encode(value)
    ))
}

fn hash(bytes: &[u8]) -> String {
    STANDARD.encode(digest(&SHA256, bytes).as_ref())
}

fn page(body: &str) -> HttpResponse {
    let html = format!("<!doctype html><html lang=\"ja\"><meta charset=\"utf-8\"><title>カードレス署名(模擬)</title>{body}</html>");
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(html)
}
