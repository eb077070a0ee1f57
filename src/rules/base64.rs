//! BASE64 as it stands in content.

/// Whether a text is BASE64: its alphabet, white space, padding only at the end, whole quanta.
pub(super) fn is_base64(text: &str) -> bool {
    let coded: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    let unpadded = coded.iter().rposition(|b| *b != b'=').map_or(0, |last| last + 1);
    let padding = coded.len() - unpadded;
    coded.iter().take(unpadded).all(|b| value(*b).is_some())
        && padding <= 2
        && unpadded % 4 != 1
        && (padding == 0 || coded.len().is_multiple_of(4))
}

/// The octets that a text stands for; what is not of the alphabet is passed over.
pub(super) fn decode(text: &str) -> impl Iterator<Item = u8> {
    let mut held = (0_u32, 0_u32);
    text.bytes().filter_map(value).filter_map(move |six| {
        let (bits, count) = &mut held;
        *bits = (*bits << 6 | u32::from(six)) & 0xFFFF;
        *count += 6;
        (*count >= 8).then(|| {
            *count -= 8;
            (*bits >> *count) as u8
        })
    })
}

/// The value of a letter of the alphabet.
fn value(letter: u8) -> Option<u8> {
    match letter {
        b'A'..=b'Z' => Some(letter - b'A'),
        b'a'..=b'z' => Some(letter - b'a' + 26),
        b'0'..=b'9' => Some(letter - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stand_for_their_octets() {
        for (text, octets) in
            [("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9v\nYmFy", "foobar"), ("Zm8", "fo")]
        {
            assert_eq!(decode(text).collect::<Vec<u8>>(), octets.as_bytes(), "{text}");
            assert!(is_base64(text), "{text}");
        }
        assert_eq!(decode("/9j/4A==").collect::<Vec<u8>>(), [0xFF, 0xD8, 0xFF, 0xE0]);
        for none in ["Zg=", "Z", "Zg==Zg==", "Z g!="] {
            assert!(!is_base64(none), "{none}");
        }
    }
}
