use super::super::{FAR_TRAIN, MAX_BLOCK_LEN, MAX_CAPTURED_LEN, RESYNC_SPAN_SECONDS, WINDOW_SIZE};
use super::*;
use proptest::prelude::*;

const T: u32 = 1_234_567_890;

/// A pcap of records with text, and where each record begins.
fn pcap(count: u32) -> (Octets, Vec<usize>) {
    let mut starts = Vec::new();
    let mut octets = Octets::new(false).pcap_header(0xa1b2_c3d4, 1);
    for n in 0..count {
        starts.push(octets.bytes.len());
        octets = octets.record(T + n, n, &text(n));
    }
    (octets, starts)
}

/// The same packets as a pcapng, and where each packet block begins.
fn pcapng(count: u32) -> (Octets, Vec<usize>) {
    let mut starts = Vec::new();
    let mut octets = Octets::new(true).section().interface(1, 0, &[]);
    for n in 0..count {
        starts.push(octets.bytes.len());
        octets = octets.packet(0, u64::from(T + n) * 1_000_000, &text(n), &[]);
    }
    (octets, starts)
}

fn text(n: u32) -> Vec<u8> {
    format!("POST /imps HTTP/1.1 number {n} {}", "and more ".repeat(n as usize % 7)).into_bytes()
}

#[test]
fn a_cut_anywhere_leaves_what_is_before_it() {
    for (octets, mut starts) in [pcap(6), pcapng(6)] {
        let whole = read(&octets.bytes);
        assert_eq!(whole.frames.len(), 6);
        let first = starts[0];
        starts.push(octets.bytes.len());
        for cut in first..octets.bytes.len() {
            let given = read(&octets.bytes[..cut]);
            let count = starts.iter().filter(|start| **start <= cut).count() - 1;
            assert_eq!(given.frames, whole.frames[..count], "cut at {cut}");
            let (at, rest) = (starts[count] as u64, (cut - starts[count]) as u64);
            let cut_tail = (rest > 0).then_some((AnomalyKind::CutTail, at, rest));
            assert_eq!(given.anomalies(), Vec::from_iter(cut_tail), "cut at {cut}");
            assert_eq!(given.summary.truncated, rest > 0);
        }
    }
}

#[test]
fn a_pcap_cut_in_its_file_header_cannot_be_opened() {
    let (octets, _) = pcap(1);
    for cut in 4..24 {
        assert!(matches!(open(&octets.bytes[..cut]), Err(OpenError::CutHeader { octets, .. }) if octets == cut as u64));
    }
}

#[test]
fn a_pcapng_cut_in_its_section_header_is_cut() {
    let (octets, _) = pcapng(1);
    for cut in 4..12 {
        assert!(matches!(open(&octets.bytes[..cut]), Err(OpenError::CutHeader { .. })));
    }
    for cut in 12..28 {
        assert_eq!(read(&octets.bytes[..cut]).anomalies(), [(AnomalyKind::CutTail, 0, cut as u64)]);
    }
}

#[test]
fn a_huge_captured_length_costs_one_record() {
    for lie in [65_536, MAX_CAPTURED_LEN, MAX_CAPTURED_LEN + 1, 0x7fff_ffff, u32::MAX] {
        let (mut octets, starts) = pcap(10);
        let whole = read(&octets.bytes);
        octets.bytes[starts[4] + 8..][..4].copy_from_slice(&lie.to_le_bytes());
        let given = read(&octets.bytes);
        let kept = [&whole.data()[..4], &whole.data()[5..]].concat();
        assert_eq!(given.data(), kept, "{lie}");
        let span = (starts[5] - starts[4]) as u64;
        assert_eq!(given.anomalies(), [(AnomalyKind::DamagedRecord, starts[4] as u64, span)]);
        assert!(!given.summary.truncated);
        assert_eq!(given.frames[4].0, 5, "what cannot be read has no number");
    }
}

