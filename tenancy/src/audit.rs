//! Audit entries (GL-15): who, in which role, did what to whose information, when, from where, with what result; and the digests
//! of the clinical rows the act wrote. Details are codes and counts, never clinical text or names.

use chrono::{DateTime, Utc};
use domain::{PatientId, StaffId, TenantId};
use sea_orm::Iden;
use sea_orm::sea_query::{self, InsertStatement, Query};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::RequestMeta;
use crate::versioned::{canonical_json, new_id, sha256};

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($variant:ident $code:literal $label:literal)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($variant),+ }

        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$variant),+];
            pub const fn code(self) -> &'static str {
                match self { $($name::$variant => $code),+ }
            }
            pub const fn label(self) -> &'static str {
                match self { $($name::$variant => $label),+ }
            }
            pub fn from_code(code: &str) -> Option<Self> {
                match code { $($code => Some($name::$variant),)+ _ => None }
            }
        }
    };
}

codes! {
    /// 業務: what was done.
    Act {
        View "view" "閲覧"
        Search "search" "検索"
        Create "create" "登録"
        Update "update" "更新"
        Sign "sign" "確定"
        Amend "amend" "追記・訂正"
        Approve "approve" "承認"
        Merge "merge" "統合"
        Print "print" "印刷"
        Export "export" "書出し"
        Import "import" "取込"
        SignIn "sign_in" "サインイン"
        SignOut "sign_out" "サインアウト"
        Lock "lock" "画面ロック"
        Manage "manage" "設定変更"
        Send "send" "外部送信"
        Backup "backup" "バックアップ"
        Restore "restore" "復元"
        EmergencyView "emergency_view" "救急時閲覧"
        DisasterView "disaster_view" "災害時閲覧"
    }
}

codes! {
    /// 情報区分: whose kind of information.
    InfoClass {
        Patient "patient" "患者基本"
        Coverage "coverage" "保険資格"
        Consent "consent" "閲覧同意"
        MedicationHistory "medication_history" "薬剤情報(国)"
        CareHistory "care_history" "診療情報(国)"
        CheckupHistory "checkup_history" "特定健診等情報(国)"
        EmergencyRecord "emergency_record" "救急時・災害時の閲覧(国)"
        Encounter "encounter" "受付・受診"
        Appointment "appointment" "予約"
        Observation "observation" "計測・観察"
        Note "note" "診療記録"
        Condition "condition" "傷病名"
        Prescription "prescription" "処方"
        Delivery "delivery" "外部送信"
        Exchange "exchange" "外部との電文"
        Billing "billing" "会計"
        Allergy "allergy" "アレルギー"
        Flag "flag" "感染・付箋"
        Order "order" "検査・処置"
        Attachment "attachment" "画像・文書"
        Master "master" "マスタ"
        Audit "audit" "監査記録"
        Staff "staff" "職員・権限"
        Account "account" "自分のアカウント"
        Clinic "clinic" "医療機関の設定"
        Backup "backup" "バックアップ"
    }
}

codes! {
    Outcome {
        Success "success" "成功"
        Refused "refused" "拒否"
        Failure "failure" "失敗"
    }
}

/// The digest of one version of one clinical row, as it enters the leaf.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct ContentDigest {
    pub kind: String,
    pub id: Uuid,
    pub version: i32,
    /// SHA-256, hex.
    pub digest: String,
}

/// One entry being made. Start with [`Audit::of`] or a short form, add subjects, hand it to `commit`.
#[derive(Clone, Debug)]
pub struct Audit {
    act: Act,
    class: InfoClass,
    outcome: Outcome,
    subjects: Vec<PatientId>,
    entity: Option<(&'static str, Uuid)>,
    detail: Value,
}

impl Audit {
    pub fn of(act: Act, class: InfoClass) -> Self {
        Self { act, class, outcome: Outcome::Success, subjects: vec![], entity: None, detail: json!({}) }
    }

    pub fn viewed(class: InfoClass) -> Self {
        Self::of(Act::View, class)
    }

    pub fn searched(class: InfoClass) -> Self {
        Self::of(Act::Search, class)
    }

    pub fn created(class: InfoClass) -> Self {
        Self::of(Act::Create, class)
    }

    pub fn updated(class: InfoClass) -> Self {
        Self::of(Act::Update, class)
    }

    pub fn subject(mut self, patient: PatientId) -> Self {
        if !self.subjects.contains(&patient) {
            self.subjects.push(patient);
        }
        self
    }

    pub fn subjects(self, patients: impl IntoIterator<Item = PatientId>) -> Self {
        patients.into_iter().fold(self, Audit::subject)
    }

    /// Whatever was said of one of these charts was said of all.
    pub(crate) fn along_with(self, charts: &[PatientId]) -> Self {
        let is_about_them = charts.iter().any(|chart| self.subjects.contains(chart));
        if is_about_them { self.subjects(charts.iter().copied()) } else { self }
    }

    pub fn entity(mut self, kind: &'static str, id: impl Into<Uuid>) -> Self {
        self.entity = Some((kind, id.into()));
        self
    }

