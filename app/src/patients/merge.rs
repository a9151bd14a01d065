//! 統合: two charts of one person become one, and can become two again for [`MERGE_UNDO_DAYS`] days.
//!
//! The merged patient's row points at the survivor (`merged_into_id`) and its numbers become aliases of the survivor. No clinical
//! row moves. Charts merged earlier into the one merged now follow it, so a group is always one step deep; `patient_merge` keeps
//! the steps, and taking one back sends exactly those charts home.

use chrono::{DateTime, Duration, Utc};
use domain::patient::{MERGE_UNDO_DAYS, Patient, PatientError, PatientStatus};
use domain::{MergeId, PatientId};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};
use tenancy::{Authorship, Error, TenantTx, versioned};
use uuid::Uuid;

use super::entity::patient::{ACTIVE, MERGED, Model};
use super::entity::{patient, patient_alias, patient_merge};
use super::{last_visit, store};

const MERGED_REASON: &str = "統合";
const FOLLOWED_REASON: &str = "統合先の統合";
const UNDONE_REASON: &str = "統合の取消";

/// One merge, as a page shows it.
#[derive(Debug, Clone)]
pub struct Merge {
    pub id: MergeId,
    pub survivor: Patient,
    pub merged: Patient,
    pub merged_at: DateTime<Utc>,
    pub undo_until: DateTime<Utc>,
    pub undone_at: Option<DateTime<Utc>>,
}

impl Merge {
    /// Why it cannot be taken back now, if so.
    pub fn check_undo(&self, now: DateTime<Utc>) -> Result<(), PatientError> {
        if self.undone_at.is_some() || now > self.undo_until {
            return Err(PatientError::UndoExpired);
        }
        // The survivor was merged on, or this chart followed it elsewhere: the later step comes back first.
        if self.survivor.status == PatientStatus::Merged || self.merged.merged_into != Some(self.survivor.id) {
            return Err(PatientError::LaterMerge);
        }
        Ok(())
    }
}

/// Joins `merged` into `survivor`. Versions are those the person compared; a newer one is a conflict.
pub async fn merge(tx: &TenantTx, survivor: (PatientId, i32), merged: (PatientId, i32)) -> Result<Result<MergeId, PatientError>, Error> {
    let (mut keep, mut give) = (store::model(tx, survivor.0).await?, store::model(tx, merged.0).await?);
    if let Err(refusal) = Patient::from(keep.clone()).check_mergeable(&give.clone().into()) {
        return Ok(Err(refusal));
    }
    let merge_id = tx.new_id();
    let numbers = numbers_of(tx, &give).await?;
    let followers = followers(tx, give.id).await?;
    insert_merge(tx, merge_id, keep.id, give.id).await?;
    insert_aliases(tx, merge_id, keep.id, numbers).await?;
    for mut follower in followers {
        follower.merged_into_id = Some(keep.id);
        versioned::update(tx, follower, Authorship::own(tx), FOLLOWED_REASON).await?;
    }
    (keep.version, give.version) = (survivor.1, merged.1);
    give.status = MERGED.to_owned();
    give.merged_into_id = Some(keep.id);
    give.merge_id = Some(merge_id);
    versioned::update(tx, give, Authorship::own(tx), MERGED_REASON).await?;
    // The survivor's own statements stay; its new version marks the moment and meets a concurrent edit or merge as a conflict.
    versioned::update(tx, keep, Authorship::own(tx), MERGED_REASON).await?;
    last_visit::refresh(tx, survivor.0).await?;
    Ok(Ok(MergeId::new(merge_id)))
}

