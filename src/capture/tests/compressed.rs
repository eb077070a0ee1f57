use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use lzma_rust2::{XzOptions, XzWriter};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::super::{Coding, MAX_CODINGS};
use super::*;
use proptest::prelude::*;

const T: u32 = 1_234_567_890;

const CODINGS: [Coding; 4] = [Coding::Gzip, Coding::Zstd, Coding::Xz, Coding::Bzip2];

fn packed(coding: Coding, octets: &[u8]) -> Vec<u8> {
    match coding {
        Coding::Gzip => {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(octets).unwrap();
            encoder.finish().unwrap()
        }
        Coding::Zstd => compress_to_vec(octets, CompressionLevel::Fastest),
        Coding::Xz => {
            let mut encoder = XzWriter::new(Vec::new(), XzOptions::with_preset(0)).unwrap();
            encoder.write_all(octets).unwrap();
            encoder.finish().unwrap()
        }
        Coding::Bzip2 => {
            let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
            encoder.write_all(octets).unwrap();
            encoder.finish().unwrap()
        }
    }
}

/// A pcap whose packets do not compress well, and where its records begin.
fn pcap(count: u32) -> (Vec<u8>, Vec<usize>) {
    let mut seed = 1_u32;
    let mut octets = Octets::new(false).pcap_header(0xa1b2_c3d4, 1);
    let mut starts = Vec::new();
    for n in 0..count {
        let mut noise = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 24) as u8
        };
        let data: Vec<u8> = std::iter::repeat_with(&mut noise).take(60 + n as usize % 90).collect();
        starts.push(octets.bytes.len());
        octets = octets.record(T + n, 0, &data);
    }
    starts.push(octets.bytes.len());
    (octets.bytes, starts)
}

fn faults(given: &Given) -> Vec<AnomalyKind> {
    given.anomalies.iter().map(|a| a.kind).collect()
}

#[test]
fn what_is_compressed_is_read_like_what_is_not() {
    let (plain, _) = pcap(3000);
    let whole = read(&plain);
    for coding in CODINGS {
        let given = read(&packed(coding, &plain));
        assert_eq!(given.frames, whole.frames, "{coding}");
        assert_eq!(given.anomalies, []);
        assert_eq!(given.summary.octets, plain.len() as u64);
        assert_eq!(given.summary.kind(), format!("pcap, {coding}"));
    }
}

#[test]
fn members_one_after_the_other_are_one_capture() {
    let (plain, _) = pcap(500);
    let whole = read(&plain);
    let (one, two) = plain.split_at(20_001);
    for coding in CODINGS {
        // With padding between them, and with an empty one first and last.
        for padding in [0, 4, 400] {
            let parts = [packed(coding, b""), packed(coding, one), vec![0; padding], packed(coding, two)];
            let given = read(&[parts.concat(), packed(coding, b""), vec![0; padding]].concat());
            assert_eq!((given.frames, given.anomalies), (whole.frames.clone(), vec![]), "{coding} {padding}");
        }
    }
}

#[test]
fn frames_that_the_zstd_tool_made_with_skippable_ones_between() {
    // A pcap of four packets of 40 octets, cut at 100, each part compressed by `zstd -19`.
    let one = b"\x28\xb5\x2f\xfd\x24\x64\x7d\x01\x00\x24\x02\xd4\xc3\xb2\xa1\x02\x00\x04\x00\xff\xff\x00\x00\x01\x00\x00\x00\
        \xd2\x02\x96\x49\x00\x00\x00\x00\x28\x61\x62\x63\x64\x65\x66\x67\x68\xd3\x04\x00\x5b\x25\xe2\xc5\xbc\xeb\xd6\x0b\
        \xb8\x13\x65\x7f\xc9";
    let two =
        b"\x28\xb5\x2f\xfd\x24\x94\x0d\x01\x00\x90\x65\x66\x67\x68\x61\x62\x63\x64\xd4\x02\x96\x49\x00\x00\x00\x00\
        \x28\xd5\x05\x00\xdc\xea\x14\x17\xc3\xce\x07\x5e\xf7\x64\x2e\x17\x78\x80\x44\x8e";
    let skippable = b"\x53\x2a\x4d\x18\x03\0\0\0abc";
    let given = read(&[&skippable[..], one, skippable, two, skippable].concat());
    assert_eq!(given.data(), vec![b"abcdefgh".repeat(5); 4]);
    assert_eq!(given.anomalies, []);
    let mut wrong = [&one[..], two].concat();
    *wrong.last_mut().unwrap() ^= 1;
    let given = read(&wrong);
    assert_eq!((given.frames.len(), given.anomalies()), (4, vec![(AnomalyKind::WrongChecksum, 24 + 4 * 56, 0)]));
    // In the first checksum: told, and the second frame is read.
    wrong[59] ^= 1;
    assert_eq!(read(&wrong).frames.len(), 4);
}

