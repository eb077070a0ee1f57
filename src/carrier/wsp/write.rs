//! WSP and WTP written out, for crafting captures.

use super::names::{self, Is};
use super::pdu::kind;

/// Headers, content type and data of a message to be written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Said<'m> {
    /// `Content-Type`.
    pub content_type: Option<&'m str>,
    /// Further headers.
    pub headers: &'m [(String, String)],
    /// The data.
    pub data: &'m [u8],
}

impl Said<'_> {
    /// Whether a content type stands before its headers.
    fn is_typed(&self) -> bool {
        self.content_type.is_some() || !self.headers.is_empty() || !self.data.is_empty()
    }
}

/// Which end of a transaction sends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// Who opened it.
    Initiator,
    /// The other.
    Responder,
}

fn uintvar(number: usize, out: &mut Vec<u8>) {
    let groups = (1..5).take_while(|group| number >> (7 * group) > 0).count();
    for group in (1..=groups).rev() {
        out.push((number >> (7 * group)) as u8 & 0x7f | 0x80);
    }
    out.push(number as u8 & 0x7f);
}

fn text(text: &str, out: &mut Vec<u8>) {
    // A text that begins with a high octet, or as a quoted one does, needs something before it.
    if text.as_bytes().first().is_some_and(|first| matches!(first, 0x22 | 0x7f..) || *first < 0x20) {
        out.push(0x7f);
    }
    out.extend(text.bytes().filter(|octet| *octet != 0));
    out.push(0);
}

/// A number of at most seven bits in one octet, a longer one behind its length.
fn number(number: u64, out: &mut Vec<u8>) {
    if number < 0x80 {
        out.push(number as u8 | 0x80);
        return;
    }
    let octets = number.to_be_bytes();
    let start = octets.iter().take_while(|octet| **octet == 0).count();
    let octets = octets.get(start..).unwrap_or_default();
    out.push(octets.len() as u8);
    out.extend(octets);
}

/// A media type: by its number where it has one, its character set too.
fn content_type(value: &str, out: &mut Vec<u8>) {
    let (essence, parameters) = value.split_once(';').unwrap_or((value, ""));
    let charset = parameters.trim().strip_prefix("charset=").and_then(names::charset_number);
    match (names::media_number(essence.trim()), charset) {
        (Some(media), None) if parameters.trim().is_empty() => out.push(media | 0x80),
        (Some(media), Some(charset)) => {
            let mut inside = vec![media | 0x80, 0x81];
            number(charset, &mut inside);
            out.push(inside.len() as u8);
            out.extend(inside);
        }
        _ => text(value, out),
    }
}

fn headers(said: &Said<'_>, typed: bool) -> Vec<u8> {
    let mut out = Vec::new();
    if typed {
        // There is no way to say none but by saying any.
        content_type(said.content_type.unwrap_or("*/*"), &mut out);
    }
    for (name, value) in said.headers {
        let known = names::header_number(name);
        match known {
            Some(known) => out.push(known | 0x80),
            None => text(name, &mut out),
        }
        match known.and_then(names::header) {
            Some((_, Is::Number)) if value.parse::<u64>().is_ok() => {
                number(value.parse().unwrap_or_default(), &mut out);
            }
            _ => text(value, &mut out),
        }
    }
    out
}

/// A request; without data where its method has none. `None` for a method that has no number.
pub fn request(method: &str, target: &str, said: &Said<'_>) -> Option<Vec<u8>> {
    let method = names::method_number(method)?;
    let has_data = method >= 0x60;
    let mut out = vec![method];
    uintvar(target.len(), &mut out);
    let headers = headers(said, has_data && said.is_typed());
    if has_data {
        uintvar(headers.len(), &mut out);
    }
    out.extend(target.bytes());
    out.extend(headers);
    if has_data {
        out.extend(said.data);
    }
    Some(out)
}

/// An answer. `None` for a status that has no octet.
pub fn reply(status: u16, said: &Said<'_>) -> Option<Vec<u8>> {
    let mut out = vec![kind::REPLY, names::status_octet(status)?];
    let headers = headers(said, said.is_typed());
    uintvar(headers.len(), &mut out);
    out.extend(headers);
    out.extend(said.data);
    Some(out)
}

/// A push that nobody confirms.
pub fn push(said: &Said<'_>) -> Vec<u8> {
    let headers = headers(said, true);
    let mut out = vec![kind::PUSH];
    uintvar(headers.len(), &mut out);
    out.extend(headers);
    out.extend(said.data);
    out
}

/// The opening of a session without capabilities.
pub fn connect() -> Vec<u8> {
    vec![kind::CONNECT, 0x10, 0, 0]
}

