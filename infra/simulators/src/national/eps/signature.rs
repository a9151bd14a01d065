//! The doctor's XAdES signature as the service judges it: three references, the certificate's chain, its time and its role.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use x509_parser::pem::Pem;
use x509_parser::prelude::{FromDer, ParsedExtension, X509Certificate};

use super::tree::{DSIG, Element, XADES};

const C14N: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const DIGEST: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
const RSA: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
const PROPERTIES: &str = "http://uri.etsi.org/01903#SignedProperties";
/// id-at hcRole of ISO 17090, as DER content.
const HC_ROLE: &[u8] = &[0x06, 0x06, 0x28, 0x81, 0x85, 0x42, 0x00, 0x01];
const ROLES: [&str; 2] = ["Medical Doctor", "Dentist"];
/// Clocks differ a little.
const AHEAD: TimeDelta = TimeDelta::minutes(5);

/// A failure with the code the service answers with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure(pub &'static str, pub String);

fn fail<T>(code: &'static str, words: impl Into<String>) -> Result<T, Failure> {
    Err(Failure(code, words.into()))
}

/// Certificates the service trusts (署名用の認証局), as PEM.
#[derive(Clone, Default)]
pub struct Anchors(Vec<Vec<u8>>);

impl Anchors {
    pub fn from_pem(pem: &[u8]) -> anyhow::Result<Self> {
        let found: Result<Vec<Vec<u8>>, _> = Pem::iter_from_buffer(pem).map(|one| one.map(|one| one.contents)).collect();
        Ok(Self(found?))
    }

    /// Issued by one of ours, and each signature on the way holds.
    fn vouch_for(&self, certificate: &X509Certificate<'_>) -> bool {
        self.0.iter().any(|der| {
            let Ok((_, anchor)) = X509Certificate::from_der(der) else { return false };
            let is_authority = anchor.is_ca() && anchor.subject().as_raw() == certificate.issuer().as_raw();
            is_authority && is_signed_by(certificate, &anchor)
        })
    }
}

fn is_signed_by(certificate: &X509Certificate<'_>, authority: &X509Certificate<'_>) -> bool {
    let algorithm: &dyn VerificationAlgorithm = match certificate.signature_algorithm.algorithm.to_id_string().as_str() {
        "1.2.840.113549.1.1.11" => &RSA_PKCS1_2048_8192_SHA256,
        "1.2.840.10045.4.3.2" => &ECDSA_P256_SHA256_ASN1,
        _ => return false,
    };
    let key = UnparsedPublicKey::new(algorithm, &authority.public_key().subject_public_key.data);
    key.verify(certificate.tbs_certificate.as_ref(), &certificate.signature_value.data).is_ok()
}

/// Everything the signature must be; the certificate's subject comes back.
pub fn verify(prescription: &Element, anchors: &Anchors, now: DateTime<Utc>) -> Result<String, Failure> {
    let missing = |words: String| Failure("SIMV001E", words);
    let holder = prescription.one("", "PrescriptionSign").map_err(missing)?;
    let signature = holder.one(DSIG, "Signature").map_err(missing)?;
    let info = signature.one(DSIG, "SignedInfo").map_err(missing)?;
    let key_info = signature.one(DSIG, "KeyInfo").map_err(missing)?;
    let properties = signature
        .one(DSIG, "Object")
        .and_then(|o| o.one(XADES, "QualifyingProperties"))
        .and_then(|q| q.one(XADES, "SignedProperties"))
        .map_err(missing)?;
    let document = prescription.one("", "PrescriptionDocument").map_err(missing)?;
    if algorithm(info, "CanonicalizationMethod")? != C14N || algorithm(info, "SignatureMethod")? != RSA {
        return fail("SIMV002E", "正規化か署名の方式が違います");
    }
    references(info, &[("PrescriptionDocument", "", document), ("KeyInfo", "", key_info), ("SignedProperties", PROPERTIES, properties)])?;

    let der = key_info.one(DSIG, "X509Data").and_then(|d| d.one(DSIG, "X509Certificate")).map_err(missing)?;
    let der = STANDARD.decode(der.text()).map_err(|_| missing("証明書を読めません".into()))?;
    let (_, certificate) = X509Certificate::from_der(&der).map_err(|_| missing("証明書を読めません".into()))?;
    let value = signature.one(DSIG, "SignatureValue").map_err(missing)?;
    let value = STANDARD.decode(value.text()).map_err(|_| missing("署名値を読めません".into()))?;
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &certificate.public_key().subject_public_key.data);
    if key.verify(info.canonical().as_bytes(), &value).is_err() {
        return fail("SIMV004E", "署名値が合いません");
    }
    let signed_at = stated(properties, &der, &certificate)?;
    if signed_at > now + AHEAD {
        return fail("SIMV005E", "署名時刻が未来です");
    }
    for moment in [signed_at, now] {
        let validity = certificate.validity();
        if moment.timestamp() < validity.not_before.timestamp() || moment.timestamp() > validity.not_after.timestamp() {
            return fail("SIMV006E", "証明書の有効期間外です");
        }
    }
    if !anchors.vouch_for(&certificate) {
        return fail("SIMV007E", "信頼する認証局の証明書ではありません");
    }
    if !is_doctors(&certificate) {
        return fail("SIMV008E", "医師・歯科医師の資格(hcRole)がありません");
    }
    Ok(certificate.subject().to_string())
}

