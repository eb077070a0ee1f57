//! IP, TCP and UDP written out, checksums right, and packets cut into fragments.

use std::net::Ipv4Addr;

use crate::conversation::{Packet, SYN, Segment};

/// The Internet checksum.
pub(crate) fn checksum(octets: &[u8]) -> u16 {
    let mut sum: u32 =
        octets.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0))).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

/// An IPv4 packet without options that must not be fragmented.
pub(crate) fn v4(protocol: u8, from: Ipv4Addr, to: Ipv4Addr, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0x45, 0];
    out.extend((20 + payload.len() as u16).to_be_bytes());
    out.extend([0, 0, 0x40, 0, 64, protocol, 0, 0]);
    out.extend(from.octets());
    out.extend(to.octets());
    let sum = checksum(&out);
    out[10..12].copy_from_slice(&sum.to_be_bytes());
    out.extend(payload);
    out
}

/// The IPv6 address that stands for an IPv4 one: the same octets at the end.
fn v6_address(address: &[u8]) -> [u8; 16] {
    let mut out = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    out[12..].copy_from_slice(address);
    out
}

/// An IPv6 packet.
pub(crate) fn v6(next: u8, from: &[u8; 16], to: &[u8; 16], payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0x60, 0, 0, 0];
    out.extend((payload.len() as u16).to_be_bytes());
    out.extend([next, 64]);
    out.extend(from);
    out.extend(to);
    out.extend(payload);
    out
}

/// A segment's header and payload.
pub(crate) fn tcp(segment: &Segment) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(segment.from.port().to_be_bytes());
    out.extend(segment.to.port().to_be_bytes());
    out.extend(segment.number.to_be_bytes());
    out.extend(segment.acknowledged.to_be_bytes());
    out.extend([if segment.flags & SYN == 0 { 0x50 } else { 0x60 }, segment.flags, 0xfa, 0xf0, 0, 0, 0, 0]);
    if segment.flags & SYN != 0 {
        out.extend([2, 4, 0x05, 0x78]);
    }
    out.extend(&segment.payload);
    let mut pseudo = [segment.from.ip().octets(), segment.to.ip().octets()].concat();
    pseudo.extend([0, 6]);
    pseudo.extend((out.len() as u16).to_be_bytes());
    let sum = checksum(&[pseudo, out.clone()].concat());
    out[16..18].copy_from_slice(&sum.to_be_bytes());
    out
}

/// A UDP packet over IPv4; without checksum, as IPv4 allows.
pub(crate) fn udp(from: (Ipv4Addr, u16), to: (Ipv4Addr, u16), payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(from.1.to_be_bytes());
    out.extend(to.1.to_be_bytes());
    out.extend((8 + payload.len() as u16).to_be_bytes());
    out.extend([0, 0]);
    out.extend(payload);
    v4(17, from.0, to.0, &out)
}

/// The same packet over IPv6; the checksum of TCP and UDP is made anew.
pub(crate) fn as_v6(packet: &Packet) -> Packet {
    let ip = &packet.octets;
    let (from, to) = (v6_address(&ip[12..16]), v6_address(&ip[16..20]));
    let protocol = ip[9];
    let mut payload = ip[20..].to_vec();
    let at = if protocol == 6 { 16 } else { 6 };
    payload[at..at + 2].fill(0);
    let mut pseudo = [from, to].concat();
    pseudo.extend((payload.len() as u32).to_be_bytes());
    pseudo.extend([0, 0, 0, protocol]);
    let sum = checksum(&[pseudo, payload.clone()].concat());
    payload[at..at + 2].copy_from_slice(&sum.to_be_bytes());
    packet.with(v6(protocol, &from, &to, &payload))
}

/// The fragments of an IPv4 or IPv6 packet, each with at most so many octets of payload (a multiple of 8), in order.
/// Those of one packet have the same identification.
pub(crate) fn fragments(packet: &Packet, size: usize, identification: u16) -> Vec<Packet> {
    let ip = &packet.octets;
    let six = ip[0] >> 4 == 6;
    let head = if six { 40 } else { 20 };
    let payload = &ip[head..];
    if payload.len() <= size {
        return vec![packet.clone()];
    }
    let one = |(i, part): (usize, &[u8])| {
        let offset = (i * size) as u16;
        let more = i * size + part.len() < payload.len();
        let octets = if six {
            let mut out = ip[..40].to_vec();
            out[4..6].copy_from_slice(&(8 + part.len() as u16).to_be_bytes());
            out[6] = 44;
            out.extend([ip[6], 0]);
            out.extend((offset | u16::from(more)).to_be_bytes());
            out.extend(u32::from(identification).to_be_bytes());
            out.extend(part);
            out
        } else {
            let mut out = ip[..20].to_vec();
            out[2..4].copy_from_slice(&(20 + part.len() as u16).to_be_bytes());
            out[4..6].copy_from_slice(&identification.to_be_bytes());
            out[6..8].copy_from_slice(&((offset / 8) | (u16::from(more) << 13)).to_be_bytes());
            out[10..12].fill(0);
            let sum = checksum(&out);
            out[10..12].copy_from_slice(&sum.to_be_bytes());
            out.extend(part);
            out
        };
        packet.with(octets)
    };
    payload.chunks(size).enumerate().map(one).collect()
}
