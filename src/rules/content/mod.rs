//! Content: what messages carry for users.

use super::{Check, Rule};
use crate::csp::name;

mod unencoded_binary;

/// The rules of the family.
pub(super) const RULES: &[Rule] = &[Rule {
    name: "content/unencoded-binary",
    page: include_str!("../../../rules/content/unencoded-binary.md"),
    check: Check::MessageWith(&[name::CONTENT_DATA], unencoded_binary::check),
}];
