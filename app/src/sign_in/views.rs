//! S01: the pages on the way in, the lock screen and the quick switch. Handlers fill them; wording lives in the templates.

use askama::Template;

use crate::web::form::FormState;

/// Steps shown above the forms.
pub static STEPS: [(u8, &str); 3] = [(1, "施設と利用者"), (2, "本人確認"), (3, "勤務場所")];

/// Why somebody finds the sign-in page instead of the page they asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The session reached its absolute end or was lost.
    Expired,
    SignedOut,
    /// All devices were signed out.
    EverywhereSignedOut,
    Idle,
}

impl Ended {
    /// From `?ended=` of the redirect.
    pub fn from_code(code: &str) -> Option<Self> {
        Some(match code {
            "expired" => Self::Expired,
            "signed_out" => Self::SignedOut,
            "everywhere" => Self::EverywhereSignedOut,
            "idle" => Self::Idle,
            _ => return None,
        })
    }

    pub const fn code(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::SignedOut => "signed_out",
            Self::EverywhereSignedOut => "everywhere",
            Self::Idle => "idle",
        }
    }

    pub const fn kind(self) -> &'static str {
        match self {
            Self::SignedOut | Self::EverywhereSignedOut => "ok",
            Self::Expired | Self::Idle => "info",
        }
    }

    pub const fn mark(self) -> &'static str {
        match self {
            Self::SignedOut | Self::EverywhereSignedOut => "check-c",
            Self::Expired => "clock",
            Self::Idle => "lock",
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            Self::Expired => "サインインの期限が来ました",
            Self::SignedOut => "サインアウトしました",
            Self::EverywhereSignedOut => "すべての端末からサインアウトしました",
            Self::Idle => "操作がなかったため画面を閉じました",
        }
    }

    pub const fn detail(self) -> &'static str {
        match self {
            Self::Expired | Self::Idle => "書きかけの文は残っています。入り直すと同じ画面に戻ります。",
            Self::SignedOut | Self::EverywhereSignedOut => "この端末に残していた書きかけの文も消しました。",
        }
    }
}

#[derive(Template)]
#[template(path = "sign_in/login.html")]
pub struct LoginPage {
    pub form: FormState,
    pub ended: Option<Ended>,
    /// One sentence, the same for every reason.
    pub refusal: Option<String>,
    pub next: String,
}

#[derive(Template)]
#[template(path = "sign_in/second_factor.html")]
pub struct SecondFactorPage {
    pub form: FormState,
    pub staff_name: String,
    pub clinic_code: String,
    pub has_totp: bool,
    pub has_passkey: bool,
    pub with_recovery_code: bool,
    pub next: String,
}

#[derive(Template)]
#[template(path = "sign_in/password.html")]
pub struct NewPasswordPage {
    pub form: FormState,
    /// For password managers.
    pub login_id: String,
    pub next: String,
}

#[derive(Template)]
#[template(path = "sign_in/enrolment.html")]
pub struct EnrolmentPage {
    pub form: FormState,
    /// An `<svg>` we drew ourselves; goes into the page as it is.
    pub qr_svg: String,
    /// Base32 in groups of four.
    pub secret: String,
    pub next: String,
}

#[derive(Template)]
#[template(path = "sign_in/recovery_codes.html")]
pub struct RecoveryCodesPage {
    pub codes: Vec<String>,
    pub during_sign_in: bool,
    /// Where 「進む」 leads.
    pub onward: String,
}

#[derive(Template)]
#[template(path = "sign_in/place.html")]
pub struct PlacePage {
    pub form: FormState,
    pub staff_name: String,
    pub clinic: String,
    pub other_sessions: u32,
    /// (id, name)
    pub places: Vec<(String, String)>,
    /// (code, 職種)
    pub roles: Vec<(String, String)>,
    pub next: String,
}

#[derive(Template)]
#[template(path = "sign_in/locked.html")]
pub struct LockedPage {
    pub form: FormState,
    pub staff_name: String,
    pub clinic: String,
    pub place: String,
    pub has_pin: bool,
    pub has_passkey: bool,
    pub next: String,
}

/// Somebody who signed in fully on this device within 12 hours.
#[derive(Debug, Clone)]
pub struct SwitchPerson {
    pub staff_id: String,
    pub name: String,
    pub role: &'static str,
    pub has_pin: bool,
}

#[derive(Template)]
#[template(path = "sign_in/switch.html")]
pub struct SwitchPage {
    pub form: FormState,
    pub people: Vec<SwitchPerson>,
    pub signed_in: bool,
    pub next: String,
}

crate::no_subjects!(RecoveryCodesPage);

#[cfg(test)]
#[path = "views_samples.rs"]
mod samples;
