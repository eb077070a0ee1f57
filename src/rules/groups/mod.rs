//! Groups: chat rooms, invitations and who is in.

use super::{Check, Rule};

mod accepted_without_join;

/// The rules of the family.
pub(super) const RULES: &[Rule] = &[Rule {
    name: "groups/accepted-without-join",
    page: include_str!("../../../rules/groups/accepted-without-join.md"),
    check: Check::Session(accepted_without_join::check),
}];
