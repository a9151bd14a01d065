//! Whether a clinic registers what it hands out, and when it does so for inpatients.

use domain::prescription::inside::{InpatientRule, InpatientTiming};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tenancy::{Authorship, Error, TenantTx, versioned};

use super::entity::setting::{Column, Entity, Model};

/// Version 0 where nobody has chosen: off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    pub is_on: bool,
    pub rule: InpatientRule,
    pub version: i32,
}

impl Setting {
    const USUAL: Self =
        Self { is_on: false, rule: InpatientRule { timing: InpatientTiming::Daily, closing_day: InpatientRule::LAST_DAY }, version: 0 };
}

async fn row(tx: &TenantTx) -> Result<Option<Model>, Error> {
    Ok(Entity::find().filter(Column::TenantId.eq(tx.tenant_id().as_uuid())).one(tx).await?)
}

pub async fn read(tx: &TenantTx) -> Result<Setting, Error> {
    Ok(row(tx).await?.map_or(Setting::USUAL, |row| Setting {
        is_on: row.is_on,
        rule: InpatientRule {
            timing: InpatientTiming::from_code(&row.timing).unwrap_or(InpatientTiming::Daily),
            closing_day: u8::try_from(row.closing_day).unwrap_or(InpatientRule::LAST_DAY),
        },
        version: row.version,
    }))
}

/// Writes over `setting.version`; anything newer is a conflict.
pub async fn write(tx: &TenantTx, setting: Setting) -> Result<(), Error> {
    let known = row(tx).await?;
    let current = known.as_ref().map_or(0, |row| row.version);
    if current != setting.version {
        return Err(Error::Conflict { current_version: current });
    }
    let own = tx.tenant_id().as_uuid();
    let mut model = known.unwrap_or_else(|| Model {
        tenant_id: own,
        id: own,
        version: 0,
        recorded_at: tx.now(),
        author_id: own,
        entered_by_id: own,
        status: "active".to_owned(),
        digest: Vec::new(),
        is_on: false,
        timing: String::new(),
        closing_day: 0,
    });
    model.is_on = setting.is_on;
    model.timing = setting.rule.timing.code().to_owned();
    model.closing_day = i32::from(setting.rule.closing_day);
    if current > 0 {
        return versioned::update(tx, model, Authorship::own(tx), "").await.map(drop);
    }
    match versioned::insert(tx, model, Authorship::own(tx)).await {
        Err(Error::Duplicate { .. }) => Err(Error::Conflict { current_version: 1 }),
        other => other.map(drop),
    }
}
