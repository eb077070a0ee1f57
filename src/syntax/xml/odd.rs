//! The reader of XML that is not in order: quick-xml finds the pieces, recovery makes the best of them.
//!
//! quick-xml takes much for granted that well-formed XML is not allowed to do, and after some errors it is at the end
//! of the text. So each tag is looked at again here, and after an error reading starts anew at the next `<`.

use std::borrow::Cow;
use std::ops::Range;

use memchr::{memchr, memchr2, memchr3};
use quick_xml::Reader as Pieces;
use quick_xml::events::Event;

use super::super::builder::is_space;
use super::super::{AnomalyKind, Builder, MAX_ANOMALIES, MAX_ATTRIBUTES, MAX_DEPTH, Prolog};
use super::{begins_name, continues_name, public_id, referenced};

/// How many octets may be read again after errors that were noticed only at the end of the text, besides eight times
/// the text; then the rest is left out, told as [`AnomalyKind::BadMarkup`].
pub const MAX_REREAD: usize = 1 << 20;

/// Reads `text` into `builder`, whatever it is.
pub(super) fn read<'s>(text: &'s str, builder: &mut Builder<'s>, prolog: &mut Prolog) {
    let mut reader = Reader {
        text,
        base: 0,
        pieces: pieces(""),
        open: Vec::new(),
        to_reread: text.len().saturating_mul(8).saturating_add(MAX_REREAD),
        builder,
        prolog,
    };
    reader.start_at(if text.starts_with('\u{FEFF}') { '\u{FEFF}'.len_utf8() } else { 0 });
    while reader.piece().is_some() {}
}

fn pieces(text: &str) -> Pieces<&[u8]> {
    let mut pieces = Pieces::from_str(text);
    let config = pieces.config_mut();
    config.allow_dangling_amp = true;
    config.allow_unmatched_ends = true;
    config.check_end_names = false;
    pieces
}

struct Reader<'s, 'b> {
    text: &'s str,
    /// Where `pieces` started.
    base: usize,
    pieces: Pieces<&'s [u8]>,
    /// Names of the open elements, left-out ones included.
    open: Vec<&'s str>,
    to_reread: usize,
    builder: &'b mut Builder<'s>,
    prolog: &'b mut Prolog,
}

