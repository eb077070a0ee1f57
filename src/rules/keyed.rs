//! Maps by numbers that this program gave or by fingerprints, and short texts: hashed in a few steps.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

/// A map by flow, exchange, event, fingerprint or identifier, of what one session holds.
pub(super) type Keyed<K, V> = HashMap<K, V, BuildHasherDefault<Folding>>;

/// The keys of such a map alone.
pub(super) type Keys<K> = HashSet<K, BuildHasherDefault<Folding>>;

/// A hash by multiplying and rotating. No proof against forged keys: a chapter of a session bounds what they cost.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Folding(u64);

impl Folding {
    fn fold(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

impl Hasher for Folding {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.fold(u64::from_le_bytes(*word)));
        self.fold(rest.iter().fold(rest.len() as u64, |word, byte| word << 8 | u64::from(*byte)));
    }

    fn write_u8(&mut self, number: u8) {
        self.fold(number.into());
    }

    fn write_u16(&mut self, number: u16) {
        self.fold(number.into());
    }

    fn write_u32(&mut self, number: u32) {
        self.fold(number.into());
    }

    fn write_u64(&mut self, number: u64) {
        self.fold(number);
    }

    fn write_usize(&mut self, number: usize) {
        self.fold(number as u64);
    }

    /// The upper bits are the better mixed ones, and a map goes by the lower.
    fn finish(&self) -> u64 {
        self.0.rotate_left(26)
    }
}
