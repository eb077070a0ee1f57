//! Frames captured twice, at two places: the copies differ in their addresses of the link layer, tags, tunnels and
//! time to live, come a little later and in any order.

use proptest::prelude::*;

use super::craft::{ACK, Capture, FIN, MILLISECOND, PSH, Pair, RST, SECOND, SYN, ethernet, udp};
use super::{Outcome, run};
use crate::flow::CAPTURED_TWICE;

/// Where the second copy of a frame was captured.
#[derive(Clone, Copy, Debug)]
enum Place {
    SameLink,
    BehindRouter,
    InVlan,
    InGtp,
}

fn copy(frame: &[u8], place: Place) -> Vec<u8> {
    let len = usize::from(u16::from_be_bytes([frame[16], frame[17]]));
    let mut packet = frame[14..14 + len].to_vec();
    packet[8] -= 1;
    match place {
        Place::SameLink => frame.to_vec(),
        Place::BehindRouter => {
            let mut copy = ethernet(0x0800, &packet);
            copy[..12].fill(4);
            copy
        }
        Place::InVlan => ethernet(0x8100, &[&[0, 7, 8, 0], &packet[..]].concat()),
        Place::InGtp => {
            let tunnelled = [&[0x30, 255, 0, len as u8, 0, 0, 0, 7], &packet[..]].concat();
            let mut outer = super::craft::ipv4(17, &udp((2152, 2152), &tunnelled));
            outer[12..20].copy_from_slice(&[192, 0, 2, 1, 192, 0, 2, 2]);
            ethernet(0x0800, &outer)
        }
    }
}

/// A request and an answer, closed or reset by either side, and the same again between the same ports later.
fn conversation(reset: bool) -> Vec<(i64, Vec<u8>)> {
    let pair = Pair::v4(1024);
    let mut frames = Vec::new();
    for (start, client, server) in [(0, 100u32, 500u32), (200, 70_000_100, 900_000_500)] {
        let (ours, theirs) = (client + 1, server + 1);
        let last = if reset { RST } else { FIN | ACK };
        frames.extend([
            (start, pair.there(client, 0, SYN, b"")),
            (start + 1, pair.back(server, ours, SYN | ACK, b"")),
            (start + 2, pair.there(ours, theirs, ACK, b"")),
            (start + 3, pair.there(ours, theirs, ACK | PSH, b"request")),
            (start + 3, pair.there(ours + 7, theirs, ACK | PSH, b"!")),
            (start + 5, pair.back(theirs, ours + 8, ACK | PSH, b"ans")),
            (start + 6, pair.back(theirs + 3, ours + 8, ACK | PSH, b"wer")),
            (start + 7, pair.there(ours + 8, theirs + 6, ACK, b"")),
            (start + 8, pair.there(ours + 8, theirs + 6, FIN | ACK, b"")),
            (start + 9, pair.back(theirs + 6, ours + 9, last, b"")),
            (start + 10, pair.there(ours + 9, theirs + 7, ACK, b"")),
        ]);
    }
    frames
}

/// The frames in the order of their milliseconds.
fn captured(mut frames: Vec<(i64, Vec<u8>)>) -> Outcome {
    frames.sort_by_key(|(at, _)| *at);
    let mut capture = Capture::default();
    let mut now = 0;
    for (at, frame) in frames {
        capture.pause((at - now - 1) * MILLISECOND).push(frame);
        now = at;
    }
    run(&capture, &[5, 5])
}

fn stories(outcome: &Outcome) -> Vec<[String; 2]> {
    use super::Way::{Forward, Reverse};
    (outcome.flows.iter().map(|(info, _)| [Forward, Reverse].map(|way| outcome.story(info.no.0, way)))).collect()
}

fn place() -> impl Strategy<Value = Place> {
    prop::sample::select(vec![Place::SameLink, Place::BehindRouter, Place::InVlan, Place::InGtp])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn a_conversation_captured_twice_is_told_once(
        reset in any::<bool>(),
        copies in prop::collection::vec(prop::option::of((place(), 0..50i64)), 22),
    ) {
        let once = conversation(reset);
        let mut twice = once.clone();
        for ((at, frame), (place, delay)) in once.iter().zip(&copies).filter_map(|(f, c)| Some((f, (*c)?))) {
            twice.push((at + delay, copy(frame, place)));
        }
        let (once, twice) = (captured(once), captured(twice));
        let reverse = if reset { "answer|reset" } else { "answer|closed" };
        prop_assert_eq!(stories(&once), vec![["request!|closed".to_owned(), reverse.to_owned()]; 2]);
        prop_assert_eq!(stories(&twice), stories(&once));
        prop_assert_eq!(twice.counters.flows, 2);
        prop_assert_eq!((twice.counters.tally.gaps, twice.counters.tally.conflicts), (0, 0));
    }

    #[test]
    fn datagrams_captured_twice_are_told_once(
        copies in prop::collection::vec(prop::option::of((place(), 0..50i64)), 12),
    ) {
        let datagram = |n: usize| {
            let mut frame = Pair::v4(9201).datagram(if n.is_multiple_of(3) { b"same" } else { b"text" });
            frame[18] = n as u8;
            (n as i64 * 10, frame)
        };
        let mut frames: Vec<_> = (0..12).map(datagram).collect();
        for n in 0..12 {
            if let Some((place, delay)) = copies[n] {
                frames.push((n as i64 * 10 + delay, copy(&frames[n].1, place)));
            }
        }
        let outcome = captured(frames);
        prop_assert_eq!(outcome.forward(), "sametexttext".repeat(4) + "|open");
        prop_assert_eq!(outcome.counters.tally.repeated_datagrams, copies.iter().flatten().count() as u64);
    }
}

