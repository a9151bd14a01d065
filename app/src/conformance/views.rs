//! The public page: every requirement, open ones shown as open.

use askama::Template;

use super::registry::{Row, Status};

/// Titles of the groups, by the leading part of their ids.
const GROUPS: &[(&str, &str)] = &[
    ("FN-OQ", "オンライン資格確認等システム"),
    ("FN-EP", "電子処方箋管理サービス"),
    ("FN-CS", "電子カルテ情報共有サービス"),
    ("FN-PL", "その他の国の基盤・介護などとの連携"),
    ("RF", "参考機能"),
    ("AV", "可用性"),
    ("SE", "セキュリティ"),
    ("DA", "データの保存"),
    ("BK", "バックアップ"),
    ("AR", "アーキテクチャ"),
    ("IF", "インターフェース・データ移行"),
    ("GL", "安全管理ガイドライン"),
    ("CK", "サイバーセキュリティ対策チェックリスト"),
    ("PB", "情報の提供・公開"),
    ("KPI", "指標"),
    ("AX", "アクセシビリティ"),
    ("H", "病院版の差分"),
];

impl Status {
    pub fn label(self) -> &'static str {
        match self {
            Self::Met => "確認済み",
            Self::Open => "未確認",
            Self::NotApplicable => "対象外",
        }
    }

    pub fn mark(self) -> &'static str {
        match self {
            Self::Met => "check",
            Self::Open => "c-open",
            Self::NotApplicable => "c-dash",
        }
    }

    pub fn tone(self) -> &'static str {
        match self {
            Self::Met => "ok",
            Self::Open => "warn",
            Self::NotApplicable => "plain",
        }
    }
}

pub struct Group<'a> {
    pub prefix: &'static str,
    pub title: &'static str,
    pub rows: Vec<&'a Row>,
}

#[derive(Template)]
#[template(path = "conformance/show.html")]
pub struct ConformancePage<'a> {
    pub met: usize,
    pub open: usize,
    pub not_applicable: usize,
    pub groups: Vec<Group<'a>>,
}

impl<'a> ConformancePage<'a> {
    pub fn of(rows: &'a [Row]) -> Self {
        let count = |status| rows.iter().filter(|row| row.status == status).count();
        let belongs = |row: &Row, prefix: &str| row.id.rsplit_once('-').is_some_and(|(lead, _)| lead == prefix);
        Self {
            met: count(Status::Met),
            open: count(Status::Open),
            not_applicable: count(Status::NotApplicable),
            groups: GROUPS
                .iter()
                .map(|(prefix, title)| Group { prefix, title, rows: rows.iter().filter(|row| belongs(row, prefix)).collect() })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// PB-04
    #[test]
    fn every_requirement_is_on_the_page() {
        let rows = super::super::rows().unwrap();
        let page = ConformancePage::of(&rows);
        assert_eq!(page.groups.iter().map(|g| g.rows.len()).sum::<usize>(), rows.len());
        let html = page.render().unwrap();
        for row in &rows {
            assert!(html.contains(&format!("id=\"{}\"", row.id)), "{}", row.id);
        }
    }
}
