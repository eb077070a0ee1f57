//! Link layers and what stands between them and IP.

use super::Told;
use super::craft::{ethernet, ipv4, ipv6, tcp, window};
use super::dissect::{V4, V6, assert_hello, prefixed, whole};
use crate::capture::LinkType;
use crate::flow::{Interest, Stop, Table};

fn v4() -> Vec<u8> {
    ipv4(6, &tcp((1024, 80), 7, 9, 0x18, b"hello"))
}

fn v6() -> Vec<u8> {
    ipv6(6, &tcp((1024, 80), 7, 9, 0x18, b"hello"))
}

/// An 802.2 header with SNAP, before an ether type.
const SNAP: [u8; 6] = [0xaa, 0xaa, 3, 0, 0, 0];

fn snap(ether_type: u16, packet: Vec<u8>) -> Vec<u8> {
    [&SNAP[..], &ether_type.to_be_bytes(), &packet].concat()
}

#[test]
fn ppp_with_and_without_its_address_and_both_octets_of_its_protocol() {
    for head in [&[0xff, 3, 0, 0x21][..], &[0, 0x21], &[0x21], &[0xff, 3, 0x21]] {
        assert_hello(LinkType::PPP, &prefixed(head, v4()), V4);
        assert_hello(LinkType::PPP_HDLC, &prefixed(head, v4()), V4);
        for direction in [0, 1] {
            assert_hello(LinkType::PPP_WITH_DIR, &[&[direction], head, &v4()].concat(), V4);
        }
    }
    assert_hello(LinkType::PPP, &prefixed(&[0xff, 3, 0, 0x57], v6()), V6);
    // pppd writes the direction in place of the address.
    for direction in [0, 1] {
        assert_hello(LinkType::PPP_PPPD, &prefixed(&[direction, 3, 0, 0x21], v4()), V4);
    }
    assert_eq!(whole(LinkType::PPP, &[0xff, 3, 0xc0, 0x21, 1, 1, 0, 4]), Err(Stop::Ppp(0xc021)));
}

#[test]
fn pppoe_sessions() {
    // IP of 45 octets and a protocol number of two.
    let session = prefixed(&[0x11, 0, 0, 7, 0, 47, 0, 0x21], v4());
    assert_hello(LinkType::PPP_ETHER, &session, V4);
    assert_hello(LinkType::ETHERNET, &ethernet(0x8864, &session), V4);
    let discovery = ethernet(0x8863, &[0x11, 9, 0, 0, 0, 0]);
    assert_eq!(whole(LinkType::ETHERNET, &discovery), Err(Stop::EtherType(0x8863)));
}

#[test]
fn lines() {
    assert_hello(LinkType::C_HDLC, &prefixed(&[0x0f, 0, 8, 0], v4()), V4);
    assert_hello(LinkType::PPP_HDLC, &prefixed(&[0x8f, 0, 0x86, 0xdd], v6()), V6);
    assert_eq!(whole(LinkType::C_HDLC, &[0x8f, 0, 0x80, 0x35, 0]), Err(Stop::EtherType(0x8035)));
    for address in [&[0x18, 0x41][..], &[0x18, 0x40, 0x40, 0x41], &[0x18, 0x40, 0x41]] {
        assert_hello(LinkType::FRELAY, &[address, &[3, 0xcc], &v4()].concat(), V4);
        assert_hello(LinkType::FRELAY, &[address, &[3, 0, 0x8e], &v6()].concat(), V6);
        assert_hello(LinkType::FRELAY, &[address, &[3, 0, 0x80, 0, 0, 0, 8, 0], &v4()].concat(), V4);
        assert_hello(LinkType::FRELAY, &[address, &[8, 0], &v4()].concat(), V4);
    }
    let bridged = [&[0x18, 0x41, 3, 0, 0x80, 0, 0x80, 0xc2, 0, 7], &ethernet(0x0800, &v4())[..]].concat();
    assert_hello(LinkType::FRELAY, &bridged, V4);
}

#[test]
fn ethernet_with_an_802_2_header() {
    let payload = snap(0x0800, v4());
    assert_hello(LinkType::ETHERNET, &ethernet(payload.len() as u16, &payload), V4);
    let payload = snap(0x86dd, v6());
    assert_hello(LinkType::ETHERNET, &ethernet(payload.len() as u16, &payload), V6);
    let sll = [0, 0, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 0, 4];
    assert_hello(LinkType::LINUX_SLL, &prefixed(&sll, snap(0x0800, v4())), V4);
}

