//! Rows on their way into one clinic, with the history row, digest and audit event that belong to each: the demo keeps
//! the same promises as a day's work, so `tsumugi audit verify` finds nothing to complain about.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use domain::{Role, StaffId, TenantId};
use serde_json::{Value, json};
use tenancy::audit::{AuditEvent, ContentDigest};
use tenancy::bulk::BulkTx;
use tenancy::versioned::{self, RowVersion};
use tenancy::{Act, Authorship, InfoClass, Versioned};
use uuid::Uuid;

use super::rng::Rng;

/// Tables in the order their foreign keys want.
const TABLES: &[&str] = &[
    "tenant",
    "staff",
    "staff_role",
    "staff_totp",
    "place",
    "patient",
    "coverage",
    "encounter",
    "encounter_location",
    "queue_ticket",
    "schedule",
    "slot_template",
    "appointment",
    "condition",
    "note",
    "note_section",
    "note_amendment",
    "medication_request",
    "allergy_intolerance",
    "patient_flag",
    "service_request",
    "observation_result",
    "charge_item",
    "account",
    "invoice",
    "payment_notice",
    "row_version",
    "audit_event",
];

pub struct Ledger {
    pub tenant_id: TenantId,
    pub rng: Rng,
    lines: BTreeMap<&'static str, Vec<String>>,
    /// 最終受診 of the patients of this batch.
    last_visits: HashMap<String, String>,
}

/// One act while its rows are being written.
pub struct Deed {
    pub at: DateTime<Utc>,
    pub actor: StaffId,
    pub role: Role,
    pub act: Act,
    pub class: InfoClass,
    pub subject: Option<Uuid>,
    digests: Vec<ContentDigest>,
}

impl Deed {
    pub fn new(at: DateTime<Utc>, (actor, role): (StaffId, Role), act: Act, class: InfoClass, subject: Option<Uuid>) -> Self {
        Self { at, actor, role, act, class, subject, digests: vec![] }
    }
}

impl Ledger {
    pub fn new(tenant_id: Uuid, seed: u64) -> Self {
        Self { tenant_id: TenantId::new(tenant_id), rng: Rng::new(seed), lines: BTreeMap::new(), last_visits: HashMap::new() }
    }

    pub fn id_at(&mut self, at: DateTime<Utc>) -> Uuid {
        self.rng.id_at(at)
    }

    /// A row without history.
    pub fn plain(&mut self, table: &'static str, row: &Value) {
        self.lines.entry(table).or_default().push(row.to_string());
    }

    /// A version of a clinical row, written by this act. The row itself follows with [`Ledger::keep`] once it is current.
    pub fn version<M: Versioned>(&mut self, deed: &mut Deed, model: &mut M, version: i32, by: Authorship, reason: &str) {
        let row = versioned::stamp(self.tenant_id, deed.at, model, version, by);
        deed.digests.push(row.content_digest());
        self.plain("row_version", &history(&row, reason));
    }

    pub fn keep<M: Versioned>(&mut self, mut model: M) {
        let digest = hex_bytes(model.head().digest);
        let mut row = serde_json::to_value(&model).unwrap_or_default();
        row["digest"] = digest;
        if M::KIND == "encounter" && row["status"] != "cancelled" {
            self.note_visit(&row);
        }
        self.plain(M::KIND, &row);
    }

    fn note_visit(&mut self, encounter: &Value) {
        let text = |name: &str| encounter[name].as_str().unwrap_or_default().to_owned();
        let last = self.last_visits.entry(text("patient_id")).or_default();
        *last = text("reception_date").max(std::mem::take(last));
    }

    /// First and only version of a row, by the person who acts.
    pub fn insert<M: Versioned>(&mut self, deed: &mut Deed, mut model: M) {
        self.version(deed, &mut model, 1, Authorship { author: deed.actor, entered_by: deed.actor }, "");
        self.keep(model);
    }

    /// Closes an act with its audit event.
    pub fn done(&mut self, deed: Deed, entity: (&str, Uuid)) {
        let mut event = AuditEvent {
            tenant_id: self.tenant_id.as_uuid(),
            id: self.rng.id_at(deed.at),
            recorded_at: deed.at,
            actor_id: Some(deed.actor.as_uuid()),
            actor_role: deed.role.code().to_owned(),
            act: deed.act.code().to_owned(),
            info_class: deed.class.code().to_owned(),
            outcome: "success".to_owned(),
            subject_ids: deed.subject.into_iter().collect(),
            entity_kind: entity.0.to_owned(),
            entity_id: Some(entity.1),
            detail: json!({}),
            digests: deed.digests,
            request_id: self.rng.id_at(deed.at),
            source_ip: "local".to_owned(),
            leaf: [0; 32],
        };
        event.leaf = event.compute_leaf();
        self.plain("audit_event", &event_row(&event));
    }

    /// Rows gathered since the last batch.
    pub fn waiting(&self) -> usize {
        self.lines.values().map(Vec::len).sum()
    }

    /// Patients leave with their last visit: changed one by one afterwards, their table would be twice as long.
    pub fn take_batch(&mut self) -> Batch {
        let last_visits = std::mem::take(&mut self.last_visits);
        for line in self.lines.get_mut("patient").into_iter().flatten().filter(|_| !last_visits.is_empty()) {
            let mut row: Value = serde_json::from_str(line).unwrap_or_default();
            row["last_visit_on"] = row["id"].as_str().and_then(|id| last_visits.get(id)).cloned().into();
            *line = row.to_string();
        }
        Batch(std::mem::take(&mut self.lines))
    }
}

/// Rows ready to be sent; an earlier batch goes first.
pub struct Batch(BTreeMap<&'static str, Vec<String>>);

impl Batch {
    /// # Errors
    /// Whatever the database refuses.
    pub async fn load(mut self, tx: &mut BulkTx) -> Result<u64, tenancy::Error> {
        let mut loaded = 0;
        for table in TABLES {
            if let Some(lines) = self.0.remove(table) {
                loaded += tx.load(table, lines).await?;
            }
        }
        Ok(loaded)
    }
}

/// `bytea` inside JSON.
pub fn hex_bytes(bytes: &[u8]) -> Value {
    Value::String(format!("\\x{}", hex::encode(bytes)))
}

fn history(row: &RowVersion, reason: &str) -> Value {
    json!({
        "tenant_id": row.tenant_id,
        "kind": row.kind,
        "id": row.id,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "author_id": row.author_id,
        "entered_by_id": row.entered_by_id,
        "status": row.status,
        "reason": reason,
        "content": row.content,
        "digest": hex_bytes(&row.digest),
    })
}

fn event_row(event: &AuditEvent) -> Value {
    json!({
        "tenant_id": event.tenant_id,
        "id": event.id,
        "recorded_at": event.recorded_at,
        "actor_id": event.actor_id,
        "actor_role": event.actor_role,
        "act": event.act,
        "info_class": event.info_class,
        "outcome": event.outcome,
        "subject_ids": event.subject_ids,
        "entity_kind": event.entity_kind,
        "entity_id": event.entity_id,
        "detail": event.detail,
        "digests": event.digests,
        "request_id": event.request_id,
        "source_ip": event.source_ip,
        "leaf": hex_bytes(&event.leaf),
    })
}
