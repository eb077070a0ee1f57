use crate::carrier::Direction;
use crate::csp::message::{Kind, Message};
use crate::csp::name;
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::session::Doubt;
use crate::syntax::Node;

/// A message with nothing in it that a receiver without the sender's extension could show.
pub(super) fn check(message: &Message, verdict: &mut Verdict<'_>) {
    if message.kind != Kind::Csp || message.envelope.direction != Direction::ClientToServer {
        return;
    }
    for part in message.parts.iter().filter(|part| part.name == name::SEND_MESSAGE_REQUEST) {
        let Some(send) = message.primitive(part).filter(|send| is_blank(*send)) else { continue };
        if let Some(doubt) = Doubt::of(message.envelope.wholeness) {
            return verdict.doubt(doubt);
        }
        if verdict.is_full() {
            return;
        }
        verdict
            .find("a message without any text is sent", Exhibit::message(message, Some(send), "nothing to show"))
            .cause("blank");
    }
}

/// Whether a request has no content, and names none that lies elsewhere.
fn is_blank(send: Node<'_>) -> bool {
    let info = send.child(name::MESSAGE_INFO);
    let elsewhere = info.is_some_and(|info| info.child(name::MESSAGE_URI).is_some());
    // Content that is no text is something to show by itself.
    let kind = info.and_then(|info| info.child(name::CONTENT_TYPE)).map_or("", Node::text);
    let text = kind.is_empty() || kind.trim_start().get(..5).is_some_and(|start| start.eq_ignore_ascii_case("text/"));
    let says = |node: Node<'_>| node.has_text() || node.children().next().is_some();
    text && !elsewhere && !send.child(name::CONTENT_DATA).is_some_and(says) && info.is_some()
}
