//! Schema: messages held against the content model of their version.

use super::{Check, Rule, Verdict};
use crate::carrier::Wholeness;
use crate::csp::message::{Kind, Message};
use crate::csp::model::{self, Element};
use crate::csp::name;
use crate::csp::namespace::Version;
use crate::session::Doubt;
use crate::syntax::{AnomalyKind, MAX_DEPTH, Node};

mod invalid_value;
mod missing_mandatory_child;
mod unknown_element;

/// The rules of the family.
pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "schema/invalid-value",
        page: include_str!("../../../rules/schema/invalid-value.md"),
        check: Check::Message(invalid_value::check),
    },
    Rule {
        name: "schema/missing-mandatory-child",
        page: include_str!("../../../rules/schema/missing-mandatory-child.md"),
        check: Check::Message(missing_mandatory_child::check),
    },
    Rule {
        name: "schema/unknown-element",
        page: include_str!("../../../rules/schema/unknown-element.md"),
        check: Check::Message(unknown_element::check),
    },
];

/// An element of a message together with its row in the content model.
struct Held<'m> {
    node: Node<'m>,
    element: &'static Element,
}

/// The elements of a message that the content model of its version knows where they stand, in document order.
fn held(message: &Message, version: Version) -> impl Iterator<Item = Held<'_>> {
    // The rows of the elements around, by depth; `None` where the model does not say what stands inside.
    let mut around = [None; MAX_DEPTH + 1];
    message.document.nodes().filter_map(move |node| {
        let element = match node.depth().checked_sub(1) {
            None => model::element(version, node.name()),
            Some(parent) => model::element_under(version, around.get(parent).copied()??, node.name()),
        };
        *around.get_mut(node.depth())? = element.filter(|_| !is_extension(node));
        element.map(|element| Held { node, element })
    })
}

/// The version to hold a message against. `None` when it is not CSP, not whole, of no certain version, or was not
/// understood from end to end: then other rules speak.
fn judgeable(message: &Message, verdict: &mut Verdict<'_>) -> Option<Version> {
    let version = message.version.filter(|_| message.kind == Kind::Csp)?;
    if let Some(doubt) = Doubt::of(message.envelope.wholeness) {
        verdict.doubt(doubt);
        return None;
    }
    if message.anomalies.iter().any(|a| a.kind.is_limit()) {
        verdict.doubt(Doubt::Limit);
        return None;
    }
    let understood = |kind| {
        matches!(kind, AnomalyKind::InvalidOpaque | AnomalyKind::UnknownValueToken | AnomalyKind::UnknownExtension)
    };
    let whole = message.envelope.wholeness == Wholeness::Complete;
    (whole && message.anomalies.iter().all(|a| understood(a.kind))).then_some(version)
}

/// Whether what is inside an element is outside the content model by design.
fn is_extension(node: Node<'_>) -> bool {
    matches!(
        name::canonical(node.name()),
        name::EXT_BLOCK | name::EXT_BLOCK_ETEM | name::EXTENDED_DATA | name::EXTENDED_REQUEST | name::EXTENDED_RESPONSE
    )
}
