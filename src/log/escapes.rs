//! How payloads are written into texts, and how to read them again.

use memchr::memmem;

use super::text::Text;

/// What a payload went through to stand in a log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Escape {
    /// Nothing.
    None,
    /// Entities of HTML: `&lt;`.
    Html,
    /// Backslashes, as in string literals of JSON, Python and C: `\"`, `\n`, `\x03`, `\u003c`.
    Backslash,
    /// `%3C`, and `+` for a blank.
    Percent,
    /// Base64, either alphabet.
    Base64,
    /// Pairs of hexadecimal digits, with or without something between them.
    Hex,
}

/// How the payloads of IMPS begin once they are escaped, apart from those that begin like nothing else: an XML
/// declaration, a DOCTYPE, a root element; WBXML of a CSP version with the character set UTF-8.
const ENTRIES: [(&[u8], Escape); 25] = [
    (b"<?xml", Escape::None),
    (b"<!DOCTYPE WV-", Escape::None),
    (b"<WV-", Escape::None),
    (b"&lt;?xml", Escape::Html),
    (b"&lt;!DOCTYPE WV-", Escape::Html),
    (b"&lt;WV-", Escape::Html),
    (b"\\u003c?xml", Escape::Backslash),
    (b"\\u003cWV-", Escape::Backslash),
    (b"\\x3c?xml", Escape::Backslash),
    (b"\\x3cWV-", Escape::Backslash),
    (b"\\x03\\x01j\\x00", Escape::Backslash),
    (b"\\x03\\x10j\\x00", Escape::Backslash),
    (b"\\x03\\x11j\\x00", Escape::Backslash),
    (b"\\x03\\x12j\\x00", Escape::Backslash),
    (b"\\x03\\x13j\\x00", Escape::Backslash),
    (b"%3C%3Fxml", Escape::Percent),
    (b"%3c%3fxml", Escape::Percent),
    (b"%3CWV-", Escape::Percent),
    (b"%3cWV-", Escape::Percent),
    // `<?xml` and `<WV-CS` in base64, and 03 10, 11, 12 or 13 with 6a 00.
    (b"PD94bW", Escape::Base64),
    (b"PFdWLUNT", Escape::Base64),
    (b"AxBqA", Escape::Base64),
    (b"AxFqA", Escape::Base64),
    (b"AxJqA", Escape::Base64),
    (b"AxNqA", Escape::Base64),
];

/// Hexadecimal beginnings: `<?xml`, `<WV-`, and WBXML of any CSP version.
const HEX_ENTRIES: [&[u8]; 7] =
    [b"3c3f786d6c", b"3c57562d43", b"03106a00", b"03116a00", b"03126a00", b"03136a00", b"03016a00"];

/// Where the first payload of a text begins, and how it is escaped.
pub(super) fn entry(text: &[u8]) -> Option<(usize, Escape)> {
    let plain = ENTRIES.iter().filter_map(|(mark, escape)| Some((memmem::find(text, mark)?, *escape)));
    let plain = plain.min_by_key(|(at, _)| *at);
    let hex =
        HEX_ENTRIES.iter().filter_map(|mark| Some((find_hex(text, mark)?, Escape::Hex))).min_by_key(|(at, _)| *at);
    [plain, hex].into_iter().flatten().min_by_key(|(at, _)| *at)
}

