//! Sign-in (S01): clinic code, user and password, then a second factor of another kind, then place and role.
//!
//! Between the steps the person is a [`Pending`]: it can prove more about itself and nothing else. Unknown clinics, unknown users,
//! leavers, wrong passwords and throttled accounts get the same answer after the same time.

use std::sync::Arc;
use std::time::Duration;

use domain::{PlaceId, Role, StaffId, TenantId};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use uuid::Uuid;

use crate::password::Hasher;
use crate::session::{PENDING_S, Sessions, Token};
use crate::staff::{place, staff, staff_passkey, staff_role, staff_totp, tenant};
use crate::throttle::Attempt;
use crate::tx::Actor;
use crate::{Act, Audit, Clock, Error, Gate, InfoClass, Outcome, Principal, RequestMeta, TenantTx};

/// Every refused password takes at least this long.
const UNIFORM_ANSWER: Duration = Duration::from_millis(400);
const PENDING: &str = "pending";

/// A person who has given a right password and is not signed in yet.
#[derive(Clone, Debug)]
pub struct Pending {
    inner: PendingRecord,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct PendingRecord {
    tenant_id: TenantId,
    staff_id: StaffId,
    account: String,
    tenant_code: String,
    login_id: String,
    staff_name: String,
    must_change_password: bool,
    has_totp: bool,
    has_passkey: bool,
    second_factor_passed: bool,
}

/// The step the person has to take next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    SecondFactor,
    NewPassword,
    Enrolment,
    Place,
}

impl Pending {
    pub fn step(&self) -> Step {
        let p = &self.inner;
        let enrolled = p.has_totp || p.has_passkey;
        match (enrolled, p.second_factor_passed, p.must_change_password) {
            (true, false, _) => Step::SecondFactor,
            (_, _, true) => Step::NewPassword,
            (false, _, false) => Step::Enrolment,
            (true, true, false) => Step::Place,
        }
    }

    pub fn tenant_id(&self) -> TenantId {
        self.inner.tenant_id
    }

    pub fn staff_id(&self) -> StaffId {
        self.inner.staff_id
    }

    pub fn tenant_code(&self) -> &str {
        &self.inner.tenant_code
    }

    pub fn login_id(&self) -> &str {
        &self.inner.login_id
    }

    pub fn staff_name(&self) -> &str {
        &self.inner.staff_name
    }

    pub fn has_totp(&self) -> bool {
        self.inner.has_totp
    }

    pub fn has_passkey(&self) -> bool {
        self.inner.has_passkey
    }
}

/// Everything a session needs to know about a person.
pub struct Profile {
    pub tenant: tenant::Model,
    pub staff: staff::Model,
    pub roles: Vec<Role>,
    pub places: Vec<place::Model>,
}

pub struct SignIn {
    gate: Gate,
    hasher: Arc<Hasher>,
}

/// What was typed, as typed.
pub struct Credentials<'a> {
    pub tenant_code: &'a str,
    pub login_id: &'a str,
    pub password: &'a str,
}

impl SignIn {
    pub fn new(gate: Gate) -> Result<Self, Error> {
        Ok(Self { gate, hasher: Hasher::new()?.into() })
    }

    /// The same through another thread's gate; hashing stays limited for the whole process.
    #[must_use]
    pub fn through(&self, gate: Gate) -> Self {
        Self { gate, hasher: self.hasher.clone() }
    }

    pub fn hasher(&self) -> &Hasher {
        &self.hasher
    }

    pub fn sessions(&self) -> &Sessions {
        &self.gate.sessions
    }

    pub(crate) fn gate(&self) -> &Gate {
        &self.gate
    }

    pub fn clock(&self) -> &Clock {
        self.gate.clock()
    }

    /// First step. `None` is the one refusal there is.
    pub async fn check_password(
        &self,
        given: Credentials<'_>,
        meta: &RequestMeta,
        ip: Option<std::net::IpAddr>,
    ) -> Result<Option<(Token, Pending)>, Error> {
        let started = tokio::time::Instant::now();
        let answer = self.try_password(given, meta, ip).await;
        if !matches!(answer, Ok(Some(_))) {
            tokio::time::sleep_until(started + UNIFORM_ANSWER).await;
        }
        answer
    }

