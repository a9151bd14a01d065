//! The bill and the queue in words.

use askama::Template;
use chrono::{DateTime, NaiveDate, Utc};
use domain::billing::{AccountStatus, PaymentMethod, SECTIONS, Sums, UnpaidReason, grouped, section_label};
use domain::clock::jst;
use domain::encounter::{VisitStatus, waited_min};
use domain::monthly_cap::CapRule;
use domain::order::OrderCategory;
use domain::{EncounterId, PatientId};
use uuid::Uuid;

use super::account::Case;
use super::entity::{account, charge_item, payment_notice};
use super::forms::LATER;
use super::payers::AUTO;
use super::procedures::Procedure;
use super::queue::Owed;
use crate::claims::ClaimFace;
use crate::coverages::store as coverages;
use crate::encounters::list::Row;
use crate::orders::store::DoneLine;
use crate::prescriptions::entity::medication_request;
use crate::prescriptions::views::LineView as PrescribedLine;
use crate::web::face::{self, Face};
use crate::web::page::Subjects;
use crate::web::{Chrome, FormState, PatientStripe};

/// 公費 as it was entered.
const BY_HAND: &str = "hand";

/// One line of the bill.
#[derive(Debug, Clone)]
pub struct LineView {
    pub id: String,
    pub name: String,
    /// `291点`, `3,300円`
    pub price: String,
    pub quantity: i32,
    pub sum: String,
    pub is_copied: bool,
}

impl LineView {
    fn of(row: &charge_item::Model) -> Self {
        let unit = if row.unit_yen > 0 { "円" } else { "点" };
        let each = i64::from(row.points.max(row.unit_yen));
        Self {
            id: row.id.to_string(),
            name: row.name.clone(),
            price: format!("{}{unit}", grouped(each)),
            quantity: row.quantity,
            sum: format!("{}{unit}", grouped(each * i64::from(row.quantity))),
            is_copied: row.source == "copy",
        }
    }
}

#[derive(Debug, Clone)]
pub struct SectionView {
    pub label: String,
    pub lines: Vec<LineView>,
}

/// Money that changed hands.
#[derive(Debug, Clone)]
pub struct PaymentView {
    pub id: String,
    pub at: String,
    pub what: String,
    pub amount: String,
    pub number: String,
    pub reason: String,
}

impl PaymentView {
    fn of(row: &payment_notice::Model) -> Self {
        let method = PaymentMethod::from_code(&row.method).map_or("", PaymentMethod::label);
        let kind = match row.status.as_str() {
            "refunded" => "返金",
            "deposit" => "概算預かり",
            _ => "入金",
        };
        Self {
            id: row.id.to_string(),
            at: jst(row.recorded_at).format("%m/%d %H:%M").to_string(),
            what: format!("{kind} {method}"),
            amount: grouped(row.amount_yen.into()),
            number: row.receipt_no.clone(),
            reason: row.reason.clone(),
        }
    }
}

/// Another visit with something left.
#[derive(Debug, Clone)]
pub struct OtherView {
    pub id: String,
    pub day: String,
    pub unpaid: String,
    pub reason: &'static str,
}

impl OtherView {
    fn of(row: &account::Model) -> Self {
        Self {
            id: row.id.to_string(),
            day: row.billed_on.to_string(),
            unpaid: grouped(row.unpaid_yen.into()),
            reason: reason_label(&row.unpaid_reason),
        }
    }
}

fn reason_label(code: &str) -> &'static str {
    UnpaidReason::from_code(code).map_or("", UnpaidReason::label)
}

/// What the page needs beside the case.
pub struct BillFacts {
    pub payments: Vec<payment_notice::Model>,
    pub options: Vec<Procedure>,
    pub claim: Option<ClaimFace>,
    pub key: Uuid,
    pub can_write: bool,
    pub can_change_coverage: bool,
}

