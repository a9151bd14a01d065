//! The parts that jobs and commands are made of, from the environment. `serve` uses none of the readers' keys.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use secrecy::{ExposeSecret, SecretString};
use tenancy::Clock;
use tenancy::archive::{ArchiveSource, RestoreTarget};
use tenancy::keys::{KeyProvider, Keyring, LocalFileProvider, RecoveryPublicKey};
use tenancy::operator::Operator;
use tenancy::session::Sessions;
use uuid::Uuid;

use crate::adapters::eprescription::revocation::Revocations;
use crate::adapters::eprescription::{CardDesk, CardSigner, Cardless, KeyFiles, NoSigner, PrescriptionSigner, Signers};
use crate::adapters::kms::{KmsConfig, KmsProvider};
use crate::adapters::national::NationalClient;
use crate::adapters::national_way::NationalWay;
use crate::attachments::{ClamAv, Inspector};
use crate::claims::driver::ReceiptDriver;
use crate::config::{self, Config, ObjectStoreConfig};
use crate::devices::Mailbox;
use crate::eprescriptions::PrescriptionDriver;
use crate::inquiries::EligibilityDriver;
use crate::live::Live;
use crate::objectstore::{ObjectStore, StoreConfig};
use crate::outbox::Driver;

/// The clinics' keys under the configured key-encryption key.
pub async fn keyring() -> anyhow::Result<Keyring> {
    let provider: Arc<dyn KeyProvider> = match config::text("TSUMUGI_KEY_PROVIDER")?.as_str() {
        "local" => Arc::new(LocalFileProvider::open(Path::new(&config::required("TSUMUGI_KEK_FILE")?)).context("鍵を包む鍵を読めません")?),
        "kms" => Arc::new(KmsProvider::new(kms()?).await),
        other => bail!("設定 TSUMUGI_KEY_PROVIDER の値「{other}」は使えません (local か kms)"),
    };
    let recovery = config::optional("TSUMUGI_RECOVERY_PUBLIC_KEY_FILE")?
        .map(|file| RecoveryPublicKey::open(Path::new(&file)))
        .transpose()
        .context("復旧用の公開鍵を読めません")?;
    Ok(Keyring::new(provider, recovery))
}

/// The partners this deployment is connected to. A service without a driver keeps its messages waiting.
pub fn drivers(operator: &Operator) -> anyhow::Result<Vec<Arc<dyn Driver>>> {
    let live = Live::publisher(config::secret("TSUMUGI_REDIS_URL")?.expose_secret())?;
    let way = NationalWay::new(national()?, Arc::new(Mailbox::new(operator.clone(), Some(live.clone()))));
    Ok(vec![
        Arc::new(ReceiptDriver::new()?),
        Arc::new(EligibilityDriver::new(way.clone(), Some(live.clone()))),
        Arc::new(PrescriptionDriver::new(way, Some(live))),
    ])
}

/// How doctors sign electronic prescriptions here.
pub fn signer(config: &Config, sessions: &Sessions, desk: &CardDesk) -> anyhow::Result<Arc<dyn PrescriptionSigner>> {
    let other: Arc<dyn PrescriptionSigner> = match (&config.cardless_url, &config.signer_dir) {
        (Some(url), _) => Arc::new(Cardless::new(url, config.cardless_ca_file.as_deref(), sessions.clone())?),
        (None, Some(folder)) => Arc::new(KeyFiles::new(folder)),
        (None, None) => Arc::new(NoSigner),
    };
    Ok(if config.has_card_signing {
        Arc::new(Signers { card: CardSigner::new(desk.clone(), Revocations::new(config.signer_crl_file.clone())), other })
    } else {
        other
    })
}

/// The way to the national services; None where this deployment is not connected to them.
fn national() -> anyhow::Result<Option<NationalClient>> {
    let Some(base) = config::optional("TSUMUGI_NATIONAL_URL")? else { return Ok(None) };
    let pem = config::required("TSUMUGI_NATIONAL_CLIENT_PEM_FILE")?;
    let authority = config::required("TSUMUGI_CA_FILE")?;
    NationalClient::new(&base, Path::new(&pem), Path::new(&authority)).map(Some)
}

