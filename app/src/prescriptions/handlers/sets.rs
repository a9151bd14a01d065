//! セット: kept from a prescription, put into another, edited.

use std::collections::BTreeMap;

use actix_web::{Either, HttpRequest, web};
use domain::order_set::{NAME_MAX_CHARS, SetError, SetScope, check};
use domain::{EncounterId, OrderSetId, clock};
use serde::Deserialize;
use serde_json::json;
use tenancy::permission::{Permission, PrescriptionWrite};
use tenancy::{Access, Audit, InfoClass, TenantTx};
use uuid::Uuid;

use super::{Answer, check_version, done, key_of, open_visit};
use crate::adapters::eprescription::PrescriptionSigner;
use crate::error::AppError;
use crate::prescriptions::drugs::{self, Drug};
use crate::prescriptions::forms::RawLineForm;
use crate::prescriptions::pane::Extra;
use crate::prescriptions::set_views::{SetListPage, SetPage};
use crate::prescriptions::store::sets::{self, Named, SetLine};
use crate::prescriptions::store::undo::Written;
use crate::prescriptions::store::{self, heads, lines};
use crate::web::{Chrome, Nav, Page, Redirect};

const KEEP: &str = "prescription.set.keep";
const APPLY: &str = "prescription.set.apply";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SetForm {
    patient_token: String,
    idempotency_key: String,
    version: String,
    /// The set to put in.
    set: String,
    name: String,
    scope: String,
    department: String,
    /// `dose_0`, `usage_0`, `count_0`, `remove_0` …
    #[serde(flatten)]
    fields: BTreeMap<String, String>,
}

impl SetForm {
    fn named(&self) -> Result<Named, String> {
        let scope = SetScope::from_code(&self.scope).ok_or("範囲(自分・診療科・院内)を選んでください")?;
        let (name, department) = check(&self.name, scope, &self.department).map_err(sentence)?;
        Ok(Named { name, scope, department })
    }

    /// A line as it was edited; none when it is to go.
    fn edited(&self, at: usize, line: SetLine) -> Option<SetLine> {
        let field = |name: &str| self.fields.get(&format!("{name}_{at}")).cloned();
        if field("remove").is_some() {
            return None;
        }
        let typed = RawLineForm {
            dose: field("dose").unwrap_or(line.typed.dose),
            usage: field("usage").unwrap_or(line.typed.usage),
            count: field("count").unwrap_or(line.typed.count),
            ..line.typed
        };
        Some(SetLine { typed, ..line })
    }
}

fn sentence(error: SetError) -> String {
    match error {
        SetError::NameMissing => "セットの名前を入れてください".into(),
        SetError::TooLong => format!("名前と診療科は{NAME_MAX_CHARS}文字までです"),
        SetError::ControlCharacter => "読めない文字(制御文字など)が入っています".into(),
        SetError::DepartmentMissing => "診療科の名前を入れてください".into(),
    }
}

/// The prescription as it stands becomes a set.
pub async fn keep(
    access: Access<PrescriptionWrite>,
    path: web::Path<EncounterId>,
    form: web::Form<SetForm>,
    req: HttpRequest,
) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let visit = open_visit(&tx, *path, &form.patient_token).await?;
    let key = tx.act_key(key_of(&form.idempotency_key)?, KEEP, &format!("{} {} {}", *path, form.name, form.scope));
    let audit = Audit::created(InfoClass::Prescription);
    if tx.idempotent(key).await?.is_some() {
        return done(&access, tx, &visit, &req, audit.entity("encounter", *path), Extra::default()).await;
    }
    let named = form.named().map_err(|says| AppError::Invalid(format!("{says}。")))?;
    let kept: Vec<SetLine> = lines::lines(&tx, *path).await?.iter().map(SetLine::of).collect();
    if kept.is_empty() {
        return Err(AppError::Refused("処方がないため、セットにできません。".into()));
    }
    tx.remember(key, json!({})).await?;
    let row = sets::add(&tx, named, &kept).await?;
    let said = Some((format!("セット「{}」を作りました", row.name), Written::new()));
    done(&access, tx, &visit, &req, audit.entity("order_set", row.id), Extra { done: said, ..Extra::default() }).await
}

