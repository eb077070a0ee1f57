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

/// GTP-U over IPv6.
fn gtp_over_v6(packet: &Packet) -> Packet {
    ip::as_v6(&gtp(packet, Gtp::Numbered))
}

/// GTP-U whose tunnel is another one from the middle on, as after a handover; echo requests in between.
fn gtp_handover(conversation: &Conversation) -> Capture {
    let mut frames = Vec::new();
    for (i, packet) in conversation.iter().enumerate() {
        let mut outer = gtp(packet, Gtp::Plain);
        if i >= conversation.len() / 2 {
            // The last octet of the identifier, behind 20 of IP and 8 of UDP.
            outer.octets[35] += 0x40;
        }
        frames.push(ethernet(&outer));
        if i % 20 == 0 {
            let echo = ip::udp((NEAR, 2152), (FAR, 2152), &[0x32, 1, 0, 4, 0, 0, 0, 0, 0, 1, 0, 0]);
            frames.push(ethernet(&packet.with(echo)));
        }
    }
    file::pcap(&frames)
}

/// GRE for what goes up, nothing for what comes down.
fn gre_one_way(packet: &Packet) -> Packet {
    if packet.up { gre(packet) } else { packet.clone() }
}

/// IPv6 with hop-by-hop and destination options before the payload.
fn v6_options(packet: &Packet) -> Packet {
    let mut packet = ip::as_v6(packet);
    let next = std::mem::replace(&mut packet.octets[6], 0);
    packet.octets.splice(40..40, [60, 0, 1, 4, 0, 0, 0, 0, next, 0, 1, 4, 0, 0, 0, 0]);
    let len = (packet.octets.len() as u16 - 40).to_be_bytes();
    packet.octets[4..6].copy_from_slice(&len);
    packet
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
    Wrap::whole("ipv6-options", |c| through(c, v6_options)),
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
    Wrap::whole("gtp-over-ipv6", |c| through(c, gtp_over_v6)),
    Wrap::whole("gtp-handover", gtp_handover),
    Wrap::whole("gre-one-way", |c| through(c, gre_one_way)),
    Wrap::whole("gtp-in-gre", |c| through(c, |p| gre(&gtp(p, Gtp::Plain)))),
    Wrap::whole("gtp-fragmented", gtp_fragmented),
];
