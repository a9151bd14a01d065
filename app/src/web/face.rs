//! How a state looks: mark, word and tone chosen together, so that a new variant cannot be shown by colour alone.
//! Shape says where the patient is, fill says how far (the word comes from the domain).

use domain::{eligibility::EligibilityStatus, encounter::VisitStatus, note::NoteStatus};

/// What a template needs to show one state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Face {
    /// Id in the icon sprite.
    pub mark: &'static str,
    pub word: &'static str,
    /// Ending of the CSS class: `state--…` or `chip--…`.
    pub tone: &'static str,
}

pub const fn visit(status: VisitStatus) -> Face {
    let (mark, tone) = match status {
        VisitStatus::Registered => ("c-dash", "quiet"),
        VisitStatus::Triage => ("c-half", "accent-weak"),
        VisitStatus::Waiting => ("c-open", "accent"),
        VisitStatus::InConsult => ("c-full", "accent-solid"),
        VisitStatus::ExamWaiting => ("d-open", "exam"),
        VisitStatus::ExamDoing => ("d-full", "exam-solid"),
        VisitStatus::Treatment => ("s-full", "treat-solid"),
        VisitStatus::BillingWait => ("yen", "ok"),
        VisitStatus::Paid => ("check", "done"),
        VisitStatus::LeftUnpaid => ("t-open", "warn"),
        VisitStatus::OnHold => ("pause", "warn"),
        VisitStatus::Cancelled => ("x", "cancelled"),
    };
    Face { mark, word: status.label(), tone }
}

pub const fn eligibility(status: EligibilityStatus) -> Face {
    let (mark, tone) = match status {
        EligibilityStatus::Valid => ("check", "plain"),
        EligibilityStatus::Invalid | EligibilityStatus::NotFound => ("x-c", "stop"),
        EligibilityStatus::Superseded => ("swap", "warn"),
        EligibilityStatus::Multiple => ("same", "warn"),
        EligibilityStatus::Pending => ("glass", "info"),
        EligibilityStatus::Unavailable => ("eye", "warn"),
        EligibilityStatus::ManualVerified => ("user", "warn"),
        EligibilityStatus::Unchecked => ("c-dash", "none"),
    };
    Face { mark, word: status.label(), tone }
}

/// The insurance ended before this day of the visit.
pub const COVERAGE_OVER: Face = Face { mark: "x-c", word: "期間終了", tone: "stop" };

pub fn note(status: NoteStatus) -> Face {
    let (mark, tone) = match status {
        NoteStatus::Draft => ("pen", "none"),
        NoteStatus::PendingApproval => ("clock", "warn"),
        NoteStatus::Signed => ("check-c", "ok"),
        NoteStatus::Voided => ("x-c", "stop"),
    };
    Face { mark, word: status.label(), tone }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::assets;

    #[test]
    fn every_state_has_a_mark_of_its_own() {
        let faces: Vec<Face> = VisitStatus::ALL.into_iter().map(visit).collect();
        for (n, face) in faces.iter().enumerate() {
            assert_ne!(assets::icon(face.mark), "/assets/unknown");
            assert!(faces[..n].iter().all(|other| other.mark != face.mark && other.word != face.word), "{face:?}");
        }
        for face in EligibilityStatus::ALL.into_iter().map(eligibility) {
            assert_ne!(assets::icon(face.mark), "/assets/unknown");
        }
    }
}
