//! 救急時医療情報閲覧 (OQS-IF-047): 救急用サマリー of somebody whose card a reader took while they could not be asked. Only a request of
//! emergency, by a person proved with two different factors and holding the privilege, is answered, and only for a day.
//! ⟲ The public descriptions give the code tables, not the names of these elements.

use actix_web::{HttpRequest, HttpResponse, web};

use super::National;
use super::history::{Asked, DRUGS, TREATMENTS, answer, claim_month, drug_day, envelope, given, treatment};
use crate::reader::people::Person;

const BODY: [&str; 5] = [
    "MedicalTreatmentFlag",
    "InformationRequestPattern",
    "FirstAuthenticationFactor",
    "SecondAuthenticationFactor",
    "EmergencyViewAuthority",
];

/// A card was read while its holder could not be asked (同意取得困難).
pub const EMERGENCY: &str = "emergency";

pub async fn summary(national: web::Data<National>, req: HttpRequest, body: web::Bytes) -> HttpResponse {
    answer(&national, &req, &body, read, tell).await
}

fn read(body: &[u8]) -> Result<Asked, String> {
    let (asked, asks) = envelope(body, &BODY)?;
    if asks.must("MedicalTreatmentFlag")? != "4" {
        return Err("MedicalTreatmentFlag は救急の 4 です".into());
    }
    if asks.must("InformationRequestPattern")? != "1" {
        return Err("InformationRequestPattern は救急用サマリーの 1 です".into());
    }
    let (first, second) = (asks.must("FirstAuthenticationFactor")?, asks.must("SecondAuthenticationFactor")?);
    let are_factors = [first, second].iter().all(|factor| matches!(*factor, "1" | "2" | "3"));
    if !are_factors || first == second {
        return Err("認証の要素は、1、2、3 のうち異なる二つです".into());
    }
    if asks.must("EmergencyViewAuthority")? != "1" {
        return Err("救急閲覧権限のない利用者です".into());
    }
    Ok(asked)
}

fn tell(asked: &Asked, person: &Person, national: &National) -> Result<String, String> {
    if !national.consents.holds(&asked.number, EMERGENCY) {
        return Err("救急時の読み取りがないか、期限が過ぎています".into());
    }
    let mut body: String = DRUGS
        .iter()
        .map(|(month, prescriber, pharmacy, drugs)| claim_month(month, prescriber, pharmacy, &drug_day(month, *drugs)))
        .collect();
    for month in ["202608", "202609"] {
        let lines: String = TREATMENTS.iter().filter(|t| t.0 == month).map(treatment).collect();
        let day = format!("<DiDateInfs><DiDateInf><DiDate>{month}11</DiDate><MeTrInfs>{lines}</MeTrInfs></DiDateInf></DiDateInfs>");
        body.push_str(&claim_month(month, "", "架空総合病院", &day));
    }
    Ok(given(asked, person, &body))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(change: &[(&str, &str)]) -> Vec<u8> {
        let values = ["4", "1", "1", "3", "1"];
        let value =
            |name: &str, usual: &'static str| change.iter().find(|(changed, _)| *changed == name).map_or(usual, |(_, v)| v).to_owned();
        let body: String = BODY.iter().zip(values).map(|(name, usual)| format!("<{name}>{}</{name}>", value(name, usual))).collect();
        format!(
            "<XmlMsg><MessageHeader><MedicalInstitutionCode>1319999999</MedicalInstitutionCode><InsurerNumber>01139997</InsurerNumber>\
             <InsuredPersonIdentificationNumber>9000001</InsuredPersonIdentificationNumber><ArbitraryFileIdentifier>1</ArbitraryFileIdentifier>\
             </MessageHeader><MessageBody>{body}</MessageBody></XmlMsg>"
        )
        .into_bytes()
    }

    #[test]
    fn only_an_emergency_by_two_factors_and_privilege_is_read() {
        assert!(read(&question(&[])).is_ok());
        for (name, value) in [
            ("MedicalTreatmentFlag", "1"),
            ("InformationRequestPattern", "2"),
            ("SecondAuthenticationFactor", "1"),
            ("FirstAuthenticationFactor", "9"),
            ("EmergencyViewAuthority", "0"),
            ("EmergencyViewAuthority", ""),
        ] {
            assert!(read(&question(&[(name, value)])).is_err(), "{name} {value}");
        }
    }
}
