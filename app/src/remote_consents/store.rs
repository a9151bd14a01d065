//! Continuing consents as rows: registered by an answer, renewed by the next, ended once.

use chrono::NaiveDate;
use domain::check_in::{CareSetting, ConsentEnding};
use domain::eligibility::{ContinuingConsent, Qualification};
use domain::{MessageId, PatientId, RemoteConsentId};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};
use tenancy::{Error, TenantTx};

use super::entity::consent::{Column, Entity, Model};
use crate::consents::fetch::Reading;
use crate::inquiries::store::Numbers;

pub const ACTIVE: &str = "active";
pub const ENDED: &str = "ended";
/// Lines on the page.
const LINES: u64 = 200;
const RECENTLY_ENDED: u64 = 20;

impl Model {
    pub fn setting(&self) -> CareSetting {
        CareSetting::from_code(&self.setting).unwrap_or(CareSetting::Home)
    }

    /// The consent no longer covers a visit of that day.
    pub fn is_over(&self, day: NaiveDate) -> bool {
        self.status == ENDED || self.until.is_some_and(|until| until < day)
    }

    pub fn numbers(&self) -> Numbers {
        Numbers {
            insurer_number: self.insurer_number.clone(),
            insured_symbol: self.insured_symbol.clone(),
            insured_number: self.insured_number.clone(),
            branch_number: self.branch_number.clone(),
            birth_date: self.birth_date,
            limit_consent: true,
            setting: self.setting(),
        }
    }
}

/// An answer that carries a continuing consent registers it, or renews what is registered.
pub async fn register(tx: &TenantTx, reading: &Reading<'_>) -> Result<(), Error> {
    let setting = reading.result.setting;
    let Some(continuing) = reading.qualification.continuing.filter(|_| setting.is_remote()) else { return Ok(()) };
    let known = Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::PatientId.eq(reading.patient.as_uuid()))
        .filter(Column::Setting.eq(setting.code()))
        .filter(Column::Status.eq(ACTIVE))
        .lock_exclusive()
        .one(tx)
        .await?;
    match known {
        Some(row) => save(tx, renewed(row, tx, reading, continuing)).await,
        None => {
            let row = renewed(begun(tx, reading.patient, setting, reading.qualification), tx, reading, continuing);
            Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx).await?;
            Ok(())
        }
    }
}

fn begun(tx: &TenantTx, patient: PatientId, setting: CareSetting, q: &Qualification) -> Model {
    Model {
        tenant_id: tx.tenant_id().as_uuid(),
        id: tx.new_id(),
        version: 1,
        patient_id: patient.as_uuid(),
        setting: setting.code().to_owned(),
        insurer_number: String::new(),
        insured_symbol: String::new(),
        insured_number: String::new(),
        branch_number: String::new(),
        birth_date: q.birth_date,
        status: ACTIVE.to_owned(),
        until: None,
        reader_result_id: uuid::Uuid::nil(),
        registered_at: tx.now(),
        registered_by_id: tx.actor().as_uuid(),
        checked_at: tx.now(),
        ended_at: None,
        ended_by_id: None,
        ending: String::new(),
        message_id: None,
    }
}

/// The numbers of the newest answer: the next question is about the insurance the person has now.
fn renewed(row: Model, tx: &TenantTx, reading: &Reading<'_>, continuing: ContinuingConsent) -> Model {
    let q = reading.qualification;
    Model {
        insurer_number: q.insurer_number.clone(),
        insured_symbol: q.insured_symbol.clone().unwrap_or_default(),
        insured_number: q.insured_number.clone(),
        branch_number: q.branch_number.clone().unwrap_or_default(),
        birth_date: q.birth_date,
        until: continuing.until,
        reader_result_id: reading.id.as_uuid(),
        checked_at: tx.now(),
        ..row
    }
}

pub async fn lock(tx: &TenantTx, id: RemoteConsentId) -> Result<Model, Error> {
    let own = Entity::find().filter(Column::TenantId.eq(tx.tenant_id().as_uuid())).filter(Column::Id.eq(id.as_uuid()));
    own.lock_exclusive().one(tx).await?.ok_or(Error::NotFound)
}

/// The consent's last state; the caller has looked that it was active.
pub async fn end(tx: &TenantTx, mut row: Model, ending: ConsentEnding, message: Option<MessageId>) -> Result<(), Error> {
    row.status = ENDED.to_owned();
    row.ending = ending.code().to_owned();
    row.ended_at = Some(tx.now());
    row.ended_by_id = Some(tx.actor().as_uuid());
    row.message_id = message.map(MessageId::as_uuid);
    save(tx, row).await
}

async fn save(tx: &TenantTx, mut row: Model) -> Result<(), Error> {
    let id = row.id;
    row.version += 1;
    Entity::update_many()
        .set(row.into_active_model().reset_all())
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

/// Who is registered, the longest first; and who was until lately.
pub async fn all(tx: &TenantTx) -> Result<(Vec<Model>, Vec<Model>), Error> {
    let own = |status: &str| Entity::find().filter(Column::TenantId.eq(tx.tenant_id().as_uuid())).filter(Column::Status.eq(status));
    let active = own(ACTIVE).order_by_asc(Column::RegisteredAt).limit(LINES).all(tx).await?;
    let ended = own(ENDED).order_by_desc(Column::RegisteredAt).limit(RECENTLY_ENDED).all(tx).await?;
    Ok((active, ended))
}
