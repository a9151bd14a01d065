//! Notes as they are read back: the read-only chart, its print, and the page that keeps a refused text.

use askama::Template;
use domain::note::{AmendmentKind, Section};
use domain::{EncounterId, NoteId, PatientId};

use super::chart::SectionView;
use super::{AmendmentView, By, Mark, by_of, labels};
use crate::notes::record::{Names, NoteRecord};
use crate::web::Subjects;
use crate::web::chrome::Chrome;
use crate::web::stripe::PatientStripe;

/// One whole note.
#[derive(Debug, Clone)]
pub struct NoteSheet {
    pub id: NoteId,
    pub encounter_id: EncounterId,
    pub date: String,
    pub date_iso: String,
    pub doctor: String,
    pub mark: Mark,
    pub signed: Option<By>,
    pub voided: Option<By>,
    /// Only sections that say something.
    pub sections: Vec<SectionView>,
}

impl NoteSheet {
    pub fn of(note: &NoteRecord, names: &Names) -> Self {
        Self {
            id: note.id,
            encounter_id: note.encounter_id,
            date: labels::day(note.noted_on),
            date_iso: note.noted_on.to_string(),
            doctor: names.of(note.responsible_id).to_owned(),
            mark: Mark::of(note),
            signed: note.signed.map(|(at, by)| By { at: labels::stamp(at), by: names.of(by).to_owned(), ..By::default() }),
            voided: note.amendments.iter().find(|a| a.kind == AmendmentKind::Void).map(|a| by_of(a, names)),
            sections: Section::ALL
                .into_iter()
                .map(|s| section(note, s, names))
                .filter(|s| !s.body.is_empty() || !s.amendments.is_empty())
                .collect(),
        }
    }
}

/// A section as stored, without anything that belongs to editing.
pub fn section(note: &NoteRecord, section: Section, names: &Names) -> SectionView {
    let row = note.section(section);
    SectionView {
        section,
        version: row.map_or(0, |r| r.version),
        body: row.map(|r| r.body.clone()).unwrap_or_default(),
        saved: row.map(|r| By {
            at: labels::clock(r.recorded_at),
            by: names.of(r.author_id).to_owned(),
            entered_by: (r.entered_by_id != r.author_id).then(|| names.of(r.entered_by_id).to_owned()),
            reason: String::new(),
        }),
        conflict: None,
        error: None,
        idempotency_key: uuid::Uuid::nil(),
        previous: String::new(),
        amendments: AmendmentView::of_section(note, section, names),
    }
}

/// `/patients/{id}/chart`: the history without an encounter, newest first.
#[derive(Template)]
#[template(path = "notes/patient_chart.html")]
pub struct PatientChartPage {
    pub chrome: Chrome,
    pub stripe: PatientStripe,
    pub notes: Vec<NoteSheet>,
    pub older_url: Option<String>,
    /// 過去カルテ beside the chart: it follows the patient of the first window.
    pub is_window: bool,
}

/// The same on paper, for a period.
#[derive(Template)]
#[template(path = "notes/print.html")]
pub struct ChartPrintPage {
    pub stripe: PatientStripe,
    pub clinic: String,
    pub printed_at: String,
    pub printed_by: String,
    pub from: String,
    pub to: String,
    pub notes: Vec<NoteSheet>,
    /// How many were printed when there are more.
    pub left_out: Option<usize>,
}

/// A text that came from another patient's page: not saved, and not lost.
#[derive(Template)]
#[template(path = "notes/refused.html")]
pub struct RefusedPage {
    pub chrome: Chrome,
    pub token: PatientId,
    pub body: String,
}

impl Subjects for PatientChartPage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.stripe.patient_id]
    }
}

impl Subjects for ChartPrintPage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.stripe.patient_id]
    }
}

crate::no_subjects!(RefusedPage);
