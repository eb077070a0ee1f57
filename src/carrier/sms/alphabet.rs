//! The GSM default alphabet, its septets, and UCS-2.

/// The characters of the default alphabet; the escape at 0x1B is a space for who knows no extension.
///
/// As in GSM 03.38's table, by the mapping file that Unicode publishes of it.
const DEFAULT: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u{1b}ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

/// What stands behind an escape.
const EXTENSION: [(u8, char); 10] = [
    (0x0A, '\u{c}'),
    (0x14, '^'),
    (0x28, '{'),
    (0x29, '}'),
    (0x2F, '\\'),
    (0x3C, '['),
    (0x3D, '~'),
    (0x3E, ']'),
    (0x40, '|'),
    (0x65, '€'),
];

/// The escape.
const ESCAPE: u8 = 0x1B;

/// So many septets of packed octets, of which the first `fill` bits count for nothing.
pub(super) fn unpack(octets: &[u8], septets: usize, fill: usize) -> Vec<u8> {
    let septet = |n: usize| {
        let bit = n * 7 + fill;
        let low = u16::from(*octets.get(bit / 8)?);
        let high = octets.get(bit / 8 + 1).map_or(0, |octet| u16::from(*octet));
        // Seven bits are left.
        Some(((high << 8 | low) >> (bit % 8) & 0x7F) as u8)
    };
    (0..septets.min(octets.len() * 8 / 7)).map_while(septet).collect()
}

/// Bits between a header of so many octets and the next septet.
pub(super) fn fill(header: usize) -> usize {
    (7 - header * 8 % 7) % 7
}

/// The text of septets, one an octet; what is none is replaced.
pub(super) fn text(septets: &[u8]) -> String {
    let mut out = String::with_capacity(septets.len());
    let mut characters = septets.iter();
    while let Some(septet) = characters.next() {
        if *septet == ESCAPE
            && let Some(next) = characters.as_slice().first()
            && let Some((_, extended)) = EXTENSION.iter().find(|(code, _)| code == next)
        {
            characters.next();
            out.push(*extended);
        } else {
            out.push(character(*septet));
        }
    }
    out
}

fn character(septet: u8) -> char {
    // Letters and digits stand where ASCII has them.
    match septet {
        ESCAPE => ' ',
        b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b' ' => char::from(septet),
        _ => DEFAULT.chars().nth(usize::from(septet)).unwrap_or(char::REPLACEMENT_CHARACTER),
    }
}

/// Whether octets of a text are septets of the default alphabet and not ASCII: one of them is `@`, `$`, `_` or another
/// character that stands where ASCII has control characters.
pub(super) fn is_gsm(octets: &[u8]) -> bool {
    let is_control = |b: &u8| *b < 0x20 && !matches!(*b, b'\t' | b'\n' | b'\r');
    octets.iter().all(|b| *b < 0x80) && octets.iter().any(is_control)
}

/// The text of UCS-2; pairs of surrogates are taken for what they are in UTF-16.
pub(super) fn ucs2(octets: &[u8]) -> String {
    let (pairs, _) = octets.as_chunks::<2>();
    let units = pairs.iter().map(|pair| u16::from_be_bytes(*pair));
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alphabet_has_128_characters() {
        assert_eq!(DEFAULT.chars().count(), 128);
        assert_eq!(text(&[0x00, 0x02, 0x11, 0x41, 0x7F, 0x80]), "@$_Aà\u{FFFD}");
        assert_eq!(text(&[0x1B, 0x65, 0x1B, 0x3C, 0x1B, 0x41, 0x1B]), "€[ A ");
    }

    #[test]
    fn septets_are_unpacked_from_any_bit() {
        // "hellohello", the example that every text about the alphabet has.
        let octets = [0xE8, 0x32, 0x9B, 0xFD, 0x46, 0x97, 0xD9, 0xEC, 0x37];
        assert_eq!(text(&unpack(&octets, 10, 0)), "hellohello");
        assert_eq!(unpack(&octets, 100, 0).len(), 10);
        // The same, one bit later.
        let mut later = vec![0; 10];
        for (i, octet) in octets.iter().enumerate() {
            later[i] |= octet << 1;
            later[i + 1] |= octet >> 7;
        }
        assert_eq!(text(&unpack(&later, 10, 1)), "hellohello");
        assert_eq!([0, 6, 7, 12, 13].map(fill), [0, 1, 0, 2, 1]);
    }

    #[test]
    fn ascii_is_told_from_septets_by_what_ascii_has_no_letter_for() {
        assert!(is_gsm(b"a\0b") && is_gsm(b"\x11"));
        assert!(!is_gsm(b"a@b_c\r\n") && !is_gsm(b"\0\x80"));
    }

    #[test]
    fn ucs2_is_read_with_its_surrogates() {
        assert_eq!(ucs2(&[0x00, 0x57, 0x00, 0xE4, 0xD8, 0x3D, 0xDE, 0x00, 0xDC, 0x00, 0x41]), "Wä😀\u{FFFD}");
    }
}
