//! Building a document in document order: open, attributes, text, close.

use std::ops::Range;

use super::document::{Document, Element, NodeId, Run, StoredAttribute};
use super::{
    Anomaly, AnomalyKind, MAX_ANOMALIES, MAX_ATTRIBUTES, MAX_DEPTH, MAX_ELEMENTS, NameId, Parsed, Prolog, Vocabulary,
};

/// Builds a [`Document`] and gathers what was wrong on the way; it keeps the limits.
///
/// Names, values and texts that are slices of the source are kept as their places in it, any other string is copied.
#[derive(Debug)]
pub struct Builder<'s> {
    source: &'s str,
    vocabulary: Vocabulary,
    elements: Vec<Element>,
    spans: Vec<Range<u32>>,
    attributes: Vec<StoredAttribute>,
    spellings: Vec<(NodeId, Run)>,
    /// Strings that do not stand in the source; their runs count from the end of the source.
    copied: String,
    open: Vec<Open>,
    /// Texts of open elements that came in pieces with other strings between them, by depth.
    apart: Vec<String>,
    /// Opened elements that are left out because of a limit, not yet closed.
    skipped: usize,
    anomalies: Vec<Anomaly>,
}

/// An element that is not closed.
#[derive(Clone, Copy, Debug)]
struct Open {
    id: NodeId,
    /// Whether its text is gathered in `Builder::apart`.
    apart: bool,
}

impl<'s> Builder<'s> {
    /// A builder of a document whose strings mostly stand in `source`; where they do not, an empty one will do.
    pub fn new(vocabulary: Vocabulary, source: &'s str) -> Self {
        Self::with_room(vocabulary, source, source.len() / 32, 0)
    }

    /// A builder with room for so many elements and octets of text that do not stand in the source.
    pub(super) fn with_room(vocabulary: Vocabulary, source: &'s str, elements: usize, copied: usize) -> Self {
        let expected = elements.clamp(8, 1024);
        Self {
            source,
            vocabulary,
            elements: Vec::with_capacity(expected),
            spans: Vec::with_capacity(expected),
            attributes: Vec::new(),
            spellings: Vec::new(),
            copied: String::with_capacity(copied.min(64 << 10)),
            open: Vec::with_capacity(16),
            apart: Vec::new(),
            skipped: 0,
            anomalies: Vec::new(),
        }
    }

    /// Opens an element by its spelling, prefix included; `tag` is the place of its start tag, of which the end only
    /// matters for showing. An element beyond a limit is left out with all inside it, and must be closed all the same.
    pub fn open(&mut self, spelling: &str, tag: Range<u32>) {
        // No vocabulary has names with a colon.
        let name = (self.vocabulary.number)(spelling.as_bytes());
        if name != NameId::UNKNOWN {
            self.open_named(name, tag);
            return;
        }
        let local = spelling.rsplit_once(':').map_or(spelling, |(_, local)| local);
        let id = NodeId(self.elements.len() as u32);
        if self.open_named((self.vocabulary.number)(local.as_bytes()), tag) {
            let run = self.keep(spelling);
            self.spellings.push((id, run));
        }
    }

    /// Opens an element by the number of its name; returns whether it is in the document.
    pub fn open_named(&mut self, name: NameId, tag: Range<u32>) -> bool {
        let depth = self.open.len();
        if self.skipped > 0 {
            self.skipped += 1;
            return false;
        }
        let beyond = if depth == 0 && !self.elements.is_empty() {
            Some(AnomalyKind::SecondRoot)
        } else if depth >= MAX_DEPTH {
            Some(AnomalyKind::TooDeep)
        } else if self.elements.len() >= MAX_ELEMENTS {
            Some(AnomalyKind::TooManyElements)
        } else {
            None
        };
        if let Some(kind) = beyond {
            self.skipped = 1;
            self.anomaly_once(kind, tag);
            return false;
        }
        let id = NodeId(self.elements.len() as u32);
        let parent = self.open.last().map_or(id, |above| above.id);
        self.elements.push(Element { name, depth: depth as u16, parent, end: id.0 + 1, text: Run::default() });
        self.spans.push(tag);
        self.open.push(Open { id, apart: false });
        true
    }

    /// Adds an attribute, placed at `place`, to the element opened last. Of attributes with the same name the first
    /// counts.
    pub fn attribute(&mut self, name: &str, value: &str, place: Range<u32>) {
        let Some(Open { id: node, .. }) = self.open.last().copied().filter(|_| self.skipped == 0) else { return };
        let from = self.attributes.iter().rposition(|a| a.node != node).map_or(0, |i| i + 1);
        let own = self.attributes.get(from..).unwrap_or_default();
        if own.len() >= MAX_ATTRIBUTES {
            return self.anomaly_once(AnomalyKind::TooManyAttributes, place);
        }
        if own.iter().any(|a| self.resolve(a.name) == name) {
            return self.anomaly(AnomalyKind::DuplicateAttribute, place);
        }
        let (name, value) = (self.keep(name), self.keep(value));
        self.attributes.push(StoredAttribute { node, name, value });
    }

