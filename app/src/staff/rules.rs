//! What an edit may not do to the clinic: leave it without a 管理者.

use chrono::NaiveDate;
use domain::{Role, StaffId};

use super::forms::Facts;
use super::store::Person;
use crate::web::FormErrors;

/// Reasons against turning `current` into `facts`, beside the fields they concern.
pub fn objections(everyone: &[Person], current: &Person, facts: &Facts, actor: StaffId, today: NaiveDate) -> FormErrors {
    let mut errors = FormErrors::default();
    let gives_up_admin = current.roles.contains(&Role::ClinicAdmin) && !facts.roles.contains(&Role::ClinicAdmin);
    let is_own = current.id() == actor;
    if is_own && gives_up_admin {
        errors.add("roles", "自分の「管理者」は外せません。ほかの管理者に頼んでください");
    }
    if is_own && !facts.is_valid_on(today) {
        let field = if facts.is_active { "valid_to" } else { "status" };
        errors.add(field, "自分を今日使えなくすることはできません。ほかの管理者に頼んでください");
    }
    let others = || everyone.iter().filter(|person| person.row.id != current.row.id).any(|other| is_lasting_admin(&other.facts(), today));
    if errors.is_empty() && is_lasting_admin(&current.facts(), today) && !is_lasting_admin(facts, today) && !others() {
        errors.add("roles", "管理者が一人もいなくなります。先に別の職員を管理者にしてください");
    }
    errors
}

/// A 管理者 today and with no last day: one such person is always left.
fn is_lasting_admin(facts: &Facts, today: NaiveDate) -> bool {
    facts.roles.contains(&Role::ClinicAdmin) && facts.is_valid_on(today) && facts.valid_to.is_none()
}

/// Whether what the person has open must close now: they are not here any more, or a 職種 they may be using is gone.
pub fn ends_sessions(current: &Person, facts: &Facts, today: NaiveDate) -> bool {
    !facts.is_valid_on(today) || current.roles.iter().any(|role| !facts.roles.contains(role))
}
