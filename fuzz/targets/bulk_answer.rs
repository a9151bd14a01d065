//! 一括照会, 照会番号登録, 委託先資格情報 and 同意済資格情報: lists, packed or not, and each of a list's people as a file of its own.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tsumugi_fuzz::adapters::eligibility::bulk::{Reply, outcome, read_registered, read_submitted, read_units};
use tsumugi_fuzz::adapters::eligibility::consented::read_people;
use tsumugi_fuzz::adapters::eligibility::entrusted;
use tsumugi_fuzz::adapters::eligibility::read_face_result;
use tsumugi_fuzz::{INSTITUTION, NAME, collection};

fuzz_target!(|bytes: &[u8]| {
    let _ = outcome(read_units(bytes, INSTITUTION, NAME), bytes);
    let _ = (read_submitted(bytes, INSTITUTION, NAME), read_registered(bytes, INSTITUTION, NAME));
    let _ = entrusted::read_people(bytes, INSTITUTION, NAME);
    if let Ok(Reply::Given(people)) = read_people(bytes, &collection(), NAME) {
        assert!(people.iter().all(|file| read_face_result(file).is_ok()), "each is readable on its own");
    }
});
