//! Groups: chat rooms, invitations and who is in.

use super::{Check, Rule};
use crate::csp::name;

mod accepted_without_join;

/// The rules of the family.
pub(super) const RULES: &[Rule] = &[Rule {
    name: "groups/accepted-without-join",
    page: include_str!("../../../rules/groups/accepted-without-join.md"),
    check: Check::SessionWith(&[name::INVITE_USER_RESPONSE], accepted_without_join::check),
}];
