//! A capture that is being read: octets in, windows out.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::anomaly::{Anomalies, Anomaly};
use super::error::{OpenError, ReadError};
use super::format::{Content, Format, HEAD_LEN, is_cut, recognise};
use super::pcap::Pcap;
use super::pcapng::PcapNg;
use super::tally::{Summary, Tally};
use super::walk::{Out, Records, Stretch, Walk};
use super::{Comment, FrameRef, Window};

/// The usual size of a window in octets.
pub const WINDOW_SIZE: usize = 1 << 18;

/// The largest size of a window that can be asked for, in octets; positions in a window are of 32 bits.
pub const MAX_WINDOW_SIZE: usize = 1 << 28;

/// The least number of octets that is asked of the input at a time, the room of the window permitting.
const MIN_READ: usize = 1 << 16;

/// A capture that is being read, window by window, from a file or a pipe.
pub struct Capture {
    reader: Box<dyn Read + Send>,
    name: String,
    format: Format,
    walk: Walk,
    pub(super) window_size: usize,
    /// Octets that were read and belong to no window yet.
    tail: Vec<u8>,
    /// Offset in the input of the first octet of the tail.
    offset: u64,
    octets: u64,
    /// How much to ask for at a time, twice of what came last: small inputs and pipes give little, and room that is
    /// not used was cleared in vain.
    ask: usize,
    ended: bool,
    failed: Option<ReadError>,
    tally: Tally,
    anomalies: Anomalies,
}

