use std::io::ErrorKind;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};

use super::super::write::PcapNgWriter;
use super::super::{LinkType, MAX_BLOCK_LEN, MAX_WINDOW_SIZE};
use super::*;
use crate::time::Time;
use proptest::prelude::*;

const T: u32 = 1_234_567_890;

#[test]
fn what_is_no_capture_is_told() {
    assert!(matches!(open(b""), Err(OpenError::Empty { .. })));
    assert!(matches!(open(b"#!/bin/sh\n"), Err(OpenError::NotACapture { .. })));
    assert!(matches!(open(b"a"), Err(OpenError::NotACapture { .. })));
}

#[test]
fn what_cannot_be_opened_is_named() {
    let error = Capture::open(Path::new("/nowhere/at/all.pcap")).err().unwrap();
    assert!(matches!(error, OpenError::Io { .. }));
    assert!(error.to_string().starts_with("cannot read /nowhere/at/all.pcap: "));
}

/// An input that gives what was sent, and fails when asked for more.
struct Sent(Receiver<Vec<u8>>);

impl Read for Sent {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let sent = self.0.try_recv().map_err(|_| io::Error::other("nothing sent"))?;
        room[..sent.len()].copy_from_slice(&sent);
        Ok(sent.len())
    }
}

#[test]
fn frames_of_a_pipe_come_as_they_are_sent() {
    let (sender, receiver) = channel();
    let record = |n| Octets::new(false).record(T, n, b"frame").bytes;
    sender.send(Octets::new(false).pcap_header(0xa1b2_c3d4, 1).bytes).unwrap();
    let mut capture = Capture::from_reader(Box::new(Sent(receiver)), "pipe").unwrap();
    let mut window = Window::default();
    for n in 1..4 {
        sender.send(record(n)).unwrap();
        assert!(capture.next_window(&mut window).unwrap());
        assert_eq!(window.frames.len(), 1);
        assert_eq!(window.captured(&window.frames[0]), b"frame");
    }
    sender.send(record(4)[..20].to_vec()).unwrap();
    let error = capture.next_window(&mut window).unwrap_err();
    assert_eq!(error.to_string(), "cannot read pipe past octet 107: nothing sent");
    assert!(!capture.next_window(&mut window).unwrap());
    assert!(part(&capture).summary.truncated);
    assert_eq!(part(&capture).anomalies, [Anomaly { kind: AnomalyKind::CutTail, offset: 87, octets: 20 }]);
}

#[test]
fn frames_come_before_the_error_that_ends_them() {
    let (sender, receiver) = channel();
    // Whether an empty record may stand, the next one tells, or the end.
    let octets = Octets::new(false).pcap_header(0xa1b2_c3d4, 1).record(T, 0, b"");
    sender.send(octets.bytes[..24].to_vec()).unwrap();
    sender.send(octets.bytes[24..].to_vec()).unwrap();
    let mut capture = Capture::from_reader(Box::new(Sent(receiver)), "pipe").unwrap();
    let mut window = Window::default();
    assert!(capture.next_window(&mut window).unwrap());
    assert_eq!(window.frames.len(), 1);
    capture.next_window(&mut window).unwrap_err();
    assert!(!capture.next_window(&mut window).unwrap());
}

#[test]
fn octets_without_frames_need_no_more_than_a_window() {
    let mut octets = Octets::new(false).section();
    for _ in 0..100 {
        octets = octets.block(5, &[0; 10_000]);
    }
    let mut capture = open(&octets.bytes).unwrap().with_window_size(65_536);
    let mut window = Window::default();
    while capture.next_window(&mut window).unwrap() {}
    assert!(window.bytes.capacity() <= 2 * 65_536);
    assert_eq!(part(&capture).summary.octets, octets.bytes.len() as u64);
}

#[test]
fn windows_are_reused_and_hold_whole_records() {
    let mut octets = Octets::new(false).pcap_header(0xa1b2_c3d4, 1);
    for n in 0..20_000 {
        octets = octets.record(T, n, &[n as u8; 100]);
    }
    let mut capture = open(&octets.bytes).unwrap().with_window_size(65_536);
    let mut window = Window::default();
    let (mut counts, mut buffers) = (Vec::new(), Vec::new());
    while capture.next_window(&mut window).unwrap() {
        assert_eq!(window.bytes.len(), window.frames.last().unwrap().range.end as usize);
        counts.push(window.frames.len());
        buffers.push((window.bytes.as_ptr(), window.bytes.capacity(), window.frames.capacity()));
    }
    assert_eq!(counts.iter().sum::<usize>(), 20_000);
    assert!(counts[..counts.len() - 1].iter().all(|count| (564..=565).contains(count)), "{counts:?}");
    assert!(buffers[1..].iter().all(|buffer| *buffer == buffers[1]));
}

#[test]
fn window_sizes_are_clamped() {
    let bytes = Octets::new(false).pcap_header(0xa1b2_c3d4, 1).record(T, 0, b"x").bytes;
    for size in [0, 1, MAX_WINDOW_SIZE + 1, usize::MAX] {
        assert_eq!(drain(open(&bytes).unwrap().with_window_size(size)).frames.len(), 1);
    }
}

