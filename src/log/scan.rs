//! Lines of text in, told messages out: payloads found wherever they stand, however they are escaped and cut into lines.
//!
//! What stands before the text of a line is taken off; lines of different writers (processes, threads) are read apart.
//! A payload goes on from its beginning to its end tag, over as many lines as that takes, or, where it is written in
//! hexadecimal, base64 or as a string literal, as far as that writing goes.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};

use memchr::memmem;

use crate::carrier::Direction;
use crate::time::Time;

use super::Fault;
use super::conversation::{Faithful, Told};
use super::dump::{self, Dump, Taken};
use super::escapes::{Escape, entry, undo};
use super::stamp::{self, Prefix};
use super::text::{Place, Text};

/// How many octets of a payload are gathered, escapes included; a longer one is cut and told.
pub const MAX_GATHERED: usize = 4 << 20;

/// How many writers are read apart; when there are more, what each has begun is given up.
pub const MAX_WRITERS: usize = 256;

/// How many octets all writers together may have begun; beyond it all of it is given up.
pub const MAX_HELD: usize = 8 << 20;

/// Octets within which a root element has to begin.
const ROOT_WITHIN: usize = 4096;

/// What the lines of a text look like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Shape {
    /// Entries of an Android device, a line each.
    Logcat,
    /// The same in its long form: a header line, then text.
    LogcatLong,
    /// Servers of the Kannel family.
    Kannel,
    /// Anything else.
    Plain,
}

/// What is known of a line besides its text.
#[derive(Clone, Debug, Default)]
struct About {
    time: Option<Time>,
    tag: Vec<u8>,
    /// Whether it begins an entry; a line without a prefix goes on with the one before.
    begins: bool,
}

/// A payload that is being gathered.
#[derive(Debug)]
struct Gather {
    /// As it is written.
    text: Text,
    escape: Escape,
    about: About,
    /// Whether its root element was seen.
    rooted: bool,
    /// Octets in which no end tag begins.
    searched: usize,
}

/// What one writer has said.
#[derive(Debug, Default)]
struct Writer {
    gather: Option<Gather>,
    dump: Dump,
    dump_about: About,
    /// What the text since the last message tells of the next one.
    hint: Hint,
    /// Whether the message before was a dump of which an Android client prints the XML next.
    dumped: bool,
}

impl Writer {
    fn held(&self) -> usize {
        self.gather.as_ref().map_or(0, |gather| gather.text.len()) + self.dump.len()
    }
}

/// How what is gathered ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    /// Its end was seen.
    Seen,
    /// The log cut it.
    Cut,
    /// A limit of ours was reached.
    Limit,
}

/// What a text tells of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Hint {
    sent: Option<bool>,
    direction: Option<Direction>,
    peer: Option<SocketAddr>,
}

impl Hint {
    /// What is told later counts.
    fn and(self, later: Self) -> Self {
        Self {
            sent: later.sent.or(self.sent),
            direction: later.direction.or(self.direction),
            peer: later.peer.or(self.peer),
        }
    }
}

/// Reads the lines of a text.
#[derive(Debug)]
pub(super) struct Scanner {
    shape: Shape,
    writers: HashMap<Vec<u8>, Writer>,
    /// Who wrote the latest entry, and what is known of it.
    latest: (Vec<u8>, About),
    /// Octets that all writers have begun.
    held: usize,
    /// What was told, and what could not be read.
    pub(super) told: Vec<Told>,
    pub(super) faults: Vec<Fault>,
}

impl Scanner {
    pub(super) fn new(shape: Shape) -> Self {
        let latest = Default::default();
        Self { shape, writers: HashMap::new(), latest, held: 0, told: Vec::new(), faults: Vec::new() }
    }

