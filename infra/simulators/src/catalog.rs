//! What is simulated. A service appears here together with its server, never before it.

use serde::Serialize;

#[derive(Serialize)]
pub struct Service {
    pub name: &'static str,
    pub path: &'static str,
    /// The document it was written from.
    pub specification: &'static str,
}

pub const SERVICES: &[Service] = &[
    Service {
        name: "オンライン資格確認(顔認証付きカードリーダー)",
        path: "/reader",
        specification: "オンライン資格確認等システム 外部インターフェイス仕様書 資格確認結果 (公開された項目名による)",
    },
    Service {
        name: "オンライン資格確認(番号による照会)",
        path: "/national",
        specification: "同 資格確認 OQSsiquc01req/res (公開された項目名による。接続先と認証の形は独自)",
    },
    Service {
        name: "レセコン(日レセ API)", path: "/orca", specification: "日医標準レセプトソフト API (公開された呼出しと項目名による)"
    },
];
