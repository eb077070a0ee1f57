//! WAP Binary XML in, a document out; and back.
//!
//! First the [`Header`] is read, so that the caller can choose the [`Language`]: which name a token stands for differs
//! between languages and their versions. Then [`parse`] reads the body. An extension token EXT_T_0 carries the index
//! of a value of the language, not a place in the string table. Content in OPAQUE becomes what XML would have in its
//! place: digits, a date and time, text, or BASE64.

mod header;
mod opaque;
mod read;
mod write;

pub use header::Header;
pub use read::{MAX_TEXT, parse};
pub use write::{PublicId, Style, write};

use super::NameId;

/// A code page of tags: names by token, [`NameId::UNKNOWN`] where a token has no meaning.
pub type Page = [NameId; 64];

/// What the tokens of a document language mean.
#[derive(Debug)]
pub struct Language {
    /// Its numeric public identifier.
    pub public_number: u32,
    /// Tag code pages, from page 0.
    pub tags: &'static [Page],
    /// Attribute start tokens of page 0, from token 05: the name, and what its value begins with.
    pub attribute_starts: &'static [(&'static str, &'static str)],
    /// Attribute value tokens: page, and its values from token 85 on.
    pub attribute_values: &'static [(u8, &'static [&'static str])],
    /// Texts by the index that EXT_T_0 carries; empty where it has no meaning.
    pub values: &'static [&'static str],
    /// Texts of indexes that mean something else in an element.
    pub values_in: &'static [(NameId, u32, &'static str)],
    /// Elements whose OPAQUE content is an integer.
    pub integers: &'static [NameId],
    /// Elements whose OPAQUE content is read as an integer, and whose integers are written as text.
    pub doubtful_integers: &'static [NameId],
    /// Elements whose OPAQUE content is a date and time.
    pub date_times: &'static [NameId],
    /// The element whose content may be binary.
    pub content: NameId,
    /// The element before it that says `BASE64` when its content is binary.
    pub content_encoding: NameId,
}

impl Language {
    /// The element name of a tag token; `None` when it has no meaning.
    pub fn tag(&self, page: u8, token: u8) -> Option<NameId> {
        let name = self.tags.get(usize::from(page))?.get(usize::from(token))?;
        Some(*name).filter(|name| *name != NameId::UNKNOWN)
    }

    /// The text of a value token inside an element; `None` when it has no meaning.
    pub fn value(&self, index: u32, element: NameId) -> Option<&'static str> {
        if let Some((.., text)) = self.values_in.iter().find(|(name, i, _)| (*name, *i) == (element, index)) {
            return Some(text);
        }
        self.values.get(index as usize).copied().filter(|text| !text.is_empty())
    }

    /// Name and beginning of the value of an attribute start token; `None` when it has no meaning.
    pub fn attribute_start(&self, page: u8, token: u8) -> Option<(&'static str, &'static str)> {
        let index = usize::from(token).checked_sub(5).filter(|_| page == 0)?;
        self.attribute_starts.get(index).copied()
    }

    /// The text of an attribute value token; `None` when it has no meaning.
    pub fn attribute_value(&self, page: u8, token: u8) -> Option<&'static str> {
        let (_, values) = self.attribute_values.iter().find(|(p, _)| *p == page)?;
        values.get(usize::from(token).checked_sub(0x85)?).copied()
    }
}

/// The global tokens.
mod token {
    pub(super) const SWITCH_PAGE: u8 = 0x00;
    pub(super) const END: u8 = 0x01;
    pub(super) const ENTITY: u8 = 0x02;
    pub(super) const STR_I: u8 = 0x03;
    pub(super) const LITERAL: u8 = 0x04;
    pub(super) const LITERAL_C: u8 = 0x44;
    pub(super) const LITERAL_A: u8 = 0x84;
    pub(super) const LITERAL_AC: u8 = 0xC4;
    pub(super) const EXT_I_0: u8 = 0x40;
    pub(super) const EXT_I_2: u8 = 0x42;
    pub(super) const PI: u8 = 0x43;
    pub(super) const EXT_T_0: u8 = 0x80;
    pub(super) const EXT_T_2: u8 = 0x82;
    pub(super) const STR_T: u8 = 0x83;
    pub(super) const EXT_0: u8 = 0xC0;
    pub(super) const EXT_2: u8 = 0xC2;
    pub(super) const OPAQUE: u8 = 0xC3;

    /// Set in a tag token when content follows.
    pub(super) const HAS_CONTENT: u8 = 0x40;
    /// Set in a tag token when attributes follow.
    pub(super) const HAS_ATTRIBUTES: u8 = 0x80;
}

#[cfg(test)]
mod tests;
