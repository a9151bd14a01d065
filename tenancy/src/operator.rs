//! The rare paths that look across clinics: the worker's duties and onboarding. They use the role `tsumugi_operator`, which has no
//! clinical column, and never a request's pool.

use chrono::{DateTime, Utc};
use domain::TenantId;
use sqlx::{PgPool, Row};
use uuid::Uuid;

use crate::pool::lazy_pool;
use crate::tx::Actor;
use crate::{Clock, Error, RequestMeta, TenantPool, TenantTx};

#[derive(Clone)]
pub struct Operator {
    pool: PgPool,
    tenants: TenantPool,
}

/// A clinic as the operator sees it: no people, no counts.
#[derive(Clone, Debug)]
pub struct TenantEntry {
    pub id: TenantId,
    pub code: String,
    pub name: String,
}

/// What a new clinic needs before its first sign-in.
#[derive(Clone, Debug)]
pub struct NewTenant {
    pub code: String,
    pub name: String,
    /// `clinic` or `hospital`.
    pub kind: String,
    /// 医療機関コード, ten digits: 都道府県2 + 点数表1 + 医療機関7.
    pub institution_code: String,
    pub postal_code: String,
    pub address: String,
    pub tel: String,
}

impl Operator {
    pub fn new(operator_url: &str, tenants: TenantPool) -> Result<Self, Error> {
        Ok(Self { pool: lazy_pool(operator_url, 4)?, tenants })
    }

    /// For this crate's own cross-clinic statements (sealing, leases, masters).
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    pub fn tenants(&self) -> &TenantPool {
        &self.tenants
    }

    pub fn clock(&self) -> &Clock {
        self.tenants.clock()
    }

    pub async fn list_tenants(&self) -> Result<Vec<TenantEntry>, Error> {
        let rows = sqlx::query("SELECT id, code, name FROM tenant ORDER BY code").fetch_all(&self.pool).await?;
        rows.into_iter()
            .map(|r| Ok(TenantEntry { id: TenantId::new(r.try_get("id")?), code: r.try_get("code")?, name: r.try_get("name")? }))
            .collect()
    }

    pub async fn find_tenant(&self, code: &str) -> Result<Option<TenantEntry>, Error> {
        Ok(self.list_tenants().await?.into_iter().find(|t| t.code == code))
    }

    pub async fn create_tenant(&self, new: &NewTenant) -> Result<TenantId, Error> {
        let now = self.clock().now();
        let id = crate::versioned::new_id(now);
        sqlx::query(
            "INSERT INTO tenant (id, code, name, kind, institution_code, postal_code, address, tel, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(id)
        .bind(&new.code)
        .bind(&new.name)
        .bind(&new.kind)
        .bind(&new.institution_code)
        .bind(&new.postal_code)
        .bind(&new.address)
        .bind(&new.tel)
        .bind(now)
        .execute(&self.pool)
        .await?;
        Ok(TenantId::new(id))
    }

    /// A clinic's transaction for a job or a command; the audit log names the product as the actor.
    pub async fn begin(&self, tenant: TenantId) -> Result<TenantTx, Error> {
        let meta = RequestMeta::local(crate::versioned::new_id(self.clock().now()));
        self.tenants.begin(tenant, Actor::System, meta).await
    }

    /// Takes or keeps the duty `name` until `until`. Two workers never hold one duty.
    pub async fn lease(&self, name: &str, holder: Uuid, until: DateTime<Utc>) -> Result<bool, Error> {
        let now = self.clock().now();
        let taken = sqlx::query(
            "INSERT INTO worker_lease (name, holder, until) VALUES ($1, $2, $3)
             ON CONFLICT (name) DO UPDATE SET holder = $2, until = $3 WHERE worker_lease.holder = $2 OR worker_lease.until < $4",
        )
        .bind(name)
        .bind(holder)
        .bind(until)
        .bind(now)
        .execute(&self.pool)
        .await?;
        Ok(taken.rows_affected() == 1)
    }
}
