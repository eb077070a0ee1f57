//! Frames of every link layer down to their transport.

use proptest::prelude::*;

use super::craft::{ethernet, ipv4, ipv6, tcp, udp};
use crate::capture::LinkType;
use crate::flow::{Flags, Head, Hosts, MAX_LAYERS, Packet, Part, Payload, Stop, dissect};

pub(super) const V4: Hosts<'_> = Hosts::V4 { source: 0x0a00_0001, destination: 0x0a00_0002 };
pub(super) const V6: Hosts<'_> = Hosts::V6 {
    source: &[0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
    destination: &[0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2],
};

fn segment(data: &[u8]) -> Vec<u8> {
    tcp((1024, 80), 7, 9, 0x18, data)
}

pub(super) fn whole(link: LinkType, frame: &[u8]) -> Result<Packet<'_>, Stop> {
    dissect(link, frame, frame.len() as u32)
}

/// Asserts that a frame is the segment of [`segment`] with the data `hello` at its end.
#[track_caller]
pub(super) fn assert_hello(link: LinkType, frame: &[u8], hosts: Hosts<'_>) {
    let packet = whole(link, frame).unwrap();
    assert_eq!((packet.hosts, packet.source_port, packet.destination_port), (hosts, 1024, 80));
    assert_eq!(packet.head, Head::Tcp { seq: 7, ack: 9, flags: Flags(0x18) });
    assert_eq!((packet.payload.of(frame), packet.payload.missing), (&b"hello"[..], 0));
}

pub(super) fn prefixed(prefix: &[u8], rest: Vec<u8>) -> Vec<u8> {
    [prefix, &rest].concat()
}

#[test]
fn ethernet_with_and_without_tags() {
    let packet = ipv4(6, &segment(b"hello"));
    assert_hello(LinkType::ETHERNET, &ethernet(0x0800, &packet), V4);
    assert_hello(LinkType::ETHERNET, &ethernet(0x86dd, &ipv6(6, &segment(b"hello"))), V6);
    let tagged = prefixed(&[0x20, 5, 0x08, 0], packet);
    assert_hello(LinkType::ETHERNET, &ethernet(0x8100, &tagged), V4);
    assert_hello(LinkType::ETHERNET, &ethernet(0x9100, &tagged), V4);
    assert_hello(LinkType::ETHERNET, &ethernet(0x88a8, &prefixed(&[0, 6, 0x81, 0], tagged)), V4);
}

#[test]
fn linux_cooked_headers() {
    let packet = ipv4(6, &segment(b"hello"));
    let sll = [0, 0, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 8, 0];
    assert_hello(LinkType::LINUX_SLL, &prefixed(&sll, packet.clone()), V4);
    let sll2 = [8, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0];
    assert_hello(LinkType::LINUX_SLL2, &prefixed(&sll2, packet), V4);
}

#[test]
fn loopback_families_of_both_byte_orders() {
    let (v4, v6) = (ipv4(6, &segment(b"hello")), ipv6(6, &segment(b"hello")));
    assert_hello(LinkType::NULL, &prefixed(&[2, 0, 0, 0], v4.clone()), V4);
    assert_hello(LinkType::NULL, &prefixed(&[0, 0, 0, 2], v4.clone()), V4);
    for family in [24, 28, 30] {
        assert_hello(LinkType::NULL, &prefixed(&[family, 0, 0, 0], v6.clone()), V6);
        assert_hello(LinkType::LOOP, &prefixed(&[0, 0, 0, family], v6.clone()), V6);
    }
    assert_eq!(whole(LinkType::LOOP, &prefixed(&[2, 0, 0, 0], v4)), Err(Stop::Family(0x0200_0000)));
    assert_eq!(whole(LinkType::NULL, &[7, 0, 0, 0]), Err(Stop::Family(7)));
}

#[test]
fn raw_ip() {
    let (v4, v6) = (ipv4(6, &segment(b"hello")), ipv6(6, &segment(b"hello")));
    for link in [LinkType::RAW, LinkType::RAW_BSD, LinkType::RAW_OLD] {
        assert_hello(link, &v4, V4);
        assert_hello(link, &v6, V6);
    }
    assert_hello(LinkType::IPV4, &v4, V4);
    assert_hello(LinkType::IPV6, &v6, V6);
    assert_eq!(whole(LinkType::IPV4, &v6), Err(Stop::Malformed));
    assert_eq!(whole(LinkType::IPV6, &v4), Err(Stop::Malformed));
    assert_eq!(whole(LinkType::RAW, &[0x50; 40]), Err(Stop::Malformed));
}

