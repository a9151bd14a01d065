//! What 確定 would have taken along unseen, told on the chart that comes back.

use crate::notes::record::Names;
use crate::notes::seen::{Change, Kind, Pending, Unseen};

/// The list above the note, and the fields that say it has been shown.
#[derive(Debug, Clone, Default)]
pub struct UnseenView {
    pub lines: Vec<UnseenLine>,
    /// Name and value of the hidden fields for a browser without scripts, whose page has no boxes beside the text.
    pub fields: Vec<(&'static str, String)>,
}

#[derive(Debug, Clone)]
pub struct UnseenLine {
    pub change: &'static str,
    pub kind: &'static str,
    /// Empty for a row that is no longer there.
    pub text: String,
    pub by: String,
}

impl UnseenView {
    pub fn of(unseen: &Unseen, names: &Names) -> Self {
        let line = |(change, kind, row): &(Change, Kind, Option<Pending>)| UnseenLine {
            change: word(*change),
            kind: kind.label(),
            text: row.as_ref().map(|row| row.text.clone()).unwrap_or_default(),
            by: row.as_ref().map(|row| names.of(row.by).to_owned()).unwrap_or_default(),
        };
        Self { lines: unseen.changes.iter().map(line).collect(), fields: unseen.fields() }
    }
}

const fn word(change: Change) -> &'static str {
    match change {
        Change::Added => "画面になかった",
        Change::Changed => "内容が変わった",
        Change::Gone => "外された、または先に署名・発行された",
    }
}
