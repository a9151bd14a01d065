//! Element names and value formats of 資格確認結果 (OQSsiquc01res), and nothing else's business.
//!
//! Values are strings; dates `yyyyMMdd`, instants `yyyyMMddHHmmss` in Japan Standard Time. Elements we do not know are ignored, and
//! codes we do not know are kept as they came.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, TimeZone};
use domain::check_in::CareSetting;
use domain::consent::Consent;
use domain::eligibility::{
    ContinuingConsent, FaceResult, LimitCertificate, MedicalTicket, Qualification, QualificationValidity, ResultSegment, ServiceMessage,
    SpecificDisease, sex_of_code, together,
};
use domain::encounter::jst;
use domain::kana::Kana;
use domain::public_expense::Subsidy;

use super::ReadError;
use super::xml::{self, Element};

/// Longer names are not what a reader writes.
const MAX_NAME_CHARS: usize = 100;
const MAX_MESSAGE_CHARS: usize = 200;
const MAX_REFERENCE_CHARS: usize = 50;
const MAX_FLAG_CHARS: usize = 10;
const MAX_RECIPIENT_CHARS: usize = 30;
/// 見本: no public document names the element that tells a smartphone (2) from a card (1). Without it the desk says which it was.
const MEDIUM: &str = "IdentificationMedium";

pub(super) fn parse(bytes: &[u8]) -> Result<FaceResult, ReadError> {
    face_result(&xml::message(bytes, xml::SMALL)?)
}

/// Our own name of the question, as the answer repeats it.
pub(super) fn identifier(bytes: &[u8]) -> Result<Option<String>, ReadError> {
    let root = xml::parse(&xml::decode(bytes)?)?;
    Ok(root.child("MessageHeader").and_then(|header| header.value("ArbitraryFileIdentifier")).map(str::to_owned))
}

fn face_result(root: &Element) -> Result<FaceResult, ReadError> {
    let header = root.child("MessageHeader").ok_or(ReadError::Missing("MessageHeader"))?;
    let segment = ResultSegment::from_code(required(header, "SegmentOfResult")?);
    let nothing = Element::default();
    let body = match (root.child("MessageBody"), &segment) {
        (Some(body), _) => body,
        (None, ResultSegment::Normal) => return Err(ReadError::Missing("MessageBody")),
        (None, _) => &nothing,
    };
    let is_normal = segment == ResultSegment::Normal;
    let status = if is_normal { Some(required(body, "ProcessingResultStatus")?) } else { body.value("ProcessingResultStatus") };
    let is_processed = status == Some("1");
    let validity =
        if is_normal && is_processed { Some(required(body, "QualificationValidity")?) } else { body.value("QualificationValidity") };
    let validity = validity.map(QualificationValidity::from_code);
    let qualifications = qualifications(body)?;
    let needs_person = matches!(
        validity,
        Some(
            QualificationValidity::Valid
                | QualificationValidity::Invalid
                | QualificationValidity::Superseded
                | QualificationValidity::ValidUnregistered
        )
    );
    if needs_person && qualifications.is_empty() {
        return Err(ReadError::Missing("ResultOfQualificationConfirmation"));
    }
    Ok(FaceResult {
        processed_at: instant(header, "ProcessExecutionTime")?,
        confirmed_on: date(header, "QualificationConfirmationDate")?,
        institution_code: owned(header.value("MedicalInstitutionCode")),
        by_card: header.value("ReferenceClassification") == Some("1"),
        by_phone: header.value(MEDIUM) == Some("2"),
        setting: header.value("MedicalTreatmentFlag").and_then(CareSetting::from_flag).unwrap_or(CareSetting::Outpatient),
        segment,
        is_processed,
        validity,
        message: message(header, body),
        qualifications,
        prescription_choice: owned(body.value("PrescriptionIssueSelect")),
    })
}

fn qualifications(body: &Element) -> Result<Vec<Qualification>, ReadError> {
    let Some(list) = body.child("ResultList") else { return Ok(Vec::new()) };
    let results: Vec<Qualification> =
        list.children_named("ResultOfQualificationConfirmation").map(qualification).collect::<Result<_, _>>()?;
    Ok(together(results))
}

