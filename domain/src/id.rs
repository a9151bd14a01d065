//! Identifiers. Every row is named by a UUIDv7, so ids sort by creation time and indexes stay dense.
//!
//! Each noun has its own type: passing an encounter's id where a patient's is wanted does not compile.
//! New values are made outside this crate (`TenantTx::new_id`), because that needs a clock and randomness.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The text was not a UUID in its usual hyphenated form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier")]
pub struct InvalidId;

/// Only the canonical 36-character form is accepted, so one record has one URL.
fn parse_canonical(text: &str) -> Result<Uuid, InvalidId> {
    if text.len() != 36 {
        return Err(InvalidId);
    }
    Uuid::try_parse(text).map_err(|_| InvalidId)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            pub const fn new(value: Uuid) -> Self {
                Self(value)
            }

            pub const fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(value: Uuid) -> Self {
                Self(value)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Uuid {
                id.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                parse_canonical(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    )+};
}

ids! {
    /// 医療機関(契約単位)
    TenantId
    /// 傷病名
    ConditionId
    /// 職員
    StaffId
    /// 患者。診察券に印刷する番号は `PatientNumber`
    PatientId
    /// 受診
    EncounterId
    /// 診療記録(1受診の記載)
    NoteId
    /// 診療記録のS・O・A・Pの一つ
    NoteSectionId
    /// 確定後の追記・訂正
    NoteAmendmentId
    /// 保険資格
    CoverageId
    /// 処方
    MedicationRequestId
    /// 会計の明細行
    ChargeItemId
    /// 請求(会計の版)
    InvoiceId
    /// 入金・返金
    PaymentNoticeId
    /// アレルギー
    AllergyId
    /// 感染・禁忌・妊娠・付箋
    FlagId
    /// 画像・文書
    AttachmentId
    /// 画像・文書の中身
    FileId
    /// 検査・処置のオーダー
    ServiceRequestId
    /// 検査結果の一項目
    ObservationResultId
    /// 処方・オーダーのセット
    OrderSetId
    /// 診察室・受付などの場所
    PlaceId
    /// 資格確認端末の結果ファイル
    ReaderResultId
    /// 予約
    AppointmentId
    /// 病名の提案
    ConditionProposalId
    /// 順番予約
    QueueTicketId
    /// 予約を受ける人・部屋・機器
    ScheduleId
    /// 予約枠の定義
    SlotTemplateId
    /// 休診
    ClosureId
    /// 患者統合
    MergeId
    /// 監査記録
    AuditEventId
    /// 患者の取込
    ImportId
    /// 背景処理
    JobId
    /// 資格の照会
    InquiryId
    /// 訪問・オンライン診療の同意
    RemoteConsentId
    /// 外部送信の一件
    MessageId
    /// マスターの版
    ReleaseId
    /// ログインセッション
    SessionId
    /// 連携端末
    DeviceId
    /// 連携端末から届いたファイル
    DeviceArrivalId
    /// 連携端末が書き込む電文
    DeviceRequestId
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "0190a2b4-7c3e-7d11-8a55-0123456789ab";

    #[test]
    fn prints_what_it_parsed() {
        let id: PatientId = TEXT.parse().unwrap();
        assert_eq!(id.to_string(), TEXT);
        assert_eq!(serde_json::to_string(&id).unwrap(), format!("\"{TEXT}\""));
        assert_eq!(format!("{id:?}"), format!("PatientId({TEXT})"));
    }

    #[test]
    fn refuses_other_spellings() {
        for text in ["", "1", "0190a2b47c3e7d118a550123456789ab", "{0190a2b4-7c3e-7d11-8a55-0123456789ab}", "あ"] {
            assert_eq!(text.parse::<PatientId>(), Err(InvalidId), "{text}");
        }
    }
}
