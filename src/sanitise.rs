//! Text from the wire made safe to show, and fitted to columns.

use std::borrow::Cow;
use std::fmt::Write;

/// How long a message, a label or another text of a finding may be in a drawing, in columns; the rest is cut.
pub const MOST_COLUMNS: usize = 600;

/// A text in which every character that a terminal would obey, or would not show, is spelt out: `\n`, `\u{1b}`,
/// `\u{202e}`. Line ends too: a text from the wire never has a line of its own.
pub fn sanitise(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| matches!(b, b' '..=b'~')) || !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => safe.push_str("\\n"),
            '\r' => safe.push_str("\\r"),
            '\t' => safe.push_str("\\t"),
            c if is_hidden(c) => {
                // Writing to a string does not fail.
                let _ = write!(safe, "\\u{{{:x}}}", u32::from(c));
            }
            c => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

/// Ranges of characters without a glyph besides the control characters, rising. Source: the Unicode character
/// database, properties `Bidi_Control`, `Default_Ignorable_Code_Point`, general categories Zl and Zp, interlinear
/// annotation, the format controls of hieroglyphs and musical notation, and the blank Braille pattern.
const HIDDEN: [(u32, u32); 26] = [
    (0x00AD, 0x00AD),
    (0x034F, 0x034F),
    (0x061C, 0x061C),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x200B, 0x200F),
    (0x2028, 0x202E),
    (0x2060, 0x206F),
    (0x2800, 0x2800),
    (0x3164, 0x3164),
    (0xD800, 0xDFFF),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFFB),
    (0x110BD, 0x110BD),
    (0x110CD, 0x110CD),
    (0x13430, 0x1345F),
    (0x16FE4, 0x16FE4),
    (0x1BCA0, 0x1BCA3),
    (0x1D159, 0x1D159),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),
    (0xFFFFE, 0xFFFFF),
    (0x10FFFE, 0x10FFFF),
];

/// Whether a character moves, hides or reorders what stands around it, or cannot be seen itself.
pub fn is_hidden(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    let code = u32::from(c);
    c.is_control() || HIDDEN.iter().any(|(first, last)| (*first..=*last).contains(&code))
}

/// Columns a text takes at most, each character counting one or, where it may be wide, two.
pub(super) fn columns(text: &str) -> usize {
    // Most texts are ASCII, of which each character is one column.
    if text.is_ascii() { text.len() } else { text.chars().map(width).sum() }
}

/// Columns a character takes at most. Source of the ranges: East Asian Width W and F, roughly.
fn width(c: char) -> usize {
    match u32::from(c) {
        0x1100..=0x115F
        | 0x231A..=0x231B
        | 0x23E9..=0x23F3
        | 0x25FD..=0x27BF
        | 0x2B1B..=0x2B55
        | 0x2E80..=0xA4CF
        | 0xA960..=0xA97F
        | 0xAC00..=0xD7A3
        | 0xF900..=0xFAFF
        | 0xFE10..=0xFE6F
        | 0xFF00..=0xFF60
        | 0xFFE0..=0xFFE6
        | 0x16FE0..=0x1B2FF
        | 0x1F000..=0x3FFFD => 2,
        _ => 1,
    }
}

/// A text from the wire, safe and cut to `most` columns; `…` stands for what was cut.
pub(super) fn clip(text: &str, most: usize) -> String {
    // Every character takes a column or more, so what is beyond these is cut in any case.
    let beyond = |text: &str| text.char_indices().nth(most.saturating_add(1)).map(|(at, _)| at);
    let end = Some(text).filter(|text| text.len() > most).and_then(beyond).unwrap_or(text.len());
    cut(&sanitise(text.get(..end).unwrap_or(text)), most)
}

/// A safe text cut to `most` columns.
pub(super) fn cut(text: &str, most: usize) -> String {
    if columns(text) <= most {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut taken = 1;
    for c in text.chars() {
        taken += width(c);
        if taken > most {
            break;
        }
        kept.push(c);
    }
    kept.push('…');
    kept
}

/// A safe text in lines of at most `most` columns, broken at blanks; a word that is longer is broken where it must.
pub(super) fn wrap(text: &str, most: usize) -> Vec<String> {
    let most = most.max(2);
    let mut lines = vec![String::new()];
    let mut taken = 0;
    for word in text.split(' ') {
        let size = columns(word);
        if taken > 0 && taken + 1 + size > most {
            lines.push(String::new());
            taken = 0;
        }
        let Some(line) = lines.last_mut() else { break };
        if taken > 0 {
            line.push(' ');
            taken += 1;
        }
        if size <= most {
            line.push_str(word);
            taken += size;
            continue;
        }
        for c in word.chars() {
            if taken + width(c) > most {
                lines.push(String::new());
                taken = 0;
            }
            if let Some(line) = lines.last_mut() {
                line.push(c);
                taken += width(c);
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_safe_is_left_alone() {
        let text = "wv:zoë@пример.рф 你好 (300 octets) \\n";
        assert!(matches!(sanitise(text), Cow::Borrowed(same) if same == text));
    }

    #[test]
    fn each_hostile_class_is_spelt_out() {
        for (hostile, spelt) in [
            ("a\nb\r\tc", "a\\nb\\r\\tc"),
            ("\u{1b}[31m\0\u{7}\u{7f}", "\\u{1b}[31m\\u{0}\\u{7}\\u{7f}"),
            ("\u{9b}2J\u{85}", "\\u{9b}2J\\u{85}"),
            ("\u{202e}gpj\u{2066}\u{2069}\u{200f}\u{61c}", "\\u{202e}gpj\\u{2066}\\u{2069}\\u{200f}\\u{61c}"),
            ("a\u{200b}\u{200d}\u{2060}\u{feff}\u{ad}b", "a\\u{200b}\\u{200d}\\u{2060}\\u{feff}\\u{ad}b"),
            ("\u{2028}\u{2029}\u{fe0f}\u{3164}", "\\u{2028}\\u{2029}\\u{fe0f}\\u{3164}"),
            ("\u{e0041}\u{e007f}", "\\u{e0041}\\u{e007f}"),
        ] {
            assert_eq!(sanitise(hostile), spelt);
        }
    }

    #[test]
    fn the_table_rises() {
        assert!(HIDDEN.iter().all(|(first, last)| first <= last));
        assert!(HIDDEN.windows(2).all(|pair| pair[0].1 < pair[1].0));
    }

    #[test]
    fn cutting_counts_columns_not_characters() {
        assert_eq!(clip("abcdef", 6), "abcdef");
        assert_eq!(clip("abcdefg", 6), "abcde…");
        assert_eq!(clip("你好你好", 6), "你好…");
        assert_eq!(clip("\u{1b}\u{1b}\u{1b}", 9), "\\u{1b}\\u…");
    }

    #[test]
    fn wrapping_breaks_at_blanks_and_in_long_words() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("ab cdefghij", 4), ["ab", "cdef", "ghij"]);
        assert_eq!(wrap("", 4), [""]);
    }

    proptest! {
        #[test]
        fn nothing_hidden_stays(text in "\\PC*|.*", most in 1_usize..80) {
            prop_assert!(!sanitise(&text).chars().any(is_hidden));
            prop_assert!(columns(&clip(&text, most)) <= most);
            let safe = sanitise(&text);
            prop_assert!(wrap(&safe, most).iter().all(|line| columns(line) <= most.max(2)));
        }
    }
}
