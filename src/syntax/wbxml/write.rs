//! From a tree back to WBXML.

use super::super::{Document, NameId, Node};
use super::{Language, opaque, token};

/// How WBXML is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Style<'a> {
    /// How the public identifier is given.
    pub public_id: PublicId<'a>,
    /// Whether a text that begins with a value such as `http://` is written as that value's token and the rest.
    pub prefixes: bool,
}

/// How the head gives the public identifier.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PublicId<'a> {
    /// By the number of the language.
    Number,
    /// As unknown.
    Unknown,
    /// As text in the string table.
    Literal(&'a str),
}

impl Default for Style<'_> {
    fn default() -> Self {
        Self { public_id: PublicId::Number, prefixes: true }
    }
}

/// A document in WBXML 1.3 and UTF-8. Reading it in the same language gives the same document, places aside.
pub fn write(document: &Document, language: &Language, style: Style<'_>) -> Vec<u8> {
    let mut writer = Writer { language, prefixes: style.prefixes, page: 0, strings: Vec::new(), out: Vec::new() };
    let mut head = vec![0x03];
    match style.public_id {
        PublicId::Number => number(language.public_number, &mut head),
        PublicId::Unknown => head.push(0x01),
        PublicId::Literal(text) => {
            head.push(0x00);
            number(writer.string(text), &mut head);
        }
    }
    let mut open: Vec<Node<'_>> = Vec::new();
    for node in document.nodes() {
        while open.pop_if(|above| above.depth() >= node.depth()).is_some() {
            writer.out.push(token::END);
        }
        if writer.element(node) {
            open.push(node);
        }
    }
    writer.out.resize(writer.out.len() + open.len(), token::END);
    const UTF_8: u32 = 106;
    number(UTF_8, &mut head);
    number(writer.strings.len() as u32, &mut head);
    head.append(&mut writer.strings);
    head.append(&mut writer.out);
    head
}

struct Writer<'l> {
    language: &'l Language,
    prefixes: bool,
    page: u8,
    /// The string table.
    strings: Vec<u8>,
    /// The body.
    out: Vec<u8>,
}

impl Writer<'_> {
    /// Writes the start tag and the text; returns whether END must follow.
    fn element(&mut self, node: Node<'_>) -> bool {
        let has_content = !node.is_leaf() || !node.text().is_empty();
        let content = if has_content { token::HAS_CONTENT } else { 0 };
        let attributes = if node.attributes().next().is_some() { token::HAS_ATTRIBUTES } else { 0 };
        match self.tag(node) {
            Some((page, tag)) => {
                if page != self.page {
                    self.out.extend([token::SWITCH_PAGE, page]);
                    self.page = page;
                }
                self.out.push(tag | content | attributes);
            }
            None => {
                self.out.push(token::LITERAL | content | attributes);
                let offset = self.string(node.spelling());
                number(offset, &mut self.out);
            }
        }
        for attribute in node.attributes() {
            self.attribute(attribute.name, attribute.value);
        }
        if attributes != 0 {
            self.out.push(token::END);
        }
        self.text(node.text(), node.name());
        has_content
    }

    /// Page and token of an element; `None` when it must be a literal.
    fn tag(&self, node: Node<'_>) -> Option<(u8, u8)> {
        if node.name() == NameId::UNKNOWN || node.spelling().contains(':') {
            return None;
        }
        let mut pages = self.language.tags.iter().zip(0_u8..);
        pages.find_map(|(tags, page)| {
            let token = tags.iter().position(|name| *name == node.name())?;
            Some((page, u8::try_from(token).ok()?))
        })
    }

    fn attribute(&mut self, name: &str, value: &str) {
        let mut starts = self.language.attribute_starts.iter().zip(0x05_u8..);
        let start = starts.find(|((n, begin), _)| *n == name && value.starts_with(begin));
        let rest = match start {
            Some(((_, begin), token)) => {
                self.out.push(token);
                value.get(begin.len()..).unwrap_or_default()
            }
            None => {
                self.out.push(token::LITERAL);
                let offset = self.string(name);
                number(offset, &mut self.out);
                value
            }
        };
        self.inline(rest);
    }

    fn text(&mut self, text: &str, element: NameId) {
        let octets = if self.language.integers.contains(&element) {
            opaque::integer_octets(text)
        } else if self.language.date_times.contains(&element) {
            opaque::date_time_octets(text)
        } else {
            None
        };
        if let Some(octets) = octets {
            self.out.push(token::OPAQUE);
            number(octets.len() as u32, &mut self.out);
            self.out.extend(octets);
        } else if let Some(index) = self.value(text, element) {
            self.extension(index);
        } else if let Some((index, rest)) = self.prefix(text, element) {
            self.extension(index);
            self.inline(rest);
        } else {
            self.inline(text);
        }
    }

    /// The index of the value that is this text.
    fn value(&self, text: &str, element: NameId) -> Option<u32> {
        (0..self.language.values.len() as u32).find(|index| self.language.value(*index, element) == Some(text))
    }

    /// The index of the longest value ending in `/` that the text begins with, and the rest.
    fn prefix<'t>(&self, text: &'t str, element: NameId) -> Option<(u32, &'t str)> {
        let values = self.language.values.iter().filter(|v| self.prefixes && v.ends_with('/') && text.starts_with(**v));
        let longest = values.max_by_key(|v| v.len())?;
        Some((self.value(longest, element)?, text.get(longest.len()..)?))
    }

    fn extension(&mut self, index: u32) {
        self.out.push(token::EXT_T_0);
        number(index, &mut self.out);
    }

    /// Text as it stands; strings end at a NUL, so that a NUL must be an entity.
    fn inline(&mut self, text: &str) {
        for (i, piece) in text.split('\0').enumerate() {
            if i > 0 {
                self.out.extend([token::ENTITY, 0]);
            }
            if !piece.is_empty() {
                self.out.push(token::STR_I);
                self.out.extend(piece.as_bytes());
                self.out.push(0);
            }
        }
    }

    /// The offset of a string in the string table, where it is put when it is not there yet.
    fn string(&mut self, text: &str) -> u32 {
        let text = text.split('\0').next().unwrap_or_default();
        let mut offset = 0;
        for known in self.strings.split_inclusive(|b| *b == 0) {
            if known.strip_suffix(&[0]) == Some(text.as_bytes()) {
                return offset;
            }
            offset += known.len() as u32;
        }
        self.strings.extend(text.as_bytes());
        self.strings.push(0);
        offset
    }
}

/// Appends a number, seven bits an octet.
fn number(value: u32, out: &mut Vec<u8>) {
    let groups = (1..5).rev().skip_while(|group| value >> (7 * group) == 0);
    out.extend(groups.map(|group| (value >> (7 * group)) as u8 & 0x7F | 0x80));
    out.push(value as u8 & 0x7F);
}
