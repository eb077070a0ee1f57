//! What is counted of TLS, on any thread.

use std::sync::atomic::{AtomicU64, Ordering};

/// What was counted of TLS.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// Flows that are TLS.
    pub flows: u64,
    /// Those of which something was deciphered.
    pub deciphered: u64,
    /// Those that were not because their keys are not known.
    pub without_keys: u64,
    /// Those that were not for another reason: their beginning is missing, or a version, a suite or a compression is
    /// not read.
    pub unreadable: u64,
    /// Octets of TLS flows that were not deciphered, records and handshakes included.
    pub sealed_octets: u64,
}

impl Tally {
    /// Flows of which nothing was deciphered.
    pub fn sealed(&self) -> u64 {
        self.flows.saturating_sub(self.deciphered)
    }

    /// Adds what was counted elsewhere.
    pub fn add(&mut self, other: Self) {
        self.flows += other.flows;
        self.deciphered += other.deciphered;
        self.without_keys += other.without_keys;
        self.unreadable += other.unreadable;
        self.sealed_octets += other.sealed_octets;
    }
}

/// Something that is counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Count {
    Flows,
    #[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "nothing is deciphered"))]
    Deciphered,
    #[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "nothing is deciphered"))]
    WithoutKeys,
    Unreadable,
    SealedOctets,
}

/// Counters that all flows share.
#[derive(Debug, Default)]
pub(super) struct Counters {
    flows: AtomicU64,
    deciphered: AtomicU64,
    without_keys: AtomicU64,
    unreadable: AtomicU64,
    sealed_octets: AtomicU64,
}

impl Counters {
    pub(super) fn add(&self, what: Count, number: u64) {
        let counter = match what {
            Count::Flows => &self.flows,
            Count::Deciphered => &self.deciphered,
            Count::WithoutKeys => &self.without_keys,
            Count::Unreadable => &self.unreadable,
            Count::SealedOctets => &self.sealed_octets,
        };
        counter.fetch_add(number, Ordering::Relaxed);
    }

    pub(super) fn tally(&self) -> Tally {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Tally {
            flows: of(&self.flows),
            deciphered: of(&self.deciphered),
            without_keys: of(&self.without_keys),
            unreadable: of(&self.unreadable),
            sealed_octets: of(&self.sealed_octets),
        }
    }
}
