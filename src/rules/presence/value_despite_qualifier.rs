use crate::csp::message::{Message, flag};
use crate::csp::name;
use crate::finding::Exhibit;
use crate::rules::Verdict;
use crate::session::Doubt;

/// A value beside the qualifier that says it is not valid.
pub(super) fn check(message: &Message, verdict: &mut Verdict<'_>) {
    for qualifier in message.document.nodes().filter(|n| n.name() == name::QUALIFIER && flag(*n) == Some(false)) {
        let Some(attribute) = qualifier.parent() else { continue };
        let held = |n: crate::syntax::Node<'_>| !n.text().is_empty() || n.descendants().any(|d| !d.text().is_empty());
        let value = attribute
            .children()
            .find(|c| !matches!(c.name(), name::QUALIFIER | name::CLIENT_ID | name::APPLICATION_ID) && held(*c));
        let Some(value) = value else { continue };
        if let Some(doubt) = Doubt::of(message.envelope.wholeness) {
            return verdict.doubt(doubt);
        }
        if verdict.is_full() {
            return;
        }
        verdict
            .find(
                format!("{} says that its value is not valid, and carries one", attribute.spelling()),
                Exhibit::message(message, Some(value), "a value that does not count"),
            )
            .cause(attribute.spelling());
    }
}
