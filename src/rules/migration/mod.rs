//! Migration: messages that are half one version and half another.

use super::{Check, Rule, Verdict};
use crate::csp::message::{Kind, Message};
use crate::csp::name;
use crate::csp::namespace::Version;
use crate::session::Doubt;

mod client_id_in_negotiation;
mod comma_listed_digest_schemas;
mod legacy_logout_answer;
mod misplaced_poll_flag;
mod missing_presence_namespace;
mod mixed_namespaces;
mod old_capability_names;
mod reactive_authorisation;
mod receive_list_mismatch;
mod status_from_other_version;
mod unmerged_login;
mod unwrapped_ids;
mod version_flip;

/// The rules of the family.
pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "migration/client-id-in-negotiation",
        page: include_str!("../../../rules/migration/client-id-in-negotiation.md"),
        check: Check::MessageWith(&[name::CLIENT_ID], client_id_in_negotiation::check),
    },
    Rule {
        name: "migration/comma-listed-digest-schemas",
        page: include_str!("../../../rules/migration/comma-listed-digest-schemas.md"),
        check: Check::MessageWith(&[name::DIGEST_SCHEMA], comma_listed_digest_schemas::check),
    },
    Rule {
        name: "migration/legacy-logout-answer",
        page: include_str!("../../../rules/migration/legacy-logout-answer.md"),
        check: Check::TransactionOf(&[name::LOGOUT_REQUEST], legacy_logout_answer::check),
    },
    Rule {
        name: "migration/misplaced-poll-flag",
        page: include_str!("../../../rules/migration/misplaced-poll-flag.md"),
        check: Check::MessageWith(&[name::POLL], misplaced_poll_flag::check),
    },
    Rule {
        name: "migration/missing-presence-namespace",
        page: include_str!("../../../rules/migration/missing-presence-namespace.md"),
        check: Check::MessageWith(&[name::PRESENCE_SUB_LIST], missing_presence_namespace::check),
    },
    Rule {
        name: "migration/mixed-namespaces",
        page: include_str!("../../../rules/migration/mixed-namespaces.md"),
        check: Check::Message(mixed_namespaces::check),
    },
    Rule {
        name: "migration/old-capability-names",
        page: include_str!("../../../rules/migration/old-capability-names.md"),
        check: Check::MessageWith(&[name::CAPABILITY_LIST, name::AGREED_CAPABILITY_LIST], old_capability_names::check),
    },
    Rule {
        name: "migration/reactive-authorisation",
        page: include_str!("../../../rules/migration/reactive-authorisation.md"),
        check: Check::Message(reactive_authorisation::check),
    },
    Rule {
        name: "migration/receive-list-mismatch",
        page: include_str!("../../../rules/migration/receive-list-mismatch.md"),
        check: Check::MessageWith(&[name::LIST_MANAGE_REQUEST], receive_list_mismatch::check),
    },
    Rule {
        name: "migration/status-from-other-version",
        page: include_str!("../../../rules/migration/status-from-other-version.md"),
        check: Check::MessageWith(&[name::CODE], status_from_other_version::check),
    },
    Rule {
        name: "migration/unmerged-login",
        page: include_str!("../../../rules/migration/unmerged-login.md"),
        check: Check::SessionWith(&[name::LOGIN_REQUEST], unmerged_login::check),
    },
    Rule {
        name: "migration/unwrapped-ids",
        page: include_str!("../../../rules/migration/unwrapped-ids.md"),
        check: Check::MessageWith(
            &[
                name::SUBSCRIBE_PRESENCE_REQUEST,
                name::UNSUBSCRIBE_PRESENCE_REQUEST,
                name::CREATE_ATTRIBUTE_LIST_REQUEST,
                name::DELETE_ATTRIBUTE_LIST_REQUEST,
                name::ADD_GROUP_MEMBERS_REQUEST,
                name::REMOVE_GROUP_MEMBERS_REQUEST,
            ],
            unwrapped_ids::check,
        ),
    },
    Rule {
        name: "migration/version-flip",
        page: include_str!("../../../rules/migration/version-flip.md"),
        check: Check::Session(version_flip::check),
    },
];

/// The version of a whole message that says it in its namespace or public identifier, and says one only. Of a message
/// that is not whole the doubt is filed.
fn decided(message: &Message, verdict: &mut Verdict<'_>) -> Option<Version> {
    let version = message.version.filter(|_| message.kind == Kind::Csp)?;
    let claims = [message.claims.namespace, message.claims.public_number, message.claims.public_text];
    let stated = claims.iter().flatten().any(|claim| *claim == version);
    let disputed = claims.iter().flatten().any(|claim| *claim != version);
    if let Some(doubt) = Doubt::of(message.envelope.wholeness) {
        verdict.doubt(doubt);
        return None;
    }
    (stated && !disputed).then_some(version)
}
