use crate::carrier::Direction;
use crate::csp::message::{Kind, Message};
use crate::finding::Exhibit;
use crate::rules::Verdict;

/// A flag that only a server has a use for, sent by a client.
pub(super) fn check(message: &Message, verdict: &mut Verdict<'_>) {
    if message.kind != Kind::Csp || message.envelope.direction != Direction::ClientToServer {
        return;
    }
    let flag = message.poll.or_else(|| message.parts.iter().find_map(|p| p.poll)).or(message.cir);
    let Some(node) = flag.and_then(|id| message.document.node(id)) else { return };
    let name = node.spelling();
    verdict
        .find(
            format!("the client sends {name}, which tells the server nothing"),
            Exhibit::message(message, Some(node), "not the client's to say"),
        )
        .cause(name);
}
