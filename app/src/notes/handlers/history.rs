//! 版履歴: what each section said before, and what changed.

use std::collections::HashMap;

use actix_web::web;
use domain::NoteId;
use domain::note::{AmendmentKind, NoteStatus, Section};
use tenancy::permission::NoteRead;
use tenancy::{Access, Audit, InfoClass};
use uuid::Uuid;

use crate::AppError;
use crate::notes::assemble::conflict_url;
use crate::notes::neighbours;
use crate::notes::record::{Names, NoteRecord};
use crate::notes::store::read::VersionRow;
use crate::notes::store::{self, read};
use crate::notes::views::history::{ActRow, HistoryPage, KeptText, SectionHistory, VersionView};
use crate::notes::views::{Mark, SpanView, labels};
use crate::web::Page;
use crate::web::chrome::{Chrome, Nav};

/// Versions read at once; a section saved every ten seconds for an hour makes 360.
const LIMIT: u64 = 1_000;

/// Every version, newest first, with its difference from the one before.
pub async fn show(access: Access<NoteRead>, path: web::Path<NoteId>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let note = read::get(&tx, *path).await?;
    let person = neighbours::person(&tx, note.patient_id).await?;
    let versions = read::versions_of(&tx, &note, LIMIT).await?;
    let people = versions.iter().flat_map(|v| [v.author_id.into(), v.entered_by_id.into()]);
    let names = store::staff(&tx, note.people().chain(people)).await?.names;
    let page = HistoryPage {
        chrome: Chrome::of(access.principal(), Nav::Today),
        stripe: person.stripe,
        encounter_id: note.encounter_id,
        date: labels::day(note.noted_on),
        mark: Mark::of(&note),
        acts: acts(&note, &versions, &names),
        sections: Section::ALL
            .into_iter()
            .map(|s| (s, section(&note, s, &versions, &names)))
            .filter(|(s, history)| s.is_soap() || !history.versions.is_empty())
            .map(|(_, history)| history)
            .collect(),
        kept: kept(&note, &names),
    };
    let audit = Audit::viewed(InfoClass::Note).subject(page.stripe.patient_id).entity("note", *path);
    Page::full(tx.commit(audit).await?, &page)
}

fn acts(note: &NoteRecord, versions: &[VersionRow], names: &Names) -> Vec<ActRow> {
    let steps = versions.iter().filter(|v| v.kind == "note").map(|v| ActRow {
        at: labels::stamp(v.recorded_at),
        status: v.status.parse::<NoteStatus>().map_or("", NoteStatus::label).to_owned(),
        by: names.of(v.author_id.into()).to_owned(),
        entered_by: names.of(v.entered_by_id.into()).to_owned(),
        reason: v.reason.clone(),
    });
    let later = note.amendments.iter().rev().filter(|a| a.section.is_none()).map(|a| ActRow {
        at: labels::stamp(a.recorded_at),
        status: a.kind.label().to_owned(),
        by: names.of(a.author_id).to_owned(),
        entered_by: names.of(a.entered_by_id).to_owned(),
        reason: a.reason.clone(),
    });
    later.chain(steps).collect()
}

fn section(note: &NoteRecord, section: Section, versions: &[VersionRow], names: &Names) -> SectionHistory {
    let id: Option<Uuid> = note.section(section).map(|s| s.id.as_uuid());
    let mut rows: Vec<&VersionRow> = versions.iter().filter(|v| Some(v.id) == id).collect();
    rows.sort_by_key(|v| v.version);
    let bodies: HashMap<i32, &str> = rows.iter().map(|v| (v.version, v.body())).collect();
    let mut views: Vec<VersionView> = rows
        .iter()
        .map(|v| {
            let signed = v.status == NoteStatus::Signed.code();
            VersionView {
                name: format!("{}版{}", v.version, if signed { " 確定" } else { "" }),
                at: labels::stamp(v.recorded_at),
                by: names.of(v.author_id.into()).to_owned(),
                entered_by: (v.entered_by_id != v.author_id).then(|| names.of(v.entered_by_id.into()).to_owned()),
                reason: v.reason.clone(),
                spans: SpanView::between(bodies.get(&(v.version - 1)).copied().unwrap_or_default(), v.body()),
            }
        })
        .collect();
    views.extend(amendments(note, section, names));
    views.reverse();
    SectionHistory { letter: section.letter(), label: section.label(), versions: views }
}

/// 訂正 against the text it replaced, 追記 against nothing.
fn amendments(note: &NoteRecord, section: Section, names: &Names) -> Vec<VersionView> {
    let mut standing = note.section(section).map(|s| s.body.clone()).unwrap_or_default();
    let mut views = Vec::new();
    for a in note.amendments_of(section) {
        let before = if a.kind == AmendmentKind::Amendment { std::mem::replace(&mut standing, a.body.clone()) } else { String::new() };
        views.push(VersionView {
            name: a.kind.label().to_owned(),
            at: labels::stamp(a.recorded_at),
            by: names.of(a.author_id).to_owned(),
            entered_by: (a.entered_by_id != a.author_id).then(|| names.of(a.entered_by_id).to_owned()),
            reason: a.reason.clone(),
            spans: SpanView::between(&before, &a.body),
        });
    }
    views
}

fn kept(note: &NoteRecord, names: &Names) -> Vec<KeptText> {
    note.conflicts
        .iter()
        .map(|c| KeptText {
            letter: c.section.letter().to_owned(),
            at: labels::stamp(c.created_at),
            by: names.of(c.author_id).to_owned(),
            body: c.body.clone(),
            url: conflict_url(note.id, c.section, c.id),
            is_open: !c.is_resolved,
        })
        .collect()
}
