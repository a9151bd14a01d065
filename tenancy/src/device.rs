//! Shared terminals: who has signed in fully on this device within the last twelve hours may come back with a PIN (S01).

use domain::{PlaceId, Role, StaffId, TenantId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::second_factor::{find_staff, verify_secret};
use crate::session::{ABSOLUTE_S, Token};
use crate::sign_in::SignIn;
use crate::staff::staff;
use crate::throttle::Attempt;
use crate::tx::Actor;
use crate::{Act, Audit, Error, InfoClass, Outcome, Principal, RequestMeta, TenantTx};

const DEVICE: &str = "device";

/// A person known to a device.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Known {
    pub tenant_id: TenantId,
    pub staff_id: StaffId,
    pub name: String,
    pub role: Role,
    /// Seconds since 1970, UTC.
    pub signed_in_at: i64,
}

impl SignIn {
    pub async fn known_on(&self, device: Uuid) -> Result<Vec<Known>, Error> {
        let known: Vec<Known> = self.sessions().parked(DEVICE, &device_token(device)).await?.unwrap_or_default();
        let oldest = self.clock().now().timestamp() - ABSOLUTE_S as i64;
        let forgotten = self.sessions().forgotten_at(known.iter().map(|k| (k.tenant_id, k.staff_id))).await?;
        let still = |(person, at): &(Known, Option<i64>)| person.signed_in_at > at.unwrap_or(i64::MIN).max(oldest);
        Ok(known.into_iter().zip(forgotten).filter(still).map(|(person, _)| person).collect())
    }

    /// Signs the person out everywhere: every session ends, and no device knows them any more.
    pub async fn end_everywhere(&self, tenant: TenantId, staff: StaffId) -> Result<(), Error> {
        self.sessions().end_all(tenant, staff).await?;
        self.sessions().forget_devices(tenant, staff, self.clock().now().timestamp()).await
    }

    /// After a full sign-in.
    pub async fn remember_on(&self, principal: &Principal) -> Result<(), Error> {
        let mut known = self.known_on(principal.device_id).await?;
        known.retain(|k| (k.tenant_id, k.staff_id) != (principal.tenant_id, principal.staff_id));
        known.insert(
            0,
            Known {
                tenant_id: principal.tenant_id,
                staff_id: principal.staff_id,
                name: principal.staff_name.clone(),
                role: principal.role,
                signed_in_at: self.clock().now().timestamp(),
            },
        );
        known.truncate(20);
        self.sessions().park_under(DEVICE, &device_token(principal.device_id), &known, ABSOLUTE_S).await
    }

    /// A person with an open but locked screen proves themselves with password or PIN.
    pub async fn unlock(&self, token: &Token, principal: &Principal, password: &str, pin: &str, meta: &RequestMeta) -> Result<bool, Error> {
        let opened = self.prove(principal.tenant_id, principal.staff_id, principal.role, password, pin, meta).await?;
        if opened {
            let proved_at = if pin.is_empty() { Some(self.clock().now().timestamp()) } else { None };
            self.sessions().unlock(token, proved_at).await?;
        }
        Ok(opened)
    }

    /// Swaps the user at a shared terminal. `None` when the device does not know the person or the PIN is wrong.
    pub async fn switch(
        &self,
        device: Uuid,
        tenant: TenantId,
        staff: StaffId,
        pin: &str,
        place: Option<PlaceId>,
        meta: &RequestMeta,
    ) -> Result<Option<(Token, Principal)>, Error> {
        let known = self.known_on(device).await?;
        let Some(person) = known.iter().find(|k| (k.tenant_id, k.staff_id) == (tenant, staff)) else { return Ok(None) };
        if pin.is_empty() || !self.prove(tenant, staff, person.role, "", pin, meta).await? {
            return Ok(None);
        }
        match self.principal(tenant, staff, person.role, place, device, meta).await? {
            Some(principal) => self.sessions().start(principal).await.map(Some),
            None => Ok(None),
        }
    }

    /// A transaction of somebody whose screen is locked, to prove themselves in.
    pub async fn begin_resuming(&self, principal: &Principal, meta: &RequestMeta) -> Result<TenantTx, Error> {
        self.gate().pool.begin(principal.tenant_id, Actor::Staff(principal.staff_id, principal.role), meta.clone()).await
    }

    /// Does a signed-in person know their password? Asked before they change what they sign in with.
    pub async fn knows_password(&self, who: &Principal, person: &staff::Model, password: &str, meta: &RequestMeta) -> Result<bool, Error> {
        self.tried(who.tenant_id, who.role, person, (password, ""), "password_change", meta).await
    }

    /// Counts a try of a signed-in person's second factor before an act that wants it fresh. `None` while they are held back.
    pub async fn attempt_again(&self, who: &Principal, meta: &RequestMeta) -> Result<Option<Attempt>, Error> {
        self.sessions().attempt(&again(who), &meta.source_ip).await
    }

    /// A wrong one is in the log, like a wrong one at the door.
    pub async fn refused_again(&self, who: &Principal, meta: &RequestMeta) -> Result<(), Error> {
        let audit = Audit::of(Act::SignIn, InfoClass::Account).outcome(Outcome::Refused).entity("staff", who.staff_id);
        self.begin_resuming(who, meta).await?.commit(audit.detail("step", "second_factor_again")).await.map(drop)
    }

    /// The right one ends the count.
    pub async fn accepted_again(&self, who: &Principal, attempt: Attempt) -> Result<(), Error> {
        attempt.was_right().await?;
        self.sessions().forgive(&again(who)).await
    }

    async fn prove(
        &self,
        tenant: TenantId,
        staff: StaffId,
        role: Role,
        password: &str,
        pin: &str,
        meta: &RequestMeta,
    ) -> Result<bool, Error> {
        let tx = self.gate().pool.begin(tenant, Actor::Staff(staff, role), meta.clone()).await?;
        let person = find_staff(&tx, staff).await?;
        drop(tx);
        self.tried(tenant, role, &person, (password, pin), "resume", meta).await
    }

    /// Throttled like a sign-in; both outcomes are audited.
    async fn tried(
        &self,
        tenant: TenantId,
        role: Role,
        person: &staff::Model,
        (password, pin): (&str, &str),
        step: &'static str,
        meta: &RequestMeta,
    ) -> Result<bool, Error> {
        let staff = StaffId::new(person.id);
        let account = format!("resume/{tenant}/{staff}");
        let Some(attempt) = self.sessions().attempt(&account, &meta.source_ip).await? else { return Ok(false) };
        let right = person.is_valid_on(self.clock().today_jst()) && verify_secret(self.hasher(), person, password, pin).await?;
        let outcome = if right { Outcome::Success } else { Outcome::Refused };
        let audit = Audit::of(Act::SignIn, InfoClass::Account).entity("staff", staff).outcome(outcome).detail("step", step);
        self.gate().pool.begin(tenant, Actor::Staff(staff, role), meta.clone()).await?.commit(audit).await?;
        if right {
            attempt.was_right().await?;
            self.sessions().forgive(&account).await?;
        }
        Ok(right)
    }
}

fn again(who: &Principal) -> String {
    format!("again/{}/{}", who.tenant_id, who.staff_id)
}

fn device_token(device: Uuid) -> Token {
    Token::from_cookie(&device.to_string())
}
