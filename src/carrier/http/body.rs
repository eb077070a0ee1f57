//! How a body is delimited: by length, by chunks, by the end of the stream.

use memchr::memchr;

use super::facts::{Facts, Length};

/// Octets of the extensions of a chunk, and of a trailer. What is as long is given up.
pub const CHUNK_EXTRA_MAX: u32 = 64 * 1024;

/// Where a body ends, and how far it was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Framing {
    /// After so many more octets.
    Length(u64),
    /// With its last chunk.
    Chunked(Chunk),
    /// With the stream, or where the next message plainly starts.
    UntilClose,
}

/// Where in chunked coding reading stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Chunk {
    /// In a chunk's size line, before the end of the number; what was read of it.
    Size(Option<u64>),
    /// In a chunk extension of a chunk of this size, so far into it.
    Extension(u64, u32),
    /// In a chunk with so many octets to come.
    Data(u64),
    /// In the line end after a chunk.
    DataEnd,
    /// In the trailer, so far into it, in a line that is still empty or is not.
    Trailer { empty: bool, octets: u32 },
}

/// What one step of reading made of the octets it was given.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Step<'a> {
    /// Octets read.
    pub(super) used: usize,
    /// Those of them, the last ones, that are payload.
    pub(super) payload: &'a [u8],
    pub(super) end: StepEnd,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum StepEnd {
    /// The body goes on.
    More,
    /// The body ends here.
    Done,
    /// An extension or a trailer has no end: where the body ends cannot be told.
    Endless,
    /// This is no chunked coding: from here on the body is [`Framing::UntilClose`].
    BadChunk,
}

impl Framing {
    /// How the body of a request is delimited.
    pub(super) fn of_request(facts: &Facts<'_>) -> Self {
        match facts.length {
            _ if facts.chunked => Self::Chunked(Chunk::Size(None)),
            Length::Octets(octets) => Self::Length(octets),
            Length::Absent => Self::Length(0),
            Length::Bad => Self::UntilClose,
        }
    }

    /// How the body of a final answer is delimited that may have one.
    pub(super) fn of_answer(facts: &Facts<'_>) -> Self {
        match facts.length {
            Length::Absent if !facts.chunked => Self::UntilClose,
            _ => Self::of_request(facts),
        }
    }

    /// Whether there is nothing to read.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::Length(0)
    }

    /// Whether a line of a trailer may start here, or, where a sender forgot the blank one, the next message.
    pub(super) fn is_before_trailer(&self) -> bool {
        matches!(self, Self::Chunked(Chunk::Trailer { empty: true, .. }))
    }

    /// Reads on in `bytes` up to the end of the next run of payload.
    pub(super) fn step<'a>(&mut self, bytes: &'a [u8]) -> Step<'a> {
        match self {
            Self::Length(left) => {
                let payload = take(bytes, *left);
                *left -= payload.len() as u64;
                let end = if *left == 0 { StepEnd::Done } else { StepEnd::More };
                Step { used: payload.len(), payload, end }
            }
            Self::UntilClose => Step { used: bytes.len(), payload: bytes, end: StepEnd::More },
            Self::Chunked(chunk) => {
                let step = chunk.step(bytes);
                if step.end == StepEnd::BadChunk {
                    *self = Self::UntilClose;
                }
                step
            }
        }
    }

    /// Steps over so many missing octets; `false` where what follows them is no longer in step.
    pub(super) fn skip(&mut self, octets: Option<u64>) -> bool {
        match (self, octets) {
            (Self::Length(left) | Self::Chunked(Chunk::Data(left)), Some(octets)) if octets <= *left => {
                *left -= octets;
                true
            }
            (Self::UntilClose, _) => true,
            _ => false,
        }
    }
}

fn take(bytes: &[u8], most: u64) -> &[u8] {
    usize::try_from(most).ok().and_then(|most| bytes.get(..most)).unwrap_or(bytes)
}

