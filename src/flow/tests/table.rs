//! Which packets make which flow, and for how long.

use rayon::prelude::*;

use super::craft::{ACK, Capture, FIN, MILLISECOND, PSH, Pair, RST, SECOND, SYN, ethernet, ipv4};
use super::{Told, run, run_with};
use crate::flow::entry::{Entry, Ticks};
use crate::flow::key::Key;
use crate::flow::{
    End, FLOWS_KEPT, FOLLOWED_KEPT, FlowNo, HELD_TOTAL, IDLE_CLOSED, IDLE_REOPENED, IDLE_TCP, IDLE_UDP,
    IDLE_UDP_IGNORED, Interest, Loss, MAX_FLOWS, MAX_FOLLOWED, Slot, StreamEvent, Table, Transport, Way,
};
use crate::time::Time;
use crate::wire::FrameNo;

/// A unit of idle times, and a little.
const TICK: i64 = (1 << 30) + MILLISECOND;

/// A pause that is surely longer than an idle time; times are compared in whole units.
fn longer_than(idle: Ticks) -> i64 {
    idle.nanoseconds() + TICK
}

/// A pause that is surely shorter.
fn shorter_than(idle: Ticks) -> i64 {
    idle.nanoseconds() - TICK
}

/// An opening with other initial sequence numbers, and data.
fn reopen(pair: Pair) -> [Vec<u8>; 3] {
    [pair.there(7000, 0, SYN, b""), pair.back(9000, 7001, SYN | ACK, b""), pair.there(7001, 9001, ACK | PSH, b"second")]
}

#[test]
fn a_syn_reopens_what_was_closed_or_reset() {
    let pair = Pair::v4(1024);
    for ends in [
        vec![pair.there(106, 501, FIN | ACK, b""), pair.back(501, 107, FIN | ACK, b"")],
        vec![pair.there(106, 501, FIN | ACK, b"")],
        vec![pair.back(501, 106, RST, b"")],
    ] {
        let mut capture = Capture::default();
        capture.open(pair).push(pair.there(101, 501, ACK | PSH, b"first")).extend(ends).extend(reopen(pair));
        let outcome = run(&capture, &[]);
        assert_eq!(outcome.counters.flows, 2);
        assert!(outcome.forward().starts_with("first|"));
        assert_eq!(outcome.story(2, Way::Forward), "second|open");
        assert!(outcome.flows[1].0.opening_seen);
    }
}

#[test]
fn a_syn_reopens_what_was_idle() {
    let pair = Pair::v4(1024);
    let flows_after = |pause: i64| {
        let mut capture = Capture::default();
        capture.open(pair).push(pair.there(101, 501, ACK | PSH, b"first")).pause(pause).extend(reopen(pair));
        let outcome = run(&capture, &[]);
        if outcome.counters.flows == 2 {
            let syn = capture.windows(&[])[0].frames[4].clone();
            let Some(Told::End { frame, time, .. }) = outcome.events(1).last() else { panic!("no end") };
            assert_eq!((*frame, Some(*time)), (syn.no, syn.time));
        }
        outcome.counters.flows
    };
    assert_eq!(flows_after(0), 1);
    assert_eq!(flows_after(shorter_than(IDLE_REOPENED)), 1);
    assert_eq!(flows_after(longer_than(IDLE_REOPENED)), 2);
}

#[test]
fn a_syn_sent_again_opens_nothing() {
    let pair = Pair::v4(1024);
    let mut capture = Capture::default();
    capture.push(pair.there(100, 0, SYN, b"")).pause(9 * SECOND).open(pair);
    capture.pause(60 * SECOND).push(pair.back(500, 101, SYN | ACK, b""));
    capture.push(pair.there(101, 501, ACK | PSH, b"data"));
    capture.push(pair.there(105, 501, ACK | FIN, b"")).push(pair.there(100, 0, SYN, b""));
    let outcome = run(&capture, &[]);
    assert_eq!(outcome.counters.flows, 1);
    assert_eq!(outcome.forward(), "data|closed");
}

