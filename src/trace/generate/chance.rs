//! Chance with a seed: the same draws for the same seed, on every machine.

/// A generator of numbers (SplitMix64, by Guy Steele and others).
#[derive(Clone, Debug)]
pub(super) struct Chance(u64);

impl Chance {
    /// The draws of one actor of a run.
    pub(super) fn new(seed: u64, actor: u64) -> Self {
        let mut chance = Self(seed.wrapping_mul(0xd6e8_feb8_6659_fd93) ^ actor);
        chance.number();
        chance
    }

    /// Sixty-four bits.
    pub(super) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// A number below `end`; 0 where that is 0.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.number()) * u128::from(end)) >> 64) as u64
    }

    /// A number from `first` up to, not including, `end`.
    pub(super) fn between(&mut self, first: u64, end: u64) -> u64 {
        first + self.below(end.saturating_sub(first))
    }

    /// Whether something happens that happens in this share of cases.
    pub(super) fn happens(&mut self, share: f64) -> bool {
        share > 0.0 && ((self.number() >> 11) as f64) < share * (1_u64 << 53) as f64
    }
}
