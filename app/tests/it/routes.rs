//! The list of doors. A new one shows up here as a difference a reviewer reads.

use tsumugi::slices;

/// GL-06, GL-15: every door names its permission, or says why it needs none.
#[test]
fn every_door_is_on_the_golden_list() {
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/routes.txt");
    let listing = slices::routes().listing();
    if std::env::var_os("TSUMUGI_UPDATE_GOLDEN").is_some() {
        std::fs::write(golden, &listing).unwrap();
    }
    let expected = std::fs::read_to_string(golden).unwrap_or_default();
    assert_eq!(listing, expected, "the doors changed; look at each, then run with TSUMUGI_UPDATE_GOLDEN=1");
}
