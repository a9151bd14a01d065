//! Archives in the locked bucket and the way back (BK-01, BK-02, BK-05…08).

use std::sync::Arc;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::{KeySize, PrivateDecryptingKey};
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::DateTime as S3DateTime;
use aws_sdk_s3::types::{ObjectLockRetention, ObjectLockRetentionMode};
use chrono::TimeDelta;
use domain::Role;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};
use tenancy::archive::{ArchiveSource, RestoreTarget};
use tenancy::keys::{DataKey, Keyring, LocalFileProvider, RecoveryPrivateKey, RecoveryPublicKey};
use tenancy::verify;
use tsumugi::backup::BackupError;
use tsumugi::backup::restore::{Restore, Restored};
use tsumugi::backup::run::{Archived, Backup};
use tsumugi::objectstore::{ObjectStore, StoreConfig};

use crate::fixtures::{Clinic, two_clinics};
use crate::harness::{Harness, env, make_database, role_url};

pub fn store(access_key: &str, secret_key: &str) -> ObjectStore {
    let config = StoreConfig {
        endpoint: env("S3_ENDPOINT"),
        region: env("S3_REGION"),
        bucket: env("BACKUP_BUCKET"),
        access_key: env(access_key),
        secret_key: env(secret_key).into(),
        ca_pem: Some(std::fs::read(env("CA_FILE")).unwrap()),
    };
    ObjectStore::new(&config).unwrap()
}

pub fn writer() -> ObjectStore {
    store("BACKUP_ACCESS_KEY", "BACKUP_SECRET_KEY")
}

pub fn reader() -> ObjectStore {
    store("RESTORE_ACCESS_KEY", "RESTORE_SECRET_KEY")
}

fn provider() -> Arc<LocalFileProvider> {
    Arc::new(LocalFileProvider::from_key(DataKey::generate().unwrap()))
}

fn backup(h: &Harness, keyring: &Keyring) -> Backup {
    Backup {
        operator: h.operator(),
        source: source(h, &h.database),
        keyring: keyring.clone(),
        store: writer(),
        config: [("TSUMUGI_BIND".to_owned(), "127.0.0.1".to_owned())].into(),
    }
}

pub fn source(h: &Harness, database: &str) -> ArchiveSource {
    ArchiveSource::new(&role_url("BACKUP_DATABASE_URL", database), h.clock()).unwrap()
}

fn restore(h: &Harness, database: &str, keyring: &Keyring, replace: bool) -> Restore {
    let target = RestoreTarget::new(&role_url("RESTORE_DATABASE_URL", database), h.clock()).unwrap();
    Restore { target, keyring: keyring.clone(), recovery: None, replace, expected: None }
}

/// A database with tables and nothing in them.
async fn empty_database(h: &Harness, purpose: &str) -> String {
    let name = format!("{}_{purpose}", h.database);
    make_database(&name).await;
    name
}

async fn register(h: &Harness, clinic: &Clinic, name: &str) {
    let clerk = clinic.client(h, Role::Clerk).await;
    let key = tenancy::versioned::new_id(h.clock().now()).to_string();
    let form = [
        ("name_ideographic", name),
        ("name_syllabic", "さいとう ちづこ"),
        ("sex", "female"),
        ("birth_date", "S34.2.11"),
        ("mobile", "090-0000-4471"),
        ("idempotency_key", key.as_str()),
    ];
    clerk.post("/patients", &form).await.expect(303);
}

async fn names(database: &str, clinic: &Clinic) -> Vec<String> {
    let mut superuser = PgConnection::connect(&role_url("SUPERUSER_DATABASE_URL", database)).await.unwrap();
    let sql = format!("SELECT name_ideographic FROM patient WHERE tenant_id = '{}' ORDER BY id", clinic.id);
    let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut superuser).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

async fn bytes(archived: &Archived) -> Vec<u8> {
    reader().get_bytes(&archived.object_key).await.unwrap()
}

async fn put_back(restore: &Restore, bytes: Vec<u8>) -> Result<Restored, BackupError> {
    restore.from_reader(std::io::Cursor::new(bytes)).await
}