    async fn try_password(
        &self,
        given: Credentials<'_>,
        meta: &RequestMeta,
        ip: Option<std::net::IpAddr>,
    ) -> Result<Option<(Token, Pending)>, Error> {
        let account = format!("{}/{}", given.tenant_code, given.login_id);
        let attempt = self.sessions().attempt(&account, &meta.source_ip).await?;
        let found = self.find_account(given.tenant_code, given.login_id).await?;
        let profile = match found {
            Some((tenant, Some(staff))) => Some(self.profile(tenant, staff, meta).await?),
            _ => None,
        };
        let matches = self.hasher.verify(given.password, profile.as_ref().map(|p| p.staff.password_hash.as_str())).await?;
        let (now, today) = (self.clock().now(), self.clock().today_jst());
        let admitted = profile
            .filter(|p| matches && p.staff.is_valid_on(today) && !p.staff.initial_password_has_expired(now))
            .filter(|p| crate::access::source_allowed(&p.tenant.source_allow_list, ip))
            .zip(attempt);
        let Some((profile, attempt)) = admitted else {
            self.record_refused(found, meta).await?;
            return Ok(None);
        };
        attempt.was_right().await?;
        let pending = self.pending_of(&profile, account, meta).await?;
        let passed = Audit::of(Act::SignIn, InfoClass::Account).entity("staff", pending.staff_id()).detail("step", "password");
        self.begin(&pending, meta).await?.commit(passed).await?;
        let token = self.sessions().park(PENDING, &pending.inner, PENDING_S).await?;
        Ok(Some((token, pending)))
    }

    async fn find_account(&self, code: &str, login: &str) -> Result<Option<(TenantId, Option<StaffId>)>, Error> {
        let row = sqlx::query("SELECT tenant_id, staff_id FROM find_sign_in($1, $2)")
            .bind(code)
            .bind(login)
            .fetch_optional(self.gate.pool.raw())
            .await?;
        row.map(|r| Ok((TenantId::new(r.try_get(0)?), r.try_get::<Option<Uuid>, _>(1)?.map(StaffId::new)))).transpose()
    }

    async fn record_refused(&self, found: Option<(TenantId, Option<StaffId>)>, meta: &RequestMeta) -> Result<(), Error> {
        let Some((tenant, staff)) = found else { return Ok(()) };
        let tx = self.gate.pool.begin(tenant, Actor::System, meta.clone()).await?;
        let mut audit = Audit::of(Act::SignIn, InfoClass::Account).outcome(Outcome::Refused);
        if let Some(staff) = staff {
            audit = audit.entity("staff", staff);
        }
        tx.commit(audit).await.map(drop)
    }

    async fn pending_of(&self, profile: &Profile, account: String, meta: &RequestMeta) -> Result<Pending, Error> {
        let tx = self.begin_as(TenantId::new(profile.tenant.id), StaffId::new(profile.staff.id), meta).await?;
        let totp = staff_totp::Entity::find()
            .filter(staff_totp::Column::TenantId.eq(profile.tenant.id))
            .filter(staff_totp::Column::StaffId.eq(profile.staff.id))
            .filter(staff_totp::Column::ConfirmedAt.is_not_null())
            .one(&tx)
            .await?;
        let passkey = staff_passkey::Entity::find()
            .filter(staff_passkey::Column::TenantId.eq(profile.tenant.id))
            .filter(staff_passkey::Column::StaffId.eq(profile.staff.id))
            .one(&tx)
            .await?;
        Ok(Pending {
            inner: PendingRecord {
                tenant_id: TenantId::new(profile.tenant.id),
                staff_id: StaffId::new(profile.staff.id),
                account,
                tenant_code: profile.tenant.code.clone(),
                login_id: profile.staff.login_id.clone(),
                staff_name: profile.staff.name.clone(),
                must_change_password: profile.staff.must_change_password,
                has_totp: totp.is_some(),
                has_passkey: passkey.is_some(),
                second_factor_passed: false,
            },
        })
    }

