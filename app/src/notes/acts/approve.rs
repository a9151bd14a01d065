//! 代行入力の承認 (GL-12): a helper hands a note over, a doctor signs it or gives it back with a reason.

use domain::note::{self as rules, NoteAct, NoteStatus, Reason};
use domain::{PatientId, Role, StaffId};
use tenancy::versioned::{self, Authorship};
use tenancy::{Error, TenantTx};

use super::{Refusal, Target, check_token, hand};
use crate::notes::entity::note;
use crate::notes::store::{people, write};

/// The note after the step, for the audit entry.
#[derive(Debug, Clone, Copy)]
pub struct Moved {
    pub note_id: domain::NoteId,
    pub patient_id: PatientId,
}

impl From<note::Model> for Moved {
    fn from(m: note::Model) -> Self {
        Self { note_id: m.id.into(), patient_id: m.patient_id.into() }
    }
}

async fn locked(tx: &TenantTx, target: Target, token: PatientId) -> Result<note::Model, Refusal> {
    let (head, signed) = match target {
        Target::Note(id) => (write::lock_open(tx, id).await?, write::find_head(tx, id).await?),
        Target::Encounter(id) => (write::lock_open_of(tx, id).await?, write::find_signed_of(tx, id).await?),
    };
    match (head, signed, target) {
        (Some(head), _, _) => {
            check_token(tx, token, PatientId::new(head.patient_id)).await?;
            Ok(head)
        }
        (None, Some(_), _) => Err(rules::NoteError::AlreadySigned.into()),
        (None, None, Target::Note(_)) => Err(Error::NotFound.into()),
        (None, None, Target::Encounter(_)) => Err(rules::NoteError::NothingWritten.into()),
    }
}

/// 承認依頼 to the doctor who takes responsibility.
pub async fn submit(tx: &TenantTx, role: Role, target: Target, token: PatientId, responsible: StaffId) -> Result<Moved, Refusal> {
    let mut head = locked(tx, target, token).await?;
    let status: NoteStatus = head.status.parse()?;
    let next = status.after(NoteAct::Submit, hand(role))?;
    let sections = write::sections_of(tx, head.id).await?;
    rules::check_signable(sections.iter().map(|s| (s.section.as_str(), s.body.as_str())))?;
    if !people::is_doctor(tx, responsible).await? {
        return Err(Refusal::NoResponsible);
    }
    head.status = next.code().to_owned();
    head.responsible_id = responsible.as_uuid();
    let head = versioned::update(tx, head, Authorship::on_behalf_of(responsible, tx), "").await?;
    Ok(head.into())
}

/// 差戻し: the note is a draft again and says why.
pub async fn give_back(tx: &TenantTx, role: Role, target: Target, token: PatientId, reason: &Reason) -> Result<Moved, Refusal> {
    let mut head = locked(tx, target, token).await?;
    let status: NoteStatus = head.status.parse()?;
    head.status = status.after(NoteAct::Return, hand(role))?.code().to_owned();
    rules::check_responsible(head.responsible_id == tx.actor().as_uuid())?;
    let head = versioned::update(tx, head, Authorship::own(tx), reason.as_str()).await?;
    Ok(head.into())
}
