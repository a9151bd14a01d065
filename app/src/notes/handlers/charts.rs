//! Reading: the chart of an encounter, the history of a patient, and its print.

use actix_web::{HttpRequest, web};
use chrono::NaiveDate;
use domain::{EncounterId, PatientId, StaffId};
use serde::Deserialize;
use tenancy::permission::NoteRead;
use tenancy::{Access, Act, Audit, InfoClass};

use crate::AppError;
use crate::notes::assemble::{self, Extra, Past};
use crate::notes::neighbours;
use crate::notes::record::NoteRecord;
use crate::notes::store::read::Kind;
use crate::notes::store::{self, Cursor, past, read};
use crate::notes::views::chart::TimelinePage;
use crate::notes::views::{ChartPrintPage, NoteSheet, PatientChartPage, labels};
use crate::web::Page;
use crate::web::chrome::{Chrome, Nav};

/// Notes on one print.
const PRINT_LIMIT: u64 = 200;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ChartQuery {
    responsible: String,
}

/// 診察: today's sections between the past and 病名・処方.
pub async fn show(access: Access<NoteRead>, path: web::Path<EncounterId>, query: web::Query<ChartQuery>) -> Result<Page, AppError> {
    let responsible: Option<StaffId> = query.responsible.parse().ok();
    let tx = access.begin().await?;
    let extra = Extra { responsible, ..Extra::default() };
    let (page, patient) = assemble::chart(&tx, &access, *path, extra).await?;
    let audit = Audit::viewed(InfoClass::Note).subject(patient).entity("encounter", *path);
    Page::full(tx.commit(audit).await?, &page)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct HistoryQuery {
    before: String,
    /// `rx`: visits with a prescription only.
    kind: String,
    /// From this day backwards.
    day: String,
    /// The second window, which follows the patient of the first.
    follow: String,
}

/// The chart without an encounter; for htmx the next page of the left pane.
pub async fn patient(
    access: Access<NoteRead>,
    path: web::Path<PatientId>,
    query: web::Query<HistoryQuery>,
    req: HttpRequest,
) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let (person, kind) = (neighbours::person(&tx, *path).await?, Kind::parse(&query.kind));
    let (notes, has_more) = {
        let before = Cursor::parse(&query.before).or_else(|| Cursor::up_to(query.day.parse().ok()?));
        read::history_page(&tx, &person.group, before, kind).await?
    };
    let drugs = past::drugs_of(&tx, &notes).await?;
    let staff = store::staff(&tx, notes.iter().flat_map(NoteRecord::people)).await?;
    let id = person.stripe.patient_id;
    let receipt = tx.commit(Audit::viewed(InfoClass::Note).subject(id).detail("notes", notes.len())).await?;
    let today = labels::jst(access.clock().now()).date_naive();
    let timeline = assemble::timeline(&Past { patient: id, notes: &notes, has_more, drugs: &drugs, kind, today, here: None }, &staff.names);
    let page = PatientChartPage {
        chrome: Chrome::of(access.principal(), Nav::Patients),
        stripe: person.stripe,
        notes: notes.iter().map(|n| NoteSheet::of(n, &staff.names)).collect(),
        older_url: timeline.older_url.clone(),
        is_window: !query.follow.is_empty(),
    };
    Page::full_or(&req, receipt, &page, TimelinePage { timeline })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PrintQuery {
    from: String,
    to: String,
}

/// 診療録の印刷 for a period, oldest first.
pub async fn print(access: Access<NoteRead>, path: web::Path<PatientId>, query: web::Query<PrintQuery>) -> Result<Page, AppError> {
    let day = |text: &str| text.parse::<NaiveDate>().ok();
    let tx = access.begin().await?;
    let person = neighbours::person(&tx, *path).await?;
    let (notes, is_all) = read::of_period(&tx, &person.group, day(&query.from), day(&query.to), PRINT_LIMIT).await?;
    let staff = store::staff(&tx, notes.iter().flat_map(NoteRecord::people)).await?;
    let page = ChartPrintPage {
        stripe: person.stripe,
        clinic: access.principal().tenant_name.clone(),
        printed_at: labels::stamp(tx.now()),
        printed_by: access.principal().staff_name.clone(),
        from: query.from.clone(),
        to: query.to.clone(),
        notes: notes.iter().map(|n| NoteSheet::of(n, &staff.names)).collect(),
        left_out: (!is_all).then_some(notes.len()),
    };
    let audit = Audit::of(Act::Print, InfoClass::Note).subject(page.stripe.patient_id).detail("notes", notes.len());
    Page::full(tx.commit(audit).await?, &page)
}
