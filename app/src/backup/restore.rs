//! Bringing a clinic back: everything is checked while it is written, in one transaction that commits only when the
//! whole archive was authentic and the database's rows print the same bytes as the archive's.

use std::io::{BufReader, Read};

use aws_sdk_s3::primitives::ByteStream;
use tenancy::archive::{Column, RestoreTarget, Restoring, Table};
use tenancy::keys::{DataKey, KeyError, KeyProvider, Keyring, RecoveryPrivateKey};
use tenancy::{Act, Audit, InfoClass, TenantId};
use tokio::sync::{mpsc, oneshot};

use super::BackupError;
use super::format::{ChunkOpener, Header};
use super::rows::{self, Item, Manifest, RowSum, Sums, TableSum};

const WAITING: usize = 8;

/// Where to and with which keys.
pub struct Restore {
    pub target: RestoreTarget,
    pub keyring: Keyring,
    /// The offline key, when the archive's KEK is gone.
    pub recovery: Option<RecoveryPrivateKey>,
    /// Puts the archive in the place of a clinic that is there.
    pub replace: bool,
    /// Refuses an archive of another clinic, when the caller knows which one it wants.
    pub expected: Option<TenantId>,
}

/// A finished restore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    pub tenant: TenantId,
    pub header: Header,
    pub manifest: Option<Manifest>,
    /// Counts and hashes, equal in the archive and in the database.
    pub sums: Sums,
}

impl Restore {
    /// Reads an archive from the store.
    pub async fn from_stream(&self, body: ByteStream) -> Result<Restored, BackupError> {
        let (to, bytes) = mpsc::channel(WAITING);
        let (fetched, restored) = tokio::join!(fetch(body, to), self.from_reader(Received::new(bytes)));
        match (fetched, restored) {
            // The reader saw an early end because the fetch broke off.
            (Err(cause), Err(BackupError::Truncated)) => Err(cause),
            (_, restored) => restored,
        }
    }

    /// Reads an archive from anything; the reader lives on a thread of its own.
    pub async fn from_reader(&self, from: impl Read + Send + 'static) -> Result<Restored, BackupError> {
        let (to_open, mut headers) = mpsc::channel::<(Header, oneshot::Sender<DataKey>)>(1);
        let (to_write, mut items) = mpsc::channel(WAITING);
        let reading = tokio::task::spawn_blocking(move || read(from, &to_open, &to_write));
        let written = match headers.recv().await {
            Some((header, key_to)) => self.unlock_and_write(header, key_to, &mut items).await,
            None => Err(BackupError::Stopped),
        };
        drop(items);
        let read = reading.await.unwrap_or(Err(BackupError::Stopped));
        match (read, written) {
            (_, Ok(restored)) => Ok(restored),
            (Err(cause), Err(BackupError::Stopped)) => Err(cause),
            (_, Err(cause)) => Err(cause),
        }
    }

    async fn unlock_and_write(
        &self,
        header: Header,
        key_to: oneshot::Sender<DataKey>,
        items: &mut mpsc::Receiver<Item>,
    ) -> Result<Restored, BackupError> {
        let key = self.open_key(&header).await?;
        key_to.send(key).map_err(|_| BackupError::Stopped)?;
        self.write(header, items).await
    }

    async fn open_key(&self, header: &Header) -> Result<DataKey, BackupError> {
        let tenant = TenantId::new(header.tenant_id);
        if let Some(expected) = self.expected.filter(|&expected| expected != tenant) {
            return Err(BackupError::OtherClinic { found: tenant.to_string(), expected: expected.to_string() });
        }
        if let Some(recovery) = &self.recovery {
            let sealed = header.recovery_wrapped.as_ref().ok_or(KeyError::NotRecoverable)?;
            return Ok(recovery.unwrap(header.context(), &sealed.0)?);
        }
        let provider: &dyn KeyProvider = self.keyring.provider();
        if provider.kek_id() != header.kek_id {
            let (kek_id, wrapped_by) = (provider.kek_id().to_owned(), header.kek_id.clone());
            return Err(KeyError::OtherKek { kek_id, wrapped_by }.into());
        }
        Ok(provider.unwrap(header.context(), &header.wrapped.0).await?)
    }

    async fn write(&self, header: Header, items: &mut mpsc::Receiver<Item>) -> Result<Restored, BackupError> {
        let tenant = TenantId::new(header.tenant_id);
        let mut into = self.target.begin(tenant).await?;
        if into.exists().await? {
            if !self.replace {
                return Err(BackupError::ClinicExists);
            }
            into.clear().await?;
        }
        let mut writing = Writing { into, table: None, manifest: None, sums: Sums::new() };
        loop {
            match items.recv().await {
                Some(Item::End) => break,
                Some(item) => writing.take(item).await?,
                None => return Err(BackupError::Stopped),
            }
        }
        let Writing { into, manifest, sums, .. } = writing;
        let tx = into.into_tx();
        if let Some(recovery) = &self.recovery {
            self.keyring.recover(&tx, recovery).await?;
        }
        let rows: u64 = sums.values().map(|sum| sum.rows).sum();
        let audit = Audit::of(Act::Restore, InfoClass::Backup).detail("archived_at", header.created_at.to_rfc3339());
        tx.commit(audit.detail("rows", rows).detail("replaced", self.replace)).await?;
        Ok(Restored { tenant, header, manifest, sums })
    }
}

