//! Start line and headers: where a head begins, where it ends, what it says of the body.

use std::borrow::Cow;

use httparse::{EMPTY_HEADER, Header, Status};
use memchr::{memchr, memrchr};

use super::facts::Facts;
use crate::carrier::{Anomaly, Headers, Start};

/// Octets of a head, from start line to blank line. A longer one is given up.
pub const HEAD_MAX: usize = 64 * 1024;
/// Octets of a start line. A longer one is taken for no start line.
pub const START_LINE_MAX: usize = 8 * 1024;
/// Headers of a message that are kept; all of them are read for what they say of the body.
pub const HEADERS_KEPT: usize = 64;
/// Octets of a header's name that are kept.
pub const NAME_KEPT: usize = 128;
/// Octets of a header's value, and of a request target, that are kept.
pub const VALUE_KEPT: usize = 4096;
/// Octets of a method. A longer word is taken for no method.
const METHOD_MAX: usize = 24;

/// Which of the two kinds of message a start line begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Request,
    Answer,
}

/// A start line as slices of what was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum StartLine<'a> {
    Request { method: &'a [u8], target: &'a [u8] },
    Answer { status: u16 },
}

impl StartLine<'_> {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Request { .. } => Kind::Request,
            Self::Answer { .. } => Kind::Answer,
        }
    }

    pub(super) fn to_start(self) -> Start {
        match self {
            Self::Request { method, target } => {
                let target = without_user(&text(target, VALUE_KEPT)).into_owned();
                Start::Request { method: text(method, METHOD_MAX).into(), target }
            }
            Self::Answer { status } => Start::Answer { status },
        }
    }
}

/// What the first octets of something look like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Look<'a> {
    /// A whole start line.
    Start(Line<'a>),
    /// A start line so far, its end not seen.
    Unfinished,
    /// No start line of HTTP/1.x.
    Other,
}

impl Look<'_> {
    pub(super) fn is_start(&self) -> bool {
        matches!(self, Self::Start(_))
    }
}

/// A start line read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Line<'a> {
    pub(super) start: StartLine<'a>,
    /// The x of HTTP/1.x.
    pub(super) minor: u8,
    /// Octets, line end included.
    pub(super) len: usize,
    /// Whether strict parsing would refuse it.
    pub(super) odd: bool,
}

/// Looks for a start line at the start of `bytes`; of `expected` kind where the role of the sender is known.
pub(super) fn look(bytes: &[u8], expected: Option<Kind>) -> Look<'_> {
    let window = bytes.get(..START_LINE_MAX).unwrap_or(bytes);
    let Some(end) = memchr(b'\n', window) else {
        let may_go_on = window.len() < START_LINE_MAX && may_begin(window, expected);
        return if may_go_on { Look::Unfinished } else { Look::Other };
    };
    let line = window.get(..end).unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let read = if line.starts_with(b"HTTP/") { answer_line(line) } else { request_line(line) };
    match read {
        Some((start, minor, odd)) if expected.is_none_or(|kind| kind == start.kind()) => {
            Look::Start(Line { start, minor, len: end + 1, odd })
        }
        _ => Look::Other,
    }
}

/// Whether a start line may begin like this.
fn may_begin(line: &[u8], expected: Option<Kind>) -> bool {
    const VERSION: &[u8] = b"HTTP/1.";
    let common = line.len().min(VERSION.len());
    let answer = expected != Some(Kind::Request) && line.get(..common) == VERSION.get(..common);
    answer || expected != Some(Kind::Answer) && may_begin_request(line)
}

fn may_begin_request(line: &[u8]) -> bool {
    match memchr(b' ', line.get(..=METHOD_MAX).unwrap_or(line)) {
        Some(at) => {
            let (method, rest) = line.split_at(at);
            is_method(method) && rest.iter().all(|&b| b >= b' ' && b != 0x7f || b == b'\t' || b == b'\r')
        }
        None => line.is_empty() || is_method(line),
    }
}

