//! 代行入力の承認: hand over, give back, and the list that is empty at the end of the day (GL-12).

use actix_web::http::StatusCode;
use actix_web::{Either, web};
use domain::note::NoteStatus;
use domain::{EncounterId, NoteId, StaffId};
use serde::Deserialize;
use tenancy::permission::{EmergencyReview, NoteApprove, NoteRead, NoteSign, NoteWrite, Permission};
use tenancy::{Access, Act, Audit, InfoClass, Receipt};

use super::{chart_again, refused, refused_with};
use crate::AppError;
use crate::adapters::eprescription::PrescriptionSigner;
use crate::notes::acts::sign::{Ending, Signature, sign};
use crate::notes::acts::texts::save_texts;
use crate::notes::acts::{Refusal, Target, approve};
use crate::notes::assemble::{Extra, conflict_url};
use crate::notes::forms::{self, RawNote, RawStep};
use crate::notes::neighbours;
use crate::notes::record::{Names, NoteRecord};
use crate::notes::seen::Seen;
use crate::notes::store::{self, read, write};
use crate::notes::views::pending::{Filter, PendingPage, PendingRow};
use crate::notes::views::{Notice, labels};
use crate::web::chrome::{Chrome, Nav};
use crate::web::{Json, Page, Redirect};

/// Lines on the list.
const LIMIT: u64 = 100;
/// An entry on behalf of a doctor that waits longer than this is marked.
const OVERDUE_H: i64 = 24;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PendingQuery {
    who: String,
    signed: Option<u32>,
    failed: Option<u32>,
}

/// 未確定・承認待ち: one's own first, everyone's on request.
pub async fn pending(access: Access<NoteRead>, query: web::Query<PendingQuery>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let own = access.may::<NoteSign>() && query.who != "all";
    let (notes, has_more) = read::unsigned(&tx, own.then(|| tx.actor()), LIMIT).await?;
    let staff = store::staff(&tx, notes.iter().flat_map(NoteRecord::people)).await?;
    let cards = neighbours::cards(&tx, notes.iter().map(|n| n.patient_id)).await?;
    let rows = notes.iter().filter_map(|n| row(n, &staff.names, cards.get(&n.patient_id)?, tx.actor(), tx.now()));
    let page = PendingPage {
        chrome: Chrome::of(access.principal(), Nav::Approvals),
        filters: vec![
            Filter { href: "/notes/pending", label: "自分が責任医師", current: own },
            Filter { href: "/notes/pending?who=all", label: "院内すべて", current: !own },
        ],
        rows: rows.collect(),
        has_more,
        can_sign: access.may::<NoteSign>(),
        can_judge_looks: access.principal().is_hospital && access.may::<EmergencyReview>(),
        notice: notice(&query),
    };
    let audit = Audit::viewed(InfoClass::Note).subjects(page.rows.iter().map(|r| r.patient_id));
    Page::full(tx.commit(audit).await?, &page)
}

/// How many of one's own notes wait longer than a day, for the number on every page (GL-12).
pub async fn overdue(access: Access<NoteApprove>) -> Result<Json, AppError> {
    let tx = access.begin().await?;
    let (notes, _) = read::unsigned(&tx, Some(tx.actor()), LIMIT).await?;
    let count = notes.iter().filter(|note| waited_hours(note, tx.now()) >= OVERDUE_H).count();
    let receipt = tx.commit(Audit::viewed(InfoClass::Note).detail("overdue", count)).await?;
    Json::of(receipt, StatusCode::OK, &[], &serde_json::json!({ "overdue": count }))
}

/// Since something was last written into it.
fn waited_hours(note: &NoteRecord, now: chrono::DateTime<chrono::Utc>) -> i64 {
    note.sections.iter().map(|section| section.recorded_at).max().map_or(0, |at| (now - at).num_hours())
}

fn notice(query: &PendingQuery) -> Option<Notice> {
    match (query.signed?, query.failed.unwrap_or(0)) {
        (0, 0) => Some(Notice::stop("承認する記録を選んでください。")),
        (signed, 0) => Some(Notice::ok(format!("{signed}件を確定しました。"))),
        (signed, failed) => Some(Notice::stop(format!(
            "{signed}件を確定しました。{failed}件は読んだ後に変わったか、一緒に確定される処方・検査があるため、確定していません。開いて確かめてください。"
        ))),
    }
}

fn row(n: &NoteRecord, names: &Names, card: &neighbours::Card, me: StaffId, now: chrono::DateTime<chrono::Utc>) -> Option<PendingRow> {
    let latest = n.sections.iter().max_by_key(|s| s.recorded_at);
    let hours = waited_hours(n, now);
    let texts: Vec<&str> = n.sections.iter().map(|s| s.body.as_str()).collect();
    Some(PendingRow {
        encounter_id: n.encounter_id,
        stamp: forms::stamp(n),
        is_pending: n.stored_status == NoteStatus::PendingApproval && n.responsible_id == me,
        date: labels::day(n.noted_on),
        overdue: (hours >= OVERDUE_H).then(|| format!("{hours}時間")),
        patient_id: n.patient_id,
        patient: card.name.clone(),
        kana: card.kana.clone(),
        number: card.number.clone(),
        status: n.stored_status.label(),
        responsible: names.of(n.responsible_id).to_owned(),
        entered_by: names.of(latest.map_or(n.entered_by_id, |s| s.entered_by_id)).to_owned(),
        excerpt: labels::excerpt(&texts.join(" "), 160),
    })
}

