//! What a text is, by its first octets.

use std::io::{self, Read};

use memchr::memmem;

use super::dump::{self, Dump, Taken};
use super::escapes::{Escape, entry, undo};
use super::packets::is_packet;
use super::profile::Profile;
use super::scan::{Shape, is_payload};
use super::stamp;
use super::text::{Place, Text};

/// How many octets are looked at before a text without any mark of IMPS counts as something else.
pub const LOOKED_AT: usize = 1 << 20;

/// Lines that are looked at for what they begin with.
const LINES: usize = 64;

/// What a text is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// An archive of HTTP.
    Har,
    /// JSON of another kind: objects in so many others, which are packets of tshark or not.
    Json { packets: bool, depth: usize },
    /// PDML of tshark.
    Pdml,
    /// Dumps of packets.
    Packets,
    /// Lines of a text.
    Text(Shape),
    /// Lines as this profile has them.
    Profile(usize),
    /// A payload in WBXML and nothing else.
    Wbxml,
    /// Our own notation.
    Trace,
}

impl Kind {
    /// What it is called in reports.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Har => "HAR",
            Self::Json { packets: true, .. } => "tshark JSON",
            Self::Json { .. } => "JSON lines",
            Self::Pdml => "tshark PDML",
            Self::Packets => "hex dump of packets",
            Self::Text(Shape::Logcat | Shape::LogcatLong) => "logcat",
            Self::Text(Shape::Kannel) => "server log",
            Self::Text(Shape::Plain) => "text",
            Self::Profile(_) => "log by profile",
            Self::Wbxml => "WBXML",
            Self::Trace => "trace",
        }
    }
}

/// Reads the front of an input into `head` until it can be told what it is; `None` where nothing tells.
pub(super) fn look(input: &mut impl Read, head: &mut Vec<u8>, profiles: &[Profile]) -> io::Result<Option<Kind>> {
    let mut tried = 0;
    loop {
        let before = head.len();
        let mut chunk = [0; 1 << 13];
        let read = match input.read(&mut chunk) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        head.extend_from_slice(chunk.get(..read).unwrap_or_default());
        let ended = read == 0 || head.len() >= LOOKED_AT;
        // Looked at anew when there is twice as much, and whenever little comes at a time.
        if ended
            || head.len() >= (2 * tried).max(chunk.len())
            || read < chunk.len() && (1 << 9..1 << 16).contains(&before)
        {
            tried = head.len();
            let kind = kind(head, ended, profiles);
            if kind.is_some() || ended {
                return Ok(kind);
            }
        }
    }
}

/// What a text is that begins so; `ended` says that no more of it is to be waited for.
fn kind(head: &[u8], ended: bool, profiles: &[Profile]) -> Option<Kind> {
    if is_payload(head) && head.first().is_some_and(|b| *b < 9) {
        return ended.then_some(Kind::Wbxml);
    }
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    if text.get(..text.len().min(1024))?.contains(&0) {
        return None;
    }
    let has = |mark: &str| memmem::find(text, mark.as_bytes()).is_some();
    if let Some(first @ (b'{' | b'[')) = text.first().copied()
        && text.get(1..)?.trim_ascii_start().first().is_none_or(|b| matches!(b, b'"' | b'{' | b'}' | b']'))
    {
        return json(usize::from(first == b'['), text, &has);
    }
    if has("<pdml") {
        return Some(Kind::Pdml);
    }
    let mut lines: Vec<&[u8]> =
        text.split(|b| *b == b'\n').take(LINES).map(|l| l.strip_suffix(b"\r").unwrap_or(l)).collect();
    if !ended && lines.len() < LINES {
        // The last line may go on.
        lines.pop();
    }
    let some = |is: &dyn Fn(&[u8]) -> bool| lines.iter().any(|line| is(line));
    let said = lines.iter().find(|line| !line.trim_ascii().is_empty() && !line.starts_with(b"#"));
    if said.is_some_and(|line| is_of_trace(line)) {
        return (ended || text.len() > 512).then_some(Kind::Trace);
    }
    if let Some(at) = profiles.iter().position(|profile| some(&|line| profile.is_of(line))) {
        return Some(Kind::Profile(at));
    }
    if some(&|line| stamp::logcat_long(line).is_some()) {
        return Some(Kind::Text(Shape::LogcatLong));
    }
    if lines.iter().filter(|line| stamp::logcat(line).is_some()).count() >= 2.min(lines.len().max(1)) {
        return Some(Kind::Text(Shape::Logcat));
    }
    if some(&|line| stamp::kannel(line).is_some()) {
        return Some(Kind::Text(Shape::Kannel));
    }
    if let Some(octets) = first_dump(&lines) {
        if is_packet(&octets) {
            return Some(Kind::Packets);
        }
        if is_payload(&octets) || octets.starts_with(b"POST ") || octets.starts_with(b"HTTP/1.") {
            return Some(Kind::Text(Shape::Plain));
        }
    }
    let short = |line: &[u8]| super::tpdu::message(&Text::row(line, Place::default())).is_some();
    (tells_imps(text) || some(&short)).then_some(Kind::Text(Shape::Plain))
}

