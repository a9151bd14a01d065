//! Builds the chart page: a fixed number of statements, whether the patient came once or a thousand times.

use std::collections::HashMap;

use domain::note::{AmendmentKind, NoteStatus, Section};
use domain::{EncounterId, PatientId, StaffId};
use tenancy::permission::Permission;
use tenancy::{Access, Error, TenantTx};

use super::forms::Rejected;
use super::neighbours::{self, Person};
use super::record::{Names, NoteRecord};
use super::seen::Unseen;
use super::store::past::Drugs;
use super::store::read::Kind;
use super::store::{self, read, visit};
use super::views::chart::{self, ConflictLink, Part, PastVisit, Reader};
use super::views::unseen::UnseenView;
use super::views::{AmendForm, By, ChartPage, Mark, Notice, SectionView, Timeline, Today, VisitHead, by_of, labels, rail, sheet};
use crate::web::chrome::{Chrome, Nav};

/// What a request adds to the page as stored.
#[derive(Debug, Default)]
pub struct Extra {
    pub responsible: Option<StaffId>,
    pub amend: AmendForm,
    pub notice: Option<Notice>,
    /// Texts that could not be saved, with the reason, shown in place of the stored ones.
    pub rejected: Vec<Rejected>,
    /// What the doctor had not seen when 確定 was pressed.
    pub unseen: Option<Unseen>,
}

/// The page of one encounter, and whose it is.
pub async fn chart<P: Permission>(
    tx: &TenantTx,
    access: &Access<P>,
    id: EncounterId,
    extra: Extra,
) -> Result<(ChartPage, PatientId), Error> {
    let visit = visit::get(tx, id).await?;
    let Person { stripe, group } = neighbours::person(tx, visit.patient_id).await?;
    let (here, past, has_more) = read::chart_heads(tx, id, &group).await?;
    let people = here.iter().chain(&past).flat_map(NoteRecord::people).chain(visit.doctor_id);
    let people = people.chain(extra.unseen.iter().flat_map(|unseen| unseen.now.iter().map(|row| row.by)));
    let staff = store::staff(tx, people).await?;
    let drugs = store::past::drugs_of(tx, &past).await?;

    let note = current(&here);
    let previous = past.iter().find(|n| n.encounter_id != id && n.status() == NoteStatus::Signed && n.noted_on <= visit.date);
    let shown = stripe.patient_id;
    let mut today = Today {
        patient_id: shown,
        note_id: note.map(|n| n.id),
        version: note.map_or(0, |n| n.version),
        status: note.map_or(NoteStatus::Draft, NoteRecord::status),
        is_amended: note.is_some_and(NoteRecord::is_amended),
        base: format!("/encounters/{id}/note"),
        sections: Section::ALL.into_iter().map(|s| section(tx, note, previous, s, &staff.names)).collect(),
        responsible_id: note.map(|n| n.responsible_id).or(visit.doctor_id),
        responsible_choice: extra.responsible,
        doctors: staff.doctors,
        reader: Reader::of(access),
        returned: None,
        voided: here.iter().flat_map(|n| &n.amendments).rfind(|a| a.kind == AmendmentKind::Void).map(|a| by_of(a, &staff.names)),
        void_request: note.and_then(NoteRecord::void_request).map(|a| by_of(a, &staff.names)),
        sign_key: tx.new_id(),
    };
    for rejected in extra.rejected {
        for s in today.sections.iter_mut().filter(|s| s.section == rejected.section && s.body != rejected.body) {
            (s.body, s.error) = (rejected.body.clone(), rejected.error.clone());
            s.version = rejected.seen.unwrap_or(s.version);
        }
    }
    if let Some(note) = note.filter(|n| n.stored_status == NoteStatus::Draft && n.version > 1) {
        today.returned = returned(tx, note, &staff.names).await?;
    }
    let day = labels::jst(tx.now()).date_naive();
    let page = ChartPage {
        chrome: Chrome::of(access.principal(), Nav::Today),
        stripe,
        visit: VisitHead {
            id,
            month: visit.date.format("%Y-%m").to_string(),
            date: labels::day(visit.date),
            purpose: visit.purpose,
            patient_id: visit.patient_id,
            on_hold_from: visit.in_consult.filter(|_| access.may::<tenancy::permission::EncounterWrite>()),
            doctor: visit.doctor_id.map(|d| staff.names.of(d).to_owned()),
        },
        today,
        previous_day: previous.map(|n| labels::near_day(n.noted_on, day)),
        previous_plan: previous.and_then(|n| chart::plan_line(labels::near_day(n.noted_on, day), n.current_body(Section::Plan))),
        timeline: timeline(
            &Past { patient: shown, notes: &past, has_more, drugs: &drugs, kind: Kind::All, today: day, here: Some(id) },
            &staff.names,
        ),
        panes: rail::panes(access, shown, id),
        amend: AmendForm { idempotency_key: tx.new_id(), ..extra.amend },
        notice: extra.notice,
        unseen: extra.unseen.map(|unseen| UnseenView::of(&unseen, &staff.names)).unwrap_or_default(),
    };
    Ok((page, shown))
}

