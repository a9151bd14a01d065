//! Samples of the book: every state, long names, a closed slot, a refused wish, a held seat with its candidates.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use domain::appointment::AppointmentStatus;
use domain::schedule::instant;
use domain::{PatientId, ScheduleId};
use uuid::Uuid;

use super::calendar::{Column, lines};
use super::list::Row;
use super::seats::SeatRefusal;
use super::views::*;
use crate::schedules::store::Plan;
use crate::schedules::{schedule, schedule_closure, slot_template};
use crate::web::samples::{errors, show};
use crate::web::{Chrome, FormState, Nav, PatientStripe};

const SCHEDULE: Uuid = Uuid::from_u128(7);

fn day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 20).unwrap()
}

fn morning() -> DateTime<Utc> {
    instant(day(), 8 * 60)
}

fn plan() -> Plan {
    let (tenant_id, recorded_at) = (Uuid::nil(), morning());
    let head = |id| (id, 1, Uuid::nil(), "active".to_owned());
    let (id, version, author_id, status) = head(SCHEDULE);
    let schedule = schedule::Model {
        tenant_id,
        id,
        version,
        recorded_at,
        author_id,
        entered_by_id: author_id,
        status: status.clone(),
        digest: vec![],
        name: "藍沢 朋子".into(),
        doctor_id: Some(Uuid::from_u128(8)),
        is_exclusive: false,
    };
    let template = slot_template::Model {
        tenant_id,
        id: Uuid::from_u128(9),
        version,
        recorded_at,
        author_id,
        entered_by_id: author_id,
        status: status.clone(),
        digest: vec![],
        schedule_id: SCHEDULE,
        weekday: 5,
        from_min: 540,
        to_min: 660,
        interval_min: 15,
        capacity: 2,
        overbook_limit: 1,
        visibility: "staff".into(),
        purposes: "再診\n予防接種".into(),
        valid_from: day(),
        valid_to: None,
    };
    let closure = schedule_closure::Model {
        tenant_id,
        id: Uuid::from_u128(10),
        version,
        recorded_at,
        author_id,
        entered_by_id: author_id,
        status,
        digest: vec![],
        schedule_id: None,
        day: day(),
        from_min: 645,
        to_min: 660,
        reason: "往診".into(),
    };
    Plan { schedules: vec![schedule], templates: vec![template], closures: vec![closure] }
}

fn row(n: i64, name: &str, status: AppointmentStatus, is_overbooked: bool) -> Row {
    let starts_at = instant(day(), 540) + TimeDelta::minutes(15 * (n / 3));
    Row {
        id: Uuid::from_u128(100 + n as u128),
        version: 1,
        status: status.code().into(),
        recorded_at: morning(),
        entered_by_id: Uuid::nil(),
        schedule_id: SCHEDULE,
        patient_id: (status != AppointmentStatus::Held).then(|| Uuid::from_u128(1000 + n as u128)),
        day: day(),
        starts_at,
        ends_at: starts_at + TimeDelta::minutes(15),
        seat_no: 1 + (n % 3) as i32,
        is_overbooked,
        purpose: "血圧の定期受診".into(),
        note: String::new(),
        route: "phone".into(),
        held_until: (status == AppointmentStatus::Held).then(|| morning() + TimeDelta::minutes(5)),
        contacted_at: None,
        encounter_id: None,
        patient_number: Some(format!("{n:06}")),
        name_ideographic: (status != AppointmentStatus::Held).then(|| name.to_owned()),
        name_syllabic: Some("ハセベヨシダ マリアアレクサンドラ".into()),
        sex: Some("female".into()),
        birth_date: NaiveDate::from_ymd_opt(1948, 2, 29),
        tel: None,
        mobile: Some("070-0000-1234".into()),
        postal_code: None,
        address: None,
        schedule_name: "藍沢 朋子".into(),
    }
}

fn rows() -> Vec<Row> {
    use AppointmentStatus as S;
    let long = "長谷部𠮷田 摩利亜アレクサンドラクリスティーナ";
    vec![
        row(0, long, S::Booked, false),
        row(1, "髙橋 榮太郎", S::Arrived, false),
        row(2, "齋藤 千鶴子", S::Booked, true),
        row(3, "", S::Held, false),
        row(6, "山﨑 涼", S::NoShow, false),
    ]
}

