//! Link layers: a packet in, a frame out.

use std::net::Ipv4Addr;

use crate::conversation::{Capture, Conversation, Frame, Packet};
use crate::wrap::Wrap;
use crate::{file, ip};

/// Numbers as in tcpdump's LINKTYPE registry.
pub(crate) const ETHERNET: u16 = 1;

/// The EtherType of a packet.
pub(crate) fn ethertype(packet: &Packet) -> [u8; 2] {
    if packet.octets[0] >> 4 == 6 { [0x86, 0xdd] } else { [0x08, 0x00] }
}

/// The protocol number of a packet in PPP.
fn ppp_protocol(packet: &Packet) -> [u8; 2] {
    if packet.octets[0] >> 4 == 6 { [0x00, 0x57] } else { [0x00, 0x21] }
}

/// A frame of this link layer: a header, the packet, a trailer.
fn frame(link: u16, packet: &Packet, head: &[u8], trailer: &[u8]) -> Frame {
    let octets = [head, &packet.octets, trailer].concat();
    Frame { time: packet.time, link, original: octets.len(), octets }
}

/// Addresses of an Ethernet frame, of the two stations between which everything goes.
pub(crate) fn stations(packet: &Packet) -> [u8; 12] {
    let (to, from) = if packet.up { (2, 1) } else { (1, 2) };
    [2, 0, 0, 0, 0, to, 2, 0, 0, 0, 0, from]
}

/// Ethernet with these octets between the addresses and the packet, padded to the shortest frame there is.
pub(crate) fn ethernet_with(packet: &Packet, between: &[u8]) -> Frame {
    let head = [&stations(packet), between].concat();
    let padding = 60_usize.saturating_sub(head.len() + packet.octets.len());
    frame(ETHERNET, packet, &head, &vec![0; padding])
}

pub(crate) fn ethernet(packet: &Packet) -> Frame {
    ethernet_with(packet, &ethertype(packet))
}

fn vlan(packet: &Packet) -> Frame {
    ethernet_with(packet, &[&[0x81, 0, 0x20, 100][..], &ethertype(packet)].concat())
}

/// VLANs that differ between the directions.
fn vlan_asymmetric(packet: &Packet) -> Frame {
    let tag = if packet.up { 100 } else { 200 };
    ethernet_with(packet, &[&[0x81, 0, 0, tag][..], &ethertype(packet)].concat())
}

/// A tag on what comes down alone.
fn vlan_one_way(packet: &Packet) -> Frame {
    if packet.up { ethernet(packet) } else { vlan(packet) }
}

/// Three tags, the outer ones of old types.
fn vlan_three(packet: &Packet) -> Frame {
    ethernet_with(packet, &[&[0x91, 0, 0, 7, 0x88, 0xa8, 0, 8, 0x81, 0, 0, 9][..], &ethertype(packet)].concat())
}

/// A length in place of the type, LLC and SNAP behind it.
fn llc_snap(packet: &Packet) -> Frame {
    let len = (packet.octets.len() as u16 + 8).to_be_bytes();
    ethernet_with(packet, &[&len[..], &[0xaa, 0xaa, 3, 0, 0, 0], &ethertype(packet)].concat())
}

fn qinq(packet: &Packet) -> Frame {
    ethernet_with(packet, &[&[0x88, 0xa8, 0, 7, 0x81, 0, 0, 100][..], &ethertype(packet)].concat())
}

/// One label, bottom of the stack; another for each direction.
fn mpls(packet: &Packet) -> Frame {
    ethernet_with(packet, &[0x88, 0x47, 0x00, 1 + u8::from(packet.up), 0x01, 0x40])
}

/// Two labels behind a VLAN tag.
fn mpls_stack(packet: &Packet) -> Frame {
    ethernet_with(packet, &[0x81, 0, 0, 9, 0x88, 0x47, 0x00, 0x01, 0x00, 0x40, 0x00, 0x02, 0x01, 0x40])
}

fn pppoe(packet: &Packet) -> Frame {
    let mut between = vec![0x88, 0x64, 0x11, 0, 0, 42];
    between.extend((packet.octets.len() as u16 + 2).to_be_bytes());
    between.extend(ppp_protocol(packet));
    ethernet_with(packet, &between)
}

/// PPP that begins with the protocol.
fn ppp_bare(packet: &Packet) -> Frame {
    frame(9, packet, &ppp_protocol(packet), &[])
}

/// PPP with a protocol field compressed to one octet.
fn ppp_short(packet: &Packet) -> Frame {
    frame(9, packet, &ppp_protocol(packet)[1..], &[])
}

