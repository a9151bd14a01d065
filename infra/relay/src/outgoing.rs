//! From the product into `req`. A file is there under its own name, or it is not: before the rename it is `{id}.part`.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{fs, io};

use crate::cloud::{Cloud, Leave, Request};
use crate::config::Config;
use crate::files;
use crate::names::is_plain;

const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// A leave is good for this long; the product counts on it.
const LEAVE_LASTS: Duration = Duration::from_secs(5);
/// Tries to hear whether a file may be written, a second apart.
const ASKED: usize = 20;

pub struct Outgoing {
    req: PathBuf,
    cloud: Cloud,
}

impl Outgoing {
    pub fn new(config: &Config, cloud: Cloud) -> Self {
        Self { req: config.req.clone(), cloud }
    }

    pub async fn run(self) {
        let mut wait = Duration::from_secs(1);
        loop {
            self.clear();
            match self.cloud.requests().await {
                Some(requests) => {
                    wait = Duration::from_secs(1);
                    for request in requests {
                        self.write(&request).await;
                    }
                }
                None => {
                    tokio::time::sleep(wait).await;
                    wait = (wait * 2).min(LONGEST_WAIT);
                }
            }
        }
    }

    /// Begun before a crash and never published: the product offers it again or has given it up.
    fn clear(&self) {
        let Ok(entries) = fs::read_dir(&self.req) else { return };
        for path in entries.flatten().map(|entry| entry.path()) {
            if is_ours(&path) {
                let _ = files::remove(&path);
            }
        }
    }

    async fn write(&self, request: &Request) {
        let (Some(bytes), true) = (request.bytes(), is_plain(&request.name) && is_plain(&request.id)) else {
            tracing::error!("a request cannot be read");
            return;
        };
        let part = self.req.join(format!("tsumugi-{}.part", request.id));
        let written = match files::write_flushed(&part, &bytes) {
            Ok(()) => self.publish(&part, request).await,
            Err(error) => Err(error),
        };
        if let Err(error) = written {
            tracing::error!(%error, "a request could not be written into req");
            let _ = files::remove(&part);
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// Only with a fresh leave.
    async fn publish(&self, part: &Path, request: &Request) -> io::Result<()> {
        for _ in 0..ASKED {
            let asked = Instant::now();
            match self.cloud.may_write(&request.id).await {
                Leave::Go if asked.elapsed() < LEAVE_LASTS => return fs::rename(part, self.req.join(&request.name)),
                Leave::Gone => return files::remove(part),
                Leave::Go | Leave::Later => tokio::time::sleep(Duration::from_secs(1)).await,
            }
        }
        files::remove(part)
    }
}

fn is_ours(path: &Path) -> bool {
    path.file_name().and_then(|n| n.to_str()).is_some_and(|n| n.starts_with("tsumugi-") && n.ends_with(".part"))
}
