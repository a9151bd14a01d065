//! 稼働状況, as everybody sees it: AV-01, AV-05, AV-09.

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use domain::availability::ServiceCondition;
use tenancy::availability::{self, Sample};

use crate::harness::Harness;

async fn sample(h: &Harness, at: DateTime<Utc>, condition: ServiceCondition) {
    availability::record(&h.operator(), &Sample { service: "receipt".into(), at, condition }).await.unwrap();
}

/// AV-05: minutes are counted as measured, an outage has one beginning and one end, and the page needs no sign-in.
#[tokio::test]
async fn what_was_measured_is_public() {
    let h = Harness::get();
    let now = h.clock().now().with_nanosecond(0).unwrap();
    for (ago, condition) in [
        (9, ServiceCondition::Up),
        (8, ServiceCondition::Down),
        (7, ServiceCondition::Down),
        (6, ServiceCondition::Down),
        (5, ServiceCondition::Slow),
        (1, ServiceCondition::Up),
    ] {
        sample(h, now - TimeDelta::minutes(ago), condition).await;
    }
    let outages = availability::outages(h.operator().tenants(), 1000).await.unwrap();
    let own: Vec<_> = outages.iter().filter(|outage| outage.service == "receipt").collect();
    assert_eq!(own.len(), 1, "three minutes of standing are one outage");
    assert_eq!(own[0].ended_at.unwrap() - own[0].began_at, TimeDelta::minutes(3));
    let page = h.anonymous().get("/status").await.expect(200).body;
    assert!(page.contains("停止 3分") && page.contains("未計測"), "{page}");
}

/// PB-01, PB-02: prices and functions are public, the functions also as a file.
#[tokio::test]
async fn prices_and_functions_are_public() {
    let visitor = Harness::get().anonymous();
    assert!(visitor.get("/").await.expect(200).body.contains("サインイン"));
    assert!(visitor.get("/pricing").await.expect(200).body.contains("17,600"));
    assert!(visitor.get("/features").await.expect(200).body.contains("二要素で本人を確かめる"));
    let csv = visitor.get("/features.csv").await.expect(200).body;
    assert_eq!(csv.lines().count(), 173);
}
