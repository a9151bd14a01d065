//! 麻薬: a 処方箋 with them names the prescriber's 麻薬施用者免許 and the patient's address (麻薬及び向精神薬取締法 第27条, record 61).

use chrono::NaiveDate;
use domain::patient::Patient;
use tenancy::{Error, TenantTx};
use uuid::Uuid;

use super::content::{self, Problem};
use crate::adapters::eprescription::Narcotic;
use crate::prescriptions::drugs::Drug;
use crate::prescriptions::entity::medication_request;
use crate::staff::NarcoticLicense;

/// What these lines ask for; `None` where none of them is a 麻薬.
pub fn of(
    lines: &[medication_request::Model],
    known: &[Drug],
    license: &NarcoticLicense,
    patient: &Patient,
    today: NaiveDate,
) -> Result<Option<Narcotic>, Problem> {
    let narcotics: Vec<&Drug> = known.iter().filter(|drug| drug.is_narcotic()).collect();
    let Some(line) = lines.iter().find(|line| narcotics.iter().any(|drug| drug.code == line.drug_code)) else { return Ok(None) };
    let name = &line.drug_name;
    if license.number.is_empty() {
        return Err(format!("「{name}」は麻薬です。麻薬施用者免許番号が登録されていません。管理者が職員の画面で登録すると処方できます。"));
    }
    if !license.is_valid_on(today) {
        let last = license.last_day.map(|day| day.format("%Y年%m月%d日").to_string()).unwrap_or_default();
        return Err(format!(
            "「{name}」は麻薬です。麻薬施用者免許の期限({last})が切れています。更新した免許を管理者が職員の画面で登録してください。"
        ));
    }
    let d = &patient.demographics;
    let address = d.address.clone().unwrap_or_default();
    let tel = d.tel.as_ref().or(d.mobile.as_ref()).map(|tel| tel.as_str().to_owned()).unwrap_or_default();
    if address.is_empty() || tel.is_empty() {
        return Err(format!("「{name}」は麻薬です。処方箋には患者の住所と電話が要ります。患者情報に入れてください。"));
    }
    Ok(Some(Narcotic { license: license.number.clone(), address, tel }))
}

/// What a paper says at each 麻薬: its code, and the words.
pub async fn printed(
    tx: &TenantTx,
    lines: &[medication_request::Model],
    signer: Uuid,
    patient: &Patient,
    today: NaiveDate,
) -> Result<Vec<(String, String)>, Error> {
    let mut known = content::known(tx, lines, today).await?;
    known.retain(Drug::is_narcotic);
    if known.is_empty() {
        return Ok(Vec::new());
    }
    let license = NarcoticLicense::of(&content::prescriber(tx, signer).await?);
    let said = match of(lines, &known, &license, patient, today) {
        Ok(Some(n)) => format!("麻薬施用者免許番号 {}　患者住所 {}　電話 {}", n.license, n.address, n.tel),
        // A person writes it by hand.
        Ok(None) | Err(_) => "麻薬施用者免許番号　　　　　　　　患者住所".to_owned(),
    };
    Ok(known.into_iter().map(|drug| (drug.code, said.clone())).collect())
}
