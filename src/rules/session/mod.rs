//! Session: logging in, staying, leaving.

use super::{Check, Rule};
use crate::csp::name;

mod expired_by_silence;
mod missing_logout;
mod needless_keep_alive;
mod premature_expiry;
mod relogin_storm;
mod tiny_keep_alive_time;
mod unacknowledged_disconnect;
mod unanswered_system_message;
mod use_after_end;
mod wrong_session_type;

/// The rules of the family.
pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "session/expired-by-silence",
        page: include_str!("../../../rules/session/expired-by-silence.md"),
        check: Check::Session(expired_by_silence::check),
    },
    Rule {
        name: "session/missing-logout",
        page: include_str!("../../../rules/session/missing-logout.md"),
        check: Check::Session(missing_logout::check),
    },
    Rule {
        name: "session/needless-keep-alive",
        page: include_str!("../../../rules/session/needless-keep-alive.md"),
        check: Check::SessionWith(&[name::KEEP_ALIVE_REQUEST], needless_keep_alive::check),
    },
    Rule {
        name: "session/premature-expiry",
        page: include_str!("../../../rules/session/premature-expiry.md"),
        check: Check::Session(premature_expiry::check),
    },
    Rule {
        name: "session/relogin-storm",
        page: include_str!("../../../rules/session/relogin-storm.md"),
        check: Check::Subscriber(relogin_storm::check),
    },
    Rule {
        name: "session/tiny-keep-alive-time",
        page: include_str!("../../../rules/session/tiny-keep-alive-time.md"),
        check: Check::TransactionOf(&[name::LOGIN_REQUEST, name::KEEP_ALIVE_REQUEST], tiny_keep_alive_time::check),
    },
    Rule {
        name: "session/unacknowledged-disconnect",
        page: include_str!("../../../rules/session/unacknowledged-disconnect.md"),
        check: Check::TransactionOf(&[name::DISCONNECT], unacknowledged_disconnect::check),
    },
    Rule {
        name: "session/unanswered-system-message",
        page: include_str!("../../../rules/session/unanswered-system-message.md"),
        check: Check::SessionWith(&[name::SYSTEM_MESSAGE_REQUEST], unanswered_system_message::check),
    },
    Rule {
        name: "session/use-after-end",
        page: include_str!("../../../rules/session/use-after-end.md"),
        check: Check::Session(use_after_end::check),
    },
    Rule {
        name: "session/wrong-session-type",
        page: include_str!("../../../rules/session/wrong-session-type.md"),
        check: Check::Message(wrong_session_type::check),
    },
];
