//! Bytes that remember the frames they came from.
//!
//! Every stage cuts and joins bytes; a finding must still name the frames and, where the bytes were not
//! transformed, the very offsets. [`Wire`] carries that along at one small record a contiguous run.

use std::ops::Range;

/// Where something stands in its input: the number of a frame, counted from 1 as Wireshark counts; in a log a place,
/// its line and column.
///
/// Stages compare it and hand it on; only who made it and who shows it ask which of the two it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct FrameNo(pub u64);

/// Tells places in a log from numbers of frames.
const IN_LOG: u64 = 1 << 63;

impl FrameNo {
    /// A place in a log: its line and its column in octets, both from 1; column 0 stands for the line as a whole.
    pub fn in_log(line: u64, column: u32) -> Self {
        Self(IN_LOG | line.min(u64::from(u32::MAX >> 1)) << 32 | u64::from(column))
    }

    /// Line and column of a place in a log; `None` for a frame.
    pub fn log_place(self) -> Option<(u64, u32)> {
        (self.0 & IN_LOG != 0).then_some(((self.0 & !IN_LOG) >> 32, self.0 as u32))
    }

    /// The number to show: that of the frame, or the line in a log.
    pub fn number(self) -> u64 {
        self.log_place().map_or(self.0, |(line, _)| line)
    }

    /// The place of the octet at an offset of a line of a log; of a frame itself.
    fn at(self, offset: u32) -> Self {
        match self.log_place() {
            Some((line, 0)) => Self::in_log(line, offset.saturating_add(1)),
            _ => self,
        }
    }
}

/// The first and the last frame that something was carried in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct FrameRange {
    /// The frame with the lowest number.
    pub first: FrameNo,
    /// The frame with the highest number.
    pub last: FrameNo,
}

/// A contiguous run of bytes in one frame: where it starts in the wire and where in the frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Piece {
    /// Offset in the wire of the first byte of this run.
    pub at: u32,
    /// The frame that carried it.
    pub frame: FrameNo,
    /// Offset of the first byte in the captured bytes of that frame, or in that line of a log; `None` where the bytes
    /// are derived (decompressed, recoded) and only the frame is known.
    pub offset: Option<u32>,
}

/// Which frames some bytes came from, run by run, ordered by [`Piece::at`].
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Pieces {
    first: Option<Piece>,
    more: Vec<Piece>,
}

impl Pieces {
    /// One run that starts at offset 0 of the wire.
    pub fn one(frame: FrameNo, offset: u32) -> Self {
        Self { first: Some(Piece { at: 0, frame, offset: Some(offset) }), more: Vec::new() }
    }

    /// Appends a run; runs must come in the order of their `at`. A run that continues the last one is merged.
    pub fn push(&mut self, piece: Piece) {
        if let Some(last) = self.more.last().or(self.first.as_ref()) {
            let goes_on = match (last.offset, piece.offset) {
                (Some(a), Some(b)) => u64::from(a) + u64::from(piece.at - last.at) == u64::from(b),
                (None, None) => true,
                _ => false,
            };
            if last.frame == piece.frame && goes_on {
                return;
            }
            self.more.push(piece);
        } else {
            self.first = Some(piece);
        }
    }

    /// The runs in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Piece> + '_ {
        self.first.iter().chain(self.more.iter()).copied()
    }

    /// The runs that cover `range`, cut to it, with `at` counted from the start of `range`.
    pub fn slice(&self, range: Range<usize>) -> Self {
        let mut out = Self::default();
        let mut pieces = self.iter().peekable();
        while let Some(piece) = pieces.next() {
            let start = piece.at as usize;
            let end = pieces.peek().map_or(usize::MAX, |next| next.at as usize);
            if end <= range.start || start >= range.end {
                continue;
            }
            let skipped = range.start.saturating_sub(start) as u32;
            out.push(Piece {
                at: (start.max(range.start) - range.start) as u32,
                frame: piece.frame,
                offset: piece.offset.map(|o| o + skipped),
            });
        }
        out
    }

    /// The lowest and highest frame number; `None` without any run.
    pub fn frames(&self) -> Option<FrameRange> {
        let first = self.iter().map(|p| p.frame).min()?;
        let last = self.iter().map(|p| p.frame).max()?;
        Some(FrameRange { first, last })
    }

    /// Every frame once, in rising order; of a log every line, the one in which the bytes begin with its column.
    pub fn frame_list(&self) -> Vec<FrameNo> {
        let mut all: Vec<FrameNo> = self.iter().map(|p| p.frame).collect();
        all.sort_unstable();
        all.dedup();
        if let Some(Piece { frame, offset: Some(offset), .. }) = self.first
            && let Some(begin) = all.iter_mut().find(|f| **f == frame)
        {
            *begin = frame.at(offset);
        }
        all
    }
}

/// Bytes together with the frames they came from.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Wire {
    bytes: Vec<u8>,
    pieces: Pieces,
}

impl Wire {
    /// A wire of bytes that all stand in one frame from `offset` on.
    pub fn from_frame(bytes: &[u8], frame: FrameNo, offset: u32) -> Self {
        Self { bytes: bytes.to_vec(), pieces: Pieces::one(frame, offset) }
    }

