//! Payloads in, one kind of tree out, whatever they were written in.
//!
//! In: the octets of a payload. Out: a [`Document`], the tree with the place of every element in those octets, and
//! the [`Anomaly`]s that were got over on the way. XML and WBXML give the same tree for the same message; of the
//! plain-text syntax, whose codes mean nothing without the protocol, `pts` gives the parameters. This stage knows no
//! IMPS: which names exist and what tokens mean is told to it by a [`Vocabulary`] and by token tables.

use std::borrow::Cow;
use std::ops::Range;

pub mod builder;
pub mod document;
pub mod outline;
pub mod packing;
pub mod pts;
mod spare;
pub mod wbxml;
pub mod xml;

pub use builder::Builder;
pub use document::{Attribute, Document, Node, NodeId};
pub use outline::Outline;

/// A name known to a [`Vocabulary`], by its number; 0 stands for every name that is not.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct NameId(pub u16);

impl NameId {
    /// The number of a name outside the vocabulary; the document keeps how it was spelt.
    pub const UNKNOWN: Self = Self(0);
}

/// The names a document language has: from spelling to number and back.
#[derive(Clone, Copy, Debug)]
pub struct Vocabulary {
    /// The number of a spelling (local name, exact case, no colon); [`NameId::UNKNOWN`] when there is none.
    pub number: fn(&[u8]) -> NameId,
    /// The spelling of a number; empty for [`NameId::UNKNOWN`].
    pub spelling: fn(NameId) -> &'static str,
}

/// What a payload is written in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Encoding {
    /// XML text.
    Xml,
    /// WAP Binary XML.
    Wbxml,
    /// The plain-text syntax.
    Pts,
}

impl Encoding {
    /// The name used in reports: `xml`, `wbxml`, `pts`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Xml => "xml",
            Self::Wbxml => "wbxml",
            Self::Pts => "pts",
        }
    }
}

/// Something wrong with the writing of a document, got over, with its place in the payload.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Anomaly {
    /// What it is.
    pub kind: AnomalyKind,
    /// The octets concerned.
    pub span: Range<u32>,
}

/// What can be wrong with the writing of a document.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum AnomalyKind {
    /// An end tag that does not match the open element (XML).
    MismatchedEnd,
    /// Elements still open where the payload ends.
    UnclosedElement,
    /// Markup that cannot be read: an unfinished tag, a bad name, an attribute without quotes (XML).
    BadMarkup,
    /// A reference to an entity that is neither predefined nor a valid character (XML), or a bad code point (WBXML).
    BadEntity,
    /// Octets that the character set does not allow, or control characters that XML does not allow.
    BadCharacter,
    /// Something other than white space and comments after the root element, or trailing octets.
    TrailingContent,
    /// Text outside the root element, before it.
    LeadingContent,
    /// The token stream ends in the middle of a token or string (WBXML), or the payload before any element.
    EndsEarly,
    /// A multi-octet number of more than five octets or 32 bits (WBXML).
    BadNumber,
    /// A string-table offset outside the string table (WBXML).
    BadStringOffset,
    /// A token that has no meaning in its code page (WBXML); kept as `unknown-PPTT`.
    UnknownToken,
    /// A value token (`EXT_T_0`) without a meaning; kept as `unknown-ext-NN`.
    UnknownValueToken,
    /// An extension token without a meaning in this language (WBXML).
    UnknownExtension,
    /// An opaque integer of more than four octets, or an opaque date-time that is not six sensible octets (WBXML).
    InvalidOpaque,
    /// Elements nested deeper than the limit; what is deeper was left out.
    TooDeep,
    /// More elements than the limit; the rest was left out.
    TooManyElements,
    /// A character set that is not known here; read as if ASCII-compatible.
    UnknownCharset,
    /// An attribute twice on one element; the first counts.
    DuplicateAttribute,
    /// More attributes on an element than the limit; the rest was left out.
    TooManyAttributes,
    /// More text than the limit, by string-table references that repeat (WBXML), or a payload longer than the limit;
    /// the rest was left out.
    TooMuchText,
    /// More than one root element, the first counts.
    SecondRoot,
    /// A preamble with a transaction identifier that is no number from 0 to 999 without leading zeros, with a segment
    /// beyond the last, or with something behind it (PTS).
    BadPreamble,
    /// Nothing behind an equals sign (PTS).
    EmptyValue,
    /// A parameter twice; only the first counts (PTS).
    RepeatedParameter,
    /// A code that is not known here; kept as its own name (PTS).
    UnknownCode,
    /// A value of another shape than its parameter has (PTS).
    BadShape,
}

impl AnomalyKind {
    /// Whether a limit of ours was reached, so that part of the document was left out.
    pub fn is_limit(self) -> bool {
        matches!(self, Self::TooDeep | Self::TooManyElements | Self::TooManyAttributes | Self::TooMuchText)
    }
}

/// What the head of a payload said before its first element.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Prolog {
    /// Public identifier of the DOCTYPE (XML) or the literal one of the string table (WBXML).
    pub public_id: Option<String>,
    /// Numeric public identifier (WBXML), 1 meaning "unknown"; `None` for a literal one and for XML.
    pub public_number: Option<u32>,
    /// Character set as declared: the XML declaration's encoding, or `MIBenum N` (WBXML).
    pub charset: Option<Cow<'static, str>>,
    /// Version octet of WBXML, 0x03 for WBXML 1.3.
    pub wbxml_version: Option<u8>,
}

/// A payload as read: the tree, what stood before it, and what was wrong.
#[derive(Clone, PartialEq, Debug)]
pub struct Parsed {
    /// The tree.
    pub document: Document,
    /// The head of the payload.
    pub prolog: Prolog,
    /// What was got over, in the order of its place.
    pub anomalies: Vec<Anomaly>,
}

/// How deep elements may nest; deeper ones are left out and told as [`AnomalyKind::TooDeep`].
pub const MAX_DEPTH: usize = 64;

/// How many elements a document may have; further ones are left out, told as [`AnomalyKind::TooManyElements`].
pub const MAX_ELEMENTS: usize = 200_000;

/// How many attributes an element may have; further ones are left out, told as [`AnomalyKind::TooManyAttributes`].
pub const MAX_ATTRIBUTES: usize = 64;

/// How many octets of a payload are read; what is behind is left out, told as [`AnomalyKind::TooMuchText`].
pub const MAX_PAYLOAD: usize = 16 << 20;

/// How many anomalies of one document are kept.
pub const MAX_ANOMALIES: usize = 32;

/// Whether XML allows a character.
fn is_xml_char(c: char) -> bool {
    c >= ' ' && !matches!(c, '\u{FFFE}' | '\u{FFFF}') || matches!(c, '\t' | '\n' | '\r')
}
