use std::collections::BTreeSet;

use crate::csp::address;
use crate::csp::message::{Kind, Message};
use crate::csp::name;
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::session::Doubt;
use crate::syntax::Node;

/// A contact list that holds somebody twice.
pub(super) fn check(message: &Message, verdict: &mut Verdict<'_>) {
    if message.kind != Kind::Csp {
        return;
    }
    let lists = message.document.nodes().filter(|n| matches!(n.name(), name::NICK_LIST | name::ADD_NICK_LIST));
    for list in lists {
        let mut seen: BTreeSet<String> = BTreeSet::new();
        // Which domain is home is not written: only what is spelt alike but for letter case is the same.
        let again = list.children().filter_map(contact).find(|node| !seen.insert(address::folded(node.text())));
        let Some(again) = again else { continue };
        if let Some(doubt) = Doubt::of(message.envelope.wholeness) {
            return verdict.doubt(doubt);
        }
        if verdict.is_full() {
            return;
        }
        verdict
            .find("a contact list holds the same address twice", Exhibit::message(message, Some(again), "once more"))
            .cause(message.envelope.direction.name());
    }
}

/// The address of an entry.
fn contact(entry: Node<'_>) -> Option<Node<'_>> {
    let user = if entry.name() == name::USER_ID { Some(entry) } else { entry.child(name::USER_ID) };
    user.filter(|user| !user.text().trim().is_empty())
}