/// PPP framed as in HDLC: address and control before the protocol.
fn ppp_hdlc(link: u16, packet: &Packet) -> Frame {
    frame(link, packet, &[&[0xff, 0x03][..], &ppp_protocol(packet)].concat(), &[])
}

/// PPP with an octet that tells the direction before it.
fn ppp_with_direction(packet: &Packet) -> Frame {
    let head = [&[u8::from(packet.up), 0xff, 0x03][..], &ppp_protocol(packet)].concat();
    frame(204, packet, &head, &[])
}

fn cisco_hdlc(packet: &Packet) -> Frame {
    frame(104, packet, &[&[0x0f, 0x00][..], &ethertype(packet)].concat(), &[])
}

/// Linux cooked, as captured on "any": what is received and what is sent in one file.
fn cooked(packet: &Packet) -> Frame {
    let mut head = vec![0, if packet.up { 4 } else { 0 }, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0];
    head.extend(ethertype(packet));
    frame(113, packet, &head, &[])
}

/// Linux cooked, second version.
fn cooked2(packet: &Packet) -> Frame {
    let mut head = ethertype(packet).to_vec();
    head.extend([0, 0, 0, 0, 0, 3, 0, 1, if packet.up { 4 } else { 0 }, 6, 2, 0, 0, 0, 0, 1, 0, 0]);
    frame(276, packet, &head, &[])
}

/// Linux cooked of a device without an address, a VLAN tag in the data.
fn cooked_vlan(packet: &Packet) -> Frame {
    let mut head = vec![0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 0x81, 0, 0, 100];
    head.extend(ethertype(packet));
    frame(113, packet, &head, &[])
}

/// An IEEE 802.11 data frame without encryption: with quality of service or without, LLC and SNAP inside.
fn wireless(packet: &Packet, quality: bool) -> Vec<u8> {
    let up = packet.up;
    let mut out = vec![if quality { 0x88 } else { 0x08 }, if up { 0x01 } else { 0x02 }, 0x2c, 0];
    // Receiver, transmitter and the third address: up it goes to the access point, down it comes from there.
    let (client, point, server) = ([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 9], [2, 0, 0, 0, 0, 2]);
    out.extend(if up { [point, client, server] } else { [client, point, server] }.concat());
    out.extend([0x10, 0]);
    if quality {
        out.extend([0, 0]);
    }
    out.extend([0xaa, 0xaa, 3, 0, 0, 0]);
    out.extend(ethertype(packet));
    out
}

fn ieee80211(packet: &Packet) -> Frame {
    frame(105, packet, &wireless(packet, false), &[])
}

/// Radiotap with flags only, which say whether a check sequence follows the frame.
fn radiotap(packet: &Packet, quality: bool, check_sequence: bool) -> Frame {
    let mut head = vec![0, 0, 9, 0, 2, 0, 0, 0, if check_sequence { 0x10 } else { 0 }];
    head.extend(wireless(packet, quality));
    let mut framed = frame(127, packet, &head, &[]);
    if check_sequence {
        let sum = file::crc32(&framed.octets[9..]);
        framed.octets.extend(sum.to_le_bytes());
        framed.original = framed.octets.len();
    }
    framed
}

/// Radiotap with a second word of flags, a time stamp that has to be aligned, and flags.
fn radiotap_long(packet: &Packet) -> Frame {
    let mut head = vec![0, 0, 25, 0, 3, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0];
    head.extend([1, 2, 3, 4, 5, 6, 7, 8, 0]);
    head.extend(wireless(packet, true));
    frame(127, packet, &head, &[])
}

/// Between two access points: four addresses.
fn wireless_bridge(packet: &Packet) -> Frame {
    let mut head = vec![0x08, 0x03, 0x2c, 0];
    head.extend([[2, 0, 0, 0, 0, 8], [2, 0, 0, 0, 0, 9], [2, 0, 0, 0, 0, 2]].concat());
    head.extend([0x10, 0, 2, 0, 0, 0, 0, 1]);
    head.extend([0xaa, 0xaa, 3, 0, 0, 0]);
    head.extend(ethertype(packet));
    frame(105, packet, &head, &[])
}

/// A raw IP packet under this link type.
fn raw(link: u16, packet: &Packet) -> Frame {
    frame(link, packet, &[], &[])
}

/// BSD loopback: the family in the byte order of the host, which is the file's.
fn null(packet: &Packet) -> Frame {
    frame(0, packet, &(if packet.octets[0] >> 4 == 6 { 30_u32 } else { 2 }).to_le_bytes(), &[])
}

