use super::super::{Format, LinkType, MAX_INTERFACES};
use super::*;
use crate::time::Time;

#[rustfmt::skip]
const LITTLE: &[u8] = &[
    // Section Header Block.
    0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 28, 0, 0, 0,
    // Interface Description Block: Ethernet.
    1, 0, 0, 0, 20, 0, 0, 0, 1, 0, 0, 0, 0, 0, 4, 0, 20, 0, 0, 0,
    // Enhanced Packet Block at 0x00000001_00000002 microseconds: 5 of 64 octets, comment "hi!", end of options.
    6, 0, 0, 0, 52, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 5, 0, 0, 0, 64, 0, 0, 0,
    b'f', b'r', b'a', b'm', b'e', 0, 0, 0, 1, 0, 3, 0, b'h', b'i', b'!', 0, 0, 0, 0, 0, 52, 0, 0, 0,
];

const T_NS: i64 = ((1 << 32) + 2) * 1000;

#[test]
fn a_packet_and_its_comment() {
    let given = read(LITTLE);
    assert_eq!(given.frames, [(1, Some(T_NS), 1, b"frame".to_vec(), 64)]);
    assert_eq!(given.comments, [(1, "hi!".to_owned())]);
    assert_eq!(given.anomalies, []);
    assert_eq!(
        given.summary,
        Summary {
            format: Format::PcapNg,
            codings: vec![],
            steps_back: 0,
            largest_step_back: 0,
            octets: 100,
            packets: 1,
            first: Some(Time(T_NS)),
            last: Some(Time(T_NS)),
            truncated: false,
            links: vec![LinkType::ETHERNET],
        }
    );
}

#[test]
fn comments_come_whole_and_in_order() {
    let long = "x".repeat(65_535);
    let options = Octets::new(true)
        .option(1, b"first")
        .option(2, &[0, 0, 0, 1])
        .option(1, b"bad \xff octet")
        .option(1, long.as_bytes())
        .option(0, b"")
        .option(1, b"after the end");
    let octets = Octets::new(true).section().interface(1, 0, &[]).packet(0, 0, b"abcde", &options.bytes);
    let comments = ["first", "bad \u{fffd} octet", &long].map(|text| (1, text.to_owned()));
    assert_eq!(read(&octets.bytes).comments, comments);
}

#[test]
fn clocks_of_every_kind_in_both_orders() {
    for big in [false, true] {
        let resolution = |power| Octets::new(big).option(9, &[power]).option(0, b"");
        let offset = Octets::new(big).option(2, b"eth0").option(9, &[3]);
        let offset = offset.option(14, &if big { (-10_i64).to_be_bytes() } else { (-10_i64).to_le_bytes() });
        let octets = Octets::new(big)
            .section()
            .interface(1, 0, &[])
            .interface(101, 0, &resolution(9).bytes)
            .interface(1, 0, &resolution(0x80 | 20).bytes)
            .interface(1, 0, &offset.bytes)
            .packet(0, 1_000_001, b"default", &[])
            .packet(1, 1_000_000_001, b"nano", &[])
            .packet(2, (1 << 20) + (1 << 18), b"binary", &[])
            .packet(3, 12_345, b"milli", &[]);
        let given = read(&octets.bytes);
        assert_eq!(given.times(), [1_000_001_000, 1_000_000_001, 1_250_000_000, 2_345_000_000].map(Some));
        assert_eq!(given.frames.iter().map(|frame| frame.2).collect::<Vec<_>>(), [1, 101, 1, 1]);
        assert_eq!(given.summary.links, [LinkType::ETHERNET, LinkType::RAW]);
        assert_eq!(given.summary.last, Some(Time(2_345_000_000)));
    }
}

#[test]
fn simple_packets_are_cut_by_the_snap_length_and_have_no_time() {
    let simple = |octets: Octets, original: u32, data: &[u8]| {
        let body = Octets::new(octets.big).u32(original).padded(data).bytes;
        octets.block(3, &body)
    };
    let octets = Octets::new(true).section().interface(12, 6, &[]);
    let given = read(&simple(simple(octets, 5, b"whole"), 900, b"cut by").bytes);
    assert_eq!(given.frames, [(1, None, 12, b"whole".to_vec(), 5), (2, None, 12, b"cut by".to_vec(), 900)]);
    assert_eq!((given.summary.packets, given.summary.first), (2, None));
    // Without a limit, the room in the block is one.
    let given = read(&simple(Octets::new(false).section().interface(1, 0, &[]), u32::MAX, b"four").bytes);
    assert_eq!(given.frames, [(1, None, 1, b"four".to_vec(), u32::MAX)]);
}

#[test]
fn obsolete_packet_blocks() {
    for big in [false, true] {
        let comment = Octets::new(big).option(1, b"old");
        let body = Octets::new(big).u16(1).u16(77).u32(0).u32(9).u32(3).u32(4).padded(b"old").raw(&comment.bytes);
        let octets = Octets::new(big).section().interface(0, 0, &[]).interface(108, 0, &[]).block(2, &body.bytes);
        let given = read(&octets.bytes);
        assert_eq!(given.frames, [(1, Some(9_000), 108, b"old".to_vec(), 4)]);
        assert_eq!(given.comments, [(1, "old".to_owned())]);
    }
}

