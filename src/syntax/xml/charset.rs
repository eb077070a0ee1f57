//! From the octets of a payload to UTF-8, without forgetting where each character stood.

use std::borrow::Cow;
use std::ops::Range;

use encoding_rs::{DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};

use super::super::builder::is_space;
use super::super::{AnomalyKind, MAX_ANOMALIES, spare};

/// A payload as UTF-8.
pub(super) struct Decoded {
    pub(super) text: String,
    /// Where the text stood in the payload; `None` when the text is the payload as it was.
    pub(super) places: Option<Places>,
    /// Character set as the XML declaration has it.
    pub(super) declared: Option<Cow<'static, str>>,
    /// What was wrong, placed in the text.
    pub(super) anomalies: Vec<(AnomalyKind, Range<u32>)>,
}

/// Where text stood in the payload it was decoded from.
pub(super) struct Places {
    /// Pairs of an offset in the text and its offset in the payload, rising; between two, offsets grow evenly.
    marks: Vec<(u32, u32)>,
    /// Octets in the payload for one octet of text, between marks.
    stride: u32,
}

impl Places {
    /// The offset in the payload of an offset in the text.
    pub(super) fn in_payload(&self, at: u32) -> u32 {
        let i = self.marks.partition_point(|(text, _)| *text <= at);
        let (text, payload) = i.checked_sub(1).and_then(|i| self.marks.get(i)).copied().unwrap_or_default();
        let place = payload + (at - text) * self.stride;
        // Offsets within a character all belong to its first octet.
        self.marks.get(i).map_or(place, |(_, next)| place.min(*next))
    }
}

/// Decodes a payload: by its byte order mark, by the pattern of its first octets, by what the carrier said, by what
/// it declares, or as UTF-8, in that order. A character set that is not known is read as UTF-8.
pub(super) fn decode(bytes: &[u8], carried: Option<&str>) -> Decoded {
    if let Some(read) = sixteen_bit(bytes) {
        let mut decoded = utf16(bytes, read);
        decoded.declared = declared(decoded.text.as_bytes()).map(|(label, _)| label);
        return decoded;
    }
    let declaration = declared(bytes);
    let label = declaration.as_ref().map(|(label, _)| label.as_ref());
    let marked = bytes.starts_with(b"\xEF\xBB\xBF");
    let mut unknown = None;
    let mut chosen = None;
    for (label, place) in [(carried, 0..0), (label, declaration.as_ref().map_or(0..0, |(_, place)| place.clone()))] {
        let Some(label) = label.filter(|_| chosen.is_none() && !marked) else { continue };
        chosen = encoding(label);
        if chosen.is_none() {
            unknown = Some((AnomalyKind::UnknownCharset, place));
        }
    }
    let ascii = !marked && carried.or(label).is_some_and(is_ascii);
    let known = chosen.is_some() || unknown.is_none();
    let mut decoded = match chosen {
        // Eight-bit payloads that claim sixteen bits are in practice UTF-8.
        Some(encoding) if ![UTF_8, UTF_16LE, UTF_16BE].contains(&encoding) => transcode(bytes, encoding),
        _ => utf8(bytes, ascii),
    };
    if !known {
        decoded.anomalies.clear();
    }
    decoded.anomalies.extend(unknown);
    decoded.declared = declaration.map(|(label, _)| label);
    decoded
}

/// UTF-16 by its byte order mark, or by an ASCII character standing first.
fn sixteen_bit(bytes: &[u8]) -> Option<fn([u8; 2]) -> u16> {
    match bytes {
        [0xFF, 0xFE, ..] | [1..=0xFF, 0, ..] => Some(u16::from_le_bytes),
        [0xFE, 0xFF, ..] | [0, 1..=0xFF, ..] => Some(u16::from_be_bytes),
        _ => None,
    }
}

/// The character set with this label, as far as it is known; UTF-8 for US-ASCII.
fn encoding(label: &str) -> Option<&'static Encoding> {
    if label.eq_ignore_ascii_case("utf-8") || is_ascii(label) {
        return Some(UTF_8);
    }
    Encoding::for_label(label.trim().as_bytes()).filter(|e| *e != encoding_rs::REPLACEMENT)
}

/// US-ASCII is no label of its own to encoding_rs.
fn is_ascii(label: &str) -> bool {
    ["us-ascii", "ascii"].iter().any(|ascii| label.trim().eq_ignore_ascii_case(ascii))
}

/// The character set that an XML declaration at the start names, and its place.
fn declared(bytes: &[u8]) -> Option<(Cow<'static, str>, Range<u32>)> {
    const LONGEST: usize = 256;
    let head = bytes.get(..bytes.len().min(LONGEST))?;
    let at = if head.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
    let declaration = head.get(at..)?.strip_prefix(b"<?xml")?;
    let declaration = declaration.get(..memchr::memchr(b'>', declaration)?)?;
    let usual = b" version=\"1.0\" encoding";
    let key = match declaration.starts_with(usual) {
        true => usual.len(),
        false => memchr::memmem::find(declaration, b"encoding")? + b"encoding".len(),
    };
    let after = declaration.get(key..)?;
    let quote = after.iter().position(|b| !is_space(*b) && *b != b'=')?;
    let mark = *after.get(quote).filter(|b| matches!(b, b'"' | b'\''))?;
    let value = after.get(quote + 1..)?;
    let value = value.get(..memchr::memchr(mark, value)?)?;
    let start = (at + b"<?xml".len() + key + quote + 1) as u32;
    let label = match value {
        b"UTF-8" => "UTF-8".into(),
        b"utf-8" => "utf-8".into(),
        _ => String::from_utf8_lossy(value).into_owned().into(),
    };
    Some((label, start..start + value.len() as u32))
}

