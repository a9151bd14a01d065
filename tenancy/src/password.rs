//! Passwords (GL-03, GL-04): argon2id at 19 MiB, a few at a time so that a crowd signing in cannot fill the memory.

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use crate::Error;

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const AT_ONCE: usize = 4;

pub struct Hasher {
    argon2: Argon2<'static>,
    permits: std::sync::Arc<Semaphore>,
    /// Verified against when there is no such account, so that the answer takes as long.
    decoy: String,
}

impl Hasher {
    pub fn new() -> Result<Self, Error> {
        let params = Params::new(MEMORY_KIB, PASSES, 1, None).map_err(Error::internal)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let decoy = hash_with(&argon2, "no account has this password")?;
        Ok(Self { argon2, permits: Semaphore::new(AT_ONCE).into(), decoy })
    }

    /// PHC string.
    pub async fn hash(&self, password: &str) -> Result<String, Error> {
        let (argon2, password) = (self.argon2.clone(), password.to_owned());
        self.limited(move || hash_with(&argon2, &password)).await?
    }

    /// `None` verifies the decoy and is always false.
    pub async fn verify(&self, password: &str, phc: Option<&str>) -> Result<bool, Error> {
        let (argon2, password, known) = (self.argon2.clone(), password.to_owned(), phc.is_some());
        let phc = phc.unwrap_or(&self.decoy).to_owned();
        let matches = self.limited(move || argon2.verify_password(password.as_bytes(), phc.as_str()).is_ok()).await?;
        Ok(matches && known)
    }

    async fn limited<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let permit = self.permits.clone().acquire_owned().await.map_err(Error::internal)?;
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(permit);
            result
        });
        done.await.map_err(Error::internal)
    }
}

fn hash_with(argon2: &Argon2<'_>, password: &str) -> Result<String, Error> {
    let mut salt = [0u8; 16];
    aws_lc_rs::rand::fill(&mut salt).map_err(Error::internal)?;
    Ok(argon2.hash_password_with_salt(password.as_bytes(), &salt).map_err(Error::internal)?.to_string())
}

/// Why a new password is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordError {
    TooShort,
    TooLong,
    /// Part of the clinic's or the person's own id, or one of the passwords everybody tries first.
    Guessable,
    SameAsOld,
    Mismatch,
}

pub const MIN_LENGTH: usize = 13;
pub const MAX_LENGTH: usize = 128;

/// Thirteen characters or more need no forced periodic change (guideline 6.0); guessable ones are refused whatever their length.
pub fn check_new(password: &str, login_id: &str, tenant_code: &str) -> Result<(), PasswordError> {
    let length = password.chars().count();
    if length < MIN_LENGTH {
        return Err(PasswordError::TooShort);
    }
    if length > MAX_LENGTH {
        return Err(PasswordError::TooLong);
    }
    let folded = password.to_lowercase();
    let distinct = folded.chars().collect::<std::collections::BTreeSet<_>>().len();
    let own = [login_id, tenant_code].iter().any(|id| id.len() >= 4 && folded.contains(&id.to_lowercase()));
    let common = COMMON.iter().any(|word| folded.starts_with(word) && folded.len() < word.len() + 6);
    if own || common || distinct < 5 || is_sequence(&folded) {
        return Err(PasswordError::Guessable);
    }
    Ok(())
}

const COMMON: [&str; 8] = ["password", "passw0rd", "qwertyuiop", "letmein", "iloveyou", "administrator", "tsumugi", "welcome"];

/// `1234567890123`, `abcdefghijklm`.
fn is_sequence(text: &str) -> bool {
    let codes: Vec<i64> = text.chars().map(|c| i64::from(u32::from(c))).collect();
    let steps = codes.windows(2).filter(|w| (w[1] - w[0]).abs() <= 1 || (w[0] == i64::from(b'9') && w[1] == i64::from(b'0'))).count();
    steps + 1 >= codes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// GL-03
    #[test]
    fn guessable_passwords_are_refused() {
        for (password, expected) in [
            ("short-Pass1!", Err(PasswordError::TooShort)),
            ("aaaaaaaaaaaaaaaa", Err(PasswordError::Guessable)),
            ("1234567890123456", Err(PasswordError::Guessable)),
            ("abcdefghijklmnop", Err(PasswordError::Guessable)),
            ("Password12345", Err(PasswordError::Guessable)),
            ("yamazaki-2026-aki", Err(PasswordError::Guessable)),
            ("ainosato-no-kagi-7", Err(PasswordError::Guessable)),
            ("雨の日は傘を忘れない方がよい", Ok(())),
            ("correct-horse-battery", Ok(())),
        ] {
            assert_eq!(check_new(password, "yamazaki", "ainosato"), expected, "{password}");
        }
        assert_eq!(check_new(&"ab3$".repeat(40), "x", "y"), Err(PasswordError::TooLong));
    }
}
