//! What one version of a visit tells the receipt computer. Serialised, it is the sealed payload of the message; its digest says
//! whether anything changed since the last one.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimContent {
    /// Counts up with every change of the visit.
    pub version: i32,
    pub patient: PatientFacts,
    pub coverage: Option<CoverageFacts>,
    /// YYYY-MM-DD
    pub performed_on: String,
    /// HH:MM:SS
    pub performed_at: String,
    pub department: String,
    pub physician: String,
    pub acts: Vec<ActGroup>,
    pub diseases: Vec<DiseaseFacts>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatientFacts {
    pub number: String,
    pub name: String,
    pub kana: String,
    pub birth: String,
    /// 1 男, 2 女
    pub sex: String,
    pub postal_code: String,
    pub address: String,
    pub phone: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoverageFacts {
    pub provider_class: String,
    pub insurer_number: String,
    pub insurer_name: String,
    pub symbol: String,
    pub number: String,
    pub branch: String,
    /// 1 本人, 2 家族
    pub relation: String,
    pub valid_from: String,
    pub valid_to: String,
    pub checked_on: String,
    /// 公費 beside it, in the order they pay.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub public: Vec<PublicFacts>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicFacts {
    pub class: String,
    pub name: String,
    pub payer_number: String,
    pub recipient_number: String,
    pub valid_from: String,
    pub valid_to: String,
}

/// 剤: things of one 診療種別区分 done together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActGroup {
    pub class: String,
    /// 日数・回数
    pub times: i32,
    pub items: Vec<ActItem>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActItem {
    pub code: String,
    pub name: String,
    pub amount: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiseaseFacts {
    pub code: String,
    pub name: String,
    pub started_on: String,
    pub is_suspected: bool,
    pub is_main: bool,
}

impl ClaimContent {
    /// Of everything but the version: equal content is not sent again.
    pub fn digest(&self) -> String {
        let unnumbered = Self { version: 0, ..self.clone() };
        let bytes = serde_json::to_vec(&unnumbered).unwrap_or_default();
        hex::encode(tenancy::versioned::sha256(&bytes))
    }
}

/// 保険者番号 → the receipt computer's 保険の種類, by 法別番号; six digits are 国保.
pub fn provider_class(insurer_number: &str) -> Option<&'static str> {
    if insurer_number.len() == 6 {
        return Some("060");
    }
    Some(match insurer_number.get(..2)? {
        "01" => "009",
        "02" => "002",
        "03" => "003",
        "04" => "004",
        "06" => "006",
        "07" => "007",
        "31" => "031",
        "32" => "032",
        "33" => "033",
        "34" => "034",
        "39" => "039",
        "63" => "063",
        "67" => "067",
        "72" => "072",
        "73" => "073",
        "74" => "074",
        "75" => "075",
        _ => return None,
    })
}

/// 負担者番号 → the receipt computer's 公費の種類: the 法別番号 of the country's own schemes. Those of prefectures and towns have numbers
/// each receipt computer keeps for itself.
pub fn public_class(payer_number: &str) -> Option<String> {
    let number: u8 = payer_number.get(..2)?.parse().ok()?;
    (!matches!(number, 41..=48 | 80..=99)).then(|| format!("0{number:02}"))
}

/// Half-width letters and digits as the receipt computer keeps names, symbols and numbers: full-width.
pub fn wide(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            ' ' => '　',
            '!'..='~' => char::from_u32(u32::from(c) - 0x21 + 0xFF01).unwrap_or(c),
            c => c,
        })
        .collect()
}
