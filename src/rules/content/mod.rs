//! Content: what messages carry for users.

use super::{Check, Rule};
use crate::csp::name;

mod textless_nudge;
mod unencoded_binary;

/// The rules of the family.
pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "content/textless-nudge",
        page: include_str!("../../../rules/content/textless-nudge.md"),
        check: Check::MessageWith(&[name::SEND_MESSAGE_REQUEST], textless_nudge::check),
    },
    Rule {
        name: "content/unencoded-binary",
        page: include_str!("../../../rules/content/unencoded-binary.md"),
        check: Check::MessageWith(&[name::CONTENT_DATA], unencoded_binary::check),
    },
];
