//! Where packets are captured: frames with right checksums, in order of time, with what a capture does to them.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, Write};

use super::chance::Chance;
use super::spec::{Format, Spec};
use super::truth::Truth;
use crate::capture::LinkType;
use crate::capture::write::PcapNgWriter;
use crate::time::Time;

/// The most payload of a segment, in octets.
pub(super) const MSS: usize = 1400;
/// How far the frames of a burst are apart, in microseconds.
const STEP: u64 = 5;
/// Ethernet, IP and TCP headers.
const HEADERS: usize = 54;
/// The least octets of a frame that Ethernet carries; shorter ones are padded by whoever sends them.
const LEAST_FRAME: usize = 60;

pub(super) const FIN: u8 = 0x01;
pub(super) const SYN: u8 = 0x02;
pub(super) const PUSH: u8 = 0x08;
pub(super) const ACK: u8 = 0x10;

/// One end of a flow.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    pub(super) address: u32,
    pub(super) port: u16,
}

/// A flow: who opened it, whom to, and the next sequence number of both.
#[derive(Clone, Debug)]
pub(super) struct Link {
    ends: [End; 2],
    next: [u32; 2],
}

impl Link {
    pub(super) fn new(client: End, server: End, start: u64) -> Self {
        Self { ends: [client, server], next: [start as u32, (start >> 32) as u32] }
    }

    /// Source and destination of what comes from one end (0 client, 1 server), and their next sequence numbers.
    fn from(&self, from: usize) -> ([End; 2], [u32; 2]) {
        let ([client, server], [here, there]) = (self.ends, self.next);
        if from == 0 { ([client, server], [here, there]) } else { ([server, client], [there, here]) }
    }
}

enum File<W: Write> {
    Pcap(W),
    PcapNg(PcapNgWriter<W>),
}

/// The capture being made.
pub(super) struct Tap<W: Write> {
    file: File<W>,
    /// When the latest frame came, microseconds since 1970.
    now: u64,
    chance: Chance,
    loss: f64,
    reorder: f64,
    retransmit: f64,
    frame: Vec<u8>,
    /// A frame that its successor overtakes.
    held: Option<Vec<u8>>,
    /// Copies that come later, by time and number.
    late: BinaryHeap<Reverse<(u64, u64, Vec<u8>)>>,
    pub(super) truth: Truth,
}

impl<W: Write> Tap<W> {
    pub(super) fn new(mut out: W, spec: &Spec) -> io::Result<Self> {
        let mut truth = Truth { spec: spec.to_string(), ..Truth::default() };
        let file = match spec.format {
            Format::Pcap => {
                // Magic number for microseconds, version 2.4, zone and accuracy, snap length, Ethernet.
                let head = [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 262_144, LinkType::ETHERNET.0.into()];
                out.write_all(head.map(u32::to_le_bytes).as_flattened())?;
                truth.octets = 24;
                File::Pcap(out)
            }
            Format::PcapNg => {
                // A section header, and an interface with its resolution.
                truth.octets = 28 + 32;
                File::PcapNg(PcapNgWriter::new(out, LinkType::ETHERNET)?)
            }
        };
        Ok(Self {
            file,
            now: 0,
            chance: Chance::new(spec.seed, u64::MAX),
            loss: spec.loss,
            reorder: spec.reorder,
            retransmit: spec.retransmit,
            frame: Vec::with_capacity(HEADERS + MSS),
            held: None,
            late: BinaryHeap::new(),
            truth,
        })
    }

    /// Lets time come to a moment.
    pub(super) fn at(&mut self, time: u64) -> io::Result<()> {
        while let Some(Reverse((due, ..))) = self.late.peek() {
            if *due > time {
                break;
            }
            let Some(Reverse((due, _, frame))) = self.late.pop() else { break };
            self.now = self.now.max(due);
            self.put(&frame)?;
        }
        self.now = self.now.max(time);
        Ok(())
    }

