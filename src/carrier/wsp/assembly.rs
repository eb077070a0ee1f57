//! A message of WTP put together from its parts.

use std::collections::BTreeMap;
use std::ops::Range;

use super::transaction::Spot;
use crate::carrier::Wholeness;
use crate::flow::{Datagram, Loss};
use crate::time::Time;
use crate::wire::{FrameRange, Pieces, Wire};

/// Octets of a message in parts that are kept; parts that go beyond are left out.
pub const MESSAGE_MAX: usize = 1024 * 1024;

/// Octets on the wire, frames and times of a message.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Extent {
    pub(super) octets: u32,
    pub(super) frames: FrameRange,
    pub(super) start: Time,
    pub(super) end: Time,
}

impl Extent {
    /// That of octets of a datagram.
    pub(super) fn of(datagram: &Datagram<'_>, octets: usize) -> Self {
        let only = FrameRange { first: datagram.frame, last: datagram.frame };
        Self {
            octets: u32::try_from(octets).unwrap_or(u32::MAX),
            frames: datagram.pieces.frames().unwrap_or(only),
            start: datagram.time,
            end: datagram.time,
        }
    }

    fn grow(&mut self, other: Self) {
        self.octets = self.octets.saturating_add(other.octets);
        self.frames.first = self.frames.first.min(other.frames.first);
        self.frames.last = self.frames.last.max(other.frames.last);
        self.start = self.start.min(other.start);
        self.end = self.end.max(other.end);
    }
}

/// A PDU of WSP, or a part of one, where it stands.
#[derive(Clone)]
pub(super) struct Parcel<'a> {
    octets: &'a [u8],
    pieces: &'a Pieces,
    range: Range<usize>,
    pub(super) wholeness: Wholeness,
    pub(super) extent: Extent,
}

impl<'a> Parcel<'a> {
    /// A range of a datagram; `octets` are those on the wire.
    pub(super) fn of(datagram: &Datagram<'a>, range: Range<usize>, octets: usize) -> Self {
        let cut = datagram.missing > 0 && range.end >= datagram.bytes.len();
        Self {
            octets: datagram.bytes,
            pieces: datagram.pieces,
            range,
            wholeness: if cut { Wholeness::Lost(Loss::SnapLength) } else { Wholeness::Complete },
            extent: Extent::of(datagram, octets),
        }
    }

    /// Where and when it was whole.
    pub(super) fn spot(&self) -> Spot {
        Spot { frame: self.extent.frames.last, time: self.extent.end }
    }

    pub(super) fn bytes(&self) -> &'a [u8] {
        self.octets.get(self.range.clone()).unwrap_or_default()
    }

    /// Its last octets.
    pub(super) fn tail(&self, octets: usize) -> Wire {
        let start = self.range.end.saturating_sub(octets);
        Wire::cut(self.octets, self.pieces, start..self.range.end)
    }
}

/// A PDU that is kept.
pub(super) struct Kept {
    wire: Wire,
    wholeness: Wholeness,
    extent: Extent,
}

impl Kept {
    pub(super) fn new(parcel: &Parcel<'_>) -> Self {
        let (wholeness, extent) = (parcel.wholeness, parcel.extent);
        Self { wire: parcel.tail(parcel.range.len()), wholeness, extent }
    }

    pub(super) fn parcel(&self) -> Parcel<'_> {
        Parcel {
            octets: self.wire.bytes(),
            pieces: self.wire.pieces(),
            range: 0..self.wire.len(),
            wholeness: self.wholeness,
            extent: self.extent,
        }
    }

    /// Octets of memory that it holds.
    pub(super) fn held(&self) -> usize {
        self.wire.len()
    }
}

/// The parts of a message, as far as they came.
#[derive(Default)]
pub(super) struct Assembly {
    parts: BTreeMap<u8, Kept>,
    /// Number of the last part, once it came.
    last: Option<u8>,
    octets: usize,
    full: bool,
}

impl Assembly {
    /// Takes a part; the first of a number counts.
    pub(super) fn add(&mut self, number: u8, last: bool, part: &Parcel<'_>) {
        if last && self.last.is_none() {
            self.last = Some(number);
        }
        if self.parts.contains_key(&number) {
            return;
        }
        if self.octets + part.range.len() > MESSAGE_MAX {
            self.full = true;
            return;
        }
        self.octets += part.range.len();
        self.parts.insert(number, Kept::new(part));
    }

    /// Number of the last part, once it came.
    pub(super) fn last(&self) -> Option<u8> {
        self.last
    }

    /// Whether every part came.
    pub(super) fn is_whole(&self) -> bool {
        self.last.is_some_and(|last| self.parts.range(..=last).count() == usize::from(last) + 1)
    }

    /// Octets of memory that it holds.
    pub(super) fn held(&self) -> usize {
        self.octets + self.parts.len() * size_of::<Kept>()
    }

    /// What came of the message up to the first part that did not, which is missing for this reason; `None` where that
    /// is its first part.
    pub(super) fn join(self, missing: Wholeness) -> Option<Kept> {
        let whole = self.is_whole();
        let last = self.last.unwrap_or(u8::MAX);
        let mut parts = self.parts.into_iter().filter(|(number, _)| *number <= last);
        let (_, mut joined) = parts.next().filter(|(number, _)| *number == 0)?;
        let mut next = Some(1);
        for (number, part) in parts {
            // Of what comes behind a hole only the extent counts.
            joined.extent.grow(part.extent);
            if next == Some(number) && joined.wholeness == Wholeness::Complete {
                joined.wire.append(&part.wire);
                joined.wholeness = part.wholeness;
                next = number.checked_add(1);
            } else {
                next = None;
            }
        }
        if !whole && joined.wholeness == Wholeness::Complete {
            joined.wholeness = if self.full { Wholeness::Limit } else { missing };
        }
        Some(joined)
    }
}
