//! 日計表 and the closing form in words.

use std::collections::BTreeMap;

use askama::Template;
use chrono::{Datelike, Days, NaiveDate};
use domain::PatientId;
use domain::billing::{PaymentMethod, grouped};
use domain::clock::jst;
use domain::day_close::{DENOMINATIONS, difference_yen};
use uuid::Uuid;

use super::entity::day_close;
use super::forms::why_field;
use super::lists::{DayFacts, OpenList};
use super::store::CLOSED;
use crate::billing::entity::invoice;
use crate::web::page::Subjects;
use crate::web::{Chrome, FormState};

/// One day in the small chart: height in hundredths of the tallest.
#[derive(Debug, Clone)]
pub struct Bar {
    pub x: usize,
    pub height: i64,
    pub label: String,
    pub words: String,
    pub is_this: bool,
}

/// The closing that stands.
#[derive(Debug, Clone)]
pub struct ClosedView {
    pub id: Uuid,
    pub version: i32,
    pub at: String,
    pub counted: String,
    pub expected: String,
    pub difference: i64,
    /// Label and reason.
    pub explanations: Vec<(String, String)>,
}

#[derive(Debug, Clone, Template)]
#[template(path = "day_close/show.html")]
pub struct DayPage {
    pub chrome: Chrome,
    pub day: NaiveDate,
    pub key: String,
    pub version: i32,
    pub visits: usize,
    pub lists: Vec<OpenList>,
    pub methods: Vec<(&'static str, String)>,
    pub taken: String,
    pub refunds: String,
    pub sums: Vec<(&'static str, String)>,
    pub cash_yen: i64,
    pub bars: Vec<Bar>,
    pub closed: Option<ClosedView>,
    pub form: FormState,
    pub can_close: bool,
    pub can_reopen: bool,
}

impl DayPage {
    #[allow(clippy::too_many_arguments)] // the parts of one page
    pub fn of(
        chrome: Chrome,
        key: Uuid,
        facts: DayFacts,
        stored: Option<day_close::Model>,
        bills: &[invoice::Model],
        takings: &BTreeMap<NaiveDate, i64>,
        form: FormState,
        (can_close, can_reopen): (bool, bool),
    ) -> Self {
        let of_method = |method: &PaymentMethod| (method.label(), grouped(facts.of_method(*method)));
        let refunds: i64 = facts.payments.iter().map(|row| i64::from(row.amount_yen)).filter(|yen| *yen < 0).sum();
        let closed = stored.as_ref().filter(|row| row.status == CLOSED).map(|row| ClosedView::of(row, &facts.lists));
        let float = stored.as_ref().map_or(String::new(), |row| row.float_yen.to_string());
        Self {
            chrome,
            day: facts.day,
            key: key.to_string(),
            version: stored.as_ref().map_or(0, |row| row.version),
            visits: facts.visits,
            methods: PaymentMethod::ALL.iter().map(of_method).collect(),
            taken: grouped(facts.payments.iter().map(|row| i64::from(row.amount_yen)).sum()),
            refunds: grouped(refunds),
            sums: sums(bills),
            cash_yen: facts.cash_yen(),
            bars: bars(facts.day, takings),
            closed,
            form: if form.value("float_yen").is_empty() && form.is_valid() { form.set("float_yen", float) } else { form },
            can_close,
            can_reopen,
            lists: facts.lists,
        }
    }

    fn day_words(&self) -> String {
        crate::encounters::views::day_words(self.day)
    }

    fn previous(&self) -> String {
        self.day.pred_opt().unwrap_or(self.day).to_string()
    }

    fn next(&self) -> String {
        self.day.succ_opt().unwrap_or(self.day).to_string()
    }

    fn coins(&self) -> Vec<(String, String)> {
        DENOMINATIONS.into_iter().map(|value| (grouped(value.into()), format!("n_{value}"))).collect()
    }

    fn why(&self, list: &OpenList) -> &'static str {
        why_field(list.code)
    }

    fn is_clear(&self) -> bool {
        self.lists.iter().all(|list| list.items.is_empty())
    }
}

impl ClosedView {
    fn of(row: &day_close::Model, lists: &[OpenList]) -> Self {
        let label = |code: &str| lists.iter().find(|list| list.code == code).map_or("現金差", |list| list.label).to_owned();
        let explanations = row.explanations.as_object().into_iter().flatten();
        Self {
            id: row.id,
            version: row.version,
            at: jst(row.recorded_at).format("%H:%M").to_string(),
            counted: grouped(row.counted_cash_yen.into()),
            expected: grouped(row.expected_cash_yen.into()),
            difference: difference_yen(row.counted_cash_yen.into(), 0, row.expected_cash_yen.into()),
            explanations: explanations.map(|(code, why)| (label(code), why.as_str().unwrap_or_default().to_owned())).collect(),
        }
    }
}

/// Sums of the newest revision of each bill.
fn sums(bills: &[invoice::Model]) -> Vec<(&'static str, String)> {
    let newest =
        |bill: &&invoice::Model| bills.iter().all(|other| other.encounter_id != bill.encounter_id || other.revision <= bill.revision);
    let in_force: Vec<&invoice::Model> = bills.iter().filter(newest).collect();
    let sum = |pick: fn(&invoice::Model) -> i32, unit: &str| {
        format!("{}{unit}", grouped(in_force.iter().map(|bill| i64::from(pick(bill))).sum()))
    };
    vec![
        ("請求した受診", format!("{}件", in_force.len())),
        ("点数", sum(|bill| bill.points, "点")),
        ("負担額", sum(|bill| bill.copay_yen, "円")),
        ("高額療養費", sum(|bill| bill.over_cap_yen, "円")),
        ("公費", sum(|bill| bill.public_yen, "円")),
        ("自費", sum(|bill| bill.self_pay_yen, "円")),
        ("請求額", sum(|bill| bill.due_yen, "円")),
    ]
}

fn bars(day: NaiveDate, takings: &BTreeMap<NaiveDate, i64>) -> Vec<Bar> {
    let tallest = takings.values().copied().max().unwrap_or(0).max(1);
    (0..14_usize)
        .map(|x| {
            let on = day - Days::new(13 - x as u64);
            let yen = takings.get(&on).copied().unwrap_or(0);
            Bar {
                x: x * 28,
                height: (yen.max(0) * 100 / tallest).min(100),
                label: if x % 2 == 1 { format!("{}/{}", on.month(), on.day()) } else { String::new() },
                words: format!("{}月{}日 {}円", on.month(), on.day(), grouped(yen)),
                is_this: on == day,
            }
        })
        .collect()
}

impl Subjects for DayPage {
    fn subjects(&self) -> Vec<PatientId> {
        self.lists.iter().flat_map(|list| &list.items).filter_map(|item| item.patient_id).collect()
    }
}

/// The same on paper.
#[derive(Debug, Clone, Template)]
#[template(path = "day_close/print.html")]
pub struct DayPrint {
    pub page: DayPage,
}

impl Subjects for DayPrint {
    fn subjects(&self) -> Vec<PatientId> {
        self.page.subjects()
    }
}
