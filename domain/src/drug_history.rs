//! 直近の処方・調剤情報 (電子処方箋, within the day) beside the claims' 薬剤情報 (weeks later): the same medicine told by several sources is
//! one line that names them all. Amounts that differ are said, never dropped.

use chrono::NaiveDate;

use crate::care_history::{CareHistory, Drug, Episode, Origin};
use crate::text::folded;

/// A medicine with everybody who told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// As the most definite source has it.
    pub drug: Drug,
    pub origins: Vec<Origin>,
    /// What other sources say otherwise.
    pub differing: Vec<(Origin, Drug)>,
}

/// What one prescriber's order of one day became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handing {
    /// Where it was handed out; empty while nobody has told.
    pub place: String,
    pub prescriber: String,
    /// `yyyyMM`
    pub month: String,
    pub on: Option<NaiveDate>,
    pub prescribed_on: Option<NaiveDate>,
    pub setting: String,
    pub drugs: Vec<Told>,
}

impl Handing {
    /// Where nothing but the prescription is known, the patient may not have it yet.
    pub fn is_only_prescribed(&self) -> bool {
        self.drugs.iter().all(|told| told.origins == [Origin::Prescribed])
    }

    fn day(&self) -> (&str, Option<NaiveDate>) {
        (&self.month, self.on.or(self.prescribed_on))
    }
}

/// What was handed out is more definite than what was claimed, and that more than what was ordered.
const MOST_DEFINITE_FIRST: [Origin; 3] = [Origin::Dispensed, Origin::Claim, Origin::Prescribed];

impl CareHistory {
    /// Medicines of the allowed sources, each told once; latest first.
    pub fn handings(&self, is_allowed: impl Fn(Origin) -> bool) -> Vec<Handing> {
        let mut handings: Vec<Handing> = Vec::new();
        for origin in MOST_DEFINITE_FIRST.into_iter().filter(|origin| is_allowed(*origin)) {
            for episode in self.episodes.iter().filter(|e| e.origin == origin && !e.drugs.is_empty()) {
                tell(&mut handings, episode);
            }
        }
        handings.sort_by(|a, b| b.day().cmp(&a.day()));
        handings
    }
}

/// Adds what this source tells, to a line that is the same or as a new one.
fn tell(handings: &mut Vec<Handing>, episode: &Episode) {
    let at = handings.iter().position(|known| is_same_order(known, episode));
    let at = at.unwrap_or_else(|| {
        handings.push(begun(episode));
        handings.len() - 1
    });
    let handing = &mut handings[at];
    if handing.place.is_empty() {
        handing.place = begun(episode).place;
    }
    handing.on = handing.on.or(episode.on);
    for drug in &episode.drugs {
        // Two lines of one source are two medicines, however alike.
        let same = handing.drugs.iter_mut().find(|told| !told.origins.contains(&episode.origin) && is_same_drug(&told.drug, drug));
        match same {
            Some(told) => {
                told.origins.push(episode.origin);
                if amount(&told.drug) != amount(drug) {
                    told.differing.push((episode.origin, drug.clone()));
                }
            }
            None => handing.drugs.push(Told { drug: drug.clone(), origins: vec![episode.origin], differing: Vec::new() }),
        }
    }
}

fn begun(episode: &Episode) -> Handing {
    // Only one place is told: whoever prescribed, and for a claim also whoever handed out.
    let is_prescribers = episode.prescriber.is_empty() && episode.origin != Origin::Claim;
    let place = if is_prescribers { String::new() } else { episode.place.clone() };
    let prescriber = if episode.prescriber.is_empty() { &episode.place } else { &episode.prescriber }.clone();
    Handing {
        place,
        prescriber,
        month: episode.month.clone(),
        on: episode.on,
        prescribed_on: episode.prescribed_on,
        setting: episode.setting.clone(),
        drugs: Vec::new(),
    }
}

/// The same order: the same prescriber, and the same day as far as both say one.
fn is_same_order(known: &Handing, episode: &Episode) -> bool {
    let other = begun(episode);
    let day = match (known.prescribed_on, other.prescribed_on) {
        (Some(a), Some(b)) => a == b,
        _ => match (known.on, other.on) {
            (Some(a), Some(b)) => a == b,
            _ => false,
        },
    };
    let same = |a: &str, b: &str| a.is_empty() || b.is_empty() || folded(a) == folded(b);
    day && !known.prescriber.is_empty() && folded(&known.prescriber) == folded(&other.prescriber) && same(&known.place, &other.place)
}