/// That a session is open.
pub fn connect_reply(session: u32) -> Vec<u8> {
    let mut out = vec![kind::CONNECT_REPLY];
    uintvar(session as usize, &mut out);
    out.extend([0, 0]);
    out
}

/// That a session is over.
pub fn disconnect(session: u32) -> Vec<u8> {
    let mut out = vec![kind::DISCONNECT];
    uintvar(session as usize, &mut out);
    out
}

/// A datagram without transactions.
pub fn unit(tid: u8, pdu: &[u8]) -> Vec<u8> {
    [&[tid], pdu].concat()
}

/// A datagram of WTP with a PDU that nothing answers: an invocation of class 0.
pub fn one_way(tid: u16, pdu: &[u8]) -> Vec<u8> {
    let [high, low] = (tid & 0x7fff).to_be_bytes();
    [&[0x0a, high, low, 0x10], pdu].concat()
}

/// The datagrams of a message of WTP, each with at most `most` octets of the PDU: an invocation of class 2, or its
/// result.
pub fn transaction(tid: u16, end: End, pdu: &[u8], most: usize) -> Vec<Vec<u8>> {
    const MORE: u8 = 0x00;
    const LAST: u8 = 0x02;
    let (first, further, tid) = match end {
        End::Initiator => (1, 5, tid & 0x7fff),
        End::Responder => (2, 6, tid | 0x8000),
    };
    // The number of a part is an octet.
    let most = most.max(pdu.len().div_ceil(256)).max(1);
    let parts = pdu.chunks(most).count().max(1);
    (0..parts)
        .map(|number| {
            let part = pdu.chunks(most).nth(number).unwrap_or_default();
            let kind = if number == 0 { first } else { further };
            let mut out = vec![kind << 3 | if number + 1 == parts { LAST } else { MORE }];
            out.extend(tid.to_be_bytes());
            match (number, end) {
                (0, End::Initiator) => out.push(0x12),
                (0, End::Responder) => {}
                (number, _) => out.push(number as u8),
            }
            out.extend(part);
            out
        })
        .collect()
}

/// That all of a message came; by the initiator for a result.
pub fn acknowledgement(tid: u16, end: End) -> Vec<u8> {
    let tid = if end == End::Initiator { tid & 0x7fff } else { tid | 0x8000 };
    let [high, low] = tid.to_be_bytes();
    vec![0x18, high, low]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_others_read() {
        // The octets that tshark decoded.
        let said = Said { content_type: Some("application/vnd.wv.csp+wbxml"), headers: &[], data: b"\x03\x11\x6a\x00" };
        let post = request("POST", "http://imps.example.com/", &said).unwrap();
        assert_eq!(post, b"\x60\x18\x01http://imps.example.com/\xcd\x03\x11\x6a\x00");
        assert_eq!(reply(200, &said).unwrap(), b"\x04\x20\x01\xcd\x03\x11\x6a\x00");
        assert_eq!(reply(204, &Said::default()).unwrap(), b"\x04\x24\x00");
        assert_eq!(transaction(2, End::Initiator, b"post", 9), [b"\x0a\x00\x02\x12post"]);
        assert_eq!(acknowledgement(2, End::Initiator), b"\x18\x00\x02");
        let headers = [("X-Wap-Application-Id".to_owned(), "x".to_owned()), ("a".to_owned(), "b".to_owned())];
        let said = Said { content_type: Some("text/xml; charset=utf-8"), headers: &headers, data: b"" };
        assert_eq!(push(&said), b"\x06\x0b\x03\xa8\x81\xea\xafx\0a\0b\0");
        assert_eq!((request("0x70", "", &said).unwrap()[0], request("BREW", "", &said)), (0x70, None));
    }

    #[test]
    fn long_messages_go_in_parts() {
        let parts = transaction(0x7fff, End::Responder, b"abcdef", 4);
        assert_eq!(parts, [&b"\x10\xff\xffabcd"[..], b"\x32\xff\xff\x01ef"]);
        assert_eq!(transaction(1, End::Initiator, &[0; 1024], 1).len(), 256);
    }

    #[test]
    fn numbers_of_variable_length() {
        let written = |number| {
            let mut out = Vec::new();
            uintvar(number, &mut out);
            out
        };
        assert_eq!([0, 127, 128, 0xa3].map(written), [vec![0], vec![0x7f], vec![0x81, 0], vec![0x81, 0x23]]);
        assert_eq!(written(u32::MAX as usize), [0x8f, 0xff, 0xff, 0xff, 0x7f]);
    }
}
