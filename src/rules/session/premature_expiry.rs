use crate::carrier::Direction;
use crate::csp::status;
use crate::finding::{Cost, Exhibit};
use crate::rules::Verdict;
use crate::session::{Ending, Event, Session};

/// Codes by which a server says that it has no such session any more.
const GONE: [u16; 2] = [600, 604];

/// A server that forgets a session within the time that it granted.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let Some(Ending::Refused { event: ix }) = session.ending else { return };
    let Some(refusal) = session.event(ix).filter(|event| event.code().is_some_and(|code| GONE.contains(&code))) else {
        return;
    };
    let speaks = |e: &&Event| e.direction == Direction::ClientToServer && e.spoken().is_some();
    let mut said = session.events.iter().take(ix.0 as usize).rev().filter(speaks);
    let Some(refused) = said.next().filter(|e| (e.flow, e.exchange) == (refusal.flow, refusal.exchange)) else {
        return;
    };
    let Some(before) = said.find(|e| (e.flow, e.exchange) != (refused.flow, refused.exchange)) else { return };
    let Some(granted) = session.agreed_at(ix).keep_alive_time.filter(|granted| *granted > 0) else { return };
    let silence = refused.start.since(before.end).0;
    // A second is lost on the way, and a server may count from when it answered.
    if silence < 0.0 || silence + verdict.parameter("tolerance") >= granted as f64 {
        return;
    }
    // What was said last must have been taken.
    let taken = session.events.iter().any(|e| {
        e.direction == Direction::ServerToClient
            && (e.flow, e.exchange) == (before.flow, before.exchange)
            && e.code().is_none_or(status::is_success)
    });
    if !taken || !verdict.trusts(session.intact(before.start, refusal.end)) {
        return;
    }
    verdict
        .find(
            format!("the session is gone after {silence:.0} s of the {granted} s that the server granted"),
            Exhibit::event(refusal, "no such session"),
        )
        .show(Exhibit::event(before, "heard last, and answered"))
        .cost(Cost::of([refused, refusal]));
}
