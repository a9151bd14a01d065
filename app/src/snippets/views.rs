//! The edit screen of 定型文.

use askama::Template;
use uuid::Uuid;

use super::entity::Model;
use crate::web::{Chrome, FormState};

#[derive(Debug, Clone)]
pub struct SnippetLine {
    pub id: Uuid,
    pub version: i32,
    pub short_name: String,
    pub body: String,
    pub is_clinics: bool,
    pub can_write: bool,
}

impl SnippetLine {
    pub fn of(row: &Model, may_write_clinics: bool) -> Self {
        let is_clinics = row.owner_id.is_nil();
        Self {
            id: row.id,
            version: row.version,
            short_name: row.short_name.clone(),
            body: row.body.clone(),
            is_clinics,
            can_write: !is_clinics || may_write_clinics,
        }
    }
}

#[derive(Template)]
#[template(path = "snippets/list.html")]
pub struct SnippetsPage {
    pub chrome: Chrome,
    pub lines: Vec<SnippetLine>,
    pub may_write_clinics: bool,
    pub form: FormState,
}

crate::no_subjects!(SnippetsPage);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::Nav;
    use crate::web::samples::{errors, show};

    #[test]
    fn the_screen_with_both_kinds_and_with_none() {
        let line = |n: u128, is_clinics| SnippetLine {
            id: Uuid::from_u128(n),
            version: 1,
            short_name: "ht".into(),
            body: "家庭血圧は落ち着いている。\nめまいなし。".into(),
            is_clinics,
            can_write: !is_clinics,
        };
        let page = |lines, form| SnippetsPage { chrome: Chrome::sample(Nav::Account), lines, may_write_clinics: false, form };
        assert!(show("snippets", &page(vec![line(1, true), line(2, false)], FormState::default())).contains("院内共通"));
        let bad = FormState::default().set("short_name", "あ").with_errors(errors(&[("short_name", "半角の英小文字と数字で")]));
        let html = show("snippets-empty", &page(vec![], bad));
        assert!(html.contains("半角の英小文字と数字で") && html.contains("まだありません"));
    }
}
