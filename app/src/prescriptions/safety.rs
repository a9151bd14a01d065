//! 処方の点検 of one visit: the chart's facts put before the rules of `domain::medication_safety`.

use chrono::{Days, NaiveDate};
use domain::flag::FlagCategory;
use domain::medication_safety::{self as rules, Diagnosis, Facts, LabResult, Line, RuleSet, Running};
use domain::patient::{Age, Patient};
use domain::prescription::head::HeadContent;
use domain::prescription::{Dose, split};
use domain::warning::{Level, Warning};
use domain::{EncounterId, PatientId, clock};
use tenancy::{Error, TenantTx};

use super::drugs::{self, Drug};
use super::entity::medication_request::Model;
use super::entity::prescription::Model as Head;
use super::rules::in_force;
use super::store::{self, heads, lines, sealing};
use crate::patients::store::Group;
use crate::{allergies, conditions, flags, orders};

/// Everything to be looked at about the prescription of a visit, most severe first.
pub async fn warnings(
    tx: &TenantTx,
    group: &Group,
    encounter: EncounterId,
    allergies: &[allergies::entity::Model],
) -> Result<Vec<Warning>, Error> {
    let (mut drafts, earlier) = lines::with_earlier(tx, &group.ids(), encounter).await?;
    drafts.retain(|row| row.status == store::DRAFT);
    if drafts.is_empty() {
        return Ok(vec![]);
    }
    let codes = codes(drafts.iter().chain(&earlier));
    let known = drugs::of_codes(tx, &codes, clock::today(tx.now())).await?;
    let today = clock::today(tx.now());
    let rules = in_force(tx, today).await?;
    let body = body(tx, &rules, &group.ids(), &drafts, &known).await?;
    let chart =
        Chart { rules: &rules, today, patient: &group.patient, drafts: &drafts, earlier: &earlier, drugs: &known, allergies, body: &body };
    let mut found = find(&chart)?;
    let open = heads::of_encounter(tx, encounter).await?.into_iter().find(|head| heads::status(head).is_open());
    found.extend(refills(open.as_ref(), &drafts, &known));
    found.extend(splits(open.as_ref(), &drafts));
    found.extend(crate::eprescriptions::check::warnings(tx, encounter, open.as_ref(), &drafts, &known).await?);
    Ok(found)
}

/// What the chart knows of the patient's body, beside allergies.
#[derive(Debug, Default)]
pub struct Body {
    diagnoses: Vec<Diagnosis>,
    pregnancy: Option<String>,
    results: Vec<LabResult>,
}

/// Only what some rule of these drugs asks for is read.
pub async fn body(tx: &TenantTx, rules: &RuleSet, group: &[PatientId], drafts: &[Model], drugs: &[Drug]) -> Result<Body, Error> {
    let drafted = drugs.iter().filter(|drug| drafts.iter().any(|row| row.drug_code == drug.code));
    let needs = rules.needs(clock::today(tx.now()), drafted.map(|drug| drug.yj_code.as_str()));
    let mut body = Body::default();
    if needs.diagnoses {
        let active = conditions::store::of_patients(tx, group).await?.into_iter().filter(|row| row.status == conditions::store::ACTIVE);
        body.diagnoses = active.map(|row| Diagnosis { icd10: row.icd10, name: row.display_name, is_suspected: row.is_suspected }).collect();
    }
    if needs.pregnancy {
        let flags = flags::store::of_patients(tx, group).await?;
        let said = flags.into_iter().find(|row| row.category == FlagCategory::Pregnancy.code() && row.is_present);
        body.pregnancy = said.map(|row| row.said);
    }
    if needs.results {
        body.results = orders::store::measured(tx, group).await?.into_iter().filter_map(measured).collect();
    }
    Ok(body)
}

/// A value that is no plain number is not compared.
fn measured(row: orders::entity::observation_result::Model) -> Option<LabResult> {
    let on = clock::today(row.observed_at);
    Some(LabResult { value: Dose::parse(&row.value_text).ok()?, code: row.code, name: row.name, unit: row.unit, on })
}

/// What may not be handed out again without a visit stops a リフィル.
fn refills(open: Option<&Head>, drafts: &[Model], known: &[Drug]) -> Vec<Warning> {
    if open.is_none_or(|head| head.refill == 0) {
        return Vec::new();
    }
    let barred = |row: &Model| {
        let bar = known.iter().find(|drug| drug.code == row.drug_code).map(Drug::refill_bar).filter(|bar| !bar.is_empty())?;
        let text = format!("{bar}はリフィルにできません。薬を外すか、リフィルを「なし」にしてください。");
        let warning = Warning::new(Level::Block, format!("rx.refill:{}", row.drug_code), &row.drug_name, text);
        Some(warning.absolute().source("保険医療機関及び保険医療養担当規則").at(place(row)))
    };
    drafts.iter().filter_map(barred).collect()
}

