//! Uploaded files: several times a second while somebody waits for one; and how the scanner stands.

use std::time::Duration;

use super::Worker;

const SCAN_EVERY: Duration = Duration::from_millis(500);
const PROBE_EVERY: Duration = Duration::from_secs(30);

impl Worker {
    pub(super) async fn scanning(&self) {
        let Some(inspector) = &self.inspector else { return };
        self.every(SCAN_EVERY, "attachments", async || {
            while inspector.round().await? > 0 && !*self.stopping.borrow() {}
            Ok(())
        })
        .await;
    }

    pub(super) async fn probing_scanner(&self) {
        let Some(inspector) = &self.inspector else { return };
        self.every(PROBE_EVERY, "scanner", async || {
            let found = inspector.probe().await?;
            self.metrics.scanner_up.set(i64::from(found.is_some()));
            if let Some(signatures) = found {
                let now = self.operator.clock().now();
                let age = signatures.published_at.map_or(f64::INFINITY, |at| (now - at).as_seconds_f64());
                self.metrics.scanner_signature_age_seconds.set(age);
            }
            self.metrics.attachments_quarantined.set(tenancy::duties::quarantined(&self.operator).await?);
            Ok(())
        })
        .await;
    }
}
