//! The book through the real application: seats, holds, arrivals, what the clock does, and the shorthand.

use chrono::{Datelike, Days, NaiveDate, Utc};
use domain::Role;
use domain::clock::jst;
use domain::schedule::instant;
use sqlx::Row;
use tsumugi::appointments::sweep;
use uuid::Uuid;

use crate::fixtures::{Clinic, two_clinics};
use crate::harness::{Answer, Client, Harness};

struct Desk {
    h: &'static Harness,
    here: Clinic,
    neighbour: Clinic,
    clerk: Client,
    patient: String,
    schedule: String,
}

fn key() -> String {
    Uuid::now_v7().to_string()
}

fn today() -> NaiveDate {
    jst(Utc::now()).date_naive()
}

/// A day far enough ahead that no test runs into it.
fn later() -> NaiveDate {
    today() + Days::new(21)
}

async fn register(client: &Client, name: &str, kana: &str) -> String {
    let form = [("name_ideographic", name), ("name_syllabic", kana), ("sex", "female"), ("birth_date", "1959-02-11")];
    let answer = client.post("/patients", &form).await.expect(303);
    answer.header("location").split('?').next().unwrap().strip_prefix("/patients/").unwrap().to_owned()
}

/// Every weekday around the clock: slots of a quarter of an hour.
pub async fn open_book(clerk: &Client, form: &[(&str, &str)], capacity: &str, overbook: &str) -> String {
    let k = key();
    let opened = clerk.post("/schedules", &[form, &[("idempotency_key", k.as_str())]].concat()).await.expect(303);
    let schedule = opened.header("location").strip_prefix("/schedules/").unwrap().to_owned();
    let k = key();
    let mut template = vec![
        ("starts", "0:00"),
        ("ends", "24:00"),
        ("interval_min", "15"),
        ("capacity", capacity),
        ("overbook_limit", overbook),
        ("visibility", "staff"),
        ("purposes", "再診\n予防接種"),
        ("valid_from", "2020-01-01"),
        ("idempotency_key", k.as_str()),
    ];
    let days: Vec<String> = (1..=7).map(|n| format!("day_{n}")).collect();
    template.extend(days.iter().map(|day| (day.as_str(), "on")));
    clerk.post(&format!("/schedules/{schedule}/templates"), &template).await.expect(303);
    schedule
}

async fn desk(capacity: &str, overbook: &str) -> Desk {
    let h = Harness::get();
    let (here, neighbour) = two_clinics(h).await;
    let clerk = here.client(h, Role::Clerk).await;
    let doctor = here.staff_of(Role::Doctor).to_string();
    let schedule = open_book(&clerk, &[("doctor_id", doctor.as_str())], capacity, overbook).await;
    let patient = register(&clerk, "長谷部𠮷田 摩利亜", "ハセベヨシダ マリア").await;
    Desk { h, here, neighbour, clerk, patient, schedule }
}

fn id_of(answer: &Answer) -> String {
    let location = answer.header("location");
    location.strip_prefix("/appointments/").unwrap_or_else(|| panic!("{location}")).split('?').next().unwrap().to_owned()
}

impl Desk {
    fn slot(&self, day: NaiveDate, minute: i32) -> String {
        format!("{}/{day}/{minute}", self.schedule)
    }

    async fn book(&self, client: &Client, patient: &str, button: (&str, &str), more: &[(&str, &str)]) -> Answer {
        let k = key();
        let day = button.1.split('/').nth(1).unwrap_or_default();
        let mut form = vec![("patient_token", patient), ("purpose", "再診"), ("idempotency_key", k.as_str()), ("day", day), button];
        for (name, value) in more {
            form.retain(|(known, _)| known != name);
            form.push((name, value));
        }
        client.post("/appointments", &form).await
    }

