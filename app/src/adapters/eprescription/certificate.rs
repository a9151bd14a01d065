//! A signing certificate, read: what it says of itself, and whether a doctor may sign with it now.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use x509_parser::objects::{oid_registry, oid2abbrev};
use x509_parser::prelude::{FromDer, ParsedExtension, X509Certificate, X509Name};

use super::refusal::SigningRefusal;

/// ISO 17090 hcRole, as DER.
const HC_ROLE: &[u8] = &[0x28, 0x81, 0x85, 0x42, 0x00, 0x01];
const DIRECTORY_ATTRIBUTES: &str = "2.5.29.9";
const ROLES: [&str; 2] = ["Medical Doctor", "Dentist"];

/// A certificate as a signature names it: X.509 DER, issuer (RFC 2253) and serial (decimal) as the certificate says them.
#[derive(Debug, Clone)]
pub struct Certificate {
    pub der: Vec<u8>,
    pub issuer: String,
    pub serial: String,
}

/// The certificate in a signed document.
pub fn certificate_of(document: &str) -> Option<Vec<u8>> {
    let encoded = document.split("X509Certificate>").nth(1).and_then(|rest| rest.split('<').next())?;
    STANDARD.decode(encoded.trim()).ok()
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
pub fn in_force(der: Vec<u8>, at: DateTime<Utc>) -> Result<(Certificate, Vec<u8>), SigningRefusal> {
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
