//! How a body is delimited: by length, by chunks, by the end of the stream.

use memchr::memchr;

use super::facts::{Facts, Length};

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
    /// In a chunk extension of a chunk of this size.
    Extension(u64),
    /// In a chunk with so many octets to come.
    Data(u64),
    /// In the line end after a chunk.
    DataEnd,
    /// In the trailer, in a line that is still empty or is not.
    Trailer { empty: bool },
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
            let line = memchr(b'\n', rest);
            match (*self, line) {
                (Self::Extension(size), Some(end)) => {
                    *self = Self::sized(size);
                    used += end + 1;
                }
                (Self::Extension(_), None) => used += rest.len(),
                (Self::Trailer { empty }, _) => {
                    let text = rest.get(..line.unwrap_or(rest.len())).unwrap_or_default();
                    let empty = empty && text.iter().all(|&b| b == b'\r');
                    used += line.map_or(rest.len(), |end| end + 1);
                    if line.is_some() && empty {
                        return Step { used, payload: &[], end: StepEnd::Done };
                    }
                    *self = Self::Trailer { empty: line.is_some() || empty };
                }
                _ => match rest.first().and_then(|&octet| self.next(octet)) {
                    Some(next) => {
                        *self = next;
                        used += 1;
                    }
                    None => return Step { used, payload: &[], end: StepEnd::BadChunk },
                },
            }
        }
        Step { used, payload: &[], end: StepEnd::More }
    }

    /// The state after one octet of a size line or of the line end after a chunk; `None` where it cannot stand there.
    fn next(self, octet: u8) -> Option<Self> {
        match (self, octet) {
            (Self::DataEnd, b'\r') => Some(self),
            (Self::DataEnd, b'\n') => Some(Self::Size(None)),
            (Self::Size(Some(size)), b'\n') => Some(Self::sized(size)),
            (Self::Size(Some(size)), b'\r' | b' ' | b'\t' | b';') => Some(Self::Extension(size)),
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
        if size == 0 { Self::Trailer { empty: true } } else { Self::Data(size) }
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
