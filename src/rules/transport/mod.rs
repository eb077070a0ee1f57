//! Transport: what carries the messages, connections and empty answers.

use super::{Check, Rule};
use crate::csp::message::Mode;
use crate::csp::name;
use crate::session::Spoken;
use crate::syntax::NameId;

mod connection_per_request;
mod empty_answer;
mod heavy_headers;
mod missing_answer;
mod non_200_answer;
mod slow_answer;
mod unrepaired_wtp_message;
mod wrong_content_type;

/// The rules of the family.
pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "transport/connection-per-request",
        page: include_str!("../../../rules/transport/connection-per-request.md"),
        check: Check::Session(connection_per_request::check),
    },
    Rule {
        name: "transport/empty-answer",
        page: include_str!("../../../rules/transport/empty-answer.md"),
        check: Check::Session(empty_answer::check),
    },
    Rule {
        name: "transport/heavy-headers",
        page: include_str!("../../../rules/transport/heavy-headers.md"),
        check: Check::Session(heavy_headers::check),
    },
    Rule {
        name: "transport/missing-answer",
        page: include_str!("../../../rules/transport/missing-answer.md"),
        check: Check::Transaction(missing_answer::check),
    },
    Rule {
        name: "transport/non-200-answer",
        page: include_str!("../../../rules/transport/non-200-answer.md"),
        check: Check::Session(non_200_answer::check),
    },
    Rule {
        name: "transport/slow-answer",
        page: include_str!("../../../rules/transport/slow-answer.md"),
        check: Check::Transaction(slow_answer::check),
    },
    Rule {
        name: "transport/unrepaired-wtp-message",
        page: include_str!("../../../rules/transport/unrepaired-wtp-message.md"),
        check: Check::Message(unrepaired_wtp_message::check),
    },
    Rule {
        name: "transport/wrong-content-type",
        page: include_str!("../../../rules/transport/wrong-content-type.md"),
        check: Check::Message(wrong_content_type::check),
    },
];

/// Whether a transaction part asks for a response of its own. A poll does not; MessageDelivered is sent in either mode,
/// and a Status that calls itself a request is an answer in the wrong mode.
pub(super) fn wants_response(spoken: &Spoken) -> bool {
    spoken.mode == Some(Mode::Request)
        && !matches!(spoken.name, name::POLLING_REQUEST | name::MESSAGE_DELIVERED | name::STATUS | NameId::UNKNOWN)
}