fn is_same_drug(a: &Drug, b: &Drug) -> bool {
    if a.code.is_empty() || b.code.is_empty() { !a.name.is_empty() && folded(&a.name) == folded(&b.name) } else { a.code == b.code }
}

fn amount(drug: &Drug) -> [String; 3] {
    [&drug.quantity, &drug.unit, &drug.times].map(|text| folded(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::care_history::About;

    fn drug(code: &str, times: &str) -> Drug {
        Drug {
            code: code.into(),
            name: format!("薬{code}"),
            ingredient: String::new(),
            quantity: "1".into(),
            unit: "錠".into(),
            usage: String::new(),
            instruction: String::new(),
            times: times.into(),
        }
    }

    fn episode(origin: Origin, (place, prescriber): (&str, &str), day: u32, drugs: &[(&str, &str)]) -> Episode {
        let on = NaiveDate::from_ymd_opt(2026, 10, day);
        Episode {
            origin,
            place: place.into(),
            prescriber: prescriber.into(),
            setting: String::new(),
            month: "202610".into(),
            on,
            prescribed_on: on,
            drugs: drugs.iter().map(|(code, times)| drug(code, times)).collect(),
            treatments: vec![],
        }
    }

    fn told(episodes: Vec<Episode>) -> Vec<(String, Vec<Origin>, usize)> {
        let history = CareHistory { about: About { name: String::new(), birth_date: NaiveDate::MIN }, episodes };
        let handings = history.handings(|_| true);
        handings.iter().flat_map(|h| &h.drugs).map(|t| (t.drug.code.clone(), t.origins.clone(), t.differing.len())).collect()
    }

    use Origin::{Claim, Dispensed, Prescribed};

    /// FN-EP-13
    #[test]
    fn one_medicine_of_three_sources_is_one_line() {
        let lines = told(vec![
            episode(Claim, ("薬局", "内科"), 4, &[("1", "28"), ("2", "7")]),
            episode(Prescribed, ("内科", ""), 4, &[("1", "28"), ("2", "14")]),
            episode(Dispensed, ("薬局", "内　科"), 4, &[("1", "28")]),
        ]);
        assert_eq!(lines, [("1".into(), vec![Dispensed, Claim, Prescribed], 0), ("2".into(), vec![Claim, Prescribed], 1)]);
    }

    /// FN-EP-13: what may be two medicines stays two.
    #[test]
    fn another_day_prescriber_or_pharmacy_is_another_line_and_so_are_two_lines_of_one_source() {
        for other in [
            episode(Dispensed, ("薬局", "内科"), 5, &[("1", "28")]),
            episode(Dispensed, ("薬局", "皮膚科"), 4, &[("1", "28")]),
            episode(Dispensed, ("別の薬局", "内科"), 4, &[("1", "28")]),
            episode(Dispensed, ("薬局", "内科"), 4, &[("9", "28")]),
            Episode { on: None, prescribed_on: None, ..episode(Dispensed, ("薬局", "内科"), 4, &[("1", "28")]) },
        ] {
            assert_eq!(told(vec![episode(Claim, ("薬局", "内科"), 4, &[("1", "28")]), other.clone()]).len(), 2, "{other:?}");
        }
        assert_eq!(told(vec![episode(Claim, ("薬局", "内科"), 4, &[("1", "28"), ("1", "28")])]).len(), 2);
        let unnamed = Drug { code: String::new(), name: String::new(), ..drug("", "1") };
        assert!(!is_same_drug(&unnamed, &unnamed), "nothing is not the same as nothing");
    }

    #[test]
    fn a_source_that_is_not_allowed_is_not_named() {
        let about = About { name: String::new(), birth_date: NaiveDate::MIN };
        let episodes = vec![episode(Claim, ("薬局", "内科"), 4, &[("1", "28")]), episode(Prescribed, ("内科", ""), 9, &[("3", "5")])];
        let history = CareHistory { about, episodes };
        let handings = history.handings(|origin| origin == Claim);
        assert_eq!((handings.len(), &handings[0].drugs[0].origins[..]), (1, &[Claim][..]));
        let all = history.handings(|_| true);
        assert!(all[0].is_only_prescribed() && !all[1].is_only_prescribed(), "latest first");
    }
}
