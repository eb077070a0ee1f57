//! Multiclient: several clients of one user, told apart.

use super::{Check, Rule};

mod shared_client_id;

/// The rules of the family.
pub(super) const RULES: &[Rule] = &[Rule {
    name: "multiclient/shared-client-id",
    page: include_str!("../../../rules/multiclient/shared-client-id.md"),
    check: Check::Identity(shared_client_id::check),
}];
