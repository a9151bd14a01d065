//! What the pages show: cards, the viewer, the drawing board, the print.

use askama::Template;
use chrono::{DateTime, TimeDelta, Utc};
use domain::attachment::{AttachmentKind, ContentType, FileRefusal, FileState};
use domain::drawing::{Base, Drawing, TEMPLATES, Template as Sheet};
use domain::{AttachmentId, EncounterId, PatientId};
use tenancy::standing::ScannerState;
use uuid::Uuid;

use super::entity::attachment::Model;
use super::store::{CANCELLED, Earlier, Reach, Shown};
use crate::notes::record::Names;
use crate::notes::views::labels;
use crate::web::face::Face;
use crate::web::page::Subjects;
use crate::web::{Chrome, PatientStripe};

/// Signatures older than this are said to be old.
const OLD_AFTER: TimeDelta = TimeDelta::days(3);
/// A worker that has not looked for so long is not there.
const SILENT_AFTER: TimeDelta = TimeDelta::minutes(3);

const fn face(state: FileState) -> Face {
    let (mark, tone) = match state {
        FileState::Quarantine => ("clock", "warn"),
        FileState::Clean => ("check", "plain"),
        FileState::Infected | FileState::Refused => ("stop", "stop"),
    };
    Face { mark, word: state.label(), tone }
}

/// One attachment in a list.
#[derive(Debug, Clone)]
pub struct Card {
    pub id: AttachmentId,
    pub version: i32,
    pub title: String,
    pub kind: &'static str,
    pub day: String,
    pub state: FileState,
    pub face: Face,
    /// Why it cannot be opened.
    pub says: &'static str,
    pub is_picture: bool,
    /// Of the visit that is open.
    pub is_here: bool,
}

impl Card {
    fn of(shown: &Shown, here: Option<EncounterId>, now: DateTime<Utc>) -> Self {
        let state = shown.state();
        Self {
            id: shown.id(),
            version: shown.row.version,
            title: shown.row.title.clone(),
            kind: shown.kind().label(),
            day: labels::near_day(shown.row.noted_on, labels::jst(now).date_naive()),
            state,
            face: face(state),
            says: says(state, &shown.file.reason),
            is_picture: shown.content().is_some_and(ContentType::is_picture),
            is_here: here.is_some() && shown.row.encounter_id.map(EncounterId::new) == here,
        }
    }

    pub fn may_open(&self) -> bool {
        self.state.may_open()
    }

    pub fn has_thumbnail(&self) -> bool {
        self.is_picture && self.may_open()
    }
}

fn says(state: FileState, reason: &str) -> &'static str {
    match state {
        FileState::Clean => "",
        FileState::Quarantine => "安全の検査が終わるまで開けません。終わると自動で開けるようになります。",
        FileState::Infected => "ウイルスが見つかったため開けません。中身は捨ててあります。送り主の装置を調べてください。",
        FileState::Refused => FileRefusal::from_code(reason).map_or("受け付けられないファイルでした。", FileRefusal::sentence),
    }
}

/// How the scanner stands, in one line.
#[derive(Debug, Clone)]
pub struct ScannerLine {
    /// `warn` when something should be done about it.
    pub tone: &'static str,
    pub mark: &'static str,
    pub text: String,
}

impl ScannerLine {
    pub fn of(scanner: Option<&ScannerState>, now: DateTime<Utc>) -> Self {
        let warn = |text: &str| Self { tone: "warn", mark: "tri", text: text.to_owned() };
        let Some(scanner) = scanner else {
            return warn("検査の仕組み(ウイルス対策)がつながっていません。届いたものは検査待ちのまま、開けません。");
        };
        if !scanner.is_up || now - scanner.checked_at > SILENT_AFTER {
            return warn("検査の仕組み(ウイルス対策)が止まっています。届いたものは検査待ちで残り、動きだすと自動で調べ直します。");
        }
        match scanner.signatures_at.map(|at| now - at) {
            None => warn("ウイルス定義: 公式の定義が入っていません(見本だけで検査しています)。"),
            Some(age) if age > OLD_AFTER => {
                warn(&format!("ウイルス定義: {}日前のものです。更新が止まっていないか、管理者が確かめてください。", age.num_days()))
            }
            Some(age) => {
                Self {
                    tone: "plain", mark: "shield", text: format!("ウイルス定義: {}時間前・{}", age.num_hours().max(0), scanner.engine)
                }
            }
        }
    }
}

/// 画像・文書 without its outer box.
#[derive(Debug, Clone, Template)]
#[template(path = "attachments/_pane.html")]
pub struct AttachmentPane {
    pub patient_id: PatientId,
    pub encounter: Option<EncounterId>,
    pub cards: Vec<Card>,
    pub cancelled: Vec<Card>,
    pub older: Option<AttachmentId>,
    pub scanner: ScannerLine,
    pub is_off: bool,
    pub reach: Reach,
    pub can_write: bool,
    pub can_draw: bool,
    pub act_key: Uuid,
    /// File name and what is wrong with it.
    pub refusals: Vec<(String, String)>,
}

