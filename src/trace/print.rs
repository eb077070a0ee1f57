//! A trace as text.

use std::fmt::Write;

use crate::carrier::Direction;
use crate::csp::message::Mode;
use crate::csp::namespace::Version;
use crate::syntax::{Encoding, Node};
use crate::time::Time;

use super::event::{FLAGS, PAYLOADS};
use super::headers::{Header, own, written};
use super::text::{quoted, word};
use super::{Defaults, Line, Payload, Said, TARGET, Trace, Usual, implied_mode, tree};

/// Writes the head of a trace, headers left out.
pub(super) fn head(start: Time, defaults: &Defaults, out: &mut String) {
    let _ = writeln!(out, "csp {} {}", defaults.version, defaults.encoding.name());
    let _ = writeln!(out, "start {start}");
    if let Some(session) = &defaults.session {
        let _ = writeln!(out, "session {}", word(session));
    }
}

/// Writes statements of headers that a side has from here on.
pub(super) fn headers(direction: Direction, headers: &[Header], out: &mut String) {
    for header in headers {
        let _ = writeln!(out, "header {} {}", who(direction), quoted(&written(header)));
    }
}

fn who(direction: Direction) -> &'static str {
    if direction == Direction::ClientToServer { "client" } else { "server" }
}

/// Writes a line. `text` gives the text to show of an element.
pub(super) fn line(line: &Line, defaults: &Defaults, out: &mut String, text: &impl Fn(Node<'_>) -> String) {
    match line {
        Line::Over(over) => {
            let _ = writeln!(out, "\nover {}", over.name());
        }
        Line::Connection(number, client, server) => {
            let _ = writeln!(out, "\nconnection {number} {client} {server}");
        }
        Line::Event(said) => event(said, defaults, out, text),
    }
}

fn event(said: &Said, defaults: &Defaults, out: &mut String, text: &impl Fn(Node<'_>) -> String) {
    let _ = write!(out, "\n{} {} ", delay(said.delay), who(said.direction));
    match &said.payload {
        Payload::Empty => out.push_str("empty"),
        Payload::Raw(_) => out.push_str("hex"),
        Payload::Document { version, encoding, .. } => {
            out.push_str("document");
            flavour(*version, *encoding, defaults, out);
        }
        Payload::Message(usual) => {
            part(usual, 0, out);
            flavour(usual.version, usual.encoding, defaults, out);
            frame(usual, defaults, out);
        }
    }
    words(said, defaults, out);
    out.push('\n');
    match &said.payload {
        Payload::Empty => {}
        Payload::Raw(octets) => octets.chunks(32).for_each(|run| {
            out.push_str("  ");
            run.iter().for_each(|octet| {
                let _ = write!(out, "{octet:02x}");
            });
            out.push('\n');
        }),
        Payload::Document { document, .. } => {
            if let Some(root) = document.root() {
                tree::print(root, 1, out, text);
            }
        }
        Payload::Message(usual) => parts(usual, out, text),
    }
}

/// `+1.25`: seconds with as many digits as it takes.
fn delay(nanoseconds: i64) -> String {
    let (sign, n) = if nanoseconds < 0 { ('-', nanoseconds.unsigned_abs()) } else { ('+', nanoseconds.unsigned_abs()) };
    let text = format!("{sign}{}.{:09}", n / 1_000_000_000, n % 1_000_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn flavour(version: Version, encoding: Encoding, defaults: &Defaults, out: &mut String) {
    if version != defaults.version {
        let _ = write!(out, " version={version}");
    }
    if encoding != defaults.encoding {
        let _ = write!(out, " encoding={}", encoding.name());
    }
}

fn frame(usual: &Usual, defaults: &Defaults, out: &mut String) {
    if usual.outband {
        out.push_str(" outband");
    }
    let implied = if usual.outband { None } else { defaults.session.as_ref() };
    if usual.session.as_ref() != implied {
        let _ = write!(out, " session={}", word(usual.session.as_deref().unwrap_or_default()));
    }
    for (name, value) in [("poll", &usual.poll), ("misplaced-poll", &usual.misplaced_poll), ("cir", &usual.cir)] {
        if let Some(value) = value {
            let _ = write!(out, " {name}={}", word(value));
        }
    }
    if !usual.namespaces {
        out.push_str(" plain");
    }
}

/// `Status 5 mode=request`: the primitive of a part, its identifier, and its mode where it is not implied.
fn part(usual: &Usual, index: usize, out: &mut String) {
    let Some(part) = usual.parts.get(index) else { return };
    let name = part.primitive.root().map_or("", Node::spelling);
    out.push_str(&if PAYLOADS.contains(&name) { quoted(name).into() } else { word(name) });
    if !part.id.is_empty() {
        out.push(' ');
        out.push_str(&if FLAGS.contains(&&*part.id) { quoted(&part.id).into() } else { word(&part.id) });
    }
    if part.mode != implied_mode(name) {
        out.push_str(if part.mode == Mode::Request { " mode=request" } else { " mode=response" });
    }
}

fn parts(usual: &Usual, out: &mut String, text: &impl Fn(Node<'_>) -> String) {
    for (i, transaction) in usual.parts.iter().enumerate() {
        if i > 0 {
            out.push_str("and ");
            part(usual, i, out);
            out.push('\n');
        }
        let Some(root) = transaction.primitive.root() else { continue };
        tree::print_inside(root, out, text);
    }
}

fn words(said: &Said, defaults: &Defaults, out: &mut String) {
    if said.connection != 1 {
        let _ = write!(out, " connection={}", said.connection);
    }
    if let Some(status) = said.status {
        let _ = write!(out, " status={status}");
    }
    if let Some(method) = &said.method {
        let _ = write!(out, " method={}", word(method));
    }
    if let Some(target) = said.target.as_deref().filter(|t| *t != TARGET) {
        let _ = write!(out, " target={}", word(target));
    }
    if let Some(content_type) = &said.content_type {
        let _ = write!(out, " type={}", word(content_type));
    }
    let (drop, own) = match own(defaults.headers(said.direction), &said.headers) {
        Some(own) => (false, own),
        None => (true, said.headers.iter().collect()),
    };
    if drop {
        out.push_str(" no-headers");
    }
    for header in own {
        let _ = write!(out, " header={}", quoted(&written(header)));
    }
    if let Some(coding) = said.coding {
        let _ = write!(out, " {}", coding.name());
    }
    for (set, name) in
        [(said.chunked, "chunked"), (said.close, "close"), (said.dropped, "dropped"), (said.lost, "lost")]
    {
        if set {
            let _ = write!(out, " {name}");
        }
    }
    for (number, name) in [(said.cut, "cut"), (said.segments, "segments")] {
        if let Some(number) = number {
            let _ = write!(out, " {name}={number}");
        }
    }
    if said.marked {
        out.push_str(" <<");
    }
}

impl std::fmt::Display for Trace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut out = String::new();
        head(self.start, &self.defaults, &mut out);
        for direction in [Direction::ClientToServer, Direction::ServerToClient] {
            headers(direction, self.defaults.headers(direction), &mut out);
        }
        for line in &self.lines {
            self::line(line, &self.defaults, &mut out, &|node| node.text().to_owned());
        }
        f.write_str(&out)
    }
}
