//! A transaction bound to one clinic.
//!
//! It runs statements made by the query builder only; raw SQL is refused. Every statement is expected to bind `tenant_id` itself;
//! row-level security is the second wall.

use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{DateTime, Utc};
use domain::{PatientId, StaffId, TenantId};
use sea_orm::sea_query::{self, Expr, ExprTrait, Query};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, Iden, QueryResult, RuntimeErr, Statement, StatementBuilder, Values};
use sea_query_sqlx::SqlxValues;
use sqlx::postgres::PgArguments;
use sqlx::{AssertSqlSafe, IntoArguments, Postgres, Transaction};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::audit::{Audit, AuditEvent, ContentDigest};
use crate::keys::{Envelope, Keyring};
use crate::pool::Witness;
use crate::standing::Standing;
use crate::{Error, RequestMeta, Role};

/// Who acts: a person with a role in force, a person still signing in, or the product itself (worker, command line).
#[derive(Clone, Copy, Debug)]
pub(crate) enum Actor {
    Staff(StaffId, Role),
    SigningIn(StaffId),
    System,
    /// A patient with a link of their own; see `patient_link`.
    Patient,
    /// A machine of the clinic; see `device_key`.
    Device,
}

#[derive(Debug)]
pub struct TenantTx {
    inner: Mutex<Transaction<'static, Postgres>>,
    tenant_id: TenantId,
    actor: Actor,
    meta: RequestMeta,
    now: DateTime<Utc>,
    digests: std::sync::Mutex<Vec<ContentDigest>>,
    /// Charts found to be of one person.
    merged: std::sync::Mutex<Vec<Vec<PatientId>>>,
    statements: AtomicU32,
    keyring: Option<Keyring>,
    witness: Option<Witness>,
    /// Present while nothing can be written.
    read_only: Option<Standing>,
}

impl TenantTx {
    pub(crate) fn new(
        inner: Transaction<'static, Postgres>,
        tenant_id: TenantId,
        actor: Actor,
        meta: RequestMeta,
        now: DateTime<Utc>,
        keyring: Option<Keyring>,
    ) -> Self {
        let (digests, merged, statements) = Default::default();
        Self { inner: Mutex::new(inner), tenant_id, actor, meta, now, digests, merged, statements, keyring, witness: None, read_only: None }
    }

    pub(crate) fn with_witness(mut self, witness: Option<Witness>) -> Self {
        self.witness = witness;
        self
    }

    /// Views of this transaction go aside; everything else is refused.
    pub(crate) fn read_only(mut self, standing: Standing) -> Self {
        self.read_only = Some(standing);
        self
    }

    pub fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    /// The person acting; the nil id when the product acts by itself.
    pub fn actor(&self) -> StaffId {
        match self.actor {
            Actor::Staff(id, _) | Actor::SigningIn(id) => id,
            Actor::System | Actor::Patient | Actor::Device => StaffId::new(Uuid::nil()),
        }
    }

    /// The moment the transaction began, in microseconds.
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// A fresh UUIDv7.
    pub fn new_id(&self) -> Uuid {
        crate::versioned::new_id(self.now)
    }

    /// Statements run so far, without BEGIN and COMMIT.
    pub fn statements(&self) -> u32 {
        self.statements.load(Ordering::Relaxed)
    }

    /// Seals a value under the clinic's key, for one purpose.
    pub async fn seal(&self, purpose: &str, plaintext: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(self.keyring()?.seal(self, purpose, plaintext).await?.to_bytes())
    }

    /// Opens what [`TenantTx::seal`] made in the same clinic for the same purpose.
    pub async fn open(&self, purpose: &str, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(self.keyring()?.open(self, purpose, &Envelope::from_bytes(sealed)?).await?)
    }

    /// The keys this transaction seals with.
    pub fn keyring(&self) -> Result<&Keyring, Error> {
        self.keyring.as_ref().ok_or_else(|| Error::internal("this pool was made without keys"))
    }

