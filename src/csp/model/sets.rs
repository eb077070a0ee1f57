//! Closed sets of values, shared by the versions.
//!
//! Spellings as in the example messages of the 1.1 document type and in the value tokens of WBXML, which agree. A set
//! whose name ends in a version number grew with the versions.

type Set = &'static [&'static str];

pub(super) const SESSION_TYPES: Set = &["Inband", "Outband"];
pub(super) const MODES: Set = &["Request", "Response"];
pub(super) const CLIENT_TYPES: Set = &["CLI", "COMPUTER", "MOBILE_PHONE", "OTHER", "PDA"];
pub(super) const DELIVERY_METHODS: Set = &["N", "P"];
pub(super) const ENCODINGS: Set = &["BASE64", "None"];
pub(super) const SUBSCRIBE_TYPES: Set = &["G", "S", "U"];
pub(super) const BEARERS: Set = &["HTTP", "HTTPS", "SMS", "WSP"];
pub(super) const CIR_METHODS_11: Set = &["STCP", "SUDP", "WAPSMS", "WAPUDP"];
pub(super) const CIR_METHODS: Set = &["SHTTP", "SSMS", "STCP", "SUDP", "WAPSMS", "WAPUDP"];
pub(super) const DIGEST_SCHEMAS_11: Set = &["MD4", "MD5", "MD6", "PWD", "SHA"];
pub(super) const DIGEST_SCHEMAS: Set = &["MD4", "MD5", "MD6", "SHA"];
pub(super) const INVITE_TYPES_11: Set = &["GR", "IM", "PR", "SC"];
pub(super) const INVITE_TYPES_12: Set = &["GM", "GR", "IM", "PR", "SC"];
pub(super) const INVITE_TYPES_13: Set = &["AP", "EC", "EG", "GM", "GR", "IM", "PR", "SC"];
pub(super) const CONTACT_STATES: Set = &["CLOSED", "OPEN"];
pub(super) const WATCHER_STATES: Set = &["CURRENT_SUBSCRIBER", "FORMER_SUBSCRIBER", "PRESENCE_ACCESS"];
pub(super) const REACTIVE_STATES: Set = &["DENIED", "GRANTED", "PENDING"];
pub(super) const SIZES: Set = &["Big", "Huge", "Medium", "Small", "Tiny"];
pub(super) const STYLES: Set = &["Bold", "Italic", "Underline"];
pub(super) const ONLINE_HANDLINGS: Set = &["DETECT", "FORKALL", "SERVERLOGIC"];
pub(super) const OFFLINE_HANDLINGS: Set = &["PRIORITYREJECT", "PRIORITYSTORE", "REJECT", "SENDREJECT", "SENDSTORE"];
pub(super) const FLAGS: Set = &["F", "T"];
pub(super) const AVAILABILITIES: Set = &["AVAILABLE", "DISCREET", "NOT_AVAILABLE"];
#[rustfmt::skip]
pub(super) const COLORS: Set = &[
    "Aqua", "Black", "Blue", "Fuchsia", "Gray", "Green", "Lime", "Maroon", "Navy", "Olive", "Purple", "Red", "Silver",
    "Teal", "White", "Yellow",
];
#[rustfmt::skip]
pub(super) const MOODS: Set = &[
    "ANGRY", "ANXIOUS", "ASHAMED", "BORED", "EXCITED", "HAPPY", "INVINCIBLE", "IN_LOVE", "JEALOUS", "SAD", "SLEEPY",
];
#[rustfmt::skip]
pub(super) const SEARCH_ELEMENTS_11: Set = &[
    "GROUP_ID", "GROUP_NAME", "GROUP_TOPIC", "GROUP_USER_ID_JOINED", "GROUP_USER_ID_OWNER", "USER_ALIAS",
    "USER_EMAIL_ADDRESS", "USER_FIRST_NAME", "USER_ID", "USER_LAST_NAME", "USER_MOBILE_NUMBER", "USER_ONLINE_STATUS",
];
#[rustfmt::skip]
pub(super) const SEARCH_ELEMENTS_12: Set = &[
    "GROUP_ID", "GROUP_NAME", "GROUP_TOPIC", "GROUP_USER_ID_AUTOJOIN", "GROUP_USER_ID_JOINED", "GROUP_USER_ID_OWNER",
    "USER_ALIAS", "USER_EMAIL_ADDRESS", "USER_FIRST_NAME", "USER_ID", "USER_LAST_NAME", "USER_MOBILE_NUMBER",
    "USER_ONLINE_STATUS",
];
#[rustfmt::skip]
pub(super) const SEARCH_ELEMENTS_13: Set = &[
    "GROUP_ID", "GROUP_NAME", "GROUP_TOPIC", "GROUP_USER_ID_AUTOJOIN", "GROUP_USER_ID_JOINED", "GROUP_USER_ID_OWNER",
    "USER_AGE_MAX", "USER_AGE_MIN", "USER_ALIAS", "USER_CITY", "USER_COUNTRY", "USER_EMAIL_ADDRESS", "USER_FIRST_NAME",
    "USER_FRIENDLY_NAME", "USER_GENDER", "USER_ID", "USER_INTENTION", "USER_INTERESTS_HOBBIES", "USER_LAST_NAME",
    "USER_MARITAL_STATUS", "USER_MOBILE_NUMBER", "USER_ONLINE_STATUS",
];
