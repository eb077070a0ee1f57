//! Headers in the compact form of WSP, written out as the texts they stand for.

use super::names::{self, Is};
use super::octets::{Octets, Value};
use crate::carrier::Gateway;
use crate::carrier::Headers;
use crate::carrier::coding::Coding;
use crate::carrier::gateway::Hints;
use crate::carrier::http::{HEADERS_KEPT, NAME_KEPT, VALUE_KEPT};

/// Octets of a value that is neither text nor number which are written out.
const OCTETS_TOLD: usize = 64;

/// The headers of a PDU and what they say of its data.
#[derive(Default)]
pub(super) struct Block {
    pub(super) headers: Headers,
    pub(super) content_type: Option<String>,
    pub(super) coding: Coding,
    /// What gateways wrote into it.
    pub(super) gateway: Option<Box<Gateway>>,
    /// `Content-Length`.
    pub(super) length: Option<u64>,
    /// Whether something in it cannot be read.
    pub(super) odd: bool,
    /// Whether there are more than are kept.
    pub(super) too_many: bool,
}

impl Block {
    /// Reads headers; where they are `typed`, the value of the content type stands before them.
    pub(super) fn read(octets: &[u8], typed: bool) -> Self {
        let mut block = Self::default();
        let mut octets = Octets(octets);
        if typed && !octets.is_empty() {
            match octets.value() {
                // Any type is what is said where there is none to tell.
                Some(Value::Short(0)) => {}
                Some(value) => block.add("Content-Type", written(value, Is::Media)),
                None => {
                    block.odd = true;
                    return block;
                }
            }
        }
        block.odd = block.fields(&mut octets).is_none();
        let mut hints = Hints::default();
        block.headers.iter().for_each(|(name, value)| hints.note(name.as_bytes(), value.as_bytes()));
        block.gateway = hints.gateway();
        block
    }

    /// Reads header by header; `None` where one cannot be read, and what comes after it.
    fn fields(&mut self, octets: &mut Octets<'_>) -> Option<()> {
        let mut page = 1;
        while let Some(first) = octets.peek() {
            match first {
                0x80.. => {
                    octets.octet();
                    let number = first & 0x7f;
                    let value = octets.value()?;
                    match names::header(number).filter(|_| page == 1) {
                        Some((name, is)) => self.add(name, written(value, is)),
                        None => self.add(&format!("{page}-0x{number:02x}"), written(value, Is::Text)),
                    }
                }
                0x7f => {
                    octets.octet();
                    page = octets.octet()?;
                }
                1..=0x1f => {
                    octets.octet();
                    page = first;
                }
                _ => {
                    let name = clean(octets.text()?, NAME_KEPT).replace(':', "_");
                    let is = names::header_number(&name).and_then(names::header).map_or(Is::Text, |(_, is)| is);
                    let value = octets.value()?;
                    self.add(&name, written(value, is));
                }
            }
        }
        Some(())
    }

    fn add(&mut self, name: &str, value: String) {
        if self.headers.iter().count() >= HEADERS_KEPT {
            self.too_many = true;
            return;
        }
        if name.eq_ignore_ascii_case("Content-Encoding") {
            value.split(',').for_each(|word| self.coding.and(Coding::of(word.trim().as_bytes())));
        } else if name.eq_ignore_ascii_case("Content-Length") {
            self.length = value.parse().ok();
        }
        self.headers.push(name, &value);
        if self.content_type.is_none() && name.eq_ignore_ascii_case("Content-Type") {
            self.content_type = Some(value);
        }
    }

    /// Appends the headers that were said once for all requests of a session, where a request has none of that name.
    pub(super) fn inherit(&mut self, session: &Headers) {
        for (name, value) in session.iter() {
            if self.headers.get(name).is_none() {
                self.add(name, value.to_owned());
            }
        }
    }
}

