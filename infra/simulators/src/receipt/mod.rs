//! レセコン: the published ORCA calls a clinic's chart needs, as strict as their descriptions, with a page on which a person finishes
//! visits and breaks things on purpose.

mod answer;
mod fault;
mod page;
pub mod state;
mod xml;

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use uuid::Uuid;

pub use fault::{Fault, Wish};
use state::{PASSWORD, Said, State, USER};

/// How slow [`Fault::Slow`] is, and how long a lost question is kept waiting.
const SLOW: Duration = Duration::from_secs(3);
const LOST: Duration = Duration::from_secs(40);

#[derive(Default)]
pub struct Receipt {
    pub state: Mutex<State>,
    pub faults: Mutex<Vec<Wish>>,
}

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/orca", web::get().to(show))
        .route("/orca/finish", web::post().to(finish))
        .route("/orca/faults", web::post().to(break_it))
        .route("/orca/state", web::get().to(state))
        .route("/orca/api/{path:.*}", web::to(call));
}

async fn show(receipt: web::Data<Receipt>) -> HttpResponse {
    let faults = receipt.faults.lock().map(|f| f.len()).unwrap_or_default();
    match receipt.state.lock() {
        Ok(state) => html(page::show(&state, faults)),
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}

#[derive(Deserialize)]
struct Finish {
    uid: String,
}

/// 診療行為を確かめて会計する, by a person.
async fn finish(receipt: web::Data<Receipt>, form: web::Form<Finish>) -> HttpResponse {
    if let Ok(mut state) = receipt.state.lock() {
        state.finish(&form.uid);
    }
    HttpResponse::SeeOther().insert_header((header::LOCATION, "/orca")).finish()
}

async fn break_it(receipt: web::Data<Receipt>, form: web::Form<Wish>) -> HttpResponse {
    if let Ok(mut faults) = receipt.faults.lock() {
        faults.push(form.into_inner());
    }
    HttpResponse::SeeOther().insert_header((header::LOCATION, "/orca")).finish()
}

/// Everything kept, for tests.
async fn state(receipt: web::Data<Receipt>) -> HttpResponse {
    let Ok(state) = receipt.state.lock() else { return HttpResponse::InternalServerError().finish() };
    HttpResponse::Ok().json(serde_json::json!({
        "patients": state.patients, "unfinished": state.unfinished, "bills": state.bills, "registered": state.registered,
    }))
}

fn html(body: String) -> HttpResponse {
    HttpResponse::Ok().content_type("text/html; charset=utf-8").insert_header((header::CACHE_CONTROL, "no-store")).body(body)
}

/// One question of the API, with whatever is to go wrong with it.
async fn call(receipt: web::Data<Receipt>, req: HttpRequest, path: web::Path<String>, body: web::Bytes) -> HttpResponse {
    let wish = receipt.faults.lock().ok().and_then(|mut faults| {
        let at = faults.iter().position(|wish| format!("{path}?{}", req.query_string()).contains(&wish.at));
        at.map(|at| faults.remove(at).fault)
    });
    let handle = || answered(&receipt, &req, &path, &body);
    match wish {
        Some(Fault::Timeout) => {
            tokio::time::sleep(LOST).await;
            HttpResponse::GatewayTimeout().finish()
        }
        Some(Fault::LostReply) => {
            handle();
            lost()
        }
        Some(Fault::Duplicate) => {
            handle();
            handle()
        }
        Some(Fault::Malformed) => {
            handle();
            HttpResponse::Ok().content_type("application/xml").body("<xmlio2><medicalres type=\"record\"><Api_Result")
        }
        Some(Fault::WrongCredentials) => HttpResponse::Unauthorized().finish(),
        Some(Fault::Slow) => {
            tokio::time::sleep(SLOW).await;
            handle()
        }
        Some(Fault::Locked) => answer::refused(root_of(&path), ("90", "他端末使用中")),
        Some(Fault::Failing) => HttpResponse::InternalServerError().finish(),
        Some(Fault::FailingAfter) => {
            handle();
            HttpResponse::InternalServerError().finish()
        }
        None => handle(),
    }
}

/// The connection breaks off in the middle of the answer.
fn lost() -> HttpResponse {
    let broken: Result<web::Bytes, std::io::Error> = Err(std::io::ErrorKind::ConnectionReset.into());
    HttpResponse::Ok().content_type("application/xml").streaming(futures_util::stream::iter([broken]))
}

fn root_of(path: &str) -> &'static str {
    match path {
        "api01rv2/patientgetv2" => "patientinfores",
        "orca12/patientmodv2" => "patientmodres",
        "api01rv2/tmedicalgetv2" => "tmedicalgetres",
        "api01rv2/incomeinfv2" => "private_objects",
        _ => "medicalres",
    }
}

