//! XML text in, a document out; and back.
//!
//! Three steps: `charset` turns the payload into UTF-8 and remembers where each character stood; `clean` reads
//! documents that are in order, in one pass and without copying; and where it meets anything it does not like,
//! `odd` reads the whole document again, by quick-xml and with recovery. Entities other than the five predefined
//! ones are never expanded. Line ends stay as they are in the payload.

mod charset;
mod clean;
mod odd;
mod write;

pub use odd::MAX_REREAD;
pub use write::{Style, write, write_node};

use super::{AnomalyKind, Builder, MAX_PAYLOAD, Parsed, Prolog, Vocabulary};

/// Reads an XML payload. `charset` is what the carrier said the character set is; it counts more than the document's
/// own declaration and less than a byte order mark. There always is a result; it may be an empty document.
pub fn parse(payload: impl AsRef<[u8]>, vocabulary: Vocabulary, charset: Option<&str>) -> Parsed {
    read(payload.as_ref(), vocabulary, charset)
}

fn read(payload: &[u8], vocabulary: Vocabulary, charset: Option<&str>) -> Parsed {
    let beyond = payload.len() > MAX_PAYLOAD;
    let decoded = charset::decode(payload.get(..MAX_PAYLOAD).unwrap_or(payload), charset);
    let text = decoded.text.as_str();
    let mut prolog = Prolog { charset: decoded.declared, ..Prolog::default() };
    let mut builder = Builder::new(vocabulary, text);
    if clean::read(text, &mut builder, &mut prolog).is_none() {
        builder = Builder::new(vocabulary, text);
        prolog.public_id = None;
        odd::read(text, &mut builder, &mut prolog);
    }
    for (kind, span) in decoded.anomalies {
        builder.anomaly(kind, span);
    }
    control_characters(text, &mut builder);
    if beyond {
        builder.anomaly(AnomalyKind::TooMuchText, text.len() as u32..text.len() as u32);
    }
    let mut finished = builder.finish(prolog, text.len() as u32);
    if let Some(places) = decoded.places {
        finished.map_places(|at| places.in_payload(at));
    }
    finished.with_source(decoded.text)
}

/// Tells runs of control characters that XML does not allow; they stay in the texts.
fn control_characters(text: &str, builder: &mut Builder<'_>) {
    let is_control = |b: u8| b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r');
    let has_control = |chunk: &[u8]| chunk.iter().fold(false, |found, b| found | is_control(*b));
    // Mostly there is not even a line end.
    if text.bytes().fold(u8::MAX, u8::min) >= 0x20 {
        return;
    }
    const CHUNK: usize = 64;
    let mut run: Option<std::ops::Range<u32>> = None;
    for (i, chunk) in text.as_bytes().chunks(CHUNK).enumerate().filter(|(_, chunk)| has_control(chunk)) {
        let places = chunk.iter().enumerate().filter(|(_, b)| is_control(**b));
        for at in places.map(|(j, _)| (i * CHUNK + j) as u32) {
            match &mut run {
                Some(run) if run.end == at => run.end += 1,
                _ => {
                    if let Some(done) = run.replace(at..at + 1) {
                        builder.anomaly(AnomalyKind::BadCharacter, done);
                    }
                }
            }
        }
    }
    if let Some(last) = run {
        builder.anomaly(AnomalyKind::BadCharacter, last);
    }
}

/// The character a reference stands for, given what stands between `&` and `;`; `None` when it is neither one of the
/// five predefined entities nor the number of a character that XML allows.
fn referenced(name: &str) -> Option<char> {
    let number = match name {
        "amp" => return Some('&'),
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "quot" => return Some('"'),
        "apos" => return Some('\''),
        _ => name.strip_prefix('#')?,
    };
    let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |hex| (hex, 16));
    if !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    let code = u32::from_str_radix(digits, radix).ok()?;
    char::from_u32(code).filter(|c| super::is_xml_char(*c))
}

/// Whether an octet may begin a name; octets beyond ASCII may.
const fn begins_name(octet: u8) -> bool {
    octet.is_ascii_alphabetic() || matches!(octet, b'_' | b':') || octet >= 0x80
}

/// Whether an octet may stand in a name.
fn continues_name(octet: u8) -> bool {
    CONTINUES_NAME.get(usize::from(octet)).is_some_and(|yes| *yes)
}

static CONTINUES_NAME: [bool; 256] = continues_name_table();

#[expect(clippy::indexing_slicing, reason = "evaluated while compiling")]
const fn continues_name_table() -> [bool; 256] {
    let mut table = [false; 256];
    let mut octet = 0;
    while octet < 256 {
        let byte = octet as u8;
        table[octet] = begins_name(byte) || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
        octet += 1;
    }
    table
}

/// Where `end`, of which the last octet is `>`, stands first.
fn find_end(text: &[u8], end: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'>', text).find_map(|at| text.get(..=at)?.strip_suffix(end).map(<[u8]>::len))
}

/// The public identifier of a document type declaration, given what stands between `<!DOCTYPE` and `>`.
fn public_id(declaration: &str) -> Option<&str> {
    let (_name, after) = declaration.trim_start().split_once(|c: char| c.is_ascii_whitespace())?;
    let after = after.trim_start().strip_prefix("PUBLIC")?.trim_start();
    let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    after.get(1..)?.split(quote).next()
}

#[cfg(test)]
mod tests;
