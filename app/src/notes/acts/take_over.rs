//! 引き継ぎ: another doctor's open draft becomes one's own, so that nobody signs in somebody else's place unseen (GL-12).

use domain::note::{self as rules, NoteStatus};
use domain::{NoteId, PatientId, Role, StaffId};
use tenancy::versioned::{self, Authorship};
use tenancy::{Error, TenantTx};

use super::approve::Moved;
use super::{Refusal, check_token, hand};
use crate::notes::store::write;

/// The sections keep their authors; the version of the head says who answered for it until now.
pub async fn take_over(tx: &TenantTx, role: Role, id: NoteId, token: PatientId, seen: StaffId) -> Result<Moved, Refusal> {
    let Some(mut head) = write::lock_open(tx, id).await? else {
        write::find_head(tx, id).await?.ok_or(Error::NotFound)?;
        return Err(rules::NoteError::AlreadySigned.into());
    };
    check_token(tx, token, PatientId::new(head.patient_id)).await?;
    let status: NoteStatus = head.status.parse()?;
    rules::check_take_over(status, hand(role), head.responsible_id == tx.actor().as_uuid())?;
    if head.responsible_id != seen.as_uuid() {
        return Err(Refusal::Stale);
    }
    head.responsible_id = tx.actor().as_uuid();
    Ok(versioned::update(tx, head, Authorship::own(tx), "責任医師の引き継ぎ").await?.into())
}
