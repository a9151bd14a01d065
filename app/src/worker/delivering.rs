//! The outbox: several times a second, and at once again while there is work.

use std::time::Duration;

use domain::standing::ServiceState;
use tenancy::{duties, standing};

use super::Worker;
use crate::devices::store::AWAY_AFTER;

const PROBE_EVERY: Duration = Duration::from_secs(10);
const DELIVER_EVERY: Duration = Duration::from_millis(300);

impl Worker {
    pub(super) async fn delivering(&self) {
        self.every(DELIVER_EVERY, "outbox", async || {
            self.postman.work(|| *self.stopping.borrow() || self.is_paused()).await?;
            Ok(())
        })
        .await;
    }

    /// Partners that are not spoken to are asked, so that one that comes back is believed before somebody needs it.
    pub(super) async fn probing(&self) {
        self.every(PROBE_EVERY, "probe", async || Ok(self.postman.probe().await?)).await;
    }

    pub(super) async fn queue_numbers(&self) -> anyhow::Result<()> {
        let now = self.operator.clock().now();
        let queues = duties::queues(&self.operator).await?;
        for service in domain::outbox::Service::ALL {
            let queue = queues.iter().find(|queue| queue.service == service.code());
            let numbers = &self.metrics.outbox_messages;
            numbers.with_label_values(&[service.code(), "waiting"]).set(queue.map_or(0, |queue| queue.waiting));
            numbers.with_label_values(&[service.code(), "stuck"]).set(queue.map_or(0, |queue| queue.stuck));
            let age = queue.and_then(|queue| queue.oldest).map_or(0.0, |oldest| (now - oldest).as_seconds_f64());
            self.metrics.outbox_age_seconds.with_label_values(&[service.code()]).set(age.max(0.0));
        }
        let relays = duties::relays(&self.operator, now - AWAY_AFTER).await?;
        self.metrics.relay_devices.with_label_values(&["connected"]).set(relays.connected);
        self.metrics.relay_devices.with_label_values(&["away"]).set(relays.away);
        standing::count_queues(&self.operator).await?;
        for (service, state) in standing::service_states(&self.operator).await? {
            let number = match state {
                ServiceState::Up => 0,
                ServiceState::Degraded => 1,
                ServiceState::Down => 2,
            };
            self.metrics.service_state.with_label_values(&[service.code()]).set(number);
        }
        Ok(())
    }
}
