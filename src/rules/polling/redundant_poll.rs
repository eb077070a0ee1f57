use super::{Poll, woken};
use crate::carrier::Direction;
use crate::csp::name;
use crate::finding::{Cost, Exhibit};
use crate::rules::Verdict;
use crate::session::{Event, Session, What};

/// How long a poll on another connection may have been under way when the server spoke, seconds.
const UNDER_WAY: f64 = 1.0;

/// A poll that found nothing, and the server message that had said so before.
struct Redundant<'s> {
    said: &'s Event,
    poll: Poll<'s>,
    gap: f64,
}

/// Polls that found nothing, sent at once after a server message that said nothing is waiting.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let redundant = redundant(session, verdict);
    if redundant.len() < verdict.count("min-count") {
        return;
    }
    let Some(quickest) = redundant.iter().min_by(|a, b| a.gap.total_cmp(&b.gap)) else { return };
    let Redundant { said, poll, gap } = quickest;
    let flag = if said.spoken().and_then(|s| s.poll).is_some() { "Poll=F" } else { "no Poll flag" };
    verdict
        .find(
            format!(
                "{} polls found nothing, each sent at once after a server message with nothing more to come; the \
                 quickest came {gap:.1} s after it",
                redundant.len()
            ),
            Exhibit::event(poll.event, "this poll asks again"),
        )
        .show(Exhibit::event(said, format!("{flag}: nothing is waiting")))
        .show(Exhibit::event(poll.answer, "and nothing was"))
        .cost(Cost::of_exchanges(session, redundant.iter().map(|r| r.poll.ix)));
}

fn redundant<'s>(session: &'s Session, verdict: &mut Verdict<'_>) -> Vec<Redundant<'s>> {
    let quiet = verdict.parameter("quiet");
    let mut agreements = session.agreements();
    let mut polls = woken(session).peekable();
    let mut found = Vec::new();
    let mut last_said: Option<&Event> = None;
    let mut more_waits = false;
    // The first poll finds out where things stand.
    let mut first = true;
    for (ix, event) in session.indexed() {
        match (&event.what, event.direction) {
            (What::Gap { .. }, _) => last_said = None,
            (_, Direction::ServerToClient) => {
                last_said = Some(event);
                more_waits |= event.spoken().is_some_and(|s| s.poll == Some(true) || s.cir == Some(false));
            }
            (_, Direction::ClientToServer) if event.is(name::POLLING_REQUEST) => {
                let told = last_said.filter(|said| !more_waits && !first && says_nothing_waits(said));
                (more_waits, first) = (false, false);
                let (Some((poll, woken)), Some(said)) = (polls.next_if(|(poll, _)| poll.ix == ix), told) else {
                    continue;
                };
                let agreed = agreements.at(ix);
                let quiet = agreed.server_poll_min.map_or(quiet, |least| quiet.min(least as f64));
                let gap = event.start.since(said.end).0;
                let under_way = event.flow != said.flow && gap < UNDER_WAY;
                if poll.found_nothing()
                    && (0.0..=quiet).contains(&gap)
                    && !under_way
                    && !(woken.called || woken.up)
                    && verdict.trusts(session.intact(said.start, poll.answer.end))
                {
                    found.push(Redundant { said, poll, gap });
                }
            }
            _ => {}
        }
    }
    found
}

/// Whether a server message leaves the client without reason to ask: it has a flag that is not true at the place of
/// its version, or none.
fn says_nothing_waits(said: &Event) -> bool {
    said.spoken().is_some_and(|s| s.poll.is_none() || s.poll_in_place)
}