#[test]
fn padding_is_not_data() {
    let frame = ethernet(0x0800, &ipv4(6, &segment(b"")));
    assert_eq!(frame.len(), 60);
    assert!(whole(LinkType::ETHERNET, &frame).unwrap().payload.is_empty());
    // Nor is what UDP leaves of its IP packet.
    let mut datagram = udp((1, 2), b"four");
    datagram.extend(b"trailer");
    let packet = ipv4(17, &datagram);
    assert_eq!(whole(LinkType::RAW, &packet).unwrap().payload.of(&packet), b"four");
}

#[test]
fn options_of_ipv4_and_of_tcp_are_skipped() {
    let mut inner = segment(b"\x01\x01\x01\x00hello");
    inner[12] = 0x60;
    let mut packet = ipv4(6, &inner);
    packet[0] = 0x46;
    packet[3] += 4;
    packet.splice(20..20, [0x94, 4, 0, 0]);
    assert_hello(LinkType::RAW, &packet, V4);
}

#[test]
fn extension_headers_of_ipv6() {
    // Hop-by-hop, destination options (16 octets), routing, fragment that is a whole packet, authentication.
    let mut chain = vec![60, 0, 1, 4, 0, 0, 0, 0];
    chain.extend([43, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    chain.extend([44, 0, 4, 0, 0, 0, 0, 0]);
    chain.extend([51, 0, 0, 0, 1, 2, 3, 4]);
    chain.extend([6, 1, 0, 0, 9, 9, 9, 9, 0, 0, 0, 1]);
    chain.extend(segment(b"hello"));
    assert_hello(LinkType::RAW, &ipv6(0, &chain), V6);
    // Authentication in IPv4.
    assert_hello(LinkType::RAW, &ipv4(51, &chain[40..]), V4);
}

#[test]
fn fragments_are_told() {
    for (field, at, more) in [([0x20, 0], 0, true), ([0, 1], 8, false), ([0x3f, 0xff], 65_528, true)] {
        let mut packet = ipv4(6, b"12345678");
        packet[6..8].copy_from_slice(&field);
        let payload = Payload { offset: 20, len: 8, missing: 0 };
        assert_eq!(whole(LinkType::RAW, &packet), Err(Stop::Fragment(Part { id: 0x1234, next: 6, at, more, payload })));
    }
    for (field, at, more) in [([0, 1], 0, true), ([0, 8], 8, false)] {
        let packet = ipv6(44, &prefixed(&[6, 0, field[0], field[1], 1, 2, 3, 4], b"12345678".to_vec()));
        let payload = Payload { offset: 48, len: 8, missing: 0 };
        let part = Part { id: 0x0102_0304, next: 6, at, more, payload };
        assert_eq!(whole(LinkType::RAW, &packet), Err(Stop::Fragment(part)));
    }
}

#[test]
fn a_length_of_zero_means_all_there_is() {
    let mut v4 = ipv4(6, &segment(b"hello"));
    v4[2..4].fill(0);
    assert_hello(LinkType::RAW, &v4, V4);
    let mut v6 = ipv6(6, &segment(b"hello"));
    v6[4..6].fill(0);
    assert_hello(LinkType::RAW, &v6, V6);
    let mut datagram = ipv4(17, &udp((1, 2), b"hello"));
    datagram[24..26].fill(0);
    assert_eq!(whole(LinkType::RAW, &datagram).unwrap().payload.of(&datagram), b"hello");
}

#[test]
fn a_cut_frame_tells_what_is_missing() {
    let frame = ethernet(0x0800, &ipv4(6, &segment(&[b'x'; 100])));
    let payload = |captured: usize| {
        let packet = dissect(LinkType::ETHERNET, &frame[..captured], frame.len() as u32).unwrap();
        (packet.payload.len, packet.payload.missing)
    };
    assert_eq!(payload(154), (100, 0));
    assert_eq!(payload(96), (42, 58));
    assert_eq!(payload(54), (0, 100));
    // Within the TCP header nothing can be said.
    assert_eq!(dissect(LinkType::ETHERNET, &frame[..53], 154), Err(Stop::Cut));
    assert_eq!(dissect(LinkType::ETHERNET, &frame[..13], 154), Err(Stop::Cut));
}

#[test]
fn a_cut_within_tcp_options_leaves_the_data_missing() {
    let mut inner = segment(b"\x01\x01\x01\x00hello");
    inner[12] = 0x60;
    let packet = ipv4(6, &inner);
    let cut = dissect(LinkType::RAW, &packet[..42], packet.len() as u32).unwrap();
    assert_eq!((cut.payload.len, cut.payload.missing), (0, 5));
}

#[test]
fn padding_that_the_snap_length_cut_is_not_missed() {
    // Two octets of data, four of padding; the snap length cuts three octets.
    let frame = ethernet(0x0800, &ipv4(6, &segment(b"ab")));
    let packet = dissect(LinkType::ETHERNET, &frame[..57], 60).unwrap();
    assert_eq!((packet.payload.len, packet.payload.missing), (2, 0));
}

#[test]
fn a_packet_that_claims_more_than_its_frame_ends_with_it() {
    let mut packet = ipv4(6, &segment(b"hello"));
    packet[2] = 0x10;
    assert_hello(LinkType::RAW, &packet, V4);
}

#[test]
fn headers_that_contradict_themselves() {
    let mut short_header = ipv4(6, &segment(b""));
    short_header[0] = 0x44;
    assert_eq!(whole(LinkType::RAW, &short_header), Err(Stop::Malformed));
    let mut short_total = ipv4(6, &segment(b""));
    short_total[3] = 19;
    assert_eq!(whole(LinkType::RAW, &short_total), Err(Stop::Malformed));
    let mut short_offset = ipv4(6, &segment(b""));
    short_offset[32] = 0x40;
    assert_eq!(whole(LinkType::RAW, &short_offset), Err(Stop::Malformed));
    let mut long_offset = ipv4(6, &segment(b""));
    long_offset[32] = 0xf0;
    assert_eq!(whole(LinkType::RAW, &long_offset), Err(Stop::Malformed));
    let mut short_datagram = ipv4(17, &udp((1, 2), b""));
    short_datagram[25] = 7;
    assert_eq!(whole(LinkType::RAW, &short_datagram), Err(Stop::Malformed));
}

#[test]
fn what_is_not_read_is_named() {
    assert_eq!(whole(LinkType(195), &[0; 60]), Err(Stop::Link(LinkType(195))));
    assert_eq!(whole(LinkType::ETHERNET, &ethernet(0x0806, &[])), Err(Stop::EtherType(0x0806)));
    assert_eq!(whole(LinkType::ETHERNET, &ethernet(38, &[0x42, 0x42, 3])), Err(Stop::EtherType(4)));
    assert_eq!(whole(LinkType::RAW, &ipv4(1, &[8, 0])), Err(Stop::Protocol(1)));
    assert_eq!(whole(LinkType::RAW, &ipv6(58, &[8, 0])), Err(Stop::Protocol(58)));
}

#[test]
fn layers_are_limited() {
    let tagged = |tags: usize| {
        let tags = vec![[0, 1, 0x81, 0]; tags - 1].concat();
        ethernet(0x8100, &[tags, vec![0, 1, 8, 0], ipv4(6, &segment(b"hello"))].concat())
    };
    // Beside the tags there are Ethernet, IP and TCP.
    assert_hello(LinkType::ETHERNET, &tagged(MAX_LAYERS - 3), V4);
    assert_eq!(whole(LinkType::ETHERNET, &tagged(MAX_LAYERS - 2)), Err(Stop::TooDeep));
}

/// Link types that are read, and one that is not.
const LINKS: [u16; 27] = [
    0, 1, 9, 12, 14, 50, 51, 101, 104, 105, 107, 108, 113, 119, 127, 163, 166, 192, 197, 204, 228, 229, 239, 252, 276,
    195, 147,
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_taken_apart_without_panic(
        link in 0..LINKS.len(),
        prefix in prop::sample::select(BEGINNINGS),
        bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(0), Just(1), Just(0x45)], 0..200),
        original_len in prop_oneof![any::<u32>(), 0..300u32],
    ) {
        let frame = [prefix, &bytes].concat();
        if let Ok(packet) = dissect(LinkType(LINKS[link]), &frame, original_len) {
            prop_assert_eq!(packet.payload.of(&frame).len(), packet.payload.len as usize);
            prop_assert!(u64::from(packet.payload.missing) <= u64::from(original_len));
        }
    }
}

/// Half-way sensible beginnings lead deeper than noise does.
const BEGINNINGS: &[&[u8]] = &[
    &[],
    &[0x45, 0],
    &[0x60],
    &[2, 0, 0, 0, 0x45],
    &[0; 12],
    &[0xff, 3, 0, 0x21, 0x45],
    &[0x08, 0x02],
    &[0x88, 0x03],
    &[0, 0, 8, 0, 0, 0, 0, 0, 0x88, 0x02],
    &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x88, 0x47, 0, 0, 1, 0xff],
    &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x88, 0x64, 0x11, 0],
    &[0x45, 0, 0, 0, 0, 0, 0, 0, 64, 47, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1],
    &[0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 8, 0x68, 8, 0x68, 0, 0, 0, 0, 0x34, 255],
    &[0, 12, 0, 2, b'i', b'p', 0, 0, 0, 0],
];
