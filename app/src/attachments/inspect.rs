//! The worker's part: takes a file out of quarantine, has it scanned, writes pictures anew, and notes what came of it.
//!
//! Taking and noting are two transactions with the work between them. Whoever dies in between leaves the file waiting; when its time is
//! over it is taken again. What cannot be scanned now is not judged: it stays where it is and nobody opens it.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use domain::attachment::{ContentType, FileRefusal, FileState};
use domain::{EncounterId, FileId, PatientId, TenantId};
use tenancy::duties::{self, DueFile};
use tenancy::operator::Operator;
use tenancy::versioned::sha256;
use tenancy::{Act, Audit, Error, InfoClass, standing};
use uuid::Uuid;

use super::cabinet::{Part, object_key};
use super::copies::copy_key;
use super::entity::attachment_file::Model as File;
use super::picture::{self, Picture};
use super::scanner::{ScanError, Scanner, Signatures, Verdict};
use super::store;
use crate::live::{Live, Topic};
use crate::objectstore::{ObjectStore, StoreError};

const ROUND: i64 = 8;
/// How long one worker may take over one file before another takes it.
const LEASE: TimeDelta = TimeDelta::minutes(5);
const RETRY: TimeDelta = TimeDelta::seconds(10);
const RETRY_MAX: TimeDelta = TimeDelta::minutes(2);

/// One worker's hands.
#[derive(Clone)]
pub struct Inspector {
    operator: Operator,
    store: ObjectStore,
    /// Where backups lie; None where nothing is archived.
    copies: Option<ObjectStore>,
    scanner: Arc<dyn Scanner>,
    live: Option<Live>,
    id: Uuid,
    only: Option<TenantId>,
}

/// What a look at one file showed.
enum Found {
    Clean {
        bytes: Vec<u8>,
        picture: Option<(Vec<u8>, (u32, u32))>,
        signatures: Signatures,
    },
    Infected(String),
    Refused(FileRefusal),
    /// Not now: the scanner or the store is away.
    Later,
}

impl Inspector {
    pub fn new(operator: Operator, store: ObjectStore, scanner: Arc<dyn Scanner>, id: Uuid) -> Self {
        Self { operator, store, copies: None, scanner, live: None, id, only: None }
    }

    #[must_use]
    pub fn with_copies(mut self, copies: Option<ObjectStore>) -> Self {
        self.copies = copies;
        self
    }

    #[must_use]
    pub fn telling(mut self, live: Live) -> Self {
        self.live = Some(live);
        self
    }

    /// Works for one clinic only.
    #[must_use]
    pub fn only(mut self, clinic: TenantId) -> Self {
        self.only = Some(clinic);
        self
    }

    /// Looks at everything due now, one file at a time: a picture in memory is large. How many were taken.
    pub async fn round(&self) -> Result<usize, Error> {
        let due = duties::due_files(&self.operator, self.copies.is_some(), self.only, ROUND).await?;
        let mut count = 0;
        for file in due {
            count += usize::from(if file.is_scanned { self.copy(file).await? } else { self.inspect(file).await? });
        }
        Ok(count)
    }

    /// Asks the scanner whether it is there and what it knows, for the pages and the metrics.
    pub async fn probe(&self) -> Result<Option<Signatures>, Error> {
        let found = self.scanner.signatures().await.ok();
        standing::note_scanner(&self.operator, found.as_ref().map(|s| (s.engine.as_str(), s.published_at))).await?;
        Ok(found)
    }

    async fn inspect(&self, due: DueFile) -> Result<bool, Error> {
        let Some((file, upload)) = self.claim(due).await? else { return Ok(false) };
        let found = match upload {
            Ok(bytes) => self.judge(&file, bytes).await,
            Err(found) => found,
        };
        self.settle(due.tenant_id, &file, found).await?;
        Ok(true)
    }

