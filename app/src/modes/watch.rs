//! The web process looks every other second how things stand, and brings spooled views into the log when it may write again.

use std::time::Duration;

use tenancy::{TenantPool, standing};

const EVERY: Duration = Duration::from_secs(2);

/// Runs as long as the process.
pub async fn watch(pool: TenantPool) {
    let mut failing = false;
    loop {
        match standing::refresh(&pool).await {
            Ok(brought) => {
                failing = false;
                if brought > 0 {
                    tracing::info!(events = brought, "views made while read-only are in the log");
                }
            }
            Err(error) if !failing => {
                failing = true;
                tracing::error!(%error, "how the product stands could not be read");
            }
            Err(_) => {}
        }
        tokio::time::sleep(EVERY).await;
    }
}
