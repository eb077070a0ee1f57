//! Privacy: what should not cross the network in clear.

use super::{Check, Rule};
use crate::csp::message::Message;
use crate::csp::name;

mod password_in_answer;
mod plaintext_password;

/// The rules of the family.
pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "privacy/password-in-answer",
        page: include_str!("../../../rules/privacy/password-in-answer.md"),
        check: Check::MessageWith(&[name::LOGIN_RESPONSE], password_in_answer::check),
    },
    Rule {
        name: "privacy/plaintext-password",
        page: include_str!("../../../rules/privacy/plaintext-password.md"),
        check: Check::MessageWith(&[name::LOGIN_REQUEST], plaintext_password::check),
    },
];

/// Whether nobody between the client and the server could read a message: it was deciphered, or a front end took HTTPS
/// off before the place of the capture.
pub(super) fn is_protected(message: &Message) -> bool {
    let header = |name| message.envelope.header(name).map(str::trim);
    message.envelope.flow.protected
        || header("X-Forwarded-Proto").is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"))
        || header("Front-End-Https").is_some_and(|on| on.eq_ignore_ascii_case("on"))
}

/// Whether a text stands for a password that was taken out: nothing, one sign over and over, or its length in words.
pub(super) fn is_placeholder(text: &str) -> bool {
    let first = text.chars().next();
    text.is_empty()
        || (matches!(first, Some('x' | 'X' | '*' | '.')) && text.chars().all(|c| Some(c) == first))
        || text.strip_prefix('(').and_then(|t| t.strip_suffix(" octets)")).is_some_and(|n| n.parse::<u32>().is_ok())
}
