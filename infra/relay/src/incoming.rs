//! From `res` and `face` into the spool, from the spool to the product.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use std::{fs, io};

use crate::Counts;
use crate::cloud::{Cloud, Handover};
use crate::config::Config;
use crate::files::{self, FILE_MAX, Watch};
use crate::spool::{Origin, Spool};

const LONGEST_WAIT: Duration = Duration::from_secs(60);

pub struct Incoming {
    folders: Vec<(&'static str, PathBuf)>,
    spool: Spool,
    cloud: Cloud,
    counts: Arc<Counts>,
    scan: Duration,
}

impl Incoming {
    pub fn new(config: &Config, spool: Spool, cloud: Cloud, counts: Arc<Counts>) -> Self {
        let face = config.face.as_ref().map(|face| ("face", face.clone()));
        let folders = [Some(("res", config.res.clone())), face].into_iter().flatten().collect();
        Self { folders, spool, cloud, counts, scan: Duration::from_millis(config.scan_ms) }
    }

    pub async fn run(self) {
        let mut watches: Vec<(&'static str, Watch)> = self.folders.iter().map(|(code, path)| (*code, Watch::new(path))).collect();
        let (mut wait, mut rest) = (Duration::ZERO, Duration::ZERO);
        loop {
            for (code, watch) in &mut watches {
                for path in watch.finished() {
                    if let Err(error) = self.collect(code, &path) {
                        tracing::warn!(%error, folder = *code, "a file could not be taken from its folder yet");
                    }
                }
            }
            let (waiting, aside) = self.spool.counts();
            self.counts.set(waiting, aside);
            // While the product is away, folders are still emptied into the spool.
            if waiting > 0 && rest.is_zero() {
                wait = if self.hand_over().await { Duration::ZERO } else { (wait * 2).clamp(Duration::from_secs(1), LONGEST_WAIT) };
                rest = wait;
            }
            tokio::time::sleep(self.scan).await;
            rest = rest.saturating_sub(self.scan);
        }
    }

    /// Into the spool, then away from the folder: killed in between, the same file is taken again and is the same one.
    fn collect(&self, code: &str, path: &Path) -> io::Result<()> {
        let Some(name) = path.file_name().map(|name| name.to_string_lossy().into_owned()) else { return Ok(()) };
        if fs::metadata(path)?.len() > FILE_MAX {
            tracing::error!(folder = code, "a file is too large to be one of the service's; it stays where it is");
            return Ok(());
        }
        let bytes = fs::read(path)?;
        self.spool.keep(&Origin { folder: code.to_owned(), name }, &bytes)?;
        files::remove(path)
    }

    /// Everything that waits, one after the other; false when the product did not take one.
    async fn hand_over(&self) -> bool {
        for path in self.spool.waiting() {
            let Ok(held) = self.spool.read(&path) else {
                tracing::error!("a spooled file cannot be read; it was put aside");
                let _ = self.spool.set_aside(&path);
                continue;
            };
            let done = match self.cloud.hand_over(&held).await {
                Handover::Later => return false,
                Handover::Done => self.spool.forget(&path),
                Handover::Never => {
                    tracing::error!("the product will never take a file; it was put aside");
                    self.spool.set_aside(&path)
                }
            };
            if let Err(error) = done {
                tracing::error!(%error, "the spool cannot be changed");
                return false;
            }
        }
        true
    }
}
