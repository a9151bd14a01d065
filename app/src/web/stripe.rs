//! The band on top of every page about one patient (R3): who this is, and what must not be done.

use chrono::NaiveDate;
use domain::{
    PatientId,
    patient::{Age, Patient},
    wareki,
};

/// What we know about one hazard. An empty field is not 「なし」.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// 有, in words.
    Present(String),
    /// なし・対象外, with the date it was asked: 「なし 2026-11-06」.
    Absent(String),
    /// Nobody has asked yet.
    Unknown,
}

/// How loud a present hazard is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Stop,
    Warn,
    Plain,
}

#[derive(Debug, Clone)]
pub struct Guard {
    pub label: &'static str,
    pub mark: &'static str,
    pub known: Known,
    pub level: Level,
    /// The page that tells more; empty when there is none.
    pub href: String,
}

impl Guard {
    pub const fn new(label: &'static str, mark: &'static str, level: Level, known: Known) -> Self {
        Self { label, mark, known, level, href: String::new() }
    }

    /// Only a hazard that is present is coloured.
    pub const fn class(&self) -> &'static str {
        match (&self.known, self.level) {
            (Known::Present(_), Level::Stop) => " guard-item--stop",
            (Known::Present(_), Level::Warn) => " guard-item--warn",
            _ => "",
        }
    }

    /// What is written; nothing when nobody has asked.
    pub fn text(&self) -> Option<&str> {
        match &self.known {
            Known::Present(text) | Known::Absent(text) => Some(text),
            Known::Unknown => None,
        }
    }

    pub const fn known_code(&self) -> &'static str {
        match self.known {
            Known::Present(_) => "present",
            Known::Absent(_) => "none",
            Known::Unknown => "unknown",
        }
    }
}

#[derive(Debug, Clone)]
pub struct PatientStripe {
    pub patient_id: PatientId,
    pub kana: String,
    pub name: String,
    /// 「67歳」, 「生後3か月」
    pub age: String,
    pub sex: &'static str,
    /// 「S34.2.11」
    pub birth_wareki: String,
    pub birth_iso: String,
    pub number: String,
    /// How many other patients of the clinic share the name.
    pub same_name: u32,
    pub deceased_on: Option<String>,
    pub guards: Vec<Guard>,
}

impl PatientStripe {
    /// `today` is the clinic's business day; `same_name` counts the other patients who share the name.
    pub fn of(patient: &Patient, today: NaiveDate, same_name: u32) -> Self {
        let facts = &patient.demographics;
        Self {
            patient_id: patient.id,
            kana: facts.name.syllabic.as_str().to_owned(),
            name: facts.name.ideographic.clone(),
            age: Age::on(facts.birth_date, facts.deceased_on.unwrap_or(today)).to_string(),
            sex: facts.sex.label(),
            birth_wareki: wareki::short(facts.birth_date),
            birth_iso: facts.birth_date.to_string(),
            number: patient.number.as_str().to_owned(),
            same_name,
            deceased_on: facts.deceased_on.map(|day| day.to_string()),
            guards: Self::unasked(),
        }
    }

    /// Colour and weave 1–6, the same for one patient in every window.
    pub fn thread(&self) -> u8 {
        let tail = self.patient_id.as_uuid().as_bytes()[15];
        tail % 6 + 1
    }

    /// アレルギー as its slice knows it, with the way to its page. A page that has not looked says nothing of it.
    #[must_use]
    pub fn knowing(mut self, guard: Guard) -> Self {
        let href = format!("/patients/{}/allergies", self.patient_id);
        self.guards.insert(0, Guard { href, ..guard });
        self
    }

    /// 感染・妊娠・禁忌 as their slice knows them; a page that has not looked says nothing of them either.
    #[must_use]
    pub fn flagged(mut self, guards: Vec<Guard>) -> Self {
        let href = format!("/patients/{}/flags", self.patient_id);
        self.guards.retain(|guard| guards.iter().all(|known| known.label != guard.label));
        let at = self.guards.iter().position(|guard| guard.label == "eGFR").unwrap_or(self.guards.len());
        for guard in guards.into_iter().rev() {
            self.guards.insert(at, Guard { href: href.clone(), ..guard });
        }
        self
    }

    /// What the stripe says while no slice can answer: nobody has asked, which is not the same as none.
    pub fn unasked() -> Vec<Guard> {
        vec![Guard::new("eGFR", "flask", Level::Warn, Known::Unknown)]
    }
}

#[cfg(test)]
impl PatientStripe {
    pub fn sample() -> Self {
        Self {
            patient_id: PatientId::new(uuid::Uuid::from_u128(0x0190_a2b4_7c3e_7d11_8a55_0123_4567_8900)),
            kana: "サイトウ チヅコ".into(),
            name: "齋藤 千鶴子".into(),
            age: "67歳".into(),
            sex: "女",
            birth_wareki: "S34.2.11".into(),
            birth_iso: "1959-02-11".into(),
            number: "001207".into(),
            same_name: 1,
            deceased_on: None,
            guards: vec![
                Guard::new("アレルギー・禁忌", "stop", Level::Stop, Known::Present("アスピリン喘息(重症 2019)・造影剤 蕁麻疹".into())),
                Guard::new("感染", "germ", Level::Plain, Known::Absent("なし 2026-11-06".into())),
                Guard::new("eGFR 11/06", "flask", Level::Warn, Known::Present("38.2 G3b".into())),
            ],
        }
    }

    /// A long name with a surrogate pair, nothing asked yet, no longer alive.
    pub fn sample_long() -> Self {
        Self {
            patient_id: PatientId::new(uuid::Uuid::from_u128(0x0190_a2b4_7c3e_7d11_8a55_0123_4567_8903)),
            kana: "ハセベ マリアアレクサンドラクリスティーナ".into(),
            name: "長谷部𠮷田 摩利亜アレクサンドラクリスティーナ".into(),
            age: "生後3か月".into(),
            sex: "不明",
            birth_wareki: "R8.8.1".into(),
            birth_iso: "2026-08-01".into(),
            number: "T00041".into(),
            same_name: 0,
            deceased_on: Some("2026-11-02".into()),
            guards: Self::unasked(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_is_one_of_six() {
        for tail in 0..=255u8 {
            let mut stripe = PatientStripe::sample();
            stripe.patient_id = PatientId::new(uuid::Uuid::from_bytes([tail; 16]));
            assert!((1..=6).contains(&stripe.thread()));
        }
    }
}
