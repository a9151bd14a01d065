//! The document around the record, and the doctor's signature on it (XAdES: ETSI TS 101 903).
//!
//! Three references are signed: the prescription, the certificate (KeyInfo) and the signed properties (when, by which certificate);
//! exclusive C14N, SHA-256, RSA-SHA256. We never canonicalise: every signed element is *written* in its exclusive canonical form, with
//! the namespaces it uses declared on it, so that what is digested is a piece of what is sent. An independent verifier (xmlsec1) is
//! asked in the tests. The transform list of 記録条件仕様 §5 is not public; it is this file's to change.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};

use super::certificate::Certificate;

const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
const XADES: &str = "http://uri.etsi.org/01903/v1.3.2#";
const C14N: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const DIGEST: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
const SIGNATURE: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
const PROPERTIES: &str = "http://uri.etsi.org/01903#SignedProperties";

#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    #[error("the signing key or its certificate cannot be read")]
    Key,
    #[error("the cryptographic module refused to sign")]
    Module,
}

/// A key with its certificate.
pub struct Signer {
    key: KeyPair,
    certificate: Certificate,
}

/// A document that waits for its signature value: a card far away makes that of [`Unsigned::signed_info`].
pub struct Unsigned {
    prescription: String,
    key_info: String,
    properties: String,
    signed_info: String,
}

impl Signer {
    /// `key` is PKCS#8 DER.
    pub fn new(key: &[u8], certificate: Certificate) -> Result<Self, SigningError> {
        let key = KeyPair::from_pkcs8(key).map_err(|_| SigningError::Key)?;
        Ok(Self { key, certificate })
    }

    /// Whether the certificate's key is the other half of this one.
    pub fn has_public_key(&self, public_key: &[u8]) -> bool {
        self.key.public_key().as_ref() == public_key
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).map_err(|_| SigningError::Module)?;
        Ok(signature)
    }
}

/// 処方箋情報提供ファイル: the paper is the original, no signature.
pub fn paper_document(csv: &str) -> String {
    document(&prescription(csv), "")
}

/// 電子処方箋ファイル.
pub fn signed_document(csv: &str, signer: &Signer, at: DateTime<Utc>) -> Result<String, SigningError> {
    let unsigned = Unsigned::new(csv, &signer.certificate, at);
    let value = signer.sign(unsigned.signed_info())?;
    Ok(unsigned.finish(&value))
}

impl Unsigned {
    pub fn new(csv: &str, certificate: &Certificate, at: DateTime<Utc>) -> Self {
        let prescription = prescription(csv);
        let key_info = key_info(&certificate.der);
        let properties = properties(certificate, at);
        let signed_info = signed_info(&[
            ("#PrescriptionDocument", None, &prescription),
            ("#KeyInfo", None, &key_info),
            ("#SignedProperties", Some(PROPERTIES), &properties),
        ]);
        Self { prescription, key_info, properties, signed_info }
    }

    /// The bytes RSA-SHA256 is made over; digests and nothing of the patient.
    pub fn signed_info(&self) -> &[u8] {
        self.signed_info.as_bytes()
    }

    pub fn finish(&self, value: &[u8]) -> String {
        let Self { prescription, key_info, properties, signed_info } = self;
        let value = STANDARD.encode(value);
        let signature = format!(
            "<PrescriptionSign><xs:Signature xmlns:xs=\"{DSIG}\" Id=\"PrescriptionSign\">{signed_info}<xs:SignatureValue>{value}</xs:SignatureValue>{key_info}\
             <xs:Object><xa:QualifyingProperties xmlns:xa=\"{XADES}\" Target=\"#PrescriptionSign\">{properties}</xa:QualifyingProperties></xs:Object>\
             </xs:Signature></PrescriptionSign>"
        );
        document(prescription, &signature)
    }
}

/// 処方箋情報 out of a document we wrote.
pub fn csv_of(document: &str) -> Option<String> {
    let (_, rest) = document.split_once("<PrescriptionDocument id=\"PrescriptionDocument\">")?;
    let (encoded, _) = rest.split_once("</PrescriptionDocument>")?;
    String::from_utf8(STANDARD.decode(encoded).ok()?).ok()
}

fn document(prescription: &str, signature: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Document xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" id=\"Document\" \
         xsi:noNamespaceSchemaLocation=\"EP.xsd\"><Prescription><PrescriptionManagement id=\"PrescriptionManagement\"><Version Value=\"EPS1.0\"/>\
         </PrescriptionManagement>{prescription}{signature}</Prescription></Document>"
    )
}

fn prescription(csv: &str) -> String {
    format!("<PrescriptionDocument id=\"PrescriptionDocument\">{}</PrescriptionDocument>", STANDARD.encode(csv))
}

fn key_info(certificate: &[u8]) -> String {
    format!(
        "<xs:KeyInfo xmlns:xs=\"{DSIG}\" Id=\"KeyInfo\"><xs:X509Data><xs:X509Certificate>{}</xs:X509Certificate></xs:X509Data></xs:KeyInfo>",
        STANDARD.encode(certificate)
    )
}