pub(super) fn qualification(e: &Element) -> Result<Qualification, ReadError> {
    let elderly = e.child("ElderlyRecipientCertificateInfo");
    Ok(Qualification {
        card_classification: e.value("InsuredCardClassification").unwrap_or_default().to_owned(),
        insurer_number: insurer_number(e)?,
        insured_symbol: owned(e.value("InsuredCardSymbol")),
        insured_number: required(e, "InsuredIdentificationNumber")?.to_owned(),
        branch_number: branch_number(e)?,
        is_self: e.value("PersonalFamilyClassification").map(|code| code == "1"),
        name: name(e)?,
        // Some foreign residents' reading is not kana; a person then types it.
        name_kana: e.value("NameKana").and_then(|text| Kana::parse_foreign(text).ok()),
        sex: sex_of_code(required(e, "Sex1")?),
        birth_date: date(e, "Birthdate")?.ok_or(ReadError::Missing("Birthdate"))?,
        postal_code: owned(e.value("PostNumber")),
        address: owned(e.value("Address")),
        qualified_on: date(e, "QualificationDate")?,
        disqualified_on: date(e, "DisqualificationDate")?,
        valid_from: date(e, "InsuredCardValidDate")?,
        valid_to: date(e, "InsuredCardExpirationDate")?,
        copay_percent: ratio(e, "InsuredPartialContributionRatio")?,
        elderly_copay_percent: elderly.map_or(Ok(None), |info| ratio(info, "ElderlyRecipientContributionRatio"))?,
        elderly_from: elderly.map_or(Ok(None), |info| date(info, "ElderlyRecipientValidStartDate"))?,
        elderly_to: elderly.map_or(Ok(None), |info| date(info, "ElderlyRecipientValidEndDate"))?,
        insurer_name: owned(e.value("InsurerName")),
        loss_reason: owned(e.value("ReasonOfLoss")),
        limit: e.child("LimitApplicationCertificateRelatedInfo").map_or(Ok(None), limit)?,
        specific_diseases: specific_diseases(e)?,
        tickets: tickets(e)?,
        subsidies: subsidies(e)?,
        consents: consents(e)?,
        reference_number: reference_number(e)?,
        continuing: continuing(e)?,
        assistance: None,
    })
}

pub(super) fn required<'a>(e: &'a Element, name: &'static str) -> Result<&'a str, ReadError> {
    e.value(name).ok_or(ReadError::Missing(name))
}

fn owned(value: Option<&str>) -> Option<String> {
    value.map(str::to_owned)
}

/// 6 or 8 digits, sometimes padded on the left with spaces or zeros to 8.
fn insurer_number(e: &Element) -> Result<String, ReadError> {
    let number = required(e, "InsurerNumber")?;
    let is_number = matches!(number.len(), 6..=8) && number.bytes().all(|b| b.is_ascii_digit());
    if is_number { Ok(number.to_owned()) } else { Err(ReadError::Invalid("InsurerNumber")) }
}

fn branch_number(e: &Element) -> Result<Option<String>, ReadError> {
    match e.value("InsuredBranchNumber") {
        None => Ok(None),
        Some(n) if n.len() <= 2 && n.bytes().all(|b| b.is_ascii_digit()) => Ok(Some(format!("{n:0>2}"))),
        Some(_) => Err(ReadError::Invalid("InsuredBranchNumber")),
    }
}

fn name(e: &Element) -> Result<String, ReadError> {
    let name = required(e, "Name")?;
    if name.chars().count() > MAX_NAME_CHARS { Err(ReadError::Invalid("Name")) } else { Ok(name.to_owned()) }
}

fn reference_number(e: &Element) -> Result<Option<String>, ReadError> {
    match e.value("ReferenceNumber") {
        Some(n) if n.chars().count() > MAX_REFERENCE_CHARS => Err(ReadError::Invalid("ReferenceNumber")),
        n => Ok(owned(n)),
    }
}

/// `99999999` is the usual way of writing "no end".
pub(super) fn date(e: &Element, name: &'static str) -> Result<Option<NaiveDate>, ReadError> {
    match e.value(name) {
        None | Some("99999999") => Ok(None),
        Some(text) if text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()) => {
            NaiveDate::parse_from_str(text, "%Y%m%d").map(Some).map_err(|_| ReadError::Invalid(name))
        }
        Some(_) => Err(ReadError::Invalid(name)),
    }
}

fn instant(e: &Element, name: &'static str) -> Result<Option<DateTime<FixedOffset>>, ReadError> {
    let Some(text) = e.value(name) else { return Ok(None) };
    instant_of(text).map(Some).ok_or(ReadError::Invalid(name))
}

fn instant_of(text: &str) -> Option<DateTime<FixedOffset>> {
    if text.len() != 14 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let local = NaiveDateTime::parse_from_str(text, "%Y%m%d%H%M%S").ok()?;
    jst().from_local_datetime(&local).single()
}

/// Three digits of percent, `030` for 3割.
fn ratio(e: &Element, name: &'static str) -> Result<Option<u8>, ReadError> {
    match e.value(name) {
        None => Ok(None),
        Some(text) if text.bytes().all(|b| b.is_ascii_digit()) => match text.parse::<u16>() {
            Ok(percent @ 0..=100) => Ok(Some(percent as u8)),
            _ => Err(ReadError::Invalid(name)),
        },
        Some(_) => Err(ReadError::Invalid(name)),
    }
}

fn limit(info: &Element) -> Result<Option<LimitCertificate>, ReadError> {
    let Some(category) = info.value("LimitApplicationCertificateClassificationFlag") else { return Ok(None) };
    Ok(Some(LimitCertificate {
        category: category.to_owned(),
        valid_from: date(info, "LimitApplicationCertificateValidStartDate")?,
        valid_to: date(info, "LimitApplicationCertificateValidEndDate")?,
    }))
}