#[test]
fn a_late_answer_to_a_syn_opens_nothing() {
    let pair = Pair::v4(1024);
    let mut capture = Capture::default();
    capture.push(pair.there(100, 0, SYN, b"")).pause(9 * SECOND).push(pair.back(500, 101, SYN | ACK, b""));
    capture.push(pair.there(101, 501, ACK | PSH, b"data"));
    let outcome = run(&capture, &[]);
    assert_eq!((outcome.counters.flows, outcome.forward().as_str()), (1, "data|open"));
}

#[test]
fn another_try_to_connect_is_another_flow() {
    let pair = Pair::v4(1024);
    let mut capture = Capture::default();
    capture.push(pair.there(100, 0, SYN, b"")).extend(reopen(pair));
    let outcome = run(&capture, &[]);
    assert_eq!(outcome.counters.flows, 2);
    assert_eq!(outcome.story(2, Way::Forward), "second|open");
    // But a server may answer one SYN with several numbers.
    let mut capture = Capture::default();
    capture.push(pair.there(100, 0, SYN, b"")).push(pair.back(900, 101, SYN | ACK, b"")).open(pair);
    capture.push(pair.back(501, 101, ACK | PSH, b"hello"));
    let outcome = run(&capture, &[]);
    assert_eq!((outcome.counters.flows, outcome.reverse().as_str()), (1, "hello|open"));
}

#[test]
fn packets_after_the_end_belong_to_what_ended() {
    let pair = Pair::v4(1024);
    let flows_after = |pause: i64| {
        let mut capture = Capture::default();
        capture.open(pair).push(pair.there(101, 501, ACK | PSH, b"data")).push(pair.there(105, 0, RST, b""));
        capture.pause(pause).push(pair.back(501, 105, ACK, b"stray"));
        run(&capture, &[]).counters.flows
    };
    assert_eq!(flows_after(shorter_than(IDLE_CLOSED)), 1);
    assert_eq!(flows_after(longer_than(IDLE_CLOSED)), 2);
}

#[test]
fn a_silent_flow_is_over_after_its_idle_time() {
    let pair = Pair::v4(1024);
    let segments = [pair.there(101, 0, ACK | PSH, b"one"), pair.there(104, 0, ACK | PSH, b"two")];
    let datagrams = [pair.datagram(b"one"), pair.datagram(b"two")];
    for (idle, [one, two]) in [(IDLE_TCP, segments), (IDLE_UDP, datagrams)] {
        let after = |pause: i64| {
            let mut capture = Capture::default();
            capture.push(one.clone()).pause(pause).push(two.clone());
            run(&capture, &[])
        };
        assert_eq!(after(shorter_than(idle)).forward(), "onetwo|open");
        let outcome = after(longer_than(idle));
        assert_eq!(outcome.forward(), "one|open");
        assert_eq!(outcome.story(2, Way::Forward), "two|open");
        assert!(matches!(outcome.events(1).last(), Some(Told::End { frame: FrameNo(2), .. })));
    }
}

#[test]
fn where_udp_is_ignored_it_is_soon_over() {
    let flows_after = |pause: i64| {
        let mut capture = Capture::default();
        capture.push(Pair::v4(53).datagram(b"one")).pause(pause).push(Pair::v4(53).datagram(b"two"));
        run_with(&capture, &[], Table::new(|_, _| Interest::Ignored), |_, _| Interest::Followed).counters.flows
    };
    assert_eq!(flows_after(shorter_than(IDLE_UDP_IGNORED)), 1);
    assert_eq!(flows_after(longer_than(IDLE_UDP_IGNORED)), 2);
}

#[test]
fn a_clock_that_goes_back_ends_nothing() {
    let pair = Pair::v4(1024);
    let mut capture = Capture::default();
    capture.pause(longer_than(IDLE_TCP)).push(pair.there(101, 0, ACK | PSH, b"one"));
    capture.pause(-longer_than(IDLE_TCP)).push(pair.there(104, 0, ACK | PSH, b"two"));
    assert_eq!(run(&capture, &[]).forward(), "onetwo|open");
}