    pub async fn find_pending(&self, token: &Token) -> Result<Option<Pending>, Error> {
        Ok(self.sessions().parked(PENDING, token).await?.map(|inner| Pending { inner }))
    }

    /// First step by passkey instead of a password. The caller has verified the key with the person present and verified
    /// (both factors in one), and gives nobody an answer before that.
    pub async fn find_for_passkey(
        &self,
        tenant_code: &str,
        login_id: &str,
        meta: &RequestMeta,
        ip: Option<std::net::IpAddr>,
    ) -> Result<Option<Pending>, Error> {
        let Some((tenant, Some(staff))) = self.find_account(tenant_code, login_id).await? else { return Ok(None) };
        let profile = self.profile(tenant, staff, meta).await?;
        let admitted =
            profile.staff.is_valid_on(self.clock().today_jst()) && crate::access::source_allowed(&profile.tenant.source_allow_list, ip);
        if !admitted {
            return Ok(None);
        }
        self.pending_of(&profile, format!("{tenant_code}/{login_id}"), meta).await.map(Some)
    }

    /// Keeps a pending person between two requests.
    pub async fn park(&self, pending: &Pending) -> Result<Token, Error> {
        self.sessions().park(PENDING, &pending.inner, PENDING_S).await
    }

    /// A transaction in which the pending person proves or changes something about themselves.
    pub async fn begin(&self, pending: &Pending, meta: &RequestMeta) -> Result<TenantTx, Error> {
        self.begin_as(pending.tenant_id(), pending.staff_id(), meta).await
    }

    async fn begin_as(&self, tenant: TenantId, staff: StaffId, meta: &RequestMeta) -> Result<TenantTx, Error> {
        self.gate.pool.begin(tenant, Actor::SigningIn(staff), meta.clone()).await
    }

    /// Wrong second factors count like wrong passwords. `None` while the account is held back.
    pub async fn attempt_second_factor(&self, pending: &Pending, meta: &RequestMeta) -> Result<Option<Attempt>, Error> {
        self.sessions().attempt(&pending.inner.account, &meta.source_ip).await
    }

    pub async fn second_factor_failed(&self, pending: &Pending, meta: &RequestMeta) -> Result<(), Error> {
        let tx = self.begin(pending, meta).await?;
        let audit = Audit::of(Act::SignIn, InfoClass::Account).outcome(Outcome::Refused).entity("staff", pending.staff_id());
        tx.commit(audit.detail("step", "second_factor")).await.map(drop)
    }

    pub async fn second_factor_passed(&self, token: &Token, mut pending: Pending) -> Result<Pending, Error> {
        pending.inner.second_factor_passed = true;
        self.keep(token, pending).await
    }

    pub async fn password_changed(&self, token: &Token, mut pending: Pending) -> Result<Pending, Error> {
        pending.inner.must_change_password = false;
        self.keep(token, pending).await
    }

    /// Enrolling a factor in front of us also proves it.
    pub async fn enrolled_totp(&self, token: &Token, mut pending: Pending) -> Result<Pending, Error> {
        pending.inner.has_totp = true;
        pending.inner.second_factor_passed = true;
        self.keep(token, pending).await
    }

    pub async fn enrolled_passkey(&self, token: &Token, mut pending: Pending) -> Result<Pending, Error> {
        pending.inner.has_passkey = true;
        pending.inner.second_factor_passed = true;
        self.keep(token, pending).await
    }

    async fn keep(&self, token: &Token, pending: Pending) -> Result<Pending, Error> {
        self.sessions().park_under(PENDING, token, &pending.inner, PENDING_S).await?;
        Ok(pending)
    }

    pub async fn profile(&self, tenant_id: TenantId, staff_id: StaffId, meta: &RequestMeta) -> Result<Profile, Error> {
        let tx = self.begin_as(tenant_id, staff_id, meta).await?;
        read_profile(&tx, staff_id).await
    }

