//! Contacts: lists that live on the server and are read before they are written.

use super::{Check, Rule};
use crate::csp::name;

mod duplicate_contact;
mod missing_list_read;
mod open_search;
mod recreated_list;
mod repeated_list_read;

/// The rules of the family.
pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "contacts/duplicate-contact",
        page: include_str!("../../../rules/contacts/duplicate-contact.md"),
        check: Check::MessageWith(&[name::NICK_LIST, name::ADD_NICK_LIST], duplicate_contact::check),
    },
    Rule {
        name: "contacts/missing-list-read",
        page: include_str!("../../../rules/contacts/missing-list-read.md"),
        check: Check::SessionWith(
            &[name::CREATE_LIST_REQUEST, name::DELETE_LIST_REQUEST, name::LIST_MANAGE_REQUEST],
            missing_list_read::check,
        ),
    },
    Rule {
        name: "contacts/open-search",
        page: include_str!("../../../rules/contacts/open-search.md"),
        check: Check::SessionWith(&[name::SEARCH_REQUEST], open_search::check),
    },
    Rule {
        name: "contacts/recreated-list",
        page: include_str!("../../../rules/contacts/recreated-list.md"),
        check: Check::SessionWith(&[name::CREATE_LIST_REQUEST], recreated_list::check),
    },
    Rule {
        name: "contacts/repeated-list-read",
        page: include_str!("../../../rules/contacts/repeated-list-read.md"),
        check: Check::SessionWith(&[name::GET_LIST_REQUEST, name::LIST_MANAGE_REQUEST], repeated_list_read::check),
    },
];
