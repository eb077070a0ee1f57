//! Fragments of IP packets.

use proptest::prelude::*;

use super::craft::{Capture, MILLISECOND, SECOND, SYN, ethernet, ipv4, ipv6, tcp, udp};
use super::{Outcome, Told, run};
use crate::flow::{FRAGMENT_LIFETIME, FRAGMENT_OCTETS, FragmentTally, MAX_DATAGRAMS};
use crate::wire::FrameNo;

const TEXT: &[u8] = b"It is a truth universally acknowledged, that a single man in possession of a good fortune";

/// Fragments of a packet's payload, cut at these multiples of eight octets, in Ethernet.
fn fragments(v6: bool, id: u16, protocol: u8, payload: &[u8], cuts: &[usize]) -> Vec<Vec<u8>> {
    let starts = [0].into_iter().chain(cuts.iter().map(|cut| cut * 8));
    let ends = cuts.iter().map(|cut| cut * 8).chain([payload.len()]);
    starts.zip(ends).map(|(start, end)| fragment(v6, id, protocol, payload, start, end)).collect()
}

/// The octets from `start` to `end` of a packet's payload as a fragment.
fn fragment(v6: bool, id: u16, protocol: u8, payload: &[u8], start: usize, end: usize) -> Vec<u8> {
    let more = u16::from(end < payload.len());
    if v6 {
        let mut head = vec![protocol, 0];
        head.extend((start as u16 | more).to_be_bytes());
        head.extend(u32::from(id).to_be_bytes());
        return ethernet(0x86dd, &ipv6(44, &[&head, &payload[start..end]].concat()));
    }
    let mut packet = ipv4(protocol, &payload[start..end]);
    packet[4..6].copy_from_slice(&id.to_be_bytes());
    packet[6..8].copy_from_slice(&((start / 8) as u16 | more << 13).to_be_bytes());
    ethernet(0x0800, &packet)
}

fn segment() -> Vec<u8> {
    tcp((1024, 80), 101, 0, 0x18, TEXT)
}

fn told(frames: impl IntoIterator<Item = Vec<u8>>, windows: &[usize]) -> Outcome {
    let mut capture = Capture::default();
    capture.extend(frames);
    run(&capture, windows)
}

fn text() -> String {
    String::from_utf8(TEXT.to_vec()).unwrap() + "|open"
}

/// All orders of `0..n`.
fn orders(n: usize) -> Vec<Vec<usize>> {
    if n == 0 {
        return vec![vec![]];
    }
    let mut all = Vec::new();
    for order in orders(n - 1) {
        for place in 0..n {
            let mut order = order.clone();
            order.insert(place, n - 1);
            all.push(order);
        }
    }
    all
}

#[test]
fn every_order_of_fragments_gives_the_same_stream() {
    for v6 in [false, true] {
        let fragments = fragments(v6, 7, 6, &segment(), &[1, 3, 4, 9]);
        for order in orders(5) {
            let outcome = told(order.iter().map(|n| fragments[*n].clone()), &[2, 2]);
            assert_eq!(outcome.forward(), text(), "{order:?}");
            assert_eq!(outcome.counters.tcp_segments, 1);
            let expected = FragmentTally { fragments: 5, assembled: 1, ..Default::default() };
            assert_eq!(outcome.counters.fragments, expected);
            // Each octet is told with the frame it stands in; `run` compares them.
            let frames: Vec<_> = (outcome.events(1).iter())
                .filter_map(|event| match event {
                    Told::Data { frame, .. } => Some(frame.0 as usize),
                    _ => None,
                })
                .collect();
            // The first fragment and part of the second one are header.
            let expected: Vec<_> = (1..5).map(|n| order.iter().position(|m| *m == n).unwrap() + 1).collect();
            assert_eq!(frames, expected);
        }
    }
}

#[test]
fn every_split_point_gives_the_same_stream() {
    for cut in 1..=13 {
        for first in [0, 1] {
            let mut fragments = fragments(false, 7, 6, &segment(), &[cut]);
            fragments.rotate_left(first);
            assert_eq!(told(fragments, &[1]).forward(), text(), "{cut}");
        }
    }
}

