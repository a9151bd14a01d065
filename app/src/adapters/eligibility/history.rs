//! 薬剤・診療情報 (YZKsiquc01) and 特定健診等情報 (TKKsiquc01): the question, what makes an answer ours, and the answer's elements.
//!
//! Element names differ from 資格確認 (`InsuranceCardSymbol`, not `InsuredCardSymbol`). Where the public descriptions leave an element's
//! parent open, it is looked for below the whole message.

use chrono::NaiveDate;
use domain::care_history::{About, CareHistory, Checkup, Checkups, Drug, Episode, Finding, Origin, Treatment};
use domain::check_in::CareSetting;
use serde::{Deserialize, Serialize};

use super::ReadError;
use super::query::NotOurs;
use super::wire::{date, required};
use super::xml::{self, Element, HISTORY, escape};

const MAX_SAID_CHARS: usize = 200;

/// What is asked; kept sealed in the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryQuestion {
    pub institution_code: String,
    pub insurer_number: String,
    pub insured_symbol: String,
    pub insured_number: String,
    pub branch_number: String,
    /// Whose answer it must be.
    pub birth_date: NaiveDate,
    pub asks: Asks,
    #[serde(default)]
    pub setting: CareSetting,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Asks {
    /// 薬剤情報 of these months, with 診療情報 where the patient allowed it.
    Care {
        from: NaiveDate,
        to: NaiveDate,
        with_treatments: bool,
    },
    Checkups,
    /// 救急用サマリー, by somebody who proved themselves with two factors and holds the privilege.
    Emergency,
    /// 災害時: by 4情報 instead of a card (the fourth is the question's birth date); the person said yes by word of mouth.
    Disaster {
        name: String,
        sex: String,
        address: String,
    },
}

impl HistoryQuestion {
    /// One line of XML, empty optional elements left out. `identifier` names the attempt and comes back in the answer.
    pub fn message(&self, identifier: &str) -> Vec<u8> {
        let insurer = if self.insurer_number.is_empty() { String::new() } else { format!("{:>8}", self.insurer_number) };
        let header = elements(&[
            ("MedicalInstitutionCode", &self.institution_code),
            ("InsurerNumber", &insurer),
            ("InsuranceCardSymbol", &self.insured_symbol),
            ("InsuredPersonIdentificationNumber", &self.insured_number),
            ("BranchNumber", &self.branch_number),
            ("ArbitraryFileIdentifier", identifier),
        ]);
        let body = match &self.asks {
            // 2 薬剤 as XML, 4 薬剤 and 診療 as XML
            Asks::Care { from, to, with_treatments } => elements(&[
                ("StartDate", &from.format("%Y%m").to_string()),
                ("EndDate", &to.format("%Y%m").to_string()),
                ("FileCategory", if *with_treatments { "4" } else { "2" }),
                ("PrDiInfClassification", "1"),
                ("MedicalTreatmentFlag", self.setting.flag()),
            ]),
            Asks::Checkups => elements(&[("FileCategory", "2"), ("MedicalTreatmentFlag", self.setting.flag())]),
            // ⟲ the public descriptions give the code tables (OQSCD028, 040–043), not the elements' names: 4 救急, 1 救急用サマリー,
            // 1 記憶 and 3 物理 as the two factors
            Asks::Emergency => elements(&[
                ("MedicalTreatmentFlag", "4"),
                ("InformationRequestPattern", "1"),
                ("FirstAuthenticationFactor", "1"),
                ("SecondAuthenticationFactor", "3"),
                ("EmergencyViewAuthority", "1"),
            ]),
            // ⟲ a function of the terminal's own screens: the elements are ours
            Asks::Disaster { name, sex, address } => elements(&[
                ("Mode", "disaster"),
                ("Name", name),
                ("Sex1", sex),
                ("Birthdate", &self.birth_date.format("%Y%m%d").to_string()),
                ("Address", address),
                ("OralConsentFlg", "1"),
            ]),
        };
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?><XmlMsg><MessageHeader>{header}</MessageHeader><MessageBody>{body}</MessageBody></XmlMsg>"
        )
        .into_bytes()
    }
}

fn elements(pairs: &[(&str, &str)]) -> String {
    let filled = pairs.iter().filter(|(_, value)| !value.is_empty());
    filled.map(|(name, value)| format!("<{name}>{}</{name}>", escape(value))).collect()
}

/// What came back, before anybody looks at its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    Given,
    /// In the service's own words.
    Refused {
        code: String,
        said: String,
    },
}

/// Whether the bytes answer this question, for this facility, about this person, and can be read to the end.
pub fn read_reply(bytes: &[u8], question: &HistoryQuestion, identifier: &str) -> Result<Reply, NotOurs> {
    let root = xml::message(bytes, HISTORY)?;
    if root.descendant("ArbitraryFileIdentifier").is_some_and(|e| e.text.trim() != identifier) {
        return Err(NotOurs::OtherQuestion);
    }
    if root.child("MessageHeader").and_then(|h| h.value("MedicalInstitutionCode")).is_some_and(|code| code != question.institution_code) {
        return Err(NotOurs::OtherFacility);
    }
    let code = root.descendant("ResultCode").map(|e| e.text.trim()).ok_or(ReadError::Missing("ResultCode"))?;
    if code != "1" {
        let said = root.descendant("MessageContents").map(|e| e.text.trim().chars().take(MAX_SAID_CHARS).collect()).unwrap_or_default();
        return Ok(Reply::Refused { code: code.chars().take(20).collect(), said });
    }
    let about = match question.asks {
        Asks::Care { .. } | Asks::Emergency | Asks::Disaster { .. } => care(&root)?.about,
        Asks::Checkups => checkups(&root)?.about,
    };
    if about.birth_date == question.birth_date { Ok(Reply::Given) } else { Err(NotOurs::OtherPerson) }
}