/// Credentials come from the platform (the task's role), never from our own settings.
fn kms() -> anyhow::Result<KmsConfig> {
    Ok(KmsConfig {
        key_id: config::required("TSUMUGI_KMS_KEY_ID")?,
        region: config::required("TSUMUGI_KMS_REGION")?,
        endpoint: config::optional("TSUMUGI_KMS_ENDPOINT")?,
        credentials: None,
    })
}

/// The bucket as its writer; None where no object store is configured.
pub fn writer() -> anyhow::Result<Option<ObjectStore>> {
    store("TSUMUGI_BACKUP_ACCESS_KEY", "TSUMUGI_BACKUP_SECRET_KEY")
}

/// Whoever takes uploaded files out of quarantine; None where there is no place for them or nothing to scan them with.
pub fn inspector(operator: &Operator, id: Uuid) -> anyhow::Result<Option<Inspector>> {
    let (Some(place), Some(socket)) = (config::attachments()?, config::optional("TSUMUGI_ATTACHMENT_SCANNER_SOCKET")?) else {
        tracing::warn!("no scanner or no place for uploaded files: what arrives stays in quarantine");
        return Ok(None);
    };
    let live = Live::publisher(config::secret("TSUMUGI_REDIS_URL")?.expose_secret())?;
    let inspector = Inspector::new(operator.clone(), ObjectStore::new(&place)?, Arc::new(ClamAv::new(socket)), id);
    Ok(Some(inspector.with_copies(writer()?).telling(live)))
}

/// The bucket as its reader: for restoring and verifying only.
pub fn reader() -> anyhow::Result<ObjectStore> {
    store("TSUMUGI_RESTORE_ACCESS_KEY", "TSUMUGI_RESTORE_SECRET_KEY")?
        .context("オブジェクト保存先が設定されていません (TSUMUGI_S3_ENDPOINT)")
}

fn store(access_key: &'static str, secret_key: &'static str) -> anyhow::Result<Option<ObjectStore>> {
    let Some(place) = ObjectStoreConfig::from_env()? else { return Ok(None) };
    let ca_pem = StoreConfig::ca_pem(place.ca_file.as_deref()).context("オブジェクト保存先の認証局を読めません")?;
    let config = StoreConfig {
        endpoint: place.endpoint,
        region: place.region,
        bucket: place.bucket,
        access_key: config::required(access_key)?,
        secret_key: config::secret(secret_key)?,
        ca_pem,
    };
    Ok(Some(ObjectStore::new(&config)?))
}

/// Reads one clinic at a time, as `tsumugi_backup`.
pub fn archive_source(clock: Clock) -> anyhow::Result<ArchiveSource> {
    Ok(ArchiveSource::new(url("TSUMUGI_BACKUP_DATABASE_URL")?.expose_secret(), clock)?)
}

/// Writes one clinic back, as `tsumugi_restore`.
pub fn restore_target(clock: Clock) -> anyhow::Result<RestoreTarget> {
    Ok(RestoreTarget::new(url("TSUMUGI_RESTORE_DATABASE_URL")?.expose_secret(), clock)?)
}

fn url(name: &'static str) -> anyhow::Result<SecretString> {
    Ok(config::secret(name)?)
}

/// Settings in force that are no secret: they travel with every archive (BK-08).
pub fn settings() -> anyhow::Result<BTreeMap<String, String>> {
    const SECRET: [&str; 4] = ["_URL", "_KEY", "_SECRET", "_PASSWORD"];
    let open = |name: &str| name == "TSUMUGI_PUBLIC_URL" || !SECRET.iter().any(|end| name.ends_with(end));
    config::VARIABLES
        .iter()
        .filter(|variable| open(variable.name) && variable.default.is_some())
        .map(|variable| Ok((variable.name.to_owned(), config::text(variable.name)?)))
        .collect()
}
