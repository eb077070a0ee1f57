//! JSON lines: an object an event, the payload in any of its strings.

use crate::carrier::Direction;
use crate::time::Time;

use super::Fault;
use super::conversation::{Faithful, Told};
use super::escapes::{entry, narrow, undo};
use super::json::{Record, Value};
use super::scan::is_payload;
use super::stamp::whole_time;
use super::text::Text;

/// Names of members that tell when, which way and with whom; what they are part of counts too.
const TIMES: [&str; 8] = ["time", "timestamp", "@timestamp", "ts", "date", "datetime", "when", "at"];
const WAYS: [&str; 6] = ["direction", "dir", "way", "type", "event", "kind"];
const PEERS: [&str; 7] = ["peer", "client", "remote", "remote_addr", "ip", "src", "from"];

/// What an object tells: a message for each string that holds a payload.
pub(super) fn object(record: &Record, value: &Value, faults: &mut Vec<Fault>) -> Vec<Told> {
    let member = |names: &[&str]| names.iter().find_map(|name| record.string(record.get(value, name)?));
    let time = member(&TIMES).and_then(|time| moment(&time));
    let way = member(&WAYS).unwrap_or_default().to_lowercase();
    let channel = member(&PEERS).unwrap_or_default();
    let ends = (channel.parse().ok().or_else(|| Some((channel.parse::<std::net::IpAddr>().ok()?, 0).into())), None);
    let mut told = Vec::new();
    strings(value, &mut |range, closed, key| {
        let written = record.text(range);
        let Some((body, whole)) = payload(&written) else { return };
        let whole = whole && closed;
        let place = record.place(range.start);
        if !whole {
            faults.push(Fault::at(place, "a message is cut, or octets of it are lost, in the log"));
        }
        let key = key.map(|key| record.written(key).to_lowercase()).unwrap_or_default();
        let (direction, sent) = side(&way).or_else(|| side(&key)).unwrap_or_default();
        let faithful = if whole { Faithful::Yes } else { Faithful::Lost };
        let channel = channel.clone();
        told.push(Told { body, place, time, direction, sent, ends, channel, faithful, ..Told::default() });
    });
    told
}

/// A time as text, or as a number of seconds or milliseconds.
fn moment(text: &str) -> Option<Time> {
    whole_time(text).or_else(|| {
        let number: f64 = text.parse().ok()?;
        let seconds = if number > 1e11 { number / 1000.0 } else { number };
        (seconds > 1.0 && seconds < 1e11).then_some(Time((seconds * 1e9) as i64))
    })
}

/// What a word tells: the direction, or whether the writer sent it.
fn side(word: &str) -> Option<(Option<Direction>, Option<bool>)> {
    match word {
        "request" | "req" | "c2s" | "client-to-server" | "uplink" | "up" => {
            Some((Some(Direction::ClientToServer), None))
        }
        "response" | "resp" | "s2c" | "server-to-client" | "downlink" | "down" => {
            Some((Some(Direction::ServerToClient), None))
        }
        "out" | "sent" | "send" | "tx" | "outgoing" | ">>" => Some((None, Some(true))),
        "in" | "received" | "recv" | "rx" | "incoming" | "<<" => Some((None, Some(false))),
        _ => None,
    }
}

/// Each string of a value, with whether it is closed, and the key it stands behind.
fn strings<'v>(
    value: &'v Value,
    take: &mut impl FnMut(&'v std::ops::Range<usize>, bool, Option<&'v std::ops::Range<usize>>),
) {
    fn walk<'v>(
        value: &'v Value,
        key: Option<&'v std::ops::Range<usize>>,
        take: &mut impl FnMut(&'v std::ops::Range<usize>, bool, Option<&'v std::ops::Range<usize>>),
    ) {
        match value {
            Value::Plain(_) => {}
            Value::String(range, closed) => take(range, *closed, key),
            Value::Array(all) => all.iter().for_each(|value| walk(value, key, take)),
            Value::Object(members) => members.iter().for_each(|(key, value)| walk(value, Some(key), take)),
        }
    }
    walk(value, None, take);
}

/// The payload that a string is or holds, and whether all of it is there.
fn payload(written: &Text) -> Option<(Text, bool)> {
    if written.octets().first().is_some_and(|b| (1..9).contains(b)) {
        return Some(narrow(written)).filter(|(body, _)| is_payload(body.octets()));
    }
    let (at, escape) = entry(written.octets())?;
    let body = undo(&written.slice(at..written.len()), escape);
    if !is_payload(body.octets()) {
        return None;
    }
    let end = memchr::memmem::rfind(body.octets(), b"</").and_then(|at| {
        let rest = body.octets().get(at..)?;
        rest.starts_with(b"</").then_some(at + memchr::memchr(b'>', rest)? + 1)
    });
    let is_text = body.octets().first() == Some(&b'<');
    match end.filter(|_| is_text) {
        Some(end) => {
            let name = body.octets().get(..end).unwrap_or_default();
            let whole = memchr::memmem::rfind(name, b"WV-").is_some_and(|at| at + 64 > end);
            Some((body.slice(0..end), whole))
        }
        None => Some((body, !is_text)),
    }
}
