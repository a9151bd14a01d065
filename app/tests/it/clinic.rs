//! 医療機関の設定: two administrators, and whom a new list of places reaches.

use domain::Role;
use sqlx::Row;

use crate::fixtures::{Clinic, clinic};
use crate::harness::{Client, Harness};

fn settings<'a>(version: &'a str, changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut form = vec![
        ("version", version),
        ("name", "架空内科"),
        ("idle_lock_min", "10"),
        ("reception_idle_lock_min", "3"),
        ("day_boundary", "4:00"),
        ("source_allow_list", ""),
    ];
    form.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    form.extend(changes);
    form
}

async fn tel(h: &Harness, c: &Clinic) -> String {
    let row = sqlx::query("SELECT tel FROM tenant WHERE id = $1").bind(c.id.as_uuid()).fetch_one(&mut h.superuser().await).await;
    row.unwrap().get(0)
}

async fn call(client: &Client, from: &str) -> u16 {
    client.send(client.request("GET", "/board").header("x-forwarded-for", from)).await.status
}

/// R2: nothing is overwritten unseen; what the other saved stands at the field, and the second press saves.
#[tokio::test]
async fn settings_saved_meanwhile_are_shown_beside_ones_own() {
    let h = Harness::get();
    let c = clinic(h).await;
    let (one, two) = (c.client(h, Role::ClinicAdmin).await, c.client(h, Role::ClinicAdmin).await);
    one.post("/clinic", &settings("1", &[("tel", "03-1111-1111")])).await.expect(303);
    let late = two.post("/clinic", &settings("1", &[("tel", "03-2222-2222")])).await.expect(409);
    assert!(late.body.contains("いまの値は「03-1111-1111」"), "{}", late.body);
    assert!(late.body.contains("value=\"03-2222-2222\""), "what was typed stays");
    assert!(late.body.contains("name=\"version\" value=\"2\""));
    assert_eq!(tel(h, &c).await, "03-1111-1111");
    two.post("/clinic", &settings("2", &[("tel", "03-2222-2222")])).await.expect(303);
    assert_eq!(tel(h, &c).await, "03-2222-2222");
}

/// CK-10: a narrower list of places closes the screens that are open elsewhere, at once.
#[tokio::test]
async fn a_new_list_of_places_reaches_open_sessions() {
    let h = Harness::get();
    let c = clinic(h).await;
    let (admin, nurse) = (c.client(h, Role::ClinicAdmin).await, c.client(h, Role::Nurse).await);
    assert_eq!(call(&nurse, "203.0.113.9").await, 200);
    let list = settings("1", &[("source_allow_list", "192.0.2.0/24")]);
    let saved = admin.send(admin.request("POST", "/clinic").header("x-forwarded-for", "192.0.2.7").form(&list)).await;
    assert_eq!(saved.status, 303);
    assert_eq!(call(&nurse, "203.0.113.9").await, 403);
    assert_eq!(call(&nurse, "192.0.2.9").await, 200);
}