// BK-06, BK-08: into an empty place; what comes out there is what went in here, and the log still proves itself.
#[tokio::test]
async fn a_clinic_comes_back_in_an_empty_database_and_its_log_still_verifies() {
    let h = Harness::get();
    let (here, neighbour) = two_clinics(h).await;
    register(h, &here, "齋藤 千鶴子").await;
    register(h, &here, "𠮷田 タブ\\と円").await;
    register(h, &neighbour, "齋藤 千鶴子").await;
    crate::audit::seal_everything(h, &here).await;
    let keyring = crate::keys::keyring();
    let archived = backup(h, &keyring).run(here.id).await.unwrap();
    assert_eq!(archived.sums["patient"].rows, 2);

    let elsewhere = empty_database(h, "empty").await;
    let body = reader().get(&archived.object_key).await.unwrap();
    let restored = restore(h, &elsewhere, &keyring, false).from_stream(body).await.unwrap();
    assert_eq!(restored.sums, archived.sums);
    assert_eq!(restored.manifest.unwrap().tenant_code, here.code);
    assert_eq!(names(&elsewhere, &here).await, names(&h.database, &here).await);
    assert_eq!(names(&elsewhere, &neighbour).await, Vec::<String>::new());
    let verdict = verify::verify(&mut source(h, &elsewhere).begin(here.id).await.unwrap(), None).await.unwrap();
    assert_eq!(verdict.findings, []);
    assert!(verdict.seals > 0 && verdict.rows >= 2 && verdict.heads >= 2);
}

// BK-06: beside others, who notice nothing; what happened since is taken back, the log of it is not.
#[tokio::test]
async fn a_clinic_is_put_back_beside_others_only_when_asked_and_its_log_is_kept() {
    let h = Harness::get();
    let (here, neighbour) = two_clinics(h).await;
    register(h, &here, "前の患者").await;
    register(h, &neighbour, "隣の患者").await;
    let keyring = crate::keys::keyring();
    let archived = backup(h, &keyring).run(here.id).await.unwrap();
    register(h, &here, "後の患者").await;
    let events = count(h, &here, "audit_event").await;

    let refused = put_back(&restore(h, &h.database, &keyring, false), bytes(&archived).await).await;
    assert!(matches!(refused, Err(BackupError::ClinicExists)));
    assert_eq!(names(&h.database, &here).await, ["前の患者", "後の患者"]);

    put_back(&restore(h, &h.database, &keyring, true), bytes(&archived).await).await.unwrap();
    assert_eq!(names(&h.database, &here).await, ["前の患者"]);
    assert_eq!(names(&h.database, &neighbour).await, ["隣の患者"]);
    assert_eq!(count(h, &here, "audit_event").await, events + 1, "the log was added to, not taken back");
}

async fn count(h: &Harness, clinic: &Clinic, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table} WHERE tenant_id = '{}'", clinic.id);
    sqlx::query(AssertSqlSafe(sql)).fetch_one(&mut h.superuser().await).await.unwrap().get(0)
}

// BK-05, BK-07: whatever is wrong with an archive or its key is said, and nothing is changed.
#[tokio::test]
async fn a_damaged_cut_or_foreign_archive_changes_nothing() {
    let h = Harness::get();
    let (here, neighbour) = two_clinics(h).await;
    register(h, &here, "守られる患者").await;
    let keyring = crate::keys::keyring();
    let whole = bytes(&backup(h, &keyring).run(here.id).await.unwrap()).await;
    assert!(!whole.windows(9).any(|w| w == &"守られる".as_bytes()[..9]), "a leaked copy is unreadable");
    let again = restore(h, &h.database, &keyring, true);
    let middle = whole.len() / 2;
    let mut damaged = whole.clone();
    damaged[middle] ^= 1;
    assert!(matches!(put_back(&again, damaged).await, Err(BackupError::Damaged(_))));
    assert!(matches!(put_back(&again, whole[..middle].to_vec()).await, Err(BackupError::Truncated)));
    assert!(matches!(put_back(&again, b"PK something".to_vec()).await, Err(BackupError::NotAnArchive)));
    let other_kek = restore(h, &h.database, &crate::keys::keyring(), true);
    assert!(matches!(put_back(&other_kek, whole.clone()).await, Err(BackupError::Key(_))));
    let expecting = Restore { expected: Some(neighbour.id), ..restore(h, &h.database, &keyring, true) };
    assert!(matches!(put_back(&expecting, whole).await, Err(BackupError::OtherClinic { .. })));
    assert_eq!(names(&h.database, &here).await, ["守られる患者"]);
}

