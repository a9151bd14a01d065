//! 薬剤情報・診療情報・特定健診等情報 of the national services: what others prescribed, did and found. Shown beside our own record,
//! never mixed into it. Codes we do not know are kept as they came.

use chrono::NaiveDate;

use crate::codes;
use crate::consent::ConsentSubject;

codes! {
    /// Where a line comes from.
    Origin {
        Claim "claim" "レセプト"
        Prescribed "prescribed" "電子処方箋"
        Dispensed "dispensed" "調剤結果"
    }
}

impl Origin {
    /// 処方・調剤 of 電子処方箋 have a consent of their own where the reader asks for it (`None`: it does not); else 薬剤 opens them too.
    pub fn is_open(self, medication: bool, prescription: Option<bool>) -> bool {
        match self {
            Self::Claim => medication,
            Self::Prescribed | Self::Dispensed => prescription.unwrap_or(medication),
        }
    }
}

/// Whom the answer is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    pub name: String,
    pub birth_date: NaiveDate,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drug {
    pub code: String,
    pub name: String,
    pub ingredient: String,
    pub quantity: String,
    pub unit: String,
    pub usage: String,
    pub instruction: String,
    /// Days or times.
    pub times: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Treatment {
    pub code: String,
    pub name: String,
    /// 診療識別 of the claim
    pub class: String,
    pub quantity: String,
    pub unit: String,
    pub times: String,
}

impl Treatment {
    /// 手術(50) and 麻酔(54) have a consent of their own; what we cannot tell apart needs both.
    pub fn needs(&self) -> &'static [ConsentSubject] {
        match (self.class.as_str(), self.class_label()) {
            ("50" | "54", _) => &[ConsentSubject::Surgery],
            (_, Some(_)) => &[ConsentSubject::Care],
            (_, None) => &[ConsentSubject::Care, ConsentSubject::Surgery],
        }
    }

    /// 診療識別 in words; one we do not know has none.
    pub fn class_label(&self) -> Option<&'static str> {
        Some(match self.class.as_str() {
            "11" => "初診",
            "12" => "再診",
            "13" => "医学管理",
            "14" => "在宅",
            "21" | "22" | "23" | "24" | "25" | "26" | "27" | "28" => "投薬",
            "31" | "32" | "33" => "注射",
            "40" => "処置",
            "50" => "手術",
            "54" => "麻酔",
            "60" => "検査・病理",
            "70" => "画像診断",
            "80" => "その他",
            "90" | "92" | "97" => "入院",
            _ => return None,
        })
    }
}

/// One day (or month) at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Episode {
    pub origin: Origin,
    /// Where it was given: a pharmacy, a clinic.
    pub place: String,
    /// Who prescribed, when that was another place.
    pub prescriber: String,
    /// 入外等の区分 as it came
    pub setting: String,
    /// `yyyyMM`
    pub month: String,
    pub on: Option<NaiveDate>,
    pub prescribed_on: Option<NaiveDate>,
    pub drugs: Vec<Drug>,
    pub treatments: Vec<Treatment>,
}

/// 薬剤情報 and 診療情報.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CareHistory {
    pub about: About,
    pub episodes: Vec<Episode>,
}

impl CareHistory {
    /// Latest first.
    #[must_use]
    pub fn newest_first(mut self) -> Self {
        self.episodes.sort_by(|a, b| (&b.month, b.on).cmp(&(&a.month, a.on)));
        self
    }
}

/// One item of a checkup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// JLAC10
    pub code: String,
    pub name: String,
    pub value: String,
    pub unit: String,
    /// Words for a coded value.
    pub value_name: String,
}

/// 特定健診 of one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkup {
    pub on: Option<NaiveDate>,
    pub findings: Vec<Finding>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkups {
    pub about: About,
    /// Latest first.
    pub checkups: Vec<Checkup>,
}

impl Checkups {
    /// One line per item over the checkups, latest first; items in the order they were first seen.
    pub fn trend(&self) -> Vec<(&Finding, Vec<Option<&Finding>>)> {
        let mut lines: Vec<&Finding> = Vec::new();
        for finding in self.checkups.iter().flat_map(|checkup| &checkup.findings) {
            if !lines.iter().any(|known| known.code == finding.code) {
                lines.push(finding);
            }
        }
        let of = |checkup: &'_ Checkup, code: &str| checkup.findings.iter().position(|f| f.code == code);
        lines.into_iter().map(|line| (line, self.checkups.iter().map(|c| of(c, &line.code).map(|at| &c.findings[at])).collect())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn treatment(class: &str) -> Treatment {
        Treatment {
            code: "1".into(),
            name: "x".into(),
            class: class.into(),
            quantity: String::new(),
            unit: String::new(),
            times: String::new(),
        }
    }

    #[test]
    fn what_cannot_be_told_apart_needs_both_consents() {
        use ConsentSubject::{Care, Surgery};
        for class in ["", "Z9", "500", "６０"] {
            assert_eq!(treatment(class).needs(), [Care, Surgery], "{class}");
        }
        for class in ["11", "13", "40", "60", "70", "80"] {
            assert_eq!(treatment(class).needs(), [Care], "{class}");
        }
        assert_eq!((treatment("50").needs(), treatment("54").needs()), (&[Surgery][..], &[Surgery][..]));
    }

    #[test]
    fn a_trend_keeps_gaps_as_gaps() {
        let finding = |code: &str, value: &str| Finding {
            code: code.into(),
            name: code.into(),
            value: value.into(),
            unit: String::new(),
            value_name: String::new(),
        };
        let about = About { name: String::new(), birth_date: NaiveDate::MIN };
        let day = |findings| Checkup { on: None, findings };
        let checkups = Checkups { about, checkups: vec![day(vec![finding("a", "2")]), day(vec![finding("b", "9"), finding("a", "1")])] };
        let lines: Vec<(String, Vec<Option<String>>)> = checkups
            .trend()
            .into_iter()
            .map(|(f, values)| (f.code.clone(), values.into_iter().map(|v| v.map(|v| v.value.clone())).collect()))
            .collect();
        assert_eq!(lines, [("a".into(), vec![Some("2".into()), Some("1".into())]), ("b".into(), vec![None, Some("9".into())])]);
    }
}
