//! The box of an electronic prescription: where it stands, its numbers, what can be done.

use askama::Template;
use domain::outbox::{Delivery, Trouble};
use domain::prescription::registration::RegistrationStatus as Status;
use domain::{EncounterId, PatientId};
use tenancy::Error;
use uuid::Uuid;

use super::changes::Link;
use super::entity::registration::Model;
use super::results::{ResultLine, UnreadLine};
use super::store::{self, Carrier};
use crate::web::{Chrome, FormState, PatientStripe, Subjects};

/// One registration as the box shows it.
#[derive(Debug, Clone)]
pub struct Line {
    pub id: Uuid,
    pub prescription_id: Uuid,
    /// 分割: which part; else empty.
    pub part: String,
    pub version: i32,
    pub label: &'static str,
    pub tone: &'static str,
    pub mark: &'static str,
    pub register_id: String,
    pub access_code: String,
    pub pharmacy: String,
    pub message: String,
    /// What happened and what comes next.
    pub says: String,
    pub can_become_paper: bool,
    pub can_be_withdrawn: bool,
    /// A withdrawal nobody works on any more.
    pub is_stuck: bool,
    pub is_watched: bool,
    pub is_paper: bool,
    /// The service has it, or may have it.
    pub is_held: bool,
    /// 調剤結果, each time
    pub results: Vec<ResultLine>,
    pub can_be_changed: bool,
    /// The paper is the original and carries the number.
    pub is_numbered: bool,
    /// 変更 was begun and is not signed yet.
    pub has_draft_change: bool,
    pub can_be_restored: bool,
    pub can_be_reverted: bool,
}

impl Line {
    pub fn of(row: &Model, carrier: &Carrier, links: &[Link]) -> Result<Self, Error> {
        let status = store::status(row)?;
        let delivery = Delivery::from_code(&carrier.state).unwrap_or(Delivery::GivenUp);
        let (tone, mark) = match status {
            Status::Pending if delivery.is_settled() => ("stop", "x-c"),
            Status::Pending | Status::ToPaper | Status::Withdrawing | Status::Changing | Status::Restoring | Status::Reverting => {
                ("warn", "clock")
            }
            Status::Refused => ("stop", "x-c"),
            Status::Registered | Status::Received => ("info", "check"),
            Status::Dispensed => ("ok", "check"),
            Status::Collected | Status::Paper | Status::Withdrawn | Status::Changed => ("plain", "undo"),
        };
        let is_stuck = status.is_underway() && delivery.is_settled();
        let has_draft_change = links.iter().any(|link| link.replaced_id == Some(row.id) && link.is_open);
        let is_change = links.iter().any(|link| link.prescription_id == row.id && link.replaced_id.is_some());
        Ok(Self {
            id: row.id,
            prescription_id: row.prescription_id(),
            part: row.part.map(|no| format!("分割{no}回目")).unwrap_or_default(),
            version: row.version,
            label: status.label(),
            tone,
            mark,
            register_id: row.register_id.clone(),
            access_code: row.access_code.clone(),
            pharmacy: row.pharmacy_name.clone(),
            message: row.pharmacy_message.clone(),
            says: says(row, status, carrier, is_stuck),
            can_become_paper: status.can_become_paper(),
            can_be_withdrawn: status.can_be_withdrawn(),
            is_stuck,
            is_watched: status.is_watched(),
            is_paper: status == Status::Paper,
            is_held: status.bars_paper(),
            results: Vec::new(),
            is_numbered: row.is_on_paper() && !row.register_id.is_empty() && status.bars_paper(),
            can_be_changed: status == Status::Registered && !has_draft_change && row.part.is_none(),
            has_draft_change: has_draft_change && status == Status::Registered,
            can_be_restored: status == Status::Withdrawn && !row.register_id.is_empty() && !is_change,
            can_be_reverted: status == Status::Registered && is_change,
        })
    }

    pub fn is_part(&self) -> bool {
        !self.part.is_empty()
    }

    pub fn has_numbers(&self) -> bool {
        !self.register_id.is_empty() && self.is_held
    }
}