// BK-07: production's keys are gone; the bucket and the offline key are enough, and afterwards a new KEK is in force.
#[tokio::test]
async fn the_offline_key_restores_when_the_kek_is_lost() {
    let h = Harness::get();
    let (here, _) = two_clinics(h).await;
    let dir = std::env::temp_dir().join(format!("tsumugi-recovery-{}", h.database));
    std::fs::create_dir_all(&dir).unwrap();
    let private = PrivateDecryptingKey::generate(KeySize::Rsa4096).unwrap();
    std::fs::write(dir.join("private"), AsDer::as_der(&private).unwrap().as_ref()).unwrap();
    std::fs::write(dir.join("public"), AsDer::as_der(&private.public_key()).unwrap().as_ref()).unwrap();
    let lost = Keyring::new(provider(), Some(RecoveryPublicKey::open(&dir.join("public")).unwrap()));
    let tx = h.operator().begin(here.id).await.unwrap();
    let sealed = lost.seal(&tx, "test", b"kept").await.unwrap();
    tx.commit(tenancy::Audit::viewed(tenancy::InfoClass::Clinic)).await.unwrap();
    let archived = backup(h, &lost).run(here.id).await.unwrap();
    drop(lost);

    let (elsewhere, keyring) = (empty_database(h, "recovery").await, crate::keys::keyring());
    let recovery = Some(RecoveryPrivateKey::open(&dir.join("private")).unwrap());
    let with_key = Restore { recovery, ..restore(h, &elsewhere, &keyring, false) };
    put_back(&with_key, bytes(&archived).await).await.unwrap();
    let tenants = tenancy::TenantPool::new(&role_url("APP_DATABASE_URL", &elsewhere), 1, h.clock()).unwrap();
    let operator = tenancy::operator::Operator::new(&role_url("OPERATOR_DATABASE_URL", &elsewhere), tenants).unwrap();
    let tx = operator.begin(here.id).await.unwrap();
    assert_eq!(keyring.open(&tx, "test", &sealed).await.unwrap(), b"kept");
    std::fs::remove_dir_all(&dir).unwrap();
}

// BK-08: the list comes from the catalog, so a table made tomorrow is in tomorrow's archive.
#[tokio::test]
async fn every_table_with_a_clinic_in_it_is_archived() {
    let h = Harness::get();
    let sql =
        "SELECT table_name::text FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'tenant_id' ORDER BY 1";
    let rows = sqlx::query(sql).fetch_all(&mut h.superuser().await).await.unwrap();
    let mut expected: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    expected.push("tenant".into());
    expected.sort();
    let (here, _) = two_clinics(h).await;
    let snapshot = source(h, &h.database).begin(here.id).await.unwrap();
    let mut archived: Vec<String> = snapshot.tables().iter().map(|table| table.name.clone()).collect();
    archived.sort();
    assert_eq!(archived, expected);
}

// BK-03: a store that is away leaves a record of the failure.
#[tokio::test]
async fn a_failed_run_is_recorded() {
    let h = Harness::get();
    let (here, _) = two_clinics(h).await;
    let config = StoreConfig {
        endpoint: "https://127.0.0.1:9".into(),
        region: "x".into(),
        bucket: "x".into(),
        access_key: "x".into(),
        secret_key: "x".to_owned().into(),
        ca_pem: Some(std::fs::read(env("CA_FILE")).unwrap()),
    };
    let away = Backup { store: ObjectStore::new(&config).unwrap(), ..backup(h, &crate::keys::keyring()) };
    assert!(matches!(away.run(here.id).await, Err(BackupError::Store(_))));
    let sql = format!("SELECT state || ' ' || error_code FROM backup_run WHERE tenant_id = '{}'", here.id);
    let recorded: String = sqlx::query(AssertSqlSafe(sql)).fetch_one(&mut h.superuser().await).await.unwrap().get(0);
    assert_eq!(recorded, "failed store_unreachable");
    let page = here.client(h, Role::ClinicAdmin).await.get("/backups").await.expect(200);
    assert!(page.body.contains("保管先につながりませんでした"));
}