/// Where these hexadecimal digits begin: in either case, with blanks or colons between pairs, no digit before them.
fn find_hex(text: &[u8], digits: &[u8]) -> Option<usize> {
    let first = digits.first().copied()?;
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| memchr::memchr2(first, first.to_ascii_uppercase(), rest)) {
        let at = from + at;
        let before = at.checked_sub(1).and_then(|at| text.get(at));
        if !before.is_some_and(|b| b.is_ascii_hexdigit())
            && begins_with_pairs(text.get(at..).unwrap_or_default(), digits)
        {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

fn begins_with_pairs(text: &[u8], digits: &[u8]) -> bool {
    let mut rest = text;
    for (i, digit) in digits.iter().enumerate() {
        if i > 0
            && i % 2 == 0
            && let [b' ' | b':', after @ ..] = rest
        {
            rest = after;
        }
        match rest {
            [have, after @ ..] if have.eq_ignore_ascii_case(digit) => rest = after,
            _ => return false,
        }
    }
    true
}

/// The payload that a text holds; up to the first character that cannot be part of it where the writing shows that.
pub(super) fn undo(text: &Text, escape: Escape) -> Text {
    match escape {
        Escape::None => text.clone(),
        Escape::Html => html(text),
        Escape::Backslash => backslash(text),
        Escape::Percent => percent(text),
        Escape::Base64 => base64(text),
        Escape::Hex => hex(text),
    }
}

/// Entities as they stand in pages: the five of XML and the no-break space, and numbers.
const ENTITIES: [(&[u8], char); 6] =
    [(b"lt", '<'), (b"gt", '>'), (b"amp", '&'), (b"quot", '"'), (b"apos", '\''), (b"nbsp", ' ')];

fn html(text: &Text) -> Text {
    let mut out = Text::default();
    let octets = text.octets();
    let mut at = 0;
    while let Some(octet) = octets.get(at).copied() {
        let rest = octets.get(at + 1..).unwrap_or_default();
        let name = memchr::memchr(b';', rest.get(..10.min(rest.len())).unwrap_or_default());
        let name = name.filter(|_| octet == b'&').and_then(|len| rest.get(..len));
        match name.and_then(|name| Some((character(name)?, name.len()))) {
            Some((c, len)) => {
                out.push_char(c, text.place(at));
                at += len + 2;
            }
            None => {
                out.push(octet, text.place(at));
                at += 1;
            }
        }
    }
    out
}

fn character(name: &[u8]) -> Option<char> {
    let number = |digits: &[u8], radix| u32::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok();
    match name {
        [b'#', b'x' | b'X', digits @ ..] => char::from_u32(number(digits, 16)?),
        [b'#', digits @ ..] => char::from_u32(number(digits, 10)?),
        _ => ENTITIES.iter().find(|(known, _)| *known == name).map(|(_, c)| *c),
    }
}

/// The value of a hexadecimal digit.
pub(super) fn digit(octet: u8) -> Option<u8> {
    char::from(octet).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

fn pair(octets: &[u8]) -> Option<u8> {
    Some(digit(*octets.first()?)? << 4 | digit(*octets.get(1)?)?)
}

fn backslash(text: &Text) -> Text {
    let mut out = Text::default();
    let octets = text.octets();
    let mut at = 0;
    while let Some(octet) = octets.get(at).copied() {
        let place = text.place(at);
        let rest = octets.get(at + 1..).unwrap_or_default();
        at += match (octet, rest.first().copied()) {
            (b'\\', Some(b'x')) if pair(rest.get(1..).unwrap_or_default()).is_some() => {
                out.push(pair(rest.get(1..).unwrap_or_default()).unwrap_or_default(), place);
                4
            }
            (b'\\', Some(b'u')) => match unicode(rest) {
                Some((c, len)) => {
                    out.push_char(c, place);
                    1 + len
                }
                None => {
                    out.push(octet, place);
                    1
                }
            },
            (b'\\', Some(b'0'..=b'7')) => {
                let digits = rest.iter().take(3).take_while(|d| (b'0'..=b'7').contains(d));
                let (value, len) =
                    digits.fold((0_u32, 0), |(value, len), d| (value * 8 + u32::from(d - b'0'), len + 1));
                out.push(value as u8, place);
                1 + len
            }
            (b'\\', Some(letter)) => {
                let meant = match letter {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 8,
                    b'f' => 12,
                    b'v' => 11,
                    b'a' => 7,
                    other => other,
                };
                out.push(meant, place);
                2
            }
            _ => {
                out.push(octet, place);
                1
            }
        };
    }
    out
}

/// The character of `u003c`, or of two such where they are a pair of surrogates; and how many octets they take.
pub(super) fn unicode(text: &[u8]) -> Option<(char, usize)> {
    let unit = |text: &[u8]| {
        let digits = text.strip_prefix(b"u")?.get(..4)?;
        digits.iter().try_fold(0_u32, |value, d| Some(value << 4 | u32::from(digit(*d)?)))
    };
    let first = unit(text)?;
    if (0xD800..0xDC00).contains(&first)
        && let Some(second) = text.get(5..).and_then(|rest| unit(rest.strip_prefix(b"\\")?))
        && (0xDC00..0xE000).contains(&second)
    {
        return char::from_u32(0x10000 + ((first - 0xD800) << 10 | (second - 0xDC00))).map(|c| (c, 11));
    }
    Some((char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), 5))
}

fn percent(text: &Text) -> Text {
    let mut out = Text::default();
    let octets = text.octets();
    let mut at = 0;
    while let Some(octet) = octets.get(at).copied() {
        let value = pair(octets.get(at + 1..).unwrap_or_default()).filter(|_| octet == b'%');
        // A query goes no further than its parameter.
        if value.is_none() && matches!(octet, b'&' | b' ' | b'"' | b'\'' | b'<' | b'>' | b'\n') {
            break;
        }
        out.push(value.unwrap_or(if octet == b'+' { b' ' } else { octet }), text.place(at));
        at += if value.is_some() { 3 } else { 1 };
    }
    out
}

fn base64(text: &Text) -> Text {
    let mut out = Text::default();
    let (mut bits, mut held) = (0_u32, 0);
    let mut from = Default::default();
    for (octet, place) in text.iter() {
        let value = match octet {
            b'A'..=b'Z' => octet - b'A',
            b'a'..=b'z' => octet - b'a' + 26,
            b'0'..=b'9' => octet - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'\r' | b'\n' | b' ' | b'\t' => continue,
            _ => break,
        };
        if held == 0 {
            from = place;
        }
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8, from);
            from = place;
            bits &= (1 << held) - 1;
        }
    }
    out
}

