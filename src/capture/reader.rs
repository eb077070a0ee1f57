//! A capture that is being read: octets in, windows out.

use std::fmt;
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Window;
use super::anomaly::{Anomalies, Anomaly};
use super::error::{Octets, OpenError, ReadError};
use super::format::{Coding, Content, Format, HEAD_LEN, is_cut, recognise};
use super::pcap::Pcap;
use super::pcapng::PcapNg;
use super::tally::{Summary, Tally};
use super::unpack::{Fault, MAX_CODINGS, Unpacker};
use super::walk::{Out, Records, Stretch, Walk};

/// The usual size of a window in octets.
pub const WINDOW_SIZE: usize = 1 << 18;

/// The largest size of a window that can be asked for, in octets; positions in a window are of 32 bits.
pub const MAX_WINDOW_SIZE: usize = 1 << 28;

/// The least number of octets that is asked of the input at a time, the room of the window permitting.
const MIN_READ: usize = 1 << 16;

/// A file or pipe that is being read.
pub(super) struct Reader {
    reader: Box<dyn Read + Send>,
    name: Arc<str>,
    /// Where it can be opened again: a file on disk.
    path: Option<PathBuf>,
    format: Format,
    codings: Vec<Coding>,
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

impl Reader {
    /// Opens a file.
    pub(super) fn open(path: &Path) -> Result<Self, OpenError> {
        let name = path.display().to_string();
        let file = match File::open(path) {
            Ok(file) => file,
            Err(source) => return Err(OpenError::Io { name, source }),
        };
        let is_file = file.metadata().is_ok_and(|metadata| metadata.is_file());
        Ok(Self { path: is_file.then(|| path.to_owned()), ..Self::from_reader(Box::new(file), name)? })
    }

    /// Opens any input; `name` stands in error messages. Waits for the file header.
    pub(super) fn from_reader(mut reader: Box<dyn Read + Send>, name: impl Into<String>) -> Result<Self, OpenError> {
        let name = name.into();
        let mut codings = Vec::new();
        let mut anomalies = Anomalies::default();
        let (format, order, head) = loop {
            let (head, failed) = head(&mut reader);
            match recognise(&head) {
                Some(Content::Capture(format, order)) => {
                    let fault = failed.as_ref().and_then(Fault::of);
                    fault.inspect(|fault| anomalies.push(fault.kind, head.len() as u64, 0));
                    break (format, order, head);
                }
                Some(Content::Compressed(coding)) if codings.len() < MAX_CODINGS => {
                    codings.push(coding);
                    reader = Box::new(Unpacker::new(coding, Box::new(Cursor::new(head).chain(reader))));
                }
                Some(Content::Compressed(coding)) => return Err(OpenError::Compressed { name, coding }),
                None => return Err(unrecognised(name, head, failed, reader)),
            }
        };
        let octets = head.len() as u64;
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
            name: name.into(),
            path: None,
            format,
            codings,
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

    pub(super) fn set_window_size(&mut self, octets: usize) {
        self.window_size = octets;
    }

    /// Whether it is a file on disk that is longer than a window.
    pub(super) fn is_long(&self) -> bool {
        let len = self.path().and_then(|path| path.metadata().ok()).map_or(0, |metadata| metadata.len());
        len > self.window_size as u64
    }

    /// Where it can be opened again.
    pub(super) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Fills the window with the next records, as many as one read of the input brings, up to the window size; what
    /// was in it goes. `false` when there are no more. A window may hold no frame when the input is damaged or holds
    /// other blocks. After an error there are no more records; those before it have been handed over.
    pub(super) fn next_window(&mut self, window: &mut Window) -> Result<bool, ReadError> {
        window.frames.clear();
        window.comments.clear();
        window.secrets.clear();
        if self.ended {
            window.bytes.clear();
            return self.failed.take().map_or(Ok(false), Err);
        }
        window.offset = self.offset;
        let (filled, done) = self.fill(window);
        let Window { bytes, frames, .. } = window;
        self.tail.clear();
        self.tail.extend_from_slice(bytes.get(done..filled).unwrap_or_default());
        self.offset += done as u64;
        bytes.truncate(done);
        match self.failed.take_if(|_| frames.is_empty()) {
            Some(error) => Err(error),
            None => Ok(!self.ended || !frames.is_empty()),
        }
    }

    /// Reads until there is a frame, or secrets, the input ends, or the room is used; gives how many octets of `bytes`
    /// are of the input and how many of them are done with. The room is twice the tail at least, so that copying tails
    /// costs no more than reading; and it grows as octets arrive, not as some length field says.
    fn fill(&mut self, window: &mut Window) -> (usize, usize) {
        let Window { bytes, frames, comments, secrets, .. } = window;
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
            let mut out = Out { frames, comments, secrets, tally: &mut self.tally, anomalies: &mut self.anomalies };
            done = self.walk.advance(&stretch, done, &mut out);
            if !(frames.is_empty() && secrets.is_empty()) && filled - done <= self.window_size {
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
                Err(error) => match Fault::of(&error) {
                    Some(fault) => {
                        self.anomalies.push(fault.kind, self.octets, 0);
                        self.tally.truncated |= fault.kind.loses_octets();
                    }
                    None => break Err(error),
                },
                other => break other,
            }
        };
        // A reader that claims more than it was asked for is not believed.
        let read = read.map(|n| n.min(room.len())).unwrap_or_else(|source| {
            self.failed = Some(ReadError { name: self.name.to_string(), offset: self.octets, source });
            self.tally.truncated = true;
            0
        });
        self.ended = read == 0;
        self.octets += read as u64;
        self.ask = (2 * read).clamp(MIN_READ, MAX_WINDOW_SIZE);
        read
    }