    /// Takes the next line.
    pub(super) fn line(&mut self, number: u32, line: &[u8]) {
        let prefix = match self.shape {
            Shape::Logcat => stamp::logcat(line),
            Shape::LogcatLong => stamp::logcat_long(line),
            Shape::Kannel => stamp::kannel(line),
            Shape::Plain => stamp::any(line),
        };
        let len = prefix.map_or(0, |prefix| prefix.len);
        self.attribute(prefix);
        if self.shape == Shape::LogcatLong && prefix.is_some() {
            return;
        }
        let text = line.get(len..).unwrap_or_default();
        let place = Place { line: number, column: 1 }.after(len);
        let (key, about) = (self.latest.0.clone(), self.latest.1.clone());
        self.latest.1.begins = false;
        if !self.writers.contains_key(&key) && self.writers.len() >= MAX_WRITERS {
            self.give_up(End::Limit);
        }
        let mut writer = self.writers.remove(&key).unwrap_or_default();
        let before = writer.held();
        self.read(&mut writer, &key, about, Text::row(text, place));
        self.held = (self.held + writer.held()).saturating_sub(before);
        self.writers.insert(key, writer);
        if self.held > MAX_HELD {
            self.give_up(End::Limit);
        }
    }

    /// Who wrote a line: it says so, or it goes on with the one before.
    fn attribute(&mut self, prefix: Option<Prefix<'_>>) {
        let Some(prefix) = prefix else { return };
        let key = match self.shape {
            // Tags of one thread are one writer: what an event says is of the packet that follows.
            Shape::Logcat | Shape::LogcatLong => prefix.writer.iter().copied().filter(u8::is_ascii_digit).collect(),
            Shape::Kannel | Shape::Plain => prefix.writer.to_vec(),
        };
        let tag = prefix.tag.to_vec();
        self.latest = (key, About { time: prefix.time, tag, begins: true });
    }

    /// No more lines come: what is unfinished was cut.
    pub(super) fn finish(&mut self) {
        self.give_up(End::Cut);
    }

    /// Tells all that is unfinished.
    fn give_up(&mut self, end: End) {
        self.held = 0;
        let mut keys: Vec<Vec<u8>> = self.writers.keys().cloned().collect();
        keys.sort_unstable();
        for key in keys {
            if let Some(mut writer) = self.writers.remove(&key) {
                self.close(&mut writer, &key, end);
                self.end_dump(&mut writer, &key);
            }
        }
        self.told.sort_by_key(|told| told.place);
    }

    fn read(&mut self, writer: &mut Writer, key: &[u8], about: About, text: Text) {
        if self.row(writer, key, &about, &text) {
            return;
        }
        let mut text = text;
        if let Some(mut gather) = writer.gather.take() {
            if goes_on(&gather, &about, &text) {
                let searched = gather.text.len();
                let place = gather.text.place(searched.saturating_sub(1)).after(1);
                if gather.escape != Escape::Percent {
                    gather.text.push(b'\n', place);
                }
                gather.text.append(&text);
                writer.gather = Some(gather);
                let Some(rest) = self.advance(writer, key) else { return };
                text = rest;
            } else {
                writer.gather = Some(gather);
                self.close(writer, key, End::Cut);
            }
        }
        loop {
            let Some((at, escape)) = entry(text.octets()) else {
                if let Some(told) = super::tpdu::message(&text) {
                    self.told.push(Told { time: about.time, ..told });
                }
                let said = hint(text.octets());
                writer.hint = writer.hint.and(said);
                return;
            };
            let before = text.slice(0..at);
            writer.hint = writer.hint.and(hint(before.octets()));
            let quote = before.octets().last().copied().filter(|b| matches!(b, b'"' | b'\''));
            let mut payload = text.slice(at..text.len());
            let escape =
                if escape == Escape::None && is_backslashed(payload.octets()) { Escape::Backslash } else { escape };
            if escape == Escape::Backslash
                && let Some(end) = quote.and_then(|quote| end_of_literal(payload.octets(), quote))
            {
                payload.truncate(end);
            }
            let rest = text.slice(at + payload.len()..text.len());
            let about = about.clone();
            writer.gather = Some(Gather { text: payload, escape, about, rooted: false, searched: 0 });
            match self.advance(writer, key) {
                Some(mut behind) => {
                    behind.append(&rest);
                    text = behind;
                }
                None => return,
            }
        }
    }

