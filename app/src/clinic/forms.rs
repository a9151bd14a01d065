//! What was typed on the settings page, and what it means.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use tenancy::access::network_contains;
use tenancy::staff::tenant;

use crate::web::FormErrors;

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct RawSettings {
    /// The version the form was drawn from.
    pub version: String,
    pub name: String,
    pub postal_code: String,
    pub address: String,
    pub tel: String,
    pub idle_lock_min: String,
    pub reception_idle_lock_min: String,
    pub day_boundary: String,
    pub source_allow_list: String,
}

pub struct Settings {
    pub name: String,
    pub postal_code: String,
    pub address: String,
    pub tel: String,
    pub idle_lock_s: i32,
    pub reception_idle_lock_s: i32,
    pub day_boundary_min: i32,
    pub source_allow_list: Vec<String>,
}

impl From<&tenant::Model> for RawSettings {
    fn from(t: &tenant::Model) -> Self {
        Self {
            version: t.settings_version.to_string(),
            name: t.name.clone(),
            postal_code: t.postal_code.clone(),
            address: t.address.clone(),
            tel: t.tel.clone(),
            idle_lock_min: (t.idle_lock_s / 60).to_string(),
            reception_idle_lock_min: (t.reception_idle_lock_s / 60).to_string(),
            day_boundary: format!("{:02}:{:02}", t.day_boundary_min / 60, t.day_boundary_min % 60),
            source_allow_list: t.source_allow_list.join("\n"),
        }
    }
}

impl RawSettings {
    /// What somebody else has saved meanwhile, told at each field that differs. The typed values stay.
    pub fn differences(&self, current: &Self) -> FormErrors {
        let mut errors = FormErrors::default();
        let pairs = [
            ("name", &self.name, &current.name),
            ("postal_code", &self.postal_code, &current.postal_code),
            ("address", &self.address, &current.address),
            ("tel", &self.tel, &current.tel),
            ("idle_lock_min", &self.idle_lock_min, &current.idle_lock_min),
            ("reception_idle_lock_min", &self.reception_idle_lock_min, &current.reception_idle_lock_min),
            ("day_boundary", &self.day_boundary, &current.day_boundary),
            ("source_allow_list", &self.source_allow_list, &current.source_allow_list),
        ];
        for (field, mine, theirs) in pairs {
            if mine.trim().replace("\r\n", "\n") != *theirs {
                let theirs = if theirs.is_empty() { "空欄" } else { theirs };
                errors
                    .add(field, format!("ほかの管理者が先に保存しました。いまの値は「{theirs}」です。よければもう一度保存してください。"));
            }
        }
        errors
    }

    /// `here` is the address of whoever saves: a list that shuts them out is a mistake, not a wish.
    pub fn validate(&self, here: Option<IpAddr>) -> Result<Settings, FormErrors> {
        let mut errors = FormErrors::default();
        let name = text(&mut errors, "name", &self.name, 80, true);
        let postal_code = text(&mut errors, "postal_code", &self.postal_code, 8, false);
        let address = text(&mut errors, "address", &self.address, 120, false);
        let tel = text(&mut errors, "tel", &self.tel, 15, false);
        let idle_lock_s = minutes(&mut errors, "idle_lock_min", &self.idle_lock_min, 5, 15) * 60;
        let reception_idle_lock_s = minutes(&mut errors, "reception_idle_lock_min", &self.reception_idle_lock_min, 1, 15) * 60;
        let day_boundary_min = clock(&mut errors, "day_boundary", &self.day_boundary);
        let source_allow_list = networks(&mut errors, "source_allow_list", &self.source_allow_list, here);
        let settings =
            Settings { name, postal_code, address, tel, idle_lock_s, reception_idle_lock_s, day_boundary_min, source_allow_list };
        if errors.is_empty() { Ok(settings) } else { Err(errors) }
    }
}

