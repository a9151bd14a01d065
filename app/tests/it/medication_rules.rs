//! 処方の点検の規則 taken in from a file: compared first, applied whole, looked at from its first day on. FN-RX safety rules as data.

use chrono::{Days, NaiveDate, Utc};
use domain::Role;
use sqlx::Row;
use tsumugi::masters::rules::{self, MAX_BYTES, Prepared, Request, RulesError};
use uuid::Uuid;

use crate::devices::until;
use crate::fixtures::two_clinics;
use crate::harness::Harness;
use crate::prescriptions::consultation;

/// The 見本 other tests count on, and what this one adds.
const SAMPLE: &str = include_str!("../../../masters/sample/rules_sample.csv");

fn day(month: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, month, 1).unwrap()
}

async fn prepare(h: &Harness, bytes: &[u8], effective_on: NaiveDate, is_sample: bool) -> Result<Prepared, RulesError> {
    let request =
        Request { bytes, source_file: "rules.csv".into(), label: "試験の規則".into(), effective_on, is_sample, allow_shrink: false };
    rules::prepare(&h.operator(), request).await
}

async fn count(h: &Harness, sql: &'static str) -> i64 {
    sqlx::query(sql).fetch_one(&mut h.superuser().await).await.unwrap().get(0)
}

const RULES: &str = "SELECT count(*) FROM medication_rule";

async fn drug(h: &Harness, code: &str, yj: &str, name: &str) {
    let sql = "INSERT INTO drug_master (release_id, code, name, search_key, valid_from, unit, yj_code)
               SELECT id, $1, $2, $3, '2020-04-01', '錠', $4 FROM master_release WHERE kind = 'drug' LIMIT 1";
    let query = sqlx::query(sql).bind(code).bind(name).bind(domain::search_key::search_key(name)).bind(yj);
    query.execute(&mut h.superuser().await).await.unwrap();
}

