//! The names of CSP: every element of CSP 1.0 to 1.3, spelling variants that are met, and a few vendor primitives.
//!
//! In: a spelling. Out: a [`NameId`], which compares and copies like a number, and back.

use crate::syntax::{NameId, Vocabulary};

/// The vocabulary of all CSP versions.
pub const VOCABULARY: Vocabulary = Vocabulary { number, spelling };

/// The number of a name; [`NameId::UNKNOWN`] for one that is none of CSP's.
pub fn number(name: &[u8]) -> NameId {
    let ends = ends(name);
    let mut slot = hash(ends, name.len());
    loop {
        let number = TABLE.get(slot % SLOTS).copied().unwrap_or_default();
        let Some(spelling) = SPELLINGS.get(usize::from(number)).filter(|_| number != 0) else { return NameId(0) };
        // Both ends are all of a name of up to sixteen octets.
        if spelling.len() == name.len()
            && ENDS.get(usize::from(number)) == Some(&ends)
            && (name.len() <= 16 || spelling.as_bytes() == name)
        {
            return NameId(number);
        }
        slot += 1;
    }
}

/// The spelling of a name; empty for [`NameId::UNKNOWN`].
pub fn spelling(name: NameId) -> &'static str {
    SPELLINGS.get(usize::from(name.0)).copied().unwrap_or_default()
}

/// The name that a spelling variant stands for; any other name itself.
pub fn canonical(name: NameId) -> NameId {
    USUAL.get(usize::from(name.0)).copied().unwrap_or(name)
}

/// The usual name of each number; of most, itself.
static USUAL: [NameId; SPELLINGS.len()] = usual();

#[expect(clippy::indexing_slicing, reason = "evaluated while compiling")]
const fn usual() -> [NameId; SPELLINGS.len()] {
    let mut usual = [NameId(0); SPELLINGS.len()];
    let mut number = 0;
    while number < usual.len() {
        usual[number] = NameId(number as u16);
        number += 1;
    }
    let mut variant = 0;
    while variant < VARIANTS.len() {
        usual[VARIANTS[variant].0.0 as usize] = VARIANTS[variant].1;
        variant += 1;
    }
    usual
}

/// Slots of the hash table: a power of two, some four times as many as names.
const SLOTS: usize = 2048;

/// Numbers by hash of their spelling, the next free slot where that is taken; 0 is free.
static TABLE: [u16; SLOTS] = table();

#[expect(clippy::indexing_slicing, reason = "evaluated while compiling")]
const fn table() -> [u16; SLOTS] {
    let mut table = [0; SLOTS];
    let mut number = 1;
    while number < SPELLINGS.len() {
        let mut slot = hash(ENDS[number], SPELLINGS[number].len()) % SLOTS;
        while table[slot] != 0 {
            slot = (slot + 1) % SLOTS;
        }
        table[slot] = number as u16;
        number += 1;
    }
    table
}

/// The first and the last octets of each name.
static ENDS: [(u64, u64); SPELLINGS.len()] = all_ends();

#[expect(clippy::indexing_slicing, reason = "evaluated while compiling")]
const fn all_ends() -> [(u64, u64); SPELLINGS.len()] {
    let mut all = [(0, 0); SPELLINGS.len()];
    let mut number = 0;
    while number < all.len() {
        all[number] = ends(SPELLINGS[number].as_bytes());
        number += 1;
    }
    all
}

/// The first eight octets and the last eight as numbers; of a shorter name all octets, by fours where there are as many.
const fn ends(name: &[u8]) -> (u64, u64) {
    if let (Some(first), Some(last)) = (name.first_chunk::<8>(), name.last_chunk::<8>()) {
        (u64::from_le_bytes(*first), u64::from_le_bytes(*last))
    } else if let (Some(first), Some(last)) = (name.first_chunk::<4>(), name.last_chunk::<4>()) {
        (u32::from_le_bytes(*first) as u64, u32::from_le_bytes(*last) as u64)
    } else {
        (short(name), 0)
    }
}

/// Mixes both ends and the length, where CSP names differ; the last factor was picked for few collisions.
const fn hash((first, last): (u64, u64), len: usize) -> usize {
    let mixed = first.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ last.wrapping_mul(0xC2B2_AE3D_27D4_EB4F);
    let mixed = (mixed ^ len as u64).wrapping_mul(0x121B_2800_4E6F_5A95);
    (mixed >> 48) as usize
}

