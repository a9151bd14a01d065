//! 画像・文書 on a chart: what it may be, and the way of a file from quarantine to the reader's eyes (GL-22).

use thiserror::Error;

/// One file may have this many bytes.
pub const BYTES_MAX: usize = 20 * 1024 * 1024;
/// Pixels of a picture, known from its header before anything is decoded.
pub const PIXELS_MAX: u64 = 40_000_000;
pub const SIDE_MAX: u32 = 12_000;
pub const TITLE_MAX_CHARS: usize = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttachmentKind {
    Photo,
    Document,
    Schema,
}

impl AttachmentKind {
    pub const ALL: [Self; 3] = [Self::Photo, Self::Document, Self::Schema];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Photo => "photo",
            Self::Document => "document",
            Self::Schema => "schema",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Photo => "写真",
            Self::Document => "文書",
            Self::Schema => "シェーマ",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// What a file's bytes are, whatever its name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentType {
    Jpeg,
    Png,
    Pdf,
}

impl ContentType {
    const ALL: [Self; 3] = [Self::Jpeg, Self::Png, Self::Pdf];

    pub const fn mime(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Pdf => "application/pdf",
        }
    }

    pub const fn ending(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Pdf => "pdf",
        }
    }

    pub fn from_mime(mime: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|content| content.mime() == mime)
    }

    pub const fn is_picture(self) -> bool {
        !matches!(self, Self::Pdf)
    }

    pub const fn kind(self) -> AttachmentKind {
        if self.is_picture() { AttachmentKind::Photo } else { AttachmentKind::Document }
    }
}

/// Where a file stands. Only `Clean` is ever given to anybody; the other three end or wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileState {
    Quarantine,
    Clean,
    Infected,
    Refused,
}

impl FileState {
    pub const ALL: [Self; 4] = [Self::Quarantine, Self::Clean, Self::Infected, Self::Refused];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Quarantine => "quarantine",
            Self::Clean => "clean",
            Self::Infected => "infected",
            Self::Refused => "refused",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Quarantine => "検査待ち",
            Self::Clean => "検査済",
            Self::Infected => "ウイルス検出",
            Self::Refused => "受け付けず",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    pub const fn may_open(self) -> bool {
        matches!(self, Self::Clean)
    }
}

/// Why a file is not taken. The file itself is never part of the error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FileRefusal {
    #[error("empty")]
    Empty,
    #[error("too large")]
    TooLarge,
    /// Not JPEG, PNG or PDF by content.
    #[error("not an allowed kind")]
    Kind,
    /// Markup that could carry a script: SVG, HTML, XML.
    #[error("markup")]
    Markup,
    /// HEIC and the like: a picture, but one nobody here can open.
    #[error("a picture of another format")]
    OtherPicture,
    #[error("too many pixels")]
    TooManyPixels,
    #[error("broken")]
    Broken,
    /// A document that would act by itself.
    #[error("active content")]
    Active,
    #[error("encrypted document")]
    Encrypted,
    /// Something follows the end of the document.
    #[error("something follows the end")]
    Trailer,
}

