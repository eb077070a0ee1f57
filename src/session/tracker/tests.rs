//! The limits of what is remembered of flows and requests.

use std::sync::Arc;

use super::super::SIGNALS_KEPT;
use super::flows::{ROUTES_REMEMBERED, SESSIONS_REMEMBERED};
use super::*;
use crate::carrier::cir::Bearer;
use crate::carrier::{Carrier, Cir};
use crate::flow::{FlowInfo, Transport};
use crate::wire::FrameRange;

fn flow(no: u32, client: u16) -> Arc<FlowInfo> {
    let [high, low] = client.to_be_bytes();
    Arc::new(FlowInfo {
        no: FlowNo(no),
        transport: Transport::Tcp,
        opener: ([10, 0, high, low], 5000).into(),
        acceptor: ([192, 0, 2, 1], 80).into(),
        opening_seen: true,
        tunnel: None,
        protected: false,
    })
}

/// A request with this content on a flow of this number, from a host of its own.
fn asked(no: u32, content: u32) -> Heard {
    Heard {
        flow: flow(no, u16::try_from(no % 60_000).unwrap()),
        carrier: Carrier::Http,
        direction: Direction::ClientToServer,
        exchange: 1,
        asks: true,
        kind: None,
        session_id: None,
        proof: None,
        gateway: None,
        content: Some(content.into()),
        events: Vec::new(),
    }
}

/// A wake-up, in a flow of this number, for the session of this identifier.
fn called(no: u32, id: &str) -> Cir {
    let frames = FrameRange::default();
    let wake_up = Cir::wake_up(flow(no, 1), Bearer::Tcp, b"WVCI 1.2 c", frames, Time(1)).unwrap();
    Cir { session_id: Some(id.into()), ..*wake_up }
}

#[test]
fn so_many_signals_and_channels_are_kept() {
    let mut tracker = Tracker::new(Limits::default());
    let mut closed = Closed::default();
    let mut heard = asked(1, 1);
    (heard.session_id, heard.kind) = (Some("s1".into()), Some(crate::csp::message::Kind::Csp));
    tracker.hear(heard, &mut closed);
    for n in 0..=CHANNELS_KNOWN as u32 {
        assert!(tracker.call(&called(n, "s1"), &mut closed).is_some());
        assert!(tracker.channels.len() <= CHANNELS_KNOWN);
    }
    while tracker.finish(&mut closed) {}
    let session = closed.sessions.pop().unwrap().read();
    assert_eq!((session.signals.len(), session.signals_left_out), (SIGNALS_KEPT, true));
}

#[test]
fn so_many_unanswered_requests_are_known_again() {
    for (more, relayed) in [(LEGS_REMEMBERED as u32 - 2, true), (LEGS_REMEMBERED as u32 - 1, false)] {
        let mut legs = Legs::default();
        (0..=more).for_each(|n| assert!(legs.ask(&asked(n, n), n.into()).is_none()));
        assert_eq!(legs.ask(&asked(more + 1, 0), 0).is_some(), relayed);
    }
}

#[test]
fn an_answered_request_is_not_known_again() {
    let mut legs = Legs::default();
    assert!(legs.ask(&asked(1, 7), 7).is_none());
    legs.answer(7, FlowNo(2), 1);
    assert!(legs.ask(&asked(2, 7), 7).is_some());
    legs.answer(7, FlowNo(1), 1);
    assert!(legs.ask(&asked(2, 7), 7).is_none());
}

#[test]
fn sessions_that_are_over_do_not_pile_up_in_flows_and_between_hosts() {
    let mut tracker = Tracker::default();
    for n in 1..=10 * SESSIONS_REMEMBERED as u32 {
        tracker.join_flow(&flow(1, 1), true, SessionNo(n));
    }
    let kept = |users: &Users| users.sessions.len();
    assert!(tracker.flows.values().map(|state| kept(&state.users)).sum::<usize>() <= SESSIONS_REMEMBERED);
    assert!(tracker.routes.values().map(kept).sum::<usize>() <= SESSIONS_REMEMBERED);
    for n in 1..=3 * ROUTES_REMEMBERED as u32 {
        tracker.join_flow(&flow(n, u16::try_from(n).unwrap()), false, SessionNo(n));
    }
    assert!(tracker.routes.len() <= ROUTES_REMEMBERED + 1);
}

#[test]
fn a_stray_time_does_not_move_the_clock_and_a_leap_that_is_confirmed_does() {
    let mut tracker = Tracker::new(Limits::default());
    let hours = |h: i64| Time(h * 3_600_000_000_000);
    let mut at = |time| {
        tracker.move_clock(time);
        tracker.clock
    };
    assert_eq!(at(hours(9_000)), hours(9_000));
    assert_eq!(at(hours(90_000)), hours(9_000), "ten years ahead");
    assert_eq!(at(hours(9_001)), hours(9_001));
    assert_eq!(at(hours(90_000)), hours(9_001), "again alone");
    assert_eq!(at(Time(hours(90_000).0 + 1)), Time(hours(90_000).0 + 1), "now it is told twice");
    assert_eq!(at(hours(9_002)), Time(hours(90_000).0 + 1), "it never goes back");
}
