//! 病名の提案 (S08: the clerk proposes, a doctor accepts). Rows of `condition_proposal`, read and written.

use domain::condition::display;
use domain::{ConditionId, ConditionProposalId, EncounterId, PatientId};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use tenancy::{Authorship, Error, TenantTx, versioned};
use uuid::Uuid;

use super::store::Content;
use entity::{Column, Entity};

pub use entity::Model;

pub const PROPOSED: &str = "proposed";
pub const ACCEPTED: &str = "accepted";
pub const DECLINED: &str = "declined";

mod entity {
    use sea_orm::entity::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Serialize, Deserialize)]
    #[sea_orm(table_name = "condition_proposal")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub version: i32,
        pub recorded_at: DateTimeUtc,
        pub author_id: Uuid,
        pub entered_by_id: Uuid,
        pub status: String,
        pub digest: Vec<u8>,
        pub patient_id: Uuid,
        pub encounter_id: Option<Uuid>,
        /// Disease and modifiers as `diseases::Choice::value` writes them.
        pub choice: String,
        pub display_name: String,
        pub why: String,
        /// What it became.
        pub condition_id: Option<Uuid>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    tenancy::versioned!(Model, ActiveModel, "condition_proposal");
}

/// What waits for a doctor, oldest first.
pub async fn open_of(tx: &TenantTx, group: &[PatientId]) -> Result<Vec<Model>, Error> {
    let rows = Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::PatientId.is_in(group.iter().map(|id| id.as_uuid())))
        .filter(Column::Status.eq(PROPOSED))
        .order_by_asc(Column::Id)
        .all(tx)
        .await?;
    Ok(rows)
}

pub async fn get(tx: &TenantTx, id: ConditionProposalId) -> Result<Model, Error> {
    Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::Id.eq(id.as_uuid()))
        .one(tx)
        .await?
        .ok_or(Error::NotFound)
}

pub async fn propose(
    tx: &TenantTx,
    patient: PatientId,
    encounter: Option<EncounterId>,
    content: &Content,
    choice: &str,
    why: &str,
) -> Result<Model, Error> {
    let model = Model {
        tenant_id: Uuid::nil(),
        id: tx.new_id(),
        version: 0,
        recorded_at: tx.now(),
        author_id: Uuid::nil(),
        entered_by_id: Uuid::nil(),
        status: PROPOSED.to_owned(),
        digest: vec![],
        patient_id: patient.as_uuid(),
        encounter_id: encounter.map(EncounterId::as_uuid),
        choice: choice.to_owned(),
        display_name: display(&content.disease.name, &content.modifiers, content.is_suspected),
        why: why.to_owned(),
        condition_id: None,
    };
    versioned::insert(tx, model, Authorship::own(tx)).await
}

pub async fn close(tx: &TenantTx, mut row: Model, status: &str, became: Option<ConditionId>) -> Result<Model, Error> {
    row.status = status.to_owned();
    row.condition_id = became.map(ConditionId::as_uuid);
    versioned::update(tx, row, Authorship::own(tx), "").await
}