impl Chunk {
    fn step<'a>(&mut self, bytes: &'a [u8]) -> Step<'a> {
        let mut used = 0;
        while let Some(rest) = bytes.get(used..).filter(|rest| !rest.is_empty()) {
            if let Self::Data(left) = self {
                let payload = take(rest, *left);
                *left -= payload.len() as u64;
                if *left == 0 {
                    *self = Self::DataEnd;
                }
                return Step { used: used + payload.len(), payload, end: StepEnd::More };
            }
            let end = match *self {
                Self::Extension(_, octets) | Self::Trailer { octets, .. } => {
                    let room = usize::try_from(CHUNK_EXTRA_MAX - octets).unwrap_or(usize::MAX);
                    let line = memchr(b'\n', rest);
                    let len = line.map_or(rest.len(), |end| end + 1).min(room);
                    used += len;
                    self.extra(rest.get(..len).unwrap_or_default())
                }
                _ => {
                    let next = rest.first().and_then(|&octet| self.next(octet));
                    used += usize::from(next.is_some());
                    *self = next.unwrap_or(*self);
                    if next.is_some() { StepEnd::More } else { StepEnd::BadChunk }
                }
            };
            // Where a line of a trailer may start, the caller looks for the next message.
            if end != StepEnd::More || matches!(self, Self::Trailer { empty: true, .. }) {
                return Step { used, payload: &[], end };
            }
        }
        Step { used, payload: &[], end: StepEnd::More }
    }

    /// Reads some of an extension or a trailer, at most to the end of a line.
    fn extra(&mut self, text: &[u8]) -> StepEnd {
        let whole = text.ends_with(b"\n");
        let further = |octets: u32| octets.saturating_add(u32::try_from(text.len()).unwrap_or(u32::MAX));
        match *self {
            Self::Extension(size, _) if whole => *self = Self::sized(size),
            Self::Extension(size, octets) => *self = Self::Extension(size, further(octets)),
            Self::Trailer { empty, octets } => {
                let empty = empty && text.iter().all(|b| matches!(b, b'\r' | b'\n'));
                if whole && empty {
                    return StepEnd::Done;
                }
                *self = Self::Trailer { empty: whole || empty, octets: further(octets) };
            }
            _ => {}
        }
        match self {
            Self::Extension(_, octets) | Self::Trailer { octets, .. } if *octets >= CHUNK_EXTRA_MAX => StepEnd::Endless,
            _ => StepEnd::More,
        }
    }

    /// The state after one octet of a size line or of the line end after a chunk; `None` where it cannot stand there.
    fn next(self, octet: u8) -> Option<Self> {
        match (self, octet) {
            (Self::DataEnd, b'\r') => Some(self),
            (Self::DataEnd, b'\n') => Some(Self::Size(None)),
            (Self::Size(Some(size)), b'\n') => Some(Self::sized(size)),
            (Self::Size(Some(size)), b'\r' | b' ' | b'\t' | b';') => Some(Self::Extension(size, 0)),
            (Self::Size(None), b' ' | b'\t') => Some(self),
            (Self::Size(size), octet) => {
                let digit = char::from(octet).to_digit(16)?;
                let size = size.unwrap_or(0).checked_mul(16)?.checked_add(u64::from(digit))?;
                Some(Self::Size(Some(size)))
            }
            _ => None,
        }
    }

    fn sized(size: u64) -> Self {
        if size == 0 { Self::Trailer { empty: true, octets: 0 } } else { Self::Data(size) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Payload, octets used and how it ended, with the bytes given in pieces of `size`.
    fn read(mut framing: Framing, bytes: &[u8], size: usize) -> (Vec<u8>, usize, StepEnd) {
        let (mut payload, mut used) = (Vec::new(), 0);
        for piece in bytes.chunks(size) {
            let mut rest = piece;
            while !rest.is_empty() {
                let step = framing.step(rest);
                assert!(step.payload.is_empty() || rest[..step.used].ends_with(step.payload));
                payload.extend_from_slice(step.payload);
                used += step.used;
                rest = &rest[step.used..];
                assert!(step.used > 0 || step.end == StepEnd::BadChunk, "{:?}", step.end);
                if step.end == StepEnd::Done {
                    return (payload, used, step.end);
                }
                if step.end == StepEnd::BadChunk {
                    assert_eq!(framing, Framing::UntilClose);
                }
            }
        }
        (payload, used, StepEnd::More)
    }

    const CHUNKED: Framing = Framing::Chunked(Chunk::Size(None));

    #[test]
    fn chunks_in_any_cut() {
        let coded: [(&[u8], &[u8]); 5] = [
            (b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", b"hello world"),
            (b"5;a=\"b\"\r\nhello\r\n00 ; last\r\nX-T: 1\r\nY: 2\r\n\r\n", b"hello"),
            (b"5\nhello\n0\n\n", b"hello"),
            (b" 000A \r\n0123456789\r\n0\r\n\r\n", b"0123456789"),
            (b"0\r\n\r\n", b""),
        ];
        for (bytes, payload) in coded {
            let with_next = [bytes, b"HTTP/1.1"].concat();
            for size in 1..with_next.len() {
                let expected = (payload.to_vec(), bytes.len(), StepEnd::Done);
                assert_eq!(read(CHUNKED, &with_next, size), expected, "{} by {size}", bytes.escape_ascii());
            }
        }
    }

    #[test]
    fn what_is_not_chunked_is_read_as_it_is() {
        let bytes = b"<a>not chunked\n</a>";
        for size in [1, 7, 100] {
            assert_eq!(read(CHUNKED, bytes, size), (bytes.to_vec(), bytes.len(), StepEnd::More));
        }
        let (payload, ..) = read(CHUNKED, b"2\r\nabX\r\n0\r\n\r\n", 100);
        assert_eq!(payload, b"abX\r\n0\r\n\r\n");
        let (payload, ..) = read(CHUNKED, b"fffffffffffffffff\r\nab", 100);
        assert_eq!(payload, b"f\r\nab");
    }

    #[test]
    fn extensions_and_trailers_have_an_end() {
        let extra = CHUNK_EXTRA_MAX as usize;
        for (before, after, payload) in [("5;", "\r\nhello\r\n0\r\n\r\n", "hello"), ("0\r\nX: ", "\r\n\r\n", "")] {
            let coded = |octets: usize| format!("{before}{}{after}", "x".repeat(octets)).into_bytes();
            // An extension counts with its line end, a trailer up to the last octet of its blank line.
            let most = if before == "5;" { extra - 2 } else { extra - "X: \r\n\r".len() - 1 };
            for size in [1, 1400, 10 * extra] {
                let good = coded(most);
                assert_eq!(read(CHUNKED, &good, size), (payload.as_bytes().to_vec(), good.len(), StepEnd::Done));
                let (mut framing, mut end) = (CHUNKED, StepEnd::More);
                for mut piece in coded(most + 2).chunks(size) {
                    while !piece.is_empty() && end == StepEnd::More {
                        let step = framing.step(piece);
                        (piece, end) = (&piece[step.used..], step.end);
                    }
                }
                assert_eq!(end, StepEnd::Endless, "{before} by {size}");
            }
        }
    }

    #[test]
    fn gaps_are_stepped_over_where_their_size_is_known_and_fits() {
        let mut framing = Framing::Length(10);
        assert!(framing.skip(Some(10)) && framing.is_empty());
        assert!(!framing.skip(Some(1)));
        assert!(!Framing::Length(10).skip(None));
        assert!(Framing::UntilClose.skip(None));
        let mut framing = CHUNKED;
        assert!(!framing.skip(Some(1)));
        let mut framing = Framing::Chunked(Chunk::Data(10));
        assert!(framing.skip(Some(4)));
        assert_eq!(framing, Framing::Chunked(Chunk::Data(6)));
    }
}