/// Issue 4, 6: a real rule imports with its source and its days; a dry run writes nothing; bad lines are named and nothing of them is
/// taken; what names no source never stops; earlier releases are kept.
#[tokio::test]
async fn rules_are_compared_then_applied_whole_and_used_from_their_first_day() {
    let c = consultation().await;
    let h = c.h;
    drug(h, "688880001", "8888001X1001", "ケンショウ甲錠").await;
    drug(h, "688880002", "8888002X1001", "ケンショウ乙錠").await;
    let own = "it-pair,止める,併用禁忌,8888001,8888002,,,,,,it規則集 第1版,2026-01-01,,乙を外してください。\n\
               it-unsourced,止める,投与日数,8888001,,7,,,,,,2026-01-01,,\n\
               it-over,止める,投与日数,8888002,,7,,,,,it規則集 第1版,2025-01-01,2025-12-31,\n";
    let first = format!("{SAMPLE}{own}");

    let bad = format!("{first}it-pair,とめる,併用禁忌,88x,,,,,,,,2026-01-01,,\nallergy,理由,同じ系統,8888,,,,,,,,2026-02-30,,\n");
    let Err(RulesError::Bad(wrong)) = prepare(h, bad.as_bytes(), day(2), true).await else { panic!("bad lines were taken") };
    let said: Vec<_> = wrong.iter().map(|field| (field.line, field.column)).collect();
    assert_eq!(said, [(14, "水準"), (14, "薬"), (14, "相手"), (15, "開始日")], "{wrong:?}");
    for (bytes, says) in [
        (&b""[..], "空です"),
        (&b"\xFF\xFE\x80\x00"[..], "文字を読めません"),
        (&b"a,b\n\"1,2\n"[..], "誤りがあります"),
        (&vec![b'a'; MAX_BYTES + 1][..], "大きすぎます"),
        ("規則ID\nx\n".as_bytes(), "誤りがあります"),
    ] {
        let refused = prepare(h, bytes, day(2), true).await.err().unwrap().to_string();
        assert!(refused.contains(says), "{refused}");
    }
    assert_eq!(count(h, RULES).await, 0, "nothing half-imported");

    let prepared = prepare(h, first.as_bytes(), day(2), true).await.unwrap();
    assert_eq!((prepared.diff.added.len(), prepared.diff.ended.len()), (12, 0));
    assert_eq!(prepared.softened, ["sample-unsourced", "it-unsourced"]);
    let report = rules::report(&prepared);
    assert!(report.contains("＋ it-pair 止める・併用禁忌 2026-01-01～ it規則集 第1版") && report.contains("出典がないため"), "{report}");
    drop(prepared);
    assert_eq!(count(h, RULES).await, 0, "looking changes nothing");
    prepare(h, first.as_bytes(), day(2), true).await.unwrap().apply().await.unwrap();
    assert_eq!(count(h, RULES).await, 12);
    assert!(matches!(prepare(h, first.as_bytes(), day(3), true).await, Err(RulesError::Known)));
    let unsourced = "UPDATE medication_rule SET rule = rule || '{\"level\": \"block\"}' WHERE id = 'it-unsourced'";
    assert!(sqlx::query(unsourced).execute(&mut h.superuser().await).await.is_err(), "the table knows it, too");

    // The engine looks at it: the pair stops, what names no source asks, what is over says nothing.
    let fields = [("drug_code", "688880001"), ("count", "14")];
    c.add(&c.doctor, &fields).await.expect(303);
    c.add(&c.doctor, &[("drug_code", "688880002"), ("count", "14")]).await.expect(303);
    let pane = async || c.doctor.get(&format!("/encounters/{}/prescription", c.visit)).await.expect(200);
    until("the release to be seen", async || pane().await.body.contains("乙を外してください")).await;
    assert!(pane().await.statements() <= 12, "{}", pane().await.statements());
    let panel = c.doctor.get(&format!("/encounters/{}/warnings", c.visit)).await.expect(200).body;
    assert_eq!(["it-pair", "it-unsourced", "it-over"].map(|id| panel.contains(id)), [true, true, false], "{panel}");

    let changed = first.replace("it-pair,止める", "it-pair,理由").replace("第1版,2026-01-01,,乙", "第2版,2026-01-01,,乙");
    let changed = changed.lines().filter(|line| !line.starts_with("it-unsourced")).map(|line| format!("{line}\r\n")).collect::<String>();
    let cp932 = encoding_rs::SHIFT_JIS.encode(&changed).0.into_owned();
    assert!(matches!(prepare(h, &cp932, day(2), true).await, Err(RulesError::EffectiveDate { .. })));
    let next = prepare(h, &cp932, day(3), true).await.unwrap();
    assert_eq!((next.diff.added.len(), next.diff.changed.len(), next.diff.ended.len(), next.diff.unchanged), (0, 1, 1, 10));
    next.apply().await.unwrap();
    assert_eq!(count(h, RULES).await, 23, "the release before is kept whole");
    let kept = "SELECT count(*) FROM medication_rule r JOIN master_release m ON m.id = r.release_id
                WHERE r.id = 'it-pair' AND r.rule ->> 'level' = 'block' AND r.rule ->> 'source' = 'it規則集 第1版' AND m.effective_on = '2026-02-01'";
    assert_eq!(count(h, kept).await, 1);

    // One that holds from tomorrow on changes nothing today.
    let tomorrow = domain::clock::today(Utc::now()).checked_add_days(Days::new(1)).unwrap();
    let later = changed.replace("乙を外してください。", "丙にしてください。");
    prepare(h, later.as_bytes(), tomorrow, true).await.unwrap().apply().await.unwrap();
    let pane = pane().await.body;
    assert!(pane.contains("乙を外してください") && !pane.contains("丙にしてください"), "{pane}");
    let (here, _) = two_clinics(h).await;
    let page = here.client(h, Role::Doctor).await.get("/masters").await.expect(200).body;
    assert!(page.contains("処方の規則") && page.contains("試験の規則"));
}

/// Only the command line writes rules; a request may read them.
#[tokio::test]
async fn a_role_of_a_request_cannot_write_a_rule() {
    let h = Harness::get();
    let mut app = h.role("APP_DATABASE_URL").await;
    for sql in [
        "INSERT INTO medication_rule VALUES ($1, 'x', '{\"level\": \"info\", \"source\": \"\"}')",
        "DELETE FROM medication_rule WHERE release_id = $1",
        "UPDATE medication_rule SET rule = '{}' WHERE release_id = $1",
    ] {
        let refused = sqlx::query(sql).bind(Uuid::nil()).execute(&mut app).await.unwrap_err();
        assert_eq!(refused.as_database_error().unwrap().code().as_deref(), Some("42501"), "{sql}");
    }
}
