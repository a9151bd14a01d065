//! People of a clinic and what they sign in with. Password and PIN hashes are not clinical content and stay out of the history.

use chrono::TimeDelta;
use sea_orm::entity::prelude::*;
use serde::Serialize;

/// How long an initial password waits for its person.
pub const INITIAL_PASSWORD_DAYS: i64 = 30;

#[allow(clippy::module_inception)] // the entity is named by its table, like the others here
pub mod staff {
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
    #[sea_orm(table_name = "staff")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub version: i32,
        pub recorded_at: DateTimeUtc,
        pub author_id: Uuid,
        pub entered_by_id: Uuid,
        pub status: String,
        pub digest: Vec<u8>,
        pub login_id: String,
        pub name: String,
        pub name_kana: String,
        pub license_no: String,
        pub password_hash: String,
        pub password_changed_at: DateTimeUtc,
        pub must_change_password: bool,
        pub pin_hash: Option<String>,
        pub valid_from: Date,
        pub valid_to: Option<Date>,
        /// 麻薬施用者免許番号; empty for those who hold none
        pub narcotic_license: String,
        /// Its last day.
        pub narcotic_license_to: Option<Date>,
        /// 診療科, as it stands on this person's 処方箋; empty for most.
        pub department: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    crate::versioned!(Model, ActiveModel, "staff", derived = [password_hash, password_changed_at, must_change_password, pin_hash]);

    impl Model {
        /// Employment dates decide; a leaver cannot sign in from the day after (GL-08).
        pub fn is_valid_on(&self, day: Date) -> bool {
            self.status == "active" && self.valid_from <= day && self.valid_to.is_none_or(|to| day <= to)
        }

        /// A slip of paper with an initial password on it opens the door for so long and no longer.
        pub fn initial_password_has_expired(&self, now: DateTimeUtc) -> bool {
            self.must_change_password && now - self.password_changed_at > TimeDelta::days(INITIAL_PASSWORD_DAYS)
        }
    }
}

macro_rules! plain_entity {
    ($module:ident, $table:literal, { $($field:ident: $type:ty),* $(,)? }) => {
        pub mod $module {
            use super::*;

            #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
            #[sea_orm(table_name = $table)]
            pub struct Model {
                #[sea_orm(primary_key, auto_increment = false)]
                pub tenant_id: Uuid,
                #[sea_orm(primary_key, auto_increment = false)]
                pub id: Uuid,
                $(pub $field: $type),*
            }

            #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
            pub enum Relation {}

            impl ActiveModelBehavior for ActiveModel {}
        }
    };
}

plain_entity!(staff_role, "staff_role", { staff_id: Uuid, role: String });
plain_entity!(staff_totp, "staff_totp", {
    staff_id: Uuid,
    secret_encrypted: Vec<u8>,
    key_version: i32,
    confirmed_at: Option<DateTimeUtc>,
    last_step: i64,
});
plain_entity!(staff_passkey, "staff_passkey", {
    staff_id: Uuid,
    label: String,
    credential_id: String,
    credential: Json,
    created_at: DateTimeUtc,
    last_used_at: Option<DateTimeUtc>,
});
plain_entity!(staff_recovery_code, "staff_recovery_code", { staff_id: Uuid, code_hash: Vec<u8>, used_at: Option<DateTimeUtc> });
plain_entity!(place, "place", { name: String, kind: String, retired_at: Option<DateTimeUtc>, version: i32 });

pub mod tenant {
    use super::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "tenant")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub code: String,
        pub name: String,
        pub kind: String,
        pub institution_code: String,
        pub postal_code: String,
        pub address: String,
        pub tel: String,
        pub idle_lock_s: i32,
        pub reception_idle_lock_s: i32,
        pub day_boundary_min: i32,
        pub source_allow_list: Vec<String>,
        pub created_at: DateTimeUtc,
        pub settings_version: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
