//! Frames and captures built octet by octet.

use std::net::{IpAddr, SocketAddr};

use crate::capture::{FrameRef, LinkType, Window};
use crate::time::Time;
use crate::wire::FrameNo;

pub(super) const FIN: u8 = 0x01;
pub(super) const SYN: u8 = 0x02;
pub(super) const RST: u8 = 0x04;
pub(super) const PSH: u8 = 0x08;
pub(super) const ACK: u8 = 0x10;

pub(super) const MILLISECOND: i64 = 1_000_000;
pub(super) const SECOND: i64 = 1_000_000_000;

/// A TCP header of 20 octets with data.
pub(super) fn tcp(ports: (u16, u16), seq: u32, ack: u32, flags: u8, data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(ports.0.to_be_bytes());
    out.extend(ports.1.to_be_bytes());
    out.extend(seq.to_be_bytes());
    out.extend(ack.to_be_bytes());
    out.extend([0x50, flags, 0xff, 0xff, 0xde, 0xad, 0, 0]);
    out.extend(data);
    out
}

/// A UDP header with data.
pub(super) fn udp(ports: (u16, u16), data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(ports.0.to_be_bytes());
    out.extend(ports.1.to_be_bytes());
    out.extend((data.len() as u16 + 8).to_be_bytes());
    out.extend([0xde, 0xad]);
    out.extend(data);
    out
}

/// An IPv4 packet without options from 10.0.0.1 to 10.0.0.2.
pub(super) fn ipv4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    ip([10, 0, 0, 1].into(), [10, 0, 0, 2].into(), protocol, payload)
}

/// An IPv6 packet from 2001:db8::1 to 2001:db8::2.
pub(super) fn ipv6(next: u8, payload: &[u8]) -> Vec<u8> {
    ip("2001:db8::1".parse().unwrap(), "2001:db8::2".parse().unwrap(), next, payload)
}

fn ip(source: IpAddr, destination: IpAddr, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    match (source, destination) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            out.extend([0x45, 0]);
            out.extend((payload.len() as u16 + 20).to_be_bytes());
            out.extend([0x12, 0x34, 0x40, 0, 64, protocol, 0xde, 0xad]);
            out.extend(source.octets());
            out.extend(destination.octets());
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            out.extend([0x60, 0, 0, 0]);
            out.extend((payload.len() as u16).to_be_bytes());
            out.extend([protocol, 64]);
            out.extend(source.octets());
            out.extend(destination.octets());
        }
        _ => panic!("two IP versions"),
    }
    out.extend(payload);
    out
}

/// An Ethernet frame, padded to the 60 octets that are the least on a wire.
pub(super) fn ethernet(ether_type: u16, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1];
    out.extend(ether_type.to_be_bytes());
    out.extend(payload);
    out.resize(out.len().max(60), 0x55);
    out
}

/// Two endpoints.
#[derive(Clone, Copy)]
pub(super) struct Pair {
    pub(super) client: SocketAddr,
    pub(super) server: SocketAddr,
}

impl Pair {
    /// A client at this port and the server at port 80, over IPv4.
    pub(super) fn v4(port: u16) -> Self {
        Self { client: ([10, 0, 0, 1], port).into(), server: ([10, 0, 0, 2], 80).into() }
    }

    /// The same over IPv6.
    pub(super) fn v6(port: u16) -> Self {
        Self {
            client: ("2001:db8::1".parse::<IpAddr>().unwrap(), port).into(),
            server: ("2001:db8::2".parse::<IpAddr>().unwrap(), 80).into(),
        }
    }

    fn frame(source: SocketAddr, destination: SocketAddr, protocol: u8, payload: &[u8]) -> Vec<u8> {
        let ether_type = if source.is_ipv4() { 0x0800 } else { 0x86dd };
        ethernet(ether_type, &ip(source.ip(), destination.ip(), protocol, payload))
    }

    /// A segment from the client.
    pub(super) fn there(self, seq: u32, ack: u32, flags: u8, data: &[u8]) -> Vec<u8> {
        let ports = (self.client.port(), self.server.port());
        Self::frame(self.client, self.server, 6, &tcp(ports, seq, ack, flags, data))
    }