    async fn row(&self, id: &str) -> (String, i32, Option<Uuid>) {
        let row = sqlx::query("SELECT status, version, encounter_id FROM appointment WHERE id = $1")
            .bind(id.parse::<Uuid>().unwrap())
            .fetch_one(&mut self.h.superuser().await)
            .await
            .unwrap();
        (row.get(0), row.get(1), row.get(2))
    }

    async fn act(&self, client: &Client, id: &str, act: &str, more: &[(&str, &str)]) -> Answer {
        let version = self.row(id).await.1.to_string();
        let mut form = vec![("version", version.as_str()), ("patient_token", self.patient.as_str())];
        for (name, value) in more {
            form.retain(|(known, _)| known != name);
            form.push((name, value));
        }
        client.post(&format!("/appointments/{id}/{act}"), &form).await
    }

    /// A booking of today, whatever the hour: the last slot of the day.
    async fn booked_today(&self) -> String {
        let slot = self.slot(today(), 24 * 60 - 15);
        id_of(&self.book(&self.clerk, &self.patient, ("slot", &slot), &[]).await.expect(303))
    }
}

/// Scenario 2: the last seat of a slot, fifty at once. The database gives it to one; the others read what to do.
#[tokio::test]
async fn scenario_02_fifty_at_once_want_the_last_seat_and_one_gets_it() {
    let d = desk("3", "0").await;
    let slot = d.slot(later(), 600);
    for name in ["ヒトリメ", "フタリメ"] {
        let patient = register(&d.clerk, name, name).await;
        d.book(&d.clerk, &patient, ("slot", &slot), &[]).await.expect(303);
    }
    let all = futures_util::future::join_all((0..50).map(|_| d.book(&d.clerk, &d.patient, ("slot", &slot), &[]))).await;
    let won = all.iter().filter(|answer| answer.status == 303).count();
    assert_eq!(won, 1, "{:?}", all.iter().map(|a| a.status).collect::<Vec<_>>());
    for answer in all.iter().filter(|answer| answer.status != 303) {
        assert_eq!(answer.status, 422);
        assert!(
            answer.body.contains("この時間の枠は埋まりました") && answer.body.contains("ほかの時間を選んでください"),
            "{}",
            answer.body
        );
    }
    let seats: Vec<i32> = sqlx::query("SELECT seat_no FROM appointment WHERE tenant_id = $1 AND status = 'booked' ORDER BY 1")
        .bind(d.here.id.as_uuid())
        .fetch_all(&mut d.h.superuser().await)
        .await
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert_eq!(seats, [1, 2, 3]);
}

/// The room for one: times that overlap are refused by the table, also at the same moment and across slots.
#[tokio::test]
async fn a_room_for_one_is_never_booked_twice_at_a_time() {
    let mut d = desk("1", "0").await;
    d.schedule = open_book(&d.clerk, &[("name", "エコー室"), ("is_exclusive", "yes")], "1", "0").await;
    let (long, inside) = (d.slot(later(), 600), d.slot(later(), 630));
    let both = futures_util::future::join_all([
        d.book(&d.clerk, &d.patient, ("slot", &long), &[("slots", "4")]),
        d.book(&d.clerk, &d.patient, ("slot", &inside), &[]),
    ])
    .await;
    let mut status: Vec<u16> = both.iter().map(|a| a.status).collect();
    status.sort_unstable();
    assert_eq!(status, [303, 422]);
    let after = d.slot(later(), 660);
    d.book(&d.clerk, &d.patient, ("slot", &after), &[]).await.expect(303);
    d.book(&d.clerk, &d.patient, ("overbook", &after), &[]).await.expect(422);
    // The page may be bypassed; the table may not.
    let sql = "INSERT INTO appointment SELECT (jsonb_populate_record(a, jsonb_build_object('id', gen_random_uuid(), 'seat_no', 9))).* FROM appointment a WHERE tenant_id = $1 AND status = 'booked' LIMIT 1";
    let refused = sqlx::query(sql).bind(d.here.id.as_uuid()).execute(&mut d.h.superuser().await).await.unwrap_err().to_string();
    assert!(refused.contains("appointment_one_at_a_time"), "{refused}");
}