/// Up to three octets as one number.
const fn short(mut name: &[u8]) -> u64 {
    let mut number = 0;
    while let [octet, rest @ ..] = name {
        number = number << 8 | *octet as u64;
        name = rest;
    }
    number
}

/// Spelling variants and what they stand for: slips of implementations, and names that changed between versions of a
/// text while their token did not.
const VARIANTS: &[(NameId, NameId)] = &[
    (ACCEPTED_CHAR_SET, ACCEPTED_CHARSET),
    (AUTO_SUBSCRIBE_HYPHENATED, AUTO_SUBSCRIBE),
    (BLOCK_USER_REQUEST, BLOCK_ENTITY_REQUEST),
    (C_ADDR, CADDR),
    (C_NAME, CNAME),
    (EXTENDED_DATA_HYPHENATED, EXTENDED_DATA),
    (KEEP_ALIVE_RESPONSE_UNHYPHENATED, KEEP_ALIVE_RESPONSE),
    (PREFERRED_CONTENT, REFERRED_CONTENT),
    (PREFERRED_VCARD, REFERRED_VCARD),
    (WV_CSP_NS_DISCOVERY_REQUEST, WV_CSP_VERSION_DISCOVERY_REQUEST),
    (WV_CSP_NS_DISCOVERY_RESPONSE, WV_CSP_VERSION_DISCOVERY_RESPONSE),
];

macro_rules! names {
    ($($constant:ident = $spelling:literal,)*) => {
        /// Numbers by position in the list, from 0.
        #[expect(non_camel_case_types, clippy::upper_case_acronyms, reason = "named like the constants")]
        enum Number { $($constant),* }

        const SPELLINGS: &[&str] = &["", $($spelling),*];

        $(
            #[doc = concat!("`", $spelling, "`.")]
            pub const $constant: NameId = NameId(Number::$constant as u16 + 1);
        )*
    };
}