#[test]
fn syn_and_fin_of_a_fragmented_segment_count_once() {
    let syn = tcp((1024, 80), 100, 0, SYN, TEXT);
    let fin = tcp((1024, 80), 101 + TEXT.len() as u32, 0, 0x11, TEXT);
    let frames = [fragments(false, 1, 6, &syn, &[4, 6]), fragments(false, 2, 6, &fin, &[4, 6])].concat();
    let text = String::from_utf8(TEXT.repeat(2)).unwrap() + "|closed";
    assert_eq!(told(frames, &[]).forward(), text);
    let bare = tcp((1024, 80), 101, 0, 0x11, b"");
    assert_eq!(told(fragments(false, 2, 6, &bare, &[1]), &[]).forward(), "|closed");
}

#[test]
fn a_datagram_is_one_event_whatever_its_fragments() {
    for v6 in [false, true] {
        let mut fragments = fragments(v6, 7, 17, &udp((9, 9201), TEXT), &[1, 5]);
        fragments.reverse();
        let outcome = told(fragments, &[]);
        let Told::Datagram { bytes, pieces, frame, .. } = &outcome.events(1)[0] else { panic!() };
        // Its octets begin in the second fragment, which is the second frame; the first holds the header alone, and is
        // the last frame.
        let from: Vec<_> = pieces.iter().map(|piece| (piece.at, piece.frame.0)).collect();
        assert_eq!((&bytes[..], *frame, from), (TEXT, FrameNo(3), vec![(0, 2), (32, 1)]));
        assert_eq!(outcome.events(1).len(), 3);
    }
}

#[test]
fn a_fragment_alone_is_nothing() {
    for n in 0..2 {
        let outcome = told([fragments(false, 7, 6, &segment(), &[9])[n].clone()], &[]);
        assert_eq!((outcome.counters.flows, outcome.counters.tcp_segments), (0, 0));
        assert_eq!((outcome.counters.fragments.incomplete, outcome.counters.fragments.lost()), (1, 1));
    }
}

#[test]
fn fragments_that_overlap_alike_are_one_packet() {
    let payload = segment();
    let frames = [(0, 48), (24, 72), (24, 72), (16, 64), (64, payload.len())];
    let frames = frames.map(|(start, end)| fragment(false, 7, 6, &payload, start, end));
    let outcome = told(frames, &[1, 1]);
    assert_eq!(outcome.forward(), text());
    assert_eq!(outcome.counters.fragments.duplicates, 1);
}

#[test]
fn fragments_that_contradict_one_another_are_nothing() {
    let payload = segment();
    let mut other = payload.clone();
    other[50] ^= 1;
    let short = &payload[..64];
    let whole = || fragments(false, 7, 6, &payload, &[5]);
    for odd in [
        fragment(false, 7, 6, &other, 48, payload.len()),
        fragment(false, 7, 6, &other, 40, 64),
        // Another end, before and behind the first one.
        fragment(false, 7, 6, short, 56, 64),
        fragment(false, 7, 6, &[&payload[..], b"more"].concat(), 48, payload.len() + 4),
        fragment(false, 7, 6, &[0; 400], 200, 208),
    ] {
        let [first, last] = whole().try_into().unwrap();
        let outcome = told([last.clone(), odd, first.clone(), last, first], &[]);
        assert_eq!(outcome.counters.flows, 0);
        let tally = outcome.counters.fragments;
        assert_eq!((tally.contradictory, tally.assembled, tally.incomplete), (1, 0, 0));
    }
}

#[test]
fn an_identification_may_be_used_again() {
    let [first, last] = fragments(false, 7, 6, &segment(), &[5]).try_into().unwrap();
    let second = tcp((1024, 80), 101 + TEXT.len() as u32, 0, 0x18, b"another segment of more than twenty octets");
    let mut capture = Capture::default();
    // At once after a whole packet, and a while after one that lacks a fragment.
    capture.push(first.clone()).push(last).extend(fragments(false, 7, 6, &second, &[5]));
    capture.push(first).pause(2 * SECOND).extend(fragments(false, 7, 6, &second, &[4]));
    let outcome = run(&capture, &[]);
    assert_eq!(outcome.forward(), text().replace('|', "another segment of more than twenty octets|"));
    let tally = outcome.counters.fragments;
    assert_eq!((tally.assembled, tally.incomplete, tally.contradictory), (3, 1, 0));
}

