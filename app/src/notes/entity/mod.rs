//! Rows of the note tables. They stay between here and `store`.

pub mod note;
pub mod note_amendment;
pub mod note_section;
pub mod section_conflict;
pub mod warning_answer;
pub mod warning_approval;
pub mod warning_fired;
