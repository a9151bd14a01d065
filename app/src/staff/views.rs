//! Pages of the slice.

use askama::Template;
use chrono::NaiveDate;
use domain::Role;

use super::forms::{ACTIVE, INACTIVE, box_of};
use super::store::Person;
use crate::web::{Chrome, FormState};

/// One person as a line.
#[derive(Debug, Clone)]
pub struct StaffRow {
    pub id: String,
    pub login_id: String,
    pub name: String,
    pub kana: String,
    pub roles: String,
    pub from: String,
    pub to: String,
    pub is_enrolled: bool,
    pub face: StaffFace,
}

/// Whether the person may sign in today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StaffFace {
    Working,
    NotYet,
    Left,
    Stopped,
}

impl StaffFace {
    fn of(person: &Person, today: NaiveDate) -> Self {
        let row = &person.row;
        match () {
            () if row.status != ACTIVE => Self::Stopped,
            () if row.is_valid_on(today) => Self::Working,
            () if today < row.valid_from => Self::NotYet,
            () => Self::Left,
        }
    }

    /// Tone, mark and word of the chip.
    pub fn parts(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Working => ("ok", "check", "在職"),
            Self::NotYet => ("plain", "clock", "開始前"),
            Self::Left => ("plain", "out", "退職"),
            Self::Stopped => ("stop", "off", "停止"),
        }
    }
}

impl StaffRow {
    pub fn of(person: &Person, is_enrolled: bool, today: NaiveDate) -> Self {
        let row = &person.row;
        Self {
            id: row.id.to_string(),
            login_id: row.login_id.clone(),
            name: row.name.clone(),
            kana: row.name_kana.clone(),
            roles: person.roles.iter().map(|role| role.label()).collect::<Vec<_>>().join("・"),
            from: row.valid_from.to_string(),
            to: row.valid_to.map(|day| day.to_string()).unwrap_or_default(),
            is_enrolled,
            face: StaffFace::of(person, today),
        }
    }
}

#[derive(Template)]
#[template(path = "staff/list.html")]
pub struct StaffListPage {
    pub chrome: Chrome,
    pub rows: Vec<StaffRow>,
}

#[derive(Template)]
#[template(path = "staff/new.html")]
pub struct StaffNewPage {
    pub chrome: Chrome,
    pub form: FormState,
}

#[derive(Template)]
#[template(path = "staff/show.html")]
pub struct StaffShowPage {
    pub chrome: Chrome,
    /// As stored.
    pub person: StaffRow,
    /// As typed.
    pub form: FormState,
    pub is_own: bool,
    /// Idempotency key of the new password.
    pub key: String,
    pub is_stale: bool,
    pub done: Option<&'static str>,
}

/// Shown once: the password is in no row and no later page.
#[derive(Template)]
#[template(path = "staff/password.html")]
pub struct PasswordPage {
    pub chrome: Chrome,
    pub tenant_code: String,
    pub login_id: String,
    pub name: String,
    pub password: String,
    pub is_new: bool,
}

crate::no_subjects!(StaffListPage, StaffNewPage, StaffShowPage, PasswordPage);

pub struct RoleBox {
    pub name: String,
    pub word: &'static str,
    pub is_on: bool,
}

fn boxes(form: &FormState) -> Vec<RoleBox> {
    let boxed = |role: &Role| RoleBox { name: box_of(*role), word: role.label(), is_on: !form.value(&box_of(*role)).is_empty() };
    Role::ALL.iter().map(boxed).collect()
}

impl StaffNewPage {
    fn boxes(&self) -> Vec<RoleBox> {
        boxes(&self.form)
    }
}

impl StaffShowPage {
    fn boxes(&self) -> Vec<RoleBox> {
        boxes(&self.form)
    }

    fn statuses(&self) -> [(&'static str, &'static str); 2] {
        [(ACTIVE, "使える"), (INACTIVE, "止める")]
    }
}

#[cfg(test)]
mod samples {
    use super::*;
    use crate::web::Nav;
    use crate::web::samples::{errors, show};

    fn row(face: StaffFace) -> StaffRow {
        StaffRow {
            id: "0190a2b4-7c3e-7d11-8a55-0123456789ab".into(),
            login_id: "r.yamazaki".into(),
            name: "渡邉﨑 龍之介・フランシスコ・デ・ラ・クルス".into(),
            kana: "ワタナベザキ リュウノスケ・フランシスコ".into(),
            roles: "医師・管理者".into(),
            from: "2020-04-01".into(),
            to: String::new(),
            is_enrolled: face == StaffFace::Working,
            face,
        }
    }

    fn person_page() -> StaffShowPage {
        StaffShowPage {
            chrome: Chrome::sample(Nav::Clinic),
            person: row(StaffFace::Working),
            form: FormState::default().set("name", "渡邉﨑 龍之介").set("role_doctor", "on").set("status", ACTIVE),
            is_own: false,
            key: "0190a2b4-7c3e-7d11-8a55-0123456789ac".into(),
            is_stale: false,
            done: Some("保存しました"),
        }
    }

    #[test]
    fn list() {
        let rows = [StaffFace::Working, StaffFace::NotYet, StaffFace::Left, StaffFace::Stopped].map(row).to_vec();
        show("staff", &StaffListPage { chrome: Chrome::sample(Nav::Clinic), rows });
    }

    #[test]
    fn person() {
        assert!(show("staff-show", &person_page()).contains("name=\"role_doctor\" value=\"on\" checked"));
        let wrong = errors(&[("name", "氏名を入れてください"), ("roles", "職種を一つ以上選んでください")]);
        let form = FormState::default().with_errors(wrong.clone());
        show("staff-stale", &StaffShowPage { form, is_stale: true, done: None, is_own: true, ..person_page() });
        show("staff-new", &StaffNewPage { chrome: Chrome::sample(Nav::Clinic), form: FormState::default().with_errors(wrong) });
    }

    #[test]
    fn password() {
        let page = PasswordPage {
            chrome: Chrome::sample(Nav::Clinic),
            tenant_code: "ainosato".into(),
            login_id: "r.yamazaki".into(),
            name: "渡邉﨑 龍之介".into(),
            password: "abcd-efgh-jkmn-pqrs".into(),
            is_new: true,
        };
        show("staff-password", &page);
    }
}