#[test]
fn datagrams_are_events_each() {
    let pair = Pair::v6(9201);
    let mut capture = Capture::default();
    capture.push(pair.datagram(b"one")).push(pair.datagram(b"")).push(pair.datagram(b"twenty octets of data"));
    capture.snap(62 + 6);
    let outcome = run(&capture, &[]);
    let (info, events) = &outcome.flows[0];
    assert_eq!((info.transport, info.opener, info.opening_seen), (Transport::Udp, pair.client, false));
    assert_eq!(events.len(), 5);
    assert_eq!(outcome.forward(), "onetwenty<15 snapped>|open");
    assert_eq!(outcome.counters.udp_datagrams, 3);
}

#[test]
fn udp_may_be_ignored_from_the_start() {
    let pair = Pair::v4(53);
    let mut capture = Capture::default();
    capture.push(pair.datagram(b"one")).push(pair.there(1, 1, ACK | PSH, b"segment")).push(pair.datagram(b"two"));
    let outcome = run_with(&capture, &[], Table::new(|_, _| Interest::Ignored), |_, _| Interest::Followed);
    // The two transports do not share a flow, whatever their ports.
    assert_eq!((outcome.counters.flows, outcome.flows.len()), (2, 1));
    assert_eq!((outcome.counters.tcp_flows(), outcome.counters.udp_flows), (1, 1));
    assert_eq!(outcome.flows[0].0.no, FlowNo(2));
}

#[test]
fn udp_is_chosen_by_ports_and_first_datagram() {
    let mut capture = Capture::default();
    let (by_port, by_data, other) = (Pair::v4(9201), Pair::v4(1), Pair::v4(2));
    capture.push(by_port.datagram(b"any")).push(by_data.datagram(b"this")).push(other.datagram(b"that"));
    // What comes later makes no difference.
    capture.push(other.datagram(b"this")).push(by_data.datagram(b"that"));
    let choice = |ports: [u16; 2], first: &[u8]| match ports.contains(&9201) || first == b"this" {
        true => Interest::Followed,
        false => Interest::Ignored,
    };
    let outcome = run_with(&capture, &[], Table::new(choice), |_, _| Interest::Followed);
    assert_eq!((outcome.counters.udp_flows, outcome.flows.len()), (3, 2));
    assert_eq!(
        (outcome.story(1, Way::Forward), outcome.story(2, Way::Forward)),
        ("any|open".into(), "thisthat|open".into())
    );
}

#[test]
fn an_ignored_flow_says_nothing_more() {
    let pair = Pair::v4(1024);
    let mut capture = Capture::default();
    capture.open(pair);
    for n in 0..9 {
        capture.push(pair.there(101 + n, 501, ACK | PSH, b"x"));
    }
    capture.push(pair.there(110, 501, FIN | ACK, b"")).push(pair.back(501, 111, FIN | ACK, b""));
    capture.extend(reopen(pair));
    for windows in [&[][..], &[5], &[1; 20]] {
        let outcome = run_with(&capture, windows, Table::new(|_, _| Interest::Ignored), |info, told| match told {
            Told::Data { frame: FrameNo(5), .. } if info.no == FlowNo(1) => Interest::Ignored,
            _ => Interest::Followed,
        });
        assert_eq!(outcome.events(1).len(), 2);
        assert_eq!(outcome.story(2, Way::Forward), "second|open");
        assert_eq!(outcome.counters.flows, 2);
        assert_eq!(outcome.counters.tcp_segments, 17);
    }
}

#[test]
fn the_place_of_an_ignored_flow_is_used_again() {
    let [one, two] = [1, 2].map(Pair::v4);
    let mut capture = Capture::default();
    capture.push(one.there(1, 1, ACK | PSH, b"one"));
    capture.push(two.there(1, 1, ACK | PSH, b"two")).push(one.there(4, 1, ACK | PSH, b"more of one"));
    let mut table: Table<()> = Table::new(|_, _| Interest::Ignored);
    let mut seen = Vec::new();
    for window in capture.windows(&[1]) {
        let mut touched = table.walk(&window);
        let (slots, segments) = touched.parts();
        for slot in slots {
            let ignored_first = if slot.info().no == FlowNo(1) { Interest::Ignored } else { Interest::Followed };
            let mut events = 0;
            slot.advance(segments, &window, &mut |_, _, _, _| {
                events += 1;
                ignored_first
            });
            seen.push((slot.info().no, slot.index, events));
        }
    }
    assert_eq!(seen, [(FlowNo(1), 0, 1), (FlowNo(2), 0, 1)]);
    // The segment of the first flow was not taken for one of the second.
    assert_eq!(table.counters().tally, Default::default());
}

