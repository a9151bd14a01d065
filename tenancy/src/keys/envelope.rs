//! AES-256-GCM over small values: what is stored is format, key version, nonce and ciphertext in one byte string.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use secrecy::{ExposeSecret, SecretBox};
use uuid::Uuid;

use super::KeyError;

const FORMAT: u8 = 1;
const HEAD_LEN: usize = 1 + 4 + NONCE_LEN;

/// A 256-bit key in memory; wiped when dropped.
pub struct DataKey(SecretBox<[u8; 32]>);

impl DataKey {
    /// A fresh key from the module's random source.
    pub fn generate() -> Result<Self, KeyError> {
        SecretBox::try_init_with(|| {
            let mut bytes = [0u8; 32];
            aws_lc_rs::rand::fill(&mut bytes).map(|()| bytes)
        })
        .map(Self)
        .map_err(|_| KeyError::Module)
    }

    /// Takes 32 bytes that came out of a wrapping; any other length is an unwrapping error.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, KeyError> {
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| KeyError::Unwrap)?;
        Ok(Self(SecretBox::new(Box::new(bytes))))
    }

    /// The raw key, for wrapping and for deriving other keys only.
    pub fn expose(&self) -> &[u8; 32] {
        self.0.expose_secret()
    }
}

impl std::fmt::Debug for DataKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DataKey(..)")
    }
}

/// One sealed value, as stored. The clinic, the key version and the purpose are authenticated with it, so a value
/// moved to another clinic or column does not open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    pub key_version: i32,
    nonce: [u8; NONCE_LEN],
    ciphertext: Vec<u8>,
}

impl Envelope {
    /// Seals `plaintext` under one version of a clinic's key.
    pub fn seal(key: &DataKey, tenant: Uuid, key_version: i32, purpose: &str, plaintext: &[u8]) -> Result<Self, KeyError> {
        let mut nonce = [0u8; NONCE_LEN];
        aws_lc_rs::rand::fill(&mut nonce)?;
        let mut ciphertext = plaintext.to_vec();
        let aad = Aad::from(associated_data(tenant, key_version, purpose));
        gcm(key.expose())?.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut ciphertext)?;
        Ok(Self { key_version, nonce, ciphertext })
    }

    /// Opens the value for the same clinic and purpose.
    pub fn open(&self, key: &DataKey, tenant: Uuid, purpose: &str) -> Result<Vec<u8>, KeyError> {
        let mut bytes = self.ciphertext.clone();
        let aad = Aad::from(associated_data(tenant, self.key_version, purpose));
        let nonce = Nonce::assume_unique_for_key(self.nonce);
        let len = gcm(key.expose())?.open_in_place(nonce, aad, &mut bytes).map_err(|_| KeyError::Open)?.len();
        bytes.truncate(len);
        Ok(bytes)
    }

    /// `1 | key version (4, big endian) | nonce (12) | ciphertext and tag`
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEAD_LEN + self.ciphertext.len());
        out.push(FORMAT);
        out.extend_from_slice(&self.key_version.to_be_bytes());
        out.extend_from_slice(&self.nonce);
        out.extend_from_slice(&self.ciphertext);
        out
    }

    /// Reads what [`Envelope::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        let Some((head, ciphertext)) = bytes.split_at_checked(HEAD_LEN) else { return Err(KeyError::Format) };
        if head[0] != FORMAT {
            return Err(KeyError::Format);
        }
        let key_version = i32::from_be_bytes([head[1], head[2], head[3], head[4]]);
        let mut nonce = [0u8; NONCE_LEN];
        nonce.copy_from_slice(&head[5..]);
        Ok(Self { key_version, nonce, ciphertext: ciphertext.to_vec() })
    }
}

/// AES-256-GCM with a raw key; shared with the local provider's wrapping.
pub(super) fn gcm(key: &[u8; 32]) -> Result<LessSafeKey, KeyError> {
    Ok(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key)?))
}

fn associated_data(tenant: Uuid, key_version: i32, purpose: &str) -> Vec<u8> {
    let mut aad = b"tsumugi/envelope/1\0".to_vec();
    aad.extend_from_slice(tenant.as_bytes());
    aad.extend_from_slice(&key_version.to_be_bytes());
    aad.extend_from_slice(purpose.as_bytes());
    aad
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn sealed() -> (DataKey, Uuid, Envelope) {
        let (key, tenant) = (DataKey::generate().unwrap(), Uuid::from_u128(7));
        let envelope = Envelope::seal(&key, tenant, 3, "reader.raw", "資格確認".as_bytes()).unwrap();
        (key, tenant, envelope)
    }

    // SE-07
    #[test]
    fn a_value_opens_for_its_own_clinic_and_purpose_only() {
        let (key, tenant, envelope) = sealed();
        let stored = Envelope::from_bytes(&envelope.to_bytes()).unwrap();
        assert_eq!(stored.open(&key, tenant, "reader.raw").unwrap(), "資格確認".as_bytes());
        assert!(matches!(stored.open(&key, Uuid::from_u128(8), "reader.raw"), Err(KeyError::Open)));
        assert!(matches!(stored.open(&key, tenant, "totp.secret"), Err(KeyError::Open)));
        assert!(matches!(stored.open(&DataKey::generate().unwrap(), tenant, "reader.raw"), Err(KeyError::Open)));
    }

    #[test]
    fn every_altered_byte_is_noticed() {
        let (key, tenant, envelope) = sealed();
        let bytes = envelope.to_bytes();
        for at in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[at] ^= 1;
            let opened = Envelope::from_bytes(&altered).and_then(|e| e.open(&key, tenant, "reader.raw"));
            assert!(opened.is_err(), "byte {at} was altered unnoticed");
        }
        for length in 0..bytes.len() {
            assert!(Envelope::from_bytes(&bytes[..length]).and_then(|e| e.open(&key, tenant, "reader.raw")).is_err());
        }
    }

    #[test]
    fn the_stored_bytes_do_not_show_the_plaintext_and_differ_each_time() {
        let (key, tenant, first) = sealed();
        let second = Envelope::seal(&key, tenant, 3, "reader.raw", "資格確認".as_bytes()).unwrap();
        assert_ne!(first, second);
        assert!(!first.to_bytes().windows(3).any(|w| w == "資".as_bytes()));
    }
}
