//! シェーマ: what was drawn, as data, so that it can be opened and drawn on again. Whole numbers only, everything bounded, nothing
//! unknown accepted: the text of a drawing is kept for ever and read by later versions.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

/// A drawing's text.
pub const TEXT_MAX_BYTES: usize = 256 * 1024;
const MARKS_MAX: usize = 300;
const POINTS_MAX: usize = 20_000;
const WORDS_MAX_CHARS: usize = 60;
/// The width is always this; the height is the picture's, up to [`HEIGHT_MAX`].
pub const WIDTH: u16 = 1_000;
const HEIGHT_MAX: u16 = 2_000;
const WIDTHS: std::ops::RangeInclusive<u8> = 1..=3;

/// Own line art, simple and 見本.
pub const TEMPLATES: [Template; 6] = [
    Template { code: "body_front", label: "全身(前)", height: 1400 },
    Template { code: "body_back", label: "全身(後)", height: 1400 },
    Template { code: "face", label: "顔", height: 1200 },
    Template { code: "hands", label: "両手", height: 800 },
    Template { code: "eyes", label: "両眼", height: 600 },
    Template { code: "blank", label: "白紙", height: 800 },
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Template {
    pub code: &'static str,
    pub label: &'static str,
    pub height: u16,
}

impl Template {
    pub fn from_code(code: &str) -> Option<Self> {
        TEMPLATES.into_iter().find(|template| template.code == code)
    }
}

/// What lies under the marks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Base {
    Template(String),
    /// An attachment of the same patient.
    Photo(Uuid),
}

/// Each ink has a line of its own, so that colour never tells alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ink {
    Red,
    Blue,
    Green,
    Black,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case", deny_unknown_fields)]
pub enum Mark {
    Pen { ink: Ink, width: u8, points: Vec<(u16, u16)> },
    Arrow { ink: Ink, width: u8, from: (u16, u16), to: (u16, u16) },
    Text { ink: Ink, at: (u16, u16), words: String },
    Number { ink: Ink, at: (u16, u16), number: u16, words: String },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drawing {
    version: u8,
    pub base: Base,
    pub height: u16,
    pub marks: Vec<Mark>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DrawingError {
    #[error("too large")]
    TooLarge,
    #[error("unreadable")]
    Unreadable,
    #[error("unknown template")]
    Template,
    #[error("a point lies outside")]
    Outside,
    #[error("too many marks or points")]
    TooMany,
    #[error("words that cannot be kept")]
    Words,
    #[error("nothing drawn")]
    Empty,
}

impl DrawingError {
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::TooLarge | Self::TooMany => "描いた線が多すぎて保存できません。線を減らしてください。端末には残っています。",
            Self::Unreadable | Self::Template | Self::Outside => {
                "描いたものを読み取れません。画面を開き直してやり直してください。端末には残っています。"
            }
            Self::Words => "文字は60字までで、「<」で始まる記号(タグ)や制御文字は使えません。直してから保存してください。",
            Self::Empty => "まだ何も描かれていません。線か番号を一つ以上入れてください。",
        }
    }
}

impl Drawing {
    pub fn parse(text: &str) -> Result<Self, DrawingError> {
        if text.len() > TEXT_MAX_BYTES {
            return Err(DrawingError::TooLarge);
        }
        let drawing: Self = serde_json::from_str(text).map_err(|_| DrawingError::Unreadable)?;
        drawing.check().map(|()| drawing)
    }

    /// The text that is kept: always spelt the same.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    fn check(&self) -> Result<(), DrawingError> {
        if self.version != 1 {
            return Err(DrawingError::Unreadable);
        }
        match &self.base {
            Base::Template(code) if Template::from_code(code).is_none_or(|t| t.height != self.height) => {
                return Err(DrawingError::Template);
            }
            _ if self.height == 0 || self.height > HEIGHT_MAX => return Err(DrawingError::Outside),
            _ if self.marks.is_empty() => return Err(DrawingError::Empty),
            _ if self.marks.len() > MARKS_MAX => return Err(DrawingError::TooMany),
            _ => {}
        }
        let mut points = 0;
        for mark in &self.marks {
            points += self.check_mark(mark)?;
        }
        if points > POINTS_MAX { Err(DrawingError::TooMany) } else { Ok(()) }
    }

    /// How many points it has.
    fn check_mark(&self, mark: &Mark) -> Result<usize, DrawingError> {
        let inside = |(x, y): (u16, u16)| x <= WIDTH && y <= self.height;
        let (is_inside, count) = match mark {
            Mark::Pen { points, .. } => (points.iter().all(|point| inside(*point)) && !points.is_empty(), points.len()),
            Mark::Arrow { from, to, .. } => (inside(*from) && inside(*to), 2),
            Mark::Text { at, .. } | Mark::Number { at, .. } => (inside(*at), 1),
        };
        let is_good = match mark {
            Mark::Pen { width, .. } | Mark::Arrow { width, .. } => WIDTHS.contains(width),
            Mark::Text { words, .. } => {
                return words_kept(words, false).and(if is_inside { Ok(count) } else { Err(DrawingError::Outside) });
            }
            Mark::Number { number, words, .. } => {
                words_kept(words, true)?;
                (1..=999).contains(number)
            }
        };
        if is_inside && is_good { Ok(count) } else { Err(DrawingError::Outside) }
    }

    /// What was written on it, for people who do not see it: 「1 発赤、2 腫脹」.
    pub fn words(&self) -> String {
        let words = self.marks.iter().filter_map(|mark| match mark {
            Mark::Text { words, .. } => Some(words.clone()),
            Mark::Number { number, words, .. } => Some(format!("{number} {words}").trim().to_owned()),
            Mark::Pen { .. } | Mark::Arrow { .. } => None,
        });
        words.collect::<Vec<_>>().join("、")
    }
}

