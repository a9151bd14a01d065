//! 処方箋情報 of one 処方箋, gathered from the chart. What the service would not take is said before it is signed.

use chrono::NaiveDate;
use domain::kana::to_half_width;
use domain::masters::{Field, MasterEntry};
use domain::patient::{Age, Patient, Sex};
use domain::prescription::head::Leftover;
use domain::prescription::split::Part;
use domain::prescription::{GenericSubstitution, Preparation};
use domain::{CoverageId, EncounterId, PatientId, clock};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use tenancy::staff::staff;
use tenancy::{Error, TenantTx};
use uuid::Uuid;

use super::narcotics;
use crate::adapters::eprescription::{
    Doctor, DrugLine, Facility, Insurance, Person, PrescriptionRecord, RecordError, Supply, Trace, draft_csv,
};
use crate::coverages::entity::coverage;
use crate::coverages::store as coverages;
use crate::encounters::entity::encounter;
use crate::encounters::store as encounters;
use crate::patients::store as patients;
use crate::prescriptions::drugs::{self, Drug};
use crate::prescriptions::entity::{medication_request, prescription};
use crate::prescriptions::{print, store as prescriptions};
use crate::staff::NarcoticLicense;

/// Widths of the records, in characters.
const PATIENT_NAME_MAX: usize = 20;
const DRUG_NAME_MAX: usize = 40;
/// 法別 of 後期高齢者.
const LATE_ELDERLY: &str = "39";

/// Why this 処方箋 cannot be registered, in words for the doctor.
pub type Problem = String;

pub async fn gather(tx: &TenantTx, head: &prescription::Model) -> Result<Result<PrescriptionRecord, Problem>, Error> {
    let encounter = EncounterId::new(head.encounter_id);
    let visit = encounters::get(tx, encounter).await?;
    let patient = patients::get(tx, PatientId::new(visit.patient_id)).await?;
    let coverage = match visit.coverage_id {
        Some(id) => Some(coverages::get(tx, CoverageId::new(id)).await?),
        None => None,
    };
    // As it was signed, whenever it is gathered.
    let today = clock::today(head.signed_at.unwrap_or(tx.now()));
    let author = head.signed_by_id.unwrap_or(tx.actor().as_uuid());
    let public = print::public_expense(tx, patient.id, today).await?;
    let mut lines = prescriptions::lines(tx, encounter).await?;
    lines.retain(|line| line.prescription_id == Some(head.id));
    let known = known(tx, &lines, today).await?;
    let doctor = prescriber(tx, author).await?;
    let license = NarcoticLicense::of(&doctor);
    let facility = facility(tx).await?;
    Ok((|| {
        let insurance = coverage.as_ref().filter(|row| !print::is_public(row)).map(insurance).transpose()?.flatten();
        let content = prescriptions::heads::content_of(head);
        let record = PrescriptionRecord {
            claim_type: claim_type(insurance.as_ref(), public.len(), &patient, today),
            facility,
            doctor: prescribing(&doctor)?,
            person: person(&patient)?,
            insurance,
            public,
            issued_on: today,
            usable_until: content.valid_to,
            narcotic: narcotics::of(&lines, &known, &license, &patient, today)?,
            leftover: match content.leftover {
                Leftover::Unsaid => None,
                Leftover::Query => Some(1),
                Leftover::Report => Some(2),
            },
            remark: content.remark,
            refills: (content.refill > 0).then_some(content.refill),
            part: None,
            lines: drug_lines(&lines, &known)?,
        };
        record.to_csv().map_err(|error| sentence(&error, &record.lines))?;
        Ok(record)
    })())
}

/// One part of what was gathered, or the whole.
pub fn part_of(record: &PrescriptionRecord, part: Option<Part>) -> Result<(PrescriptionRecord, String), Problem> {
    let record = PrescriptionRecord { part, ..record.clone() };
    let csv = record.to_csv().map_err(|error| sentence(&error, &record.lines))?;
    Ok((record, csv))
}

/// What a 処方箋 is registered as: itself, or each of its parts.
pub fn parts(head: &prescription::Model) -> Vec<Option<Part>> {
    let days = prescriptions::heads::content_of(head).split_days;
    if days.is_empty() { vec![None] } else { Part::all(&days).map(Some).collect() }
}

/// The master's rows of these lines.
pub async fn known(tx: &TenantTx, lines: &[medication_request::Model], today: NaiveDate) -> Result<Vec<Drug>, Error> {
    let codes: Vec<&str> = lines.iter().map(|line| line.drug_code.as_str()).collect();
    drugs::of_codes(tx, &codes, today).await
}