#[test]
fn connections_without_data_have_no_events() {
    let mut capture = Capture::default();
    for port in 1..=9 {
        let pair = Pair::v4(port);
        capture.push(pair.there(100, 0, SYN, b"")).push(pair.back(0, 101, RST | ACK, b""));
    }
    let outcome = run(&capture, &[]);
    assert_eq!((outcome.counters.flows, outcome.flows.len()), (9, 0));
}

#[test]
fn state_is_kept_from_window_to_window() {
    let pair = Pair::v4(1024);
    let mut capture = Capture::default();
    capture.open(pair);
    for n in 0..5 {
        capture.push(pair.there(101 + n, 501, ACK | PSH, b"x"));
    }
    let mut table: Table<usize> = Table::new(|_, _| Interest::Ignored);
    let mut seen = Vec::new();
    for window in capture.windows(&[4, 2]) {
        let mut touched = table.walk(&window);
        let (slots, segments) = touched.parts();
        for slot in slots {
            slot.advance(segments, &window, &mut |state, _, _, _| {
                *state.get_or_insert_default() += 1;
                Interest::Followed
            });
            seen.push(slot.state().unwrap());
        }
    }
    assert_eq!(seen, [1, 3, 5]);
}

#[test]
fn flows_may_be_advanced_on_any_thread() {
    let mut capture = Capture::default();
    for n in 0..5 {
        for port in 1..=50 {
            capture.push(Pair::v4(port).there(101 + n, 501, ACK | PSH, &[b'a' + n as u8]));
        }
    }
    let window = &capture.windows(&[])[0];
    let mut table: Table<Vec<u8>> = Table::new(|_, _| Interest::Ignored);
    let mut touched = table.walk(window);
    let (slots, segments) = touched.parts();
    slots.par_iter_mut().for_each(|slot| {
        slot.advance(segments, window, &mut |state, _, event, _| {
            if let Told::Data { bytes, .. } = event.into() {
                state.get_or_insert_default().extend(bytes);
            }
            Interest::Followed
        });
    });
    let texts: Vec<_> = slots.iter_mut().map(|slot| (slot.info().no.0, slot.state().take().unwrap())).collect();
    assert_eq!(texts, (1..=50).map(|no| (no, b"abcde".to_vec())).collect::<Vec<_>>());
}

#[test]
fn flows_end_in_the_order_of_their_numbers() {
    let mut capture = Capture::default();
    let pairs = [9, 3, 7, 5, 1].map(Pair::v4);
    // Followed in another order than they appeared.
    for pair in pairs {
        capture.push(pair.there(100, 0, SYN, b""));
    }
    for pair in pairs.iter().rev() {
        capture.push(pair.there(101, 501, ACK | PSH, b"x"));
    }
    let mut table: Table<()> = Table::new(|_, _| Interest::Ignored);
    let mut order = Vec::new();
    let mut sink =
        |_: &mut Option<()>, info: &crate::flow::FlowInfo, event: crate::flow::StreamEvent<'_>, _: FrameNo| {
            if let Told::End { way: Way::Forward, .. } = event.into() {
                order.push(info.no.0);
            }
            Interest::Followed
        };
    for window in capture.windows(&[]) {
        table.walk(&window).advance(&window, &mut sink);
    }
    table.finish().advance(&Default::default(), &mut sink);
    assert_eq!(order, [1, 2, 3, 4, 5]);
}

