//! Tokens of CSP 1.3, as far as they differ from 1.2.

// Tokens as Wireshark's WBXML dissector and the IM application of Android agree on. What 1.3 removed and decoders
// keep for peers of 1.2 is kept here too.

use super::{ATTRIBUTE_STARTS, page, page_over, v11, v12, values};
use crate::csp::name::*;
use crate::syntax::NameId;
use crate::syntax::wbxml::{Language, Page};

/// CSP 1.3 as a WBXML language.
pub(super) const TOKENS: Language = Language {
    public_number: 0x12,
    tags: &TAGS,
    attribute_starts: &ATTRIBUTE_STARTS,
    attribute_values: &[],
    values: &VALUES,
    values_in: &[(SEARCH_ELEMENT, 0x3D, "GROUP_ID")],
    integers: &INTEGERS,
    doubtful_integers: &DOUBTFUL_INTEGERS,
    date_times: &[DATE_TIME, DELIVERY_TIME],
    content: CONTENT_DATA,
    content_encoding: CONTENT_ENCODING,
};

static TAGS: [Page; 12] = [
    v11::COMMON,
    ACCESS,
    SERVICE,
    CLIENT_CAPABILITY,
    PRESENCE_PRIMITIVES,
    PRESENCE_ATTRIBUTES,
    MESSAGING,
    GROUPS,
    SERVICE_CONTINUED,
    COMMON_CONTINUED,
    ACCESS_CONTINUED,
    COMMON_THIRD,
];

/// Elements whose OPAQUE content is an integer.
pub(super) const INTEGERS: [NameId; 38] = [
    ACCEPTED_CHARSET,
    ACCEPTED_CONTENT_LENGTH,
    ACCEPTED_PULL_LENGTH,
    ACCEPTED_PUSH_LENGTH,
    ACCEPTED_RICH_CONTENT_LENGTH,
    ACCEPTED_TEXT_CONTENT_LENGTH,
    ANSWER_OPTION_ID,
    CHOSEN_OPTION_ID,
    CLIENT_IM_PRIORITY,
    CODE,
    CONTENT_POLICY_LIMIT,
    CONTENT_SIZE,
    GROUP_CONTENT_LIMIT,
    HISTORY_PERIOD,
    KEEP_ALIVE_TIME,
    MAX_WATCHER_LIST,
    MESSAGE_COUNT,
    MESSAGE_TOTAL_COUNT,
    MULTI_TRANS,
    MULTI_TRANS_PER_MESSAGE,
    PAIR_ID,
    PARSER_SIZE,
    PLAIN_TEXT_CHARSET,
    SEARCH_FINDINGS,
    SEARCH_ID,
    SEARCH_INDEX,
    SEARCH_LIMIT,
    SEGMENT_COUNT,
    SEGMENT_REFERENCE,
    SERVER_POLL_MIN,
    SESSION_PRIORITY,
    TCP_PORT,
    TIME_TO_LIVE,
    TRY_AGAIN_TIMEOUT,
    UDP_PORT,
    USER_SESSION_LIMIT,
    VALIDITY,
    WATCHER_COUNT,
];

/// Elements whose content is text by most accounts, and an integer by one where it comes as OPAQUE.
pub(super) const DOUBTFUL_INTEGERS: [NameId; 5] = [ACCURACY, ALTITUDE, CPRIORITY, MAX_PULL_LENGTH, MAX_PUSH_LENGTH];

/// Access: page 01.
pub(super) const ACCESS: Page = page_over(v12::ACCESS, &[(0x09, NameId::UNKNOWN)]);

/// Features and functions of the service tree: page 02.
pub(super) const SERVICE: Page = page_over(v12::SERVICE, &[(0x0A, NameId::UNKNOWN), (0x13, NameId::UNKNOWN)]);

/// Client capability: page 03.
pub(super) const CLIENT_CAPABILITY: Page = page_over(
    v12::CLIENT_CAPABILITY,
    &[
        (0x14, CIR_HTTP_ADDRESS),
        (0x15, UDP_ADDRESS),
        (0x16, ACCEPTED_PULL_LENGTH),
        (0x17, ACCEPTED_PUSH_LENGTH),
        (0x18, ACCEPTED_RICH_CONTENT_LENGTH),
        (0x19, ACCEPTED_TEXT_CONTENT_LENGTH),
        (0x1A, OFFLINE_ETEM_HANDLING),
        (0x1B, PLAIN_TEXT_CHARSET),
        (0x1C, SESSION_PRIORITY),
        (0x1D, SUPPORTED_OFFLINE_BEARER),
        (0x1F, USER_SESSION_LIMIT),
        (0x20, CIR_SMS_ADDRESS),
        (0x21, MULTI_TRANS_PER_MESSAGE),
        (0x22, ONLINE_ETEM_HANDLING),
        (0x23, CONTENT_POLICY),
        (0x24, CONTENT_POLICY_LIMIT),
    ],
);