fn is_method(word: &[u8]) -> bool {
    word.len() <= METHOD_MAX
        && word.first().is_some_and(u8::is_ascii_alphabetic)
        && word.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

fn request_line(line: &[u8]) -> Option<(StartLine<'_>, u8, bool)> {
    let space = memchr(b' ', line.get(..=METHOD_MAX).unwrap_or(line))?;
    let (method, rest) = line.split_at(space);
    let whole = rest.trim_ascii();
    let last = memrchr(b' ', whole)?;
    let (target, version) = whole.split_at(last);
    let (minor, after) = version_at(version.trim_ascii_start())?;
    let target = target.trim_ascii_end();
    if !is_method(method) || !after.is_empty() || target.is_empty() {
        return None;
    }
    let strict_len = method.len() + 1 + target.len() + 1 + b"HTTP/1.1".len();
    let odd = minor > 1 || line.len() != strict_len || target.iter().any(|b| b.is_ascii_control() || *b == b' ');
    Some((StartLine::Request { method, target }, minor, odd))
}

fn answer_line(line: &[u8]) -> Option<(StartLine<'_>, u8, bool)> {
    let (minor, after) = version_at(line)?;
    let status = after.trim_ascii_start();
    let (digits, reason) = status.split_at_checked(3)?;
    let status = digits.iter().try_fold(0u16, |n, d| d.is_ascii_digit().then(|| n * 10 + u16::from(d - b'0')))?;
    if status < 100 || after.first() != Some(&b' ') || reason.first().is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let strict_len = line.len() - after.len() + 1 + 3 + reason.len();
    let separate = reason.first().is_none_or(|&b| b == b' ');
    let odd = minor > 1 || line.len() != strict_len || !separate || reason.iter().any(|&b| b < b' ' && b != b'\t');
    Some((StartLine::Answer { status }, minor, odd))
}

/// The minor version, and what follows the version.
fn version_at(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let (&minor, after) = bytes.strip_prefix(b"HTTP/1.")?.split_first()?;
    minor.is_ascii_digit().then(|| (minor - b'0', after))
}

/// Where the head ends: the octet after its blank line. Octets before `from` were searched already.
pub(super) fn head_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from.saturating_sub(2);
    loop {
        at += memchr(b'\n', bytes.get(at..)?)? + 1;
        match bytes.get(at..)? {
            [b'\n', ..] => return Some(at + 1),
            [b'\r', b'\n', ..] => return Some(at + 2),
            _ => {}
        }
    }
}

/// A whole head: start line and headers as slices of what was read.
pub(super) struct Head<'h, 'a> {
    pub(super) line: Line<'a>,
    /// Octets, blank line included.
    pub(super) len: usize,
    /// The header lines, blank line included.
    lines: &'a [u8],
    /// The headers as strict parsing left them; `None` where it refused.
    strict: Option<&'h [Header<'a>]>,
}

/// Headers that strict parsing takes. Heads with more are read leniently.
const SLOTS: usize = 24;

/// Room for the headers of one head.
pub(super) type Slots<'a> = [Header<'a>; SLOTS];

/// Room for the headers of one head, empty.
pub(super) fn slots<'a>() -> Slots<'a> {
    [EMPTY_HEADER; SLOTS]
}

/// Reads the head at the start of `bytes`, whose start line is `line`; `None` where its end is not there.
pub(super) fn read<'h, 'a>(bytes: &'a [u8], line: Line<'a>, slots: &'h mut Slots<'a>) -> Option<Head<'h, 'a>> {
    let rest = bytes.get(line.len..)?;
    let (len, strict) = match httparse::parse_headers(rest, slots) {
        Ok(Status::Complete((used, headers))) => (line.len + used, Some(headers)),
        _ => (head_end(bytes, line.len.saturating_sub(1))?, None),
    };
    Some(Head { line, len, lines: bytes.get(line.len..len)?, strict })
}

