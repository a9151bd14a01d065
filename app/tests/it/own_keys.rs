//! 自分のキー (R7): kept for the person, told to the pages' script, refused in plain words.

use domain::Role;

use crate::fixtures::clinic;
use crate::harness::{Answer, Client, Harness};

const PAGE: &str = "/account/keys";

async fn save(by: &Client, version: &str, fields: &[(&str, &str)]) -> Answer {
    by.post(PAGE, &[&[("version", version), ("has_letters", "yes")], fields].concat()).await
}

async fn settings(by: &Client) -> serde_json::Value {
    by.send(by.request("GET", PAGE).header("accept", "application/json")).await.expect(200).json()
}

#[tokio::test]
async fn a_person_keeps_keys_of_their_own_and_nobody_elses_change() {
    let h = Harness::get();
    let c = clinic(h).await;
    let (doctor, nurse) = (c.client(h, Role::Doctor).await, c.client(h, Role::Nurse).await);
    assert_eq!(settings(&doctor).await, serde_json::json!({ "letters": true, "ctrlAlt": null, "own": {} }));
    save(&doctor, "0", &[("Alt+R", "Ａｌｔ＋ｗ"), ("Alt+P", "Alt+P"), ("ctrl_alt", "yes")]).await.expect(303);
    assert_eq!(settings(&doctor).await, serde_json::json!({ "letters": true, "ctrlAlt": true, "own": { "Alt+R": "Alt+W" } }));
    assert_eq!(settings(&nurse).await["own"], serde_json::json!({}));
    let page = doctor.get(&format!("{PAGE}?saved=1")).await.expect(200);
    assert!(page.body.contains("保存しました") && page.body.contains("value=\"Alt+W\"") && page.statements() <= 12);
    // Two keys change places, and a second window that has not seen it is told.
    save(&doctor, "1", &[("Alt+R", "Alt+P"), ("Alt+P", "Alt+R")]).await.expect(303);
    let stale = save(&doctor, "1", &[("U", "Z")]).await.expect(409);
    assert!(stale.body.contains("先に保存しました") && stale.body.contains("value=\"Z\""));
    assert_eq!(settings(&doctor).await["own"], serde_json::json!({ "Alt+R": "Alt+P", "Alt+P": "Alt+R" }));
    save(&doctor, "2", &[("reset", "yes"), ("Alt+R", "Alt+X")]).await.expect(303);
    assert_eq!(settings(&doctor).await, serde_json::json!({ "letters": true, "ctrlAlt": null, "own": {} }));
}

/// Keys a browser will not give up, keys that are no keys and keys taken twice are said at their field; what was typed stays.
#[tokio::test]
async fn keys_that_cannot_be_are_refused_in_plain_words() {
    let h = Harness::get();
    let doctor = clinic(h).await.client(h, Role::Doctor).await;
    for (declared, typed, says) in [
        ("Alt+R", "Ctrl+W", "ブラウザか文字の編集が使うため"),
        ("Alt+R", "F5", "ブラウザか文字の編集が使うため"),
        ("Alt+R", "あ", "キーを読めません"),
        ("Alt+R", "r", "文を書いている間も使うキー"),
        ("Alt+R", "Alt+P", "「薬を足す」と同じキーです"),
        ("U", "<script>", "キーを読めません"),
    ] {
        let refused = save(&doctor, "0", &[(declared, typed)]).await.expect(422);
        assert!(refused.body.contains(says), "{typed}: {}", refused.body);
        assert!(!refused.body.contains("<script>\""));
    }
    assert_eq!(settings(&doctor).await["own"], serde_json::json!({}));
}
