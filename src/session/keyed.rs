//! Maps by identifiers and numbers that messages bring, hashed in a few steps.
//!
//! What is in a capture may be forged, so each map mixes a number into its hashes that is drawn anew for it.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};

/// A map with a cheap hash.
pub(super) type Keyed<K, V> = HashMap<K, V, Seed>;

/// What is mixed into the hashes of one map.
#[derive(Clone, Debug)]
pub(super) struct Seed(u64);

impl Default for Seed {
    fn default() -> Self {
        Self(RandomState::new().hash_one(0_u8))
    }
}

impl BuildHasher for Seed {
    type Hasher = Folding;

    fn build_hasher(&self) -> Folding {
        Folding { state: self.0, seed: self.0 }
    }
}

/// A hash by multiplying to twice the width and folding.
#[derive(Debug)]
pub(super) struct Folding {
    state: u64,
    seed: u64,
}

impl Folding {
    #[inline]
    fn fold(&mut self, word: u64) {
        let product = u128::from(self.state ^ word) * u128::from(self.seed | 0x9e37_79b9_0000_0001);
        self.state = (product as u64) ^ ((product >> 64) as u64);
    }
}

impl Hasher for Folding {
    #[inline]
    fn write(&mut self, octets: &[u8]) {
        let (words, rest) = octets.as_chunks();
        words.iter().for_each(|word| self.fold(u64::from_le_bytes(*word)));
        self.fold(rest.iter().fold(octets.len() as u64, |word, octet| word << 8 | u64::from(*octet)));
    }

    #[inline]
    fn write_u8(&mut self, number: u8) {
        self.fold(number.into());
    }

    #[inline]
    fn write_u16(&mut self, number: u16) {
        self.fold(number.into());
    }

    #[inline]
    fn write_u32(&mut self, number: u32) {
        self.fold(number.into());
    }

    #[inline]
    fn write_u64(&mut self, number: u64) {
        self.fold(number);
    }

    #[inline]
    fn write_usize(&mut self, number: usize) {
        self.fold(number as u64);
    }

    #[inline]
    fn finish(&self) -> u64 {
        let product = u128::from(self.state) * u128::from(self.seed | 1);
        (product as u64) ^ ((product >> 64) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_map_hashes_its_own_way() {
        let (a, b) = (Seed::default(), Seed::default());
        assert_eq!(a.hash_one("s1"), a.hash_one("s1"));
        assert_ne!(a.hash_one("s1"), b.hash_one("s1"));
        let hashes: std::collections::HashSet<u64> = (0..10_000_u32).map(|n| a.hash_one(n) >> 40).collect();
        assert!(hashes.len() > 9_900, "{}", hashes.len());
    }
}
