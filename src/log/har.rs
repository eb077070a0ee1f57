//! HTTP archives: an entry a request with its response.

use std::net::SocketAddr;

use crate::carrier::names_imps;
use crate::time::Time;

use super::Fault;
use super::conversation::{Faithful, Told};
use super::escapes::{Escape, narrow, undo};
use super::json::{Record, Value};
use super::scan::is_payload;
use super::stamp::whole_time;
use super::text::{Place, Text};

/// What an entry tells: request and response where one of them is of IMPS.
pub(super) fn entry(record: &Record, entry: &Value, faults: &mut Vec<Fault>) -> Vec<Told> {
    let (Some(request), response) = (record.get(entry, "request"), record.get(entry, "response")) else {
        return Vec::new();
    };
    let asked = body(record, record.get(request, "postData"), request);
    let answered = response.map(|response| body(record, record.get(response, "content"), response));
    let is_imps = |body: &Body| is_payload(body.text.octets()) || names_imps(body.media.as_bytes());
    if !is_imps(&asked) && !answered.as_ref().is_some_and(is_imps) {
        return Vec::new();
    }
    let at = |path: &[&str]| record.string_at(entry, path);
    let start = at(&["startedDateTime"]).and_then(|time| whole_time(&time));
    let took = at(&["time"]).and_then(|ms| ms.parse::<f64>().ok()).filter(|ms| (0.0..1e9).contains(ms));
    let end = start.map(|start| Time(start.0.saturating_add((took.unwrap_or(0.0) * 1e6) as i64)));
    let url = record.string_at(request, &["url"]).unwrap_or_default();
    let (host, path) = parts(&url);
    let server = server(&at(&["serverIPAddress"]).unwrap_or_default(), host, url.starts_with("https"));
    let connection = at(&["connection"]).unwrap_or_default();
    let channel = format!("{host} {connection}");
    let method = record.string_at(request, &["method"]).unwrap_or_else(|| "POST".to_owned());
    let mut told = vec![Told {
        head: Some(head(record, request, &format!("{} {} HTTP/1.1", word(&method), word(path)), &asked.media)),
        time: start,
        ends: (None, server),
        channel: channel.clone(),
        opens: !connection.is_empty(),
        ..asked.told(faults)
    }];
    let status = response.and_then(|response| record.string_at(response, &["status"]));
    let status = status.and_then(|status| status.parse::<u16>().ok()).filter(|status| (100..1000).contains(status));
    if let (Some(response), Some(answered), Some(status)) = (response, answered, status) {
        told.push(Told {
            head: Some(head(record, response, &format!("HTTP/1.1 {status} X"), &answered.media)),
            time: end,
            ends: (None, server),
            channel,
            answers_last: true,
            ..answered.told(faults)
        });
    }
    told
}

/// A body as an archive has it.
struct Body {
    text: Text,
    media: String,
    place: Place,
    whole: bool,
}

impl Body {
    fn told(self, faults: &mut Vec<Fault>) -> Told {
        if !self.whole {
            faults
                .push(Fault::at(self.place, "octets of a body are lost: the writer of the archive took them for text"));
        }
        let faithful = if self.whole { Faithful::Yes } else { Faithful::Lost };
        Told { body: self.text, place: self.place, faithful, ..Told::default() }
    }
}

fn body(record: &Record, data: Option<&Value>, message: &Value) -> Body {
    let get = |key| data.and_then(|data| record.get(data, key));
    let media = get("mimeType").and_then(|value| record.string(value)).filter(|media| !media.is_empty());
    let media = media.or_else(|| header(record, message, "content-type")).unwrap_or_default();
    let encoding = get("encoding").and_then(|value| record.string(value)).unwrap_or_default();
    let Some(Value::String(range, closed)) = get("text") else {
        let place = record.place(first(message));
        return Body { text: Text::default(), media, place, whole: true };
    };
    let written = record.text(range);
    let place = record.place(range.start);
    let (text, whole) = if encoding.eq_ignore_ascii_case("base64") {
        (undo(&written, Escape::Base64), true)
    } else if written.octets().first().is_some_and(|b| *b < 9) {
        // Octets that stand as the characters of their numbers.
        narrow(&written)
    } else {
        let lost = media.contains("wbxml") && written.octets().starts_with("\u{fffd}".as_bytes());
        (if lost { Text::default() } else { written }, !lost)
    };
    Body { text, media, place, whole: whole && *closed }
}

/// Where a value begins, near enough.
fn first(value: &Value) -> usize {
    match value {
        Value::Plain(range) | Value::String(range, _) => range.start,
        Value::Array(all) => all.first().map_or(0, first),
        Value::Object(members) => members.first().map_or(0, |(key, _)| key.start),
    }
}

/// Name and value of the headers of a message.
fn headers<'r>(record: &'r Record, message: &'r Value) -> impl Iterator<Item = (String, String)> + 'r {
    let list = record.get(message, "headers");
    let all = list.and_then(|list| if let Value::Array(all) = list { Some(all.as_slice()) } else { None });
    all.unwrap_or_default().iter().filter_map(|header| {
        let of = |key| record.string_at(header, &[key]);
        Some((of("name")?, of("value")?))
    })
}

fn header(record: &Record, message: &Value, name: &str) -> Option<String> {
    headers(record, message).find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// The head of a message as HTTP/1.1 has it; fields of HTTP/2 that begin with a colon are none.
fn head(record: &Record, message: &Value, start: &str, media: &str) -> Vec<u8> {
    let mut head = format!("{start}\r\n");
    let mut typed = false;
    for (name, value) in headers(record, message).filter(|(name, _)| !name.is_empty() && !name.starts_with(':')) {
        typed |= name.eq_ignore_ascii_case("content-type");
        let line = |text: &str| text.replace(['\r', '\n'], " ");
        head.push_str(&format!("{}: {}\r\n", line(&name).replace(':', ""), line(&value)));
    }
    if !typed && !media.is_empty() && media != "x-unknown" {
        head.push_str(&format!("Content-Type: {}\r\n", media.replace(['\r', '\n'], " ")));
    }
    head.push_str("\r\n");
    head.into_bytes()
}

/// Host with port, and path of a URL.
fn parts(url: &str) -> (&str, &str) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    match rest.find('/') {
        Some(at) => (rest.get(..at).unwrap_or_default(), rest.get(at..).unwrap_or_default()),
        None => (rest, "/"),
    }
}

/// Text without blanks, for a start line.
fn word(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect()
}

fn server(address: &str, host: &str, secure: bool) -> Option<SocketAddr> {
    let host = host.rsplit('@').next().unwrap_or(host);
    let port = host.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).unwrap_or(if secure { 443 } else { 80 });
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let address = address.trim_matches(['[', ']']);
    address.parse().or_else(|_| name.parse()).ok().map(|ip| SocketAddr::new(ip, port))
}
