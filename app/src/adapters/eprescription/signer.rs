//! 署名: the port a doctor signs through, and its first driver, one key file for each doctor (for tests and demonstrations).
//! The cardless service (`cardless`) and cards in a clinic's readers (`card`) take its place behind the same call.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{StaffId, TenantId};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use x509_parser::objects::{oid_registry, oid2abbrev};
use x509_parser::prelude::{FromDer, ParsedExtension, X509Certificate, X509Name};

use super::document::{Certificate, Signer, signed_document};

/// ISO 17090 hcRole, as DER.
const HC_ROLE: &[u8] = &[0x28, 0x81, 0x85, 0x42, 0x00, 0x01];
const DIRECTORY_ATTRIBUTES: &str = "2.5.29.9";
const ROLES: [&str; 2] = ["Medical Doctor", "Dentist"];

/// Why a prescription is not signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SigningRefusal {
    #[error("signing is not set up here")]
    Off,
    #[error("this doctor has no key")]
    NoKey,
    #[error("the key or its certificate cannot be read, or they do not belong together")]
    BadKey,
    #[error("the certificate is not valid yet")]
    NotYet(DateTime<Utc>),
    #[error("the certificate has expired")]
    Expired(DateTime<Utc>),
    #[error("the certificate is not a doctor's")]
    NotADoctor,
    #[error("the cryptographic module refused to sign")]
    Module,
    #[error("the doctor has not signed in to the signing service")]
    SignedOut,
    #[error("the session at the signing service has ended")]
    SessionEnded,
    #[error("the certificate is revoked")]
    Revoked,
    #[error("what came back signed is not what was sent")]
    OtherDocument,
    #[error("the signing service cannot be reached")]
    Away,
    #[error("the PIN was wrong, or nobody typed one")]
    Pin,
    #[error("the card is locked")]
    Locked,
    #[error("whether the certificate is revoked cannot be found out")]
    Unchecked,
    #[error("the certificate is another person's")]
    OtherPerson,
    #[error("the certificate is not the one this doctor registered")]
    OtherCertificate,
}

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

/// What a certificate says of itself.
#[derive(Debug, Clone)]
pub struct CertificateFacts {
    pub subject: String,
    pub serial: String,
    pub valid_to: DateTime<Utc>,
}

pub fn certificate_facts(der: &[u8]) -> Option<CertificateFacts> {
    let (_, read) = X509Certificate::from_der(der).ok()?;
    Some(CertificateFacts {
        subject: read.subject().iter_common_name().filter_map(|name| name.as_str().ok()).collect::<Vec<_>>().join(" "),
        serial: read.serial.to_string(),
        valid_to: DateTime::from_timestamp(read.validity().not_after.timestamp(), 0)?,
    })
}

/// A doctor's certificate that may sign at this moment, and its public key.
pub(super) fn in_force(der: Vec<u8>, at: DateTime<Utc>) -> Result<(Certificate, Vec<u8>), SigningRefusal> {
    let (_, read) = X509Certificate::from_der(&der).map_err(|_| SigningRefusal::BadKey)?;
    check(&read, at)?;
    let (issuer, serial) = (rfc2253(read.issuer()), read.serial.to_string());
    let public_key = read.public_key().subject_public_key.data.to_vec();
    Ok((Certificate { der, issuer, serial }, public_key))
}

/// In force at this moment, for signing, and a doctor's.
pub(super) fn check(certificate: &X509Certificate<'_>, at: DateTime<Utc>) -> Result<(), SigningRefusal> {
    let moment = |seconds: i64| DateTime::from_timestamp(seconds, 0).unwrap_or_default();
    let (from, until) = (certificate.validity().not_before.timestamp(), certificate.validity().not_after.timestamp());
    if at.timestamp() < from {
        return Err(SigningRefusal::NotYet(moment(from)));
    }
    if at.timestamp() > until {
        return Err(SigningRefusal::Expired(moment(until)));
    }
    let may_sign = certificate.extensions().iter().any(|extension| match extension.parsed_extension() {
        ParsedExtension::KeyUsage(usage) => usage.non_repudiation(),
        _ => false,
    });
    let directory = certificate.extensions().iter().find(|e| e.oid.to_id_string() == DIRECTORY_ATTRIBUTES);
    let mut values = Vec::new();
    collect(directory.map_or(&[][..], |extension| extension.value), &mut values);
    let has_role = values.iter().any(|(tag, value)| *tag == 6 && *value == HC_ROLE);
    let is_doctor = values.iter().any(|(tag, value)| *tag != 6 && ROLES.iter().any(|role| role.as_bytes() == *value));
    if may_sign && has_role && is_doctor { Ok(()) } else { Err(SigningRefusal::NotADoctor) }
}

/// The primitive values of a DER tree with their tags; what cannot be read ends the list.
fn collect<'a>(mut der: &'a [u8], values: &mut Vec<(u8, &'a [u8])>) {
    while let [tag, length, rest @ ..] = der {
        let (length, rest) = match (*length, rest) {
            (short @ 0..=0x7f, rest) => (usize::from(short), rest),
            (0x81, [one, rest @ ..]) => (usize::from(*one), rest),
            (0x82, [one, two, rest @ ..]) => ((usize::from(*one) << 8) | usize::from(*two), rest),
            _ => return,
        };
        let Some((value, after)) = rest.split_at_checked(length) else { return };
        if tag & 0x20 == 0 {
            values.push((*tag, value));
        } else {
            collect(value, values);
        }
        der = after;
    }
}

/// The most specific part first, as the signed properties name the issuer.
fn rfc2253(name: &X509Name<'_>) -> String {
    let part = |attribute: &x509_parser::x509::AttributeTypeAndValue<'_>| {
        let kind = oid2abbrev(attribute.attr_type(), oid_registry()).map_or_else(|_| attribute.attr_type().to_id_string(), str::to_owned);
        let value = attribute.as_str().unwrap_or_default();
        let escaped: String = value.chars().flat_map(|c| ",+\"\\<>;".contains(c).then_some('\\').into_iter().chain([c])).collect();
        format!("{kind}={escaped}")
    };
    let mut parts: Vec<String> = name.iter_rdn().map(|rdn| rdn.iter().map(part).collect::<Vec<_>>().join("+")).collect();
    parts.reverse();
    parts.join(",")
}

#[cfg(test)]
#[path = "signer_tests.rs"]
mod tests;
