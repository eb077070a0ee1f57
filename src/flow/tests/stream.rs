//! Segments in every disorder, and the streams that come of them.

use super::craft::{ACK, Capture, FIN, MILLISECOND, PSH, Pair, RST, SECOND, SYN};
use super::{Outcome, Told, run};
use crate::flow::{End, HELD_OCTETS, HELD_SEGMENTS, Loss, PATIENCE, PATIENCE_PACKETS, Way};
use crate::time::Time;
use crate::wire::FrameNo;

const PAIR: Pair = Pair { client: addr([10, 0, 0, 1], 1024), server: addr([10, 0, 0, 2], 80) };

const fn addr(octets: [u8; 4], port: u16) -> std::net::SocketAddr {
    let [a, b, c, d] = octets;
    std::net::SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(a, b, c, d)), port)
}

/// A data segment of the client at an offset of its stream, after [`Capture::open`].
fn there(offset: u32, data: &str) -> Vec<u8> {
    PAIR.there(101 + offset, 501, ACK | PSH, data.as_bytes())
}

/// A data segment of the server; it acknowledges the first octets of the client.
fn back(offset: u32, acknowledged: u32, data: &str) -> Vec<u8> {
    PAIR.back(501 + offset, 101 + acknowledged, ACK | PSH, data.as_bytes())
}

/// An opened connection and what follows.
fn opened(frames: impl IntoIterator<Item = Vec<u8>>) -> Capture {
    let mut capture = Capture::default();
    capture.open(PAIR).extend(frames);
    capture
}

fn after_opening(frames: impl IntoIterator<Item = Vec<u8>>) -> Outcome {
    run(&opened(frames), &[])
}

#[test]
fn a_connection_from_opening_to_close() {
    for pair in [Pair::v4(1024), Pair::v6(1024)] {
        let mut capture = Capture::default();
        capture.open(pair).extend([
            pair.there(101, 501, ACK | PSH, b"question"),
            pair.back(501, 109, ACK | PSH, b"answer"),
            pair.there(109, 507, ACK | FIN, b""),
            pair.back(507, 110, ACK | FIN, b""),
            pair.there(110, 508, ACK, b""),
        ]);
        let outcome = run(&capture, &[]);
        let (info, events) = &outcome.flows[0];
        assert_eq!((info.opener, info.acceptor, info.opening_seen), (pair.client, pair.server, true));
        let (forward, reverse) = (Way::Forward, Way::Reverse);
        let at = |frame: u64| (FrameNo(frame), Time(frame as i64 * MILLISECOND));
        let offset = if pair.client.is_ipv4() { 54 } else { 74 };
        let data = |way, bytes: &[u8], frame| {
            let (frame, time) = at(frame);
            Told::Data { way, bytes: bytes.to_vec(), frame, offset, time }
        };
        let end = |way, frame| {
            let (frame, time) = at(frame);
            Told::End { way, end: End::Closed, frame, time }
        };
        let expected = [data(forward, b"question", 4), data(reverse, b"answer", 5), end(forward, 6), end(reverse, 7)];
        assert_eq!(events[..], expected);
        assert_eq!((outcome.counters.flows, outcome.counters.tcp_segments), (1, 8));
    }
}

#[test]
fn the_answer_to_a_syn_tells_who_opened() {
    let mut capture = Capture::default();
    capture.push(PAIR.back(500, 101, SYN | ACK, b"")).push(there(5, "late")).push(there(0, "early"));
    let outcome = run(&capture, &[]);
    let info = &outcome.flows[0].0;
    assert_eq!((info.opener, info.opening_seen), (PAIR.client, true));
    assert_eq!(outcome.forward(), "earlylate|open");
}

#[test]
fn a_flow_joined_midway_starts_with_its_first_data() {
    let mut capture = Capture::default();
    capture.extend([back(1000, 0, "middle "), there(40, "there"), back(1007, 45, "end"), back(900, 45, "old")]);
    let outcome = run(&capture, &[]);
    let info = &outcome.flows[0].0;
    assert_eq!((info.opener, info.opening_seen), (PAIR.server, false));
    assert_eq!(outcome.forward(), "middle end|open");
    assert_eq!(outcome.reverse(), "there|open");
    assert_eq!(outcome.counters.tally.repeated_segments, 1);
}

#[test]
fn a_flow_may_be_joined_at_a_keep_alive_probe() {
    let mut capture = Capture::default();
    capture.extend([PAIR.there(100, 501, ACK, b"\0"), there(0, "data")]);
    assert_eq!(run(&capture, &[]).forward(), "data|open");
    // A single octet that is pushed is data.
    let mut capture = Capture::default();
    capture.extend([PAIR.there(100, 501, ACK | PSH, b">"), there(0, "data")]);
    assert_eq!(run(&capture, &[]).forward(), ">data|open");
}

