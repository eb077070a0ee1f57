//! Is it IMPS? By media type, else by how the body starts.

use memchr::memmem::find;
use memchr::{memchr, memchr2_iter};

/// Octets at the start of a body that are looked at to tell whether it is IMPS.
pub const SNIFF_MAX: usize = 2048;
/// Octets of an element's name, prefix included, that are looked at.
const ROOT_NAME_MAX: usize = 64;

/// What a `Content-Type` says of IMPS.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Media {
    /// A media type of CSP or SSP: IMPS, whatever the body is.
    Imps,
    /// No type, or one that says little (octets, WBXML, XML): the body is asked, as XML and as WBXML.
    #[default]
    Open,
    /// Plain text or form data, which may really be XML.
    Text,
    /// Another type: only a body in the clear is asked, as XML and for the plainest head of WBXML.
    Other,
}

impl Media {
    /// What this value of `Content-Type` says.
    pub(super) fn of(value: &[u8]) -> Self {
        let essence = value.split(|&b| b == b';').next().unwrap_or_default().trim_ascii();
        let ends = |end: &[u8]| {
            essence
                .len()
                .checked_sub(end.len())
                .and_then(|at| essence.get(at..))
                .is_some_and(|e| e.eq_ignore_ascii_case(end))
        };
        if names_imps(value) {
            Self::Imps
        } else if essence.is_empty() || ends(b"xml") || ends(b"/octet-stream") || ends(b"wbxml") {
            Self::Open
        } else if ends(b"text/plain") || ends(b"form-urlencoded") {
            Self::Text
        } else {
            Self::Other
        }
    }

    /// Whether a body of this type is worth undoing its content coding to look at it.
    pub(super) fn is_worth_inflating(self) -> bool {
        matches!(self, Self::Open | Self::Text)
    }
}

/// Whether a media type, in whatever case and with whatever around it, is one of CSP or SSP.
pub fn names_imps(value: &[u8]) -> bool {
    const NAMES: [&[u8]; 2] = [b"vnd.wv.csp", b"vnd.wv.ssp"];
    memchr2_iter(b'v', b'V', value)
        .filter_map(|at| value.get(at..at + 10))
        .any(|word| NAMES.iter().any(|name| word.eq_ignore_ascii_case(name)))
}

/// What the start of a body tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    Imps,
    Other,
    /// More of the body is needed.
    Unsure,
}

/// Whether a body that starts with `bytes` is IMPS, by its root element.
pub(super) fn body(bytes: &[u8], media: Media) -> Verdict {
    if media == Media::Open && matches!(bytes.first(), Some(1..=3)) {
        return wbxml(bytes).map_or(Verdict::Unsure, |imps| if imps { Verdict::Imps } else { Verdict::Other });
    }
    let bytes = bytes.get(..SNIFF_MAX).unwrap_or(bytes);
    match bytes {
        // So plain a head of CSP (version, its public id, UTF-8) needs no type.
        [1..=3, 0x0f..=0x12, 0x6a, ..] => Verdict::Imps,
        [1..=3] | [1..=3, 0x0f..=0x12] => Verdict::Unsure,
        [0xef, 0xbb, 0xbf, text @ ..] => xml(text),
        [0xff, 0xfe, text @ ..] => xml(&every_second(text, 0)),
        [0xfe, 0xff, text @ ..] => xml(&every_second(text, 1)),
        [b'<' | b' ' | b'\t' | b'\r' | b'\n', 0, ..] => xml(&every_second(bytes, 0)),
        [0, b'<' | b' ' | b'\t' | b'\r' | b'\n', ..] => xml(&every_second(bytes, 1)),
        [] | [0xef] | [0xef, 0xbb] | [0xff] | [0xfe] | [0] => Verdict::Unsure,
        _ => xml(bytes),
    }
}

/// The low octets of UTF-16 text, which are all that markup in ASCII has.
fn every_second(text: &[u8], from: usize) -> Vec<u8> {
    text.iter().copied().skip(from).step_by(2).collect()
}

/// Whether the first element of XML is a root of IMPS, or its DOCTYPE names one.
fn xml(mut text: &[u8]) -> Verdict {
    loop {
        text = text.trim_ascii_start();
        let skipped = match text {
            [b'<', b'?', ..] => after(text, b"?>"),
            [b'<', b'!', b'-', b'-', rest @ ..] => after(rest, b"-->"),
            [b'<', b'!', ..] => match doctype(text) {
                Ok(rest) => rest,
                Err(verdict) => return verdict,
            },
            [b'<', name @ ..] => return root(name),
            [] => return Verdict::Unsure,
            _ => return Verdict::Other,
        };
        match skipped {
            Some(rest) => text = rest,
            None => return Verdict::Unsure,
        }
    }
}