/// Presence primitives: page 04.
pub(super) const PRESENCE_PRIMITIVES: Page = page_over(v12::PRESENCE_PRIMITIVES, &[(0x21, CREATE_LIST_RESPONSE)]);

/// Presence attributes: page 05.
pub(super) const PRESENCE_ATTRIBUTES: Page = page_over(
    v12::PRESENCE_ATTRIBUTES,
    &[(0x3B, CLIENT_CONTENT_LIMIT), (0x3C, CLIENT_IM_PRIORITY), (0x3D, MAX_PULL_LENGTH), (0x3E, MAX_PUSH_LENGTH)],
);

/// Messaging: page 06.
pub(super) const MESSAGING: Page =
    page_over(v11::MESSAGING, &[(0x20, MESSAGE_INFO_LIST), (0x21, FORWARD_MESSAGE_RESPONSE)]);

/// Groups: page 07.
pub(super) const GROUPS: Page = page_over(v12::GROUPS, &[(0x2C, JOINED_BLOCKED), (0x2D, LEFT_BLOCKED)]);

/// The service tree, continued: page 08.
pub(super) const SERVICE_CONTINUED: Page =
    page_over(v12::SERVICE_CONTINUED, &[(0x0A, GETMAP), (0x0B, SGMNT), (0x0C, EXCON), (0x0D, OFFNOTIF), (0x0E, ADVSR)]);

/// Common elements, continued: page 09.
pub(super) const COMMON_CONTINUED: Page = page_over(
    v12::COMMON_CONTINUED,
    &[
        (0x0B, ANSWER_OPTION_TEXT),
        (0x0C, NameId::UNKNOWN),
        (0x0D, NameId::UNKNOWN),
        (0x10, FONT),
        (0x11, SIZE),
        (0x12, STYLE),
        (0x13, COLOR),
        (0x14, CONTENT_NAME),
        (0x15, MAP),
        (0x16, NOTIFICATION_TYPE),
        (0x17, NOTIFICATION_TYPE_LIST),
        (0x18, FRIENDLY_NAME),
        (0x19, CLEAR_PUBLIC_PROFILE),
        (0x1A, PUBLIC_PROFILE),
        (0x1B, ANSWER_OPTION),
        (0x1C, ANSWER_OPTION_ID),
        (0x1D, ANSWER_OPTIONS),
        (0x1E, APPLICATION_ID),
        (0x1F, AUTHORIZE_AND_GRANT),
        (0x20, CHOSEN_OPTION_ID),
        (0x21, CONTACT_LIST_NOTIFY),
        (0x22, DEFAULT_NOTIFY),
        (0x23, EXTEND_CONVERSATION_USER),
        (0x24, IN_TEXT),
        (0x25, SEGMENT_COUNT),
        (0x26, SEGMENT_ID),
        (0x27, SEGMENT_INFO),
        (0x28, SEGMENT_REFERENCE),
        (0x29, SYSTEM_MESSAGE),
        (0x2A, SYSTEM_MESSAGE_ID),
        (0x2B, SYSTEM_MESSAGE_LIST),
        (0x2C, SYSTEM_MESSAGE_RESPONSE),
        (0x2D, SYSTEM_MESSAGE_RESPONSE_LIST),
        (0x2F, SYSTEM_MESSAGE_TEXT),
        (0x30, TRY_AGAIN_TIMEOUT),
        (0x31, USER_NOTIFY),
        (0x32, VERIFICATION_KEY),
        (0x33, VERIFICATION_MECHANISM),
        (0x34, GET_MAP_REQUEST),
        (0x35, GET_MAP_RESPONSE),
        (0x36, EXTEND_CONVERSATION_ID),
        (0x37, WATCHER_COUNT),
        (0x38, REQUIRES_RESPONSE),
        (0x39, EXT_BLOCK_ETEM),
        (0x3A, GROUP_CONTENT_LIMIT),
        (0x3B, MESSAGE_TOTAL_COUNT),
        (0x3C, UNRECOGNIZED_USER_ID),
        (0x3D, USER_ID_PAIR),
        (0x3E, VALID_USER_ID),
        (0x3F, USER_ID_LIST),
    ],
);

