//! A small deterministic generator: the same seed gives the same clinic on every machine and compiler.

use uuid::Uuid;

/// SplitMix64. Not for secrets.
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number in `low..high`.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let width = u64::try_from(high - low).unwrap_or(1).max(1);
        low + i64::try_from(self.next() % width).unwrap_or(0)
    }

    /// True `percent` times in a hundred.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.next() % 100 < percent
    }

    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        let len = u64::try_from(of.len()).unwrap_or(1).max(1);
        &of[usize::try_from(self.next() % len).unwrap_or(0)]
    }

    /// `n` decimal digits, the first of them not zero.
    pub fn digits(&mut self, n: usize) -> String {
        (0..n).map(|i| char::from(b'0' + u8::try_from(self.between(i64::from(i == 0), 10)).unwrap_or(1))).collect()
    }

    /// A UUIDv7 of that moment, with deterministic low bits.
    pub fn id_at(&mut self, at: chrono::DateTime<chrono::Utc>) -> Uuid {
        let mut bits = [0_u8; 10];
        bits[..8].copy_from_slice(&self.next().to_be_bytes());
        bits[8..].copy_from_slice(&self.next().to_be_bytes()[..2]);
        let ms = u64::try_from(at.timestamp_millis()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(ms, &bits).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_sequence() {
        let (mut a, mut b) = (Rng::new(7), Rng::new(7));
        let at = chrono::DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        for _ in 0..100 {
            assert_eq!(a.id_at(at), b.id_at(at));
            let n = a.between(3, 9);
            assert!((3..9).contains(&n));
            assert_eq!(n, b.between(3, 9));
        }
        assert_eq!(a.digits(10).len(), 10);
        assert_eq!(a.id_at(at).get_version_num(), 7);
    }
}
