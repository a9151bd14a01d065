//! What the note pages send: strings, turned into domain values or into messages beside the fields.

use std::collections::BTreeMap;

use domain::note::{AmendmentKind, Reason, Section, SectionText, TextError};
use domain::{PatientId, StaffId};
use serde::Deserialize;
use uuid::Uuid;

use super::acts::Target;
use super::acts::amend::Amendment;
use super::acts::save::SectionSave;
use super::acts::sign::Signature;
use super::acts::texts::{Sender, Typed};
use super::seen::Seen;
use super::views::AmendForm;
use crate::AppError;
use crate::web::FormErrors;

/// A hidden field the page itself wrote: when it cannot be read, the page is broken, not the person.
fn hidden<T: std::str::FromStr>(text: &str) -> Result<T, AppError> {
    text.parse().map_err(|_| AppError::Invalid("画面の情報が欠けています。画面を開き直してください。".into()))
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct RawSection {
    pub body: String,
    pub version: String,
    pub idempotency_key: String,
    pub patient_token: String,
    pub responsible_id: String,
}

impl RawSection {
    pub fn token(&self) -> Result<PatientId, AppError> {
        hidden(&self.patient_token)
    }

    pub fn text(&self, section: Section) -> Result<SectionText, TextError> {
        SectionText::parse_in(section, &self.body)
    }

    pub fn into_save(self, target: Target, section: Section, text: SectionText) -> Result<SectionSave, AppError> {
        Ok(SectionSave {
            target,
            section,
            text,
            seen: hidden::<u16>(&self.version)?.into(),
            key: hidden(&self.idempotency_key)?,
            token: hidden(&self.patient_token)?,
            responsible: optional(&self.responsible_id)?,
        })
    }
}

fn optional(text: &str) -> Result<Option<StaffId>, AppError> {
    if text.is_empty() { Ok(None) } else { hidden(text).map(Some) }
}

/// The whole note as one form: what 確定, 承認を依頼 and 下書き保存 send. Scripts have saved the texts by then; without them
/// they are on their way here for the first time. A body that is absent is not meant to be changed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct RawNote {
    pub patient_token: String,
    pub idempotency_key: String,
    pub responsible_id: String,
    #[serde(rename = "version_S")]
    pub version_s: String,
    #[serde(rename = "version_O")]
    pub version_o: String,
    #[serde(rename = "version_A")]
    pub version_a: String,
    #[serde(rename = "version_P")]
    pub version_p: String,
    #[serde(rename = "version_IC")]
    pub version_ic: String,
    #[serde(rename = "version_NX")]
    pub version_nx: String,
    #[serde(rename = "body_S")]
    pub body_s: Option<String>,
    #[serde(rename = "body_O")]
    pub body_o: Option<String>,
    #[serde(rename = "body_A")]
    pub body_a: Option<String>,
    #[serde(rename = "body_P")]
    pub body_p: Option<String>,
    pub seen_prescription: String,
    pub seen_orders: String,
    pub seen_conditions: Option<String>,
    #[serde(rename = "body_IC")]
    pub body_ic: Option<String>,
    #[serde(rename = "body_NX")]
    pub body_nx: Option<String>,
}

/// A section as it came, to be shown again when it could not be stored.
#[derive(Debug, Clone)]
pub struct Rejected {
    pub section: Section,
    pub body: String,
    /// `None` keeps the stored version.
    pub seen: Option<i32>,
    pub error: Option<String>,
}

impl RawNote {
    fn version(&self, section: Section) -> &str {
        match section {
            Section::Subjective => &self.version_s,
            Section::Objective => &self.version_o,
            Section::Assessment => &self.version_a,
            Section::Plan => &self.version_p,
            // A page of the version before does not know them: it saw none.
            Section::Consent if self.version_ic.is_empty() => "0",
            Section::NextVisit if self.version_nx.is_empty() => "0",
            Section::Consent => &self.version_ic,
            Section::NextVisit => &self.version_nx,
        }
    }

    fn body(&self, section: Section) -> Option<&str> {
        match section {
            Section::Subjective => self.body_s.as_deref(),
            Section::Objective => self.body_o.as_deref(),
            Section::Assessment => self.body_a.as_deref(),
            Section::Plan => self.body_p.as_deref(),
            Section::Consent => self.body_ic.as_deref(),
            Section::NextVisit => self.body_nx.as_deref(),
        }
    }

