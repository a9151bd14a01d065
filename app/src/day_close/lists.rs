//! What must be empty, or explained, before a day is closed.

use chrono::NaiveDate;
use domain::PatientId;
use domain::billing::{AccountStatus, PaymentMethod, grouped};
use domain::claim::ClaimStatus;
use domain::eligibility::EligibilityStatus;
use domain::encounter::VisitStatus;
use domain::prescription::registration::RegistrationStatus;
use domain::schedule::instant;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tenancy::{Error, TenantTx};
use uuid::Uuid;

use super::store;
use crate::appointments::list as bookings;
use crate::billing::entity::{account, payment_notice};
use crate::billing::queue;
use crate::claims::entity::claim;
use crate::claims::store as claims;
use crate::encounters::list::{self, Row};
use crate::encounters::reader_store;
use crate::eprescriptions::entity::registration;
use crate::eprescriptions::store as registrations;
use crate::notes::entity::note;

/// One of the lists; the code names it in the form and in the stored closing.
#[derive(Debug, Clone)]
pub struct OpenList {
    pub code: &'static str,
    pub label: &'static str,
    pub todo: &'static str,
    pub items: Vec<Item>,
}

#[derive(Debug, Clone)]
pub struct Item {
    /// None of what nobody could put to a patient.
    pub patient_id: Option<PatientId>,
    pub name: String,
    pub what: String,
    pub href: String,
}

/// Everything a closing is judged by.
pub struct DayFacts {
    pub day: NaiveDate,
    pub visits: usize,
    pub lists: Vec<OpenList>,
    pub payments: Vec<payment_notice::Model>,
    pub accounts: Vec<account::Model>,
}

impl DayFacts {
    /// `day_boundary_min`: minutes after midnight at which the clinic's day begins.
    pub async fn load(tx: &TenantTx, day: NaiveDate, day_boundary_min: i32) -> Result<Self, Error> {
        let rows = list::of_day(tx, day).await?;
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let unsigned = unsigned(tx, &ids).await?;
        let accounts = queue::accounts(tx, &ids).await?;
        let claims = claims::of_visits(tx, &ids).await?;
        let registrations = registrations::of_visits(tx, &ids).await?;
        let begins = |day| instant(day, day_boundary_min);
        let came = begins(day)..begins(day.succ_opt().unwrap_or(day));
        let lists = vec![
            notes(&rows, &unsigned),
            unbilled(&rows, &accounts),
            unsent(&rows, &claims),
            unregistered(&rows, &registrations),
            unpaid(&rows, &accounts),
            unchecked(&rows),
            unmatched(reader_store::unreflected(tx, came).await?),
            no_shows(bookings::no_shows(tx, day).await?),
        ];
        let payments = store::payments(tx, day).await?;
        let visits = rows.iter().filter(|row| row.status != VisitStatus::Cancelled.code()).count();
        Ok(Self { day, visits, lists, payments, accounts })
    }

    /// 現金 taken less what was given back.
    pub fn cash_yen(&self) -> i64 {
        self.of_method(PaymentMethod::Cash)
    }

    pub fn of_method(&self, method: PaymentMethod) -> i64 {
        self.payments.iter().filter(|row| row.method == method.code()).map(|row| i64::from(row.amount_yen)).sum()
    }
}

