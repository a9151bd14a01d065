//! What people do with notes, each a function over one transaction. Handlers open and commit it.

pub mod amend;
pub mod approve;
pub mod save;
pub mod sign;
pub mod take_over;
pub mod texts;

use domain::note::{Hand, NoteError};
use domain::{EncounterId, NoteId, PatientId, Role};
use tenancy::{Error, TenantTx};

use super::seen::Unseen;
use crate::patients;

/// Which note is meant: by its own id, or the one of an encounter (which the first save makes).
#[derive(Debug, Clone, Copy)]
pub enum Target {
    Note(NoteId),
    Encounter(EncounterId),
}

/// Why an act was not done. Nothing of it is written then.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The page belonged to another patient (R3).
    #[error("patient token of another patient")]
    WrongPatient,
    /// The text or the state changed since the page was drawn.
    #[error("stale")]
    Stale,
    #[error(transparent)]
    Rule(#[from] NoteError),
    /// A helper writes, and no doctor is named yet.
    #[error("no responsible doctor")]
    NoResponsible,
    /// The page did not show what would be signed.
    #[error("rows the page did not show")]
    Unseen(Box<Unseen>),
    /// Something before 確定 is still open.
    #[error("open warnings")]
    Warned,
    /// The electronic prescription cannot be issued; says why and what to do.
    #[error("the prescription cannot be issued")]
    Prescription(String),
    #[error("cancelled visit")]
    CancelledVisit,
    #[error(transparent)]
    Store(#[from] Error),
}

impl From<sea_orm::DbErr> for Refusal {
    fn from(e: sea_orm::DbErr) -> Self {
        Refusal::Store(e.into())
    }
}

impl Refusal {
    /// The sentence a person reads.
    pub fn message(&self) -> String {
        let says = match self {
            Refusal::Prescription(says) => says,
            Refusal::WrongPatient => "別の患者の画面から送られたため、保存していません。入力した文は残っています。",
            Refusal::Stale => "ほかの人が先に変えました。最新の内容を確かめてから、もう一度操作してください。",
            Refusal::NoResponsible => "責任医師が決まっていません。責任医師を選んでから入力してください。",
            Refusal::Warned => "確定前の確認に、止めるもの・理由の要るものが残っています。下の欄で直すか、理由を選んでください。",
            Refusal::Unseen(_) => {
                "まだ確定していません。一緒に確定される内容が、この画面に出ていたものと違います。下の一覧と右の欄で確かめて、もう一度確定してください。"
            }
            Refusal::CancelledVisit => "この受付は取り消されています。",
            Refusal::Rule(rule) => rule_message(*rule),
            Refusal::Store(_) => "保存できませんでした。",
        };
        says.to_owned()
    }
}

fn rule_message(rule: NoteError) -> &'static str {
    match rule {
        NoteError::DoctorOnly => "医師だけが行えます。",
        NoteError::AnotherDoctor => "別の医師が責任医師の記録です。確定・差戻しするには、先に「引き継ぐ」を押してください。",
        NoteError::AlreadyResponsible => "すでに自分が責任医師です。",
        NoteError::DoctorSignsInstead => "医師は承認依頼ではなく確定します。",
        NoteError::AlreadySubmitted => "すでに承認を依頼しています。",
        NoteError::NotSubmitted => "承認待ちではありません。",
        NoteError::AlreadySigned => "すでに確定されています。追記か訂正を使ってください。",
        NoteError::NotSigned => "まだ確定されていません。",
        NoteError::Voided => "この記録は無効です。",
        NoteError::NothingWritten => "記載が一つもありません。S・O・A・P のどれかを書いてから確定してください。",
        NoteError::OwnVoidRequest => "自分が出した無効の申請は、ほかの管理者が承認します。",
        NoteError::VoidNotRequested => "医師による無効の申請がありません。",
        NoteError::UnknownSection | NoteError::UnknownStatus | NoteError::UnknownAmendment => "読み取れない指定です。",
    }
}

/// A doctor writes for himself; everyone else who may write does so on a doctor's behalf.
pub fn hand(role: Role) -> Hand {
    if role == Role::Doctor { Hand::Doctor } else { Hand::OnBehalf }
}

/// R3: the page the text comes from must be about the same person; a merged patient is the survivor's person too.
pub async fn check_token(tx: &TenantTx, token: PatientId, patient: PatientId) -> Result<(), Refusal> {
    if patients::store::is_same_person(tx, token, patient).await? { Ok(()) } else { Err(Refusal::WrongPatient) }
}
