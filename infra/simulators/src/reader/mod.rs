//! 顔認証付きカードリーダー: a person picks who touches the reader and how it goes; the reader writes its result file.

pub mod answers;
mod message;
mod page;
pub(crate) mod people;
mod scenario;

use std::path::PathBuf;
use std::sync::Mutex;

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use message::Encoding;
use scenario::{Card, LASTS, Scenario};

use crate::national::National;
use crate::national::emergency::EMERGENCY;

/// How many results are remembered for the page and for tests.
const REMEMBERED: usize = 50;

/// The device: where it writes, and what it wrote.
pub struct Reader {
    face_dir: Option<PathBuf>,
    written: Mutex<Vec<Written>>,
}

/// One result file.
#[derive(Clone, Serialize)]
pub struct Written {
    file_name: String,
    scenario: &'static str,
    person: &'static str,
    #[serde(skip)]
    bytes: Vec<u8>,
    saved_to: Option<String>,
}

impl Reader {
    pub fn new(face_dir: Option<PathBuf>) -> Self {
        Self { face_dir, written: Mutex::new(Vec::new()) }
    }

    fn list(&self) -> Vec<Written> {
        self.written.lock().map(|list| list.clone()).unwrap_or_default()
    }

    fn find(&self, file_name: &str) -> Option<Written> {
        self.list().into_iter().find(|written| written.file_name == file_name)
    }

    /// Writes beside the folder's watchers: complete under another name first, then renamed.
    fn keep(&self, mut written: Written) -> std::io::Result<Written> {
        if let Some(dir) = &self.face_dir {
            let part = dir.join(format!("{}.part", written.file_name));
            let target = dir.join(&written.file_name);
            std::fs::write(&part, &written.bytes)?;
            std::fs::rename(&part, &target)?;
            written.saved_to = Some(target.display().to_string());
        }
        if let Ok(mut list) = self.written.lock() {
            list.insert(0, written.clone());
            list.truncate(REMEMBERED);
        }
        Ok(written)
    }
}

/// What the person at the reader chose. Every field has a default, so a bare link works.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Touch {
    person: String,
    scenario: String,
    encoding: String,
    /// 照会番号; empty = the facility has not registered one
    reference: String,
    /// 保険者番号・番号を変える: another card of the same person
    changed_card: String,
    /// `none`, `drugs`, `all`, `unable` (取得困難) or, when empty, everything but 手術
    consents: String,
    /// Seconds the consents last; a day when it is empty
    lasts: String,
    /// `phone`: the card in the smartphone was held to the reader
    medium: String,
    /// 処方箋の発行形態: `electronic`, or paper
    form: String,
    /// 医療費助成の受給者証を利用する
    subsidies: String,
    /// 医療扶助を併用している
    assistance: String,
}

impl Touch {
    fn form(&self) -> &'static str {
        if self.form == "electronic" { "1" } else { "2" }
    }

    fn consents(&self) -> &'static [&'static str] {
        match self.consents.as_str() {
            "none" | "unable" => &[],
            "drugs" => &["PharmacistsInfo"],
            "all" => &message::SUBJECTS,
            _ => &["SpecificHealthCheckupsInfo", "PharmacistsInfo", "DiagnosisInfo"],
        }
    }
}

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/reader", web::get().to(show))
        .route("/reader", web::post().to(touch))
        .route("/reader/results", web::get().to(results))
        .route("/reader/results/{file_name}", web::get().to(download))
        .route("/reader/face-result", web::get().to(face_result));
}

async fn show(reader: web::Data<Reader>) -> HttpResponse {
    html(page::show(&reader.list(), None))
}

/// A touch from the page: the file is written, and offered for download.
async fn touch(reader: web::Data<Reader>, national: Option<web::Data<National>>, form: web::Form<Touch>) -> HttpResponse {
    match reader.keep(read_card(&form, now(), national.as_deref().map(|n| &**n))) {
        Ok(written) => html(page::show(&reader.list(), Some(&written))),
        Err(error) => HttpResponse::InternalServerError().body(format!("face フォルダに書けません: {error}")),
    }
}

/// The list for tests.
async fn results(reader: web::Data<Reader>) -> HttpResponse {
    HttpResponse::Ok().json(reader.list())
}

async fn download(reader: web::Data<Reader>, path: web::Path<String>) -> HttpResponse {
    match reader.find(&path) {
        Some(written) => attachment(&written),
        None => HttpResponse::NotFound().body("その結果はありません"),
    }
}

/// One request, one file: for scripts.
async fn face_result(reader: web::Data<Reader>, national: Option<web::Data<National>>, query: web::Query<Touch>) -> HttpResponse {
    match reader.keep(read_card(&query, now(), national.as_deref().map(|n| &**n))) {
        Ok(written) => attachment(&written),
        Err(error) => HttpResponse::InternalServerError().body(format!("face フォルダに書けません: {error}")),
    }
}

/// The file, and the national services told what was allowed.
fn read_card(touch: &Touch, at: DateTime<FixedOffset>, national: Option<&National>) -> Written {
    let person = people::find(&touch.person);
    let scenario = Scenario::find(&touch.scenario);
    let encoding = if touch.encoding == "cp932" { Encoding::Cp932 } else { Encoding::Utf8 };
    let is_changed = !touch.changed_card.is_empty();
    let lasts = touch.lasts.parse().ok().and_then(TimeDelta::try_seconds).unwrap_or(LASTS);
    let registered = national.and_then(|national| national.register.reference(person.number, person.branch)).unwrap_or_default();
    let reference = if touch.reference.trim().is_empty() { &registered } else { touch.reference.trim() };
    let card = Card {
        person,
        reference,
        is_changed,
        consents: Some(touch.consents()),
        is_unable: touch.consents == "unable",
        lasts,
        is_phone: touch.medium == "phone",
        form: touch.form(),
        with_subsidies: !touch.subsidies.is_empty(),
        with_assistance: !touch.assistance.is_empty(),
    };
    let bytes = scenario.write(&card, encoding, at);
    let number = if is_changed { "9100001" } else { person.number };
    if let Some(national) = national {
        touch.consents().iter().for_each(|subject| national.consents.grant(number, subject, at + lasts));
        if touch.consents == "unable" {
            national.consents.grant(number, EMERGENCY, at + lasts);
        }
    }
    let salt = &uuid::Uuid::new_v4().simple().to_string()[..8];
    Written {
        file_name: format!("OQSsiquc01res_face_{salt}_{}.xml", at.format("%Y%m%d%H%M%S")),
        scenario: scenario.label(),
        person: person.name,
        bytes,
        saved_to: None,
    }
}

/// Every subject a person is asked about.
pub(crate) fn subjects() -> &'static [&'static str] {
    &message::SUBJECTS
}

pub(crate) fn now() -> DateTime<FixedOffset> {
    let utc = Utc::now();
    FixedOffset::east_opt(9 * 3600).map_or_else(|| utc.fixed_offset(), |jst| utc.with_timezone(&jst))
}

fn html(body: String) -> HttpResponse {
    HttpResponse::Ok().content_type("text/html; charset=utf-8").insert_header((header::CACHE_CONTROL, "no-store")).body(body)
}

fn attachment(written: &Written) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/xml")
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", written.file_name)))
        .body(written.bytes.clone())
}