#[test]
fn flows_are_limited() {
    let mut capture = Capture::default();
    let pair =
        |n: usize| Pair { client: ([10, 1, (n >> 8) as u8, n as u8], 1024 + (n >> 16) as u16).into(), ..Pair::v4(0) };
    let syn = |n| pair(n).there(100, 0, SYN, b"");
    capture.push(pair(0).there(1, 1, ACK | PSH, b"oldest"));
    capture.push(pair(1).there(1, 1, ACK | PSH, b"second"));
    for n in 2..MAX_FLOWS - 1 {
        // All at one time: of flows silent for as long, the lower numbers go.
        capture.pause(-MILLISECOND).push(syn(n));
    }
    capture.pause(60 * SECOND).push(pair(0).there(7, 1, ACK | PSH, b" and still there"));
    capture.push(syn(MAX_FLOWS - 1));
    let full = run(&capture, &[]);
    assert_eq!((full.counters.flows, full.counters.evicted), (MAX_FLOWS as u64, 0));
    capture.push(syn(MAX_FLOWS));
    let outcome = run(&capture, &[]);
    assert_eq!(outcome.counters.flows, MAX_FLOWS as u64 + 1);
    assert_eq!(outcome.counters.evicted, (MAX_FLOWS - FLOWS_KEPT) as u64);
    assert_eq!(outcome.forward(), "oldest and still there|open");
    let last = FrameNo(capture.len() as u64);
    assert!(
        matches!(outcome.events(2), [Told::Data { .. }, Told::End { frame, .. }, Told::End { .. }] if *frame == last)
    );
}

#[test]
fn idle_flows_are_small() {
    assert!(size_of::<(Key<2>, Entry)>() <= 48);
    assert!(size_of::<(Key<5>, Entry)>() <= 72);
    assert!(size_of::<Slot<()>>() <= 592, "{}", size_of::<Slot<()>>());
}

#[test]
fn frames_without_a_time_have_the_last_one_known() {
    let pair = Pair::v4(1024);
    let mut capture = Capture::default();
    capture.push(pair.datagram(b"a")).timeless().push(pair.datagram(b"b")).push(pair.datagram(b"c")).timeless();
    let outcome = run(&capture, &[2]);
    let times: Vec<Time> = (outcome.events(1).iter())
        .filter_map(|event| match event {
            Told::Datagram { time, .. } => Some(*time),
            _ => None,
        })
        .collect();
    assert_eq!(times, [Time(0), Time(2 * MILLISECOND), Time(2 * MILLISECOND)]);
}

#[test]
fn frames_that_are_not_read_are_counted_by_number() {
    let mut fragment = ipv4(17, &[0; 8]);
    fragment[6] = 0x20;
    let mut capture = Capture::default();
    capture.extend([ethernet(0x0806, &[]), ethernet(0x0806, &[]), ethernet(60, &[0x42])]);
    capture.extend([ethernet(0x0800, &ipv4(50, &[])), ethernet(0x0800, &fragment), ethernet(0x0800, &[0])]);
    capture.push(Pair::v4(1).datagram(b"")).snap(30);
    let mut windows = capture.windows(&[]);
    let mut odd = windows[0].frames[0].clone();
    odd.link = crate::capture::LinkType(195);
    windows[0].frames.push(odd);
    let mut table: Table<()> = Table::new(|_, _| Interest::Followed);
    table.walk(&windows[0]);
    let counters = table.counters();
    assert_eq!((counters.packets, counters.flows, counters.non_ip()), (8, 0, 3));
    assert_eq!(counters.other_ether_types, [(4, 1), (0x0806, 2)].into());
    assert_eq!(counters.other_protocols, [(50, 1)].into());
    assert_eq!(counters.unsupported_links, [(195, 1)].into());
    assert_eq!((counters.fragments.fragments, counters.malformed, counters.cut_headers), (1, 1, 1));
}

/// A segment behind a hole, of as many octets as fit a frame.
fn early(pair: Pair) -> Vec<u8> {
    pair.there(2000, 501, ACK | PSH, &[b'e'; 1400])
}

