//! 患者の端末から開くリンク: a door without sign-in to one visit of one clinic, for whoever holds the token.
//!
//! The token names the clinic and carries 24 random bytes; only their hash is kept. It ends by time, after its one use, or after too
//! many wrong answers to the question that shows the holder is the patient. A token that is not good opens nothing and says nothing.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use domain::{EncounterId, PatientId, TenantId};
use sea_orm::sea_query::{self, Expr, ExprTrait, Query};
use sea_orm::{ConnectionTrait, Iden};
use uuid::Uuid;

use crate::tx::Actor;
use crate::versioned::sha256;
use crate::{Error, Gate, RequestMeta, TenantTx};

/// Wrong answers to the question of who one is, before the link closes.
pub const TRIES: i32 = 5;
const SECRET: usize = 24;

/// What stands in the address. Never logged: paths are not.
pub struct LinkToken {
    tenant_id: TenantId,
    secret: [u8; SECRET],
}

impl LinkToken {
    #[allow(clippy::disallowed_methods)] // secrets are drawn in this crate
    fn draw(tenant_id: TenantId) -> Self {
        let mut secret = [0; SECRET];
        rand::RngCore::fill_bytes(&mut rand::rng(), &mut secret);
        Self { tenant_id, secret }
    }

    /// `None` for anything that cannot be a token.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() == 16 + SECRET)?;
        let (tenant, secret) = bytes.split_at(16);
        Some(Self { tenant_id: TenantId::new(Uuid::from_slice(tenant).ok()?), secret: secret.try_into().ok()? })
    }

    pub fn text(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode([&self.tenant_id.as_uuid().as_bytes()[..], &self.secret[..]].concat())
    }

    fn hash(&self) -> Vec<u8> {
        sha256(&self.secret).to_vec()
    }
}

/// What a link opens; one for the one opens nothing of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkPurpose {
    /// 問診票
    Questionnaire,
    /// 待ち状況
    Waiting,
}

impl LinkPurpose {
    const fn code(self) -> &'static str {
        match self {
            Self::Questionnaire => "questionnaire",
            Self::Waiting => "waiting",
        }
    }
}

/// A good link, and whose visit it is.
#[derive(Debug, Clone)]
pub struct PatientLink {
    pub id: Uuid,
    pub encounter_id: EncounterId,
    pub patient_id: PatientId,
    pub tries: i32,
    /// Used already: nothing more is asked or shown.
    pub is_used: bool,
}

/// Makes a link for the visit, good for `lasts`.
pub async fn issue(
    tx: &TenantTx,
    encounter_id: EncounterId,
    patient_id: PatientId,
    lasts: TimeDelta,
    purpose: LinkPurpose,
) -> Result<LinkToken, Error> {
    let token = LinkToken::draw(tx.tenant_id());
    let query = Query::insert()
        .into_table(Link::Table)
        .columns([
            Link::TenantId,
            Link::Id,
            Link::EncounterId,
            Link::PatientId,
            Link::SecretSha256,
            Link::CreatedAt,
            Link::ExpiresAt,
            Link::Purpose,
        ])
        .values_panic([
            tx.tenant_id().as_uuid().into(),
            tx.new_id().into(),
            encounter_id.as_uuid().into(),
            patient_id.as_uuid().into(),
            token.hash().into(),
            tx.now().into(),
            (tx.now() + lasts).into(),
            purpose.code().into(),
        ])
        .take();
    tx.execute(&query).await?;
    Ok(token)
}

impl Gate {
    /// The clinic's transaction for the holder of a good token; `None` when it is unknown, over or closed.
    pub async fn begin_by_link(
        &self,
        token: &LinkToken,
        purpose: LinkPurpose,
        meta: RequestMeta,
    ) -> Result<Option<(TenantTx, PatientLink)>, Error> {
        let tx = self.pool().begin(token.tenant_id, Actor::Patient, meta).await?;
        let query = Query::select()
            .columns([Link::Id, Link::EncounterId, Link::PatientId, Link::Tries, Link::UsedAt])
            .from(Link::Table)
            .and_where(Expr::col(Link::TenantId).eq(token.tenant_id.as_uuid()))
            .and_where(Expr::col(Link::SecretSha256).eq(token.hash()))
            .and_where(Expr::col(Link::Purpose).eq(purpose.code()))
            .and_where(Expr::col(Link::ExpiresAt).gt(tx.now()))
            .and_where(Expr::col(Link::Tries).lt(TRIES))
            .take();
        let Some(row) = tx.query_one(&query).await? else { return Ok(None) };
        let link = PatientLink {
            id: row.try_get("", "id")?,
            encounter_id: EncounterId::new(row.try_get("", "encounter_id")?),
            patient_id: PatientId::new(row.try_get("", "patient_id")?),
            tries: row.try_get("", "tries")?,
            is_used: row.try_get::<Option<DateTime<Utc>>>("", "used_at")?.is_some(),
        };
        Ok(Some((tx, link)))
    }
}

impl PatientLink {
    /// The answer to who one is was wrong once more.
    pub async fn count_try(&self, tx: &TenantTx) -> Result<(), Error> {
        self.set(tx, Link::Tries, Expr::col(Link::Tries).add(1)).await.map(drop)
    }

    /// Its one use; `false` when another press was first.
    pub async fn use_up(&self, tx: &TenantTx) -> Result<bool, Error> {
        self.set(tx, Link::UsedAt, tx.now().into()).await
    }

    async fn set(&self, tx: &TenantTx, column: Link, value: sea_query::SimpleExpr) -> Result<bool, Error> {
        let query = Query::update()
            .table(Link::Table)
            .value(column, value)
            .and_where(Expr::col(Link::TenantId).eq(tx.tenant_id().as_uuid()))
            .and_where(Expr::col(Link::Id).eq(self.id))
            .and_where(Expr::col(Link::UsedAt).is_null())
            .take();
        Ok(tx.execute(&query).await?.rows_affected() == 1)
    }
}

#[derive(Iden)]
enum Link {
    #[iden = "patient_link"]
    Table,
    TenantId,
    Id,
    EncounterId,
    PatientId,
    SecretSha256,
    CreatedAt,
    ExpiresAt,
    Tries,
    UsedAt,
    Purpose,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_and_nothing_else_is_one() {
        let token = LinkToken::draw(TenantId::new(Uuid::from_u128(7)));
        let again = LinkToken::parse(&token.text()).unwrap();
        assert_eq!((again.tenant_id, again.secret), (token.tenant_id, token.secret));
        assert_ne!(LinkToken::draw(token.tenant_id).secret, token.secret);
        for text in ["", "a", &token.text()[1..], &format!("{}AAAA", token.text()), "あいうえお", "../../etc"] {
            assert!(LinkToken::parse(text).is_none(), "{text}");
        }
    }
}
