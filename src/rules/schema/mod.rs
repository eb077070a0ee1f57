//! Schema: messages held against the content model of their version.

use super::{Check, Rule};

mod invalid_value;
mod missing_mandatory_child;
mod unknown_element;

/// The rules of the family.
pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "schema/invalid-value",
        page: include_str!("../../../rules/schema/invalid-value.md"),
        check: Check::Structure(invalid_value::check),
    },
    Rule {
        name: "schema/missing-mandatory-child",
        page: include_str!("../../../rules/schema/missing-mandatory-child.md"),
        check: Check::Structure(missing_mandatory_child::check),
    },
    Rule {
        name: "schema/unknown-element",
        page: include_str!("../../../rules/schema/unknown-element.md"),
        check: Check::Structure(unknown_element::check),
    },
];
