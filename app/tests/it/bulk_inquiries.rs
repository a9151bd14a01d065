//! 一括照会 of tomorrow's bookings and 照会番号登録, against the simulator. FN-OQ-04, FN-OQ-01.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use domain::Role;
use domain::clock::jst;
use simulators::national::packed::Packing;
use simulators::national::{Fault, National};
use tenancy::operator::Operator;
use tenancy::{Clock, TenantPool};
use tsumugi::bulk_inquiries::nightly;
use tsumugi::inquiries::EligibilityDriver;
use tsumugi::outbox::Driver;
use tsumugi::outbox::deliver::Postman;
use tsumugi::telemetry::Metrics;
use uuid::Uuid;

use crate::eligibility_query::{national, way};
use crate::fixtures::{Clinic, two_clinics};
use crate::harness::{Client, Harness, keyring, role_url};

struct Evening {
    h: &'static Harness,
    here: Clinic,
    neighbour: Clinic,
    clerk: Client,
    services: National,
    url: String,
    now: Arc<Mutex<DateTime<Utc>>>,
    operator: Operator,
    tomorrow: NaiveDate,
    schedule: Uuid,
}

/// Half past eight in the evening, whenever the test runs.
async fn evening() -> Evening {
    let h = Harness::get();
    let (here, neighbour) = two_clinics(h).await;
    let clerk = here.client(h, Role::Clerk).await;
    let doctor = here.staff_of(Role::Doctor).to_string();
    let schedule = crate::appointments::open_book(&clerk, &[("doctor_id", doctor.as_str())], "50", "20").await.parse().unwrap();
    let (services, url) = national();
    let today = jst(Utc::now()).date_naive();
    let now = Arc::new(Mutex::new(domain::clock::midnight(today) + TimeDelta::minutes(20 * 60 + 30)));
    let clock = Clock::from_fn({
        let now = now.clone();
        move || *now.lock().unwrap()
    });
    let tenants = TenantPool::new(&role_url("APP_DATABASE_URL", &h.database), 4, clock).unwrap().with_keyring(keyring());
    let operator = Operator::new(&role_url("OPERATOR_DATABASE_URL", &h.database), tenants).unwrap();
    Evening { h, here, neighbour, clerk, services, url, now, operator, tomorrow: today.succ_opt().unwrap(), schedule }
}

impl Evening {
    /// Somebody with this insurance (or none), booked for tomorrow.
    async fn expect(&self, n: i32, number: Option<&str>) -> String {
        let (name, kana) = (format!("予約 患者{n}"), "ヨヤク カンジャ");
        let form = [("name_ideographic", name.as_str()), ("name_syllabic", kana), ("sex", "male"), ("birth_date", "1975-04-01")];
        let made = self.clerk.post("/patients", &form).await.expect(303);
        let patient = made.header("location").split('?').next().unwrap().replace("/patients/", "");
        let mut db = self.h.superuser().await;
        let (tenant, id) = (self.here.id.as_uuid(), patient.parse::<Uuid>().unwrap());
        if let Some(number) = number {
            let sql = "INSERT INTO coverage (tenant_id, id, version, recorded_at, author_id, entered_by_id, status, digest, patient_id, kind, insurer_number, insurer_name, \
                insured_symbol, insured_number, branch_number, relation, copay_percent, insured_card_classification, limit_category, verification, eligibility, priority) \
                VALUES ($1, gen_random_uuid(), 1, now(), $2, $2, 'active', '', $3, 'employees', '01139997', '架空保険', '', $4, '', 'self', 30, '01', '', 'card', 'valid', 0)";
            sqlx::query(sql)
                .bind(tenant)
                .bind(self.here.staff_of(Role::Clerk).as_uuid())
                .bind(id)
                .bind(number)
                .execute(&mut db)
                .await
                .unwrap();
        }
        let sql = "INSERT INTO appointment (tenant_id, id, version, recorded_at, author_id, entered_by_id, status, digest, schedule_id, patient_id, day, starts_at, ends_at, \
            seat_no, is_overbooked, is_exclusive, purpose, note, route) \
            SELECT $1, gen_random_uuid(), 1, now(), $2, $2, 'booked', '', $3, $4, $5, $6, $6 + interval '15 minutes', $7, false, false, '', '', 'desk'";
        let starts = domain::clock::midnight(self.tomorrow) + TimeDelta::hours(9);
        sqlx::query(sql)
            .bind(tenant)
            .bind(self.here.staff_of(Role::Clerk).as_uuid())
            .bind(self.schedule)
            .bind(id)
            .bind(self.tomorrow)
            .bind(starts)
            .bind(n + 1)
            .execute(&mut db)
            .await
            .unwrap();
        patient
    }

