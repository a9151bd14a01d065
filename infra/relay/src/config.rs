//! The settings file, read once. A folder that cannot be used is said at the start, not at the first patient.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::Deserialize;

/// `relay.toml`
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// つむぎの住所 (https)
    pub url: String,
    /// 管理者の画面で発行した鍵
    pub device_key: String,
    /// 連携ソフトのフォルダ
    pub req: PathBuf,
    pub res: PathBuf,
    #[serde(default)]
    pub face: Option<PathBuf>,
    /// まだ渡せていないファイルを置くところ
    pub spool: PathBuf,
    /// つむぎの認証局 (PEM)。公開された認証局なら要らない
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// HPKIカードのPKCS#11モジュール。カードで署名しない端末には要らない
    #[serde(default)]
    pub card_module: Option<PathBuf>,
    /// PINを尋ねて標準出力に書くプログラム。暗証番号の押せるリーダーなら要らない
    #[serde(default)]
    pub pin_program: Option<PathBuf>,
    /// フォルダを見る間隔
    #[serde(default = "default_scan_ms")]
    pub scan_ms: u64,
}

const fn default_scan_ms() -> u64 {
    400
}

impl Config {
    pub fn read(file: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(file).with_context(|| format!("設定ファイルを読めません: {}", file.display()))?;
        Self::parse(&text)
    }

    pub fn parse(text: &str) -> anyhow::Result<Self> {
        // The cause would quote the line, and a line may be the key.
        let Ok(config) = basic_toml::from_str::<Self>(text) else {
            bail!("設定ファイルの書き方が違うか、項目が足りません (url device_key req res spool は必須)");
        };
        if !config.url.starts_with("https://") && !is_loopback(&config.url) {
            bail!("url は https:// で始めてください");
        }
        if !config.device_key.starts_with("tsd_") {
            bail!("device_key は管理者の画面「連携端末」で発行した鍵 (tsd_ で始まる) です");
        }
        for folder in [Some(&config.req), Some(&config.res), config.face.as_ref()].into_iter().flatten() {
            if !folder.is_dir() {
                bail!("フォルダがありません: {}", folder.display());
            }
        }
        for file in [&config.card_module, &config.pin_program].into_iter().flatten() {
            if !file.is_file() {
                bail!("ファイルがありません: {}", file.display());
            }
        }
        std::fs::create_dir_all(&config.spool).with_context(|| format!("フォルダを作れません: {}", config.spool.display()))?;
        for folder in [&config.req, &config.spool] {
            let probe = folder.join(".tsumugi-relay.probe");
            std::fs::write(&probe, b"").with_context(|| format!("フォルダに書けません: {}", folder.display()))?;
            std::fs::remove_file(&probe).with_context(|| format!("フォルダに書けません: {}", folder.display()))?;
        }
        Ok(Self { scan_ms: config.scan_ms.clamp(50, 10_000), ..config })
    }
}

/// A key never crosses a network unprotected; on this very machine there is none.
fn is_loopback(url: &str) -> bool {
    ["http://127.0.0.1:", "http://localhost:"].iter().any(|own| url.starts_with(own))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(dir: &Path, url: &str, key: &str) -> String {
        let at = |name: &str| dir.join(name).display().to_string().replace('\\', "/");
        format!("url = '{url}'\ndevice_key = '{key}'\nreq = '{}'\nres = '{}'\nspool = '{}'\n", at("req"), at("res"), at("spool"))
    }

    #[test]
    fn what_cannot_work_is_said_at_the_start_and_never_quotes_the_key() {
        let dir = std::env::temp_dir().join(format!("relay-config-{}", std::process::id()));
        for folder in ["req", "res"] {
            std::fs::create_dir_all(dir.join(folder)).unwrap();
        }
        let good = text(&dir, "https://t.example", "tsd_abc");
        assert!(Config::parse(&good).is_ok());
        assert!(Config::parse(&text(&dir, "http://127.0.0.1:8080", "tsd_abc")).is_ok());
        let said = |text: &str| Config::parse(text).err().map(|e| format!("{e:#}")).unwrap_or_default();
        assert!(said(&text(&dir, "http://t.example", "tsd_abc")).contains("https"));
        assert!(said(&text(&dir, "https://t.example", "abc")).contains("device_key"));
        assert!(said(&good.replace("/res'", "/missing'")).contains("フォルダがありません"));
        assert!(said(&format!("{good}card_module = '/nowhere/hpki.so'\n")).contains("ファイルがありません"));
        let broken = said("url = 'https://t.example'\ndevice_key = tsd_secret");
        assert!(!broken.is_empty() && !broken.contains("tsd_secret"));
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
