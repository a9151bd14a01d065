//! Every door of the golden list, tried from outside, from the wrong chair and from the clinic next door. A new door is
//! tried without anybody adding it here.

use domain::Role;
use sqlx::Row;
use tenancy::permission::Right;
use tsumugi::slices;
use tsumugi::web::routes::Door;

use crate::demo;
use crate::fixtures::two_clinics;
use crate::harness::{Answer, Client, Harness};

const NOBODY: &str = "01900000-0000-7000-8000-00000000dead";

/// Pages that mean nothing without a query; a request that cannot be read may be refused before its sender is known.
const QUERIES: &[(&str, &str)] = &[("/patients/merge", "?a=01900000-0000-7000-8000-00000000dead")];

/// Tells ids of what changed and nothing about anybody; the page that asks for them leaves the trace.
const TELLS_NOTHING: &[&str] = &["/live"];

struct Guarded {
    method: String,
    path: &'static str,
    right: &'static Right,
}

fn guarded() -> Vec<Guarded> {
    let doors = slices::routes();
    let guarded = doors.recorded().iter().filter_map(|r| match r.door {
        Door::Guarded(right) => Some(Guarded { method: r.method.to_string(), path: r.path, right }),
        Door::Public(_) | Door::Device => None,
    });
    guarded.collect()
}

/// Any id: these requests must not come far enough for it to matter.
fn path_of(pattern: &str) -> String {
    let parts = pattern.split('/').map(|part| if part.starts_with('{') { NOBODY } else { part });
    let query = QUERIES.iter().find(|(path, _)| *path == pattern).map_or("", |(_, query)| query);
    parts.collect::<Vec<_>>().join("/") + query
}

/// What forms send, filled in well enough to be understood by every door at once.
fn form(patient: &str) -> Vec<(&'static str, String)> {
    let mut fields: Vec<(&str, String)> = [
        "version_S",
        "version_O",
        "version_A",
        "version_P",
        "version",
        "body",
        "reason",
        "section",
        "sex",
        "birth_date",
        "name_ideographic",
        "name_syllabic",
    ]
    .into_iter()
    .zip(["1", "1", "1", "1", "1", "本文", "確認のため", "S", "female", "1990-01-01", "試験 花子", "シケン ハナコ"].map(str::to_owned))
    .collect();
    fields.extend([("to", "waiting".to_owned()), ("kind", "addendum".to_owned()), ("idempotency_key", uuid::Uuid::max().to_string())]);
    fields.extend(["patient_token", "patient", "survivor_id", "merged_id", "responsible_id"].map(|name| (name, patient.to_owned())));
    fields
}

fn title(html: &str) -> &str {
    html.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next()).unwrap_or(html)
}

async fn knock(client: &Client, method: &str, path: &str, patient: &str) -> Answer {
    let request = client.request(method, path);
    client.send(if method == "POST" { request.form(&form(patient)) } else { request }).await
}

/// GL-02, SE-06
#[tokio::test]
async fn without_sign_in_every_door_is_shut() {
    let outside = Harness::get().anonymous();
    let doors = guarded();
    assert!(!doors.is_empty());
    for door in doors {
        let answer = knock(&outside, &door.method, &path_of(door.path), "").await;
        let sent_to_login = answer.status == 303 && answer.header("location").starts_with("/login");
        assert!(sent_to_login || answer.status == 401, "{} {} answered {}", door.method, door.path, answer.status);
    }
}

/// GL-06: each 職種 is refused at each door its rights do not open, and by nothing but its rights.
#[tokio::test]
async fn every_role_meets_exactly_its_rights() {
    let h = Harness::get();
    let (clinic, _) = two_clinics(h).await;
    for role in Role::ALL {
        for door in guarded() {
            let right = door.right;
            // A session for each door: some of them end it.
            let client = clinic.client(h, *role).await;
            let status = knock(&client, &door.method, &path_of(door.path), "").await.status;
            let case = format!("{} as {}: {} {} answered {status}", right.name, role.code(), door.method, door.path);
            assert_eq!(status == 403, right.hospitals_only || !right.allows(*role), "{case}");
            assert!(status < 500 && status != 401, "{case}");
            if right.hospitals_only {
                let client = clinic.hospital_client(h, *role).await;
                let status = knock(&client, &door.method, &path_of(door.path), "").await.status;
                assert_eq!(status == 403, !right.allows(*role), "in a hospital {case}: {status}");
            }
        }
    }
}