#[tokio::test]
async fn overbooking_is_an_act_of_its_own_and_has_an_end() {
    let d = desk("1", "1").await;
    let slot = d.slot(later(), 600);
    d.book(&d.clerk, &d.patient, ("slot", &slot), &[]).await.expect(303);
    let full = d.book(&d.clerk, &d.patient, ("slot", &slot), &[]).await.expect(422);
    assert!(full.body.contains("重ね予約") && full.body.contains("name=\"overbook\""));
    let extra = id_of(&d.book(&d.clerk, &d.patient, ("overbook", &slot), &[]).await.expect(303));
    assert!(d.clerk.get(&format!("/appointments/{extra}")).await.expect(200).body.contains("重ね予約"));
    let none = d.book(&d.clerk, &d.patient, ("overbook", &slot), &[]).await.expect(422);
    assert!(!none.body.contains("「重ね予約」で取ってください"));
}

#[tokio::test]
async fn a_held_seat_becomes_a_booking_once_its_patient_is_found() {
    let d = desk("1", "0").await;
    let (slot, k) = (d.slot(later(), 600), key());
    let hold = [("slot", slot.as_str()), ("idempotency_key", k.as_str())];
    let held = d.clerk.post("/appointments/holds", &hold).await.expect(303);
    let id = id_of(&held);
    assert_eq!(id_of(&d.clerk.post("/appointments/holds", &hold).await.expect(303)), id, "pressed twice it is one hold");
    d.book(&d.clerk, &d.patient, ("slot", &slot), &[]).await.expect(422);
    let found = d.clerk.post(&format!("/appointments/{id}/candidates"), &[("q", "はせべよしだ")]).await.expect(200);
    assert!(found.body.contains("長谷部𠮷田 摩利亜") && found.body.contains(&format!("value=\"{}\" checked", d.patient)));
    let typing =
        d.clerk.request("POST", &format!("/appointments/{id}/candidates")).header("hx-request", "true").form(&[("q", "はせべよしだ")]);
    let fragment = d.clerk.send(typing).await.expect(200);
    assert!(fragment.body.contains("長谷部𠮷田 摩利亜") && !fragment.body.contains("<html"), "{}", fragment.body);
    let path = format!("/appointments/{id}/booking");
    let missing = d.clerk.post(&path, &[("version", "1"), ("note", "車いす")]).await.expect(422);
    for expected in ["患者を探して、一覧から選んでください", "目的を入れてください", "経路を選んでください", "車いす"]
    {
        assert!(missing.body.contains(expected), "{expected}: {}", missing.body);
    }
    let long = "字".repeat(41);
    let form = [("version", "1"), ("patient", d.patient.as_str()), ("purpose", long.as_str()), ("route", "phone")];
    assert!(d.clerk.post(&path, &form).await.expect(422).body.contains("目的は40文字までです"));
    let form = [("version", "1"), ("patient", d.patient.as_str()), ("purpose", "予防接種"), ("route", "phone")];
    d.clerk.post(&path, &[("version", "7"), form[1], form[2], form[3]]).await.expect(409);
    d.clerk.post(&path, &form).await.expect(303);
    d.clerk.post(&path, &form).await.expect(303);
    assert_eq!(d.row(&id).await.0, "booked");
}

