//! 外部送信: the life of one message to a partner, from the act that made it to the partner's answer.
//!
//! The machine knows nothing of databases or sockets. It decides when a message is due, whether an earlier attempt may have
//! arrived (then one looks before sending again), and when a person has to take over. Any number of workers may hold it.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::codes;

codes! {
    /// 送り先
    Service {
        Eligibility "eligibility" "オンライン資格確認"
        Prescription "eprescription" "電子処方箋"
        Receipt "receipt" "レセコン"
    }
}

codes! {
    /// 用件: what is asked of the partner.
    Errand {
        QualificationConfirm "qualification_confirm" "資格の照会"
        BulkSubmit "bulk_submit" "予約患者の一括照会"
        BulkCollect "bulk_collect" "一括照会の結果の取得"
        ReferenceRegister "reference_register" "照会番号の登録"
        ConsentedSubmit "consented_submit" "同意済資格情報の取得の申込み"
        ConsentedCollect "consented_collect" "同意済資格情報の取得"
        EntrustedSubmit "entrusted_submit" "委託先資格情報の取得の申込み"
        EntrustedCollect "entrusted_collect" "委託先資格情報の取得"
        ConsentCancel "consent_cancel" "訪問診療等の同意の取消"
        CareHistory "care_history" "薬剤・診療情報の取得"
        CheckupHistory "checkup_history" "特定健診等情報の取得"
        EmergencySummary "emergency_summary" "救急用サマリーの取得"
        DisasterHistory "disaster_history" "災害時の照会"
        PrescriptionRegister "prescription_register" "処方箋の登録"
        PrescriptionRevoke "prescription_revoke" "処方箋の取消"
        PrescriptionChange "prescription_change" "処方箋の変更"
        RevokeUndo "revoke_undo" "取消の取り消し"
        ChangeUndo "change_undo" "変更の取り消し"
        PrescriptionStatus "prescription_status" "調剤状況の確認"
        InsideRegister "inside_register" "院内処方の登録"
        InsideRevoke "inside_revoke" "院内処方の取消"
        CheckPrefetch "check_prefetch" "重複投薬等チェックの事前処理"
        DuplicateCheck "duplicate_check" "重複投薬等チェック"
        Claim "claim" "診療行為の送信"
        ClaimRead "claim_read" "計算結果の読取"
    }
}

impl Errand {
    /// What only asks, again and again, is no work for anybody: it stands on no list and in no number of a queue.
    pub const ONLY_ASKING: [Self; 3] = [Self::PrescriptionStatus, Self::CheckPrefetch, Self::DuplicateCheck];

    pub const fn service(self) -> Service {
        match self {
            Self::QualificationConfirm
            | Self::BulkSubmit
            | Self::BulkCollect
            | Self::ReferenceRegister
            | Self::ConsentedSubmit
            | Self::ConsentedCollect
            | Self::EntrustedSubmit
            | Self::EntrustedCollect
            | Self::ConsentCancel
            | Self::CareHistory
            | Self::CheckupHistory
            | Self::EmergencySummary
            | Self::DisasterHistory => Service::Eligibility,
            Self::PrescriptionRegister
            | Self::PrescriptionRevoke
            | Self::PrescriptionChange
            | Self::RevokeUndo
            | Self::ChangeUndo
            | Self::PrescriptionStatus
            | Self::InsideRegister
            | Self::InsideRevoke
            | Self::CheckPrefetch
            | Self::DuplicateCheck => Service::Prescription,
            Self::Claim | Self::ClaimRead => Service::Receipt,
        }
    }
}

codes! {
    /// Why an administrator opens what was sent and received.
    ExchangePurpose {
        Disclosure "disclosure" "患者からの開示の求め"
        Trouble "trouble" "送受信の障害の調査"
        Mismatch "mismatch" "資格・処方・請求の食い違いの調査"
        Inspection "inspection" "監査・指導への対応"
    }
}

