//! Where the key-encryption key lives. The demo keeps it in a file; production in a key service behind the same port.

use std::path::Path;

use aws_lc_rs::aead::{Aad, NONCE_LEN, Nonce};
use aws_lc_rs::digest;
use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::envelope::gcm;
use super::{DataKey, KeyError};

/// What a wrapping is bound to: a wrapped key copied to another clinic's row does not unwrap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyContext {
    pub tenant: Uuid,
    pub key_version: i32,
}

impl KeyContext {
    /// The bytes authenticated with the wrapped key; also the label of the recovery wrapping.
    pub fn to_bytes(self) -> Vec<u8> {
        let mut out = b"tsumugi/data-key/1\0".to_vec();
        out.extend_from_slice(self.tenant.as_bytes());
        out.extend_from_slice(&self.key_version.to_be_bytes());
        out
    }
}

/// Wraps and unwraps data keys. Implementations never hand out the KEK itself.
pub trait KeyProvider: Send + Sync {
    /// `local`, `kms`: stored beside each wrapped key.
    fn name(&self) -> &'static str;
    /// Names the KEK in use, so that a key wrapped by another one is recognised before it is tried.
    fn kek_id(&self) -> &str;
    fn wrap<'a>(&'a self, context: KeyContext, key: &'a DataKey) -> BoxFuture<'a, Result<Vec<u8>, KeyError>>;
    fn unwrap<'a>(&'a self, context: KeyContext, wrapped: &'a [u8]) -> BoxFuture<'a, Result<DataKey, KeyError>>;
}

/// The KEK as 32 bytes (raw, or 64 hex digits) in a file only the service can read.
pub struct LocalFileProvider {
    kek: DataKey,
    kek_id: String,
}

impl LocalFileProvider {
    /// Reads the KEK file; the id is derived from the key, so a swapped file is noticed.
    pub fn open(path: &Path) -> Result<Self, KeyError> {
        let refused = |reason: String| KeyError::File { path: path.display().to_string(), reason };
        let bytes = std::fs::read(path).map_err(|e| refused(e.to_string()))?;
        let raw = match bytes.len() {
            32 => bytes,
            _ => std::str::from_utf8(&bytes).ok().and_then(|text| hex::decode(text.trim()).ok()).unwrap_or_default(),
        };
        let kek = DataKey::from_slice(&raw).map_err(|_| refused("expected 32 bytes or 64 hex digits".into()))?;
        Ok(Self::from_key(kek))
    }

    /// The same provider over a key already in memory.
    pub fn from_key(kek: DataKey) -> Self {
        let mut named = b"tsumugi/kek-id/1\0".to_vec();
        named.extend_from_slice(kek.expose());
        let digest = digest::digest(&digest::SHA256, &named);
        named.fill(0);
        Self { kek, kek_id: format!("local:{}", hex::encode(&digest.as_ref()[..8])) }
    }

    fn wrap_now(&self, context: KeyContext, key: &DataKey) -> Result<Vec<u8>, KeyError> {
        let mut nonce = [0u8; NONCE_LEN];
        aws_lc_rs::rand::fill(&mut nonce)?;
        let mut body = key.expose().to_vec();
        let aad = Aad::from(context.to_bytes());
        gcm(self.kek.expose())?.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut body)?;
        Ok([nonce.as_slice(), &body].concat())
    }

    fn unwrap_now(&self, context: KeyContext, wrapped: &[u8]) -> Result<DataKey, KeyError> {
        let (nonce, body) = wrapped.split_at_checked(NONCE_LEN).ok_or(KeyError::Unwrap)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce)?;
        let mut body = body.to_vec();
        let aad = Aad::from(context.to_bytes());
        let plain = gcm(self.kek.expose())?.open_in_place(nonce, aad, &mut body).map_err(|_| KeyError::Unwrap)?;
        let key = DataKey::from_slice(plain);
        body.fill(0);
        key
    }
}

impl KeyProvider for LocalFileProvider {
    fn name(&self) -> &'static str {
        "local"
    }

    fn kek_id(&self) -> &str {
        &self.kek_id
    }

    fn wrap<'a>(&'a self, context: KeyContext, key: &'a DataKey) -> BoxFuture<'a, Result<Vec<u8>, KeyError>> {
        Box::pin(std::future::ready(self.wrap_now(context, key)))
    }

    fn unwrap<'a>(&'a self, context: KeyContext, wrapped: &'a [u8]) -> BoxFuture<'a, Result<DataKey, KeyError>> {
        Box::pin(std::future::ready(self.unwrap_now(context, wrapped)))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const CONTEXT: KeyContext = KeyContext { tenant: Uuid::from_u128(7), key_version: 1 };

    #[tokio::test]
    async fn a_wrapped_key_unwraps_only_in_its_own_context_and_under_its_own_kek() {
        let kek = LocalFileProvider::from_key(DataKey::generate().unwrap());
        let key = DataKey::generate().unwrap();
        let wrapped = kek.wrap(CONTEXT, &key).await.unwrap();
        assert_eq!(kek.unwrap(CONTEXT, &wrapped).await.unwrap().expose(), key.expose());
        let elsewhere = KeyContext { tenant: Uuid::from_u128(8), ..CONTEXT };
        assert!(matches!(kek.unwrap(elsewhere, &wrapped).await, Err(KeyError::Unwrap)));
        let other = LocalFileProvider::from_key(DataKey::generate().unwrap());
        assert_ne!(other.kek_id(), kek.kek_id());
        assert!(matches!(other.unwrap(CONTEXT, &wrapped).await, Err(KeyError::Unwrap)));
        assert!(matches!(kek.unwrap(CONTEXT, &wrapped[..5]).await, Err(KeyError::Unwrap)));
    }

    #[test]
    fn a_kek_file_of_the_wrong_length_stops_with_one_clear_line() {
        let path = std::env::temp_dir().join(format!("tsumugi-kek-{}", std::process::id()));
        std::fs::write(&path, b"short").unwrap();
        let error = LocalFileProvider::open(&path).err().unwrap().to_string();
        assert!(error.contains("expected 32 bytes or 64 hex digits"), "{error}");
        std::fs::write(&path, "ab".repeat(32)).unwrap();
        assert!(LocalFileProvider::open(&path).is_ok());
        std::fs::remove_file(&path).unwrap();
    }
}
