//! Well-known numbers of WSP and what they stand for.

/// What the value of a well-known header is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Is {
    /// A text, or something that is only carried on.
    Text,
    /// A number.
    Number,
    /// Seconds since 1970.
    Date,
    /// A media type with its parameters.
    Media,
    /// A character set.
    Charset,
    /// A content coding.
    Coding,
    /// A version in two halves of an octet.
    Version,
    /// The number of an application.
    Application,
    /// A word that has the number 0.
    Word(&'static str),
}

/// Headers of code page 1 by number, as in the tables of Wireshark's WSP dissector.
const HEADERS: [(&str, Is); 0x48] = [
    ("Accept", Is::Media),
    ("Accept-Charset", Is::Charset),
    ("Accept-Encoding", Is::Coding),
    ("Accept-Language", Is::Text),
    ("Accept-Ranges", Is::Word("none")),
    ("Age", Is::Number),
    ("Allow", Is::Text),
    ("Authorization", Is::Text),
    ("Cache-Control", Is::Word("no-cache")),
    ("Connection", Is::Word("close")),
    ("Content-Base", Is::Text),
    ("Content-Encoding", Is::Coding),
    ("Content-Language", Is::Text),
    ("Content-Length", Is::Number),
    ("Content-Location", Is::Text),
    ("Content-MD5", Is::Text),
    ("Content-Range", Is::Text),
    ("Content-Type", Is::Media),
    ("Date", Is::Date),
    ("ETag", Is::Text),
    ("Expires", Is::Date),
    ("From", Is::Text),
    ("Host", Is::Text),
    ("If-Modified-Since", Is::Date),
    ("If-Match", Is::Text),
    ("If-None-Match", Is::Text),
    ("If-Range", Is::Text),
    ("If-Unmodified-Since", Is::Date),
    ("Location", Is::Text),
    ("Last-Modified", Is::Date),
    ("Max-Forwards", Is::Number),
    ("Pragma", Is::Word("no-cache")),
    ("Proxy-Authenticate", Is::Text),
    ("Proxy-Authorization", Is::Text),
    ("Public", Is::Text),
    ("Range", Is::Text),
    ("Referer", Is::Text),
    ("Retry-After", Is::Text),
    ("Server", Is::Text),
    ("Transfer-Encoding", Is::Word("chunked")),
    ("Upgrade", Is::Text),
    ("User-Agent", Is::Text),
    ("Vary", Is::Text),
    ("Via", Is::Text),
    ("Warning", Is::Text),
    ("WWW-Authenticate", Is::Text),
    ("Content-Disposition", Is::Text),
    ("X-Wap-Application-Id", Is::Application),
    ("X-Wap-Content-URI", Is::Text),
    ("X-Wap-Initiator-URI", Is::Text),
    ("Accept-Application", Is::Application),
    ("Bearer-Indication", Is::Number),
    ("Push-Flag", Is::Number),
    ("Profile", Is::Text),
    ("Profile-Diff", Is::Text),
    ("Profile-Warning", Is::Text),
    ("Expect", Is::Word("100-continue")),
    ("TE", Is::Text),
    ("Trailer", Is::Text),
    ("Accept-Charset", Is::Charset),
    ("Accept-Encoding", Is::Coding),
    ("Cache-Control", Is::Word("no-cache")),
    ("Content-Range", Is::Text),
    ("X-Wap-Tod", Is::Date),
    ("Content-ID", Is::Text),
    ("Set-Cookie", Is::Text),
    ("Cookie", Is::Text),
    ("Encoding-Version", Is::Version),
    ("Profile-Warning", Is::Text),
    ("Content-Disposition", Is::Text),
    ("X-WAP-Security", Is::Word("close-subordinate")),
    ("Cache-Control", Is::Word("no-cache")),
];

/// Media types that label IMPS, may do so, or are common beside it, as in the tables of Wireshark's WSP dissector. The
/// types of CSP that end in `.xml`, `.wbxml` and `.sms` have no number.
const MEDIA: [(u64, &str); 17] = [
    (0x00, "*/*"),
    (0x01, "text/*"),
    (0x02, "text/html"),
    (0x03, "text/plain"),
    (0x08, "text/vnd.wap.wml"),
    (0x10, "application/*"),
    (0x12, "application/x-www-form-urlencoded"),
    (0x14, "application/vnd.wap.wmlc"),
    (0x1d, "image/gif"),
    (0x1e, "image/jpeg"),
    (0x20, "image/png"),
    (0x27, "application/xml"),
    (0x28, "text/xml"),
    (0x29, "application/vnd.wap.wbxml"),
    (0x46, "application/vnd.wv.csp.cir"),
    (0x4c, "application/vnd.wv.csp+xml"),
    (0x4d, "application/vnd.wv.csp+wbxml"),
];

/// Parameters of a media type.
const PARAMETERS: [(u8, &str); 6] =
    [(0x00, "q"), (0x01, "charset"), (0x02, "level"), (0x03, "type"), (0x05, "name"), (0x06, "filename")];

