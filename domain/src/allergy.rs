//! アレルギー (`AllergyIntolerance`): what a patient must not meet. 「なし」 is a statement of its own; nothing recorded means nobody asked.

use crate::codes;

/// Longest name of a substance, and of a reaction.
pub const TEXT_MAX_CHARS: usize = 100;

codes! {
    /// 種類.
    Category {
        Medication "medication" "薬"
        Food "food" "食物"
        Environment "environment" "その他"
        /// アレルギーなし, stated
        None "none" "なし"
    }
}

codes! {
    /// 重症度.
    Severity { Unsaid "" "不明" Mild "mild" "軽症" Moderate "moderate" "中等症" Severe "severe" "重症" }
}

codes! {
    /// 確実度.
    Certainty { Confirmed "confirmed" "確実" Unconfirmed "unconfirmed" "疑い" }
}

codes! {
    /// 出典.
    Source {
        Patient "patient" "本人の申告"
        Family "family" "家族の申告"
        Observed "observed" "当院で確認"
        Referral "referral" "他院からの情報"
        National "national" "電子カルテ情報共有"
    }
}

codes! {
    /// Whether the statement stands.
    AllergyStatus { Active "active" "有効" Resolved "resolved" "解消" EnteredInError "entered_in_error" "誤登録" }
}

codes! {
    /// Which list a substance's code is from.
    SubstanceSystem { FreeText "" "自由記載" Jfagy "jfagy" "J-FAGY" Receipt "receipt" "医薬品マスター" }
}

/// One statement as accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllergyContent {
    pub category: Category,
    pub substance: String,
    pub substance_code: String,
    pub system: SubstanceSystem,
    pub reaction: String,
    pub severity: Severity,
    pub certainty: Certainty,
    pub source: Source,
}

/// Why a text is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AllergyError {
    #[error("missing")]
    Missing,
    #[error("longer than 100 characters")]
    TooLong,
    #[error("a control character")]
    ControlCharacter,
}

/// 物質 as written.
pub fn check_substance(typed: &str) -> Result<String, AllergyError> {
    let name = check_reaction(typed)?;
    if name.is_empty() { Err(AllergyError::Missing) } else { Ok(name) }
}

/// 反応; may be empty.
pub fn check_reaction(typed: &str) -> Result<String, AllergyError> {
    let trimmed = typed.trim();
    if trimmed.chars().any(char::is_control) {
        return Err(AllergyError::ControlCharacter);
    }
    if trimmed.chars().count() > TEXT_MAX_CHARS { Err(AllergyError::TooLong) } else { Ok(trimmed.to_owned()) }
}

/// What the stripe says of one statement: `アスピリン(重症)`, `そば(疑い)`.
pub fn short(substance: &str, severity: Severity, certainty: Certainty) -> String {
    let facts: Vec<&str> =
        [(severity != Severity::Unsaid).then_some(severity.label()), (certainty == Certainty::Unconfirmed).then_some(certainty.label())]
            .into_iter()
            .flatten()
            .collect();
    if facts.is_empty() { substance.to_owned() } else { format!("{substance}({})", facts.join("・")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_limits() {
        assert_eq!(check_substance(" そば "), Ok("そば".into()));
        assert_eq!(check_substance("　"), Err(AllergyError::Missing));
        assert_eq!(check_reaction(""), Ok(String::new()));
        assert_eq!(check_reaction(&"あ".repeat(101)), Err(AllergyError::TooLong));
        assert_eq!(check_substance("そ\u{0}ば"), Err(AllergyError::ControlCharacter));
    }

    #[test]
    fn the_stripe_says_how_bad_and_how_sure() {
        assert_eq!(short("そば", Severity::Unsaid, Certainty::Confirmed), "そば");
        assert_eq!(short("そば", Severity::Severe, Certainty::Unconfirmed), "そば(重症・疑い)");
    }

    #[test]
    fn codes_are_read_back() {
        for category in Category::ALL {
            assert_eq!(Category::from_code(category.code()), Some(*category));
        }
        assert_eq!(Severity::from_code("deadly"), None);
    }
}
