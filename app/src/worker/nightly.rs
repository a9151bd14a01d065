//! The nightly archives: clinic after clinic, each under a lease of its own, so that several workers share the night.

use std::time::Duration;

use chrono::TimeDelta;
use tenancy::TenantId;
use tenancy::duties;

use super::{Worker, schedule};
use crate::backup::run::Backup;

const LEASE: TimeDelta = TimeDelta::minutes(10);
const RENEW_EVERY: Duration = Duration::from_secs(180);

impl Worker {
    /// Archives every clinic that is due; one clinic's failure does not keep the others waiting.
    pub(super) async fn archive_due(&self, backup: &Backup) -> anyhow::Result<()> {
        let now = self.operator.clock().now();
        let due = duties::backup_ages(&self.operator).await?.into_iter().filter(|age| schedule::is_due(now, age));
        for clinic in due.map(|age| age.tenant_id).collect::<Vec<_>>() {
            if *self.stopping.borrow() {
                break;
            }
            if self.holds(&duty(clinic), LEASE).await? && self.is_still_due(clinic).await? {
                self.archive(backup, clinic).await;
            }
        }
        Ok(())
    }

    /// Another worker may have finished the clinic between our look and our lease.
    async fn is_still_due(&self, clinic: TenantId) -> anyhow::Result<bool> {
        let now = self.operator.clock().now();
        let ages = duties::backup_ages(&self.operator).await?;
        Ok(ages.iter().any(|age| age.tenant_id == clinic && schedule::is_due(now, age)))
    }

    async fn archive(&self, backup: &Backup, clinic: TenantId) {
        let renewing = async {
            loop {
                tokio::time::sleep(RENEW_EVERY).await;
                if let Err(error) = self.holds(&duty(clinic), LEASE).await {
                    tracing::warn!(%error, "the lease of a backup could not be renewed");
                }
            }
        };
        let done = tokio::select! {
            done = backup.run(clinic) => done,
            () = renewing => return,
        };
        match done {
            Ok(archived) => {
                tracing::info!(tenant.id = %clinic, rows = archived.rows(), bytes = archived.bytes, "archived");
            }
            Err(error) => tracing::error!(tenant.id = %clinic, code = error.code(), %error, "a backup failed"),
        }
    }
}

fn duty(clinic: TenantId) -> String {
    format!("backup/{clinic}")
}
