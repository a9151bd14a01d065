//! 薬局の窓口: a person takes prescriptions in by their 引換番号, dispenses them, sends word back. Plain HTML.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use uuid::Uuid;

use super::super::National;
use super::escaped;
use super::state::{Held, Refusal, Status};

const STYLE: &str = "body{font:16px/1.6 system-ui,sans-serif;max-width:66rem;margin:0 auto;padding:1rem 1.5rem;color:#1a1a1a;background:#f1f4f7}h1{font-size:1.3rem}\
h2{font-size:1.05rem}section{background:#fff;border:1px solid #b9c3cd;border-radius:8px;margin:0 0 1rem;padding:.5rem 1rem 1rem}input,button,select{font:inherit;padding:.3rem .6rem}\
button{font-weight:700;color:#fff;background:#0055ad;border:0;border-radius:4px}:focus-visible{outline:3px solid #d2a400;outline-offset:2px}form{display:inline-block;margin:.2rem .6rem .2rem 0}\
.note{color:#44505c}.wrong{background:#fdecea;border:1px solid #8a1f11;border-radius:8px;padding:.5rem 1rem}";
/// 見本.
const PHARMACY: &str = "架空薬局";

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/pharmacy", web::get().to(show))
        .route("/pharmacy/receptions", web::post().to(receive))
        .route("/pharmacy/moves", web::post().to(move_on))
        .route("/pharmacy/elsewhere", web::post().to(elsewhere));
}

async fn show(national: web::Data<National>) -> HttpResponse {
    page(&national, None)
}

#[derive(Deserialize)]
struct Reception {
    access_code: String,
}

async fn receive(national: web::Data<National>, form: web::Form<Reception>) -> HttpResponse {
    answer(&national, national.shelf.receive(&form.access_code, PHARMACY))
}

#[derive(Deserialize)]
struct Move {
    id: Uuid,
    to: String,
    #[serde(default)]
    message: String,
}

async fn move_on(national: web::Data<National>, form: web::Form<Move>) -> HttpResponse {
    let to = match form.to.as_str() {
        "dispensed" => Status::Dispensed,
        "collected" => Status::Collected,
        "registered" => Status::Registered,
        _ => return HttpResponse::UnprocessableEntity().finish(),
    };
    answer(&national, national.shelf.move_on(form.id, to, &form.message))
}

/// よその医療機関で同じ薬が出た.
async fn elsewhere(national: web::Data<National>) -> HttpResponse {
    let missing = || Refusal("SIMP002E", "まだ重複投薬等チェックの照会がありません。".into());
    answer(&national, if national.history.add_last() { Ok(()) } else { Err(missing()) })
}

fn answer(national: &National, done: Result<(), Refusal>) -> HttpResponse {
    match done {
        Ok(()) => HttpResponse::SeeOther().insert_header(("location", "/pharmacy")).finish(),
        Err(refusal) => page(national, Some(&refusal)),
    }
}

fn page(national: &National, wrong: Option<&Refusal>) -> HttpResponse {
    let said = wrong.map(|Refusal(code, words)| format!("<p class=\"wrong\" role=\"alert\">{words} ({code})</p>")).unwrap_or_default();
    let rows: String = national.shelf.all().iter().rev().take(50).map(row).collect();
    let rows = if rows.is_empty() { "<p class=\"note\">まだ登録された処方箋はありません。</p>".to_owned() } else { rows };
    let body = format!(
        "<!doctype html><html lang=\"ja\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>薬局(模擬)</title>\
         <style>{STYLE}</style></head><body><main><h1>{PHARMACY}(模擬)</h1><p class=\"note\">電子処方箋管理サービスに登録された処方箋を、薬局の代わりに受け付けて調剤します。</p>{said}\
         <section><h2>受付</h2><form method=\"post\" action=\"/pharmacy/receptions\"><label>引換番号 <input name=\"access_code\" inputmode=\"numeric\" maxlength=\"16\" \
         autocomplete=\"off\" required></label> <button>受け付ける</button></form></section><section><h2>重複投薬等チェック</h2>\
         <form method=\"post\" action=\"/pharmacy/elsewhere\"><button>直前に照会された薬を、よその病院でも出したことにする</button></form></section><section><h2>処方箋</h2>{rows}</section></main></body></html>"
    );
    let mut answer = if wrong.is_some() { HttpResponse::UnprocessableEntity() } else { HttpResponse::Ok() };
    answer.content_type("text/html; charset=utf-8").body(body)
}

fn row(held: &Held) -> String {
    let button = |to: &str, words: &str, extra: &str| {
        format!(
            "<form method=\"post\" action=\"/pharmacy/moves\"><input type=\"hidden\" name=\"id\" value=\"{}\"><input type=\"hidden\" name=\"to\" value=\"{to}\">{extra}\
             <button>{words}</button></form>",
            held.id
        )
    };
    let acts = match held.status {
        Status::Received => {
            let message = "<label>医師への伝達事項 <input name=\"message\" maxlength=\"100\" autocomplete=\"off\"></label> ";
            button("dispensed", "調剤済にする", message)
                + &button("registered", "受付を取り消す", "")
                + &button("collected", "回収する", "")
        }
        _ => String::new(),
    };
    format!(
        "<div><strong>{}</strong> {}{} <span class=\"note\">{} 引換番号 {} {}</span><br>{acts}</div>",
        escaped(&held.summary.patient),
        escaped(&held.summary.drugs.join("、")),
        held.summary.part.map(|(no, of)| format!(" 分割{no}/{of}回目")).unwrap_or_default(),
        held.status.sentence(),
        held.access_code,
        held.id
    )
}
