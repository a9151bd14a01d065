//! Wrong passwords slow down, they never lock for ever (S01: five wrong ones, then fifteen minutes). The time runs from the first
//! failure and is not renewed, so nobody can be held out by somebody who keeps trying.
//!
//! A try is counted before its secret is looked at and given back when it was right: guesses sent all at once are counted too.

use redis::{AsyncCommands, Script};

use crate::Error;
use crate::session::Sessions;
use crate::versioned::sha256;

pub const ALLOWED_FAILURES: u32 = 5;
pub const DELAY_S: u64 = 15 * 60;
/// One address may fail for several people, a whole clinic sits behind one; beyond this it is somebody guessing.
pub const ALLOWED_FAILURES_PER_SOURCE: u32 = 60;

const ADMIT: &str = "
    local tries = tonumber(redis.call('GET', KEYS[1]) or '0')
    local from_here = tonumber(redis.call('GET', KEYS[2]) or '0')
    if tries >= tonumber(ARGV[1]) or from_here >= tonumber(ARGV[2]) then return 0 end
    for _, key in ipairs(KEYS) do
        redis.call('INCR', key)
        redis.call('EXPIRE', key, ARGV[3], 'NX')
    end
    return 1";

const GIVE_BACK: &str = "
    for _, key in ipairs(KEYS) do
        if tonumber(redis.call('GET', key) or '0') > 0 then redis.call('DECR', key) end
    end";

/// One try at a secret, already counted. Dropped without [`Attempt::was_right`] it stays a failure.
#[must_use]
pub struct Attempt {
    sessions: Sessions,
    account: String,
    source: String,
}

/// What is being guarded; hashed, so that Redis holds no user ids.
fn key(scope: &str, subject: &str) -> String {
    format!("failed:{scope}:{}", hex::encode(&sha256(subject.as_bytes())[..16]))
}

impl Sessions {
    /// Counts a try of this account from this address; `None` while either is held back.
    pub async fn attempt(&self, account: &str, source_ip: &str) -> Result<Option<Attempt>, Error> {
        let attempt = Attempt { sessions: self.clone(), account: key("account", account), source: key("source", source_ip) };
        let admitted: bool = Script::new(ADMIT)
            .key(&attempt.account)
            .key(&attempt.source)
            .arg(ALLOWED_FAILURES)
            .arg(ALLOWED_FAILURES_PER_SOURCE)
            .arg(DELAY_S)
            .invoke_async(&mut self.connection())
            .await?;
        Ok(admitted.then_some(attempt))
    }

    /// Whether either is held back now; counts nothing.
    pub async fn is_held_back(&self, account: &str, source_ip: &str) -> Result<bool, Error> {
        let (account, source) = (key("account", account), key("source", source_ip));
        let (tries, from_here): (Option<u32>, Option<u32>) =
            redis::pipe().get(account).get(source).query_async(&mut self.connection()).await?;
        Ok(tries.unwrap_or(0) >= ALLOWED_FAILURES || from_here.unwrap_or(0) >= ALLOWED_FAILURES_PER_SOURCE)
    }

    /// Counts one more of `subject`, and says how many there were since the first of the last `window_s` seconds.
    pub async fn count_within(&self, scope: &str, subject: &str, window_s: u64) -> Result<u64, Error> {
        let key = key(scope, subject);
        let (count,): (u64,) = redis::pipe()
            .incr(&key, 1)
            .cmd("EXPIRE")
            .arg(&key)
            .arg(window_s)
            .arg("NX")
            .ignore()
            .query_async(&mut self.connection())
            .await?;
        Ok(count)
    }

    pub async fn forgive(&self, account: &str) -> Result<(), Error> {
        self.connection().del::<_, ()>(key("account", account)).await?;
        Ok(())
    }
}

impl Attempt {
    /// Gives the count back; earlier failures of the account stay until the sign-in is complete.
    pub async fn was_right(self) -> Result<(), Error> {
        let (script, mut redis) = (Script::new(GIVE_BACK), self.sessions.connection());
        Ok(script.key(&self.account).key(&self.source).invoke_async::<()>(&mut redis).await?)
    }
}
