//! Messaging: instant messages sent, delivered and acknowledged once.

use super::{Check, Rule};
use crate::csp::name;

mod content_size_mismatch;
mod duplicate_delivery;
mod duplicate_send;
mod foreign_sender;
mod missing_message_delivered;
mod push_in_notify_mode;
mod resend_to_all;

/// The rules of the family.
pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "messaging/content-size-mismatch",
        page: include_str!("../../../rules/messaging/content-size-mismatch.md"),
        check: Check::MessageWith(&[name::CONTENT_SIZE], content_size_mismatch::check),
    },
    Rule {
        name: "messaging/duplicate-delivery",
        page: include_str!("../../../rules/messaging/duplicate-delivery.md"),
        check: Check::SessionWith(&[name::NEW_MESSAGE], duplicate_delivery::check),
    },
    Rule {
        name: "messaging/duplicate-send",
        page: include_str!("../../../rules/messaging/duplicate-send.md"),
        check: Check::SessionWith(&[name::SEND_MESSAGE_REQUEST], duplicate_send::check),
    },
    Rule {
        name: "messaging/foreign-sender",
        page: include_str!("../../../rules/messaging/foreign-sender.md"),
        check: Check::SessionWith(&[name::SEND_MESSAGE_REQUEST], foreign_sender::check),
    },
    Rule {
        name: "messaging/missing-message-delivered",
        page: include_str!("../../../rules/messaging/missing-message-delivered.md"),
        check: Check::SessionWith(&[name::NEW_MESSAGE, name::GET_MESSAGE_REQUEST], missing_message_delivered::check),
    },
    Rule {
        name: "messaging/push-in-notify-mode",
        page: include_str!("../../../rules/messaging/push-in-notify-mode.md"),
        check: Check::SessionWith(&[name::NEW_MESSAGE], push_in_notify_mode::check),
    },
    Rule {
        name: "messaging/resend-to-all",
        page: include_str!("../../../rules/messaging/resend-to-all.md"),
        check: Check::SessionWith(&[name::SEND_MESSAGE_REQUEST], resend_to_all::check),
    },
];