#[test]
fn what_all_flows_hold_is_limited() {
    // Each flow counts for a mebibyte once it brought something.
    let table = || Table::new(|_, _| Interest::Ignored).weighing(|()| 1 << 20);
    let flows = HELD_TOTAL >> 20;
    let mut capture = Capture::default();
    for port in 1..=flows as u16 {
        capture.open(Pair::v4(port)).push(Pair::v4(port).there(101, 501, ACK | PSH, b"start"));
        capture.push(early(Pair::v4(port)));
    }
    capture.push(Pair::v4(1).there(106, 501, ACK | PSH, b" and on"));
    let spoken = capture.len();
    capture.push(Pair::v4(2).there(106, 501, ACK | PSH, b"again")).push(Pair::v4(3).there(106, 501, ACK, b""));
    let keep = |windows: &[usize]| {
        let mut table: Table<()> = table();
        let mut flows: Vec<(FlowNo, Told)> = Vec::new();
        let mut sink = |state: &mut Option<()>, info: &crate::flow::FlowInfo, event: StreamEvent<'_>, _: FrameNo| {
            *state = Some(());
            flows.push((info.no, event.into()));
            Interest::Followed
        };
        for window in capture.windows(windows) {
            table.walk(&window).advance(&window, &mut sink);
        }
        table.finish().advance(&Default::default(), &mut sink);
        (flows, table.counters().clone())
    };
    let (flows_told, counters) = keep(&[spoken]);
    // An eighth goes, and a little for what slots take; the first flow has just spoken, so the second is the first.
    let gone = counters.evicted;
    assert!((8..=10).contains(&gone), "{gone}");
    assert!(counters.evicted_octets >= gone << 20);
    let of = |no: u32| flows_told.iter().filter(|(n, _)| n.0 == no).map(|(_, told)| told.clone()).collect::<Vec<_>>();
    let last = FrameNo(spoken as u64);
    let [
        Told::Data { .. },
        Told::Gap { octets: Some(1894), loss: Loss::Limit, .. },
        Told::Data { bytes, .. },
        Told::Gap { octets: None, loss: Loss::Limit, way: Way::Forward, frame, .. },
        Told::End { end: End::Evicted, way: Way::Forward, .. },
        Told::Gap { octets: None, way: Way::Reverse, .. },
        Told::End { way: Way::Reverse, .. },
    ] = &of(2)[..]
    else {
        panic!("{:?}", of(2))
    };
    assert_eq!((bytes.len(), *frame), (1400, last));
    assert!(of(1).iter().all(|told| !matches!(told, Told::Gap { loss: Loss::Limit, .. })));
    // What the second says then is a flow begun before it was captured.
    let again = flows as u32 + 1;
    assert!(matches!(&of(again)[0], Told::Data { bytes, .. } if bytes == b"again"));
    assert_eq!(counters.flows, flows as u64 + 2);
    // In one window nothing is held by its end that the limit would strike.
    assert_eq!(keep(&[]).1.evicted, keep(&[spoken, 1, 1]).1.evicted);
}

#[test]
fn followed_flows_are_limited() {
    let mut capture = Capture::default();
    let pair =
        |n: usize| Pair { client: ([10, 1, (n >> 8) as u8, n as u8], 1024 + (n >> 16) as u16).into(), ..Pair::v4(0) };
    let speak = |n: usize| pair(n).there(1, 1, ACK | PSH, b"x");
    // One that is known and not followed does not count.
    capture.push(pair(MAX_FOLLOWED + 5).there(100, 0, SYN, b""));
    for n in 0..MAX_FOLLOWED {
        capture.pause(-MILLISECOND).push(speak(n));
    }
    let counters = |capture: &Capture| {
        let window = &capture.windows(&[])[0];
        let mut table: Table<()> = Table::new(|_, _| Interest::Ignored);
        table.walk(window);
        table.counters().clone()
    };
    assert_eq!(counters(&capture).evicted, 0);
    let counters = counters(capture.push(speak(MAX_FOLLOWED)));
    assert_eq!(counters.evicted, (MAX_FOLLOWED - FOLLOWED_KEPT) as u64);
    assert_eq!(counters.flows, MAX_FOLLOWED as u64 + 2);
}
