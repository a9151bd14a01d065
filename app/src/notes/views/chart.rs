//! S07 カルテ: today's sections in the middle, the past on the left, 病名 and 処方 on the right.

use askama::Template;
use domain::note::{NoteStatus, Section};
use domain::{EncounterId, NoteId, PatientId, StaffId, note_parts};
use tenancy::Access;
use tenancy::permission::Permission;
use uuid::Uuid;

use super::rail::Pane;
use super::unseen::UnseenView;
use super::{AmendmentView, By, Mark, Notice, labels};
use crate::web::Subjects;
use crate::web::chrome::Chrome;
use crate::web::face::{self, Face};
use crate::web::stripe::PatientStripe;

/// The page at `/encounters/{id}`.
#[derive(Template)]
#[template(path = "notes/chart.html")]
pub struct ChartPage {
    pub chrome: Chrome,
    pub stripe: PatientStripe,
    pub visit: VisitHead,
    pub today: Today,
    pub previous_plan: Option<PreviousPlan>,
    /// The day of the signed visit before, when there is one.
    pub previous_day: Option<String>,
    pub timeline: Timeline,
    pub panes: Vec<Pane>,
    pub amend: AmendForm,
    pub notice: Option<Notice>,
    pub unseen: UnseenView,
}

impl ChartPage {
    /// 画像・文書 of this patient, for those who may see them.
    pub fn attachments_url(&self) -> Option<String> {
        let may = self.panes.iter().any(|pane| pane.id == "attachments");
        may.then(|| format!("/patients/{}/attachments", self.stripe.patient_id))
    }
}

impl Subjects for ChartPage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.stripe.patient_id]
    }
}

/// What the page says about the encounter itself.
#[derive(Debug, Clone)]
pub struct VisitHead {
    pub id: EncounterId,
    /// `2026-11`, for the calendar.
    pub month: String,
    pub date: String,
    pub purpose: String,
    /// Whose visit it was booked as, before any merge.
    pub patient_id: PatientId,
    /// The version from which it may be put on hold: it is 診察中.
    pub on_hold_from: Option<i32>,
    pub doctor: Option<String>,
}

/// The plan of the visit before, so that it need not be looked for.
#[derive(Debug, Clone)]
pub struct PreviousPlan {
    pub date: String,
    pub text: String,
}

/// The note of this encounter, or the empty one that the first save will make.
#[derive(Debug, Clone)]
pub struct Today {
    pub patient_id: PatientId,
    pub note_id: Option<NoteId>,
    pub version: i32,
    pub status: NoteStatus,
    pub is_amended: bool,
    /// `/notes/{id}`, or `/encounters/{id}/note` while there is no row yet.
    pub base: String,
    /// Always all of them.
    pub sections: Vec<SectionView>,
    pub responsible_id: Option<StaffId>,
    /// Chosen in the address for 代行入力 while there is no note yet.
    pub responsible_choice: Option<StaffId>,
    pub doctors: Vec<Doctor>,
    pub reader: Reader,
    pub returned: Option<By>,
    pub voided: Option<By>,
    pub void_request: Option<By>,
    pub sign_key: Uuid,
}

/// A doctor who can take responsibility for what a helper writes.
#[derive(Debug, Clone)]
pub struct Doctor {
    pub id: StaffId,
    pub name: String,
}

/// What the person in front of the page may do with notes.
#[derive(Debug, Clone, Copy)]
pub struct Reader {
    pub id: StaffId,
    pub may_write: bool,
    pub may_sign: bool,
    pub may_amend: bool,
}

impl Reader {
    pub fn of<P: Permission>(access: &Access<P>) -> Self {
        use tenancy::permission::{NoteAmend, NoteSign, NoteWrite};
        Self {
            id: access.principal().staff_id,
            may_write: access.may::<NoteWrite>(),
            may_sign: access.may::<NoteSign>(),
            may_amend: access.may::<NoteAmend>(),
        }
    }
}

impl Today {
    pub fn is_open(&self) -> bool {
        self.status.is_open()
    }

    pub fn is_signed(&self) -> bool {
        self.status == NoteStatus::Signed
    }

    /// 訂正済 is told apart from 確定 although it is no state of its own.
    pub fn face(&self) -> Face {
        let face = face::note(self.status);
        if self.is_amended { Face { mark: "pen", word: "訂正済", tone: "warn" } } else { face }
    }

    pub fn is_responsible(&self, id: &StaffId) -> bool {
        self.responsible_id.or(self.responsible_choice) == Some(*id)
    }

    /// A helper must name a doctor before the first word, when the encounter does not.
    pub fn asks_responsible(&self) -> bool {
        self.is_open()
            && self.reader.may_write
            && !self.reader.may_sign
            && self.responsible_id.is_none()
            && self.responsible_choice.is_none()
    }

    pub fn can_write(&self) -> bool {
        self.is_open() && self.reader.may_write && !self.asks_responsible()
    }

    /// Another doctor answers for this draft.
    pub fn is_anothers(&self) -> bool {
        self.note_id.is_some() && self.responsible_id.is_some_and(|id| id != self.reader.id)
    }

    pub fn can_sign(&self) -> bool {
        self.is_open() && self.reader.may_sign && !self.is_anothers()
    }

    pub fn can_take_over(&self) -> bool {
        self.is_open() && self.reader.may_sign && self.is_anothers()
    }

