//! The demo's own clinics inside the run's database: a full neighbour to leak from, a large clinic to be slow in.

use domain::{Role, StaffId, TenantId};
use sqlx::Row;
use tenancy::bulk::BulkPool;
use tokio::sync::Mutex;
use tsumugi::demo::Seeder;
use uuid::Uuid;

use crate::fixtures::Clinic;
use crate::harness::{Harness, keyring, role_url};

async fn seeder(h: &Harness) -> Seeder {
    // Visits prescribe from the sample drugs, as in the product's own demo.
    tsumugi::masters::import::load_samples(&h.operator()).await.unwrap();
    let bulk = BulkPool::new(&role_url("RESTORE_DATABASE_URL", &h.database)).unwrap();
    Seeder::new(bulk, h.operator(), keyring()).await.unwrap()
}

/// Two tests that want the same clinic must not both make it.
static SEEDING: Mutex<()> = Mutex::const_new(());

/// A clinic of the demo with its patients, visits and charts.
pub async fn clinic(h: &Harness, code: &str) -> Clinic {
    let _one_at_a_time = SEEDING.lock().await;
    let spec = tsumugi::demo::CLINICS.iter().find(|c| c.code == code).unwrap();
    seeder(h).await.clinic(spec).await.unwrap();
    look_up(h, code).await
}

/// A clinic of so many patients, without visits.
pub async fn crowd(h: &Harness, patients: usize) -> Clinic {
    let _one_at_a_time = SEEDING.lock().await;
    seeder(h).await.scaled(1, patients).await.unwrap();
    look_up(h, &format!("bench-{patients}-0001")).await
}

async fn look_up(h: &Harness, code: &str) -> Clinic {
    let mut db = h.superuser().await;
    sqlx::raw_sql("ANALYZE").execute(&mut db).await.unwrap();
    let tenant = sqlx::query("SELECT id, name FROM tenant WHERE code = $1").bind(code).fetch_one(&mut db).await.unwrap();
    let id: Uuid = tenant.get(0);
    let roles = sqlx::query("SELECT role, staff_id FROM staff_role WHERE tenant_id = $1").bind(id).fetch_all(&mut db).await.unwrap();
    let staff = roles.iter().filter_map(|row| Some((Role::from_code(row.get(0))?, StaffId::new(row.get(1))))).collect();
    Clinic { id: TenantId::new(id), code: code.into(), name: tenant.get(1), staff, place: Uuid::nil() }
}

/// Where an id in a path comes from.
const IDS: &[(&str, &str)] = &[
    ("/patients/{id}", "patient"),
    ("/patients/merges/{id}", "patient_merge"),
    ("/encounters/{id}", "encounter"),
    ("/charge-items/{id}", "charge_item"),
    ("/payments/{id}", "payment_notice"),
    ("/day-close/{id}", "day_close"),
    ("/vital-signs/{id}", "vital_signs"),
    ("/notes/{id}", "note"),
    ("/conditions/{id}", "condition"),
    ("/snippets/{id}", "snippet"),
    ("/account/passkeys/{id}", "staff_passkey"),
    ("/staff/{id}", "staff"),
    ("/appointments/{id}", "appointment"),
    ("/places/{id}", "place"),
    ("/devices/{id}", "device"),
    ("/reception/arrivals/{id}", "device_arrival"),
    ("/patient-imports/{id}", "patient_import"),
    ("/schedules/{id}", "schedule"),
    ("/schedules/{id}/templates/{template}", "slot_template"),
    ("/schedules/closures/{id}", "schedule_closure"),
    ("/prescription-lines/{id}", "medication_request"),
    ("/emergency-views/{id}", "emergency_view"),
    ("/emergency-privileges/{id}", "staff"),
    ("/prescriptions/{id}", "prescription"),
    ("/dispensing-results/{id}", "dispense_result"),
    ("/allergies/{id}", "allergy_intolerance"),
    ("/coverages/{id}", "coverage"),
    ("/condition-proposals/{id}", "condition_proposal"),
    ("/queue-tickets/{id}", "queue_ticket"),
    ("/flags/{id}", "patient_flag"),
    ("/attachments/{id}", "attachment"),
    ("/orders/{id}", "service_request"),
    ("/order-sets/{id}", "order_set"),
    ("/reception/reader-results/{id}", "reader_result"),
    ("/outbox/{id}", "outbox_message"),
    ("/consented-records/{id}", "consented_record"),
    ("/exchanges/{id}", "outbox_exchange"),
    ("/bulk-inquiry-lines/{id}", "bulk_inquiry_line"),
    ("/reception/inquiries/{id}", "eligibility_inquiry"),
    ("/remote-consents/{id}", "remote_consent"),
    ("/notes/{id}/sections/{section}/conflicts/{conflict}", "section_conflict"),
];

/// The path with ids of that clinic's rows (of one busy patient where there is a choice); none when it names no row.
pub async fn path_into(h: &Harness, clinic: &Clinic, pattern: &str) -> Option<String> {
    let mut path = String::new();
    let mut seen = String::new();
    let mut names_a_row = false;
    for part in pattern.split('/').skip(1) {
        seen = format!("{seen}/{part}");
        let value = match part.strip_prefix('{') {
            None => part.to_owned(),
            Some("section}") => "S".to_owned(),
            Some(_) => {
                let (_, table) =
                    IDS.iter().find(|(prefix, _)| *prefix == seen).unwrap_or_else(|| panic!("say in IDS which row {seen} names"));
                names_a_row = true;
                some_id(h, clinic, table).await
            }
        };
        path = format!("{path}/{value}");
    }
    names_a_row.then_some(path)
}

/// A row of that clinic; a table the demo leaves empty gives an id nobody has, which must look the same.
async fn some_id(h: &Harness, clinic: &Clinic, table: &str) -> String {
    let busiest = "(SELECT e.patient_id FROM encounter e WHERE e.tenant_id = $1 GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1)";
    let sql = match table {
        "patient" => busiest.to_owned(),
        "encounter" | "note" | "medication_request" | "condition" | "charge_item" | "payment_notice" => {
            format!("SELECT max(id::text)::uuid FROM {table} WHERE tenant_id = $1 AND patient_id = {busiest}")
        }
        _ => format!("SELECT max(id::text)::uuid FROM {table} WHERE tenant_id = $1"),
    };
    let mut db = h.superuser().await;
    let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(clinic.id.as_uuid()).fetch_one(&mut db).await.unwrap();
    row.get::<Option<Uuid>, _>(0).unwrap_or(Uuid::max()).to_string()
}
