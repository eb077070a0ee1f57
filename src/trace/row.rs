//! Rows: the lines of a trace's text, their words, and what is wrong with them.

use std::borrow::Cow;

use super::text;

/// What is wrong with a trace, and where.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}, column {column}: {what}")]
pub struct ParseError {
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
    /// What is wrong, in a sentence that quotes what it is about.
    pub what: String,
}

/// A line of text, without white space at its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'t> {
    /// From 1.
    pub(super) number: usize,
    pub(super) text: &'t str,
}

impl<'t> Row<'t> {
    /// The rows of a text.
    pub(super) fn all(text: &'t str) -> Vec<Self> {
        text.lines().enumerate().map(|(i, line)| Row { number: i + 1, text: line.trim_end() }).collect()
    }

    /// How many blanks it begins with.
    pub(super) fn indent(&self) -> usize {
        self.text.len() - self.text.trim_start_matches(' ').len()
    }

    /// Whether it says nothing: it is empty or a comment.
    pub(super) fn is_silent(&self) -> bool {
        let text = self.text.trim_start();
        text.is_empty() || text == "#" || text.starts_with("# ")
    }

    /// Whether it goes on with what stands in the event line above.
    pub(super) fn continues(&self) -> bool {
        self.text.starts_with(' ') || self.is_and()
    }

    /// Whether it begins a further transaction.
    pub(super) fn is_and(&self) -> bool {
        self.text == "and" || self.text.starts_with("and ")
    }

    /// That something is wrong at an octet of it.
    pub(super) fn wrong(&self, at: usize, what: impl Into<String>) -> ParseError {
        let column = self.text.get(..at).map_or(0, |before| before.chars().count()) + 1;
        ParseError { line: self.number, column, what: what.into() }
    }

    /// Its words.
    pub(super) fn words(&self) -> Result<Vec<Word<'t>>, ParseError> {
        let mut words = Vec::new();
        let mut rest = self.text.trim_start();
        while !rest.is_empty() {
            let at = self.text.len() - rest.len();
            let bad = || self.wrong(at, format!("bad quoting: {rest}"));
            let bare = rest.split(char::is_whitespace).next().unwrap_or_default();
            let (word, after) = match bare.split_once('=') {
                Some((name, _)) if !bare.starts_with('"') => {
                    let value = rest.get(name.len() + 1..).unwrap_or_default();
                    let (value, _, after) = text::first(value).ok_or_else(bad)?;
                    (Word { row: *self, at, text: Cow::Borrowed(name), quoted: false, value: Some(value) }, after)
                }
                _ => {
                    let (text, quoted, after) = text::first(rest).ok_or_else(bad)?;
                    (Word { row: *self, at, text, quoted, value: None }, after)
                }
            };
            words.push(word);
            rest = after.trim_start();
        }
        Ok(words)
    }
}

/// A word of a row: `name`, `name=value`, or a quoted text.
#[derive(Debug)]
pub(super) struct Word<'t> {
    row: Row<'t>,
    at: usize,
    pub(super) text: Cow<'t, str>,
    pub(super) quoted: bool,
    pub(super) value: Option<Cow<'t, str>>,
}

impl Word<'_> {
    /// The word, where it is neither quoted nor has a value: only then it can be a word of the notation.
    pub(super) fn bare(&self) -> Option<&str> {
        (!self.quoted && self.value.is_none()).then_some(&*self.text)
    }

    /// That it is wrong.
    pub(super) fn wrong(&self, what: impl Into<String>) -> ParseError {
        self.row.wrong(self.at, what)
    }

    /// What a reader makes of its value; else that it wants what `wanted` says.
    pub(super) fn read<T>(&self, wanted: &str, reader: impl Fn(&str) -> Option<T>) -> Result<T, ParseError> {
        let value = self.value.as_deref().unwrap_or_default();
        reader(value).ok_or_else(|| self.wrong(format!("{} wants {wanted}, not {value:?}", self.text)))
    }
}
