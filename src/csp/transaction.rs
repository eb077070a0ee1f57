//! The transaction types: which primitive opens one, what answers it, who may open it, what has to be agreed first.

use std::ops::RangeInclusive;

use self::Initiator::{Both, Client, Server};
use super::feature::{self, Level};
use super::message::Mode;
use super::model::NAMES;
use super::name::*;
use super::namespace::Version;
use super::namespace::Version::{V11, V12, V13};
use crate::syntax::NameId;

/// Who may open a transaction.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Initiator {
    /// The client.
    Client,
    /// The server.
    Server,
    /// Either.
    Both,
}

/// A primitive that answers a transaction, in some versions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The primitive.
    pub name: NameId,
    /// The versions in which it does.
    pub versions: RangeInclusive<Version>,
}

/// A transaction type.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TransactionType {
    /// The primitive that opens it.
    pub request: NameId,
    /// The primitives that answer it when it goes well. Empty for `Polling-Request`, which any request of the server
    /// answers, or nothing.
    pub answers: &'static [Answer],
    /// Who may open it.
    pub initiator: Initiator,
    /// The versions that have it; [`VENDOR`] for one that no version has.
    pub versions: RangeInclusive<Version>,
    /// The deepest branch of the service tree that has to be agreed before: a token, or a feature whose mandatory part
    /// it is; `None` when nothing has to.
    pub service: Option<NameId>,
    /// Whether it may stand outside a session.
    pub before_login: bool,
}

/// The empty range: primitives of one server's making, named so that they can be recognised.
pub const VENDOR: RangeInclusive<Version> = V13..=V11;

/// Where a token stands in the service tree.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Path {
    /// The feature.
    pub feature: NameId,
    /// The function in it.
    pub function: NameId,
    /// The token itself.
    pub token: NameId,
}

impl TransactionType {
    /// Whether `name` answers it in `version`; a `Status` always may, to refuse, except to version discovery.
    pub fn answered_by(&self, version: Version, name: NameId) -> bool {
        let refusal = name == STATUS && self.request != WV_CSP_VERSION_DISCOVERY_REQUEST;
        refusal || self.answers.iter().any(|a| a.name == name && a.versions.contains(&version))
    }
}

/// The transaction type that a primitive opens.
pub fn of_request(name: NameId) -> Option<&'static TransactionType> {
    let row = BY_REQUEST.get(usize::from(name.0)).copied().unwrap_or(0);
    TYPES.get(usize::from(row).checked_sub(1)?)
}

/// Whether a primitive answers a transaction of some type in some version.
pub fn is_response_name(name: NameId) -> bool {
    TYPES.iter().any(|t| t.answers.iter().any(|a| a.name == name))
}

/// Who may have opened the transactions that a primitive answers.
pub fn initiators_of_answer(name: NameId) -> impl Iterator<Item = Initiator> {
    TYPES.iter().filter(move |t| t.answers.iter().any(|a| a.name == name)).map(|t| t.initiator)
}

/// The token that has to be agreed before a primitive may open a transaction; `None` when there is none, be it that
/// its feature suffices.
pub fn token_of(primitive: NameId) -> Option<Path> {
    let token = feature::branch(of_request(primitive)?.service?).filter(|b| b.level == Level::Token)?;
    let function = feature::branch(token.parent)?;
    Some(Path { feature: function.parent, function: function.name, token: token.name })
}

/// The transaction mode a primitive has to have; `None` when both are right (`Disconnect`, `LeaveGroup-Response`,
/// `MessageDelivered`) or the primitive is not known.
pub fn expected_mode(primitive: NameId) -> Option<Mode> {
    match (of_request(primitive).is_some(), is_response_name(primitive)) {
        (true, false) => Some(Mode::Request),
        (false, true) => Some(Mode::Response),
        _ => None,
    }
}

const fn kind(request: NameId, answers: &'static [Answer], initiator: Initiator) -> TransactionType {
    TransactionType { request, answers, initiator, versions: V11..=V13, service: None, before_login: false }
}

impl TransactionType {
    const fn since(mut self, first: Version, last: Version) -> Self {
        self.versions = first..=last;
        self
    }

    const fn vendor(mut self) -> Self {
        self.versions = VENDOR;
        self
    }

    const fn needs(mut self, branch: NameId) -> Self {
        self.service = Some(branch);
        self
    }

    const fn outside(mut self) -> Self {
        self.before_login = true;
        self
    }
}

const fn from(first: Version, name: NameId, last: Version) -> Answer {
    Answer { name, versions: first..=last }
}

const fn always(name: NameId) -> Answer {
    from(V11, name, V13)
}