impl<'a> Head<'_, 'a> {
    /// Gives name and value of each header to `each`; a folded value still holds its line ends.
    fn each(&self, mut each: impl FnMut(&'a [u8], &'a [u8])) {
        match self.strict {
            Some(headers) => headers.iter().for_each(|header| each(header.name.as_bytes(), header.value)),
            None => field_lines(self.lines).map(split_field).for_each(|(name, value)| each(name, value)),
        }
    }

    /// What is odd about it.
    pub(super) fn anomalies(&self, facts: &Facts<'_>) -> Vec<Anomaly> {
        let mut odd = self.line.odd;
        let mut folded = false;
        if self.strict.is_none() {
            for field in field_lines(self.lines) {
                folded |= memchr(b'\n', field).is_some();
                odd |= is_odd(field);
            }
            odd |= !folded && facts.count <= SLOTS;
        }
        let all = [
            (folded, Anomaly::FoldedHeader),
            (odd, Anomaly::OddHead),
            (facts.count > HEADERS_KEPT, Anomaly::TooManyHeaders),
            (facts.conflicting(), Anomaly::ConflictingLength),
        ];
        all.into_iter().filter_map(|(there, anomaly)| there.then_some(anomaly)).collect()
    }

    /// The headers that are kept.
    pub(super) fn headers(&self) -> Headers {
        let short = |headers: &[Header<'_>]| headers.iter().all(|header| header.name.len() <= NAME_KEPT);
        if self.lines.len() <= VALUE_KEPT
            && self.strict.is_some_and(short)
            && let Ok(lines) = std::str::from_utf8(self.lines)
        {
            return Headers::from_lines(lines.trim_ascii_end());
        }
        let mut headers = Headers::default();
        let mut room = HEADERS_KEPT;
        self.each(|name, value| {
            if room > 0 {
                room -= 1;
                headers.push(&text(name, NAME_KEPT), &text(value, VALUE_KEPT));
            }
        });
        headers
    }

    /// What the headers say of the body and the connection.
    pub(super) fn facts(&self) -> Facts<'a> {
        let mut facts = Facts::of_version(self.line.minor);
        self.each(|name, value| facts.note(name, value));
        facts
    }
}

/// Header lines without the blank line, folded ones joined with those before.
fn field_lines(mut lines: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let mut end = 0;
        loop {
            end += memchr(b'\n', lines.get(end..)?)? + 1;
            if !matches!(lines.get(end), Some(b' ' | b'\t')) {
                break;
            }
        }
        let (field, rest) = lines.split_at_checked(end)?;
        lines = rest;
        Some(field.trim_ascii_end())
    })
    .filter(|field| !field.is_empty())
}

/// Name and value of a header line; a line without a colon is a name with an empty value.
fn split_field(field: &[u8]) -> (&[u8], &[u8]) {
    let (name, value) = match memchr(b':', field) {
        Some(colon) => (field.get(..colon), field.get(colon + 1..)),
        None => (Some(field), None),
    };
    (name.unwrap_or_default().trim_ascii(), value.unwrap_or_default().trim_ascii())
}

/// A target without the user information of an absolute URI, which may hold a password.
pub(in crate::carrier) fn without_user(target: &str) -> Cow<'_, str> {
    let scheme = target.find("://").filter(|at| *at > 0 && target.bytes().take(*at).all(|b| b.is_ascii_alphanumeric()));
    let authority = scheme.map(|at| at + "://".len());
    let Some((scheme, rest)) = authority.and_then(|at| target.split_at_checked(at)) else { return target.into() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest.split_at_checked(end).and_then(|(authority, _)| authority.rfind('@')) {
        Some(at) => format!("{scheme}{}", rest.get(at + 1..).unwrap_or_default()).into(),
        None => target.into(),
    }
}

/// Whether a header line is odd in another way than by folding.
fn is_odd(field: &[u8]) -> bool {
    let Some(colon) = memchr(b':', field) else { return true };
    let (name, value) = field.split_at(colon);
    let token = |b: &u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(b);
    name.is_empty() || !name.iter().all(token) || value.iter().any(|b| b.is_ascii_control() && !b"\t\r\n".contains(b))
}

/// Octets as text: cut to `limit`, folding undone, bad octets replaced.
pub(super) fn text(bytes: &[u8], limit: usize) -> Cow<'_, str> {
    let bytes = bytes.get(..limit).unwrap_or(bytes);
    if memchr(b'\n', bytes).is_none() {
        return std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed);
    }
    let lines = bytes.split(|&b| b == b'\n').map(|line| line.trim_ascii());
    let mut unfolded = Vec::with_capacity(bytes.len());
    for line in lines.filter(|line| !line.is_empty()) {
        if !unfolded.is_empty() {
            unfolded.push(b' ');
        }
        unfolded.extend_from_slice(line);
    }
    Cow::Owned(String::from_utf8_lossy(&unfolded).into_owned())
}

#[cfg(test)]
mod tests {
    use super::super::facts::Length;
    use super::*;

    fn line(bytes: &[u8]) -> Option<(StartLine<'_>, bool)> {
        match look(bytes, None) {
            Look::Start(line) => Some((line.start, line.odd)),
            _ => None,
        }
    }

