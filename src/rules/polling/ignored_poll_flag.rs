use crate::carrier::Direction;
use crate::csp::name;
use crate::csp::namespace::Version;
use crate::finding::{Cost, Exhibit};
use crate::flow::FlowNo;
use crate::rules::Verdict;
use crate::rules::keyed::Keyed;
use crate::session::{Event, EventIx, Session, What};
use crate::time::{Seconds, Time};

/// How long an unanswered request counts as still under way, seconds.
const UNDER_WAY: f64 = 120.0;

/// Poll=T after which the client stays silent although the session goes on.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    if !session.events.iter().any(says_poll) {
        return;
    }
    let reaction = Seconds(verdict.parameter("reaction"));
    let mut ignored: Vec<(&Event, &Event)> = Vec::new();
    for (ix, said, next) in silences(session) {
        if wait(&(said, next)) > reaction.0 && verdict.trusts(session.watched(ix, reaction)) {
            ignored.push((said, next));
        }
    }
    if ignored.len() < verdict.count("min-count") {
        return;
    }
    let Some((said, next)) = ignored.iter().max_by(|a, b| wait(a).total_cmp(&wait(b))) else { return };
    let lost = ignored.iter().map(wait).sum();
    verdict
        .find(
            format!(
                "Poll=T was left without any client message {} times, the longest for {}",
                ignored.len(),
                next.start.since(said.end)
            ),
            Exhibit::event(said, "Poll=T: more is waiting"),
        )
        .show(Exhibit::event(next, "the next the client says"))
        .cost(Cost { seconds: Some(Seconds(lost)), ..Cost::default() });
}

fn wait((said, next): &(&Event, &Event)) -> f64 {
    next.start.since(said.end).0
}

/// Server messages that say Poll=T while no request is under way, each with the next thing the client says; nothing
/// else is said in between.
fn silences(session: &Session) -> Vec<(EventIx, &Event, &Event)> {
    let mut found = Vec::new();
    let mut under_way: Keyed<(FlowNo, u32), Time> = Keyed::default();
    let mut waiting: Option<(EventIx, &Event)> = None;
    let over = session.ending_event();
    for (ix, event) in session.indexed().take_while(|(ix, _)| over.is_none_or(|over| *ix < over)) {
        match (&event.what, event.direction) {
            (What::Gap { .. }, _) => waiting = None,
            (_, Direction::ClientToServer) => {
                if let Some((at, said)) = waiting.take()
                    && event.start >= said.end
                    && !asked_again(session, said, at, event)
                {
                    found.push((at, said, event));
                }
                under_way.insert((event.flow, event.exchange), event.start);
            }
            (_, Direction::ServerToClient) => {
                under_way.remove(&(event.flow, event.exchange));
                let more = says_poll(event) && !under_way.values().any(|asked| event.end.since(*asked).0 <= UNDER_WAY);
                // Of a message with several transactions the last one ends it.
                waiting = if more {
                    Some((ix, event))
                } else {
                    waiting.filter(|(_, said)| said.flow == event.flow && said.exchange == event.exchange)
                };
            }
        }
    }
    found
}

/// Whether a server message says Poll=T at the place of its version.
fn says_poll(event: &Event) -> bool {
    event.spoken().is_some_and(|s| s.poll == Some(true) && s.poll_in_place && s.version >= Some(Version::V11))
}

/// Whether the client sends the request again that the server message answered: it never got the answer.
fn asked_again(session: &Session, said: &Event, at: EventIx, next: &Event) -> bool {
    let before = session.indexed().take(at.0 as usize).rev().map(|(_, e)| e);
    let mut asked = before.filter(|e| e.direction == Direction::ClientToServer);
    asked.find(|e| (e.flow, e.exchange) == (said.flow, said.exchange)).is_some_and(|asked| {
        let of = |e: &Event| e.spoken().map(|s| (s.name, s.id.clone(), s.fingerprint));
        !asked.is(name::POLLING_REQUEST) && of(asked) == of(next)
    })
}
