//! Messaging: instant messages sent, delivered and acknowledged once.

use super::{Check, Rule};

mod duplicate_send;
mod missing_message_delivered;

/// The rules of the family.
pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "messaging/duplicate-send",
        page: include_str!("../../../rules/messaging/duplicate-send.md"),
        check: Check::Session(duplicate_send::check),
    },
    Rule {
        name: "messaging/missing-message-delivered",
        page: include_str!("../../../rules/messaging/missing-message-delivered.md"),
        check: Check::Session(missing_message_delivered::check),
    },
];
