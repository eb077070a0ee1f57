//! Content: what messages carry for users.

use super::{Check, Rule};
use crate::csp::{address, name};
use crate::session::Event;

mod nudge_burst;
mod repeated_upload;
mod textless_nudge;
mod type_content_mismatch;
mod unencoded_binary;

/// The rules of the family.
pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "content/nudge-burst",
        page: include_str!("../../../rules/content/nudge-burst.md"),
        check: Check::SessionWith(&[name::SEND_MESSAGE_REQUEST], nudge_burst::check),
    },
    Rule {
        name: "content/repeated-upload",
        page: include_str!("../../../rules/content/repeated-upload.md"),
        check: Check::SessionWith(&[name::SEND_MESSAGE_REQUEST], repeated_upload::check),
    },
    Rule {
        name: "content/textless-nudge",
        page: include_str!("../../../rules/content/textless-nudge.md"),
        check: Check::MessageWith(&[name::SEND_MESSAGE_REQUEST], textless_nudge::check),
    },
    Rule {
        name: "content/type-content-mismatch",
        page: include_str!("../../../rules/content/type-content-mismatch.md"),
        check: Check::MessageWith(&[name::CONTENT_DATA], type_content_mismatch::check),
    },
    Rule {
        name: "content/unencoded-binary",
        page: include_str!("../../../rules/content/unencoded-binary.md"),
        check: Check::MessageWith(&[name::CONTENT_DATA], unencoded_binary::check),
    },
];

/// Fingerprints of the users that a message goes to; `None` where it was cut, or where somebody else is among them.
fn recipients(event: &Event) -> Option<Vec<u64>> {
    let spoken = event.spoken().filter(|spoken| !spoken.cut)?;
    let recipient = spoken.primitive()?.at(&[name::MESSAGE_INFO, name::RECIPIENT])?;
    let users = recipient.children().map(|user| match user.name() {
        name::USER => Some(address::folded_fingerprint(user.child(name::USER_ID)?.text())),
        _ => None,
    });
    users.collect::<Option<Vec<u64>>>().filter(|users| !users.is_empty())
}
