//! 分割指示: one prescription handed out in two or three parts, each with a 処方箋 of its own (様式第二号の二, records 63 and 102).

use unicode_normalization::UnicodeNormalization;

use super::DAYS_MAX;

/// Why the days of the parts are not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SplitError {
    #[error("days of the parts missing")]
    Missing,
    #[error("not days joined by +")]
    NotDays,
    #[error("as many days as parts are wanted")]
    Count,
    #[error("more than 90 days together")]
    TooMany,
}

/// The days of each part, in their order, as they are typed: `14+14`, `１０、１０、１０`.
pub fn days(text: &str, parts: u8) -> Result<Vec<u8>, SplitError> {
    let folded: String = text.nfkc().filter(|c| !c.is_whitespace()).collect();
    if folded.is_empty() {
        return Err(SplitError::Missing);
    }
    let read = |part: &str| {
        let part = part.strip_suffix('日').unwrap_or(part);
        let is_number = !part.is_empty() && part.len() <= 4 && part.bytes().all(|b| b.is_ascii_digit());
        part.parse::<u16>().ok().filter(|days| is_number && *days > 0)
    };
    let days = folded.split(['+', ',', '、', '・']).map(read).collect::<Option<Vec<u16>>>().ok_or(SplitError::NotDays)?;
    if days.len() != usize::from(parts) {
        return Err(SplitError::Count);
    }
    if days.iter().sum::<u16>() > DAYS_MAX {
        return Err(SplitError::TooMany);
    }
    Ok(days.into_iter().filter_map(|days| u8::try_from(days).ok()).collect())
}

/// `14+14`: as it is kept, and as [`days`] reads it back.
pub fn words(days: &[u8]) -> String {
    days.iter().map(u8::to_string).collect::<Vec<_>>().join("+")
}

/// All parts together.
pub fn whole(days: &[u8]) -> u16 {
    days.iter().map(|days| u16::from(*days)).sum()
}

/// One of the parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// 分割回, from 1
    pub no: u8,
    /// 分割回数
    pub of: u8,
    /// What this part hands out.
    pub days: u8,
}

impl Part {
    pub fn all(days: &[u8]) -> impl Iterator<Item = Self> {
        let of = u8::try_from(days.len()).unwrap_or_default();
        days.iter().zip(1..=of).map(move |(days, no)| Self { no, of, days: *days })
    }

    /// `分割2/3回目・14日分`.
    pub fn label(&self) -> String {
        format!("分割{}/{}回目・{}日分", self.no, self.of, self.days)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use SplitError as E;

    #[test]
    fn days_are_typed_as_a_doctor_writes_them() {
        for (text, parts, expected) in [
            ("14+14", 2, Ok(vec![14, 14])),
            (" １４ ＋ １４ ", 2, Ok(vec![14, 14])),
            ("10、10、10日", 3, Ok(vec![10, 10, 10])),
            ("7,21", 2, Ok(vec![7, 21])),
            ("30+30+30", 3, Ok(vec![30, 30, 30])),
            ("", 2, Err(E::Missing)),
            ("14", 2, Err(E::Count)),
            ("14+14", 3, Err(E::Count)),
            ("0+14", 2, Err(E::NotDays)),
            ("14+", 2, Err(E::NotDays)),
            ("-1+14", 2, Err(E::NotDays)),
            ("十四+十四", 2, Err(E::NotDays)),
            ("30+30+31", 3, Err(E::TooMany)),
            ("99999+1", 2, Err(E::NotDays)),
            ("9999+9999", 2, Err(E::TooMany)),
        ] {
            assert_eq!(days(text, parts), expected, "{text}");
        }
    }

    #[test]
    fn what_is_kept_is_read_back() {
        assert_eq!(days(&words(&[7, 7, 14]), 3), Ok(vec![7, 7, 14]));
        assert_eq!(whole(&[7, 7, 14]), 28);
        let parts: Vec<_> = Part::all(&[7, 21]).collect();
        assert_eq!(parts, [Part { no: 1, of: 2, days: 7 }, Part { no: 2, of: 2, days: 21 }]);
        assert_eq!(parts[1].label(), "分割2/2回目・21日分");
        assert_eq!(Part::all(&[]).count(), 0);
    }
}
