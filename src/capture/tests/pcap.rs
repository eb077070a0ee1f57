use super::super::{Format, LinkType};
use super::*;
use crate::time::Time;

/// 2009-02-13T23:31:30Z.
const T: u32 = 1_234_567_890;
const T_NS: i64 = 1_234_567_890_000_000_000;

#[rustfmt::skip]
const LITTLE_MICRO: &[u8] = &[
    0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 1, 0, 0, 0,
    0xd2, 0x02, 0x96, 0x49, 0x40, 0xe2, 0x01, 0x00, 3, 0, 0, 0, 0x2c, 0x01, 0, 0, b'a', b'b', b'c',
    0xd3, 0x02, 0x96, 0x49, 0x3f, 0x42, 0x0f, 0x00, 2, 0, 0, 0, 2, 0, 0, 0, b'd', b'e',
];

#[rustfmt::skip]
const BIG_NANO: &[u8] = &[
    0xa1, 0xb2, 0x3c, 0x4d, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 101,
    0x49, 0x96, 0x02, 0xd2, 0x3b, 0x9a, 0xc9, 0xff, 0, 0, 0, 1, 0, 0, 0, 1, 0x45,
];

#[test]
fn little_endian_with_microseconds() {
    let given = read(LITTLE_MICRO);
    assert_eq!(
        given.frames,
        [(1, Some(T_NS + 123_456_000), 1, b"abc".to_vec(), 300), (2, Some(T_NS + 1_999_999_000), 1, b"de".to_vec(), 2),]
    );
    assert_eq!(given.anomalies, []);
    assert_eq!(
        given.summary,
        Summary {
            format: Format::Pcap,
            codings: vec![],
            steps_back: 0,
            largest_step_back: 0,
            octets: 61,
            packets: 2,
            first: Some(Time(T_NS + 123_456_000)),
            last: Some(Time(T_NS + 1_999_999_000)),
            truncated: false,
            links: vec![LinkType::ETHERNET],
        }
    );
}

#[test]
fn big_endian_with_nanoseconds() {
    let given = read(BIG_NANO);
    assert_eq!(given.frames, [(1, Some(T_NS + 999_999_999), 101, b"E".to_vec(), 1)]);
    assert_eq!(given.summary.format.to_string(), "pcap-ns");
}

#[test]
fn the_other_two_orders() {
    let big = Octets::new(true).pcap_header(0xa1b2_c3d4, 113).record(T, 5, b"x");
    assert_eq!(read(&big.bytes).frames, [(1, Some(T_NS + 5_000), 113, b"x".to_vec(), 1)]);
    let little = Octets::new(false).pcap_header(0xa1b2_3c4d, 276).record(T, 5, b"x");
    assert_eq!(read(&little.bytes).frames, [(1, Some(T_NS + 5), 276, b"x".to_vec(), 1)]);
}

#[test]
fn modified_records_have_eight_octets_more() {
    for big in [false, true] {
        let mut octets = Octets::new(big).pcap_header(0xa1b2_cd34, 1);
        for data in [b"one", b"two"] {
            octets = octets.u32(T).u32(7).u32(3).u32(3).u32(2).u16(0x0800).raw(&[0, 0]).raw(data);
        }
        let given = read(&octets.bytes);
        assert_eq!(given.data(), [b"one", b"two"]);
        assert_eq!(given.times(), [Some(T_NS + 7_000); 2]);
        assert_eq!(given.summary.format, Format::PcapModified);
    }
}

#[test]
fn the_link_type_is_the_lower_half_of_its_field() {
    let octets = Octets::new(false).pcap_header(0xa1b2_c3d4, 0x2400_0001).record(T, 0, b"x");
    assert_eq!(read(&octets.bytes).frames[0].2, 1);
}

#[test]
fn another_version_is_told_and_read() {
    let octets = Octets::new(true).u32(0xa1b2_c3d4).u16(3).u16(0).raw(&[0; 12]).u32(1).record(T, 0, b"x");
    let given = read(&octets.bytes);
    assert_eq!(given.data(), [b"x"]);
    assert_eq!(given.anomalies(), [(AnomalyKind::UnsupportedVersion, 4, 4)]);
}

#[test]
fn odd_records_are_kept() {
    let octets = Octets::new(false)
        .pcap_header(0xa1b2_c3d4, 1)
        .record(T, 0, b"")
        .record(T, 1_500_000, b"late")
        .u32(T)
        .raw(&[0; 4])
        .u32(6)
        .u32(2)
        .raw(b"longer")
        .record(T, 0, &[7; 70_000])
        .record(T, 0, b"now")
        .record(0, 0, b"then")
        .record(u32::MAX, 999_999, b"end");
    let given = read(&octets.bytes);
    assert_eq!(given.anomalies, []);
    let lengths: Vec<_> = given.frames.iter().map(|(.., data, original)| (data.len(), *original)).collect();
    assert_eq!(lengths, [(0, 0), (4, 4), (6, 6), (70_000, 70_000), (3, 3), (4, 4), (3, 3)]);
    assert_eq!(given.times()[..2], [Some(T_NS), Some(T_NS + 1_500_000_000)]);
    assert_eq!(given.summary.first, Some(Time(0)));
    assert_eq!(given.summary.last, Some(Time(4_294_967_295_999_999_000)));
}

#[test]
fn a_header_alone_is_an_empty_capture() {
    let given = read(&LITTLE_MICRO[..24]);
    assert_eq!(given.frames, []);
    assert_eq!(given.anomalies, []);
    assert_eq!((given.summary.packets, given.summary.first), (0, None));
}