#[test]
fn fragments_wait_for_a_time() {
    let [first, last] = fragments(false, 7, 6, &segment(), &[5]).try_into().unwrap();
    let after = |pause: i64| {
        let mut capture = Capture::default();
        capture.push(first.clone()).pause(pause).push(last.clone());
        run(&capture, &[]).counters.fragments.assembled
    };
    assert_eq!(after(FRAGMENT_LIFETIME - MILLISECOND), 1);
    assert_eq!(after(FRAGMENT_LIFETIME), 0);
    // The clock may go back.
    assert_eq!(after(-SECOND), 1);
}

#[test]
fn fragments_that_cannot_be_one() {
    let mut beyond = ipv4(6, &[0; 16]);
    beyond[6..8].copy_from_slice(&[0x1f, 0xff]);
    let empty = fragment(false, 7, 6, &segment(), 16, 16);
    let seven = fragment(false, 7, 6, &segment(), 16, 23);
    let outcome = told([ethernet(0x0800, &beyond), empty, seven], &[]);
    assert_eq!((outcome.counters.fragments.malformed, outcome.counters.fragments.fragments), (3, 3));
}

#[test]
fn packets_in_the_making_are_limited() {
    let mut capture = Capture::default();
    for n in 0..=MAX_DATAGRAMS {
        capture.push(fragments(false, n as u16, 6, &segment(), &[5])[0].clone());
    }
    capture.push(fragments(false, 0, 6, &segment(), &[5])[1].clone());
    capture.push(fragments(false, 2, 6, &segment(), &[5])[1].clone());
    let outcome = run(&capture, &[]);
    assert_eq!((outcome.counters.fragments.evicted, outcome.counters.fragments.assembled), (2, 1));
}

#[test]
fn octets_in_the_making_are_limited() {
    let payload = vec![0; 1480 * 40];
    let packets = FRAGMENT_OCTETS / payload.len() + 2;
    let mut capture = Capture::default();
    for id in 0..packets {
        for n in 0..39 {
            capture.push(fragment(false, id as u16, 6, &payload, n * 1480, (n + 1) * 1480));
        }
        capture.pause(-39 * MILLISECOND);
    }
    let tally = run(&capture, &[]).counters.fragments;
    // With what bookkeeping counts for, about a tenth.
    assert!((2..40).contains(&tally.evicted), "{tally:?}");
    assert_eq!(tally.incomplete + tally.evicted, packets as u64);
}

#[test]
fn a_cut_fragment_gives_its_octets_and_a_gap() {
    let [first, last] = fragments(false, 7, 6, &segment(), &[5]).try_into().unwrap();
    let mut capture = Capture::default();
    capture.push(first).snap(34 + 30).push(last.clone()).snap(34 + 60);
    let outcome = run(&capture, &[]);
    // 20 octets of header, 10 of data, 10 cut; 60 captured, 9 cut.
    let text = String::from_utf8([&TEXT[..10], b"<10 snapped>", &TEXT[20..80], b"<9 snapped>|open"].concat()).unwrap();
    assert_eq!(outcome.forward(), text);
    assert_eq!(outcome.counters.cut_frames, 2);
    // Of a datagram what stands before the first hole.
    let [first, last] = fragments(false, 7, 17, &udp((9, 9201), TEXT), &[5]).try_into().unwrap();
    let mut capture = Capture::default();
    capture.push(last).push(first).snap(34 + 18);
    let text = String::from_utf8([&TEXT[..10], b"<79 snapped>|open"].concat()).unwrap();
    assert_eq!(run(&capture, &[]).forward(), text);
}

