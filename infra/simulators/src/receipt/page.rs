//! The receipt computer's screen: plain HTML, usable by keyboard.

use super::fault::Fault;
use super::state::{PASSWORD, State, USER};
use super::xml::escaped;

const STYLE: &str = "body{font:16px/1.6 system-ui,sans-serif;max-width:62rem;margin:0 auto;padding:1rem 1.5rem;color:#1a1a1a;background:#f1f4f7}\
h1{font-size:1.3rem}h2{font-size:1.1rem}table{border-collapse:collapse;width:100%;background:#fff}td,th{border:1px solid #dde3e9;padding:.3rem .6rem;text-align:left}\
button,select{font:inherit}button{font-weight:700;color:#fff;background:#0055ad;border:0;border-radius:4px;padding:.3rem 1rem}:focus-visible{outline:3px solid #d2a400;outline-offset:2px}.note{color:#44505c}";

pub fn show(state: &State, faults: usize) -> String {
    format!(
        "<!doctype html><html lang=\"ja\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>レセコン(模擬)</title><style>{STYLE}</style></head><body><main><h1>レセコン(模擬)</h1>\
         <p class=\"note\">電子カルテから届いた中途終了データを会計します。接続先 /orca/api、利用者 {USER}、パスワード {PASSWORD}、診療科 01、医師 10001・10002。点数は見本です。</p>\
         <h2>中途終了データ {}件</h2>{}<h2>会計済 {}件</h2>{}<h2>わざと壊す</h2>{}</main></body></html>",
        state.unfinished.len(),
        unfinished(state),
        state.bills.len(),
        bills(state),
        breaking(faults)
    )
}

fn unfinished(state: &State) -> String {
    let row = |u: &super::state::Unfinished| {
        let name = state.patient(&u.patient).map_or("", |p| p.name.as_str());
        let items: Vec<String> = u.items.iter().map(|(class, code, name, _)| format!("{class} {code} {}", escaped(name))).collect();
        format!(
            "<tr><td>{} {}</td><td>{}</td><td>{}</td><td><form method=\"post\" action=\"/orca/finish\"><input type=\"hidden\" name=\"uid\" value=\"{}\"><button>会計する</button></form></td></tr>",
            u.patient,
            escaped(name),
            u.day,
            items.join("<br>"),
            u.uid
        )
    };
    let rows: String = state.unfinished.iter().map(row).collect();
    format!("<table><thead><tr><th>患者</th><th>診療日</th><th>診療行為</th><th>操作</th></tr></thead><tbody>{rows}</tbody></table>")
}

fn bills(state: &State) -> String {
    let row = |b: &super::state::Bill| {
        format!("<tr><td>{}</td><td>{}</td><td>{}点</td><td>{}円</td></tr>", b.patient, b.day, b.points, b.due_yen)
    };
    let rows: String = state.bills.iter().rev().take(50).map(row).collect();
    format!("<table><thead><tr><th>患者</th><th>診療日</th><th>点数</th><th>請求額</th></tr></thead><tbody>{rows}</tbody></table>")
}

fn breaking(waiting: usize) -> String {
    let options: String = Fault::ALL.iter().map(|(_, key, label)| format!("<option value=\"{key}\">{label}</option>")).collect();
    format!(
        "<form method=\"post\" action=\"/orca/faults\"><label>次の <select name=\"at\"><option value=\"\">どの問合せでも</option>\
         <option value=\"medicalmodv2\">診療行為の登録</option><option value=\"patientmodv2\">患者登録</option><option value=\"patientgetv2\">患者の照会</option>\
         <option value=\"incomeinfv2\">収納の照会</option></select></label> で <label><select name=\"fault\" aria-label=\"壊し方\">{options}</select></label> \
         <button>予約する</button> <span class=\"note\">待っている故障 {waiting}件</span></form>"
    )
}
