//! Captures made octet by octet, and everything that was read of them.

mod compressed;
mod damage;
mod merge;
mod pcap;
mod pcapng;
mod reading;

use std::io::{self, Read};

use super::{Anomaly, AnomalyKind, Capture, OpenError, Part, Summary, Window};

/// Octets in a byte order.
#[derive(Clone)]
struct Octets {
    big: bool,
    bytes: Vec<u8>,
}

impl Octets {
    fn new(big: bool) -> Self {
        Self { big, bytes: Vec::new() }
    }

    fn u16(mut self, value: u16) -> Self {
        self.bytes.extend(if self.big { value.to_be_bytes() } else { value.to_le_bytes() });
        self
    }

    fn u32(mut self, value: u32) -> Self {
        self.bytes.extend(if self.big { value.to_be_bytes() } else { value.to_le_bytes() });
        self
    }

    fn raw(mut self, bytes: &[u8]) -> Self {
        self.bytes.extend(bytes);
        self
    }

    fn padded(mut self, bytes: &[u8]) -> Self {
        self.bytes.extend(bytes);
        while !self.bytes.len().is_multiple_of(4) {
            self.bytes.push(0);
        }
        self
    }

    /// The file header of a pcap with a snap length of 65,535.
    fn pcap_header(self, magic: u32, link: u32) -> Self {
        self.u32(magic).u16(2).u16(4).u32(0).u32(0).u32(65_535).u32(link)
    }

    /// A pcap record of a whole packet.
    fn record(self, seconds: u32, fraction: u32, data: &[u8]) -> Self {
        let len = data.len() as u32;
        self.u32(seconds).u32(fraction).u32(len).u32(len).raw(data)
    }

    fn block(self, kind: u32, body: &[u8]) -> Self {
        let body = Self::new(self.big).padded(body).bytes;
        let len = body.len() as u32 + 12;
        self.u32(kind).u32(len).raw(&body).u32(len)
    }

    /// Section Header Block, version 1.0, section length not told.
    fn section(self) -> Self {
        let body = Self::new(self.big).u32(0x1a2b_3c4d).u16(1).u16(0).raw(&[0xff; 8]);
        self.block(0x0a0d_0d0a, &body.bytes)
    }

    fn interface(self, link: u16, snap_len: u32, options: &[u8]) -> Self {
        let body = Self::new(self.big).u16(link).u16(0).u32(snap_len).raw(options);
        self.block(1, &body.bytes)
    }

    /// Enhanced Packet Block of a whole packet.
    fn packet(self, interface: u32, ticks: u64, data: &[u8], options: &[u8]) -> Self {
        let len = data.len() as u32;
        let body = Self::new(self.big).u32(interface).u32((ticks >> 32) as u32).u32(ticks as u32).u32(len).u32(len);
        self.block(6, &body.padded(data).raw(options).bytes)
    }

    fn option(self, code: u16, value: &[u8]) -> Self {
        self.u16(code).u16(value.len() as u16).padded(value)
    }
}

/// A frame as it was handed over: number, time in nanoseconds, link type, captured bytes, original length.
type Frame = (u64, Option<i64>, u16, Vec<u8>, u32);

/// All that a capture gave.
#[derive(Clone, PartialEq, Debug)]
struct Given {
    frames: Vec<Frame>,
    comments: Vec<(u64, String)>,
    anomalies: Vec<Anomaly>,
    summary: Summary,
}

impl Given {
    fn data(&self) -> Vec<&[u8]> {
        self.frames.iter().map(|(_, _, _, data, _)| data.as_slice()).collect()
    }

    fn times(&self) -> Vec<Option<i64>> {
        self.frames.iter().map(|(_, time, ..)| *time).collect()
    }

    fn anomalies(&self) -> Vec<(AnomalyKind, u64, u64)> {
        self.anomalies.iter().map(|a| (a.kind, a.offset, a.octets)).collect()
    }
}

/// An input that gives its octets in pieces of these sizes, over and over, and is interrupted in between.
struct Pieces {
    bytes: Vec<u8>,
    at: usize,
    sizes: Vec<usize>,
    reads: usize,
}

impl Read for Pieces {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        self.reads += 1;
        if self.reads.is_multiple_of(3) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let rest = &self.bytes[self.at..];
        let n = self.sizes[self.reads % self.sizes.len()].min(rest.len()).min(room.len());
        room[..n].copy_from_slice(&rest[..n]);
        self.at += n;
        Ok(n)
    }
}

fn open(bytes: &[u8]) -> Result<Capture, OpenError> {
    Capture::from_reader(Box::new(io::Cursor::new(bytes.to_vec())), "test")
}

/// What is known of the only capture.
fn part(capture: &Capture) -> Part {
    let [part] = <[_; 1]>::try_from(capture.parts()).unwrap();
    part
}

fn drain(mut capture: Capture) -> Given {
    let (mut window, mut frames, mut comments) = (Window::default(), Vec::new(), Vec::new());
    while capture.next_window(&mut window).unwrap() {
        frames.extend(window.frames.iter().map(|frame| {
            let time = frame.time.map(|time| time.0);
            (frame.no.0, time, frame.link.0, window.captured(frame).to_vec(), frame.original_len)
        }));
        comments.extend(window.comments.iter().map(|comment| (comment.frame.0, comment.text.clone())));
    }
    assert!(!capture.next_window(&mut window).unwrap(), "the end is final");
    assert!(window.frames.is_empty());
    let part = part(&capture);
    Given { frames, comments, anomalies: part.anomalies, summary: part.summary }
}

fn read(bytes: &[u8]) -> Given {
    drain(open(bytes).unwrap())
}

fn read_in_pieces(bytes: &[u8], sizes: &[usize], window_size: usize) -> Given {
    let pieces = Pieces { bytes: bytes.to_vec(), at: 0, sizes: sizes.to_vec(), reads: 0 };
    drain(Capture::from_reader(Box::new(pieces), "test").unwrap().with_window_size(window_size))
}