#[test]
fn what_is_written_reads_back() {
    let mut writer = PcapNgWriter::new(Vec::new(), LinkType::RAW).unwrap();
    writer.frame(Time(1_234_567_890_123_456_789), b"E\0 five octets..", &["one", "zwei ü"]).unwrap();
    writer.frame(Time(-5), b"odd", &[]).unwrap();
    writer.frame(Time(0), b"", &[""]).unwrap();
    let given = read(&writer.finish().unwrap());
    assert_eq!(
        given.frames,
        [
            (1, Some(1_234_567_890_123_456_789), 101, b"E\0 five octets..".to_vec(), 16),
            (2, Some(0), 101, b"odd".to_vec(), 3),
            (3, Some(0), 101, Vec::new(), 0),
        ]
    );
    assert_eq!(given.comments, [(1, "one".to_owned()), (1, "zwei ü".to_owned()), (3, String::new())]);
    assert_eq!(given.anomalies, []);
}

#[test]
fn what_is_too_long_to_write_is_refused_and_leaves_no_trace() {
    let mut writer = PcapNgWriter::new(Vec::new(), LinkType::RAW).unwrap();
    let long = "x".repeat(65_536);
    let refused = |result: io::Result<()>| assert_eq!(result.unwrap_err().kind(), ErrorKind::InvalidInput);
    refused(writer.frame(Time(0), b"x", &[&long]));
    refused(writer.frame(Time(0), &vec![0; MAX_BLOCK_LEN as usize - 31], &[]));
    writer.frame(Time(0), &vec![0; MAX_BLOCK_LEN as usize - 32], &[]).unwrap();
    writer.frame(Time(0), b"x", &[&long[1..]]).unwrap();
    let given = read(&writer.finish().unwrap());
    assert_eq!((given.frames.len(), given.anomalies.len()), (2, 0));
}

/// Any capture: good records and blocks with noise between and over them, or noise only.
fn any_input() -> impl Strategy<Value = Vec<u8>> {
    let magic = prop::sample::select(vec![0xa1b2_c3d4, 0xa1b2_3c4d, 0xa1b2_cd34, 0x0a0d_0d0a]);
    let noise = || proptest::collection::vec(any::<u8>(), 0..60);
    let small = || proptest::collection::vec(0_u8..8, 0..60);
    let piece = prop_oneof![
        4 => noise().prop_map(|data| (0_u8, data)),
        1 => noise().prop_map(|data| (1, data)),
        1 => small().prop_map(|data| (1, data)),
        1 => noise().prop_map(|data| (2, data)),
        1 => noise().prop_map(|data| (3, data)),
    ];
    let pieces = proptest::collection::vec(piece, 0..20);
    (magic, any::<bool>(), pieces, proptest::option::of((any::<prop::sample::Index>(), any::<u8>()))).prop_map(
        |(magic, big, pieces, flip)| {
            let is_pcapng = magic == 0x0a0d_0d0a;
            let mut octets = Octets::new(big);
            octets = if is_pcapng { octets.section().interface(1, 0, &[]) } else { octets.pcap_header(magic, 1) };
            for (n, (kind, data)) in pieces.iter().enumerate() {
                octets = match (kind, is_pcapng) {
                    (0, true) => octets.packet(0, n as u64, data, &[]),
                    (0, false) => octets.record(T, n as u32, data),
                    (1, _) => octets.raw(data),
                    (2, true) => octets.block(data.first().map_or(3, |kind| u32::from(kind % 8)), data),
                    (3, true) => octets.packet(0, n as u64, b"x", data),
                    _ => octets.u32(T).u32(0).u32(data.len() as u32).u32(0).raw(data),
                };
            }
            if let Some((place, octet)) = flip {
                let at = 12 + place.index(octets.bytes.len() - 12);
                octets.bytes[at] = octet;
            }
            octets.bytes
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn pieces_and_windows_change_nothing(
        bytes in any_input(),
        sizes in proptest::collection::vec(1_usize..50, 1..5),
        window_size in 1_usize..300,
    ) {
        let whole = read(&bytes);
        prop_assert_eq!(whole.summary.octets, bytes.len() as u64);
        prop_assert_eq!(&read_in_pieces(&bytes, &sizes, window_size), &whole);
        prop_assert_eq!(&read_in_pieces(&bytes, &[1 << 20], window_size), &whole);
    }

    #[test]
    fn any_octets_are_read_to_their_end(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let head: [&[u8]; 4] = [
            b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\x3c\x4d", b"\n\r\r\n\x1c\0\0\0\x4d\x3c\x2b\x1a", b"",
        ];
        for head in head {
            if let Ok(capture) = open(&[head, &bytes].concat()) {
                let given = drain(capture);
                let octets: usize = given.data().iter().map(|data| data.len()).sum();
                prop_assert!(octets <= bytes.len());
            }
        }
    }
}
