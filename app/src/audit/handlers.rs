//! Looking through the log, and taking a part of it out. Both are acts of their own in the log.

use std::collections::BTreeSet;

use actix_web::{Either, web};
use domain::PatientId;
use tenancy::permission::{AuditExport, AuditRead};
use tenancy::{Access, Act, Audit, Error, InfoClass, TenantTx};
use uuid::Uuid;

use super::csv;
use super::forms::{EXPORT_REASONS, Filter, RawFilter};
use super::store::{self, Event, Person, Subject};
use super::views::{AuditPage, SHOWN_SUBJECTS};
use crate::error::AppError;
use crate::web::{Chrome, Download, FormErrors, FormState, Nav, Page};

/// What a page or a file is made of.
pub(super) struct Read {
    pub events: Vec<Event>,
    pub people: Vec<Person>,
    pub subjects: std::collections::HashMap<Uuid, Subject>,
}

impl Read {
    fn patients(&self) -> Vec<PatientId> {
        self.subjects.keys().copied().map(PatientId::new).collect()
    }
}

/// 操作履歴: who did what to whose information, when and from where.
pub async fn show(access: Access<AuditRead>, raw: web::Query<RawFilter>) -> Result<Page, AppError> {
    let raw = raw.into_inner();
    let chrome = Chrome::of(access.principal(), Nav::Audit);
    let tx = access.begin().await?;
    let (read, errors) = match raw.validate(access.clock().today_jst()) {
        Ok(filter) => read(&tx, &filter, store::PAGE + 1, SHOWN_SUBJECTS).await?,
        Err(errors) => (Read { events: vec![], people: store::people(&tx).await?, subjects: Default::default() }, errors),
    };
    let audit = Audit::searched(InfoClass::Audit).subjects(read.patients()).detail("rows", read.events.len());
    let receipt = tx.commit(audit).await?;
    let form = FormState::of(&raw).with_errors(errors);
    let page = AuditPage::new(chrome, &raw, form, read);
    if page.is_valid() { Page::full(receipt, &page) } else { Page::invalid(receipt, &page) }
}

/// The same rows as a CSV file. Needs a reason, which is kept in the log.
pub async fn export(access: Access<AuditExport>, raw: web::Form<RawFilter>) -> Result<Either<Download, Page>, AppError> {
    let raw = RawFilter { before: String::new(), ..raw.into_inner() };
    let chrome = Chrome::of(access.principal(), Nav::Audit);
    let tx = access.begin().await?;
    let checked = raw.validate(access.clock().today_jst()).and_then(|filter| Ok((filter, reason(&raw)?)));
    let (read, errors, reason) = match checked {
        Ok((filter, reason)) => {
            let (read, errors) = read(&tx, &filter, store::EXPORT, usize::MAX).await?;
            (read, errors, reason)
        }
        Err(errors) => (Read { events: vec![], people: store::people(&tx).await?, subjects: Default::default() }, errors, "none"),
    };
    let audit = Audit::of(Act::Export, InfoClass::Audit).subjects(read.patients());
    let receipt = tx.commit(audit.detail("reason", reason).detail("rows", read.events.len())).await?;
    if !errors.is_empty() {
        let form = FormState::of(&raw).with_errors(errors);
        return Ok(Either::Right(Page::invalid(receipt, &AuditPage::new(chrome, &raw, form, read))?));
    }
    let file = csv::write(&read).map_err(AppError::internal)?;
    let name = format!("audit-{}.csv", access.clock().today_jst());
    Ok(Either::Left(Download::of(receipt, &read.patients(), "text/csv; charset=utf-8", "attachment", &name, file)?))
}

fn reason(raw: &RawFilter) -> Result<&'static str, FormErrors> {
    let known = EXPORT_REASONS.iter().find(|(code, _)| *code == raw.reason);
    known.map(|(code, _)| *code).ok_or_else(|| {
        let mut errors = FormErrors::default();
        errors.add("reason", "書き出す理由を選んでください");
        errors
    })
}

async fn read(tx: &TenantTx, filter: &Filter, limit: u64, subjects_each: usize) -> Result<(Read, FormErrors), Error> {
    let mut errors = FormErrors::default();
    let patient = match &filter.patient_number {
        None => None,
        Some(number) => {
            let found = store::find_patient(tx, number).await?;
            if found.is_none() {
                errors.add("patient", format!("番号{number}の患者はいません"));
            }
            found
        }
    };
    let events = if errors.is_empty() { store::search(tx, filter, patient, limit).await? } else { vec![] };
    let ids: BTreeSet<Uuid> = events.iter().flat_map(|event| event.subject_ids.iter().take(subjects_each)).copied().collect();
    let subjects = store::subjects(tx, ids.into_iter().collect()).await?;
    Ok((Read { events, people: store::people(tx).await?, subjects }, errors))
}