/// Elements of the other namespace declare it each for themselves, as exclusive C14N would.
fn properties(certificate: &Certificate, at: DateTime<Utc>) -> String {
    let dsig = |name: &str, rest: &str, text: &str| format!("<xs:{name} xmlns:xs=\"{DSIG}\"{rest}>{text}</xs:{name}>");
    format!(
        "<xa:SignedProperties xmlns:xa=\"{XADES}\" Id=\"SignedProperties\"><xa:SignedSignatureProperties><xa:SigningTime>{}</xa:SigningTime>\
         <xa:SigningCertificate><xa:Cert><xa:CertDigest>{}{}</xa:CertDigest><xa:IssuerSerial>{}{}</xa:IssuerSerial></xa:Cert></xa:SigningCertificate>\
         </xa:SignedSignatureProperties></xa:SignedProperties>",
        at.format("%Y-%m-%dT%H:%M:%SZ"),
        dsig("DigestMethod", &format!(" Algorithm=\"{DIGEST}\""), ""),
        dsig("DigestValue", "", &hash(&certificate.der)),
        dsig("X509IssuerName", "", &certificate.issuer.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")),
        dsig("X509SerialNumber", "", &certificate.serial),
    )
}

fn signed_info(references: &[(&str, Option<&str>, &String)]) -> String {
    let references: String = references
        .iter()
        .map(|(uri, kind, content)| {
            let kind = kind.map(|kind| format!(" Type=\"{kind}\"")).unwrap_or_default();
            format!(
                "<xs:Reference{kind} URI=\"{uri}\"><xs:Transforms><xs:Transform Algorithm=\"{C14N}\"></xs:Transform></xs:Transforms>\
                 <xs:DigestMethod Algorithm=\"{DIGEST}\"></xs:DigestMethod><xs:DigestValue>{}</xs:DigestValue></xs:Reference>",
                hash(content.as_bytes())
            )
        })
        .collect();
    format!(
        "<xs:SignedInfo xmlns:xs=\"{DSIG}\"><xs:CanonicalizationMethod Algorithm=\"{C14N}\"></xs:CanonicalizationMethod>\
         <xs:SignatureMethod Algorithm=\"{SIGNATURE}\"></xs:SignatureMethod>{references}</xs:SignedInfo>"
    )
}

fn hash(bytes: &[u8]) -> String {
    STANDARD.encode(digest(&SHA256, bytes).as_ref())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::process::Command;

    use super::super::record::tests::sample;
    use super::*;

    struct Desk(PathBuf);

    impl Desk {
        /// A test doctor with a key and a certificate of their own.
        fn new(name: &str) -> Self {
            let dir = std::env::temp_dir().join(format!("tsumugi-xades-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&dir).unwrap();
            let openssl = |args: &str| {
                let done = Command::new("openssl").args(args.split(' ')).current_dir(&dir).output().unwrap();
                assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
            };
            openssl("req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -set_serial 4660 -subj /CN=SIM-doctor");
            openssl("pkcs8 -topk8 -nocrypt -in key.pem -outform DER -out key.der");
            openssl("x509 -in cert.pem -outform DER -out cert.der");
            Self(dir)
        }

        fn signer(&self) -> Signer {
            let read = |name: &str| std::fs::read(self.0.join(name)).unwrap();
            let certificate = Certificate { der: read("cert.der"), issuer: "CN=SIM-doctor".into(), serial: "4660".into() };
            Signer::new(&read("key.der"), certificate).unwrap()
        }

        /// Asks xmlsec1, which is not ours.
        fn verifies(&self, document: &str) -> bool {
            std::fs::write(self.0.join("doc.xml"), document).unwrap();
            let ids = [
                ("--id-attr:id", "PrescriptionDocument".to_owned()),
                ("--id-attr:Id", format!("{DSIG}:KeyInfo")),
                ("--id-attr:Id", format!("{XADES}:SignedProperties")),
            ];
            let mut command = Command::new("xmlsec1");
            command.args(["--verify", "--trusted-pem", "cert.pem", "--enabled-key-data", "x509"]);
            for (flag, element) in &ids {
                command.args([*flag, element]);
            }
            command
                .arg("doc.xml")
                .current_dir(&self.0)
                .output()
                .expect("xmlsec1 is installed by infra/local/install --tests")
                .status
                .success()
        }
    }

    impl Drop for Desk {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn at() -> DateTime<Utc> {
        "2026-11-20T01:30:00Z".parse().unwrap()
    }

    /// FN-EP-06: an implementation that is not ours verifies the three references; any altered byte and any other key are noticed.
    #[test]
    fn another_implementation_verifies_what_we_sign() {
        let desk = Desk::new("verify");
        let csv = sample().to_csv().unwrap();
        let signed = signed_document(&csv, &desk.signer(), at()).unwrap();
        assert!(desk.verifies(&signed));

        let other = STANDARD.encode(csv.replace(",14\n", ",90\n"));
        assert!(!desk.verifies(&signed.replace(&STANDARD.encode(&csv), &other)), "another prescription under the same signature");
        assert!(!desk.verifies(&signed.replace("01:30:00Z", "01:31:00Z")), "another time");
        assert!(!desk.verifies(&signed.replace("4660", "4661")), "another certificate's serial");
        let stranger = Desk::new("stranger");
        assert!(!desk.verifies(&signed_document(&csv, &stranger.signer(), at()).unwrap()), "somebody else's key");
    }

    #[test]
    fn the_paper_kind_carries_no_signature() {
        let document = paper_document("SJ1\n");
        assert_eq!(csv_of(&document).as_deref(), Some("SJ1\n"));
        assert!(!document.contains("PrescriptionSign") && document.contains(&STANDARD.encode("SJ1\n")) && !document.contains('\n'));
    }

    #[test]
    fn a_key_that_is_none_is_refused() {
        assert!(matches!(
            Signer::new(b"no key", Certificate { der: vec![], issuer: "CN=x".into(), serial: "1".into() }),
            Err(SigningError::Key)
        ));
    }
}
