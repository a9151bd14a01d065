//! Taking in what a relay brings: once per folder, name and content. What cannot be used waits for a person.

use domain::{DeviceArrivalId, DeviceId};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};
use tenancy::versioned::sha256;
use tenancy::{Error, TenantTx};

use super::entity::arrival::{Column as C, Entity, Model};
use super::requests;
use crate::adapters::eligibility::{ReadError, ReaderFile, read_face_result};
use crate::clinic;
use crate::encounters::reader_store;

pub const TAKEN: &str = "taken";
pub const REFUSED: &str = "refused";
pub const REVIEWED: &str = "reviewed";
const SEAL: &str = "device_arrival";
const LINES: u64 = 100;

/// Where the terminal had put it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folder {
    Res,
    Face,
}

impl Folder {
    pub fn find(code: &str) -> Option<Self> {
        [Self::Res, Self::Face].into_iter().find(|folder| folder.code() == code)
    }

    pub const fn code(self) -> &'static str {
        match self {
            Self::Res => "res",
            Self::Face => "face",
        }
    }
}

/// A file as a relay sent it, its digest already checked.
pub struct Brought {
    pub device_id: DeviceId,
    pub folder: Folder,
    pub file: ReaderFile,
    pub digest: [u8; 32],
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    pub state: &'static str,
    pub reason: &'static str,
    /// The bytes may be kept for the person who looks.
    is_kept: bool,
}

impl Verdict {
    pub(super) const fn good(state: &'static str) -> Self {
        Self { state, reason: "", is_kept: false }
    }

    pub(super) const fn refused(reason: &'static str) -> Self {
        Self { state: REFUSED, reason, is_kept: true }
    }
}

/// The same file again changes nothing; a second writer at the same moment gets [`Error::Duplicate`].
pub async fn take(tx: &TenantTx, brought: &Brought) -> Result<Verdict, Error> {
    if let Some(known) = find(tx, brought).await? {
        return Ok(Verdict::good(if known.state == REFUSED { REFUSED } else { TAKEN }));
    }
    let verdict = match brought.folder {
        Folder::Face => face(tx, brought).await?,
        Folder::Res => requests::answer(tx, brought).await?,
    };
    let content = if verdict.is_kept { tx.seal(SEAL, &brought.file.bytes).await? } else { Vec::new() };
    let row = Model {
        tenant_id: tx.tenant_id().as_uuid(),
        id: tx.new_id(),
        version: 1,
        device_id: brought.device_id.as_uuid(),
        folder: brought.folder.code().to_owned(),
        name: brought.file.name.clone(),
        content_sha256: brought.digest.to_vec(),
        size: i32::try_from(brought.file.bytes.len()).unwrap_or(i32::MAX),
        content,
        state: verdict.state.to_owned(),
        reason: verdict.reason.to_owned(),
        arrived_at: tx.now(),
        reviewed_at: None,
        reviewed_by_id: None,
    };
    Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx).await?;
    Ok(verdict)
}

async fn find(tx: &TenantTx, brought: &Brought) -> Result<Option<Model>, Error> {
    let own = Entity::find()
        .filter(C::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(C::Folder.eq(brought.folder.code()))
        .filter(C::Name.eq(&brought.file.name))
        .filter(C::ContentSha256.eq(brought.digest.to_vec()));
    Ok(own.one(tx).await?)
}

/// A card somebody read: kept as a file given in by hand is, for the same page.
async fn face(tx: &TenantTx, brought: &Brought) -> Result<Verdict, Error> {
    let result = match read_face_result(&brought.file) {
        Ok(result) => result,
        Err(error) => {
            let is_kept = error != ReadError::IndividualNumber;
            return Ok(Verdict { is_kept, ..Verdict::refused(error.code()) });
        }
    };
    let own = clinic::store::get(tx).await?.institution_code;
    if result.institution_code.as_ref().is_some_and(|code| *code != own) {
        return Ok(Verdict::refused("facility"));
    }
    if reader_store::find_content(tx, &brought.digest).await?.is_none() {
        reader_store::keep(tx, &brought.file, brought.digest, &result).await?;
    }
    Ok(Verdict::good(TAKEN))
}

/// What waits for somebody, the oldest first.
pub async fn open(tx: &TenantTx) -> Result<Vec<Model>, Error> {
    let own = Entity::find().filter(C::TenantId.eq(tx.tenant_id().as_uuid())).filter(C::State.eq(REFUSED));
    Ok(own.order_by_asc(C::ArrivedAt).limit(LINES).all(tx).await?)
}

/// 確認済み: the line leaves the list, the row stays.
pub async fn review(tx: &TenantTx, id: DeviceArrivalId, version: i32) -> Result<(), Error> {
    let own = Entity::find().filter(C::TenantId.eq(tx.tenant_id().as_uuid())).filter(C::Id.eq(id.as_uuid()));
    let mut row = own.lock_exclusive().one(tx).await?.ok_or(Error::NotFound)?;
    if row.version != version || row.state != REFUSED {
        return Err(Error::Conflict { current_version: row.version });
    }
    row.version += 1;
    row.state = REVIEWED.to_owned();
    (row.reviewed_at, row.reviewed_by_id) = (Some(tx.now()), Some(tx.actor().as_uuid()));
    Entity::update_many()
        .set(row.into_active_model().reset_all())
        .filter(C::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(C::Id.eq(id.as_uuid()))
        .exec(tx)
        .await?;
    Ok(())
}

/// SHA-256 of what arrived.
pub fn digest(bytes: &[u8]) -> [u8; 32] {
    sha256(bytes)
}