/// A store that takes the first parts and then has no room left.
async fn full_store() -> (StoreConfig, Arc<std::sync::Mutex<Vec<String>>>) {
    let seen: Arc<std::sync::Mutex<Vec<String>>> = Arc::default();
    let for_server = seen.clone();
    let server = actix_web::HttpServer::new(move || {
        let seen = for_server.clone();
        actix_web::App::new().default_service(actix_web::web::to(move |req: actix_web::HttpRequest| {
            let (seen, act) = (seen.clone(), format!("{} {}", req.method(), req.query_string()));
            async move {
                let begun = act.starts_with("POST uploads");
                seen.lock().unwrap().push(act);
                match (begun, req.method().as_str()) {
                    (true, _) => actix_web::HttpResponse::Ok().content_type("application/xml").body(
                        "<InitiateMultipartUploadResult><Bucket>b</Bucket><Key>k</Key><UploadId>u1</UploadId></InitiateMultipartUploadResult>",
                    ),
                    (_, "DELETE") => actix_web::HttpResponse::NoContent().finish(),
                    _ => actix_web::HttpResponse::InsufficientStorage()
                        .content_type("application/xml")
                        .body("<Error><Code>InsufficientStorage</Code></Error>"),
                }
            }
        }))
    });
    let server = server.workers(1).disable_signals().bind(("127.0.0.1", 0)).unwrap();
    let endpoint = format!("http://{}", server.addrs()[0]);
    tokio::spawn(server.run());
    let config = StoreConfig {
        endpoint,
        region: "x".into(),
        bucket: "b".into(),
        access_key: "x".into(),
        secret_key: "x".to_owned().into(),
        ca_pem: Some(std::fs::read(env("CA_FILE")).unwrap()),
    };
    (config, seen)
}

// BK-03: no room left in the store: the run says so, the begun upload is given back, nothing looks like an archive.
#[tokio::test]
async fn a_full_store_fails_the_run_and_gives_the_parts_back() {
    let h = Harness::get();
    let (here, _) = two_clinics(h).await;
    let (config, seen) = full_store().await;
    let full = Backup { store: ObjectStore::new(&config).unwrap(), ..backup(h, &crate::keys::keyring()) };
    assert!(matches!(full.run(here.id).await, Err(BackupError::Store(_))));
    let seen = seen.lock().unwrap().clone();
    assert!(seen.iter().any(|act| act.starts_with("PUT")), "{seen:?}");
    assert!(seen.last().unwrap().starts_with("DELETE"), "{seen:?}");
    let sql = format!("SELECT state FROM backup_run WHERE tenant_id = '{}'", here.id);
    let state: String = sqlx::query(AssertSqlSafe(sql)).fetch_one(&mut h.superuser().await).await.unwrap().get(0);
    assert_eq!(state, "failed");
}

// BK-03: workers racing for a duty: one has it until it ends or the lease runs out.
#[tokio::test]
async fn one_of_many_workers_takes_a_duty() {
    let h = Harness::get();
    let (operator, now) = (h.operator(), h.clock().now());
    let duty = format!("test/{}", tenancy::versioned::new_id(now));
    let until = now + chrono::TimeDelta::minutes(10);
    let racers = (0..20).map(|_| operator.lease(&duty, tenancy::versioned::new_id(now), until));
    let won = futures_util::future::join_all(racers).await.into_iter().filter(|taken| *taken.as_ref().unwrap()).count();
    assert_eq!(won, 1);
    let owner = tenancy::versioned::new_id(now);
    let past = format!("{duty}/past");
    assert!(operator.lease(&past, tenancy::versioned::new_id(now), now - chrono::TimeDelta::minutes(1)).await.unwrap());
    assert!(operator.lease(&past, owner, until).await.unwrap(), "a lease that ran out can be taken");
    assert!(operator.lease(&past, owner, until).await.unwrap(), "and kept by its owner");
}