impl<'s> Reader<'s, '_> {
    fn position(&self) -> usize {
        self.base.saturating_add(usize::try_from(self.pieces.buffer_position()).unwrap_or(usize::MAX))
    }

    /// Reads on from `at`, in place of where it is.
    fn start_at(&mut self, at: usize) {
        self.base = at;
        self.pieces = pieces(self.slice(at..self.text.len()));
    }

    fn slice(&self, range: Range<usize>) -> &'s str {
        self.text.get(range).unwrap_or_default()
    }

    fn note(&mut self, kind: AnomalyKind, range: Range<usize>) {
        self.builder.anomaly(kind, range.start as u32..range.end as u32);
    }

    /// Reads the next piece; `None` when there is no more.
    fn piece(&mut self) -> Option<()> {
        let at = self.position();
        let rest = self.text.get(at..).filter(|rest| !rest.is_empty())?;
        if rest.starts_with('<') && !is_markup(rest.as_bytes()) {
            self.note(AnomalyKind::BadMarkup, at..at + 1);
            self.character_data(at..at + 1);
            self.start_at(at + 1);
            return Some(());
        }
        if rest.starts_with('\u{FEFF}') {
            // quick-xml would take it for a byte order mark where it is started anew.
            let end = at + '\u{FEFF}'.len_utf8();
            self.character_data(at..end);
            self.start_at(end);
            return Some(());
        }
        let event = self.pieces.read_event();
        let end = self.position();
        match event {
            Ok(Event::Text(_)) => self.text(at..end),
            Ok(Event::GeneralRef(_)) => self.reference(at..end),
            Ok(Event::CData(_)) => self.character_data(at + "<![CDATA[".len()..end - "]]>".len()),
            Ok(Event::Start(_) | Event::Empty(_)) => self.start_tag(at, end)?,
            Ok(Event::End(_)) => self.end_tag(at, end)?,
            Ok(Event::DocType(_)) => self.doctype(at..end),
            Ok(Event::Comment(_) | Event::PI(_) | Event::Decl(_)) => {}
            Ok(Event::Eof) => return None,
            Err(_) if rest.starts_with("<!--") || rest.starts_with("<?") => {
                self.note(AnomalyKind::BadMarkup, at..next_markup(self.text, at));
                self.reread(next_markup(self.text, at), end)?;
            }
            Err(_) if rest.starts_with("<!") => {
                let next = next_markup(self.text, at);
                self.note(AnomalyKind::BadMarkup, at..next);
                if rest.starts_with("<![CDATA[") {
                    self.character_data(at + "<![CDATA[".len()..next);
                }
                self.reread(next, end)?;
            }
            Err(_) if rest.starts_with("</") => self.end_tag(at, end)?,
            Err(_) => self.start_tag(at, end)?,
        }
        // Whatever a piece is, reading goes forward.
        (self.position() > at).then_some(())
    }

    /// Reads on from `at` although quick-xml has come to `end`; `None` when that happened too often.
    fn reread(&mut self, at: usize, end: usize) -> Option<()> {
        if at == end {
            return Some(());
        }
        match self.to_reread.checked_sub(end.saturating_sub(at)) {
            Some(left) => self.to_reread = left,
            None => {
                self.note(AnomalyKind::BadMarkup, at..self.text.len());
                return None;
            }
        }
        self.start_at(at);
        Some(())
    }

    /// Text without references; an `&` in it is one that begins no reference.
    fn text(&mut self, range: Range<usize>) {
        if self.slice(range.clone()).starts_with('&') {
            self.note(AnomalyKind::BadEntity, range.start..range.start + 1);
        }
        self.character_data(range);
    }

    fn reference(&mut self, range: Range<usize>) {
        let name = self.slice(range.start + 1..range.end.saturating_sub(1));
        match referenced(name) {
            Some(character) if self.builder.depth() > 0 => self.builder.text(character.encode_utf8(&mut [0; 4])),
            Some(_) => self.character_data(range),
            None => {
                let is_name = name.bytes().all(|b| continues_name(b) || b == b'#');
                self.note(AnomalyKind::BadEntity, range.start..if is_name { range.end } else { range.start + 1 });
                self.character_data(range);
            }
        }
    }

    /// Text as it stands.
    fn character_data(&mut self, range: Range<usize>) {
        let piece = self.slice(range.clone());
        if self.builder.depth() > 0 {
            return self.builder.text(piece);
        }
        let space = |c: char| u8::try_from(c).is_ok_and(is_space);
        let behind = piece.trim_start_matches(space);
        let trimmed = behind.trim_end_matches(space);
        if !trimmed.is_empty() {
            let start = (range.end - behind.len()) as u32;
            let kind = if self.builder.has_root() { AnomalyKind::TrailingContent } else { AnomalyKind::LeadingContent };
            self.builder.anomaly_once(kind, start..start + trimmed.len() as u32);
        }
    }

    fn doctype(&mut self, range: Range<usize>) {
        if self.builder.has_root() {
            return self.note(AnomalyKind::BadMarkup, range);
        }
        let declaration = self.slice(range.start + "<!DOCTYPE".len()..range.end.saturating_sub(1));
        self.prolog.public_id = public_id(declaration).map(str::to_owned);
    }

    fn start_tag(&mut self, at: usize, end: usize) -> Option<()> {
        let tag = Tag::scan(self.text, at + 1);
        self.builder.open(tag.name, at as u32..(at + 1 + tag.name.len()) as u32);
        for attribute in &tag.attributes {
            let value = self.expanded(attribute.value.clone());
            let place = attribute.place.start as u32..attribute.place.end as u32;
            self.builder.attribute(attribute.name, &value, place);
        }
        for place in tag.bad {
            self.note(AnomalyKind::BadMarkup, place);
        }
        if tag.empty {
            self.builder.close(tag.end as u32);
        } else {
            self.open.push(tag.name);
        }
        self.reread(tag.end, end)
    }

    fn end_tag(&mut self, at: usize, end: usize) -> Option<()> {
        let tag = Tag::scan(self.text, at + 2);
        let place = at..tag.end;
        if !tag.bad.is_empty() || !tag.attributes.is_empty() || tag.empty {
            self.note(AnomalyKind::BadMarkup, place.clone());
        }
        // Deeper elements than the limit are left out, so that looking farther up serves nothing.
        let up = self.open.iter().rev().take(MAX_DEPTH).position(|name| *name == tag.name);
        if up != Some(0) {
            self.note(AnomalyKind::MismatchedEnd, place);
        }
        if let Some(up) = up {
            for _ in 0..up {
                self.builder.close(at as u32);
            }
            self.builder.close(tag.end as u32);
            self.open.truncate(self.open.len() - up - 1);
        }
        self.reread(tag.end, end)
    }

    /// A value with its references expanded; what is no reference stays.
    fn expanded(&mut self, place: Range<usize>) -> Cow<'s, str> {
        let value = self.slice(place.clone());
        let mut out = String::new();
        let mut done = 0;
        for (at, _) in value.match_indices('&') {
            let behind = value.get(at + 1..).unwrap_or_default();
            let len = memchr2(b';', b'&', behind.as_bytes()).unwrap_or(behind.len());
            let closed = behind.as_bytes().get(len) == Some(&b';');
            if let Some(character) = behind.get(..len).filter(|_| closed).and_then(referenced) {
                out.push_str(value.get(done..at).unwrap_or_default());
                out.push(character);
                done = at + 1 + len + 1;
            } else {
                self.note(AnomalyKind::BadEntity, place.start + at..place.start + at + 1);
            }
        }
        if done == 0 {
            return Cow::Borrowed(value);
        }
        out.push_str(value.get(done..).unwrap_or_default());
        Cow::Owned(out)
    }
}

