use super::{is_placeholder, is_protected};
use crate::carrier::Direction;
use crate::csp::message::Message;
use crate::csp::name;
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::syntax::Node;

/// A password sent over a bearer that does not protect it.
pub(super) fn check(message: &Message, verdict: &mut Verdict<'_>) {
    if message.envelope.direction != Direction::ClientToServer {
        return;
    }
    for part in message.parts.iter().filter(|p| p.name == name::LOGIN_REQUEST) {
        if verdict.is_full() {
            return;
        }
        let Some(login) = message.primitive(part) else { continue };
        let Some(password) = login.child(name::PASSWORD).filter(|p| !is_placeholder(p.text())) else { continue };
        if is_protected(message) {
            return;
        }
        let user = login.child(name::USER_ID).map_or("", Node::text);
        verdict
            .find(
                "the password crosses the network in clear",
                Exhibit::message(message, Some(password), "readable by whoever sees the packets"),
            )
            .user(user)
            .cause(user);
    }
}