#[test]
fn a_gzip_header_may_hold_everything() {
    let (plain, _) = pcap(3);
    let mut bytes = packed(Coding::Gzip, &plain);
    bytes[3] = 2 | 4 | 8 | 16;
    bytes.splice(10..10, *b"\x03\0xyzname\0a comment\0\x12\x34");
    assert_eq!(read(&bytes), read(&packed(Coding::Gzip, &plain)));
}

#[test]
fn octets_behind_the_end_are_told_once() {
    let (plain, _) = pcap(20);
    for coding in CODINGS {
        let given = read(&[packed(coding, &plain), b"signature and more".repeat(99)].concat());
        assert_eq!(given.frames.len(), 20);
        assert_eq!(given.anomalies(), [(AnomalyKind::TrailingOctets, plain.len() as u64, 0)], "{coding}");
        assert!(!given.summary.truncated);
    }
}

#[test]
fn what_comes_before_a_break_is_read() {
    let (plain, starts) = pcap(4000);
    let whole = read(&plain);
    for coding in CODINGS {
        let bytes = packed(coding, &plain);
        for part in [0.3, 0.7, 0.999] {
            let cut = (bytes.len() as f64 * part) as usize;
            let given = read(&bytes[..cut]);
            assert_eq!(given.frames, whole.frames[..given.frames.len()], "{coding} {part}");
            // What has come is in whole blocks: of Zstandard 128 KiB, of bzip2 100 kB.
            let least = (plain.len() as f64 * part) as usize - 140_000.min((plain.len() as f64 * part) as usize);
            assert!(starts[given.frames.len()] >= least, "{coding} {part}: {}", starts[given.frames.len()]);
            assert!(given.summary.truncated);
            let broken = given.anomalies.iter().filter(|a| a.kind == AnomalyKind::CutCompression);
            assert_eq!(broken.map(|a| a.offset).collect::<Vec<_>>(), [given.summary.octets], "{coding} {part}");
            assert!(given.anomalies.len() <= 2, "the break, and the record cut by it");
        }
    }
}

#[test]
fn a_break_in_a_small_file_leaves_what_is_before_it() {
    // Zstandard would hold back the whole; one block each, so what is cut is lost: two frames of it.
    let (plain, starts) = pcap(40);
    let bytes = packed(Coding::Gzip, &plain);
    let given = read(&bytes[..bytes.len() / 2]);
    assert!((15..24).contains(&given.frames.len()), "{}", given.frames.len());
    let (one, two) = plain.split_at(starts[20]);
    let mut bytes = [packed(Coding::Zstd, one), packed(Coding::Zstd, two)].concat();
    bytes.truncate(bytes.len() - 10);
    let given = read(&bytes);
    assert_eq!((given.frames.len(), faults(&given)), (20, vec![AnomalyKind::CutCompression]));
}

#[test]
fn behind_damage_the_next_member_is_found() {
    let (plain, starts) = pcap(600);
    let (one, rest) = plain.split_at(starts[200]);
    let (two, three) = rest.split_at(starts[400] - starts[200]);
    for coding in CODINGS {
        let mut middle = packed(coding, two);
        let at = middle.len() / 2;
        middle[at..at + 20].fill(0xaa);
        let given = read(&[packed(coding, one), middle, packed(coding, three)].concat());
        let whole = read(&plain);
        assert_eq!(given.data()[..200], whole.data()[..200], "{coding}");
        let behind = given.data().len() - 199;
        assert_eq!(given.data()[behind..], whole.data()[401..], "{coding}");
        let told = given.anomalies.iter().filter(|a| a.kind.is_of_compression()).count();
        assert!((1..=2).contains(&told), "{coding} {:?}", given.anomalies);
    }
}

