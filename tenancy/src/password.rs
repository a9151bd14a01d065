//! Passwords (GL-03, GL-04): argon2id at 19 MiB, a few at a time so that a crowd signing in cannot fill the memory.

use std::sync::{Arc, Mutex, PoisonError};

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Block, Params, Version};
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;

use crate::Error;

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const AT_ONCE: usize = 4;

/// The work memory of hashes, kept from one to the next. Freed each time on whatever thread it ran, 19 MiB pieces stay with the
/// allocator: a crowd signing in left 847 MiB resident, with kept memory it is what `AT_ONCE` hashes need.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<Vec<Block>>>>);

impl Memory {
    fn with<T>(&self, params: &Params, work: impl FnOnce(&mut [Block]) -> T) -> T {
        let mut blocks = self.spare().pop().unwrap_or_default();
        blocks.resize(params.block_count(), Block::default());
        let result = work(&mut blocks);
        self.spare().push(blocks);
        result
    }

    fn spare(&self) -> std::sync::MutexGuard<'_, Vec<Vec<Block>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub struct Hasher {
    params: Params,
    permits: Arc<Semaphore>,
    memory: Memory,
    /// Verified against when there is no such account, so that the answer takes as long.
    decoy: String,
}

impl Hasher {
    pub fn new() -> Result<Self, Error> {
        let params = Params::new(MEMORY_KIB, PASSES, 1, None).map_err(Error::internal)?;
        let memory = Memory::default();
        let decoy = hash_with(&params, &memory, "no account has this password")?;
        Ok(Self { params, permits: Semaphore::new(AT_ONCE).into(), memory, decoy })
    }

    /// PHC string.
    pub async fn hash(&self, password: &str) -> Result<String, Error> {
        let (params, memory, password) = (self.params.clone(), self.memory.clone(), password.to_owned());
        self.limited(move || hash_with(&params, &memory, &password)).await?
    }

    /// `None` verifies the decoy and is always false.
    pub async fn verify(&self, password: &str, phc: Option<&str>) -> Result<bool, Error> {
        let (memory, password, known) = (self.memory.clone(), password.to_owned(), phc.is_some());
        let phc = phc.unwrap_or(&self.decoy).to_owned();
        let matches = self.limited(move || matches(&memory, &password, &phc).unwrap_or(false)).await?;
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

fn hash_with(params: &Params, memory: &Memory, password: &str) -> Result<String, Error> {
    let mut salt = [0u8; 16];
    aws_lc_rs::rand::fill(&mut salt).map_err(Error::internal)?;
    let output = compute(params, memory, password, &salt, &mut [0; Params::DEFAULT_OUTPUT_LEN]).map_err(Error::internal)?;
    let hash = PasswordHash {
        algorithm: ARGON2ID_IDENT,
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(params).map_err(Error::internal)?,
        salt: Some(Salt::new(&salt).map_err(Error::internal)?),
        hash: Some(output),
    };
    Ok(hash.to_string())
}

/// A hash of another kind than ours matches nothing.
fn matches(memory: &Memory, password: &str, phc: &str) -> Option<bool> {
    let known = PasswordHash::new(phc).ok()?;
    if known.algorithm != ARGON2ID_IDENT || known.version != Some(Version::V0x13.into()) {
        return None;
    }
    let params = Params::try_from(&known).ok()?;
    let (salt, expected) = (known.salt?, known.hash?);
    let mut out = vec![0; expected.as_bytes().len()];
    compute(&params, memory, password, &salt, &mut out).ok()?;
    Some(out.ct_eq(expected.as_bytes()).into())
}

fn compute(params: &Params, memory: &Memory, password: &str, salt: &[u8], out: &mut [u8]) -> Result<Output, argon2::password_hash::Error> {
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    memory.with(params, |blocks| argon2.hash_password_into_with_memory(password.as_bytes(), salt, out, blocks))?;
    Output::new(out).map_err(Into::into)
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
    use argon2::PasswordVerifier;

    use super::*;

    #[tokio::test]
    async fn a_hash_is_plain_argon2id_and_fits_its_password_only() {
        let hasher = Hasher::new().unwrap();
        let phc = hasher.hash("Kagi-wo-kakeru-2026").await.unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert!(Argon2::default().verify_password(b"Kagi-wo-kakeru-2026", phc.as_str()).is_ok());
        assert!(hasher.verify("Kagi-wo-kakeru-2026", Some(&phc)).await.unwrap());
        assert!(!hasher.verify("kagi-wo-kakeru-2026", Some(&phc)).await.unwrap());
        assert!(!hasher.verify("no account has this password", None).await.unwrap());
        assert!(!hasher.verify("x", Some("not a hash")).await.unwrap());
    }

    #[tokio::test]
    async fn a_crowd_reuses_the_memory_of_a_few() {
        let hasher = Arc::new(Hasher::new().unwrap());
        let phc = hasher.hash("Kagi-wo-kakeru-2026").await.unwrap();
        let crowd = (0..16).map(|_| {
            let (hasher, phc) = (hasher.clone(), phc.clone());
            tokio::spawn(async move { hasher.verify("Kagi-wo-kakeru-2026", Some(&phc)).await.unwrap() })
        });
        for person in crowd.collect::<Vec<_>>() {
            assert!(person.await.unwrap());
        }
        assert!(hasher.memory.spare().len() <= AT_ONCE);
    }

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
