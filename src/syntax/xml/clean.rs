//! The reader of XML that is in order: one pass forward, nothing copied, nothing recovered.

use memchr::{memchr, memchr2, memchr3};

use super::super::builder::is_space;
use super::super::document::Run;
use super::super::{Builder, MAX_DEPTH, NameId, Prolog, Vocabulary};
use super::{begins_name, continues_name, find_end, public_id, referenced};

/// Reads `text` into `builder`. `None` at the first thing that is not in order; what was built until then is of no
/// use then.
pub(super) fn read<'s>(text: &'s str, builder: &mut Builder<'s>, prolog: &mut Prolog) -> Option<()> {
    let at = if text.starts_with('\u{FEFF}') { '\u{FEFF}'.len_utf8() } else { 0 };
    let vocabulary = builder.vocabulary();
    let mut reader = Reader { text, bytes: text.as_bytes(), at, vocabulary, otherwise: 0, builder, prolog };
    while let Some(octet) = reader.peek() {
        if octet == b'<' {
            reader.markup()?
        } else {
            reader.text()?
        }
        reader.common_markup();
    }
    (reader.builder.depth() == 0 && reader.builder.has_root()).then_some(())
}

struct Reader<'s, 'b> {
    text: &'s str,
    bytes: &'s [u8],
    at: usize,
    vocabulary: Vocabulary,
    /// Open elements that are spelt otherwise than their name is in the vocabulary, a bit for each by its depth.
    otherwise: u64,
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

    /// Reads on as long as markup is of the common kinds, which make up nearly all of a document: tags of known names
    /// without attributes or white space, and a text without references as all there is in an element.
    fn common_markup(&mut self) {
        while self.builder.has_room() {
            let Some([b'<', tag @ ..]) = self.bytes.get(self.at..) else {
                // White space is nothing where there is no text before it.
                let space = self.rest().iter().position(|octet| !is_space(*octet)).filter(|len| *len > 0);
                let Some(space) = space.filter(|_| self.builder.is_textless()) else { return };
                if self.bytes.get(self.at + space) != Some(&b'<') {
                    return;
                }
                self.at += space;
                continue;
            };
            let start = self.at as u32;
            if let [b'/', tag @ ..] = tag {
                let depth = self.builder.depth() - 1;
                let Some(name) = self.builder.innermost().filter(|_| self.otherwise >> depth & 1 == 0) else { return };
                let spelling = (self.vocabulary.spelling)(name).as_bytes();
                let Some((spelt, [b'>', ..])) = tag.split_at_checked(spelling.len()) else { return };
                if !same(spelt, spelling) {
                    return;
                }
                self.at += spelling.len() + 3;
                self.builder.close(self.at as u32);
                if depth == 0 {
                    return;
                }
                continue;
            }
            let end = until::<1>(*b">", tag);
            let Some(spelling) = tag.get(..end) else { return };
            let (spelling, is_empty) = match spelling {
                [spelling @ .., b'/'] => (spelling, true),
                _ => (spelling, false),
            };
            let (spelling, attribute) = match spelling {
                [.., b'"'] if !is_empty => match declaring(spelling) {
                    Some((spelling, attribute)) => (spelling, Some(attribute)),
                    None => return,
                },
                _ => (spelling, None),
            };
            let name = (self.vocabulary.number)(spelling);
            if name == NameId::UNKNOWN {
                return;
            }
            let after = self.at + end + 2;
            if let Some([xmlns, namespace]) = attribute {
                self.builder.open_named(name, start..after as u32);
                self.builder.first_attribute(xmlns, namespace);
                self.at = after;
                continue;
            }
            let content = tag.get(end + 1..).unwrap_or_default();
            if is_empty {
                self.builder.leaf(name, start..after as u32, Run::default());
                self.at = after;
            } else if let Some(len) = only_text(content, spelling) {
                self.at = after + len + spelling.len() + 3;
                let text = Run { start: after as u32, len: len as u32 };
                self.builder.leaf(name, start..self.at as u32, text);
            } else {
                self.builder.open_named(name, start..after as u32);
                self.at = after;
            }
        }
    }