    /// Looks for the end of what is gathered. Gives what stands behind it; `None` while it goes on.
    fn advance(&mut self, writer: &mut Writer, key: &[u8]) -> Option<Text> {
        let gather = writer.gather.as_mut()?;
        if is_run(gather) {
            // A literal ends with its quotation mark; base64 and hexadecimal with the first line that is neither.
            if gather.escape == Escape::Backslash {
                let behind = Text::default();
                self.close(writer, key, End::Seen);
                return Some(behind);
            }
            if gather.text.len() > MAX_GATHERED {
                self.close(writer, key, End::Limit);
                return Some(Text::default());
            }
            return None;
        }
        if !gather.rooted {
            match root(gather) {
                Root::Imps => gather.rooted = true,
                Root::Other => {
                    let text = gather.text.slice(1..gather.text.len());
                    writer.gather = None;
                    return Some(text);
                }
                Root::Unknown if gather.text.len() > ROOT_WITHIN => {
                    let text = gather.text.slice(1..gather.text.len());
                    writer.gather = None;
                    return Some(text);
                }
                Root::Unknown => return None,
            }
        }
        if let Some(end) = end_tag(gather) {
            let behind = gather.text.slice(end..gather.text.len());
            gather.text.truncate(end);
            self.close(writer, key, End::Seen);
            return Some(behind);
        }
        // Another payload that begins before this one has ended: the log cut it.
        let another =
            gather.text.octets().get(1..).and_then(|rest| begins_anew(rest, gather.searched.saturating_sub(1)));
        if let Some(at) = another {
            let behind = gather.text.slice(at + 1..gather.text.len());
            gather.text.truncate(at + 1);
            self.close(writer, key, End::Cut);
            return Some(behind);
        }
        gather.searched = gather.text.len().saturating_sub(64);
        if gather.text.len() > MAX_GATHERED || is_cut(gather.text.octets()) {
            let end = if gather.text.len() > MAX_GATHERED { End::Limit } else { End::Cut };
            self.close(writer, key, end);
            return Some(Text::default());
        }
        None
    }

    /// Tells what is gathered, which ends so.
    fn close(&mut self, writer: &mut Writer, key: &[u8], end: End) {
        let Some(gather) = writer.gather.take() else { return };
        let whole = end == End::Seen;
        let place = gather.text.place(0);
        let mut body = undo(&gather.text, gather.escape);
        let whole = whole || is_run(&gather) && end != End::Limit;
        if !whole {
            trim_cut(&mut body);
            if !gather.rooted {
                return;
            }
            let what =
                if end == End::Limit { "a message is too long to be read" } else { "a message is cut in the log" };
            self.faults.push(Fault::at(place, what));
        }
        if body.len() < 4 {
            self.faults.push(Fault::at(place, "a payload cannot be read"));
            return;
        }
        let is_xml = matches!(body.octets().first(), Some(b'<'));
        let android = matches!(self.shape, Shape::Logcat | Shape::LogcatLong);
        if android && is_xml && std::mem::take(&mut writer.dumped) && gather.about.tag.ends_with(b"Packet") {
            // What was dumped as it was sent is printed once more.
            writer.hint = Hint::default();
            return;
        }
        let faithful = match (whole, is_xml && (android || retouched(&mut body))) {
            (false, _) => Faithful::Lost,
            (true, true) => Faithful::Retold,
            (true, false) => Faithful::Yes,
        };
        let time = gather.about.time;
        self.tell(writer, key, Told { body, place, time, faithful, ..Told::default() });
    }

    /// Tells a message, with what the text before it says of it.
    fn tell(&mut self, writer: &mut Writer, key: &[u8], told: Told) {
        let Hint { sent, direction, peer } = std::mem::take(&mut writer.hint);
        let channel = match peer {
            Some(peer) => peer.ip().to_string(),
            None if self.shape == Shape::Kannel => String::from_utf8_lossy(key).into_owned(),
            None => String::new(),
        };
        self.told.push(Told { direction, sent, ends: (peer, None), channel, ..told });
    }