#[test]
fn early_segments_wait() {
    let outcome = after_opening([there(6, "c"), there(3, "two"), there(0, "one"), there(7, "d")]);
    assert_eq!(outcome.forward(), "onetwocd|open");
    assert_eq!(outcome.counters.tally, Default::default());
}

#[test]
fn the_other_direction_does_not_wait() {
    let outcome = after_opening([there(3, "two"), back(0, 0, "answer"), there(0, "one")]);
    let frames: Vec<u64> = (outcome.events(1).iter())
        .filter_map(|event| match event {
            Told::Data { frame, .. } => Some(frame.0),
            _ => None,
        })
        .collect();
    assert_eq!(frames, [5, 6, 4]);
}

#[test]
fn repeated_segments_are_dropped_and_counted() {
    let outcome = after_opening([there(0, "one"), there(0, "one"), there(1, "ne"), there(3, "two"), there(3, "two")]);
    assert_eq!(outcome.forward(), "onetwo|open");
    assert_eq!(outcome.counters.tally.repeated_segments, 3);
}

#[test]
fn other_cuts_of_the_same_octets_are_trimmed() {
    let outcome = after_opening([there(0, "abcd"), there(2, "cdef"), there(8, "ij"), there(4, "efghijkl")]);
    assert_eq!(outcome.forward(), "abcdefghijkl|open");
    assert_eq!(outcome.counters.tally.repeated_segments, 0);
}

#[test]
fn the_first_version_of_an_octet_wins() {
    let outcome = after_opening([there(2, "CD"), there(6, "GH"), there(0, "abcdefghij")]);
    assert_eq!(outcome.forward(), "abCDefGHij|open");
    assert_eq!(outcome.counters.tally.conflicts, 2);
    let outcome = after_opening([there(2, "cd"), there(1, "bcde"), there(3, "de"), there(0, "a")]);
    assert_eq!(outcome.forward(), "abcde|open");
    assert_eq!(outcome.counters.tally.conflicts, 0);
    assert_eq!(outcome.counters.tally.repeated_segments, 1);
}

#[test]
fn keep_alive_probes_are_ignored() {
    let probes = [PAIR.there(103, 501, ACK, b"\0"), PAIR.there(103, 501, ACK, b"")];
    let outcome = after_opening([there(0, "one")].into_iter().chain(probes).chain([there(3, "two")]));
    assert_eq!(outcome.forward(), "onetwo|open");
    assert_eq!(outcome.counters.tally, Default::default());
}

#[test]
fn a_fin_may_carry_data_and_come_early() {
    let outcome = after_opening([PAIR.there(104, 501, ACK | FIN, b"two"), there(0, "one"), there(6, "more")]);
    assert_eq!(outcome.forward(), "onetwo|closed");
    assert_eq!(outcome.reverse(), "|open");
}

#[test]
fn data_after_a_fin_is_ignored() {
    let outcome = after_opening([PAIR.there(104, 501, ACK | FIN, b""), there(0, "one+more")]);
    assert_eq!(outcome.forward(), "one|closed");
}

#[test]
fn the_first_fin_counts() {
    let fins = [PAIR.there(104, 501, ACK | FIN, b"two"), PAIR.there(110, 501, ACK | FIN, b"")];
    assert_eq!(after_opening(fins.into_iter().chain([there(0, "one")])).forward(), "onetwo|closed");
}

#[test]
fn a_reset_ends_both_directions() {
    let outcome = after_opening([there(0, "one"), back(3, 3, "wer"), PAIR.back(507, 0, RST, b""), there(3, "more")]);
    assert_eq!(outcome.forward(), "one|reset");
    assert_eq!(outcome.reverse(), "<3 missing>wer|reset");
}

#[test]
fn a_reset_after_a_close_ends_the_rest() {
    let outcome = after_opening([PAIR.there(101, 501, ACK | FIN, b""), PAIR.there(102, 0, RST, b"")]);
    assert_eq!((outcome.forward().as_str(), outcome.reverse().as_str()), ("|closed", "|reset"));
}

#[test]
fn a_syn_may_carry_data() {
    let mut capture = Capture::default();
    capture.extend([
        PAIR.there(100, 0, SYN, b"fast"),
        PAIR.back(500, 105, SYN | ACK, b"er"),
        there(4, " open"),
        back(2, 9, "!"),
    ]);
    let outcome = run(&capture, &[]);
    assert_eq!((outcome.forward().as_str(), outcome.reverse().as_str()), ("fast open|open", "er!|open"));
}

#[test]
fn the_opening_of_a_direction_may_come_after_data_of_the_other() {
    let mut capture = Capture::default();
    capture.extend([
        PAIR.there(100, 0, SYN, b""),
        there(0, "question"),
        PAIR.back(500, 101, SYN | ACK, b""),
        back(3, 8, "wer"),
        back(0, 8, "ans"),
    ]);
    assert_eq!(run(&capture, &[]).reverse(), "answer|open");
}

