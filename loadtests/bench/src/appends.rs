//! An audit append against a plain INSERT of the same size: what sealing costs the act that is audited. The leaf is
//! computed by the product's own code in this process, so this process' CPU counts on both sides.

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use domain::{PatientId, StaffId, TenantId};
use tenancy::audit::AuditEvent;
use tenancy::{Audit, InfoClass, RequestMeta};
use tokio_postgres::types::Json;
use tokio_postgres::{Client, NoTls, Statement};
use uuid::Uuid;

use crate::cpu::Watched;

const COLUMNS: &str = "tenant_id, id, recorded_at, actor_id, actor_role, act, info_class, outcome, subject_ids, entity_kind, entity_id, \
    detail, digests, request_id, source_ip";

/// The table an audit log without tamper evidence would be.
const PLAIN: &str = "DROP TABLE IF EXISTS bench_plain;
    CREATE TABLE bench_plain AS SELECT tenant_id, id, recorded_at, actor_id, actor_role, act, info_class, outcome, subject_ids, entity_kind,
        entity_id, detail, digests, request_id, source_ip FROM audit_event WITH NO DATA;
    ALTER TABLE bench_plain ADD PRIMARY KEY (tenant_id, id);
    CREATE INDEX ON bench_plain (tenant_id, recorded_at DESC);
    ALTER TABLE bench_plain ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
    CREATE POLICY app ON bench_plain TO tsumugi_app USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
        WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
    GRANT INSERT ON bench_plain TO tsumugi_app";

pub struct Appends {
    client: Client,
    audited: Statement,
    plain: Statement,
}

async fn connect(variable: &str) -> anyhow::Result<Client> {
    let url = std::env::var(variable).with_context(|| format!("{variable} is not set"))?;
    let (client, driver) = tokio_postgres::connect(&url, NoTls).await?;
    tokio::spawn(driver);
    Ok(client)
}

impl Appends {
    pub async fn prepare() -> anyhow::Result<Self> {
        connect("TSUMUGI_OWNER_DATABASE_URL").await?.batch_execute(PLAIN).await?;
        let client = connect("TSUMUGI_DATABASE_URL").await?;
        let values = "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15";
        let audited = client.prepare(&format!("INSERT INTO audit_event ({COLUMNS}, leaf) VALUES ({values}, $16)")).await?;
        let plain = client.prepare(&format!("INSERT INTO bench_plain ({COLUMNS}) VALUES ({values})")).await?;
        Ok(Self { client, audited, plain })
    }

    pub async fn clean_up() -> anyhow::Result<()> {
        Ok(connect("TSUMUGI_OWNER_DATABASE_URL").await?.batch_execute("DROP TABLE bench_plain").await?)
    }

    /// CPU of one append, µs.
    pub async fn run(&self, watched: &Watched, tenant: Uuid, count: u32, is_audited: bool, now: DateTime<Utc>) -> anyhow::Result<f64> {
        let watched = watched.with(std::process::id());
        let before = watched.spent();
        for _ in 0..count {
            self.client.batch_execute(&format!("BEGIN; SET LOCAL app.tenant_id = '{tenant}'")).await?;
            self.append(tenant, is_audited, now).await?;
            self.client.batch_execute("COMMIT").await?;
        }
        Ok((watched.spent() - before).as_secs_f64() * 1e6 / f64::from(count))
    }

    async fn append(&self, tenant: Uuid, is_audited: bool, now: DateTime<Utc>) -> anyhow::Result<()> {
        let subjects = (0..20).map(|n| PatientId::new(Uuid::from_u128(n)));
        let audit = Audit::searched(InfoClass::Patient).subjects(subjects);
        let actor = (Some(StaffId::new(tenant)), "doctor");
        let e = if is_audited {
            audit.event(TenantId::new(tenant), actor, &RequestMeta::local(tenant), now, vec![])
        } else {
            without_leaf(tenant, now)
        };
        let digests = serde_json::to_value(&e.digests)?;
        let (detail, digests, leaf) = (Json(&e.detail), Json(&digests), e.leaf.as_slice());
        let mut values: Vec<&(dyn tokio_postgres::types::ToSql + Sync)> = vec![
            &e.tenant_id,
            &e.id,
            &e.recorded_at,
            &e.actor_id,
            &e.actor_role,
            &e.act,
            &e.info_class,
            &e.outcome,
            &e.subject_ids,
            &e.entity_kind,
            &e.entity_id,
            &detail,
            &digests,
            &e.request_id,
            &e.source_ip,
        ];
        if is_audited {
            values.push(&leaf);
        }
        self.client.execute(if is_audited { &self.audited } else { &self.plain }, &values).await?;
        Ok(())
    }
}

fn without_leaf(tenant: Uuid, now: DateTime<Utc>) -> AuditEvent {
    AuditEvent {
        tenant_id: tenant,
        id: tenancy::versioned::new_id(now),
        recorded_at: now,
        actor_id: Some(tenant),
        actor_role: "doctor".into(),
        act: "search".into(),
        info_class: "patient".into(),
        outcome: "success".into(),
        subject_ids: (0..20).map(Uuid::from_u128).collect(),
        entity_kind: String::new(),
        entity_id: None,
        detail: serde_json::json!({}),
        digests: vec![],
        request_id: tenant,
        source_ip: "local".into(),
        leaf: [0; 32],
    }
}