/// A set's lines as drafts; drugs that have ended stay out and are named.
pub async fn apply(
    access: Access<PrescriptionWrite>,
    path: web::Path<EncounterId>,
    form: web::Form<SetForm>,
    req: HttpRequest,
    signer: web::Data<dyn PrescriptionSigner>,
) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let visit = open_visit(&tx, *path, &form.patient_token).await?;
    let key = tx.act_key(key_of(&form.idempotency_key)?, APPLY, &format!("{} {}", *path, form.set));
    let audit = Audit::created(InfoClass::Prescription).entity("encounter", *path);
    if tx.idempotent(key).await?.is_some() {
        return done(&access, tx, &visit, &req, audit, Extra::default()).await;
    }
    let id: OrderSetId = form.set.parse().map_err(|_| AppError::Invalid("セットを選んでください。".into()))?;
    let set = sets::get(&tx, id).await?;
    tx.remember(key, json!({})).await?;
    let head = heads::open(&tx, &visit, signer.is_on()).await?;
    let known = lines::lines(&tx, *path).await?;
    let mut line_no = known.iter().map(|row| row.line_no).max().unwrap_or_default();
    let (mut written, mut left_out) = (Written::new(), Vec::new());
    let set_lines = sets::lines(&set);
    let drugs = in_force(&tx, &set_lines).await?;
    for line in set_lines.iter().filter(|line| !known.iter().any(|row| row.status == store::DRAFT && row.drug_code == line.typed.drug_code))
    {
        let drug = drugs.iter().find(|drug| drug.code == line.typed.drug_code);
        let Some((drug, Ok(content))) = drug.map(|drug| (drug, line.typed.read(Ok(drug)))) else {
            left_out.push(line.name.clone());
            continue;
        };
        line_no += 1;
        let row = lines::add(&tx, &visit, head.id, line_no, drug, &content).await?;
        written.push((row.id, row.version));
    }
    let mut said = format!("セット「{}」の{}剤を入れました", set.name, written.len());
    if !left_out.is_empty() {
        said.push_str(&format!("。「{}」は使えないため入れていません", left_out.join("」「")));
    }
    done(&access, tx, &visit, &req, audit.detail("lines", written.len()), Extra { done: Some((said, written)), ..Extra::default() }).await
}

async fn in_force(tx: &TenantTx, set_lines: &[SetLine]) -> Result<Vec<Drug>, AppError> {
    let today = clock::today(tx.now());
    let codes: Vec<&str> = set_lines.iter().map(|line| line.typed.drug_code.as_str()).collect();
    let mut found = drugs::of_codes(tx, &codes, today).await?;
    found.retain(|drug| drug.is_in_force(today));
    Ok(found)
}

/// セットの一覧.
pub async fn list(access: Access<PrescriptionWrite>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let rows = sets::visible(&tx).await?;
    let receipt = tx.commit(Audit::viewed(InfoClass::Prescription)).await?;
    Page::full(receipt, &SetListPage::of(Chrome::of(access.principal(), Nav::Clinic), &rows))
}

/// One set, to be edited.
pub async fn show(access: Access<PrescriptionWrite>, path: web::Path<OrderSetId>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let row = sets::get(&tx, *path).await?;
    let receipt = tx.commit(Audit::viewed(InfoClass::Prescription).entity("order_set", *path)).await?;
    Page::full(receipt, &SetPage::of(Chrome::of(access.principal(), Nav::Clinic), &row, sets::lines(&row), vec![]))
}

/// 変更 of name, reach and lines.
pub async fn change(
    access: Access<PrescriptionWrite>,
    path: web::Path<OrderSetId>,
    form: web::Form<SetForm>,
) -> Result<Either<Redirect, Page>, AppError> {
    let tx = access.begin().await?;
    let row = sets::get(&tx, *path).await?;
    check_version(&form.version, row.version)?;
    let edited: Vec<SetLine> = sets::lines(&row).into_iter().enumerate().filter_map(|(at, line)| form.edited(at, line)).collect();
    let drugs = in_force(&tx, &edited).await?;
    let mut errors: Vec<String> = edited.iter().filter_map(|line| wrong(line, &drugs)).collect();
    let named = form.named().map_err(|says| errors.insert(0, says));
    if edited.is_empty() {
        errors.push("薬が一つも残りません。セットごと消すには「このセットを消す」を使ってください".into());
    }
    match named {
        Ok(named) if errors.is_empty() => {
            sets::change(&tx, row, named, &edited).await?;
            let audit = Audit::updated(InfoClass::Prescription).entity("order_set", *path);
            Ok(Either::Left(Redirect::to(tx.commit(audit).await?, "/order-sets")))
        }
        _ => invalid(&access, tx, &row, edited, errors, *path).await,
    }
}

fn wrong(line: &SetLine, drugs: &[Drug]) -> Option<String> {
    let drug = drugs.iter().find(|drug| drug.code == line.typed.drug_code);
    let read = line.typed.read(drug.ok_or_else(|| "医薬品マスターで終わっています。外してください".to_owned()));
    read.err().map(|errors| format!("{}: {}", line.name, errors.iter().map(|(_, says)| says).collect::<Vec<_>>().join("、")))
}

async fn invalid<P: Permission>(
    access: &Access<P>,
    tx: TenantTx,
    row: &crate::prescriptions::entity::order_set::Model,
    edited: Vec<SetLine>,
    errors: Vec<String>,
    id: OrderSetId,
) -> Result<Either<Redirect, Page>, AppError> {
    let receipt = tx.commit(Audit::viewed(InfoClass::Prescription).entity("order_set", id)).await?;
    let page = SetPage::of(Chrome::of(access.principal(), Nav::Clinic), row, edited, errors);
    Ok(Either::Right(Page::invalid(receipt, &page)?))
}

/// このセットを消す; its versions stay.
pub async fn withdraw(
    access: Access<PrescriptionWrite>,
    path: web::Path<OrderSetId>,
    form: web::Form<SetForm>,
) -> Result<Redirect, AppError> {
    let tx = access.begin().await?;
    let row = sets::get(&tx, *path).await?;
    check_version(&form.version, row.version)?;
    let id: Uuid = row.id;
    sets::withdraw(&tx, row).await?;
    let audit = Audit::updated(InfoClass::Prescription).entity("order_set", id).detail("status", "withdrawn");
    Ok(Redirect::to(tx.commit(audit).await?, "/order-sets"))
}
