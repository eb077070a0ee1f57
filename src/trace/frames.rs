//! Frames: a conversation written out as Ethernet, IP and TCP or UDP, checksums right.

use std::net::{IpAddr, SocketAddr};

use crate::time::Time;

/// The most payload of a segment, in octets.
pub(super) const MSS: usize = 1400;

/// Protocol numbers of IP.
const TCP: u8 = 6;
const UDP: u8 = 17;

pub(super) const FIN: u8 = 0x01;
pub(super) const SYN: u8 = 0x02;
pub(super) const PUSH: u8 = 0x08;
pub(super) const ACK: u8 = 0x10;

/// A frame on its way into a file.
pub(super) struct Frame {
    pub(super) time: Time,
    pub(super) octets: Vec<u8>,
    /// Number of its connection in the trace.
    pub(super) connection: u32,
    /// Index of the line of the trace that it carries payload of.
    pub(super) of: Option<usize>,
    /// Octets kept of it, where the snap length cuts it.
    pub(super) cut: Option<u32>,
}

/// One TCP connection being written: both ends and their sequence numbers.
pub(super) struct Tcp {
    ends: [SocketAddr; 2],
    next: [u32; 2],
    identification: u16,
}

impl Tcp {
    /// A connection before its handshake; `number` makes sequence numbers differ between connections.
    pub(super) fn new(client: SocketAddr, server: SocketAddr, number: u32) -> Self {
        let start = number.wrapping_mul(0x0101_0000);
        Self { ends: [client, server], next: [start.wrapping_add(1000), start.wrapping_add(5000)], identification: 1 }
    }

    /// A segment from one end (0 client, 1 server).
    pub(super) fn segment(&mut self, from: usize, flags: u8, payload: &[u8]) -> Vec<u8> {
        let to = 1 - from;
        let at = |ends: &[SocketAddr; 2], i: usize| ends.get(i).copied().unwrap_or(ends[0]);
        let (source, destination) = (at(&self.ends, from), at(&self.ends, to));
        let number = |i: usize| self.next.get(i).copied().unwrap_or_default();
        let acknowledged = if flags & ACK == 0 { 0 } else { number(to) };
        let mut tcp = Vec::with_capacity(20 + payload.len());
        tcp.extend(source.port().to_be_bytes());
        tcp.extend(destination.port().to_be_bytes());
        tcp.extend(number(from).to_be_bytes());
        tcp.extend(acknowledged.to_be_bytes());
        // Offset of the data in words of four octets, flags, window, room for the checksum, urgent pointer.
        tcp.extend([if flags & SYN == 0 { 0x50 } else { 0x60 }, flags, 0xfa, 0xf0, 0, 0, 0, 0]);
        if flags & SYN != 0 {
            tcp.extend([2, 4]);
            tcp.extend((MSS as u16).to_be_bytes());
        }
        tcp.extend(payload);
        let used = payload.len() as u32 + u32::from(flags & (SYN | FIN) != 0);
        if let Some(next) = self.next.get_mut(from) {
            *next = next.wrapping_add(used);
        }
        let sum = checksum(&[&pseudo_header(source.ip(), destination.ip(), TCP, tcp.len()), &tcp]);
        put(&mut tcp, 16, sum);
        self.identification = self.identification.wrapping_add(1);
        packet((source.ip(), destination.ip()), TCP, self.identification, from, &tcp)
    }
}

/// A UDP datagram from one of two ends (0 client, 1 server).
pub(super) fn udp(ends: &[SocketAddr; 2], identification: u16, from: usize, payload: &[u8]) -> Vec<u8> {
    let [client, server] = *ends;
    let (source, destination) = if from == 0 { (client, server) } else { (server, client) };
    let mut udp = Vec::with_capacity(8 + payload.len());
    udp.extend(source.port().to_be_bytes());
    udp.extend(destination.port().to_be_bytes());
    udp.extend((8 + payload.len() as u16).to_be_bytes());
    udp.extend([0, 0]);
    udp.extend(payload);
    // A sum of 0 would say that there is none.
    let sum = checksum(&[&pseudo_header(source.ip(), destination.ip(), UDP, udp.len()), &udp]);
    put(&mut udp, 6, if sum == 0 { 0xffff } else { sum });
    packet((source.ip(), destination.ip()), UDP, identification, from, &udp)
}

/// Ethernet and IP around a segment or datagram. A conversation between different IP versions is written as IPv6.
fn packet(
    (source, destination): (IpAddr, IpAddr),
    protocol: u8,
    identification: u16,
    from: usize,
    payload: &[u8],
) -> Vec<u8> {
    let (mine, other) = if from == 0 { (1, 2) } else { (2, 1) };
    let mut out = vec![2, 0, 0, 0, 0, other, 2, 0, 0, 0, 0, mine];
    match (source, destination) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            let mut ip = vec![0x45, 0];
            ip.extend((20 + payload.len() as u16).to_be_bytes());
            ip.extend(identification.to_be_bytes());
            ip.extend([0x40, 0, 64, protocol, 0, 0]);
            ip.extend(source.octets());
            ip.extend(destination.octets());
            let sum = checksum(&[&ip]);
            put(&mut ip, 10, sum);
            out.extend([0x08, 0x00]);
            out.extend(ip);
        }
        (source, destination) => {
            out.extend([0x86, 0xdd, 0x60, 0, 0, 0]);
            out.extend((payload.len() as u16).to_be_bytes());
            out.extend([protocol, 64]);
            out.extend(sixteen(source));
            out.extend(sixteen(destination));
        }
    }
    out.extend(payload);
    out
}

fn sixteen(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    }
}

fn pseudo_header(source: IpAddr, destination: IpAddr, protocol: u8, len: usize) -> Vec<u8> {
    let mut out = Vec::new();
    match (source, destination) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            out.extend(source.octets());
            out.extend(destination.octets());
            out.extend([0, protocol]);
            out.extend((len as u16).to_be_bytes());
        }
        (source, destination) => {
            out.extend(sixteen(source));
            out.extend(sixteen(destination));
            out.extend((len as u32).to_be_bytes());
            out.extend([0, 0, 0, protocol]);
        }
    }
    out
}

/// The Internet checksum over several runs, each of even length but the last.
fn checksum(runs: &[&[u8]]) -> u16 {
    let words = runs.iter().flat_map(|run| run.chunks(2)).map(|pair| match pair {
        [high, low] => u32::from(u16::from_be_bytes([*high, *low])),
        [high] => u32::from(*high) << 8,
        _ => 0,
    });
    let mut sum: u32 = words.fold(0, |sum, word| {
        let sum = sum + word;
        (sum & 0xffff) + (sum >> 16)
    });
    sum = (sum & 0xffff) + (sum >> 16);
    !(sum as u16)
}

fn put(octets: &mut [u8], at: usize, value: u16) {
    if let Some(place) = octets.get_mut(at..at + 2) {
        place.copy_from_slice(&value.to_be_bytes());
    }
}