    pub(crate) fn note_digest(&self, digest: ContentDigest) {
        match self.digests.lock() {
            Ok(mut list) => list.push(digest),
            Err(poisoned) => poisoned.into_inner().push(digest),
        }
    }

    /// These charts were merged into one and are read together: the audit event that names the survivor names each of them. The
    /// survivor comes first.
    pub fn reads_together(&self, charts: &[PatientId]) {
        if charts.len() > 1 {
            self.merged.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(charts.to_vec());
        }
    }

    /// Names one act: the key the page drew, who sends it, and everything that was sent (`request`: target, token and content, in any
    /// stable text form). The same key with other content is another act, so nothing typed is ever answered with somebody else's
    /// result; only the hash is kept.
    pub fn act_key(&self, key: Uuid, act: &'static str, request: &str) -> ActKey {
        let named = format!("{act}\0{key}\0{}\0{request}", self.actor());
        let mut id = [0; 16];
        id.copy_from_slice(&crate::versioned::sha256(named.as_bytes())[..16]);
        ActKey { id: uuid::Builder::from_custom_bytes(id).into_uuid(), act }
    }

    /// The answer already given to this very act, if it was done before.
    pub async fn idempotent(&self, key: ActKey) -> Result<Option<serde_json::Value>, Error> {
        let query = Query::select()
            .column(IdempotencyKey::Outcome)
            .from(IdempotencyKey::Table)
            .and_where(Expr::col(IdempotencyKey::TenantId).eq(self.tenant_id.as_uuid()))
            .and_where(Expr::col(IdempotencyKey::Id).eq(key.id))
            .and_where(Expr::col(IdempotencyKey::Act).eq(key.act))
            .take();
        let row = self.query_one(&query).await?;
        row.map(|r| r.try_get("", "outcome").map_err(Error::from)).transpose()
    }

    /// Keeps the answer of an act. A second writer of the same act gets [`Error::Duplicate`] and rolls back.
    pub async fn remember(&self, key: ActKey, outcome: serde_json::Value) -> Result<(), Error> {
        let query = Query::insert()
            .into_table(IdempotencyKey::Table)
            .columns([
                IdempotencyKey::TenantId,
                IdempotencyKey::Id,
                IdempotencyKey::Act,
                IdempotencyKey::Outcome,
                IdempotencyKey::RecordedAt,
            ])
            .values_panic([self.tenant_id.as_uuid().into(), key.id.into(), key.act.into(), outcome.into(), self.now.into()])
            .take();
        self.execute(&query).await?;
        Ok(())
    }

    /// Writes the audit event and commits; nothing before this moment may be told to the user.
    pub async fn commit(self, audit: Audit) -> Result<Receipt, Error> {
        if self.read_only.is_some() && !audit.is_view() {
            return Err(Error::ReadOnly);
        }
        let digests = self.digests.lock().map(|mut d| std::mem::take(&mut *d)).unwrap_or_default();
        let actor = match self.actor {
            Actor::Staff(id, role) => (Some(id), role.code()),
            Actor::SigningIn(id) => (Some(id), "signing_in"),
            Actor::System => (None, "system"),
            Actor::Patient => (None, "patient"),
            Actor::Device => (None, "device"),
        };
        let merged = self.merged.lock().map(|mut m| std::mem::take(&mut *m)).unwrap_or_default();
        let event =
            merged.iter().fold(audit, |audit, charts| audit.along_with(charts)).event(self.tenant_id, actor, &self.meta, self.now, digests);
        if let Some(standing) = &self.read_only {
            // Nobody sees what nobody can record.
            standing.spool.as_ref().ok_or(Error::ReadOnly)?.append(&event).await?;
        } else {
            self.execute(&event.insert()).await?;
        }
        let statements = self.statements();
        self.inner.into_inner().commit().await?;
        if let Some(witness) = self.witness.filter(|_| !event.digests.is_empty()) {
            witness.tell(self.tenant_id, &event.digests);
        }
        Ok(Receipt { subjects: event.into_subjects(), statements })
    }

    pub(crate) fn is_read_only(&self) -> bool {
        self.read_only.is_some()
    }

