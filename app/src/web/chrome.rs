//! What surrounds every signed-in page: where one can go, who is working where, which partner is in trouble.

use std::sync::atomic::{AtomicBool, Ordering};

use domain::Role;
use tenancy::{
    Principal,
    permission::{
        AppointmentRead, AuditRead, BillingWrite, ClinicManage, EncounterRead, NoteApprove, OrderRead, PatientRead, Permission, Right,
    },
};

use crate::modes;

/// The places of the header. A page says which one it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nav {
    Today,
    Appointments,
    Billing,
    Patients,
    /// 未確認の結果
    Results,
    Approvals,
    Audit,
    Clinic,
    /// The person's own pages; reached by the name at the right.
    Account,
}

impl Nav {
    const BAR: [Self; 8] =
        [Self::Today, Self::Appointments, Self::Billing, Self::Patients, Self::Results, Self::Approvals, Self::Audit, Self::Clinic];

    pub const fn href(self) -> &'static str {
        match self {
            Self::Today => "/board",
            Self::Appointments => "/appointments",
            Self::Billing => "/billing",
            Self::Patients => "/patients",
            Self::Results => "/results",
            Self::Approvals => "/notes/pending",
            Self::Audit => "/audit",
            Self::Clinic => "/clinic",
            Self::Account => "/account",
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::Today => "本日の受付",
            Self::Appointments => "予約",
            Self::Billing => "会計",
            Self::Patients => "患者",
            Self::Results => "結果",
            Self::Approvals => "未確定・承認待ち",
            Self::Audit => "操作履歴",
            Self::Clinic => "設定",
            Self::Account => "自分の設定",
        }
    }

    /// The right the page behind it asks for.
    const fn right(self) -> Option<&'static Right> {
        match self {
            Self::Today => Some(EncounterRead::RIGHT),
            Self::Appointments => Some(AppointmentRead::RIGHT),
            Self::Billing => Some(BillingWrite::RIGHT),
            Self::Patients => Some(PatientRead::RIGHT),
            Self::Results => Some(OrderRead::RIGHT),
            Self::Approvals => Some(NoteApprove::RIGHT),
            Self::Audit => Some(AuditRead::RIGHT),
            Self::Clinic => Some(ClinicManage::RIGHT),
            Self::Account => None,
        }
    }

    fn is_open_to(self, role: Role) -> bool {
        self.right().is_none_or(|right| right.allows(role))
    }
}

#[derive(Debug, Clone)]
pub struct NavEntry {
    pub href: &'static str,
    pub label: &'static str,
    pub current: bool,
    /// Shown as a red number when above zero.
    pub count: u32,
}

/// One partner that does not answer: 「電子処方箋 停止中・後処理 2件」.
#[derive(Debug, Clone)]
pub struct ServiceChip {
    /// `degraded` or `offline`
    pub mode: &'static str,
    pub text: String,
    /// 後処理, for those who may open it.
    pub href: Option<&'static str>,
}

/// A line across the page that stays until its cause is gone.
#[derive(Debug, Clone)]
pub struct SystemNotice {
    /// `warn` or `stop`
    pub kind: &'static str,
    pub title: String,
    pub detail: String,
}

#[derive(Debug, Clone)]
pub struct Chrome {
    pub clinic: String,
    pub staff: String,
    pub role: &'static str,
    pub place: String,
    pub nav: Vec<NavEntry>,
    pub services: Vec<ServiceChip>,
    pub notices: Vec<SystemNotice>,
    /// Clinic and person, as ids: under this name the browser keeps unsent text.
    pub draft_scope: String,
    pub idle_lock_s: u32,
}

/// Set once at start where no object store is configured; every page then says so.
static BACKUPS_OFF: AtomicBool = AtomicBool::new(false);

pub fn announce_backups_off() {
    BACKUPS_OFF.store(true, Ordering::Relaxed);
}

impl Chrome {
    pub fn of(principal: &Principal, here: Nav) -> Self {
        let chrome = Self::standing_now(principal, here);
        if BACKUPS_OFF.load(Ordering::Relaxed) { chrome.with_backup_off() } else { chrome }
    }

    fn standing_now(principal: &Principal, here: Nav) -> Self {
        let now = principal.standing.snapshot();
        let entry = |place: Nav| NavEntry { href: place.href(), label: place.label(), current: place == here, count: 0 };
        Self {
            clinic: principal.tenant_name.clone(),
            staff: principal.staff_name.clone(),
            role: principal.role.label(),
            place: principal.place_name.clone(),
            nav: Nav::BAR.into_iter().filter(|place| place.is_open_to(principal.role)).map(entry).collect(),
            services: modes::chips(principal, &now),
            notices: modes::notices(principal, &now),
            draft_scope: format!("{}/{}", principal.tenant_id, principal.staff_id),
            idle_lock_s: principal.idle_lock_s,
        }
    }

    /// A number on one of the places, such as notes waiting for approval.
    #[must_use]
    pub fn with_count(mut self, place: Nav, count: u32) -> Self {
        for entry in self.nav.iter_mut().filter(|entry| entry.href == place.href()) {
            entry.count = count;
        }
        self
    }

    /// Said on every page while nothing is copied away (BK-01).
    #[must_use]
    pub fn with_backup_off(mut self) -> Self {
        self.notices.push(SystemNotice {
            kind: "warn",
            title: "控えが取られていません。".into(),
            detail: "保管先につながっていないため、記録はこの装置の中だけにあります。".into(),
        });
        self
    }
}

#[cfg(test)]
impl Chrome {
    pub fn sample(here: Nav) -> Self {
        Self::of(&tests::principal(Role::Doctor), here).with_count(Nav::Approvals, 3)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use domain::{StaffId, TenantId};
    use uuid::Uuid;

    pub fn principal(role: Role) -> Principal {
        Principal {
            tenant_id: TenantId::new(Uuid::from_u128(1)),
            tenant_code: "ainosato".into(),
            tenant_name: "藍の里内科クリニック".into(),
            is_hospital: false,
            prefecture: "13".into(),
            staff_id: StaffId::new(Uuid::from_u128(2)),
            staff_name: "山﨑 理恵".into(),
            roles: vec![role],
            role,
            place_id: None,
            place_name: "診察室1".into(),
            idle_lock_s: 600,
            day_boundary_min: 240,
            source_allow_list: Vec::new(),
            valid_to: None,
            other_sessions: 0,
            device_id: Uuid::from_u128(3),
            proved_at: 0,
            standing: Default::default(),
        }
    }

    /// GL-06: nobody is shown a door that will not open.
    #[test]
    fn the_bar_holds_only_what_the_role_may_open() {
        let places = |role| Chrome::of(&principal(role), Nav::Today).nav.iter().map(|entry| entry.href).collect::<Vec<_>>();
        assert_eq!(places(Role::Clerk), ["/board", "/appointments", "/billing", "/patients"]);
        assert_eq!(places(Role::Doctor), ["/board", "/appointments", "/patients", "/results", "/notes/pending"]);
        assert_eq!(places(Role::ClinicAdmin), ["/board", "/appointments", "/billing", "/patients", "/audit", "/clinic"]);
    }

    #[test]
    fn one_entry_is_current() {
        let chrome = Chrome::sample(Nav::Patients);
        assert_eq!(chrome.nav.iter().filter(|entry| entry.current).map(|entry| entry.href).collect::<Vec<_>>(), ["/patients"]);
    }
}
