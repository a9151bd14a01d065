//! Pages of this slice.

use std::collections::HashMap;

use askama::Template;
use chrono::{DateTime, Utc};
use domain::care_history::CareHistory;
use domain::clock::jst;
use domain::consent::ConsentSubject;
use domain::emergency::{Grounds, Judgement, LookReason};
use domain::{EncounterId, PatientId, StaffId};
use uuid::Uuid;

use super::entity::view;
use crate::consents::shown::{self, Day};
use crate::consents::store::{REFUSED, UNAVAILABLE};
use crate::web::page::Subjects;
use crate::web::{Chrome, FormState, PatientStripe};

/// Whether the form can be used at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Open,
    /// No reading of these hours that noted 取得困難.
    NobodyUnasked,
    NoAuthenticator,
}

#[derive(Debug, Template)]
#[template(path = "emergency_views/new.html")]
pub struct NewLookPage {
    pub chrome: Chrome,
    pub stripe: PatientStripe,
    pub standing: Standing,
    pub form: FormState,
}

impl NewLookPage {
    fn reasons(&self) -> Vec<(&'static str, &'static str)> {
        LookReason::of(Grounds::Emergency).iter().map(|reason| (reason.code(), reason.label())).collect()
    }
}

impl Subjects for NewLookPage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.stripe.patient_id]
    }
}

/// 災害時の照会.
#[derive(Debug, Template)]
#[template(path = "emergency_views/disaster.html")]
pub struct DisasterPage {
    pub chrome: Chrome,
    pub stripe: PatientStripe,
    pub is_declared: bool,
    /// One of the 4情報; empty when it is not registered.
    pub address: String,
    pub form: FormState,
}

impl DisasterPage {
    fn reasons(&self) -> Vec<(&'static str, &'static str)> {
        LookReason::of(Grounds::Disaster).iter().map(|reason| (reason.code(), reason.label())).collect()
    }
}

impl Subjects for DisasterPage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.stripe.patient_id]
    }
}

/// Who looked, when and why; what was said of it.
#[derive(Debug, Clone)]
pub struct Facts {
    pub id: Uuid,
    pub version: i32,
    pub patient_id: PatientId,
    pub grounds: &'static str,
    /// Where a look like this is begun.
    pub door: &'static str,
    pub opened_at: String,
    pub opened_by: String,
    pub reason: String,
    pub judgement: Option<Judged>,
}

#[derive(Debug, Clone)]
pub struct Judged {
    pub tone: &'static str,
    pub mark: &'static str,
    pub word: &'static str,
    pub by: String,
    pub at: String,
    pub remark: String,
}

impl Facts {
    pub fn of(row: &view::Model, names: &HashMap<Uuid, String>) -> Self {
        let reason = LookReason::from_code(&row.reason).map_or(row.reason.as_str(), |reason| reason.label());
        let name = |id: Uuid| names.get(&id).cloned().unwrap_or_default();
        let judged = |code: &String| {
            let judgement = Judgement::from_code(code)?;
            let (tone, mark) = match judgement {
                Judgement::Justified => ("ok", "check"),
                Judgement::Questioned => ("warn", "tri"),
            };
            Some(Judged {
                tone,
                mark,
                word: judgement.label(),
                by: row.judged_by_id.map(name).unwrap_or_default(),
                at: row.judged_at.map(moment).unwrap_or_default(),
                remark: row.remark.clone(),
            })
        };
        Self {
            id: row.id,
            version: row.version,
            patient_id: PatientId::new(row.patient_id),
            grounds: row.grounds().map_or("", Grounds::label),
            door: if row.grounds() == Some(Grounds::Disaster) { "disaster-views" } else { "emergency-views" },
            opened_at: moment(row.opened_at),
            opened_by: name(row.opened_by_id),
            reason: if row.reason_words.is_empty() { reason.to_owned() } else { format!("{reason}: {}", row.reason_words) },
            judgement: row.judgement.as_ref().and_then(judged),
        }
    }
}

fn moment(at: DateTime<Utc>) -> String {
    jst(at).format("%Y-%m-%d %H:%M").to_string()
}

/// What the page gives of what came.
#[derive(Debug, Clone)]
pub enum Content {
    /// Not for this person, or not any more.
    Closed(&'static str),
    /// Asked; the visit is told when it arrives.
    Pending(Option<EncounterId>),
    Failed(String),
    Received {
        until: String,
        seconds_left: i64,
        /// Whose insurance was found without a card; empty where a card was read.
        qualification: String,
        drugs: Vec<Day>,
        treatments: Vec<Day>,
    },
}

impl Content {
    pub fn closed(row: &view::Model, me: StaffId) -> Self {
        Self::Closed(match StaffId::new(row.opened_by_id) == me {
            true if row.grounds() == Some(Grounds::Disaster) => "閲覧できる時間か、災害時モードが終わりました。",
            true => "閲覧できる時間が終わりました。必要なら、理由を入れてもう一度開いてください。",
            false => "内容は、開いた本人だけが見られます。",
        })
    }

    pub fn waiting(row: &view::Model) -> Self {
        match row.status.as_str() {
            REFUSED if row.said.is_empty() => Self::Failed("サービスが受け付けませんでした。".into()),
            REFUSED => Self::Failed(row.said.clone()),
            UNAVAILABLE => Self::Failed("時間内に返事がありませんでした。".into()),
            _ => Self::Pending(row.encounter_id.map(EncounterId::new)),
        }
    }

    pub fn received(history: &CareHistory, [insurer, insured @ ..]: &[String; 4], row: &view::Model, now: DateTime<Utc>) -> Self {
        let days = |content: shown::Content| if let shown::Content::Days(days) = content { days } else { Vec::new() };
        Self::Received {
            until: moment(row.until),
            seconds_left: (row.until - now).num_seconds().max(0),
            qualification: match insurer.as_str() {
                "" => String::new(),
                _ => format!(
                    "保険者番号 {insurer} 記号・番号・枝番 {}",
                    insured.iter().map(String::as_str).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("・")
                ),
            },
            drugs: days(shown::Content::drugs(history, |_| true)),
            treatments: days(shown::Content::treatments(history, &[ConsentSubject::Care, ConsentSubject::Surgery])),
        }
    }

    pub const fn is_shown(&self) -> bool {
        matches!(self, Self::Received { .. })
    }
}

#[derive(Debug, Template)]
#[template(path = "emergency_views/show.html", blocks = ["look"])]
pub struct LookPage {
    pub chrome: Chrome,
    pub stripe: PatientStripe,
    pub facts: Facts,
    pub content: Content,
    pub may_judge: bool,
    pub may_list: bool,
    pub form: FormState,
}

impl LookPage {
    fn judgements(&self) -> Vec<(&'static str, &'static str)> {
        Judgement::ALL.iter().map(|judgement| (judgement.code(), judgement.label())).collect()
    }
}

impl Subjects for LookPage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.stripe.patient_id, self.facts.patient_id]
    }
}
