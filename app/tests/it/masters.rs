//! Masters taken in from published files (IF-04).

use chrono::NaiveDate;
use domain::Role;
use domain::masters::{Layouts, MasterKind};
use sqlx::Row;
use tsumugi::masters::import::{self, ImportError, Prepared, Request};

use crate::fixtures::two_clinics;
use crate::harness::Harness;

fn day(month: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, month, 1).unwrap()
}

/// 修飾語 rows in the published layout.
fn file(rows: &[(&str, &str, &str)]) -> Vec<u8> {
    let line = |(change, code, name): &(&str, &str, &str)| {
        format!(
            "\"{change}\",\"Z\",\"{code}\",\"\",\"\",\"3\",\"{name}\",\"\",\"3\",\"ﾐﾎﾝ\",\"\",\"0\",\"0\",\"20240401\",\"20260601\",\"99999999\",\"99990001\",\"YY01\",\"1\"\r\n"
        )
    };
    encoding_rs::SHIFT_JIS.encode(&rows.iter().map(line).collect::<String>()).0.into_owned()
}

async fn prepare(h: &Harness, bytes: &[u8], effective_on: NaiveDate) -> Result<Prepared, ImportError> {
    let request = Request {
        kind: MasterKind::Modifier,
        bytes,
        source_file: "z.csv".into(),
        label: "試験の版".into(),
        effective_on,
        is_sample: true,
        expect_rows: None,
        allow_shrink: false,
    };
    import::prepare(&h.operator(), &Layouts::built_in().unwrap(), request).await
}

async fn count(h: &Harness, sql: &'static str) -> i64 {
    sqlx::query(sql).fetch_one(&mut h.superuser().await).await.unwrap().get(0)
}

const ROWS: &str = "SELECT count(*) FROM modifier_master";

// IF-04, DA-02: a new version adds beside the old one; bad, cut, known and backdated files leave everything as it was.
#[tokio::test]
async fn a_release_is_compared_then_applied_whole_and_older_versions_stay() {
    let h = Harness::get();
    import::load_samples(&h.operator()).await.unwrap();
    assert_eq!(import::load_samples(&h.operator()).await.unwrap(), 0, "loading again adds nothing");
    let before = count(h, ROWS).await;

    let bad = file(&[("0", "9901", "見本一"), ("7", "9902", "見本二"), ("0", "99", "見本三")]);
    let Err(ImportError::BadRows(rows)) = prepare(h, &bad, day(7)).await else { panic!("bad rows were taken") };
    assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 3]);
    let whole = file(&[("0", "9901", "見本改"), ("3", "9990", "見本新")]);
    assert!(matches!(prepare(h, &whole[..whole.len() - 20], day(7)).await, Err(ImportError::File(_))));
    assert!(matches!(prepare(h, &whole, day(6)).await, Err(ImportError::EffectiveDate { .. })));
    assert_eq!(count(h, ROWS).await, before, "nothing half-imported");

    let prepared = prepare(h, &whole, day(7)).await.unwrap();
    assert_eq!((prepared.diff.added.len(), prepared.diff.changed.len(), prepared.diff.ended.len()), (1, 1, 9));
    drop(prepared);
    assert_eq!(count(h, ROWS).await, before, "looking changes nothing");
    prepare(h, &whole, day(7)).await.unwrap().apply().await.unwrap();
    assert!(matches!(prepare(h, &whole, day(8)).await, Err(ImportError::Known)));
    assert_eq!(count(h, "SELECT count(*) FROM modifier_master WHERE code = '9901'").await, 2);
    let old = "SELECT count(*) FROM modifier_master WHERE code = '9901' AND name = '見本の疑い' AND valid_to = '2026-06-30'";
    assert_eq!(count(h, old).await, 1, "what was recorded with the old wording still finds it");
    assert_eq!(count(h, "SELECT count(*) FROM modifier_master WHERE code = '9905' AND valid_to = '2026-06-30'").await, 1);

    let next = prepare(h, &file(&[("0", "9901", "見本改"), ("0", "9990", "見本新々")]), day(8)).await.unwrap();
    assert_eq!((next.diff.added.len(), next.diff.changed.len(), next.diff.ended.len()), (0, 1, 0), "ended once, not again");
}

#[tokio::test]
async fn a_role_of_a_request_cannot_write_a_master() {
    let h = Harness::get();
    let mut app = h.role("APP_DATABASE_URL").await;
    let refused = sqlx::query("DELETE FROM drug_master").execute(&mut app).await.unwrap_err();
    assert_eq!(refused.as_database_error().unwrap().code().as_deref(), Some("42501"));
}

#[tokio::test]
async fn the_page_finds_a_drug_by_name_kana_and_code() {
    let h = Harness::get();
    import::load_samples(&h.operator()).await.unwrap();
    let (here, _) = two_clinics(h).await;
    let doctor = here.client(h, Role::Doctor).await;
    for asked in ["見本ゼータ", "みほんぜーた", "ﾐﾎﾝｾﾞｰﾀ", "699999007"] {
        let page = doctor.get(&format!("/masters?kind=drug&q={asked}")).await.expect(200);
        assert!(page.body.contains("見本ゼータ点眼液"), "{asked}");
    }
    assert!(doctor.get("/masters?kind=drug&q=ない薬").await.expect(200).body.contains("ありません"));
    let fragment = doctor.get_fragment("/masters?kind=nonsense&q=見本").await.expect(200);
    assert!(fragment.body.trim_start().starts_with("<div id=\"results\">"));
}