    /// The file and its bytes, marked as taken; None when somebody else was first.
    async fn claim(&self, due: DueFile) -> Result<Option<(File, Result<Vec<u8>, Found>)>, Error> {
        let id = FileId::new(due.file_id);
        let tx = self.operator.begin(due.tenant_id).await?;
        let mut row = store::lock_file(&tx, id).await?;
        if row.state != FileState::Quarantine.code() || row.next_attempt_at > tx.now() {
            return Ok(None);
        }
        row.attempts = row.attempts.saturating_add(1);
        (row.holder, row.next_attempt_at) = (Some(self.id), tx.now() + LEASE);
        store::save_file(&tx, row.clone()).await?;
        tx.commit(audit(&row, "taken").detail("attempt", row.attempts)).await?;
        let bytes = self.fetch(due.tenant_id, &row).await?;
        Ok(Some((row, bytes)))
    }

    async fn fetch(&self, tenant: TenantId, row: &File) -> Result<Result<Vec<u8>, Found>, Error> {
        let id = FileId::new(row.id);
        let sealed = match self.store.get_bytes(&object_key(tenant, id, Part::Upload)).await {
            Ok(sealed) => sealed,
            Err(StoreError::Refused { code, .. }) if code == "NoSuchKey" => return Ok(Err(Found::Refused(FileRefusal::Broken))),
            Err(error) => {
                tracing::warn!(%error, "an uploaded file could not be fetched");
                return Ok(Err(Found::Later));
            }
        };
        let tx = self.operator.begin(tenant).await?;
        // Altered where it lay: it is not what was uploaded.
        let opened = tx.open(&Part::Upload.purpose(id), &sealed).await.ok().filter(|bytes| sha256(bytes) == row.sha256.as_slice());
        Ok(opened.ok_or(Found::Refused(FileRefusal::Broken)))
    }

    async fn judge(&self, file: &File, bytes: Vec<u8>) -> Found {
        let scanned = async { Ok::<_, ScanError>((self.scanner.scan(&bytes).await?, self.scanner.signatures().await?)) };
        let signatures = match scanned.await {
            Ok((Verdict::Clean, signatures)) => signatures,
            Ok((Verdict::Infected(name), _)) => return Found::Infected(name),
            Err(error) => {
                tracing::warn!(%error, "an uploaded file could not be scanned");
                return Found::Later;
            }
        };
        let Some(content) = ContentType::from_mime(&file.content_type) else { return Found::Refused(FileRefusal::Kind) };
        if !content.is_picture() {
            return Found::Clean { bytes, picture: None, signatures };
        }
        match tokio::task::spawn_blocking(move || picture::written_anew(&bytes, content)).await {
            Ok(Ok(Picture { bytes, thumbnail, size })) => Found::Clean { bytes, picture: Some((thumbnail, size)), signatures },
            Ok(Err(refusal)) => Found::Refused(refusal),
            // A decoder that gave up in an unforeseen way has not shown a picture.
            Err(_) => Found::Refused(FileRefusal::Broken),
        }
    }

    async fn settle(&self, tenant: TenantId, file: &File, found: Found) -> Result<(), Error> {
        let found = match found {
            Found::Clean { bytes, picture, signatures } => match self.put(tenant, file, &bytes, picture.as_ref()).await? {
                true => Found::Clean { bytes, picture, signatures },
                false => Found::Later,
            },
            other => other,
        };
        let is_settled = !matches!(found, Found::Later);
        let tx = self.operator.begin(tenant).await?;
        let mut row = store::lock_file(&tx, FileId::new(file.id)).await?;
        if row.holder != Some(self.id) || row.state != FileState::Quarantine.code() {
            return Ok(());
        }
        turn(&mut row, found, tx.now());
        store::save_file(&tx, row.clone()).await?;
        let visits = store::visits_of_file(&tx, FileId::new(row.id)).await?;
        tx.commit(audit(&row, "looked_at").detail("state", row.state.clone())).await?;
        if is_settled {
            self.forget_upload(tenant, &row).await;
            self.tell(tenant, &visits);
        }
        Ok(())
    }

