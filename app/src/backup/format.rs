//! The archive's container (docs/backup-format.md): a header in plain JSON, then a zstd stream sealed in chunks.
//!
//! Each chunk is AES-256-GCM under a key derived for this archive alone. The nonce counts the chunks and marks the
//! last one, and the header's hash is authenticated with every chunk: chunks cannot be reordered, dropped, swapped
//! between archives or cut at the end without the reader noticing.

use std::io::{self, Read, Write};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::{digest, hkdf};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tenancy::keys::{DataKey, KeyContext};
use uuid::Uuid;

use super::BackupError;

pub const MAGIC: &[u8; 8] = b"TSUMUGI\x01";
pub const FORMAT_VERSION: u32 = 1;
pub const CHUNK_LEN: usize = 1 << 20;
const TAG_LEN: usize = 16;
/// Set in a chunk's length when it is the last one; what counts is that the nonce agrees.
const LAST: u32 = 1 << 31;
const MAX_HEADER_LEN: usize = 1 << 20;

/// What can be read without a key. It holds no name and no clinical fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    pub format: u32,
    pub tenant_id: Uuid,
    pub created_at: DateTime<Utc>,
    pub product_version: String,
    pub key_version: i32,
    pub key_provider: String,
    pub kek_id: String,
    /// The clinic's data key under the KEK.
    pub wrapped: Hex,
    /// The same key to the offline recovery key (RSA-OAEP SHA-256); absent when none was configured.
    pub recovery_wrapped: Option<Hex>,
    /// Salt of the archive key's derivation.
    pub salt: Hex,
    pub chunk_len: u32,
    pub tables: Vec<String>,
}

/// Bytes written as hexadecimal text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hex(pub Vec<u8>);

impl From<Hex> for String {
    fn from(bytes: Hex) -> Self {
        hex::encode(bytes.0)
    }
}

impl TryFrom<String> for Hex {
    type Error = hex::FromHexError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        hex::decode(text).map(Self)
    }
}

impl Header {
    pub fn context(&self) -> KeyContext {
        KeyContext { tenant: self.tenant_id, key_version: self.key_version }
    }

    /// Magic, length and JSON, as they stand at the beginning of the archive.
    pub fn to_bytes(&self) -> Result<Vec<u8>, BackupError> {
        let json = serde_json::to_vec(self).map_err(|_| BackupError::Damaged("header"))?;
        let length = u32::try_from(json.len()).map_err(|_| BackupError::Damaged("header"))?;
        Ok([MAGIC.as_slice(), &length.to_be_bytes(), &json].concat())
    }

    /// Reads the header and leaves the reader at the first chunk; also gives the hash that the chunks are bound to.
    pub fn read(from: &mut impl Read) -> Result<(Self, [u8; 32]), BackupError> {
        let mut lead = [0u8; MAGIC.len() + 4];
        from.read_exact(&mut lead).map_err(|e| BackupError::reading(e, BackupError::NotAnArchive))?;
        let (magic, length) = lead.split_at(MAGIC.len());
        if magic != MAGIC {
            return Err(BackupError::NotAnArchive);
        }
        let length = length.iter().fold(0usize, |n, &byte| (n << 8) | usize::from(byte));
        if length > MAX_HEADER_LEN {
            return Err(BackupError::Damaged("header"));
        }
        let mut json = vec![0u8; length];
        from.read_exact(&mut json).map_err(|e| BackupError::reading(e, BackupError::Truncated))?;
        let header: Self = serde_json::from_slice(&json).map_err(|_| BackupError::Damaged("header"))?;
        if header.format != FORMAT_VERSION {
            return Err(BackupError::UnknownFormat(header.format));
        }
        Ok((header, sha256(&[&lead, &json])))
    }
}

fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    parts.iter().for_each(|part| context.update(part));
    let mut out = [0u8; 32];
    out.copy_from_slice(context.finish().as_ref());
    out
}

struct KeyLength;

impl hkdf::KeyType for KeyLength {
    fn len(&self) -> usize {
        32
    }
}

/// HKDF-SHA256 of the clinic's key with the archive's salt: chunk counters start at zero in every archive.
fn archive_key(key: &DataKey, salt: &[u8]) -> Result<LessSafeKey, BackupError> {
    let mut bytes = [0u8; 32];
    let derived = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(key.expose());
    let filled = derived.expand(&[b"tsumugi/archive/1"], KeyLength).and_then(|okm| okm.fill(&mut bytes));
    let unbound = filled.and_then(|()| UnboundKey::new(&AES_256_GCM, &bytes));
    bytes.fill(0);
    unbound.map(LessSafeKey::new).map_err(|_| BackupError::Crypto)
}