    /// Takes a row of a dump; returns whether it is one.
    fn row(&mut self, writer: &mut Writer, key: &[u8], about: &About, text: &Text) -> bool {
        let octets = text.octets();
        let in_dump = !writer.dump.is_empty();
        let row = dump::row(octets).filter(|row| in_dump || matches!(row.offset, None | Some(0)));
        match row {
            Some(row) => {
                // A dump is no part of a payload that is being gathered as text.
                self.close(writer, key, End::Cut);
                if writer.dump.take(row.clone(), text.place(0)) == Taken::New {
                    self.end_dump(writer, key);
                    writer.dump.take(row, text.place(0));
                }
                if writer.dump_about.time.is_none() || !in_dump {
                    writer.dump_about = about.clone();
                }
                true
            }
            None if in_dump && octets == b"*" => {
                writer.dump.repeat();
                true
            }
            None if in_dump => {
                self.end_dump(writer, key);
                false
            }
            None => false,
        }
    }

    /// Tells the payload of a dump, if it is one of IMPS.
    fn end_dump(&mut self, writer: &mut Writer, key: &[u8]) {
        if writer.dump.is_empty() {
            return;
        }
        let (text, whole) = writer.dump.finish();
        let about = std::mem::take(&mut writer.dump_about);
        let (head, body) = http(&text);
        if !is_payload(body.octets()) {
            return;
        }
        let place = body.place(0);
        if !whole {
            self.faults.push(Fault::at(place, "rows of a dump are missing"));
        }
        let faithful = if whole { Faithful::Yes } else { Faithful::Lost };
        self.tell(writer, key, Told { body, place, time: about.time, head, faithful, ..Told::default() });
        writer.dumped = true;
    }
}

/// The head of HTTP at the front of octets, if there is one, and what follows it.
fn http(text: &Text) -> (Option<Vec<u8>>, Text) {
    let octets = text.octets();
    let is_http = [&b"POST "[..], b"GET ", b"HTTP/1."].iter().any(|start| octets.starts_with(start));
    match memmem::find(octets, b"\r\n\r\n").filter(|_| is_http) {
        Some(end) => (octets.get(..end + 4).map(<[u8]>::to_vec), text.slice(end + 4..text.len())),
        None => (None, text.clone()),
    }
}

/// Whether octets begin a payload of IMPS: WBXML with a public identifier of CSP and UTF-8, or XML with such a root.
pub(super) fn is_payload(octets: &[u8]) -> bool {
    match octets {
        [0..=3, 0x01 | 0x10..=0x13, 0x6a, ..] | [0..=3, 0, _, 0x6a, ..] => true,
        _ => {
            let front = octets.get(..octets.len().min(ROOT_WITHIN)).unwrap_or_default().trim_ascii_start();
            front.starts_with(b"<") && matches!(root_of(front), Root::Imps)
        }
    }
}

/// Whether what is gathered has no end tag to look for: it is no XML in its own characters.
fn is_run(gather: &Gather) -> bool {
    let text = gather.text.octets();
    match gather.escape {
        Escape::Base64 | Escape::Hex => true,
        Escape::Backslash => text.starts_with(b"\\x0"),
        Escape::None | Escape::Html | Escape::Percent => false,
    }
}

/// Whether XML stands in a string literal although it begins as it would outside of one.
fn is_backslashed(text: &[u8]) -> bool {
    let front = text.get(..text.len().min(ROOT_WITHIN)).unwrap_or_default();
    [&b"=\\\""[..], b">\\n", b">\\r\\n", b">\\t"].iter().any(|mark| memmem::find(front, mark).is_some())
}

/// Where a literal ends: at its quotation mark that no backslash stands before.
fn end_of_literal(text: &[u8], quote: u8) -> Option<usize> {
    let mut at = 0;
    while let Some(octet) = text.get(at) {
        match octet {
            b'\\' => at += 2,
            octet if *octet == quote => return Some(at),
            _ => at += 1,
        }
    }
    None
}