/// 分割 is of days, and of the same days for every line.
fn splits(open: Option<&Head>, drafts: &[Model]) -> Vec<Warning> {
    let Some(content) = open.map(heads::content_of) else { return Vec::new() };
    let barred = |row: &Model| {
        let text = split_bar(&content, row)?;
        let warning = Warning::new(Level::Block, format!("rx.split:{}", row.drug_code), &row.drug_name, text);
        Some(warning.absolute().source("記録条件仕様").at(place(row)))
    };
    drafts.iter().filter_map(barred).collect()
}

/// Why a line cannot be handed out in the parts of its 処方箋.
pub fn split_bar(content: &HeadContent, row: &Model) -> Option<String> {
    if content.split == 0 {
        return None;
    }
    let (whole, parts) = (split::whole(&content.split_days), split::words(&content.split_days));
    match row.days {
        Some(days) if days == i32::from(whole) => None,
        Some(days) => Some(format!("分割の日数は合わせて{whole}日({parts})ですが、この薬は{days}日分です。日数をそろえてください。")),
        None => Some("分割できるのは日数で出す薬だけです。この薬は分割しない処方箋で出してください。".to_owned()),
    }
}

/// What was read for the check.
pub struct Chart<'a> {
    pub rules: &'a RuleSet,
    pub today: NaiveDate,
    pub patient: &'a Patient,
    pub drafts: &'a [Model],
    pub earlier: &'a [Model],
    pub drugs: &'a [Drug],
    pub allergies: &'a [allergies::entity::Model],
    pub body: &'a Body,
}

/// The findings of the rules, and drugs the master no longer has.
pub fn find(chart: &Chart<'_>) -> Result<Vec<Warning>, Error> {
    let yj = |code: &str| chart.drugs.iter().find(|drug| drug.code == code).map(|drug| drug.yj_code.clone()).unwrap_or_default();
    let facts = Facts {
        today: chart.today,
        age: u16::try_from(Age::on(chart.patient.demographics.birth_date, chart.today).years).ok(),
        allergies: chart.allergies.iter().filter_map(allergies::store::as_fact).collect(),
        lines: chart.drafts.iter().map(|row| line(row, yj(&row.drug_code))).collect(),
        running: chart.earlier.iter().filter_map(|row| running(row, yj(&row.drug_code), chart.today)).collect(),
        diagnoses: chart.body.diagnoses.clone(),
        pregnancy: chart.body.pregnancy.clone(),
        results: chart.body.results.clone(),
    };
    let mut found: Vec<Warning> = chart.drafts.iter().filter_map(|row| ended(row, chart)).collect();
    found.extend(rules::check(chart.rules, &facts));
    domain::warning::sort(&mut found);
    Ok(found)
}

fn ended(row: &Model, chart: &Chart<'_>) -> Option<Warning> {
    let drug = chart.drugs.iter().find(|drug| drug.code == row.drug_code);
    if drug.is_some_and(|drug| drug.is_in_force(chart.today)) {
        return None;
    }
    let text = format!("{}。", sealing::ended(&row.drug_name, drug.and_then(|drug| drug.valid_to)));
    let warning = Warning::new(Level::Block, format!("rx.ended:{}", row.drug_code), &row.drug_name, text);
    Some(warning.absolute().source("医薬品マスター").at(place(row)))
}

/// The element of a line on the chart.
pub fn place(row: &Model) -> String {
    format!("rx-{}", row.id)
}

fn line(row: &Model, yj_code: String) -> Line {
    Line {
        place: place(row),
        drug_code: row.drug_code.clone(),
        yj_code,
        name: row.drug_name.clone(),
        per_day: row.days.and_then(|_| Dose::parse(&row.dose_value).ok()),
        unit: row.dose_unit.clone(),
        days: row.days.and_then(|days| u16::try_from(days).ok()),
    }
}

fn running(row: &Model, yj_code: String, today: NaiveDate) -> Option<Running> {
    let until = supplied_until(row)?;
    (until >= today).then(|| Running { drug_code: row.drug_code.clone(), yj_code, name: row.drug_name.clone(), until })
}

/// The last day a signed line lasts.
pub fn supplied_until(row: &Model) -> Option<NaiveDate> {
    let days = u64::try_from(row.days?.checked_add(row.leftover_days)?.checked_sub(1)?).ok()?;
    clock::today(row.signed_at?).checked_add_days(Days::new(days))
}

/// The drug codes of these lines, each once.
pub fn codes<'a>(rows: impl IntoIterator<Item = &'a Model>) -> Vec<&'a str> {
    let mut codes: Vec<&str> = rows.into_iter().map(|row| row.drug_code.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}
