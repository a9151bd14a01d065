//! A password for the first sign-in only.

use tenancy::Error;
use tenancy::password::Hasher;

/// Without look-alikes: it is read from a slip of paper.
const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789x";
const LENGTH: usize = 16;

pub struct InitialPassword {
    /// `abcd-efgh-jkmn-pqrs`, some 80 random bits. Goes to one page or one terminal and nowhere else.
    pub plain: String,
    pub phc: String,
}

impl InitialPassword {
    /// Hashing is slow: draw before a transaction begins.
    pub async fn draw(hasher: &Hasher) -> Result<Self, Error> {
        let mut bytes = [0u8; LENGTH];
        aws_lc_rs::rand::fill(&mut bytes).map_err(Error::internal)?;
        let letters: Vec<char> = bytes.iter().map(|b| char::from(LETTERS[usize::from(b % 32)])).collect();
        let plain = letters.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join("-");
        let phc = hasher.hash(&plain).await?;
        Ok(Self { plain, phc })
    }
}
