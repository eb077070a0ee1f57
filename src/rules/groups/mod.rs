//! Groups: chat rooms, invitations and who is in.

use super::{Check, Rule};
use crate::csp::name;

mod accepted_without_join;
mod fake_conference;
mod foreign_group_id;
mod incomplete_invitation;
mod joined_users_polling;
mod mismatched_screen_name;
mod send_before_join;

/// The rules of the family.
pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "groups/accepted-without-join",
        page: include_str!("../../../rules/groups/accepted-without-join.md"),
        check: Check::SessionWith(&[name::INVITE_USER_RESPONSE], accepted_without_join::check),
    },
    Rule {
        name: "groups/fake-conference",
        page: include_str!("../../../rules/groups/fake-conference.md"),
        check: Check::SessionWith(&[name::SEND_MESSAGE_REQUEST], fake_conference::check),
    },
    Rule {
        name: "groups/foreign-group-id",
        page: include_str!("../../../rules/groups/foreign-group-id.md"),
        check: Check::SessionWith(&[name::CREATE_GROUP_REQUEST], foreign_group_id::check),
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
    Rule {
        name: "groups/send-before-join",
        page: include_str!("../../../rules/groups/send-before-join.md"),
        check: Check::SessionWith(&[name::SEND_MESSAGE_REQUEST], send_before_join::check),
    },
];
