//! 院内処方等情報 (EPS-IF 401 to 408). The records are those of a 処方箋 without what only a pharmacy needs; 記録条件仕様 院内処方編 is not
//! public, so the names of the fields and the search by our own name are ours until it is at hand.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::message::Trace;
use crate::adapters::eligibility::xml::Element;

pub const REGISTER: &str = "/eps/v1/EPS-IF-401";
pub const REVOKE: &str = "/eps/v1/EPS-IF-403";
pub const CHANGE: &str = "/eps/v1/EPS-IF-405";
pub const SEARCH: &str = "/eps/v1/EPS-IF-407";

impl Trace {
    /// 登録, or 変更 when it takes the place of another. `care` is the 処方区分.
    pub fn inside(&self, document: &str, care: &str, replaces: Option<&str>) -> Vec<u8> {
        let document = STANDARD.encode(document);
        let elements = [
            ("InHospitalPrescriptionId", replaces.unwrap_or_default()),
            ("InHospitalPrescriptionInfo", document.as_str()),
            ("InHospitalPrescriptionType", care),
        ];
        self.message(&self.identifier, &elements)
    }

    pub fn inside_revocation(&self, name: &str, register_id: &str) -> Vec<u8> {
        self.message(name, &[("InHospitalPrescriptionId", register_id)])
    }

    pub fn inside_search(&self, name: &str) -> Vec<u8> {
        let day = self.issued_on.format("%Y%m%d").to_string();
        let mut elements = self.insured().to_vec();
        elements.extend([("IssueDateFrom", day.as_str()), ("IssueDateTo", &day)]);
        self.message(name, &elements)
    }
}

fn id_of(element: &Element) -> Option<String> {
    let id = element.value("InHospitalPrescriptionId")?;
    let is_plain = !id.is_empty() && id.len() <= 36 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    is_plain.then(|| id.to_owned())
}

/// The id the service keeps it under.
pub fn accepted(root: &Element) -> Option<String> {
    id_of(root.child("MessageBody")?)
}

/// Ours among those found.
pub fn found(root: &Element, identifier: &str) -> Option<String> {
    let mut lines = root.child("MessageBody")?.children_named("InHospitalPrescriptionIdList");
    lines.find(|line| line.value("ArbitraryFileIdentifier") == Some(identifier)).and_then(id_of)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::eligibility::xml;

    /// FN-EP-11
    #[test]
    fn only_a_plain_id_is_one_and_only_ours_is_found() {
        let read = |body: &str| xml::parse(&format!("<XmlMsg><MessageBody>{body}</MessageBody></XmlMsg>")).unwrap();
        let id = "<InHospitalPrescriptionId>3f0c9d1e-0000-4000-8000-000000000042</InHospitalPrescriptionId>";
        assert!(accepted(&read(id)).is_some());
        for bad in ["", "<InHospitalPrescriptionId>../x</InHospitalPrescriptionId>", "<PrescriptionId>1</PrescriptionId>"] {
            assert_eq!(accepted(&read(bad)), None, "{bad}");
        }
        let list = format!(
            "<InHospitalPrescriptionIdList>{id}<ArbitraryFileIdentifier>in-1</ArbitraryFileIdentifier></InHospitalPrescriptionIdList>"
        );
        assert!(found(&read(&list), "in-1").is_some() && found(&read(&list), "in-2").is_none());
    }
}
