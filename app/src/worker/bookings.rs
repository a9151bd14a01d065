//! Duties clinic after clinic, each under one lease: bookings the clock decides about, the insurances of those expected tomorrow, and imports somebody has begun.

use std::time::Duration;

use chrono::TimeDelta;
use domain::outbox::Service;

use super::Worker;
use crate::{appointments::sweep, bulk_inquiries, patient_import};

const EVERY: Duration = Duration::from_secs(20);
/// Somebody watches the progress of an import.
const IMPORTS_EVERY: Duration = Duration::from_secs(5);

impl Worker {
    pub(super) async fn sweeping(&self) {
        let is_direct = self.postman.drivers().iter().any(|driver| driver.service() == Service::Eligibility && driver.is_direct());
        self.every(EVERY, "bookings", async || {
            if !self.holds("bookings", TimeDelta::minutes(1)).await? {
                return Ok(());
            }
            for clinic in self.operator.list_tenants().await? {
                if *self.stopping.borrow() {
                    break;
                }
                let asked = bulk_inquiries::nightly::ask_for_tomorrow(&self.operator, clinic.id, is_direct).await?;
                if asked > 0 {
                    tracing::info!(tenant.id = %clinic.id, asked, "tomorrow's insurances asked about");
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

    /// 患者の取込: a hundred lines at a time, each hundred held by a lock of its own.
    pub(super) async fn importing(&self) {
        self.every(IMPORTS_EVERY, "imports", async || {
            if !self.holds("imports", TimeDelta::minutes(1)).await? {
                return Ok(());
            }
            for clinic in self.operator.list_tenants().await? {
                if *self.stopping.borrow() {
                    break;
                }
                let registered = patient_import::work_off(&self.operator, clinic.id).await?;
                if registered > 0 {
                    tracing::info!(tenant.id = %clinic.id, registered, "patients imported");
                }
            }
            Ok(())
        })
        .await;
    }
}