/// UTF-8, what is not being replaced; in ASCII, what is beyond it is told and kept.
fn utf8(bytes: &[u8], ascii: bool) -> Decoded {
    if let Ok(whole) = std::str::from_utf8(bytes) {
        let mut text = spare::text();
        text.push_str(whole);
        let anomalies = if ascii { beyond_ascii(whole) } else { Vec::new() };
        return Decoded { text, places: None, declared: None, anomalies };
    }
    let mut text = Text::new(1);
    let mut at = 0;
    for chunk in bytes.utf8_chunks() {
        text.push(chunk.valid());
        at += chunk.valid().len();
        if !chunk.invalid().is_empty() {
            text.replace(at..at + chunk.invalid().len());
            at += chunk.invalid().len();
        }
    }
    text.done(bytes.len())
}

/// The runs of characters that are not in ASCII.
fn beyond_ascii(whole: &str) -> Vec<(AnomalyKind, Range<u32>)> {
    let mut text = Text::new(1);
    let mut at = 0;
    for run in whole.split_inclusive(|c: char| c.is_ascii()) {
        let beyond = run.trim_end_matches(|c: char| c.is_ascii()).len();
        if beyond > 0 {
            text.bad(at..at + beyond as u32);
        }
        at += run.len() as u32;
    }
    text.anomalies
}

/// UTF-16 in the octet order given.
fn utf16(bytes: &[u8], read: fn([u8; 2]) -> u16) -> Decoded {
    let mut text = Text::new(2);
    let (units, odd) = bytes.as_chunks::<2>();
    let mut at = 0;
    for decoded in char::decode_utf16(units.iter().map(|pair| read(*pair))) {
        match decoded {
            Ok(c) => {
                text.mark(at);
                text.text.push(c);
                at += 2 * c.len_utf16();
            }
            Err(_) => {
                text.replace(at..at + 2);
                at += 2;
            }
        }
    }
    if !odd.is_empty() {
        text.replace(at..at + 1);
    }
    text.done(bytes.len())
}

/// Any other character set: what is ASCII as it is, and the rest octet by octet.
fn transcode(bytes: &[u8], encoding: &'static Encoding) -> Decoded {
    let mut text = Text::new(1);
    let mut decoder = encoding.new_decoder_without_bom_handling();
    // The character being read began at `from`; `fresh` when the decoder holds no part of one.
    let (mut at, mut from, mut fresh, mut stuck) = (0, 0, true, 0);
    while at < bytes.len() {
        if fresh && encoding.is_ascii_compatible() {
            let rest = bytes.get(at..).unwrap_or_default();
            let plain = rest.get(..Encoding::ascii_valid_up_to(rest)).unwrap_or_default();
            text.push(std::str::from_utf8(plain).unwrap_or_default());
            at += plain.len();
            from = at;
        }
        let mut out = [0; 16];
        let next = bytes.get(at..at + 1).unwrap_or_default();
        let last = at + 1 >= bytes.len();
        let (result, read, written) = decoder.decode_to_utf8_without_replacement(next, &mut out, last);
        at += read;
        stuck = if read == 0 { stuck + 1 } else { 0 };
        fresh = written > 0;
        if written > 0 {
            text.mark(from);
            text.push(std::str::from_utf8(out.get(..written).unwrap_or_default()).unwrap_or_default());
            from = at;
            text.mark(from);
        }
        if let DecoderResult::Malformed(_, after) = result {
            let end = at.saturating_sub(usize::from(after)).max(from);
            text.replace(from..end);
            (from, fresh) = (end, after == 0);
        } else if stuck > 2 {
            at += 1;
            text.replace(from..at);
            (from, fresh) = (at, true);
        }
    }
    text.done(bytes.len())
}

/// Text under construction.
struct Text {
    text: String,
    places: Places,
    anomalies: Vec<(AnomalyKind, Range<u32>)>,
}

impl Text {
    fn new(stride: u32) -> Self {
        Self { text: String::new(), places: Places { marks: vec![(0, 0)], stride }, anomalies: Vec::new() }
    }

    fn push(&mut self, piece: &str) {
        self.text.push_str(piece);
    }

    /// What follows in the text stands at `payload`.
    fn mark(&mut self, payload: usize) {
        let mark = (self.text.len() as u32, payload as u32);
        let stride = self.places.stride;
        let goes_on = |(text, at): &(u32, u32)| at + (mark.0 - text) * stride == mark.1;
        if !self.places.marks.last().is_some_and(goes_on) {
            self.places.marks.push(mark);
        }
    }

    /// Octets of the payload that are no character.
    fn replace(&mut self, payload: Range<usize>) {
        self.mark(payload.start);
        let start = self.text.len() as u32;
        self.text.push(char::REPLACEMENT_CHARACTER);
        self.mark(payload.end);
        self.bad(start..self.text.len() as u32);
    }

    fn bad(&mut self, place: Range<u32>) {
        let full = self.anomalies.len() >= MAX_ANOMALIES;
        match self.anomalies.last_mut() {
            Some((_, last)) if last.end == place.start => last.end = place.end,
            _ if full => {}
            _ => self.anomalies.push((AnomalyKind::BadCharacter, place)),
        }
    }

    /// The whole, given the length of the payload.
    fn done(mut self, payload: usize) -> Decoded {
        self.mark(payload);
        Decoded { text: self.text, places: Some(self.places), declared: None, anomalies: self.anomalies }
    }
}
