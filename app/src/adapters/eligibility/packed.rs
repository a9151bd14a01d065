//! Answers to lists may come packed: one XML in a ZIP. What a pack says of itself is judged before anything is unpacked.

use std::borrow::Cow;
use std::io::{Cursor, Read};

use zip::{CompressionMethod, ZipArchive};

use super::ReadError;
use super::xml::HISTORY;

const MAGIC: &[u8] = b"PK";
const MAX_NAME: usize = 150;

/// Why a pack was not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PackRefusal {
    #[error("damaged or cut off")]
    Damaged,
    #[error("locked with a password")]
    Locked,
    #[error("not exactly one file")]
    Count,
    #[error("a name that is no plain .xml")]
    Name,
    #[error("a pack within a pack")]
    Nested,
    #[error("larger than any answer once unpacked")]
    TooLarge,
    #[error("packed in a way that is not used")]
    Method,
    #[error("an answer that never comes packed")]
    NotHere,
}

impl PackRefusal {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Damaged => "zip_damaged",
            Self::Locked => "zip_locked",
            Self::Count => "zip_count",
            Self::Name => "zip_name",
            Self::Nested => "zip_nested",
            Self::TooLarge => "zip_too_large",
            Self::Method => "zip_method",
            Self::NotHere => "zip",
        }
    }

    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Damaged => "ZIP が壊れているか、途中で切れています。",
            Self::Locked => "ZIP にパスワードがかかっています。連携ソフトの暗号化の設定を外してください。",
            Self::Count => "ZIP の中のファイルが1つではありません。結果は1つの XML だけを受け取ります。",
            Self::Name => "ZIP の中のファイル名が結果のものではありません(フォルダを含まない .xml だけを受け取ります)。",
            Self::Nested => "ZIP の中に ZIP があります。安全のため開きません。",
            Self::TooLarge => "ZIP を展開すると 4 MB を超えます。安全のため開きません。",
            Self::Method => "ZIP の圧縮の方式に対応していません。",
            Self::NotHere => "ZIP では受け取らない種類の結果です。XML のファイルを選んでください。",
        }
    }

    /// The same pack again would be refused again; what was damaged on its way may arrive whole.
    pub const fn is_lasting(self) -> bool {
        !matches!(self, Self::Damaged)
    }
}

pub fn is_packed(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// The message itself, whether it came packed or not.
pub fn unpacked(bytes: &[u8]) -> Result<Cow<'_, [u8]>, ReadError> {
    if is_packed(bytes) { Ok(Cow::Owned(open(bytes)?)) } else { Ok(Cow::Borrowed(bytes)) }
}

fn open(bytes: &[u8]) -> Result<Vec<u8>, PackRefusal> {
    let mut pack = ZipArchive::new(Cursor::new(bytes)).map_err(|_| PackRefusal::Damaged)?;
    if pack.len() != 1 || pack.has_duplicate_names() {
        return Err(PackRefusal::Count);
    }
    let entry = pack.by_index_data(0).map_err(|_| PackRefusal::Damaged)?;
    let limit = HISTORY.bytes as u64;
    match () {
        () if entry.encrypted() => return Err(PackRefusal::Locked),
        () if !entry.is_file() => return Err(PackRefusal::Name),
        () => judge_name(entry.name_raw())?,
    }
    if entry.size() > limit {
        return Err(PackRefusal::TooLarge);
    }
    if !matches!(entry.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) {
        return Err(PackRefusal::Method);
    }
    let file = pack.by_index(0).map_err(|_| PackRefusal::Damaged)?;
    let mut content = Vec::new();
    // The size a pack names is its own word.
    file.take(limit + 1).read_to_end(&mut content).map_err(|_| PackRefusal::Damaged)?;
    match () {
        () if content.len() as u64 > limit => Err(PackRefusal::TooLarge),
        () if is_packed(&content) => Err(PackRefusal::Nested),
        () => Ok(content),
    }
}

/// A name and nothing else: no folder, no way out of one.
fn judge_name(name: &[u8]) -> Result<(), PackRefusal> {
    let name = name.to_ascii_lowercase();
    let is_plain = name.len() <= MAX_NAME && name.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
    match () {
        () if !is_plain || name.starts_with(b".") => Err(PackRefusal::Name),
        () if name.ends_with(b".zip") => Err(PackRefusal::Nested),
        () if name.ends_with(b".xml") => Ok(()),
        () => Err(PackRefusal::Name),
    }
}

#[cfg(test)]
#[path = "packed_tests.rs"]
mod tests;
