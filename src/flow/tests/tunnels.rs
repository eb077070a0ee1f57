//! Tunnels, alone and nested in any order.

use proptest::prelude::*;

use super::craft::{ethernet, ipv4, ipv6, tcp, udp, window};
use super::dissect::{V4, V6, assert_hello, prefixed, whole};
use super::{Told, Way};
use crate::capture::LinkType;
use crate::flow::{Counters, FlowInfo, Head, Interest, MAX_LAYERS, Stop, Table, Tunnel, TunnelKind};

fn segment() -> Vec<u8> {
    tcp((1024, 80), 7, 9, 0x18, b"hello")
}

/// A G-PDU with optional fields: `flags` are the three lowest bits, `fields` what they announce.
fn gtp(teid: u32, flags: u8, fields: &[u8], packet: &[u8]) -> Vec<u8> {
    let len = (fields.len() + packet.len()) as u16;
    [&[0x30 | flags, 255][..], &len.to_be_bytes(), &teid.to_be_bytes(), fields, packet].concat()
}

/// An IPv4 packet between two gateways.
fn outer(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let mut packet = ipv4(protocol, payload);
    packet[12..20].copy_from_slice(&[192, 0, 2, 1, 192, 0, 2, 2]);
    packet
}

#[test]
fn gtp_u_with_every_optional_field() {
    let inner = ipv4(6, &segment());
    let pdu_session = [0, 0, 0, 0x85, 1, 0, 9, 0];
    let two_extensions = [0, 1, 0, 0x85, 2, 0, 9, 0, 0, 0, 0, 0xc0, 1, 0, 1, 0];
    let cases: [(u8, &[u8]); 6] = [
        (0, &[]),
        (2, &[0, 9, 0, 0]),
        (1, &[0, 0, 5, 0]),
        // Where no flag announces an extension header its type means nothing.
        (2, &[0, 9, 0, 0x85]),
        (4, &pdu_session),
        (7, &two_extensions),
    ];
    for (flags, fields) in cases {
        let datagram = udp((2152, 2152), &gtp(7, flags, fields, &inner));
        assert_hello(LinkType::RAW, &outer(17, &datagram), V4);
        assert_hello(LinkType::RAW, &ipv6(17, &udp((40000, 2152), &gtp(7, flags, fields, &inner))), V4);
    }
    let ppp = prefixed(&[0xff, 3, 0, 0x21], inner);
    assert_hello(LinkType::RAW, &outer(17, &udp((2152, 2152), &gtp(7, 0, &[], &ppp))), V4);
}

#[test]
fn what_is_not_gtp_u_is_a_datagram() {
    let told = |data: &[u8]| {
        let frame = outer(17, &udp((2152, 53), data));
        whole(LinkType::RAW, &frame).map(|packet| (packet.head, packet.payload.of(&frame).to_vec()))
    };
    let inner = ipv4(6, &segment());
    let good = gtp(7, 0, &[], &inner);
    let spoilt = |at: usize, octet: u8| {
        let mut bad = good.clone();
        bad[at] = octet;
        bad
    };
    let cases = [
        b"".to_vec(),
        b"0\xff\0".to_vec(),
        b"hello".to_vec(),
        spoilt(0, 0x50),
        spoilt(0, 0x20),
        spoilt(0, 0x38),
        spoilt(2, 0x10),
        spoilt(8, 0x15),
        spoilt(10, 0x10),
        gtp(7, 4, &[0, 0, 0, 0x85, 0, 0, 0, 0], &inner),
        gtp(7, 4, &[0, 0, 0, 0x85, 200, 0, 0, 0], &inner),
    ];
    for data in cases {
        assert_eq!(told(&data), Ok((Head::Udp { id: 0x1234 }, data.clone())), "{data:?}");
    }
    for message in [1, 2, 26, 254] {
        assert_eq!(told(&[0x32, message, 0, 4, 0, 0, 0, 0, 0, 1, 0, 0]), Err(Stop::Control(TunnelKind::GtpU)));
    }
}

