//! The result chip of a bill, and the page of settings.

use askama::Template;
use domain::billing::Sums;
use domain::claim::ClaimStatus;
use domain::outbox::{Delivery, Trouble};

use super::entity::{claim, receipt_engine};
use crate::outbox::entity::message;
use crate::web::face::Face;
use crate::web::{Chrome, FormState};

/// What the page of a bill says about the receipt computer.
#[derive(Debug, Clone)]
pub struct ClaimFace {
    pub face: Face,
    /// What happened and what to do; empty when all is well.
    pub said: String,
    /// Points and yen as calculated there, beside those of the bill.
    pub priced: Option<(i32, i32)>,
    /// Nothing comes back at the moment: 概算預かり is the way.
    pub is_down: bool,
    pub can_resend: bool,
    /// Nothing was ever sent: the button says 送信.
    pub is_new: bool,
}

impl ClaimFace {
    pub fn of(claim: &claim::Model, last: Option<&message::Model>) -> Self {
        let status = ClaimStatus::from_code(&claim.status).unwrap_or(ClaimStatus::Open);
        let delivery = last.and_then(|row| Delivery::from_code(&row.state));
        let underway = matches!(delivery, Some(Delivery::Waiting | Delivery::Sending));
        let trouble = last.filter(|_| underway).and_then(|row| Trouble::from_code(&row.code));
        let is_down = trouble.is_some() || claim.engine_code == "given_up";
        let face = match status {
            _ if !claim.engine_code.is_empty() => Face { mark: "x-c", word: "送信エラー", tone: "stop" },
            _ if is_down => Face { mark: "tri", word: "レセコンに届いていません", tone: "warn" },
            _ if underway => Face { mark: "glass", word: "レセコンへ送信中", tone: "info" },
            ClaimStatus::Open => Face { mark: "c-dash", word: "レセコン未送信", tone: "none" },
            ClaimStatus::Corrected | ClaimStatus::Returned => Face { mark: "swap", word: status.label(), tone: "warn" },
            _ => Face { mark: "check-c", word: status.label(), tone: "ok" },
        };
        let said = match trouble {
            Some(trouble) => format!("{}。自動で送り直しています", trouble.label()),
            None => claim.engine_said.clone(),
        };
        Self {
            face,
            said,
            priced: claim.points.zip(claim.due_yen),
            is_down,
            can_resend: !underway,
            is_new: claim.message_version == 0 && claim.engine_code.is_empty(),
        }
    }

    /// A visit signed before the clinic was connected.
    pub fn never_sent() -> Self {
        let face = Face { mark: "c-dash", word: "レセコン未送信", tone: "none" };
        Self { face, said: String::new(), priced: None, is_down: false, can_resend: true, is_new: true }
    }

    /// Where the bill and the receipt computer differ.
    pub fn mismatch(&self, sums: &Sums) -> Option<String> {
        let (their_points, their_yen) = self.priced?;
        let differs = i64::from(their_points) != sums.points || i64::from(their_yen) != sums.due_yen;
        let grouped = |value: i64| domain::billing::grouped(value);
        differs.then(|| {
            format!(
                "レセコンの計算は{}点・{}円、この明細は{}点・{}円です",
                grouped(their_points.into()),
                grouped(their_yen.into()),
                grouped(sums.points),
                grouped(sums.due_yen)
            )
        })
    }
}

/// レセコン接続.
#[derive(Debug, Clone, Template)]
#[template(path = "claims/settings.html")]
pub struct SettingsPage {
    pub chrome: Chrome,
    pub form: FormState,
    pub version: i32,
    pub has_password: bool,
    pub is_stale: bool,
    pub is_saved: bool,
}

crate::no_subjects!(SettingsPage);

impl SettingsPage {
    pub fn of(chrome: Chrome, stored: Option<&receipt_engine::Model>, form: FormState) -> Self {
        let version = stored.map_or(0, |row| row.version);
        Self { chrome, form, version, has_password: stored.is_some(), is_stale: false, is_saved: false }
    }

    fn states(&self) -> [(&'static str, &'static str); 2] {
        [("on", "送る"), ("off", "送らない(手入力で会計)")]
    }
}
