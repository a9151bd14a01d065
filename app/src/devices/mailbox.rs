//! The worker's side of the folders: puts a question where the clinic's relay finds it, and waits for what comes back.

use std::time::Duration;

use async_trait::async_trait;
use domain::outbox::Trouble;
use domain::{DeviceRequestId, TenantId};
use tenancy::operator::Operator;
use tenancy::{Act, Audit, Error, InfoClass};

use super::requests::{self, Asking, End, PATIENCE, State};
use super::{connection, store};
use crate::adapters::national_way::{Folder, Question, file_prefix};
use crate::live::{Live, Topic};
use crate::outbox::Outcome;

const LOOK_EVERY: Duration = Duration::from_millis(200);

pub struct Mailbox {
    operator: Operator,
    live: Option<Live>,
}

impl Mailbox {
    pub fn new(operator: Operator, live: Option<Live>) -> Self {
        Self { operator, live }
    }

    async fn exchange(&self, question: &Question<'_>) -> Result<Option<Result<Vec<u8>, Outcome>>, Error> {
        let tx = self.operator.begin(question.clinic).await?;
        if !connection::is_folder(&tx).await? {
            return Ok(None);
        }
        if store::active(&tx).await?.iter().all(|device| device.is_away(tx.now())) {
            return Ok(Some(Err(Outcome::Retry(Trouble::Terminal))));
        }
        let prefix = file_prefix(question.path);
        let asking = Asking { message_id: question.message, prefix: &prefix, identifier: question.identifier, bytes: question.bytes };
        let id = requests::put(&tx, &asking).await?;
        tx.commit(audit(id).detail("step", "queued")).await?;
        if let Some(live) = &self.live {
            live.announce(question.clinic, Topic::Request);
        }
        self.wait(question.clinic, id).await.map(Some)
    }

    async fn wait(&self, clinic: TenantId, id: DeviceRequestId) -> Result<Result<Vec<u8>, Outcome>, Error> {
        let end = tokio::time::Instant::now() + PATIENCE.to_std().unwrap_or_default();
        while tokio::time::Instant::now() < end {
            match requests::state(&self.operator.begin(clinic).await?, id).await? {
                State::Open => tokio::time::sleep(LOOK_EVERY).await,
                State::Answered(bytes) => return Ok(Ok(bytes)),
                State::Unread => return Ok(Err(unread())),
            }
        }
        let tx = self.operator.begin(clinic).await?;
        let ended = requests::end(&tx, id).await?;
        tx.commit(audit(id).detail("step", "ended")).await?;
        Ok(match ended {
            End::NeverFetched => Err(Outcome::Retry(Trouble::Terminal)),
            End::NoAnswer => Err(Outcome::Unknown(Trouble::TerminalSilent)),
            End::Answered(bytes) => Ok(bytes),
            End::Unread => Err(unread()),
        })
    }
}

fn audit(id: DeviceRequestId) -> Audit {
    Audit::of(Act::Send, InfoClass::Delivery).entity("device_request", id)
}

/// The same file again would be read no better.
fn unread() -> Outcome {
    Outcome::Refused {
        code: "err".into(), said: "資格確認端末の連携ソフトが電文を読めませんでした(.err)。".into()
    }
}

#[async_trait]
impl Folder for Mailbox {
    async fn ask(&self, question: &Question<'_>) -> Option<Result<Vec<u8>, Outcome>> {
        match self.exchange(question).await {
            Ok(answer) => answer,
            Err(error) => {
                // It may be in a relay's hands already.
                tracing::warn!(%error, "a question could not be followed through the folders");
                Some(Err(Outcome::Unknown(Trouble::TerminalSilent)))
            }
        }
    }
}