fn hex(text: &Text) -> Text {
    let mut out = Text::default();
    let octets = text.octets();
    let mut at = 0;
    while let Some(octet) = octets.get(at).copied() {
        match pair(octets.get(at..).unwrap_or_default()) {
            Some(value) => {
                out.push(value, text.place(at));
                at += 2;
            }
            None if matches!(octet, b' ' | b':' | b'\n' | b'\r' | b'\t') => at += 1,
            None => break,
        }
    }
    out
}

/// The octets of a text in which each stands as the character of its number, and whether all of them do: a writer of
/// texts that met octets which are none wrote U+FFFD, and they are lost.
pub(super) fn narrow(text: &Text) -> (Text, bool) {
    let mut out = Text::default();
    let mut at = 0;
    for chunk in text.octets().utf8_chunks() {
        for c in chunk.valid().chars() {
            match u8::try_from(u32::from(c)) {
                Ok(octet) => out.push(octet, text.place(at)),
                Err(_) => return (out, false),
            }
            at += c.len_utf8();
        }
        if !chunk.invalid().is_empty() {
            return (out, false);
        }
    }
    (out, true)
}

#[cfg(test)]
mod tests {
    use super::super::text::Place;
    use super::*;

    fn row(text: &[u8]) -> Text {
        Text::row(text, Place { line: 1, column: 1 })
    }

    fn undone(text: &[u8], escape: Escape) -> Vec<u8> {
        undo(&row(text), escape).octets().to_vec()
    }

    #[test]
    fn every_writing_is_read() {
        assert_eq!(
            undone(b"&lt;a b=&quot;&#x41;&#66;&quot;&gt;&amp;lt; & &x;", Escape::Html),
            b"<a b=\"AB\">&lt; & &x;"
        );
        assert_eq!(
            undone(br#"\x03\x11j\x00\n\"\'\\\/\101\u003c\uD83D\uDE00"#, Escape::Backslash),
            "\u{3}\u{11}j\0\n\"'\\/A<😀".as_bytes()
        );
        assert_eq!(undone(b"%3CWV-CSP%20+x&to=3", Escape::Percent), b"<WV-CSP  x");
        assert_eq!(undone(b"PD94bWwg\r\ndmVy\"", Escape::Base64), b"<?xml ver");
        assert_eq!(undone(b"03:11:6a 00\n49 zz", Escape::Hex), [3, 0x11, 0x6a, 0, 0x49]);
    }

    #[test]
    fn places_are_those_of_the_escapes() {
        let columns = |text: &[u8], escape| undo(&row(text), escape).iter().map(|(_, p)| p.column).collect::<Vec<_>>();
        assert_eq!(columns(b"&lt;a&gt;", Escape::Html), [1, 5, 6]);
        assert_eq!(columns(br"\x03a\u003c", Escape::Backslash), [1, 5, 6]);
        assert_eq!(columns(b"%3Ca", Escape::Percent), [1, 4]);
        assert_eq!(columns(b"PD94", Escape::Base64), [1, 2, 3]);
        assert_eq!(columns(b"03 11", Escape::Hex), [1, 4]);
    }

    #[test]
    fn the_first_payload_is_found_however_it_is_written() {
        assert_eq!(entry(b"sent <?xml version"), Some((5, Escape::None)));
        assert_eq!(entry(b"body=&lt;WV-CSP-Message"), Some((5, Escape::Html)));
        assert_eq!(entry(b"b'\\x03\\x11j\\x00Imn"), Some((2, Escape::Backslash)));
        assert_eq!(entry(b"data 03 11 6A 00 49"), Some((5, Escape::Hex)));
        assert_eq!(entry(b"data 003116a00"), None);
        assert_eq!(entry(b"text=%3CWV-CSP"), Some((5, Escape::Percent)));
        assert_eq!(entry(b"body: PFdWLUNTUC1NZXNzYWdl"), Some((6, Escape::Base64)));
        assert_eq!(entry(b"<html>"), None);
    }

    #[test]
    fn octets_that_stand_for_characters_are_mapped_back_up_to_the_first_that_is_lost() {
        let (octets, all) = narrow(&row("\u{3}\u{11}j\0\u{c9}".as_bytes()));
        assert_eq!((octets.octets(), all), (&[3, 0x11, b'j', 0, 0xc9][..], true));
        let (octets, all) = narrow(&row("\u{3}\u{fffd}x".as_bytes()));
        assert_eq!((octets.octets(), all), (&[3][..], false));
    }
}
