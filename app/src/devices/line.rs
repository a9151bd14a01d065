//! A line a clinic's machine holds open until there is something for it.

use std::time::Duration;

use tokio::sync::broadcast::error::RecvError;

use crate::live::{Listener, Signal, Topic};

/// How often one looks by oneself: while Redis is away, and for an announcement that was lost.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Until something is announced for the clinic's machines, or it is time to look.
pub async fn word(listener: &mut Option<Listener>) {
    let word = async {
        while let Some(open) = listener {
            match open.signals.recv().await {
                Ok(Signal::Changed(Topic::Request)) | Err(RecvError::Lagged(_)) => return,
                Err(RecvError::Closed) => *listener = None,
                Ok(_) => {}
            }
        }
        std::future::pending().await
    };
    tokio::time::timeout(LOOK_EVERY, word).await.ok();
}
