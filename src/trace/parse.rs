//! Text to a trace: statements, and the rows that belong to each event.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use crate::carrier::Direction;
use crate::csp::namespace::Version;
use crate::syntax::Encoding;
use crate::time::Time;

use super::event::event;
use super::headers;
use super::row::{ParseError, Row};
use super::{Defaults, Line, Over, Trace};

/// When a trace starts that does not say so: 2007-01-01T00:00:00Z.
const START: Time = Time(1_167_609_600_000_000_000);

/// Reads a trace.
///
/// # Errors
/// The first place that cannot be read, and why.
pub fn parse(text: &str) -> Result<Trace, ParseError> {
    let defaults = Defaults {
        version: Version::V12,
        encoding: Encoding::Xml,
        session: None,
        client_headers: Vec::new(),
        server_headers: Vec::new(),
    };
    let mut reading =
        Reading { trace: Trace { start: START, defaults, lines: Vec::new() }, now: 0, used: BTreeSet::new() };
    let rows = Row::all(text);
    let mut rest = rows.as_slice();
    while let Some((row, after)) = rest.split_first() {
        rest = after;
        if row.is_silent() {
            continue;
        }
        if !row.text.starts_with(['+', '-', '@']) {
            reading.statement(row)?;
            continue;
        }
        // Up to the last row that goes on; silent ones in between may be lines of a text.
        let within = after.iter().take_while(|r| r.continues() || r.is_silent());
        let length = within.enumerate().filter(|(_, r)| r.continues()).last().map_or(0, |(i, _)| i + 1);
        let (body, next) = after.split_at(length);
        rest = next;
        let said = event(row, body, &reading.trace.defaults, reading.now)?;
        reading.now = reading.now.saturating_add(said.delay);
        reading.used.insert(said.connection);
        reading.trace.lines.push(Line::Event(Box::new(said)));
    }
    Ok(reading.trace)
}

struct Reading {
    trace: Trace,
    /// Nanoseconds from the start to the latest event.
    now: i64,
    /// Connections that were given their ends or spoken on.
    used: BTreeSet<u32>,
}

impl Reading {
    /// `csp 1.2 xml`, `start …`, `session …`, `header …`, `connection …`.
    fn statement(&mut self, row: &Row<'_>) -> Result<(), ParseError> {
        if row.continues() {
            return Err(
                row.wrong(row.indent(), "this belongs to nothing: neither an event nor anything else goes before it")
            );
        }
        let words = row.words()?;
        let defaults = &mut self.trace.defaults;
        let texts: Vec<&str> = words.iter().map(|word| &*word.text).collect();
        let wrong =
            |i: usize, what: String| words.get(i).map_or_else(|| row.wrong(0, what.clone()), |w| w.wrong(&*what));
        match *texts.as_slice() {
            ["csp", number, ref encoding @ ..] if encoding.len() < 2 => {
                defaults.version =
                    Version::of_number(number).ok_or_else(|| wrong(1, format!("there is no CSP version {number}")))?;
                if let [name] = *encoding {
                    defaults.encoding = self::encoding(name)
                        .ok_or_else(|| wrong(2, format!("an encoding is xml or wbxml, not {name}")))?;
                }
            }
            ["start", stamp] => {
                self.trace.start = time(stamp)
                    .ok_or_else(|| wrong(1, format!("start wants a time such as 2007-05-01T10:00:00Z, not {stamp}")))?;
            }
            ["over", name] => {
                let over = Over::ALL.into_iter().find(|over| over.name() == name);
                let over = over.ok_or_else(|| {
                    wrong(1, format!("over wants {}, not {name}", Over::ALL.map(Over::name).join(", ")))
                })?;
                self.trace.lines.push(Line::Over(over));
            }
            ["session", session] => defaults.session = Some(session.to_owned()).filter(|s| !s.is_empty()),
            ["header", side, header] => {
                let direction =
                    direction(side).ok_or_else(|| wrong(1, format!("header is of client or server, not of {side}")))?;
                let header = headers::read(header)
                    .ok_or_else(|| wrong(2, format!("header wants \"Name: value\", not {header}")))?;
                defaults.headers_mut(direction).push(header);
            }
            ["connection", number, client, server] => {
                let no = number.parse().ok().filter(|no| *no > 0);
                let no = no.ok_or_else(|| wrong(1, format!("connection wants a number from 1, not {number}")))?;
                let end = |i: usize, text: &str| -> Result<SocketAddr, ParseError> {
                    let wanted = "connection wants addresses such as 10.0.0.1:40001 or [2001:db8::1]:80";
                    text.parse().map_err(|_| wrong(i, format!("{wanted}, not {text}")))
                };
                let (client, server) = (end(2, client)?, end(3, server)?);
                if !self.used.insert(no) {
                    return Err(wrong(1, format!("connection {no} has its ends already")));
                }
                self.trace.lines.push(Line::Connection(no, client, server));
            }
            _ => {
                let known = "csp VERSION [ENCODING], start TIME, over CARRIER, session ID, header SIDE HEADER, connection N CLIENT SERVER";
                return Err(row.wrong(0, format!("neither a statement ({known}) nor an event: {}", row.text)));
            }
        }
        Ok(())
    }
}

fn time(text: &str) -> Option<Time> {
    let stamp: jiff::Timestamp = text.parse().ok()?;
    i64::try_from(stamp.as_nanosecond()).ok().map(Time)
}

pub(super) fn encoding(text: &str) -> Option<Encoding> {
    match text {
        "xml" => Some(Encoding::Xml),
        "wbxml" => Some(Encoding::Wbxml),
        "pts" => Some(Encoding::Pts),
        _ => None,
    }
}

pub(super) fn direction(text: &str) -> Option<Direction> {
    match text {
        "client" => Some(Direction::ClientToServer),
        "server" => Some(Direction::ServerToClient),
        _ => None,
    }
}
