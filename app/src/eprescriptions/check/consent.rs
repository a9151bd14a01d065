//! What the patient agreed to: on the reader until a time it says, or by word of mouth until the visit ends.

use chrono::{DateTime, Utc};
use domain::EncounterId;
use domain::encounter::VisitStatus;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use tenancy::{Error, TenantTx};

use super::entity::duplicate_check::Model;
use super::entity::oral_consent;
use super::store;
use crate::adapters::eligibility::read_face_result;
use crate::adapters::eprescription::check::Consents;
use crate::encounters::entity::{encounter, reader_result};
use crate::encounters::reader_store;

/// Consents of the reader that open other places' prescriptions.
const SUBJECTS: [&str; 2] = ["PharmacistsInfo", "PrescriptionInfo"];

/// What stands at one visit.
pub struct Given {
    pub oral: Option<oral_consent::Model>,
    pub online_until: Option<DateTime<Utc>>,
    is_over: bool,
}

impl Given {
    pub async fn read(tx: &TenantTx, visit: &encounter::Model) -> Result<Self, Error> {
        Ok(Self {
            oral: store::oral_consent(tx, EncounterId::new(visit.id)).await?,
            online_until: online_until(tx, visit).await?,
            is_over: is_over(visit),
        })
    }

    pub fn consents(&self, now: DateTime<Utc>) -> Consents {
        Consents { online: self.online_until.is_some_and(|until| now <= until), oral: self.oral.is_some() && !self.is_over }
    }
}

/// Whether what other places gave may be seen now, as this check was asked.
pub fn may_see(row: &Model, visit: &encounter::Model, now: DateTime<Utc>) -> bool {
    row.oral_consent && !is_over(visit) || row.consent_until.is_some_and(|until| now <= until)
}

fn is_over(visit: &encounter::Model) -> bool {
    let ended = [VisitStatus::Paid, VisitStatus::LeftUnpaid, VisitStatus::Cancelled];
    ended.iter().any(|status| status.code() == visit.status)
}

/// The latest end among the consents of the card this visit was received by.
async fn online_until(tx: &TenantTx, visit: &encounter::Model) -> Result<Option<DateTime<Utc>>, Error> {
    use reader_result::Column as C;
    let found = reader_result::Entity::find()
        .filter(C::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(C::EncounterId.eq(visit.id))
        .order_by_desc(C::ReceivedAt)
        .one(tx)
        .await?;
    let Some(row) = found else { return Ok(None) };
    let file = reader_store::open(tx, tx.keyring()?, &row).await?;
    let Ok(result) = read_face_result(&file) else { return Ok(None) };
    let given = result.qualifications.iter().flat_map(|q| &q.consents).filter(|c| c.is_given() && SUBJECTS.contains(&c.subject.as_str()));
    Ok(given.filter_map(|consent| consent.available_until).map(|until| until.to_utc()).max())
}