impl AttachmentPane {
    pub fn of(patient_id: PatientId, encounter: Option<EncounterId>, shown: &[Shown], scanner: ScannerLine, now: DateTime<Utc>) -> Self {
        let (cancelled, active): (Vec<&Shown>, Vec<&Shown>) = shown.iter().partition(|shown| shown.is_cancelled());
        let cards = |list: Vec<&Shown>| list.into_iter().map(|shown| Card::of(shown, encounter, now)).collect();
        Self {
            patient_id,
            encounter,
            cards: cards(active),
            cancelled: cards(cancelled),
            older: None,
            scanner,
            is_off: false,
            reach: Reach::Documents,
            can_write: false,
            can_draw: false,
            act_key: Uuid::nil(),
            refusals: vec![],
        }
    }

    pub fn is_chart(&self) -> bool {
        self.reach == Reach::Chart
    }

    /// Files nobody may open yet: while there are any, the page listens.
    pub fn waiting(&self) -> usize {
        self.cards.iter().filter(|card| card.state == FileState::Quarantine).count()
    }

    /// `?encounter=…`, or nothing.
    pub fn beside(&self) -> String {
        self.encounter.map(|id| format!("?encounter={id}")).unwrap_or_default()
    }
}

impl Subjects for AttachmentPane {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.patient_id]
    }
}

#[derive(Debug, Clone, Template)]
#[template(path = "attachments/list.html")]
pub struct AttachmentPage {
    pub chrome: Chrome,
    pub stripe: PatientStripe,
    pub pane: AttachmentPane,
    /// The kind that is shown; empty for all.
    pub kind: &'static str,
    /// What was cancelled just now.
    pub undo: Option<Card>,
}

impl AttachmentPage {
    pub fn kinds(&self) -> Vec<(&'static str, &'static str)> {
        if !self.pane.is_chart() {
            return vec![];
        }
        std::iter::once(("", "全部")).chain(AttachmentKind::ALL.map(|kind| (kind.code(), kind.label()))).collect()
    }
}

impl Subjects for AttachmentPage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.stripe.patient_id, self.pane.patient_id]
    }
}

/// The left pane's list when it is narrowed to 画像・文書.
#[derive(Debug, Clone, Template)]
#[template(path = "attachments/_timeline.html")]
pub struct TimelineView {
    pub pane: AttachmentPane,
}

impl Subjects for TimelineView {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.pane.patient_id]
    }
}

/// A version in words.
#[derive(Debug, Clone)]
pub struct VersionLine {
    pub version: i32,
    pub at: String,
    pub by: String,
    pub what: &'static str,
    pub reason: String,
}

#[derive(Debug, Clone, Template)]
#[template(path = "attachments/show.html")]
pub struct ViewerPage {
    pub chrome: Chrome,
    pub stripe: PatientStripe,
    pub patient_id: PatientId,
    pub card: Card,
    pub facts: String,
    /// What is written on a シェーマ.
    pub words: String,
    pub is_drawing: bool,
    pub is_cancelled: bool,
    pub newer: Option<AttachmentId>,
    pub older: Option<AttachmentId>,
    pub versions: Vec<VersionLine>,
    /// The earlier version that is shown, if it is not the last.
    pub version: Option<i32>,
    pub can_write: bool,
    pub can_draw: bool,
    pub act_key: Uuid,
    pub scanner: ScannerLine,
    pub encounter: Option<EncounterId>,
}

impl ViewerPage {
    pub fn of(
        (chrome, stripe): (Chrome, PatientStripe),
        (shown, all): (&Shown, &[Shown]),
        (versions, names): (&[Earlier], &Names),
        scanner: ScannerLine,
    ) -> Self {
        let leafed: Vec<AttachmentId> = all.iter().filter(|one| !one.is_cancelled() && one.state().may_open()).map(Shown::id).collect();
        let file = &shown.file;
        let size = file.width.zip(file.height).map(|(width, height)| format!("{width}×{height}・")).unwrap_or_default();
        let line = |v: &Earlier| VersionLine {
            version: v.version,
            at: labels::stamp(v.at),
            by: names.of(v.by).to_owned(),
            what: if v.status == CANCELLED {
                "取消"
            } else if v.version == 1 {
                "登録"
            } else {
                "変更"
            },
            reason: v.reason.clone(),
        };
        Self {
            chrome,
            stripe,
            patient_id: shown.patient(),
            card: Card::of(shown, None, shown.row.recorded_at),
            facts: format!("{}・{size}{}", labels::day(shown.row.noted_on), weight(file.bytes)),
            words: words_of(&shown.row),
            is_drawing: !shown.row.drawing.is_empty(),
            is_cancelled: shown.is_cancelled(),
            newer: leafed.iter().rev().find(|id| **id > shown.id()).copied(),
            older: leafed.iter().find(|id| **id < shown.id()).copied(),
            versions: versions.iter().map(line).collect(),
            version: None,
            can_write: false,
            can_draw: false,
            act_key: shown.row.digest_key(),
            scanner,
            encounter: shown.row.encounter_id.map(EncounterId::new),
        }
    }

