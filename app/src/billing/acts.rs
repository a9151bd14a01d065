//! What a clerk does with a visit's money, each a function over one transaction. Handlers open and commit it.

use chrono::NaiveDate;
use domain::billing::{AccountStatus, PaymentMethod, UnpaidReason, YEN_MAX, grouped};
use domain::encounter::VisitStatus;
use tenancy::{Authorship, Error, Principal, TenantTx, versioned};
use uuid::Uuid;

use super::account::Case;
use super::entity::{account, invoice, payment_notice};
use super::store::{self, BilledLine};
use crate::day_close::store as day_close;
use crate::encounters::entity::encounter;
use crate::encounters::moves;
use crate::encounters::store as encounters;

/// Why an act was not done. Nothing of it is written then.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Something at one field of the form.
    #[error("{0}")]
    Field(&'static str, String),
    /// Not possible now; the sentence says why and what to do.
    #[error("{0}")]
    Not(String),
    #[error(transparent)]
    Store(#[from] Error),
}

impl From<sea_orm::DbErr> for Refusal {
    fn from(e: sea_orm::DbErr) -> Self {
        Self::Store(e.into())
    }
}

/// What was taken at the counter, and what becomes of the rest.
#[derive(Debug, Clone)]
pub struct Settlement {
    /// `None`: 後日, nothing changes hands.
    pub method: Option<PaymentMethod>,
    pub amount_yen: i32,
    pub reason: Option<UnpaidReason>,
    pub note: String,
}

/// What came of it.
#[derive(Debug, Clone, Copy)]
pub struct Settled {
    /// The first row of the receipt, when money changed hands.
    pub payment: Option<Uuid>,
    pub unpaid_yen: i32,
}

/// 会計: makes the bill if there is none yet, takes the money and closes the visit.
pub async fn settle(tx: &TenantTx, principal: &Principal, mut case: Case, taken: &Settlement) -> Result<Settled, Refusal> {
    let day = open_day(tx, principal).await?;
    check_at_cashier(&case.visit)?;
    if taken.reason == Some(UnpaidReason::EngineDown) {
        return deposit(tx, principal, case, taken, day).await;
    }
    if case.account.is_changed {
        return Err(Refusal::Not("請求したあとに明細か負担が変わっています。先に「請求し直す」で理由を残してください。".into()));
    }
    if !case.is_billed() {
        issue(tx, &mut case, "").await?;
    }
    let here = share_of(&case, taken)?;
    let unpaid_yen = case.account.unpaid_yen - here;
    if unpaid_yen > 0 && taken.reason.is_none() {
        let left = grouped(unpaid_yen.into());
        return Err(Refusal::Field("unpaid_reason", format!("{left}円が残ります。残る理由を選んでください")));
    }
    let mut till = Till::open(tx, &case, taken.method, day).await?;
    till.take(tx, &case.account, here, "received", "").await?;
    let mut left = paid_amount(taken) - here;
    for other in std::mem::take(&mut case.others) {
        let part = left.min(other.unpaid_yen.max(0));
        left -= part;
        pay_off(tx, principal, &mut till, other, part).await?;
    }
    case.account.paid_yen += here;
    case.account.unpaid_yen = unpaid_yen;
    case.account.is_estimate = false;
    leave(&mut case.account, taken);
    store::keep(tx, case.account, "").await?;
    if unpaid_yen == 0 {
        crate::claims::paid(tx, case.visit.id.into()).await?;
    }
    close_visit(tx, principal, case.visit, unpaid_yen).await?;
    Ok(Settled { payment: till.first, unpaid_yen })
}

fn paid_amount(taken: &Settlement) -> i32 {
    if taken.method.is_some() { taken.amount_yen } else { 0 }
}

/// How much of what was taken is for this visit; the rest pays older ones.
fn share_of(case: &Case, taken: &Settlement) -> Result<i32, Refusal> {
    let paying = paid_amount(taken);
    let most = case.to_pay_yen();
    if i64::from(paying) > most {
        return Err(Refusal::Field("amount", format!("お支払いは{}円までです", grouped(most))));
    }
    if taken.method.is_some() && paying == 0 && most > 0 {
        return Err(Refusal::Field("amount", "0円です。受け取らないときは方法で「後日」を選んでください".into()));
    }
    Ok(paying.min(case.account.unpaid_yen.max(0)))
}

/// The balance's state and reason after this act.
fn leave(account: &mut account::Model, taken: &Settlement) {
    let has_left = account.unpaid_yen > 0;
    account.status = AccountStatus::after(account.unpaid_yen, has_left).code().to_owned();
    account.unpaid_reason = taken.reason.filter(|_| has_left).map_or(String::new(), |reason| reason.code().to_owned());
    account.unpaid_note = if has_left { taken.note.clone() } else { String::new() };
}

/// 概算預かり: the receipt computer does not answer, so nothing is billed yet; what is taken is kept for the visit.
async fn deposit(tx: &TenantTx, principal: &Principal, mut case: Case, taken: &Settlement, day: NaiveDate) -> Result<Settled, Refusal> {
    if case.is_billed() {
        return Err(Refusal::Field("unpaid_reason", "すでに請求しています。概算預かりは請求の前だけです".into()));
    }
    let mut till = Till::open(tx, &case, taken.method, day).await?;
    let amount = paid_amount(taken);
    till.take(tx, &case.account, amount, "deposit", "").await?;
    let account = &mut case.account;
    account.paid_yen += amount;
    account.unpaid_yen = account.due_yen - account.paid_yen;
    account.is_estimate = true;
    account.status = AccountStatus::LeftUnpaid.code().to_owned();
    account.unpaid_reason = UnpaidReason::EngineDown.code().to_owned();
    account.unpaid_note = taken.note.clone();
    let unpaid_yen = account.unpaid_yen;
    store::keep(tx, case.account, "").await?;
    move_visit(tx, principal, case.visit, VisitStatus::LeftUnpaid).await?;
    Ok(Settled { payment: till.first, unpaid_yen })
}

/// An older visit paid with this receipt.
async fn pay_off(tx: &TenantTx, principal: &Principal, till: &mut Till, mut other: account::Model, part: i32) -> Result<(), Refusal> {
    if part == 0 {
        return Ok(());
    }
    till.take(tx, &other, part, "received", "").await?;
    other.paid_yen += part;
    other.unpaid_yen -= part;
    let has_left = other.status == AccountStatus::LeftUnpaid.code();
    other.status = AccountStatus::after(other.unpaid_yen, has_left).code().to_owned();
    let (id, unpaid) = (other.id.into(), other.unpaid_yen);
    store::keep(tx, other, "").await?;
    let visit = encounters::get(tx, id).await?;
    close_visit(tx, principal, visit, unpaid).await
}

/// 請求し直す: the next revision, from the lines and terms as they are now.
pub async fn revise(tx: &TenantTx, principal: &Principal, mut case: Case, reason: &str) -> Result<i32, Refusal> {
    open_day(tx, principal).await?;
    if !case.is_billed() {
        return Err(Refusal::Not("まだ請求していません。「受け取る」で請求されます。".into()));
    }
    if !case.account.is_changed {
        return Err(Refusal::Not("請求した内容から変わっていません。".into()));
    }
    issue(tx, &mut case, reason).await?;
    let has_left = case.account.status == AccountStatus::LeftUnpaid.code() && case.account.unpaid_yen > 0;
    case.account.status = AccountStatus::after(case.account.unpaid_yen, has_left).code().to_owned();
    let kept = store::keep(tx, case.account, reason).await?;
    close_visit(tx, principal, case.visit, kept.unpaid_yen).await?;
    Ok(kept.unpaid_yen)
}

/// 返金, as a row of its own. The rows before it stay.
pub async fn refund(
    tx: &TenantTx,
    principal: &Principal,
    mut case: Case,
    amount_yen: i32,
    method: PaymentMethod,
    reason: &str,
) -> Result<Settled, Refusal> {
    let day = open_day(tx, principal).await?;
    if amount_yen == 0 || amount_yen > case.account.paid_yen {
        let most = grouped(case.account.paid_yen.into());
        return Err(Refusal::Field("refund_amount", format!("返せるのは1円から{most}円までです")));
    }
    let mut till = Till::open(tx, &case, Some(method), day).await?;
    till.take(tx, &case.account, -amount_yen, "refunded", reason).await?;
    let account = &mut case.account;
    account.paid_yen -= amount_yen;
    account.unpaid_yen = account.due_yen - account.paid_yen;
    let has_left = account.status == AccountStatus::LeftUnpaid.code();
    account.status = AccountStatus::after(account.unpaid_yen, has_left).code().to_owned();
    let kept = store::keep(tx, case.account, reason).await?;
    close_visit(tx, principal, case.visit, kept.unpaid_yen).await?;
    Ok(Settled { payment: till.first, unpaid_yen: kept.unpaid_yen })
}

/// Money moves on the clinic's day, unless that day's cash is already counted.
async fn open_day(tx: &TenantTx, principal: &Principal) -> Result<NaiveDate, Refusal> {
    let day = encounters::today(tx, principal);
    if day_close::is_closed(tx, day).await? {
        return Err(Refusal::Not(format!(
            "{day}の日締めが済んでいるため、今日のお金は動かせません。管理者が日締めを開き直すか、翌日に行ってください。"
        )));
    }
    Ok(day)
}

fn check_at_cashier(visit: &encounter::Model) -> Result<(), Refusal> {
    match VisitStatus::from_code(&visit.status) {
        Some(VisitStatus::BillingWait | VisitStatus::LeftUnpaid | VisitStatus::Paid) => Ok(()),
        Some(VisitStatus::Cancelled) => Err(Refusal::Not("受付が取り消されているため、会計できません。".into())),
        _ => Err(Refusal::Not("診察がまだ終わっていません。医師が診察を終えて「会計待ち」になってから会計してください。".into())),
    }
}

/// Fixes lines and sums as a bill. The account is changed in memory; the act that called keeps it.
async fn issue(tx: &TenantTx, case: &mut Case, reason: &str) -> Result<(), Refusal> {
    if case.lines.is_empty() {
        return Err(Refusal::Not("明細がありません。行を足すか、レセコンの計算を待ってから会計してください。".into()));
    }
    let sums = case.sums();
    if sums.due_yen > i64::from(YEN_MAX) || sums.cost_yen > i64::from(i32::MAX) {
        return Err(Refusal::Not("合計が大きすぎます。点数と数量を確かめてください。".into()));
    }
    let whole = |value: i64| i32::try_from(value).unwrap_or(i32::MAX);
    let lines: Vec<BilledLine> = case.lines.iter().map(BilledLine::from).collect();
    let revision = case.account.revision + 1;
    let row = invoice::Model {
        tenant_id: Uuid::nil(),
        id: tx.new_id(),
        version: 0,
        recorded_at: tx.now(),
        author_id: Uuid::nil(),
        entered_by_id: Uuid::nil(),
        status: "issued".into(),
        digest: Vec::new(),
        patient_id: case.visit.patient_id,
        encounter_id: case.visit.id,
        revision,
        copay_percent: case.account.copay_percent,
        points: whole(sums.points),
        cost_yen: whole(sums.cost_yen),
        copay_yen: whole(sums.copay_yen),
        public_yen: whole(sums.public_yen),
        self_pay_yen: whole(sums.self_pay_yen),
        due_yen: whole(sums.due_yen),
        lines: serde_json::to_value(lines).map_err(|e| Error::internal(e.to_string()))?,
        reason: reason.to_owned(),
        cap_rule: case.account.cap_rule.clone(),
        over_cap_yen: whole(sums.over_cap_yen),
        coverage_id: case.visit.coverage_id,
        public_parts: serde_json::to_value(case.public_parts()).map_err(|e| Error::internal(e.to_string()))?,
    };
    let row = versioned::insert(tx, row, Authorship::own(tx)).await?;
    case.account.revision = revision;
    case.account.is_changed = false;
    case.account.due_yen = row.due_yen;
    case.account.unpaid_yen = row.due_yen - case.account.paid_yen;
    Ok(())
}

/// The rows of one receipt.
struct Till {
    method: Option<PaymentMethod>,
    day: NaiveDate,
    receipt_no: String,
    first: Option<Uuid>,
}

impl Till {
    async fn open(tx: &TenantTx, case: &Case, method: Option<PaymentMethod>, day: NaiveDate) -> Result<Self, Error> {
        let earlier = store::payments(tx, case.id()).await?.len();
        let receipt_no = format!("{}-{:03}-{}", day.format("%Y%m%d"), case.visit.reception_number, earlier + 1);
        Ok(Self { method, day, receipt_no, first: None })
    }

    /// One row; nothing when no money moved.
    async fn take(&mut self, tx: &TenantTx, account: &account::Model, amount_yen: i32, status: &str, reason: &str) -> Result<(), Error> {
        let Some(method) = self.method.filter(|_| amount_yen != 0) else { return Ok(()) };
        let id = tx.new_id();
        let receipt_id = *self.first.get_or_insert(id);
        let row = payment_notice::Model {
            tenant_id: Uuid::nil(),
            id,
            version: 0,
            recorded_at: tx.now(),
            author_id: Uuid::nil(),
            entered_by_id: Uuid::nil(),
            status: status.to_owned(),
            digest: Vec::new(),
            patient_id: account.patient_id,
            encounter_id: account.id,
            receipt_id,
            receipt_no: self.receipt_no.clone(),
            method: method.code().to_owned(),
            amount_yen,
            taken_on: self.day,
            reason: reason.to_owned(),
        };
        versioned::insert(tx, row, Authorship::own(tx)).await?;
        Ok(())
    }
}

/// 会計済 when nothing is left, 未収帰宅 when something is; a visit already closed as paid stays so.
async fn close_visit(tx: &TenantTx, principal: &Principal, visit: encounter::Model, unpaid_yen: i32) -> Result<(), Refusal> {
    let to = if unpaid_yen > 0 { VisitStatus::LeftUnpaid } else { VisitStatus::Paid };
    move_visit(tx, principal, visit, to).await
}

async fn move_visit(tx: &TenantTx, principal: &Principal, visit: encounter::Model, to: VisitStatus) -> Result<(), Refusal> {
    let from = VisitStatus::from_code(&visit.status);
    let moves =
        matches!((from, to), (Some(VisitStatus::BillingWait), _) | (Some(VisitStatus::LeftUnpaid), VisitStatus::Paid)) && from != Some(to);
    if moves && let Err(refusal) = moves::change_status(tx, visit, to, "", principal).await? {
        return Err(Refusal::Not(crate::encounters::views::refusal_sentence(refusal).to_owned()));
    }
    Ok(())
}
