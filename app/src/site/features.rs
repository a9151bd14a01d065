//! 電子カルテ提示対象機能一覧 (PB-02): an answer for each item of the ministry's form. ● holds only while its tests have passed on the
//! sources that are running.

use serde::Deserialize;

use crate::conformance;

const REGISTRY: &str = include_str!("../../../conformance/features.toml");

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    Full,
    Other,
    Partial,
    None,
}

impl Answer {
    pub const ALL: [Self; 4] = [Self::Full, Self::Other, Self::Partial, Self::None];

    /// The form's own mark.
    pub const fn mark(self) -> &'static str {
        match self {
            Self::Full => "●",
            Self::Other => "○",
            Self::Partial => "△",
            Self::None => "×",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Full => "あり",
            Self::Other => "別の仕組みで足りる",
            Self::Partial => "一部",
            Self::None => "なし",
        }
    }

    pub const fn tone(self) -> &'static str {
        match self {
            Self::Full => "ok",
            Self::Other => "info",
            Self::Partial => "warn",
            Self::None => "none",
        }
    }

    pub const fn icon(self) -> &'static str {
        match self {
            Self::Full => "c-full",
            Self::Other => "c-open",
            Self::Partial => "c-half",
            Self::None => "c-dash",
        }
    }
}

/// One item of the form.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feature {
    /// 項番, from 3 on.
    pub no: u16,
    pub group: String,
    pub name: String,
    pub text: String,
    pub answer: Answer,
    #[serde(default)]
    pub remark: String,
    #[serde(default)]
    pub tests: Vec<String>,
}

impl Feature {
    /// Every test it names has passed on these sources.
    pub fn is_shown(&self) -> bool {
        !self.tests.is_empty() && self.tests.iter().all(|test| conformance::has_passed(test))
    }

    /// ● without a passing proof is said to be so.
    pub fn is_unproven(&self) -> bool {
        self.answer == Answer::Full && !self.is_shown()
    }
}

#[derive(Deserialize)]
struct File {
    feature: Vec<Feature>,
}

/// # Errors
/// When the registry is not the TOML described in its head.
pub fn read() -> Result<Vec<Feature>, basic_toml::Error> {
    basic_toml::from_str::<File>(REGISTRY).map(|file| file.feature)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// PB-02: all 172 items are answered; ● names a test, ○ and △ say what there is.
    #[test]
    fn every_item_of_the_form_is_answered() {
        let features = read().unwrap();
        assert_eq!(features.iter().map(|f| f.no).collect::<Vec<_>>(), (3..=174).collect::<Vec<_>>());
        for feature in &features {
            match feature.answer {
                Answer::Full => assert!(!feature.tests.is_empty(), "{} has no test", feature.no),
                Answer::Other | Answer::Partial => assert!(!feature.remark.is_empty(), "{} has no remark", feature.no),
                Answer::None => assert!(feature.tests.is_empty(), "{} is absent and tested", feature.no),
            }
        }
    }
}