#[test]
fn gtp_version_0() {
    let inner = ipv4(6, &segment());
    let head = [0x1e, 255, 0, inner.len() as u8, 0, 1, 0, 7, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4, 5, 6, 7, 8];
    assert_hello(LinkType::RAW, &outer(17, &udp((3386, 3386), &prefixed(&head, inner))), V4);
    let echo = [&[0x1e, 1, 0, 0][..], &head[4..]].concat();
    let echo = outer(17, &udp((3386, 3386), &echo));
    assert_eq!(whole(LinkType::RAW, &echo), Err(Stop::Control(TunnelKind::GtpV0)));
}

#[test]
fn gre_with_every_optional_field() {
    let inner = ipv4(6, &segment());
    for (flags, fields) in [
        (0x00, &[][..]),
        (0x80, &[1, 2, 0, 0]),
        (0x20, &[0, 0, 0, 7]),
        (0x10, &[0, 0, 0, 1]),
        (0xb0, &[1, 2, 0, 0, 0, 0, 0, 7, 0, 0, 0, 1]),
        // A source route of four octets and the empty one that ends it.
        (0x40, &[0, 0, 0, 0, 8, 0, 0, 4, 10, 0, 0, 9, 0, 0, 0, 0]),
    ] {
        assert_hello(LinkType::RAW, &outer(47, &[&[flags, 0, 8, 0], fields, &inner].concat()), V4);
        let bridged = [&[flags, 0, 0x65, 0x58], fields, &ethernet(0x0800, &inner)].concat();
        assert_hello(LinkType::RAW, &ipv6(47, &bridged), V4);
    }
    let mirrored = [&[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 1, 0, 1, 0, 0, 0, 0], &ethernet(0x0800, &inner)[..]];
    assert_hello(LinkType::RAW, &outer(47, &mirrored.concat()), V4);
    let first_kind = prefixed(&[0, 0, 0x88, 0xbe], ethernet(0x0800, &inner));
    assert_hello(LinkType::RAW, &outer(47, &first_kind), V4);
    assert_eq!(whole(LinkType::RAW, &outer(47, &[0, 0, 0x12, 0x34])), Err(Stop::EtherType(0x1234)));
    assert_eq!(whole(LinkType::RAW, &outer(47, &[0, 2, 8, 0])), Err(Stop::Malformed));
}

#[test]
fn ppp_in_gre_version_1() {
    let inner = prefixed(&[0x21], ipv4(6, &segment()));
    let len = inner.len() as u8;
    let plain = prefixed(&[0x30, 1, 0x88, 0x0b, 0, len, 0, 7, 0, 0, 0, 1], inner.clone());
    assert_hello(LinkType::RAW, &outer(47, &plain), V4);
    let acknowledging = prefixed(&[0x30, 0x81, 0x88, 0x0b, 0, len, 0, 7, 0, 0, 0, 1, 0, 0, 0, 9], inner);
    assert_hello(LinkType::RAW, &outer(47, &acknowledging), V4);
    let only = outer(47, &[0x20, 0x81, 0x88, 0x0b, 0, 0, 0, 7, 0, 0, 0, 9]);
    assert_eq!(whole(LinkType::RAW, &only), Err(Stop::Control(TunnelKind::Pptp)));
}

