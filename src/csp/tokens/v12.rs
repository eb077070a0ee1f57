//! Tokens of CSP 1.2, as far as they differ from 1.1.

// Tokens as Wireshark's WBXML dissector, the dictionary of Nokia's IMPS engine and libwbxml agree on. 03/14 stands in
// late texts only, 05/36 in Wireshark only; value 68 is obsolete and still met.

use super::{ATTRIBUTE_STARTS, page, page_over, v11, values};
use crate::csp::name::*;
use crate::syntax::NameId;
use crate::syntax::wbxml::{Language, Page};

/// CSP 1.2 as a WBXML language.
pub(super) const TOKENS: Language = Language {
    public_number: 0x11,
    tags: &TAGS,
    attribute_starts: &ATTRIBUTE_STARTS,
    attribute_values: &[],
    values: &VALUES,
    values_in: &[],
    integers: &INTEGERS,
    doubtful_integers: &v11::DOUBTFUL_INTEGERS,
    date_times: &[DATE_TIME, DELIVERY_TIME],
    content: CONTENT_DATA,
    content_encoding: CONTENT_ENCODING,
};

static TAGS: [Page; 11] = [
    v11::COMMON,
    ACCESS,
    SERVICE,
    CLIENT_CAPABILITY,
    PRESENCE_PRIMITIVES,
    PRESENCE_ATTRIBUTES,
    v11::MESSAGING,
    GROUPS,
    SERVICE_CONTINUED,
    COMMON_CONTINUED,
    ACCESS_CONTINUED,
];

/// Elements whose OPAQUE content is an integer.
pub(super) const INTEGERS: [NameId; 19] = [
    ACCEPTED_CHARSET,
    ACCEPTED_CONTENT_LENGTH,
    CODE,
    CONTENT_SIZE,
    HISTORY_PERIOD,
    KEEP_ALIVE_TIME,
    MAX_WATCHER_LIST,
    MESSAGE_COUNT,
    MULTI_TRANS,
    PARSER_SIZE,
    SEARCH_FINDINGS,
    SEARCH_ID,
    SEARCH_INDEX,
    SEARCH_LIMIT,
    SERVER_POLL_MIN,
    TCP_PORT,
    TIME_TO_LIVE,
    UDP_PORT,
    VALIDITY,
];

/// Access: page 01.
pub(super) const ACCESS: Page = page_over(
    v11::ACCESS,
    &[
        (0x36, RECEIVE_LIST),
        (0x37, VERIFY_ID_REQUEST),
        (0x38, EXTENDED_REQUEST),
        (0x39, EXTENDED_RESPONSE),
        (0x3A, AGREED_CAPABILITY_LIST),
        (0x3B, EXTENDED_DATA),
        (0x3C, OTHER_SERVER),
        (0x3D, PRESENCE_ATTRIBUTE_NS_NAME),
        (0x3E, SESSION_NS_NAME),
        (0x3F, TRANSACTION_NS_NAME),
    ],
);

/// Features and functions of the service tree: page 02.
pub(super) const SERVICE: Page = page_over(v11::SERVICE, &[(0x3D, MF), (0x3E, MG), (0x3F, MM)]);

/// Client capability: page 03.
pub(super) const CLIENT_CAPABILITY: Page =
    page_over(v11::CLIENT_CAPABILITY, &[(0x05, ACCEPTED_CHARSET), (0x14, CIR_URL)]);

/// Presence primitives: page 04.
pub(super) const PRESENCE_PRIMITIVES: Page = page_over(
    v11::PRESENCE_PRIMITIVES,
    &[(0x1E, AUTO_SUBSCRIBE), (0x1F, GET_REACTIVE_AUTH_STATUS_REQUEST), (0x20, GET_REACTIVE_AUTH_STATUS_RESPONSE)],
);

/// Presence attributes: page 05.
pub(super) const PRESENCE_ATTRIBUTES: Page = page_over(
    v11::PRESENCE_ATTRIBUTES,
    &[(0x36, CONTENT_TYPE), (0x37, INF_LINK), (0x38, INFO_LINK), (0x39, LINK), (0x3A, TEXT)],
);

/// Groups: page 07.
pub(super) const GROUPS: Page = page_over(
    v11::GROUPS,
    &[
        (0x24, GET_JOINED_USERS_REQUEST),
        (0x25, GET_JOINED_USERS_RESPONSE),
        (0x26, ADMIN_MAP_LIST),
        (0x27, ADMIN_MAPPING),
        (0x28, MAPPING),
        (0x29, MOD_MAPPING),
        (0x2A, USER_MAP_LIST),
        (0x2B, USER_MAPPING),
    ],
);

/// The service tree, continued: page 08.
pub(super) const SERVICE_CONTINUED: Page =
    page(&[(0x05, MP), (0x06, GETAUT), (0x07, GETJU), (0x08, VRID), (0x09, VERIFY_ID_FUNC)]);

/// Common elements, continued: page 09.
pub(super) const COMMON_CONTINUED: Page = page(&[
    (0x05, CIR),
    (0x06, DOMAIN),
    (0x07, EXT_BLOCK),
    (0x08, HISTORY_PERIOD),
    (0x09, ID_LIST),
    (0x0A, MAX_WATCHER_LIST),
    (0x0B, REACTIVE_AUTH_STATE),
    (0x0C, REACTIVE_AUTH_STATUS),
    (0x0D, REACTIVE_AUTH_STATUS_LIST),
    (0x0E, WATCHER),
    (0x0F, WATCHER_STATUS),
]);

/// Access, continued: page 0A.
pub(super) const ACCESS_CONTINUED: Page =
    page(&[(0x05, WV_CSP_VERSION_DISCOVERY_REQUEST), (0x06, WV_CSP_VERSION_DISCOVERY_RESPONSE), (0x07, VERSION_LIST)]);

/// Value tokens.
pub(super) static VALUES: [&str; 0xA6] = values(
    &v11::VALUES,
    &[
        (0x31, "AutoDelete"),
        (0x32, "GM"),
        (0x33, "Validity"),
        (0x34, "DENIED"),
        (0x35, "GRANTED"),
        (0x36, "PENDING"),
        (0x37, "ShowID"),
        (0x50, "GROUP_USER_ID_AUTOJOIN"),
        (0xA4, "SSMS"),
        (0xA5, "SHTTP"),
    ],
);
