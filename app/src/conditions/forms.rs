//! What the condition pages send.

use chrono::NaiveDate;
use domain::condition::{Course, CourseError, MODIFIERS_MAX, Outcome, Purpose};
use domain::wareki;
use serde::{Deserialize, Serialize};
use tenancy::TenantTx;

use super::diseases::{self, Disease};
use super::store::Content;
use crate::AppError;
use crate::web::FormErrors;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RawCondition {
    pub patient_token: String,
    pub idempotency_key: String,
    pub version: String,
    pub encounter: String,
    /// What was typed to find it.
    pub q: String,
    /// The option pressed: see `diseases::Choice::value`.
    pub choice: String,
    pub started_on: String,
    pub is_suspected: String,
    pub is_main: String,
    pub is_undisclosed: String,
    pub purpose: String,
    pub outcome: String,
    pub ended_on: String,
    pub reason: String,
}

/// `code+mod+mod?` taken apart.
pub struct Chosen {
    pub code: String,
    pub modifiers: Vec<String>,
    pub is_suspected: bool,
}

impl Chosen {
    pub fn parse(text: &str) -> Option<Self> {
        let (parts, is_suspected) = text.strip_suffix('?').map_or((text, false), |rest| (rest, true));
        let mut parts = parts.split('+');
        let code = parts.next().filter(|code| code.len() == 7 && code.chars().all(|c| c.is_ascii_digit()))?.to_owned();
        let modifiers: Vec<String> = parts.map(str::to_owned).collect();
        let are_codes = modifiers.iter().all(|m| m.len() == 4 && m.chars().all(|c| c.is_ascii_digit()));
        (are_codes && modifiers.len() <= MODIFIERS_MAX).then_some(Self { code, modifiers, is_suspected })
    }
}

impl RawCondition {
    pub fn key(&self) -> Result<uuid::Uuid, AppError> {
        self.idempotency_key.parse().map_err(|_| AppError::Invalid("画面を開き直してやり直してください。".into()))
    }

    pub fn version(&self) -> Result<i32, AppError> {
        self.version.parse().map_err(|_| AppError::Invalid("版番号がありません。画面を開き直してください。".into()))
    }

    /// From when to when. An empty start is `today`.
    pub fn course(&self, today: NaiveDate, errors: &mut FormErrors) -> Option<Course> {
        let started_on = match self.started_on.trim() {
            "" => Some(today),
            text => errors
                .take("started_on", wareki::parse(text), |_| "開始日を読めません。2026-11-20 か R8.11.20 の形で入れてください。".into()),
        };
        let outcome = match self.outcome.as_str() {
            "" => Some(None),
            code => errors.take("outcome", Outcome::from_code(code).ok_or(()), |()| "転帰を選んでください。".into()).map(Some),
        };
        let ended_on = match self.ended_on.trim() {
            "" => Some(None),
            text => errors
                .take("ended_on", wareki::parse(text), |_| "転帰日を読めません。2026-11-20 か R8.11.20 の形で入れてください。".into())
                .map(Some),
        };
        let course = Course { started_on: started_on?, outcome: outcome?, ended_on: ended_on? };
        match course.check(today) {
            Ok(course) => Some(course),
            Err(e) => {
                let (field, says) = sentence(e);
                errors.add(field, says);
                None
            }
        }
    }

    pub fn purpose(&self, errors: &mut FormErrors) -> Option<Purpose> {
        let code = if self.purpose.is_empty() { Purpose::Claim.code() } else { &self.purpose };
        errors.take("purpose", Purpose::from_code(code).ok_or(()), |()| "保険病名か臨床病名かを選んでください。".into())
    }

    /// Everything checked against the masters of the day it begins.
    pub async fn read(&self, tx: &TenantTx, today: NaiveDate) -> Result<Result<Content, FormErrors>, AppError> {
        let mut errors = FormErrors::default();
        let course = self.course(today, &mut errors);
        let purpose = self.purpose(&mut errors);
        let day = course.map_or(today, |course| course.started_on);
        let chosen = Chosen::parse(&self.choice);
        let named = match &chosen {
            None => {
                errors.add("q", "病名を候補から選んでください。");
                None
            }
            Some(chosen) => named(tx, chosen, day, &mut errors).await?,
        };
        Ok(match (named, course, purpose) {
            (Some((disease, modifiers)), Some(course), Some(purpose)) if errors.is_empty() => Ok(Content {
                disease,
                modifiers,
                course,
                is_suspected: !self.is_suspected.is_empty() || chosen.is_some_and(|c| c.is_suspected),
                is_main: !self.is_main.is_empty(),
                is_undisclosed: !self.is_undisclosed.is_empty(),
                purpose,
            }),
            _ => Err(errors),
        })
    }
}

async fn named(
    tx: &TenantTx,
    chosen: &Chosen,
    day: NaiveDate,
    errors: &mut FormErrors,
) -> Result<Option<(Disease, Vec<domain::condition::Modifier>)>, AppError> {
    let disease = diseases::by_codes(tx, std::slice::from_ref(&chosen.code), day).await?.pop();
    let modifiers = diseases::modifiers(tx, &chosen.modifiers, day).await?;
    let says = match (&disease, &modifiers) {
        (None, _) => "この病名はマスタにありません。候補から選び直してください。".to_owned(),
        (Some(d), _) if !d.is_in_force(day) => format!("「{}」は開始日には使えない病名です(マスタの期間外)。", d.name),
        (_, None) => "使えない修飾語が入っています。候補から選び直してください。".to_owned(),
        (Some(d), Some(m)) if m.is_empty() && d.needs_modifier() => format!("「{}」は修飾語と組で使う病名です。", d.name),
        _ => return Ok(disease.zip(modifiers)),
    };
    errors.add("q", says);
    Ok(None)
}

fn sentence(e: CourseError) -> (&'static str, &'static str) {
    match e {
        CourseError::StartsLater => ("started_on", "開始日が今日より後です。"),
        CourseError::EndsBeforeStart => ("ended_on", "転帰日が開始日より前です。"),
        CourseError::EndsLater => ("ended_on", "転帰日が今日より後です。"),
        CourseError::EndMissing => ("ended_on", "治癒・死亡・中止・移行には転帰日が要ります。"),
        CourseError::OutcomeMissing => ("outcome", "転帰日があるときは転帰を選んでください(継続には転帰日を入れません)。"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_is_read_back() {
        let chosen = Chosen::parse("9999006+9902+9904?").unwrap();
        assert_eq!((chosen.code.as_str(), chosen.modifiers.len(), chosen.is_suspected), ("9999006", 2, true));
        for bad in ["", "x", "999900", "9999006+1", "9999006+", &format!("9999006{}", "+9901".repeat(21))] {
            assert!(Chosen::parse(bad).is_none(), "{bad}");
        }
    }

    /// Flags are a person's: an untouched form sets none of them.
    #[test]
    fn dates_and_outcomes_are_checked_together() {
        let today = "2026-11-20".parse().unwrap();
        let raw = RawCondition { started_on: "R8.11.21".into(), ..RawCondition::default() };
        let mut errors = FormErrors::default();
        assert!(raw.course(today, &mut errors).is_none() && errors.of("started_on").is_some());
        let raw = RawCondition { started_on: "R8.11.1".into(), outcome: "healed".into(), ..RawCondition::default() };
        let mut errors = FormErrors::default();
        assert!(raw.course(today, &mut errors).is_none() && errors.of("ended_on").is_some());
        assert!(raw.is_main.is_empty() && raw.is_suspected.is_empty() && raw.is_undisclosed.is_empty());
    }
}