fn says(row: &Model, status: Status, carrier: &Carrier, is_stuck: bool) -> String {
    let trouble = Trouble::from_code(&carrier.code).map(|t| format!("{}。", t.label())).unwrap_or_default();
    let is_settled = Delivery::from_code(&carrier.state).is_none_or(Delivery::is_settled);
    match status {
        Status::Pending if is_settled => format!("{trouble}自動の送信は止まっています。紙へ切り替えるか、後処理で再送してください。"),
        Status::Pending if carrier.may_have_arrived => format!("{trouble}届いたか確かめています。"),
        Status::Pending if trouble.is_empty() => "電子処方箋管理サービスに送っています。".into(),
        Status::Pending => format!("{trouble}自動で送り直しています。急ぐときは紙へ切り替えてください。"),
        Status::Refused => {
            format!("{}({})。紙へ切り替えるか、処方を直してください。", row.service_said.trim_end_matches('。'), row.service_code)
        }
        Status::ToPaper | Status::Withdrawing | Status::Restoring | Status::Reverting if is_stuck => {
            "電子処方箋管理サービスに確かめられません。つながってから、もう一度確かめてください。".into()
        }
        Status::ToPaper => format!("{trouble}登録が届いていないか確かめています。確かめ終わると紙の処方箋を印刷できます。"),
        Status::Withdrawing => format!("{trouble}電子処方箋管理サービスで取り消しています。"),
        Status::Changing => "変更した処方を電子処方箋管理サービスに送っています。".into(),
        Status::Changed => "変更した処方箋に替わりました。引換番号は使えません。".into(),
        Status::Restoring => format!("{trouble}電子処方箋管理サービスで取消を戻しています。"),
        Status::Reverting => format!("{trouble}電子処方箋管理サービスで変更を戻しています。"),
        Status::Registered if row.service_said.is_empty() && row.is_on_paper() => "引換番号を印字した紙の処方箋を渡してください。".into(),
        Status::Registered if row.service_said.is_empty() => "控えを患者に渡してください。".into(),
        Status::Registered => format!("受け付けられませんでした。{}", row.service_said),
        Status::Received if row.service_code == "SIMS003E" => {
            "薬局が受け付けているため、取消・紙への切替はできませんでした。薬局に連絡してください。".into()
        }
        Status::Received => "薬局が受け付けました。".into(),
        Status::Dispensed => "薬局での調剤が終わりました。".into(),
        Status::Collected => "薬局が回収しました。".into(),
        Status::Paper => "電子の登録はありません。紙の処方箋を渡してください。".into(),
        Status::Withdrawn if row.service_said.is_empty() => row.reason.clone(),
        Status::Withdrawn => format!("取消を戻せませんでした。{}", row.service_said),
    }
}

/// Every electronic prescription of one visit.
#[derive(Debug, Clone, Template)]
#[template(path = "eprescriptions/_box.html")]
pub struct EprescriptionBox {
    pub encounter_id: EncounterId,
    pub patient_id: PatientId,
    /// Numbers and states only: changes and 調剤結果 are fetched as soon as it is shown.
    pub is_brief: bool,
    pub lines: Vec<Line>,
    pub act_key: Uuid,
    pub can_sign: bool,
    pub can_write: bool,
    pub can_ask: bool,
    pub can_print: bool,
}

impl EprescriptionBox {
    /// Whether this 処方箋 is in the hands of the service.
    pub fn holds(&self, prescription: Uuid) -> bool {
        self.lines.iter().any(|line| line.prescription_id == prescription && line.is_held)
    }
}

impl Subjects for EprescriptionBox {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.patient_id]
    }
}

/// The box as a page.
#[derive(Template)]
#[template(path = "eprescriptions/show.html")]
pub struct EprescriptionPage {
    pub chrome: Chrome,
    pub stripe: PatientStripe,
    pub content: EprescriptionBox,
}

impl Subjects for EprescriptionPage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.stripe.patient_id, self.content.patient_id]
    }
}

/// 処方箋ID検索.
#[derive(Template)]
#[template(path = "eprescriptions/search.html")]
pub struct SearchPage {
    pub chrome: Chrome,
    pub form: FormState,
    pub unread: Vec<UnreadLine>,
}

impl Subjects for SearchPage {
    fn subjects(&self) -> Vec<PatientId> {
        self.unread.iter().map(|line| line.patient_id).collect()
    }
}