// Names as in the token tables and content models of CSP 1.0 to 1.3; Registration and GetNewPassword are primitives
// of the Baraza server, WV-SSP-Message is the root of the protocol between servers.
names! {
    ACCEPTANCE = "Acceptance",
    ACCEPTED_CHAR_SET = "AcceptedCharSet",
    ACCEPTED_CHARSET = "AcceptedCharset",
    ACCEPTED_CONTENT_LENGTH = "AcceptedContentLength",
    ACCEPTED_CONTENT_TYPE = "AcceptedContentType",
    ACCEPTED_PULL_LENGTH = "AcceptedPullLength",
    ACCEPTED_PUSH_LENGTH = "AcceptedPushLength",
    ACCEPTED_RICH_CONTENT_LENGTH = "AcceptedRichContentLength",
    ACCEPTED_TEXT_CONTENT_LENGTH = "AcceptedTextContentLength",
    ACCEPTED_TRANSFER_ENCODING = "AcceptedTransferEncoding",
    ACCURACY = "Accuracy",
    ADDGM = "ADDGM",
    ADD_GROUP_MEMBERS_REQUEST = "AddGroupMembers-Request",
    ADD_LIST = "AddList",
    ADD_NICK_LIST = "AddNickList",
    ADDRESS = "Address",
    ADDR_PREF = "AddrPref",
    ADMIN = "Admin",
    ADMIN_MAP_LIST = "AdminMapList",
    ADMIN_MAPPING = "AdminMapping",
    ADVANCED_CRITERIA = "AdvancedCriteria",
    ADVSR = "ADVSR",
    AGREED_CAPABILITY_LIST = "AgreedCapabilityList",
    ALIAS = "Alias",
    ALL_FUNCTIONS = "AllFunctions",
    ALL_FUNCTIONS_REQUEST = "AllFunctionsRequest",
    ALTITUDE = "Altitude",
    ANSWER_OPTION = "AnswerOption",
    ANSWER_OPTION_ID = "AnswerOptionID",
    ANSWER_OPTIONS = "AnswerOptions",
    ANSWER_OPTIONS_TEXT = "AnswerOptionsText",
    ANSWER_OPTION_TEXT = "AnswerOptionText",
    ANY_CONTENT = "AnyContent",
    APPLICATION_ID = "ApplicationID",
    ATT_LIST_FUNC = "AttListFunc",
    ATTRIBUTE = "Attribute",
    ATTRIBUTE_LIST = "AttributeList",
    AUTHORIZE_AND_GRANT = "AuthorizeAndGrant",
    AUTO_SUBSCRIBE_HYPHENATED = "Auto-Subscribe",
    AUTO_SUBSCRIBE = "AutoSubscribe",
    BLENT = "BLENT",
    BLOCK_ENTITY_REQUEST = "BlockEntity-Request",
    BLOCK_LIST = "BlockList",
    BLOCK_LIST_IN_USE = "BlockListInUse",
    BLOCK_USER_REQUEST = "BlockUser-Request",
    BUILDING = "Building",
    CAAUT = "CAAUT",
    C_ADDR = "CAddr",
    CADDR = "Caddr",
    CAINV = "CAINV",
    CALI = "CALI",
    CANCEL_AUTH_REQUEST = "CancelAuth-Request",
    CANCEL_INVITE_REQUEST = "CancelInvite-Request",
    CANCEL_INVITE_USER_REQUEST = "CancelInviteUser-Request",
    CAP = "Cap",
    CAPABILITY = "Capability",
    CAPABILITY_LIST = "CapabilityList",
    CAPABILITY_REQUEST = "CapabilityRequest",
    CCLI = "CCLI",
    CHOSEN_OPTION_ID = "ChosenOptionID",
    CIR = "CIR",
    CIR_HTTP_ADDRESS = "CIRHTTPAddress",
    CIR_SMS_ADDRESS = "CIRSMSAddress",
    CIR_URL = "CIRURL",
    CITY = "City",
    CLEAR_PUBLIC_PROFILE = "ClearPublicProfile",
    CLIENT_CAPABILITY_REQUEST = "ClientCapability-Request",
    CLIENT_CAPABILITY_RESPONSE = "ClientCapability-Response",
    CLIENT_CONTENT_LIMIT = "ClientContentLimit",
    CLIENT_ID = "ClientID",
    CLIENT_IM_PRIORITY = "ClientIMPriority",
    CLIENT_INFO = "ClientInfo",
    CLIENT_PRODUCER = "ClientProducer",
    CLIENT_TYPE = "ClientType",
    CLIENT_VERSION = "ClientVersion",
    C_NAME = "CName",
    CNAME = "Cname",
    CODE = "Code",
    COLOR = "Color",
    COMM_C = "CommC",
    COMM_CAP = "CommCap",
    COMPLETION_FLAG = "CompletionFlag",
    CONTACT = "Contact",
    CONTACT_INFO = "ContactInfo",
    CONTACT_LIST = "ContactList",
    CONTACT_LIST_ID_LIST = "ContactListIDList",
    CONTACT_LIST_NOTIFY = "ContactListNotify",
    CONTACT_LIST_PROPERTIES = "ContactListProperties",
    CONTAINED_VCARD = "ContainedvCard",
    CONTENT_DATA = "ContentData",
    CONTENT_ENCODING = "ContentEncoding",
    CONTENT_NAME = "ContentName",
    CONTENT_POLICY = "ContentPolicy",
    CONTENT_POLICY_LIMIT = "ContentPolicyLimit",
    CONTENT_SIZE = "ContentSize",
    CONTENT_TYPE = "ContentType",
    CONT_LIST_FUNC = "ContListFunc",
    COUNTRY = "Country",
    CPRIORITY = "Cpriority",
    CREAG = "CREAG",
    CREATE_ATTRIBUTE_LIST_REQUEST = "CreateAttributeList-Request",
    CREATE_GROUP_REQUEST = "CreateGroup-Request",
    CREATE_LIST_REQUEST = "CreateList-Request",
    CREATE_LIST_RESPONSE = "CreateList-Response",
    CROSSING1 = "Crossing1",
    CROSSING2 = "Crossing2",
    CSTATUS = "Cstatus",
    DALI = "DALI",
    DATE_TIME = "DateTime",
    DCLI = "DCLI",
    DEFAULT_ATTRIBUTE_LIST = "DefaultAttributeList",
    DEFAULT_CONTACT_LIST = "DefaultContactList",
    DEFAULT_LANGUAGE = "DefaultLanguage",
    DEFAULT_LIST = "DefaultList",
    DEFAULT_NOTIFY = "DefaultNotify",
    DELETE_ATTRIBUTE_LIST_REQUEST = "DeleteAttributeList-Request",
    DELETE_GROUP_REQUEST = "DeleteGroup-Request",
    DELETE_LIST_REQUEST = "DeleteList-Request",
    DELGR = "DELGR",
    DELIVERY_METHOD = "DeliveryMethod",
    DELIVERY_REPORT = "DeliveryReport",
    DELIVERY_REPORT_REQUEST = "DeliveryReport-Request",
    DELIVERY_TIME = "DeliveryTime",
    DESCRIPTION = "Description",
    DETAILED_RESULT = "DetailedResult",
    DEV_MANUFACTURER = "DevManufacturer",
    DIGEST_BYTES = "DigestBytes",
    DIGEST_SCHEMA = "DigestSchema",
    DIRECT_CONTENT = "DirectContent",
    DISCONNECT = "Disconnect",
    DOMAIN = "Domain",
    DROP_SEGMENT_REQUEST = "DropSegment-Request",
    ENTITY_LIST = "EntityList",
    EXCON = "EXCON",
    EXT_BLOCK = "ExtBlock",
    EXT_BLOCK_ETEM = "ExtBlockETEM",
    EXTEND_CONVERSATION_REQUEST = "ExtendConversation-Request",
    EXTEND_CONVERSATION_RESPONSE = "ExtendConversation-Response",
    EXTEND_CONVERSATION_ID = "ExtendConversationID",
    EXTEND_CONVERSATION_USER = "ExtendConversationUser",
    EXTENDED_DATA_HYPHENATED = "Extended-Data",
    EXTENDED_REQUEST = "Extended-Request",
    EXTENDED_RESPONSE = "Extended-Response",
    EXTENDED_DATA = "ExtendedData",
    FONT = "Font",
    FORWARD_MESSAGE_REQUEST = "ForwardMessage-Request",
    FORWARD_MESSAGE_RESPONSE = "ForwardMessage-Response",
    FREE_TEXT_LOCATION = "FreeTextLocation",
    FRIENDLY_NAME = "FriendlyName",
    FUNCTIONS = "Functions",
    FUNDAMENTAL_FEAT = "FundamentalFeat",
    FWMSG = "FWMSG",
    GALS = "GALS",
    GCLI = "GCLI",
    GEO_LOCATION = "GeoLocation",
    GET_ATTRIBUTE_LIST_REQUEST = "GetAttributeList-Request",
    GET_ATTRIBUTE_LIST_RESPONSE = "GetAttributeList-Response",
    GETAUT = "GETAUT",
    GET_BLOCKED_LIST_REQUEST = "GetBlockedList-Request",
    GET_BLOCKED_LIST_RESPONSE = "GetBlockedList-Response",
    GETGM = "GETGM",
    GETGP = "GETGP",
    GET_GROUP_MEMBERS_REQUEST = "GetGroupMembers-Request",
    GET_GROUP_MEMBERS_RESPONSE = "GetGroupMembers-Response",
    GET_GROUP_PROPS_REQUEST = "GetGroupProps-Request",
    GET_GROUP_PROPS_RESPONSE = "GetGroupProps-Response",
    GET_JOINED_USERS_REQUEST = "GetJoinedUsers-Request",
    GET_JOINED_USERS_RESPONSE = "GetJoinedUsers-Response",
    GETJU = "GETJU",
    GET_LIST_REQUEST = "GetList-Request",
    GET_LIST_RESPONSE = "GetList-Response",
    GETLM = "GETLM",
    GETM = "GETM",
    GETMAP = "GETMAP",
    GET_MAP_REQUEST = "GetMap-Request",
    GET_MAP_RESPONSE = "GetMap-Response",
    GET_MESSAGE_REQUEST = "GetMessage-Request",
    GET_MESSAGE_RESPONSE = "GetMessage-Response",
    GET_MESSAGE_LIST_REQUEST = "GetMessageList-Request",
    GET_MESSAGE_LIST_RESPONSE = "GetMessageList-Response",
    GET_NEW_PASSWORD_REQUEST = "GetNewPassword-Request",
    GET_NEW_PASSWORD_RESPONSE = "GetNewPassword-Response",
    GETPR = "GETPR",
    GET_PRESENCE_REQUEST = "GetPresence-Request",
    GET_PRESENCE_RESPONSE = "GetPresence-Response",
    GET_PUBLIC_PROFILE_REQUEST = "GetPublicProfile-Request",
    GET_PUBLIC_PROFILE_RESPONSE = "GetPublicProfile-Response",
    GET_REACTIVE_AUTH_STATUS_REQUEST = "GetReactiveAuthStatus-Request",
    GET_REACTIVE_AUTH_STATUS_RESPONSE = "GetReactiveAuthStatus-Response",
    GET_SEGMENT_REQUEST = "GetSegment-Request",
    GET_SEGMENT_RESPONSE = "GetSegment-Response",
    GETSPI = "GETSPI",
    GET_SP_INFO_REQUEST = "GetSPInfo-Request",
    GET_SP_INFO_RESPONSE = "GetSPInfo-Response",
    GET_WATCHER_LIST_REQUEST = "GetWatcherList-Request",
    GET_WATCHER_LIST_RESPONSE = "GetWatcherList-Response",
    GETWL = "GETWL",
    GLBLU = "GLBLU",
    GRANT_LIST = "GrantList",
    GRANT_LIST_IN_USE = "GrantListInUse",
    GRCHN = "GRCHN",
    GROUP = "Group",
    GROUP_AUTH_FUNC = "GroupAuthFunc",
    GROUP_CHANGE_NOTICE = "GroupChangeNotice",
    GROUP_CONTENT_LIMIT = "GroupContentLimit",
    GROUP_FEAT = "GroupFeat",
    GROUP_ID = "GroupID",
    GROUP_LIST = "GroupList",
    GROUP_MGMT_FUNC = "GroupMgmtFunc",
    GROUP_PROPERTIES = "GroupProperties",
    GROUP_USE_FUNC = "GroupUseFunc",
    HISTORY_PERIOD = "HistoryPeriod",
    ID_LIST = "IDList",
    IM_AUTH_FUNC = "IMAuthFunc",
    IM_FEAT = "IMFeat",
    IM_RECEIVE_FUNC = "IMReceiveFunc",
    IM_SEND_FUNC = "IMSendFunc",
    INF_LINK = "Inf_link",
    INFO_LINK = "InfoLink",
    INITIAL_DELIVERY_METHOD = "InitialDeliveryMethod",
    IN_TEXT = "InText",
    IN_USE = "InUse",
    INVIT = "INVIT",
    INVITE_REQUEST = "Invite-Request",
    INVITE_RESPONSE = "Invite-Response",
    INVITE_FUNC = "InviteFunc",
    INVITE_ID = "InviteID",
    INVITE_NOTE = "InviteNote",
    INVITE_TYPE = "InviteType",
    INVITE_USER_REQUEST = "InviteUser-Request",
    INVITE_USER_RESPONSE = "InviteUser-Response",
    JOINED = "Joined",
    JOINED_BLOCKED = "JoinedBlocked",
    JOINED_REQUEST = "JoinedRequest",
    JOIN_GROUP = "JoinGroup",
    JOIN_GROUP_REQUEST = "JoinGroup-Request",
    JOIN_GROUP_RESPONSE = "JoinGroup-Response",
    KEEP_ALIVE_REQUEST = "KeepAlive-Request",
    KEEP_ALIVE_RESPONSE = "KeepAlive-Response",
    KEEP_ALIVE_RESPONSE_UNHYPHENATED = "KeepAliveResponse",
    KEEP_ALIVE_TIME = "KeepAliveTime",
    LANGUAGE = "Language",
    LATITUDE = "Latitude",
    LEAVE_GROUP_REQUEST = "LeaveGroup-Request",
    LEAVE_GROUP_RESPONSE = "LeaveGroup-Response",
    LEFT = "Left",
    LEFT_BLOCKED = "LeftBlocked",
    LINK = "Link",
    LIST_MANAGE_REQUEST = "ListManage-Request",
    LIST_MANAGE_RESPONSE = "ListManage-Response",
    LOGIN_REQUEST = "Login-Request",
    LOGIN_RESPONSE = "Login-Response",
    LOGO = "Logo",
    LOGOUT_REQUEST = "Logout-Request",
    LONGITUDE = "Longitude",
    MAP = "Map",
    MAPPING = "Mapping",
    MAX_PULL_LENGTH = "MaxPullLength",
    MAX_PUSH_LENGTH = "MaxPushLength",
    MAX_WATCHER_LIST = "MaxWatcherList",
    MBRAC = "MBRAC",
    MCLS = "MCLS",
    MDELIV = "MDELIV",
    MEMBER_ACCESS_REQUEST = "MemberAccess-Request",
    MESSAGE_COUNT = "MessageCount",
    MESSAGE_DELIVERED = "MessageDelivered",
    MESSAGE_ID = "MessageID",
    MESSAGE_INFO = "MessageInfo",
    MESSAGE_INFO_LIST = "MessageInfoList",
    MESSAGE_NOTIFICATION = "MessageNotification",
    MESSAGE_TOTAL_COUNT = "MessageTotalCount",
    MESSAGE_URI = "MessageURI",
    MF = "MF",
    MG = "MG",
    MM = "MM",
    MOD = "Mod",
    MODEL = "Model",
    MOD_MAPPING = "ModMapping",
    MP = "MP",
    MSISDN = "MSISDN",
    MULTI_TRANS = "MultiTrans",
    MULTI_TRANS_PER_MESSAGE = "MultiTransPerMessage",
    NAME = "Name",
    NAMED_AREA = "NamedArea",
    NEWM = "NEWM",
    NEW_MESSAGE = "NewMessage",
    NICK_LIST = "NickList",
    NICK_NAME = "NickName",
    NONCE = "Nonce",
    NOTE = "Note",
    NOTIF = "NOTIF",
    NOTIFICATION_REQUEST = "Notification-Request",
    NOTIFICATION_TYPE = "NotificationType",
    NOTIFICATION_TYPE_LIST = "NotificationTypeList",
    OFFLINE_ETEM_HANDLING = "OfflineETEMHandling",
    OFFNOTIF = "OFFNOTIF",
    ONLINE_ETEM_HANDLING = "OnlineETEMHandling",
    ONLINE_STATUS = "OnlineStatus",
    OTHER_SERVER = "OtherServer",
    OWN_PROPERTIES = "OwnProperties",
    PAIR_ID = "PairID",
    PARSER_SIZE = "ParserSize",
    PASSWORD = "Password",
    PLAIN_TEXT_CHARSET = "PlainTextCharset",
    PLMN = "PLMN",
    POLL = "Poll",
    POLLING_REQUEST = "Polling-Request",
    PREF_C = "PrefC",
    PREFERRED_CONTACTS = "PreferredContacts",
    PREFERRED_CONTENT = "PreferredContent",
    PREFERRED_LANGUAGE = "PreferredLanguage",
    PREFERRED_VCARD = "PreferredvCard",
    PRESENCE = "Presence",
    PRESENCE_ATTRIBUTE_NS_NAME = "PresenceAttributeNSName",
    PRESENCE_AUTH_REQUEST = "PresenceAuth-Request",
    PRESENCE_AUTH_RESPONSE = "PresenceAuth-Response",
    PRESENCE_AUTH_USER = "PresenceAuth-User",
    PRESENCE_AUTH_FUNC = "PresenceAuthFunc",
    PRESENCE_DELIVER_FUNC = "PresenceDeliverFunc",
    PRESENCE_FEAT = "PresenceFeat",
    PRESENCE_NOTIFICATION_REQUEST = "PresenceNotification-Request",
    PRESENCE_SUB_LIST = "PresenceSubList",
    PRESENCE_VALUE = "PresenceValue",
    PRESENCE_VALUE_LIST = "PresenceValueList",
    PROPERTY = "Property",
    PUBLIC_PROFILE = "PublicProfile",
    QUALIFIER = "Qualifier",
    REACT = "REACT",
    REACTIVE_AUTH_STATE = "ReactiveAuthState",
    REACTIVE_AUTH_STATUS = "ReactiveAuthStatus",
    REACTIVE_AUTH_STATUS_LIST = "ReactiveAuthStatusList",
    RECEIVE_LIST = "ReceiveList",
    RECIPIENT = "Recipient",
    REFERRED_CONTENT = "ReferredContent",
    REFERRED_VCARD = "ReferredvCard",
    REGISTRATION = "Registration",
    REGISTRATION_REQUEST = "Registration-Request",
    REGISTRATION_RESPONSE = "Registration-Response",
    REJCM = "REJCM",
    REJEC = "REJEC",
    REJECT_LIST_REQUEST = "RejectList-Request",
    REJECT_LIST_RESPONSE = "RejectList-Response",
    REJECT_MESSAGE_REQUEST = "RejectMessage-Request",
    REMOVE_GROUP_MEMBERS_REQUEST = "RemoveGroupMembers-Request",
    REMOVE_LIST = "RemoveList",
    REMOVE_NICK_LIST = "RemoveNickList",
    REQUIRES_RESPONSE = "RequiresResponse",
    RESPONSE_NOTE = "ResponseNote",
    RESULT = "Result",
    RMVGM = "RMVGM",
    SCREEN_NAME = "ScreenName",
    SEARCH_REQUEST = "Search-Request",
    SEARCH_RESPONSE = "Search-Response",
    SEARCH_ELEMENT = "SearchElement",
    SEARCH_FINDINGS = "SearchFindings",
    SEARCH_FUNC = "SearchFunc",
    SEARCH_ID = "SearchID",
    SEARCH_INDEX = "SearchIndex",
    SEARCH_LIMIT = "SearchLimit",
    SEARCH_ONLINE_STATUS = "SearchOnlineStatus",
    SEARCH_PAIR = "SearchPair",
    SEARCH_PAIR_LIST = "SearchPairList",
    SEARCH_RESULT = "SearchResult",
    SEARCH_STRING = "SearchString",
    SEGMENT_CONTENT = "SegmentContent",
    SEGMENT_COUNT = "SegmentCount",
    SEGMENT_ID = "SegmentID",
    SEGMENT_INFO = "SegmentInfo",
    SEGMENT_REFERENCE = "SegmentReference",
    SENDER = "Sender",
    SEND_MESSAGE_REQUEST = "SendMessage-Request",
    SEND_MESSAGE_RESPONSE = "SendMessage-Response",
    SERVER_POLL_MIN = "ServerPollMin",
    SERVICE_REQUEST = "Service-Request",
    SERVICE_RESPONSE = "Service-Response",
    SERVICE_FUNC = "ServiceFunc",
    SESSION = "Session",
    SESSION_COOKIE = "SessionCookie",
    SESSION_DESCRIPTOR = "SessionDescriptor",
    SESSION_ID = "SessionID",
    SESSION_NS_NAME = "SessionNSName",
    SESSION_PRIORITY = "SessionPriority",
    SESSION_TYPE = "SessionType",
    SETD = "SETD",
    SET_DELIVERY_METHOD_REQUEST = "SetDeliveryMethod-Request",
    SETGP = "SETGP",
    SET_GROUP_PROPS_REQUEST = "SetGroupProps-Request",
    SGMNT = "SGMNT",
    SIZE = "Size",
    S_NAME = "SName",
    SRCH = "SRCH",
    STATUS = "Status",
    STATUS_CONTENT = "StatusContent",
    STATUS_MOOD = "StatusMood",
    STATUS_TEXT = "StatusText",
    STOP_SEARCH_REQUEST = "StopSearch-Request",
    STREET = "Street",
    STSRC = "STSRC",
    STYLE = "Style",
    SUBGCN = "SUBGCN",
    SUBSCRIBE_GROUP_NOTICE_REQUEST = "SubscribeGroupNotice-Request",
    SUBSCRIBE_GROUP_NOTICE_RESPONSE = "SubscribeGroupNotice-Response",
    SUBSCRIBE_NOTIFICATION = "SubscribeNotification",
    SUBSCRIBE_NOTIFICATION_REQUEST = "SubscribeNotification-Request",
    SUBSCRIBE_PRESENCE_REQUEST = "SubscribePresence-Request",
    SUBSCRIBE_TYPE = "SubscribeType",
    SUPPORTED_BEARER = "SupportedBearer",
    SUPPORTED_CIR_METHOD = "SupportedCIRMethod",
    SUPPORTED_OFFLINE_BEARER = "SupportedOfflineBearer",
    SYSTEM_MESSAGE = "SystemMessage",
    SYSTEM_MESSAGE_REQUEST = "SystemMessage-Request",
    SYSTEM_MESSAGE_USER = "SystemMessage-User",
    SYSTEM_MESSAGE_ID = "SystemMessageID",
    SYSTEM_MESSAGE_LIST = "SystemMessageList",
    SYSTEM_MESSAGE_RESPONSE = "SystemMessageResponse",
    SYSTEM_MESSAGE_RESPONSE_LIST = "SystemMessageResponseList",
    SYSTEM_MESSAGE_TEXT = "SystemMessageText",
    TCP_ADDRESS = "TCPAddress",
    TCP_PORT = "TCPPort",
    TEXT = "Text",
    TIME_TO_LIVE = "TimeToLive",
    TIME_ZONE = "TimeZone",
    TRANSACTION = "Transaction",
    TRANSACTION_CONTENT = "TransactionContent",
    TRANSACTION_DESCRIPTOR = "TransactionDescriptor",
    TRANSACTION_ID = "TransactionID",
    TRANSACTION_MODE = "TransactionMode",
    TRANSACTION_NS_NAME = "TransactionNSName",
    TRY_AGAIN_TIMEOUT = "TryAgainTimeout",
    UDP_ADDRESS = "UDPAddress",
    UDP_PORT = "UDPPort",
    UNRECOGNIZED_USER_ID = "UnrecognizedUserID",
    UNSUBSCRIBE_NOTIFICATION_REQUEST = "UnsubscribeNotification-Request",
    UNSUBSCRIBE_PRESENCE_REQUEST = "UnsubscribePresence-Request",
    UPDATE_PRESENCE_REQUEST = "UpdatePresence-Request",
    UPDATE_PUBLIC_PROFILE_REQUEST = "UpdatePublicProfile-Request",
    UPDPR = "UPDPR",
    URL = "URL",
    URL_LIST = "URLList",
    USER = "User",
    USER_AVAILABILITY = "UserAvailability",
    USER_ID = "UserID",
    USER_ID_LIST = "UserIDList",
    USER_ID_PAIR = "UserIDPair",
    USER_LIST = "UserList",
    USER_MAP_LIST = "UserMapList",
    USER_MAPPING = "UserMapping",
    USER_NOTIFY = "UserNotify",
    USERS = "Users",
    USER_SESSION_LIMIT = "UserSessionLimit",
    VALIDITY = "Validity",
    VALID_USER_ID = "ValidUserID",
    VALUE = "Value",
    VERIFICATION_KEY = "VerificationKey",
    VERIFICATION_MECHANISM = "VerificationMechanism",
    VERIFY_ID_REQUEST = "VerifyID-Request",
    VERIFY_ID_FUNC = "VerifyIDFunc",
    VERSION_LIST = "VersionList",
    VRID = "VRID",
    WATCHER = "Watcher",
    WATCHER_COUNT = "WatcherCount",
    WATCHER_STATUS = "WatcherStatus",
    WELCOME_NOTE = "WelcomeNote",
    WV_CSP_MESSAGE = "WV-CSP-Message",
    WV_CSP_NS_DISCOVERY_REQUEST = "WV-CSP-NSDiscovery-Request",
    WV_CSP_NS_DISCOVERY_RESPONSE = "WV-CSP-NSDiscovery-Response",
    WV_CSP_VERSION_DISCOVERY_REQUEST = "WV-CSP-VersionDiscovery-Request",
    WV_CSP_VERSION_DISCOVERY_RESPONSE = "WV-CSP-VersionDiscovery-Response",
    WV_SSP_MESSAGE = "WV-SSP-Message",
    WV_CSP_FEAT = "WVCSPFeat",
    ZONE = "Zone",
}

