//! One visit of the list.

use chrono::{DateTime, NaiveDate, Utc};
use domain::PatientId;
use domain::clock::jst;
use domain::eligibility::EligibilityStatus;
use domain::encounter::{VisitStatus, WaitLevel, waited_min};
use domain::flag::FlagCategory;
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
    /// Where the patient goes from here, when something is ordered.
    pub next: Vec<&'static str>,
    pub infections: String,
    /// 妊娠 as somebody said it.
    pub pregnancy: String,
    /// 付箋
    pub stuck: Vec<String>,
    pub unread: i64,
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
        let is_over = row.coverage_until.is_some_and(|until| until < row.reception_date);
        let eligibility_face = if is_over { face::COVERAGE_OVER } else { face::eligibility(eligibility) };
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
            eligibility: eligibility_face,
            has_eligibility_problem: is_over || !matches!(eligibility, EligibilityStatus::Valid),
            has_prescription: beside.prescribed.contains(&row.id),
            is_measured: beside.measured.contains(&row.id),
            is_answered: beside.answered.contains(&row.id),
            next: next(status, beside.stations.get(&row.id)),
            infections: beside.flags.said(row.patient_id, FlagCategory::Infection).join("・"),
            pregnancy: beside.flags.said(row.patient_id, FlagCategory::Pregnancy).join("・"),
            stuck: beside.flags.stuck(row.patient_id, row.id).into_iter().map(str::to_owned).collect(),
            unread: beside.unread.get(&PatientId::new(row.patient_id)).copied().unwrap_or_default(),
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

/// 採血 → 診察: what is ordered, then the doctor who waits for it, or the counter.
fn next(status: VisitStatus, stations: Option<&Vec<&'static str>>) -> Vec<&'static str> {
    use VisitStatus as V;
    let Some(stations) = stations.filter(|_| !status.is_finished()) else { return Vec::new() };
    let last = match status {
        V::InConsult | V::Treatment | V::BillingWait => "会計",
        _ => "診察",
    };
    stations.iter().copied().chain([last]).collect()
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
