//! Asks オンライン資格確認, over its Web API or through the clinic's 連携端末. A question may be repeated freely, under a new name for each attempt.

use async_trait::async_trait;
use domain::InquiryId;
use domain::eligibility::ResultSegment;
use domain::outbox::{Errand, Service, Trouble};
use tenancy::{Error, TenantTx};

use super::{reference, store};
use crate::adapters::eligibility::{Question, ReaderFile, read_answer, read_face_result};
use crate::adapters::national_way::NationalWay;
use crate::bulk_inquiries::exchange;
use crate::consents::fetch;
use crate::emergency_views;
use crate::entrusted::exchange as entrusted;
use crate::live::{Live, Topic};
use crate::outbox::{Driver, Ending, Exchange, Message, Outcome};
use crate::remote_consents::{ending as remote_ending, listing};

pub struct EligibilityDriver {
    way: NationalWay,
    live: Option<Live>,
}

impl EligibilityDriver {
    pub fn new(way: impl Into<NationalWay>, live: Option<Live>) -> Self {
        Self { way: way.into(), live }
    }

    async fn confirm(way: &NationalWay, message: &Message) -> Exchange {
        let Ok(question) = serde_json::from_slice::<Question>(&message.payload) else {
            return Outcome::Refused { code: "payload".into(), said: "照会の内容を読み戻せません。".into() }.into();
        };
        let identifier = format!("{}-{}", message.lane, message.attempts);
        let sent = question.message(&identifier);
        way.exchange(question.path(), &identifier, sent, |received| judge(received, &question, &identifier)).await
    }
}

#[async_trait]
impl Driver for EligibilityDriver {
    fn service(&self) -> Service {
        Service::Eligibility
    }

    async fn send(&self, message: &Message) -> Exchange {
        let way = self.way.of(message);
        match message.errand {
            Errand::CareHistory | Errand::CheckupHistory | Errand::EmergencySummary | Errand::DisasterHistory => {
                fetch::send(&way, message).await
            }
            Errand::BulkSubmit | Errand::BulkCollect => exchange::send(&way, message).await,
            Errand::ReferenceRegister => reference::send(&way, message).await,
            Errand::ConsentedSubmit | Errand::ConsentedCollect => listing::send(&way, message).await,
            Errand::EntrustedSubmit | Errand::EntrustedCollect => entrusted::send(&way, message).await,
            Errand::ConsentCancel => remote_ending::send(&way, message).await,
            _ => Self::confirm(&way, message).await,
        }
    }

    async fn settled(&self, tx: &TenantTx, message: &Message, ending: Ending<'_>) -> Result<(), Error> {
        match message.errand {
            Errand::CareHistory | Errand::CheckupHistory => return fetch::settled(tx, message.lane, ending).await,
            Errand::EmergencySummary | Errand::DisasterHistory => return emergency_views::store::settled(tx, message.lane, ending).await,
            Errand::BulkSubmit | Errand::BulkCollect => return exchange::settled(tx, message, ending).await,
            Errand::ConsentedSubmit | Errand::ConsentedCollect => return listing::settled(tx, message, ending).await,
            Errand::EntrustedSubmit | Errand::EntrustedCollect => return entrusted::settled(tx, message, ending).await,
            // What could not be registered or cancelled stands on 後処理.
            Errand::ReferenceRegister | Errand::ConsentCancel => return Ok(()),
            _ => {}
        }
        let inquiry = InquiryId::new(message.lane);
        match ending {
            Ending::Done(reply) => {
                let file = ReaderFile { name: format!("OQSsiquc01res_{}.xml", message.id), bytes: reply.to_vec() };
                let result = read_face_result(&file).map_err(Error::internal)?;
                store::answer(tx, inquiry, &file, &result).await
            }
            Ending::Refused { .. } | Ending::GivenUp => store::given_up(tx, inquiry).await,
        }
    }

    async fn told(&self, message: &Message) {
        let topic = match message.encounter_id {
            Some(visit) => Topic::Visit(visit),
            None => Topic::Inquiry(InquiryId::new(message.lane)),
        };
        if let Some(live) = &self.live {
            live.announce(message.tenant_id, topic);
        }
    }

    fn is_direct(&self) -> bool {
        self.way.is_direct()
    }

    async fn probe(&self) -> Option<Result<(), Trouble>> {
        self.way.probe_at("/healthz").await
    }
}

fn judge(received: &[u8], question: &Question, identifier: &str) -> Outcome {
    let file = ReaderFile { name: String::new(), bytes: received.to_vec() };
    let Ok(result) = read_answer(&file, question, identifier) else { return Outcome::Retry(Trouble::Unreadable) };
    let (code, said) = result.message.clone().map_or_else(Default::default, |m| (m.code.unwrap_or_default(), m.text.unwrap_or_default()));
    match result.segment {
        ResultSegment::Normal if result.is_processed => Outcome::Done(received.to_vec()),
        ResultSegment::InProgress => Outcome::Retry(Trouble::Busy),
        _ => Outcome::Refused { code, said },
    }
}
