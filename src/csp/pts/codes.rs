//! The codes of PTS.
//!
//! Codes as in the source of the IM application of Android, the only implementation of PTS that was found; it speaks of
//! login, negotiation, lists, presence, polling and status. The codes of messages, groups, invitations and searches are
//! not known. `KA` is commented out there, and fits the pattern of its answer.

use crate::carrier::Direction;
use crate::csp::name::*;
use crate::syntax::NameId;

/// What a code stands for.
type Code = (&'static str, NameId);

/// Primitives that clients send.
const OF_CLIENTS: [Code; 15] = [
    ("CA", CREATE_ATTRIBUTE_LIST_REQUEST),
    ("CL", CREATE_LIST_REQUEST),
    ("CP", CLIENT_CAPABILITY_REQUEST),
    ("DL", DELETE_LIST_REQUEST),
    ("GB", GET_BLOCKED_LIST_REQUEST),
    ("GL", GET_LIST_REQUEST),
    ("GP", GET_PRESENCE_REQUEST),
    ("KA", KEEP_ALIVE_REQUEST),
    ("LM", LIST_MANAGE_REQUEST),
    ("LR", LOGIN_REQUEST),
    ("OR", LOGOUT_REQUEST),
    ("PO", POLLING_REQUEST),
    ("SB", SUBSCRIBE_PRESENCE_REQUEST),
    ("SQ", SERVICE_REQUEST),
    ("UP", UPDATE_PRESENCE_REQUEST),
];

/// Primitives that servers send.
const OF_SERVERS: [Code; 9] = [
    ("AK", KEEP_ALIVE_RESPONSE),
    ("DI", DISCONNECT),
    ("LG", GET_LIST_RESPONSE),
    ("ML", LIST_MANAGE_RESPONSE),
    ("PC", CLIENT_CAPABILITY_RESPONSE),
    ("PG", GET_PRESENCE_RESPONSE),
    ("PN", PRESENCE_NOTIFICATION_REQUEST),
    ("QS", SERVICE_RESPONSE),
    ("RL", LOGIN_RESPONSE),
];

/// Parameters. `CI` is a container of its own in a capability list, `DL` and `KA` differ by who says them.
const PARAMETERS: [Code; 29] = [
    ("AF", ALL_FUNCTIONS),
    ("AN", ADD_NICK_LIST),
    ("AP", AGREED_CAPABILITY_LIST),
    ("AR", ALL_FUNCTIONS_REQUEST),
    ("AS", AUTO_SUBSCRIBE),
    ("CA", CAPABILITY_LIST),
    ("CI", CLIENT_ID),
    ("CL", CONTACT_LIST),
    ("CP", CONTACT_LIST_PROPERTIES),
    ("CR", CAPABILITY_REQUEST),
    ("DB", DIGEST_BYTES),
    ("DC", DEFAULT_CONTACT_LIST),
    ("DI", DIGEST_SCHEMA),
    ("DL", DEFAULT_LIST),
    ("KA", KEEP_ALIVE_TIME),
    ("NF", FUNCTIONS),
    ("NO", NONCE),
    ("PR", PRESENCE),
    ("PS", PRESENCE_SUB_LIST),
    ("PW", PASSWORD),
    ("RF", FUNCTIONS),
    ("RL", RECEIVE_LIST),
    ("RN", REMOVE_NICK_LIST),
    ("SC", SESSION_COOKIE),
    ("SH", DIGEST_SCHEMA),
    ("ST", RESULT),
    ("TL", TIME_TO_LIVE),
    ("UI", USER_ID),
    ("UN", NICK_LIST),
];

/// Elements in a capability list.
pub(super) const CAPABILITIES: &[Code] = &[
    ("CT", CLIENT_TYPE),
    ("CI", CIR_HTTP_ADDRESS),
    ("DL", DEFAULT_LANGUAGE),
    ("ID", INITIAL_DELIVERY_METHOD),
    ("MT", MULTI_TRANS),
    ("PS", PARSER_SIZE),
    ("PM", SERVER_POLL_MIN),
    ("SB", SUPPORTED_BEARER),
    ("SC", SUPPORTED_CIR_METHOD),
    ("TA", TCP_ADDRESS),
    ("TP", TCP_PORT),
    ("UP", UDP_PORT),
];

/// Leaves of the service tree.
pub(super) const FEATURES: &[Code] =
    &[("WV", WV_CSP_FEAT), ("FF", FUNDAMENTAL_FEAT), ("PF", PRESENCE_FEAT), ("IF", IM_FEAT), ("GE", GROUP_FEAT)];

/// Presence attributes, and what stands in `ClientInfo` and `StatusContent`.
pub(super) const ATTRIBUTES: &[Code] = &[
    ("OS", ONLINE_STATUS),
    ("CF", CLIENT_INFO),
    ("UA", USER_AVAILABILITY),
    ("ST", STATUS_TEXT),
    ("SC", STATUS_CONTENT),
    ("CT", CLIENT_TYPE),
    ("CP", CLIENT_PRODUCER),
    ("CV", CLIENT_VERSION),
    ("RC", REFERRED_CONTENT),
    ("CY", CONTENT_TYPE),
];

/// Names of contact list properties.
pub(super) const PROPERTIES: &[(&str, &str)] = &[("DN", "DisplayName"), ("DE", "Default")];

/// Values of elements that have codes.
const VALUES: [(NameId, &[(&str, &str)]); 3] = [
    (CLIENT_TYPE, &[("MP", "MOBILE_PHONE"), ("CO", "COMPUTER"), ("PD", "PDA"), ("CL", "CLI"), ("OT", "OTHER")]),
    (SUPPORTED_CIR_METHOD, &[("SS", "SSMS"), ("ST", "STCP"), ("SU", "SUDP"), ("WS", "WAPSMS"), ("WU", "WAPUDP")]),
    (USER_AVAILABILITY, &[("AV", "AVAILABLE"), ("DI", "DISCREET"), ("NA", "NOT_AVAILABLE")]),
];

/// What a code stands for in a table; letter case does not count.
pub(super) fn meaning<T: Copy>(table: &[(&str, T)], code: &str) -> Option<T> {
    table.iter().find(|(known, _)| known.eq_ignore_ascii_case(code)).map(|(_, meaning)| *meaning)
}

/// The code that stands for something in a table.
pub(super) fn code_of<T: PartialEq>(table: &[(&'static str, T)], meaning: T) -> Option<&'static str> {
    table.iter().find(|(_, known)| *known == meaning).map(|(code, _)| *code)
}

/// The primitive of a code, and who sends it; `Status` may come from both.
pub fn primitive(code: &str) -> Option<(NameId, Option<Direction>)> {
    let client = || meaning(&OF_CLIENTS, code).map(|name| (name, Some(Direction::ClientToServer)));
    let server = || meaning(&OF_SERVERS, code).map(|name| (name, Some(Direction::ServerToClient)));
    client().or_else(server).or_else(|| code.eq_ignore_ascii_case("ST").then_some((STATUS, None)))
}

/// The code of a primitive.
pub(super) fn primitive_code(name: NameId) -> Option<&'static str> {
    let status = (name == STATUS).then_some("ST");
    code_of(&OF_CLIENTS, name).or_else(|| code_of(&OF_SERVERS, name)).or(status)
}

/// The element of a parameter in a primitive.
pub(super) fn parameter(code: &str, primitive: NameId) -> Option<NameId> {
    if code.eq_ignore_ascii_case("UV") {
        return Some(PRESENCE_SUB_LIST);
    }
    let name = meaning(&PARAMETERS, code)?;
    let by_server = code_of(&OF_SERVERS, primitive).is_some();
    Some(if name == DEFAULT_LIST && by_server { DEFAULT_CONTACT_LIST } else { name })
}

/// The code of an element in a primitive.
pub(super) fn parameter_code(name: NameId, primitive: NameId) -> Option<&'static str> {
    let by_server = code_of(&OF_SERVERS, primitive).is_some();
    match name {
        PRESENCE_SUB_LIST if primitive == UPDATE_PRESENCE_REQUEST => Some("UV"),
        DIGEST_SCHEMA => Some(if by_server { "DI" } else { "SH" }),
        FUNCTIONS => Some(if by_server { "NF" } else { "RF" }),
        USER | USER_ID_LIST => Some("UI"),
        CONTACT_LIST_ID_LIST => Some("CL"),
        SESSION_ID => Some("SI"),
        _ => code_of(&PARAMETERS, name),
    }
}

/// The value that a text stands for in an element.
pub(super) fn value(element: NameId, text: &str) -> &str {
    let table = VALUES.iter().find(|(name, _)| *name == element);
    table.and_then(|(_, codes)| meaning(codes, text)).unwrap_or(text)
}

/// How a value is written in an element.
pub(super) fn value_code(element: NameId, text: &str) -> &str {
    let table = VALUES.iter().find(|(name, _)| *name == element);
    table.and_then(|(_, codes)| codes.iter().find(|(_, value)| *value == text)).map_or(text, |(code, _)| code)
}
