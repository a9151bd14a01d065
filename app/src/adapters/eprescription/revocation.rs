//! 失効リスト (CRL) of the authorities that issue doctors' certificates, as the operator keeps it on disk. A list that is set up and
//! cannot be read stops signing: a revoked card must not pass because a file was lost.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use x509_parser::pem::Pem;
use x509_parser::prelude::{CertificateRevocationList, FromDer, X509Certificate};

use super::refusal::SigningRefusal;

#[derive(Debug, Clone, Default)]
pub struct Revocations(Option<PathBuf>);

impl Revocations {
    pub fn new(file: Option<PathBuf>) -> Self {
        Self(file)
    }

    /// Read anew each time: the operator renews the file under a running product.
    pub async fn check(&self, der: &[u8], at: DateTime<Utc>) -> Result<(), SigningRefusal> {
        let Some(file) = &self.0 else { return Ok(()) };
        let bytes = tokio::fs::read(file).await.map_err(|_| SigningRefusal::Unchecked)?;
        let (_, certificate) = X509Certificate::from_der(der).map_err(|_| SigningRefusal::BadKey)?;
        let lists: Vec<Vec<u8>> = match Pem::iter_from_buffer(&bytes).collect::<Result<Vec<_>, _>>() {
            Ok(pems) if !pems.is_empty() => pems.into_iter().map(|pem| pem.contents).collect(),
            _ => vec![bytes],
        };
        for list in &lists {
            let (_, list) = CertificateRevocationList::from_der(list).map_err(|_| SigningRefusal::Unchecked)?;
            if list.issuer().as_raw() != certificate.issuer().as_raw() {
                continue;
            }
            if list.next_update().is_some_and(|next| next.timestamp() < at.timestamp()) {
                return Err(SigningRefusal::Unchecked);
            }
            if list.iter_revoked_certificates().any(|revoked| revoked.user_certificate == certificate.serial) {
                return Err(SigningRefusal::Revoked);
            }
        }
        Ok(())
    }
}