/// 承認(確定) of every ticked note, each in a transaction of its own: one that changed meanwhile does not hold up the others.
pub async fn approve_many(
    access: Access<NoteApprove>,
    form: web::Form<Vec<(String, String)>>,
    signer: web::Data<dyn PrescriptionSigner>,
) -> Result<Redirect, AppError> {
    let (mut receipt, mut signed, mut failed) = (None, 0_u32, 0_u32);
    for (_, stamp) in form.iter().filter(|(name, _)| name == "note").take(LIMIT as usize) {
        match approve_one(&access, stamp, signer.get_ref()).await {
            Ok(given) => (receipt, signed) = (Some(given), signed + 1),
            Err(Refusal::Store(tenancy::Error::Unavailable(cause))) => return Err(AppError::Unavailable(cause)),
            Err(_) => failed += 1,
        }
    }
    let receipt = match receipt {
        Some(receipt) => receipt,
        None => access.begin().await?.commit(Audit::of(Act::Approve, InfoClass::Note).detail("signed", 0)).await?,
    };
    Ok(Redirect::to(receipt, format!("/notes/pending?signed={signed}&failed={failed}")))
}

async fn approve_one(access: &Access<NoteApprove>, stamp: &str, signer: &dyn PrescriptionSigner) -> Result<Receipt, Refusal> {
    let (id, versions) = forms::parse_stamp(stamp).ok_or(Refusal::Stale)?;
    let tx = access.begin().await?;
    let head = write::find_head(&tx, id).await?.ok_or(tenancy::Error::NotFound)?;
    let token = head.patient_id.into();
    let signature = Signature { target: Target::Note(id), versions, texts: vec![], seen: Seen::default(), token, key: tx.new_id() };
    let Ending::Signed(signed) = sign(&tx, access.principal().role, &signature, signer).await? else { return Err(Refusal::Stale) };
    let audit = Audit::of(Act::Approve, InfoClass::Note).subject(signed.patient_id).entity("note", id);
    Ok(tx.commit(audit).await?)
}

/// 承認を依頼 of a note.
pub async fn submit(
    access: Access<NoteWrite>,
    path: web::Path<NoteId>,
    form: web::Form<RawNote>,
) -> Result<Either<Redirect, Page>, AppError> {
    let encounter = encounter_of(&access, *path).await?;
    submit_to(access, Target::Note(*path), encounter, &form).await
}

/// 承認を依頼 of the note an encounter has.
pub async fn submit_of_encounter(
    access: Access<NoteWrite>,
    path: web::Path<EncounterId>,
    form: web::Form<RawNote>,
) -> Result<Either<Redirect, Page>, AppError> {
    submit_to(access, Target::Encounter(*path), *path, &form).await
}

/// The texts of the form go first: what is handed over is what stands on the page.
async fn submit_to(
    access: Access<NoteWrite>,
    target: Target,
    encounter: EncounterId,
    form: &RawNote,
) -> Result<Either<Redirect, Page>, AppError> {
    let responsible: StaffId = form.responsible()?.ok_or_else(|| AppError::Invalid("責任医師を選んでください。".into()))?;
    let texts = match form.texts()? {
        Ok(texts) => texts,
        Err(rejected) => return chart_again(&access, encounter, Extra { rejected, ..Extra::default() }).await.map(Either::Right),
    };
    let (tx, role) = (access.begin().await?, access.principal().role);
    let done = async {
        let outcome = if texts.is_empty() { Default::default() } else { save_texts(&tx, role, &form.sender(target)?, &texts).await? };
        if let Some(kept) = outcome.kept {
            return Ok((kept.note_id, form.token()?, conflict_url(kept.note_id, kept.section, kept.conflict_id)));
        }
        let moved = approve::submit(&tx, role, target, form.token()?, responsible).await?;
        Ok((moved.note_id, moved.patient_id, format!("/encounters/{encounter}")))
    };
    match done.await {
        Ok((note, patient, to)) => {
            let audit = Audit::updated(InfoClass::Note).subject(patient).entity("note", note).detail("status", "pending_approval");
            Ok(Either::Left(Redirect::to(tx.commit(audit).await?, to)))
        }
        Err(Failure::Refused(refusal)) => {
            drop(tx);
            refused_with(&access, encounter, refusal, form).await.map(Either::Right)
        }
        Err(Failure::Unreadable(e)) => Err(e),
    }
}

/// Why a hand-over did not happen: a rule, or a page that is broken.
enum Failure {
    Refused(Refusal),
    Unreadable(AppError),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<AppError> for Failure {
    fn from(e: AppError) -> Self {
        Self::Unreadable(e)
    }
}

/// 差戻し.
pub async fn give_back(
    access: Access<NoteApprove>,
    path: web::Path<NoteId>,
    form: web::Form<RawStep>,
) -> Result<Either<Redirect, Page>, AppError> {
    let encounter = encounter_of(&access, *path).await?;
    let (token, reason) = (form.token()?, form.reason()?);
    let tx = access.begin().await?;
    match approve::give_back(&tx, access.principal().role, Target::Note(*path), token, &reason).await {
        Ok(moved) => {
            let audit = Audit::of(Act::Approve, InfoClass::Note)
                .subject(moved.patient_id)
                .entity("note", moved.note_id)
                .detail("status", "returned");
            Ok(Either::Left(Redirect::to(tx.commit(audit).await?, format!("/encounters/{encounter}"))))
        }
        Err(refusal) => {
            drop(tx);
            refused(&access, encounter, refusal).await.map(Either::Right)
        }
    }
}

async fn encounter_of<P: Permission>(access: &Access<P>, note: NoteId) -> Result<EncounterId, AppError> {
    let tx = access.begin().await?;
    let head = write::find_head(&tx, note).await?.ok_or(AppError::NotFound)?;
    Ok(EncounterId::new(head.encounter_id))
}