    /// The path, or what the caller named the input.
    pub(super) fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// What was wrong with the file as far as it has been read, in file order; at most
    /// [`MAX_ANOMALIES`](super::MAX_ANOMALIES).
    pub(super) fn anomalies(&self) -> &[Anomaly] {
        self.anomalies.kept()
    }

    /// How many anomalies were met after the last one kept.
    pub(super) fn further_anomalies(&self) -> u64 {
        self.anomalies.further()
    }

    /// What the capture is and holds, as far as it has been read.
    pub(super) fn summary(&self) -> Summary {
        Summary {
            format: self.format,
            codings: self.codings.clone(),
            octets: self.octets,
            packets: self.tally.packets,
            first: self.tally.span.map(|(first, _)| first),
            last: self.tally.span.map(|(_, last)| last),
            steps_back: self.tally.steps_back,
            largest_step_back: self.tally.largest_step_back,
            truncated: self.tally.truncated,
            links: self.tally.links.clone(),
        }
    }
}

/// Reads the first octets, and what there was to complain about.
fn head(reader: &mut dyn Read) -> (Vec<u8>, Option<io::Error>) {
    let (mut head, mut failed) = (Vec::new(), None);
    // A fault of compressed data comes once; what is behind it may be a capture all the same.
    while let Err(error) = reader.take((HEAD_LEN - head.len()) as u64).read_to_end(&mut head) {
        let is_fault = Fault::of(&error).is_some();
        failed.get_or_insert(error);
        if !is_fault {
            break;
        }
    }
    (head, failed)
}

fn unrecognised(name: String, head: Vec<u8>, failed: Option<io::Error>, rest: Box<dyn Read + Send>) -> OpenError {
    match failed {
        Some(source) => OpenError::Io { name, source },
        None if head.is_empty() => OpenError::Empty { name },
        None if is_cut(&head) => OpenError::CutHeader { name, octets: head.len() as u64 },
        None => OpenError::NotACapture { name, octets: Octets::new(head, rest) },
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("name", &self.name).field("walk", &self.walk).finish_non_exhaustive()
    }
}