    /// What readers will get, sealed; false when the store is away.
    async fn put(&self, tenant: TenantId, file: &File, bytes: &[u8], picture: Option<&(Vec<u8>, (u32, u32))>) -> Result<bool, Error> {
        let id = FileId::new(file.id);
        let mut parts = vec![(Part::Whole, bytes)];
        parts.extend(picture.map(|(thumbnail, _)| (Part::Thumbnail, thumbnail.as_slice())));
        for (part, bytes) in parts {
            let tx = self.operator.begin(tenant).await?;
            let sealed = tx.seal(&part.purpose(id), bytes).await?;
            drop(tx);
            if let Err(error) = self.store.put(&object_key(tenant, id, part), sealed, "application/octet-stream").await {
                tracing::warn!(%error, "a clean file could not be put away");
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The upload as it came is of no further use, and what was in it (a virus, the place of a photo) need not lie there.
    async fn forget_upload(&self, tenant: TenantId, row: &File) {
        let key = object_key(tenant, FileId::new(row.id), Part::Upload);
        if let Err(error) = self.store.put(&key, Vec::new(), "application/octet-stream").await {
            tracing::warn!(%error, "an upload that was looked at could not be emptied");
        }
    }

    fn tell(&self, tenant: TenantId, visits: &[Option<EncounterId>]) {
        let Some(live) = &self.live else { return };
        for visit in visits {
            live.announce(tenant, visit.map_or(Topic::Board, Topic::Visit));
        }
    }

    /// Puts the sealed bytes of a clean file where backups lie, under lock, so that losing the bucket loses no chart.
    async fn copy(&self, due: DueFile) -> Result<bool, Error> {
        let (Some(copies), id) = (&self.copies, FileId::new(due.file_id)) else { return Ok(false) };
        let tx = self.operator.begin(due.tenant_id).await?;
        let is_picture = ContentType::from_mime(&store::get_file(&tx, id).await?.content_type).is_some_and(ContentType::is_picture);
        drop(tx);
        let parts: &[Part] = if is_picture { &[Part::Whole, Part::Thumbnail] } else { &[Part::Whole] };
        let mut copied = Ok(());
        for part in parts {
            let key = object_key(due.tenant_id, id, *part);
            copied = match self.store.get_bytes(&key).await {
                Ok(sealed) => copies.put(&copy_key(&key), sealed, "application/octet-stream").await,
                Err(error) => Err(error),
            };
            if copied.is_err() {
                break;
            }
        }
        let tx = self.operator.begin(due.tenant_id).await?;
        let mut row = store::lock_file(&tx, id).await?;
        match copied {
            Ok(()) => row.copied_at = Some(tx.now()),
            Err(error) => {
                tracing::warn!(%error, "a file could not be copied to the backups");
                row.next_attempt_at = tx.now() + RETRY_MAX;
            }
        }
        store::save_file(&tx, row.clone()).await?;
        tx.commit(
            Audit::of(Act::Backup, InfoClass::Attachment).entity("attachment_file", row.id).detail("copied", row.copied_at.is_some()),
        )
        .await?;
        Ok(true)
    }
}

fn turn(row: &mut File, found: Found, now: DateTime<Utc>) {
    row.holder = None;
    let (state, reason) = match found {
        Found::Later => {
            let steps = u32::try_from(row.attempts.clamp(1, 5)).unwrap_or(1);
            row.next_attempt_at = now + (RETRY * i32::try_from(steps).unwrap_or(1)).min(RETRY_MAX);
            return;
        }
        Found::Infected(name) => (FileState::Infected, name),
        Found::Refused(refusal) => (FileState::Refused, refusal.code().to_owned()),
        Found::Clean { bytes, picture, signatures } => {
            row.bytes = i32::try_from(bytes.len()).unwrap_or(i32::MAX);
            row.sha256 = sha256(&bytes).to_vec();
            if let Some((_, (width, height))) = picture {
                (row.width, row.height) = (i32::try_from(width).ok(), i32::try_from(height).ok());
            }
            (row.engine, row.signatures_at) = (signatures.engine, signatures.published_at);
            (FileState::Clean, String::new())
        }
    };
    (row.state, row.reason) = (state.code().to_owned(), reason);
    (row.settled_at, row.next_attempt_at) = (Some(now), now);
}

fn audit(row: &File, step: &'static str) -> Audit {
    Audit::of(Act::Update, InfoClass::Attachment)
        .subject(PatientId::new(row.patient_id))
        .entity("attachment_file", row.id)
        .detail("step", step)
}
