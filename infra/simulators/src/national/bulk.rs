//! 一括照会 (OQSmuquc01, OQSmuquc02) and 照会番号登録 (OQSsiimm01).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::{HttpRequest, HttpResponse, web};

use super::National;
use super::envelope::{Envelope, HEADER, SEARCH, insured, xml_answer};
use super::faults::Fault;
use super::packed;
use crate::reader::people::PEOPLE;

const REGISTRATION: [&str; 5] =
    ["ReferenceNumber", "InsurerNumber", "InsuredCardSymbol", "InsuredIdentificationNumber", "InsuredBranchNumber"];
const MOST: usize = 500;

/// What the service remembers of numbers and lists.
#[derive(Clone, Default)]
pub struct Register(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    /// 資格有効性 by insured number, beside the people of the reader.
    validity: HashMap<String, String>,
    /// 照会番号 by insured number and branch.
    references: HashMap<(String, String), String>,
    /// Lists handed in: how often each was asked for, and whom it is about.
    lists: HashMap<String, Vec<(String, String)>>,
}

impl Register {
    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody the service knows, with the code of 資格有効性.
    pub fn insure(&self, number: &str, validity: &str) {
        self.kept().validity.insert(number.to_owned(), validity.to_owned());
    }

    /// The facility's own number of a person, as it was registered.
    pub fn reference(&self, number: &str, branch: &str) -> Option<String> {
        self.kept().references.get(&(number.to_owned(), branch.to_owned())).cloned()
    }

    fn validity(&self, number: &str) -> String {
        let known = self.kept().validity.get(number).cloned();
        known.unwrap_or_else(|| if PEOPLE.iter().any(|p| p.number == number) { "1".into() } else { "4".into() })
    }
}

pub(super) async fn answer(
    national: &National,
    req: &HttpRequest,
    bytes: &[u8],
    tell: impl FnOnce(&Envelope, &Register) -> Result<String, String>,
) -> HttpResponse {
    let fault = match national.admit(req).await {
        Ok(fault) => fault,
        Err(shut) => return shut,
    };
    let asked = match Envelope::read(bytes, &HEADER) {
        Ok(asked) => asked,
        Err(reason) => return xml_answer(message("", "", "9", &reason, "")),
    };
    let institution = if fault == Some(Fault::OtherFacility) { "1399999999" } else { &asked.institution };
    let identifier = if fault == Some(Fault::OtherQuestion) { "somebody-else" } else { &asked.identifier };
    let text = match (fault, tell(&asked, &national.register)) {
        (Some(Fault::Pending), _) => message(institution, identifier, "2", "", ""),
        (_, Ok(body)) => message(institution, identifier, "1", "", &body),
        (_, Err(reason)) => message(institution, identifier, "9", &reason, ""),
    };
    match fault {
        Some(Fault::Malformed) => xml_answer(text[..text.len() / 2].to_vec()),
        // Only the collecting half of a list is ever packed.
        Some(Fault::Packed(packing)) if req.path().ends_with("02") => packed::answer(packing, req.path(), &text),
        _ => xml_answer(text),
    }
}

fn message(institution: &str, identifier: &str, segment: &str, error: &str, body: &str) -> Vec<u8> {
    let addressed = if institution.is_empty() {
        String::new()
    } else {
        format!(
            "<QualificationConfirmationDate>{}</QualificationConfirmationDate><MedicalInstitutionCode>{institution}</MedicalInstitutionCode>\
             <ArbitraryFileIdentifier>{identifier}</ArbitraryFileIdentifier>",
            crate::reader::now().format("%Y%m%d")
        )
    };
    let error =
        if error.is_empty() { String::new() } else { format!("<ErrorCode>SIMOQ002E</ErrorCode><ErrorMessage>{error}</ErrorMessage>") };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?><XmlMsg><MessageHeader>{addressed}<SegmentOfResult>{segment}</SegmentOfResult>{error}\
         <CharacterCodeIdentifier>0</CharacterCodeIdentifier></MessageHeader><MessageBody>{body}</MessageBody></XmlMsg>"
    )
    .into_bytes()
}

/// OQSmuquc01: a list is handed in.
pub async fn submit(national: web::Data<National>, req: HttpRequest, body: web::Bytes) -> HttpResponse {
    answer(&national, &req, &body, |asked, register| {
        asked.body.only(&["QualificationConfirmSearchInfo"])?;
        let list = &asked.body.children;
        if list.is_empty() || list.len() > MOST {
            return Err(format!("照会は1件から{MOST}件です"));
        }
        let mut people = Vec::new();
        for one in list {
            one.only(&SEARCH)?;
            insured(one)?;
            one.must("Birthdate")?;
            people.push((one.must("ArbitraryIdentifier")?.to_owned(), one.must("InsuredIdentificationNumber")?.to_owned()));
        }
        let number = uuid::Uuid::new_v4().simple().to_string();
        register.kept().lists.insert(number.clone(), people);
        Ok(format!("<ReceptionNumber>{number}</ReceptionNumber>"))
    })
    .await
}

/// OQSmuquc02: its answers are asked for.
pub async fn collect(national: web::Data<National>, req: HttpRequest, body: web::Bytes) -> HttpResponse {
    answer(&national, &req, &body, |asked, register| {
        asked.body.only(&["ReceptionNumber"])?;
        let number = asked.body.must("ReceptionNumber")?;
        let list = register.kept().lists.get(number).cloned().ok_or("その受付番号はありません")?;
        let one = |(identifier, number): &(String, String)| {
            format!(
                "<BulkConfirmUnit><QualificationConfirmSearchInfo><InsuredIdentificationNumber>{number}</InsuredIdentificationNumber>\
                 <ArbitraryIdentifier>{identifier}</ArbitraryIdentifier></QualificationConfirmSearchInfo><ProcessingResultStatus>1</ProcessingResultStatus>\
                 <QualificationValidity>{}</QualificationValidity></BulkConfirmUnit>",
                register.validity(number)
            )
        };
        Ok(list.iter().map(one).collect())
    })
    .await
}

/// OQSsiimm01: the facility's own number of a person.
pub async fn register(national: web::Data<National>, req: HttpRequest, body: web::Bytes) -> HttpResponse {
    answer(&national, &req, &body, |asked, register| {
        asked.body.only(&["ReferenceNumberRegistrationInfo"])?;
        let one = asked.body.child("ReferenceNumberRegistrationInfo").ok_or("登録の内容がありません")?;
        one.only(&REGISTRATION)?;
        insured(one)?;
        let reference = one.must("ReferenceNumber")?;
        if reference.chars().count() > 50 {
            return Err("ReferenceNumber は50文字までです".into());
        }
        let person = (one.must("InsuredIdentificationNumber")?.to_owned(), one.text_of("InsuredBranchNumber").to_owned());
        register.kept().references.insert(person, reference.to_owned());
        Ok("<ProcessingResultStatus>1</ProcessingResultStatus>".into())
    })
    .await
}