    /// Bytes made from others (decompressed, recoded): they keep the frames and lose the offsets.
    pub fn derived(bytes: Vec<u8>, from: &Pieces) -> Self {
        let mut pieces = Pieces::default();
        for frame in from.frame_list() {
            // Which derived byte stands in which frame is not known: every run claims the whole.
            pieces.push_derived(frame);
        }
        Self { bytes, pieces }
    }

    /// Appends bytes that stand at `offset` of `frame`; at no offset where they are derived.
    pub fn push(&mut self, bytes: &[u8], frame: FrameNo, offset: impl Into<Option<u32>>) {
        if bytes.is_empty() {
            return;
        }
        let at = self.bytes.len() as u32;
        self.bytes.extend_from_slice(bytes);
        self.pieces.push(Piece { at, frame, offset: offset.into() });
    }

    /// Appends another wire.
    pub fn append(&mut self, other: &Self) {
        let base = self.bytes.len() as u32;
        self.bytes.extend_from_slice(&other.bytes);
        for piece in other.pieces.iter() {
            self.pieces.push(Piece { at: base + piece.at, ..piece });
        }
    }

    /// The bytes of `range` with their frames; the range is clamped to what is there.
    pub fn slice(&self, range: Range<usize>) -> Self {
        Self::cut(&self.bytes, &self.pieces, range)
    }

    /// The bytes of `range` of those that came from where `pieces` say; the range is clamped to what is there.
    pub fn cut(bytes: &[u8], pieces: &Pieces, range: Range<usize>) -> Self {
        let end = range.end.min(bytes.len());
        let start = range.start.min(end);
        let bytes = bytes.get(start..end).unwrap_or_default().to_vec();
        let pieces = if bytes.is_empty() { Pieces::default() } else { pieces.slice(start..end) };
        Self { bytes, pieces }
    }

    /// Drops the first `n` bytes.
    pub fn drain_front(&mut self, n: usize) {
        let n = n.min(self.bytes.len());
        if n == self.bytes.len() {
            self.bytes.clear();
            self.pieces = Pieces::default();
            return;
        }
        self.pieces = self.pieces.slice(n..self.bytes.len());
        self.bytes.drain(..n);
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Which frames the bytes came from.
    pub fn pieces(&self) -> &Pieces {
        &self.pieces
    }

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there is no byte.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The bytes and their frames, apart.
    pub fn into_parts(self) -> (Vec<u8>, Pieces) {
        (self.bytes, self.pieces)
    }
}

impl Pieces {
    fn push_derived(&mut self, frame: FrameNo) {
        let piece = Piece { at: 0, frame, offset: None };
        if self.first.is_none() {
            self.first = Some(piece);
        } else {
            self.more.push(piece);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire() -> Wire {
        let mut wire = Wire::from_frame(b"hello ", FrameNo(3), 54);
        wire.push(b"wide ", FrameNo(5), 54);
        wire.push(b"world", FrameNo(5), 59);
        wire
    }

    #[test]
    fn runs_that_continue_in_a_frame_are_one() {
        assert_eq!(wire().pieces().iter().count(), 2);
        assert_eq!(wire().bytes(), b"hello wide world");
    }

    #[test]
    fn a_slice_knows_offsets_in_both_frames() {
        let cut = wire().slice(4..9);
        assert_eq!(cut.bytes(), b"o wid");
        let runs: Vec<_> = cut.pieces().iter().collect();
        assert_eq!(runs[0], Piece { at: 0, frame: FrameNo(3), offset: Some(58) });
        assert_eq!(runs[1], Piece { at: 2, frame: FrameNo(5), offset: Some(54) });
    }

    #[test]
    fn draining_keeps_the_rest_in_place() {
        let mut w = wire();
        w.drain_front(8);
        assert_eq!(w.bytes(), b"de world");
        assert_eq!(w.pieces().iter().next(), Some(Piece { at: 0, frame: FrameNo(5), offset: Some(56) }));
        w.drain_front(100);
        assert!(w.is_empty());
    }

    #[test]
    fn places_in_a_log_are_ordered_and_tell_line_and_column() {
        let place = FrameNo::in_log(7, 12);
        assert_eq!((place.log_place(), place.number()), (Some((7, 12)), 7));
        assert!(FrameNo::in_log(7, 13) > place && FrameNo::in_log(8, 1) > FrameNo::in_log(7, u32::MAX));
        assert_eq!((FrameNo(7).log_place(), FrameNo(7).number()), (None, 7));
        let mut body = Wire::from_frame(b"<a>", FrameNo::in_log(7, 0), 11);
        body.push(b"<b/>", FrameNo::in_log(8, 0), 4);
        assert_eq!(body.pieces().frame_list(), [place, FrameNo::in_log(8, 0)]);
        assert_eq!(body.slice(4..7).pieces().frame_list(), [FrameNo::in_log(8, 6)]);
    }

    #[test]
    fn derived_bytes_keep_only_the_frames() {
        let w = Wire::derived(b"plain".to_vec(), wire().pieces());
        assert_eq!(w.pieces().frame_list(), [FrameNo(3), FrameNo(5)]);
        assert!(w.pieces().iter().all(|p| p.offset.is_none()));
    }
}
