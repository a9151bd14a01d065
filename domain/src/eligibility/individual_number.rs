//! 個人番号, which is never kept.

use unicode_normalization::UnicodeNormalization;

/// Whether a text carries a 個人番号 (12 digits with a right check digit), which we must never keep.
/// Full-width digits and the separators of the card's print (`1234 5678 9012`) count.
pub fn carries_individual_number(text: &str) -> bool {
    let folded: Vec<char> = text.nfkc().collect();
    let mut start = 0;
    while start < folded.len() {
        if !folded[start].is_ascii_digit() {
            start += 1;
            continue;
        }
        let (digits, end) = digit_run(&folded, start);
        if is_individual_number(&digits) {
            return true;
        }
        start = end.max(start + 1);
    }
    false
}

/// Digits from `start`, allowing one space or hyphen after each full group of four.
fn digit_run(chars: &[char], start: usize) -> (Vec<u32>, usize) {
    let mut digits = Vec::new();
    let mut at = start;
    while let Some(c) = chars.get(at) {
        if let Some(digit) = c.to_digit(10).filter(|_| c.is_ascii()) {
            digits.push(digit);
        } else if !is_group_separator(chars, at, digits.len()) {
            break;
        }
        at += 1;
    }
    (digits, at)
}

fn is_group_separator(chars: &[char], at: usize, digits_before: usize) -> bool {
    matches!(digits_before, 4 | 8) && matches!(chars[at], ' ' | '-') && chars.get(at + 1).is_some_and(char::is_ascii_digit)
}

/// Check digit of 個人番号 (令 平成26年総務省令第85号): weights 2..7 and 2..6 from the right, modulo 11.
fn is_individual_number(digits: &[u32]) -> bool {
    let [body @ .., check] = digits else { return false };
    if body.len() != 11 {
        return false;
    }
    let sum: u32 = body.iter().rev().zip((2..=7).chain(2..=6)).map(|(digit, weight)| digit * weight).sum();
    let expected = match sum % 11 {
        0 | 1 => 0,
        remainder => 11 - remainder,
    };
    *check == expected
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn individual_numbers_are_recognised_in_any_dress() {
        assert!(carries_individual_number("123456789018"));
        assert!(carries_individual_number("番号 1234-5678-9018 です"));
        assert!(carries_individual_number("１２３４　５６７８　９０１８"));
        assert!(!carries_individual_number("123456789012"), "wrong check digit");
        assert!(!carries_individual_number("20261120090103"), "a time of 14 digits");
        assert!(!carries_individual_number("03-1234-5678"));
        assert!(!carries_individual_number(""));
    }
}