#[test]
fn lengths_that_lie_together_hide_no_more_than_the_rest_shows() {
    // Captured and original length agree, so the header is sound, and reach past the end.
    let (mut octets, starts) = pcap(10);
    let lie = 60_000_u32.to_le_bytes();
    octets.bytes[starts[4] + 8..][..8].copy_from_slice(&[lie, lie].concat());
    let given = read(&octets.bytes);
    assert_eq!(given.frames.len(), 9);
    assert_eq!(given.anomalies().len(), 1);
    assert!(!given.summary.truncated);
}

#[test]
fn lengths_past_the_snap_length_are_not_believed() {
    let (mut octets, starts) = pcap(3000);
    let whole = read(&octets.bytes);
    let lie = 100_000_u32.to_le_bytes();
    octets.bytes[starts[4] + 8..][..8].copy_from_slice(&[lie, lie].concat());
    let given = read(&octets.bytes);
    assert_eq!(given.data(), [&whole.data()[..4], &whole.data()[5..]].concat());
}

#[test]
fn a_wrong_time_throws_no_doubt_on_the_next_record() {
    let (octets, _) = pcap(3);
    let odd = octets.record(7, 0, b"wrong time").u32(T).u32(0).u32(3).u32(2).raw(b"odd").record(T, 0, b"end");
    let given = read(&odd.bytes);
    assert_eq!(given.data()[3..], [&b"wrong time"[..], b"odd", b"end"]);
    assert_eq!(given.anomalies, []);
}

#[test]
fn one_wrong_octet_in_a_length_costs_one_record() {
    let (octets, starts) = pcap(12);
    let whole = read(&octets.bytes);
    for (n, start) in starts.iter().enumerate() {
        let real = octets.bytes[start + 8];
        for lie in (0..=255).filter(|lie| *lie != real) {
            let mut octets = octets.clone();
            octets.bytes[start + 8] = lie;
            let end = start + 16 + usize::from(lie);
            // One that leads to a later record, or so near the end that no time can contradict, is believed.
            if lie > real && (starts.contains(&end) || (end..end + 4).contains(&octets.bytes.len())) {
                continue;
            }
            let given = read(&octets.bytes);
            // Too long, it is no record; too short, it is a short one.
            let kept: Vec<_> = given.data().into_iter().filter(|data| whole.data().contains(data)).collect();
            assert_eq!(kept, [&whole.data()[..n], &whole.data()[n + 1..]].concat(), "record {n} of {lie} for {real}");
            assert_eq!(given.anomalies.len(), 1);
        }
    }
}

#[test]
fn a_hole_of_zeros_is_one_anomaly() {
    let (octets, starts) = pcap(4);
    let (before, after) = octets.bytes.split_at(starts[2]);
    let given = read(&[before, &[0; 5000], after].concat());
    assert_eq!(given.frames.len(), 4);
    assert_eq!(given.anomalies(), [(AnomalyKind::DamagedRecord, starts[2] as u64, 5000)]);
}

#[test]
fn a_hole_of_zeros_is_one_anomaly_also_where_time_begins_at_zero() {
    let octets = Octets::new(false).pcap_header(0xa1b2_c3d4, 1).record(0, 0, b"one").record(1, 0, b"two");
    let given = read(&octets.raw(&[0; 5000]).record(2, 0, b"three").bytes);
    assert_eq!(given.data(), [&b"one"[..], b"two", b"three"]);
    assert_eq!(given.anomalies(), [(AnomalyKind::DamagedRecord, 62, 5000)]);
}

#[test]
fn a_hole_that_no_record_follows_is_damaged_to_the_end() {
    let (octets, _) = pcap(4);
    let given = read(&[&octets.bytes[..], &[0; 5000]].concat());
    assert_eq!(given.frames.len(), 4);
    assert_eq!(given.anomalies(), [(AnomalyKind::DamagedRecord, octets.bytes.len() as u64, 5000)]);
}

