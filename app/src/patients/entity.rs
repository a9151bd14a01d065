//! Rows of `patient`, the numbers it is also known by, and merges; and how a row becomes a domain value and back.

/// `patient`: the head row, current version.
pub mod patient {
    use domain::kana::Kana;
    use domain::name::HumanName;
    use domain::patient::{Demographics, Patient, PatientNumber, PatientStatus, PostalCode, Sex};
    use domain::patient_background::{Background, ContactWay, EmergencyContact};
    use domain::phone::Phone;
    use domain::{MergeId, PatientId};
    use sea_orm::entity::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Serialize, Deserialize)]
    #[sea_orm(table_name = "patient")]
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
        pub patient_number: String,
        pub name_ideographic: String,
        pub name_syllabic: String,
        pub alias_name: String,
        pub sex: String,
        pub birth_date: Date,
        pub postal_code: String,
        pub address: String,
        pub tel: String,
        pub mobile: String,
        pub email: String,
        pub language: String,
        pub note: String,
        pub deceased_on: Option<Date>,
        /// One on a line.
        pub emergency_contacts: String,
        pub household_head: String,
        pub household_relation: String,
        pub occupation: String,
        pub pharmacy: String,
        pub referrer: String,
        pub contact_ok: String,
        pub merged_into_id: Option<Uuid>,
        pub merge_id: Option<Uuid>,
        pub kana_key: String,
        pub kanji_key: String,
        pub tel_last4: String,
        pub mobile_last4: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    tenancy::versioned!(Model, ActiveModel, "patient", derived = [kana_key, kanji_key, tel_last4, mobile_last4]);

    pub const ACTIVE: &str = "active";
    pub const MERGED: &str = "merged";

    impl Model {
        /// A row not yet written; the versioned helper fills the head.
        pub fn new(id: Uuid, number: &PatientNumber, demographics: &Demographics) -> Self {
            let mut model = Self {
                tenant_id: Uuid::nil(),
                id,
                version: 0,
                recorded_at: DateTimeUtc::default(),
                author_id: Uuid::nil(),
                entered_by_id: Uuid::nil(),
                status: ACTIVE.to_owned(),
                digest: Vec::new(),
                patient_number: String::new(),
                name_ideographic: String::new(),
                name_syllabic: String::new(),
                alias_name: String::new(),
                sex: String::new(),
                birth_date: demographics.birth_date,
                postal_code: String::new(),
                address: String::new(),
                tel: String::new(),
                mobile: String::new(),
                email: String::new(),
                language: String::new(),
                note: String::new(),
                deceased_on: None,
                emergency_contacts: String::new(),
                household_head: String::new(),
                household_relation: String::new(),
                occupation: String::new(),
                pharmacy: String::new(),
                referrer: String::new(),
                contact_ok: String::new(),
                merged_into_id: None,
                merge_id: None,
                kana_key: String::new(),
                kanji_key: String::new(),
                tel_last4: String::new(),
                mobile_last4: String::new(),
            };
            model.state(number, demographics);
            model
        }

        /// Takes over what is stated, and the search columns that follow from it.
        pub fn state(&mut self, number: &PatientNumber, d: &Demographics) {
            let last4 = |phone: &Option<Phone>| phone.as_ref().map(Phone::last4).unwrap_or_default();
            let text = |phone: &Option<Phone>| phone.as_ref().map(ToString::to_string).unwrap_or_default();
            self.patient_number = number.to_string();
            self.name_ideographic = d.name.ideographic.clone();
            self.name_syllabic = d.name.syllabic.to_string();
            self.alias_name = d.alias_name.clone().unwrap_or_default();
            self.sex = d.sex.code().to_owned();
            self.birth_date = d.birth_date;
            self.postal_code = d.postal_code.as_ref().map(|code| code.as_str().to_owned()).unwrap_or_default();
            self.address = d.address.clone().unwrap_or_default();
            self.tel = text(&d.tel);
            self.mobile = text(&d.mobile);
            self.email = d.email.clone().unwrap_or_default();
            self.language = d.language.clone();
            self.note = d.note.clone().unwrap_or_default();
            self.deceased_on = d.deceased_on;
            let b = &d.background;
            self.emergency_contacts = EmergencyContact::lines(&b.emergency_contacts);
            self.household_head = b.household_head.clone().unwrap_or_default();
            self.household_relation = b.household_relation.clone().unwrap_or_default();
            self.occupation = b.occupation.clone().unwrap_or_default();
            self.pharmacy = b.pharmacy.clone().unwrap_or_default();
            self.referrer = b.referrer.clone().unwrap_or_default();
            self.contact_ok = ContactWay::codes(&b.contact_ok);
            self.kana_key = d.name.kana_key();
            self.kanji_key = d.name.kanji_key();
            self.tel_last4 = last4(&d.tel);
            self.mobile_last4 = last4(&d.mobile);
        }
    }

    /// Stored text was checked when it was written; a later, stricter rule must not lock a chart.
    impl From<Model> for Patient {
        fn from(m: Model) -> Self {
            let optional = |text: String| Some(text).filter(|text| !text.is_empty());
            Self {
                id: PatientId::new(m.id),
                version: m.version,
                status: if m.status == MERGED { PatientStatus::Merged } else { PatientStatus::Active },
                number: PatientNumber::stored(m.patient_number),
                demographics: Demographics {
                    name: HumanName { ideographic: m.name_ideographic, syllabic: Kana::stored(m.name_syllabic) },
                    alias_name: optional(m.alias_name),
                    sex: m.sex.parse().unwrap_or(Sex::Unknown),
                    birth_date: m.birth_date,
                    postal_code: optional(m.postal_code).map(PostalCode::stored),
                    address: optional(m.address),
                    tel: optional(m.tel).map(Phone::stored),
                    mobile: optional(m.mobile).map(Phone::stored),
                    email: optional(m.email),
                    language: m.language,
                    note: optional(m.note),
                    deceased_on: m.deceased_on,
                    background: Background {
                        emergency_contacts: EmergencyContact::parse_all(&m.emergency_contacts).unwrap_or_default(),
                        household_head: optional(m.household_head),
                        household_relation: optional(m.household_relation),
                        occupation: optional(m.occupation),
                        pharmacy: optional(m.pharmacy),
                        referrer: optional(m.referrer),
                        contact_ok: ContactWay::parse_all(&m.contact_ok),
                    },
                },
                merged_into: m.merged_into_id.map(PatientId::new),
                merge_id: m.merge_id.map(MergeId::new),
            }
        }
    }
}

/// `patient_alias`: numbers that still find the survivor of a merge.
pub mod patient_alias {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "patient_alias")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub patient_id: Uuid,
        pub patient_number: String,
        pub merge_id: Uuid,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// `patient_merge`: which chart went into which, and until when it can be taken back.
pub mod patient_merge {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "patient_merge")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub survivor_id: Uuid,
        pub merged_id: Uuid,
        pub merged_at: DateTimeUtc,
        pub merged_by_id: Uuid,
        pub undo_until: DateTimeUtc,
        pub undone_at: Option<DateTimeUtc>,
        pub undone_by_id: Option<Uuid>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
