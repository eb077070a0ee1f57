//! The lines of an input, one at a time.

use std::io::{self, BufRead};

/// How many octets of a line are read; what is beyond is passed over and told.
pub const MAX_LINE: usize = 16 << 20;

/// An input that is read line by line.
pub(super) struct Lines<R> {
    input: R,
    /// Lines read.
    count: u64,
    octets: u64,
    /// Octets of the input that were read and not handed over.
    buffered: usize,
    line: Vec<u8>,
}

/// What came of reading a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Next {
    /// A line.
    Line,
    /// A line that is longer than [`MAX_LINE`], without its end.
    TooLong,
    /// No more lines.
    End,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, count: 0, octets: 0, buffered: 0, line: Vec::new() }
    }

    /// Reads the next line. An input that fails ends, with its error.
    pub(super) fn advance(&mut self) -> io::Result<Next> {
        self.line.clear();
        let (mut any, mut too_long) = (false, false);
        loop {
            let there = match self.input.fill_buf() {
                Ok(there) => there,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if there.is_empty() {
                break;
            }
            any = true;
            let end = memchr::memchr(b'\n', there);
            let part = there.get(..end.unwrap_or(there.len())).unwrap_or_default();
            let room = MAX_LINE.saturating_sub(self.line.len());
            too_long |= part.len() > room;
            self.line.extend_from_slice(part.get(..room.min(part.len())).unwrap_or_default());
            let used = end.map_or(there.len(), |end| end + 1);
            self.buffered = there.len() - used;
            self.input.consume(used);
            self.octets += used as u64;
            if end.is_some() {
                break;
            }
        }
        if self.line.last() == Some(&b'\r') {
            self.line.pop();
        }
        self.count += u64::from(any);
        if self.count == 1 && self.line.starts_with(b"\xef\xbb\xbf") {
            // A byte order mark is no part of the text; blanks keep the columns.
            self.line.iter_mut().take(3).for_each(|octet| *octet = b' ');
        }
        Ok(match (any, too_long) {
            (false, _) => Next::End,
            (true, true) => Next::TooLong,
            (true, false) => Next::Line,
        })
    }

    /// The line that was read last, without its end.
    pub(super) fn line(&self) -> &[u8] {
        &self.line
    }

    /// Its number, from 1.
    pub(super) fn number(&self) -> u32 {
        u32::try_from(self.count).unwrap_or(u32::MAX)
    }

    /// Whether more has to be waited for: what was read of the input so far was all handed over.
    pub(super) fn is_waiting(&mut self) -> bool {
        self.buffered == 0
    }

    /// Octets read so far.
    pub(super) fn octets(&self) -> u64 {
        self.octets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_without_their_ends_and_the_last_needs_none() {
        let mut lines = Lines::new(&b"\xef\xbb\xbfa\r\n\nb"[..]);
        let mut read = Vec::new();
        while lines.advance().unwrap() != Next::End {
            read.push((lines.number(), String::from_utf8_lossy(lines.line()).into_owned()));
        }
        assert_eq!(read, [(1, "   a".to_owned()), (2, String::new()), (3, "b".to_owned())]);
        assert_eq!(lines.octets(), 8);
    }

    #[test]
    fn of_a_line_beyond_the_limit_the_rest_is_passed_over() {
        let mut long = vec![b'x'; MAX_LINE + 1];
        long.extend(b"\nshort\n");
        let mut lines = Lines::new(&*long);
        assert_eq!(lines.advance().unwrap(), Next::TooLong);
        assert_eq!(lines.line().len(), MAX_LINE);
        assert_eq!((lines.advance().unwrap(), lines.line()), (Next::Line, &b"short"[..]));
    }
}