    pub fn token(&self) -> Result<PatientId, AppError> {
        hidden(&self.patient_token)
    }

    pub fn responsible(&self) -> Result<Option<StaffId>, AppError> {
        optional(&self.responsible_id)
    }

    pub fn versions(&self) -> Result<BTreeMap<Section, i32>, AppError> {
        Section::ALL.into_iter().map(|s| Ok((s, hidden::<u16>(self.version(s))?.into()))).collect()
    }

    /// Every text of the form, or all of them again with what is wrong.
    pub fn texts(&self) -> Result<Result<Vec<Typed>, Vec<Rejected>>, AppError> {
        let mut typed = vec![];
        for section in Section::ALL {
            let Some(body) = self.body(section) else { continue };
            let seen = hidden::<u16>(self.version(section))?.into();
            match SectionText::parse_in(section, body) {
                Ok(text) => typed.push(Typed { section, text, seen }),
                Err(_) => return Ok(Err(self.again())),
            }
        }
        Ok(Ok(typed))
    }

    /// What was typed, with a message at each text that cannot be stored.
    pub fn again(&self) -> Vec<Rejected> {
        let again = |section: Section| {
            let body = self.body(section)?.replace("\r\n", "\n");
            let error = SectionText::parse_in(section, &body).err().map(|e| e.message());
            Some(Rejected { section, body, seen: self.version(section).parse().ok(), error })
        };
        Section::ALL.into_iter().filter_map(again).collect()
    }

    pub fn sender(&self, target: Target) -> Result<Sender, AppError> {
        Ok(Sender { target, token: self.token()?, key: hidden(&self.idempotency_key)?, responsible: self.responsible()? })
    }

    pub fn signature(&self, target: Target, texts: Vec<Typed>) -> Result<Signature, AppError> {
        let (versions, seen, token) = (self.versions()?, self.seen()?, self.token()?);
        Ok(Signature { target, versions, texts, seen, token, key: hidden(&self.idempotency_key)? })
    }

    fn seen(&self) -> Result<Seen, AppError> {
        let read =
            |text: &str| Seen::parse(text).ok_or_else(|| AppError::Invalid("画面の情報が欠けています。画面を開き直してください。".into()));
        Ok(Seen {
            prescription: read(&self.seen_prescription)?,
            orders: read(&self.seen_orders)?,
            conditions: self.seen_conditions.as_deref().map(read).transpose()?,
        })
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct RawAmendment {
    pub patient_token: String,
    pub idempotency_key: String,
    pub kind: String,
    pub section: String,
    pub body: String,
    pub reason: String,
}

impl RawAmendment {
    /// The amendment, or the form again with what is wrong.
    pub fn parse(&self) -> Result<Amendment, Box<AmendForm>> {
        let mut errors = FormErrors::default();
        let kind = self.kind.parse().ok().filter(|k| *k != AmendmentKind::Void);
        let (section, token, key) = (self.section.parse::<Section>(), self.patient_token.parse(), self.idempotency_key.parse());
        if kind.is_none() || section.is_err() || token.is_err() || key.is_err() {
            errors.add("kind", "種類か区画を読み取れません。選び直してください。");
        }
        // 訂正 takes the section's place and keeps its rules; 追記 is a sentence beside it.
        let text = match (&section, kind) {
            (Ok(section), Some(AmendmentKind::Amendment)) => SectionText::parse_in(*section, &self.body),
            _ => SectionText::parse(&self.body),
        };
        let text = errors.take("body", text, TextError::message);
        let is_text = kind != Some(AmendmentKind::VoidRequest);
        if is_text && text.as_ref().is_some_and(|t| t.as_str().trim().is_empty()) {
            errors.add("body", TextError::Empty.message());
        }
        let needs_reason = kind.is_none_or(AmendmentKind::needs_reason);
        let reason = match (self.reason.trim().is_empty(), needs_reason) {
            (true, false) => None,
            _ => errors.take("reason", Reason::parse(&self.reason), |e| match e {
                TextError::Empty => "訂正と無効には理由が要ります。".to_owned(),
                other => other.message(),
            }),
        };
        match (kind, section, text, token, key) {
            (Some(kind), Ok(section), Some(text), Ok(token), Ok(key)) if errors.is_empty() => {
                Ok(Amendment { kind, section, text, reason, token, key })
            }
            _ => Err(Box::new(self.again(&errors))),
        }
    }

    pub fn again(&self, errors: &FormErrors) -> AmendForm {
        AmendForm {
            kind: self.kind.clone(),
            section: self.section.clone(),
            body: self.body.clone(),
            reason: self.reason.clone(),
            idempotency_key: Uuid::nil(),
            errors: errors.iter().map(|(f, m)| (f, m.to_owned())).collect(),
        }
    }
}

/// 差戻し, 引き継ぎ and 無効 send a token and one more thing.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct RawStep {
    pub patient_token: String,
    pub responsible_id: String,
    pub reason: String,
}

impl RawStep {
    pub fn token(&self) -> Result<PatientId, AppError> {
        hidden(&self.patient_token)
    }

