//! The compressed octets, as far as they have come.

use std::io::{self, Read};

use super::Fault;

/// How many compressed octets are asked for at a time.
const READ_SIZE: usize = 1 << 17;

/// A buffered input that can be looked into; reading fails never, it ends, and [`Self::failure`] says why.
pub(super) struct Source {
    inner: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    /// What of the buffer is not consumed.
    at: usize,
    end: usize,
    /// Octets consumed.
    consumed: u64,
    ended: bool,
    starved: bool,
    failed: Option<io::Error>,
}

impl Source {
    pub(super) fn new(inner: Box<dyn Read + Send>) -> Self {
        Self {
            inner,
            buffer: vec![0; READ_SIZE],
            at: 0,
            end: 0,
            consumed: 0,
            ended: false,
            starved: false,
            failed: None,
        }
    }

    /// What is there without reading.
    pub(super) fn there(&self) -> &[u8] {
        self.buffer.get(self.at..self.end).unwrap_or_default()
    }

    /// What is there, after one read of the input where nothing was; empty at the end.
    pub(super) fn fill(&mut self) -> &[u8] {
        self.peek(1)
    }

    /// What is there, after reading until it is so many octets; fewer at the end.
    pub(super) fn peek(&mut self, least: usize) -> &[u8] {
        while self.end - self.at < least && !self.ended {
            self.buffer.copy_within(self.at..self.end, 0);
            (self.at, self.end) = (0, self.end - self.at);
            match self.inner.read(self.buffer.get_mut(self.end..).unwrap_or_default()) {
                Ok(read) => {
                    self.ended = read == 0;
                    self.end = (self.end + read).min(self.buffer.len());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    // Of compressed data in compressed data there may be more behind a fault.
                    self.ended = Fault::of(&error).is_none();
                    self.failed = Some(error);
                }
            }
        }
        self.starved |= self.at == self.end;
        self.there()
    }

    pub(super) fn consume(&mut self, octets: usize) {
        let octets = octets.min(self.end - self.at);
        self.at += octets;
        self.consumed += octets as u64;
    }

    /// Consumes so many octets; `None` when they are not there.
    pub(super) fn skip(&mut self, mut octets: u64) -> Option<()> {
        while octets > 0 {
            let there = self.fill().len();
            let now = usize::try_from(octets).unwrap_or(usize::MAX).min(there);
            self.consume(now);
            octets -= now as u64;
            (now > 0).then_some(())?;
        }
        Some(())
    }

    /// Consumes the next octets; `None` when they are not there.
    pub(super) fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let octets = *self.peek(N).first_chunk()?;
        self.consume(N);
        Some(octets)
    }

    /// Octets consumed.
    pub(super) fn consumed(&self) -> u64 {
        self.consumed
    }

    /// Whether more was asked for than was there.
    pub(super) fn starved(&self) -> bool {
        self.starved
    }

    /// Why reading failed, once.
    pub(super) fn failure(&mut self) -> Option<io::Error> {
        self.failed.take()
    }
}

impl Read for Source {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let read = self.fill().read(room)?;
        self.consume(read);
        Ok(read)
    }
}
