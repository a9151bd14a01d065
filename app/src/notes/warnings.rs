//! 確定前の確認: what every slice has to say before 確定, in one list, with the reasons already given.

use std::collections::HashMap;

use domain::note::{Reason, Section};
use domain::warning::{self, Level, Warning};
use domain::{EncounterId, PatientId};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use tenancy::{Error, TenantTx};

use super::entity::{note, section_conflict, warning_answer};

/// Everything there is to look at, most severe first. A slice adds its line here.
pub async fn of_encounter(tx: &TenantTx, patient: PatientId, encounter: EncounterId) -> Result<Vec<Warning>, Error> {
    let mut found = uncompared(tx, encounter).await?;
    found.extend(crate::conditions::warnings(tx, patient, encounter).await?);
    found.extend(crate::prescriptions::warnings(tx, patient, encounter).await?);
    let answers = answers(tx, encounter).await?;
    for warning in &mut found {
        warning.answer = warning.answer.take().or_else(|| answers.get(&warning.code).cloned());
    }
    warning::sort(&mut found);
    Ok(found)
}

/// The reasons given at this visit, by the code of the warning.
pub async fn answers(tx: &TenantTx, encounter: EncounterId) -> Result<HashMap<String, String>, Error> {
    use warning_answer::{Column, Entity};
    let rows = Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::EncounterId.eq(encounter.as_uuid()))
        .all(tx)
        .await?;
    Ok(rows.into_iter().map(|row| (row.code, row.reason)).collect())
}

/// Keeps why somebody goes on. The first reason stands: a second one for the same warning is an [`Error::Duplicate`].
pub async fn answer(tx: &TenantTx, patient: PatientId, encounter: EncounterId, warning: &Warning, reason: &Reason) -> Result<(), Error> {
    let row = warning_answer::ActiveModel {
        tenant_id: Set(tx.tenant_id().as_uuid()),
        id: Set(tx.new_id()),
        encounter_id: Set(encounter.as_uuid()),
        patient_id: Set(patient.as_uuid()),
        code: Set(warning.code.clone()),
        subject: Set(warning.subject.clone()),
        reason: Set(reason.as_str().to_owned()),
        answered_by: Set(tx.actor().as_uuid()),
        answered_at: Set(tx.now()),
    };
    warning_answer::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// R2: a text nobody has compared yet must not be signed away.
async fn uncompared(tx: &TenantTx, encounter: EncounterId) -> Result<Vec<Warning>, Error> {
    use section_conflict::Column as C;
    let open = note::Entity::find()
        .filter(note::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(note::Column::EncounterId.eq(encounter.as_uuid()))
        .filter(note::Column::SignedAt.is_null())
        .one(tx)
        .await?;
    let Some(open) = open else { return Ok(vec![]) };
    let kept = section_conflict::Entity::find()
        .filter(C::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(C::NoteId.eq(open.id))
        .filter(C::ResolvedAt.is_null())
        .all(tx)
        .await?;
    let sections = Section::ALL.into_iter().filter(|s| kept.iter().any(|k| k.section == s.letter()));
    let warning = |s: Section| {
        let subject = format!("{} {}", s.letter(), s.label());
        Warning::new(
            Level::Block,
            format!("note.uncompared.{s}"),
            subject,
            "二人の文が見比べられていません。どちらを残すか決めてください。",
        )
        .at(format!("sec-{s}"))
    };
    Ok(sections.map(warning).collect())
}