/// held: five minutes, then the seat is free for everybody at once, and the worker writes it down.
#[tokio::test]
async fn a_hold_ends_by_itself() {
    let d = desk("1", "0").await;
    let (slot, k) = (d.slot(later(), 600), key());
    let id = id_of(&d.clerk.post("/appointments/holds", &[("slot", slot.as_str()), ("idempotency_key", k.as_str())]).await.expect(303));
    let other = d.slot(later() + Days::new(1), 600);
    let k = key();
    let swept = id_of(&d.clerk.post("/appointments/holds", &[("slot", other.as_str()), ("idempotency_key", k.as_str())]).await.expect(303));
    assert_eq!(sweep::clinic(&d.h.operator(), d.here.id).await.unwrap(), sweep::Swept::default(), "five minutes are not over");
    sqlx::query("UPDATE appointment SET held_until = now() - interval '1 second' WHERE tenant_id = $1")
        .bind(d.here.id.as_uuid())
        .execute(&mut d.h.superuser().await)
        .await
        .unwrap();
    d.book(&d.clerk, &d.patient, ("slot", &slot), &[]).await.expect(303);
    assert_eq!(d.row(&id).await.0, "cancelled", "whoever takes the seat writes down that the hold is over");
    let late = [("version", "1"), ("patient", d.patient.as_str()), ("purpose", "再診"), ("route", "phone")];
    assert!(d.clerk.post(&format!("/appointments/{swept}/booking"), &late).await.expect(422).body.contains("仮押さえの5分が過ぎました"));
    assert_eq!(sweep::clinic(&d.h.operator(), d.here.id).await.unwrap(), sweep::Swept { released: 1, missed: 0 });
    assert_eq!(d.row(&swept).await.0, "cancelled");
}

/// §8: the booking stands on the board and becomes a visit by one press.
#[tokio::test]
async fn one_press_on_the_board_makes_the_visit() {
    let d = desk("1", "0").await;
    let id = d.booked_today().await;
    let board = d.clerk.get("/board").await.expect(200);
    assert!(board.body.contains(&format!("action=\"/appointments/{id}/arrival\"")) && board.body.contains("予約 1名"), "{}", board.body);
    assert!(board.statements() <= 4);
    let arrived = d.act(&d.clerk, &id, "arrival", &[("back", "board")]).await.expect(303);
    let again = d.act(&d.clerk, &id, "arrival", &[("back", "board")]).await.expect(303);
    assert_eq!(arrived.header("location"), again.header("location"), "pressed twice it is one visit");
    let (status, _, visit) = d.row(&id).await;
    assert_eq!(status, "arrived");
    let board = d.clerk.get(arrived.header("location")).await.expect(200);
    assert!(board.body.contains(&format!("id=\"visit-{}\"", visit.unwrap())) && board.body.contains("さんを受け付けました"));
    assert!(board.body.contains("髙橋 医師") && !board.body.contains("/arrival"));
    // A second booking of the same person joins the visit they have.
    let second = {
        let slot = d.slot(today(), 24 * 60 - 30);
        let answer = d.book(&d.clerk, &d.patient, ("slot", &slot), &[]).await;
        (answer.status == 303).then(|| id_of(&answer))
    };
    if let Some(second) = second {
        d.act(&d.clerk, &second, "arrival", &[("back", "day")]).await.expect(303);
        assert_eq!(d.row(&second).await.2, visit);
    }
}

#[tokio::test]
async fn two_presses_at_the_same_moment_make_one_visit() {
    let d = desk("1", "0").await;
    let id = d.booked_today().await;
    let form = [("version", "1"), ("patient_token", d.patient.as_str()), ("back", "board")];
    let path = format!("/appointments/{id}/arrival");
    let all = futures_util::future::join_all((0..6).map(|_| d.clerk.post(&path, &form))).await;
    assert!(all.iter().all(|answer| answer.status == 303), "{:?}", all.iter().map(|a| a.status).collect::<Vec<_>>());
    assert!(all.iter().all(|answer| answer.header("location") == all[0].header("location")));
    let visits: i64 = sqlx::query("SELECT count(*) FROM encounter WHERE tenant_id = $1")
        .bind(d.here.id.as_uuid())
        .fetch_one(&mut d.h.superuser().await)
        .await
        .unwrap()
        .get(0);
    assert_eq!(visits, 1);
}

