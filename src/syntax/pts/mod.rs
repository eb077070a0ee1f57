//! The plain-text syntax (PTS) in, its parameters out; and back.
//!
//! A payload is a [`Preamble`] and parameters: names, and values that are texts or groups of values. What names and
//! values stand for is the business of whoever knows the codes; here a payload becomes a [`Script`], with the place of
//! each value in it and the [`Anomaly`]s that were got over, and a script becomes a payload.

mod read;
mod write;

pub use read::read;
pub use write::write;

use std::ops::Range;

pub use crate::carrier::sms::Preamble;

use super::Anomaly;

/// How deep groups may nest; a deeper one is read as text.
pub const MAX_NESTED: usize = 12;

/// What a payload in the plain-text syntax says.
#[derive(Clone, PartialEq, Debug)]
pub struct Script {
    /// Version, primitive, transaction and segment.
    pub preamble: Preamble,
    /// The transaction identifier.
    pub transaction: String,
    /// Its parameters in order.
    pub parameters: Vec<Parameter>,
    /// What was got over, in the order in which it was met.
    pub anomalies: Vec<Anomaly>,
}

/// A parameter.
#[derive(Clone, PartialEq, Debug)]
pub struct Parameter {
    /// Its name as written; two letters, in either case.
    pub name: String,
    /// Its value; `None` where there is no equals sign.
    pub value: Option<Value>,
    /// The octets of both.
    pub span: Range<u32>,
}

/// A value and its place.
#[derive(Clone, PartialEq, Debug)]
pub struct Value {
    /// What it is.
    pub kind: ValueKind,
    /// Its octets, quotes and parentheses included.
    pub span: Range<u32>,
}

/// What a value is.
#[derive(Clone, PartialEq, Debug)]
pub enum ValueKind {
    /// A text, quotes undone.
    Text(String),
    /// A group of values in parentheses.
    Group(Vec<Value>),
}

impl Value {
    /// A text without a place.
    pub fn text(text: &str) -> Self {
        Self { kind: ValueKind::Text(text.to_owned()), span: 0..0 }
    }

    /// A group without a place.
    pub fn group(values: Vec<Self>) -> Self {
        Self { kind: ValueKind::Group(values), span: 0..0 }
    }

    /// The text; `None` for a group.
    pub fn as_text(&self) -> Option<&str> {
        match &self.kind {
            ValueKind::Text(text) => Some(text),
            ValueKind::Group(_) => None,
        }
    }

    /// The values of a group; `None` for a text.
    pub fn as_group(&self) -> Option<&[Self]> {
        match &self.kind {
            ValueKind::Text(_) => None,
            ValueKind::Group(values) => Some(values),
        }
    }
}

/// Whether a text has to stand in quotes.
fn is_special(octet: u8) -> bool {
    matches!(octet, b' ' | b'"' | b',' | b'(' | b')' | b'=' | b'&')
}

#[cfg(test)]
mod tests;
