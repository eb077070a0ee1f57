use super::{is_placeholder, is_protected};
use crate::carrier::Direction;
use crate::csp::message::Message;
use crate::csp::name;
use crate::finding::Exhibit;
use crate::rules::Verdict;

/// A password that the server hands out over a bearer that does not protect it.
pub(super) fn check(message: &Message, verdict: &mut Verdict<'_>) {
    if message.envelope.direction != Direction::ServerToClient || is_protected(message) {
        return;
    }
    let answers = message.parts.iter().filter(|part| part.name == name::LOGIN_RESPONSE);
    let handed_out = answers.filter_map(|part| message.primitive(part)?.child(name::PASSWORD));
    for password in handed_out.filter(|password| !is_placeholder(password.text())) {
        if verdict.is_full() {
            return;
        }
        verdict.find(
            "the server hands out a password in clear",
            Exhibit::message(message, Some(password), "readable by whoever sees the packets"),
        );
    }
}
