//! 署名: the port a doctor signs through, and its first driver, one key file for each doctor (for tests and demonstrations).
//! The cardless service (`cardless`) and cards in a clinic's readers (`card`) take its place behind the same call.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{StaffId, TenantId};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::certificate::in_force;
use super::document::{Signer, signed_document};
use super::refusal::SigningRefusal;

/// A card in a reader beside one of the clinic's 連携端末.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenCard {
    /// SHA-256 of its certificate
    pub fingerprint: String,
    pub subject: String,
    pub valid_to: DateTime<Utc>,
    /// Why nobody can sign with it, if so.
    pub refusal: Option<SigningRefusal>,
}

/// Whether a doctor may sign right now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SigningSession {
    /// Nothing to sign in to.
    Needless,
    Out,
    In,
}

impl SigningSession {
    pub fn is_in(&self) -> bool {
        *self == Self::In
    }

    pub fn is_needless(&self) -> bool {
        *self == Self::Needless
    }
}

#[async_trait]
pub trait PrescriptionSigner: Send + Sync {
    /// Whether anybody can sign here at all.
    fn is_on(&self) -> bool {
        true
    }

    /// Whether doctors sign in at a service of its own.
    fn has_service(&self) -> bool {
        false
    }

    async fn session(&self, _clinic: TenantId, _doctor: StaffId) -> Result<SigningSession, SigningRefusal> {
        Ok(SigningSession::Needless)
    }

    /// Where the doctor signs in; none where there is nothing to sign in to.
    async fn begin_session(&self, _clinic: TenantId, _doctor: StaffId) -> Result<Option<String>, SigningRefusal> {
        Ok(None)
    }

    /// Has the doctor signed in there?
    async fn finish_session(&self, _clinic: TenantId, _doctor: StaffId) -> Result<bool, SigningRefusal> {
        Ok(false)
    }

    /// Ends what the doctor signed in to.
    async fn end_session(&self, _clinic: TenantId, _doctor: StaffId) -> Result<(), SigningRefusal> {
        Ok(())
    }

    /// Cards in the readers of this clinic.
    async fn cards(&self, _clinic: TenantId) -> Result<Vec<SeenCard>, SigningRefusal> {
        Ok(Vec::new())
    }

    /// Signing in with one of them: its reader asks for the PIN.
    async fn begin_with_card(&self, _clinic: TenantId, _doctor: StaffId, _fingerprint: &str) -> Result<(), SigningRefusal> {
        Err(SigningRefusal::NoKey)
    }

    /// The signed document around these records, by this doctor's own key.
    async fn sign(&self, clinic: TenantId, doctor: StaffId, csv: &str, at: DateTime<Utc>) -> Result<String, SigningRefusal>;
}

/// No way of signing is set up: prescriptions are issued on paper.
pub struct NoSigner;

#[async_trait]
impl PrescriptionSigner for NoSigner {
    fn is_on(&self) -> bool {
        false
    }

    async fn sign(&self, _: TenantId, _: StaffId, _: &str, _: DateTime<Utc>) -> Result<String, SigningRefusal> {
        Err(SigningRefusal::Off)
    }
}

/// `{clinic}.{doctor}.pem` in one folder: a private key (PKCS#8) and its certificate.
pub struct KeyFiles(PathBuf);

impl KeyFiles {
    pub fn new(folder: &Path) -> Self {
        Self(folder.to_owned())
    }
}

#[async_trait]
impl PrescriptionSigner for KeyFiles {
    async fn sign(&self, clinic: TenantId, doctor: StaffId, csv: &str, at: DateTime<Utc>) -> Result<String, SigningRefusal> {
        let file = self.0.join(format!("{clinic}.{doctor}.pem"));
        let pem = tokio::fs::read(&file).await.map_err(|_| SigningRefusal::NoKey)?;
        let signer = read(&pem, at)?;
        signed_document(csv, &signer, at).map_err(|_| SigningRefusal::Module)
    }
}

fn read(pem: &[u8], at: DateTime<Utc>) -> Result<Signer, SigningRefusal> {
    let PrivateKeyDer::Pkcs8(key) = PrivateKeyDer::from_pem_slice(pem).map_err(|_| SigningRefusal::BadKey)? else {
        return Err(SigningRefusal::BadKey);
    };
    let der = CertificateDer::from_pem_slice(pem).map_err(|_| SigningRefusal::BadKey)?.to_vec();
    let (certificate, public_key) = in_force(der, at)?;
    let signer = Signer::new(key.secret_pkcs8_der(), certificate).map_err(|_| SigningRefusal::BadKey)?;
    if signer.has_public_key(&public_key) { Ok(signer) } else { Err(SigningRefusal::BadKey) }
}

#[cfg(test)]
#[path = "signer_tests.rs"]
mod tests;
