//! What a look stands on: a card whose holder could not be asked, or the nation's declaration.

use chrono::{DateTime, Utc};
use domain::check_in::CareSetting;
use domain::consent::Consent;
use domain::eligibility::Qualification;
use domain::emergency::{Grounds, LOOK_LASTS};
use domain::outbox::Errand;
use domain::patient::{Demographics, Sex};
use domain::{EncounterId, PatientId, ReaderResultId};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use tenancy::{Error, TenantTx};

use crate::adapters::eligibility::history::{Asks, HistoryQuestion};
use crate::adapters::eligibility::read_face_result;
use crate::consents::entity::consent;
use crate::encounters::reader_store;

/// A card that was read while its holder could not be asked.
pub struct Unasked {
    pub reading: ReaderResultId,
    pub encounter: EncounterId,
    pub qualification: Qualification,
}

/// The patient's last reading, if it is of these hours and noted 取得困難; a later reading with an answer ends it.
pub async fn unasked(tx: &TenantTx, group: &[PatientId]) -> Result<Option<Unasked>, Error> {
    use consent::Column as C;
    let last = consent::Entity::find()
        .filter(C::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(C::PatientId.is_in(group.iter().map(|id| id.as_uuid())))
        .filter(C::RecordedAt.gte(tx.now() - LOOK_LASTS))
        .order_by_desc(C::RecordedAt)
        .order_by_desc(C::Id)
        .one(tx)
        .await?;
    let Some(last) = last else { return Ok(None) };
    let reading = ReaderResultId::new(last.reader_result_id);
    let row = reader_store::get(tx, reading).await?;
    let file = reader_store::open(tx, tx.keyring()?, &row).await?;
    let result = read_face_result(&file).map_err(Error::internal)?;
    let is_unasked = |q: &Qualification| q.consents.iter().any(Consent::is_unobtainable);
    let found = result.qualifications.into_iter().find(is_unasked).zip(row.encounter_id);
    Ok(found.map(|(qualification, encounter)| Unasked { reading, encounter: EncounterId::new(encounter), qualification }))
}

/// What a look stands on.
pub enum Basis<'a> {
    Unasked(&'a Unasked),
    /// 4情報, until the nation takes its declaration back.
    Disaster {
        demographics: &'a Demographics,
        until: DateTime<Utc>,
    },
}

impl Basis<'_> {
    pub const fn grounds(&self) -> Grounds {
        match self {
            Self::Unasked(_) => Grounds::Emergency,
            Self::Disaster { .. } => Grounds::Disaster,
        }
    }

    pub const fn errand(&self) -> Errand {
        match self {
            Self::Unasked(_) => Errand::EmergencySummary,
            Self::Disaster { .. } => Errand::DisasterHistory,
        }
    }

    pub const fn reading(&self) -> Option<(ReaderResultId, EncounterId)> {
        match self {
            Self::Unasked(unasked) => Some((unasked.reading, unasked.encounter)),
            Self::Disaster { .. } => None,
        }
    }

    pub fn until(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::Unasked(_) => now + LOOK_LASTS,
            Self::Disaster { until, .. } => (now + LOOK_LASTS).min(*until),
        }
    }

    pub fn question(&self, institution_code: String) -> HistoryQuestion {
        match self {
            Self::Unasked(Unasked { qualification: q, .. }) => HistoryQuestion {
                institution_code,
                insurer_number: q.insurer_number.clone(),
                insured_symbol: q.insured_symbol.clone().unwrap_or_default(),
                insured_number: q.insured_number.clone(),
                branch_number: q.branch_number.clone().unwrap_or_default(),
                birth_date: q.birth_date,
                asks: Asks::Emergency,
                setting: CareSetting::default(),
            },
            Self::Disaster { demographics: d, .. } => HistoryQuestion {
                institution_code,
                insurer_number: String::new(),
                insured_symbol: String::new(),
                insured_number: String::new(),
                branch_number: String::new(),
                birth_date: d.birth_date,
                asks: Asks::Disaster {
                    name: d.name.ideographic.clone(),
                    sex: sex_code(d.sex).to_owned(),
                    address: d.address.clone().unwrap_or_default(),
                },
                setting: CareSetting::default(),
            },
        }
    }
}

/// 性別 (OQSCD007).
const fn sex_code(sex: Sex) -> &'static str {
    match sex {
        Sex::Male => "1",
        Sex::Female => "2",
        Sex::Unknown => "3",
    }
}