    /// Whose note it was on the page.
    pub fn responsible(&self) -> Result<StaffId, AppError> {
        hidden(&self.responsible_id)
    }

    pub fn reason(&self) -> Result<Reason, AppError> {
        Reason::parse(&self.reason).map_err(|e| match e {
            TextError::Empty => AppError::Invalid("理由を入力してください。".into()),
            other => AppError::Invalid(format!("理由: {}", other.message())),
        })
    }
}

/// One ticked line of the approvals list: the note and the versions that were read, `id:S.O.A.P.IC.NX`.
pub fn parse_stamp(text: &str) -> Option<(domain::NoteId, BTreeMap<Section, i32>)> {
    let (id, versions) = text.split_once(':')?;
    let numbers: Vec<i32> = versions.split('.').map(|v| v.parse::<u16>().map(i32::from)).collect::<Result<_, _>>().ok()?;
    // A page of the version before names S, O, A and P: it showed nothing of the others.
    if ![4, Section::ALL.len()].contains(&numbers.len()) {
        return None;
    }
    Some((id.parse().ok()?, Section::ALL.into_iter().zip(numbers.into_iter().chain(std::iter::repeat(0))).collect()))
}

/// The stamp of a note as it is shown now.
pub fn stamp(note: &super::record::NoteRecord) -> String {
    let versions: Vec<String> = Section::ALL.into_iter().map(|s| note.section(s).map_or(0, |r| r.version).to_string()).collect();
    format!("{}:{}", note.id, versions.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(kind: &str, body: &str, reason: &str) -> RawAmendment {
        RawAmendment {
            patient_token: Uuid::nil().to_string(),
            idempotency_key: Uuid::nil().to_string(),
            kind: kind.into(),
            section: "O".into(),
            body: body.into(),
            reason: reason.into(),
        }
    }

    #[test]
    fn a_correction_needs_a_reason_and_an_addition_does_not() {
        assert!(raw("addendum", "右膝痛", "").parse().is_ok());
        let again = raw("amendment", "右膝痛", " ").parse().unwrap_err();
        assert!(again.error("reason").is_some() && again.body == "右膝痛");
        assert!(raw("amendment", "右膝痛", "左右の誤り").parse().is_ok());
        assert!(raw("void_request", "", "誤患者").parse().is_ok());
    }

    #[test]
    fn nobody_voids_by_amending() {
        assert!(raw("void", "", "誤患者").parse().is_err());
    }

    #[test]
    fn a_stamp_names_every_version() {
        let id = "018f0000-0000-7000-8000-000000000001";
        let (note, versions) = parse_stamp(&format!("{id}:3.0.1.2.0.1")).unwrap();
        assert_eq!(note.to_string(), id);
        assert_eq!((versions[&Section::Plan], versions[&Section::NextVisit]), (2, 1));
        assert_eq!(parse_stamp(&format!("{id}:3.0.1.2")).unwrap().1[&Section::Consent], 0);
        for bad in ["", "x:1.1.1.1", &format!("{id}:1.1.1"), &format!("{id}:-1.1.1.1.0.0")] {
            assert!(parse_stamp(bad).is_none());
        }
    }
}