/// Text of octets: what is no UTF-8 replaced, control characters too.
pub(super) fn clean(octets: &[u8], most: usize) -> String {
    let octets = octets.get(..most).unwrap_or(octets);
    String::from_utf8_lossy(octets).chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A value as text.
fn written(value: Value<'_>, is: Is) -> String {
    let known = match is {
        Is::Media => media(value),
        Is::Number => value.number().map(|number| number.to_string()),
        Is::Date => value.number().and_then(date),
        Is::Charset => match value {
            // Behind the character set may stand how much it is wanted.
            Value::Long(octets) => Octets(octets).value().and_then(charset),
            other => charset(other),
        },
        Is::Coding => value.number().and_then(names::coding).map(str::to_owned),
        Is::Application => value.number().and_then(names::application).map(str::to_owned),
        Is::Word(word) if value == Value::Short(0) => Some(word.to_owned()),
        Is::Version => match value {
            Value::Short(version) => Some(self::version(version)),
            _ => None,
        },
        Is::Text | Is::Word(_) => None,
    };
    known.unwrap_or_else(|| plain(value))
}

/// A value as text, whatever it means.
fn plain(value: Value<'_>) -> String {
    match value {
        Value::Short(number) => format!("0x{number:02x}"),
        Value::Text(text) => clean(text, VALUE_KEPT),
        Value::Long([text @ .., 0]) if !text.is_empty() && text.iter().all(|b| (0x20..0x7f).contains(b)) => {
            clean(text, VALUE_KEPT)
        }
        Value::Long(octets) => {
            let told = octets.get(..OCTETS_TOLD).unwrap_or(octets);
            told.iter().fold("0x".to_owned(), |mut out, octet| {
                use std::fmt::Write;
                let _ = write!(out, "{octet:02x}");
                out
            })
        }
    }
}

fn date(seconds: u64) -> Option<String> {
    let stamp = jiff::Timestamp::from_second(i64::try_from(seconds).ok()?).ok()?;
    Some(stamp.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
}

/// `1.5`; `1` where only the upper half is said.
fn version(octet: u8) -> String {
    match (octet >> 4 & 0x07, octet & 0x0f) {
        (major, 0x0f) => major.to_string(),
        (major, minor) => format!("{major}.{minor}"),
    }
}

fn charset(value: Value<'_>) -> Option<String> {
    match value {
        Value::Text(text) => Some(clean(text, VALUE_KEPT)),
        number => {
            let number = number.number()?;
            Some(names::charset(number).map_or_else(|| number.to_string(), str::to_owned))
        }
    }
}

/// A media type with its parameters.
fn media(value: Value<'_>) -> Option<String> {
    let Value::Long(octets) = value else { return essence(value) };
    let mut octets = Octets(octets);
    let mut out = essence(octets.value()?)?;
    // What cannot be read of the parameters is left out.
    while let Some((name, value)) = parameter(&mut octets) {
        if out.len() > VALUE_KEPT {
            break;
        }
        out.extend(["; ", &name, "=", &value]);
    }
    Some(out)
}

fn essence(value: Value<'_>) -> Option<String> {
    match value {
        Value::Text(text) => Some(clean(text, VALUE_KEPT)),
        number => {
            let number = number.number()?;
            Some(names::media(number).map_or_else(|| format!("0x{number:02x}"), str::to_owned))
        }
    }
}

fn parameter(octets: &mut Octets<'_>) -> Option<(String, String)> {
    match octets.value()? {
        Value::Short(number) => {
            let value = octets.value()?;
            let name = names::parameter(number);
            let value = if name == Some("charset") { charset(value) } else { None }.unwrap_or_else(|| plain(value));
            Some((name.map_or_else(|| format!("0x{number:02x}"), str::to_owned), value))
        }
        Value::Text(name) => {
            let value = octets.value()?;
            Some((clean(name, NAME_KEPT), value.number().map_or_else(|| plain(value), |number| number.to_string())))
        }
        Value::Long(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(octets: &[u8], typed: bool) -> (Vec<String>, bool) {
        let block = Block::read(octets, typed);
        (block.headers.iter().map(|(name, value)| format!("{name}={value}")).collect(), block.odd)
    }

    #[test]
    fn content_types_in_every_form() {
        let cases: [(&[u8], &str); 11] = [
            (b"\xcc", "application/vnd.wv.csp+xml"),
            (b"\xcd", "application/vnd.wv.csp+wbxml"),
            (b"\xc6", "application/vnd.wv.csp.cir"),
            (b"\xa9", "application/vnd.wap.wbxml"),
            (b"\xff", "0x7f"),
            (b"application/vnd.wv.csp.wbxml\0", "application/vnd.wv.csp.wbxml"),
            (b"\x03\xcc\x81\xea", "application/vnd.wv.csp+xml; charset=utf-8"),
            (b"\x05\xcc\x81\x02\x03\xe8", "application/vnd.wv.csp+xml; charset=iso-10646-ucs-2"),
            (b"\x1f\x08a/b\0\x81\x02\x03\xf7", "a/b; charset=utf-16"),
            (b"\x0aa/b\0x\0\"y\0\x81", "a/b; x=y"),
            (b"\x03\x02\x03\x05", "0x305"),
        ];
        for (octets, text) in cases {
            let block = Block::read(octets, true);
            assert_eq!((block.content_type.as_deref(), block.odd), (Some(text), false), "{octets:02x?}");
        }
        assert!(Block::read(b"\x05\xcc", true).odd, "shorter than it says");
        assert_eq!([&b""[..], b"\x80"].map(|none| Block::read(none, true).content_type), [None, None]);
    }

    #[test]
    fn headers_by_number_and_by_name() {
        // Content-Length 500, Host, User-Agent, X-Wap-Application-Id, Encoding-Version 1.5, Content-Encoding gzip,
        // Connection close, Date, Authorization, and two by name.
        let good = b"\x8d\x02\x01\xf4\x96imps.example.com\0\xa9Phone/1\0\xaf\x8a\xc3\x95\x8b\x80\x89\x80\
            \x92\x04\x45\x98\x4f\x00\x87\x04\x80bo\0X-MSISDN\x00447700900001\0X-Odd:\0\x85";
        let expected = [
            "Content-Length=500",
            "Host=imps.example.com",
            "User-Agent=Phone/1",
            "X-Wap-Application-Id=x-wap-application:wv.ua",
            "Encoding-Version=1.5",
            "Content-Encoding=gzip",
            "Connection=close",
            "Date=Mon, 01 Jan 2007 00:00:00 GMT",
            "Authorization=0x80626f00",
            "X-MSISDN=447700900001",
            "X-Odd_=0x05",
        ];
        assert_eq!(read(good, false), (expected.map(str::to_owned).to_vec(), false));
        let block = Block::read(good, false);
        assert_eq!((block.length, block.coding), (Some(500), Coding::Gzip));
        assert_eq!(block.gateway.and_then(|g| g.msisdn).as_deref(), Some("447700900001"));
    }

    #[test]
    fn code_pages_shift_the_numbers() {
        let (told, odd) = read(b"\x02\x96a\0\x7f\x10\x96b\0\x01\x96c\0", false);
        assert_eq!((told, odd), (["2-0x16=a", "16-0x16=b", "Host=c"].map(str::to_owned).to_vec(), false));
    }

    #[test]
    fn what_stands_before_a_bad_header_is_kept() {
        let (told, odd) = read(b"\x96a\0\xa9endless", false);
        assert_eq!((told, odd), (vec!["Host=a".to_owned()], true));
    }

    #[test]
    fn more_headers_than_are_kept() {
        let block = Block::read(&b"\x89\x80".repeat(HEADERS_KEPT + 1), false);
        assert_eq!((block.headers.iter().count(), block.too_many), (HEADERS_KEPT, true));
        let long = [b"\x96", "a".repeat(VALUE_KEPT + 1).as_bytes(), b"\0"].concat();
        assert_eq!(Block::read(&long, false).headers.get("Host").map(str::len), Some(VALUE_KEPT));
    }

    #[test]
    fn a_request_inherits_what_it_does_not_say() {
        let session = Block::read(b"\xa9Phone/1\0\x96a\0", false);
        let mut request = Block::read(b"\x96b\0", false);
        request.inherit(&session.headers);
        let told: Vec<_> = request.headers.iter().collect();
        assert_eq!(told, [("Host", "b"), ("User-Agent", "Phone/1")]);
    }
}