    pub fn outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }

    /// A code or a count; never text somebody typed.
    pub fn detail(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.detail[key] = value.into();
        self
    }

    /// Nothing was changed by it: may be kept aside while the database takes no writes.
    pub(crate) fn is_view(&self) -> bool {
        matches!(
            self.act,
            Act::View | Act::Search | Act::Print | Act::SignIn | Act::SignOut | Act::Lock | Act::EmergencyView | Act::DisasterView
        )
    }

    /// Fixes the entry as a row. Public so that bulk loads and the verifier build leaves the same way.
    pub fn event(
        self,
        tenant_id: TenantId,
        (actor_id, actor_role): (Option<StaffId>, &str),
        meta: &RequestMeta,
        recorded_at: DateTime<Utc>,
        digests: Vec<ContentDigest>,
    ) -> AuditEvent {
        let mut event = AuditEvent {
            tenant_id: tenant_id.as_uuid(),
            id: new_id(recorded_at),
            recorded_at,
            actor_id: actor_id.map(StaffId::as_uuid),
            actor_role: actor_role.to_owned(),
            act: self.act.code().to_owned(),
            info_class: self.class.code().to_owned(),
            outcome: self.outcome.code().to_owned(),
            subject_ids: self.subjects.into_iter().map(PatientId::as_uuid).collect(),
            entity_kind: self.entity.map_or("", |(kind, _)| kind).to_owned(),
            entity_id: self.entity.map(|(_, id)| id),
            detail: self.detail,
            digests,
            request_id: meta.request_id,
            source_ip: meta.source_ip.clone(),
            leaf: [0; 32],
        };
        event.leaf = event.compute_leaf();
        event
    }
}

/// A row of `audit_event`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditEvent {
    pub tenant_id: Uuid,
    pub id: Uuid,
    pub recorded_at: DateTime<Utc>,
    pub actor_id: Option<Uuid>,
    pub actor_role: String,
    pub act: String,
    pub info_class: String,
    pub outcome: String,
    pub subject_ids: Vec<Uuid>,
    pub entity_kind: String,
    pub entity_id: Option<Uuid>,
    pub detail: Value,
    pub digests: Vec<ContentDigest>,
    pub request_id: Uuid,
    pub source_ip: String,
    pub leaf: [u8; 32],
}

impl AuditEvent {
    /// SHA-256 over 0x00 and the canonical JSON of every column (RFC 6962 §2.1 leaf prefix), so that a leaf can be recomputed from
    /// the row alone and never be mistaken for an inner node.
    pub fn compute_leaf(&self) -> [u8; 32] {
        let body = json!({
            "tenant_id": self.tenant_id,
            "id": self.id,
            "recorded_at": self.recorded_at.timestamp_micros(),
            "actor_id": self.actor_id,
            "actor_role": self.actor_role,
            "act": self.act,
            "info_class": self.info_class,
            "outcome": self.outcome,
            "subject_ids": self.subject_ids,
            "entity_kind": self.entity_kind,
            "entity_id": self.entity_id,
            "detail": self.detail,
            "digests": self.digests,
            "request_id": self.request_id,
            "source_ip": self.source_ip,
        });
        let mut bytes = vec![0u8];
        bytes.extend(canonical_json(&body).into_bytes());
        sha256(&bytes)
    }

    pub(crate) fn insert(&self) -> InsertStatement {
        use AuditEventColumn as C;
        let digests = serde_json::to_value(&self.digests).unwrap_or_default();
        Query::insert()
            .into_table(C::Table)
            .columns([
                C::TenantId,
                C::Id,
                C::RecordedAt,
                C::ActorId,
                C::ActorRole,
                C::Act,
                C::InfoClass,
                C::Outcome,
                C::SubjectIds,
                C::EntityKind,
                C::EntityId,
                C::Detail,
                C::Digests,
                C::RequestId,
                C::SourceIp,
                C::Leaf,
            ])
            .values_panic([
                self.tenant_id.into(),
                self.id.into(),
                self.recorded_at.into(),
                self.actor_id.into(),
                self.actor_role.as_str().into(),
                self.act.as_str().into(),
                self.info_class.as_str().into(),
                self.outcome.as_str().into(),
                self.subject_ids.clone().into(),
                self.entity_kind.as_str().into(),
                self.entity_id.into(),
                self.detail.clone().into(),
                digests.into(),
                self.request_id.into(),
                self.source_ip.as_str().into(),
                self.leaf.to_vec().into(),
            ])
            .take()
    }

    pub(crate) fn into_subjects(self) -> Vec<PatientId> {
        self.subject_ids.into_iter().map(PatientId::new).collect()
    }
}

#[derive(Iden)]
enum AuditEventColumn {
    #[iden = "audit_event"]
    Table,
    TenantId,
    Id,
    RecordedAt,
    ActorId,
    ActorRole,
    Act,
    InfoClass,
    Outcome,
    SubjectIds,
    EntityKind,
    EntityId,
    Detail,
    Digests,
    RequestId,
    SourceIp,
    Leaf,
}