    /// A segment from the server.
    pub(super) fn back(self, seq: u32, ack: u32, flags: u8, data: &[u8]) -> Vec<u8> {
        let ports = (self.server.port(), self.client.port());
        Self::frame(self.server, self.client, 6, &tcp(ports, seq, ack, flags, data))
    }

    /// A datagram from the client.
    pub(super) fn datagram(self, data: &[u8]) -> Vec<u8> {
        Self::frame(self.client, self.server, 17, &udp((self.client.port(), self.server.port()), data))
    }
}

#[derive(Clone)]
struct Record {
    bytes: Vec<u8>,
    original_len: u32,
    time: Option<Time>,
}

/// Ethernet frames in order, a millisecond apart unless told otherwise.
#[derive(Clone, Default)]
pub(super) struct Capture {
    records: Vec<Record>,
    clock: i64,
}

impl Capture {
    /// Appends a frame.
    pub(super) fn push(&mut self, bytes: Vec<u8>) -> &mut Self {
        self.clock += MILLISECOND;
        let original_len = bytes.len() as u32;
        self.records.push(Record { bytes, original_len, time: Some(Time(self.clock)) });
        self
    }

    /// Appends frames.
    pub(super) fn extend(&mut self, frames: impl IntoIterator<Item = Vec<u8>>) -> &mut Self {
        for frame in frames {
            self.push(frame);
        }
        self
    }

    /// Appends the opening of a connection: the data of the client starts at 101, that of the server at 501.
    pub(super) fn open(&mut self, pair: Pair) -> &mut Self {
        self.push(pair.there(100, 0, SYN, b"")).push(pair.back(500, 101, SYN | ACK, b""));
        self.push(pair.there(101, 501, ACK, b""))
    }

    /// Lets time pass before the next frame.
    pub(super) fn pause(&mut self, nanoseconds: i64) -> &mut Self {
        self.clock += nanoseconds;
        self
    }

    /// Cuts the last frame to `len` octets, as a snap length does.
    pub(super) fn snap(&mut self, len: usize) -> &mut Self {
        self.records.last_mut().unwrap().bytes.truncate(len);
        self
    }

    /// Takes the time off the last frame.
    pub(super) fn timeless(&mut self) -> &mut Self {
        self.records.last_mut().unwrap().time = None;
        self
    }

    /// The captured bytes of a frame.
    pub(super) fn bytes(&self, frame: FrameNo) -> &[u8] {
        &self.records[frame.0 as usize - 1].bytes
    }

    /// How many frames there are.
    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// Windows of these numbers of frames, and one of the rest.
    pub(super) fn windows(&self, sizes: &[usize]) -> Vec<Window> {
        let mut windows = Vec::new();
        let mut at = 0usize;
        for size in sizes.iter().copied().chain([usize::MAX]) {
            let end = at.max(self.len().min(at.saturating_add(size)));
            let mut window = Window::default();
            for (index, record) in self.records.iter().enumerate().take(end).skip(at) {
                // Something between the records, as files have it.
                window.bytes.extend([0xee; 16]);
                let start = window.bytes.len() as u32;
                window.bytes.extend(&record.bytes);
                window.frames.push(FrameRef {
                    no: FrameNo(index as u64 + 1),
                    time: record.time,
                    link: LinkType::ETHERNET,
                    range: start..window.bytes.len() as u32,
                    original_len: record.original_len,
                });
            }
            windows.push(window);
            at = end;
        }
        windows
    }
}

/// A window of whole frames of a link type, a millisecond apart.
pub(super) fn window(link: LinkType, frames: &[Vec<u8>]) -> Window {
    let mut window = Window::default();
    for (index, frame) in frames.iter().enumerate() {
        let start = window.bytes.len() as u32;
        window.bytes.extend(frame);
        let range = start..window.bytes.len() as u32;
        let (no, time) = (FrameNo(index as u64 + 1), Some(Time(index as i64 * MILLISECOND)));
        window.frames.push(FrameRef { no, time, link, range, original_len: frame.len() as u32 });
    }
    window
}