#[tokio::test]
async fn arriving_is_refused_for_another_day_another_patient_and_stale_pages() {
    let d = desk("1", "0").await;
    let slot = d.slot(later(), 600);
    let id = id_of(&d.book(&d.clerk, &d.patient, ("slot", &slot), &[]).await.expect(303));
    assert!(d.act(&d.clerk, &id, "arrival", &[]).await.expect(422).body.contains("きょうの予約ではない"));
    let other = register(&d.clerk, "別人", "ベツジン").await;
    d.act(&d.clerk, &id, "arrival", &[("patient_token", &other)]).await.expect(422);
    let today = d.booked_today().await;
    d.act(&d.clerk, &today, "arrival", &[("version", "9")]).await.expect(409);
    d.here.client(d.h, Role::LabTech).await.post(&format!("/appointments/{today}/arrival"), &[]).await.expect(403);
    let next_door = d.neighbour.client(d.h, Role::Clerk).await;
    for act in ["arrival", "cancellation", "contact", "undo", "move", "booking", "candidates"] {
        d.act(&next_door, &today, act, &[]).await.expect(404);
    }
    next_door.get(&format!("/appointments/{today}")).await.expect(404);
    next_door.get(&format!("/patients/{}/appointments", d.patient)).await.expect(404);
    assert!(!next_door.get(&format!("/appointments?day={}", later())).await.expect(200).body.contains("長谷部"));
    assert_eq!(d.row(&today).await.0, "booked");
}

#[tokio::test]
async fn what_was_done_can_be_taken_back_for_thirty_seconds() {
    let d = desk("1", "0").await;
    let id = d.booked_today().await;
    d.act(&d.clerk, &id, "arrival", &[]).await.expect(303);
    let visit = d.row(&id).await.2.unwrap();
    let nurse = d.here.client(d.h, Role::Nurse).await;
    assert!(d.act(&nurse, &id, "undo", &[]).await.expect(422).body.contains("元に戻せる時間"));
    d.act(&d.clerk, &id, "undo", &[]).await.expect(303);
    assert_eq!(d.row(&id).await.0, "booked");
    let status: String =
        sqlx::query("SELECT status FROM encounter WHERE id = $1").bind(visit).fetch_one(&mut d.h.superuser().await).await.unwrap().get(0);
    assert_eq!(status, "cancelled", "the visit it made goes with it");
    assert!(d.act(&d.clerk, &id, "cancellation", &[]).await.expect(422).body.contains("取消の理由"));
    d.act(&d.clerk, &id, "cancellation", &[("reason", "本人の都合")]).await.expect(303);
    let (_, version, _) = d.row(&id).await;
    // Somebody else takes the seat in between: taking back is refused with a sentence.
    let other = register(&d.clerk, "別人", "ベツジン").await;
    let slot = d.slot(today(), 24 * 60 - 15);
    d.book(&d.clerk, &other, ("slot", &slot), &[]).await.expect(303);
    assert!(d.act(&d.clerk, &id, "undo", &[]).await.expect(422).body.contains("ほかの人がこの枠を取りました"));
    assert_eq!(d.row(&id).await, ("cancelled".into(), version, None));
}

#[tokio::test]
async fn a_booking_moves_to_another_seat() {
    let d = desk("1", "0").await;
    let (from, to) = (d.slot(later(), 600), d.slot(later() + Days::new(1), 660));
    let id = id_of(&d.book(&d.clerk, &d.patient, ("slot", &from), &[]).await.expect(303));
    d.act(&d.clerk, &id, "contact", &[]).await.expect(303);
    let page = d.clerk.get(&format!("/appointments?day={}&moving={id}", later())).await.expect(200);
    assert!(page.body.contains(&format!("action=\"/appointments/{id}/move\"")));
    d.act(&d.clerk, &id, "move", &[("slot", &to)]).await.expect(303);
    let shown = d.clerk.get(&format!("/appointments/{id}")).await.expect(200);
    assert!(shown.body.contains("11:00") && !shown.body.contains("連絡済を取り消す"), "whoever was told has to be told anew");
    d.book(&d.clerk, &d.patient, ("slot", &from), &[]).await.expect(303);
    assert!(d.act(&d.clerk, &id, "move", &[("slot", &from)]).await.expect(422).body.contains("この時間の枠は埋まりました"));
}