pub fn drug_lines(lines: &[medication_request::Model], known: &[Drug]) -> Result<Vec<DrugLine>, Problem> {
    lines.iter().map(|line| drug_line(line, known)).collect()
}

/// 確定前処方箋情報 of these lines.
pub fn draft(lines: &[medication_request::Model], known: &[Drug]) -> Result<String, Problem> {
    let lines = drug_lines(lines, known)?;
    draft_csv(&lines).map_err(|error| sentence(&error, &lines))
}

/// Whom the service knows this visit's patient as; `None` for 自費.
pub async fn trace(tx: &TenantTx, visit: &encounter::Model, identifier: String) -> Result<Option<Trace>, Error> {
    let today = clock::today(tx.now());
    let coverage = match visit.coverage_id {
        Some(id) => Some(coverages::get(tx, CoverageId::new(id)).await?),
        None => None,
    };
    let insured = coverage.filter(|row| !print::is_public(row) && !row.insurer_number.is_empty());
    let [insurer_number, symbol, number, branch] = match insured {
        Some(row) => [row.insurer_number, row.insured_symbol, row.insured_number, row.branch_number],
        None => match print::public_expense(tx, PatientId::new(visit.patient_id), today).await?.into_iter().next() {
            Some((payer, recipient)) => [payer, String::new(), recipient, String::new()],
            None => return Ok(None),
        },
    };
    let institution_code = facility(tx).await?.institution_code;
    Ok(Some(Trace { institution_code, identifier, insurer_number, symbol, number, branch, issued_on: today }))
}

async fn facility(tx: &TenantTx) -> Result<Facility, Error> {
    let query = Query::select()
        .columns(["name", "postal_code", "address", "tel", "institution_code"])
        .from("tenant")
        .and_where(Expr::col("id").eq(tx.tenant_id().as_uuid()))
        .take();
    let row = tx.query_one(&query).await?.ok_or(Error::NotFound)?;
    let text = |column: &str| row.try_get::<String>("", column);
    Ok(Facility {
        institution_code: text("institution_code")?,
        name: text("name")?,
        postal_code: text("postal_code")?,
        address: text("address")?,
        tel: text("tel")?,
    })
}

/// Who signs, with 診療科 and licence.
pub async fn prescriber(tx: &TenantTx, id: Uuid) -> Result<staff::Model, Error> {
    let own = staff::Entity::find().filter(staff::Column::TenantId.eq(tx.tenant_id().as_uuid())).filter(staff::Column::Id.eq(id));
    own.one(tx).await?.ok_or(Error::NotFound)
}

/// The service takes no 処方箋 without 科名.
fn prescribing(row: &staff::Model) -> Result<Doctor, Problem> {
    if row.department.is_empty() {
        return Err(format!("{}さんの診療科が登録されていません。管理者が職員の画面で診療科を入れると処方箋に書けます。", row.name));
    }
    Ok(Doctor { name: spaced(&row.name), department: row.department.clone() })
}

fn person(patient: &Patient) -> Result<Person, Problem> {
    let d = &patient.demographics;
    let is_female = match d.sex {
        Sex::Male => false,
        Sex::Female => true,
        Sex::Unknown => return Err("患者の性別が登録されていません。患者情報に性別を入れてください。".into()),
    };
    if d.name.ideographic.chars().count() > PATIENT_NAME_MAX {
        return Err(format!("患者の氏名が{PATIENT_NAME_MAX}文字を超えています。"));
    }
    Ok(Person {
        number: patient.number.as_str().to_owned(),
        name: spaced(&d.name.ideographic),
        kana: to_half_width(d.name.syllabic.as_str()),
        is_female,
        birth_date: d.birth_date,
    })
}

/// 姓名の間は全角の空白一つ.
fn spaced(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join("\u{3000}")
}

/// `None` for 自費 and what else has no 保険者番号.
fn insurance(row: &coverage::Model) -> Result<Option<Insurance>, Problem> {
    if row.insurer_number.is_empty() {
        return Ok(None);
    }
    let copay = row.copay_percent.and_then(|percent| u8::try_from(percent).ok());
    Ok(Some(Insurance {
        insurer_number: row.insurer_number.clone(),
        symbol: row.insured_symbol.clone(),
        number: row.insured_number.clone(),
        branch: row.branch_number.clone(),
        is_self: row.relation == "self",
        copay_percent: copay.ok_or("保険の負担割合が登録されていません。受付で保険を確かめてください。")?,
    }))
}

