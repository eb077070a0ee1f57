//! Schema: messages held against the content model of their version.

use super::{Check, Rule, Verdict};
use crate::csp::message::{Kind, Message};
use crate::csp::model::Element;
use crate::csp::namespace::Version;
use crate::session::Doubt;
use crate::syntax::{AnomalyKind, Node};

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
fn held(message: &Message) -> impl Iterator<Item = Held<'_>> {
    message.rows().iter().zip(message.document.nodes()).filter_map(|(row, node)| {
        let element = (*row)?;
        Some(Held { node, element })
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
    let whole = message.envelope.wholeness.is_whole();
    (whole && message.anomalies.iter().all(|a| understood(a.kind))).then_some(version)
}
