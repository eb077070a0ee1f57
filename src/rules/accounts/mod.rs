//! Accounts: how a user comes by an account and proves to own it.

use super::{Check, Rule};

mod mismatched_msisdn;
mod password_guessing;

/// The rules of the family.
pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "accounts/mismatched-msisdn",
        page: include_str!("../../../rules/accounts/mismatched-msisdn.md"),
        check: Check::Message(mismatched_msisdn::check),
    },
    Rule {
        name: "accounts/password-guessing",
        page: include_str!("../../../rules/accounts/password-guessing.md"),
        check: Check::Subscriber(password_guessing::check),
    },
];
