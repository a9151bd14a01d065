//! The object store of pictures and documents, as web processes hold it; and how many uploads one of them takes at a time.

use std::sync::Arc;
use std::time::Duration;

use domain::{FileId, TenantId};
use tenancy::TenantTx;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::error::AppError;
use crate::objectstore::{ObjectStore, StoreConfig, StoreError};

/// Uploads in memory at once; each holds at most [`super::upload::BODY_MAX`] twice over.
const AT_ONCE: usize = 3;
const WAIT: Duration = Duration::from_secs(20);

/// Which of a file's objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// As it came, until it was looked at.
    Upload,
    /// What is given to readers.
    Whole,
    Thumbnail,
}

impl Part {
    const fn ending(self) -> &'static str {
        match self {
            Self::Upload => ".upload",
            Self::Whole => "",
            Self::Thumbnail => ".thumbnail",
        }
    }

    /// What its bytes are sealed for: an object moved to another name does not open.
    pub fn purpose(self, file: FileId) -> String {
        format!("attachment{}/{file}", self.ending())
    }
}

pub fn object_key(tenant: TenantId, file: FileId, part: Part) -> String {
    format!("{tenant}/{file}{}", part.ending())
}

#[derive(Clone)]
pub struct Cabinet {
    store: Option<ObjectStore>,
    turns: Arc<Semaphore>,
}

impl Cabinet {
    pub fn new(config: Option<&StoreConfig>) -> Result<Self, StoreError> {
        Ok(Self { store: config.map(ObjectStore::new).transpose()?, turns: Arc::new(Semaphore::new(AT_ONCE)) })
    }

    /// Where no object store is configured there are no attachments, and the pages say so.
    pub fn is_off(&self) -> bool {
        self.store.is_none()
    }

    pub fn store(&self) -> Result<&ObjectStore, AppError> {
        self.store
            .as_ref()
            .ok_or_else(|| AppError::Refused("画像・文書の保存先がつながっていないため、使えません。管理者に知らせてください。".into()))
    }

    /// A place among the uploads of this process, so that memory stays bounded.
    pub async fn turn(&self) -> Result<SemaphorePermit<'_>, AppError> {
        match tokio::time::timeout(WAIT, self.turns.acquire()).await {
            Ok(Ok(turn)) => Ok(turn),
            _ => Err(AppError::Unavailable("too many uploads at once".into())),
        }
    }

    /// The bytes of a part, opened.
    pub async fn read(&self, tx: &TenantTx, file: FileId, part: Part) -> Result<Vec<u8>, AppError> {
        let sealed = self.store()?.get_bytes(&object_key(tx.tenant_id(), file, part)).await.map_err(away)?;
        Ok(tx.open(&part.purpose(file), &sealed).await?)
    }
}

/// The object store did not do what was asked; the reader may try again.
pub fn away(error: StoreError) -> AppError {
    AppError::Unavailable(error.to_string())
}