/// No tags, though no page would run them: the text leaves in exports whose readers we do not know.
fn words_kept(words: &str, may_be_empty: bool) -> Result<(), DrawingError> {
    let is_tag = words.split('<').skip(1).any(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic() || "/!?".contains(c)));
    let is_unreadable = |c: char| c.is_control() || c == char::REPLACEMENT_CHARACTER || crate::text::is_direction_override(c);
    let is_bad = is_tag || words.chars().any(is_unreadable) || words.chars().count() > WORDS_MAX_CHARS;
    if is_bad || (words.trim().is_empty() && !may_be_empty) { Err(DrawingError::Words) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn with(marks: &str) -> String {
        format!(r#"{{"version":1,"base":{{"template":"face"}},"height":1200,"marks":[{marks}]}}"#)
    }

    const NUMBER: &str = r#"{"is":"number","ink":"red","at":[500,600],"number":1,"words":"発赤 <3cm"}"#;

    #[test]
    fn what_was_drawn_comes_back() {
        let pen = r#"{"is":"pen","ink":"blue","width":2,"points":[[0,0],[1000,1200]]}"#;
        let arrow = r#"{"is":"arrow","ink":"green","width":1,"from":[1,2],"to":[3,4]}"#;
        let words = r#"{"is":"text","ink":"black","at":[9,9],"words":"圧痛𠮷"}"#;
        let drawing = Drawing::parse(&with(&[pen, arrow, words, NUMBER].join(","))).unwrap();
        assert_eq!(Drawing::parse(&drawing.to_text()), Ok(drawing.clone()));
        assert_eq!(drawing.words(), "圧痛𠮷、1 発赤 <3cm");
    }

    #[test]
    fn what_is_not_a_drawing_is_refused() {
        let number = |change: (&str, &str)| Drawing::parse(&with(&NUMBER.replace(change.0, change.1)));
        assert_eq!(number(("発赤 <3cm", "<script>alert(1)</script>")), Err(DrawingError::Words));
        assert_eq!(number(("発赤 <3cm", &"あ".repeat(61))), Err(DrawingError::Words));
        assert_eq!(number(("[500,600]", "[1001,600]")), Err(DrawingError::Outside));
        for (what, instead) in [("500", "NaN"), ("500", "-1"), ("500", "1e400"), ("500", "0.5"), ("500", "null"), ("red", "javascript:")] {
            assert_eq!(number((what, instead)), Err(DrawingError::Unreadable), "{instead}");
        }
        assert_eq!(number(("\"ink\"", "\"onload\":\"x\",\"ink\"")), Err(DrawingError::Unreadable), "unknown fields are no fields");
        assert_eq!(Drawing::parse(&with("")), Err(DrawingError::Empty));
        assert_eq!(Drawing::parse(&with(&[NUMBER; 301].join(","))), Err(DrawingError::TooMany));
        assert_eq!(Drawing::parse(&with(NUMBER).replace("face", "../etc")), Err(DrawingError::Template));
        assert_eq!(Drawing::parse(&with(NUMBER).replace("1200", "1201")), Err(DrawingError::Template));
        assert_eq!(Drawing::parse(&" ".repeat(TEXT_MAX_BYTES + 1)), Err(DrawingError::TooLarge));
        let line = format!(r#"{{"is":"pen","ink":"red","width":1,"points":[{}]}}"#, ["[1,1]"; 10_001].join(","));
        assert_eq!(Drawing::parse(&with(&[line.as_str(); 2].join(","))), Err(DrawingError::TooMany));
    }

    /// A parser of texts nests no deeper than a drawing does.
    #[test]
    fn a_deep_text_is_refused_and_does_not_end_the_process() {
        assert_eq!(Drawing::parse(&"[".repeat(TEXT_MAX_BYTES)), Err(DrawingError::Unreadable));
        assert_eq!(Drawing::parse(&with(&format!("{}{}", "[".repeat(50_000), "]".repeat(50_000)))), Err(DrawingError::Unreadable));
    }

    proptest! {
        #[test]
        fn any_text_is_judged_without_a_panic(text in ".{0,400}") {
            prop_assert!(Drawing::parse(&text).is_err());
        }

        /// One byte of a good drawing changed: refused, or still a good drawing that comes back as it is.
        #[test]
        fn a_changed_drawing_is_refused_or_still_one(at in 0usize..180, byte in 0u8..128) {
            let mut text = with(NUMBER).into_bytes();
            let at = at % text.len();
            text[at] = byte;
            if let Ok(text) = String::from_utf8(text)
                && let Ok(drawing) = Drawing::parse(&text)
            {
                prop_assert_eq!(Drawing::parse(&drawing.to_text()), Ok(drawing));
            }
        }

        #[test]
        fn any_numbers_are_inside_or_refused(x in any::<i64>(), y in any::<i64>()) {
            let text = with(&NUMBER.replace("[500,600]", &format!("[{x},{y}]")));
            let is_inside = (0..=1000).contains(&x) && (0..=1200).contains(&y);
            prop_assert_eq!(Drawing::parse(&text).is_ok(), is_inside);
        }
    }
}