/// A data frame of 802.11: frame control, duration, three addresses, sequence control, what follows.
fn wlan(control: [u8; 2], sequence: u8, more: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![control[0], control[1], 0, 0];
    frame.extend([2; 18]);
    frame.extend([sequence, 0]);
    [&frame, more, payload].concat()
}

#[test]
fn wireless_data_frames() {
    let data = snap(0x0800, v4());
    let cases = [
        wlan([0x08, 0x01], 0, &[], &data),
        wlan([0x08, 0x02], 0x10, &[], &data),
        wlan([0x08, 0x03], 0, &[7; 6], &data),
        wlan([0x88, 0x02], 0, &[0, 0], &data),
        wlan([0x88, 0x03], 0, &[7, 7, 7, 7, 7, 7, 0, 0], &data),
        // With HT control.
        wlan([0x88, 0x82], 0, &[0, 0, 1, 2, 3, 4], &data),
    ];
    for frame in &cases {
        assert_hello(LinkType::IEEE802_11, frame, V4);
        assert_hello(LinkType::IEEE802_11_RADIOTAP, &prefixed(&[0, 0, 8, 0, 0, 0, 0, 0], frame.clone()), V4);
        assert_hello(LinkType::PPI, &prefixed(&[0, 0, 12, 0, 105, 0, 0, 0, 9, 9, 9, 9], frame.clone()), V4);
        let prism = [&[0, 0, 0, 0x44, 144, 0, 0, 0][..], &[0; 136], frame].concat();
        assert_hello(LinkType::IEEE802_11_PRISM, &prism, V4);
        let avs = [&[0x80, 0x21, 0x10, 1, 0, 0, 0, 64][..], &[0; 56], frame].concat();
        assert_hello(LinkType::IEEE802_11_AVS, &avs, V4);
    }
    let told = |frame: Vec<u8>| whole(LinkType::IEEE802_11, &frame).unwrap_err();
    assert_eq!(told(wlan([0x08, 0x42], 0, &[], &data)), Stop::Encrypted);
    assert_eq!(told(wlan([0x08, 0x06], 0, &[], &data)), Stop::FrameFragment);
    assert_eq!(told(wlan([0x08, 0x02], 1, &[], &data)), Stop::FrameFragment);
    assert_eq!(told(wlan([0x48, 0x01], 0, &[], &[])), Stop::NoData);
    assert_eq!(told(wlan([0x80, 0x00], 0, &[], &data)), Stop::NoData);
}

#[test]
fn radiotap_flags_tell_padding_check_sum_and_damage() {
    let data = snap(0x0800, v4());
    // Flags alone; behind a clock; behind two words of presence and padding.
    let headers: [&dyn Fn(u8) -> Vec<u8>; 3] = [
        &|flags| vec![0, 0, 9, 0, 2, 0, 0, 0, flags],
        &|flags| vec![0, 0, 17, 0, 3, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, flags],
        &|flags| vec![0, 0, 25, 0, 3, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, flags],
    ];
    for header in headers {
        let summed = [header(0x10), wlan([0x08, 2], 0, &[], &data), vec![0xee; 4]].concat();
        assert_hello(LinkType::IEEE802_11_RADIOTAP, &summed, V4);
        let padded = [header(0x20), wlan([0x88, 2], 0, &[0, 0, 0x55, 0x55], &data)].concat();
        assert_hello(LinkType::IEEE802_11_RADIOTAP, &padded, V4);
        let bad = [header(0x40), wlan([0x08, 2], 0, &[], &data)].concat();
        assert_eq!(whole(LinkType::IEEE802_11_RADIOTAP, &bad), Err(Stop::Malformed));
    }
}

