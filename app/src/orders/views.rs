//! The pane of the chart, the worklist, results to enter and to read.

use askama::Template;
use domain::order::{OrderStatus, ResultFlag};
use domain::{PatientId, clock};
use uuid::Uuid;

use super::catalog::{ExamSet, Item, ResultItem};
use super::entity::observation_result::Model as ResultRow;
use super::entity::service_request::Model;
use super::store;
use crate::notes::neighbours::Card;
use crate::web::page::Subjects;
use crate::web::{Chrome, FormState, PatientStripe};

/// One order in words.
#[derive(Debug, Clone)]
pub struct OrderRow {
    pub id: Uuid,
    pub version: i32,
    pub patient_id: Uuid,
    pub encounter_id: Uuid,
    pub name: String,
    pub specimen: String,
    pub quantity: i32,
    pub is_stat: bool,
    pub note: String,
    pub status: OrderStatus,
    pub done_at: String,
    pub results: Vec<ResultView>,
    /// Has values to enter.
    pub has_results: bool,
}

impl OrderRow {
    pub fn of(row: &Model, results: &[ResultRow]) -> Self {
        let own = results.iter().filter(|r| r.service_request_id == row.id);
        Self {
            id: row.id,
            version: row.version,
            patient_id: row.patient_id,
            encounter_id: row.encounter_id,
            name: row.name.clone(),
            specimen: row.specimen.clone(),
            quantity: row.quantity,
            is_stat: row.is_stat,
            note: row.note.clone(),
            status: store::status(row),
            done_at: row.done_at.map(|at| clock::jst(at).format("%H:%M").to_string()).unwrap_or_default(),
            results: own.map(ResultView::of).collect(),
            has_results: !super::catalog::results_of(&row.code).unwrap_or_default().is_empty(),
        }
    }

    pub fn label(&self) -> &'static str {
        self.status.label()
    }

    /// Mark and tone of the state's chip.
    pub const fn face(&self) -> (&'static str, &'static str) {
        match self.status {
            OrderStatus::Draft => ("c-dash", "none"),
            OrderStatus::Issued => ("c-open", "warn"),
            OrderStatus::Acknowledged => ("c-half", "info"),
            OrderStatus::InProgress => ("c-full", "info"),
            OrderStatus::Done | OrderStatus::Reviewed => ("check", "plain"),
            OrderStatus::Resulted => ("bell", "exam"),
            OrderStatus::Stopped | OrderStatus::Cancelled => ("x", "none"),
        }
    }

    pub fn mark(&self) -> &'static str {
        self.face().0
    }

    pub fn tone(&self) -> &'static str {
        self.face().1
    }

    pub fn is_draft(&self) -> bool {
        self.status == OrderStatus::Draft
    }

    pub fn can_cancel(&self) -> bool {
        matches!(self.status, OrderStatus::Draft | OrderStatus::Issued | OrderStatus::Acknowledged)
    }

    pub fn is_abnormal(&self) -> bool {
        self.results.iter().any(|r| !r.flag.is_empty())
    }

    /// What a nurse or technician does next: act and word.
    pub const fn next(&self) -> Option<(&'static str, &'static str)> {
        match self.status {
            OrderStatus::Issued => Some(("acknowledge", "指示受け")),
            OrderStatus::Acknowledged | OrderStatus::InProgress => Some(("finish", "実施済にする")),
            _ => None,
        }
    }
}

/// One value in words.
#[derive(Debug, Clone)]
pub struct ResultView {
    pub name: String,
    pub value: String,
    pub unit: String,
    pub range: String,
    pub flag: &'static str,
    pub flag_word: &'static str,
    pub is_unread: bool,
}

impl ResultView {
    pub fn of(row: &ResultRow) -> Self {
        let flag = ResultFlag::from_code(&row.flag).unwrap_or(ResultFlag::Normal);
        let range = match (row.reference_low.as_str(), row.reference_high.as_str()) {
            ("", "") => String::new(),
            (low, "") => low.to_owned(),
            (low, high) => format!("{low}–{high}"),
        };
        Self {
            name: row.name.clone(),
            value: row.value_text.clone(),
            unit: row.unit.clone(),
            range,
            flag: flag.code(),
            flag_word: flag.label(),
            is_unread: row.status == store::UNREAD,
        }
    }

