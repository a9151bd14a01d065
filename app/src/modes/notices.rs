//! What every page says about how things stand.

use chrono::{DateTime, Utc};
use domain::standing::ServiceState;
use tenancy::Principal;
use tenancy::permission::{DeliveryRead, Permission};
use tenancy::standing::Snapshot;

use crate::web::chrome::{ServiceChip, SystemNotice};

/// One amber chip for each partner in trouble, and one for work that waits for a person.
pub fn chips(principal: &Principal, now: &Snapshot) -> Vec<ServiceChip> {
    let href = DeliveryRead::RIGHT.allows(principal.role).then_some("/outbox");
    let chip = |mode, text| ServiceChip { mode, text, href };
    let mut chips: Vec<ServiceChip> = now
        .troubles(principal.tenant_id)
        .iter()
        .map(|trouble| {
            let waiting = if trouble.waiting > 0 { format!("・後処理 {}件", trouble.waiting) } else { String::new() };
            let mode = if trouble.state == ServiceState::Down { "offline" } else { "degraded" };
            chip(mode, format!("{} {}{waiting}", trouble.service.label(), trouble.state.label()))
        })
        .collect();
    if now.scanner.as_ref().is_some_and(|scanner| !scanner.is_up) {
        chips.push(ServiceChip { mode: "degraded", text: "画像・文書の検査 停止中".into(), href: None });
    }
    let stuck = now.stuck(principal.tenant_id);
    if chips.is_empty() && stuck > 0 && href.is_some() {
        chips.push(chip("degraded", format!("後処理 {stuck}件")));
    }
    chips
}

/// The lines across the page: closed for writing, or a partner that is down and how work goes on.
pub fn notices(principal: &Principal, now: &Snapshot) -> Vec<SystemNotice> {
    if now.is_read_only() {
        let until = now.until.map(|at| format!("{}ごろ再開の予定です。", hour(at))).unwrap_or_default();
        let detail = format!(
            "カルテは開けますが、保存・受付・会計はできません。書きかけは未送信のまま端末に残ります。受付は紙の番号で続けてください。{until}"
        );
        return vec![SystemNotice { kind: "stop", title: "閲覧のみ".into(), detail }];
    }
    let disaster = now.disaster(&principal.prefecture, now.at).map(|disaster| SystemNotice {
        kind: "warn",
        title: "災害時モードです。".into(),
        detail: format!(
            "{}。カードのない人の他院の情報を、患者の「他院の情報」から氏名・生年月日・性別・住所で照会できます。{} まで。",
            disaster.reason,
            domain::clock::jst(disaster.until).format("%m/%d %H:%M")
        ),
    });
    let down = now.troubles(principal.tenant_id).into_iter().filter(|trouble| trouble.state == ServiceState::Down);
    let mut notices: Vec<SystemNotice> = disaster.into_iter().collect();
    notices.extend(down.map(|trouble| SystemNotice {
        kind: "warn",
        title: format!("{}が停止中です。", trouble.service.label()),
        detail: format!("{}診療は続けられます。再開すると自動で送ります。", trouble.service.way_round()),
    }));
    if now.mode == domain::standing::SystemMode::Degraded {
        let until = now.until.map(|at| format!("{}ごろまでの予定です。", hour(at))).unwrap_or_default();
        notices.push(SystemNotice {
            kind: "warn", title: "一部の機能を止めています。".into(), detail: format!("{}{until}", now.reason)
        });
    }
    notices
}

fn hour(at: DateTime<Utc>) -> String {
    domain::clock::jst(at).format("%H:%M").to_string()
}