#[test]
fn fragments_captured_twice_are_one_packet() {
    let fragments = fragments(false, 7, 17, &udp((9, 9201), TEXT), &[1, 5]);
    for order in orders(6) {
        let outcome = told(order.iter().map(|n| fragments[n % 3].clone()), &[]);
        assert_eq!(outcome.forward(), text(), "{order:?}");
        let tally = outcome.counters.fragments;
        assert_eq!((tally.assembled, tally.duplicates, tally.lost()), (1, 3, 0), "{order:?}");
    }
}

/// The octets of an IP packet in Ethernet, without padding.
fn packet(frame: &[u8]) -> &[u8] {
    let len = if frame[12] == 8 { usize::from(frame[16]) * 256 + usize::from(frame[17]) } else { frame.len() - 14 };
    &frame[14..14 + len]
}

fn gtp(packet: &[u8]) -> Vec<u8> {
    let head = [0x30, 255, (packet.len() >> 8) as u8, packet.len() as u8, 0, 0, 0, 7];
    udp((2152, 2152), &[&head, packet].concat())
}

#[test]
fn fragments_in_tunnels_and_tunnels_in_fragments() {
    // The subscriber's fragments, each in GTP-U, each of those in two fragments again.
    let mut frames = Vec::new();
    for (n, inner) in fragments(false, 7, 6, &segment(), &[5]).iter().enumerate() {
        frames.extend(fragments(n == 0, 100 + n as u16, 17, &gtp(packet(inner)), &[3, 6]));
    }
    for order in [[0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0], [3, 0, 4, 1, 5, 2]] {
        for windows in [&[][..], &[1, 1, 1, 1, 1]] {
            let outcome = told(order.iter().map(|n| frames[*n].clone()), windows);
            assert_eq!(outcome.forward(), text());
            let tally = outcome.counters.fragments;
            assert_eq!((tally.fragments, tally.assembled), (8, 3));
            assert_eq!(outcome.flows[0].0.tunnel.as_ref().unwrap().ids, [Some(7), None]);
        }
    }
}

#[test]
fn packets_put_together_nest_only_so_deep() {
    let mut frames = fragments(false, 7, 6, &segment(), &[5]);
    for level in 0..5u16 {
        frames = (frames.iter().enumerate())
            .flat_map(|(n, frame)| fragments(false, 1000 * (level + 1) + n as u16, 4, packet(frame), &[1]))
            .collect();
    }
    let outcome = told(frames, &[]);
    assert_eq!((outcome.counters.flows, outcome.counters.malformed > 0), (0, true));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn any_cuts_order_and_windows_give_the_same_stream(
        v6 in any::<bool>(),
        cuts in prop::collection::btree_set(1..13usize, 0..6),
        keys in prop::collection::vec(any::<u16>(), 12),
        twice in prop::collection::vec(any::<bool>(), 6),
        windows in prop::collection::vec(0..4usize, 0..6),
    ) {
        let cuts: Vec<_> = cuts.into_iter().collect();
        let mut frames: Vec<_> = fragments(v6, 7, 6, &segment(), &cuts);
        frames.extend(frames.clone().into_iter().zip(&twice).filter(|(_, twice)| **twice).map(|(frame, _)| frame));
        let mut order: Vec<_> = keys.iter().zip(frames).collect();
        order.sort();
        let outcome = told(order.into_iter().map(|(_, frame)| frame), &windows);
        prop_assert_eq!(outcome.forward(), text());
        prop_assert_eq!(outcome.counters.fragments.lost(), 0);
    }

    #[test]
    fn any_fragments_are_taken_without_panic(
        parts in prop::collection::vec((0..3u16, 0..40u16, any::<bool>(), 0..60usize, any::<u8>(), 20..80usize), 0..40),
    ) {
        let mut capture = Capture::default();
        for (id, at, more, len, fill, snap) in parts {
            let mut packet = ipv4(17, &vec![fill & 1; len]);
            packet[4..6].copy_from_slice(&id.to_be_bytes());
            packet[6..8].copy_from_slice(&(at | u16::from(more) << 13).to_be_bytes());
            capture.push(ethernet(0x0800, &packet)).snap(snap);
        }
        let outcome = run(&capture, &[7]);
        prop_assert_eq!(outcome.counters.packets, capture.len() as u64);
    }
}
