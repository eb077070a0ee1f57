use crate::csp::message::{Kind, Message};
use crate::csp::name;
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::session::Doubt;
use crate::syntax::{NameId, Node};

/// Leaves that say nothing without a text.
const LEAVES: [NameId; 4] = [name::USER_ID, name::GROUP_ID, name::CONTACT_LIST, name::MESSAGE_ID];

/// An element that is there and holds nothing.
pub(super) fn check(message: &Message, verdict: &mut Verdict<'_>) {
    if message.kind != Kind::Csp {
        return;
    }
    for node in message.document.nodes().filter(|node| is_empty(*node)) {
        if let Some(doubt) = Doubt::of(message.envelope.wholeness) {
            return verdict.doubt(doubt);
        }
        if verdict.is_full() {
            return;
        }
        let title = node.spelling();
        verdict
            .find(format!("{title} holds nothing"), Exhibit::message(message, Some(node), "empty"))
            .cause(node.path());
    }
}

fn is_empty(node: Node<'_>) -> bool {
    let holds = |wanted: &[NameId]| {
        node.children()
            .any(|child| wanted.contains(&child.name()) && (child.has_text() || child.children().next().is_some()))
    };
    match node.name() {
        leaf if LEAVES.contains(&leaf) => node.text().trim().is_empty() && node.children().next().is_none(),
        // Where it is written as text, the text counts.
        name::CLIENT_ID => !node.has_text() && !holds(&[name::URL, name::MSISDN]),
        name::RECIPIENT => !node.has_text() && node.children().next().is_none(),
        _ => false,
    }
}
