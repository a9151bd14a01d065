//! R2: comparing a kept text with the stored one, and saving what they become together.

use actix_web::{Either, HttpRequest, web};
use domain::NoteId;
use domain::note::{AmendmentKind, NoteStatus, Reason, Section, SectionText};
use domain::text_merge::{self, Pick};
use tenancy::permission::{NoteWrite, Permission};
use tenancy::{Access, Audit, InfoClass, TenantTx};
use uuid::Uuid;

use crate::AppError;
use crate::notes::acts::amend::{self, Amendment};
use crate::notes::acts::save::{SectionSave, save_section};
use crate::notes::acts::{Refusal, Target, check_token};
use crate::notes::forms::RawSection;
use crate::notes::neighbours;
use crate::notes::record::{ConflictRecord, NoteRecord};
use crate::notes::store::{self, read, write};
use crate::notes::views::conflict::{ConflictPage, Row, merged};
use crate::notes::views::{By, labels};
use crate::web::chrome::{Chrome, Nav};
use crate::web::{Page, Redirect};

type ConflictPath = web::Path<(NoteId, String, Uuid)>;

/// The compare page. Choices travel in the address, so it works without scripts too.
pub async fn show(access: Access<NoteWrite>, path: ConflictPath, req: HttpRequest) -> Result<Page, AppError> {
    let (note, letter, id) = path.into_inner();
    let section = letter.parse().map_err(|_| AppError::NotFound)?;
    let tx = access.begin().await?;
    let page = build(&tx, &access, note, section, id, &picks(req.query_string())).await?;
    let audit = Audit::viewed(InfoClass::Note).subject(page.stripe.patient_id).entity("note", note);
    Page::full(tx.commit(audit).await?, &page)
}

/// The same page as the 409 of a plain form.
pub async fn answer(access: &Access<NoteWrite>, note: NoteId, section: Section, id: Uuid) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let page = build(&tx, access, note, section, id, &[]).await?;
    let audit = Audit::viewed(InfoClass::Note).subject(page.stripe.patient_id).entity("note", note);
    Page::conflict(tx.commit(audit).await?, &page)
}

/// この文で保存: a new version, or a 追記 when the note was signed meanwhile.
pub async fn resolve(
    access: Access<NoteWrite>,
    path: ConflictPath,
    form: web::Form<RawSection>,
) -> Result<Either<Redirect, Page>, AppError> {
    let (note, letter, id) = path.into_inner();
    let section: Section = letter.parse().map_err(|_| AppError::NotFound)?;
    let text = match form.text(section) {
        Ok(text) => text,
        Err(e) => return again(&access, (note, section, id), &form.body, e.message()).await.map(Either::Right),
    };
    let tx = access.begin().await?;
    let record = read::get(&tx, note).await?;
    find(&record, section, id)?;
    check_token(&tx, form.token()?, record.patient_id).await?;
    let saved_elsewhere = store_merged(&tx, &access, &record, section, text, &form).await?;
    if saved_elsewhere {
        drop(tx);
        return again(&access, (note, section, id), &form.body, CHANGED_AGAIN.into()).await.map(Either::Right);
    }
    write::resolve_conflict(&tx, id).await?;
    let audit = Audit::updated(InfoClass::Note)
        .subject(record.patient_id)
        .entity("note", note)
        .detail("section", section.letter())
        .detail("resolved", true);
    let receipt = tx.commit(audit).await?;
    Ok(Either::Left(Redirect::to(receipt, format!("/encounters/{}#sec-{section}", record.encounter_id))))
}

const CHANGED_AGAIN: &str =
    "見比べている間に相手の文がまた変わりました。仕上がりの文は残してあります。新しい相手の文を確かめて、もう一度保存してください。";

