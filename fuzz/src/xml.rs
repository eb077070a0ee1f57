//! XML: the first octet chooses what the carrier says of the character set, the others are the payload.

use impslint::csp::name::VOCABULARY;
use impslint::syntax::xml::parse;

use super::tree::hold;

const CHARSETS: [Option<&str>; 8] = [
    None,
    Some("utf-8"),
    Some("iso-8859-1"),
    Some("UTF-16"),
    Some("us-ascii"),
    Some("utf-16le"),
    Some("shift_jis"),
    Some("x-unheard-of"),
];

/// Reads a payload, and reads it again in UTF-16.
pub fn run(octets: &[u8]) {
    let Some((charset, payload)) = octets.split_first() else { return };
    let charset = CHARSETS[usize::from(*charset) % CHARSETS.len()];
    let parsed = parse(payload, VOCABULARY, charset);
    hold(&parsed, payload.len());
    let Ok(text) = std::str::from_utf8(payload) else { return };
    if charset.is_none() && parsed.prolog.charset.is_none() && !text.starts_with('\u{FEFF}') && !text.contains('\0') {
        let wide: Vec<u8> = std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        assert_eq!(parse(wide, VOCABULARY, None).document, parsed.document, "in UTF-16");
    }
}
