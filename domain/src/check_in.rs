//! How a person's right to insurance was checked: where the treatment takes place, what they showed, and a month's figures of it
//! (KPI-01, KPI-03).

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::codes;

codes! {
    /// 診療区分 (OQSCD028) of a question or an answer.
    #[derive(Default, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    CareSetting {
        #[default]
        Outpatient "outpatient" "外来"
        Home "home" "訪問診療等"
        Online "online" "オンライン診療等"
    }
}

impl CareSetting {
    /// `MedicalTreatmentFlag`
    pub const fn flag(self) -> &'static str {
        match self {
            Self::Outpatient => "1",
            Self::Home => "2",
            Self::Online => "3",
        }
    }

    pub fn from_flag(flag: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|setting| setting.flag() == flag)
    }

    /// Without a reader in the room the patient consents on a device of their own.
    pub const fn is_remote(self) -> bool {
        !matches!(self, Self::Outpatient)
    }
}

codes! {
    /// Why a continuing consent is given up.
    ConsentEnding {
        Withdrawn "withdrawn" "患者が同意を取り消した"
        Finished "finished" "訪問診療などを終えた"
    }
}

codes! {
    /// 受付経路: the likelier one to name when a visit was checked in several ways comes first.
    CheckChannel {
        Card "card" "マイナ保険証(カード)"
        Phone "phone" "マイナ保険証(スマートフォン)"
        Home "home" "訪問診療等(本人の端末での同意)"
        Online "online" "オンライン診療等(本人の端末での同意)"
        Number "number" "資格確認書・番号"
    }
}

impl CheckChannel {
    /// The person proved who they are with the card or what stands for it.
    pub const fn is_by_card(self) -> bool {
        !matches!(self, Self::Number)
    }

    /// A person at the desk saw which of the two it was.
    pub const fn is_at_reader(self) -> bool {
        matches!(self, Self::Card | Self::Phone)
    }
}

/// How many visits of a month came in by each way.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChannelFigures {
    by_channel: HashMap<CheckChannel, u32>,
    /// Checked before the way was written down.
    pub unwritten: u32,
    /// 照会なし
    pub none: u32,
}

impl ChannelFigures {
    /// `visits` of the month, and the checks taken over for them; a visit counts once, under the first channel of the list.
    pub fn of(visits: &[Uuid], checks: &[(Uuid, Option<CheckChannel>)]) -> Self {
        let mut first: HashMap<Uuid, Option<CheckChannel>> = HashMap::new();
        for (visit, channel) in checks {
            let known = first.entry(*visit).or_insert(*channel);
            *known = match (*known, *channel) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        }
        let mut figures = Self::default();
        for visit in visits {
            match first.get(visit) {
                Some(Some(channel)) => *figures.by_channel.entry(*channel).or_default() += 1,
                Some(None) => figures.unwritten += 1,
                None => figures.none += 1,
            }
        }
        figures
    }

    pub fn count(&self, channel: CheckChannel) -> u32 {
        self.by_channel.get(&channel).copied().unwrap_or_default()
    }

    /// Visits whose insurance was asked about.
    pub fn checked(&self) -> u32 {
        self.by_channel.values().sum::<u32>() + self.unwritten
    }

    pub fn visits(&self) -> u32 {
        self.checked() + self.none
    }

    /// マイナ保険証の利用 among the checks whose way is known: part and whole.
    pub fn card_use(&self) -> (u32, u32) {
        let part = CheckChannel::ALL.iter().filter(|channel| channel.is_by_card()).map(|channel| self.count(*channel)).sum();
        (part, self.checked() - self.unwritten)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// KPI-01, KPI-03
    #[test]
    fn a_visit_counts_once_under_its_best_channel() {
        let id = Uuid::from_u128;
        let visits: Vec<Uuid> = (1..=6).map(id).collect();
        let checks = [
            (id(1), Some(CheckChannel::Number)),
            (id(1), Some(CheckChannel::Phone)),
            (id(2), Some(CheckChannel::Card)),
            (id(3), Some(CheckChannel::Number)),
            (id(4), None),
            (id(5), None),
            (id(5), Some(CheckChannel::Home)),
            (id(9), Some(CheckChannel::Card)), // of a visit that was cancelled
        ];
        let figures = ChannelFigures::of(&visits, &checks);
        let counts: Vec<u32> = CheckChannel::ALL.iter().map(|channel| figures.count(*channel)).collect();
        assert_eq!((counts, figures.unwritten, figures.none), (vec![1, 1, 1, 0, 1], 1, 1));
        assert_eq!((figures.visits(), figures.card_use()), (6, (3, 4)));
    }

    #[test]
    fn flags_read_back() {
        assert!(CareSetting::ALL.iter().all(|setting| CareSetting::from_flag(setting.flag()) == Some(*setting)));
        assert_eq!(CareSetting::from_flag("4"), None);
    }
}
