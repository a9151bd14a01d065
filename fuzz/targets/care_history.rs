//! 薬剤・診療・特定健診, 救急用サマリー and 災害時: the same envelope, three bodies.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tsumugi_fuzz::adapters::eligibility::history::{Asks, Reply, read_care, read_checkups, read_qualification, read_reply};
use tsumugi_fuzz::{NAME, history_question};

fuzz_target!(|bytes: &[u8]| {
    let _ = (read_care(bytes), read_checkups(bytes), read_qualification(bytes));
    for asks in [Asks::Checkups, Asks::Emergency] {
        let is_checkups = matches!(asks, Asks::Checkups);
        if let Ok(Reply::Given) = read_reply(bytes, &history_question(asks), NAME) {
            assert!(if is_checkups { read_checkups(bytes).is_ok() } else { read_care(bytes).is_ok() }, "what was taken can be shown");
        }
    }
});
