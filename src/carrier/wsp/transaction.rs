//! Transactions: requests and what answers them, by their identifier.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::assembly::{Assembly, Kept};
use crate::carrier::Envelope;
use crate::flow::Way;
use crate::time::Time;
use crate::wire::FrameNo;

/// Transactions of a flow that may be open. When there are more, the oldest is given up.
pub const OPEN_MAX: usize = 32;
/// Transactions of a flow that are remembered when they are over, so that what is sent again is known.
pub const ENDED_REMEMBERED: usize = 64;
/// How long what is sent again is known, in nanoseconds: five minutes.
pub const AGAIN_WITHIN: i64 = 300_000_000_000;

/// Where and when something came.
#[derive(Clone, Copy)]
pub(super) struct Spot {
    pub(super) frame: FrameNo,
    pub(super) time: Time,
}

/// Who opened a transaction, and by which number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Key {
    pub(super) initiator: Way,
    pub(super) tid: u16,
}

/// One side of a transaction.
#[derive(Default)]
pub(super) enum Side {
    /// Nothing came of it.
    #[default]
    Nothing,
    /// Some parts came.
    Parts(Assembly),
    /// All of it came, and waits for the other side.
    Whole(Kept),
    /// It was read.
    Done,
}

impl Side {
    pub(super) fn is_nothing(&self) -> bool {
        matches!(self, Self::Nothing)
    }

    pub(super) fn is_done(&self) -> bool {
        matches!(self, Self::Done)
    }

    fn held(&self) -> usize {
        match self {
            Self::Nothing | Self::Done => 0,
            Self::Parts(parts) => parts.held(),
            Self::Whole(kept) => kept.held(),
        }
    }
}

/// What was asked in a transaction.
#[derive(Default)]
pub(super) struct Asked {
    /// Whether it is a request at all, and not something about the session.
    pub(super) is_request: bool,
    pub(super) imps: bool,
    /// Whether its method asks without data.
    pub(super) for_nothing: bool,
    /// The request without its data, where it is not IMPS by itself.
    pub(super) draft: Option<Box<Envelope>>,
}

/// A transaction that is not over.
pub(super) struct Transaction {
    pub(super) key: Key,
    /// Number of the exchange.
    pub(super) exchange: u32,
    pub(super) request: Side,
    pub(super) answer: Side,
    pub(super) asked: Asked,
    /// Fingerprints of the first parts.
    pub(super) marks: [Option<u64>; 2],
    /// Where and when something of it came last.
    pub(super) latest: Spot,
    /// How many datagrams had come by then.
    pub(super) datagrams: u64,
    /// Whether what is not whole is known to have come whole where it was sent to.
    pub(super) received: bool,
    /// Whether the request was sent again.
    pub(super) again: bool,
    /// Whether it was told that its answer may be missing.
    pub(super) told: bool,
    /// Whether nothing answers it.
    pub(super) one_way: bool,
}

impl Transaction {
    pub(super) fn new(key: Key, exchange: u32, latest: Spot, datagrams: u64) -> Self {
        Self {
            key,
            exchange,
            request: Side::Nothing,
            answer: Side::Nothing,
            asked: Asked::default(),
            marks: [None; 2],
            latest,
            datagrams,
            received: false,
            again: false,
            told: false,
            one_way: false,
        }
    }

    /// Whether what follows shows that something is missing of it in the capture only.
    pub(super) fn is_missed(&self) -> bool {
        self.received || !self.request.is_done() && matches!(self.answer, Side::Whole(_))
    }

    /// Something of it came.
    pub(super) fn touch(&mut self, at: Spot, datagrams: u64) {
        (self.latest, self.datagrams) = (at, datagrams);
    }

    /// Octets of memory that it holds.
    pub(super) fn held(&self) -> usize {
        size_of::<Self>() + self.request.held() + self.answer.held()
    }
}

/// A transaction that is over.
struct Ended {
    key: Key,
    marks: [Option<u64>; 2],
    at: Time,
}

/// The transactions of a flow that are over, as far as they are remembered.
#[derive(Default)]
pub(super) struct Memory(VecDeque<Ended>);

impl Memory {
    pub(super) fn add(&mut self, over: &Transaction, now: Time) {
        if self.0.len() >= ENDED_REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back(Ended { key: over.key, marks: over.marks, at: now });
    }

    /// Fingerprints of the latest transaction of this key, unless it is over for too long.
    pub(super) fn marks(&self, key: Key, now: Time) -> Option<[Option<u64>; 2]> {
        let known = self.0.iter().rev().find(|ended| ended.key == key)?;
        (now.0.saturating_sub(known.at.0) <= AGAIN_WITHIN).then_some(known.marks)
    }

    pub(super) fn held(&self) -> usize {
        self.0.capacity() * size_of::<Ended>()
    }
}

/// Fingerprint of the first part of a message.
pub(super) fn fingerprint(octets: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    octets.hash(&mut hasher);
    hasher.finish()
}
