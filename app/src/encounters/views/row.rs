//! One visit of the list.

use chrono::{DateTime, NaiveDate, Utc};
use domain::PatientId;
use domain::clock::jst;
use domain::eligibility::EligibilityStatus;
use domain::encounter::{VisitStatus, WaitLevel, waited_min};
use domain::patient::{Age, Sex};
use domain::reception::{VisitKind, WaitsAt};
use tenancy::{Principal, StaffId};
use uuid::Uuid;

use super::board::PlaceKey;
use crate::encounters::list::{Beside, Row};
use crate::encounters::moves::moved_by;
use crate::web::face::{self, Face};

#[derive(Debug, Clone)]
pub struct BoardRow {
    pub id: Uuid,
    pub patient_id: PatientId,
    pub version: i32,
    pub number: i32,
    pub booked: Option<String>,
    pub arrived: String,
    /// Seconds since 1970, for the minutes that grow on the open page.
    pub arrived_s: i64,
    pub name: String,
    pub kana: String,
    pub age: String,
    pub sex: &'static str,
    pub patient_number: String,
    pub has_namesake: bool,
    pub kind: Option<VisitKind>,
    pub purpose: String,
    pub memo: String,
    pub is_isolated: bool,
    pub doctor_id: Option<Uuid>,
    pub doctor: String,
    pub place_key: PlaceKey,
    pub place: String,
    pub status: VisitStatus,
    pub face: Face,
    /// 呼出 as `10:42`, while the patient has not yet come in.
    pub called: Option<String>,
    pub can_move: bool,
    pub wait_min: Option<i64>,
    pub eligibility: Face,
    pub has_eligibility_problem: bool,
    pub has_prescription: bool,
    pub is_measured: bool,
    pub is_answered: bool,
    pub is_done: bool,
    pub is_mine: bool,
    pub(super) moved_at: DateTime<Utc>,
    pub(super) moved_by: Uuid,
    pub(super) kana_key: String,
}

impl BoardRow {
    pub fn of(row: Row, beside: &Beside, principal: &Principal, now: DateTime<Utc>, day: NaiveDate) -> Self {
        let status = VisitStatus::from_code(&row.status).unwrap_or(VisitStatus::OnHold);
        let eligibility = row.eligibility.as_deref().and_then(EligibilityStatus::from_code).unwrap_or(EligibilityStatus::Unchecked);
        let clock = |at: DateTime<Utc>| jst(at).format("%H:%M").to_string();
        let (place_key, place) = place_of(&row, status);
        Self {
            id: row.id,
            patient_id: PatientId::new(row.patient_id),
            version: row.version,
            number: row.reception_number,
            booked: row.booked_for.map(clock),
            arrived: clock(row.arrived_at),
            arrived_s: row.arrived_at.timestamp(),
            name: row.name_ideographic,
            kana: row.name_syllabic,
            age: Age::on(row.birth_date, day).to_string(),
            sex: row.sex.parse().unwrap_or(Sex::Unknown).label(),
            patient_number: row.patient_number,
            has_namesake: false,
            kind: VisitKind::from_code(&row.visit_kind),
            purpose: row.purpose,
            memo: row.memo,
            is_isolated: row.is_isolated,
            doctor_id: row.doctor_id,
            doctor: row.doctor_name.unwrap_or_default(),
            place_key,
            place,
            status,
            face: face::visit(status),
            called: row.called_at.filter(|_| status != VisitStatus::InConsult && !status.is_finished()).map(clock),
            can_move: !status.offers(moved_by(principal.role)).is_empty(),
            wait_min: status.counts_waiting().then(|| waited_min(row.arrived_at, now)),
            eligibility: face::eligibility(eligibility),
            has_eligibility_problem: !matches!(eligibility, EligibilityStatus::Valid),
            has_prescription: beside.prescribed.contains(&row.id),
            is_measured: beside.measured.contains(&row.id),
            is_answered: beside.answered.contains(&row.id),
            is_done: status.is_finished(),
            is_mine: row.doctor_id == Some(StaffId::as_uuid(principal.staff_id)),
            moved_at: row.recorded_at,
            moved_by: row.entered_by_id,
            kana_key: row.kana_key,
        }
    }

    /// Ending of `data-wait`, an icon and words for those who do not see the colour.
    pub fn wait_face(&self) -> (&'static str, &'static str, &'static str) {
        match WaitLevel::of(self.wait_min.unwrap_or_default()) {
            WaitLevel::Plain => ("", "", ""),
            WaitLevel::Long => ("long", "clock", "30分以上 "),
            WaitLevel::TooLong => ("over", "tri", "45分以上 "),
        }
    }

    pub fn is_at_cashier(&self) -> bool {
        matches!(self.status, VisitStatus::BillingWait | VisitStatus::LeftUnpaid)
    }

    /// `初` and `再`.
    pub fn kind_mark(&self) -> &'static str {
        match self.kind {
            Some(VisitKind::First) => "初",
            Some(VisitKind::Revisit) => "再",
            None => "",
        }
    }

    pub fn is_first(&self) -> bool {
        self.kind == Some(VisitKind::First)
    }
}

/// In a room while somebody attends to the patient, else where the patient said they wait.
fn place_of(row: &Row, status: VisitStatus) -> (PlaceKey, String) {
    use VisitStatus as V;
    let is_attended = matches!(status, V::InConsult | V::ExamDoing | V::Treatment | V::Triage);
    match (is_attended, row.place_id, &row.place_name) {
        (true, Some(id), Some(name)) => (PlaceKey::Room(id), name.clone()),
        _ if status.is_finished() => (PlaceKey::Gone, String::new()),
        _ => {
            let waits_at = WaitsAt::from_code(&row.waits_at).unwrap_or_default();
            (PlaceKey::Waiting(waits_at), waits_at.label().to_owned())
        }
    }
}