fn after<'a>(text: &'a [u8], end: &[u8]) -> Option<&'a [u8]> {
    text.get(find(text, end)? + end.len()..)
}

/// What follows a document type declaration, or the verdict where it tells enough.
fn doctype(text: &[u8]) -> Result<Option<&[u8]>, Verdict> {
    const START: &[u8] = b"<!DOCTYPE";
    let common = text.len().min(START.len());
    let (start, rest) = text.split_at_checked(common).unwrap_or_default();
    if !START.get(..common).is_some_and(|s| s.eq_ignore_ascii_case(start)) && !b"<!--".starts_with(text) {
        return Err(Verdict::Other);
    }
    if rest.is_empty() {
        return Err(Verdict::Unsure);
    }
    match root(rest.trim_ascii_start()) {
        Verdict::Other => {}
        verdict => return Err(verdict),
    }
    match (memchr(b'[', rest), memchr(b'>', rest)) {
        (Some(subset), Some(end)) if subset < end => Ok(after(rest, b"]").and_then(|rest| after(rest, b">"))),
        (_, Some(end)) => Ok(rest.get(end + 1..)),
        (_, None) => Err(Verdict::Unsure),
    }
}

/// Whether a name, with or without a prefix, is that of a root element of CSP or SSP.
fn root(text: &[u8]) -> Verdict {
    let text = text.get(..ROOT_NAME_MAX).unwrap_or(text);
    let end = text.iter().position(|b| b.is_ascii_whitespace() || matches!(b, b'>' | b'/' | b'['));
    let name = text.get(..end.unwrap_or(text.len())).unwrap_or_default();
    let local = memchr(b':', name).and_then(|colon| name.get(colon + 1..)).unwrap_or(name);
    if local.starts_with(b"WV-CSP-") || local.starts_with(b"WV-SSP-Message") {
        Verdict::Imps
    } else if end.is_none() && name.len() < ROOT_NAME_MAX {
        Verdict::Unsure
    } else {
        Verdict::Other
    }
}

/// Whether WBXML is of CSP: by its public id, else by its root tag; `None` where more of it is needed.
///
/// Public ids 0F to 12 as in OMA's registry of WBXML public identifiers; the root is tag 09 of code page 0 from
/// CSP 1.1 on, and FE (tag 3E with attributes and content) in CSP 1.0.
fn wbxml(bytes: &[u8]) -> Option<bool> {
    const UNKNOWN: u32 = 1;
    let mut at = 1;
    let id = number(bytes, &mut at)?;
    let literal = if id == Some(0) { number(bytes, &mut at)? } else { None };
    if let Some(0x0f..=0x12) = id {
        return Some(true);
    }
    if id.is_none() || literal.is_none() && id != Some(UNKNOWN) {
        return Some(false);
    }
    let _charset = number(bytes, &mut at)?;
    let Some(table_len) = number(bytes, &mut at)?.map(|len| len as usize).filter(|&len| len < SNIFF_MAX) else {
        return Some(false);
    };
    let table = bytes.get(at..at + table_len)?;
    let text = literal.and_then(|start| table.get(start as usize..)).unwrap_or_default();
    let text = text.get(..memchr(0, text).unwrap_or(text.len())).unwrap_or_default();
    if find(text, b"CSP").is_some() {
        return Some(true);
    }
    let mut body = bytes.get(at + table_len..)?;
    if let [0, 0, rest @ ..] = body {
        body = rest;
    }
    Some(matches!(body.first()?, 0x09 | 0x49 | 0x89 | 0xc9 | 0xfe))
}

