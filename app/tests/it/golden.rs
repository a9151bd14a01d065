//! Lists kept in `tests/golden`. `TSUMUGI_UPDATE_GOLDEN=1` writes them anew; the difference is for the reviewer.

use std::path::Path;

#[track_caller]
pub fn assert(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("TSUMUGI_UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, actual).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    let changes: Vec<String> = similar::TextDiff::from_lines(expected.as_str(), actual)
        .iter_all_changes()
        .filter(|change| change.tag() != similar::ChangeTag::Equal)
        .map(|change| format!("{}{}", change.tag(), change.value()))
        .collect();
    assert!(
        changes.is_empty(),
        "{name} differs. If every line is meant, run the test again with TSUMUGI_UPDATE_GOLDEN=1 and commit the file.\n{}",
        changes.concat()
    );
}
