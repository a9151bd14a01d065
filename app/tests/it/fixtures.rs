//! Two clinics that look alike: the same staff, the same patient numbers and family names, so that a leak shows.

use std::sync::atomic::{AtomicU32, Ordering};

use chrono::NaiveDate;
use domain::{Role, StaffId, TenantId};
use sea_orm::{ActiveValue::Set, EntityTrait};
use tenancy::operator::NewTenant;
use tenancy::staff::{place, staff, staff_role};
use tenancy::{Act, Audit, Authorship, InfoClass, Principal, TenantTx, versioned};
use uuid::Uuid;

use crate::harness::{Client, Harness};

pub struct Clinic {
    pub id: TenantId,
    pub code: String,
    pub name: String,
    /// One person for each role, in the order of `Role::ALL`.
    pub staff: Vec<(Role, StaffId)>,
    pub place: Uuid,
}

pub const PASSWORD: &str = "Kagi-wo-kakeru-2026";

static NEXT: AtomicU32 = AtomicU32::new(1);

/// A clinic and its neighbour, new for this test.
pub async fn two_clinics(h: &Harness) -> (Clinic, Clinic) {
    (clinic(h).await, clinic(h).await)
}

/// The day of these clinics is the calendar's, so that tests pass at any hour; what a later boundary does has tests of its own.
pub const DAY_BOUNDARY_MIN: u32 = 0;

pub async fn clinic(h: &Harness) -> Clinic {
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    let operator = h.operator();
    let code = format!("it{n:04}");
    let name = format!("試験{n}内科");
    let new = NewTenant {
        code: code.clone(),
        name: name.clone(),
        kind: "clinic".into(),
        institution_code: format!("131{n:07}"),
        postal_code: "100-0000".into(),
        address: "東京都架空区1-2-3".into(),
        tel: "03-0000-0000".into(),
    };
    let id = operator.create_tenant(&new).await.unwrap();
    let midnight = "UPDATE tenant SET day_boundary_min = $2 WHERE id = $1";
    sqlx::query(midnight).bind(id.as_uuid()).bind(DAY_BOUNDARY_MIN as i32).execute(&mut h.superuser().await).await.unwrap();
    let tx = operator.begin(id).await.unwrap();
    let place = insert_place(&tx).await;
    let mut people = Vec::new();
    for role in Role::ALL {
        people.push((*role, insert_staff(&tx, *role).await));
    }
    tx.commit(Audit::of(Act::Manage, InfoClass::Staff)).await.unwrap();
    Clinic { id, code, name, staff: people, place }
}

async fn insert_place(tx: &TenantTx) -> Uuid {
    let id = tx.new_id();
    let row = place::ActiveModel {
        tenant_id: Set(tx.tenant_id().as_uuid()),
        id: Set(id),
        name: Set("診察室1".into()),
        kind: Set("exam".into()),
        retired_at: Set(None),
        version: Set(1),
    };
    place::Entity::insert(row).exec_without_returning(tx).await.unwrap();
    id
}

/// Hashed once for all tests: argon2 is slow on purpose.
async fn password_hash() -> String {
    static HASH: tokio::sync::OnceCell<String> = tokio::sync::OnceCell::const_new();
    HASH.get_or_init(|| async { tenancy::password::Hasher::new().unwrap().hash(PASSWORD).await.unwrap() }).await.clone()
}

async fn insert_staff(tx: &TenantTx, role: Role) -> StaffId {
    let id = tx.new_id();
    let model = staff::Model {
        tenant_id: Uuid::nil(),
        id,
        version: 0,
        recorded_at: tx.now(),
        author_id: Uuid::nil(),
        entered_by_id: Uuid::nil(),
        status: "active".into(),
        digest: vec![],
        login_id: role.code().into(),
        name: format!("髙橋 {}", role.label()),
        name_kana: "タカハシ シケン".into(),
        license_no: String::new(),
        password_hash: password_hash().await,
        password_changed_at: tx.now(),
        must_change_password: false,
        pin_hash: None,
        valid_from: NaiveDate::from_ymd_opt(2020, 4, 1).unwrap(),
        valid_to: None,
        narcotic_license: String::new(),
        narcotic_license_to: None,
        department: if role == Role::Doctor { "内科".into() } else { String::new() },
    };
    versioned::insert(tx, model, Authorship::own(tx)).await.unwrap();
    let row = staff_role::ActiveModel {
        tenant_id: Set(tx.tenant_id().as_uuid()),
        id: Set(tx.new_id()),
        staff_id: Set(id),
        role: Set(role.code().into()),
    };
    staff_role::Entity::insert(row).exec_without_returning(tx).await.unwrap();
    StaffId::new(id)
}

impl Clinic {
    pub fn staff_of(&self, role: Role) -> StaffId {
        self.staff.iter().find(|(r, _)| *r == role).unwrap().1
    }

    pub fn principal(&self, role: Role) -> Principal {
        Principal {
            tenant_id: self.id,
            tenant_code: self.code.clone(),
            tenant_name: self.name.clone(),
            is_hospital: false,
            prefecture: "13".into(),
            staff_id: self.staff_of(role),
            staff_name: format!("髙橋 {}", role.label()),
            roles: vec![role],
            role,
            place_id: None,
            place_name: "診察室1".into(),
            idle_lock_s: 600,
            day_boundary_min: DAY_BOUNDARY_MIN,
            source_allow_list: vec![],
            valid_to: None,
            other_sessions: 0,
            device_id: Uuid::nil(),
            proved_at: i64::MAX,
            standing: Default::default(),
        }
    }

    /// A signed-in client, without walking through the sign-in pages.
    pub async fn client(&self, h: &Harness, role: Role) -> Client {
        self.client_as(h, self.principal(role)).await
    }

    /// The same person where the facility is a hospital.
    pub async fn hospital_client(&self, h: &Harness, role: Role) -> Client {
        self.client_as(h, Principal { is_hospital: true, ..self.principal(role) }).await
    }

    pub async fn client_as(&self, h: &Harness, principal: Principal) -> Client {
        let (token, _) = h.sessions().start(principal).await.unwrap();
        Client::new(&h.url, Some(token.cookie_value()))
    }
}