fn loopback(packet: &Packet) -> Frame {
    frame(108, packet, &(if packet.octets[0] >> 4 == 6 { 24_u32 } else { 2 }).to_be_bytes(), &[])
}

/// Ethernet, and between the frames what else goes over a network: address resolution, spanning trees, unknown types,
/// headers that end too soon or lie about their length, and ICMP errors that quote a segment.
fn among_others(c: &Conversation) -> Capture {
    let mut frames = Vec::new();
    for (i, packet) in c.iter().enumerate() {
        let ip = &packet.octets;
        let icmp = [&[3, 4, 0, 0, 0, 0, 5, 0xdc][..], &ip[..ip.len().min(300)]].concat();
        let quoted = ip::v4(1, Ipv4Addr::new(192, 0, 2, 9), Ipv4Addr::new(10, 0, 0, 1), &icmp);
        let (kind, octets) = match i % 8 {
            0 => ([0x08, 0x06], [&[0, 1, 8, 0, 6, 4, 0, 1][..], &[0; 20]].concat()),
            1 => ([0, 38], [&[0x42, 0x42, 3][..], &[0; 35]].concat()),
            2 => ([0x81, 0x37], vec![0xff; 40]),
            3 => ([0x08, 0x00], ip[..12].to_vec()),
            4 => ([0x08, 0x00], [&[0x4f][..], &ip[1..30]].concat()),
            5 => ([0x08, 0x00], [&ip[..2], &[0, 8], &ip[4..]].concat()),
            6 => ([0x86, 0xdd], vec![0x60; 10]),
            _ => ([0x08, 0x00], quoted),
        };
        frames.push(ethernet(packet));
        frames.push(ethernet_with(&packet.with(octets), &kind));
    }
    file::pcap(&frames)
}

/// The capture of a conversation on one link.
fn on(conversation: &Conversation, link: impl Fn(&Packet) -> Frame) -> Capture {
    file::pcap(&conversation.iter().map(link).collect::<Vec<_>>())
}

pub(crate) const WRAPS: &[Wrap] = &[
    Wrap::whole("ethernet", |c| on(c, ethernet)),
    Wrap::whole("vlan", |c| on(c, vlan)),
    Wrap::whole("vlan-asymmetric", |c| on(c, vlan_asymmetric)),
    Wrap::whole("vlan-one-way", |c| on(c, vlan_one_way)),
    Wrap::whole("vlan-three", |c| on(c, vlan_three)),
    Wrap::whole("llc-snap", |c| on(c, llc_snap)),
    Wrap::whole("among-others", among_others),
    Wrap::whole("qinq", |c| on(c, qinq)),
    Wrap::whole("mpls", |c| on(c, mpls)),
    Wrap::whole("mpls-stack-vlan", |c| on(c, mpls_stack)),
    Wrap::whole("pppoe", |c| on(c, pppoe)),
    Wrap::whole("ppp", |c| on(c, ppp_bare)),
    Wrap::whole("ppp-short-protocol", |c| on(c, ppp_short)),
    Wrap::whole("ppp-framed", |c| on(c, |p| ppp_hdlc(9, p))),
    Wrap::whole("ppp-hdlc", |c| on(c, |p| ppp_hdlc(50, p))),
    Wrap::whole("ppp-with-direction", |c| on(c, ppp_with_direction)),
    Wrap::whole("cisco-hdlc", |c| on(c, cisco_hdlc)),
    Wrap::whole("sll", |c| on(c, cooked)),
    Wrap::whole("sll-vlan", |c| on(c, cooked_vlan)),
    Wrap::whole("sll2", |c| on(c, cooked2)),
    Wrap::whole("ieee80211", |c| on(c, ieee80211)),
    Wrap::whole("radiotap", |c| on(c, |p| radiotap(p, false, false))),
    Wrap::whole("radiotap-quality", |c| on(c, |p| radiotap(p, true, false))),
    Wrap::whole("radiotap-check-sequence", |c| on(c, |p| radiotap(p, true, true))),
    Wrap::whole("radiotap-long", |c| on(c, radiotap_long)),
    Wrap::whole("ieee80211-bridge", |c| on(c, wireless_bridge)),
    Wrap::whole("raw-12", |c| on(c, |p| raw(12, p))),
    Wrap::whole("raw-14", |c| on(c, |p| raw(14, p))),
    Wrap::whole("raw", |c| on(c, |p| raw(101, p))),
    Wrap::whole("raw-ipv4", |c| on(c, |p| raw(228, p))),
    Wrap::whole("null", |c| on(c, null)),
    Wrap::whole("loop", |c| on(c, loopback)),
];
