use std::collections::HashSet;

use crate::carrier::Direction;
use crate::csp::message::flag;
use crate::csp::name;
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::session::{Ending, Event, Session};
use crate::syntax::Node;
use crate::time::Seconds;

/// How long a user has to have had for an answer before a logout is none, in seconds.
const TIME_TO_READ: f64 = 30.0;

/// A question of the server that the client never answers.
pub(super) fn check(session: &Session, verdict: &mut Verdict<'_>) {
    let wait = Seconds(verdict.parameter("answer-wait"));
    let answers = session.events.iter().filter(|e| e.direction == Direction::ClientToServer);
    let answers = answers.filter(|e| e.is(name::SYSTEM_MESSAGE_USER) || e.is(name::LOGIN_REQUEST));
    let answered: HashSet<&str> = answers.filter_map(Event::primitive).flat_map(ids).collect();
    for (ix, event) in session.indexed().filter(|(_, e)| e.asks(name::SYSTEM_MESSAGE_REQUEST)) {
        let messages = event.primitive().into_iter().flat_map(|p| p.descendants());
        let asks = |m: &Node<'_>| m.child(name::REQUIRES_RESPONSE).and_then(flag) == Some(true);
        for message in messages.filter(|m| m.name() == name::SYSTEM_MESSAGE && asks(m)) {
            let Some(id) = message.text_at(&[name::SYSTEM_MESSAGE_ID]).map(str::trim) else { continue };
            if id.is_empty() || answered.contains(id) || event.direction != Direction::ServerToClient {
                continue;
            }
            let left = match session.ending {
                Some(Ending::Logout { request, .. }) => session.event(request),
                _ => None,
            };
            let left = left.filter(|left| left.start.since(event.end).0 >= TIME_TO_READ);
            let seen = match left {
                Some(left) => session.intact(event.start, left.end),
                None => session.watched(ix, wait),
            };
            if !verdict.trusts(seen) || verdict.is_full() {
                return;
            }
            let until = if left.is_some() { "before the client logs out".to_owned() } else { format!("within {wait}") };
            verdict
                .find(
                    format!("system message {id} requires a response, and gets none {until}"),
                    Exhibit::element(event, message, "a response is required"),
                )
                .cause("unanswered");
        }
    }
}

/// The system messages that a primitive answers.
fn ids(primitive: Node<'_>) -> impl Iterator<Item = &str> {
    primitive.descendants().filter(|n| n.name() == name::SYSTEM_MESSAGE_ID).map(|n| n.text().trim())
}
