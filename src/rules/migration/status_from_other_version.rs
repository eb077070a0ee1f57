use super::decided;
use crate::carrier::Direction;
use crate::csp::message::Message;
use crate::csp::{message, name, status};
use crate::finding::Exhibit;
use crate::rules::Verdict;

/// A result code that the version of the message does not have.
pub(super) fn check(message: &Message, verdict: &mut Verdict<'_>) {
    if message.envelope.direction != Direction::ServerToClient {
        return;
    }
    for part in &message.parts {
        let Some(primitive) = message.primitive(part) else { continue };
        let Some(code) = message::result_code(primitive) else { continue };
        let known = status::status(code);
        if message.version.is_none_or(|version| known.is_some_and(|row| row.versions.contains(&version))) {
            continue;
        }
        let Some(version) = decided(message, verdict) else { return };
        let place = primitive.child(name::RESULT).unwrap_or(primitive).child(name::CODE);
        let fact = match known {
            Some(row) => format!("CSP {version} has no code {code}, {}", row.name),
            None => format!("no version of CSP has a code {code}"),
        };
        verdict
            .find(fact, Exhibit::message(message, place, "what is the client to make of it?"))
            .cause(code.to_string());
        if verdict.is_full() {
            return;
        }
    }
}
