//! The person's own password, PIN, second factors, sessions and keys.

pub mod certificates;
mod handlers;
mod key_settings;
mod keys;
mod signing;
pub mod views;

use crate::web::Routes;

pub fn routes(r: &mut Routes) {
    r.get("/account", handlers::show);
    r.post("/account/password", handlers::change_password);
    r.post("/account/pin", handlers::change_pin);
    r.get("/account/keys", keys::show);
    r.post("/account/keys", keys::save);
    r.get("/account/signing", signing::show);
    r.post("/account/signing", signing::begin);
    r.post("/account/signing/completion", signing::finish);
    r.post("/account/signing/card", signing::begin_with_card);
    r.post("/account/signing/ending", signing::end);
    r.post("/account/signing/certificate-removal", signing::remove_certificate);
    r.get("/account/totp", handlers::show_totp);
    r.post("/account/totp", handlers::confirm_totp);
    r.post("/account/recovery-codes", handlers::renew_recovery_codes);
    r.post("/account/passkeys/challenge", handlers::passkey_challenge);
    r.post("/account/passkeys", handlers::add_passkey);
    r.post("/account/passkeys/{id}/removal", handlers::remove_passkey);
    r.post("/logout/everywhere", handlers::logout_everywhere);
}