/// booked → no_show an hour after the day's last slot, by the worker alone.
#[tokio::test]
async fn who_did_not_come_is_marked_after_closing() {
    let d = desk("1", "0").await;
    let id = d.booked_today().await;
    assert_eq!(sweep::clinic(&d.h.operator(), d.here.id).await.unwrap(), sweep::Swept::default());
    let yesterday = today() - Days::new(1);
    let sql = "UPDATE appointment SET day = $2, starts_at = $3, ends_at = $4 WHERE id = $1";
    sqlx::query(sql)
        .bind(id.parse::<Uuid>().unwrap())
        .bind(yesterday)
        .bind(instant(yesterday, 600))
        .bind(instant(yesterday, 615))
        .execute(&mut d.h.superuser().await)
        .await
        .unwrap();
    // The last slot of that day ends at midnight: an hour later it is decided.
    let is_over = jst(Utc::now()).time() >= chrono::NaiveTime::from_hms_opt(1, 0, 0).unwrap();
    let swept = sweep::clinic(&d.h.operator(), d.here.id).await.unwrap();
    assert_eq!(swept.missed, usize::from(is_over));
    if is_over {
        assert_eq!(d.row(&id).await.0, "no_show");
        assert_eq!(sweep::clinic(&d.h.operator(), d.here.id).await.unwrap(), sweep::Swept::default());
    }
}

/// §8: `2w` is the same weekday two weeks ahead, the first free seat.
#[tokio::test]
async fn the_shorthand_books_the_first_free_seat() {
    let d = desk("1", "0").await;
    let doctor = d.here.client(d.h, Role::Doctor).await;
    let path = format!("/patients/{}/appointments/next", d.patient);
    assert!(doctor.get_fragment(&path).await.expect(200).body.contains("name=\"ahead\""));
    let (day, k) = (today() + Days::new(14), key());
    let taken = register(&d.clerk, "先客", "センキャク").await;
    let first = d.slot(day, 0);
    d.book(&d.clerk, &taken, ("slot", &first), &[]).await.expect(303);
    let form = [
        ("ahead", "２ｗ"),
        ("schedule", d.schedule.as_str()),
        ("purpose", "再診"),
        ("idempotency_key", k.as_str()),
        ("patient_token", d.patient.as_str()),
    ];
    let booked = doctor.send(doctor.request("POST", &path).header("hx-request", "true").form(&form)).await.expect(200);
    let when = format!("{}月{}日", day.month(), day.day());
    assert!(booked.body.contains(&when) && booked.body.contains("0:15") && booked.body.contains("元に戻す"), "{}", booked.body);
    doctor.post(&path, &form).await.expect(303);
    let count: i64 = sqlx::query("SELECT count(*) FROM appointment WHERE patient_id = $1")
        .bind(d.patient.parse::<Uuid>().unwrap())
        .fetch_one(&mut d.h.superuser().await)
        .await
        .unwrap()
        .get(0);
    assert_eq!(count, 1, "pressed twice it is one booking");
    for (ahead, says) in [("", "何週後か"), ("2x", "読めません"), ("99w", "1年先まで"), ("0日", "1日から")] {
        let k = key();
        let wrong = [("ahead", ahead), form[1], form[2], ("idempotency_key", k.as_str()), form[4]];
        let page = doctor.post(&path, &wrong).await.expect(422);
        assert!(page.body.contains(says) && page.body.contains(&format!("value=\"{ahead}\"")), "{ahead}: {}", page.body);
    }
    let other = key();
    doctor.post(&path, &[form[0], form[1], form[2], form[3], ("patient_token", other.as_str())]).await.expect(422);
    let list = doctor.get(&format!("/patients/{}/appointments", d.patient)).await.expect(200);
    assert!(list.body.contains("これからの予約") && list.body.contains(&when) && list.statements() <= 12, "{}", list.statements());
}

