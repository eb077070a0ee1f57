use crate::carrier::Direction;
use crate::csp::message::Message;
use crate::csp::name;
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::session::Doubt;

/// Attributes that the server keeps, published by a client.
pub(super) fn check(message: &Message, verdict: &mut Verdict<'_>) {
    if message.envelope.direction != Direction::ClientToServer {
        return;
    }
    let updates = message.parts.iter().filter(|p| p.name == name::UPDATE_PRESENCE_REQUEST);
    let lists = updates.filter_map(|part| message.primitive(part)?.child(name::PRESENCE_SUB_LIST));
    let kept = |list: crate::syntax::Node<'_>| {
        list.children().find(|a| matches!(a.name(), name::ONLINE_STATUS | name::REGISTRATION)).map(|a| a.id())
    };
    let Some(attribute) = lists.filter_map(kept).next().and_then(|id| message.document.node(id)) else { return };
    if let Some(doubt) = Doubt::of(message.envelope.wholeness) {
        return verdict.doubt(doubt);
    }
    verdict
        .find(
            format!("the client publishes {}, which the server maintains", attribute.spelling()),
            Exhibit::message(message, Some(attribute), "not the client's to say"),
        )
        .cause(attribute.spelling());
}