    async fn ask(&self) -> usize {
        nightly::ask_for_tomorrow(&self.operator, self.here.id, true).await.unwrap()
    }

    async fn deliver(&self) {
        let drivers: Vec<Arc<dyn Driver>> = vec![Arc::new(EligibilityDriver::new(way(&self.url), None))];
        let postman = Postman::new(self.operator.clone(), drivers, Metrics::new().unwrap(), Uuid::now_v7()).only(self.here.id);
        while postman.round().await.unwrap() > 0 {}
    }

    fn pass(&self, time: TimeDelta) {
        *self.now.lock().unwrap() += time;
    }

    async fn page(&self) -> String {
        let page = self.clerk.get(&format!("/reception/bulk-inquiries?day={}", self.tomorrow)).await.expect(200);
        assert!(page.statements() <= 6, "{}", page.statements());
        page.body
    }
}

fn listed(page: &str) -> usize {
    page.matches("/handling\"").count()
}

/// FN-OQ-04: a hundred booked, three of them without a valid insurance: the list has exactly three, and each leaves it by a press.
#[tokio::test]
async fn of_a_hundred_booked_exactly_the_three_changed_are_listed() {
    let e = evening().await;
    for n in 0..100 {
        let number = format!("81{n:05}");
        e.services.register.insure(&number, if [7, 40, 99].contains(&n) { if n == 7 { "3" } else { "2" } } else { "1" });
        e.expect(n, Some(&number)).await;
    }
    assert_eq!(e.ask().await, 100);
    assert_eq!(e.ask().await, 0, "once per day");
    assert!(e.page().await.contains("照会を送っています"));
    e.services.faults.next(Fault::RateLimited, 1);
    e.services.faults.next(Fault::OtherFacility, 1);
    e.deliver().await;
    e.services.faults.clear();
    e.services.faults.next(Fault::Pending, 1);
    for _ in 0..8 {
        e.pass(TimeDelta::minutes(2));
        e.deliver().await;
    }
    let page = e.page().await;
    assert!(page.contains("予約 100名 ・ 有効 97名") && page.contains("結果が届きました"), "{page}");
    assert_eq!(listed(&page), 3);
    assert!(
        page.contains("予約 患者7<")
            && page.contains("予約 患者40<")
            && page.contains("予約 患者99<")
            && page.contains("新しい資格があります")
    );
    let action = page.split("action=\"").find(|part| part.starts_with("/bulk-inquiry-lines/")).unwrap();
    let path = action.split('"').next().unwrap().to_owned();
    let patient = action.split("name=\"patient_token\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let form = [("patient_token", patient.as_str()), ("version", "2")];
    e.clerk.post(&path, &[("patient_token", Uuid::max().to_string().as_str()), ("version", "2")]).await.expect(422);
    e.neighbour.client(e.h, Role::Clerk).await.post(&path, &form).await.expect(404);
    e.clerk.post(&path, &form).await.expect(303);
    e.clerk.post(&path, &form).await.expect(409);
    assert_eq!(listed(&e.page().await), 2);
}

/// Somebody without a number stands on the list; a refusal of the service is said; before the evening nobody is asked about.
#[tokio::test]
async fn who_cannot_be_asked_about_is_listed_and_the_day_goes_on() {
    let e = evening().await;
    e.expect(0, None).await;
    e.pass(TimeDelta::hours(-2));
    assert_eq!(e.ask().await, 0, "half past six");
    e.pass(TimeDelta::hours(2));
    assert_eq!(e.ask().await, 1);
    let page = e.page().await;
    assert!(listed(&page) == 1 && page.contains("照会に使える番号がありません"), "{page}");

    let e = evening().await;
    e.expect(0, Some("8100000")).await;
    let day = e.tomorrow.to_string();
    e.clerk.post("/reception/bulk-inquiries", &[("day", day.as_str())]).await.expect(303);
    e.clerk.post("/reception/bulk-inquiries", &[("day", day.as_str())]).await.expect(303);
    e.clerk.post("/reception/bulk-inquiries", &[("day", "2020-01-01")]).await.expect(422);
    assert_eq!(e.ask().await, 0, "a clerk was earlier");
    e.deliver().await;
    let page = e.page().await;
    assert!(page.contains("該当する資格がありません"), "{page}");
}

/// FN-OQ-04: an answer may come packed; a pack that should not be opened is refused in words on 後処理, the list waits, and asked for again
/// it arrives.
#[tokio::test]
async fn a_packed_answer_is_read_and_a_bad_pack_is_refused_in_words() {
    let e = evening().await;
    e.services.register.insure("8100001", "2");
    e.expect(0, Some("8100001")).await;
    assert_eq!(e.ask().await, 1);
    let mut bad = vec![
        (Packing::Locked, "パスワード"),
        (Packing::Two, "ファイルが1つではありません"),
        (Packing::Escaping, "ファイル名が結果のものではありません"),
        (Packing::Misnamed, "ファイル名が結果のものではありません"),
        (Packing::Nested, "ZIP の中に ZIP"),
        (Packing::Bomb, "4 MB を超えます"),
    ];
    // The first question hands the list in; only its answers come packed.
    e.services.faults.next(Fault::Packed(Packing::Whole), 1);
    e.services.faults.next(Fault::Packed(Packing::Cut), 1);
    e.services.faults.next(Fault::Packed(bad[0].0), 1);
    e.deliver().await;
    let cut = e.clerk.get("/outbox").await.expect(200).body;
    assert!(
        cut.contains("返事を読み取れませんでした") && cut.contains("に自動で送ります"),
        "what was cut off is asked for again by itself: {cut}"
    );
    while let Some((packing, says)) = bad.first().copied() {
        e.pass(TimeDelta::minutes(3));
        e.deliver().await;
        let page = e.clerk.get("/outbox").await.expect(200).body;
        assert!(page.contains(says), "{packing:?}: {page}");
        assert!(e.page().await.contains(says), "{packing:?} on the list's own page");
        bad.remove(0);
        e.services.faults.next(Fault::Packed(bad.first().map_or(Packing::Whole, |(next, _)| *next)), 1);
        resend(&e, &page).await;
    }
    e.pass(TimeDelta::minutes(3));
    e.deliver().await;
    let page = e.page().await;
    assert!(page.contains("結果が届きました") && listed(&page) == 1, "{page}");
}

/// 再送 of the one line of 後処理.
async fn resend(e: &Evening, page: &str) {
    let form = page.split("<form").find(|part| part.contains("/dispatch\"")).unwrap_or_else(|| panic!("{page}"));
    let value = |name: &str| {
        let after = form.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap_or_default();
        after.split('"').next().unwrap_or_default().to_owned()
    };
    let path = form.split("action=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let (version, token, key) = (value("version"), value("patient_token"), Uuid::now_v7().to_string());
    let form = [("idempotency_key", key.as_str()), ("version", version.as_str()), ("patient_token", token.as_str())];
    e.clerk.post(&path, &form).await.expect(303);
}