    /// Adds text to the element opened last; pieces are joined, white space around the whole is taken off.
    pub fn text(&mut self, piece: &str) {
        let (Some(open), 0) = (self.open.last().copied(), self.skipped) else { return };
        if open.apart {
            if let Some(gathered) = self.apart.get_mut(self.open.len()) {
                gathered.push_str(piece);
            }
            return;
        }
        let before = self.elements.get(open.id.0 as usize).map(|e| e.text).unwrap_or_default();
        let run = if before.len == 0 {
            let piece = trim_start(piece);
            if piece.is_empty() {
                return;
            }
            self.keep(piece)
        } else if self.place_in_source(piece) == Some(before.end()) {
            Run { start: before.start, len: before.len + piece.len() as u32 }
        } else if before.start >= self.base() && before.end() == self.base() + self.copied.len() as u32 {
            self.copied.push_str(piece);
            Run { start: before.start, len: before.len + piece.len() as u32 }
        } else {
            return self.set_apart(before, piece);
        };
        if let Some(element) = self.elements.get_mut(open.id.0 as usize) {
            element.text = run;
        }
    }

    /// From here on gathers the text of the innermost element apart, so that every octet is moved once only.
    fn set_apart(&mut self, before: Run, piece: &str) {
        let depth = self.open.len();
        if self.apart.len() <= depth {
            self.apart.resize(depth + 1, String::new());
        }
        let mut gathered = self.apart.get_mut(depth).map(std::mem::take).unwrap_or_default();
        gathered.clear();
        gathered.push_str(self.resolve(before));
        gathered.push_str(piece);
        if let (Some(slot), Some(open)) = (self.apart.get_mut(depth), self.open.last_mut()) {
            *slot = gathered;
            open.apart = true;
        }
    }

    /// Closes the element opened last; `end` is one past the last octet of its end tag.
    pub fn close(&mut self, end: u32) {
        if self.skipped > 0 {
            self.skipped -= 1;
            return;
        }
        let depth = self.open.len();
        let Some(open) = self.open.pop() else { return };
        let at = open.id.0 as usize;
        if let Some(span) = self.spans.get_mut(at) {
            span.end = end;
        }
        let mut text = self.elements.get(at).map(|e| e.text).unwrap_or_default();
        if open.apart {
            let gathered = self.apart.get_mut(depth).map(std::mem::take).unwrap_or_default();
            text = self.keep(trim_end(&gathered));
            if let Some(slot) = self.apart.get_mut(depth) {
                *slot = gathered;
            }
        } else if text.len > 0 {
            text.len = trim_end(self.resolve(text)).len() as u32;
        }
        let last = self.elements.len() as u32;
        if let Some(element) = self.elements.get_mut(at) {
            element.end = last;
            element.text = text;
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
        self.open.len() + self.skipped
    }

    /// The name of the element opened last; `None` outside the root and inside a left-out element.
    pub fn innermost(&self) -> Option<NameId> {
        let open = self.open.last().filter(|_| self.skipped == 0)?;
        self.elements.get(open.id.0 as usize).map(|e| e.name)
    }

    /// Whether a root element was opened already.
    pub fn has_root(&self) -> bool {
        !self.elements.is_empty()
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
            let start = self.open.last().and_then(|o| self.spans.get(o.id.0 as usize)).map_or(end, |s| s.start);
            self.anomaly(AnomalyKind::UnclosedElement, start..end);
        }
        while self.depth() > 0 {
            self.close(end);
        }
        let Self { vocabulary, elements, spans, attributes, spellings, copied, anomalies, .. } = self;
        let document = Document { vocabulary, elements, spans, text: copied, attributes, spellings };
        Finished(Parsed { document, prolog, anomalies })
    }

    fn base(&self) -> u32 {
        self.source.len() as u32
    }

    /// Where `string` stands in the source, if it is a slice of it.
    fn place_in_source(&self, string: &str) -> Option<u32> {
        let at = string.as_ptr().addr().checked_sub(self.source.as_ptr().addr())?;
        (at + string.len() <= self.source.len()).then_some(at as u32)
    }

    fn keep(&mut self, string: &str) -> Run {
        let len = string.len() as u32;
        if let Some(start) = self.place_in_source(string) {
            return Run { start, len };
        }
        let start = self.base() + self.copied.len() as u32;
        self.copied.push_str(string);
        Run { start, len }
    }

    fn resolve(&self, run: Run) -> &str {
        match run.start.checked_sub(self.base()) {
            Some(start) => Run { start, ..run }.of(&self.copied),
            None => run.of(self.source),
        }
    }
}

/// A document that lacks its source.
#[derive(Debug)]
pub struct Finished(Parsed);

impl Finished {
    /// Moves all places from the source to the payload it was made from.
    pub fn map_places(&mut self, place: impl Fn(u32) -> u32) {
        let spans = self.0.document.spans.iter_mut().chain(self.0.anomalies.iter_mut().map(|a| &mut a.span));
        for span in spans {
            *span = place(span.start)..place(span.end);
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
pub(super) fn trim_start(text: &str) -> &str {
    let start = text.bytes().position(|b| !is_space(b)).unwrap_or(text.len());
    text.get(start..).unwrap_or_default()
}

/// Text without the white space behind it.
pub(super) fn trim_end(text: &str) -> &str {
    let end = text.bytes().rposition(|b| !is_space(b)).map_or(0, |last| last + 1);
    text.get(..end).unwrap_or_default()
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