const DONE: &[Answer] = &[always(STATUS)];

/// By request: 1 + the number of its row, 0 without one.
static BY_REQUEST: [u8; NAMES] = {
    let mut rows = [0; NAMES];
    let mut row = 0;
    while row < TYPES.len() {
        #[expect(clippy::indexing_slicing, reason = "runs at compile time, where a bad index does not compile")]
        {
            rows[TYPES[row].request.0 as usize] = row as u8 + 1;
        }
        row += 1;
    }
    rows
};

/// The transaction types by area: discovery and session, services, search and invitation, contact lists, presence,
/// messages, groups, extensions. As a handset engine, a phone platform's client and an open server agree on them,
/// and the example messages of 1.1 for its part.
#[rustfmt::skip]
const TYPES: &[TransactionType] = &[
    kind(WV_CSP_VERSION_DISCOVERY_REQUEST, &[always(WV_CSP_VERSION_DISCOVERY_RESPONSE)], Client)
        .since(V12, V13).outside(),
    kind(LOGIN_REQUEST, &[always(LOGIN_RESPONSE)], Client).outside(),
    kind(LOGOUT_REQUEST, &[from(V11, DISCONNECT, V11), from(V12, STATUS, V13)], Client),
    kind(DISCONNECT, DONE, Server),
    kind(KEEP_ALIVE_REQUEST, &[always(KEEP_ALIVE_RESPONSE)], Client),
    kind(POLLING_REQUEST, &[], Client),
    kind(GET_SP_INFO_REQUEST, &[always(GET_SP_INFO_RESPONSE)], Client).needs(GETSPI).outside(),
    kind(SERVICE_REQUEST, &[always(SERVICE_RESPONSE)], Client),
    kind(CLIENT_CAPABILITY_REQUEST, &[always(CLIENT_CAPABILITY_RESPONSE)], Client),
    kind(GET_SEGMENT_REQUEST, &[always(GET_SEGMENT_RESPONSE)], Client).since(V13, V13).needs(SGMNT),
    kind(DROP_SEGMENT_REQUEST, DONE, Client).since(V13, V13).needs(SGMNT),
    kind(SYSTEM_MESSAGE_REQUEST, DONE, Server).since(V13, V13),
    kind(SYSTEM_MESSAGE_USER, DONE, Client).since(V13, V13),
    kind(SUBSCRIBE_NOTIFICATION_REQUEST, DONE, Client).since(V13, V13),
    kind(UNSUBSCRIBE_NOTIFICATION_REQUEST, DONE, Client).since(V13, V13),
    kind(NOTIFICATION_REQUEST, DONE, Server).since(V13, V13),
    kind(GET_PUBLIC_PROFILE_REQUEST, &[always(GET_PUBLIC_PROFILE_RESPONSE)], Client).since(V13, V13),
    kind(UPDATE_PUBLIC_PROFILE_REQUEST, DONE, Client).since(V13, V13),
    kind(GET_MAP_REQUEST, &[always(GET_MAP_RESPONSE)], Client).since(V13, V13).needs(GETMAP),
    kind(SEARCH_REQUEST, &[always(SEARCH_RESPONSE)], Client).needs(SRCH),
    kind(STOP_SEARCH_REQUEST, DONE, Client).needs(STSRC),
    kind(INVITE_REQUEST, DONE, Client).needs(INVIT),
    kind(INVITE_USER_REQUEST, DONE, Server).needs(INVIT),
    kind(INVITE_USER_RESPONSE, DONE, Client).needs(INVIT),
    kind(INVITE_RESPONSE, DONE, Server).needs(INVIT),
    kind(CANCEL_INVITE_REQUEST, DONE, Client).needs(CAINV),
    kind(CANCEL_INVITE_USER_REQUEST, DONE, Server).needs(CAINV),
    kind(VERIFY_ID_REQUEST, DONE, Client).since(V12, V13).needs(VRID),
    kind(GET_LIST_REQUEST, &[always(GET_LIST_RESPONSE)], Client).needs(GCLI),
    kind(CREATE_LIST_REQUEST, &[from(V11, STATUS, V12), from(V13, CREATE_LIST_RESPONSE, V13)], Client).needs(CCLI),
    kind(DELETE_LIST_REQUEST, DONE, Client).needs(DCLI),
    kind(LIST_MANAGE_REQUEST, &[always(LIST_MANAGE_RESPONSE)], Client).needs(MCLS),
    kind(CREATE_ATTRIBUTE_LIST_REQUEST, DONE, Client).needs(CALI),
    kind(DELETE_ATTRIBUTE_LIST_REQUEST, DONE, Client).needs(DALI),
    kind(GET_ATTRIBUTE_LIST_REQUEST, &[always(GET_ATTRIBUTE_LIST_RESPONSE)], Client).needs(GALS),
    kind(SUBSCRIBE_PRESENCE_REQUEST, DONE, Client).needs(PRESENCE_FEAT),
    kind(UNSUBSCRIBE_PRESENCE_REQUEST, DONE, Client).needs(PRESENCE_FEAT),
    kind(PRESENCE_NOTIFICATION_REQUEST, DONE, Server).needs(PRESENCE_FEAT),
    kind(GET_PRESENCE_REQUEST, &[always(GET_PRESENCE_RESPONSE)], Client).needs(GETPR),
    kind(UPDATE_PRESENCE_REQUEST, DONE, Client).needs(UPDPR),
    kind(GET_WATCHER_LIST_REQUEST, &[always(GET_WATCHER_LIST_RESPONSE)], Client).needs(GETWL),
    kind(PRESENCE_AUTH_REQUEST, DONE, Server).since(V11, V12).needs(REACT),
    kind(PRESENCE_AUTH_USER, DONE, Client).since(V11, V12).needs(REACT),
    kind(CANCEL_AUTH_REQUEST, DONE, Client).since(V11, V12).needs(CAAUT),
    kind(GET_REACTIVE_AUTH_STATUS_REQUEST, &[always(GET_REACTIVE_AUTH_STATUS_RESPONSE)], Client)
        .since(V12, V12).needs(GETAUT),
    kind(SEND_MESSAGE_REQUEST, &[always(SEND_MESSAGE_RESPONSE)], Client).needs(IM_FEAT),
    kind(FORWARD_MESSAGE_REQUEST, &[from(V11, STATUS, V12), from(V13, FORWARD_MESSAGE_RESPONSE, V13)], Client)
        .needs(FWMSG),
    kind(SET_DELIVERY_METHOD_REQUEST, DONE, Client).needs(SETD),
    kind(GET_MESSAGE_LIST_REQUEST, &[always(GET_MESSAGE_LIST_RESPONSE)], Client).needs(GETLM),
    kind(REJECT_MESSAGE_REQUEST, DONE, Client).needs(REJCM),
    kind(MESSAGE_NOTIFICATION, DONE, Server).needs(NOTIF),
    kind(GET_MESSAGE_REQUEST, &[always(GET_MESSAGE_RESPONSE)], Client).needs(GETM),
    kind(NEW_MESSAGE, &[always(MESSAGE_DELIVERED)], Server).needs(NEWM),
    kind(MESSAGE_DELIVERED, DONE, Client).needs(GETM),
    kind(DELIVERY_REPORT_REQUEST, DONE, Server).needs(MDELIV),
    kind(EXTEND_CONVERSATION_REQUEST, &[always(EXTEND_CONVERSATION_RESPONSE)], Both).since(V13, V13).needs(EXCON),
    kind(GET_BLOCKED_LIST_REQUEST, &[always(GET_BLOCKED_LIST_RESPONSE)], Client).needs(GLBLU),
    kind(BLOCK_ENTITY_REQUEST, DONE, Client).needs(BLENT),
    kind(CREATE_GROUP_REQUEST, DONE, Client).needs(CREAG),
    kind(DELETE_GROUP_REQUEST, DONE, Client).needs(DELGR),
    kind(GET_GROUP_PROPS_REQUEST, &[always(GET_GROUP_PROPS_RESPONSE)], Client).needs(GETGP),
    kind(SET_GROUP_PROPS_REQUEST, DONE, Client).needs(SETGP),
    kind(JOIN_GROUP_REQUEST, &[always(JOIN_GROUP_RESPONSE), always(STATUS)], Client).needs(GROUP_FEAT),
    kind(LEAVE_GROUP_REQUEST, &[always(LEAVE_GROUP_RESPONSE)], Client).needs(GROUP_FEAT),
    kind(LEAVE_GROUP_RESPONSE, DONE, Server).needs(GROUP_FEAT),
    kind(GET_JOINED_USERS_REQUEST, &[always(GET_JOINED_USERS_RESPONSE)], Client).since(V12, V13).needs(GETJU),
    kind(GET_GROUP_MEMBERS_REQUEST, &[always(GET_GROUP_MEMBERS_RESPONSE)], Client).needs(GETGM),
    kind(ADD_GROUP_MEMBERS_REQUEST, DONE, Client).needs(ADDGM),
    kind(REMOVE_GROUP_MEMBERS_REQUEST, DONE, Client).needs(RMVGM),
    kind(MEMBER_ACCESS_REQUEST, DONE, Client).needs(MBRAC),
    kind(REJECT_LIST_REQUEST, &[always(REJECT_LIST_RESPONSE)], Client).needs(REJEC),
    kind(SUBSCRIBE_GROUP_NOTICE_REQUEST, &[always(SUBSCRIBE_GROUP_NOTICE_RESPONSE), always(STATUS)], Client)
        .needs(SUBGCN),
    kind(GROUP_CHANGE_NOTICE, DONE, Server).needs(GRCHN),
    kind(EXTENDED_REQUEST, &[always(EXTENDED_RESPONSE)], Both).since(V12, V13),
    kind(REGISTRATION_REQUEST, &[always(REGISTRATION_RESPONSE)], Client).vendor(),
    kind(GET_NEW_PASSWORD_REQUEST, &[always(GET_NEW_PASSWORD_RESPONSE)], Client).vendor(),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_opens_one_type() {
        for (i, t) in TYPES.iter().enumerate() {
            assert_eq!(of_request(t.request), TYPES.get(i), "{}", spelling(t.request));
        }
        assert_eq!(TYPES.len(), 76);
        assert_eq!(of_request(NameId::UNKNOWN), None);
        assert_eq!(of_request(NameId(u16::MAX)), None);
    }

    #[test]
    fn services_are_branches_that_the_versions_share() {
        for t in TYPES {
            let Some(branch) = t.service.map(|s| feature::branch(s).unwrap()) else { continue };
            assert!(branch.versions.contains(t.versions.start()), "{}", spelling(t.request));
        }
    }

    #[test]
    fn primitives_are_elements_of_their_versions() {
        use super::super::model::{Kind, element};
        for t in TYPES {
            for version in super::super::model::VERSIONS {
                let known = |n| element(version, n).is_some_and(|e| e.kind != Kind::Removed);
                assert_eq!(known(t.request), t.versions.contains(&version), "{version:?} {}", spelling(t.request));
                let answers =
                    t.answers.iter().filter(|a| t.versions.contains(&version) && a.versions.contains(&version));
                for a in answers {
                    assert!(known(a.name), "{version:?} {}", spelling(a.name));
                }
            }
        }
    }

    #[test]
    fn answers_change_with_the_version() {
        let logout = of_request(LOGOUT_REQUEST).unwrap();
        assert!(logout.answered_by(V11, DISCONNECT) && !logout.answered_by(V12, DISCONNECT));
        let create = of_request(CREATE_LIST_REQUEST).unwrap();
        assert!(create.answered_by(V13, CREATE_LIST_RESPONSE) && !create.answered_by(V12, CREATE_LIST_RESPONSE));
        assert!(create.answered_by(V12, STATUS) && create.answered_by(V13, STATUS));
        assert!(!of_request(WV_CSP_VERSION_DISCOVERY_REQUEST).unwrap().answered_by(V12, STATUS));
        assert!(of_request(NEW_MESSAGE).unwrap().answered_by(V12, MESSAGE_DELIVERED));
    }

    #[test]
    fn modes_do_not_follow_the_name() {
        for request in [INVITE_RESPONSE, INVITE_USER_RESPONSE, PRESENCE_AUTH_USER, LOGIN_REQUEST, NEW_MESSAGE] {
            assert_eq!(expected_mode(request), Some(Mode::Request));
        }
        for response in [LOGIN_RESPONSE, STATUS, GET_PRESENCE_RESPONSE] {
            assert_eq!(expected_mode(response), Some(Mode::Response));
        }
        for either in [DISCONNECT, LEAVE_GROUP_RESPONSE, MESSAGE_DELIVERED, USER_ID] {
            assert_eq!(expected_mode(either), None);
        }
    }

    #[test]
    fn tokens_have_their_path() {
        let path = Path { feature: PRESENCE_FEAT, function: PRESENCE_DELIVER_FUNC, token: GETPR };
        assert_eq!(token_of(GET_PRESENCE_REQUEST), Some(path));
        assert_eq!(token_of(SUBSCRIBE_PRESENCE_REQUEST), None);
        assert_eq!(of_request(SUBSCRIBE_PRESENCE_REQUEST).unwrap().service, Some(PRESENCE_FEAT));
        assert_eq!(token_of(LOGIN_REQUEST), None);
    }

    #[test]
    fn only_discovery_login_and_provider_information_stand_outside() {
        let outside: Vec<_> = TYPES.iter().filter(|t| t.before_login).map(|t| t.request).collect();
        assert_eq!(outside, [WV_CSP_VERSION_DISCOVERY_REQUEST, LOGIN_REQUEST, GET_SP_INFO_REQUEST]);
    }
}