/// レセプト種別 of an outpatient: 医科1, system, number of schemes, whose and how old.
fn claim_type(insurance: Option<&Insurance>, public: usize, patient: &Patient, today: NaiveDate) -> String {
    let Some(i) = insurance else {
        return if public == 0 { String::new() } else { format!("12{}2", public.min(4)) };
    };
    let years = Age::on(patient.demographics.birth_date, today).years;
    let is_elderly = i.insurer_number.starts_with(LATE_ELDERLY) || years >= 70;
    let system = if i.insurer_number.starts_with(LATE_ELDERLY) { 3 } else { 1 };
    let who = match (is_elderly, i.copay_percent) {
        (true, 30) => 0,
        (true, _) => 8,
        (false, _) if years < 6 => 4,
        (false, _) if i.is_self => 2,
        (false, _) => 6,
    };
    format!("1{system}{}{who}", (public + 1).min(5))
}

fn drug_line(row: &medication_request::Model, known: &[Drug]) -> Result<DrugLine, Problem> {
    let digits: String = row.quantity_text.chars().filter(char::is_ascii_digit).collect();
    let supply = match (row.days, digits.parse()) {
        (Some(days), _) => Supply::Days(u16::try_from(days).unwrap_or_default()),
        (None, Ok(times)) => Supply::Times(times),
        (None, Err(_)) => Supply::Total,
    };
    let (code_type, code) = match row.is_generic {
        false => (2, row.drug_code.clone()),
        true => (7, generic_code(row, known)?),
    };
    let name = crate::prescriptions::views::printed_name(row);
    if name.chars().count() > DRUG_NAME_MAX {
        return Err(format!("「{name}」の名前が{DRUG_NAME_MAX}文字を超えています。"));
    }
    Ok(DrugLine {
        supply,
        usage: row.usage_text.clone(),
        usage_code: row.usage_code.clone(),
        code_type,
        code,
        name,
        dose: row.dose_value.clone(),
        unit: row.dose_unit.clone(),
        substitution: match GenericSubstitution::from_code(&row.generic_substitution) {
            Some(GenericSubstitution::MedicallyBarred) => Some(3),
            Some(GenericSubstitution::PatientWish) => Some(8),
            _ => None,
        },
        preparation: match Preparation::from_code(&row.preparation).unwrap_or_default() {
            Preparation::Plain => None,
            Preparation::OneDose => Some(1),
            Preparation::Crushed => Some(2),
        },
        comment: row.comment.clone(),
    })
}

/// 一般名コード: nine letters of the master and `ZZZ`.
fn generic_code(row: &medication_request::Model, known: &[Drug]) -> Result<String, Problem> {
    let entry = known.iter().find(|drug| drug.code == row.drug_code).map(|drug| drug.entry.clone()).unwrap_or_default();
    let entry: Option<MasterEntry> = serde_json::from_value(entry).ok();
    let code = entry.as_ref().and_then(|entry| entry.attribute(Field::GenericCode)).filter(|code| code.len() == 9);
    code.map(|code| format!("{code}ZZZ"))
        .ok_or_else(|| format!("「{}」の一般名コードがマスターにありません。銘柄名で処方してください。", row.drug_name))
}

fn sentence(error: &RecordError, lines: &[DrugLine]) -> Problem {
    let name = |line: usize| lines.get(line - 1).map_or("", |line| line.name.as_str());
    match error {
        RecordError::Empty => "処方の行がありません。".into(),
        RecordError::Institution => "医療機関コード(10桁)が登録されていません。管理者が医院の設定で登録します。".into(),
        RecordError::Code(line) => format!("「{}」のコードは電子処方箋で使えません。別の薬を選んでください。", name(*line)),
        RecordError::Dummy(line) => format!("「{}」はダミーコードの薬です。電子処方箋には登録できません。", name(*line)),
        RecordError::ControlCharacter => "処方に登録できない文字(制御文字)があります。打ち直してください。".into(),
        RecordError::Refills => "リフィルの回数は2回か3回です。".into(),
        RecordError::Parts => "分割は2回か3回で、リフィルと一緒には使えません。".into(),
        RecordError::Part(line) => format!("「{}」の日数が分割の各回の日数の合計と合いません。", name(*line)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_parted_by_one_wide_space() {
        assert_eq!(spaced(" 髙﨑  𠮷太郎 "), "髙﨑\u{3000}𠮷太郎");
    }
}
