//! Every errand about a prescription goes through a terminal's folders and comes back as itself. FN-EP-01.

use domain::outbox::{Errand, Service};
use tsumugi::adapters::national_way::file_prefix;

use super::*;
use crate::devices::until;
use crate::relay::{folders, terminal};

#[tokio::test]
async fn every_errand_of_prescriptions_goes_through_the_folders_and_back() {
    let mut d = desk().await;
    let (mut relay, _) = terminal(d.h, &d.here, &d.url).await;
    relay.start();
    d.use_way(folders(&d.h.operator()));
    d.insure().await;
    until("the relay", async || !d.clerk.get("/outbox").await.body.contains("まだ連絡なし")).await;

    let old = d.rx().await;
    d.deliver().await;
    assert_eq!(old.status().await, "registered");
    old.act(&d.clerk, "standing", &[]).await.expect(303);
    old.withdraw().await.expect(303);
    d.deliver().await;
    assert_eq!(old.status().await, "withdrawn");
    old.restore().await.expect(303);
    d.deliver().await;
    assert_eq!(old.status().await, "registered");

    old.begin_change().await.expect(303);
    d.change_days(&old.visit, "28").await;
    d.check(&old.visit).await;
    d.give_reasons(&old.visit).await;
    d.sign(&d.doctor, &old.visit).await.expect(303);
    d.deliver().await;
    let new = Rx { d: &d, visit: old.visit.clone(), id: *d.registrations(&old.visit).await.last().unwrap() };
    assert_eq!((old.status().await.as_str(), new.status().await.as_str()), ("changed", "registered"));
    new.revert().await.expect(303);
    d.deliver().await;
    assert_eq!((old.status().await.as_str(), new.status().await.as_str()), ("registered", "withdrawn"));
    assert_eq!((old.standing(), new.standing()), (1, 0));

    d.setting("daily", "31", "0").await.expect(303);
    let (_, id) = d.handed_out("AMB", "inside").await;
    d.deliver().await;
    assert_eq!(d.inside(id).await.0, "registered");
    d.take_back(id).await.expect(303);
    d.deliver().await;
    assert_eq!(d.inside(id).await.0, "withdrawn");

    let of_clinic = async |sql: &'static str| -> Vec<String> {
        let rows = sqlx::query(sql).bind(d.here.id.as_uuid()).fetch_all(&mut d.h.superuser().await).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    };
    let done = of_clinic("SELECT DISTINCT errand FROM outbox_message WHERE tenant_id = $1 AND state = 'done'").await;
    // A change travels as the registration of what takes the other's place.
    let is_own = |errand: &Errand| errand.service() == Service::Prescription && *errand != Errand::PrescriptionChange;
    let missing: Vec<_> = Errand::ALL.iter().filter(|e| is_own(e) && !done.contains(&e.code().to_owned())).collect();
    assert!(missing.is_empty(), "not through the folders yet: {missing:?}");
    let files =
        of_clinic("SELECT DISTINCT split_part(name, 'req_', 1) FROM device_request WHERE tenant_id = $1 AND state = 'answered'").await;
    for number in ["101", "201", "203", "205", "207", "209", "217", "219", "401", "403"] {
        assert!(files.contains(&file_prefix(&format!("/eps/v1/EPS-IF-{number}"))), "EPS-IF-{number} among {files:?}");
    }
}
