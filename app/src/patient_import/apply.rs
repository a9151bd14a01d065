//! The worker's part: a hundred lines at a time, each hundred one act with its own audit event.

use std::collections::BTreeSet;

use domain::patient::PatientError;
use domain::{PatientId, StaffId};
use serde_json::json;
use tenancy::operator::Operator;
use tenancy::{Act, Audit, Authorship, Error, InfoClass, TenantId, TenantTx};

use super::check::{self, Problem};
use super::entity::Model;
use super::reading::{self, Sheet};
use super::store::{self, DONE, PROBLEMS_KEPT, QUEUED, RUNNING};
use crate::patients::store as patients;

const AT_ONCE: usize = 100;

/// Goes on with the clinic's next import until it is done; how many patients were registered. Whoever dies in between leaves whole
/// hundreds behind, and the next one goes on after them.
pub async fn work_off(operator: &Operator, tenant: TenantId) -> Result<usize, Error> {
    let mut registered = 0;
    while let Some(count) = some(operator, tenant).await? {
        registered += count;
    }
    Ok(registered)
}

async fn some(operator: &Operator, tenant: TenantId) -> Result<Option<usize>, Error> {
    let tx = operator.begin(tenant).await?;
    let Some(found) = store::waiting(&tx).await? else { return Ok(None) };
    let mut row = store::lock(&tx, found.id).await?;
    if ![QUEUED, RUNNING].contains(&row.state.as_str()) {
        return Ok(None);
    }
    let Ok(sheet) = reading::read(&store::open(&tx, &row).await?) else {
        return Err(Error::internal("a file that was read before cannot be read"));
    };
    let (total, from) = (sheet.lines.len(), usize::try_from(row.done + row.skipped).unwrap_or_default());
    let next = Sheet { lines: sheet.lines.into_iter().skip(from).take(AT_ONCE).collect(), ..sheet };
    let mut subjects = Vec::new();
    // Numbers given away meanwhile, or twice in the file, are found out by registering.
    for one in check::judge(&next, &row.columns(), &BTreeSet::new(), domain::clock::today(tx.now())) {
        match &one.result {
            Ok(new) => match register(&tx, &row, new).await? {
                Ok(id) => subjects.push(id),
                Err(says) => note(&mut row, Problem { line: one.line, says: vec![says] }),
            },
            // Told on the page since the file was looked at.
            Err(_) => row.skipped += 1,
        }
    }
    finish(tx, row, subjects, total).await.map(Some)
}

/// In the name of whoever pressed the button.
async fn register(tx: &TenantTx, row: &Model, new: &domain::patient::NewPatient) -> Result<Result<PatientId, String>, Error> {
    let person = StaffId::new(row.created_by_id);
    let by = Authorship { author: person, entered_by: person };
    Ok(patients::register_as(tx, new, by).await?.map(|patient| patient.id).map_err(|error| match error {
        PatientError::DuplicateNumber => "患者番号がもう登録されています".to_owned(),
        _ => "番号を付けられません".to_owned(),
    }))
}

fn note(row: &mut Model, problem: Problem) {
    row.skipped += 1;
    let mut all = row.kept_problems();
    if all.len() < PROBLEMS_KEPT && !all.contains(&problem) && !all.iter().any(|known| known.line == problem.line) {
        all.push(problem);
        row.problems = json!(all);
    }
}

async fn finish(tx: TenantTx, mut row: Model, subjects: Vec<PatientId>, total: usize) -> Result<usize, Error> {
    row.done += i32::try_from(subjects.len()).unwrap_or_default();
    row.started_at = row.started_at.or(Some(tx.now()));
    row.state = RUNNING.into();
    if usize::try_from(row.done + row.skipped).unwrap_or_default() >= total {
        row.state = DONE.into();
        row.finished_at = Some(tx.now());
        row.content_sealed = Vec::new();
    }
    let (id, count, state) = (row.id, subjects.len(), row.state.clone());
    store::save(&tx, row).await?;
    let audit = Audit::of(Act::Import, InfoClass::Patient).entity("patient_import", id).subjects(subjects);
    tx.commit(audit.detail("registered", count).detail("state", state)).await?;
    Ok(count)
}