#[tokio::test]
async fn a_closed_day_lists_whom_it_hits() {
    let d = desk("2", "0").await;
    let slot = d.slot(later(), 600);
    let id = id_of(&d.book(&d.clerk, &d.patient, ("slot", &slot), &[]).await.expect(303));
    let outside = d.slot(later(), 900);
    d.book(&d.clerk, &d.patient, ("slot", &outside), &[]).await.expect(303);
    let (day, k) = (later().to_string(), key());
    let form = [
        ("schedule", d.schedule.as_str()),
        ("day", day.as_str()),
        ("starts", "9:00"),
        ("ends", "12:00"),
        ("reason", "学会出席のため"),
        ("idempotency_key", k.as_str()),
    ];
    let closed = d.clerk.post("/schedules/closures", &form).await.expect(303);
    let path = closed.header("location").to_owned();
    assert_eq!(d.clerk.post("/schedules/closures", &form).await.expect(303).header("location"), path, "pressed twice it is one closure");
    let page = d.clerk.get(&path).await.expect(200);
    assert!(page.body.contains("予約の人 1名・連絡済 0名") && page.body.contains("未連絡"), "{}", page.body);
    let back = format!("closure/{}", path.rsplit('/').next().unwrap());
    let told = d.act(&d.clerk, &id, "contact", &[("back", &back)]).await.expect(303);
    assert_eq!(told.header("location"), path);
    assert!(d.clerk.get(&path).await.expect(200).body.contains("全員に連絡済"));
    let notices = d.clerk.get(&format!("{path}/notices")).await.expect(200);
    assert!(notices.body.contains("長谷部𠮷田 摩利亜 様") && notices.body.contains("学会出席のため"));
    assert!(d.book(&d.clerk, &d.patient, ("slot", &slot), &[]).await.expect(422).body.contains("この時間は休診です"));
    d.clerk.post(&format!("{path}/withdrawal"), &[("version", "9")]).await.expect(409);
    d.clerk.post(&format!("{path}/withdrawal"), &[("version", "1")]).await.expect(303);
    d.book(&d.clerk, &d.patient, ("slot", &slot), &[]).await.expect(303);
    d.neighbour.client(d.h, Role::Clerk).await.get(&path).await.expect(404);
}

#[tokio::test]
async fn the_book_shows_a_day_and_a_week_in_a_constant_number_of_statements() {
    let d = desk("2", "0").await;
    let path = format!("/appointments?day={}", later());
    let empty = d.clerk.get(&path).await.expect(200);
    for minute in [600, 600, 615, 630] {
        let slot = d.slot(later(), minute);
        d.book(&d.clerk, &d.patient, ("slot", &slot), &[]).await.expect(303);
    }
    let day = d.clerk.get(&path).await.expect(200);
    assert_eq!(day.statements(), empty.statements());
    assert!(day.statements() <= 12 && day.body.matches("class=\"booking\"").count() == 4);
    let week = d.clerk.get(&format!("{path}&schedule={}&patient={}", d.schedule, d.patient)).await.expect(200);
    assert!(week.statements() <= 12 && week.body.contains("さんの予約: 空いている時間"));
    d.clerk.get("/appointments?day=きのう").await.expect(422);
    let slip = {
        let id = week.body.split("/appointments/").nth(1).unwrap().split(['"', '?']).next().unwrap().to_owned();
        d.clerk.get(&format!("/appointments/{id}/print")).await
    };
    assert!(slip.status == 200 || slip.status == 404);
}

