//! The person's own page: password, PIN, passkeys, recovery codes, signing out.

use askama::Template;

use crate::web::{chrome::Chrome, form::FormState};

/// One registered passkey, dates ready to read.
#[derive(Debug, Clone)]
pub struct PasskeyRow {
    pub id: String,
    pub name: String,
    pub registered_on: String,
    /// 「–」 when never.
    pub last_used_on: String,
}

#[derive(Template)]
#[template(path = "account/show.html")]
pub struct AccountPage {
    pub chrome: Chrome,
    pub form: FormState,
    /// What the last act did: 「パスワードを替えました」.
    pub done: Option<String>,
    pub login_id: String,
    pub password_changed_on: String,
    pub has_pin: bool,
    pub has_totp: bool,
    pub passkeys: Vec<PasskeyRow>,
    pub suggested_passkey_name: String,
    pub recovery_codes_left: u32,
    pub other_sessions: u32,
    /// Doctors sign prescriptions.
    pub may_sign: bool,
}

#[derive(Template)]
#[template(path = "account/totp.html")]
pub struct TotpPage {
    pub chrome: Chrome,
    pub form: FormState,
    /// An `<svg>` we drew ourselves; goes into the page as it is.
    pub qr_svg: String,
    /// Base32 in groups of four.
    pub secret: String,
}

crate::no_subjects!(AccountPage, TotpPage);

#[cfg(test)]
mod samples {
    use super::*;
    use crate::web::{
        chrome::Nav,
        samples::{errors, show},
    };

    fn page() -> AccountPage {
        AccountPage {
            chrome: Chrome::sample(Nav::Account),
            form: FormState::default(),
            done: Some("パスワードを替えました".into()),
            login_id: "r.yamazaki".into(),
            password_changed_on: "2026-10-01".into(),
            has_pin: true,
            has_totp: true,
            passkeys: vec![
                PasskeyRow {
                    id: "1".into(),
                    name: "診察室1の端末".into(),
                    registered_on: "2026-10-01".into(),
                    last_used_on: "2026-11-20".into(),
                },
                PasskeyRow {
                    id: "2".into(), name: "職員カード".into(), registered_on: "2026-10-03".into(), last_used_on: "–".into()
                },
            ],
            suggested_passkey_name: "診察室1の端末".into(),
            recovery_codes_left: 8,
            other_sessions: 2,
            may_sign: true,
        }
    }

    #[test]
    fn account() {
        show("account", &page());
        let form = FormState::default()
            .with_errors(errors(&[("current_password", "いまのパスワードが違います"), ("pin", "6桁の数字で入れてください")]));
        let chrome = Chrome::sample(Nav::Account).with_backup_off();
        show("account-error", &AccountPage { chrome, form, done: None, passkeys: Vec::new(), has_pin: false, other_sessions: 0, ..page() });
    }

    #[test]
    fn totp() {
        show(
            "account-totp",
            &TotpPage {
                chrome: Chrome::sample(Nav::Account),
                form: FormState::default(),
                qr_svg: "<svg viewBox=\"0 0 1 1\"></svg>".into(),
                secret: "JBSW Y3DP".into(),
            },
        );
    }
}
