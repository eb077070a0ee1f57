//! Short messages as modems and handsets log them: a TPDU in hexadecimal.

use crate::carrier::Direction;
use crate::carrier::sms::{Preamble, Short};
use crate::time::Time;
use crate::wire::{FrameNo, FrameRange, Wire};

use super::conversation::Told;
use super::text::Text;

/// Octets of the shortest TPDU that holds a message in the plain-text syntax.
const LEAST: usize = 18;

/// Octets of the longest one, with the address of a service centre in front.
const MOST: usize = 200;

/// The message of IMPS that a line holds as a TPDU, SUBMIT or DELIVER; segments of longer ones, which no line holds
/// whole, are none.
pub(super) fn message(line: &Text) -> Option<Told> {
    let octets = line.octets();
    let mut at = 0;
    while let Some(start) = octets.get(at..)?.iter().position(u8::is_ascii_hexdigit).map(|found| at + found) {
        let digits = octets.get(start..)?.iter().take_while(|octet| octet.is_ascii_hexdigit()).count();
        at = start + digits;
        if digits % 2 == 0
            && (2 * LEAST..=2 * MOST).contains(&digits)
            && let Some(told) = octets.get(start..at).and_then(|run| read(run, line, start))
        {
            return Some(told);
        }
    }
    None
}

fn read(run: &[u8], line: &Text, start: usize) -> Option<Told> {
    let pairs = run.chunks_exact(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    let octets: Vec<u8> = pairs.collect::<Option<_>>()?;
    let wire = Wire::from_frame(&octets, FrameNo(1), 0);
    let short = Short::of_tpdu(&wire, FrameRange { first: FrameNo(1), last: FrameNo(1) }, Time(0))?;
    let text = short.plain();
    let preamble = Preamble::read(text.bytes()).filter(|preamble| preamble.segment.is_none())?;
    let place = line.place(start);
    let mut body = Text::default();
    text.bytes().iter().for_each(|octet| body.push(*octet, place));
    let by_client = preamble.is_from_client();
    let direction = by_client.map_or(short.direction, |by_client| {
        if by_client { Direction::ClientToServer } else { Direction::ServerToClient }
    });
    Some(Told { body, place, direction: Some(direction), channel: short.subscriber().to_owned(), ..Told::default() })
}

#[cfg(test)]
mod tests {
    use super::super::text::Place;
    use super::*;

    /// A SUBMIT in octets to +31641600986, with the text behind a header that names port 3590.
    fn submit(text: &str) -> String {
        let header = [6, 5, 4, 0x0e, 0x06, 0x0e, 0x06];
        let data = [&[(header.len() + text.len()) as u8], &header[..], text.as_bytes()].concat();
        let tpdu = [&[0x41, 0, 11, 0x91, 0x13, 0x46, 0x61, 0x00, 0x89, 0xf6, 0, 0x04][..], &data].concat();
        tpdu.iter().map(|octet| format!("{octet:02X}")).collect()
    }

    fn told(line: &str) -> Option<Told> {
        message(&Text::row(line.as_bytes(), Place { line: 7, column: 1 }))
    }

    #[test]
    fn a_tpdu_in_a_line_is_read() {
        let found = told(&format!("12:00:01 AT+CMGS=42 > {}", submit("WV12KA8 SI=s1 TL=600"))).unwrap();
        assert_eq!(found.body.octets(), b"WV12KA8 SI=s1 TL=600");
        assert_eq!((found.place.line, found.place.column), (7, 23));
        assert_eq!(found.direction, Some(Direction::ClientToServer));
    }

    #[test]
    fn other_hexadecimal_is_none() {
        for line in [
            "deadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeef".to_owned(),
            submit("hello, this is a text message"),
            submit("WV12GL7AB SI=s1 CL=(wv:anna/a,"),
            submit("WV12KA8 SI=s1 TL=600")[1..].to_owned(),
            String::new(),
        ] {
            assert!(told(&line).is_none(), "{line}");
        }
    }
}