    /// For what is nobody's act: a machine's sign of life.
    pub(crate) async fn commit_sign_of_life(self) -> Result<(), Error> {
        Ok(self.inner.into_inner().commit().await?)
    }

    /// An event born while nothing could be written; false when the log has it already.
    pub(crate) async fn commit_spooled(self, event: &AuditEvent) -> Result<bool, Error> {
        let query = Query::select()
            .column("id")
            .from("audit_event")
            .and_where(Expr::col("tenant_id").eq(self.tenant_id.as_uuid()))
            .and_where(Expr::col("id").eq(event.id))
            .take();
        if self.query_one(&query).await?.is_some() {
            return Ok(false);
        }
        self.execute(&event.insert()).await?;
        self.inner.into_inner().commit().await?;
        Ok(true)
    }

    async fn run<T>(
        &self,
        statement: Statement,
        how: impl AsyncFnOnce(&mut sqlx::PgConnection, AssertSqlSafe<String>, PgArguments) -> Result<T, sqlx::Error>,
    ) -> Result<T, DbErr> {
        self.statements.fetch_add(1, Ordering::Relaxed);
        let arguments = SqlxValues(statement.values.unwrap_or(Values(vec![]))).into_arguments();
        let mut tx = self.inner.lock().await;
        how(&mut tx, AssertSqlSafe(statement.sql), arguments).await.map_err(|e| DbErr::Exec(RuntimeErr::SqlxError(e.into())))
    }
}

/// One act of one person, see [`TenantTx::act_key`].
#[derive(Clone, Copy, Debug)]
pub struct ActKey {
    id: Uuid,
    act: &'static str,
}

/// Proof that what was read or done is in the audit log, and about whom.
#[derive(Debug)]
pub struct Receipt {
    subjects: Vec<PatientId>,
    statements: u32,
}

impl Receipt {
    pub fn covers(&self, patient: PatientId) -> bool {
        self.subjects.contains(&patient)
    }

    /// Statements the act took, for the query budgets.
    pub fn statements(&self) -> u32 {
        self.statements
    }
}

#[derive(Iden)]
enum IdempotencyKey {
    Table,
    TenantId,
    Id,
    Act,
    Outcome,
    RecordedAt,
}

fn raw_refused<T>() -> Result<T, DbErr> {
    Err(DbErr::Custom("raw SQL is not run on a clinic's transaction; use the query builder".into()))
}

#[async_trait::async_trait]
impl ConnectionTrait for TenantTx {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Postgres
    }

    async fn execute_raw(&self, _: Statement) -> Result<ExecResult, DbErr> {
        raw_refused()
    }

    async fn execute_unprepared(&self, _: &str) -> Result<ExecResult, DbErr> {
        raw_refused()
    }

    async fn query_one_raw(&self, _: Statement) -> Result<Option<QueryResult>, DbErr> {
        raw_refused()
    }

    async fn query_all_raw(&self, _: Statement) -> Result<Vec<QueryResult>, DbErr> {
        raw_refused()
    }

    async fn execute<S: StatementBuilder>(&self, s: &S) -> Result<ExecResult, DbErr> {
        let statement = s.build(&DbBackend::Postgres);
        self.run(statement, async |c, sql, args| sqlx::query_with(sql, args).execute(c).await.map(Into::into)).await
    }

    async fn query_one<S: StatementBuilder>(&self, s: &S) -> Result<Option<QueryResult>, DbErr> {
        let statement = s.build(&DbBackend::Postgres);
        self.run(statement, async |c, sql, args| Ok(sqlx::query_with(sql, args).fetch_optional(c).await?.map(Into::into))).await
    }

    async fn query_all<S: StatementBuilder>(&self, s: &S) -> Result<Vec<QueryResult>, DbErr> {
        let statement = s.build(&DbBackend::Postgres);
        self.run(statement, async |c, sql, args| Ok(sqlx::query_with(sql, args).fetch_all(c).await?.into_iter().map(Into::into).collect()))
            .await
    }
}