/// Whether a line goes on with what is gathered.
fn goes_on(gather: &Gather, about: &About, text: &Text) -> bool {
    let octets = text.octets().trim_ascii();
    match gather.escape {
        Escape::Base64 => {
            !octets.is_empty() && octets.iter().all(|b| b.is_ascii_alphanumeric() || b"+/=-_".contains(b))
        }
        Escape::Hex => !octets.is_empty() && octets.iter().all(|b| b.is_ascii_hexdigit() || matches!(b, b' ' | b':')),
        _ if !about.begins => true,
        _ if about.tag != gather.about.tag => false,
        Escape::Html if octets.starts_with(b"&lt;") => true,
        _ if octets.starts_with(b"<") => true,
        // A tag or a text goes on in an entry of the same moment; after a tag has ended, only another one comes.
        _ => about.time == gather.about.time && !gather.text.octets().trim_ascii_end().ends_with(b">"),
    }
}

/// What the root of a document is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Root {
    Imps,
    Other,
    Unknown,
}

fn root(gather: &Gather) -> Root {
    root_of(undo(&gather.text.slice(0..ROOT_WITHIN), gather.escape).octets())
}

fn root_of(text: &[u8]) -> Root {
    let mut rest = text;
    loop {
        let Some(open) = memchr::memchr(b'<', rest) else { return Root::Unknown };
        rest = rest.get(open + 1..).unwrap_or_default();
        match rest {
            [] | [_] => return Root::Unknown,
            [b'?' | b'!', ..] => {
                let end: &[u8] = if rest.starts_with(b"!--") { b"-->" } else { b">" };
                let Some(end) = memmem::find(rest, end) else { return Root::Unknown };
                rest = rest.get(end + 1..).unwrap_or_default();
            }
            _ => {
                let len = rest.iter().take_while(|b| !b" \t\r\n/>".contains(b)).count();
                let name = rest.get(..len).unwrap_or_default();
                let local = name.rsplit(|b| *b == b':').next().unwrap_or_default();
                return match local.starts_with(b"WV-") {
                    true => Root::Imps,
                    false if len == rest.len() => Root::Unknown,
                    false => Root::Other,
                };
            }
        }
    }
}

/// What an end tag begins with, in every writing.
const CLOSING: [&[u8]; 11] = [
    b"</",
    b"<\\/",
    b"&lt;/",
    b"%3C%2F",
    b"%3c%2f",
    b"%3C/",
    b"%3c/",
    b"\\u003c/",
    b"\\u003C/",
    b"\\u003c\\/",
    b"\\x3c/",
];

/// Where the end tag of the root ends, in whatever writing.
fn end_tag(gather: &Gather) -> Option<usize> {
    let text = gather.text.octets();
    let mut from = gather.searched;
    loop {
        let at = from + memmem::find(text.get(from..)?, b"WV-")?;
        let before = text.get(..at)?;
        // A prefix may stand between.
        let prefix = before.iter().rev().take_while(|b| b.is_ascii_alphanumeric() || **b == b':').count();
        let unprefixed = before.get(..before.len() - prefix)?;
        let closes = CLOSING.iter().any(|mark| before.ends_with(mark) || unprefixed.ends_with(mark));
        if closes {
            let rest = text.get(at..)?;
            let marks: [&[u8]; 6] = [b">", b"&gt;", b"%3E", b"%3e", b"\\u003e", b"\\x3e"];
            let end = marks.iter().filter_map(|mark| Some(memmem::find(rest, mark)? + mark.len())).min()?;
            return Some(at + end);
        }
        from = at + 3;
    }
}

/// Where another payload begins behind `from`: a declaration or a root that is not the first.
fn begins_anew(text: &[u8], from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    let marks: [&[u8]; 4] = [b"<?xml", b"&lt;?xml", b"%3C%3Fxml", b"\\u003c?xml"];
    let declared = marks.iter().filter_map(|mark| memmem::find(rest, mark)).min();
    let root = {
        let mark = b"<WV-";
        let first = memmem::find(text, mark);
        // The root itself may stand behind a declaration.
        let own = first.is_some_and(|first| first >= from && !begins_with_root(text));
        let mut found = memmem::find_iter(rest, mark);
        if own { found.nth(1) } else { found.next() }
    };
    [declared, root].into_iter().flatten().min().map(|at| from + at)
}

