//! A reason and a judgement as typed.

use domain::emergency::{Grounds, Judgement, LookReason, REMARK_MAX};
use domain::text::{self, TextError};
use serde::{Deserialize, Serialize};

use super::store::Why;
use crate::web::FormErrors;

/// The code of the authenticator is never shown again: [`RawLook::kept`].
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RawLook {
    pub patient_token: String,
    pub idempotency_key: String,
    pub reason: String,
    pub words: String,
    /// 救急: a fresh second factor.
    pub code: String,
    /// 災害: the person said yes by word of mouth.
    pub agreed: String,
}

impl RawLook {
    pub fn read(&self, grounds: Grounds) -> Result<Why, FormErrors> {
        let mut e = FormErrors::default();
        let reason = LookReason::from_code(&self.reason).filter(|reason| LookReason::of(grounds).contains(reason));
        let reason = e.take("reason", reason.ok_or(()), |()| "開く理由を選んでください".into());
        let words = words(&mut e, "words", &self.words, reason.is_some_and(LookReason::needs_words), "どういう事情かを入れてください");
        match grounds {
            Grounds::Emergency if self.code.trim().is_empty() => e.add("code", "認証アプリにいま出ている6桁を入れてください"),
            Grounds::Disaster if self.agreed != "yes" => e.add("agreed", "本人か付き添いの人の同意を確かめてください"),
            _ => {}
        }
        match (reason, words) {
            (Some(reason), Some(words)) if e.is_empty() => Ok(Why { reason, words }),
            _ => Err(e),
        }
    }

    /// What is given back with the form: the used code is not.
    pub fn kept(self, key: uuid::Uuid) -> Self {
        Self { idempotency_key: key.to_string(), code: String::new(), ..self }
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RawJudgement {
    pub patient_token: String,
    pub version: String,
    pub judgement: String,
    pub remark: String,
}

impl RawJudgement {
    pub fn read(&self) -> Result<(Judgement, String), FormErrors> {
        let mut e = FormErrors::default();
        let judgement = e.take("judgement", Judgement::from_code(&self.judgement).ok_or(()), |()| "妥当か要調査かを選んでください".into());
        let needs_words = judgement.is_some_and(Judgement::needs_words);
        let remark = words(&mut e, "remark", &self.remark, needs_words, "何を調べるのかを入れてください");
        judgement.zip(remark).ok_or(e)
    }
}

fn words(e: &mut FormErrors, field: &'static str, typed: &str, are_needed: bool, message: &'static str) -> Option<String> {
    if typed.trim().is_empty() && !are_needed {
        return Some(String::new());
    }
    e.take(field, text::required_line(typed, REMARK_MAX), |error| match error {
        TextError::Empty => message.into(),
        TextError::TooLong { .. } => format!("{REMARK_MAX}文字までで入れてください"),
        _ => "読めない文字(制御文字など)が入っています。入れ直してください".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_field_is_named() {
        let raw = RawLook { reason: "card_lost".into(), ..RawLook::default() };
        let errors = raw.read(Grounds::Emergency).unwrap_err();
        assert_eq!(errors.iter().map(|(field, _)| field).collect::<Vec<_>>(), ["reason", "code"]);
        let other = RawLook { reason: "other".into(), code: "123456".into(), words: " \u{3000}".into(), ..RawLook::default() };
        assert_eq!(other.read(Grounds::Emergency).unwrap_err().of("words"), Some("どういう事情かを入れてください"));
        let long = RawLook { words: "あ".repeat(201), reason: "unconscious".into(), ..other };
        assert!(long.read(Grounds::Emergency).unwrap_err().of("words").unwrap().contains("200"));
        let errors = RawJudgement { judgement: "questioned".into(), ..RawJudgement::default() }.read().unwrap_err();
        assert_eq!(errors.of("remark"), Some("何を調べるのかを入れてください"));
    }

    #[test]
    fn a_code_is_not_given_back() {
        let raw = RawLook { code: "123456".into(), words: "理由".into(), ..RawLook::default() }.kept(uuid::Uuid::nil());
        assert_eq!((raw.code.as_str(), raw.words.as_str()), ("", "理由"));
    }
}
