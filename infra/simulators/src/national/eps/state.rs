//! What the service remembers of each prescription, and what clinics and pharmacies may do with it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::record::Summary;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Registered,
    Withdrawn,
    /// 薬局受付
    Received,
    Dispensed,
    /// 回収
    Collected,
}

impl Status {
    /// The sentence of the answers.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Registered => "薬局にて受付されていません。",
            Self::Withdrawn => "当該処方箋は処方箋取消されています。",
            Self::Received => "薬局にて調剤中です。",
            Self::Dispensed => "薬局にて調剤済です。",
            Self::Collected => "薬局にて回収済です。",
        }
    }
}

#[derive(Clone, Debug)]
pub struct Held {
    pub id: Uuid,
    /// 引換番号
    pub access_code: String,
    /// The sender's own name of the request.
    pub identifier: String,
    pub signer: String,
    pub summary: Summary,
    pub status: Status,
    pub pharmacy: String,
    pub message: String,
    pub created_at: DateTime<Utc>,
}

/// A refusal with the code the service answers with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(pub &'static str, pub String);

/// The shelf all clinics and pharmacies share.
#[derive(Clone, Default)]
pub struct Shelf(Arc<Mutex<Vec<Held>>>);

impl Shelf {
    fn rows(&self) -> MutexGuard<'_, Vec<Held>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn all(&self) -> Vec<Held> {
        self.rows().clone()
    }

    /// The same request a second time is refused, also when what the first made was withdrawn.
    pub(super) fn register(&self, mut new: Held) -> Result<Held, Refusal> {
        let mut rows = self.rows();
        if rows.iter().any(|held| held.identifier == new.identifier && held.summary.institution == new.summary.institution) {
            return Err(Refusal("SIMD001E", "同じ処方箋がすでに登録されています。".into()));
        }
        while new.access_code.is_empty() || rows.iter().any(|held| held.access_code == new.access_code) {
            new.access_code = format!("{:06}", Uuid::new_v4().as_fields().0 % 1_000_000);
        }
        rows.push(new.clone());
        Ok(new)
    }

    pub(super) fn find(&self, institution: &str, id: &str) -> Result<Held, Refusal> {
        let own = |held: &&Held| held.id.to_string() == id && held.summary.institution == institution;
        self.rows().iter().find(own).cloned().ok_or_else(|| Refusal("SIMS001E", "該当する処方箋がありません。".into()))
    }

    pub(super) fn withdraw(&self, institution: &str, id: &str) -> Result<(), Refusal> {
        self.turn(
            |held| held.id.to_string() == id && held.summary.institution == institution,
            |held| {
                held.status = match held.status {
                    Status::Registered => Status::Withdrawn,
                    Status::Withdrawn => return Err(Refusal("SIMS002E", "すでに取り消されています。".into())),
                    _ => return Err(Refusal("SIMS003E", "薬局が受け付けているため取り消せません。".into())),
                };
                Ok(())
            },
        )
    }

    fn turn(&self, which: impl Fn(&Held) -> bool, act: impl FnOnce(&mut Held) -> Result<(), Refusal>) -> Result<(), Refusal> {
        let mut rows = self.rows();
        let held = rows.iter_mut().find(|held| which(held));
        act(held.ok_or_else(|| Refusal("SIMS001E", "該当する処方箋がありません。".into()))?)
    }

    /// 薬局: 受付 by the number the patient says.
    pub fn receive(&self, access_code: &str, pharmacy: &str) -> Result<(), Refusal> {
        self.turn(
            |held| held.access_code == access_code.trim(),
            |held| {
                if held.status != Status::Registered {
                    return Err(Refusal("SIMP001E", format!("受け付けられません: {}", held.status.sentence())));
                }
                held.status = Status::Received;
                held.pharmacy = pharmacy.to_owned();
                Ok(())
            },
        )
    }

    /// 薬局: 受付取消, 調剤済, 回収.
    pub fn move_on(&self, id: Uuid, to: Status, message: &str) -> Result<(), Refusal> {
        self.turn(
            |held| held.id == id,
            |held| {
                let allowed = match to {
                    Status::Registered | Status::Dispensed => held.status == Status::Received,
                    Status::Collected => matches!(held.status, Status::Registered | Status::Received),
                    _ => false,
                };
                if !allowed {
                    return Err(Refusal("SIMP001E", format!("できません: {}", held.status.sentence())));
                }
                held.status = to;
                held.message = message.trim().to_owned();
                if to == Status::Registered {
                    held.pharmacy.clear();
                }
                Ok(())
            },
        )
    }
}