/// Chunk number and whether it is the last: seven zero bytes, four of counter, one of flag.
fn nonce(counter: u32, last: bool) -> Nonce {
    let mut bytes = [0u8; 12];
    bytes[7..11].copy_from_slice(&counter.to_be_bytes());
    bytes[11] = u8::from(last);
    Nonce::assume_unique_for_key(bytes)
}

/// Cuts what is written into sealed chunks and hands each to `sink`.
pub struct ChunkSealer<S> {
    key: LessSafeKey,
    bound_to: [u8; 32],
    counter: u32,
    pending: Vec<u8>,
    sink: S,
}

impl<S: FnMut(Vec<u8>) -> io::Result<()>> ChunkSealer<S> {
    /// Emits the header first.
    pub fn begin(header: &Header, key: &DataKey, mut sink: S) -> Result<Self, BackupError> {
        let lead = header.to_bytes()?;
        let bound_to = sha256(&[&lead]);
        sink(lead).map_err(BackupError::Io)?;
        let key = archive_key(key, &header.salt.0)?;
        Ok(Self { key, bound_to, counter: 0, pending: Vec::with_capacity(CHUNK_LEN + TAG_LEN), sink })
    }

    fn seal(&mut self, last: bool) -> io::Result<()> {
        let mut chunk = std::mem::replace(&mut self.pending, Vec::with_capacity(CHUNK_LEN + TAG_LEN));
        let refused = |_| io::Error::other("the chunk could not be sealed");
        let aad = Aad::from(self.bound_to);
        self.key.seal_in_place_append_tag(nonce(self.counter, last), aad, &mut chunk).map_err(refused)?;
        self.counter = self.counter.checked_add(1).ok_or_else(|| io::Error::other("the archive is too long"))?;
        let length = u32::try_from(chunk.len()).map_err(io::Error::other)? | if last { LAST } else { 0 };
        (self.sink)(length.to_be_bytes().to_vec())?;
        (self.sink)(chunk)
    }

    /// Seals what is left as the last chunk. Without this call the archive reads as cut off.
    pub fn finish(mut self) -> io::Result<()> {
        self.seal(true)
    }
}

impl<S: FnMut(Vec<u8>) -> io::Result<()>> Write for ChunkSealer<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.pending.len() == CHUNK_LEN {
            self.seal(false)?;
        }
        let taken = bytes.len().min(CHUNK_LEN - self.pending.len());
        self.pending.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Opens chunk after chunk. Nothing of a chunk is given out before it has been authenticated.
pub struct ChunkOpener<R> {
    key: LessSafeKey,
    bound_to: [u8; 32],
    counter: u32,
    opened: Vec<u8>,
    at: usize,
    done: bool,
    from: R,
}

impl<R: Read> ChunkOpener<R> {
    /// `from` stands behind the header.
    pub fn new(header: &Header, bound_to: [u8; 32], key: &DataKey, from: R) -> Result<Self, BackupError> {
        let key = archive_key(key, &header.salt.0)?;
        Ok(Self { key, bound_to, counter: 0, opened: Vec::new(), at: 0, done: false, from })
    }

    fn next_chunk(&mut self) -> Result<(), BackupError> {
        let mut length = [0u8; 4];
        self.from.read_exact(&mut length).map_err(|e| BackupError::reading(e, BackupError::Truncated))?;
        let word = u32::from_be_bytes(length);
        let (last, length) = (word & LAST != 0, (word & !LAST) as usize);
        if !(TAG_LEN..=CHUNK_LEN + TAG_LEN).contains(&length) {
            return Err(BackupError::Damaged("chunk length"));
        }
        self.opened.resize(length, 0);
        self.from.read_exact(&mut self.opened).map_err(|e| BackupError::reading(e, BackupError::Truncated))?;
        let (nonce, aad) = (nonce(self.counter, last), Aad::from(self.bound_to));
        let opened = self.key.open_in_place(nonce, aad, &mut self.opened).map_err(|_| BackupError::Damaged("chunk"))?;
        let length = opened.len();
        self.opened.truncate(length);
        self.at = 0;
        self.counter = self.counter.wrapping_add(1);
        self.done = last;
        if last { self.expect_end() } else { Ok(()) }
    }

    fn expect_end(&mut self) -> Result<(), BackupError> {
        match self.from.read(&mut [0u8; 1]) {
            Ok(0) => Ok(()),
            Ok(_) => Err(BackupError::Damaged("bytes after the end")),
            Err(e) => Err(BackupError::Io(e)),
        }
    }
}

impl<R: Read> Read for ChunkOpener<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.at == self.opened.len() {
            if self.done {
                return Ok(0);
            }
            self.next_chunk().map_err(BackupError::into_io)?;
        }
        let taken = out.len().min(self.opened.len() - self.at);
        out[..taken].copy_from_slice(&self.opened[self.at..self.at + taken]);
        self.at += taken;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests;
