//! The reader's front: plain HTML, usable by keyboard.

use super::Written;
use super::people::PEOPLE;
use super::scenario::Scenario;

const STYLE: &str = "body{font:16px/1.6 system-ui,sans-serif;max-width:62rem;margin:0 auto;padding:1rem 1.5rem;color:#1a1a1a;background:#f1f4f7}\
h1{font-size:1.3rem}fieldset{background:#fff;border:1px solid #b9c3cd;border-radius:8px;margin:0 0 1rem;padding:.5rem 1rem 1rem}legend{font-weight:700;padding:0 .3rem}\
.choices{display:grid;grid-template-columns:repeat(auto-fill,minmax(17rem,1fr));gap:.25rem 1rem}label{display:block;padding:.15rem 0}\
button{font:inherit;font-weight:700;color:#fff;background:#0055ad;border:0;border-radius:4px;padding:.6rem 1.4rem}:focus-visible{outline:3px solid #d2a400;outline-offset:2px}\
.done{background:#e6f5ec;border:1px solid #115a36;border-radius:8px;padding:.6rem 1rem;margin-bottom:1rem}.note{color:#44505c}input[type=text]{font:inherit;padding:.25rem .5rem}\
table{border-collapse:collapse;width:100%;background:#fff}td,th{border:1px solid #dde3e9;padding:.3rem .6rem;text-align:left;font-weight:400}thead th{font-weight:700}";

pub fn show(written: &[Written], latest: Option<&Written>) -> String {
    format!(
        "<!doctype html><html lang=\"ja\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>カードリーダー(模擬)</title><style>{STYLE}</style></head><body><main>\
         <h1>顔認証付きカードリーダー(模擬)</h1>\
         <p class=\"note\">実在しない人のカードを読み取り、読取り端末が書くのと同じ結果ファイルを作ります。電子カルテの「資格確認の取込」でこのファイルを選んでください。</p>\
         {}{}{}</main></body></html>",
        done(latest),
        form(),
        history(written)
    )
}

fn form() -> String {
    let mut people = String::new();
    for (at, p) in PEOPLE.iter().enumerate() {
        let checked = if at == 0 { " checked" } else { "" };
        people.push_str(&format!(
            "<label><input type=\"radio\" name=\"person\" value=\"{}\"{checked}> {} <span class=\"note\">{} {}</span></label>",
            p.key, p.name, p.birth_date, p.insurer_name
        ));
    }
    let scenarios = |is_fault: bool| -> String {
        Scenario::ALL
            .into_iter()
            .filter(|s| s.is_fault() == is_fault)
            .map(|s| {
                let checked = if s == Scenario::Valid { " checked" } else { "" };
                format!("<label><input type=\"radio\" name=\"scenario\" value=\"{}\"{checked}> {}</label>", s.key(), s.label())
            })
            .collect()
    };
    format!(
        "<form method=\"post\" action=\"/reader\"><fieldset><legend>だれが</legend><div class=\"choices\">{people}</div></fieldset>\
         <fieldset><legend>結果</legend><div class=\"choices\">{}</div></fieldset>\
         <fieldset><legend>わざと壊す</legend><div class=\"choices\">{}</div></fieldset>\
         <fieldset><legend>細部</legend><div class=\"choices\">\
         <label>文字コード <select name=\"encoding\"><option value=\"utf8\">UTF-8</option><option value=\"cp932\">Shift_JIS (CP932)</option></select></label>\
         <label>照会番号(患者番号) <input type=\"text\" name=\"reference\" maxlength=\"50\" autocomplete=\"off\"></label>\
         <label>同意 <select name=\"consents\"><option value=\"\">薬剤・診療・健診</option><option value=\"all\">手術も</option><option value=\"drugs\">薬剤だけ</option><option value=\"none\">なし</option><option value=\"unable\">救急(取得困難)</option></select></label>\
         <label>持ち物 <select name=\"medium\"><option value=\"\">カード</option><option value=\"phone\">スマートフォン</option></select></label>\
         <label>処方箋 <select name=\"form\"><option value=\"paper\">紙</option><option value=\"electronic\">電子</option></select></label>\
         <label><input type=\"checkbox\" name=\"subsidies\" value=\"1\"> 医療費助成の受給者証を利用する</label>\
         <label><input type=\"checkbox\" name=\"assistance\" value=\"1\"> 医療扶助を併用している</label>\
         <label><input type=\"checkbox\" name=\"changed_card\" value=\"1\"> 保険が変わった(別の保険者)</label></div></fieldset>\
         <button type=\"submit\">カードをかざす</button></form>",
        scenarios(false),
        scenarios(true)
    )
}

fn done(latest: Option<&Written>) -> String {
    let Some(w) = latest else { return String::new() };
    let saved = w.saved_to.as_ref().map(|path| format!("<br>face フォルダに書きました: {}", escape(path))).unwrap_or_default();
    let name = escape(&w.file_name);
    format!(
        "<p class=\"done\" role=\"status\">{} さん・{} <a href=\"/reader/results/{name}\" download autofocus>結果ファイル {name} を保存</a>{saved}</p>",
        escape(w.person),
        escape(w.scenario)
    )
}

fn history(written: &[Written]) -> String {
    if written.is_empty() {
        return String::new();
    }
    let rows: String = written
        .iter()
        .map(|w| {
            let name = escape(&w.file_name);
            format!(
                "<tr><td>{}</td><td>{}</td><td><a href=\"/reader/results/{name}\" download>{name}</a></td></tr>",
                escape(w.person),
                escape(w.scenario)
            )
        })
        .collect();
    format!(
        "<h2>これまでの結果</h2><table><thead><tr><th>だれ</th><th>結果</th><th>ファイル</th></tr></thead><tbody>{rows}</tbody></table>"
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
