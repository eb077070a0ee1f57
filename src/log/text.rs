//! Octets of a log, each with the place it stands at, through every unescaping.

use std::ops::Range;

use crate::wire::{FrameNo, Wire};

/// Where an octet stands: line and column, both from 1, the column in octets.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(super) struct Place {
    pub(super) line: u32,
    pub(super) column: u32,
}

impl Place {
    /// The place so many octets on in the same line.
    pub(super) fn after(self, octets: usize) -> Self {
        Self { column: self.column.saturating_add(u32::try_from(octets).unwrap_or(u32::MAX)), ..self }
    }

    /// As stages hand it on.
    pub(super) fn frame(self) -> FrameNo {
        FrameNo::in_log(self.line.into(), self.column)
    }
}

/// Octets with their places.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Text {
    octets: Vec<u8>,
    places: Vec<Place>,
}

impl Text {
    /// Octets that stand in a row from `place` on.
    pub(super) fn row(octets: &[u8], place: Place) -> Self {
        let mut text = Self::default();
        text.push_row(octets, place);
        text
    }

    pub(super) fn push(&mut self, octet: u8, place: Place) {
        self.octets.push(octet);
        self.places.push(place);
    }

    /// Appends octets that stand in a row from `place` on.
    pub(super) fn push_row(&mut self, octets: &[u8], place: Place) {
        self.octets.extend_from_slice(octets);
        self.places.extend((0..octets.len()).map(|at| place.after(at)));
    }

    /// Appends a character that stands for what is written at `place`.
    pub(super) fn push_char(&mut self, c: char, place: Place) {
        c.encode_utf8(&mut [0; 4]).bytes().for_each(|octet| self.push(octet, place));
    }

    pub(super) fn append(&mut self, other: &Self) {
        self.octets.extend_from_slice(&other.octets);
        self.places.extend_from_slice(&other.places);
    }

    pub(super) fn octets(&self) -> &[u8] {
        &self.octets
    }

    pub(super) fn len(&self) -> usize {
        self.octets.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }

    /// The place of an octet; of one past the end, that of the last.
    pub(super) fn place(&self, at: usize) -> Place {
        self.places.get(at).or(self.places.last()).copied().unwrap_or_default()
    }

    /// The octets of a range, clamped to what is there.
    pub(super) fn slice(&self, range: Range<usize>) -> Self {
        let end = range.end.min(self.len());
        let start = range.start.min(end);
        Self {
            octets: self.octets.get(start..end).unwrap_or_default().to_vec(),
            places: self.places.get(start..end).unwrap_or_default().to_vec(),
        }
    }

    pub(super) fn truncate(&mut self, len: usize) {
        self.octets.truncate(len);
        self.places.truncate(len);
    }

    /// Each octet with its place.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u8, Place)> {
        self.octets.iter().copied().zip(self.places.iter().copied())
    }

    /// The octets as stages hand them on, their lines for frames and their columns for offsets.
    pub(super) fn wire(&self) -> Wire {
        let mut wire = Wire::default();
        let mut from = 0;
        while from < self.len() {
            let start = self.place(from);
            let run = (from..self.len()).take_while(|at| self.place(*at) == start.after(at - from)).count().max(1);
            let octets = self.octets.get(from..from + run).unwrap_or_default();
            wire.push(octets, FrameNo::in_log(start.line.into(), 0), start.column.saturating_sub(1));
            from += run;
        }
        wire
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wire_has_a_run_for_each_row_and_each_escape() {
        let mut text = Text::row(b"ab", Place { line: 3, column: 9 });
        text.push_char('<', Place { line: 3, column: 11 });
        text.push_row(b"cd", Place { line: 3, column: 15 });
        text.push_row(b"ef", Place { line: 4, column: 1 });
        let wire = text.wire();
        assert_eq!(wire.bytes(), b"ab<cdef");
        let runs: Vec<_> = wire.pieces().iter().map(|p| (p.at, p.frame.number(), p.offset)).collect();
        assert_eq!(runs, [(0, 3, Some(8)), (3, 3, Some(14)), (5, 4, Some(0))]);
        assert_eq!(text.slice(4..6).octets(), b"de");
        assert_eq!((text.place(5), text.place(99)), (Place { line: 4, column: 1 }, Place { line: 4, column: 2 }));
    }
}