/// Takes a merge back: both charts stand alone again, each with what was written into it meanwhile.
pub async fn undo(tx: &TenantTx, id: MergeId) -> Result<Result<Merge, PatientError>, Error> {
    let merge = get(tx, id).await?;
    if let Err(refusal) = merge.check_undo(tx.now()) {
        return Ok(Err(refusal));
    }
    let mut restored = store::model(tx, merge.merged.id).await?;
    let (restored_id, survivor_id) = (restored.id, merge.survivor.id.as_uuid());
    restored.status = ACTIVE.to_owned();
    restored.merged_into_id = None;
    restored.merge_id = None;
    versioned::update(tx, restored, Authorship::own(tx), UNDONE_REASON).await?;
    for mut follower in followers_by_way_of(tx, survivor_id, restored_id).await? {
        follower.merged_into_id = Some(restored_id);
        versioned::update(tx, follower, Authorship::own(tx), UNDONE_REASON).await?;
    }
    patient_alias::Entity::delete_many()
        .filter(patient_alias::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(patient_alias::Column::MergeId.eq(id.as_uuid()))
        .exec(tx)
        .await?;
    for own in [merge.survivor.id, merge.merged.id] {
        last_visit::refresh(tx, own).await?;
    }
    mark_undone(tx, id).await?;
    Ok(Ok(merge))
}

pub async fn get(tx: &TenantTx, id: MergeId) -> Result<Merge, Error> {
    let row = patient_merge::Entity::find()
        .filter(patient_merge::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(patient_merge::Column::Id.eq(id.as_uuid()))
        .one(tx)
        .await?
        .ok_or(Error::NotFound)?;
    Ok(Merge {
        id,
        survivor: store::get(tx, PatientId::new(row.survivor_id)).await?,
        merged: store::get(tx, PatientId::new(row.merged_id)).await?,
        merged_at: row.merged_at,
        undo_until: row.undo_until,
        undone_at: row.undone_at,
    })
}

/// Charts that point at this one.
async fn followers(tx: &TenantTx, id: Uuid) -> Result<Vec<Model>, Error> {
    Ok(patient::Entity::find()
        .filter(patient::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(patient::Column::MergedIntoId.eq(id))
        .order_by_asc(patient::Column::Id)
        .all(tx)
        .await?)
}

/// Of the survivor's group, those that came by way of `via`, step by step.
async fn followers_by_way_of(tx: &TenantTx, survivor: Uuid, via: Uuid) -> Result<Vec<Model>, Error> {
    let group = followers(tx, survivor).await?;
    let steps = patient_merge::Entity::find()
        .filter(patient_merge::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(patient_merge::Column::Id.eq_any(group.iter().filter_map(|member| member.merge_id)))
        .all(tx)
        .await?;
    let mut came_by = vec![via];
    let mut at = 0;
    while let Some(next) = came_by.get(at).copied() {
        let more = steps.iter().filter(|step| step.survivor_id == next).map(|step| step.merged_id);
        let fresh: Vec<Uuid> = more.filter(|id| !came_by.contains(id)).collect();
        came_by.extend(fresh);
        at += 1;
    }
    Ok(group.into_iter().filter(|member| came_by.contains(&member.id)).collect())
}

/// The chart's own number and those it inherited.
async fn numbers_of(tx: &TenantTx, give: &Model) -> Result<Vec<String>, Error> {
    let inherited = patient_alias::Entity::find()
        .filter(patient_alias::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(patient_alias::Column::PatientId.eq(give.id))
        .all(tx)
        .await?;
    Ok(std::iter::once(give.patient_number.clone()).chain(inherited.into_iter().map(|alias| alias.patient_number)).collect())
}

async fn insert_merge(tx: &TenantTx, id: Uuid, survivor_id: Uuid, merged_id: Uuid) -> Result<(), Error> {
    let row = patient_merge::Model {
        tenant_id: tx.tenant_id().as_uuid(),
        id,
        survivor_id,
        merged_id,
        merged_at: tx.now(),
        merged_by_id: tx.actor().as_uuid(),
        undo_until: tx.now() + Duration::days(MERGE_UNDO_DAYS),
        undone_at: None,
        undone_by_id: None,
    };
    patient_merge::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx).await?;
    Ok(())
}

async fn insert_aliases(tx: &TenantTx, merge_id: Uuid, survivor_id: Uuid, numbers: Vec<String>) -> Result<(), Error> {
    let rows = numbers.into_iter().map(|patient_number| patient_alias::ActiveModel {
        tenant_id: Set(tx.tenant_id().as_uuid()),
        id: Set(tx.new_id()),
        patient_id: Set(survivor_id),
        patient_number: Set(patient_number),
        merge_id: Set(merge_id),
    });
    patient_alias::Entity::insert_many(rows).exec_without_returning(tx).await?;
    Ok(())
}

async fn mark_undone(tx: &TenantTx, id: MergeId) -> Result<(), Error> {
    patient_merge::Entity::update_many()
        .col_expr(patient_merge::Column::UndoneAt, Expr::val(tx.now()))
        .col_expr(patient_merge::Column::UndoneById, Expr::val(tx.actor().as_uuid()))
        .filter(patient_merge::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(patient_merge::Column::Id.eq(id.as_uuid()))
        .filter(Expr::col(patient_merge::Column::UndoneAt).is_null())
        .exec(tx)
        .await?;
    Ok(())
}
