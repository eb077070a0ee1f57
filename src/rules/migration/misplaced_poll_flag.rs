use crate::carrier::Direction;
use crate::csp::message::Message;
use crate::csp::namespace::Version;
use crate::finding::Exhibit;
use crate::rules::Verdict;

/// A poll flag where another version has it.
pub(super) fn check(message: &Message, verdict: &mut Verdict<'_>) {
    let Some(version) = message.version.filter(|_| message.envelope.direction == Direction::ServerToClient) else {
        return;
    };
    // Of a message that was cut the flag at the right place may be missing.
    if !message.envelope.wholeness.is_whole() {
        return;
    }
    let claims = [message.claims.namespace, message.claims.public_number, message.claims.public_text];
    if claims.into_iter().flatten().any(|claim| claim != version) {
        return;
    }
    let in_descriptor = message.parts.iter().find_map(|p| p.poll);
    let (found, fact) = match (version >= Version::V12, message.poll, in_descriptor) {
        (true, None, Some(flag)) => (flag, "in TransactionDescriptor, its place in 1.1"),
        (false, Some(flag), None) => (flag, "under Session, its place from 1.2 on"),
        _ => return,
    };
    let Some(node) = message.document.node(found) else { return };
    verdict
        .find(
            format_args!("Poll stands {fact}, in a {} message", version.number()),
            Exhibit::message(message, Some(node), format!("not here in {}", version.number())),
        )
        .cause(fact);
}