/// Whether an element holds a credential: never remembered, never shown unasked.
pub fn is_credential(name: NameId) -> bool {
    matches!(name, PASSWORD | DIGEST_BYTES | VERIFICATION_KEY)
}

/// Whether an element holds what a user wrote to another: shown only when asked for.
pub fn is_content(name: NameId) -> bool {
    matches!(name, CONTENT_DATA)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_has_its_number_and_comes_back() {
        for (i, spelt) in SPELLINGS.iter().enumerate() {
            assert_eq!(number(spelt.as_bytes()), NameId(i as u16), "{spelt}");
            assert_eq!(spelling(NameId(i as u16)), *spelt);
        }
    }

    #[test]
    fn other_spellings_are_unknown() {
        for other in ["login-request", "Login-Reques", "Login-Request ", "x", "UserI", "UserIDX", "\u{fffd}"] {
            assert_eq!(number(other.as_bytes()), NameId::UNKNOWN, "{other}");
        }
        assert_eq!(spelling(NameId(u16::MAX)), "");
    }

    #[test]
    fn names_are_sorted_without_case() {
        let folded: Vec<_> = SPELLINGS.iter().map(|s| s.to_ascii_lowercase()).collect();
        assert!(folded.is_sorted());
    }

    #[test]
    fn variants_fold_to_the_usual_name_in_one_step() {
        assert_eq!(canonical(BLOCK_USER_REQUEST), BLOCK_ENTITY_REQUEST);
        assert_eq!(canonical(AUTO_SUBSCRIBE_HYPHENATED), AUTO_SUBSCRIBE);
        assert_eq!(canonical(LOGIN_REQUEST), LOGIN_REQUEST);
        assert!(VARIANTS.iter().all(|(_, usual)| canonical(*usual) == *usual));
    }

    #[test]
    fn probing_is_short() {
        let longest = SPELLINGS.iter().skip(1).map(|s| {
            let home = hash(ends(s.as_bytes()), s.len()) % SLOTS;
            (0..).take_while(|i| TABLE[(home + i) % SLOTS] != number(s.as_bytes()).0).count()
        });
        assert!(longest.max().unwrap() <= 3);
    }
}
