//! Building a document in document order: open, attributes, text, close.

use std::ops::Range;

use super::document::{Document, Element, NodeId, Run, StoredAttribute};
use super::{
    Anomaly, AnomalyKind, MAX_ANOMALIES, MAX_ATTRIBUTES, MAX_DEPTH, MAX_ELEMENTS, NameId, Parsed, Prolog, Vocabulary,
    spare,
};

/// Builds a [`Document`] and gathers what was wrong on the way; it keeps the limits.
///
/// Names, values and texts that are slices of the source are kept as their places in it, any other string is copied.
#[derive(Debug)]
pub struct Builder<'s> {
    source: &'s str,
    vocabulary: Vocabulary,
    tree: spare::Tree,
    /// Strings that do not stand in the source; their runs count from the end of the source. All of them UTF-8.
    copied: Vec<u8>,
    /// How many elements are open that are in the document.
    depth: usize,
    /// The element opened last of those.
    innermost: u32,
    /// Texts of open elements that came in pieces with other strings between them, the innermost last.
    apart: Vec<(u32, Vec<u8>)>,
    /// Opened elements that are left out because of a limit, not yet closed.
    skipped: usize,
    anomalies: Vec<Anomaly>,
}

impl<'s> Builder<'s> {
    /// A builder of a document whose strings mostly stand in `source`; where they do not, an empty one will do.
    pub fn new(vocabulary: Vocabulary, source: &'s str) -> Self {
        Self {
            source,
            vocabulary,
            tree: spare::tree(),
            copied: if source.is_empty() { spare::text().into_bytes() } else { Vec::new() },
            depth: 0,
            innermost: 0,
            apart: Vec::new(),
            skipped: 0,
            anomalies: Vec::new(),
        }
    }

    /// Opens an element by its spelling, prefix included; `tag` is the place of its start tag, of which the end only
    /// matters for showing. An element beyond a limit is left out with all inside it, and must be closed all the same.
    /// Says whether the vocabulary has this spelling; `None` where the element is left out.
    pub fn open(&mut self, spelling: &str, tag: Range<u32>) -> Option<bool> {
        // No vocabulary has names with a colon.
        let name = (self.vocabulary.number)(spelling.as_bytes());
        if name != NameId::UNKNOWN {
            return self.open_named(name, tag).then_some(true);
        }
        let local = spelling.rsplit_once(':').map_or(spelling, |(_, local)| local);
        let id = NodeId(self.tree.elements.len() as u32);
        self.open_named((self.vocabulary.number)(local.as_bytes()), tag).then(|| {
            let run = self.keep(spelling.as_bytes());
            self.tree.spellings.push((id, run));
            false
        })
    }

    /// Opens an element by the number of its name; returns whether it is in the document.
    #[inline]
    pub fn open_named(&mut self, name: NameId, tag: Range<u32>) -> bool {
        let id = self.tree.elements.len();
        if self.skipped > 0 || self.depth.wrapping_sub(1) >= MAX_DEPTH - 1 && id > 0 || id >= MAX_ELEMENTS {
            return self.leave_out(tag);
        }
        let (depth, parent, id) = (self.depth as u16, NodeId(self.innermost), id as u32);
        let place = tag.into();
        self.tree.elements.push(Element { name, depth, parent, end: id + 1, text: Run::default(), place });
        self.depth += 1;
        self.innermost = id;
        true
    }

    /// Leaves out an element, because of a limit or because it is in one left out.
    #[cold]
    fn leave_out(&mut self, tag: Range<u32>) -> bool {
        self.skipped += 1;
        if self.skipped == 1 {
            let kind = match self.depth {
                0 => AnomalyKind::SecondRoot,
                MAX_DEPTH.. => AnomalyKind::TooDeep,
                _ => AnomalyKind::TooManyElements,
            };
            self.anomaly_once(kind, tag);
        }
        false
    }