/// Whether a text, its first character taken off, is that of a root element.
fn begins_with_root(text: &[u8]) -> bool {
    text.starts_with(b"WV-")
}

/// What loggers write where they cut.
const CUTS: [&[u8]; 5] = ["…".as_bytes(), b"...", b"[truncated]", b"(truncated)", b"<truncated>"];

fn is_cut(text: &[u8]) -> bool {
    let text = text.trim_ascii_end();
    CUTS.iter().any(|mark| text.ends_with(mark))
}

/// Takes off what a logger wrote where it cut.
fn trim_cut(body: &mut Text) {
    let text = body.octets().trim_ascii_end();
    let len = CUTS.iter().find_map(|mark| text.strip_suffix(*mark)).unwrap_or(text).len();
    body.truncate(len);
}

/// Whether a document was written anew: it lacks what every encoder writes, or bears marks of a word processor, which
/// are replaced.
fn retouched(body: &mut Text) -> bool {
    let octets = body.octets();
    let namespaces = memmem::find(octets, b"xmlns").and_then(|at| octets.get(at..at + 8));
    let bare = namespaces.is_none_or(|n| n.ends_with(b"=\"\"") || n.ends_with(b"=''"))
        && memmem::find(octets, b"<!DOCTYPE").is_none();
    let curly = memmem::find(octets, "=\u{201c}".as_bytes()).or_else(|| memmem::find(octets, "=\u{201d}".as_bytes()));
    let spaced = memmem::find(octets, "\u{a0}<".as_bytes()).is_some();
    if curly.is_some() || spaced {
        let mut out = Text::default();
        let mut at = 0;
        while at < body.len() {
            let rest = body.octets().get(at..).unwrap_or_default();
            let meant: Option<(u8, usize)> = match rest {
                [0xe2, 0x80, 0x9c | 0x9d, ..] => Some((b'"', 3)),
                [0xc2, 0xa0, ..] => Some((b' ', 2)),
                _ => None,
            };
            let (octet, len) = meant.unwrap_or((rest.first().copied().unwrap_or_default(), 1));
            out.push(octet, body.place(at));
            at += len;
        }
        *body = out;
    }
    bare || curly.is_some() || spaced
}

/// Words of a logger for what it sent and what it received.
const SENT: [&str; 9] = ["sent", "sending", "send", "outgoing", "out", "tx", "going", "transmit", "writing"];
const RECEIVED: [&str; 8] = ["received", "receiving", "receive", "recv", "incoming", "rx", "got", "in"];

/// Words that name both ends.
const WAYS: [(&str, Direction); 12] = [
    ("client->server", Direction::ClientToServer),
    ("client -> server", Direction::ClientToServer),
    ("client → server", Direction::ClientToServer),
    ("c->s", Direction::ClientToServer),
    ("from client", Direction::ClientToServer),
    ("to server", Direction::ClientToServer),
    ("server->client", Direction::ServerToClient),
    ("server -> client", Direction::ServerToClient),
    ("server → client", Direction::ServerToClient),
    ("s->c", Direction::ServerToClient),
    ("from server", Direction::ServerToClient),
    ("to client", Direction::ServerToClient),
];

/// What a text says of the message behind it.
fn hint(text: &[u8]) -> Hint {
    /// Octets of a text that are looked at: what is nearest to the message.
    const LOOKED_AT: usize = 256;
    let near = text.get(text.len().saturating_sub(LOOKED_AT)..).unwrap_or_default();
    let near = String::from_utf8_lossy(near).to_lowercase();
    let mut hint = Hint::default();
    for (words, direction) in WAYS {
        if near.contains(words) {
            hint.direction = Some(direction);
        }
    }
    for word in near.split(|c: char| !c.is_alphanumeric()) {
        if SENT.contains(&word) {
            hint.sent = Some(true);
        } else if RECEIVED.contains(&word) {
            hint.sent = Some(false);
        }
    }
    // The prompt of an interpreter is no arrow.
    let arrows = near.trim_start();
    if !arrows.starts_with(">>>") {
        if arrows.contains(">>") {
            hint.sent = Some(true);
        } else if arrows.contains("<<") {
            hint.sent = Some(false);
        }
    }
    hint.peer = near.split(|c: char| !(c.is_ascii_digit() || c == '.' || c == ':')).find_map(address);
    hint
}

