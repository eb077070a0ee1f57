//! Migration: messages that are half one version and half another.

use super::{Check, Rule};

mod misplaced_poll_flag;
mod missing_presence_namespace;
mod mixed_namespaces;

/// The rules of the family.
pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "migration/misplaced-poll-flag",
        page: include_str!("../../../rules/migration/misplaced-poll-flag.md"),
        check: Check::Message(misplaced_poll_flag::check),
    },
    Rule {
        name: "migration/missing-presence-namespace",
        page: include_str!("../../../rules/migration/missing-presence-namespace.md"),
        check: Check::Message(missing_presence_namespace::check),
    },
    Rule {
        name: "migration/mixed-namespaces",
        page: include_str!("../../../rules/migration/mixed-namespaces.md"),
        check: Check::Message(mixed_namespaces::check),
    },
];
