//! The envelope every answer of the national services has, without what is in it.

use super::{ReadError, unpacked, xml};

/// Whose question it answers, and for which facility; either may be missing where the service could not read the question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    pub identifier: Option<String>,
    pub institution_code: Option<String>,
}

pub fn read_header(bytes: &[u8]) -> Result<Header, ReadError> {
    let root = xml::parse(&xml::decode(&unpacked(bytes)?)?)?;
    let header = root.child("MessageHeader").filter(|_| root.name == "XmlMsg").ok_or(ReadError::Missing("MessageHeader"))?;
    let value = |name| header.value(name).map(str::to_owned);
    Ok(Header { identifier: value("ArbitraryFileIdentifier"), institution_code: value("MedicalInstitutionCode") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_envelope_is_read_in_both_encodings_and_nothing_else_is_one() {
        let text = "<?xml version=\"1.0\" encoding=\"Shift_JIS\"?><XmlMsg><MessageHeader><ArbitraryFileIdentifier>q-1</ArbitraryFileIdentifier>\
                    <ErrorMessage>照会</ErrorMessage></MessageHeader></XmlMsg>";
        let header = read_header(&encoding_rs::SHIFT_JIS.encode(text).0).unwrap();
        assert_eq!(header, Header { identifier: Some("q-1".into()), institution_code: None });
        for bytes in [&b""[..], b"PK\x03\x04", b"<XmlMsg><MessageHea", b"<Other><MessageHeader/></Other>"] {
            assert!(read_header(bytes).is_err());
        }
    }
}