    #[test]
    fn start_lines_strict_and_odd() {
        let post = StartLine::Request { method: b"POST", target: b"/imps" };
        assert_eq!(line(b"POST /imps HTTP/1.1\r\n"), Some((post, false)));
        assert_eq!(line(b"POST /imps HTTP/1.0\n"), Some((post, false)));
        assert_eq!(line(b"POST   /imps  HTTP/1.1 \r\n"), Some((post, true)));
        assert_eq!(line(b"POST /imps HTTP/1.7\r\n"), Some((post, true)));
        let spaced = StartLine::Request { method: b"GET", target: b"/a b" };
        assert_eq!(line(b"GET /a b HTTP/1.1\r\n"), Some((spaced, true)));
        assert_eq!(line(b"HTTP/1.1 200 OK\r\n"), Some((StartLine::Answer { status: 200 }, false)));
        assert_eq!(line(b"HTTP/1.0 404\r\n"), Some((StartLine::Answer { status: 404 }, false)));
        assert_eq!(line(b"HTTP/1.1  200 OK\r\n"), Some((StartLine::Answer { status: 200 }, true)));
        assert_eq!(line(b"HTTP/1.1 200OK\r\n"), Some((StartLine::Answer { status: 200 }, true)));
    }

    #[test]
    fn user_information_is_left_out_of_targets() {
        for (target, shown) in [
            ("http://anna:secret@im.example.com/imps?a=b@c", "http://im.example.com/imps?a=b@c"),
            ("http://a@b@im.example.com", "http://im.example.com"),
            ("http://im.example.com/a@b", "http://im.example.com/a@b"),
            ("http://im.example.com?a@b", "http://im.example.com?a@b"),
            ("/see?http://x@y/", "/see?http://x@y/"),
            ("/imps", "/imps"),
            ("://@", "://@"),
            ("x://@", "x://"),
        ] {
            assert_eq!(without_user(target), shown);
        }
    }

    #[test]
    fn other_protocols_are_other() {
        let others: [&[u8]; 9] = [
            b"\x16\x03\x01\x02\x00\x01",
            b"+OK ready\r\n",
            b"220 mail ESMTP\r\n",
            b"USER bob\r\n",
            b"GET /\r\n",
            b"PRI * HTTP/2.0\r\n",
            b"OPTIONS rtsp://a/ RTSP/1.0\r\n",
            b"HTTP/1.1 20 OK\r\n",
            b"HTTP/1.1 2000 OK\r\n",
        ];
        for other in others {
            assert_eq!(look(other, None), Look::Other, "{}", other.escape_ascii());
        }
        let unfinished: [&[u8]; 5] = [b"", b"H", b"HTTP/1.", b"POST", b"POST /imps HT"];
        for start in unfinished {
            assert_eq!(look(start, None), Look::Unfinished, "{}", start.escape_ascii());
        }
        assert_eq!(look(b"HTTP/1.1 200 OK\r\n", Some(Kind::Request)), Look::Other);
        assert_eq!(look(b"POST / HTTP/1.1\r\n", Some(Kind::Answer)), Look::Other);
        let long = [b"GET /".as_slice(), &[b'a'; START_LINE_MAX]].concat();
        assert_eq!(look(&long[..START_LINE_MAX - 1], None), Look::Unfinished);
        assert_eq!(look(&long, None), Look::Other);
    }

    #[test]
    fn the_blank_line_is_found_from_anywhere_before_it() {
        for (head, end) in [(&b"A b\r\nc: d\r\n\r\nrest"[..], 13), (b"A b\nc: d\n\nrest", 10), (b"A b\r\n\nrest", 6)] {
            for from in 0..end {
                assert_eq!(head_end(head, from), Some(end), "from {from}");
            }
            assert_eq!(head_end(&head[..end - 1], 0), None);
        }
    }

    fn read_all(bytes: &[u8]) -> (usize, Headers, Vec<Anomaly>) {
        let Look::Start(line) = look(bytes, None) else { panic!("no start line") };
        let mut slots = slots();
        let head = read(bytes, line, &mut slots).unwrap();
        let facts = head.facts();
        (head.len, head.headers(), head.anomalies(&facts))
    }

