use crate::csp::message::{Kind, Message};
use crate::csp::name;
use crate::csp::namespace;
use crate::finding::Exhibit;
use crate::rules::Verdict;

/// One message, namespaces of several CSP versions.
pub(super) fn check(message: &Message, verdict: &mut Verdict<'_>) {
    let Some(root) = message.document.root().filter(|_| message.kind == Kind::Csp) else { return };
    let Some(version) = message.claims.namespace else { return };
    let mut declared = message.document.attributes().filter(|a| a.name == "xmlns");
    let inner = declared.find_map(|a| {
        let node = message.document.node(a.node).filter(|n| n.attribute("xmlns") == Some(a.value))?;
        let inner = matches!(node.name(), name::TRANSACTION_CONTENT | name::PRESENCE_SUB_LIST);
        Some((node, namespace::version_of(a.value).filter(|v| *v != version && inner)?))
    });
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
