//! Saving a section, from the script (JSON) and from a plain form (pages).

use actix_web::http::StatusCode;
use actix_web::{Either, HttpRequest, web};
use domain::note::Section;
use domain::{EncounterId, NoteId};
use serde_json::json;
use tenancy::permission::NoteWrite;
use tenancy::{Access, Audit, Error, InfoClass, Receipt};

use super::{chart_again, conflicts, refused_with, wrong_patient};
use crate::AppError;
use crate::notes::acts::save::{Saved, SectionSave, save_section};
use crate::notes::acts::texts::save_texts;
use crate::notes::acts::{Refusal, Target};
use crate::notes::assemble::{Extra, conflict_url};
use crate::notes::forms::{RawNote, RawSection, Rejected};
use crate::notes::store::{people, visit, write};
use crate::notes::views::labels;
use crate::web::{Json, Page, Redirect, wants_json};

type Answer = Either<Json, Either<Redirect, Page>>;

/// Saves a section of a note that exists.
pub async fn save(
    access: Access<NoteWrite>,
    path: web::Path<(NoteId, String)>,
    form: web::Form<RawSection>,
    req: HttpRequest,
) -> Result<Answer, AppError> {
    let (note, letter) = path.into_inner();
    save_to(access, Target::Note(note), &letter, form.into_inner(), &req).await
}

/// Saves a section of the encounter's note; the first text makes the note.
pub async fn save_of_encounter(
    access: Access<NoteWrite>,
    path: web::Path<(EncounterId, String)>,
    form: web::Form<RawSection>,
    req: HttpRequest,
) -> Result<Answer, AppError> {
    let (encounter, letter) = path.into_inner();
    save_to(access, Target::Encounter(encounter), &letter, form.into_inner(), &req).await
}

async fn save_to(access: Access<NoteWrite>, target: Target, letter: &str, raw: RawSection, req: &HttpRequest) -> Result<Answer, AppError> {
    let section: Section = letter.parse().map_err(|_| AppError::NotFound)?;
    let text = match raw.text(section) {
        Ok(text) => text,
        Err(e) => return not_accepted(&access, target, section, raw, e.message(), req).await,
    };
    let save = raw.clone().into_save(target, section, text)?;
    match attempt(&access, &save).await {
        Ok((saved, receipt, other)) => accepted(&access, section, saved, receipt, other, req).await,
        Err(Refusal::WrongPatient) if !wants_json(req) => {
            let page = wrong_patient(&access, raw.token()?, raw.body).await?;
            Ok(Either::Right(Either::Right(page)))
        }
        Err(refusal) if wants_json(req) => Err(refusal.into()),
        Err(Refusal::Store(e)) => Err(e.into()),
        Err(refusal) => not_accepted(&access, target, section, raw, refusal.message(), req).await,
    }
}

/// 下書き保存 without scripts: all sections at once.
pub async fn save_all(
    access: Access<NoteWrite>,
    path: web::Path<EncounterId>,
    form: web::Form<RawNote>,
) -> Result<Either<Redirect, Page>, AppError> {
    let texts = match form.texts()? {
        Ok(texts) => texts,
        Err(rejected) => return chart_again(&access, *path, Extra { rejected, ..Extra::default() }).await.map(Either::Right),
    };
    let tx = access.begin().await?;
    let visit = visit::get(&tx, *path).await?;
    let sender = form.sender(Target::Encounter(*path))?;
    match save_texts(&tx, access.principal().role, &sender, &texts).await {
        Ok(outcome) => {
            let audit = Audit::updated(InfoClass::Note)
                .subject(visit.patient_id)
                .entity("encounter", *path)
                .detail("sections", outcome.saved.len());
            let to = outcome.kept.map_or_else(|| format!("/encounters/{}", *path), |k| conflict_url(k.note_id, k.section, k.conflict_id));
            Ok(Either::Left(Redirect::to(tx.commit(audit).await?, to)))
        }
        Err(refusal) => {
            drop(tx);
            refused_with(&access, *path, refusal, &form).await.map(Either::Right)
        }
    }
}

/// Two requests with one key at the same moment: the later one rolls back and reads the earlier one's answer.
async fn attempt(access: &Access<NoteWrite>, save: &SectionSave) -> Result<(Saved, Receipt, Option<String>), Refusal> {
    match attempt_once(access, save).await {
        Err(Refusal::Store(Error::Duplicate { .. } | Error::Conflict { .. })) => attempt_once(access, save).await,
        other => other,
    }
}

async fn attempt_once(access: &Access<NoteWrite>, save: &SectionSave) -> Result<(Saved, Receipt, Option<String>), Refusal> {
    let tx = access.begin().await?;
    let saved = save_section(&tx, access.principal().role, save.clone()).await?;
    let other = match saved.other {
        Some(id) => Some(people::staff(&tx, [id]).await?.names.of(id).to_owned()),
        None => None,
    };
    let audit = Audit::updated(InfoClass::Note)
        .subject(saved.patient_id)
        .entity("note", saved.note_id)
        .detail("section", save.section.letter())
        .detail("version", saved.version)
        .detail("conflict", saved.conflict_id.is_some());
    let receipt = tx.commit(audit).await?;
    Ok((saved, receipt, other))
}

async fn accepted(
    access: &Access<NoteWrite>,
    section: Section,
    saved: Saved,
    receipt: Receipt,
    other: Option<String>,
    req: &HttpRequest,
) -> Result<Answer, AppError> {
    let conflict = saved.conflict_id.map(|id| conflict_url(saved.note_id, section, id));
    match (wants_json(req), conflict) {
        (true, None) => {
            let value = json!({ "version": saved.version, "saved_at": labels::clock(saved.at) });
            Ok(Either::Left(Json::of(receipt, StatusCode::OK, &[saved.patient_id], &value)?))
        }
        (true, Some(url)) => {
            let value = json!({ "version": saved.version, "conflict_url": url, "other": other });
            Ok(Either::Left(Json::of(receipt, StatusCode::CONFLICT, &[saved.patient_id], &value)?))
        }
        (false, None) => {
            let to = format!("/encounters/{}#sec-{section}", saved.encounter_id);
            Ok(Either::Right(Either::Left(Redirect::to(receipt, to))))
        }
        (false, Some(_)) => {
            let page = conflicts::answer(access, saved.note_id, section, saved.conflict_id.unwrap_or_default()).await?;
            Ok(Either::Right(Either::Right(page)))
        }
    }
}

/// A text that cannot be stored comes back in its field with what to do about it.
async fn not_accepted(
    access: &Access<NoteWrite>,
    target: Target,
    section: Section,
    raw: RawSection,
    message: String,
    req: &HttpRequest,
) -> Result<Answer, AppError> {
    if wants_json(req) {
        return Err(AppError::Invalid(message));
    }
    let encounter = match target {
        Target::Encounter(id) => id,
        Target::Note(id) => {
            let tx = access.begin().await?;
            let head = write::find_head(&tx, id).await?.ok_or(AppError::NotFound)?;
            EncounterId::new(head.encounter_id)
        }
    };
    let rejected = vec![Rejected { section, body: raw.body, seen: None, error: Some(message) }];
    let extra = Extra { rejected, responsible: raw.responsible_id.parse().ok(), ..Extra::default() };
    Ok(Either::Right(Either::Right(chart_again(access, encounter, extra).await?)))
}