/// One table at a time.
struct Writing {
    into: Restoring,
    table: Option<(Table, Vec<Column>)>,
    manifest: Option<Manifest>,
    sums: Sums,
}

impl Writing {
    async fn take(&mut self, item: Item) -> Result<(), BackupError> {
        match item {
            Item::Manifest(manifest) => self.manifest = Some(manifest),
            Item::Table { name, columns } => {
                let Some(table) = self.into.table(&name, &columns) else { return Err(BackupError::UnknownTable(name)) };
                self.into.stage(&table, &columns).await?;
                self.table = Some((table, columns));
            }
            Item::Rows(lines) => self.into.rows(lines).await?,
            Item::TableEnd { name, sum } => {
                let Some((table, columns)) = self.table.take() else { return Err(BackupError::Damaged("order")) };
                self.finish_table(&table, &columns, &sum).await?;
                self.sums.insert(name, sum);
            }
            Item::End => {}
        }
        Ok(())
    }

    /// From staging into the table, then reads the table back and compares.
    async fn finish_table(&mut self, table: &Table, columns: &[Column], archived: &TableSum) -> Result<(), BackupError> {
        self.into.insert(table, columns).await?;
        if Restoring::is_kept(table) {
            return match self.into.missing(table, columns).await? {
                0 => Ok(()),
                rows => Err(BackupError::LogContradicts { table: table.name.clone(), rows }),
            };
        }
        let mut sum = RowSum::default();
        let mut count = async |lines: Vec<u8>| {
            sum.add(&lines);
            Ok::<(), BackupError>(())
        };
        self.into.copy(table, columns, &mut count).await?;
        let restored = sum.finish();
        if restored == *archived {
            return Ok(());
        }
        Err(BackupError::Differs { table: table.name.clone(), archived: archived.rows, restored: restored.rows })
    }
}

/// Runs on a thread of its own: opens, decompresses, checks and hands items on.
fn read(
    from: impl Read,
    to_open: &mpsc::Sender<(Header, oneshot::Sender<DataKey>)>,
    to_write: &mpsc::Sender<Item>,
) -> Result<(), BackupError> {
    let mut from = BufReader::with_capacity(1 << 16, from);
    let (header, bound_to) = Header::read(&mut from)?;
    let (key_to, key) = oneshot::channel();
    to_open.blocking_send((header.clone(), key_to)).map_err(|_| BackupError::Stopped)?;
    let key = key.blocking_recv().map_err(|_| BackupError::Stopped)?;
    let chunks = ChunkOpener::new(&header, bound_to, &key, from)?;
    let text = zstd::stream::read::Decoder::new(chunks).map_err(BackupError::from_io)?;
    let mut text = BufReader::with_capacity(1 << 18, text);
    rows::read(&mut text, &mut |item| {
        // The end is passed on below, once nothing more can be wrong.
        if item == Item::End { Ok(()) } else { to_write.blocking_send(item).map_err(|_| BackupError::Stopped) }
    })?;
    // The last chunk must be there and be the last, even when the rows were complete without it.
    match text.read(&mut [0u8; 1]).map_err(BackupError::from_io)? {
        0 => to_write.blocking_send(Item::End).map_err(|_| BackupError::Stopped),
        _ => Err(BackupError::Damaged("bytes after the end")),
    }
}

async fn fetch(mut body: ByteStream, to: mpsc::Sender<Vec<u8>>) -> Result<(), BackupError> {
    while let Some(bytes) = body.next().await {
        let bytes = bytes.map_err(|e| crate::objectstore::StoreError::Unreachable { act: "get", cause: e.to_string() })?;
        if to.send(bytes.to_vec()).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// Bytes arriving on a channel, as a reader for the opening thread.
struct Received {
    from: mpsc::Receiver<Vec<u8>>,
    at: usize,
    current: Vec<u8>,
}

impl Received {
    fn new(from: mpsc::Receiver<Vec<u8>>) -> Self {
        Self { from, at: 0, current: Vec::new() }
    }
}

impl Read for Received {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        while self.at == self.current.len() {
            match self.from.blocking_recv() {
                Some(bytes) => (self.current, self.at) = (bytes, 0),
                None => return Ok(0),
            }
        }
        let taken = out.len().min(self.current.len() - self.at);
        out[..taken].copy_from_slice(&self.current[self.at..self.at + taken]);
        self.at += taken;
        Ok(taken)
    }
}
