//! `tsumugi-relay`: stands on a clinic's 資格確認端末 and carries files between its folders and the product.
//!
//! It opens every connection itself, reads none of what it carries, has no database and keeps nothing once the product has it. What
//! arrives in `res` and `face` goes first into a spool on disk, then to the product, then away; what is fetched for `req` is written
//! under another name, flushed, allowed once more by the product, and renamed. Killed at any point it loses nothing and writes nothing
//! twice: the spool and the unrenamed files are all it has to remember.

pub mod card;
pub mod cloud;
pub mod config;
pub mod files;
pub mod incoming;
mod names;
pub mod outgoing;
pub mod spool;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What the relay says of itself with every call.
#[derive(Debug, Default)]
pub struct Counts {
    pub waiting: AtomicUsize,
    pub aside: AtomicUsize,
}

impl Counts {
    pub fn set(&self, waiting: usize, aside: usize) {
        self.waiting.store(waiting, Ordering::Relaxed);
        self.aside.store(aside, Ordering::Relaxed);
    }
}

/// Runs until the process is ended.
pub async fn run(config: config::Config) -> anyhow::Result<()> {
    let counts = Arc::new(Counts::default());
    let spool = spool::Spool::open(&config.spool)?;
    let cloud = cloud::Cloud::new(&config, counts.clone())?;
    let incoming = incoming::Incoming::new(&config, spool, cloud.clone(), counts);
    let outgoing = outgoing::Outgoing::new(&config, cloud.clone());
    let runtime = tokio::runtime::Handle::current();
    // Without cards the files go on all the same.
    std::thread::spawn(move || {
        if let Err(error) = card::run(&config, &cloud, &runtime) {
            tracing::error!("{error:#}");
        }
    });
    tokio::join!(incoming.run(), outgoing.run());
    Ok(())
}
