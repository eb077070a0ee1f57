//! Transaction: every request answered once, every identifier used once at a time.

use super::{Check, Rule};

mod repeated_refused_request;
mod retry_with_new_id;
mod retry_without_backoff;
mod reused_open_id;
mod unanswered_request;
mod unanswered_server_request;
mod unmatched_response;
mod wrong_mode;
mod wrong_response_primitive;

/// The rules of the family.
pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "transaction/repeated-refused-request",
        page: include_str!("../../../rules/transaction/repeated-refused-request.md"),
        check: Check::Session(repeated_refused_request::check),
    },
    Rule {
        name: "transaction/retry-with-new-id",
        page: include_str!("../../../rules/transaction/retry-with-new-id.md"),
        check: Check::Session(retry_with_new_id::check),
    },
    Rule {
        name: "transaction/retry-without-backoff",
        page: include_str!("../../../rules/transaction/retry-without-backoff.md"),
        check: Check::Session(retry_without_backoff::check),
    },
    Rule {
        name: "transaction/reused-open-id",
        page: include_str!("../../../rules/transaction/reused-open-id.md"),
        check: Check::Session(reused_open_id::check),
    },
    Rule {
        name: "transaction/unanswered-request",
        page: include_str!("../../../rules/transaction/unanswered-request.md"),
        check: Check::Transaction(unanswered_request::check),
    },
    Rule {
        name: "transaction/unanswered-server-request",
        page: include_str!("../../../rules/transaction/unanswered-server-request.md"),
        check: Check::Transaction(unanswered_server_request::check),
    },
    Rule {
        name: "transaction/unmatched-response",
        page: include_str!("../../../rules/transaction/unmatched-response.md"),
        check: Check::Session(unmatched_response::check),
    },
    Rule {
        name: "transaction/wrong-mode",
        page: include_str!("../../../rules/transaction/wrong-mode.md"),
        check: Check::Session(wrong_mode::check),
    },
    Rule {
        name: "transaction/wrong-response-primitive",
        page: include_str!("../../../rules/transaction/wrong-response-primitive.md"),
        check: Check::Transaction(wrong_response_primitive::check),
    },
];