    /// Adds an attribute, placed at `place`, to the element opened last. Of attributes with the same name the first
    /// counts.
    pub fn attribute(&mut self, name: &str, value: &str, place: Range<u32>) {
        if self.depth == 0 || self.skipped > 0 {
            return;
        }
        let node = NodeId(self.innermost);
        let own = self.tree.attributes.iter().rev().take_while(|a| a.node == node);
        let (others, same) =
            own.fold((0, false), |(others, same), a| (others + 1, same || self.resolve(a.name) == name.as_bytes()));
        if others >= MAX_ATTRIBUTES {
            return self.anomaly_once(AnomalyKind::TooManyAttributes, place);
        }
        if same {
            return self.anomaly(AnomalyKind::DuplicateAttribute, place);
        }
        let (name, value) = (self.keep(name.as_bytes()), self.keep(value.as_bytes()));
        self.tree.attributes.push(StoredAttribute { node, name, value });
    }

    /// Adds the first attribute of the element opened last, of which name and value are UTF-8.
    pub(super) fn first_attribute(&mut self, name: &[u8], value: &[u8]) {
        let value = self.keep(value);
        self.first_attribute_at(name, value);
    }

    /// Adds the first attribute of the element opened last, of which the value comes in two pieces of UTF-8.
    pub(super) fn first_attribute_joined(&mut self, name: &str, begin: &str, rest: &[u8]) {
        let (begin, rest) = (self.copy(begin.as_bytes()), self.copy(rest));
        self.first_attribute_at(name.as_bytes(), Run { start: begin.start, len: begin.len + rest.len });
    }

    fn first_attribute_at(&mut self, name: &[u8], value: Run) {
        if self.depth > 0 && self.skipped == 0 {
            let name = self.keep(name);
            self.tree.attributes.push(StoredAttribute { node: NodeId(self.innermost), name, value });
        }
    }

    /// Whether an element may be added that is inside another, no limit being reached.
    #[inline]
    pub(super) fn has_room(&self) -> bool {
        self.skipped == 0 && (1..MAX_DEPTH).contains(&self.depth) && self.tree.elements.len() < MAX_ELEMENTS
    }

    /// Adds an element that holds nothing but a text without white space around it, where there is room.
    #[inline]
    pub(super) fn leaf(&mut self, name: NameId, place: Range<u32>, text: Run) {
        let end = self.tree.elements.len() as u32 + 1;
        let (depth, parent, place) = (self.depth as u16, NodeId(self.innermost), place.into());
        self.tree.elements.push(Element { name, depth, parent, end, text, place });
    }

    /// Copies UTF-8 that does not stand in the source.
    #[inline]
    pub(super) fn copy(&mut self, string: &[u8]) -> Run {
        let (start, len) = (self.base() + self.copied.len() as u32, string.len() as u32);
        self.copied.extend_from_slice(string);
        Run { start, len }
    }

    /// Adds text to the element opened last; pieces are joined, white space around the whole is taken off.
    pub fn text(&mut self, piece: &str) {
        let piece = piece.as_bytes();
        let Some(element) = self.tree.elements.get(self.innermost as usize).filter(|_| self.depth > 0) else { return };
        let before = element.text;
        if self.skipped > 0 || before.len > 0 {
            return self.join(before, piece);
        }
        let piece = trim_start(piece);
        if !piece.is_empty() {
            let run = self.keep(piece);
            self.set_text(run);
        }
    }

    fn set_text(&mut self, run: Run) {
        if let Some(element) = self.tree.elements.get_mut(self.innermost as usize) {
            element.text = run;
        }
    }

    /// Adds text to an element that has some.
    fn join(&mut self, before: Run, piece: &[u8]) {
        if self.skipped > 0 || self.gather(piece) {
            return;
        }
        if self.place_in_source(piece) != Some(before.end()) {
            if before.start < self.base() || before.end() != self.base() + self.copied.len() as u32 {
                return self.set_apart(before, piece);
            }
            self.copied.extend_from_slice(piece);
        }
        self.set_text(Run { start: before.start, len: before.len + piece.len() as u32 });
    }

