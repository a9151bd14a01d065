//! セット: lines of a prescription kept under a name, for oneself, a department or the clinic.

use crate::codes;

/// Longest name, and longest name of a department.
pub const NAME_MAX_CHARS: usize = 40;

codes! {
    /// Who sees a set.
    SetScope { Personal "personal" "自分" Department "department" "診療科" Clinic "clinic" "院内" }
}

/// Why a set is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SetError {
    #[error("name missing")]
    NameMissing,
    #[error("too long")]
    TooLong,
    #[error("a control character")]
    ControlCharacter,
    #[error("a department's set names its department")]
    DepartmentMissing,
}

/// The name, and the department where one belongs to the scope.
pub fn check(name: &str, scope: SetScope, department: &str) -> Result<(String, String), SetError> {
    let name = plain(name)?;
    if name.is_empty() {
        return Err(SetError::NameMissing);
    }
    let department = if scope == SetScope::Department { plain(department)? } else { String::new() };
    if scope == SetScope::Department && department.is_empty() {
        return Err(SetError::DepartmentMissing);
    }
    Ok((name, department))
}

fn plain(text: &str) -> Result<String, SetError> {
    let text = text.trim();
    if text.chars().any(char::is_control) {
        return Err(SetError::ControlCharacter);
    }
    if text.chars().count() > NAME_MAX_CHARS { Err(SetError::TooLong) } else { Ok(text.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_a_name_and_a_departments_set_its_department() {
        assert_eq!(check(" かぜ ", SetScope::Personal, "内科"), Ok(("かぜ".into(), String::new())));
        assert_eq!(check("かぜ", SetScope::Department, " 内科"), Ok(("かぜ".into(), "内科".into())));
        assert_eq!(check("かぜ", SetScope::Department, ""), Err(SetError::DepartmentMissing));
        assert_eq!(check("　", SetScope::Clinic, ""), Err(SetError::NameMissing));
        assert_eq!(check(&"あ".repeat(41), SetScope::Clinic, ""), Err(SetError::TooLong));
        assert_eq!(check("a\u{0}", SetScope::Clinic, ""), Err(SetError::ControlCharacter));
    }
}
