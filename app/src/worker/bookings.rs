//! 予約の時間切れ: holds released, missing patients marked, clinic after clinic under one lease.

use std::time::Duration;

use chrono::TimeDelta;

use super::Worker;
use crate::appointments::sweep;

const EVERY: Duration = Duration::from_secs(20);

impl Worker {
    pub(super) async fn sweeping(&self) {
        self.every(EVERY, "bookings", async || {
            if !self.holds("bookings", TimeDelta::minutes(1)).await? {
                return Ok(());
            }
            for clinic in self.operator.list_tenants().await? {
                if *self.stopping.borrow() {
                    break;
                }
                let swept = sweep::clinic(&self.operator, clinic.id).await?;
                if swept != sweep::Swept::default() {
                    tracing::info!(tenant.id = %clinic.id, released = swept.released, no_show = swept.missed, "bookings swept");
                }
            }
            Ok(())
        })
        .await;
    }
}
