//! Consents and fetched records as rows.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use domain::care_history::Origin;
use domain::clock::jst;
use domain::consent::{Consent, ConsentSubject};
use domain::{PatientId, ReaderResultId};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};
use tenancy::{Error, TenantTx};
use uuid::Uuid;

use super::entity::{consent, record};

pub const PENDING: &str = "pending";
pub const RECEIVED: &str = "received";
pub const REFUSED: &str = "refused";
pub const UNAVAILABLE: &str = "unavailable";

const RAW: &str = "consented_record.raw";
/// Readings of one patient that are looked through for the last word on each subject.
const RECENT: u64 = 300;

/// 薬剤・診療 come in one answer, 特定健診 in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Care,
    Checkup,
}

impl Kind {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Care => "care",
            Self::Checkup => "checkup",
        }
    }

    /// Which answer holds what a subject is about.
    pub const fn of(subject: ConsentSubject) -> Option<Self> {
        match subject {
            ConsentSubject::Medication | ConsentSubject::Prescription | ConsentSubject::Care | ConsentSubject::Surgery => Some(Self::Care),
            ConsentSubject::Checkup => Some(Self::Checkup),
            _ => None,
        }
    }
}

/// A consent with the reading it was given at.
#[derive(Debug, Clone)]
pub struct Given {
    pub consent: Consent,
    pub reader_result_id: Uuid,
}

/// The patient's last word on each subject.
#[derive(Debug, Clone, Default)]
pub struct Consents(pub Vec<Given>);

impl Consents {
    pub fn of(&self, subject: ConsentSubject) -> Option<&Given> {
        self.0.iter().find(|given| given.consent.is_about(subject))
    }

    /// Whose word on medicines may be shown, if anybody's.
    pub fn tells(&self, open: &[ConsentSubject]) -> Option<impl Fn(Origin) -> bool + use<>> {
        let medication = open.contains(&ConsentSubject::Medication);
        let prescription = self.of(ConsentSubject::Prescription).map(|_| open.contains(&ConsentSubject::Prescription));
        let is_any = medication || prescription == Some(true);
        is_any.then_some(move |origin: Origin| origin.is_open(medication, prescription))
    }

    /// The consent under which this may be seen now.
    pub fn open(&self, subject: ConsentSubject, now: DateTime<Utc>) -> Option<&Given> {
        self.of(subject).filter(|given| given.consent.is_open(now))
    }
}

/// Keeps what a card's result says, with the subjects it does not know.
pub async fn keep(tx: &TenantTx, patient: PatientId, result: ReaderResultId, consents: &[Consent]) -> Result<(), Error> {
    let rows: Vec<_> = consents
        .iter()
        .filter(|given| !given.subject.is_empty())
        .map(|given| consent::Model {
            tenant_id: tx.tenant_id().as_uuid(),
            id: tx.new_id(),
            patient_id: patient.as_uuid(),
            reader_result_id: result.as_uuid(),
            subject: given.subject.chars().take(100).collect(),
            flag: given.flag.clone(),
            given_at: given.given_at.map(|at| at.to_utc()),
            available_until: given.available_until.map(|at| at.to_utc()),
            recorded_at: tx.now(),
        })
        .map(|row| row.into_active_model().reset_all())
        .collect();
    if !rows.is_empty() {
        consent::Entity::insert_many(rows).exec_without_returning(tx).await?;
    }
    Ok(())
}

pub async fn of_patient(tx: &TenantTx, group: &[PatientId]) -> Result<Consents, Error> {
    use consent::Column as C;
    let rows = consent::Entity::find()
        .filter(C::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(C::PatientId.is_in(group.iter().map(|id| id.as_uuid())))
        .order_by_desc(C::RecordedAt)
        .order_by_desc(C::Id)
        .limit(RECENT)
        .all(tx)
        .await?;
    let mut seen = HashSet::new();
    let last = rows.into_iter().filter(|row| seen.insert(row.subject.clone())).map(given).collect();
    Ok(Consents(last))
}

fn given(row: consent::Model) -> Given {
    let consent =
        Consent { subject: row.subject, flag: row.flag, given_at: row.given_at.map(jst), available_until: row.available_until.map(jst) };
    Given { consent, reader_result_id: row.reader_result_id }
}

/// What was fetched under these readings; never the content.
pub async fn records(tx: &TenantTx, group: &[PatientId], consents: &Consents) -> Result<Vec<record::Model>, Error> {
    use record::Column as C;
    let readings: HashSet<Uuid> = consents.0.iter().map(|given| given.reader_result_id).collect();
    let rows = record::Entity::find()
        .filter(C::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(C::PatientId.is_in(group.iter().map(|id| id.as_uuid())))
        .filter(C::ReaderResultId.eq_any(readings))
        .order_by_desc(C::RequestedAt)
        .all(tx)
        .await?;
    Ok(rows)
}

/// The record that was fetched under this very consent.
pub fn under<'a>(records: &'a [record::Model], given: &Given, kind: Kind) -> Option<&'a record::Model> {
    records.iter().find(|row| row.reader_result_id == given.reader_result_id && row.kind == kind.code())
}

pub async fn insert(tx: &TenantTx, row: record::Model) -> Result<(), Error> {
    record::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx).await?;
    Ok(())
}

pub async fn lock(tx: &TenantTx, id: Uuid) -> Result<record::Model, Error> {
    let own = record::Entity::find().filter(record::Column::TenantId.eq(tx.tenant_id().as_uuid())).filter(record::Column::Id.eq(id));
    own.lock_exclusive().one(tx).await?.ok_or(Error::NotFound)
}

pub async fn save(tx: &TenantTx, mut row: record::Model) -> Result<(), Error> {
    let id = row.id;
    row.version += 1;
    record::Entity::update_many()
        .set(row.into_active_model().reset_all())
        .filter(record::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(record::Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

/// The answer as it arrived, kept sealed.
pub async fn receive(tx: &TenantTx, id: Uuid, reply: &[u8]) -> Result<(), Error> {
    let mut row = lock(tx, id).await?;
    row.raw = Some(tx.seal(RAW, reply).await?);
    row.received_at = Some(tx.now());
    row.status = RECEIVED.to_owned();
    row.said.clear();
    save(tx, row).await
}

/// The sealed answer; only callers that have looked at the consent ask for it.
pub async fn open(tx: &TenantTx, row: &record::Model) -> Result<Vec<u8>, Error> {
    tx.open(RAW, row.raw.as_deref().ok_or(Error::NotFound)?).await
}