#[tokio::test]
async fn wrong_slots_are_refused_and_nothing_is_booked() {
    let d = desk("1", "0").await;
    for slot in [
        "",
        "x/y/z",
        &d.slot(later(), 601),
        &d.slot(later(), 99_999),
        &d.slot(later(), -15),
        &d.slot(NaiveDate::MIN, 600),
        &d.slot(NaiveDate::MAX, 600),
        &format!("{}/x/600", d.schedule),
    ] {
        let answer = d.book(&d.clerk, &d.patient, ("slot", slot), &[]).await;
        assert_eq!(answer.status, 422, "{slot}: {}", answer.body);
    }
    let past = d.slot(today() - Days::new(1), 600);
    assert!(d.book(&d.clerk, &d.patient, ("slot", &past), &[]).await.expect(422).body.contains("過ぎた時間"));
    let slot = d.slot(later(), 600);
    for (field, value) in
        [("purpose", ""), ("purpose", "字".repeat(41).as_str()), ("note", "字".repeat(201).as_str()), ("slots", "4"), ("slots", "x")]
    {
        d.book(&d.clerk, &d.patient, ("slot", &slot), &[(field, value)]).await.expect(422);
    }
    let neighbour = register(&d.neighbour.client(d.h, Role::Clerk).await, "隣人", "リンジン").await;
    d.book(&d.clerk, &neighbour, ("slot", &slot), &[]).await.expect(404);
    d.book(&d.neighbour.client(d.h, Role::Clerk).await, &neighbour, ("slot", &slot), &[]).await.expect(404);
    let booked: i64 = sqlx::query("SELECT count(*) FROM appointment WHERE tenant_id IN ($1, $2)")
        .bind(d.here.id.as_uuid())
        .bind(d.neighbour.id.as_uuid())
        .fetch_one(&mut d.h.superuser().await)
        .await
        .unwrap()
        .get(0);
    assert_eq!(booked, 0);
}

#[tokio::test]
async fn books_and_templates_are_kept_by_managers() {
    let d = desk("2", "1").await;
    let path = format!("/schedules/{}", d.schedule);
    let page = d.clerk.get(&path).await.expect(200);
    assert_eq!(page.body.matches("0:00〜24:00").count(), 7);
    let template = page.body.split(&format!("{path}/templates/")).nth(1).unwrap().split('"').next().unwrap();
    let template = if template.is_empty() {
        page.body.split(&format!("{path}/templates/")).nth(2).unwrap().split('"').next().unwrap()
    } else {
        template
    };
    let form = |ends: &'static str, version: &'static str| {
        vec![
            ("starts", "9:00"),
            ("ends", ends),
            ("interval_min", "10"),
            ("capacity", "3"),
            ("overbook_limit", "0"),
            ("visibility", "patient"),
            ("purposes", "健診"),
            ("valid_from", "2020-01-01"),
            ("version", version),
            ("day_1", "on"),
            ("status", "active"),
        ]
    };
    let own = format!("{path}/templates/{template}");
    d.clerk.post(&own, &form("8:00", "1")).await.expect(422);
    d.clerk.post(&own, &form("12:00", "9")).await.expect(409);
    d.clerk.post(&own, &form("12:00", "1")).await.expect(303);
    assert!(d.clerk.get(&path).await.expect(200).body.contains("月 9:00〜12:00"));
    let k = key();
    let mut clash = form("10:00", "");
    clash.push(("idempotency_key", k.as_str()));
    assert!(d.clerk.post(&format!("{path}/templates"), &clash).await.expect(422).body.contains("別の枠と時間が重なります"));
    let doctor_id = d.here.staff_of(Role::Doctor).to_string();
    let k = key();
    let twice = d.clerk.post("/schedules", &[("doctor_id", doctor_id.as_str()), ("idempotency_key", k.as_str())]).await.expect(422);
    assert!(twice.body.contains("一覧から選んでください") || twice.body.contains("もうあります"), "{}", twice.body);
    d.here.client(d.h, Role::Nurse).await.get(&path).await.expect(403);
    d.neighbour.client(d.h, Role::Clerk).await.get(&path).await.expect(404);
    d.clerk.post(&path, &[("name", "午前外来"), ("status", "retired"), ("version", "1")]).await.expect(303);
    let slot = d.slot(later(), 600);
    d.book(&d.clerk, &d.patient, ("slot", &slot), &[]).await.expect(404);
}
