//! Messaging: instant messages sent, delivered and acknowledged once.

use super::{Check, Rule};
use crate::csp::name;

mod duplicate_send;
mod missing_message_delivered;

/// The rules of the family.
pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "messaging/duplicate-send",
        page: include_str!("../../../rules/messaging/duplicate-send.md"),
        check: Check::SessionWith(&[name::SEND_MESSAGE_REQUEST], duplicate_send::check),
    },
    Rule {
        name: "messaging/missing-message-delivered",
        page: include_str!("../../../rules/messaging/missing-message-delivered.md"),
        check: Check::SessionWith(&[name::NEW_MESSAGE, name::GET_MESSAGE_REQUEST], missing_message_delivered::check),
    },
];