    /// Character data up to the next markup.
    fn text(&mut self) -> Option<()> {
        let Some(len) = memchr2(b'<', b'&', self.rest()) else {
            return self.character_data(self.bytes.len());
        };
        self.character_data(self.at + len)?;
        while self.peek() == Some(b'&') {
            let (character, len) = reference(self.text.get(self.at..)?)?;
            if self.builder.depth() == 0 {
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
        if self.builder.depth() == 0 {
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
        let name = self.builder.innermost_spelling()?;
        let mut rest = self.rest().get(2..)?.strip_prefix(name)?;
        while let [octet, after @ ..] = rest
            && is_space(*octet)
        {
            rest = after;
        }
        let [b'>', after @ ..] = rest else { return None };
        self.at = self.bytes.len() - after.len();
        self.close();
        Some(())
    }

    fn close(&mut self) {
        self.builder.close(self.at as u32);
        self.otherwise &= !(1 << self.builder.depth());
    }

    fn start_tag(&mut self) -> Option<()> {
        let start = self.at;
        let name = self.name(start + 1)?;
        self.at = start + 1 + name.len();
        let depth = self.builder.depth();
        if depth >= MAX_DEPTH || depth == 0 && self.builder.has_root() {
            return None;
        }
        let known = self.builder.open(name, start as u32..self.at as u32)?;
        self.otherwise |= u64::from(!known) << depth;
        loop {
            let before = self.at;
            self.skip_spaces();
            match self.peek()? {
                b'>' => {
                    self.at += 1;
                    return Some(());
                }
                b'/' if self.bytes.get(self.at + 1) == Some(&b'>') => {
                    self.at += 2;
                    self.close();
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
        } else if rest.starts_with(b"<![CDATA[") && self.builder.depth() > 0 {
            let len = find_end(rest, b"]]>")?;
            self.builder.text(self.text.get(self.at + 9..self.at + len)?);
            self.at += len + 3;
        } else if rest.starts_with(b"<!DOCTYPE") && !self.builder.has_root() {
            let len = memchr(b'>', rest)?;
            let declaration = self.text.get(self.at + 9..self.at + len)?;
            self.prolog.public_id = match usual_public_id(declaration) {
                Some(id) => Some(id.to_owned()),
                None if in_order(declaration) => public_id(declaration).map(str::to_owned),
                None => return None,
            };
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

/// How far it is to the first of these octets; to the end where there is none.
#[inline(always)]
fn until<const N: usize>(octets: [u8; N], text: &[u8]) -> usize {
    const LOWEST: u64 = u64::from_ne_bytes([1; 8]);
    const HIGHEST: u64 = u64::from_ne_bytes([0x80; 8]);
    let (words, rest) = text.as_chunks();
    for (i, word) in words.iter().enumerate() {
        // The highest bit of each octet that is one of them; of octets behind the first such one it may be wrong.
        let word = u64::from_le_bytes(*word);
        let found = octets.iter().fold(0, |found, octet| {
            let differs = word ^ u64::from_ne_bytes([*octet; 8]);
            found | differs.wrapping_sub(LOWEST) & !differs & HIGHEST
        });
        if found != 0 {
            return 8 * i + found.trailing_zeros() as usize / 8;
        }
    }
    let found = rest.iter().position(|octet| octets.contains(octet));
    text.len() - rest.len() + found.unwrap_or(rest.len())
}

/// The name and the namespace of a start tag that has nothing else in it, as almost all have it that declare one.
fn declaring(tag: &[u8]) -> Option<(&[u8], [&[u8]; 2])> {
    let (name, rest) = tag.split_at_checked(until(*b" ", tag))?;
    let namespace = rest.strip_prefix(b" xmlns=\"")?.strip_suffix(b"\"")?;
    let xmlns = rest.get(1..6)?;
    (until(*b"\"<&", namespace) == namespace.len()).then_some((name, [xmlns, namespace]))
}

/// Whether two names are the same, which are mostly of eight to sixteen octets.
#[inline(always)]
fn same(one: &[u8], other: &[u8]) -> bool {
    match (one.first_chunk::<8>(), one.last_chunk::<8>(), other.first_chunk(), other.last_chunk()) {
        (Some(first), Some(last), Some(begin), Some(end)) if one.len() <= 16 => {
            one.len() == other.len() && first == begin && last == end
        }
        _ => one == other,
    }
}

/// The length of the text that `content` begins with, if nothing but the end tag of `spelling` follows and the text is
/// without white space around it.
#[inline(always)]
fn only_text(content: &[u8], spelling: &[u8]) -> Option<usize> {
    let len = until(*b"<&", content);
    let (text, end) = content.split_at_checked(len)?;
    let spaced = |octet: Option<&u8>| octet.is_some_and(|octet| is_space(*octet));
    let (spelt, end) = end.strip_prefix(b"</")?.split_at_checked(spelling.len())?;
    (end.first() == Some(&b'>') && same(spelt, spelling) && !spaced(text.first()) && !spaced(text.last()))
        .then_some(len)
}

/// The public identifier of a document type declaration that has one, a system identifier and nothing else; `None` of
/// any other.
fn usual_public_id(declaration: &str) -> Option<&str> {
    let declaration = declaration.strip_prefix(' ')?;
    let name = declaration.bytes().position(|octet| !continues_name(octet)).filter(|len| *len > 0)?;
    let (public, rest) = declaration.get(name..)?.strip_prefix(" PUBLIC \"")?.split_once('"')?;
    let system = rest.strip_prefix(" \"")?.strip_suffix('"')?.as_bytes();
    let plain = memchr2(b'[', b'<', public.as_bytes()).is_none() && memchr3(b'[', b'<', b'"', system).is_none();
    plain.then_some(public)
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
