//! Schema: messages held against the content model of their version.

use super::{Check, Rule};
use crate::csp::message::Message;
use crate::csp::model::{Element, Fault, Odd, Oddity};
use crate::csp::name;
use crate::syntax::{Encoding, NameId, Node};

mod element_from_other_version;
mod empty_value;
mod invalid_value;
mod malformed_address;
mod misplaced_element;
mod missing_mandatory_child;
mod repeated_child;
mod unknown_element;
mod wrong_order;

/// The rules of the family.
pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "schema/element-from-other-version",
        page: include_str!("../../../rules/schema/element-from-other-version.md"),
        check: Check::Structure(element_from_other_version::check),
    },
    Rule {
        name: "schema/empty-value",
        page: include_str!("../../../rules/schema/empty-value.md"),
        check: Check::MessageWith(
            &[name::USER_ID, name::CLIENT_ID, name::RECIPIENT, name::GROUP_ID, name::CONTACT_LIST, name::MESSAGE_ID],
            empty_value::check,
        ),
    },
    Rule {
        name: "schema/invalid-value",
        page: include_str!("../../../rules/schema/invalid-value.md"),
        check: Check::Structure(invalid_value::check),
    },
    Rule {
        name: "schema/malformed-address",
        page: include_str!("../../../rules/schema/malformed-address.md"),
        check: Check::Structure(malformed_address::check),
    },
    Rule {
        name: "schema/misplaced-element",
        page: include_str!("../../../rules/schema/misplaced-element.md"),
        check: Check::Structure(misplaced_element::check),
    },
    Rule {
        name: "schema/missing-mandatory-child",
        page: include_str!("../../../rules/schema/missing-mandatory-child.md"),
        check: Check::Structure(missing_mandatory_child::check),
    },
    Rule {
        name: "schema/repeated-child",
        page: include_str!("../../../rules/schema/repeated-child.md"),
        check: Check::Structure(repeated_child::check),
    },
    Rule {
        name: "schema/unknown-element",
        page: include_str!("../../../rules/schema/unknown-element.md"),
        check: Check::Structure(unknown_element::check),
    },
    Rule {
        name: "schema/wrong-order",
        page: include_str!("../../../rules/schema/wrong-order.md"),
        check: Check::Structure(wrong_order::check),
    },
];

/// An element whose children do not stand as its model has it.
struct Faulty<'m> {
    node: Node<'m>,
    element: &'static Element,
    faults: &'m [Fault],
}

impl<'m> Faulty<'m> {
    /// The last child of this name.
    fn child(&self, name: NameId) -> Option<Node<'m>> {
        self.node.children_named(name).last()
    }
}

/// The elements of a message whose children are at fault. Parameters of the plain-text syntax are a map, so that it has
/// none.
fn faulty<'m>(message: &'m Message, oddities: &'m [Oddity]) -> impl Iterator<Item = Faulty<'m>> {
    let written = message.encoding != Encoding::Pts;
    oddities.iter().filter(move |oddity| written && oddity.odd == Odd::Children).filter_map(|oddity| {
        let (element, node) = oddity.element.zip(message.document.node(oddity.node))?;
        Some(Faulty { node, element, faults: oddity.faults.as_deref()? })
    })
}

/// Whether another family speaks of an element where it should not stand: a poll flag, what a version calls otherwise,
/// and lists that only one version wraps.
fn is_spoken_of(parent: &Element, child: NameId) -> bool {
    match child {
        // A result is understood wherever it is.
        name::POLL | name::RECEIVE_LIST | name::DIGEST_SCHEMA | name::RESULT => true,
        name::ACCEPTED_CONTENT_LENGTH
        | name::ACCEPTED_CHARSET
        | name::CIR_URL
        | name::ACCEPTED_PULL_LENGTH
        | name::ACCEPTED_PUSH_LENGTH
        | name::ACCEPTED_TEXT_CONTENT_LENGTH
        | name::PLAIN_TEXT_CHARSET
        | name::CIR_HTTP_ADDRESS => matches!(parent.name, name::CAPABILITY_LIST | name::AGREED_CAPABILITY_LIST),
        name::CLIENT_ID => matches!(
            parent.name,
            name::CLIENT_CAPABILITY_REQUEST
                | name::CLIENT_CAPABILITY_RESPONSE
                | name::SERVICE_REQUEST
                | name::SERVICE_RESPONSE
        ),
        name::USER | name::USER_ID | name::CONTACT_LIST | name::USER_ID_LIST | name::CONTACT_LIST_ID_LIST => true,
        name::PRESENCE_AUTH_REQUEST | name::PRESENCE_AUTH_USER | name::CANCEL_AUTH_REQUEST => true,
        // One implementation puts it there, and nobody minds.
        name::ACCEPTED_TRANSFER_ENCODING => parent.name == name::AGREED_CAPABILITY_LIST,
        _ => false,
    }
}
