//! Groups: chat rooms, invitations and who is in.

use super::{Check, Rule};
use crate::csp::name;

mod accepted_without_join;
mod incomplete_invitation;
mod joined_users_polling;
mod mismatched_screen_name;

/// The rules of the family.
pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "groups/accepted-without-join",
        page: include_str!("../../../rules/groups/accepted-without-join.md"),
        check: Check::SessionWith(&[name::INVITE_USER_RESPONSE], accepted_without_join::check),
    },
    Rule {
        name: "groups/incomplete-invitation",
        page: include_str!("../../../rules/groups/incomplete-invitation.md"),
        check: Check::MessageWith(&[name::INVITE_REQUEST], incomplete_invitation::check),
    },
    Rule {
        name: "groups/joined-users-polling",
        page: include_str!("../../../rules/groups/joined-users-polling.md"),
        check: Check::SessionWith(&[name::GET_JOINED_USERS_REQUEST], joined_users_polling::check),
    },
    Rule {
        name: "groups/mismatched-screen-name",
        page: include_str!("../../../rules/groups/mismatched-screen-name.md"),
        check: Check::MessageWith(&[name::SCREEN_NAME], mismatched_screen_name::check),
    },
];
