//! Decoding: the payload of an envelope becomes a message.

use std::sync::OnceLock;

use crate::carrier::Envelope;
use crate::carrier::sms::Preamble;
use crate::syntax::{Encoding, Node, Parsed, xml};
use crate::wire::Wire;

use super::message::{Claims, Message, read_frame};
use super::name::VOCABULARY;
use super::namespace::{self, Version};
use super::{pts, tokens};

/// Reads the payload of an envelope.
///
/// # Errors
/// The envelope itself, as it was, when it has no payload.
pub fn decode(mut envelope: Box<Envelope>) -> Result<Message, Box<Envelope>> {
    if envelope.body.is_empty() {
        return Err(envelope);
    }
    let (body, pieces) = std::mem::take::<Wire>(&mut envelope.body).into_parts();
    let body_octets = u32::try_from(body.len()).unwrap_or(u32::MAX);
    let content_type = envelope.content_type.as_deref().unwrap_or_default();
    let media = namespace::media(content_type);
    let encoding = encoding(&body);
    let blank_octets = if encoding == Encoding::Xml { blank_octets(&body) } else { 0 };
    let parsed = match encoding {
        Encoding::Xml => xml::parse(&body, VOCABULARY, charset(content_type)),
        Encoding::Wbxml => tokens::read(&body, media.and_then(|m| m.newest)).0,
        Encoding::Pts => pts::read(&body),
    };
    let claims = claims(&parsed, media.and_then(|m| m.newest));
    let frame = read_frame(&parsed.document);
    Ok(Message {
        envelope: *envelope,
        pieces,
        body_octets,
        blank_octets,
        encoding,
        version: version(encoding, &claims),
        claims,
        prolog: parsed.prolog,
        document: parsed.document,
        anomalies: parsed.anomalies,
        kind: frame.kind,
        session_type: frame.session_type,
        session_id: frame.session_id,
        poll: frame.poll,
        cir: frame.cir,
        parts: frame.parts,
        rows: OnceLock::new(),
    })
}

/// Octets of white space between the tags of a payload in XML. One without any line end is taken to have none.
fn blank_octets(body: &[u8]) -> u32 {
    if memchr::memchr(b'\n', body).is_none() {
        return 0;
    }
    let blank = memchr::memchr_iter(b'>', body).map(|end| {
        let rest = body.get(end + 1..).unwrap_or_default();
        let blanks = rest.iter().take_while(|octet| octet.is_ascii_whitespace()).count();
        if rest.get(blanks) == Some(&b'<') { blanks } else { 0 }
    });
    u32::try_from(blank.sum::<usize>()).unwrap_or(u32::MAX)
}

/// What a payload is written in, by its first octets: WBXML begins with a version octet, which no text does, and the
/// plain-text syntax with a preamble.
fn encoding(body: &[u8]) -> Encoding {
    match body.first() {
        Some(0x00..=0x08) if body.get(..2) != Some(&[0x00, b'<']) => Encoding::Wbxml,
        Some(b'W') if Preamble::read(body).is_some() => Encoding::Pts,
        _ => Encoding::Xml,
    }
}

/// The `charset` parameter of a media type.
fn charset(content_type: &str) -> Option<&str> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
    })
}

fn claims(parsed: &Parsed, newest: Option<Version>) -> Claims {
    let root = parsed.document.root();
    Claims {
        namespace: root.and_then(Node::namespace).and_then(namespace::version_of),
        public_number: parsed.prolog.public_number.and_then(namespace::version_of_number),
        public_text: parsed.prolog.public_id.as_deref().and_then(namespace::version_of_public_id),
        media: newest.filter(|v| *v == Version::V13),
        media_before_13: newest == Some(Version::V12),
    }
}

/// The version a message is judged by.
fn version(encoding: Encoding, claims: &Claims) -> Option<Version> {
    let stated = match encoding {
        Encoding::Wbxml => claims.public_number.or(claims.public_text).or(claims.namespace),
        // Of the plain-text syntax, the namespaces of the document are those of the version that the preamble names.
        Encoding::Xml | Encoding::Pts => claims.namespace.or(claims.public_text),
    };
    stated.or(claims.media)
}