fn address(word: &str) -> Option<SocketAddr> {
    let (host, port) = word.split_once(':').unwrap_or((word, "0"));
    let host: Ipv4Addr = host.parse().ok()?;
    Some(SocketAddr::new(host.into(), port.parse().unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = "<WV-CSP-Message xmlns=\"x\"><Session/></WV-CSP-Message>";

    fn scan(shape: Shape, lines: impl IntoIterator<Item = String>) -> Scanner {
        let mut scanner = Scanner::new(shape);
        lines.into_iter().zip(1..).for_each(|(line, number)| scanner.line(number, line.as_bytes()));
        scanner.finish();
        scanner
    }

    #[test]
    fn several_payloads_stand_in_one_line() {
        let found = scan(Shape::Plain, [format!("sent {MESSAGE} received {MESSAGE} end")]);
        let told: Vec<_> = found.told.iter().map(|t| (t.place.column, t.sent, t.body.octets())).collect();
        let message = MESSAGE.as_bytes();
        assert_eq!(told, [(6, Some(true), message), (69, Some(false), message)]);
    }

    #[test]
    fn lines_of_other_writers_are_no_part_of_a_message() {
        let (front, back) = MESSAGE.split_at(30);
        let line = |thread: u32, text: &str| format!("2012-06-29 01:19:42 [15] [{thread}] DEBUG: {text}");
        let found =
            scan(Shape::Kannel, [line(1, &format!("in {front}")), line(2, MESSAGE), back.to_owned(), line(1, back)]);
        // What has no prefix goes on with the entry before it.
        assert_eq!(found.told.len(), 2, "{:?}", found.told);
        assert_eq!(found.told[0].place.line, 1);
    }

    #[test]
    fn a_message_beyond_the_limit_is_cut_and_told() {
        let long = "x".repeat(1 << 20);
        let lines = std::iter::once("<WV-CSP-Message xmlns=\"x\">".to_owned()).chain((0..6).map(|_| long.clone()));
        let found = scan(Shape::Plain, lines);
        assert_eq!(found.told.len(), 1);
        assert!(found.told[0].body.len() > MAX_GATHERED && found.told[0].body.len() < MAX_GATHERED + (2 << 20));
        assert_eq!(found.faults.iter().map(|f| f.what).collect::<Vec<_>>(), ["a message is too long to be read"]);
    }

    #[test]
    fn writers_beyond_the_limit_and_what_they_hold_together_are_given_up() {
        let begin = |thread: usize, text: &str| {
            format!("2012-06-29 01:19:42 [15] [{thread}] DEBUG: <WV-CSP-Message xmlns=\"x\">{text}")
        };
        let found = scan(Shape::Kannel, (0..=MAX_WRITERS).map(|thread| begin(thread, "")));
        let by_limit = |found: &Scanner| found.faults.iter().filter(|f| f.what.contains("too long")).count();
        assert_eq!((found.told.len(), by_limit(&found)), (MAX_WRITERS + 1, MAX_WRITERS));
        let half = "x".repeat(MAX_HELD / 4);
        let found = scan(Shape::Kannel, (0..5).map(|thread| begin(thread, &half)));
        assert_eq!(by_limit(&found), 4);
    }

    #[test]
    fn roots_are_told_apart() {
        for (text, root) in [
            ("<?xml version='1.0'?><!-- x --><WV-CSP-Message", Root::Imps),
            ("<x:WV-SSP-Message>", Root::Imps),
            ("<!DOCTYPE WV-CSP-Message PUBLIC 'x' 'y'><html>", Root::Other),
            ("<?xml version='1.0'?>", Root::Unknown),
            ("<WV", Root::Unknown),
        ] {
            assert_eq!(root_of(text.as_bytes()), root, "{text}");
        }
    }
}
