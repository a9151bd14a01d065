//! 確定前の確認: one panel, most severe first, never a chain of boxes.

use askama::Template;
use domain::warning::{Level, Warning};
use domain::{EncounterId, PatientId};

use crate::web::Subjects;
use crate::web::chrome::Chrome;
use crate::web::stripe::PatientStripe;

/// What is said most often; a press is a reason.
pub const REASONS: [&str; 5] = ["医学的に必要", "患者に説明し同意", "量・期間を減らした", "経過を見て中止する", "ほかに手段がない"];

#[derive(Template)]
#[template(path = "notes/_warnings.html")]
pub struct WarningsPanel {
    pub encounter_id: EncounterId,
    pub patient_id: PatientId,
    pub warnings: Vec<Warning>,
    pub may_answer: bool,
    /// A superior looks: a reason somebody else gave can be agreed to.
    pub may_override: bool,
    /// The code of the warning whose reason was not accepted, and why.
    pub error: Option<(String, String)>,
}

impl WarningsPanel {
    /// How many of each level, the most severe first; levels without any are left out.
    pub fn counts(&self) -> Vec<(Level, usize)> {
        let of = |level| self.warnings.iter().filter(|w| w.level == level && (w.is_open() || level == Level::Info)).count();
        Level::ALL.into_iter().map(|level| (level, of(level))).filter(|(_, n)| *n > 0).collect()
    }

    pub fn open(&self) -> usize {
        self.warnings.iter().filter(|w| w.is_open()).count()
    }

    pub fn error_of(&self, warning: &Warning) -> Option<&str> {
        self.error.as_ref().filter(|(code, _)| *code == warning.code).map(|(_, says)| says.as_str())
    }

    pub fn reasons(&self) -> [&'static str; 5] {
        REASONS
    }

    pub fn chip(&self, level: &Level) -> &'static str {
        match level {
            Level::Block => "solid-stop",
            Level::Reason => "warn",
            Level::Info => "none",
        }
    }
}

impl Subjects for WarningsPanel {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.patient_id]
    }
}

/// The panel as a page, for a browser without scripts.
#[derive(Template)]
#[template(path = "notes/warnings.html")]
pub struct WarningsPage {
    pub chrome: Chrome,
    pub stripe: PatientStripe,
    pub panel: WarningsPanel,
}

impl Subjects for WarningsPage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.stripe.patient_id, self.panel.patient_id]
    }
}