/// 会計 of one visit.
#[derive(Debug, Clone, Template)]
#[template(path = "billing/show.html")]
pub struct BillPage {
    pub chrome: Chrome,
    pub stripe: PatientStripe,
    pub encounter_id: EncounterId,
    pub version: i32,
    pub key: String,
    pub day: String,
    pub visit: Face,
    pub is_at_cashier: bool,
    pub coverage: String,
    /// Why the insurance should be looked at first.
    pub coverage_trouble: Option<String>,
    pub other_share: Option<String>,
    pub alternatives: Vec<(Uuid, String)>,
    pub visit_version: i32,
    pub can_change_coverage: bool,
    pub sections: Vec<SectionView>,
    pub sums: Sums,
    /// What each public payer bears, where it is computed.
    pub payers: Vec<(String, String)>,
    /// The month's limit in words, and where it is written.
    pub limit: Option<String>,
    pub limit_source: String,
    /// Why a limit the insurance names is not used.
    pub no_limit: Option<String>,
    pub copay: String,
    pub revision: i32,
    pub is_changed: bool,
    pub is_estimate: bool,
    pub due_yen: i64,
    pub paid_yen: i64,
    pub unpaid_yen: i64,
    pub unpaid_reason: String,
    pub brought_forward_yen: i64,
    pub to_pay_yen: i64,
    pub others: Vec<OtherView>,
    pub payments: Vec<PaymentView>,
    pub options: Vec<Procedure>,
    pub claim: Option<ClaimFace>,
    pub form: FormState,
    pub is_stale: bool,
    pub can_write: bool,
}

impl BillPage {
    pub fn of(chrome: Chrome, stripe: PatientStripe, case: Case, facts: BillFacts, form: FormState) -> Self {
        let status = VisitStatus::from_code(&case.visit.status).unwrap_or(VisitStatus::OnHold);
        let account = &case.account;
        let to_pay_yen = case.to_pay_yen();
        let reason = [reason_label(&account.unpaid_reason), &account.unpaid_note];
        Self {
            chrome,
            stripe,
            encounter_id: case.id(),
            version: account.version,
            key: facts.key.to_string(),
            day: case.visit.reception_date.to_string(),
            visit: face::visit(status),
            is_at_cashier: matches!(status, VisitStatus::BillingWait | VisitStatus::LeftUnpaid | VisitStatus::Paid),
            coverage: case.coverage_words().unwrap_or_else(|| "保険なし(自費)".into()),
            coverage_trouble: case.coverage_trouble(),
            other_share: case.other_share(),
            alternatives: case.alternatives.iter().map(|row| (row.id, coverages::words(row))).collect(),
            visit_version: case.visit.version,
            sections: sections(&case.lines),
            payers: case.payers.iter().zip(case.borne()).map(|(payer, borne)| payer.line(borne)).collect(),
            limit: case.limited.words(case.sums().cost_yen),
            limit_source: case.limited.source().to_owned(),
            no_limit: case.limited.why_not().map(str::to_owned),
            sums: case.sums(),
            copay: account.copay_percent.map(|percent| percent.to_string()).unwrap_or_default(),
            revision: account.revision,
            is_changed: account.is_changed,
            is_estimate: account.is_estimate,
            due_yen: if case.is_billed() && !account.is_changed { account.due_yen.into() } else { case.sums().due_yen },
            paid_yen: account.paid_yen.into(),
            unpaid_yen: case.unpaid_yen(),
            unpaid_reason: reason.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join("・"),
            brought_forward_yen: case.brought_forward_yen(),
            to_pay_yen,
            others: case.others.iter().map(OtherView::of).collect(),
            payments: facts.payments.iter().map(PaymentView::of).collect(),
            options: facts.options,
            claim: facts.claim,
            form: prefilled(form, account, to_pay_yen),
            is_stale: false,
            can_write: facts.can_write,
            can_change_coverage: facts.can_change_coverage,
        }
    }

    fn methods(&self) -> Vec<(&'static str, &'static str)> {
        PaymentMethod::ALL.iter().map(|method| (method.code(), method.label())).chain([(LATER, "後日")]).collect()
    }

    fn refund_methods(&self) -> Vec<(&'static str, &'static str)> {
        PaymentMethod::ALL.iter().map(|method| (method.code(), method.label())).collect()
    }

    fn reasons(&self) -> Vec<(&'static str, &'static str)> {
        UnpaidReason::ALL.iter().map(|reason| (reason.code(), reason.label())).collect()
    }

    fn shares(&self) -> [(&'static str, &'static str); 5] {
        [("10", "1割"), ("20", "2割"), ("30", "3割"), ("0", "負担なし"), ("100", "10割")]
    }

    fn public_rules(&self) -> [(&'static str, &'static str); 2] {
        [(AUTO, "受給者証から計算する"), (BY_HAND, "手で入れる")]
    }

    fn cap_rules(&self) -> Vec<(&'static str, &'static str)> {
        CapRule::ALL.iter().map(|rule| (rule.code(), rule.label())).collect()
    }

