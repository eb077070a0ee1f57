use super::{calls, polls};
use crate::carrier::Direction;
use crate::csp::message::Mode;
use crate::finding::{Cost, Exhibit};
use crate::rules::Verdict;
use crate::session::{Session, What};

/// Wake-ups whose polls find nothing.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let mut polls = polls(session).peekable();
    let mut empty = Vec::new();
    for call in calls(session) {
        let Some(answer) = call.answer else { continue };
        while polls.next_if(|poll| poll.ix < answer).is_some() {}
        let Some(poll) = polls.next_if(|poll| poll.ix == answer && poll.found_nothing()) else { continue };
        // What the call was about may have come with an answer that was under way.
        let brought = session.events.iter().skip(call.before.0 as usize).take_while(|e| e.start <= poll.answer.start);
        let brought = brought.filter(|e| e.direction == Direction::ServerToClient).any(|e| match &e.what {
            What::Spoken(spoken) => spoken.mode != Some(Mode::Response),
            What::Unread { .. } | What::Gap { .. } => true,
            What::Empty { .. } => false,
        });
        if !brought && verdict.trusts(session.intact(call.time, poll.answer.end)) {
            empty.push((call, poll));
        }
    }
    let Some((call, poll)) = empty.first().filter(|_| empty.len() >= verdict.count("min-count")) else { return };
    verdict
        .find(
            format!("{} wake-ups call for polls that find nothing", empty.len()),
            Exhibit::signal(call, "the server calls"),
        )
        .show(Exhibit::event(poll.event, "the client comes"))
        .show(Exhibit::event(poll.answer, "and nothing is there"))
        .cost(Cost::of_exchanges(session, empty.iter().map(|(_, poll)| poll.ix)));
}