#[test]
fn sequence_numbers_wrap() {
    let mut capture = Capture::default();
    let data = |seq: u32, data: &[u8]| PAIR.there(seq, 501, ACK, data);
    capture.extend([
        PAIR.there(0xffff_fff8, 0, SYN, b""),
        data(0xffff_fff9, b"abcd"),
        data(1, b"ijkl"),
        data(0xffff_fffd, b"efgh"),
        data(0xffff_fff9, b"abcdefghij"),
        data(5, b"mn"),
    ]);
    assert_eq!(run(&capture, &[]).forward(), "abcdefghijklmn|open");
}

#[test]
fn old_octets_may_lie_before_sequence_number_zero() {
    let mut capture = Capture::default();
    capture
        .extend([PAIR.there(5, 501, ACK, b"fghij"), PAIR.there(0u32.wrapping_sub(5), 501, ACK, b"56789abcdefghijklm")]);
    assert_eq!(run(&capture, &[]).forward(), "fghijklm|open");
}

#[test]
fn an_acknowledged_hole_waits_a_number_of_packets() {
    // The server has the first three octets, so they did travel; they come late or not in time.
    let late_by = |packets: u32| {
        let acks = (0..packets).map(|_| PAIR.back(501, 107, ACK, b""));
        let outcome = after_opening([there(3, "two")].into_iter().chain(acks).chain([there(0, "one")]));
        (outcome.forward(), outcome.counters.tally.gaps)
    };
    assert_eq!(late_by(PATIENCE_PACKETS), ("onetwo|open".into(), 0));
    assert_eq!(late_by(PATIENCE_PACKETS + 1), ("<3 missing>two|open".into(), 1));
}

#[test]
fn an_acknowledged_hole_waits_a_time() {
    let late_by = |nanoseconds: i64| {
        let mut capture = opened([there(3, "two"), PAIR.back(501, 107, ACK, b"")]);
        capture.pause(nanoseconds - MILLISECOND).push(there(6, "x")).push(there(0, "one"));
        run(&capture, &[]).forward()
    };
    assert_eq!(late_by(PATIENCE - 1), "onetwox|open");
    assert_eq!(late_by(PATIENCE), "<3 missing>twox|open");
    // The late packet may be the missing one itself.
    let mut capture = opened([there(3, "two"), PAIR.back(501, 107, ACK, b"")]);
    capture.pause(SECOND).push(there(0, "one"));
    assert_eq!(run(&capture, &[]).forward(), "onetwo|open");
}

#[test]
fn a_gap_tells_where_it_was_noticed() {
    let mut capture = opened([there(0, "one"), PAIR.back(501, 107, ACK, b"")]);
    capture.pause(SECOND).push(there(6, "three"));
    let outcome = run(&capture, &[]);
    let time = Time(6 * MILLISECOND + SECOND);
    let gap = Told::Gap { way: Way::Forward, octets: Some(3), loss: Loss::MissingPackets, frame: FrameNo(6), time };
    assert_eq!(outcome.events(1)[1], gap);
    assert_eq!(outcome.forward(), "one<3 missing>three|open");
}

#[test]
fn only_what_was_acknowledged_is_given_up() {
    let mut capture = opened([there(6, "three"), PAIR.back(501, 104, ACK, b"")]);
    capture.pause(SECOND).push(PAIR.back(501, 104, ACK, b"")).push(there(3, "two"));
    assert_eq!(run(&capture, &[]).forward(), "<3 missing>twothree|open");
}

#[test]
fn all_holes_before_an_old_acknowledgement_are_told_at_once() {
    let mut capture = opened([there(2, "c"), there(4, "e"), PAIR.back(501, 106, ACK, b"")]);
    capture.pause(SECOND).push(there(5, "f"));
    let outcome = run(&capture, &[]);
    assert_eq!(outcome.forward(), "<2 missing>c<1 missing>ef|open");
    assert!(outcome.events(1).iter().take(5).all(|event| matches!(
        event,
        Told::Gap { frame: FrameNo(7), .. } | Told::Data { frame: FrameNo(4 | 5 | 7), .. }
    )));
}

#[test]
fn an_older_acknowledgement_takes_nothing_back() {
    let mut capture = opened([there(3, "two"), PAIR.back(501, 107, ACK, b""), PAIR.back(501, 101, ACK, b"")]);
    capture.pause(SECOND).push(PAIR.back(501, 101, ACK, b"")).push(there(0, "one"));
    assert_eq!(run(&capture, &[]).forward(), "<3 missing>two|open");
}