    /// Adds text to the innermost element's, if that is gathered apart; says whether it is.
    fn gather(&mut self, piece: &[u8]) -> bool {
        let gathered = self.apart.last_mut().filter(|(element, _)| *element == self.innermost);
        gathered.map(|(_, text)| text.extend_from_slice(piece)).is_some()
    }

    /// From here on gathers the text of the innermost element apart, so that every octet is moved once only.
    fn set_apart(&mut self, before: Run, piece: &[u8]) {
        let gathered = [self.resolve(before), piece].concat();
        self.apart.push((self.innermost, gathered));
    }

    /// Closes the element opened last; `end` is one past the last octet of its end tag.
    #[inline]
    pub fn close(&mut self, end: u32) {
        if self.skipped > 0 || self.depth == 0 {
            self.skipped = self.skipped.saturating_sub(1);
            return;
        }
        if !self.apart.is_empty() {
            self.end_gathering();
        }
        let last = self.tree.elements.len() as u32;
        let Some(element) = self.tree.elements.get_mut(self.innermost as usize) else { return };
        element.end = last;
        element.place.end = end;
        self.depth -= 1;
        self.innermost = element.parent.0;
        if element.text.len > 0 {
            let run = element.text;
            let text = match run.start.checked_sub(self.source.len() as u32) {
                None => octets(self.source.as_bytes(), run.start, run.len),
                Some(start) => octets(&self.copied, start, run.len),
            };
            element.text.len = trim_end(text).len() as u32;
        }
    }

    /// Puts the text of the innermost element to the others, if it was gathered apart.
    #[cold]
    fn end_gathering(&mut self) {
        if let Some((_, text)) = self.apart.pop_if(|(element, _)| *element == self.innermost) {
            let run = self.keep(&text);
            self.set_text(run);
        }
    }

    /// Notes something that was wrong.
    pub fn anomaly(&mut self, kind: AnomalyKind, span: Range<u32>) {
        if self.anomalies.len() < MAX_ANOMALIES {
            self.anomalies.push(Anomaly { kind, span });
        }
    }

    /// Notes something that is told once a document.
    pub fn anomaly_once(&mut self, kind: AnomalyKind, span: Range<u32>) {
        if !self.anomalies.iter().any(|a| a.kind == kind) {
            self.anomaly(kind, span);
        }
    }

    /// How many elements are open, left-out ones included.
    pub fn depth(&self) -> usize {
        self.depth + self.skipped
    }

    /// The name of the element opened last; `None` outside the root and inside a left-out element.
    pub fn innermost(&self) -> Option<NameId> {
        let innermost = self.tree.elements.get(self.innermost as usize).filter(|_| self.depth > 0);
        innermost.filter(|_| self.skipped == 0).map(|e| e.name)
    }

    /// Whether the element opened last has no text yet.
    pub(super) fn is_textless(&self) -> bool {
        self.tree.elements.get(self.innermost as usize).is_some_and(|element| element.text.len == 0)
    }

    /// How the element opened last is spelt, as UTF-8; `None` as for [`innermost`](Self::innermost).
    pub(super) fn innermost_spelling(&self) -> Option<&[u8]> {
        let name = self.innermost()?;
        match self.tree.spellings.binary_search_by_key(&self.innermost, |(id, _)| id.0) {
            Ok(i) => self.tree.spellings.get(i).map(|(_, run)| self.resolve(*run)),
            Err(_) => Some((self.vocabulary.spelling)(name).as_bytes()),
        }
    }

    /// The names it numbers elements by.
    pub(super) fn vocabulary(&self) -> Vocabulary {
        self.vocabulary
    }

    /// Whether a root element was opened already.
    pub fn has_root(&self) -> bool {
        !self.tree.elements.is_empty()
    }

    /// The document, where there is no payload behind it and all text was added.
    pub fn document(self) -> Document {
        self.finish(Prolog::default(), 0).with_source(String::new()).document
    }

