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
        name: "マイナ在宅受付(訪問診療等・オンライン診療等の同意)",
        path: "/mobile-reception",
        specification: "同 OQSsihvq、OQSsionq、OQSmuhvq01/02、OQSmuonq01/02、OQSsihvd (公開された項目名による。継続の同意と取消の要素名は独自)",
    },
    Service {
        name: "電子処方箋管理サービスと薬局の窓口",
        path: "/pharmacy",
        specification: "電子処方箋管理サービス EPS-IF-201/203/217/220 と記録条件仕様 SJ1 (公開された項目名による。接続先と独自と記した項目は独自)",
    },
    Service {
        name: "HPKIカードレス署名(HPKIカード・マイナンバーカード・FIDO のサインイン)",
        path: "/cardless/auth/login",
        specification: "公開されている呼出しの形 (token、signature/prescription/sign)。state とエラーコードは独自",
    },
    Service {
        name: "レセコン(日レセ API)", path: "/orca", specification: "日医標準レセプトソフト API (公開された呼出しと項目名による)"
    },
];