fn calendar(purpose: Purpose, message: Option<&str>) -> CalendarPage {
    let column = Column { schedule: SCHEDULE, day: day(), title: "藍沢 朋子".into(), href: "/appointments".into(), is_today: true };
    let columns = vec![column];
    CalendarPage {
        chrome: Chrome::sample(Nav::Appointments),
        day: day(),
        today: day(),
        week_of: None,
        schedules: vec![(SCHEDULE.to_string(), "藍沢 朋子".into())],
        lines: lines(&columns, &plan(), &rows(), morning(), |row| BookingLine::of(row, day())),
        columns,
        purpose,
        purposes: vec!["再診".into()],
        key: Uuid::nil().to_string(),
        message: message.map(str::to_owned),
        toast: None,
        acts: Acts { book: true, receive: true, manage: true, chart: true },
    }
}

#[test]
fn the_book_shows_every_state_in_words() {
    let html = show("appointments", &calendar(Purpose::Open, None));
    for expected in ["来院", "無断キャンセル", "仮押さえ", "重ね", "空き 2", "休診", "長谷部𠮷田 摩利亜アレクサンドラクリスティーナ"]
    {
        assert!(html.contains(expected), "{expected}");
    }
    let patient_id = PatientId::new(Uuid::from_u128(1));
    let wish = Purpose::For { patient_id, words: "000001 髙橋 榮太郎(タカハシ エイタロウ)".into() };
    let refused = seat_sentence(SeatRefusal::Full { can_overbook: true });
    assert!(show("appointments-refused", &calendar(wish, Some(refused))).contains("name=\"purpose\""));
    let empty = CalendarPage { columns: vec![], lines: vec![], ..calendar(Purpose::Open, None) };
    assert!(show("appointments-empty", &empty).contains("予約表がまだありません"));
}

#[test]
fn a_held_seat_asks_for_its_patient() {
    let page = AppointmentPage {
        chrome: Chrome::sample(Nav::Appointments),
        booking: BookingLine::of(&row(3, "", AppointmentStatus::Held, false), day()),
        today: day(),
        form: FormState::default().set("route", "phone").with_errors(errors(&[("q", "患者を探して、一覧から選んでください")])),
        purposes: vec!["再診".into()],
        candidates: vec![Candidate {
            id: PatientId::new(Uuid::from_u128(1)),
            words: "000001 髙橋 榮太郎".into(),
            detail: "タカハシ エイタロウ 78歳 男".into(),
            has_namesake: true,
            is_chosen: true,
        }],
        was_asked: true,
        acts: Acts { book: true, ..Acts::default() },
        toast: None,
    };
    assert!(show("appointment-held", &page).contains("同姓同名"));
    let booked = AppointmentPage { booking: BookingLine::of(&row(0, "髙橋 榮太郎", AppointmentStatus::Booked, true), day()), ..page };
    assert!(show("appointment", &booked).contains("予約を取り消す"));
}

#[test]
fn a_patients_page_holds_the_box_of_the_next_visit() {
    let schedules = vec![(ScheduleId::new(SCHEDULE).to_string(), "藍沢 朋子".to_owned()), (Uuid::nil().to_string(), "エコー室".to_owned())];
    let form = FormState::default().set("ahead", "2x").with_errors(errors(&[("ahead", "読めません")]));
    let next = NextBox { patient_id: PatientId::new(Uuid::from_u128(1)), form, schedules, ahead: vec![], done: None, may_book: true };
    let page = PatientAppointmentsPage {
        queue_key: uuid::Uuid::nil(),
        chrome: Chrome::sample(Nav::Patients),
        stripe: PatientStripe::sample_long(),
        next,
        ahead: vec![BookingLine::of(&row(0, "髙橋 榮太郎", AppointmentStatus::Booked, false), day())],
        before: vec![BookingLine::of(&row(6, "髙橋 榮太郎", AppointmentStatus::NoShow, false), day())],
        today: day(),
        acts: Acts { book: true, ..Acts::default() },
        toast: None,
    };
    assert!(show("patient-appointments", &page).contains("value=\"2x\""));
}
