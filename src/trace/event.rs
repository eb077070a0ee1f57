//! An event line and the rows below it to what is said.

use crate::carrier::Direction;
use crate::csp::message::Mode;
use crate::csp::name::VOCABULARY;
use crate::csp::namespace::Version;
use crate::syntax::{Builder, Encoding};

use super::headers::{self, Header, resolve};
use super::parse::{direction, encoding};
use super::row::{ParseError, Row, Word};
use super::{Coding, Defaults, Payload, Said, Transaction, Usual, implied_mode, tree};

/// Words of an event line that stand alone; an identifier that is one of them is quoted.
pub(super) const FLAGS: [&str; 10] =
    ["outband", "plain", "no-headers", "gzip", "deflate", "chunked", "close", "dropped", "lost", "<<"];

/// What stands in the place of a primitive where there is none; a primitive of that name is quoted.
pub(super) const PAYLOADS: [&str; 4] = ["empty", "document", "text", "hex"];

/// What the words of an event line say of its message.
#[derive(Default)]
struct Says {
    version: Option<Version>,
    encoding: Option<Encoding>,
    outband: bool,
    session: Option<String>,
    poll: Option<String>,
    misplaced_poll: Option<String>,
    cir: Option<String>,
    plain: bool,
    mode: Option<Mode>,
    id: Option<String>,
    headers: Vec<Header>,
    no_headers: bool,
}

/// Reads an event; `now` is when the one before it began, in nanoseconds from the start.
pub(super) fn event(row: &Row<'_>, body: &[Row<'_>], defaults: &Defaults, now: i64) -> Result<Said, ParseError> {
    let words = row.words()?;
    let [when, who, what, rest @ ..] = words.as_slice() else {
        return Err(row.wrong(0, "an event is a time, client or server, and what is said"));
    };
    let mut said = Said {
        delay: delay(when, now)?,
        direction: direction(&who.text)
            .ok_or_else(|| who.wrong(format!("client or server speaks, not {}", who.text)))?,
        connection: 1,
        payload: Payload::Empty,
        content_type: None,
        status: None,
        method: None,
        target: None,
        headers: Vec::new(),
        coding: None,
        chunked: false,
        close: false,
        dropped: false,
        lost: false,
        cut: None,
        segments: None,
        marked: false,
        line: row.number,
    };
    let kind = what.bare().filter(|w| PAYLOADS.contains(w));
    let mut says = Says::default();
    for word in rest {
        let taken = carrier_word(word, &mut said, &mut says)?
            || kind.is_none_or(|k| k == "document") && writing_word(word, &mut says)?
            || kind.is_none() && message_word(word, &mut says)?;
        if !taken {
            return Err(word.wrong(format!("a word that means nothing here: {}", word.text)));
        }
    }
    let side = if says.no_headers { &[] } else { defaults.headers(said.direction) };
    said.headers = resolve(side, &says.headers);
    let version = says.version.unwrap_or(defaults.version);
    let encoding = says.encoding.unwrap_or(defaults.encoding);
    let loud: Vec<Row<'_>> = body.iter().filter(|row| !row.is_silent()).copied().collect();
    if let Some(and) = body.iter().find(|row| kind.is_some() && row.is_and()) {
        return Err(and.wrong(0, "only a message of the usual frame has further transactions"));
    }
    said.payload = match kind {
        Some("empty") => match loud.first() {
            None => Payload::Empty,
            Some(row) => return Err(row.wrong(row.indent(), "nothing stands below empty")),
        },
        Some("hex") => Payload::Raw(hex(&loud)?),
        Some("text") => Payload::Raw(lines(body)),
        Some(_) => {
            let mut builder = Builder::new(VOCABULARY, "");
            tree::read(&loud, false, &mut builder)?;
            Payload::Document { version, encoding, document: tree::document(builder)? }
        }
        None => Payload::Message(Usual {
            parts: transactions(what, &mut says, &loud)?,
            version,
            encoding,
            namespaces: !says.plain,
            session: match says.session {
                Some(session) => Some(session).filter(|s| !s.is_empty()),
                None if says.outband => None,
                None => defaults.session.clone(),
            },
            outband: says.outband,
            poll: says.poll,
            misplaced_poll: says.misplaced_poll,
            cir: says.cir,
        }),
    };
    Ok(said)
}

