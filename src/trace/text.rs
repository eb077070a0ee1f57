//! Texts on a line: as they stand, or between quotation marks where they would not come back so.

use std::borrow::Cow;
use std::fmt::Write;

use crate::sanitise::is_hidden;

/// A text that goes on to the end of its line.
pub(super) fn to_end(text: &str) -> Cow<'_, str> {
    let returns = !text.starts_with('"')
        && !text.starts_with(char::is_whitespace)
        && !text.ends_with(char::is_whitespace)
        && !needs_escape(text);
    if returns { Cow::Borrowed(text) } else { Cow::Owned(quoted(text)) }
}

/// A text that is one word among others.
pub(super) fn word(text: &str) -> Cow<'_, str> {
    let returns = !text.is_empty() && !text.contains(char::is_whitespace) && !text.contains(['"', '=']);
    if returns && !needs_escape(text) { Cow::Borrowed(text) } else { Cow::Owned(quoted(text)) }
}

/// The name of an element or an attribute.
pub(super) fn name(text: &str) -> Cow<'_, str> {
    if text.starts_with(['@', '#']) { Cow::Owned(quoted(text)) } else { word(text) }
}

fn needs_escape(text: &str) -> bool {
    text.contains('\\') || text.chars().any(is_hidden)
}

/// A text between quotation marks.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_hidden(c) => {
                // Writing to a string does not fail.
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// The first word of a text, and whether it was quoted; then the rest. `None` for a quotation that does not end, that
/// has an unknown escape, or that something is joined to.
pub(super) fn first(text: &str) -> Option<(Cow<'_, str>, bool, &str)> {
    if let Some(inside) = text.strip_prefix('"') {
        let (value, rest) = unquote(inside)?;
        let ends = rest.is_empty() || rest.starts_with(char::is_whitespace);
        return ends.then_some((Cow::Owned(value), true, rest));
    }
    let (word, rest) = text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()));
    Some((Cow::Borrowed(word), false, rest))
}

/// A text that goes on to the end of its line, as it was before [`to_end`]; `None` for bad quoting.
pub(super) fn of_rest(rest: &str) -> Option<Cow<'_, str>> {
    let rest = rest.trim();
    if !rest.starts_with('"') {
        return Some(Cow::Borrowed(rest));
    }
    first(rest).filter(|(_, _, more)| more.is_empty()).map(|(text, ..)| text)
}

/// What stands before the closing quotation mark, escapes undone, and what stands behind it.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut out = String::new();
    let mut chars = text.chars();
    loop {
        match chars.next()? {
            '"' => return Some((out, chars.as_str())),
            '\\' => out.push(match chars.next()? {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'u' => {
                    let (number, rest) = chars.as_str().strip_prefix('{')?.split_once('}')?;
                    chars = rest.chars();
                    char::from_u32(u32::from_str_radix(number, 16).ok()?)?
                }
                c @ ('"' | '\\') => c,
                _ => return None,
            }),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_what_would_not_come_back_is_quoted() {
        assert_eq!(to_end("on the \"train\" = late #1"), "on the \"train\" = late #1");
        assert_eq!(to_end("\"so\" he said"), "\"\\\"so\\\" he said\"");
        assert_eq!(to_end("a\nb\\\u{1b}[2J\u{202e}"), "\"a\\nb\\\\\\u{1b}[2J\\u{202e}\"");
        assert_eq!(to_end(" x"), "\" x\"");
        assert_eq!(word("a=b"), "\"a=b\"");
        assert_eq!(word(""), "\"\"");
        assert_eq!(word("a\u{a0}b"), "\"a\u{a0}b\"");
        assert_eq!(name("@xmlns"), "\"@xmlns\"");
        assert_eq!(name("x:Name-1"), "x:Name-1");
    }

    #[test]
    fn bad_quoting_is_none() {
        for bad in ["\"open", "\"a\"b", "\"\\x\"", "\"\\u{d800}\"", "\"\\u{110000}\"", "\"\\u12\"", "\"\\"] {
            assert_eq!(first(bad), None, "{bad}");
        }
        assert_eq!(of_rest(" \"a\" b"), None);
    }

    proptest! {
        #[test]
        fn every_text_comes_back_and_nothing_hidden_is_printed(text in any::<String>()) {
            let whole = to_end(&text);
            prop_assert_eq!(of_rest(&whole), Some(Cow::Borrowed(text.as_str())));
            for written in [word(&text), name(&text)] {
                let line = format!("{written} more");
                let (back, _, rest) = first(&line).unwrap();
                prop_assert_eq!((&*back, rest), (text.as_str(), " more"));
                prop_assert!(!written.chars().any(is_hidden));
            }
            prop_assert!(!to_end(&text).chars().any(is_hidden));
        }
    }
}