#[test]
fn damage_at_the_first_record_and_two_stretches() {
    let (mut octets, starts) = pcap(12);
    for n in [0, 7] {
        octets.bytes[starts[n] + 8..][..8].fill(0xee);
    }
    let given = read(&octets.bytes);
    assert_eq!(given.frames.len(), 10);
    let spans: Vec<_> = given.anomalies.iter().map(|a| a.offset as usize..(a.offset + a.octets) as usize).collect();
    assert_eq!(spans, [starts[0]..starts[1], starts[7]..starts[8]]);
}

#[test]
fn a_cut_tail_behind_damage_is_told_apart() {
    let (mut octets, starts) = pcap(6);
    octets.bytes[starts[4] + 8..][..8].fill(0xee);
    let given = read(&octets.bytes[..starts[5] + 20]);
    assert_eq!(given.frames.len(), 4);
    let (damaged, cut) = (starts[4] as u64, starts[5] as u64);
    assert_eq!(
        given.anomalies(),
        [(AnomalyKind::DamagedRecord, damaged, cut - damaged), (AnomalyKind::CutTail, cut, 20)]
    );
}

#[test]
fn times_far_from_the_last_good_ones_need_a_train_of_records() {
    let found = |seconds, count| {
        let octets = Octets::new(false).pcap_header(0xa1b2_c3d4, 1).record(T, 0, b"one").record(T, 0, b"two");
        let octets = (0..count).fold(octets.raw(&[0xee; 40]), |octets, n| octets.record(seconds, n, b"found"));
        read(&octets.bytes).frames.len() - 2
    };
    assert_eq!(found(T + RESYNC_SPAN_SECONDS, 1), 1);
    assert_eq!(found(T + RESYNC_SPAN_SECONDS + 1, FAR_TRAIN as u32 - 1), 0);
    assert_eq!(found(T + RESYNC_SPAN_SECONDS + 1, FAR_TRAIN as u32), FAR_TRAIN);
    assert_eq!(found(0, 50), 50);
}

#[test]
fn a_bad_block_length_costs_one_block() {
    // Too short, huge, past the end, other than the one at the end.
    for lie in [0, 8, 11, 68, 1000, MAX_BLOCK_LEN, MAX_BLOCK_LEN + 4, 0x7fff_fffc, u32::MAX] {
        for at_end in [false, true] {
            let (mut octets, starts) = pcapng(10);
            let whole = read(&octets.bytes);
            let field = if at_end { starts[5] - 4 } else { starts[4] + 4 };
            octets.bytes[field..][..4].copy_from_slice(&lie.to_be_bytes());
            let given = read(&octets.bytes);
            assert_eq!(given.data(), [&whole.data()[..4], &whole.data()[5..]].concat(), "{lie} {at_end}");
            let [damage] = given.anomalies[..] else { panic!("{:?}", given.anomalies) };
            assert_eq!((damage.offset, damage.octets), (starts[4] as u64, (starts[5] - starts[4]) as u64));
            assert!(matches!(damage.kind, AnomalyKind::BadBlockLength | AnomalyKind::DamagedRecord));
        }
    }
}

#[test]
fn a_section_is_found_again_in_its_own_order() {
    let one = Octets::new(false).section().interface(1, 0, &[]).packet(0, 1, b"one", &[]).raw(&[0x55; 33]);
    let two = Octets::new(true).section().interface(101, 0, &[]).packet(0, 2, b"two", &[]);
    let given = read(&[one.bytes, two.bytes].concat());
    assert_eq!(given.data(), [b"one", b"two"]);
    assert_eq!(given.anomalies(), [(AnomalyKind::BadBlockLength, 28 + 20 + 36, 33)]);
}