    /// Who answers for it, by name.
    pub fn responsible_name(&self) -> &str {
        self.doctors.iter().find(|d| Some(d.id) == self.responsible_id).map_or("別の医師", |d| d.name.as_str())
    }

    pub fn can_submit(&self) -> bool {
        self.status == NoteStatus::Draft && self.can_write() && !self.reader.may_sign
    }

    pub fn can_return(&self) -> bool {
        self.status == NoteStatus::PendingApproval && self.reader.may_sign && !self.is_anothers()
    }

    pub fn can_amend(&self) -> bool {
        self.is_signed() && self.reader.may_amend
    }

    pub fn can_ask_void(&self) -> bool {
        self.can_amend() && self.void_request.is_none()
    }

    pub fn note_id_text(&self) -> String {
        self.note_id.map(|id| id.to_string()).unwrap_or_default()
    }
}

/// One section: text, version, and how safe the text is.
#[derive(Debug, Clone)]
pub struct SectionView {
    pub section: Section,
    pub version: i32,
    pub body: String,
    pub saved: Option<By>,
    pub conflict: Option<ConflictLink>,
    pub error: Option<String>,
    pub idempotency_key: Uuid,
    /// The same section of the visit before, for 前回引用.
    pub previous: String,
    pub amendments: Vec<AmendmentView>,
}

/// The other text, waiting to be compared.
#[derive(Debug, Clone)]
pub struct ConflictLink {
    pub url: String,
    pub by: String,
}

impl SectionView {
    pub fn empty(section: Section) -> Self {
        Self {
            section,
            version: 0,
            body: String::new(),
            saved: None,
            conflict: None,
            error: None,
            idempotency_key: Uuid::nil(),
            previous: String::new(),
            amendments: vec![],
        }
    }

    pub fn letter(&self) -> &'static str {
        self.section.letter()
    }

    pub fn label(&self) -> &'static str {
        self.section.label()
    }

    pub fn is_first(&self) -> bool {
        self.section == Section::Subjective
    }

    /// For the keys: 1 to 4, and 6 and 7 beside the second window's 5.
    pub fn number(&self) -> usize {
        let at = 1 + Section::ALL.iter().take_while(|s| **s != self.section).count();
        if self.section.is_soap() { at } else { at + 1 }
    }

    pub fn mark(&self) -> &'static str {
        self.section.mark()
    }

    /// 説明と同意 and 次回 have named parts; S, O, A and P have none.
    pub fn parts(&self) -> &'static [note_parts::Part] {
        note_parts::parts(self.section)
    }

    pub fn is_next_visit(&self) -> bool {
        self.section == Section::NextVisit
    }

    /// Without scripts the named lines are typed as they are kept.
    pub fn hint(&self) -> String {
        self.parts().iter().map(|part| format!("{}: {}", part.label, part.words.join("・"))).collect::<Vec<_>>().join("\n")
    }

    /// A signed note does not list what was never written beside S, O, A and P.
    pub fn is_left_out(&self) -> bool {
        !self.section.is_soap() && self.body.is_empty() && self.amendments.is_empty() && self.conflict.is_none()
    }

    /// Height without scripts; with `field-sizing: content` the text decides.
    pub fn rows(&self) -> usize {
        self.body.lines().map(|l| 1 + l.chars().count() / 40).sum::<usize>().clamp(2, 14)
    }

    /// A 訂正 took the place of the signed text.
    pub fn is_replaced(&self) -> bool {
        self.amendments.iter().any(|a| a.kind == "amendment")
    }
}

/// The left pane: one page of past notes and the way to older ones.
#[derive(Debug, Clone, Default)]
pub struct Timeline {
    pub visits: Vec<PastVisit>,
    pub older_url: Option<String>,
}

/// A past note, short, and whole when opened.
#[derive(Debug, Clone)]
pub struct PastVisit {
    pub note_id: NoteId,
    pub date: String,
    pub date_iso: String,
    pub doctor: String,
    pub excerpt: String,
    pub parts: Vec<Part>,
    /// 「28日 見本アルファ錠 ほか3剤」
    pub drugs: Option<String>,
    pub mark: Option<Mark>,
    pub is_today: bool,
}

#[derive(Debug, Clone)]
pub struct Part {
    pub letter: &'static str,
    pub text: String,
}

/// The fragment that follows 「さらに前を読む」.
#[derive(Template)]
#[template(path = "notes/_timeline_page.html")]
pub struct TimelinePage {
    pub timeline: Timeline,
}

/// 追記・訂正 as entered, with what is wrong with it.
#[derive(Debug, Clone, Default)]
pub struct AmendForm {
    pub kind: String,
    pub section: String,
    pub body: String,
    pub reason: String,
    pub idempotency_key: Uuid,
    pub errors: Vec<(&'static str, String)>,
}

impl AmendForm {
    pub fn error(&self, field: &str) -> Option<&str> {
        self.errors.iter().find(|(f, _)| *f == field).map(|(_, message)| message.as_str())
    }

    pub fn is_open(&self) -> bool {
        !self.errors.is_empty()
    }
}

/// A text on one line for the bar above the sections.
pub fn plan_line(date: String, plan: &str) -> Option<PreviousPlan> {
    let text = labels::excerpt(plan, 90);
    (!text.is_empty()).then_some(PreviousPlan { date, text })
}