async fn unsigned(tx: &TenantTx, visits: &[Uuid]) -> Result<Vec<Uuid>, Error> {
    if visits.is_empty() {
        return Ok(Vec::new());
    }
    let rows = note::Entity::find()
        .filter(note::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(note::Column::EncounterId.eq_any(visits.iter().copied()))
        .filter(note::Column::SignedAt.is_null())
        .all(tx)
        .await?;
    Ok(rows.into_iter().map(|row| row.encounter_id).collect())
}

fn item(row: &Row, what: impl Into<String>, href: String) -> Item {
    Item { patient_id: Some(PatientId::new(row.patient_id)), name: row.name_ideographic.clone(), what: what.into(), href }
}

fn notes(rows: &[Row], unsigned: &[Uuid]) -> OpenList {
    let of = |row: &&Row| unsigned.contains(&row.id) && row.status != VisitStatus::Cancelled.code();
    let items = rows.iter().filter(of).map(|row| item(row, row.doctor_name.clone().unwrap_or_default(), "/board".into())).collect();
    OpenList { code: "unsigned", label: "未確定カルテ", todo: "医師が確定します", items }
}

/// Visits that never reached the end of the counter.
fn unbilled(rows: &[Row], accounts: &[account::Model]) -> OpenList {
    let is_open = |row: &&Row| {
        let status = VisitStatus::from_code(&row.status);
        let is_changed = accounts.iter().any(|account| account.id == row.id && account.is_changed);
        is_changed || status.is_some_and(|status| !status.is_finished())
    };
    let word = |row: &Row| VisitStatus::from_code(&row.status).map_or("", VisitStatus::label).to_owned();
    let items = rows.iter().filter(is_open).map(|row| item(row, word(row), format!("/encounters/{}/billing", row.id))).collect();
    OpenList {
        code: "unbilled", label: "会計が終わっていない受診", todo: "会計を済ませるか、未収として残します", items
    }
}

/// What the receipt computer does not have, or no longer has as it is.
fn unsent(rows: &[Row], claims: &[claim::Model]) -> OpenList {
    let of = |row: &Row| {
        let claim = claims.iter().find(|claim| claim.id == row.id)?;
        let status = ClaimStatus::from_code(&claim.status)?;
        let is_open = status.is_to_send() || !claim.engine_code.is_empty();
        let what = if claim.engine_said.is_empty() { status.label().to_owned() } else { claim.engine_said.clone() };
        is_open.then(|| item(row, what, format!("/encounters/{}/billing", row.id)))
    };
    OpenList {
        code: "unsent",
        label: "レセコンに送れていない会計",
        todo: "会計の画面で直して再送します",
        items: rows.iter().filter_map(of).collect(),
    }
}

/// Electronic prescriptions that are neither registered nor on paper.
fn unregistered(rows: &[Row], registrations: &[registration::Model]) -> OpenList {
    let open = registrations.iter().filter_map(|registration| {
        let status = RegistrationStatus::from_code(&registration.status).filter(|status| status.is_unfinished())?;
        let row = rows.iter().find(|row| row.id == registration.encounter_id)?;
        Some(item(row, status.label(), format!("/encounters/{}/eprescription", row.id)))
    });
    OpenList {
        code: "unregistered", label: "未登録の電子処方箋", todo: "登録を待つか、紙へ切り替えます", items: open.collect()
    }
}

fn unpaid(rows: &[Row], accounts: &[account::Model]) -> OpenList {
    let of = |row: &Row| {
        let account = accounts.iter().find(|account| account.id == row.id)?;
        let status = AccountStatus::from_code(&account.status)?;
        let is_owed = matches!(status, AccountStatus::Issued | AccountStatus::LeftUnpaid);
        is_owed.then(|| item(row, format!("{}円", grouped(account.unpaid_yen.into())), format!("/encounters/{}/billing", row.id)))
    };
    OpenList {
        code: "unpaid",
        label: "未収・概算預かり",
        todo: "連絡するか、次回に精算します",
        items: rows.iter().filter_map(of).collect(),
    }
}

fn unchecked(rows: &[Row]) -> OpenList {
    let is_open = |row: &&Row| {
        let status = row.eligibility.as_deref().and_then(EligibilityStatus::from_code).unwrap_or(EligibilityStatus::Unchecked);
        row.status != VisitStatus::Cancelled.code() && status != EligibilityStatus::Valid
    };
    let word = |row: &Row| {
        row.eligibility.as_deref().and_then(EligibilityStatus::from_code).unwrap_or(EligibilityStatus::Unchecked).label().to_owned()
    };
    let items = rows.iter().filter(is_open).map(|row| item(row, word(row), format!("/patients/{}", row.patient_id))).collect();
    OpenList {
        code: "unchecked", label: "資格を確かめていない受診", todo: "カードを読み直すか、照会します", items
    }
}

/// Answers of the card reader and of 照会 that belong to nobody yet.
fn unmatched(lines: Vec<reader_store::Line>) -> OpenList {
    let items = lines.into_iter().map(|line| Item {
        patient_id: None,
        name: format!("{} の読取", domain::clock::jst(line.received_at).format("%H:%M")),
        what: EligibilityStatus::from_code(&line.validity).unwrap_or(EligibilityStatus::Unchecked).label().to_owned(),
        href: format!("/reception/reader-results/{}", line.id),
    });
    OpenList { code: "unmatched", label: "未紐付結果(資格)", todo: "患者を確かめて反映します", items: items.collect() }
}

/// Bookings nobody came to.
fn no_shows(rows: Vec<bookings::Row>) -> OpenList {
    let items = rows.into_iter().map(|row| Item {
        patient_id: row.patient(),
        what: format!("{} {}", domain::clock::jst(row.starts_at).format("%H:%M"), row.purpose).trim_end().to_owned(),
        href: format!("/appointments/{}", row.id),
        name: row.name_ideographic.unwrap_or_default(),
    });
    OpenList {
        code: "no_show", label: "予約の無断キャンセル", todo: "連絡して、取り直すか取り消します", items: items.collect()
    }
}