#[test]
fn a_search_finds_no_block_too_short_for_its_type() {
    let octets = Octets::new(false).section().interface(101, 0, &[]).raw(&[0x55; 9]).block(1, &[]).block(6, &[0; 16]);
    let octets = octets.raw(&[0x55; 9]).interface(12, 0, &[]).packet(0, 1, b"one", &[]).packet(1, 2, b"two", &[]);
    let given = read(&octets.bytes);
    assert_eq!(given.frames.iter().map(|frame| (frame.0, frame.2)).collect::<Vec<_>>(), [(1, 101), (2, 12)]);
    assert_eq!(given.anomalies(), [(AnomalyKind::BadBlockLength, 48, 9 + 12 + 28 + 9)]);
}

#[test]
fn a_block_may_be_as_long_as_the_limit() {
    let fixed = 28 + 4;
    let data = vec![3; MAX_BLOCK_LEN as usize - fixed];
    let octets = Octets::new(false).section().interface(1, 0, &[]).packet(0, 1, &data, &[]).packet(0, 2, b"x", &[]);
    let given = read(&octets.bytes);
    assert_eq!(given.frames.iter().map(|frame| frame.3.len()).collect::<Vec<_>>(), [data.len(), 1]);
    assert_eq!(given.anomalies, []);
}

#[test]
fn lying_lengths_reserve_no_memory() {
    let (mut ng, starts) = pcapng(3);
    ng.bytes[starts[1] + 4..][..4].copy_from_slice(&MAX_BLOCK_LEN.to_be_bytes());
    let (mut plain, starts) = pcap(3);
    plain.bytes[starts[1] + 8..][..8].copy_from_slice(&[0xff, 0xff, 0, 0, 0xff, 0xff, 0, 0]);
    for octets in [ng, plain] {
        let mut capture = open(&octets.bytes).unwrap();
        let mut window = Window::default();
        let mut most = 0;
        while capture.next_window(&mut window).unwrap() {
            most = most.max(window.bytes.capacity());
        }
        assert!(most <= 2 * WINDOW_SIZE, "{most}");
        assert_eq!(part(&capture).summary.packets, 2);
    }
}

proptest! {
    #[test]
    fn damage_costs_only_what_it_touches(
        noise in proptest::collection::vec(any::<u8>(), 1..200),
        place in any::<prop::sample::Index>(),
        is_pcapng in any::<bool>(),
    ) {
        let (mut octets, starts) = if is_pcapng { pcapng(30) } else { pcap(30) };
        let whole = read(&octets.bytes);
        let at = starts[0] + place.index(octets.bytes.len() - starts[0] - noise.len());
        // Headers are damaged as a whole: a length with one octet changed may happen to lead to a later record.
        let header = |at: usize| starts.iter().find(|start| (**start..**start + 16).contains(&at));
        let from = header(at).map_or(at, |start| *start);
        let to = header(at + noise.len()).map_or(at + noise.len(), |start| start + 16);
        octets.bytes[from..to].iter_mut().zip(noise.iter().cycle()).for_each(|(octet, noise)| *octet = *noise);
        let given = read(&octets.bytes);
        let before = starts.windows(2).filter(|pair| pair[1] <= from).count();
        let after = starts.iter().filter(|start| **start >= to).count();
        prop_assert_eq!(&given.frames[..before], &whole.frames[..before]);
        let (given, whole) = (given.data(), whole.data());
        prop_assert!(given.len() >= before + after, "{} of {before} + {after}", given.len());
        prop_assert_eq!(&given[given.len() - after..], &whole[whole.len() - after..]);
    }
}

