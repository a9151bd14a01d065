//! 重複投薬等チェック: the early word at reception (EPS-IF 101), the question about a draft (219) and its answer (103). The spelling of
//! some elements is ours until the interface specification is at hand.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::message::Trace;
use crate::adapters::eligibility::xml::Element;

pub const PREFETCH: &str = "/eps/v1/EPS-IF-101";
pub const CHECK: &str = "/eps/v1/EPS-IF-219";
/// 自院の処方は自院で点検している.
const WITHOUT_OWN: &str = "1";

/// What the patient agreed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consents {
    pub online: bool,
    pub oral: bool,
}

impl Consents {
    pub const fn any(self) -> bool {
        self.online || self.oral
    }
}

impl Trace {
    /// 事前処理: this person is here today.
    pub fn prefetch(&self, name: &str) -> Vec<u8> {
        self.message(name, &self.insured())
    }

    pub fn check(&self, name: &str, csv: &str, consents: Consents) -> Vec<u8> {
        let flag = |given| if given { "1" } else { "0" };
        let info = STANDARD.encode(csv);
        let mut elements = self.insured().to_vec();
        elements.extend([
            ("PrescriptionInfo", info.as_str()),
            ("SameMedicalInstitutionAlertFlg", WITHOUT_OWN),
            ("OnlineConsent", flag(consents.online)),
            ("OralBrowsingConsent", flag(consents.oral)),
        ]);
        self.message(name, &elements)
    }
}

/// One drug of an alert.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertDrug {
    pub code: String,
    pub name: String,
    pub quantity: String,
    pub usage: String,
}

/// The other drug: when and where it was given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastDrug {
    /// YYYYMMDD as the service says it
    pub day: String,
    pub institution: String,
    pub pharmacy: String,
    pub drug: AlertDrug,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    pub category: String,
    pub ingredient: String,
    pub message: String,
    pub target: AlertDrug,
    /// Only under consent.
    pub past: Option<PastDrug>,
}

/// The alerts of an answer; `None` when it is none. What the patient did not agree to is not read, whatever was sent.
pub fn alerts(root: &Element, consents: Consents) -> Option<Vec<Alert>> {
    let result = root.child("MessageBody")?.child("DuplicateCheckResult")?;
    let list: Vec<Alert> = result
        .child("MessageList")
        .map(|list| list.children_named("MessageInfo").map(|info| alert(info, consents)).collect())
        .unwrap_or_default();
    match (result.value("CheckResult")?, list.is_empty()) {
        ("0", true) | ("1", false) => Some(list),
        _ => None,
    }
}

fn alert(info: &Element, consents: Consents) -> Alert {
    let past = info.child("Past").filter(|_| consents.any()).map(|past| PastDrug {
        day: text(past, "Date", 8),
        institution: text(past, "MedicalInstitutionName", 120),
        pharmacy: text(past, "InsurancePharmacyName", 120),
        drug: drug(past),
    });
    Alert {
        category: text(info, "MessageCategory", 50),
        ingredient: text(info, "PharmaceuticalsIngredientName", 80),
        message: text(info, "Message", 400),
        target: info.child("Target").map(drug).unwrap_or_default(),
        past,
    }
}

fn drug(element: &Element) -> AlertDrug {
    AlertDrug {
        code: text(element, "PharmaceuticalCode", 13),
        name: text(element, "PharmaceuticalName", 80),
        quantity: text(element, "DispensingQuantity", 3),
        usage: text(element, "Usage", 100),
    }
}

fn text(element: &Element, name: &str, most: usize) -> String {
    element.value(name).unwrap_or_default().chars().filter(|c| !c.is_control()).take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::eligibility::xml;

    const AGREED: Consents = Consents { online: false, oral: true };
    const NOT_AGREED: Consents = Consents { online: false, oral: false };

    fn read(result: &str, consents: Consents) -> Option<Vec<Alert>> {
        let root = format!("<XmlMsg><MessageBody><DuplicateCheckResult>{result}</DuplicateCheckResult></MessageBody></XmlMsg>");
        alerts(&xml::parse(&root).unwrap(), consents)
    }

    /// FN-EP-05
    #[test]
    fn what_the_patient_did_not_agree_to_is_not_read_even_when_it_is_sent() {
        let one = "<CheckResult>1</CheckResult><MessageList><MessageInfo><MessageCategory>重複投薬</MessageCategory><Target>\
            <PharmaceuticalCode>699999001</PharmaceuticalCode></Target><Past><Date>20261101</Date><MedicalInstitutionName>よその医院</MedicalInstitutionName>\
            <PharmaceuticalName>よその薬</PharmaceuticalName></Past></MessageInfo></MessageList>";
        let [agreed, not] = [AGREED, NOT_AGREED].map(|consents| read(one, consents).unwrap().remove(0));
        assert_eq!(agreed.past.unwrap().drug.name, "よその薬");
        assert!(not.past.is_none() && not.target.code == "699999001");
    }

    /// FN-EP-04
    #[test]
    fn an_answer_that_contradicts_itself_is_none() {
        assert_eq!(read("<CheckResult>0</CheckResult>", AGREED), Some(vec![]));
        let some = "<MessageList><MessageInfo><MessageCategory>併用禁忌</MessageCategory></MessageInfo></MessageList>";
        for wrong in ["", "<CheckResult>1</CheckResult>", "<CheckResult>2</CheckResult>", &format!("<CheckResult>0</CheckResult>{some}")] {
            assert_eq!(read(wrong, AGREED), None, "{wrong}");
        }
    }
}