#[test]
fn headers_of_those_who_captured() {
    // Prefix attribute of three octets, padded, then the packet.
    let nflog = [&[2, 0, 0, 5, 7, 0, 10, 0, b'a', b'b', 0, 0, 49, 0, 9, 0], &v4()[..]].concat();
    assert_hello(LinkType::NFLOG, &nflog, V4);
    let big_endian = [&[10, 0, 0, 5, 0, 69, 0, 9][..], &v6()].concat();
    assert_hello(LinkType::NFLOG, &big_endian, V6);

    let record = |kind: u8, more: &[u8]| [&[1, 2, 3, 4, 5, 6, 7, 8, kind, 4, 0, 99, 0, 0, 0, 99], more].concat();
    assert_hello(LinkType::ERF, &record(2, &prefixed(&[0, 0], ethernet(0x0800, &v4()))), V4);
    assert_hello(LinkType::ERF, &record(1, &prefixed(&[0xff, 3, 0, 0x21], v4())), V4);
    assert_hello(LinkType::ERF, &record(23, &v6()), V6);
    let extended = [&[0x83, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0], &v4()[..]].concat();
    assert_hello(LinkType::ERF, &record(0x80 | 22, &extended), V4);
    assert_eq!(whole(LinkType::ERF, &record(7, &v4())), Err(Stop::Link(LinkType::ERF)));

    let exported = |name: &[u8], packet: &[u8]| {
        let len = name.len() as u8;
        [&[0, 12, 0, len], name, &[0, 20, 0, 4, 1, 2, 3, 4, 0, 0, 0, 0], packet].concat()
    };
    assert_hello(LinkType::WIRESHARK_UPPER_PDU, &exported(b"ip\0\0", &v4()), V4);
    assert_hello(LinkType::WIRESHARK_UPPER_PDU, &exported(b"ipv6", &v6()), V6);
    let http = exported(b"http", b"GET / HTTP/1.1\r\n");
    assert_eq!(whole(LinkType::WIRESHARK_UPPER_PDU, &http), Err(Stop::Link(LinkType::WIRESHARK_UPPER_PDU)));
}

#[test]
fn mpls_labels_and_what_is_behind_them() {
    for labels in [&[0, 1, 0x01, 64][..], &[0, 1, 0, 64, 0, 2, 0, 63, 0, 3, 0x01, 62]] {
        for ether_type in [0x8847, 0x8848] {
            assert_hello(LinkType::ETHERNET, &ethernet(ether_type, &prefixed(labels, v4())), V4);
            assert_hello(LinkType::ETHERNET, &ethernet(ether_type, &prefixed(labels, v6())), V6);
        }
        let inner = ethernet(0x0800, &v4());
        assert_hello(LinkType::ETHERNET, &ethernet(0x8847, &prefixed(labels, inner.clone())), V4);
        assert_hello(LinkType::ETHERNET, &ethernet(0x8847, &[labels, &[0, 0, 0, 9], &inner].concat()), V4);
        // An address that looks like the first octet of IPv4 or IPv6.
        for first in [0x45, 0x60] {
            let mut inner = inner.clone();
            inner[0] = first;
            assert_hello(LinkType::ETHERNET, &ethernet(0x8847, &prefixed(labels, inner)), V4);
        }
        let channel = ethernet(0x8847, &prefixed(labels, vec![0x10, 0, 0, 7, 1, 2, 3, 4]));
        assert_eq!(whole(LinkType::ETHERNET, &channel), Err(Stop::EtherType(0x8847)));
    }
    let endless = ethernet(0x8847, &[0; 400]);
    assert_eq!(whole(LinkType::ETHERNET, &endless), Err(Stop::Malformed));
}

#[test]
fn frames_of_an_aggregate_are_read_each() {
    let subframe = |port: u16| {
        let payload = snap(0x0800, ipv4(6, &tcp((port, 80), 7, 9, 0x18, b"hello")));
        let mut frame = [&[2; 12][..], &(payload.len() as u16).to_be_bytes(), &payload].concat();
        frame.resize(frame.len().next_multiple_of(4), 0);
        frame
    };
    let subframes = [subframe(1), subframe(2), subframe(3)].concat();
    let window = window(LinkType::IEEE802_11, &[wlan([0x88, 2], 0, &[0x80, 0], &subframes)]);
    let mut table: Table<()> = Table::new(|_, _| Interest::Followed);
    let mut told = Vec::new();
    table.walk(&window).advance(&window, &mut |_, info, event, _| {
        if let Told::Data { bytes, offset, frame, .. } = event.into() {
            let captured = window.captured(&window.frames[frame.0 as usize - 1]);
            assert_eq!(captured[offset as usize..][..5], bytes);
            told.push((info.opener.port(), bytes));
        }
        Interest::Followed
    });
    assert_eq!(told, [1, 2, 3].map(|port| (port, b"hello".to_vec())));
}
