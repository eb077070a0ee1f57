//! PTS, the plain-text syntax of CSP over SMS: a payload in, the document that XML would give out; and back.
//!
//! `codes` says what two letters stand for and where, `read` makes elements of parameters, `place` puts them where the
//! content model of the version has them and adds the frame that PTS leaves out, `write` goes the other way. What has
//! no known code is carried on under the name it came with.

mod codes;
mod place;
mod read;
mod write;

pub use codes::primitive;
pub use read::{is_unread, read};
pub use write::write;

use std::ops::Range;

use super::namespace::Version;
use crate::syntax::NameId;

/// The version that a preamble names.
fn version(digits: [u8; 2]) -> Option<Version> {
    match &digits {
        b"11" => Some(Version::V11),
        b"12" => Some(Version::V12),
        b"13" => Some(Version::V13),
        _ => None,
    }
}

/// An element on its way from parameter to document.
#[derive(Clone, PartialEq, Debug)]
struct Item {
    name: NameId,
    /// How a name outside the vocabulary is spelt.
    spelling: String,
    text: String,
    children: Vec<Item>,
    span: Range<u32>,
}

impl Item {
    fn new(name: NameId, span: &Range<u32>) -> Self {
        Self { name, spelling: String::new(), text: String::new(), children: Vec::new(), span: span.clone() }
    }

    fn leaf(name: NameId, text: &str, span: &Range<u32>) -> Self {
        Self { text: text.to_owned(), ..Self::new(name, span) }
    }

    /// An element named as it was written; one of the vocabulary if it has the name.
    fn named(spelling: &str, span: &Range<u32>) -> Self {
        let name = super::name::number(spelling.as_bytes());
        let spelling = if name == NameId::UNKNOWN { spelling.to_owned() } else { String::new() };
        Self { spelling, ..Self::new(name, span) }
    }

    fn with(mut self, children: Vec<Self>) -> Self {
        self.children = children;
        self
    }
}

#[cfg(test)]
mod tests;
