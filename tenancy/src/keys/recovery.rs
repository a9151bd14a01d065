//! The offline recovery key (BK-07): every data key is also wrapped to an RSA-4096 public key whose private half
//! is kept away from production, so that a copy of the bucket plus that key is enough to restore.

use std::path::Path;

use aws_lc_rs::rsa::{
    OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, OaepPublicEncryptingKey, PrivateDecryptingKey, PublicEncryptingKey,
};
use base64::Engine as _;

use super::{DataKey, KeyContext, KeyError};

const MIN_BITS: usize = 4096;

/// The public half, given to production.
pub struct RecoveryPublicKey(OaepPublicEncryptingKey);

impl RecoveryPublicKey {
    /// Reads SubjectPublicKeyInfo, PEM or DER.
    pub fn open(path: &Path) -> Result<Self, KeyError> {
        let der = read_der(path, "PUBLIC KEY")?;
        let refused = |reason: &str| KeyError::File { path: path.display().to_string(), reason: reason.into() };
        let key = PublicEncryptingKey::from_der(&der).map_err(|_| refused("not an RSA public key (SPKI)"))?;
        if key.key_size_bits() < MIN_BITS {
            return Err(refused("the recovery key must have at least 4096 bits"));
        }
        Ok(Self(OaepPublicEncryptingKey::new(key)?))
    }

    /// RSA-OAEP with SHA-256; the context is the OAEP label.
    pub fn wrap(&self, context: KeyContext, key: &DataKey) -> Result<Vec<u8>, KeyError> {
        let mut out = vec![0u8; self.0.ciphertext_size()];
        let label = context.to_bytes();
        let len = self.0.encrypt(&OAEP_SHA256_MGF1SHA256, key.expose(), &mut out, Some(&label))?.len();
        out.truncate(len);
        Ok(out)
    }
}

/// The private half, brought only to a restore.
pub struct RecoveryPrivateKey(OaepPrivateDecryptingKey);

impl RecoveryPrivateKey {
    /// Reads PKCS#8, PEM or DER.
    pub fn open(path: &Path) -> Result<Self, KeyError> {
        let der = read_der(path, "PRIVATE KEY")?;
        let key = PrivateDecryptingKey::from_pkcs8(&der).map_err(|_| KeyError::File {
            path: path.display().to_string(),
            reason: "not an unencrypted RSA private key (PKCS#8)".into(),
        })?;
        Ok(Self(OaepPrivateDecryptingKey::new(key)?))
    }

    /// Opens what [`RecoveryPublicKey::wrap`] made for the same clinic and version.
    pub fn unwrap(&self, context: KeyContext, wrapped: &[u8]) -> Result<DataKey, KeyError> {
        let mut out = vec![0u8; self.0.min_output_size()];
        let label = context.to_bytes();
        let plain = self.0.decrypt(&OAEP_SHA256_MGF1SHA256, wrapped, &mut out, Some(&label)).map_err(|_| KeyError::Unwrap)?;
        let key = DataKey::from_slice(plain);
        out.fill(0);
        key
    }
}

fn read_der(path: &Path, label: &str) -> Result<Vec<u8>, KeyError> {
    let refused = |reason: String| KeyError::File { path: path.display().to_string(), reason };
    let bytes = std::fs::read(path).map_err(|e| refused(e.to_string()))?;
    let Some(text) = std::str::from_utf8(&bytes).ok().filter(|text| text.contains("-----BEGIN ")) else { return Ok(bytes) };
    let body = text
        .split_once(&format!("-----BEGIN {label}-----"))
        .and_then(|(_, rest)| rest.split_once(&format!("-----END {label}-----")))
        .map(|(body, _)| body.split_whitespace().collect::<String>())
        .ok_or_else(|| refused(format!("no {label} block in this PEM file")))?;
    base64::engine::general_purpose::STANDARD.decode(body).map_err(|_| refused("the PEM block is not base64".into()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use aws_lc_rs::encoding::AsDer;
    use aws_lc_rs::rsa::KeySize;
    use uuid::Uuid;

    // BK-07
    #[test]
    fn the_recovery_key_opens_what_production_wrapped() {
        let dir = std::env::temp_dir().join(format!("tsumugi-recovery-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let private = PrivateDecryptingKey::generate(KeySize::Rsa4096).unwrap();
        std::fs::write(dir.join("private.der"), AsDer::as_der(&private).unwrap().as_ref()).unwrap();
        let spki = AsDer::as_der(&private.public_key()).unwrap();
        let body = base64::engine::general_purpose::STANDARD.encode(spki.as_ref());
        std::fs::write(dir.join("public.pem"), format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n")).unwrap();

        let context = KeyContext { tenant: Uuid::from_u128(7), key_version: 2 };
        let key = DataKey::generate().unwrap();
        let wrapped = RecoveryPublicKey::open(&dir.join("public.pem")).unwrap().wrap(context, &key).unwrap();
        let recovery = RecoveryPrivateKey::open(&dir.join("private.der")).unwrap();
        assert_eq!(recovery.unwrap(context, &wrapped).unwrap().expose(), key.expose());
        assert!(recovery.unwrap(KeyContext { key_version: 3, ..context }, &wrapped).is_err());
        assert!(RecoveryPublicKey::open(&dir.join("private.der")).is_err());
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
