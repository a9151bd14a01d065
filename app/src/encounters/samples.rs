//! Samples of the reception pages: a busy morning, nobody, several candidates, a new person, everything wrong.

use chrono::{DateTime, NaiveDate, Utc};
use domain::eligibility::EligibilityStatus;
use domain::encounter::VisitStatus;
use domain::flag::FlagCategory;
use domain::{PatientId, Role};
use uuid::Uuid;

use super::list::{Beside, Row};
use super::reader_store::Line;
use super::reader_views::ReaderListPage;
use super::views::{Acts, Asked, BoardFacts, BoardPage, Filter, ReceptionPage};
use crate::flags::Flags;
use crate::web::chrome::tests::principal as sample_principal;
use crate::web::samples::{errors, show};
use crate::web::{Chrome, FormState, Nav, PatientStripe};

fn day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 20).unwrap()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn row(number: i32, name: &str, kana: &str, status: VisitStatus, eligibility: EligibilityStatus) -> Row {
    Row {
        id: Uuid::from_u128(number as u128),
        version: 2,
        status: status.code().into(),
        recorded_at: at("2026-11-20T01:41:50Z"),
        entered_by_id: sample_principal(Role::Doctor).staff_id.as_uuid(),
        class: "AMB".into(),
        reception_date: day(),
        reception_number: number,
        arrived_at: at("2026-11-20T00:00:00Z") + chrono::Duration::minutes(i64::from(number) * 10),
        ended_at: None,
        doctor_id: (number % 2 == 0).then(|| sample_principal(Role::Doctor).staff_id.as_uuid()),
        purpose: "高血圧・糖尿病 定期".into(),
        visit_kind: if number % 3 == 0 { "first" } else { "revisit" }.into(),
        memo: if number % 4 == 0 { "車いす・家族同伴" } else { "" }.into(),
        is_isolated: number == 5,
        waits_at: if number == 5 { "separate" } else { "lobby" }.into(),
        booked_for: (number % 2 == 0).then(|| at("2026-11-20T00:15:00Z")),
        called_at: (number == 3).then(|| at("2026-11-20T01:40:00Z")),
        patient_id: Uuid::from_u128(1000 + number as u128),
        patient_number: format!("{number:06}"),
        name_ideographic: name.into(),
        name_syllabic: kana.into(),
        kana_key: domain::search_key::search_key(kana),
        sex: "female".into(),
        birth_date: NaiveDate::from_ymd_opt(1948, 2, 29).unwrap(),
        doctor_name: Some("山﨑 理恵".into()),
        place_id: Some(Uuid::from_u128(77)),
        place_name: Some("診察室1".into()),
        eligibility: Some(eligibility.code().into()),
        coverage_until: None,
    }
}

fn board(rows: Vec<Row>, role: Role, filter: Filter, moved: Option<Uuid>) -> BoardPage {
    let principal = sample_principal(role);
    let facts = BoardFacts {
        booked: Vec::new(),
        guide_left: 2,
        beside: Beside {
            prescribed: rows.iter().map(|row| row.id).collect(),
            measured: vec![Uuid::from_u128(4)],
            answered: vec![Uuid::from_u128(5)],
            stations: [(Uuid::from_u128(4), vec!["採血", "処置"])].into(),
            flags: Flags::sample(Uuid::from_u128(1002), &[(FlagCategory::Infection, "HCV"), (FlagCategory::Sticky, "右耳から")]),
            unread: [(PatientId::new(Uuid::from_u128(1002)), 2)].into(),
        },
        rows,
        asked: Asked { day: day(), today: day(), filter, doctor: None, place: None },
        moved,
        only: None,
        now: at("2026-11-20T01:42:05Z"),
        acts: Acts { chart: true, measure: true, receive: true, take_in: true, bill: true, print: true, stick: true, results: true },
    };
    BoardPage::of(Chrome::of(&principal, Nav::Today), &principal, facts)
}

/// One row of each state and eligibility, a long name, namesakes, 旧字体.
fn morning() -> Vec<Row> {
    let names = [
        ("髙橋 榮太郎", "タカハシ エイタロウ"),
        ("高橋 栄太郎", "タカハシ エイタロウ"),
        ("長谷部𠮷田 摩利亜アレクサンドラクリスティーナ", "ハセベヨシダ マリアアレクサンドラクリスティーナ"),
    ];
    let states = VisitStatus::ALL.into_iter().zip(EligibilityStatus::ALL.into_iter().cycle()).zip(names.into_iter().cycle());
    states.enumerate().map(|(n, ((status, eligibility), (name, kana)))| row(n as i32 + 1, name, kana, status, eligibility)).collect()
}