    /// An earlier version takes the picture's place.
    pub fn show_version(&mut self, version: Option<i32>, state: FileState) {
        self.version = version.filter(|version| *version != self.card.version);
        (self.card.state, self.card.face) = (state, face(state));
    }

    pub fn file_url(&self) -> String {
        let version = self.version.map(|version| format!("?version={version}")).unwrap_or_default();
        format!("/attachments/{}/file{version}", self.card.id)
    }
}

impl Model {
    /// A key for the acts of a page that shows exactly this version: pressed twice they are one.
    fn digest_key(&self) -> Uuid {
        let mut bytes = [0u8; 16];
        for (to, from) in bytes.iter_mut().zip(&self.digest) {
            *to = *from;
        }
        Uuid::from_bytes(bytes)
    }
}

/// 「1 発赤、2 腫脹」 of a シェーマ.
pub fn words_of(row: &Model) -> String {
    Drawing::parse(&row.drawing).map(|drawing| drawing.words()).unwrap_or_default()
}

fn weight(bytes: i32) -> String {
    let bytes = f64::from(bytes);
    if bytes < 1_000_000.0 { format!("{:.0} KB", (bytes / 1_000.0).ceil()) } else { format!("{:.1} MB", bytes / 1_000_000.0) }
}

impl Subjects for ViewerPage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.stripe.patient_id, self.patient_id]
    }
}

#[derive(Debug, Clone, Template)]
#[template(path = "attachments/print.html")]
pub struct PrintPage {
    pub clinic: String,
    pub printed_at: String,
    pub printed_by: String,
    pub id: AttachmentId,
    pub title: String,
    pub kind: &'static str,
    pub day: String,
    pub words: String,
    pub stripe: PatientStripe,
}

impl Subjects for PrintPage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.stripe.patient_id]
    }
}

#[derive(Debug, Clone, Template)]
#[template(path = "attachments/drawing.html")]
pub struct DrawingPage {
    pub chrome: Chrome,
    pub stripe: PatientStripe,
    pub patient_id: PatientId,
    pub encounter: Option<EncounterId>,
    /// The シェーマ that is drawn on again, and its version.
    pub of: Option<(AttachmentId, i32)>,
    pub title: String,
    /// What was drawn so far; empty at first.
    pub drawing: String,
    /// A template's code; empty on a photo.
    pub template: &'static str,
    pub photo: Option<Uuid>,
    pub act_key: Uuid,
}

impl DrawingPage {
    pub fn begun((chrome, stripe): (Chrome, PatientStripe), patient_id: PatientId, encounter: Option<EncounterId>) -> Self {
        let (title, drawing) = Default::default();
        Self { chrome, stripe, patient_id, encounter, of: None, title, drawing, template: "", photo: None, act_key: Uuid::nil() }
    }

    /// What to draw on; a template is chosen on the page when none is named.
    pub fn choose(&mut self, template: &str, photo: Option<Shown>) {
        let sheet = Sheet::from_code(template);
        self.template = sheet.map_or("", |sheet| sheet.code);
        self.title = photo.as_ref().map(|photo| photo.row.title.clone()).or(sheet.map(|s| s.label.to_owned())).unwrap_or_default();
        self.photo = photo.map(|photo| photo.row.id);
    }

    pub fn go_on(&mut self, row: &Model) {
        self.of = Some((AttachmentId::new(row.id), row.version));
        self.title.clone_from(&row.title);
        self.drawing.clone_from(&row.drawing);
        match Drawing::parse(&row.drawing).map(|drawing| drawing.base) {
            Ok(Base::Template(code)) => self.template = Sheet::from_code(&code).map_or("", |sheet| sheet.code),
            Ok(Base::Photo(id)) => self.photo = Some(id),
            Err(_) => {}
        }
    }

    pub fn is_chosen(&self) -> bool {
        !self.template.is_empty() || self.photo.is_some()
    }

    pub fn sheets(&self) -> [Sheet; TEMPLATES.len()] {
        TEMPLATES
    }

    pub fn action(&self) -> String {
        match self.of {
            Some((id, _)) => format!("/attachments/{id}/drawing"),
            None => format!("/patients/{}/drawings", self.patient_id),
        }
    }

    pub fn height(&self) -> u16 {
        Sheet::from_code(self.template).map_or(0, |sheet| sheet.height)
    }

    pub fn version(&self) -> i32 {
        self.of.map_or(0, |(_, version)| version)
    }

    /// Where the picture underneath comes from.
    pub fn base_url(&self) -> String {
        match self.photo {
            Some(id) => format!("/attachments/{id}/file"),
            None => crate::web::assets::asset(&format!("schema/{}.svg", self.template)).to_owned(),
        }
    }

    /// Under this name the browser keeps what is not saved yet.
    pub fn draft_key(&self) -> String {
        let on = self.photo.map_or_else(|| self.template.to_owned(), |id| id.to_string());
        self.of.map_or_else(|| format!("drawing/{}/{on}", self.patient_id), |(id, _)| format!("drawing/{id}"))
    }
}

impl Subjects for DrawingPage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.stripe.patient_id]
    }
}