/// The open note, else the signed one; a void one leaves the page empty for the right text.
fn current(here: &[NoteRecord]) -> Option<&NoteRecord> {
    here.iter().find(|n| n.stored_status.is_open()).or_else(|| here.iter().find(|n| n.status() == NoteStatus::Signed))
}

fn section(tx: &TenantTx, note: Option<&NoteRecord>, previous: Option<&NoteRecord>, section: Section, names: &Names) -> SectionView {
    let mut view = note.map_or_else(|| SectionView::empty(section), |n| sheet::section(n, section, names));
    view.idempotency_key = tx.new_id();
    // What was agreed on and planned then is not today's to quote.
    view.previous = previous.filter(|_| section.is_soap()).map(|p| p.current_body(section).to_owned()).unwrap_or_default();
    view.conflict = note.and_then(|n| n.open_conflict(section).map(|c| (n, c))).map(|(n, c)| ConflictLink {
        url: conflict_url(n.id, section, c.id),
        by: names.of(n.section(section).map_or(c.author_id, |s| s.entered_by_id)).to_owned(),
    });
    view
}

/// The page that compares a kept text with the stored one.
pub fn conflict_url(note: domain::NoteId, section: Section, id: uuid::Uuid) -> String {
    format!("/notes/{note}/sections/{section}/conflicts/{id}")
}

/// 差戻し is the last step of a draft that was submitted before.
async fn returned(tx: &TenantTx, note: &NoteRecord, names: &Names) -> Result<Option<By>, Error> {
    let step = read::last_step(tx, note.id, note.version).await?;
    Ok(step.filter(|s| !s.reason.is_empty()).map(|s| By {
        at: labels::stamp(s.recorded_at),
        by: names.of(StaffId::new(s.author_id)).to_owned(),
        entered_by: None,
        reason: s.reason,
    }))
}

/// What the left pane is made of.
pub struct Past<'a> {
    pub patient: PatientId,
    pub notes: &'a [NoteRecord],
    pub has_more: bool,
    pub drugs: &'a HashMap<uuid::Uuid, Drugs>,
    pub kind: Kind,
    pub today: chrono::NaiveDate,
    /// The encounter that is open in the middle.
    pub here: Option<EncounterId>,
}

/// The left pane.
pub fn timeline(past: &Past, names: &Names) -> Timeline {
    let visits = past.notes.iter().map(|n| PastVisit {
        note_id: n.id,
        date: labels::near_day(n.noted_on, past.today),
        date_iso: n.noted_on.to_string(),
        doctor: names.of(n.responsible_id).to_owned(),
        excerpt: excerpt(n),
        parts: parts(n),
        drugs: past.drugs.get(&n.encounter_id.as_uuid()).and_then(Drugs::line),
        mark: (n.status() != NoteStatus::Signed || n.is_amended()).then(|| Mark::of(n)),
        is_today: past.here == Some(n.encounter_id),
    });
    let kind = past.kind.code();
    let older = |n: &NoteRecord| format!("/patients/{}/chart?before={}&kind={kind}", past.patient, read::Cursor::after(n));
    Timeline { visits: visits.collect(), older_url: past.notes.last().filter(|_| past.has_more).map(older) }
}

fn parts(note: &NoteRecord) -> Vec<Part> {
    Section::ALL
        .into_iter()
        .map(|s| Part { letter: s.mark(), text: note.current_body(s).to_owned() })
        .filter(|p| !p.text.is_empty())
        .collect()
}

/// What was thought and planned says more about a visit than what was said.
fn excerpt(note: &NoteRecord) -> String {
    let text = [Section::Assessment, Section::Plan, Section::Subjective, Section::Objective]
        .map(|s| note.current_body(s))
        .into_iter()
        .filter(|t| !t.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    labels::excerpt(&text, 90)
}