    pub fn mark(&self) -> &'static str {
        match self.flag.chars().next() {
            Some('H') => "up-tri",
            Some('L') => "down-tri",
            _ => "tri",
        }
    }
}

/// 検査・処置 of a visit: what stands in the box on the chart.
#[derive(Debug, Clone, Template)]
#[template(path = "orders/_pane.html")]
pub struct OrderPane {
    pub encounter_id: String,
    pub patient_id: String,
    pub shown: PatientId,
    pub rows: Vec<OrderRow>,
    pub form: FormState,
    pub options: Vec<Item>,
    pub sets: &'static [ExamSet],
    pub act_key: Uuid,
    pub can_order: bool,
    pub can_perform: bool,
}

impl OrderPane {
    pub fn has_draft(&self) -> bool {
        self.rows.iter().any(OrderRow::is_draft)
    }

    /// `id:version` of the drafts, for 確定.
    pub fn seen(&self) -> String {
        let drafts = self.rows.iter().filter(|row| row.is_draft());
        drafts.map(|row| format!("{}:{}", row.id, row.version)).collect::<Vec<_>>().join(" ")
    }

    pub fn chosen(&self) -> String {
        chosen(&self.options, self.form.value("code"))
    }
}

/// The candidate that Enter takes.
pub fn chosen(options: &[Item], before: &str) -> String {
    options.iter().find(|item| item.code == before).or(options.first()).map(|item| item.code.clone()).unwrap_or_default()
}

impl Subjects for OrderPane {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.shown]
    }
}

/// The same as a page.
#[derive(Template)]
#[template(path = "orders/show.html")]
pub struct OrderPage {
    pub chrome: Chrome,
    pub stripe: PatientStripe,
    pub pane: OrderPane,
}

impl Subjects for OrderPage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.stripe.patient_id, self.pane.shown]
    }
}

/// The options under the search box.
#[derive(Debug, Clone, Template)]
#[template(path = "orders/_items.html")]
pub struct ItemOptions {
    pub typed: String,
    pub options: Vec<Item>,
    pub code: String,
}

crate::no_subjects!(ItemOptions);

/// A row of a list with its patient.
#[derive(Debug, Clone)]
pub struct Listed {
    pub row: OrderRow,
    pub card: Card,
}

/// 指示受け・実施.
#[derive(Template)]
#[template(path = "orders/worklist.html")]
pub struct WorklistPage {
    pub chrome: Chrome,
    pub rows: Vec<Listed>,
}

impl Subjects for WorklistPage {
    fn subjects(&self) -> Vec<PatientId> {
        self.rows.iter().map(|listed| PatientId::new(listed.row.patient_id)).collect()
    }
}

/// 未確認結果.
#[derive(Template)]
#[template(path = "orders/results.html")]
pub struct ResultsPage {
    pub chrome: Chrome,
    pub rows: Vec<Listed>,
    /// The order just reviewed, to take back.
    pub reviewed: Option<Listed>,
    pub can_review: bool,
}

impl ResultsPage {
    /// The first row of a patient is where the board's count leads to.
    fn is_first(&self, at: &usize) -> bool {
        let patient = |at: usize| self.rows.get(at).map(|listed| listed.row.patient_id);
        (0..*at).all(|earlier| patient(earlier) != patient(*at))
    }
}

impl Subjects for ResultsPage {
    fn subjects(&self) -> Vec<PatientId> {
        self.rows.iter().chain(&self.reviewed).map(|listed| PatientId::new(listed.row.patient_id)).collect()
    }
}

/// One value to enter.
#[derive(Debug, Clone)]
pub struct ValueField {
    pub item: &'static ResultItem,
    pub typed: String,
}

/// 結果入力 of one order.
#[derive(Template)]
#[template(path = "orders/entry.html")]
pub struct EntryPage {
    pub chrome: Chrome,
    pub stripe: PatientStripe,
    pub order: OrderRow,
    pub fields: Vec<ValueField>,
    pub act_key: Uuid,
    pub error: Option<String>,
}

impl Subjects for EntryPage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.stripe.patient_id, PatientId::new(self.order.patient_id)]
    }
}