/// Where files were put one after the other, whatever their formats and byte orders, all frames are read.
#[test]
fn a_further_file_is_read_like_the_first() {
    let files = |n: u32| {
        let record =
            |octets: Octets, magic| octets.pcap_header(magic, 100 + n).record(T, n, &text(n)).record(T + 1, n, b"end");
        let packet = |octets: Octets| {
            octets.section().interface(200, 0, &[]).packet(0, 7, &text(n), &[]).packet(0, 8, b"end", &[])
        };
        let mut all = Vec::new();
        for big in [false, true] {
            for magic in [0xa1b2_c3d4, 0xa1b2_3c4d] {
                all.push(record(Octets::new(big), magic).bytes);
            }
            all.push(packet(Octets::new(big)).bytes);
        }
        all
    };
    for one in files(1) {
        for two in files(2) {
            let given = read(&[&one[..], &two].concat());
            let (first, second) = (read(&one), read(&two));
            let whole: Vec<_> = first.frames.iter().chain(&second.frames).map(|f| (f.1, f.2, f.3.clone())).collect();
            assert_eq!(given.frames.iter().map(|f| (f.1, f.2, f.3.clone())).collect::<Vec<_>>(), whole);
            let told: Vec<_> = given.anomalies.iter().map(|a| (a.kind, a.offset)).collect();
            let are_pcapng = one.starts_with(b"\n\r\r\n") && two.starts_with(b"\n\r\r\n");
            assert_eq!(told, Vec::from_iter((!are_pcapng).then_some((AnomalyKind::FurtherHeader, one.len() as u64))));
            // With a break in the first, within its last record, and garbage between.
            for (cut, garbage) in [(1, 0), (2, 0), (10, 0), (3, 33), (0, 1), (0, 5000)] {
                let bytes = [&one[..one.len() - cut], &vec![0x55; garbage], &two].concat();
                let given = read(&bytes);
                let got: Vec<_> = given.frames.iter().map(|f| (f.1, f.2, f.3.clone())).collect();
                assert_eq!(got[0], whole[0]);
                // A record of pcap that was cut takes the header that follows for its own; records of another format
                // are then lost, and those of the same one read as if they were of the first file.
                if cut == 0 || one.starts_with(b"\n\r\r\n") {
                    assert_eq!(got.last(), whole.last(), "{cut} {garbage} {:?}", &given.anomalies);
                } else if one[..8] == two[..8] {
                    assert_eq!(got.last().map(|f| (f.0, &f.2)), whole.last().map(|f| (f.0, &f.2)));
                }
                assert!(cut == 0 || !given.anomalies.is_empty());
                assert_eq!(read_in_pieces(&bytes, &[1], 1), given);
                if cut == 0 {
                    assert_eq!(got[got.len() - 2..], whole[2..]);
                }
                assert!(given.anomalies.len() <= 3, "{:?}", given.anomalies);
            }
        }
    }
}

#[test]
fn a_further_file_is_seen_also_where_time_begins_at_zero() {
    for count in 0..3 {
        let file = |octets: Octets| (0..count).fold(octets, |octets, n| octets.record(n, 7, &text(n))).bytes;
        let one = file(Octets::new(false).pcap_header(0xa1b2_c3d4, 1));
        let two = file(Octets::new(false).pcap_header(0xa1b2_c3d4, 101));
        let given = read(&[&one[..], &two].concat());
        assert_eq!(given.anomalies(), [(AnomalyKind::FurtherHeader, one.len() as u64, 24)]);
        assert_eq!(given.data(), [read(&one).data(), read(&two).data()].concat());
        assert_eq!(given.frames.last().map(|f| f.2), read(&two).frames.last().map(|f| f.2));
    }
}

#[test]
fn absurd_times_are_read_and_told() {
    let times = [T, 0, u32::MAX, 7, T + 1, 3, u32::MAX - 5, 1 << 31, T, T, 0, 0, T];
    let octets = times
        .iter()
        .fold(Octets::new(false).pcap_header(0xa1b2_c3d4, 1), |octets, time| octets.record(*time, 1, &text(3)));
    let given = read(&octets.bytes);
    let got: Vec<_> = given.times().iter().map(|time| (time.unwrap() / 1_000_000_000) as u32).collect();
    assert_eq!((got, given.anomalies()), (times.to_vec(), vec![]));
    // From T to 0, MAX to 7, T + 1 to 3, MAX - 5 to 2^31, that to T, T to 0.
    assert_eq!(
        (given.summary.steps_back, given.summary.largest_step_back),
        (6, u64::from(u32::MAX - 7) * 1_000_000_000)
    );
}

