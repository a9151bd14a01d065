//! What a person or a test sets from outside, and the page to do it on.

use actix_web::{HttpResponse, web};

use super::faults::{EPS_FAULTS, EPS_TROUBLES, Fault, Faults, OQS_TROUBLES, TERMINAL_TROUBLES};
use super::packed::Packing;
use super::terminal::TERMINAL_FAULTS;
use super::{National, book, disaster, eps, remote};

/// `POST /national/faults?fault=closed&times=3` and the rest.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/national", web::get().to(page))
        .route("/national/state", web::get().to(book::show))
        .route("/national/faults", web::post().to(set_fault))
        .route("/national/fault-rate", web::post().to(set_rate))
        .route("/mobile-reception", web::get().to(remote::show))
        .route("/mobile-reception", web::post().to(remote::choose))
        .route("/national/disaster", web::post().to(disaster::declare))
        .configure(eps::page::routes);
}

#[derive(serde::Deserialize)]
struct SetFault {
    fault: String,
    #[serde(default)]
    times: u32,
    /// `eps` for 電子処方箋管理サービス, `terminal` for a clinic's 資格確認端末
    #[serde(default)]
    service: String,
}

fn faults_of<'a>(national: &'a National, service: &str) -> &'a Faults {
    match service {
        "eps" => &national.eps_faults,
        "terminal" => &national.terminal_faults,
        _ => &national.faults,
    }
}

async fn set_fault(national: web::Data<National>, form: web::Form<SetFault>) -> HttpResponse {
    let faults = faults_of(&national, &form.service);
    match Fault::find(&form.fault) {
        Some(fault) => faults.next(fault, form.times.max(1)),
        None if form.fault == "none" => faults.clear(),
        None => return HttpResponse::UnprocessableEntity().body("unknown fault"),
    }
    HttpResponse::SeeOther().insert_header(("location", "/national")).finish()
}

/// `POST /national/fault-rate?service=eps&percent=10&seed=1`: passing troubles by themselves, until `none` is set.
#[derive(serde::Deserialize)]
struct SetRate {
    #[serde(default)]
    service: String,
    percent: u64,
    seed: u64,
}

async fn set_rate(national: web::Data<National>, form: web::Form<SetRate>) -> HttpResponse {
    let troubles: &[Fault] = match form.service.as_str() {
        "eps" => &EPS_TROUBLES,
        "terminal" => &TERMINAL_TROUBLES,
        _ => &OQS_TROUBLES,
    };
    faults_of(&national, &form.service).at_rate(form.percent, form.seed, troubles);
    HttpResponse::SeeOther().insert_header(("location", "/national")).finish()
}

async fn page(national: web::Data<National>) -> HttpResponse {
    let body = format!(
        "<!doctype html><html lang=\"ja\"><meta charset=\"utf-8\"><title>国のサービス(模擬)</title><h1>国のサービス(模擬)</h1>\
         <p>届いた照会: {} 件。予定している障害: {} 件。</p>{}<h2>電子処方箋管理サービス</h2>\
         <p>届いた電文: {} 件。登録: {} 件。予定している障害: {} 件。<a href=\"/pharmacy\">薬局の窓口</a></p>{}\
         <h2>医療機関の資格確認端末</h2><p>予定している障害: {} 件。</p>{}{}</html>",
        national.asked(),
        national.faults.waiting(),
        fault_form("", &[&Fault::ALL[..], &Packing::ALL.map(Fault::Packed)].concat()),
        national.eps_asked(),
        national.shelf.all().len(),
        national.eps_faults.waiting(),
        fault_form("eps", &EPS_FAULTS),
        national.terminal_faults.waiting(),
        fault_form("terminal", &TERMINAL_FAULTS),
        disaster::FORM,
    );
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(body)
}

fn fault_form(service: &str, faults: &[Fault]) -> String {
    let options: String = faults.iter().map(|f| format!("<option value=\"{}\">{}</option>", f.key(), f.label())).collect();
    format!(
        "<form method=\"post\" action=\"/national/faults\"><input type=\"hidden\" name=\"service\" value=\"{service}\"><label>次に起こす障害 \
         <select name=\"fault\"><option value=\"none\">起こさない</option>{options}</select></label> \
         <label>回数 <input name=\"times\" value=\"1\" inputmode=\"numeric\"></label> <button>決める</button></form>"
    )
}