#[test]
fn ip_in_ip_and_others() {
    assert_hello(LinkType::RAW, &outer(4, &ipv4(6, &segment())), V4);
    assert_hello(LinkType::RAW, &outer(41, &ipv6(6, &segment())), V6);
    assert_hello(LinkType::RAW, &ipv6(41, &ipv6(6, &segment())), V6);
    assert_hello(LinkType::RAW, &ipv6(4, &ipv4(6, &segment())), V4);
    assert_hello(LinkType::RAW, &outer(137, &prefixed(&[0, 1, 1, 64], ipv4(6, &segment()))), V4);
    assert_hello(LinkType::RAW, &outer(97, &prefixed(&[0x30, 0], ethernet(0x0800, &ipv4(6, &segment())))), V4);
    let vxlan = prefixed(&[8, 0, 0, 0, 0, 0, 7, 0], ethernet(0x86dd, &ipv6(6, &segment())));
    assert_hello(LinkType::RAW, &outer(17, &udp((50000, 4789), &vxlan)), V6);
    // With a group's number (GBP), and with the next protocol told (GPE): 3 is Ethernet.
    for head in [[0x88, 0, 0, 5, 0, 0, 7, 0], [0x0c, 0, 0, 3, 0, 0, 7, 0]] {
        let extended = prefixed(&head, ethernet(0x0800, &ipv4(6, &segment())));
        assert_hello(LinkType::RAW, &outer(17, &udp((50000, 4789), &extended)), V4);
    }
    let other = outer(17, &udp((4789, 53), b"anything"));
    assert!(whole(LinkType::RAW, &other).is_ok());
}

/// What becomes of frames: the flow as it is known with each data event, and the counters.
fn walk(link: LinkType, frames: &[Vec<u8>]) -> (Vec<FlowInfo>, Counters) {
    let window = window(link, frames);
    let mut table: Table<()> = Table::new(|_, _| Interest::Ignored);
    let mut infos = Vec::new();
    table.walk(&window).advance(&window, &mut |_, info, event, _| {
        if let Told::Data { .. } = event.into() {
            infos.push(info.clone());
        }
        Interest::Followed
    });
    (infos, table.counters().clone())
}

/// A segment from the client, or one from the server.
fn packet(way: Way, seq: u32, flags: u8, data: &[u8]) -> Vec<u8> {
    match way {
        Way::Forward => ipv4(6, &tcp((1024, 80), seq, 0, flags, data)),
        Way::Reverse => {
            let mut packet = ipv4(6, &tcp((80, 1024), seq, 101, flags, data));
            packet[12..20].copy_from_slice(&[10, 0, 0, 2, 10, 0, 0, 1]);
            packet
        }
    }
}

/// A packet in GTP-U between the gateways.
fn tunnelled(way: Way, packet: &[u8]) -> Vec<u8> {
    let mut around = outer(17, &udp((2152, 2152), &gtp(if way == Way::Forward { 7 } else { 8 }, 0, &[], packet)));
    if way == Way::Reverse {
        around[12..20].copy_from_slice(&[192, 0, 2, 2, 192, 0, 2, 1]);
    }
    around
}

#[test]
fn the_tunnel_of_a_flow_is_kept_from_its_opening_on() {
    let opening =
        [(Way::Forward, packet(Way::Forward, 100, 2, b"")), (Way::Reverse, packet(Way::Reverse, 500, 0x12, b""))];
    let data = (Way::Forward, packet(Way::Forward, 101, 0x18, b"hello"));
    let frames: Vec<_> = opening.iter().chain([&data]).map(|(way, packet)| tunnelled(*way, packet)).collect();
    let (infos, counters) = walk(LinkType::RAW, &frames);
    let tunnel = Tunnel {
        kind: TunnelKind::GtpU,
        ids: [Some(7), Some(8)],
        opener: [192, 0, 2, 1].into(),
        acceptor: [192, 0, 2, 2].into(),
    };
    assert_eq!((infos.len(), &infos[0].tunnel), (1, &Some(Box::new(tunnel.clone()))));
    assert_eq!((tunnel.id(Way::Forward), tunnel.id(Way::Reverse)), (Some(7), Some(8)));
    assert_eq!(infos[0].opener, ([10, 0, 0, 1], 1024).into());
    assert_eq!(counters.tunnels, [(TunnelKind::GtpU, 3)].into());
    assert_eq!((counters.flows, counters.tcp_segments, counters.udp_datagrams), (1, 3, 0));
}

