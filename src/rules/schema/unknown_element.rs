use crate::csp::message::Message;
use crate::csp::model::{Odd, Oddity, is_extension};
use crate::csp::namespace;
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::syntax::{NameId, Node};

/// An element with a name that no CSP version knows, in a namespace of CSP.
pub(super) fn check(message: &Message, oddities: &[Oddity], verdict: &mut Verdict<'_>) {
    if !oddities.iter().any(|o| o.odd == Odd::Unknown) {
        return;
    }
    let mut skip_until = 0;
    for node in message.document.nodes() {
        let unknown = node.name() == NameId::UNKNOWN;
        if node.id().0 < skip_until || !(unknown || is_extension(node.name())) {
            continue;
        }
        skip_until = node.descendants().last().map_or(0, |last| last.id().0 + 1);
        if unknown && !is_foreign(node) {
            if verdict.is_full() {
                return;
            }
            verdict
                .find(
                    format!("no CSP version has an element {}", node.spelling()),
                    Exhibit::message(message, Some(node), "unknown to every version"),
                )
                .cause(node.spelling());
        }
    }
}

/// Whether an element stands in a declared namespace that is none of CSP's.
fn is_foreign(node: Node<'_>) -> bool {
    node.namespace().is_some_and(|uri| !uri.is_empty() && namespace::classify(uri).is_none())
}
