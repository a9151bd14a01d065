//! Views while nothing can be written: audit events kept in a folder and brought into the log later, none lost and none twice.
//!
//! Each process appends to a file of its own, held by a file lock, and a page is answered only after its line is on the disk. Later
//! whoever may write again reads every file nobody holds. Events keep the id and the moment they were born with, so bringing a file
//! in twice is harmless.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use domain::TenantId;
use uuid::Uuid;

use crate::audit::AuditEvent;
use crate::tx::Actor;
use crate::{Error, RequestMeta, TenantPool};

pub struct Spool {
    dir: PathBuf,
    current: Arc<Mutex<Option<File>>>,
}

impl Spool {
    pub fn new(dir: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(dir)?;
        Ok(Self { dir: dir.to_owned(), current: Arc::default() })
    }

    /// On the disk when this returns.
    pub(crate) async fn append(&self, event: &AuditEvent) -> Result<(), Error> {
        let mut line = serde_json::to_vec(event).map_err(Error::internal)?;
        line.push(b'\n');
        let (current, path) = (self.current.clone(), self.dir.join(format!("{}.views", event.id)));
        tokio::task::spawn_blocking(move || write(&current, &path, &line))
            .await
            .map_err(Error::internal)?
            .map_err(|e| Error::Unavailable(format!("spool: {}", e.kind())))
    }

    /// Brings everything into the log that no other process is still writing.
    pub(crate) async fn replay(&self, pool: &TenantPool) -> Result<u64, Error> {
        drop(self.current.lock().unwrap_or_else(PoisonError::into_inner).take());
        let mut brought = 0;
        for path in files(&self.dir).map_err(|e| Error::Unavailable(format!("spool: {}", e.kind())))? {
            let Ok(file) = OpenOptions::new().read(true).write(true).open(&path) else { continue };
            if file.try_lock().is_err() {
                continue;
            }
            let text = std::fs::read_to_string(&path).map_err(Error::internal)?;
            for event in events(&text)? {
                brought += u64::from(bring(pool, event).await?);
            }
            std::fs::remove_file(&path).map_err(Error::internal)?;
        }
        Ok(brought)
    }
}

fn write(current: &Mutex<Option<File>>, path: &Path, line: &[u8]) -> io::Result<()> {
    let mut current = current.lock().unwrap_or_else(PoisonError::into_inner);
    let file = match &mut *current {
        Some(file) => file,
        none => none.insert(create(path)?),
    };
    file.write_all(line)?;
    file.sync_data()
}

fn create(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let file = OpenOptions::new().append(true).create_new(true).mode(0o600).open(path)?;
    file.lock()?;
    Ok(file)
}

fn files(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(dir)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    found.retain(|path| path.extension().is_some_and(|end| end == "views"));
    found.sort();
    Ok(found)
}

/// A last line without its end belongs to a page that was never answered.
fn events(text: &str) -> Result<Vec<AuditEvent>, Error> {
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().map(|line| serde_json::from_str(line).map_err(|e| Error::internal(format!("spool: {e}")))).collect()
}

/// False when it is in the log already.
async fn bring(pool: &TenantPool, event: AuditEvent) -> Result<bool, Error> {
    if event.leaf != event.compute_leaf() {
        return Err(Error::internal("spool: an event was altered"));
    }
    let tenant = TenantId::new(event.tenant_id);
    let tx = pool.begin(tenant, Actor::System, RequestMeta::local(Uuid::nil())).await?;
    tx.commit_spooled(&event).await
}
