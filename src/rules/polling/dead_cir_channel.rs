use crate::carrier::Direction;
use crate::carrier::cir::{Bearer, Kind};
use crate::csp::name;
use crate::finding::{Cost, Exhibit, Place};
use crate::flow::FlowNo;
use crate::rules::Verdict;
use crate::session::{Doubt, Ending, Session, Signal};
use crate::time::{Seconds, Time};

/// A channel that is lost, and a client that does nothing about it.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let wait = verdict.parameter("repair-wait");
    for (lost, of, place) in losses(session, verdict.parameter("ping-wait")) {
        let until = Time(lost.0.saturating_add((wait * 1e9) as i64));
        // A channel that is there later was opened, even if that was not seen.
        if session.signals.iter().any(|s| s.time > lost && s.kind.is_some() && s.bearer != Bearer::Http && s.flow != of)
        {
            continue;
        }
        let next = session.events.iter().filter(|e| e.asks(name::POLLING_REQUEST)).find(|e| e.start > lost);
        if next.is_some_and(|poll| poll.start <= until) || is_over(session, until) {
            continue;
        }
        let left_out = if session.signals_left_out { Err(Doubt::Limit) } else { Ok(()) };
        if !verdict.trusts(session.watched_to(until).and(left_out).and_then(|()| session.intact(lost, until))) {
            continue;
        }
        let waited = next.map_or(wait, |poll| poll.start.since(lost).0);
        verdict
            .find(
                format!(
                    "the wake-up channel is lost, and the client neither opens it again nor polls for {waited:.0} s"
                ),
                place,
            )
            .cost(Cost { seconds: Some(Seconds(waited)), ..Cost::default() })
            .cause("dead");
    }
}

/// Where a channel that worked was lost: when that was known, its flow, and what shows it.
fn losses(session: &Session, ping_wait: f64) -> Vec<(Time, FlowNo, Place<'_>)> {
    let mut losses = Vec::new();
    let mut up: Option<&Signal> = None;
    for (at, signal) in session.signals.iter().enumerate().filter(|(_, s)| s.bearer == Bearer::Tcp) {
        match signal.kind {
            Some(Kind::Ok | Kind::WakeUp) => up = Some(signal),
            Some(Kind::Ping) if up.is_some_and(|up| up.flow == signal.flow) => {
                let until = Time(signal.time.0.saturating_add((ping_wait * 1e9) as i64));
                let mut after = session.signals.iter().skip(at + 1).filter(|s| s.flow == signal.flow);
                // Of a channel that is never heard of again, what came may have been lost.
                if after.next().is_some_and(|s| s.time > until || s.kind == Some(Kind::Ping)) {
                    losses.push((until, signal.flow, Exhibit::signal(signal, "no OK comes")));
                    up = None;
                }
            }
            None if up.is_some_and(|up| up.flow == signal.flow) => {
                losses.push((signal.time, signal.flow, Exhibit::signal(signal, "the connection is closed")));
                up = None;
            }
            _ => {}
        }
    }
    // The server says that it calls no more; before that it must have.
    let first = session.signals.iter().find(|s| s.bearer != Bearer::Http && s.is_wake_up());
    let mut on = true;
    for event in session.events.iter().filter(|e| e.direction == Direction::ServerToClient) {
        match event.spoken().and_then(|spoken| spoken.cir) {
            Some(false) if on && let Some(first) = first.filter(|first| first.time <= event.start) => {
                losses.push((event.end, first.flow, Exhibit::event(event, "CIR=F: there will be no wake-ups")));
                on = false;
            }
            Some(flag) => on = flag,
            None => {}
        }
    }
    losses
}

/// Whether the session is over by then.
fn is_over(session: &Session, by: Time) -> bool {
    match session.ending {
        Some(Ending::Replaced { time }) => time <= by,
        Some(_) => session.ending_event().and_then(|ix| session.event(ix)).is_none_or(|e| e.start <= by),
        None => false,
    }
}
