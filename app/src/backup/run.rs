//! Making an archive: rows from a snapshot → a thread that hashes, compresses and seals → parts of an upload.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_lc_rs::digest;
use chrono::{DateTime, Utc};
use tenancy::archive::{ArchiveSource, Column, Snapshot};
use tenancy::keys::{DataKey, Keyring};
use tenancy::operator::Operator;
use tenancy::{Audit, InfoClass, TenantId};
use tokio::sync::mpsc;
use zstd::stream::write::Encoder;

use super::format::{CHUNK_LEN, ChunkSealer, FORMAT_VERSION, Header, Hex};
use super::rows::{Manifest, RowWriter, Sums};
use super::{BackupError, list};
use crate::objectstore::{ObjectStore, Upload};

const ZSTD_LEVEL: i32 = 3;
/// Batches of rows and sealed chunks that may wait between the stages: about 4 MiB in all.
const WAITING: usize = 8;

/// What a run needs.
#[derive(Clone)]
pub struct Backup {
    pub operator: Operator,
    pub source: ArchiveSource,
    pub keyring: Keyring,
    pub store: ObjectStore,
    /// Settings in force, without secrets; they go into the archive.
    pub config: BTreeMap<String, String>,
}

/// A finished archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archived {
    pub object_key: String,
    pub bytes: u64,
    /// SHA-256 of the object.
    pub digest: [u8; 32],
    pub sums: Sums,
}

impl Archived {
    pub fn rows(&self) -> u64 {
        self.sums.values().map(|sum| sum.rows).sum()
    }
}

impl Backup {
    /// Archives one clinic and records the run, whether it succeeds or not.
    pub async fn run(&self, tenant: TenantId) -> Result<Archived, BackupError> {
        self.ensure_key(tenant).await?;
        // The snapshot comes before the record, so that this very run is not in it as unfinished.
        let snapshot = self.source.begin(tenant).await?;
        let started_at = self.operator.clock().now();
        let object_key = list::object_key(tenant, started_at);
        let run = list::begin(&self.operator, tenant, &object_key).await?;
        let archived = self.archive(snapshot, &object_key, started_at).await;
        list::finish(&self.operator, tenant, run, &archived).await?;
        archived
    }

    async fn archive(&self, mut snapshot: Snapshot, object_key: &str, created_at: DateTime<Utc>) -> Result<Archived, BackupError> {
        let (header, key) = self.header(&snapshot, created_at).await?;
        let manifest = self.manifest(&mut snapshot).await?;
        let (to_seal, rows) = mpsc::channel(WAITING);
        let (to_store, sealed) = mpsc::channel(WAITING);
        let sealing = tokio::task::spawn_blocking(move || seal(&header, &key, manifest, rows, &to_store));
        let sealing = async { sealing.await.unwrap_or(Err(BackupError::Stopped)) };
        match tokio::join!(feed(&mut snapshot, to_seal), sealing, self.upload(object_key, sealed)) {
            (Ok(()), Ok(sums), Ok((bytes, digest))) => Ok(Archived { object_key: object_key.to_owned(), bytes, digest, sums }),
            (read, sealed, stored) => Err(cause([read.err(), sealed.err(), stored.err()])),
        }
    }

    async fn ensure_key(&self, tenant: TenantId) -> Result<(), BackupError> {
        let tx = self.operator.begin(tenant).await?;
        if self.keyring.ensure(&tx).await? {
            tx.commit(Audit::created(InfoClass::Backup).detail("key_version", 1)).await?;
        }
        Ok(())
    }

    async fn header(&self, snapshot: &Snapshot, created_at: DateTime<Utc>) -> Result<(Header, Arc<DataKey>), BackupError> {
        // Only wrapped keys are read here: nothing to audit, nothing to commit.
        let tx = self.operator.begin(snapshot.tenant()).await?;
        let (key_version, key) = self.keyring.current(&tx).await?;
        let wrapped = self.keyring.wrapped(&tx, key_version).await?;
        let mut salt = [0u8; 32];
        aws_lc_rs::rand::fill(&mut salt).map_err(|_| BackupError::Crypto)?;
        let header = Header {
            format: FORMAT_VERSION,
            tenant_id: snapshot.tenant().as_uuid(),
            created_at,
            product_version: env!("CARGO_PKG_VERSION").to_owned(),
            key_version,
            key_provider: wrapped.provider,
            kek_id: wrapped.kek_id,
            wrapped: Hex(wrapped.wrapped),
            recovery_wrapped: wrapped.recovery_wrapped.map(Hex),
            salt: Hex(salt.to_vec()),
            chunk_len: CHUNK_LEN as u32,
            tables: snapshot.tables().iter().map(|table| table.name.clone()).collect(),
        };
        Ok((header, key))
    }

