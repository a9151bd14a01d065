//! 災害時モード: while it is declared for a facility's prefecture, somebody without a card is found by 4情報 and their consent by word of
//! mouth. ⟲ In life a function of the terminal's own screens; the elements are ours.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::TimeDelta;
use serde::Deserialize;

use super::National;
use super::envelope::Envelope;
use super::history::{Asked, DRUGS, TREATMENTS, answer, claim_month, drug_day, given, treatment};
use crate::reader::now;
use crate::reader::people::{PEOPLE, Person};

const BODY: [&str; 6] = ["Mode", "Name", "Sex1", "Birthdate", "Address", "OralConsentFlg"];

/// Declared for a prefecture, by its number.
pub const DISASTER: &str = "disaster";

#[derive(Deserialize)]
pub struct Declaration {
    prefecture: String,
    /// From now; 0 takes it back.
    hours: i64,
}

/// `POST /national/disaster?…`: the nation declares.
pub async fn declare(national: web::Data<National>, form: web::Form<Declaration>) -> HttpResponse {
    let lasts = TimeDelta::try_hours(form.hours).unwrap_or_default() - TimeDelta::seconds(1);
    national.consents.grant(&form.prefecture, DISASTER, now() + lasts);
    HttpResponse::SeeOther().insert_header(("location", "/national")).finish()
}

pub const FORM: &str = "<h2>災害時モード</h2><form method=\"post\" action=\"/national/disaster\"><label>都道府県番号 \
    <input name=\"prefecture\" value=\"13\" inputmode=\"numeric\"></label> <label>時間 <input name=\"hours\" value=\"24\" inputmode=\"numeric\"></label> \
    <button>開く</button></form>";

pub async fn found(national: web::Data<National>, req: HttpRequest, body: web::Bytes) -> HttpResponse {
    answer(&national, &req, &body, read, tell).await
}

/// Spaces apart: people write them as they like.
fn same(a: &str, b: &str) -> bool {
    let bare = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    bare(a) == bare(b)
}

fn read(body: &[u8]) -> Result<Asked, String> {
    let Envelope { institution, identifier, body: asks, .. } =
        Envelope::read(body, &["MedicalInstitutionCode", "ArbitraryFileIdentifier"])?;
    asks.only(&BODY)?;
    if asks.must("Mode")? != "disaster" {
        return Err("Mode は disaster です".into());
    }
    if asks.must("OralConsentFlg")? != "1" {
        return Err("口頭の同意がありません".into());
    }
    let (name, sex) = (asks.must("Name")?, asks.must("Sex1")?);
    let (birth, address) = (asks.must("Birthdate")?, asks.must("Address")?);
    let is = |p: &&Person| same(p.name, name) && p.sex == sex && p.birth_date == birth && same(p.address, address);
    let person = PEOPLE.iter().find(is);
    Ok(Asked {
        institution,
        identifier,
        number: person.map(|p| p.number.to_owned()).unwrap_or_default(),
        person,
        category: String::new(),
        flag: String::new(),
        months: None,
        is_recent: false,
    })
}

fn tell(asked: &Asked, person: &Person, national: &National) -> Result<String, String> {
    if !national.consents.holds(asked.institution.get(..2).unwrap_or_default(), DISASTER) {
        return Err("災害時モードではありません".into());
    }
    let mut body: String = DRUGS
        .iter()
        .map(|(month, prescriber, pharmacy, drugs)| claim_month(month, prescriber, pharmacy, &drug_day(month, *drugs)))
        .collect();
    let treatments: String = TREATMENTS.iter().filter(|t| t.0 == "202609").map(treatment).collect();
    let day = format!("<DiDateInfs><DiDateInf><DiDate>20260911</DiDate><MeTrInfs>{treatments}</MeTrInfs></DiDateInf></DiDateInfs>");
    body.push_str(&claim_month("202609", "", "架空総合病院", &day));
    // Found by 4情報: the answer also says whose insurance it is.
    let numbers = format!(
        "<InsurerNumber>{}</InsurerNumber><InsuredCardSymbol>{}</InsuredCardSymbol><InsuredIdentificationNumber>{}</InsuredIdentificationNumber>\
         <InsuredBranchNumber>{}</InsuredBranchNumber></QuaInf>",
        person.insurer_number, person.symbol, person.number, person.branch
    );
    Ok(given(asked, person, &body).replacen("</QuaInf>", &numbers, 1))
}