    /// Ends the capture.
    pub(super) fn finish(mut self) -> io::Result<Truth> {
        self.at(u64::MAX >> 1)?;
        match self.file {
            File::Pcap(mut out) => out.flush()?,
            File::PcapNg(writer) => writer.finish()?.flush()?,
        }
        Ok(self.truth)
    }

    /// The handshake's first frame, or its second and third.
    pub(super) fn open(&mut self, link: &mut Link, first: bool) -> io::Result<()> {
        if first {
            self.segment(link, 0, SYN, &[], Place::Alone).map(drop)
        } else {
            self.segment(link, 1, SYN | ACK, &[], Place::Alone)?;
            self.segment(link, 0, ACK, &[], Place::Alone).map(drop)
        }
    }

    /// Both ends say that they are done.
    pub(super) fn close(&mut self, link: &mut Link, first: usize) -> io::Result<()> {
        for (from, flags) in [(first, FIN | ACK), (1 - first, FIN | ACK), (first, ACK)] {
            self.segment(link, from, flags, &[], Place::Alone)?;
        }
        Ok(())
    }

    /// Sends octets in segments, which the other end acknowledges at the end. Returns whether all were captured.
    pub(super) fn send(&mut self, link: &mut Link, from: usize, octets: &[u8], imps: bool) -> io::Result<bool> {
        let mut whole = true;
        let mut chunks = octets.chunks(MSS).peekable();
        while let Some(chunk) = chunks.next() {
            let flags = if chunks.peek().is_some() { ACK } else { ACK | PUSH };
            whole &= self.segment(link, from, flags, chunk, Place::Followed { imps })?;
        }
        self.segment(link, 1 - from, ACK, &[], Place::Alone)?;
        Ok(whole)
    }

    fn segment(&mut self, link: &mut Link, from: usize, flags: u8, data: &[u8], place: Place) -> io::Result<bool> {
        let (_, [number, acknowledged]) = link.from(from);
        let used = data.len() as u32 + u32::from(flags & (SYN | FIN) != 0);
        if let Some(next) = link.next.get_mut(from) {
            *next = next.wrapping_add(used);
        }
        let mut header = [0; 20];
        let acknowledged = if flags & ACK == 0 { 0 } else { acknowledged };
        put(&mut header, 4, &number.to_be_bytes());
        put(&mut header, 8, &acknowledged.to_be_bytes());
        // Offset of the data in words of four octets, flags, window; then come checksum and urgent pointer.
        put(&mut header, 12, &[0x50, flags, 0xfa, 0xf0]);
        self.packet(link, from, Header(6, 16, &mut header), data, place)
    }

    /// A datagram.
    pub(super) fn datagram(&mut self, link: &Link, from: usize, data: &[u8]) -> io::Result<()> {
        let mut header = [0; 8];
        put(&mut header, 4, &(data.len() as u16 + 8).to_be_bytes());
        self.packet(link, from, Header(17, 6, &mut header), data, Place::Alone).map(drop)
    }