#[test]
fn an_unacknowledged_hole_waits_for_its_octets_to_be_sent_again() {
    let mut capture = opened([there(3, "two")]);
    for _ in 0..2 * PATIENCE_PACKETS {
        capture.push(PAIR.back(501, 101, ACK, b""));
    }
    capture.pause(60 * SECOND).push(there(0, "one"));
    let outcome = run(&capture, &[]);
    assert_eq!(outcome.forward(), "onetwo|open");
    assert_eq!(outcome.counters.tally.gaps, 0);
}

#[test]
fn a_lost_fin_is_no_gap() {
    let mut capture = opened([there(0, "one"), PAIR.back(501, 105, ACK, b"")]);
    capture.pause(SECOND).push(PAIR.back(501, 105, ACK | FIN, b""));
    assert_eq!(run(&capture, &[]).forward(), "one|open");
    // Nor when data came in disorder before it.
    let mut capture = opened([there(1, "ne"), PAIR.back(501, 105, ACK, b""), there(0, "o")]);
    capture.pause(SECOND).push(PAIR.back(501, 105, ACK | FIN, b""));
    assert_eq!(run(&capture, &[]).forward(), "one|open");
}

#[test]
fn an_acknowledged_fin_is_no_gap() {
    let mut capture = opened([PAIR.there(101, 501, ACK | FIN, b"one"), PAIR.back(501, 105, ACK, b"")]);
    capture.pause(SECOND).push(back(0, 4, "answer"));
    let outcome = run(&capture, &[]);
    assert_eq!(outcome.forward(), "one|closed");
    assert_eq!(outcome.counters.tally.gaps, 0);
    // Nor does it count among the octets that are missing before it.
    let mut capture = opened([PAIR.there(104, 501, ACK | FIN, b""), PAIR.back(501, 105, ACK, b"")]);
    capture.pause(SECOND).push(back(0, 4, "answer"));
    assert_eq!(run(&capture, &[]).forward(), "<3 missing>|closed");
}

#[test]
fn holes_are_told_when_the_capture_ends() {
    let fin = PAIR.there(101 + 9, 501, ACK | FIN, b"");
    assert_eq!(after_opening([there(3, "two"), fin]).forward(), "<3 missing>two<3 missing>|closed");
    // Octets that only an acknowledgement tells of.
    assert_eq!(after_opening([there(0, "one"), PAIR.back(501, 109, ACK, b"")]).forward(), "one<5 missing>|open");
}

#[test]
fn a_direction_that_was_not_captured_is_missing() {
    let mut capture = opened([back(0, 8, "answer")]);
    capture.pause(SECOND).push(back(6, 16, "answer"));
    assert_eq!(run(&capture, &[]).forward(), "<8 unseen><8 unseen>|open");
}

#[test]
fn octets_held_are_limited() {
    let length = 1024;
    let full = HELD_OCTETS / length;
    let text = "x".repeat(length);
    let held = |count: usize| {
        let early = (0..count).map(|n| there((3 + n * length) as u32, &text));
        after_opening(early.chain([there(0, "one")]))
    };
    let whole = held(full);
    assert_eq!(whole.forward(), format!("one{}|open", text.repeat(full)));
    let outcome = held(full + 1);
    assert_eq!(outcome.forward(), format!("<3 limit>{}|open", text.repeat(full + 1)));
    assert_eq!(outcome.counters.tally.gaps, 1);
}

#[test]
fn segments_held_are_limited() {
    // Every other octet is missing; the first two holes are given up for two segments too many.
    let outcome = after_opening((0..HELD_SEGMENTS + 2).map(|n| there(n as u32 * 2 + 1, "x")));
    let rest = "<1 missing>x".repeat(HELD_SEGMENTS);
    assert_eq!(outcome.forward(), format!("<1 limit>x<1 limit>x{rest}|open"));
}

#[test]
fn what_the_snap_length_cut_is_told_after_the_rest() {
    let mut capture = opened([]);
    capture.push(there(0, "captured and cut")).snap(54 + 8).push(there(16, " more"));
    let outcome = run(&capture, &[]);
    assert_eq!(outcome.forward(), "captured<8 snapped> more|open");
    assert_eq!((outcome.counters.tally.gaps, outcome.counters.tally.snap_cuts), (0, 1));
    // The same when it came early, and when nothing was left.
    let mut capture = opened([]);
    capture.push(there(1, "captured and cut")).snap(54 + 8).push(there(0, "<")).push(there(17, "gone")).snap(54);
    assert_eq!(run(&capture, &[]).forward(), "<captured<8 snapped><4 snapped>|open");
}

#[test]
fn a_cut_segment_sent_again_says_it_once() {
    let mut capture = opened([]);
    for offset in [0, 4, 0] {
        capture.push(there(offset, "captured and cut")).snap(54 + 8);
    }
    // Of the second segment, the four octets past the first one are cut as well.
    assert_eq!(run(&capture, &[]).forward(), "captured<8 snapped><4 snapped>|open");
}