#[test]
fn a_datagram_sent_again_later_is_another() {
    let datagram = Pair::v4(9201).datagram(b"x");
    let after = |pause: i64| {
        let mut capture = Capture::default();
        capture.push(datagram.clone()).pause(pause - MILLISECOND).push(datagram.clone());
        run(&capture, &[1]).forward()
    };
    assert_eq!(after(CAPTURED_TWICE), "x|open");
    assert_eq!(after(CAPTURED_TWICE + 1), "xx|open");
    assert_eq!(after(-CAPTURED_TWICE), "x|open");
    assert_eq!(after(-SECOND), "xx|open");
    // Empty ones are datagrams too; those of the other side are others.
    let mut capture = Capture::default();
    capture.push(Pair::v4(9201).datagram(b"")).push(Pair::v4(9201).datagram(b""));
    assert_eq!(run(&capture, &[]).counters.tally.repeated_datagrams, 1);
}

#[test]
fn a_late_reset_or_close_of_an_earlier_connection_ends_nothing() {
    let pair = Pair::v4(1024);
    let mut capture = Capture::default();
    capture.push(pair.there(900_000_000, 0, SYN, b"")).push(pair.back(5, 900_000_001, RST | ACK, b""));
    capture.open(pair).push(pair.there(101, 501, ACK | PSH, b"one"));
    capture.push(pair.there(900_000_001, 0, RST, b"")).push(pair.there(4_100_000_000, 0, FIN | ACK, b""));
    capture.push(pair.there(104, 501, ACK | PSH, b"two"));
    let outcome = run(&capture, &[]);
    assert_eq!(outcome.flows[0].0.opener, pair.client);
    assert_eq!(stories(&outcome), [["onetwo|open".to_owned(), "|open".to_owned()]]);
    // One that fits does, also with a sequence number of 0.
    for reset in [pair.there(107, 0, RST, b""), pair.there(0, 501, RST | ACK, b""), pair.back(501, 107, RST | ACK, b"")]
    {
        let mut capture = capture.clone();
        let story = stories(&run(capture.push(reset), &[]));
        assert_eq!(story, [["onetwo|reset".to_owned(), "|reset".to_owned()]]);
    }
}

#[test]
fn wrong_check_sums_are_no_reason_to_drop() {
    // All crafted frames have the check sum DE AD, as those have that the network card had yet to finish.
    let frame = Pair::v4(1024).there(101, 501, ACK | PSH, b"data");
    assert_eq!((&frame[24..26], &frame[50..52]), (&[0xde, 0xad][..], &[0xde, 0xad][..]));
    let mut capture = Capture::default();
    assert_eq!(run(capture.push(frame), &[]).forward(), "data|open");
}

#[test]
fn a_clock_that_goes_back_ends_no_patience() {
    let pair = Pair::v4(1024);
    let mut capture = Capture::default();
    // The octets from 101 to 104 are missing, and were acknowledged.
    capture.open(pair).pause(1000 * SECOND).push(pair.there(105, 501, ACK | PSH, b"late"));
    capture.push(pair.back(501, 109, ACK, b"")).pause(-900 * SECOND);
    capture.push(pair.back(501, 109, ACK, b"")).push(pair.back(501, 109, ACK, b"")).pause(SECOND);
    let before = run(&capture, &[]);
    assert_eq!(before.forward(), "<4 missing>late|open");
    let last = capture.len() as u64;
    capture.push(pair.back(501, 109, ACK, b"")).push(pair.back(501, 109, ACK, b""));
    // With the clock as it is now half a second is over, so that the gap is told at the next frame.
    assert!(
        run(&capture, &[])
            .events(1)
            .iter()
            .any(|told| matches!(told, super::Told::Gap { frame, octets: Some(4), .. } if frame.0 == last + 1))
    );
}