    /// Ends the document at `end`, the length of the payload. Elements still open are told and closed there.
    pub fn finish(mut self, prolog: Prolog, end: u32) -> Finished {
        if !self.has_root() {
            self.anomaly(AnomalyKind::EndsEarly, end..end);
        } else if self.depth() > 0 {
            let innermost = self.tree.elements.get(self.innermost as usize).filter(|_| self.depth > 0);
            let start = innermost.map_or(end, |e| e.place.start);
            self.anomaly(AnomalyKind::UnclosedElement, start..end);
        }
        while self.depth() > 0 {
            self.close(end);
        }
        let Self { vocabulary, tree, copied, anomalies, .. } = self;
        let text = String::from_utf8(copied).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned());
        let spare::Tree { elements, attributes, spellings } = tree;
        let document = Document { vocabulary, placed: true, elements, text, attributes, spellings };
        Finished(Parsed { document, prolog, anomalies })
    }

    fn base(&self) -> u32 {
        self.source.len() as u32
    }

    /// Where octets stand in the source, if they are a slice of it.
    fn place_in_source(&self, slice: &[u8]) -> Option<u32> {
        let at = slice.as_ptr().addr().checked_sub(self.source.as_ptr().addr())?;
        (at + slice.len() <= self.source.len()).then_some(at as u32)
    }

    #[inline]
    fn keep(&mut self, string: &[u8]) -> Run {
        match self.place_in_source(string) {
            Some(start) => Run { start, len: string.len() as u32 },
            None => self.copy(string),
        }
    }

    fn resolve(&self, run: Run) -> &[u8] {
        match run.start.checked_sub(self.base()) {
            Some(start) => octets(&self.copied, start, run.len),
            None => octets(self.source.as_bytes(), run.start, run.len),
        }
    }
}

fn octets(all: &[u8], start: u32, len: u32) -> &[u8] {
    all.get(start as usize..(start + len) as usize).unwrap_or_default()
}

/// A document that lacks its source.
#[derive(Debug)]
pub struct Finished(Parsed);

impl Finished {
    /// Moves all places from the source to the payload it was made from.
    pub fn map_places(&mut self, place: impl Fn(u32) -> u32) {
        for element in &mut self.0.document.elements {
            element.place = (place(element.place.start)..place(element.place.end)).into();
        }
        for anomaly in &mut self.0.anomalies {
            anomaly.span = place(anomaly.span.start)..place(anomaly.span.end);
        }
    }

    /// The document, given the very source that its builder was given.
    pub fn with_source(mut self, mut source: String) -> Parsed {
        let text = &mut self.0.document.text;
        if !source.is_empty() {
            source.push_str(text);
            *text = source;
        }
        self.0.anomalies.sort_by_key(|a| (a.span.start, a.span.end));
        self.0
    }
}

/// White space as XML has it.
pub(super) fn is_space(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t' | b'\r' | b'\n')
}

/// Text without the white space before it.
pub(super) fn trim_start(mut text: &[u8]) -> &[u8] {
    while let [octet, rest @ ..] = text
        && is_space(*octet)
    {
        text = rest;
    }
    text
}