impl FileRefusal {
    const ALL: [Self; 10] = [
        Self::Empty,
        Self::TooLarge,
        Self::Kind,
        Self::Markup,
        Self::OtherPicture,
        Self::TooManyPixels,
        Self::Broken,
        Self::Active,
        Self::Encrypted,
        Self::Trailer,
    ];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLarge => "too_large",
            Self::Kind => "kind",
            Self::Markup => "markup",
            Self::OtherPicture => "other_picture",
            Self::TooManyPixels => "too_many_pixels",
            Self::Broken => "broken",
            Self::Active => "active",
            Self::Encrypted => "encrypted",
            Self::Trailer => "trailer",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|refusal| refusal.code() == code)
    }

    /// What a person reads: what is wrong, and what to do.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Empty => "ファイルが空です。選び直してください。",
            Self::TooLarge => "20 MB を超えています。写真は小さくして、PDF は分けてから、もう一度選んでください。",
            Self::Kind => "JPEG・PNG・PDF のどれでもありません(名前ではなく中身で確かめています)。JPEG か PDF にしてから選んでください。",
            Self::Markup => "SVG・HTML などプログラムを含められる形式は受け付けません。PNG か PDF にしてから選んでください。",
            Self::OtherPicture => "この画像の形式(HEIC など)は開けません。JPEG か PNG にしてから選んでください。",
            Self::TooManyPixels => "画像が大きすぎます(4,000万画素・一辺12,000まで)。縮めてから選んでください。",
            Self::Broken => "画像または文書が壊れていて読めません。元のファイルを確かめてください。",
            Self::Active => {
                "この PDF には自動で動く仕掛け(スクリプトや添付ファイル)があります。印刷し直した PDF か画像にしてから選んでください。"
            }
            Self::Encrypted => "この PDF はパスワードで保護されていて検査できません。保護を外してから選んでください。",
            Self::Trailer => "文書の終わりの後ろに別のものが付いています。印刷し直した PDF にしてから選んでください。",
        }
    }
}

/// 題名: one line, one to [`TITLE_MAX_CHARS`] characters, no control characters.
pub fn check_title(raw: &str) -> Result<String, TitleError> {
    let title = raw.trim();
    if title.is_empty() {
        return Err(TitleError::Empty);
    }
    if title.chars().any(|c| c.is_control() || c == char::REPLACEMENT_CHARACTER || crate::text::is_direction_override(c)) {
        return Err(TitleError::Unreadable);
    }
    if title.chars().count() > TITLE_MAX_CHARS { Err(TitleError::TooLong) } else { Ok(title.to_owned()) }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TitleError {
    #[error("empty")]
    Empty,
    #[error("unreadable character")]
    Unreadable,
    #[error("too long")]
    TooLong,
}

impl TitleError {
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Empty => "題名を入れてください。",
            Self::Unreadable => "題名に読めない文字(制御文字など)が入っています。入れ直してください。",
            Self::TooLong => "題名は100文字までで入れてください。",
        }
    }
}

/// A picture of this size may be decoded.
pub fn check_size(width: u32, height: u32) -> Result<(), FileRefusal> {
    if width == 0 || height == 0 {
        return Err(FileRefusal::Broken);
    }
    let fits = width <= SIDE_MAX && height <= SIDE_MAX && u64::from(width) * u64::from(height) <= PIXELS_MAX;
    if fits { Ok(()) } else { Err(FileRefusal::TooManyPixels) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// GL-22: nobody opens what was not found clean.
    #[test]
    fn only_a_clean_file_is_opened() {
        for state in FileState::ALL {
            assert_eq!(state.may_open(), state == FileState::Clean);
            assert_eq!(FileState::from_code(state.code()), Some(state));
        }
        for refusal in FileRefusal::ALL {
            assert_eq!(FileRefusal::from_code(refusal.code()), Some(refusal));
            assert!(refusal.sentence().ends_with("ください。"), "{refusal:?} says what to do");
        }
    }

    #[test]
    fn a_picture_is_measured_before_it_is_decoded() {
        assert_eq!(check_size(4_000, 3_000), Ok(()));
        assert_eq!(check_size(12_001, 1), Err(FileRefusal::TooManyPixels));
        assert_eq!(check_size(u32::MAX, u32::MAX), Err(FileRefusal::TooManyPixels));
        assert_eq!(check_size(0, 5), Err(FileRefusal::Broken));
    }

    #[test]
    fn a_title_is_one_readable_line() {
        assert_eq!(check_title(" 左前腕の発疹 "), Ok("左前腕の発疹".to_owned()));
        assert_eq!(check_title("\u{3000}"), Err(TitleError::Empty));
        assert_eq!(check_title("a\u{202E}gpj.exe"), Err(TitleError::Unreadable));
        assert_eq!(check_title(&"𠮷".repeat(101)), Err(TitleError::TooLong));
    }
}