    #[test]
    fn odd_heads_are_read_leniently() {
        let (len, headers, anomalies) =
            read_all(b"HTTP/1.1 200 OK\r\nX : 1\r\nno colon\r\nY:\tb\xffd\r\nCONTENT-length: 3\r\n\r\nabc");
        assert_eq!(len, 17 + 7 + 10 + 8 + 19 + 2);
        let all: Vec<_> = headers.iter().collect();
        assert_eq!(all, [("X", "1"), ("no colon", ""), ("Y", "b\u{fffd}d"), ("CONTENT-length", "3")]);
        assert_eq!(headers.get("content-LENGTH"), Some("3"));
        assert_eq!(anomalies, [Anomaly::OddHead]);
    }

    #[test]
    fn folding_is_undone() {
        let (_, headers, anomalies) = read_all(b"HTTP/1.1 200 OK\r\nA: one\r\n\t two\r\n  three\r\nB: 2\r\n\r\n");
        assert_eq!(headers.iter().collect::<Vec<_>>(), [("A", "one two three"), ("B", "2")]);
        assert_eq!(anomalies, [Anomaly::FoldedHeader]);
        let (.., anomalies) = read_all(b"HTTP/1.1 200 OK\r\nA: one\r\n\t two\r\nno colon\r\n\r\n");
        assert_eq!(anomalies, [Anomaly::FoldedHeader, Anomaly::OddHead]);
    }

    #[test]
    fn headers_beyond_the_limit_still_say_the_length() {
        let mut head = b"HTTP/1.1 200 OK\r\n".to_vec();
        for n in 0..HEADERS_KEPT {
            head.extend_from_slice(format!("X-{n}: {n}\r\n").as_bytes());
        }
        head.extend_from_slice(b"\r\n");
        assert!(read_all(&head).2.is_empty());
        head.truncate(head.len() - 2);
        head.extend_from_slice(b"Content-Length: 7\r\n\r\n");
        let (_, headers, anomalies) = read_all(&head);
        assert_eq!((headers.iter().count(), anomalies), (HEADERS_KEPT, vec![Anomaly::TooManyHeaders]));
        let Look::Start(line) = look(&head, None) else { panic!("no start line") };
        assert_eq!(read(&head, line, &mut slots()).unwrap().facts().length, Length::Octets(7));
    }

    #[test]
    fn names_and_values_are_cut() {
        let head = format!("HTTP/1.1 200 OK\r\n{}: {}\r\n\r\n", "n".repeat(NAME_KEPT + 1), "v".repeat(VALUE_KEPT + 1));
        let (_, headers, _) = read_all(head.as_bytes());
        let (name, value) = headers.iter().next().unwrap();
        assert_eq!((name.len(), value.len()), (NAME_KEPT, VALUE_KEPT));
    }

    #[test]
    fn lengths_that_contradict_are_bad() {
        let of = |headers: &str| {
            let head = format!("HTTP/1.1 200 OK\r\n{headers}\r\n");
            let Look::Start(line) = look(head.as_bytes(), None) else { panic!("no start line") };
            let mut slots = slots();
            let facts = read(head.as_bytes(), line, &mut slots).unwrap().facts();
            (facts.length, facts.chunked, facts.conflicting())
        };
        assert_eq!(of("Content-Length: 12\r\n"), (Length::Octets(12), false, false));
        assert_eq!(of("Content-Length: 12\r\nContent-Length: 12\r\n"), (Length::Octets(12), false, false));
        assert_eq!(of("Content-Length: 12, 12\r\n"), (Length::Octets(12), false, false));
        assert_eq!(of("Content-Length: 12\r\nContent-Length: 13\r\n"), (Length::Bad, false, true));
        assert_eq!(of("Content-Length: +1\r\n"), (Length::Bad, false, true));
        assert_eq!(of("Content-Length: \r\n"), (Length::Bad, false, true));
        assert_eq!(of("Content-Length: 99999999999999999999\r\n"), (Length::Bad, false, true));
        assert_eq!(of("Content-Length: 3\r\nTransfer-Encoding: Chunked\r\n"), (Length::Octets(3), true, true));
    }

    #[test]
    fn who_closes() {
        let closes = |head: &[u8]| {
            let Look::Start(line) = look(head, None) else { panic!("no start line") };
            read(head, line, &mut slots()).unwrap().facts().closes()
        };
        assert!(!closes(b"HTTP/1.1 200 OK\r\n\r\n"));
        assert!(closes(b"HTTP/1.0 200 OK\r\n\r\n"));
        assert!(!closes(b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n\r\n"));
        assert!(closes(b"HTTP/1.1 200 OK\r\nConnection: TE, Close\r\n\r\n"));
    }
}