fn text(errors: &mut FormErrors, field: &'static str, raw: &str, max: usize, must: bool) -> String {
    let value = raw.trim().to_owned();
    if must && value.is_empty() {
        errors.add(field, "入力してください。");
    } else if value.chars().count() > max || value.chars().any(char::is_control) {
        errors.add(field, format!("{max}文字以内で、改行を入れずに書いてください。"));
    }
    value
}

fn minutes(errors: &mut FormErrors, field: &'static str, raw: &str, min: i32, max: i32) -> i32 {
    match raw.trim().parse() {
        Ok(value) if (min..=max).contains(&value) => value,
        _ => {
            errors.add(field, format!("{min}から{max}までの分数を数字で入れてください。"));
            min
        }
    }
}

/// `04:00` → 240. A day cannot begin after noon.
fn clock(errors: &mut FormErrors, field: &'static str, raw: &str) -> i32 {
    let parsed = raw.trim().split_once(':').and_then(|(h, m)| Some((h.parse::<i32>().ok()?, m.parse::<i32>().ok()?)));
    match parsed {
        Some((h, m)) if (0..12).contains(&h) && (0..60).contains(&m) => h * 60 + m,
        _ => {
            errors.add(field, "0:00から11:59までの時刻を「4:00」のように入れてください。");
            0
        }
    }
}

fn networks(errors: &mut FormErrors, field: &'static str, raw: &str, here: Option<IpAddr>) -> Vec<String> {
    let entries: Vec<String> = raw.lines().map(str::trim).filter(|l| !l.is_empty()).map(str::to_owned).collect();
    let probe = IpAddr::from([192, 0, 2, 1]);
    if let Some(bad) = entries.iter().find(|e| network_contains(e, probe).is_none()) {
        errors.add(field, format!("「{bad}」は接続元として読めません。203.0.113.5 や 203.0.113.0/24 のように、1行に1つ書いてください。"));
    } else if entries.len() > 50 {
        errors.add(field, "50行以内にしてください。");
    } else if !tenancy::access::source_allowed(&entries, here) {
        errors.add(field, "いま使っている場所が含まれていません。このまま保存すると入れなくなるため、先に含めてください。");
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw() -> RawSettings {
        RawSettings {
            name: "藍の里内科".into(),
            idle_lock_min: "10".into(),
            reception_idle_lock_min: "3".into(),
            day_boundary: "4:00".into(),
            ..RawSettings::default()
        }
    }

    #[test]
    fn what_another_saved_is_told_at_its_field() {
        let theirs = RawSettings { tel: "03-0000-0000".into(), ..raw() };
        let told = raw().differences(&theirs);
        assert_eq!(told.iter().map(|(field, _)| field).collect::<Vec<_>>(), ["tel"]);
    }

    #[test]
    fn settings_are_checked_field_by_field() {
        let here = Some(IpAddr::from([203, 0, 113, 5]));
        let wrong = |change: fn(&mut RawSettings)| {
            let mut r = raw();
            change(&mut r);
            r.validate(here).err().map(|e| e.iter().next().map(|(f, _)| f).unwrap_or_default())
        };
        assert!(raw().validate(here).is_ok());
        assert_eq!(wrong(|r| r.name = " ".into()), Some("name"));
        assert_eq!(wrong(|r| r.idle_lock_min = "60".into()), Some("idle_lock_min"));
        assert_eq!(wrong(|r| r.idle_lock_min = i32::MAX.to_string()), Some("idle_lock_min"));
        assert_eq!(wrong(|r| r.day_boundary = "25:00".into()), Some("day_boundary"));
        assert_eq!(wrong(|r| r.source_allow_list = "だめ".into()), Some("source_allow_list"));
        assert_eq!(wrong(|r| r.source_allow_list = "198.51.100.0/24".into()), Some("source_allow_list"), "would shut the writer out");
        assert_eq!(wrong(|r| r.source_allow_list = "203.0.113.0/24".into()), None);
    }
}
