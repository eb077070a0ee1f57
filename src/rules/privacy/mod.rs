//! Privacy: what should not cross the network in clear.

use super::{Check, Rule};
use crate::csp::name;

mod plaintext_password;

/// The rules of the family.
pub(super) const RULES: &[Rule] = &[Rule {
    name: "privacy/plaintext-password",
    page: include_str!("../../../rules/privacy/plaintext-password.md"),
    check: Check::MessageWith(&[name::LOGIN_REQUEST], plaintext_password::check),
}];
