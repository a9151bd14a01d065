//! Wrong passwords slow down, they never lock for ever (S01: five wrong ones, then fifteen minutes). The time runs from the first
//! failure and is not renewed, so nobody can be held out by somebody who keeps trying.

use redis::AsyncCommands;

use crate::Error;
use crate::session::Sessions;
use crate::versioned::sha256;

pub const ALLOWED_FAILURES: u32 = 5;
pub const DELAY_S: u64 = 15 * 60;
/// One address may fail for several people, a whole clinic sits behind one; beyond this it is somebody guessing.
pub const ALLOWED_FAILURES_PER_SOURCE: u32 = 60;

/// What is being guarded; hashed, so that Redis holds no user ids.
fn key(scope: &str, subject: &str) -> String {
    format!("failed:{scope}:{}", hex::encode(&sha256(subject.as_bytes())[..16]))
}

impl Sessions {
    /// Is this account or this address being held back at the moment?
    pub async fn is_throttled(&self, account: &str, source_ip: &str) -> Result<bool, Error> {
        let (by_account, by_source): (Option<u32>, Option<u32>) =
            self.connection().mget(&[key("account", account), key("source", source_ip)]).await?;
        Ok(by_account.unwrap_or(0) >= ALLOWED_FAILURES || by_source.unwrap_or(0) >= ALLOWED_FAILURES_PER_SOURCE)
    }

    pub async fn record_failure(&self, account: &str, source_ip: &str) -> Result<(), Error> {
        let (a, s) = (key("account", account), key("source", source_ip));
        redis::pipe()
            .incr(&a, 1)
            .cmd("EXPIRE")
            .arg(&a)
            .arg(DELAY_S)
            .arg("NX")
            .incr(&s, 1)
            .cmd("EXPIRE")
            .arg(&s)
            .arg(DELAY_S)
            .arg("NX")
            .exec_async(&mut self.connection())
            .await?;
        Ok(())
    }

    pub async fn forgive(&self, account: &str) -> Result<(), Error> {
        self.connection().del::<_, ()>(key("account", account)).await?;
        Ok(())
    }
}