fn specific_diseases(e: &Element) -> Result<Vec<SpecificDisease>, ReadError> {
    let mut found = Vec::new();
    e.descendants("SpecificDiseasesCertificateInfo", &mut found);
    let one = |info: &Element| {
        Ok(SpecificDisease {
            category: text(info, "SpecificDiseasesDiseaseCategory"),
            valid_from: date(info, "SpecificDiseasesValidStartDate")?,
            valid_to: date(info, "SpecificDiseasesValidEndDate")?,
            self_pay_yen: yen(info, "SpecificDiseasesSelfPay")?,
        })
    };
    found.into_iter().map(one).collect()
}

fn tickets(e: &Element) -> Result<Vec<MedicalTicket>, ReadError> {
    let mut found = Vec::new();
    e.descendants("MedicalTicketInfo", &mut found);
    let one = |info: &Element| {
        Ok(MedicalTicket {
            kind: text(info, "TicketType"),
            month: text(info, "MedicalTreatmentMonth"),
            valid_from: date(info, "MedicalTicketValidDate")?,
            valid_to: date(info, "MedicalTicketExpirationDate")?,
            issue_number: text(info, "IssueNumber"),
            is_ours: info.value("DesignatedMedicalInstitutionFlag").map(|flag| flag == "0"),
            institution_name: text(info, "DesignatedMedicalInstitutionName"),
            treatment: text(info, "MedicalTreatmentType"),
            injuries: ["InjuryName1", "InjuryName2", "InjuryName3"].iter().filter_map(|name| owned(info.value(name))).collect(),
            self_pay_yen: yen(info, "SelfPayAmount")?,
            combination: text(info, "SingleOrCombinedUse"),
            prescriber_name: text(info, "PrescriptionIssuerMedicalInstitutionName"),
            contact: [text(info, "DistrictContactName"), text(info, "HandlingContactName")].join(" ").trim().to_owned(),
        })
    };
    found.into_iter().map(one).collect()
}

/// 見本: the municipalities' interface names these items; how the medical side writes them is not public.
fn subsidies(e: &Element) -> Result<Vec<Subsidy>, ReadError> {
    let mut found = Vec::new();
    e.descendants("PublicMedicalHubInfo", &mut found);
    let one = |info: &Element| {
        let recipient = required(info, "MedicalSubsidyRecipientNumber")?;
        if recipient.chars().count() > MAX_RECIPIENT_CHARS {
            return Err(ReadError::Invalid("MedicalSubsidyRecipientNumber"));
        }
        Ok(Subsidy {
            payer_number: required(info, "MedicalSubsidyInsurerNumber")?.to_owned(),
            recipient_number: recipient.to_owned(),
            name: text(info, "CertificationName"),
            income_segment: text(info, "IncomeSegment"),
            is_paid_back: info.value("IsAlwaysReimbursement") == Some("1"),
            cap_yen: yen(info, "MaxCopaymentAmount")?,
            valid_from: date(info, "ValidFrom")?,
            valid_to: date(info, "ValidTo")?,
        })
    };
    found.into_iter().map(one).collect()
}

fn text(e: &Element, name: &str) -> String {
    e.value(name).unwrap_or_default().to_owned()
}

fn yen(e: &Element, name: &'static str) -> Result<Option<u32>, ReadError> {
    e.value(name).map(|text| text.parse::<u32>().ok().filter(|yen| *yen <= 10_000_000).ok_or(ReadError::Invalid(name))).transpose()
}

/// Every `<X>ConsFlg` with its two times, whatever X the year brings.
fn consents(e: &Element) -> Result<Vec<Consent>, ReadError> {
    let mut found = Vec::new();
    for child in &e.children {
        let Some(subject) = child.name.strip_suffix("ConsFlg") else { continue };
        let time = |suffix: &str| -> Result<Option<DateTime<FixedOffset>>, ReadError> {
            match e.value(&format!("{subject}{suffix}")) {
                None => Ok(None),
                Some(text) => instant_of(text).map(Some).ok_or(ReadError::Invalid("ConsTime")),
            }
        };
        found.push(Consent {
            subject: subject.to_owned(),
            flag: child.text.trim().chars().take(MAX_FLAG_CHARS).collect(),
            given_at: time("ConsTime")?,
            available_until: time("AvailableTime")?,
        });
    }
    Ok(found)
}

/// 見本: element names of our own until the official layout is at hand.
fn continuing(e: &Element) -> Result<Option<ContinuingConsent>, ReadError> {
    match e.value("ContinuingConsent") {
        Some("1") => Ok(Some(ContinuingConsent { until: date(e, "ContinuingConsentEndDate")? })),
        _ => Ok(None),
    }
}

fn message(header: &Element, body: &Element) -> Option<ServiceMessage> {
    let code = header.value("ErrorCode").or_else(|| body.value("ProcessingResultCode"));
    let text = header.value("ErrorMessage").or_else(|| body.value("ProcessingResultMessage"));
    if code.is_none() && text.is_none() {
        return None;
    }
    let short = |value: &str| value.chars().take(MAX_MESSAGE_CHARS).collect();
    Some(ServiceMessage { code: code.map(short), text: text.map(short) })
}

#[cfg(test)]
#[path = "wire_tests.rs"]
mod tests;