/// SE-06: rows of the clinic next door do not exist, whoever asks and however.
#[tokio::test]
async fn scenario_14_the_neighbours_rows_are_not_there() {
    let h = Harness::get();
    let (own, _) = two_clinics(h).await;
    let neighbour = demo::clinic(h, "minato").await;
    let patient = demo::path_into(h, &neighbour, "/patients/{id}").await.unwrap().replace("/patients/", "");
    let (mut tried, mut faults) = (0, Vec::new());
    for door in guarded() {
        let Some(path) = demo::path_into(h, &neighbour, door.path).await else { continue };
        let client = own.hospital_client(h, door.right.roles[0]).await;
        let answer = knock(&client, &door.method, &path, &patient).await;
        tried += 1;
        if answer.status != 404 {
            faults.push(format!("{} {} answered {}: {}", door.method, door.path, answer.status, title(&answer.body)));
        }
    }
    assert!(faults.is_empty(), "a form that was not understood needs its fields in `form`:\n{}", faults.join("\n"));
    assert!(tried > 10, "only {tried} doors name a row");
}

/// SE-06: the same when the id travels in the form or the query.
#[tokio::test]
async fn the_neighbours_ids_in_forms_lead_nowhere() {
    let h = Harness::get();
    let (own, _) = two_clinics(h).await;
    let neighbour = demo::clinic(h, "minato").await;
    let patient = demo::path_into(h, &neighbour, "/patients/{id}").await.unwrap().replace("/patients/", "");
    let admin = own.client(h, Role::ClinicAdmin).await;
    let key = uuid::Uuid::max().to_string();
    let pair = [("a", patient.as_str()), ("b", NOBODY), ("survivor", patient.as_str()), ("a_version", "1"), ("b_version", "1")];
    let merge = admin.post("/patients/merges", &[&pair[..], &[("confirmed", "yes"), ("idempotency_key", &key)]].concat()).await;
    assert_eq!(merge.status, 404, "{}", merge.body);
    let compared = admin.get(&format!("/patients/merge?a={patient}&b={patient}")).await;
    assert_eq!(compared.status, 404, "{}", compared.body);
}

async fn events_of(h: &Harness, request_id: &str) -> Vec<(String, String)> {
    let sql = "SELECT outcome, act FROM audit_event WHERE request_id = $1::uuid";
    let rows = sqlx::query(sql).bind(request_id).fetch_all(&mut h.superuser().await).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

/// GL-15: what was shown or done, and what was refused, is in the log under the id of its request; at every door.
#[tokio::test]
async fn every_door_leaves_its_trace() {
    let h = Harness::get();
    let clinic = demo::clinic(h, "tsukimi").await;
    let patient = demo::path_into(h, &clinic, "/patients/{id}").await.unwrap().replace("/patients/", "");
    let mut faults = Vec::new();
    for door in guarded().into_iter().filter(|door| !TELLS_NOTHING.contains(&door.path)) {
        let path = demo::path_into(h, &clinic, door.path).await.unwrap_or_else(|| path_of(door.path));
        for role in [Some(door.right.roles[0]), Role::ALL.iter().copied().find(|role| !door.right.allows(*role))].into_iter().flatten() {
            let client = clinic.client(h, role).await;
            let answer = knock(&client, &door.method, &path, &patient).await;
            let events = events_of(h, answer.header("x-request-id")).await;
            let is_traced = match answer.status {
                200..=399 => events.iter().any(|(outcome, _)| outcome == "success"),
                403 | 404 => events.iter().any(|(outcome, _)| outcome == "refused"),
                _ => true,
            };
            if !is_traced {
                faults.push(format!("{} {} answered {} and left {events:?}", door.method, door.path, answer.status));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// AR-03: a clinic is data; it is there within a minute and serves at once.
#[tokio::test]
async fn a_new_clinic_is_made_in_seconds_without_a_release() {
    let h = Harness::get();
    let started = std::time::Instant::now();
    let clinic = crate::fixtures::clinic(h).await;
    clinic.client(h, Role::Clerk).await.get("/patients").await.expect(200);
    assert!(started.elapsed().as_secs() < 60);
}

/// Errors keep the header for somebody who is signed in, and say nothing of the clinic to anybody else.
#[tokio::test]
async fn an_error_page_keeps_the_way_back() {
    let h = Harness::get();
    let (here, _) = two_clinics(h).await;
    let clerk = here.client(h, Role::Clerk).await;
    let missing = format!("/patients/{}", uuid::Uuid::now_v7());
    let inside = clerk.get(&missing).await.expect(404);
    assert!(
        inside.body.contains("お探しのものは見つかりません") && inside.body.contains("app-nav") && inside.body.contains("/session/switch")
    );
    clerk.get("/nowhere").await.expect(404);
    assert!(!clerk.get_fragment(&missing).await.expect(404).body.contains("app-nav"));
    let nobody = Client::new(&h.url, None).get("/nowhere").await.expect(404);
    assert!(nobody.body.contains("お探しのものは見つかりません") && !nobody.body.contains("app-nav") && !nobody.body.contains(&here.name));
}
