//! Who is asking, and through which request.

use chrono::NaiveDate;
use domain::{PlaceId, Role, StaffId, TenantId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::standing::Standing;

/// A signed-in person in one clinic, at one place, with one role in force. Lives in the session record.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Principal {
    pub tenant_id: TenantId,
    pub tenant_code: String,
    pub tenant_name: String,
    pub is_hospital: bool,
    /// 都道府県, the first two digits of 医療機関コード.
    #[serde(default)]
    pub prefecture: String,
    pub staff_id: StaffId,
    pub staff_name: String,
    pub roles: Vec<Role>,
    pub role: Role,
    pub place_id: Option<PlaceId>,
    pub place_name: String,
    pub idle_lock_s: u32,
    pub day_boundary_min: u32,
    pub source_allow_list: Vec<String>,
    /// The last day the person may work here (GL-05); None for no end.
    #[serde(default)]
    pub valid_to: Option<NaiveDate>,
    /// Other sessions of the same person at the moment of sign-in (GL-01).
    pub other_sessions: u32,
    pub device_id: Uuid,
    /// When the person last proved themselves with more than a PIN; seconds since 1970, 0 for never in this session.
    pub proved_at: i64,
    /// How the product stands at this request; not part of the session.
    #[serde(skip)]
    pub standing: Standing,
}

/// What the audit log keeps about the request itself.
#[derive(Clone, Debug)]
pub struct RequestMeta {
    pub request_id: Uuid,
    pub source_ip: String,
}

impl RequestMeta {
    /// For work nobody asked for through the web: jobs and the command line.
    pub fn local(request_id: Uuid) -> Self {
        Self { request_id, source_ip: "local".into() }
    }
}
