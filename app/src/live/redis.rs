//! The two ends at Redis: one queue out, one subscription in.

use std::sync::Arc;
use std::time::Duration;

use domain::TenantId;
use futures_util::StreamExt;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use tenancy::Error;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::hub::Hub;
use super::topic::Topic;

const PREFIX: &str = "live:";
/// Carried over the same way as announcements, so that silence means the way is broken.
const BEAT: &str = "live:beat";
const BEAT_EVERY: Duration = Duration::from_secs(3);
const SILENCE: Duration = Duration::from_secs(10);
const PATIENCE: Duration = Duration::from_secs(2);
const RETRY_FIRST: Duration = Duration::from_millis(200);
const RETRY_LAST: Duration = Duration::from_secs(5);

pub fn client(url: &str) -> Result<redis::Client, Error> {
    redis::Client::open(url).map_err(|_| Error::Internal("redis url cannot be parsed".into()))
}

/// Connects lazily and reconnects by itself.
pub fn connection(url: &str) -> Result<ConnectionManager, Error> {
    let config = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(PATIENCE))
        .set_response_timeout(Some(PATIENCE))
        .set_number_of_retries(1)
        .set_max_delay(RETRY_FIRST);
    Ok(ConnectionManager::new_lazy_with_config(client(url)?, config)?)
}

/// Sends what is queued until the last [`super::Live`] is gone. What Redis does not take is dropped.
pub async fn publish(mut redis: ConnectionManager, mut queue: mpsc::Receiver<(TenantId, Topic)>) {
    let mut beat = interval(BEAT_EVERY);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let (channel, message) = tokio::select! {
            next = queue.recv() => match next {
                Some((tenant_id, topic)) => (format!("{PREFIX}{tenant_id}"), topic.encode()),
                None => return,
            },
            _ = beat.tick() => (BEAT.to_owned(), String::new()),
        };
        if let Err(e) = redis::cmd("PUBLISH").arg(channel).arg(message).exec_async(&mut redis).await {
            tracing::debug!(error = %e, "an announcement did not reach redis");
        }
    }
}

/// Hears every clinic's announcements for ever; while it cannot, the streams are told.
pub async fn listen(client: redis::Client, hub: Arc<Hub>) {
    let mut wait = RETRY_FIRST;
    loop {
        match timeout(PATIENCE, subscribe(&client)).await {
            Ok(Ok(mut messages)) => {
                hub.set_up(true);
                wait = RETRY_FIRST;
                while let Ok(Some(message)) = timeout(SILENCE, messages.next()).await {
                    hear(&hub, &message);
                }
            }
            Ok(Err(e)) => tracing::debug!(error = %e, "no subscription"),
            Err(_) => tracing::debug!("no subscription in time"),
        }
        hub.set_up(false);
        sleep(wait).await;
        wait = RETRY_LAST.min(wait * 2);
    }
}

async fn subscribe(client: &redis::Client) -> redis::RedisResult<redis::aio::PubSubStream> {
    let mut subscription = client.get_async_pubsub().await?;
    subscription.psubscribe(format!("{PREFIX}*")).await?;
    Ok(subscription.into_on_message())
}

fn hear(hub: &Hub, message: &redis::Msg) {
    let clinic = message.get_channel_name().strip_prefix(PREFIX).and_then(|id| id.parse().ok());
    let topic = message.get_payload::<String>().ok().and_then(|text| Topic::decode(&text));
    if let (Some(clinic), Some(topic)) = (clinic, topic) {
        hub.tell(clinic, topic);
    }
}