/// Whether markup begins here, and not a `<` that should have been a reference.
fn is_markup(here: &[u8]) -> bool {
    match here {
        [b'<', b'?', ..] => true,
        [b'<', b'!', rest @ ..] => {
            rest.starts_with(b"--")
                || rest.starts_with(b"[CDATA[")
                || rest.get(..7).is_some_and(|word| word.eq_ignore_ascii_case(b"DOCTYPE"))
        }
        [b'<', b'/', octet, ..] | [b'<', octet, ..] => begins_name(*octet),
        _ => false,
    }
}

/// Where the next `<` behind the one at `at` is, or the end.
fn next_markup(text: &str, at: usize) -> usize {
    let behind = text.as_bytes().get(at + 1..).unwrap_or_default();
    memchr(b'<', behind).map_or(text.len(), |len| at + 1 + len)
}

/// A start or end tag, read leniently.
struct Tag<'s> {
    name: &'s str,
    attributes: Vec<TagAttribute<'s>>,
    empty: bool,
    /// One past the tag: behind its `>`, or where it breaks off at another `<` or the end.
    end: usize,
    /// What of it is not in order.
    bad: Vec<Range<usize>>,
}

struct TagAttribute<'s> {
    name: &'s str,
    /// Where the value as written stands, without quotes.
    value: Range<usize>,
    /// Where name and value stand.
    place: Range<usize>,
}

impl<'s> Tag<'s> {
    /// Reads a tag from its name on.
    fn scan(text: &'s str, start: usize) -> Self {
        let name = start..run(text, start, continues_name);
        let mut at = name.end;
        let name = text.get(name).unwrap_or_default();
        let mut tag = Self { name, attributes: Vec::new(), empty: false, end: 0, bad: Vec::new() };
        loop {
            let spaces = at..run(text, at, is_space);
            at = spaces.end;
            let here = text.as_bytes().get(at..).unwrap_or_default();
            (tag.empty, tag.end) = match here {
                [b'>', ..] => (false, at + 1),
                [b'/', b'>', ..] => (true, at + 2),
                [] | [b'<', ..] => {
                    tag.bad(start - 1..at);
                    (false, at)
                }
                [octet, ..] if begins_name(*octet) => {
                    at = tag.attribute(text, at);
                    if spaces.is_empty() {
                        tag.bad(spaces.end..at);
                    }
                    continue;
                }
                _ => {
                    let junk = at..run(text, at + 1, |b| !begins_name(b) && !is_space(b) && !b"</>".contains(&b));
                    at = junk.end;
                    tag.bad(junk);
                    continue;
                }
            };
            return tag;
        }
    }

    /// Reads the attribute that begins at `at`; returns where it ends.
    fn attribute(&mut self, text: &'s str, at: usize) -> usize {
        let name = at..run(text, at, continues_name);
        let equals = run(text, name.end, is_space);
        let begin = run(text, equals + 1, is_space);
        let octet = |at: usize| text.as_bytes().get(at).copied();
        let (value, end) = if octet(equals) != Some(b'=') {
            self.bad(name.clone());
            (name.end..name.end, name.end)
        } else if let Some(quoted) = quoted(text.as_bytes(), begin) {
            if memchr(b'<', text.as_bytes().get(quoted.clone()).unwrap_or_default()).is_some() {
                self.bad(at..quoted.end + 1);
            }
            (quoted.clone(), quoted.end + 1)
        } else {
            let value = match octet(begin) {
                Some(b'"' | b'\'') => begin + 1..run(text, begin + 1, |b| !matches!(b, b'<' | b'>')),
                _ => begin..run(text, begin, |b| !is_space(b) && !matches!(b, b'<' | b'>')),
            };
            self.bad(at..value.end);
            (value.clone(), value.end)
        };
        // One more than counts, so that the limit is noticed.
        if self.attributes.len() <= MAX_ATTRIBUTES {
            let name = text.get(name).unwrap_or_default();
            self.attributes.push(TagAttribute { name, value, place: at..end });
        }
        end
    }

    fn bad(&mut self, place: Range<usize>) {
        if self.bad.len() < MAX_ANOMALIES {
            self.bad.push(place);
        }
    }
}

/// Where the run of octets of one kind that begins at `from` ends.
fn run(text: &str, from: usize, kind: impl Fn(u8) -> bool) -> usize {
    let rest = text.as_bytes().get(from..).unwrap_or_default();
    rest.iter().position(|b| !kind(*b)).map_or(text.len(), |len| from + len)
}

/// The place of a value in quotes; `None` where no quote begins, or where the closing quote rather was forgotten: the
/// value would run over other tags.
fn quoted(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let quote = *bytes.get(at).filter(|b| matches!(b, b'"' | b'\''))?;
    let rest = bytes.get(at + 1..)?;
    let mut end = memchr3(quote, b'<', b'>', rest)?;
    let other = match rest.get(end) {
        Some(b'<') => b'>',
        Some(b'>') => b'<',
        _ => return Some(at + 1..at + 1 + end),
    };
    end += memchr2(quote, other, rest.get(end..)?)?;
    (rest.get(end) == Some(&quote)).then_some(at + 1..at + 1 + end)
}
