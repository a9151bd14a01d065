//! Everything 電子処方箋管理サービス answers.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tsumugi_fuzz::NAME;
use tsumugi_fuzz::adapters::eprescription::check::{Consents, alerts};
use tsumugi_fuzz::adapters::eprescription::inside;
use tsumugi_fuzz::adapters::eprescription::reply::{self, Answer};

fuzz_target!(|bytes: &[u8]| {
    let Ok(Answer::Ok(root)) = reply::read(bytes, NAME) else { return };
    let _ = (inside::accepted(&root), inside::found(&root, NAME), reply::found(&root, NAME));
    if let Some(numbers) = reply::accepted(&root) {
        assert!(numbers.register_id.len() <= 36 && numbers.access_code.len() <= 16);
    }
    if let Some(standing) = reply::standing(&root) {
        let _ = standing.seen();
    }
    let silent = alerts(&root, Consents { online: false, oral: false }).unwrap_or_default();
    assert!(silent.iter().all(|alert| alert.past.is_none()), "nothing of other places without consent");
    let _ = alerts(&root, Consents { online: true, oral: false });
});
