//! What the masters page shows.

use askama::Template;
use domain::masters::MasterKind;

use super::store::{Found, LIMIT, Release};
use crate::web::Chrome;

#[derive(Template)]
#[template(path = "masters/show.html", blocks = ["results"])]
pub struct MastersPage {
    chrome: Chrome,
    kind: MasterKind,
    q: String,
    releases: Vec<Release>,
    found: Vec<Found>,
    has_more: bool,
}

crate::no_subjects!(MastersPage);

impl MastersPage {
    pub fn new(chrome: Chrome, kind: MasterKind, q: String, releases: Vec<Release>, mut found: Vec<Found>) -> Self {
        let has_more = found.len() as u64 > LIMIT;
        found.truncate(LIMIT as usize);
        Self { chrome, kind, q, releases, found, has_more }
    }

    fn kinds(&self) -> [MasterKind; 4] {
        MasterKind::ALL
    }

    fn kind_name(&self, release: &Release) -> &'static str {
        match release.kind.as_str() {
            "medication_rule" => "処方の規則",
            kind => kind.parse::<MasterKind>().map_or("-", MasterKind::display),
        }
    }

    /// The newest release of its kind is the one in force.
    fn is_in_force(&self, at: &usize) -> bool {
        at.checked_sub(1).is_none_or(|before| self.releases[before].kind != self.releases[*at].kind)
    }

    fn was_asked(&self) -> bool {
        !self.q.trim().is_empty()
    }
}

#[cfg(test)]
impl MastersPage {
    pub fn sample() -> Self {
        use chrono::{DateTime, NaiveDate};
        let day = |d| NaiveDate::from_ymd_opt(2026, 6, d).unwrap_or_default();
        let release = |label: &str, d| Release {
            kind: "drug".into(),
            label: label.into(),
            effective_on: day(d),
            imported_at: DateTime::UNIX_EPOCH,
            row_count: 14,
            is_sample: true,
        };
        let found = Found {
            code: "699999001".into(),
            name: "見本アルファ錠５ｍｇ".into(),
            name_kana: "ﾐﾎﾝｱﾙﾌｧｼﾞｮｳ5MG".into(),
            valid_from: day(1),
            valid_to: None,
        };
        let releases = vec![release("見本 医薬品 第2版", 15), release("見本 医薬品", 1)];
        Self::new(Chrome::sample(crate::web::Nav::Account), MasterKind::Drug, "見本".into(), releases, vec![found])
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_page_says_what_is_a_sample_and_what_is_in_force() {
        let html = MastersPage::sample().render().unwrap();
        assert!(html.contains("見本アルファ錠５ｍｇ"));
        assert_eq!(html.matches("使用中").count(), 1);
        assert!(html.contains("診療や請求には使えません"));
    }
}