    async fn manifest(&self, snapshot: &mut Snapshot) -> Result<Manifest, BackupError> {
        Ok(Manifest { tenant_code: snapshot.tenant_code().await?, masters: snapshot.masters().await?, config: self.config.clone() })
    }

    /// Sends what comes until the end mark. Without it, or when a part is refused, no object is made and the parts are given back.
    async fn upload(&self, object_key: &str, mut sealed: mpsc::Receiver<Sealed>) -> Result<(u64, [u8; 32]), BackupError> {
        let mut upload = self.store.upload(object_key).await?;
        match send_parts(&mut upload, &mut sealed).await {
            Ok(digest) => Ok((upload.finish().await?, digest)),
            Err(error) => {
                upload.abandon().await;
                Err(error)
            }
        }
    }
}

async fn send_parts(upload: &mut Upload<'_>, sealed: &mut mpsc::Receiver<Sealed>) -> Result<[u8; 32], BackupError> {
    let mut hash = digest::Context::new(&digest::SHA256);
    while let Some(next) = sealed.recv().await {
        match next {
            Sealed::Bytes(bytes) => {
                hash.update(&bytes);
                upload.write(&bytes).await?;
            }
            Sealed::Whole => {
                let mut digest = [0u8; 32];
                digest.copy_from_slice(hash.finish().as_ref());
                return Ok(digest);
            }
        }
    }
    Err(BackupError::Stopped)
}

/// The failure that came first: the other stages only noticed that their neighbour had gone.
fn cause(errors: [Option<BackupError>; 3]) -> BackupError {
    errors.into_iter().flatten().min_by_key(|e| matches!(e, BackupError::Stopped)).unwrap_or(BackupError::Stopped)
}

/// From the snapshot to the sealing thread.
enum Fed {
    Table { name: String, columns: Vec<Column> },
    Rows(Vec<u8>),
    Whole,
}

/// From the sealing thread to the store.
enum Sealed {
    Bytes(Vec<u8>),
    Whole,
}

async fn feed(snapshot: &mut Snapshot, to: mpsc::Sender<Fed>) -> Result<(), BackupError> {
    for table in snapshot.tables().to_vec() {
        send(&to, Fed::Table { name: table.name.clone(), columns: table.columns.clone() }).await?;
        snapshot.copy(&table, &mut async |rows| send(&to, Fed::Rows(rows)).await).await?;
    }
    send(&to, Fed::Whole).await
}

async fn send<T>(to: &mpsc::Sender<T>, item: T) -> Result<(), BackupError> {
    to.send(item).await.map_err(|_| BackupError::Stopped)
}

/// Runs on a thread of its own: hashing, compressing and sealing are the client's whole CPU time.
fn seal(
    header: &Header,
    key: &DataKey,
    manifest: Manifest,
    mut rows: mpsc::Receiver<Fed>,
    to: &mpsc::Sender<Sealed>,
) -> Result<Sums, BackupError> {
    let sink = |bytes| to.blocking_send(Sealed::Bytes(bytes)).map_err(|_| BackupError::Stopped.into_io());
    let chunks = ChunkSealer::begin(header, key, sink)?;
    let mut writer = RowWriter::new(Encoder::new(chunks, ZSTD_LEVEL).map_err(BackupError::Io)?);
    let mut whole = false;
    writer.manifest(manifest).map_err(BackupError::from_io)?;
    while let Some(next) = rows.blocking_recv() {
        match next {
            Fed::Table { name, columns } => writer.table(name, columns).map_err(BackupError::from_io)?,
            Fed::Rows(lines) => writer.rows(&lines).map_err(BackupError::from_io)?,
            Fed::Whole => whole = true,
        }
    }
    if !whole {
        return Err(BackupError::Stopped);
    }
    let (encoder, sums) = writer.finish().map_err(BackupError::from_io)?;
    encoder.finish().and_then(ChunkSealer::finish).map_err(BackupError::from_io)?;
    to.blocking_send(Sealed::Whole).map_err(|_| BackupError::Stopped)?;
    Ok(sums)
}
