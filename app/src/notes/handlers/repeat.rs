//! 前回受診まるごとDo (差分診察): the last visit's four texts beside today's, only what differs coloured, put in by one press.

use actix_web::web;
use domain::EncounterId;
use tenancy::permission::NoteWrite;
use tenancy::{Access, Audit, InfoClass};

use crate::AppError;
use crate::notes::assemble::{self, Extra};
use crate::notes::views::repeat::{RepeatPage, RepeatRow};
use crate::web::Page;

/// Nothing is written by looking; the form is the chart's own 下書き保存 with the versions that were seen.
pub async fn show(access: Access<NoteWrite>, path: web::Path<EncounterId>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let (chart, patient) = assemble::chart(&tx, &access, *path, Extra::default()).await?;
    let receipt = tx.commit(Audit::viewed(InfoClass::Note).subject(patient).entity("encounter", *path).detail("repeat", true)).await?;
    if !chart.today.can_write() {
        return Err(AppError::Refused("この記録には書けません。確定済みなら追記・訂正を使ってください。".into()));
    }
    let page = RepeatPage {
        rows: chart.today.sections.iter().filter(|s| s.section.is_soap()).map(RepeatRow::of).collect(),
        previous: chart.previous_day,
        chrome: chart.chrome,
        stripe: chart.stripe,
        encounter_id: *path,
        action: chart.today.base,
        key: chart.today.sign_key,
        responsible: chart.today.responsible_choice,
    };
    Page::full(receipt, &page)
}
