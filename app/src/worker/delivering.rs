//! The outbox: several times a second, and at once again while there is work.

use std::time::Duration;

use tenancy::duties;

use super::Worker;

const DELIVER_EVERY: Duration = Duration::from_millis(300);

impl Worker {
    pub(super) async fn delivering(&self) {
        self.every(DELIVER_EVERY, "outbox", async || {
            while self.postman.round().await? > 0 && !*self.stopping.borrow() {}
            Ok(())
        })
        .await;
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
        Ok(())
    }
}
