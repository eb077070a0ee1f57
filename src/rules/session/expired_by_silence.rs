use crate::carrier::Direction;
use crate::finding::{Cost, Exhibit};
use crate::rules::Verdict;
use crate::session::{Ending, Event, Session};

/// Codes by which a server says that it has no such session any more.
const GONE: [u16; 2] = [600, 604];

/// A client that lets its session end by silence, and comes back to it.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let Some(Ending::Refused { event: ix }) = session.ending else { return };
    let Some(refusal) = session.event(ix).filter(|event| event.code().is_some_and(|code| GONE.contains(&code))) else {
        return;
    };
    let speaks = |e: &&Event| e.direction == Direction::ClientToServer && e.spoken().is_some();
    let mut said = session.events.iter().take(ix.0 as usize).rev().filter(speaks);
    let Some(refused) = said.next() else { return };
    // Several transactions of one message were said at once.
    let Some(before) = said.find(|e| (e.flow, e.exchange) != (refused.flow, refused.exchange)) else { return };
    let Some(granted) = session.agreed_at(ix).keep_alive_time.filter(|granted| *granted > 0) else { return };
    let silence = refused.start.since(before.end).0;
    if silence <= granted as f64 || !verdict.trusts(session.intact(before.start, refusal.end)) {
        return;
    }
    verdict
        .find(
            format!(
                "the client is silent for {silence:.0} s of the {granted} s that its session has, and goes on as before"
            ),
            Exhibit::event(refused, "in a session that is over"),
        )
        .show(Exhibit::event(before, "the last that it said"))
        .show(Exhibit::event(refusal, "the session is gone"))
        .cost(Cost::of([refused, refusal]));
}
