//! One question to a national service, whichever way the clinic's questions travel: over the Web API, or through the folders of its
//! 資格確認端末 (連携端末). Drivers ask here and do not know which it was.

use std::sync::Arc;

use async_trait::async_trait;
use domain::outbox::Trouble;
use domain::{MessageId, TenantId};

use super::national::NationalClient;
use crate::outbox::{Exchange, Message, Outcome};

/// A question as bytes, with what its answer must repeat.
pub struct Question<'a> {
    pub clinic: TenantId,
    pub message: MessageId,
    pub path: &'a str,
    pub identifier: &'a str,
    pub bytes: &'a [u8],
}

/// Questions that wait for a machine of the clinic to fetch them.
#[async_trait]
pub trait Folder: Send + Sync {
    /// `None` where this clinic's questions go over the Web API.
    async fn ask(&self, question: &Question<'_>) -> Option<Result<Vec<u8>, Outcome>>;
}

#[derive(Clone, Default)]
pub struct NationalWay {
    web: Option<NationalClient>,
    folder: Option<Arc<dyn Folder>>,
    of: Option<(TenantId, MessageId)>,
}

impl From<NationalClient> for NationalWay {
    fn from(web: NationalClient) -> Self {
        Self { web: Some(web), ..Self::default() }
    }
}

impl NationalWay {
    pub fn new(web: Option<NationalClient>, folder: Arc<dyn Folder>) -> Self {
        Self { web, folder: Some(folder), of: None }
    }

    /// The same way, for the questions of one message.
    #[must_use]
    pub fn of(&self, message: &Message) -> Self {
        Self { of: Some((message.tenant_id, message.id)), ..self.clone() }
    }

    /// `Err` is how the attempt ended without an answer.
    pub async fn ask(&self, path: &str, identifier: &str, bytes: &[u8]) -> Result<Vec<u8>, Outcome> {
        if let (Some(folder), Some((clinic, message))) = (&self.folder, self.of) {
            let question = Question { clinic, message, path, identifier, bytes };
            if let Some(answer) = folder.ask(&question).await {
                return answer;
            }
        }
        let web = self.web.as_ref().ok_or(Outcome::Retry(Trouble::Unprepared))?;
        web.ask(path, bytes.to_vec()).await.map_err(Outcome::from)
    }

    /// A question whose repetition changes nothing there: an unknown outcome is a failed attempt.
    pub async fn query(&self, path: &str, identifier: &str, bytes: &[u8]) -> Result<Vec<u8>, Outcome> {
        self.ask(path, identifier, bytes).await.map_err(|outcome| match outcome {
            Outcome::Unknown(trouble) => Outcome::Retry(trouble),
            other => other,
        })
    }

    /// One query and what `judge` reads in its answer.
    pub async fn exchange(&self, path: &str, identifier: &str, sent: Vec<u8>, judge: impl FnOnce(&[u8]) -> Outcome) -> Exchange {
        match self.query(path, identifier, &sent).await {
            Err(outcome) => Exchange { outcome, sent, received: Vec::new() },
            Ok(received) => Exchange { outcome: judge(&received), sent, received },
        }
    }

    /// Questions go straight to the service, not through a machine of the clinic.
    pub fn is_direct(&self) -> bool {
        self.web.is_some()
    }

    /// Is the service there? None where nothing goes over the Web API.
    pub async fn probe_at(&self, path: &str) -> Option<Result<(), Trouble>> {
        match &self.web {
            Some(web) => Some(web.probe_at(path).await),
            None => None,
        }
    }
}

/// What the file of a question begins with (別紙1-1 IF一覧). Where no public document names it, the number of the interface stands in.
pub fn file_prefix(path: &str) -> String {
    let interface = path.rsplit('/').next().unwrap_or_default();
    match interface {
        "EPS-IF-101" => "EPSsiDMP01".into(),
        "EPS-IF-201" => "EPSsiPIR01".into(),
        "EPS-IF-203" => "EPSsiPIR02".into(),
        "EPS-IF-205" => "EPSsiPIR03".into(),
        "EPS-IF-207" => "EPSsiPIR04".into(),
        "EPS-IF-209" => "EPSsiPIR05".into(),
        "EPS-IF-211" => "EPSsiPIR06".into(),
        other => other.strip_prefix("EPS-IF-").map_or_else(|| other.to_owned(), |number| format!("EPSsiIF{number}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_name_begins_with_its_interface() {
        assert_eq!(file_prefix("/oqs/v1/OQSsiquc01"), "OQSsiquc01");
        assert_eq!(file_prefix("/eps/v1/EPS-IF-201"), "EPSsiPIR01");
        assert_eq!(file_prefix("/eps/v1/EPS-IF-217"), "EPSsiIF217");
    }
}
