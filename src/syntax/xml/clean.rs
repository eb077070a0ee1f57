//! The reader of XML that is in order: one pass forward, nothing copied, nothing recovered.

use memchr::{memchr, memchr2};

use super::super::builder::is_space;
use super::super::{Builder, MAX_DEPTH, Prolog};
use super::{begins_name, continues_name, find_end, public_id, referenced};

/// Reads `text` into `builder`. `None` at the first thing that is not in order; what was built until then is of no
/// use then.
pub(super) fn read<'s>(text: &'s str, builder: &mut Builder<'s>, prolog: &mut Prolog) -> Option<()> {
    let at = if text.starts_with('\u{FEFF}') { '\u{FEFF}'.len_utf8() } else { 0 };
    let mut reader = Reader { text, bytes: text.as_bytes(), at, open: Vec::with_capacity(16), builder, prolog };
    while let Some(octet) = reader.peek() {
        if octet == b'<' { reader.markup()? } else { reader.text()? }
    }
    (reader.open.is_empty() && reader.builder.has_root()).then_some(())
}

struct Reader<'s, 'b> {
    text: &'s str,
    bytes: &'s [u8],
    at: usize,
    /// Names of the open elements.
    open: Vec<&'s [u8]>,
    builder: &'b mut Builder<'s>,
    prolog: &'b mut Prolog,
}

impl<'s> Reader<'s, '_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn rest(&self) -> &'s [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Character data up to the next markup.
    fn text(&mut self) -> Option<()> {
        let Some(len) = memchr2(b'<', b'&', self.rest()) else {
            return self.character_data(self.bytes.len());
        };
        self.character_data(self.at + len)?;
        while self.peek() == Some(b'&') {
            let (character, len) = reference(self.text.get(self.at..)?)?;
            if self.open.is_empty() {
                return None;
            }
            self.builder.text(character.encode_utf8(&mut [0; 4]));
            self.at += len;
            let len = memchr2(b'<', b'&', self.rest())?;
            self.character_data(self.at + len)?;
        }
        Some(())
    }

    /// Text up to `end` as it stands.
    fn character_data(&mut self, end: usize) -> Option<()> {
        let piece = self.text.get(self.at..end)?;
        if self.open.is_empty() {
            piece.bytes().all(is_space).then_some(())?;
        } else {
            self.builder.text(piece);
        }
        self.at = end;
        Some(())
    }

    fn markup(&mut self) -> Option<()> {
        match self.bytes.get(self.at + 1)? {
            b'/' => self.end_tag(),
            b'!' => self.declaration(),
            b'?' => {
                self.at += find_end(self.rest(), b"?>")? + 2;
                Some(())
            }
            octet if begins_name(*octet) => self.start_tag(),
            _ => None,
        }
    }

    fn end_tag(&mut self) -> Option<()> {
        let name = self.open.pop()?;
        let mut rest = self.rest().get(2..)?.strip_prefix(name)?;
        while let [octet, after @ ..] = rest
            && is_space(*octet)
        {
            rest = after;
        }
        let [b'>', after @ ..] = rest else { return None };
        self.at = self.bytes.len() - after.len();
        self.builder.close(self.at as u32);
        Some(())
    }

    fn start_tag(&mut self) -> Option<()> {
        let start = self.at;
        let name = self.name(start + 1)?;
        self.at = start + 1 + name.len();
        if self.open.len() >= MAX_DEPTH || self.open.is_empty() && self.builder.has_root() {
            return None;
        }
        self.builder.open(name, start as u32..self.at as u32);
        loop {
            let before = self.at;
            self.skip_spaces();
            match self.peek()? {
                b'>' => {
                    self.at += 1;
                    self.open.push(name.as_bytes());
                    return Some(());
                }
                b'/' if self.bytes.get(self.at + 1) == Some(&b'>') => {
                    self.at += 2;
                    self.builder.close(self.at as u32);
                    return Some(());
                }
                octet if before < self.at && begins_name(octet) => self.attribute()?,
                _ => return None,
            }
        }
    }

    fn attribute(&mut self) -> Option<()> {
        let start = self.at;
        let name = self.name(start)?;
        self.at += name.len();
        self.skip_spaces();
        (self.peek()? == b'=').then_some(())?;
        self.at += 1;
        self.skip_spaces();
        let quote = self.peek().filter(|q| matches!(q, b'"' | b'\''))?;
        self.at += 1;
        let len = memchr(quote, self.rest())?;
        let value = self.text.get(self.at..self.at + len)?;
        self.at += len + 1;
        let place = start as u32..self.at as u32;
        match memchr2(b'<', b'&', value.as_bytes()) {
            None => self.builder.attribute(name, value, place),
            Some(_) => self.builder.attribute(name, &expanded(value)?, place),
        }
        Some(())
    }

    /// Comments, CDATA sections and the document type declaration.
    fn declaration(&mut self) -> Option<()> {
        let rest = self.rest();
        if rest.starts_with(b"<!--") {
            self.at += find_end(rest.get(4..)?, b"-->")? + 7;
        } else if rest.starts_with(b"<![CDATA[") && !self.open.is_empty() {
            let len = find_end(rest, b"]]>")?;
            self.builder.text(self.text.get(self.at + 9..self.at + len)?);
            self.at += len + 3;
        } else if rest.starts_with(b"<!DOCTYPE") && !self.builder.has_root() {
            let len = memchr(b'>', rest)?;
            let declaration = self.text.get(self.at + 9..self.at + len)?;
            in_order(declaration).then_some(())?;
            self.prolog.public_id = public_id(declaration).map(str::to_owned);
            self.at += len + 1;
        } else {
            return None;
        }
        Some(())
    }

    fn name(&self, start: usize) -> Option<&'s str> {
        let name = self.bytes.get(start..)?;
        let len = name.iter().position(|b| !continues_name(*b))?;
        self.text.get(start..start + len)
    }

    fn skip_spaces(&mut self) {
        while self.peek().is_some_and(is_space) {
            self.at += 1;
        }
    }
}

/// Whether a document type declaration is plain: a name, identifiers in quotes, no declarations inside.
fn in_order(declaration: &str) -> bool {
    let mut open = None;
    for octet in declaration.bytes() {
        match (octet, open) {
            (b'[' | b'<', _) => return false,
            (b'"' | b'\'', None) => open = Some(octet),
            _ if open == Some(octet) => open = None,
            _ => {}
        }
    }
    open.is_none() && declaration.starts_with(|c: char| c.is_ascii_whitespace()) && !declaration.trim().is_empty()
}

/// The character of the reference that `text` begins with, and its length.
fn reference(text: &str) -> Option<(char, usize)> {
    let end = text.bytes().take("&#x10FFFF;".len()).position(|b| b == b';')?;
    Some((referenced(text.get(1..end)?)?, end + 1))
}

/// An attribute value with its references expanded; `None` when it is not in order.
fn expanded(value: &str) -> Option<String> {
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = memchr2(b'<', b'&', rest.as_bytes()) {
        let (before, here) = rest.split_at_checked(at)?;
        out.push_str(before);
        let (character, len) = reference(here)?;
        out.push(character);
        rest = here.get(len..)?;
    }
    out.push_str(rest);
    Some(out)
}