#[test]
fn what_is_damaged_from_the_first_cannot_be_opened() {
    for coding in CODINGS {
        let (plain, _) = pcap(3);
        let bytes = packed(coding, &plain);
        let error = open(&bytes[..10]).err().unwrap().to_string();
        assert!(error.starts_with("cannot read test: the compressed data breaks off, octet "), "{error}");
        assert!(error.ends_with(&format!(" of the {coding}")), "{error}");
        assert!(matches!(open(&packed(coding, b"plain text of some length")), Err(OpenError::NotACapture { .. })));
        assert!(matches!(open(&packed(coding, b"")), Err(OpenError::Empty { .. })));
    }
    // Windows of 256 MiB and of 3.75 TiB.
    for window in [b'\x90', b'\xff'] {
        let error = open(&[b"\x28\xb5\x2f\xfd\0", &[window][..], b"\x01\0\0"].concat()).err().unwrap().to_string();
        assert!(error.contains("more memory than is allowed"), "{error}");
    }
}

#[test]
fn compressed_data_in_compressed_data_is_followed_some_way() {
    let (plain, _) = pcap(30);
    let fold = |times| (0..times).fold(plain.clone(), |octets, n| packed(CODINGS[n % 4], &octets));
    let given = read(&fold(MAX_CODINGS));
    assert_eq!((given.frames.len(), given.anomalies()), (30, vec![]));
    assert_eq!(given.summary.kind(), "pcap, xz, zstd, gzip");
    let error = open(&fold(MAX_CODINGS + 1)).err().unwrap();
    assert!(matches!(error, OpenError::Compressed { coding: Coding::Gzip, .. }), "{error}");
}

#[test]
fn a_bomb_passes_through_a_window() {
    // 16 MiB of zeros behind one record.
    let (plain, _) = pcap(1);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&plain).unwrap();
    (0..16).for_each(|_| encoder.write_all(&vec![0; 1 << 20]).unwrap());
    let mut capture = open(&encoder.finish().unwrap()).unwrap();
    let mut window = Window::default();
    let mut most = 0;
    while capture.next_window(&mut window).unwrap() {
        most = most.max(window.bytes.capacity());
    }
    assert!(most <= 4 << 20, "{most}");
    assert_eq!(part(&capture).summary.octets, plain.len() as u64 + (16 << 20));
    assert_eq!(part(&capture).anomalies.len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn pieces_change_nothing_and_no_damage_harms(
        which in 0_usize..4,
        sizes in proptest::collection::vec(1_usize..400, 1..4),
        place in any::<prop::sample::Index>(),
        flip in any::<u8>(),
    ) {
        let (plain, _) = pcap(60);
        let mut bytes = packed(CODINGS[which], &plain);
        let at = place.index(bytes.len());
        bytes[at] ^= flip;
        let pieces = Pieces { bytes: bytes.clone(), at: 0, sizes, reads: 0 };
        let (whole, pieces) = (open(&bytes).map(drain), Capture::from_reader(Box::new(pieces), "test").map(drain));
        match (whole, pieces) {
            // An xz decoder gives what came before a fault by the pieces it is fed with, and so the fault that is met.
            (Ok(_), Ok(_)) | (Err(_), Err(_)) if CODINGS[which] == Coding::Xz && flip != 0 => {}
            (Ok(whole), Ok(pieces)) => prop_assert!(whole == pieces),
            (Err(whole), Err(pieces)) => prop_assert!(whole.to_string().len().abs_diff(pieces.to_string().len()) < 3),
            (whole, _) => prop_assert!(CODINGS[which] == Coding::Xz, "whole opens: {}", whole.is_ok()),
        }
    }
}
