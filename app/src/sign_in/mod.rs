//! S01: signing in with two factors, the lock screen, the quick switch on shared terminals.
//!
//! Nobody is signed in here yet, so these doors are public; each hands the person one step further and nothing else.

pub mod enrolment;
mod first_step;
mod lock;
mod passkey_login;
pub mod passkeys;
mod place;
mod second_step;
pub mod views;
pub mod visitor;

use crate::web::Routes;

pub fn routes(r: &mut Routes) {
    r.public_get("/login", first_step::show, "sign-in: clinic, user, password");
    r.public_post("/login", first_step::submit, "sign-in: clinic, user, password");
    r.public_post("/login/passkey/challenge", passkey_login::challenge, "sign-in: passkey with the person verified");
    r.public_post("/login/passkey", passkey_login::answer, "sign-in: passkey with the person verified");
    r.public_get("/login/second-factor", second_step::show, "sign-in: second factor of a person who gave the password");
    r.public_post("/login/second-factor", second_step::submit, "sign-in: second factor of a person who gave the password");
    r.public_post(
        "/login/second-factor/passkey/challenge",
        second_step::passkey_challenge,
        "sign-in: second factor of a person who gave the password",
    );
    r.public_post("/login/second-factor/passkey", second_step::passkey_answer, "sign-in: second factor of a person who gave the password");
    r.public_get("/login/password", enrolment::show_password, "sign-in: first-login change");
    r.public_post("/login/password", enrolment::change_password, "sign-in: first-login change");
    r.public_get("/login/enrolment", enrolment::show, "sign-in: enrolment of the second factor");
    r.public_post("/login/enrolment", enrolment::confirm_totp, "sign-in: enrolment of the second factor");
    r.public_post("/login/enrolment/passkey/challenge", enrolment::passkey_challenge, "sign-in: enrolment of the second factor");
    r.public_post("/login/enrolment/passkey", enrolment::passkey_answer, "sign-in: enrolment of the second factor");
    r.public_get("/login/recovery-codes", enrolment::recovery_codes, "sign-in: codes shown once after enrolment");
    r.public_get("/login/place", place::show, "sign-in: place and role");
    r.public_post("/login/place", place::submit, "sign-in: place and role");
    r.public_post("/session/lock", lock::lock, "session: locks itself");
    r.public_get("/session/locked", lock::show, "session: locked screen");
    r.public_post("/session/unlock", lock::unlock, "session: proves the same person again");
    r.public_post("/session/unlock/passkey/challenge", lock::passkey_challenge, "session: proves the same person again");
    r.public_post("/session/unlock/passkey", lock::passkey_answer, "session: proves the same person again");
    r.public_get("/session/switch", lock::show_switch, "session: people known to this device");
    r.public_post("/session/switch", lock::switch, "session: people known to this device");
    r.public_post("/logout", lock::logout, "session: ends itself");
}