    fn section_choices(&self) -> &'static [(&'static str, &'static str)] {
        &SECTIONS
    }

    /// 返金 is offered when there is money to give back.
    fn can_refund(&self) -> bool {
        self.can_write && self.paid_yen > 0
    }

    fn can_settle(&self) -> bool {
        self.can_write && self.is_at_cashier && !self.is_changed && (self.to_pay_yen > 0 || self.revision == 0)
    }

    fn has_lines(&self) -> bool {
        !self.sections.is_empty()
    }
}

/// The usual answers stand in the form already: everything due, in cash.
fn prefilled(form: FormState, account: &account::Model, to_pay_yen: i64) -> FormState {
    let usual = [
        ("amount", to_pay_yen.to_string()),
        ("method", PaymentMethod::Cash.code().to_owned()),
        ("refund_method", PaymentMethod::Cash.code().to_owned()),
        ("refund_amount", if account.unpaid_yen < 0 && account.revision > 0 { (-account.unpaid_yen).to_string() } else { String::new() }),
        ("copay", account.copay_percent.map(|percent| percent.to_string()).unwrap_or_default()),
        ("public_yen", account.public_yen.to_string()),
        ("public_rule", if account.public_rule == AUTO { AUTO } else { BY_HAND }.to_owned()),
        ("cap_rule", CapRule::from_code(&account.cap_rule).unwrap_or(CapRule::Category).code().to_owned()),
    ];
    usual.into_iter().fold(form, |form, (name, value)| if form.value(name).is_empty() { form.set(name, value) } else { form })
}

/// Lines under the heading of their 診療区分, in the order of a receipt.
fn sections(lines: &[charge_item::Model]) -> Vec<SectionView> {
    let mut codes: Vec<&str> = SECTIONS.iter().map(|(code, _)| *code).collect();
    codes.extend(lines.iter().map(|line| line.section.as_str()).filter(|code| SECTIONS.iter().all(|(known, _)| known != code)));
    codes.dedup();
    let of = |code: &str| lines.iter().filter(|line| line.section == code).map(LineView::of).collect::<Vec<_>>();
    codes
        .into_iter()
        .map(|code| SectionView { label: section_label(code).to_owned(), lines: of(code) })
        .filter(|section| !section.lines.is_empty())
        .collect()
}

impl Subjects for BillPage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.stripe.patient_id]
    }
}

/// One thing carried out at the visit.
#[derive(Debug, Clone)]
pub struct DoneView {
    pub kind: &'static str,
    pub name: String,
    pub quantity: i32,
    pub at: String,
}

impl DoneView {
    fn of(line: DoneLine) -> Self {
        Self {
            kind: OrderCategory::from_code(&line.category).map_or("", OrderCategory::label),
            name: line.name,
            quantity: line.quantity,
            at: line.done_at.map(clock_words).unwrap_or_default(),
        }
    }
}

fn clock_words(at: DateTime<Utc>) -> String {
    jst(at).format("%H:%M").to_string()
}

/// 行ったこと beside the bill: orders done, measures, signed drugs.
#[derive(Debug, Clone, Template)]
#[template(path = "billing/done.html")]
pub struct DonePane {
    pub patient_id: PatientId,
    pub done: Vec<DoneView>,
    /// When vital signs were taken.
    pub measured: Option<String>,
    pub prescribed: Vec<PrescribedLine>,
}

impl DonePane {
    pub fn of(
        patient_id: PatientId,
        done: Vec<DoneLine>,
        measured: Option<DateTime<Utc>>,
        prescribed: &[medication_request::Model],
    ) -> Self {
        Self {
            patient_id,
            done: done.into_iter().map(DoneView::of).collect(),
            measured: measured.map(clock_words),
            prescribed: prescribed.iter().map(PrescribedLine::of).collect(),
        }
    }
}

impl Subjects for DonePane {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.patient_id]
    }
}

/// Candidates under the search box.
#[derive(Debug, Clone, Template)]
#[template(path = "billing/_procedures.html")]
pub struct ProcedureOptions {
    pub q: String,
    pub code: String,
    pub options: Vec<Procedure>,
}

crate::no_subjects!(ProcedureOptions);

/// One visit of today at the counter.
#[derive(Debug, Clone)]
pub struct QueueRow {
    pub id: Uuid,
    pub patient_id: PatientId,
    pub number: i32,
    pub name: String,
    pub kana: String,
    pub patient_number: String,
    pub face: Face,
    pub wait_min: Option<i64>,
    pub due: String,
    pub paid: String,
    pub is_waiting: bool,
}

