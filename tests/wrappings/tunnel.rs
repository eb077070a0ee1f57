//! Tunnels: a packet inside a packet, and IPv6 in place of IPv4.

use std::net::Ipv4Addr;

use crate::conversation::{Capture, Conversation, Packet};
use crate::link::ethernet;
use crate::wrap::Wrap;
use crate::{file, ip};

/// The two ends of every tunnel here.
const NEAR: Ipv4Addr = Ipv4Addr::new(172, 16, 0, 1);
const FAR: Ipv4Addr = Ipv4Addr::new(172, 16, 0, 2);

/// The same two for tunnels over IPv6.
const NEAR6: [u8; 16] = [0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
const FAR6: [u8; 16] = [0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2];

/// Near to far for what goes up.
fn ends<T>(packet: &Packet, near: T, far: T) -> (T, T) {
    if packet.up { (near, far) } else { (far, near) }
}

/// The packet as payload of another of this protocol, behind a header.
fn inside(packet: &Packet, protocol: u8, head: &[u8]) -> Packet {
    let (from, to) = ends(packet, NEAR, FAR);
    packet.with(ip::v4(protocol, from, to, &[head, &packet.octets].concat()))
}

fn gre_kind(packet: &Packet) -> [u8; 2] {
    if packet.octets[0] >> 4 == 6 { [0x86, 0xdd] } else { [0x08, 0x00] }
}

fn gre(packet: &Packet) -> Packet {
    inside(packet, 47, &[&[0, 0][..], &gre_kind(packet)].concat())
}

/// GRE with checksum (left zero), key and sequence number.
fn gre_full(packet: &Packet) -> Packet {
    inside(packet, 47, &[&[0xb0, 0][..], &gre_kind(packet), &[0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 1]].concat())
}

/// GRE that carries an Ethernet frame.
fn gre_ethernet(packet: &Packet) -> Packet {
    let framed = packet.with(ethernet(packet).octets);
    let (from, to) = ends(packet, NEAR, FAR);
    let octets = ip::v4(47, from, to, &[&[0, 0, 0x65, 0x58][..], &framed.octets].concat());
    packet.with(octets)
}

fn ip_in_ip(packet: &Packet) -> Packet {
    inside(packet, 4, &[])
}

fn six_in_four(packet: &Packet) -> Packet {
    inside(&ip::as_v6(packet), 41, &[])
}

fn four_in_six(packet: &Packet) -> Packet {
    let (from, to) = ends(packet, NEAR6, FAR6);
    packet.with(ip::v6(4, &from, &to, &packet.octets))
}

/// What stands in a GTP-U header behind the tunnel's identifier.
#[derive(Clone, Copy)]
pub(crate) enum Gtp {
    /// Nothing.
    Plain,
    /// A sequence number.
    Numbered,
    /// A sequence number and two extension headers: PDCP number and PDU session container.
    Extended,
}

/// GTP-U; the tunnel's identifier differs between the two directions.
pub(crate) fn gtp(packet: &Packet, kind: Gtp) -> Packet {
    let (from, to) = ends(packet, NEAR, FAR);
    let (identifier, _) = ends(packet, 0x0000_1001_u32, 0x0000_2002);
    let behind: &[u8] = match kind {
        Gtp::Plain => &[],
        Gtp::Numbered => &[0, 9, 0, 0],
        Gtp::Extended => &[0, 9, 0, 0xc0, 1, 0, 5, 0x85, 1, 0, 5, 0],
    };
    let mut out = vec![[0x30, 0x32, 0x36][kind as usize], 0xff];
    out.extend(((behind.len() + packet.octets.len()) as u16).to_be_bytes());
    out.extend(identifier.to_be_bytes());
    out.extend(behind);
    out.extend(&packet.octets);
    packet.with(ip::udp((from, 2152), (to, 2152), &out))
}

/// GTP-U, the outer packets in fragments when they are larger than a tunnel carries.
fn gtp_fragmented(conversation: &Conversation) -> Capture {
    let parts = conversation.iter().zip(1..).flat_map(|(p, id)| ip::fragments(&gtp(p, Gtp::Numbered), 256, id));
    file::pcap(&parts.map(|p| ethernet(&p)).collect::<Vec<_>>())
}

/// The capture where every packet is put into another.
fn through(conversation: &Conversation, tunnel: impl Fn(&Packet) -> Packet) -> Capture {
    file::pcap(&conversation.iter().map(|p| ethernet(&tunnel(p))).collect::<Vec<_>>())
}

pub(crate) const WRAPS: &[Wrap] = &[
    Wrap::whole("ipv6", |c| through(c, ip::as_v6)),
    Wrap::whole("ip-in-ip", |c| through(c, ip_in_ip)),
    Wrap::whole("6in4", |c| through(c, six_in_four)),
    Wrap::whole("4in6", |c| through(c, four_in_six)),
    Wrap::whole("gre", |c| through(c, gre)),
    Wrap::whole("gre-key-sequence", |c| through(c, gre_full)),
    Wrap::whole("gre-ethernet", |c| through(c, gre_ethernet)),
    Wrap::whole("gre-ipv6", |c| through(c, |p| gre(&ip::as_v6(p)))),
    Wrap::whole("gtp", |c| through(c, |p| gtp(p, Gtp::Plain))),
    Wrap::whole("gtp-sequence", |c| through(c, |p| gtp(p, Gtp::Numbered))),
    Wrap::whole("gtp-extensions", |c| through(c, |p| gtp(p, Gtp::Extended))),
    Wrap::whole("gtp-ipv6", |c| through(c, |p| gtp(&ip::as_v6(p), Gtp::Extended))),
    Wrap::whole("gtp-in-gre", |c| through(c, |p| gre(&gtp(p, Gtp::Plain)))),
    Wrap::whole("gtp-fragmented", gtp_fragmented),
];
