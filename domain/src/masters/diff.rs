//! What a new release changes, shown to a person before it is applied.

use std::collections::BTreeMap;

use super::MasterEntry;

/// One fact that differs between two releases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub label: &'static str,
    pub before: String,
    pub after: String,
}

/// A code present in both releases with different content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    pub code: String,
    pub name: String,
    pub changes: Vec<Change>,
}

/// Added, changed and ended codes, each in the order of their codes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MasterDiff {
    pub added: Vec<MasterEntry>,
    pub changed: Vec<Changed>,
    /// In the earlier release, and gone or withdrawn in the new one.
    pub ended: Vec<MasterEntry>,
    pub unchanged: usize,
}

impl MasterDiff {
    pub fn between(before: &[MasterEntry], after: &[MasterEntry]) -> Self {
        let mut old: BTreeMap<&str, &MasterEntry> = before.iter().map(|e| (e.code.as_str(), e)).collect();
        let new: BTreeMap<&str, &MasterEntry> = after.iter().map(|e| (e.code.as_str(), e)).collect();
        let mut diff = Self::default();
        for (code, entry) in new {
            match old.remove(code) {
                None => diff.added.push(entry.clone()),
                Some(previous) if entry.withdrawn && !previous.withdrawn => diff.ended.push(previous.clone()),
                Some(previous) => match changes(previous, entry) {
                    changes if changes.is_empty() => diff.unchanged += 1,
                    changes => diff.changed.push(Changed { code: code.to_owned(), name: entry.name.clone(), changes }),
                },
            }
        }
        diff.ended.extend(old.into_values().filter(|entry| !entry.withdrawn).cloned());
        diff.ended.sort_by(|a, b| a.code.cmp(&b.code));
        diff
    }

    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.ended.is_empty()
    }
}

fn changes(before: &MasterEntry, after: &MasterEntry) -> Vec<Change> {
    let date = |day: Option<chrono::NaiveDate>| day.map(|d| d.to_string()).unwrap_or_default();
    let status = |entry: &MasterEntry| if entry.withdrawn { "廃止".to_owned() } else { "有効".to_owned() };
    let attributes =
        |entry: &MasterEntry| entry.attributes.iter().map(|(field, value)| format!("{field:?}={value}")).collect::<Vec<_>>().join(" ");
    [
        ("名称", before.name.clone(), after.name.clone()),
        ("カナ", before.name_kana.clone(), after.name_kana.clone()),
        ("単位", before.unit.clone(), after.unit.clone()),
        ("使用開始", date(before.valid_from), date(after.valid_from)),
        ("使用終了", date(before.valid_to), date(after.valid_to)),
        ("扱い", status(before), status(after)),
        ("ほかの項目", attributes(before), attributes(after)),
    ]
    .into_iter()
    .filter(|(_, before, after)| before != after)
    .map(|(label, before, after)| Change { label, before, after })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn entry(code: &str, name: &str) -> MasterEntry {
        MasterEntry {
            code: code.into(),
            name: name.into(),
            name_kana: String::new(),
            unit: String::new(),
            valid_from: None,
            valid_to: None,
            withdrawn: false,
            attributes: BTreeMap::new(),
        }
    }

    // IF-04
    #[test]
    fn added_changed_ended_and_unchanged_are_told_apart() {
        let before = [entry("1", "甲"), entry("2", "乙"), entry("3", "丙"), entry("4", "丁")];
        let withdrawn = MasterEntry { withdrawn: true, ..entry("4", "丁") };
        let after = [entry("1", "甲"), entry("2", "乙改"), withdrawn, entry("5", "戊")];
        let diff = MasterDiff::between(&before, &after);
        assert_eq!(diff.added.iter().map(|e| e.code.as_str()).collect::<Vec<_>>(), ["5"]);
        assert_eq!(diff.changed[0].changes, [Change { label: "名称", before: "乙".into(), after: "乙改".into() }]);
        assert_eq!(diff.ended.iter().map(|e| e.code.as_str()).collect::<Vec<_>>(), ["3", "4"]);
        assert_eq!(diff.unchanged, 1);
        assert!(MasterDiff::between(&before, &before).is_empty());
    }
}
