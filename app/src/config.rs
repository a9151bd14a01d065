//! Configuration comes from the environment. A missing or malformed value stops the start with one line that names it.

use std::path::PathBuf;

use secrecy::SecretString;

use crate::objectstore::StoreConfig;

/// One variable: for reading, and for the table `tsumugi config` prints.
pub struct Variable {
    pub name: &'static str,
    pub default: Option<&'static str>,
    pub about: &'static str,
}

const fn var(name: &'static str, default: Option<&'static str>, about: &'static str) -> Variable {
    Variable { name, default, about }
}

pub const VARIABLES: &[Variable] = &[
    var("TSUMUGI_BIND", Some("127.0.0.1"), "待ち受けるアドレス"),
    var("TSUMUGI_PORT", Some("8080"), "画面のポート (HTTP)"),
    var("TSUMUGI_TLS_PORT", Some("8443"), "画面のポート (TLS 1.3)。証明書があるときだけ開く"),
    var("TSUMUGI_TLS_CERT_FILE", Some(""), "サーバ証明書 (PEM)"),
    var("TSUMUGI_TLS_KEY_FILE", Some(""), "サーバ証明書の秘密鍵 (PEM)"),
    var("TSUMUGI_ADMIN_BIND", Some("127.0.0.1"), "計測 (/metrics) を待ち受けるアドレス。利用者から見えない側に置く"),
    var("TSUMUGI_ADMIN_PORT", Some("9100"), "計測 (/metrics) のポート"),
    var("TSUMUGI_PUBLIC_URL", Some("http://localhost:8080"), "利用者が開くアドレス。パスキーの名前もここから取る"),
    var("TSUMUGI_TRUSTED_PROXY", Some(""), "X-Forwarded-For を信じる中継のアドレス (範囲可)"),
    var("TSUMUGI_WORKERS", Some("2"), "画面を返すスレッドの数"),
    var("TSUMUGI_DRAIN_S", Some("3"), "停止の合図から受付を閉じるまでの秒数"),
    var("TSUMUGI_DATABASE_URL", None, "Postgres (役割 tsumugi_app)"),
    var("TSUMUGI_DATABASE_POOL", Some("16"), "接続の上限"),
    var("TSUMUGI_OWNER_DATABASE_URL", Some(""), "Postgres (役割 tsumugi_owner)。migrate だけが使う"),
    var("TSUMUGI_OPERATOR_DATABASE_URL", Some(""), "Postgres (役割 tsumugi_operator)。worker とコマンドが使う"),
    var("TSUMUGI_BACKUP_DATABASE_URL", Some(""), "Postgres (役割 tsumugi_backup)"),
    var("TSUMUGI_RESTORE_DATABASE_URL", Some(""), "Postgres (役割 tsumugi_restore)"),
    var("TSUMUGI_REDIS_URL", None, "Redis"),
    var("TSUMUGI_S3_ENDPOINT", Some(""), "オブジェクト保存先。空ならバックアップは行わない"),
    var("TSUMUGI_S3_REGION", Some("ap-northeast-3"), "オブジェクト保存先の地域"),
    var("TSUMUGI_BACKUP_BUCKET", Some(""), "バックアップの入れ物 (Object Lock 付き)"),
    var("TSUMUGI_BACKUP_ACCESS_KEY", Some(""), "書込みだけできる鍵"),
    var("TSUMUGI_BACKUP_SECRET_KEY", Some(""), "同上の秘密"),
    var("TSUMUGI_RESTORE_ACCESS_KEY", Some(""), "読取りだけできる鍵。復元と検証だけが使う"),
    var("TSUMUGI_RESTORE_SECRET_KEY", Some(""), "同上の秘密"),
    var("TSUMUGI_ATTACHMENT_BUCKET", Some(""), "画像・文書の入れ物。空なら画像・文書は使えない"),
    var("TSUMUGI_ATTACHMENT_ACCESS_KEY", Some(""), "画像・文書を名指しで出し入れできる鍵"),
    var("TSUMUGI_ATTACHMENT_SECRET_KEY", Some(""), "同上の秘密"),
    var("TSUMUGI_ATTACHMENT_SCANNER_SOCKET", Some(""), "ClamAV (clamd) のソケット。worker が使う。空なら届いた画像・文書は検査待ちのまま"),
    var("TSUMUGI_CA_FILE", Some(""), "オブジェクト保存先の認証局 (PEM)"),
    var("TSUMUGI_KEY_PROVIDER", Some("local"), "鍵の置き場"),
    var("TSUMUGI_KEK_FILE", Some(""), "鍵を包む鍵 (32バイト)"),
    var("TSUMUGI_KMS_KEY_ID", Some(""), "KMS の鍵 (TSUMUGI_KEY_PROVIDER=kms のとき)"),
    var("TSUMUGI_KMS_REGION", Some("ap-northeast-1"), "KMS の地域"),
    var("TSUMUGI_KMS_ENDPOINT", Some(""), "KMS の専用の接続先"),
    var("TSUMUGI_RECOVERY_PUBLIC_KEY_FILE", Some(""), "復旧用の公開鍵 (RSA-4096)"),
    var("TSUMUGI_FONT_GOTHIC_FILE", Some("/usr/share/fonts/opentype/ipaexfont-gothic/ipaexg.ttf"), "帳票のゴシック体"),
    var("TSUMUGI_FONT_MINCHO_FILE", Some("/usr/share/fonts/opentype/ipaexfont-mincho/ipaexm.ttf"), "帳票の明朝体"),
    var("TSUMUGI_NATIONAL_URL", Some(""), "国のサービス (オンライン資格確認・電子処方箋) の接続先。空なら接続しない"),
    var("TSUMUGI_NATIONAL_CLIENT_PEM_FILE", Some(""), "オンライン資格確認用の電子証明書と秘密鍵 (PEM)"),
    var("TSUMUGI_CARDLESS_URL", Some(""), "HPKIカードレス署名の接続先。あればこちらで署名する"),
    var("TSUMUGI_CARDLESS_CA_FILE", Some(""), "その認証局 (PEM)。公開された認証局なら要らない"),
    var("TSUMUGI_CARD_SIGNING", Some("off"), "連携端末のカードリーダーのHPKIカードで署名できるようにする (on / off)"),
    var("TSUMUGI_SIGNER_CRL_FILE", Some(""), "カードの証明書の失効リスト (PEM か DER)。空なら失効を確かめない"),
    var("TSUMUGI_SIGNER_DIR", Some(""), "電子処方箋の署名鍵 (医院.医師.pem) を置くフォルダ。試験・見本用。空なら処方は紙だけ"),
    var("TSUMUGI_SPOOL_DIR", Some(""), "閲覧のみの間の閲覧記録を置くフォルダ (電源を切っても残る場所)。空なら閲覧のみの間は何も開けない"),
    var("TSUMUGI_LOG", Some("info"), "記録の細かさ"),
];

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("設定 {0} がありません")]
    Missing(&'static str),
    #[error("設定 {name} の値「{value}」が読めません")]
    Malformed { name: &'static str, value: String },
    #[error("設定 {0} のファイルを読めません")]
    Unreadable(&'static str),
    #[error("設定 {0} は一覧にありません")]
    Unlisted(&'static str),
}

#[derive(Clone, Debug)]
pub struct Config {
    pub bind: String,
    pub port: u16,
    pub tls_port: u16,
    pub tls: Option<(PathBuf, PathBuf)>,
    pub admin_bind: String,
    pub admin_port: u16,
    pub public_url: String,
    pub trusted_proxy: Option<String>,
    pub workers: usize,
    pub drain_s: u64,
    pub database_url: SecretString,
    pub database_pool: u32,
    pub redis_url: SecretString,
    pub object_store: Option<ObjectStoreConfig>,
    /// Where pictures and documents lie; None turns attachments off.
    pub attachments: Option<StoreConfig>,
    pub spool_dir: Option<PathBuf>,
    pub signer_dir: Option<PathBuf>,
    pub cardless_url: Option<String>,
    pub cardless_ca_file: Option<PathBuf>,
    pub has_card_signing: bool,
    pub signer_crl_file: Option<PathBuf>,
}

/// Where backups go, without credentials: those are read where they are used, so that `serve` never holds a reader's.
#[derive(Clone, Debug)]
pub struct ObjectStoreConfig {
    pub endpoint: String,
    pub region: String,
    pub bucket: String,
    pub ca_file: Option<PathBuf>,
}

impl Config {
    pub fn from_env() -> Result<Self, ConfigError> {
        let tls = match (text("TSUMUGI_TLS_CERT_FILE")?, text("TSUMUGI_TLS_KEY_FILE")?) {
            (cert, key) if !cert.is_empty() && !key.is_empty() => Some((cert.into(), key.into())),
            _ => None,
        };
        Ok(Self {
            bind: text("TSUMUGI_BIND")?,
            port: parsed("TSUMUGI_PORT")?,
            tls_port: parsed("TSUMUGI_TLS_PORT")?,
            tls,
            admin_bind: text("TSUMUGI_ADMIN_BIND")?,
            admin_port: parsed("TSUMUGI_ADMIN_PORT")?,
            public_url: text("TSUMUGI_PUBLIC_URL")?.trim_end_matches('/').to_owned(),
            trusted_proxy: optional("TSUMUGI_TRUSTED_PROXY")?,
            workers: parsed("TSUMUGI_WORKERS")?,
            drain_s: parsed("TSUMUGI_DRAIN_S")?,
            database_url: secret("TSUMUGI_DATABASE_URL")?,
            database_pool: parsed("TSUMUGI_DATABASE_POOL")?,
            redis_url: secret("TSUMUGI_REDIS_URL")?,
            object_store: ObjectStoreConfig::from_env()?,
            attachments: attachments()?,
            spool_dir: optional("TSUMUGI_SPOOL_DIR")?.map(Into::into),
            signer_dir: optional("TSUMUGI_SIGNER_DIR")?.map(Into::into),
            cardless_url: optional("TSUMUGI_CARDLESS_URL")?,
            cardless_ca_file: optional("TSUMUGI_CARDLESS_CA_FILE")?.map(Into::into),
            signer_crl_file: optional("TSUMUGI_SIGNER_CRL_FILE")?.map(Into::into),
            has_card_signing: text("TSUMUGI_CARD_SIGNING")? == "on",
        })
    }

    /// Cookies are marked `Secure` wherever the clinic's address is https.
    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}

impl ObjectStoreConfig {
    pub fn from_env() -> Result<Option<Self>, ConfigError> {
        let Some(endpoint) = optional("TSUMUGI_S3_ENDPOINT")? else { return Ok(None) };
        Ok(Some(Self {
            endpoint,
            region: text("TSUMUGI_S3_REGION")?,
            bucket: required("TSUMUGI_BACKUP_BUCKET")?,
            ca_file: optional("TSUMUGI_CA_FILE")?.map(Into::into),
        }))
    }
}

/// The bucket of pictures and documents, as its keeper.
pub fn attachments() -> Result<Option<StoreConfig>, ConfigError> {
    let (Some(endpoint), Some(bucket)) = (optional("TSUMUGI_S3_ENDPOINT")?, optional("TSUMUGI_ATTACHMENT_BUCKET")?) else {
        return Ok(None);
    };
    let ca_file: Option<PathBuf> = optional("TSUMUGI_CA_FILE")?.map(Into::into);
    let ca_pem = StoreConfig::ca_pem(ca_file.as_deref()).map_err(|_| ConfigError::Unreadable("TSUMUGI_CA_FILE"))?;
    Ok(Some(StoreConfig {
        endpoint,
        region: text("TSUMUGI_S3_REGION")?,
        bucket,
        access_key: required("TSUMUGI_ATTACHMENT_ACCESS_KEY")?,
        secret_key: secret("TSUMUGI_ATTACHMENT_SECRET_KEY")?,
        ca_pem,
    }))
}

fn listed(name: &'static str) -> Result<&'static Variable, ConfigError> {
    VARIABLES.iter().find(|v| v.name == name).ok_or(ConfigError::Unlisted(name))
}

/// The value or its default; a variable without default must be set.
pub fn text(name: &'static str) -> Result<String, ConfigError> {
    let variable = listed(name)?;
    match std::env::var(name) {
        Ok(value) => Ok(value),
        Err(_) => variable.default.map(str::to_owned).ok_or(ConfigError::Missing(name)),
    }
}

/// Empty means not configured.
pub fn optional(name: &'static str) -> Result<Option<String>, ConfigError> {
    Ok(Some(text(name)?).filter(|v| !v.is_empty()))
}

/// A value this command cannot work without.
pub fn required(name: &'static str) -> Result<String, ConfigError> {
    optional(name)?.ok_or(ConfigError::Missing(name))
}

pub fn secret(name: &'static str) -> Result<SecretString, ConfigError> {
    required(name).map(Into::into)
}

fn parsed<T: std::str::FromStr>(name: &'static str) -> Result<T, ConfigError> {
    let value = text(name)?;
    value.parse().map_err(|_| ConfigError::Malformed { name, value })
}

/// What `tsumugi config` prints: name, default, meaning. Values are not shown, some are secrets.
pub fn table() -> String {
    VARIABLES
        .iter()
        .map(|v| format!("{:<34} {:<12} {}\n", v.name, v.default.map_or("(必須)", |d| if d.is_empty() { "-" } else { d }), v.about))
        .collect()
}