#[test]
fn the_same_packets_inside_and_outside_of_a_tunnel_are_one_flow() {
    let packets = [
        (Way::Forward, packet(Way::Forward, 101, 0x18, b"one")),
        (Way::Reverse, packet(Way::Reverse, 501, 0x18, b"two")),
        (Way::Forward, packet(Way::Forward, 104, 0x18, b"three")),
    ];
    let frames: Vec<_> = packets.iter().flat_map(|(way, packet)| [packet.clone(), tunnelled(*way, packet)]).collect();
    let (infos, counters) = walk(LinkType::RAW, &frames);
    assert_eq!((infos.len(), counters.flows), (3, 1));
    let ids: Vec<_> = infos.iter().map(|info| info.tunnel.as_ref().map(|tunnel| tunnel.ids)).collect();
    // What a frame tells is known from its place on, whatever the window holds.
    assert_eq!(ids, [None, Some([Some(7), None]), Some([Some(7), Some(8)])]);
}

#[test]
fn the_subscribers_tunnel_wins_over_others() {
    let inner = tunnelled(Way::Forward, &packet(Way::Forward, 101, 0x18, b"hello"));
    let (infos, _) = walk(LinkType::RAW, &[outer(47, &prefixed(&[0x20, 0, 8, 0, 0, 0, 0, 9], inner))]);
    assert_eq!(infos[0].tunnel.as_ref().map(|t| (t.kind, t.ids)), Some((TunnelKind::GtpU, [Some(7), None])));
    let gre = outer(47, &prefixed(&[0x20, 0, 8, 0, 0, 0, 0, 9], packet(Way::Forward, 101, 0x18, b"hello")));
    let (infos, _) = walk(LinkType::RAW, &[tunnelled(Way::Forward, &gre)]);
    assert_eq!(infos[0].tunnel.as_ref().map(|t| (t.kind, t.ids)), Some((TunnelKind::GtpU, [Some(7), None])));
}

/// Wraps an IP packet once more; returns it with the layers that were added.
fn wrap(kind: u8, packet: &[u8]) -> (Vec<u8>, usize) {
    let is_v4 = packet[0] >> 4 == 4;
    let ether_type: u16 = if is_v4 { 0x0800 } else { 0x86dd };
    let [high, low] = ether_type.to_be_bytes();
    let frame = [&[2; 12][..], &[high, low], packet].concat();
    match kind {
        0 => (outer(if is_v4 { 4 } else { 41 }, packet), 2),
        1 => (ipv6(if is_v4 { 4 } else { 41 }, packet), 3),
        2 => (outer(47, &prefixed(&[0x20, 0, high, low, 0, 0, 0, 9], packet.to_vec())), 2),
        3 => (outer(47, &prefixed(&[0, 0, 0x65, 0x58], frame)), 3),
        4 => (outer(17, &udp((2152, 2152), &gtp(3, 0, &[], packet))), 3),
        5 => (outer(17, &udp((9, 4789), &prefixed(&[8, 0, 0, 0, 0, 0, 7, 0], frame))), 3),
        6 => (outer(137, &prefixed(&[0, 1, 1, 64], packet.to_vec())), 4),
        _ => (ipv6(17, &udp((2152, 2152), &gtp(3, 2, &[0, 1, 0, 0], packet))), 4),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn tunnels_nest_in_any_order(kinds in prop::collection::vec(0..8u8, 0..9), v6 in any::<bool>()) {
        let (mut packet, hosts) = if v6 { (ipv6(6, &segment()), V6) } else { (ipv4(6, &segment()), V4) };
        let mut layers = 4;
        for kind in kinds {
            let (wrapped, more) = wrap(kind, &packet);
            (packet, layers) = (wrapped, layers + more);
        }
        // An upper bound of the layers; what is below the limit has to be read.
        if layers <= MAX_LAYERS {
            assert_hello(LinkType::RAW, &packet, hosts);
        }
    }
}