    /// Last step: the pending person becomes a signed-in one. Refused (`None`) while any step is open or for a role not held.
    pub async fn complete(
        &self,
        token: &Token,
        pending: Pending,
        role: Role,
        place: Option<PlaceId>,
        device_id: Uuid,
        meta: &RequestMeta,
    ) -> Result<Option<(Token, Principal)>, Error> {
        if pending.step() != Step::Place {
            return Ok(None);
        }
        self.sessions().take_parked::<PendingRecord>(PENDING, token).await?;
        self.sessions().forgive(&pending.inner.account).await?;
        let Some(mut principal) = self.principal(pending.tenant_id(), pending.staff_id(), role, place, device_id, meta).await? else {
            return Ok(None);
        };
        principal.proved_at = self.clock().now().timestamp();
        self.sessions().start(principal).await.map(Some)
    }

    /// The person as a session will know them; `None` for a role not held or a leaver.
    pub(crate) async fn principal(
        &self,
        tenant_id: TenantId,
        staff_id: StaffId,
        role: Role,
        place: Option<PlaceId>,
        device_id: Uuid,
        meta: &RequestMeta,
    ) -> Result<Option<Principal>, Error> {
        let tx = self.gate.pool.begin(tenant_id, Actor::Staff(staff_id, role), meta.clone()).await?;
        let profile = read_profile(&tx, staff_id).await?;
        if !profile.roles.contains(&role) || !profile.staff.is_valid_on(self.clock().today_jst()) {
            return Ok(None);
        }
        let place = place.and_then(|id| profile.places.iter().find(|p| p.id == id.as_uuid()));
        let principal = principal_of(&profile, role, place, device_id);
        tx.commit(Audit::of(Act::SignIn, InfoClass::Account).entity("staff", staff_id).detail("role", role.code())).await?;
        Ok(Some(principal))
    }
}

async fn read_profile(tx: &TenantTx, staff_id: StaffId) -> Result<Profile, Error> {
    let t = tx.tenant_id().as_uuid();
    let tenant = tenant::Entity::find().filter(tenant::Column::Id.eq(t)).one(tx).await?.ok_or(Error::NotFound)?;
    let staff = staff::Entity::find()
        .filter(staff::Column::TenantId.eq(t))
        .filter(staff::Column::Id.eq(staff_id.as_uuid()))
        .one(tx)
        .await?
        .ok_or(Error::NotFound)?;
    let roles = staff_role::Entity::find()
        .filter(staff_role::Column::TenantId.eq(t))
        .filter(staff_role::Column::StaffId.eq(staff_id.as_uuid()))
        .order_by_asc(staff_role::Column::Id)
        .all(tx)
        .await?;
    let places = place::Entity::find()
        .filter(place::Column::TenantId.eq(t))
        .filter(place::Column::RetiredAt.is_null())
        .order_by_asc(place::Column::Id)
        .all(tx)
        .await?;
    let roles = roles.iter().filter_map(|r| Role::from_code(&r.role)).collect();
    Ok(Profile { tenant, staff, roles, places })
}

fn principal_of(profile: &Profile, role: Role, place: Option<&place::Model>, device_id: Uuid) -> Principal {
    let t = &profile.tenant;
    let at_reception = place.is_some_and(|p| p.kind == "reception");
    let idle = if at_reception { t.reception_idle_lock_s } else { t.idle_lock_s };
    Principal {
        tenant_id: TenantId::new(t.id),
        tenant_code: t.code.clone(),
        tenant_name: t.name.clone(),
        is_hospital: t.kind == "hospital",
        prefecture: t.institution_code.chars().take(2).collect(),
        staff_id: StaffId::new(profile.staff.id),
        staff_name: profile.staff.name.clone(),
        roles: profile.roles.clone(),
        role,
        place_id: place.map(|p| PlaceId::new(p.id)),
        place_name: place.map(|p| p.name.clone()).unwrap_or_default(),
        idle_lock_s: idle.max(30).unsigned_abs(),
        day_boundary_min: t.day_boundary_min.max(0).unsigned_abs(),
        source_allow_list: t.source_allow_list.clone(),
        valid_to: profile.staff.valid_to,
        other_sessions: 0,
        device_id,
        proved_at: 0,
        standing: Default::default(),
    }
}
