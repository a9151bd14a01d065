//! What completed visits cost and how they were paid: lines, a bill and a payment each, so that the pages of 会計 and 日締め show a
//! clinic's money. Points are those of the sample master (見本).

use chrono::{DateTime, Duration, Utc};
use domain::billing::{Line, Terms, price};
use domain::{Role, StaffId};
use serde_json::json;
use tenancy::{Act, InfoClass};
use uuid::Uuid;

use super::ledger::{Deed, Ledger};
use super::rows::{account, charge_item, invoice, payment_notice};
use super::visits::Visit;

const REVISIT: (&str, &str, &str, i32) = ("110", "199999002", "見本再診料", 75);
const SCRIPT: (&str, &str, &str, i32) = ("800", "199999009", "見本処方箋料", 60);
const TESTS: [(&str, &str, &str, i32); 4] = [
    ("600", "199999003", "見本尿検査", 26),
    ("600", "199999004", "見本末梢血液検査", 21),
    ("600", "199999005", "見本心電図検査", 130),
    ("700", "199999006", "見本胸部撮影", 210),
];

/// How the account ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// Lines are there, nothing is asked for yet.
    Waiting,
    Paid,
}

impl Visit<'_> {
    /// The bill of a visit that is over, or the lines of one that waits at the counter.
    pub fn bill(&self, ledger: &mut Ledger, clerk: StaffId, encounter_id: Uuid, ends: Ends) {
        let at = self.arrived_at + Duration::minutes(28);
        let mut parts = vec![REVISIT, SCRIPT];
        if ledger.rng.chance(35) {
            parts.push(*ledger.rng.pick(&TESTS));
        }
        let mut deed = Deed::new(at, (clerk, Role::Clerk), Act::Approve, InfoClass::Billing, Some(self.person.id));
        for (line_no, part) in (1..).zip(&parts) {
            let row = self.charge(ledger.id_at(at), encounter_id, line_no, part);
            ledger.insert(&mut deed, row);
        }
        let lines: Vec<Line> = parts.iter().map(|(_, _, _, points)| Line { points: *points, unit_yen: 0, quantity: 1 }).collect();
        let percent = self.person.copay_percent;
        let sums = price(&lines, Terms { copay_percent: u8::try_from(percent).ok(), public_yen: 0, cap: None });
        let whole = |value: i64| i32::try_from(value).unwrap_or_default();
        let due = if ends == Ends::Paid { whole(sums.due_yen) } else { 0 };
        let account = self.account(encounter_id, percent, due);
        ledger.insert(&mut deed, account);
        if ends == Ends::Paid {
            let id = ledger.id_at(at);
            let bill =
                self.invoice(id, encounter_id, percent, &parts, [sums.points, sums.cost_yen, sums.copay_yen, sums.due_yen].map(whole));
            ledger.insert(&mut deed, bill);
            if due > 0 {
                let row = self.payment(ledger, at, encounter_id, due);
                ledger.insert(&mut deed, row);
            }
        }
        ledger.done(deed, ("encounter", encounter_id));
    }

    fn charge(
        &self,
        id: Uuid,
        encounter_id: Uuid,
        line_no: i32,
        (section, code, name, points): &(&str, &str, &str, i32),
    ) -> charge_item::Model {
        charge_item::Model {
            tenant_id: Uuid::nil(),
            id,
            version: 0,
            recorded_at: DateTime::UNIX_EPOCH,
            author_id: Uuid::nil(),
            entered_by_id: Uuid::nil(),
            status: "billable".into(),
            digest: vec![],
            patient_id: self.person.id,
            encounter_id,
            line_no,
            source: "hand".into(),
            section: (*section).into(),
            code: (*code).into(),
            name: (*name).into(),
            points: *points,
            unit_yen: 0,
            quantity: 1,
        }
    }

    fn account(&self, id: Uuid, percent: i32, due_yen: i32) -> account::Model {
        let is_paid = self.status == "paid";
        account::Model {
            tenant_id: Uuid::nil(),
            id,
            version: 0,
            recorded_at: DateTime::UNIX_EPOCH,
            author_id: Uuid::nil(),
            entered_by_id: Uuid::nil(),
            status: if is_paid { "balanced" } else { "open" }.into(),
            digest: vec![],
            patient_id: self.person.id,
            billed_on: self.day,
            copay_percent: Some(percent),
            public_yen: 0,
            revision: i32::from(is_paid),
            is_changed: false,
            is_estimate: false,
            due_yen,
            paid_yen: due_yen,
            unpaid_yen: 0,
            unpaid_reason: String::new(),
            unpaid_note: String::new(),
            cap_rule: String::new(),
            public_rule: String::new(),
        }
    }

    fn invoice(&self, id: Uuid, encounter_id: Uuid, percent: i32, parts: &[(&str, &str, &str, i32)], sums: [i32; 4]) -> invoice::Model {
        let line = |(section, code, name, points): &(&str, &str, &str, i32)| json!({"section": section, "code": code, "name": name, "points": points, "unit_yen": 0, "quantity": 1});
        let [points, cost_yen, copay_yen, due_yen] = sums;
        invoice::Model {
            tenant_id: Uuid::nil(),
            id,
            version: 0,
            recorded_at: DateTime::UNIX_EPOCH,
            author_id: Uuid::nil(),
            entered_by_id: Uuid::nil(),
            status: "issued".into(),
            digest: vec![],
            patient_id: self.person.id,
            encounter_id,
            revision: 1,
            copay_percent: Some(percent),
            points,
            cost_yen,
            copay_yen,
            public_yen: 0,
            self_pay_yen: 0,
            due_yen,
            lines: json!(parts.iter().map(line).collect::<Vec<_>>()),
            reason: String::new(),
            cap_rule: String::new(),
            over_cap_yen: 0,
            public_parts: json!([]),
            coverage_id: None,
        }
    }

    fn payment(&self, ledger: &mut Ledger, at: DateTime<Utc>, encounter_id: Uuid, amount_yen: i32) -> payment_notice::Model {
        let id = ledger.id_at(at);
        let method = *ledger.rng.pick(&["cash", "cash", "cash", "card", "qr"]);
        payment_notice::Model {
            tenant_id: Uuid::nil(),
            id,
            version: 0,
            recorded_at: DateTime::UNIX_EPOCH,
            author_id: Uuid::nil(),
            entered_by_id: Uuid::nil(),
            status: "received".into(),
            digest: vec![],
            patient_id: self.person.id,
            encounter_id,
            receipt_id: id,
            receipt_no: format!("{}-{:03}-1", self.day.format("%Y%m%d"), self.number),
            method: method.into(),
            amount_yen,
            taken_on: self.day,
            reason: String::new(),
        }
    }
}