/// The store's code, or `ok`.
fn code<T, E: ProvideErrorMetadata + std::fmt::Debug>(answer: Result<T, aws_sdk_s3::error::SdkError<E>>) -> String {
    match answer {
        Ok(_) => "ok".into(),
        Err(error) => error.code().map_or_else(|| format!("{error:?}"), str::to_owned),
    }
}

// BK-02: the keys production holds can put and nothing else.
#[tokio::test]
async fn the_writer_can_only_put() {
    let key = format!("test/writer-{}.txt", std::process::id());
    let (writer, reader) = (writer(), reader());
    writer.put(&key, b"first".to_vec(), "text/plain").await.unwrap();
    let (client, bucket) = (writer.client(), writer.bucket());
    let denied = "AccessDenied";
    assert_eq!(code(client.get_object().bucket(bucket).key(&key).send().await), denied);
    assert_eq!(code(client.list_objects_v2().bucket(bucket).send().await), denied);
    assert_eq!(code(client.delete_object().bucket(bucket).key(&key).send().await), denied);
    let version = version_of(&reader, &key).await;
    assert_eq!(code(client.delete_object().bucket(bucket).key(&key).version_id(&version).send().await), denied);
    assert_eq!(code(shorten(&writer, &key, &version).await), denied);
    // Putting again makes another version; the first one stays what it was.
    writer.put(&key, b"second".to_vec(), "text/plain").await.unwrap();
    let first = reader.client().get_object().bucket(bucket).key(&key).version_id(&version).send().await.unwrap();
    assert_eq!(first.body.collect().await.unwrap().to_vec(), b"first");
}

// BK-02: with any key there is, the bucket's owner included, an archive cannot be taken away or its time shortened.
#[tokio::test]
async fn no_key_deletes_or_shortens_an_archive() {
    let h = Harness::get();
    let (here, _) = two_clinics(h).await;
    let archived = backup(h, &crate::keys::keyring()).run(here.id).await.unwrap();
    let version = version_of(&reader(), &archived.object_key).await;
    let retention = reader().client().get_object_retention().bucket(reader().bucket()).key(&archived.object_key).send().await.unwrap();
    let retention = retention.retention().unwrap().clone();
    assert_eq!(retention.mode(), Some(&ObjectLockRetentionMode::Compliance));
    assert!(retention.retain_until_date().unwrap().secs() > (h.clock().now() + TimeDelta::days(20)).timestamp());
    for store in [writer(), reader(), store("S3_OWNER_ACCESS_KEY", "S3_OWNER_SECRET_KEY")] {
        let (client, bucket, key) = (store.client(), store.bucket(), &archived.object_key);
        let delete = client.delete_object().bucket(bucket).key(key).version_id(&version);
        assert_eq!(code(delete.clone().send().await), "AccessDenied");
        assert_eq!(code(delete.bypass_governance_retention(true).send().await), "AccessDenied");
        assert_eq!(code(shorten(&store, key, &version).await), "AccessDenied");
    }
    let kept = reader().get_bytes(&archived.object_key).await.unwrap();
    assert_eq!(kept.len() as u64, archived.bytes);
}

async fn version_of(store: &ObjectStore, key: &str) -> String {
    let versions = store.client().list_object_versions().bucket(store.bucket()).prefix(key).send().await.unwrap();
    versions.versions()[0].version_id().unwrap().to_owned()
}

async fn shorten(
    store: &ObjectStore,
    key: &str,
    version: &str,
) -> Result<
    aws_sdk_s3::operation::put_object_retention::PutObjectRetentionOutput,
    aws_sdk_s3::error::SdkError<aws_sdk_s3::operation::put_object_retention::PutObjectRetentionError>,
> {
    let soon = ObjectLockRetention::builder()
        .mode(ObjectLockRetentionMode::Compliance)
        .retain_until_date(S3DateTime::from_secs((Harness::get().clock().now() + TimeDelta::days(1)).timestamp()))
        .build();
    let put = store.client().put_object_retention().bucket(store.bucket()).key(key).version_id(version);
    put.retention(soon).bypass_governance_retention(true).send().await
}
