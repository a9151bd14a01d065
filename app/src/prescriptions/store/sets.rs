//! Sets of lines.

use domain::OrderSetId;
use domain::order_set::SetScope;
use sea_orm::sea_query::Cond;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};
use tenancy::{Authorship, Error, TenantTx, versioned};
use uuid::Uuid;

use crate::prescriptions::entity::medication_request;
use crate::prescriptions::entity::order_set::{Column, Entity, Model};
use crate::prescriptions::forms::RawLineForm;

const KIND: &str = "prescription";
const ACTIVE: &str = "active";
const WITHDRAWN: &str = "withdrawn";

/// One line of a set: what would be typed, and the drug's name as it was then.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetLine {
    pub name: String,
    #[serde(flatten)]
    pub typed: RawLineForm,
}

impl SetLine {
    pub fn of(row: &medication_request::Model) -> Self {
        let typed = RawLineForm {
            leftover_days: String::new(),
            version: String::new(),
            patient_token: String::new(),
            ..RawLineForm::of(row, Uuid::nil())
        };
        Self { name: row.drug_name.clone(), typed }
    }
}

pub fn lines(row: &Model) -> Vec<SetLine> {
    serde_json::from_value(row.lines.clone()).unwrap_or_default()
}

/// Sets this person may use: the clinic's, the departments' and their own.
pub async fn visible(tx: &TenantTx) -> Result<Vec<Model>, Error> {
    let own = Cond::any().add(Column::OwnerId.is_null()).add(Column::OwnerId.eq(tx.actor().as_uuid()));
    let rows = Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::ContentKind.eq(KIND))
        .filter(Column::Status.eq(ACTIVE))
        .filter(own)
        .order_by_desc(Column::Scope)
        .order_by_asc(Column::Name)
        .all(tx)
        .await?;
    Ok(rows)
}

/// Somebody else's personal set is not there.
pub async fn get(tx: &TenantTx, id: OrderSetId) -> Result<Model, Error> {
    visible(tx).await?.into_iter().find(|row| row.id == id.as_uuid()).ok_or(Error::NotFound)
}

/// Name and reach of a set.
#[derive(Debug, Clone)]
pub struct Named {
    pub name: String,
    pub scope: SetScope,
    pub department: String,
}

fn state(tx: &TenantTx, row: &mut Model, named: Named, lines: &[SetLine]) -> Result<(), Error> {
    row.owner_id = (named.scope == SetScope::Personal).then(|| tx.actor().as_uuid());
    row.name = named.name;
    row.scope = named.scope.code().to_owned();
    row.department = named.department;
    row.lines = serde_json::to_value(lines).map_err(Error::internal)?;
    Ok(())
}

pub async fn add(tx: &TenantTx, named: Named, lines: &[SetLine]) -> Result<Model, Error> {
    let mut model = Model {
        tenant_id: Uuid::nil(),
        id: tx.new_id(),
        version: 0,
        recorded_at: tx.now(),
        author_id: Uuid::nil(),
        entered_by_id: Uuid::nil(),
        status: ACTIVE.to_owned(),
        digest: Vec::new(),
        name: String::new(),
        content_kind: KIND.to_owned(),
        scope: String::new(),
        owner_id: None,
        department: String::new(),
        lines: serde_json::Value::Null,
    };
    state(tx, &mut model, named, lines)?;
    versioned::insert(tx, model, Authorship::own(tx)).await
}

pub async fn change(tx: &TenantTx, mut row: Model, named: Named, lines: &[SetLine]) -> Result<Model, Error> {
    state(tx, &mut row, named, lines)?;
    versioned::update(tx, row, Authorship::own(tx), "").await
}

pub async fn withdraw(tx: &TenantTx, mut row: Model) -> Result<Model, Error> {
    row.status = WITHDRAWN.to_owned();
    versioned::update(tx, row, Authorship::own(tx), "").await
}
