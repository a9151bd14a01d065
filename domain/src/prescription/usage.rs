//! 用法 as a doctor types it: a shorthand, its words, how often a day, and the code of the standard usage master where one is known.

use unicode_normalization::UnicodeNormalization;

/// One shorthand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    pub short: &'static str,
    pub words: &'static str,
    /// Times a day; 0 for 頓用 and 外用, which have no daily rhythm here.
    pub times: u8,
    /// JAMI 標準用法 (16 digits); empty where no code was confirmed.
    pub code: &'static str,
}

const fn usage(short: &'static str, words: &'static str, times: u8, code: &'static str) -> Usage {
    Usage { short, words, times, code }
}

/// Number of times, then `t` after meals, `z` before, `k` between, `n` at bedtime; `1a 1h 1y` name the meal.
pub const USAGES: [Usage; 20] = [
    usage("1a", "1日1回朝食後", 1, "1011000400000000"),
    usage("1h", "1日1回昼食後", 1, ""),
    usage("1y", "1日1回夕食後", 1, ""),
    usage("1n", "1日1回就寝前", 1, "1011100000000000"),
    usage("1z", "1日1回朝食前", 1, ""),
    usage("1k", "1日1回起床時", 1, ""),
    usage("2t", "1日2回朝夕食後", 2, "1012040400000000"),
    usage("2z", "1日2回朝夕食前", 2, ""),
    usage("2n", "1日2回朝食後と就寝前", 2, ""),
    usage("3t", "1日3回毎食後", 3, "1013044400000000"),
    usage("3z", "1日3回毎食前", 3, ""),
    usage("3k", "1日3回毎食間", 3, ""),
    usage("3c", "1日3回毎食直前", 3, ""),
    usage("4t", "1日4回毎食後と就寝前", 4, ""),
    usage("tn", "疼痛時", 0, "1050110000000000"),
    usage("hn", "発熱時", 0, ""),
    usage("fn", "不眠時", 0, ""),
    usage("bn", "便秘時", 0, ""),
    usage("1g", "1日1回患部に塗布", 0, ""),
    usage("2g", "1日2回患部に塗布", 0, ""),
];

/// The usage of a shorthand, whatever the width or case it was typed in.
pub fn of_shorthand(text: &str) -> Option<&'static Usage> {
    let key: String = text.nfkc().collect::<String>().trim().to_ascii_lowercase();
    USAGES.iter().find(|usage| usage.short == key)
}

/// The usage whose words these are.
pub fn of_words(words: &str) -> Option<&'static Usage> {
    USAGES.iter().find(|usage| usage.words == words)
}

/// What was typed into the one-line box: `あせと 3t 5`, `あせと 2 3t 5`, `ろき tn 10`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shorthand {
    pub drug: String,
    pub dose: String,
    pub usage: String,
    pub count: String,
}

impl Shorthand {
    /// The last shorthand word parts the line: before it a dose, after it days or times. Without one the whole line is the drug.
    pub fn parse(line: &str) -> Self {
        let folded: String = line.nfkc().collect();
        let words: Vec<&str> = folded.split_whitespace().collect();
        let Some(at) = words.iter().rposition(|word| of_shorthand(word).is_some()).filter(|at| *at > 0) else {
            return Self { drug: words.join(" "), ..Self::default() };
        };
        let is_number = |word: &&&str| word.chars().all(|c| c.is_ascii_digit() || c == '.');
        let dose = at.checked_sub(1).filter(|before| *before > 0).and_then(|before| words.get(before)).filter(is_number);
        let drug_ends = if dose.is_some() { at - 1 } else { at };
        Self {
            drug: words[..drug_ends].join(" "),
            dose: dose.copied().unwrap_or_default().to_owned(),
            usage: words[at].to_owned(),
            count: words.get(at + 1).copied().unwrap_or_default().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shorthand_is_unique_and_fits_the_record() {
        for (at, usage) in USAGES.iter().enumerate() {
            assert!(usage.words.chars().count() <= super::super::USAGE_MAX_CHARS);
            assert!(usage.code.is_empty() || usage.code.len() == 16, "{}", usage.short);
            assert!(!USAGES[..at].iter().any(|other| other.short == usage.short || other.words == usage.words), "{}", usage.short);
            assert_eq!(of_words(usage.words), Some(usage));
        }
        assert_eq!(of_shorthand("３Ｔ").map(|u| (u.words, u.times)), Some(("1日3回毎食後", 3)));
    }

    #[test]
    fn a_line_is_drug_dose_usage_and_days() {
        let parsed = |line| {
            let s = Shorthand::parse(line);
            [s.drug, s.dose, s.usage, s.count]
        };
        assert_eq!(parsed("あせと 3t 5"), ["あせと", "", "3t", "5"]);
        assert_eq!(parsed("あせと　2 ３ｔ　５"), ["あせと", "2", "3t", "5"]);
        assert_eq!(parsed("ろき tn 10"), ["ろき", "", "tn", "10"]);
        assert_eq!(parsed("見本 アルファ 1.5 1a"), ["見本 アルファ", "1.5", "1a", ""]);
        assert_eq!(parsed("3t"), ["3t", "", "", ""], "a line that is only a shorthand looks for a drug of that name");
        assert_eq!(parsed("あせと"), ["あせと", "", "", ""]);
        assert_eq!(parsed("  "), ["", "", "", ""]);
    }
}
