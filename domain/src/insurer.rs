//! Numbers of insurers and public payers and their check digits.
//!
//! 保険者番号: 8 digits, or 6 for 国民健康保険. 公費負担者番号: 8. 公費負担医療の受給者番号: 7.
//! The last digit is the check digit: modulus 10, weights 2 and 1 from the right, digits of products added.

use unicode_normalization::UnicodeNormalization;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InsurerNumberError {
    #[error("nothing entered")]
    Empty,
    #[error("not digits only")]
    NotDigits,
    #[error("wrong number of digits")]
    WrongLength,
    /// The digit that would have matched is told, since a slip is most often one key.
    #[error("check digit should be {expected}")]
    CheckDigit { expected: u8 },
}

/// 保険者番号, 6 or 8 digits with a matching check digit.
pub fn parse_insurer_number(input: &str) -> Result<String, InsurerNumberError> {
    checked(input, &[6, 8])
}

/// 公費負担者番号, 8 digits with a matching check digit.
pub fn parse_public_payer_number(input: &str) -> Result<String, InsurerNumberError> {
    checked(input, &[8])
}

/// 公費受給者番号, 7 digits. Local schemes may not follow the check digit: treat `CheckDigit` as a warning.
pub fn parse_public_recipient_number(input: &str) -> Result<String, InsurerNumberError> {
    checked(input, &[7])
}

/// 法別番号 of a 公費負担者番号 in words; 41–48 and 80–99 belong to the prefectures and towns.
pub fn public_scheme(payer_number: &str) -> &'static str {
    match payer_number.get(..2).unwrap_or_default() {
        "10" | "11" => "結核",
        "12" => "生活保護",
        "13" | "14" => "戦傷病",
        "15" => "更生医療",
        "16" => "育成医療",
        "17" => "療育給付",
        "18" | "19" => "原爆",
        "20" => "措置入院",
        "21" => "精神通院",
        "23" => "養育医療",
        "24" => "療養介護",
        "25" => "中国残留邦人等",
        "28" | "29" => "感染症",
        "38" => "肝炎",
        "51" => "特定疾患等",
        "52" => "小児慢性",
        "54" => "難病",
        "62" => "B型肝炎",
        "66" => "石綿",
        number if matches!(number.parse::<u8>(), Ok(41..=48 | 80..=99)) => "地方単独",
        _ => "公費",
    }
}

fn checked(input: &str, lengths: &[usize]) -> Result<String, InsurerNumberError> {
    let digits: String = input.nfkc().filter(|c| !c.is_whitespace()).collect();
    if digits.is_empty() {
        return Err(InsurerNumberError::Empty);
    }
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(InsurerNumberError::NotDigits);
    }
    if !lengths.contains(&digits.len()) {
        return Err(InsurerNumberError::WrongLength);
    }
    let (body, last) = digits.split_at(digits.len() - 1);
    let expected = check_digit(body);
    if last.parse() == Ok(expected) { Ok(digits) } else { Err(InsurerNumberError::CheckDigit { expected }) }
}

/// The digit that completes `body` (ASCII digits; anything else counts as nothing).
pub fn check_digit(body: &str) -> u8 {
    let sum: u32 = body
        .chars()
        .rev()
        .filter_map(|c| c.to_digit(10))
        .zip([2, 1].into_iter().cycle())
        .map(|(digit, weight)| digit * weight)
        .map(|product| product / 10 + product % 10)
        .sum();
    ((10 - sum % 10) % 10) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn published_numbers_pass() {
        for number in ["33120015", "138057", "19113760", "10131142", "81136244", "88138243", "320010"] {
            assert_eq!(parse_insurer_number(number).as_deref(), Ok(number));
        }
        assert_eq!(parse_public_recipient_number("1234566").as_deref(), Ok("1234566"));
        assert_eq!(parse_insurer_number(" １３８０５７ ").as_deref(), Ok("138057"));
    }

    #[test]
    fn schemes_are_named_by_their_first_two_digits() {
        for (number, word) in
            [("54139993", "難病"), ("80139991", "地方単独"), ("45139991", "地方単独"), ("99", "地方単独"), ("", "公費"), ("あ", "公費")]
        {
            assert_eq!(public_scheme(number), word, "{number}");
        }
    }

    #[test]
    fn says_what_is_wrong() {
        use InsurerNumberError::*;
        assert_eq!(parse_insurer_number(""), Err(Empty));
        assert_eq!(parse_insurer_number("13805A"), Err(NotDigits));
        assert_eq!(parse_insurer_number("1380577"), Err(WrongLength));
        assert_eq!(parse_insurer_number("138058"), Err(CheckDigit { expected: 7 }));
        assert_eq!(parse_public_payer_number("138057"), Err(WrongLength));
    }

    proptest! {
        #[test]
        fn one_wrong_digit_is_always_found(body in "[0-9]{7}", at in 0usize..8, by in 1u8..10) {
            let whole = format!("{body}{}", check_digit(&body));
            let mut bytes = whole.into_bytes();
            bytes[at] = b'0' + (bytes[at] - b'0' + by) % 10;
            let wrong = String::from_utf8(bytes).unwrap();
            prop_assert!(parse_insurer_number(&wrong).is_err(), "accepted a wrong number");
        }

        #[test]
        fn never_panics(input in any::<String>()) {
            let _ = parse_insurer_number(&input);
        }
    }
}