/// `+1.5` after the event before, `@1.5` after the start; in nanoseconds after the event before.
fn delay(word: &Word<'_>, now: i64) -> Result<i64, ParseError> {
    let read = |text: &str| -> Option<i64> {
        let digits = text.get(1..)?;
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let numeric = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !numeric(whole) || !numeric(fraction) || fraction.len() > 9 {
            return None;
        }
        let nanoseconds: i64 = format!("{fraction:0<9}").parse().ok()?;
        let time = whole.parse::<i64>().ok()?.checked_mul(1_000_000_000)?.checked_add(nanoseconds)?;
        match text.as_bytes().first()? {
            b'+' => Some(time),
            b'-' => Some(-time),
            _ => time.checked_sub(now),
        }
    };
    word.bare().and_then(read).ok_or_else(|| {
        word.wrong(format!(
            "a time is + and seconds, such as +0.25, or @ and seconds since the start, not {}",
            word.text
        ))
    })
}

/// Takes a word about what carries the message; returns whether it is one.
fn carrier_word(word: &Word<'_>, said: &mut Said, says: &mut Says) -> Result<bool, ParseError> {
    let request = said.direction == Direction::ClientToServer;
    let text = |wanted: &str| word.read(wanted, |v| Some(v.to_owned()));
    let count = || word.read("a number from 1", |v| v.parse().ok().filter(|n: &u32| *n > 0));
    if word.value.is_none() {
        match word.bare() {
            Some("no-headers") => says.no_headers = true,
            Some("gzip") => said.coding = Some(Coding::Gzip),
            Some("deflate") => said.coding = Some(Coding::Deflate),
            Some("chunked") => said.chunked = true,
            Some("close") => said.close = true,
            Some("dropped") if request => said.dropped = true,
            Some("dropped") => return Err(word.wrong("only a request is dropped")),
            Some("lost") => said.lost = true,
            Some("<<") => said.marked = true,
            _ => return Ok(false),
        }
        return Ok(true);
    }
    match &*word.text {
        "connection" => said.connection = count()?,
        "status" if !request => {
            let status =
                word.read("a number from 100 to 999", |v| v.parse().ok().filter(|s| (100..1000).contains(s)))?;
            said.status = Some(status).filter(|s| *s != 200);
        }
        "method" if request => said.method = Some(text("a method")?).filter(|m| m != "POST"),
        "target" if request => said.target = Some(text("a path or URI")?).filter(|t| t != super::TARGET),
        "status" => return Err(word.wrong("only an answer has a status")),
        "method" | "target" => return Err(word.wrong(format!("only a request has a {}", word.text))),
        "type" => said.content_type = Some(text("a media type")?),
        "header" => says.headers.push(word.read("\"Name: value\"", headers::read)?),
        "cut" => said.cut = Some(word.read("a number of octets", |v| v.parse().ok())?),
        "segments" => said.segments = Some(count()?),
        _ => return Ok(false),
    }
    Ok(true)
}

/// Takes a word about how a document is written; returns whether it is one.
fn writing_word(word: &Word<'_>, says: &mut Says) -> Result<bool, ParseError> {
    match (&*word.text, &word.value) {
        ("version", Some(_)) => says.version = Some(word.read("a CSP version", Version::of_number)?),
        ("encoding", Some(_)) => says.encoding = Some(word.read("xml, wbxml or pts", encoding)?),
        _ => return Ok(false),
    }
    Ok(true)
}