/// Character sets by their MIBenum, as in IANA's registry.
const CHARSETS: [(u64, &str); 15] = [
    (3, "us-ascii"),
    (4, "iso-8859-1"),
    (5, "iso-8859-2"),
    (8, "iso-8859-5"),
    (10, "iso-8859-7"),
    (12, "iso-8859-9"),
    (17, "shift_jis"),
    (18, "euc-jp"),
    (38, "euc-kr"),
    (106, "utf-8"),
    (1000, "iso-10646-ucs-2"),
    (1015, "utf-16"),
    (2025, "gb2312"),
    (2026, "big5"),
    (2252, "windows-1252"),
];

/// Content codings.
const CODINGS: [&str; 3] = ["gzip", "compress", "deflate"];

/// Applications that a push may be for, as in the tables of Wireshark's WSP dissector.
const APPLICATIONS: [(u64, &str); 6] = [
    (0x00, "x-wap-application:*"),
    (0x01, "x-wap-application:push.sia"),
    (0x02, "x-wap-application:wml.ua"),
    (0x04, "x-wap-application:mms.ua"),
    (0x05, "x-wap-application:push.syncml"),
    (0x0a, "x-wap-application:wv.ua"),
];

/// The character set that stands for any.
const ANY_CHARSET: u64 = 0;

fn of(table: &[(u64, &'static str)], number: u64) -> Option<&'static str> {
    table.iter().find(|(known, _)| *known == number).map(|(_, name)| *name)
}

/// Name of a header of code page 1 and what its value is.
pub(super) fn header(number: u8) -> Option<(&'static str, Is)> {
    HEADERS.get(usize::from(number)).copied()
}

/// The number of a header.
pub(super) fn header_number(name: &str) -> Option<u8> {
    HEADERS.iter().position(|(known, _)| known.eq_ignore_ascii_case(name)).and_then(|n| u8::try_from(n).ok())
}

/// The media type of a number.
pub(super) fn media(number: u64) -> Option<&'static str> {
    of(&MEDIA, number)
}

/// The number of a media type.
pub(super) fn media_number(name: &str) -> Option<u8> {
    MEDIA.iter().find(|(_, known)| known.eq_ignore_ascii_case(name)).and_then(|(n, _)| u8::try_from(*n).ok())
}

/// The parameter of a number.
pub(super) fn parameter(number: u8) -> Option<&'static str> {
    PARAMETERS.iter().find(|(known, _)| *known == number).map(|(_, name)| *name)
}

/// The character set of a number.
pub(super) fn charset(number: u64) -> Option<&'static str> {
    if number == ANY_CHARSET { Some("*") } else { of(&CHARSETS, number) }
}

/// The number of a character set.
pub(super) fn charset_number(name: &str) -> Option<u64> {
    CHARSETS.iter().find(|(_, known)| known.eq_ignore_ascii_case(name)).map(|(n, _)| *n)
}

/// The content coding of a number.
pub(super) fn coding(number: u64) -> Option<&'static str> {
    CODINGS.get(usize::try_from(number).ok()?).copied()
}

/// The application of a number.
pub(super) fn application(number: u64) -> Option<&'static str> {
    of(&APPLICATIONS, number)
}

/// GET.
pub(super) const GET: u8 = 0x40;
/// HEAD.
pub(super) const HEAD: u8 = 0x42;

/// Methods by the type of their PDU; the numbers beside them are agreed on between client and gateway.
const METHODS: [(u8, &str); 7] =
    [(GET, "GET"), (0x41, "OPTIONS"), (HEAD, "HEAD"), (0x43, "DELETE"), (0x44, "TRACE"), (0x60, "POST"), (0x61, "PUT")];

/// The name of a method; its number where it has no name.
pub(super) fn method(number: u8) -> String {
    let known = METHODS.iter().find(|(known, _)| *known == number);
    known.map_or_else(|| format!("0x{number:02X}"), |(_, name)| (*name).to_owned())
}

/// The number of a method.
pub(super) fn method_number(name: &str) -> Option<u8> {
    let known = METHODS.iter().find(|(_, known)| *known == name).map(|(number, _)| *number);
    known.or_else(|| u8::from_str_radix(name.strip_prefix("0x")?, 16).ok().filter(|n| (0x40..0x80).contains(n)))
}

/// The HTTP status of an octet: hundreds in the upper half, the rest in the lower.
pub(super) fn status(octet: u8) -> u16 {
    u16::from(octet >> 4) * 100 + u16::from(octet & 0x0f)
}

/// The octet of an HTTP status; `None` where it has none.
pub(super) fn status_octet(status: u16) -> Option<u8> {
    let (hundreds, rest) = (status / 100, status % 100);
    (hundreds < 16 && rest < 16).then(|| u8::try_from(hundreds << 4 | rest).ok()).flatten()
}