/// A multi-octet number of at most 5 octets; the inner `None` is one that is longer or larger than 32 bits.
fn number(bytes: &[u8], at: &mut usize) -> Option<Option<u32>> {
    let mut value = 0u32;
    for _ in 0..5 {
        let octet = *bytes.get(*at)?;
        *at += 1;
        if value >> 25 != 0 {
            return Some(None);
        }
        value = value << 7 | u32::from(octet & 0x7f);
        if octet & 0x80 == 0 {
            return Some(Some(value));
        }
    }
    Some(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types() {
        for imps in [
            "application/vnd.wv.csp.xml",
            "application/vnd.wv.csp+wbxml",
            "Application/VND.WV.CSP.WBXML; charset=utf-8",
            "x-odd/x-vnd.wv.csp",
            "application/vnd.wv.ssp+xml",
        ] {
            assert_eq!(Media::of(imps.as_bytes()), Media::Imps, "{imps}");
        }
        for open in [
            "",
            "text/xml; charset=utf-8",
            "application/soap+xml",
            "application/vnd.wap.wbxml",
            "application/octet-stream",
        ] {
            assert_eq!(Media::of(open.as_bytes()), Media::Open, "{open}");
        }
        assert_eq!(Media::of(b"application/x-www-form-urlencoded"), Media::Text);
        assert_eq!(Media::of(b"text/html"), Media::Other);
        assert_eq!(Media::of(b"application/vnd.wv.ps"), Media::Other);
    }

    const XML: [(&str, Verdict); 16] = [
        ("<WV-CSP-Message xmlns='x'>", Verdict::Imps),
        ("<WV-SSP-Message/>", Verdict::Imps),
        ("<x:WV-CSP-Message xmlns:x='y'>", Verdict::Imps),
        ("<WV-CSP-NSDiscovery>", Verdict::Imps),
        (" \r\n<?xml version='1.0'?>\n<!-- <a> --><!DOCTYPE WV-CSP-Message PUBLIC 'a' 'b'><WV", Verdict::Imps),
        ("<!DOCTYPE a [<!ENTITY b 'c>'>]><WV-CSP-Message>", Verdict::Imps),
        ("<!doctype a SYSTEM 'b'>\t<WV-CSP-Message>", Verdict::Imps),
        ("<?xml version='1.0'?><soap:Envelope>", Verdict::Other),
        ("<!DOCTYPE html><html>", Verdict::Other),
        ("<!ELEMENT", Verdict::Other),
        ("<WV-PA>", Verdict::Other),
        ("WV-CSP-Message", Verdict::Other),
        ("text=<WV-CSP-Message>", Verdict::Other),
        ("<?xml", Verdict::Unsure),
        ("<!", Verdict::Unsure),
        ("<WV-CS", Verdict::Unsure),
    ];

    #[test]
    fn xml_in_any_encoding() {
        for (text, verdict) in XML {
            assert_eq!(body(text.as_bytes(), Media::Other), verdict, "{text}");
            let with_bom = format!("\u{feff}{text}");
            assert_eq!(body(with_bom.as_bytes(), Media::Other), verdict, "{text}");
            for text in [text, &with_bom] {
                let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
                let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
                if text.starts_with(['<', ' ', '\u{feff}']) {
                    assert_eq!(body(&little, Media::Other), verdict, "{text}");
                    assert_eq!(body(&big, Media::Other), verdict, "{text}");
                }
            }
        }
    }

    #[test]
    fn wbxml_by_public_id_or_root() {
        let literal = b"\x03\x00\x00\x6a\x1b-//OMA//DTD WV-CSP 1.2//EN\0\x09\x01";
        let table = [&b"\x03\x00\x00\x6a\x04odd\0"[..], b"\x49"].concat();
        let cases: [(&[u8], Verdict); 12] = [
            (b"\x03\x10\x6a\x00\xc9", Verdict::Imps),
            (b"\x01\x0f", Verdict::Imps),
            (b"\x02\x12", Verdict::Imps),
            (literal, Verdict::Imps),
            (&table, Verdict::Imps),
            (b"\x03\x01\x6a\x00\xc9\x08", Verdict::Imps),
            (b"\x03\x01\x6a\x00\x00\x00\x49", Verdict::Imps),
            (b"\x03\x01\x6a\x00\x45", Verdict::Other),
            (b"\x03\x04\x6a\x00\x7f", Verdict::Other),
            (b"\x03\x81\x8f\xff\xff\xff\x7f", Verdict::Other),
            (b"\x03\x01\x6a", Verdict::Unsure),
            (b"\x03", Verdict::Unsure),
        ];
        for (bytes, verdict) in cases {
            assert_eq!(body(bytes, Media::Open), verdict, "{}", bytes.escape_ascii());
            let plain = matches!(bytes, [_, 0x10, 0x6a, ..]);
            let start = bytes.len() < 3 && !bytes.starts_with(b"\x03\x01");
            let untyped = if plain {
                Verdict::Imps
            } else if start {
                Verdict::Unsure
            } else {
                Verdict::Other
            };
            assert_eq!(body(bytes, Media::Other), untyped, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn what_is_said_of_a_start_is_said_of_all_that_begins_with_it() {
        for (text, verdict) in XML {
            for cut in 0..text.len() {
                let early = body(&text.as_bytes()[..cut], Media::Open);
                assert!(early == Verdict::Unsure || early == verdict, "{text} cut at {cut}: {early:?}");
            }
        }
    }
}