fn algorithm(parent: &Element, local: &str) -> Result<String, Failure> {
    let element = parent.one(DSIG, local).map_err(|words| Failure("SIMV001E", words))?;
    Ok(element.attribute("Algorithm").to_owned())
}

/// Exactly these, each with its digest over what really stands at its place in the document.
fn references(info: &Element, wanted: &[(&str, &str, &Element)]) -> Result<(), Failure> {
    let stated: Vec<&Element> = info.elements().filter(|e| e.is(DSIG, "Reference")).collect();
    if stated.len() != wanted.len() {
        return fail("SIMV003E", "署名の参照は3つです");
    }
    for (id, kind, element) in wanted {
        let own = if element.attribute("Id").is_empty() { element.attribute("id") } else { element.attribute("Id") };
        let uri = format!("#{id}");
        let Some(reference) = stated.iter().find(|r| r.attribute("URI") == uri).filter(|_| own == *id) else {
            return fail("SIMV003E", format!("{id} への参照がありません"));
        };
        let transforms = reference.one(DSIG, "Transforms").map_err(|words| Failure("SIMV003E", words))?;
        if algorithm(transforms, "Transform")? != C14N
            || algorithm(reference, "DigestMethod")? != DIGEST
            || reference.attribute("Type") != *kind
        {
            return fail("SIMV003E", format!("{id} の変換かダイジェストの方式が違います"));
        }
        let value = reference.one(DSIG, "DigestValue").map_err(|words| Failure("SIMV003E", words))?;
        if value.text() != hash(element.canonical().as_bytes()) {
            return fail("SIMV003E", format!("{id} のダイジェストが合いません"));
        }
    }
    Ok(())
}

/// SigningTime, and that the properties speak of this very certificate.
fn stated(properties: &Element, der: &[u8], certificate: &X509Certificate<'_>) -> Result<DateTime<Utc>, Failure> {
    let read = || -> Result<(String, String, String), String> {
        let own = properties.one(XADES, "SignedSignatureProperties")?;
        let cert = own.one(XADES, "SigningCertificate")?.one(XADES, "Cert")?;
        let digest = cert.one(XADES, "CertDigest")?.one(DSIG, "DigestValue")?.text();
        let serial = cert.one(XADES, "IssuerSerial")?.one(DSIG, "X509SerialNumber")?.text();
        Ok((own.one(XADES, "SigningTime")?.text(), digest, serial))
    };
    let (at, digest, serial) = read().map_err(|words| Failure("SIMV005E", words))?;
    if digest != hash(der) || serial != certificate.serial.to_string() {
        return fail("SIMV005E", "署名属性の証明書が署名の証明書ではありません");
    }
    at.parse::<DateTime<Utc>>().map_err(|_| Failure("SIMV005E", "署名時刻を読めません".into()))
}

/// The hcRole attribute stands in subjectDirectoryAttributes; keyUsage allows nonRepudiation.
fn is_doctors(certificate: &X509Certificate<'_>) -> bool {
    let directory = certificate.extensions().iter().find(|e| e.oid.to_id_string() == "2.5.29.9").map(|e| e.value);
    let may_sign = certificate.extensions().iter().any(|e| match e.parsed_extension() {
        ParsedExtension::KeyUsage(usage) => usage.non_repudiation(),
        _ => false,
    });
    let has = |what: &[u8]| directory.is_some_and(|bytes| bytes.windows(what.len()).any(|w| w == what));
    may_sign && has(HC_ROLE) && ROLES.iter().any(|role| has(role.as_bytes()))
}

fn hash(bytes: &[u8]) -> String {
    STANDARD.encode(digest(&SHA256, bytes).as_ref())
}
