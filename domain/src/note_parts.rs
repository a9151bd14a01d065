//! 説明と同意 and 次回 as texts of named lines (「内容: …」), so that they are kept, compared and corrected like every other section.
//! A line without a name goes on with the one before it; without any, with the first part.

use chrono::NaiveDate;

use crate::next_visit::Ahead;
use crate::note::{Section, TextError};
use crate::wareki;

/// One named line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    pub label: &'static str,
    /// The words it may have; any when empty.
    pub words: &'static [&'static str],
    pub hint: &'static str,
}

const fn free(label: &'static str, hint: &'static str) -> Part {
    Part { label, words: &[], hint }
}

const CONSENT: &str = "同意";
const WHEN: &str = "時期";
const PURPOSE: &str = "目的";
const CONSENT_PARTS: [Part; 3] =
    [free("内容", "説明したこと"), free("相手", "本人・家族など"), Part { label: CONSENT, words: &["同意", "不同意", "保留"], hint: "" }];
const NEXT_PARTS: [Part; 3] = [free(WHEN, "2w・日付"), free(PURPOSE, "再診など"), free("検査", "採血など")];

/// The parts a section has; none for S, O, A and P.
pub const fn parts(section: Section) -> &'static [Part] {
    match section {
        Section::Consent => &CONSENT_PARTS,
        Section::NextVisit => &NEXT_PARTS,
        _ => &[],
    }
}

/// What each part says, in the order of [`parts`].
pub fn read(section: Section, text: &str) -> Vec<String> {
    let parts = parts(section);
    let mut said = vec![String::new(); parts.len()];
    let mut at = 0;
    for line in text.lines() {
        let named = line
            .split_once([':', '：'])
            .and_then(|(name, rest)| parts.iter().position(|part| part.label == name.trim()).map(|found| (found, rest.trim())));
        let rest = match named {
            Some((found, rest)) => {
                at = found;
                rest
            }
            None => line,
        };
        if let Some(said) = said.get_mut(at) {
            if !said.is_empty() {
                said.push('\n');
            }
            said.push_str(rest);
        }
    }
    said
}

/// When the next visit is meant to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    Ahead(Ahead),
    Day(NaiveDate),
}

impl When {
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let day = || wareki::parse(text.trim()).map(Self::Day).map_err(|_| TextError::NextVisit);
        Ahead::parse(text).map(Self::Ahead).or_else(|_| day())
    }
}

/// 同意 has its words and 次回 a readable time; either may be left out.
pub fn check(section: Section, text: &str) -> Result<(), TextError> {
    let said = read(section, text);
    for (part, said) in parts(section).iter().zip(&said).filter(|(_, said)| !said.trim().is_empty()) {
        match part.label {
            WHEN => drop(When::parse(said)?),
            _ if !part.words.is_empty() && !part.words.contains(&said.trim()) => return Err(TextError::Consent),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_lines_are_read_and_others_go_on() {
        let said = read(Section::Consent, "内容: 検査の必要\n放置した場合\n相手：長女\n同意: 同意");
        assert_eq!(said, ["検査の必要\n放置した場合", "長女", "同意"]);
        assert_eq!(read(Section::NextVisit, "2w"), ["2w", "", ""]);
        assert_eq!(read(Section::NextVisit, "目的: 検査: 空腹で"), ["", "検査: 空腹で", ""], "a name inside a line is text");
        assert!(read(Section::Plan, "内容: x").is_empty());
    }

    #[test]
    fn the_next_visit_is_a_distance_or_a_day() {
        for good in ["時期: 2w", "時期: １ヶ月後", "時期: 2026-12-04", "時期: R8.12.4", "時期:", "目的: 再診", ""] {
            assert_eq!(check(Section::NextVisit, good), Ok(()), "{good}");
        }
        for bad in ["時期: そのうち", "時期: 0w", "時期: 2026-13-04", "時期: 99w", "いつか"] {
            assert_eq!(check(Section::NextVisit, bad), Err(TextError::NextVisit), "{bad}");
        }
    }

    #[test]
    fn consent_is_one_of_three_words() {
        assert_eq!(check(Section::Consent, "内容: 手術の説明\n同意: 保留"), Ok(()));
        assert_eq!(check(Section::Consent, "同意: たぶん"), Err(TextError::Consent));
        assert_eq!(check(Section::Plan, "同意: たぶん"), Ok(()));
    }
}
