use super::{Poll, woken};
use crate::finding::{Cost, Exhibit};
use crate::rules::Verdict;
use crate::session::{Doubt, Session};

/// Empty polls by the clock while a channel that works would have called.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let most = verdict.parameter("max-interval");
    let (mut longest, mut run): (Vec<Poll<'_>>, Vec<Poll<'_>>) = (Vec::new(), Vec::new());
    for (poll, woken) in woken(session) {
        if woken.called || !woken.up || !poll.found_nothing() {
            run.clear();
            continue;
        }
        if run.last().is_some_and(|before| poll.event.start.since(before.event.start).0 >= most) {
            run.clear();
        }
        run.push(poll);
        if run.len() > longest.len() {
            longest.clone_from(&run);
        }
    }
    let (Some(first), Some(last)) = (longest.first(), longest.last()) else { return };
    if longest.len() < verdict.count("min-count") {
        return;
    }
    // That the channel is still there shows that nobody closed it meanwhile.
    if !session.signals.iter().any(|signal| signal.kind.is_some() && signal.time > last.answer.end) {
        return;
    }
    let heard = if session.signals_left_out { Err(Doubt::Limit) } else { Ok(()) };
    if !verdict.trusts(heard.and_then(|()| session.intact(first.event.start, last.answer.end))) {
        return;
    }
    let proof = session.signals.iter().rev().find(|signal| signal.time <= first.event.start);
    let finding = verdict
        .find(
            format!("{} polls in a row find nothing, although the client would be called", longest.len()),
            Exhibit::event(last.event, "nothing asked for this poll"),
        )
        .show(Exhibit::event(first.event, "the run begins"))
        .cost(Cost::of_exchanges(session, longest.iter().map(|poll| poll.ix)));
    if let Some(proof) = proof {
        finding.show(Exhibit::signal(proof, "the channel works"));
    }
}