/// True when the other text moved on again; nothing is written then.
async fn store_merged(
    tx: &TenantTx,
    access: &Access<NoteWrite>,
    record: &NoteRecord,
    section: Section,
    text: SectionText,
    form: &RawSection,
) -> Result<bool, Refusal> {
    let role = access.principal().role;
    let save = form.clone().into_save(Target::Note(record.id), section, text).map_err(|_| Refusal::Stale)?;
    if record.status() == NoteStatus::Signed {
        if !access.may::<tenancy::permission::NoteAmend>() {
            return Err(domain::note::NoteError::DoctorOnly.into());
        }
        let reason = Reason::parse("確定前に書かれ、競合で残っていた文").ok();
        let SectionSave { text, token, key, .. } = save;
        let new = Amendment { kind: AmendmentKind::Addendum, section, text, reason, token, key };
        amend::amend(tx, record.id, new).await?;
        return Ok(false);
    }
    Ok(save_section(tx, role, save).await?.conflict_id.is_some())
}

async fn again(
    access: &Access<NoteWrite>,
    (note, section, id): (NoteId, Section, Uuid),
    body: &str,
    message: String,
) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let mut page = build(&tx, access, note, section, id, &[]).await?;
    page.merged = body.to_owned();
    page.error = Some(message);
    let audit = Audit::viewed(InfoClass::Note).subject(page.stripe.patient_id).entity("note", note);
    Page::invalid(tx.commit(audit).await?, &page)
}

fn find(record: &NoteRecord, section: Section, id: Uuid) -> Result<&ConflictRecord, AppError> {
    record.conflicts.iter().find(|c| c.id == id && c.section == section).ok_or(AppError::NotFound)
}

/// `pick1=mine&pick2=both`, in any order.
fn picks(query: &str) -> Vec<Option<Pick>> {
    let mut picks = Vec::new();
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        let number: Option<usize> = name.strip_prefix("pick").and_then(|n| n.parse().ok());
        if let Some(at) = number.filter(|n| (1..=5_000).contains(n)) {
            picks.resize(picks.len().max(at), None);
            picks[at - 1] = Pick::from_code(value);
        }
    }
    picks
}

async fn build<P: Permission>(
    tx: &TenantTx,
    access: &Access<P>,
    note: NoteId,
    section: Section,
    id: Uuid,
    picks: &[Option<Pick>],
) -> Result<ConflictPage, AppError> {
    let record = read::get(tx, note).await?;
    let kept = find(&record, section, id)?;
    let person = neighbours::person(tx, record.patient_id).await?;
    let theirs = record.section(section);
    let base = match theirs {
        Some(row) => read::find_version(tx, row.id, kept.base_version).await?,
        None => None,
    };
    let names = store::staff(tx, record.people()).await?.names;
    let base_text = base.as_ref().map(|b| b.body().to_owned()).unwrap_or_default();
    let current = record.current_body(section);
    let hunks = text_merge::three_way(&base_text, &kept.body, current);
    let by = |at, id| By { at: labels::clock(at), by: names.of(id).to_owned(), ..By::default() };
    Ok(ConflictPage {
        chrome: Chrome::of(access.principal(), Nav::Today),
        stripe: person.stripe,
        encounter_id: record.encounter_id,
        section,
        action: crate::notes::assemble::conflict_url(note, section, id),
        is_open: record.status().is_open(),
        mine: by(kept.created_at, kept.author_id),
        theirs: theirs.map(|t| by(t.recorded_at, t.entered_by_id)).unwrap_or_default(),
        theirs_version: theirs.map_or(0, |t| t.version),
        next_version: theirs.map_or(1, |t| t.version + 1),
        mine_chars: kept.body.chars().count(),
        theirs_chars: current.chars().count(),
        merged: merged(&hunks, picks),
        differences: hunks.iter().filter(|h| h.proposal().is_some()).count(),
        rows: Row::all(hunks, picks),
        base_label: base
            .map(|b| format!("{}版・{}", b.version, labels::clock(b.recorded_at)))
            .unwrap_or_else(|| "まだ何も書かれていませんでした".to_owned()),
        base: base_text,
        kept_at: labels::clock(kept.created_at),
        idempotency_key: tx.new_id(),
        error: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn picks_are_read_by_number() {
        assert_eq!(picks("pick2=theirs&pick1=both"), [Some(Pick::Both), Some(Pick::Theirs)]);
        assert_eq!(picks("pick1=x&pick0=mine&pick999999=mine&other=1"), [None]);
        assert!(picks("").is_empty());
    }
}
