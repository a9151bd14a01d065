//! What the service remembers of each prescription, and what clinics and pharmacies may do with it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
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
    /// 変更: another stands in its place
    Changed,
}

impl Status {
    /// The sentence of the answers.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Registered => "薬局にて受付されていません。",
            Self::Withdrawn | Self::Changed => "当該処方箋は処方箋取消されています。",
            Self::Received => "薬局にて調剤中です。",
            Self::Dispensed => "薬局にて調剤済です。",
            Self::Collected => "薬局にて回収済です。",
        }
    }
}

/// One time it was dispensed.
#[derive(Clone, Debug)]
pub struct Dispensed {
    pub day: NaiveDate,
    pub next: Option<NaiveDate>,
    pub pharmacy: String,
    pub message: String,
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
    /// 調剤結果, each time
    pub results: Vec<Dispensed>,
    /// 変更: the one it took the place of
    pub replaces: Option<Uuid>,
}

impl Held {
    /// Handed out once more; a リフィル waits for its next time.
    fn dispense(&mut self) {
        let day = (Utc::now() + TimeDelta::hours(9)).date_naive();
        let supply = self.summary.items.iter().map(|item| item.days).max().unwrap_or(1);
        let is_last = self.results.len() + 1 >= self.summary.uses;
        let next = if is_last { None } else { day.checked_add_days(Days::new(supply)) };
        self.results.push(Dispensed { day, next, pharmacy: self.pharmacy.clone(), message: self.message.clone() });
        if !is_last {
            self.status = Status::Registered;
        }
    }

    /// Whether a pharmacy can still be given it, or has it.
    pub fn stands(&self) -> bool {
        !matches!(self.status, Status::Withdrawn | Status::Changed)
    }
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

    /// 変更: one for the other, in one go.
    pub(super) fn change(&self, id: &str, mut new: Held) -> Result<Held, Refusal> {
        let mut rows = self.rows();
        let own = |held: &Held| held.summary.institution == new.summary.institution;
        if rows.iter().any(|held| held.identifier == new.identifier && own(held)) {
            return Err(Refusal("SIMD001E", "同じ処方箋がすでに登録されています。".into()));
        }
        let old = rows.iter_mut().find(|held| held.id.to_string() == id && own(held));
        let old = old.ok_or_else(|| Refusal("SIMS001E", "該当する処方箋がありません。".into()))?;
        match old.status {
            Status::Registered => old.status = Status::Changed,
            Status::Withdrawn | Status::Changed => return Err(Refusal("SIMS002E", "すでに取り消されているか、変更されています。".into())),
            _ => return Err(Refusal("SIMS003E", "薬局が受け付けているため変更できません。".into())),
        }
        new.replaces = Some(old.id);
        while new.access_code.is_empty() || rows.iter().any(|held| held.access_code == new.access_code) {
            new.access_code = format!("{:06}", Uuid::new_v4().as_fields().0 % 1_000_000);
        }
        rows.push(new.clone());
        Ok(new)
    }

    /// 取消UNDO: the same id stands again.
    pub(super) fn restore(&self, institution: &str, id: &str) -> Result<(), Refusal> {
        let changed_back =
            |rows: &[Held], held: &Held| held.replaces.is_some_and(|old| rows.iter().any(|row| row.id == old && row.stands()));
        let rows = self.all();
        self.turn(
            |held| held.id.to_string() == id && held.summary.institution == institution,
            |held| {
                held.status = match held.status {
                    Status::Withdrawn if changed_back(&rows, held) => {
                        return Err(Refusal("SIMS005E", "変更が取り消された処方箋です。".into()));
                    }
                    Status::Withdrawn => Status::Registered,
                    Status::Registered => return Err(Refusal("SIMS004E", "取り消されていません。".into())),
                    Status::Changed => return Err(Refusal("SIMS005E", "変更された処方箋です。".into())),
                    _ => return Err(Refusal("SIMS003E", "薬局が受け付けています。".into())),
                };
                Ok(())
            },
        )
    }

    /// 変更UNDO, by the id the change gave: what stood before stands again.
    pub(super) fn revert(&self, institution: &str, id: &str) -> Result<(), Refusal> {
        let mut rows = self.rows();
        let at = rows.iter().position(|held| held.id.to_string() == id && held.summary.institution == institution);
        let new = at.ok_or_else(|| Refusal("SIMS001E", "該当する処方箋がありません。".into()))?;
        let before = rows[new].replaces;
        let old = rows.iter().position(|held| Some(held.id) == before);
        let old = old.ok_or_else(|| Refusal("SIMS006E", "変更された処方箋ではありません。".into()))?;
        match (rows[new].status, rows[old].status) {
            (Status::Registered, Status::Changed) => {
                rows[new].status = Status::Withdrawn;
                rows[old].status = Status::Registered;
                Ok(())
            }
            (Status::Withdrawn, before) if before != Status::Changed => Err(Refusal("SIMS007E", "変更はすでに取り消されています。".into())),
            (Status::Withdrawn, _) => Err(Refusal("SIMS002E", "すでに取り消されています。".into())),
            _ => Err(Refusal("SIMS003E", "薬局が受け付けているため、変更を取り消せません。".into())),
        }
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
                    Status::Withdrawn | Status::Changed => return Err(Refusal("SIMS002E", "すでに取り消されています。".into())),
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
                if to == Status::Dispensed {
                    held.dispense();
                }
                if held.status == Status::Registered {
                    held.pharmacy.clear();
                }
                Ok(())
            },
        )
    }
}
