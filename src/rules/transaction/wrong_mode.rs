use std::collections::HashSet;

use crate::carrier::Direction;
use crate::csp::message::Mode;
use crate::csp::name;
use crate::csp::namespace::Version;
use crate::csp::transaction;
use crate::finding::Exhibit;
use crate::flow::FlowNo;
use crate::rules::Verdict;
use crate::session::{Doubt, Event, Session, Spoken};
use crate::syntax::Node;

/// Primitives whose mode says the opposite of what they do.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    // Exchanges in which the client asked for something of its own.
    let mut asked: HashSet<(FlowNo, u32)> = HashSet::new();
    for event in &session.events {
        let Some(spoken) = event.spoken() else { continue };
        let from_client = event.direction == Direction::ClientToServer;
        if from_client && spoken.name != name::POLLING_REQUEST {
            asked.insert((event.flow, event.exchange));
        }
        let Some(mode) = wrong(spoken) else { continue };
        // What comes in answer to a poll is the matter of another rule.
        if from_client || mode == Mode::Request || asked.contains(&(event.flow, event.exchange)) {
            tell(event, spoken, mode, verdict);
        }
    }
}

/// The mode of a part, where it is the wrong one.
fn wrong(spoken: &Spoken) -> Option<Mode> {
    let mode = spoken.mode?;
    let expected = transaction::expected_mode(spoken.name)?;
    // The example texts of 1.1 have it so.
    let example = spoken.name == name::PRESENCE_AUTH_USER && spoken.version.is_none_or(|v| v <= Version::V11);
    (mode != expected && !example).then_some(mode)
}

fn tell(event: &Event, spoken: &Spoken, mode: Mode, verdict: &mut Verdict<'_>) {
    if !verdict.trusts(Doubt::of(event.whole).map_or(Ok(()), Err)) || verdict.is_full() {
        return;
    }
    let title = spoken.primitive().map_or("primitive", Node::spelling);
    let (says, does) = match mode {
        Mode::Request => ("Request", "answers a request"),
        Mode::Response => ("Response", "opens a transaction"),
    };
    verdict
        .find(format!("{title} {does} and has the mode {says}"), Exhibit::event(event, format!("mode {says}")))
        .cause(title);
}