#[test]
fn every_section_has_its_order_and_interfaces() {
    let one = Octets::new(false).section().interface(1, 0, &[]).interface(101, 0, &[]).packet(1, 1, b"little", &[]);
    let nano = Octets::new(true).option(9, &[9]);
    let two = Octets::new(true).section().interface(113, 0, &nano.bytes).packet(0, 2, b"big", &[]);
    let at = one.bytes.len() + two.bytes.len();
    let two = two.packet(1, 3, b"of the section before", &[]);
    let three = Octets::new(false).section().interface(12, 0, &[]).packet(0, 4, b"little again", &[]);
    let given = read(&[&one.bytes[..], &two.bytes, &three.bytes].concat());
    assert_eq!(
        given.frames,
        [
            (1, Some(1_000), 101, b"little".to_vec(), 6),
            (2, Some(2), 113, b"big".to_vec(), 3),
            (4, Some(4_000), 12, b"little again".to_vec(), 12),
        ]
    );
    assert_eq!(given.summary.packets, 4);
    assert_eq!(given.anomalies(), [(AnomalyKind::UnknownInterface, at as u64, 32 + 24)]);
}

#[test]
fn blocks_that_carry_no_packet_are_passed_over() {
    let octets = Octets::new(false)
        .section()
        .block(0x0000_000a, &[0x4b; 100])
        .interface(1, 0, &[])
        .block(5, &[0; 12])
        .block(0x0000_0bad, b"custom")
        .block(0x7777_7777, &[9; 70_000])
        .block(0xdead_beef, b"")
        .packet(0, 0, b"packet", &[]);
    let given = read(&octets.bytes);
    assert_eq!(given.data(), [b"packet"]);
    assert_eq!(given.anomalies, []);
}

#[test]
fn secrets_of_tls_are_handed_over_with_their_place() {
    for big in [false, true] {
        let secrets = |text: &[u8]| Octets::new(big).u32(0x544c_534b).u32(text.len() as u32).raw(text).bytes;
        let octets = Octets::new(big)
            .section()
            .interface(1, 0, &[])
            .block(10, &secrets(b"first\n"))
            .packet(0, 0, b"packet", &[])
            .block(10, &secrets(b"second"));
        let mut capture =
            crate::capture::Capture::from_reader(Box::new(std::io::Cursor::new(octets.bytes)), "test").unwrap();
        let (mut window, mut given) = (crate::capture::Window::default(), Vec::new());
        while {
            let more = capture.next_window(&mut window).unwrap();
            given.extend(window.secrets.iter().map(|secrets| (secrets.after.0, secrets.text.clone())));
            more
        } {}
        assert_eq!(given, [(0, b"first\n".to_vec()), (1, b"second".to_vec())]);
        assert!(capture.parts()[0].anomalies.is_empty());
    }
}

#[test]
fn another_version_is_told_and_read() {
    let body = Octets::new(false).u32(0x1a2b_3c4d).u16(2).u16(0).raw(&[0xff; 8]);
    let octets = Octets::new(false).block(0x0a0d_0d0a, &body.bytes).interface(1, 0, &[]).packet(0, 0, b"x", &[]);
    let given = read(&octets.bytes);
    assert_eq!(given.data(), [b"x"]);
    assert_eq!(given.anomalies(), [(AnomalyKind::UnsupportedVersion, 0, 28)]);
}

#[test]
fn blocks_that_contradict_themselves_are_told_and_passed_over() {
    // An interface and a packet too short for their fields, a captured length past the block.
    let lying = Octets::new(false).u32(1).u32(0).u32(5).u32(9).u32(9).raw(b"eight oc");
    let octets = Octets::new(false)
        .section()
        .block(1, &[])
        .interface(1, 0, &[])
        .block(6, &[0; 16])
        .block(6, &lying.bytes)
        .packet(0, 1, b"of the short one", &[])
        .packet(1, 1, b"good", &[]);
    let given = read(&octets.bytes);
    assert_eq!(given.frames, [(4, Some(1_000), 1, b"good".to_vec(), 4)]);
    assert_eq!(
        given.anomalies(),
        [
            (AnomalyKind::ShortBlock, 28, 12),
            (AnomalyKind::ShortBlock, 60, 28),
            (AnomalyKind::BadCapturedLength, 88, 40),
            (AnomalyKind::UnknownInterface, 128, 48),
        ]
    );
}

#[test]
fn interfaces_past_the_limit_are_told_once() {
    let mut octets = Octets::new(false).section();
    for _ in 0..MAX_INTERFACES + 2 {
        octets = octets.interface(1, 0, &[]);
    }
    let last = MAX_INTERFACES as u32 - 1;
    let octets = octets.packet(last, 0, b"known", &[]).packet(last + 1, 0, b"not", &[]);
    let given = read(&octets.bytes);
    assert_eq!(given.data(), [b"known"]);
    let at = 28 + 20 * MAX_INTERFACES as u64;
    assert_eq!(
        given.anomalies(),
        [(AnomalyKind::TooManyInterfaces, at, 40), (AnomalyKind::UnknownInterface, at + 40 + 40, 36)]
    );
}

#[test]
fn captured_longer_than_original_is_kept() {
    let body = Octets::new(false).u32(0).u32(0).u32(0).u32(4).u32(2).raw(b"four");
    let octets = Octets::new(false).section().interface(1, 0, &[]).block(6, &body.bytes);
    assert_eq!(read(&octets.bytes).frames, [(1, Some(0), 1, b"four".to_vec(), 4)]);
}
