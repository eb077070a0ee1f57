use crate::csp::message::{Kind, Message};
use crate::csp::name;
use crate::csp::namespace;
use crate::finding::Exhibit;
use crate::rules::Verdict;

/// One message, namespaces of several CSP versions.
pub(super) fn check(message: &Message, verdict: &mut Verdict<'_>) {
    let Some(root) = message.document.root().filter(|_| message.kind == Kind::Csp) else { return };
    let Some(version) = root.namespace().and_then(namespace::version_of) else { return };
    let inner = message
        .document
        .nodes()
        .filter(|n| matches!(n.name(), name::TRANSACTION_CONTENT | name::PRESENCE_SUB_LIST))
        .find_map(|n| Some((n, namespace::version_of(n.attribute("xmlns")?).filter(|v| *v != version)?)));
    let Some((node, other)) = inner else { return };
    let fact = format!(
        "the namespace of {} is of {}, that of the message of {}",
        node.spelling(),
        other.number(),
        version.number()
    );
    verdict
        .find(&fact, Exhibit::message(message, Some(node), format!("{} here", other.number())))
        .show(Exhibit::message(message, Some(root), format!("{} here", version.number())))
        .cause(&fact);
}