/// Takes a word about a message of the usual frame; returns whether it is one.
fn message_word(word: &Word<'_>, says: &mut Says) -> Result<bool, ParseError> {
    let text = || word.value.as_deref().map(str::to_owned);
    match (&*word.text, &word.value) {
        ("session", Some(_)) => says.session = text(),
        ("poll", Some(_)) => says.poll = text(),
        ("misplaced-poll", Some(_)) => says.misplaced_poll = text(),
        ("cir", Some(_)) => says.cir = text(),
        ("mode", Some(_)) => says.mode = Some(word.read("request or response", mode)?),
        ("outband", None) if !word.quoted => says.outband = true,
        ("plain", None) if !word.quoted => says.plain = true,
        (id, None) if says.id.is_none() => says.id = Some(id.to_owned()),
        _ => return Ok(false),
    }
    Ok(true)
}

fn mode(text: &str) -> Option<Mode> {
    match text {
        "request" => Some(Mode::Request),
        "response" => Some(Mode::Response),
        _ => None,
    }
}

/// The transactions of a message: the first is on the event line, each further one begins with `and`.
fn transactions(first: &Word<'_>, says: &mut Says, body: &[Row<'_>]) -> Result<Vec<Transaction>, ParseError> {
    let own = |rows: &[Row<'_>]| rows.iter().take_while(|row| !row.is_and()).count();
    let (inside, mut rest) = body.split_at(own(body));
    let mut parts = vec![transaction(first, says.id.take(), says.mode, inside)?];
    while let Some((row, after)) = rest.split_first() {
        let words = row.words()?;
        let [_, name, more @ ..] = words.as_slice() else {
            return Err(row.wrong(0, "and wants a primitive"));
        };
        let (mut id, mut stated) = (None, None);
        for word in more {
            match (&*word.text, &word.value) {
                ("mode", Some(_)) => stated = Some(word.read("request or response", mode)?),
                (text, None) if id.is_none() => id = Some(text.to_owned()),
                (other, _) => return Err(word.wrong(format!("a word that means nothing here: {other}"))),
            }
        }
        let (inside, next) = after.split_at(own(after));
        rest = next;
        parts.push(transaction(name, id, stated, inside)?);
    }
    Ok(parts)
}

fn transaction(
    name: &Word<'_>,
    id: Option<String>,
    mode: Option<Mode>,
    inside: &[Row<'_>],
) -> Result<Transaction, ParseError> {
    if name.text.is_empty() || name.value.is_some() {
        return Err(name.wrong(format!("a primitive is wanted, not {}", name.text)));
    }
    let mut builder = Builder::new(VOCABULARY, "");
    builder.open(&name.text, 0..0);
    tree::read(inside, true, &mut builder)?;
    builder.close(0);
    Ok(Transaction {
        mode: mode.unwrap_or_else(|| implied_mode(&name.text)),
        id: id.unwrap_or_default(),
        primitive: tree::document(builder)?,
    })
}

/// Pairs of hexadecimal digits.
fn hex(rows: &[Row<'_>]) -> Result<Vec<u8>, ParseError> {
    let mut octets = Vec::new();
    for row in rows {
        let mut high = None;
        for (at, c) in row.text.char_indices().filter(|(_, c)| *c != ' ') {
            let bad = || row.wrong(at, format!("hex wants hexadecimal digits, not {c}"));
            let digit = c.to_digit(16).and_then(|d| u8::try_from(d).ok()).ok_or_else(bad)?;
            match high.take() {
                None => high = Some(digit),
                Some(high) => octets.push(high << 4 | digit),
            }
        }
        if high.is_some() {
            return Err(row.wrong(row.text.len(), "hex wants hexadecimal digits in pairs"));
        }
    }
    Ok(octets)
}

/// Rows as lines of a text, the indentation of the first taken off each.
fn lines(rows: &[Row<'_>]) -> Vec<u8> {
    let indent = rows.iter().find(|row| !row.text.is_empty()).map_or(0, Row::indent);
    let lines: Vec<&str> = rows
        .iter()
        .map(|row| row.text.get(indent..).filter(|_| row.indent() >= indent).unwrap_or(row.text.trim_start()))
        .collect();
    lines.join("\n").into_bytes()
}