/// Text without the white space behind it.
pub(super) fn trim_end(mut text: &[u8]) -> &[u8] {
    while let [rest @ .., octet] = text
        && is_space(*octet)
    {
        text = rest;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::Node;
    use super::*;

    const NOTHING: Vocabulary = Vocabulary { number: |_| NameId::UNKNOWN, spelling: |_| "" };

    fn built(build: impl FnOnce(&mut Builder<'static>)) -> Parsed {
        let mut builder = Builder::new(NOTHING, "source: one two");
        build(&mut builder);
        builder.finish(Prolog::default(), 99).with_source("source: one two".to_owned())
    }

    fn texts(parsed: &Parsed) -> Vec<&str> {
        parsed.document.nodes().map(Node::text).collect()
    }

    #[test]
    fn text_in_pieces_is_joined_wherever_the_pieces_stand() {
        let source = "source: one two";
        let parsed = built(|b| {
            b.open("a", 0..1);
            b.text(&source[8..11]);
            b.text(&source[11..]);
            b.open("b", 0..1);
            b.text("  ");
            b.text("copied");
            b.text("&");
            b.text(&source[8..11]);
            b.text(" ");
            b.close(2);
            b.text("\n");
            b.open("c", 0..1);
            b.text(" \t");
            b.close(2);
            b.text("end ");
            b.close(3);
        });
        assert_eq!(texts(&parsed), ["one two\nend", "copied&one", ""]);
        assert_eq!(parsed.anomalies, []);
    }

    #[test]
    fn joining_moves_every_octet_a_bounded_number_of_times() {
        let parsed = built(|b| {
            b.open("a", 0..1);
            for _ in 0..1000 {
                b.text("x");
                b.open("b", 0..1);
                b.text("y");
                b.close(2);
            }
            b.close(3);
        });
        assert_eq!(texts(&parsed)[0].len(), 1000);
        assert!(parsed.document.memory() < 100_000);
    }

    #[test]
    fn elements_beyond_the_depth_limit_are_left_out_and_closing_stays_in_step() {
        let parsed = built(|b| {
            for depth in 0..MAX_DEPTH as u32 {
                b.open("a", depth..depth + 1);
            }
            b.open("b", 70..71);
            b.open("c", 71..72);
            b.text("lost");
            b.attribute("lost", "lost", 71..72);
            b.close(73);
            b.close(74);
            b.text("kept");
        });
        assert_eq!(parsed.document.len(), MAX_DEPTH);
        assert_eq!(texts(&parsed).last(), Some(&"kept"));
        let kinds: Vec<_> = parsed.anomalies.iter().map(|a| (a.kind, a.span.clone())).collect();
        assert_eq!(kinds, [(AnomalyKind::UnclosedElement, 63..99), (AnomalyKind::TooDeep, 70..71)]);
    }

    #[test]
    fn elements_beyond_the_count_limit_are_left_out() {
        let parsed = built(|b| {
            b.open("a", 0..1);
            for at in 0..MAX_ELEMENTS as u32 + 5 {
                b.open("b", at + 1..at + 2);
                b.close(at + 2);
            }
            b.close(3);
        });
        assert_eq!(parsed.document.len(), MAX_ELEMENTS);
        let first = MAX_ELEMENTS as u32;
        assert_eq!(parsed.anomalies, [Anomaly { kind: AnomalyKind::TooManyElements, span: first..first + 1 }]);
    }

    #[test]
    fn attributes_beyond_the_limit_and_second_ones_are_left_out() {
        let parsed = built(|b| {
            b.open("a", 0..1);
            b.attribute("n0", "first", 1..2);
            b.attribute("n0", "second", 2..3);
            for i in 1..MAX_ATTRIBUTES as u32 + 2 {
                b.attribute(&format!("n{i}"), "", 10 + i..11 + i);
            }
            b.close(3);
        });
        let root = parsed.document.root().unwrap();
        assert_eq!(root.attributes().count(), MAX_ATTRIBUTES);
        assert_eq!(root.attribute("n0"), Some("first"));
        let kinds: Vec<_> = parsed.anomalies.iter().map(|a| (a.kind, a.span.clone())).collect();
        let first = 10 + MAX_ATTRIBUTES as u32;
        assert_eq!(
            kinds,
            [(AnomalyKind::DuplicateAttribute, 2..3), (AnomalyKind::TooManyAttributes, first..first + 1)]
        );
    }

    #[test]
    fn only_so_many_anomalies_are_kept() {
        let parsed = built(|b| {
            for at in 0..100 {
                b.anomaly(AnomalyKind::BadMarkup, at..at + 1);
            }
        });
        assert_eq!(parsed.anomalies.len(), MAX_ANOMALIES);
    }
}