codes! {
    /// Why an attempt brought no answer.
    Trouble {
        Unreachable "unreachable" "つながりませんでした"
        Timeout "timeout" "時間内に返事がありませんでした"
        Busy "busy" "先方が混み合っています"
        Closed "closed" "先方の受付時間外です"
        Failing "failing" "先方に障害が起きています"
        Unreadable "unreadable" "返事を読み取れませんでした"
        Unfinished "unfinished" "先方でまだ計算が済んでいません"
        Terminal "terminal" "連携端末につながりません"
        TerminalSilent "terminal_silent" "連携端末から返事が届きません"
        Unprepared "unprepared" "送る準備ができませんでした。接続の設定を確かめてください"
    }
}

codes! {
    /// 外部送信の状態
    Delivery {
        Waiting "waiting" "送信待ち"
        Sending "sending" "送信中"
        Done "done" "完了"
        Refused "refused" "先方が受付けず"
        GivenUp "given_up" "自動送信を停止"
        Withdrawn "withdrawn" "取下げ"
    }
}

impl Delivery {
    /// Nothing more happens by itself.
    pub const fn is_settled(self) -> bool {
        !matches!(self, Self::Waiting | Self::Sending)
    }

    /// A person has to decide.
    pub const fn needs_hand(self) -> bool {
        matches!(self, Self::Refused | Self::GivenUp)
    }
}

/// Times of one service. One exchange ends at `deadline`; after an attempt without an answer nobody looks before
/// `quiet` has passed, so that a request still on its way has either arrived or died.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    pub deadline: TimeDelta,
    pub quiet: TimeDelta,
    pub first_wait: TimeDelta,
    pub longest_wait: TimeDelta,
    pub give_up_after: TimeDelta,
}

impl Service {
    pub const fn pace(self) -> Pace {
        let (deadline, give_up) = match self {
            // A terminal's folders take longer than a line.
            Self::Eligibility => (20, 30 * 60),
            Self::Prescription => (20, 4 * 3600),
            Self::Receipt => (20, 24 * 3600),
        };
        Pace {
            deadline: TimeDelta::seconds(deadline),
            quiet: TimeDelta::seconds(15),
            first_wait: TimeDelta::seconds(3),
            longest_wait: TimeDelta::minutes(10),
            give_up_after: TimeDelta::seconds(give_up),
        }
    }
}

impl Trouble {
    /// It says something of the partner; our own failures and those of a clinic's machine do not.
    pub const fn is_the_partners(self) -> bool {
        !matches!(self, Self::Unprepared | Self::Terminal | Self::TerminalSilent)
    }
}

/// What a worker does with a message it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    Send,
    /// An earlier attempt may have arrived: ask the partner before sending.
    Look,
}

/// What came of one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    Done,
    /// It certainly did not arrive, or was certainly not accepted; the same message may work later.
    Retry,
    /// It was read and turned down: sending the same again is of no use.
    Refused,
    /// It may have arrived.
    Unknown,
    /// The look found nothing there.
    Absent,
}

/// Why a person's wish cannot be followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryRefusal {
    #[error("already delivered")]
    Done,
    #[error("on its way already")]
    Underway,
    #[error("withdrawn already")]
    Withdrawn,
}

/// The holder's answer came after the message had gone on without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("somebody else holds the message")]
pub struct Late;

/// The clockwork of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parcel {
    pub state: Delivery,
    pub attempts: u32,
    pub may_have_arrived: bool,
    pub next_attempt_at: DateTime<Utc>,
    /// Counting from here it is given up; a person's 再送 starts it anew.
    pub wanted_since: DateTime<Utc>,
    pub holder: Option<Uuid>,
}

impl Parcel {
    pub fn new(now: DateTime<Utc>) -> Self {
        Self { state: Delivery::Waiting, attempts: 0, may_have_arrived: false, next_attempt_at: now, wanted_since: now, holder: None }
    }

