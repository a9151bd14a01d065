//! What a visit says to the receipt computer, gathered from the chart and the bill.

use domain::billing::SECTIONS;
use domain::clock::jst;
use domain::insurer::public_scheme;
use domain::patient::{Patient, Sex};
use domain::{CoverageId, EncounterId, PatientId};
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use tenancy::{Error, TenantTx};
use uuid::Uuid;

use super::entity::receipt_engine;
use crate::adapters::receipt::content::{
    ActGroup, ActItem, ClaimContent, CoverageFacts, PatientFacts, PublicFacts, provider_class, public_class,
};
use crate::billing::entity::charge_item;
use crate::billing::store as billing;
use crate::coverages::entity::coverage;
use crate::coverages::store as coverages;
use crate::encounters::entity::encounter;
use crate::patients::store as patients;
use crate::prescriptions::entity::medication_request;
use crate::prescriptions::store as prescriptions;

/// フリーコメント: carries the words of a usage the receipt computer has no code for.
const COMMENT: &str = "810000001";
const CODE_DIGITS: usize = 9;

/// Why nothing can be sent; a code of `adapters::receipt::meaning`.
pub type Missing = &'static str;

pub async fn gather(
    tx: &TenantTx,
    engine: &receipt_engine::Model,
    visit: &encounter::Model,
) -> Result<Result<ClaimContent, Missing>, Error> {
    let id = EncounterId::new(visit.id);
    let patient = patients::get(tx, PatientId::new(visit.patient_id)).await?;
    let coverage = match visit.coverage_id {
        Some(id) => Some(coverages::get(tx, CoverageId::new(id)).await?),
        None => None,
    };
    let group = patients::group_ids(tx, patient.id).await?;
    let known = coverages::in_force(tx, &group, visit.reception_date).await?;
    let beside = |row: &&coverage::Model| Some(row.id) != visit.coverage_id;
    let public: Vec<PublicFacts> =
        coverages::public_on(&known, visit.reception_date).into_iter().filter(beside).filter_map(public_facts).collect();
    let physician = match visit.doctor_id {
        Some(id) => engine.physician(&login_of(tx, id).await?),
        None => None,
    };
    let prescribed = prescriptions::lines(tx, id).await?;
    let charged = billing::lines(tx, id).await?;
    Ok((|| {
        let acts: Vec<ActGroup> = charged.iter().filter_map(act).chain(prescribed.iter().filter_map(drug)).collect();
        let arrived = jst(visit.arrived_at);
        Ok(ClaimContent {
            version: 0,
            patient: patient_facts(&patient)?,
            coverage: coverage.as_ref().map(coverage_facts).transpose()?.flatten().map(|facts| CoverageFacts { public, ..facts }),
            performed_on: visit.reception_date.to_string(),
            performed_at: arrived.format("%H:%M:%S").to_string(),
            department: engine.department_code.clone(),
            physician: physician.ok_or("14")?,
            acts: if acts.is_empty() { return Err("22") } else { acts },
            diseases: Vec::new(),
        })
    })())
}

async fn login_of(tx: &TenantTx, staff: Uuid) -> Result<String, Error> {
    let query = Query::select()
        .column("login_id")
        .from("staff")
        .and_where(Expr::col("tenant_id").eq(tx.tenant_id().as_uuid()))
        .and_where(Expr::col("id").eq(staff))
        .take();
    let row = tx.query_one(&query).await?.ok_or(Error::NotFound)?;
    Ok(row.try_get("", "login_id")?)
}

fn patient_facts(patient: &Patient) -> Result<PatientFacts, Missing> {
    let d = &patient.demographics;
    let number = patient.number.as_str();
    if !number.bytes().all(|b| b.is_ascii_digit()) {
        return Err("local:provisional");
    }
    let sex = match d.sex {
        Sex::Male => "1",
        Sex::Female => "2",
        _ => return Err("local:sex"),
    };
    Ok(PatientFacts {
        number: number.to_owned(),
        name: d.name.ideographic.clone(),
        kana: d.name.syllabic.as_str().to_owned(),
        birth: d.birth_date.to_string(),
        sex: sex.to_owned(),
        postal_code: String::new(),
        address: String::new(),
        phone: String::new(),
    })
}

/// `None` for 自費.
fn coverage_facts(row: &coverage::Model) -> Result<Option<CoverageFacts>, Missing> {
    if row.insurer_number.is_empty() {
        return Ok(None);
    }
    let day = |day: Option<chrono::NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    Ok(Some(CoverageFacts {
        provider_class: provider_class(&row.insurer_number).ok_or("local:provider")?.to_owned(),
        insurer_number: row.insurer_number.clone(),
        insurer_name: row.insurer_name.clone(),
        symbol: row.insured_symbol.clone(),
        number: row.insured_number.clone(),
        branch: row.branch_number.clone(),
        relation: if row.relation == "self" { "1" } else { "2" }.to_owned(),
        valid_from: day(row.valid_from),
        valid_to: day(row.valid_to),
        checked_on: day(row.verified_on),
        public: Vec::new(),
    }))
}

/// `None` for schemes whose class only that receipt computer knows: they are added there.
fn public_facts(row: &coverage::Model) -> Option<PublicFacts> {
    let day = |day: Option<chrono::NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    Some(PublicFacts {
        class: public_class(&row.insurer_number)?,
        name: public_scheme(&row.insurer_number).to_owned(),
        payer_number: row.insurer_number.clone(),
        recipient_number: row.insured_number.clone(),
        valid_from: day(row.valid_from),
        valid_to: day(row.valid_to),
    })
}

/// A line with a code of the master; what was priced there or has no code is not sent back.
fn act(row: &charge_item::Model) -> Option<ActGroup> {
    if row.code.len() != CODE_DIGITS || row.source == "engine" {
        return None;
    }
    let class = SECTIONS.iter().map(|(code, _)| *code).find(|code| *code == row.section).unwrap_or("800");
    // 再診 has a class of its own beside 初診.
    let class = if row.code.starts_with("112") { "120" } else { class };
    let item = ActItem { code: row.code.clone(), name: row.name.clone(), amount: "1".into() };
    Some(ActGroup { class: class.to_owned(), times: row.quantity, items: vec![item] })
}

/// A signed drug, dispensed outside: 内服 by days, 頓服 by times, anything else as 外用.
fn drug(row: &medication_request::Model) -> Option<ActGroup> {
    if row.status != prescriptions::SIGNED || row.drug_code.len() != CODE_DIGITS {
        return None;
    }
    let digits: String = row.quantity_text.chars().filter(char::is_ascii_digit).collect();
    let (class, times) = match (row.days, digits.parse::<i32>()) {
        (Some(days), _) => ("212", days),
        (None, Ok(times)) => ("222", times),
        (None, Err(_)) => ("232", 1),
    };
    let drug = ActItem { code: row.drug_code.clone(), name: row.drug_name.clone(), amount: row.dose_value.clone() };
    let usage = ActItem { code: COMMENT.into(), name: row.usage_text.clone(), amount: String::new() };
    Some(ActGroup { class: class.to_owned(), times, items: vec![drug, usage] })
}