fn is_operator(req: &HttpRequest) -> bool {
    let expected = format!("Basic {}", base64(format!("{USER}:{PASSWORD}").as_bytes()));
    req.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()) == Some(expected.as_str())
}

fn answered(receipt: &Receipt, req: &HttpRequest, path: &str, body: &[u8]) -> HttpResponse {
    if !is_operator(req) {
        return HttpResponse::Unauthorized().insert_header((header::WWW_AUTHENTICATE, "Basic realm=\"ORCA\"")).finish();
    }
    let Ok(mut state) = receipt.state.lock() else { return HttpResponse::InternalServerError().finish() };
    let query = web::Query::<HashMap<String, String>>::from_query(req.query_string()).map(web::Query::into_inner).unwrap_or_default();
    if path == "api01rv2/patientgetv2" {
        let number = query.get("id").map_or("", String::as_str);
        return match state.patient(number) {
            Some(patient) => answer::patient(root_of(path), patient),
            None => answer::refused(root_of(path), ("10", "患者番号に該当する患者が存在しません")),
        };
    }
    let is_xml = req.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).is_some_and(|v| v.starts_with("application/xml"));
    if req.method() != actix_web::http::Method::POST || !is_xml {
        return HttpResponse::MethodNotAllowed().finish();
    }
    let class = query.get("class").map_or("", String::as_str);
    match ask(&mut state, path, class, body) {
        Some(Ok(answer)) => answer,
        Some(Err(said)) => answer::refused(root_of(path), said),
        None => HttpResponse::NotFound().finish(),
    }
}

fn ask(state: &mut State, path: &str, class: &str, body: &[u8]) -> Option<Result<HttpResponse, Said>> {
    let wanted = match (path, class) {
        ("orca12/patientmodv2", "01" | "04") => "patientmodreq",
        ("api21/medicalmodv2", "01" | "02") => "medicalreq",
        ("api01rv2/tmedicalgetv2", "") => "tmedicalgetreq",
        ("api01rv2/incomeinfv2", "") => "private_objects",
        _ => return None,
    };
    let q = match xml::request(body) {
        Ok(q) if q.name == wanted && q.kind == "record" => q,
        Ok(_) => return Some(Err(("97", "送信内容に誤りがあります"))),
        Err(fault) => {
            eprintln!("orca: unreadable request: {fault}");
            return Some(Err(("98", "送信内容の読込ができませんでした")));
        }
    };
    Some(match (path, class) {
        ("orca12/patientmodv2", "01") => state.register_patient(&q).map(|p| answer::registered(&p)),
        ("orca12/patientmodv2", _) => state.add_insurance(&q).map(|p| answer::registered(&p)),
        ("api21/medicalmodv2", "01") => {
            state.register(&q, Uuid::new_v4().to_string()).map(|(u, w)| answer::medical(&u, &w, "登録処理終了"))
        }
        ("api21/medicalmodv2", _) => state.delete(&q).map(|u| answer::medical(&u, &[], "削除処理終了")),
        ("api01rv2/tmedicalgetv2", _) => {
            let rows = state.unfinished.iter().filter(|u| {
                u.day == q.text("Perform_Date")
                    && (q.text("Department_Code").is_empty() || u.department == q.text("Department_Code"))
                    && (q.text("Patient_ID").is_empty()
                        || u.patient.trim_start_matches('0') == q.text("Patient_ID").trim_start_matches('0'))
            });
            let rows: Vec<_> = rows.collect();
            if rows.is_empty() { Err(("21", "対象の中途終了データはありません")) } else { Ok(answer::unfinished(&rows)) }
        }
        _ => match state.patient(q.text("Patient_ID")) {
            None => Err(("0010", "患者番号に該当する患者が存在しません")),
            Some(patient) => {
                Ok(answer::income(patient, state.bills.iter().filter(|b| b.patient == patient.number && b.day == q.text("Perform_Date"))))
            }
        },
    })
}

/// RFC 4648, for one header.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0u32, |word, b| word << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
        for at in 0..4 {
            out.push(if at <= chunk.len() { char::from(LETTERS[(word >> (18 - 6 * at) & 63) as usize]) } else { '=' });
        }
    }
    out
}
