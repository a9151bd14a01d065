//! 職種. A person may hold several; one is in force at a time (workflows S01).

use serde::{Deserialize, Serialize};

macro_rules! roles {
    ($($variant:ident $code:literal $label:literal)+) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Role { $($variant),+ }

        impl Role {
            pub const ALL: &'static [Role] = &[$(Role::$variant),+];

            pub const fn code(self) -> &'static str {
                match self { $(Role::$variant => $code),+ }
            }

            /// The ministry's word, as shown.
            pub const fn label(self) -> &'static str {
                match self { $(Role::$variant => $label),+ }
            }

            pub fn from_code(code: &str) -> Option<Role> {
                match code { $($code => Some(Role::$variant),)+ _ => None }
            }
        }
    };
}

roles! {
    Doctor "doctor" "医師"
    Nurse "nurse" "看護師"
    Clerk "clerk" "医療事務"
    Pharmacist "pharmacist" "薬剤師"
    LabTech "lab_tech" "検査技師"
    ClinicAdmin "clinic_admin" "管理者"
    DoctorAide "doctor_aide" "医師事務作業補助者"
}