#[test]
fn a_busy_morning_shows_every_state_in_words() {
    let moved = Uuid::from_u128(2);
    let html = show("board", &board(morning(), Role::Doctor, Filter::All, Some(moved)));
    for status in VisitStatus::ALL {
        assert!(html.contains(status.label()), "{status:?}");
    }
    for eligibility in EligibilityStatus::ALL {
        assert!(html.contains(eligibility.label()), "{eligibility:?}");
    }
    assert!(html.contains("同姓同名") && html.contains("長谷部𠮷田 摩利亜アレクサンドラクリスティーナ"));
    assert!(html.contains("data-wait=\"long\"") && html.contains("data-wait=\"over\""));
    assert!(html.contains(&format!("/encounters/{moved}/status/undo")), "a move fifteen seconds old can be taken back");
}

#[test]
fn filters_narrow_and_an_empty_list_says_so() {
    let waiting = board(morning(), Role::Clerk, Filter::Waiting, None);
    assert_eq!((waiting.open.len(), waiting.done.len()), (4, 0), "who is being seen stays in sight");
    assert_eq!(waiting.tallies.iter().find(|tally| tally.is_current).unwrap().count, 3, "but is not waiting");
    assert!(show("board-waiting", &waiting).contains("aria-current=\"true\""));
    assert!(show("board-empty", &board(Vec::new(), Role::Clerk, Filter::All, None)).contains("受付はありません"));
}

/// 職種カード: each 職種 opens the board on its own list.
#[test]
fn every_role_begins_with_its_own_list() {
    let first = |role| Filter::asked("", role);
    assert_eq!(
        [Role::Doctor, Role::Nurse, Role::Clerk, Role::ClinicAdmin].map(first),
        [Filter::Waiting, Filter::Care, Filter::Desk, Filter::All]
    );
    assert_eq!(Filter::asked("nothing", Role::Doctor), Filter::All);
    for filter in Filter::ALL {
        assert_eq!(Filter::asked(filter.code(), Role::Nurse), filter);
    }
}

#[test]
fn a_row_says_where_the_patient_is() {
    let page = board(morning(), Role::Nurse, Filter::All, None);
    let of = |status: VisitStatus| page.open.iter().chain(&page.done).find(|row| row.status == status).unwrap();
    assert_eq!(of(VisitStatus::InConsult).place, "診察室1");
    assert_eq!(of(VisitStatus::Waiting).place, "待合");
    assert_eq!(of(VisitStatus::ExamWaiting).place, "別室");
    assert_eq!(of(VisitStatus::Paid).place, "");
    assert_eq!(of(VisitStatus::Waiting).called.as_deref(), Some("10:40"));
}

fn reception(form: FormState, already: Vec<String>) -> ReceptionPage {
    ReceptionPage {
        chrome: Chrome::sample(Nav::Today),
        stripe: PatientStripe::sample_long(),
        form,
        doctors: vec![(Uuid::nil().to_string(), "山﨑 理恵".into())],
        classes: [("AMB", "外来"), ("HH", "訪問"), ("VR", "オンライン")],
        kinds: vec![("first", "初診"), ("revisit", "再診")],
        waiting_places: vec![("lobby", "待合"), ("car", "車"), ("separate", "別室")],
        last_visit: Some(("2026-05-20".into(), true)),
        coverage: None,
        can_be_sighted: true,
        already,
    }
}

#[test]
fn reception_asks_about_a_second_visit_and_tells_what_is_wrong() {
    assert!(show("reception", &reception(FormState::default().set("class", "AMB"), vec![])).contains("使える保険の登録がありません"));
    let wrong =
        FormState::default().with_errors(errors(&[("purpose", "来院目的は200文字までです"), ("again", "今日はすでに受付があります")]));
    let html = show("reception-errors", &reception(wrong, vec!["3番 09:12 来院 診察待ち 咳".into()]));
    assert!(html.contains("2か所 直してください") && html.contains("もう1件受け付ける"));
}

#[test]
fn the_readers_list_is_shown_full_empty_and_after_a_refusal() {
    let line = |n: u128, validity: EligibilityStatus, outcome: &str| Line {
        id: Uuid::from_u128(n),
        file_name: "OQSsiquc01res_face_1_20261120090103.xml".into(),
        received_at: at("2026-11-20T00:01:03Z"),
        outcome: outcome.into(),
        validity: validity.code().into(),
        channel: "card".into(),
        patient_id: (outcome == "reflected").then(|| PatientId::new(Uuid::from_u128(9)).as_uuid()),
        name_ideographic: (outcome == "reflected").then(|| "髙﨑 𠮷太郎".into()),
    };
    let lines = vec![line(1, EligibilityStatus::Valid, "reflected"), line(2, EligibilityStatus::Multiple, "received")];
    let html = show("reader-list", &ReaderListPage::of(Chrome::sample(Nav::Today), lines, None));
    assert!(html.contains("反映済") && html.contains("まだ反映していません"));
    let refused = ReaderListPage::of(Chrome::sample(Nav::Today), vec![], Some("ファイルが空です。".into()));
    assert!(show("reader-list-refused", &refused).contains("取り込めませんでした"));
}
