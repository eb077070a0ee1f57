//! Octets of a direction that wait to be read, and where each was captured.

use std::collections::VecDeque;
use std::ops::Range;

use crate::time::Time;
use crate::wire::FrameNo;

/// Octets read that are kept: a block, and a MAC behind it.
const KEPT: usize = 64;
/// Octets read that are dropped at a time, so that the rest is not moved for each record.
const DROPPED_AT_A_TIME: usize = 32 * 1024;
/// Capacity that is kept when nothing waits.
const CAPACITY_KEPT: usize = 2 * 1024;

/// Where and when an octet was captured.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Spot {
    pub(super) frame: FrameNo,
    pub(super) time: Time,
}

/// Octets of a direction.
#[derive(Default, Debug)]
pub(super) struct Inbox {
    /// Some that were read, then those that wait.
    octets: Vec<u8>,
    /// How many were read.
    read: usize,
    /// Position in the direction of the first of `octets`.
    base: u64,
    /// Position from which on octets come from a frame, in order.
    runs: VecDeque<(u64, Spot)>,
}

impl Inbox {
    pub(super) fn push(&mut self, octets: &[u8], spot: Spot) {
        self.runs.push_back((self.base + self.octets.len() as u64, spot));
        self.octets.extend_from_slice(octets);
    }

    /// The octets that wait.
    pub(super) fn waiting(&self) -> &[u8] {
        self.octets.get(self.read..).unwrap_or_default()
    }

    /// Position in the direction of the first octet that waits; those missing are not counted.
    pub(super) fn position(&self) -> u64 {
        self.base + self.read as u64
    }

    /// Octets just before the first that waits, enough to hold a block and a MAC where they are there.
    pub(super) fn before(&self) -> &[u8] {
        self.octets.get(self.read.saturating_sub(KEPT)..self.read).unwrap_or_default()
    }

    /// Takes octets off the front. Some of them are kept for [`before`](Self::before).
    pub(super) fn consume(&mut self, octets: usize) {
        self.read += octets.min(self.waiting().len());
        if self.read < self.octets.len() && self.read < DROPPED_AT_A_TIME {
            return;
        }
        let dropped = self.read.saturating_sub(KEPT);
        self.octets.drain(..dropped);
        self.read -= dropped;
        self.base += dropped as u64;
        if self.octets.len() <= KEPT && self.octets.capacity() > CAPACITY_KEPT {
            self.octets.shrink_to(CAPACITY_KEPT);
        }
        let front = self.position();
        while self.runs.get(1).is_some_and(|(from, _)| *from <= front) {
            self.runs.pop_front();
        }
    }

    /// Drops what waits and what was kept: octets are missing here. Gives how many waited.
    pub(super) fn cut(&mut self) -> usize {
        let waited = self.waiting().len();
        *self = Self { base: self.base + self.octets.len() as u64, ..Self::default() };
        waited
    }

    /// The runs that cover a range of the waiting octets: where each starts in the range, and where it was captured.
    pub(super) fn runs(&self, range: Range<usize>) -> impl Iterator<Item = (Range<usize>, Spot)> + '_ {
        let first = self.position();
        let place = move |position: u64| usize::try_from(position.saturating_sub(first)).unwrap_or(usize::MAX);
        self.runs.iter().enumerate().filter_map(move |(index, (from, spot))| {
            let end = self.runs.get(index + 1).map_or(usize::MAX, |(next, _)| place(*next));
            let (from, end) = (place(*from).max(range.start), end.min(range.end));
            (from < end).then(|| (from - range.start..end - range.start, *spot))
        })
    }

    /// Where the last octet was captured.
    pub(super) fn last(&self) -> Spot {
        self.runs.back().map(|(_, spot)| *spot).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spot(frame: u64) -> Spot {
        Spot { frame: FrameNo(frame), time: Time(0) }
    }

    #[test]
    fn octets_know_their_frames() {
        let mut inbox = Inbox::default();
        inbox.push(b"abcde", spot(1));
        inbox.push(b"fgh", spot(2));
        inbox.consume(3);
        assert_eq!(inbox.waiting(), b"defgh");
        assert_eq!(inbox.before(), b"abc");
        assert_eq!(inbox.runs(1..5).collect::<Vec<_>>(), [(0..1, spot(1)), (1..4, spot(2))]);
        assert_eq!(inbox.runs(3..4).collect::<Vec<_>>(), [(0..1, spot(2))]);
    }

    #[test]
    fn some_is_kept_of_what_was_read() {
        let mut inbox = Inbox::default();
        inbox.push(&[7; 100], spot(1));
        inbox.consume(100);
        assert_eq!(inbox.octets.len(), KEPT);
        inbox.push(b"xy", spot(3));
        assert_eq!(inbox.runs(0..2).collect::<Vec<_>>(), [(0..2, spot(3))]);
        assert_eq!(inbox.cut(), 2);
        assert!(inbox.before().is_empty());
        inbox.push(b"z", spot(4));
        assert_eq!(inbox.runs(0..1).collect::<Vec<_>>(), [(0..1, spot(4))]);
    }
}
