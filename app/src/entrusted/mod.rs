//! 委託先資格情報: under 医療扶助 the ward entrusts people to this facility month by month. Their 医療券 of the month are fetched at once
//! (FN-OQ-08), and renew the coverage of everybody who is known here by both numbers and the birth date. Nobody is guessed: whoever is
//! not known, or has no 医療券 to treat under, stands on the page.

mod entity;
pub mod exchange;
mod handlers;
#[cfg(test)]
mod samples;
mod store;
mod views;

use crate::web::Routes;

pub fn routes(r: &mut Routes) {
    r.get("/reception/entrusted", handlers::show);
    r.post("/reception/entrusted", handlers::ask);
}