#[derive(Debug, Clone)]
pub struct OwedRow {
    pub id: Uuid,
    pub patient_id: PatientId,
    pub day: String,
    pub name: String,
    pub kana: String,
    pub number: String,
    pub unpaid_yen: i32,
    pub unpaid: String,
    pub reason: String,
    pub is_estimate: bool,
}

/// What was just settled, with its papers.
#[derive(Debug, Clone)]
pub struct JustDone {
    pub id: Uuid,
    pub patient_id: PatientId,
    pub receipt: Option<Uuid>,
    pub has_bill: bool,
    pub text: &'static str,
}

impl JustDone {
    pub fn of(account: &account::Model, receipt: Option<Uuid>) -> Self {
        let text = match AccountStatus::from_code(&account.status) {
            Some(AccountStatus::Balanced) => "会計を済ませました",
            _ if account.is_estimate => "概算で預かりました。計算が済んだら精算してください",
            _ => "未収として残しました",
        };
        Self { id: account.id, patient_id: PatientId::new(account.patient_id), receipt, has_bill: account.revision > 0, text }
    }
}

/// 会計の一覧.
#[derive(Debug, Clone, Template)]
#[template(path = "billing/queue.html")]
pub struct QueuePage {
    pub chrome: Chrome,
    pub day: NaiveDate,
    pub waiting: Vec<QueueRow>,
    pub done: Vec<QueueRow>,
    pub owed: Vec<OwedRow>,
    pub owed_sum: String,
    pub is_all: bool,
    pub just_done: Option<JustDone>,
    pub can_write: bool,
}

impl QueuePage {
    #[allow(clippy::too_many_arguments)] // the parts of one page
    pub fn of(
        chrome: Chrome,
        day: NaiveDate,
        now: DateTime<Utc>,
        visits: Vec<Row>,
        accounts: &[account::Model],
        owed: Vec<Owed>,
        just_done: Option<JustDone>,
        is_all: bool,
        can_write: bool,
    ) -> Self {
        let rows = visits.into_iter().filter_map(|row| queue_row(row, accounts, now));
        let (waiting, done) = rows.partition(|row| row.is_waiting);
        let sum: i64 = owed.iter().map(|row| i64::from(row.unpaid_yen).max(0)).sum();
        let owed = owed.into_iter().map(owed_row).collect();
        Self { chrome, day, waiting, done, owed, owed_sum: grouped(sum), is_all, just_done, can_write }
    }

    pub fn day_words(&self) -> String {
        crate::encounters::views::day_words(self.day)
    }
}

fn queue_row(row: Row, accounts: &[account::Model], now: DateTime<Utc>) -> Option<QueueRow> {
    let status = VisitStatus::from_code(&row.status)?;
    if !matches!(status, VisitStatus::BillingWait | VisitStatus::Paid | VisitStatus::LeftUnpaid) {
        return None;
    }
    let account = accounts.iter().find(|account| account.id == row.id);
    let money = |pick: fn(&account::Model) -> i32| account.map(|a| grouped(pick(a).into())).unwrap_or_default();
    let is_waiting = status == VisitStatus::BillingWait;
    Some(QueueRow {
        id: row.id,
        patient_id: PatientId::new(row.patient_id),
        number: row.reception_number,
        name: row.name_ideographic,
        kana: row.name_syllabic,
        patient_number: row.patient_number,
        face: face::visit(status),
        wait_min: is_waiting.then(|| waited_min(row.ended_at.unwrap_or(row.arrived_at), now)),
        due: if account.is_some_and(|a| a.revision > 0) { money(|a| a.due_yen) } else { String::new() },
        paid: money(|a| a.paid_yen),
        is_waiting,
    })
}

fn owed_row(row: Owed) -> OwedRow {
    let reason = [reason_label(&row.unpaid_reason), row.unpaid_note.as_str()];
    OwedRow {
        id: row.id,
        patient_id: PatientId::new(row.patient_id),
        day: row.billed_on.to_string(),
        name: row.name,
        kana: row.kana,
        number: row.number,
        unpaid_yen: row.unpaid_yen,
        unpaid: grouped(i64::from(row.unpaid_yen).abs()),
        reason: reason.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join("・"),
        is_estimate: row.is_estimate,
    }
}

impl Subjects for QueuePage {
    fn subjects(&self) -> Vec<PatientId> {
        let rows = self.waiting.iter().chain(&self.done).map(|row| row.patient_id);
        rows.chain(self.owed.iter().map(|row| row.patient_id)).chain(self.just_done.iter().map(|done| done.patient_id)).collect()
    }
}