impl Capture {
    /// Opens a file.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let name = path.display().to_string();
        match File::open(path) {
            Ok(file) => Self::from_reader(Box::new(file), name),
            Err(source) => Err(OpenError::Io { name, source }),
        }
    }

    /// Opens any input; `name` stands in error messages. Waits for the file header.
    pub fn from_reader(mut reader: Box<dyn Read + Send>, name: impl Into<String>) -> Result<Self, OpenError> {
        let name = name.into();
        let mut head = Vec::new();
        if let Err(source) = reader.by_ref().take(HEAD_LEN as u64).read_to_end(&mut head) {
            return Err(OpenError::Io { name, source });
        }
        let (format, order) = match recognise(&head) {
            Some(Content::Capture(format, order)) => (format, order),
            // A decoder goes around `head` and `reader` here, and what comes out of it is recognised anew.
            Some(Content::Compressed(coding)) => return Err(OpenError::Compressed { name, coding }),
            None if head.is_empty() => return Err(OpenError::Empty { name }),
            None if is_cut(&head) => return Err(OpenError::CutHeader { name, octets: head.len() as u64 }),
            None => return Err(OpenError::NotACapture { name }),
        };
        let octets = head.len() as u64;
        let mut anomalies = Anomalies::default();
        let (records, offset) = match format {
            Format::PcapNg => (Records::PcapNg(PcapNg::new(order)), 0),
            Format::Pcap | Format::PcapNs | Format::PcapModified => {
                match Pcap::new(format, order, &head, &mut anomalies) {
                    Some(pcap) => (Records::Pcap(pcap), octets),
                    None => return Err(OpenError::CutHeader { name, octets }),
                }
            }
        };
        Ok(Self {
            reader,
            name,
            format,
            walk: Walk::new(records),
            window_size: WINDOW_SIZE,
            tail: if offset == 0 { head } else { Vec::new() },
            offset,
            octets,
            ask: MIN_READ,
            ended: false,
            failed: None,
            tally: Tally::default(),
            anomalies,
        })
    }

    /// With windows of about this many octets, at most [`MAX_WINDOW_SIZE`]. A single record may exceed it.
    pub fn with_window_size(mut self, octets: usize) -> Self {
        self.window_size = octets.clamp(1, MAX_WINDOW_SIZE);
        self
    }

    /// Fills the window with the next records, as many as one read of the input brings, up to the window size; what
    /// was in it goes. `false` when there are no more. A window may hold no frame when the input is damaged or holds
    /// other blocks. After an error there are no more records; those before it have been handed over.
    pub fn next_window(&mut self, window: &mut Window) -> Result<bool, ReadError> {
        let Window { bytes, frames, comments } = window;
        frames.clear();
        comments.clear();
        if self.ended {
            bytes.clear();
            return self.failed.take().map_or(Ok(false), Err);
        }
        let (filled, done) = self.fill(bytes, frames, comments);
        self.tail.clear();
        self.tail.extend_from_slice(bytes.get(done..filled).unwrap_or_default());
        self.offset += done as u64;
        bytes.truncate(done);
        match self.failed.take_if(|_| frames.is_empty()) {
            Some(error) => Err(error),
            None => Ok(!self.ended || !frames.is_empty()),
        }
    }

    /// Reads until there is a frame, the input ends, or the room is used; gives how many octets of `bytes` are of the
    /// input and how many of them are done with. The room is twice the tail at least, so that copying tails costs no
    /// more than reading; and it grows as octets arrive, not as some length field says.
    fn fill(&mut self, bytes: &mut Vec<u8>, frames: &mut Vec<FrameRef>, comments: &mut Vec<Comment>) -> (usize, usize) {
        let (mut filled, mut done) = (self.tail.len(), 0);
        // What `bytes` holds from the last time is overwritten, not cleared.
        bytes.resize(bytes.len().max(filled), 0);
        if let Some(start) = bytes.get_mut(..filled) {
            start.copy_from_slice(&self.tail);
        }
        let mut room = self.window_size.max(2 * filled);
        while !self.ended {
            if filled >= room {
                if done > 0 {
                    break;
                }
                room *= 2;
            }
            let end = room.min(filled + self.ask);
            if bytes.len() < end {
                bytes.resize(end, 0);
            }
            filled += self.read(bytes.get_mut(filled..end).unwrap_or_default());
            let input = bytes.get(..filled).unwrap_or_default();
            let stretch = Stretch { bytes: input, offset: self.offset, ended: self.ended };
            let mut out = Out { frames, comments, tally: &mut self.tally, anomalies: &mut self.anomalies };
            done = self.walk.advance(&stretch, done, &mut out);
            if !frames.is_empty() && filled - done <= self.window_size {
                break;
            }
        }
        (filled, done)
    }

    /// Reads once; 0 and `ended` at the end, which an error is too.
    fn read(&mut self, room: &mut [u8]) -> usize {
        let read = loop {
            match self.reader.read(room) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        // A reader that claims more than it was asked for is not believed.
        let read = read.map(|n| n.min(room.len())).unwrap_or_else(|source| {
            self.failed = Some(ReadError { name: self.name.clone(), offset: self.octets, source });
            self.tally.truncated = true;
            0
        });
        self.ended = read == 0;
        self.octets += read as u64;
        self.ask = (2 * read).clamp(MIN_READ, MAX_WINDOW_SIZE);
        read
    }

    /// The path, or what the caller named the input.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What was wrong with the file as far as it has been read, in file order; at most
    /// [`MAX_ANOMALIES`](super::MAX_ANOMALIES).
    pub fn anomalies(&self) -> &[Anomaly] {
        self.anomalies.kept()
    }

    /// How many anomalies were met after the last one kept.
    pub fn further_anomalies(&self) -> u64 {
        self.anomalies.further()
    }

    /// What the capture is and holds, as far as it has been read.
    pub fn summary(&self) -> Summary {
        Summary {
            format: self.format,
            octets: self.octets,
            packets: self.tally.packets,
            first: self.tally.span.map(|(first, _)| first),
            last: self.tally.span.map(|(_, last)| last),
            truncated: self.tally.truncated,
            links: self.tally.links.clone(),
        }
    }
}

impl fmt::Debug for Capture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Capture").field("name", &self.name).field("walk", &self.walk).finish_non_exhaustive()
    }
}