/// What JSON is, whose records stand in so many arrays; `None` where it has not shown yet.
fn json(depth: usize, text: &[u8], has: &dyn Fn(&str) -> bool) -> Option<Kind> {
    if has("\"layers\"") && (has("\"_source\"") || has("\"timestamp\"") || has("\"index\"")) {
        return Some(Kind::Json { packets: true, depth });
    }
    if depth == 0 && has("\"log\"") && (has("\"entries\"") || has("\"creator\"")) {
        return Some(Kind::Har);
    }
    let marked = tells_imps(text) || has("\\u0003\\u00") || has("\\u0001j\\u0000");
    (marked && !has("\"_index\"")).then_some(Kind::Json { packets: false, depth })
}

/// Whether a payload of IMPS begins somewhere in a text, however it is written.
fn tells_imps(text: &[u8]) -> bool {
    /// Beginnings that are looked at.
    const TRIES: usize = 1024;
    let mut rest = text;
    for _ in 0..TRIES {
        let Some((at, escape)) = entry(rest) else { return false };
        let front = rest.get(at..rest.len().min(at + 4096)).unwrap_or_default();
        let body = undo(&Text::row(front, Place::default()), escape);
        if is_payload(body.octets()) || is_payload(undo(&body, Escape::Backslash).octets()) {
            return true;
        }
        rest = rest.get(at + 1..).unwrap_or_default();
    }
    false
}

/// Whether a line is a statement or an event of our own notation.
fn is_of_trace(line: &[u8]) -> bool {
    let mut words = line.split(|b| *b == b' ');
    let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let delay = first.strip_prefix(b"+").or(first.strip_prefix(b"@")).unwrap_or_default();
    match first {
        b"csp" => matches!(second, b"1.0" | b"1.1" | b"1.2" | b"1.3"),
        b"start" => super::stamp::whole_time(&String::from_utf8_lossy(second)).is_some(),
        _ => {
            !delay.is_empty()
                && delay.iter().all(|b| b.is_ascii_digit() || *b == b'.')
                && matches!(second, b"client" | b"server")
        }
    }
}

/// The octets of the first dump in lines.
fn first_dump(lines: &[&[u8]]) -> Option<Vec<u8>> {
    let mut dump = Dump::default();
    for line in lines {
        let in_dump = !dump.is_empty();
        match dump::row(line).filter(|row| in_dump || row.offset == Some(0)) {
            Some(row) if dump.take(row.clone(), Place::default()) == Taken::Yes => {}
            _ if in_dump => break,
            _ => {}
        }
    }
    (!dump.is_empty()).then(|| dump.finish().0.octets().to_vec())
}
