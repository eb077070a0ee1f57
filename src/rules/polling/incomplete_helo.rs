use crate::carrier::cir::{Bearer, Kind};
use crate::finding::{Cost, Exhibit};
use crate::rules::Verdict;
use crate::session::Session;
use crate::time::{Seconds, Time};

/// An introduction on a channel that the server does not answer.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let wait = verdict.parameter("helo-wait");
    let hellos =
        session.signals.iter().enumerate().filter(|(_, s)| (s.kind, s.bearer) == (Some(Kind::Hello), Bearer::Tcp));
    for (at, hello) in hellos {
        let until = Time(hello.time.0.saturating_add((wait * 1e9) as i64));
        let later = session.signals.iter().skip(at + 1).take_while(|signal| signal.time <= until);
        // A wake-up says as much, and of a connection that is closed nothing more can come.
        let mut on_it = later.filter(|signal| signal.flow == hello.flow);
        if on_it.any(|signal| matches!(signal.kind, Some(Kind::Ok | Kind::WakeUp) | None)) {
            continue;
        }
        // That the channel lived on shows that it was watched: a lost segment would have been missed by then.
        let alive = session.signals.iter().find(|signal| signal.flow == hello.flow && signal.time > until);
        if alive.is_none() {
            continue;
        }
        let over = session.ending_event().and_then(|ix| session.event(ix)).is_some_and(|e| e.end <= until);
        if over
            || session.signals_left_out
            || !verdict.trusts(session.watched_to(until).and_then(|()| session.intact(Time(i64::MIN), Time(i64::MAX))))
        {
            continue;
        }
        verdict
            .find(
                format!("HELO on a CIR connection has no OK within {wait:.0} s"),
                Exhibit::signal(hello, "never answered"),
            )
            .cost(Cost { seconds: Some(Seconds(wait)), ..Cost::default() })
            .cause("no OK");
    }
}
