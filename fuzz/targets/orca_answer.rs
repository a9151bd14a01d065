//! Answers of a receipt computer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tsumugi_fuzz::adapters::receipt::reply::Reply;

fuzz_target!(|bytes: &[u8]| {
    for root in ["patientinfores", "patientmodres", "medicalres", "tmedicalgetres", "private_objects"] {
        if let Ok(reply) = Reply::parse(bytes, root) {
            let _ = (reply.is_done(), reply.body.at("Patient_Information/Patient_ID"));
            assert!(reply.body.list("Income_Information").count() <= 50_000);
        }
    }
});
