//! The vocabulary: a [`Conversation`] is the IP packets that went over the network, a [`Segment`] what of a packet TCP
//! has to say, a [`Frame`] a packet as a link layer carried it, and a [`Capture`] the files that remain.

use std::fs;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::{Path, PathBuf};

use crate::ip;

/// A moment, in nanoseconds since the epoch.
pub(crate) type Nanos = i64;

pub(crate) const MILLISECOND: Nanos = 1_000_000;
pub(crate) const SECOND: Nanos = 1_000 * MILLISECOND;

/// An IP packet and when it went by.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Packet {
    pub(crate) time: Nanos,
    pub(crate) octets: Vec<u8>,
    /// Whether it goes to the server: to the lower of its two ports.
    pub(crate) up: bool,
}

impl Packet {
    /// Other octets in its place.
    pub(crate) fn with(&self, octets: Vec<u8>) -> Self {
        Self { octets, ..*self }
    }
}

/// The packets of a conversation, in order.
pub(crate) type Conversation = Vec<Packet>;

/// A frame of a capture file: what it was captured on, and what of it was captured.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) time: Nanos,
    /// A number of tcpdump's LINKTYPE registry.
    pub(crate) link: u16,
    pub(crate) octets: Vec<u8>,
    /// Octets it had on the network.
    pub(crate) original: usize,
}

/// What is handed to the command: files by name, in order, and arguments.
#[derive(Clone, Debug)]
pub(crate) struct Capture {
    pub(crate) files: Vec<(String, Vec<u8>)>,
    /// Further options.
    pub(crate) options: &'static [&'static str],
    /// How the command is told of the files.
    pub(crate) given: Given,
}

/// How the command is told of files.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Given {
    /// By name, in their order.
    Named,
    /// As one argument that stands for all of them: a folder or a pattern.
    As(&'static str),
    /// The only one on standard input.
    Piped,
}

/// A TCP segment over IPv4.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Segment {
    pub(crate) time: Nanos,
    pub(crate) from: SocketAddrV4,
    pub(crate) to: SocketAddrV4,
    pub(crate) number: u32,
    pub(crate) acknowledged: u32,
    pub(crate) flags: u8,
    pub(crate) payload: Vec<u8>,
}

pub(crate) const FIN: u8 = 0x01;
pub(crate) const SYN: u8 = 0x02;
pub(crate) const ACK: u8 = 0x10;

impl Segment {
    /// What a packet says; `None` for other than TCP over IPv4 and for what its sender cut into fragments.
    pub(crate) fn of(packet: &Packet) -> Option<Self> {
        let ip = &packet.octets;
        if ip[0] != 0x45 || ip[9] != 6 {
            return None;
        }
        let tcp = &ip[20..];
        let end = |address: usize, port: usize| {
            let address = Ipv4Addr::new(ip[address], ip[address + 1], ip[address + 2], ip[address + 3]);
            SocketAddrV4::new(address, u16::from_be_bytes([tcp[port], tcp[port + 1]]))
        };
        let word = |at: usize| u32::from_be_bytes([tcp[at], tcp[at + 1], tcp[at + 2], tcp[at + 3]]);
        Some(Self {
            time: packet.time,
            from: end(12, 0),
            to: end(16, 2),
            number: word(4),
            acknowledged: word(8),
            flags: tcp[13],
            payload: tcp[usize::from(tcp[12] >> 4) * 4..].to_vec(),
        })
    }

    /// The packet that carries it.
    pub(crate) fn packet(&self) -> Packet {
        let octets = ip::v4(6, *self.from.ip(), *self.to.ip(), &ip::tcp(self));
        Packet { time: self.time, octets, up: self.from.port() > self.to.port() }
    }

    /// The part of it between two offsets of its payload; FIN goes with the last octet.
    pub(crate) fn part(&self, start: usize, end: usize) -> Self {
        let last = end == self.payload.len();
        Self {
            number: self.number.wrapping_add(start as u32),
            flags: if last { self.flags } else { self.flags & !FIN },
            payload: self.payload[start..end].to_vec(),
            ..self.clone()
        }
    }
}

/// Each segment of a conversation replaced by others; what is not TCP stays as it is.
pub(crate) fn each_segment(conversation: &[Packet], mut other: impl FnMut(Segment) -> Vec<Segment>) -> Conversation {
    conversation
        .iter()
        .flat_map(|packet| match Segment::of(packet) {
            Some(segment) => other(segment).iter().map(Segment::packet).collect(),
            None => vec![packet.clone()],
        })
        .collect()
}

pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The packets of a pcapng as impslint writes them: little-endian, Ethernet, nanoseconds, `None` when one is cut.
pub(crate) fn read(octets: &[u8]) -> Option<Conversation> {
    let word = |at: usize| u32::from_le_bytes(octets[at..at + 4].try_into().unwrap());
    let (mut at, mut packets) = (0, Vec::new());
    while at + 12 <= octets.len() {
        if word(at) == 6 {
            let time = (i64::from(word(at + 12)) << 32) | i64::from(word(at + 16));
            let captured = &octets[at + 28..][..word(at + 20) as usize];
            if word(at + 20) < word(at + 24) {
                return None;
            }
            let len = match captured[12..14] {
                [0x08, 0x00] => usize::from(u16::from_be_bytes([captured[16], captured[17]])),
                _ => captured.len() - 14,
            };
            let octets = captured[14..][..len].to_vec();
            packets.push(Packet { time, up: octets[20..22] > octets[22..24], octets });
        }
        at += word(at + 4) as usize;
    }
    Some(packets)
}

/// A conversation of `samples/`.
pub(crate) fn sample(name: &str) -> Conversation {
    read(&fs::read(root().join("samples").join(name).with_extension("pcapng")).unwrap()).unwrap()
}

/// A folder of its own for what a test writes, emptied.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wrappings").join(name);
    _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Numbers that look random and are the same in every run.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound
    }
}