/// What happened to a capture.
#[derive(Clone, Debug)]
enum Harm {
    Overwritten(Vec<u8>),
    Zeroed(usize),
    Inserted(Vec<u8>),
    Removed(usize),
    Repeated(usize),
    Flipped(u8),
    Cut,
}

fn any_harm() -> impl Strategy<Value = Harm> {
    let noise = || proptest::collection::vec(any::<u8>(), 1..300);
    prop_oneof![
        noise().prop_map(Harm::Overwritten),
        (1_usize..3000).prop_map(Harm::Zeroed),
        noise().prop_map(Harm::Inserted),
        (1_usize..300).prop_map(Harm::Removed),
        (1_usize..300).prop_map(Harm::Repeated),
        (0_u8..8).prop_map(Harm::Flipped),
        Just(Harm::Cut),
    ]
}

impl Harm {
    /// Does it at a place; gives the octets and how far in the good ones the harm reaches.
    fn done(&self, good: &[u8], at: usize) -> (Vec<u8>, usize) {
        let (before, rest) = good.split_at(at);
        let some = |n: usize| n.min(rest.len());
        match self {
            Self::Overwritten(noise) => {
                ([before, &noise[..some(noise.len())], &rest[some(noise.len())..]].concat(), at + some(noise.len()))
            }
            Self::Zeroed(n) => ([before, &vec![0; some(*n)], &rest[some(*n)..]].concat(), at + some(*n)),
            Self::Inserted(noise) => ([before, noise, rest].concat(), at),
            Self::Removed(n) => ([before, &rest[some(*n)..]].concat(), at + some(*n)),
            Self::Repeated(n) => ([before, &rest[..some(*n)], rest].concat(), at),
            Self::Flipped(bit) => {
                let mut bytes = good.to_vec();
                bytes[at] ^= 1 << bit;
                (bytes, at + 1)
            }
            Self::Cut => (before.to_vec(), good.len()),
        }
    }
}

/// How many octets next to the harm may be lost. A pcap record that claims up to 2,048 octets is believed, and the record
/// it leads into is lost; a pcapng block has its length at both ends.
const NEXT_TO_HARM: [usize; 2] = [2_048 + 400, 400];
proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn harm_of_any_kind_costs_what_is_next_to_it(
        harm in any_harm(), place in any::<prop::sample::Index>(), kind in 0_usize..4,
    ) {
        let big = kind % 2 == 1;
        let mut octets = Octets::new(big);
        octets = if kind < 2 { octets.pcap_header(0xa1b2_c3d4, 1) } else { octets.section().interface(1, 0, &[]) };
        let mut starts = Vec::new();
        for n in 0..120 {
            starts.push(octets.bytes.len());
            octets = if kind < 2 { octets.record(T + n, n, &text(n)) } else { octets.packet(0, u64::from(T + n) * 1_000_000, &text(n), &[]) };
        }
        let good = octets.bytes;
        let whole = read(&good);
        let at = starts[0] + place.index(good.len() - starts[0]);
        let (bytes, to) = harm.done(&good, at);
        let given = read(&bytes);
        let before = starts.iter().filter(|start| **start <= at).count() - 1;
        let after = starts.iter().filter(|start| **start >= to + NEXT_TO_HARM[kind / 2]).count();
        let (got, all) = (given.data(), whole.data());
        prop_assert_eq!(&got[..before.min(got.len())], &all[..before], "{:?} at {}", &harm, at);
        let tail = &all[all.len() - after..];
        let kept = got.iter().rev().zip(all.iter().rev()).take_while(|(got, all)| got == all).count();
        prop_assert!(got.ends_with(tail), "{harm:?} at {at}: {kept} kept, {before} before, {after} after {:?}", given.anomalies);
        prop_assert!(given.anomalies.len() <= 4, "{harm:?} at {at}: {:?}", given.anomalies);
    }
}
