use std::collections::HashSet;

use super::polls;
use crate::carrier::Direction;
use crate::finding::{Cost, Exhibit};
use crate::flow::FlowNo;
use crate::rules::Verdict;
use crate::session::{Event, EventIx, Session, What};

/// Poll=T, and the poll that it brought finds nothing.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let false_flags = false_flags(session, verdict);
    if false_flags.len() < verdict.count("min-count") {
        return;
    }
    let Some((said, poll)) = false_flags.first() else { return };
    let Some(found) = polls(session).find(|p| p.ix == *poll) else { return };
    verdict
        .find(
            format!("Poll=T brought {} polls that found nothing", false_flags.len()),
            Exhibit::event(said, "Poll=T: more is waiting"),
        )
        .show(Exhibit::event(found.event, "the client comes at once"))
        .show(Exhibit::event(found.answer, "and nothing was"))
        .cost(Cost::of_exchanges(session, false_flags.iter().map(|(_, poll)| *poll)));
}

/// The messages that promised more in vain, and the polls that they brought.
fn false_flags<'s>(session: &'s Session, verdict: &mut Verdict<'_>) -> Vec<(&'s Event, EventIx)> {
    let reaction = verdict.parameter("reaction");
    let mut polls = polls(session).peekable();
    let mut found = Vec::new();
    let mut said: Option<&Event> = None;
    // Requests without an answer yet: what waited may come with theirs.
    let mut open: HashSet<(FlowNo, u32)> = HashSet::new();
    for (ix, event) in session.indexed() {
        let exchange = (event.flow, event.exchange);
        match (&event.what, event.direction) {
            (What::Gap { .. }, _) => said = None,
            (_, Direction::ServerToClient) => {
                open.remove(&exchange);
                said = Some(event).filter(|e| e.spoken().is_some_and(|s| s.poll == Some(true) && s.poll_in_place));
            }
            (_, Direction::ClientToServer) => {
                while polls.next_if(|p| p.ix < ix).is_some() {}
                let alone = open.is_empty();
                open.insert(exchange);
                let Some(poll) = polls.next_if(|p| p.ix == ix) else {
                    said = None;
                    continue;
                };
                let Some(promise) = said.take() else { continue };
                let at_once = (0.0..=reaction).contains(&event.start.since(promise.end).0);
                let between = session.after(ix).take_while(|(later, _)| *later < poll.answer_ix).next().is_some();
                if at_once
                    && alone
                    && !between
                    && poll.found_nothing()
                    && verdict.trusts(session.intact(promise.start, poll.answer.end))
                {
                    found.push((promise, ix));
                }
            }
        }
    }
    found
}