    pub fn is_due(&self, now: DateTime<Utc>) -> bool {
        !self.state.is_settled() && self.next_attempt_at <= now
    }

    /// Takes the message. A message found in somebody's hands after their time was dropped there: it may have arrived.
    pub fn claim(&mut self, holder: Uuid, now: DateTime<Utc>, pace: &Pace) -> Option<Task> {
        if !self.is_due(now) {
            return None;
        }
        self.may_have_arrived |= self.state == Delivery::Sending;
        self.state = Delivery::Sending;
        self.holder = Some(holder);
        self.attempts = self.attempts.saturating_add(1);
        self.next_attempt_at = now + pace.deadline + pace.quiet;
        Some(if self.may_have_arrived { Task::Look } else { Task::Send })
    }

    /// Notes what came of it. `salt` spreads the waits of messages that failed together.
    pub fn settle(&mut self, holder: Uuid, attempt: Attempt, now: DateTime<Utc>, pace: &Pace, salt: u64) -> Result<(), Late> {
        if self.state != Delivery::Sending || self.holder != Some(holder) {
            return Err(Late);
        }
        self.holder = None;
        match attempt {
            Attempt::Done => {
                self.state = Delivery::Done;
                self.may_have_arrived = true;
            }
            Attempt::Refused => {
                self.state = Delivery::Refused;
                self.may_have_arrived = false;
            }
            Attempt::Absent => {
                self.state = Delivery::Waiting;
                self.may_have_arrived = false;
                self.next_attempt_at = now;
            }
            Attempt::Retry => self.wait(now, pace, salt, TimeDelta::zero()),
            Attempt::Unknown => {
                self.may_have_arrived = true;
                self.wait(now, pace, salt, pace.quiet);
            }
        }
        Ok(())
    }

    fn wait(&mut self, now: DateTime<Utc>, pace: &Pace, salt: u64, at_least: TimeDelta) {
        self.state = if now - self.wanted_since >= pace.give_up_after { Delivery::GivenUp } else { Delivery::Waiting };
        self.next_attempt_at = now + at_least.max(back_off(self.attempts, pace, salt));
    }

    /// 再送, by a person, at once; what may have arrived is still looked for first.
    pub fn resend(&mut self, now: DateTime<Utc>, pace: &Pace) -> Result<(), DeliveryRefusal> {
        match self.state {
            Delivery::Done => return Err(DeliveryRefusal::Done),
            Delivery::Sending => return Err(DeliveryRefusal::Underway),
            _ => {}
        }
        // An attempt that may still be on its way is left its quiet time.
        let quiet_until = if self.may_have_arrived { self.next_attempt_at.min(now + pace.quiet) } else { now };
        self.state = Delivery::Waiting;
        self.wanted_since = now;
        self.next_attempt_at = quiet_until.max(now);
        Ok(())
    }

    /// 取下げ. What is on its way at this moment may arrive all the same, and the message says so from then on.
    pub fn withdraw(&mut self) -> Result<(), DeliveryRefusal> {
        match self.state {
            Delivery::Done => return Err(DeliveryRefusal::Done),
            Delivery::Withdrawn => return Err(DeliveryRefusal::Withdrawn),
            Delivery::Sending => self.may_have_arrived = true,
            _ => {}
        }
        self.state = Delivery::Withdrawn;
        self.holder = None;
        Ok(())
    }
}

/// Doubles with each attempt up to the longest wait; the salt moves it between one half and the whole.
fn back_off(attempts: u32, pace: &Pace, salt: u64) -> TimeDelta {
    let doublings = attempts.saturating_sub(1).min(16);
    let whole = (pace.first_wait * (1 << doublings)).min(pace.longest_wait);
    let part = 500 + (spread(salt.wrapping_add(u64::from(attempts))) % 501) as i32;
    whole * part / 1000
}

/// One round of splitmix64.
fn spread(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
#[path = "outbox_tests.rs"]
mod tests;