/// Access, continued: page 0A.
pub(super) const ACCESS_CONTINUED: Page = page_over(
    v12::ACCESS_CONTINUED,
    &[
        (0x08, SUBSCRIBE_NOTIFICATION_REQUEST),
        (0x09, UNSUBSCRIBE_NOTIFICATION_REQUEST),
        (0x0A, NOTIFICATION_REQUEST),
        (0x0B, ADVANCED_CRITERIA),
        (0x0C, PAIR_ID),
        (0x0D, GET_PUBLIC_PROFILE_REQUEST),
        (0x0E, GET_PUBLIC_PROFILE_RESPONSE),
        (0x0F, UPDATE_PUBLIC_PROFILE_REQUEST),
        (0x10, DROP_SEGMENT_REQUEST),
        (0x11, EXTEND_CONVERSATION_RESPONSE),
        (0x12, EXTEND_CONVERSATION_REQUEST),
        (0x13, GET_SEGMENT_REQUEST),
        (0x14, GET_SEGMENT_RESPONSE),
        (0x15, SYSTEM_MESSAGE_REQUEST),
        (0x16, SYSTEM_MESSAGE_USER),
        (0x17, SEARCH_PAIR),
        (0x18, SEGMENT_CONTENT),
    ],
);

/// Common elements, third page: page 0B.
pub(super) const COMMON_THIRD: Page = page(&[
    (0x05, GRANT_LIST_IN_USE),
    (0x06, BLOCK_LIST_IN_USE),
    (0x07, CONTACT_LIST_ID_LIST),
    (0x08, ANSWER_OPTIONS_TEXT),
]);

/// Value tokens. 3D is GROUP_ID in a SearchElement only.
pub(super) static VALUES: [&str; 0xC1] = values(
    &v12::VALUES,
    &[
        (0x38, "RequireInvitation"),
        (0x39, "Tiny"),
        (0x3A, "PPU"),
        (0x3B, "SPA"),
        (0x3C, "ANC"),
        (0x3D, "History"),
        (0x51, "AND"),
        (0x52, "AC"),
        (0x53, "BLC"),
        (0x54, "BLUC"),
        (0x55, "CLCR"),
        (0x56, "CLD"),
        (0x57, "GC"),
        (0x58, "GD"),
        (0x59, "GLC"),
        (0x5A, "ANU"),
        (0x5E, ""),
        (0x68, "AP"),
        (0x69, ""),
        (0x6A, ""),
        (0x76, ""),
        (0x77, ""),
        (0x78, "www.openmobilealliance.org"),
        (0x79, "Small"),
        (0x7A, "Medium"),
        (0x7B, "Big"),
        (0x7C, "Huge"),
        (0x7D, "Bold"),
        (0x7E, "Italic"),
        (0x7F, "Underline"),
        (0x80, "Black"),
        (0x81, "Silver"),
        (0x82, "Gray"),
        (0x83, "White"),
        (0x84, "Maroon"),
        (0x85, "Red"),
        (0x86, "Purple"),
        (0x87, "Fuchsia"),
        (0x88, "Green"),
        (0x89, "Lime"),
        (0x8A, "Olive"),
        (0x8B, "Yellow"),
        (0x8C, "Navy"),
        (0x8D, "Blue"),
        (0x8E, "Teal"),
        (0x8F, "Aqua"),
        (0x90, "ATCL"),
        (0x91, "CLC"),
        (0x93, "USER_CITY"),
        (0x94, "USER_COUNTRY"),
        (0x95, "USER_FRIENDLY_NAME"),
        (0x96, "USER_GENDER"),
        (0x97, "USER_INTENTION"),
        (0x98, "USER_INTERESTS_HOBBIES"),
        (0x99, "USER_MARITAL_STATUS"),
        (0x9A, "PRIORITYREJECT"),
        (0x9B, "PRIORITYSTORE"),
        (0x9C, "REJECT"),
        (0x9D, "SENDREJECT"),
        (0x9E, "SENDSTORE"),
        (0x9F, "IR"),
        (0xA0, "EC"),
        (0xA1, "GLUC"),
        (0xA2, "IA"),
        (0xA3, "IC"),
        (0xA6, "DoNotNotify"),
        (0xA7, "GMAU"),
        (0xA8, "GMG"),
        (0xA9, "GMR"),
        (0xAA, "GMU"),
        (0xAB, "DETECT"),
        (0xAC, "FORKALL"),
        (0xAD, "OEU"),
        (0xAE, "SERVERLOGIC"),
        (0xAF, "PP_AGE"),
        (0xB0, "PP_CITY"),
        (0xB1, "PP_COUNTRY"),
        (0xB2, "PP_FRIENDLY_NAME"),
        (0xB3, "PP_FREE_TEXT"),
        (0xB4, "PP_GENDER"),
        (0xB5, "PP_INTENTION"),
        (0xB6, "PP_INTERESTS"),
        (0xB7, "PP_MARITAL_STATUS"),
        (0xB8, "USER_AGE_MAX"),
        (0xB9, "USER_AGE_MIN"),
        (0xBA, "EG"),
        (0xBB, "MinimumAge"),
        (0xBC, "C"),
        (0xBD, "CURRENT_SUBSCRIBER"),
        (0xBE, "FORMER_SUBSCRIBER"),
        (0xBF, "PRESENCE_ACCESS"),
        (0xC0, "R"),
    ],
);