    /// A packet on its way: its transport header gets ports and checksum here.
    fn packet(&mut self, link: &Link, from: usize, header: Header<'_>, data: &[u8], place: Place) -> io::Result<bool> {
        let ([source, destination], _) = link.from(from);
        let Header(protocol, checksum_at, transport) = header;
        put(transport, 0, &source.port.to_be_bytes());
        put(transport, 2, &destination.port.to_be_bytes());
        let len = (transport.len() + data.len()) as u16;
        let addresses = sum(&source.address.to_be_bytes()) + sum(&destination.address.to_be_bytes());
        let rest = u64::from(protocol) + u64::from(len) + sum(transport) + sum(data);
        put(transport, checksum_at, &complement(addresses + rest).to_be_bytes());
        // Version and header length, type; length; no identification, not to be fragmented; lifetime, protocol, checksum.
        let mut ip = [0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, protocol, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        put(&mut ip, 2, &(len + 20).to_be_bytes());
        put(&mut ip, 12, &source.address.to_be_bytes());
        put(&mut ip, 16, &destination.address.to_be_bytes());
        let checksum = complement(sum(&ip));
        put(&mut ip, 10, &checksum.to_be_bytes());
        let mut frame = std::mem::take(&mut self.frame);
        frame.clear();
        let (to, by) = if from == 0 { (2, 1) } else { (1, 2) };
        frame.extend_from_slice(&[2, 0, 0, 0, 0, to, 2, 0, 0, 0, 0, by, 0x08, 0x00]);
        frame.extend_from_slice(&ip);
        frame.extend_from_slice(transport);
        frame.extend_from_slice(data);
        if frame.len() < LEAST_FRAME && from == 1 {
            frame.resize(LEAST_FRAME, 0);
        }
        let captured = self.capture(&frame, place);
        self.frame = frame;
        captured
    }

    /// Takes a frame into the capture, or not. Returns whether it is in it.
    fn capture(&mut self, frame: &[u8], place: Place) -> io::Result<bool> {
        if self.chance.happens(self.loss) {
            self.truth.lost += 1;
            self.release()?;
            return Ok(false);
        }
        if let Place::Followed { imps } = place {
            if imps && self.chance.happens(self.retransmit) {
                self.truth.retransmitted += 1;
                let due = self.now + self.chance.between(1_000, 400_000);
                self.late.push(Reverse((due, self.truth.packets, frame.to_vec())));
            }
            if self.held.is_none() && self.chance.happens(self.reorder) {
                self.truth.reordered += 1;
                self.held = Some(frame.to_vec());
                return Ok(true);
            }
        }
        self.put(frame)?;
        self.release()?;
        Ok(true)
    }

    /// Writes the frame that was overtaken.
    fn release(&mut self) -> io::Result<()> {
        match self.held.take() {
            Some(frame) => self.put(&frame),
            None => Ok(()),
        }
    }

    fn put(&mut self, frame: &[u8]) -> io::Result<()> {
        self.truth.packets += 1;
        match &mut self.file {
            File::Pcap(out) => {
                let len = frame.len() as u32;
                let head = [(self.now / 1_000_000) as u32, (self.now % 1_000_000) as u32, len, len];
                out.write_all(head.map(u32::to_le_bytes).as_flattened())?;
                out.write_all(frame)?;
                self.truth.octets += 16 + frame.len() as u64;
            }
            File::PcapNg(writer) => {
                writer.frame(Time(self.now.cast_signed().saturating_mul(1000)), frame, &[])?;
                self.truth.octets += 32 + frame.len().next_multiple_of(4) as u64;
            }
        }
        self.now += STEP;
        Ok(())
    }
}

/// Where a packet stands in its burst.
#[derive(Clone, Copy)]
enum Place {
    /// Another one of its flow follows at once, which may overtake it.
    Followed {
        imps: bool,
    },
    Alone,
}

/// A transport header: its protocol, the place of its checksum, and its octets.
struct Header<'h>(u8, usize, &'h mut [u8]);

fn put(octets: &mut [u8], at: usize, value: &[u8]) {
    if let Some(place) = octets.get_mut(at..at + value.len()) {
        place.copy_from_slice(value);
    }
}

/// The sum of octets in pairs, the last one filled up with zero.
fn sum(octets: &[u8]) -> u64 {
    // The sum of words of four octets is the same once both halves are added up.
    let (words, rest) = octets.as_chunks::<4>();
    let whole: u64 = words.iter().map(|word| u64::from(u32::from_be_bytes(*word))).sum();
    let mut last = [0; 4];
    put(&mut last, 0, rest);
    whole + u64::from(u32::from_be_bytes(last))
}

/// The Internet checksum that a sum of pairs comes to.
fn complement(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}
