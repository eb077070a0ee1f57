//! Content: what messages carry for users.

use super::{Check, Rule};

mod unencoded_binary;

/// The rules of the family.
pub(super) const RULES: &[Rule] = &[Rule {
    name: "content/unencoded-binary",
    page: include_str!("../../../rules/content/unencoded-binary.md"),
    check: Check::Message(unencoded_binary::check),
}];