/// 薬剤・診療情報, latest first.
pub fn read_care(bytes: &[u8]) -> Result<CareHistory, ReadError> {
    care(&xml::message(bytes, HISTORY)?)
}

/// 資格 of the person that was found without a card, in the service's own numbers: insurer, symbol, number, branch. Empty where it tells none.
pub fn read_qualification(bytes: &[u8]) -> Result<[String; 4], ReadError> {
    let root = xml::message(bytes, HISTORY)?;
    let person = root.descendant("QuaInf").ok_or(ReadError::Missing("QuaInf"))?;
    Ok(["InsurerNumber", "InsuredCardSymbol", "InsuredIdentificationNumber", "InsuredBranchNumber"].map(|name| text(person, name)))
}

/// 特定健診等情報, latest first.
pub fn read_checkups(bytes: &[u8]) -> Result<Checkups, ReadError> {
    checkups(&xml::message(bytes, HISTORY)?)
}

fn about(root: &Element, node: &'static str, birth: &'static str) -> Result<About, ReadError> {
    let person = root.descendant(node).ok_or(ReadError::Missing(node))?;
    Ok(About { name: text(person, "Name"), birth_date: date(person, birth)?.ok_or(ReadError::Missing(birth))? })
}

fn text(e: &Element, name: &str) -> String {
    e.value(name).unwrap_or_default().to_owned()
}

/// The first of several names for the same thing.
fn any(e: &Element, names: &[&str]) -> String {
    names.iter().find_map(|name| e.value(name)).unwrap_or_default().to_owned()
}

/// A date that may be left out or be something else; then it is only not shown.
fn day(e: &Element, name: &'static str) -> Option<NaiveDate> {
    date(e, name).ok().flatten()
}

const MONTHS: [(&str, Origin); 3] =
    [("MeTrMonthInf", Origin::Claim), ("ShPrMonthInf", Origin::Prescribed), ("CzDiMonthInf", Origin::Dispensed)];

fn care(root: &Element) -> Result<CareHistory, ReadError> {
    let mut episodes = Vec::new();
    for (name, origin) in MONTHS {
        let mut months = Vec::new();
        root.descendants(name, &mut months);
        for month in months {
            let mut days = Vec::new();
            for day in ["DiDateInf", "ShPrDateInf", "CzDiDateInf"] {
                month.descendants(day, &mut days);
            }
            episodes.extend(days.into_iter().map(|day| episode(origin, month, day)));
        }
    }
    Ok(CareHistory { about: about(root, "QuaInf", "Birth")?, episodes }.newest_first())
}

fn episode(origin: Origin, month: &Element, on: &Element) -> Episode {
    let (mut drugs, mut treatments) = (Vec::new(), Vec::new());
    on.descendants("DrugInf", &mut drugs);
    on.descendants("MeTrInf", &mut treatments);
    let (given, prescribed) = (any(month, &["MeTrDiHNm", "CzDiHNm"]), any(month, &["PrlsHNm", "CzPrlsHNm", "ShPrHNm"]));
    let (place, prescriber) = if given.is_empty() { (prescribed, String::new()) } else { (given, prescribed) };
    Episode {
        origin,
        place,
        prescriber,
        setting: any(month, &["InOut", "CzPrCl", "ShPrCl"]),
        month: any(month, &["MeTrMonth", "ShPrMonth", "CzDiMonth"]),
        on: day(on, "DiDate"),
        prescribed_on: day(on, "PrDate"),
        drugs: drugs.into_iter().map(drug).collect(),
        treatments: treatments.into_iter().map(treatment).collect(),
    }
}

fn drug(e: &Element) -> Drug {
    Drug {
        code: text(e, "DrugC"),
        name: text(e, "DrugN"),
        ingredient: text(e, "IngreN"),
        quantity: text(e, "Qua1"),
        unit: text(e, "Unit"),
        usage: text(e, "UsageN"),
        instruction: text(e, "SpInst"),
        times: text(e, "Times"),
    }
}

fn treatment(e: &Element) -> Treatment {
    Treatment {
        code: text(e, "SinInfCd"),
        name: text(e, "SinInfN"),
        class: text(e, "MeTrIdCl"),
        quantity: text(e, "Qua1"),
        unit: text(e, "Unit"),
        times: text(e, "Times"),
    }
}

fn checkups(root: &Element) -> Result<Checkups, ReadError> {
    let (about, mut found) = (about(root, "QualificationsInfo", "Birthday")?, Vec::new());
    root.descendants("SpecificHealthCheckupInfo", &mut found);
    let mut checkups = found.into_iter().map(checkup).collect::<Result<Vec<_>, _>>()?;
    checkups.sort_by_key(|checkup| std::cmp::Reverse(checkup.on));
    Ok(Checkups { about, checkups })
}

fn checkup(e: &Element) -> Result<Checkup, ReadError> {
    let mut items = Vec::new();
    e.descendants("HealthCheckupResultAndQuestionInfo", &mut items);
    let finding = |item: &Element| {
        Ok(Finding {
            code: required(item, "ItemCode")?.to_owned(),
            name: text(item, "ItemName"),
            value: text(item, "DataValue"),
            unit: text(item, "Unit"),
            value_name: text(item, "DataValueName"),
        })
    };
    let findings = items.into_iter().map(finding).collect::<Result<_, ReadError>>()?;
    // `yyyyMMdd` or the beginning of a time stamp.
    let on = e.value("EffectiveTime").and_then(|text| text.get(..8)).and_then(|text| NaiveDate::parse_from_str(text, "%Y%m%d").ok());
    Ok(Checkup { on, findings })
}

#[cfg(test)]
#[path = "history_tests.rs"]
mod tests;
