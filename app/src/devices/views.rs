//! The pages of relays, and the line other pages show of them.

use askama::Template;
use chrono::{DateTime, Utc};
use domain::clock::jst;
use uuid::Uuid;

use super::entity::{arrival, device};
use crate::web::{Chrome, FormState};

/// One relay: what is known of it, in words.
#[derive(Debug, Clone)]
pub struct DeviceRow {
    pub id: Uuid,
    pub version: i32,
    pub name: String,
    pub prefix: String,
    pub issued: String,
    pub seen: String,
    pub program: String,
    pub waiting: i32,
    pub aside: i32,
    pub is_revoked: bool,
    pub tone: &'static str,
    pub mark: &'static str,
    pub word: &'static str,
}

impl DeviceRow {
    pub fn of(row: &device::Model, now: DateTime<Utc>) -> Self {
        let (tone, mark, word) = match row {
            row if row.is_revoked() => ("plain", "off", "鍵は無効"),
            row if row.last_seen_at.is_none() => ("info", "clock", "まだ連絡なし"),
            row if row.is_away(now) => ("stop", "x-c", "応答なし"),
            row if row.aside > 0 => ("warn", "tri", "脇に置いたファイルあり"),
            _ => ("ok", "check", "つながっています"),
        };
        let time = |at: DateTime<Utc>| jst(at).format("%m/%d %H:%M").to_string();
        Self {
            id: row.id,
            version: row.version,
            name: row.name.clone(),
            prefix: row.prefix.clone(),
            issued: time(row.issued_at),
            seen: row.last_seen_at.map_or_else(|| "–".into(), time),
            program: row.program.clone(),
            waiting: row.waiting,
            aside: row.aside,
            is_revoked: row.is_revoked(),
            tone,
            mark,
            word,
        }
    }
}

#[derive(Debug, Clone, Template)]
#[template(path = "devices/list.html")]
pub struct DevicesPage {
    pub chrome: Chrome,
    pub active: Vec<DeviceRow>,
    pub revoked: Vec<DeviceRow>,
    /// Name and key of the relay just made; shown once.
    pub key: Option<(String, String)>,
    pub open_arrivals: u64,
    pub form: FormState,
    pub said: &'static str,
}

impl DevicesPage {
    pub fn transports(&self) -> [(&'static str, &'static str); 2] {
        super::connection::TRANSPORTS
    }

    pub fn of(chrome: Chrome, rows: &[device::Model], now: DateTime<Utc>, open_arrivals: u64, form: FormState) -> Self {
        let (revoked, active) = rows.iter().map(|row| DeviceRow::of(row, now)).partition(|row| row.is_revoked);
        Self { chrome, active, revoked, key: None, open_arrivals, form, said: "" }
    }
}

/// What 資格の照会 and 後処理 show of the relays; nothing where the clinic has none.
#[derive(Debug, Clone, Default)]
pub struct RelayLine {
    pub devices: Vec<DeviceRow>,
    pub open_arrivals: u64,
}

impl RelayLine {
    pub async fn read(tx: &tenancy::TenantTx) -> Result<Self, tenancy::Error> {
        let rows = super::store::active(tx).await?;
        let open_arrivals = if rows.is_empty() { 0 } else { super::store::open_arrivals(tx).await? };
        Ok(Self { devices: rows.iter().map(|row| DeviceRow::of(row, tx.now())).collect(), open_arrivals })
    }

    pub fn is_empty(&self) -> bool {
        self.devices.is_empty()
    }
}

#[derive(Debug, Clone)]
pub struct ArrivalRow {
    pub id: Uuid,
    pub version: i32,
    pub at: String,
    pub name: String,
    pub device: String,
    pub folder: &'static str,
    pub why: &'static str,
    pub todo: &'static str,
}

impl ArrivalRow {
    fn of(row: &arrival::Model, devices: &[device::Model]) -> Self {
        let (why, todo) = sentence(&row.reason);
        Self {
            id: row.id,
            version: row.version,
            at: jst(row.arrived_at).format("%m/%d %H:%M").to_string(),
            name: row.name.clone(),
            device: devices.iter().find(|device| device.id == row.device_id).map(|device| device.name.clone()).unwrap_or_default(),
            folder: if row.folder == "face" { "カード読取" } else { "照会の返事" },
            why,
            todo,
        }
    }
}

/// What happened and what to do about it.
fn sentence(reason: &str) -> (&'static str, &'static str) {
    match reason {
        "facility" => ("別の医療機関のコードが入っています", "端末の設定とフォルダを確かめてください。取り込んでいません"),
        "unasked" => ("つむぎが出していない照会への返事です", "ほかのソフトが同じフォルダを使っていないか確かめてください"),
        "same_name" => {
            ("同じ名前で内容の違う返事がもう届いています", "先に届いた返事を使いました。患者に確かめ、必要なら照会し直してください")
        }
        "identifier" => ("照会の名前と返事の中の名前が合いません", "照会し直してください。取り込んでいません"),
        "packing" => ("名前の拡張子(.zip / .xml)と中身が合いません", "連携ソフトの設定を確かめ、照会し直してください。取り込んでいません"),
        "individual_number" => ("個人番号と思われる数字が含まれます", "内容は保存していません。端末の設定を確かめてください"),
        "malformed" | "empty" => ("途中で切れているか、読めません", "もう一度読み取るか、照会し直してください"),
        _ => ("読めない形式です", "もう一度読み取るか、照会し直してください"),
    }
}

#[derive(Debug, Clone, Template)]
#[template(path = "devices/arrivals.html")]
pub struct ArrivalsPage {
    pub chrome: Chrome,
    pub rows: Vec<ArrivalRow>,
    pub devices: Vec<DeviceRow>,
    /// Present for whoever may say 確認した.
    pub key: Option<String>,
}

impl ArrivalsPage {
    pub fn of(chrome: Chrome, rows: &[arrival::Model], devices: &[device::Model], now: DateTime<Utc>, key: Option<String>) -> Self {
        Self {
            chrome,
            rows: rows.iter().map(|row| ArrivalRow::of(row, devices)).collect(),
            devices: devices.iter().filter(|device| !device.is_revoked()).map(|device| DeviceRow::of(device, now)).collect(),
            key,
        }
    }
}

crate::no_subjects!(DevicesPage, ArrivalsPage);
