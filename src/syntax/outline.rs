//! The outline: a tree that is remembered, packed until somebody looks at it.
//!
//! Most of what is remembered is never looked at, or only at facts beside the tree. So a tree is held as two runs of
//! octets, which are cheap to write, to compare and to copy: its shape, which comes again and again, and its texts.

use std::borrow::Cow;
use std::ops::{Deref, Range};
use std::sync::{Arc, OnceLock};

use super::document::{Element, Run, StoredAttribute, run_of};
use super::packing::Unpacker;
use super::{Document, Node, NodeId, Vocabulary};

/// A tree without the places of its elements. It is read when its [`Document`] is first asked for.
#[derive(Clone)]
pub struct Outline {
    vocabulary: Vocabulary,
    octets: Arc<[u8]>,
    packed: Packing,
    read: OnceLock<Box<Document>>,
}

/// Where the two runs of a packed tree are.
#[derive(Clone, Debug, Default)]
pub struct Packing {
    /// Names and depths of its elements.
    pub shape: Range<u32>,
    /// Its texts, attributes and spellings.
    pub texts: Range<u32>,
}

impl Packing {
    /// Appends the tree below `root` to `octets`, of a long one the first elements, `most` of them, and each with what
    /// `text` makes of it. The flag says whether elements were left out.
    pub fn append<'d>(
        octets: &mut Vec<u8>,
        document: &'d Document,
        root: Node<'d>,
        most: usize,
        text: impl Fn(Node<'d>) -> Cow<'d, str>,
    ) -> (Self, bool) {
        let first = root.id().0;
        let end = document.elements.get(first as usize).map_or(first, |element| element.end);
        let last = end.min(first.saturating_add(most.try_into().unwrap_or(u32::MAX)));
        let nodes = || (first..last).filter_map(|id| document.node(NodeId(id)));
        let from = octets.len() as u32;
        for element in document.elements.get(first as usize..last as usize).unwrap_or_default() {
            let [name_high, name_low] = element.name.0.to_be_bytes();
            let [depth_high, depth_low] = (element.depth - root.depth() as u16).to_be_bytes();
            octets.extend_from_slice(&[name_high, name_low, depth_high, depth_low]);
        }
        let middle = octets.len() as u32;
        let attributes = || run_of(&document.attributes, first..last, |a| a.node).iter();
        let spellings = || run_of(&document.spellings, first..last, |(id, _)| *id).iter();
        for node in nodes() {
            number(octets, text(node).len());
        }
        number(octets, attributes().len());
        for attribute in attributes() {
            number(octets, (attribute.node.0 - first) as usize);
            number(octets, attribute.name.len as usize);
            number(octets, attribute.value.len as usize);
        }
        number(octets, spellings().len());
        for (node, spelling) in spellings() {
            number(octets, (node.0 - first) as usize);
            number(octets, spelling.len as usize);
        }
        for node in nodes() {
            octets.extend_from_slice(text(node).as_bytes());
        }
        for attribute in attributes() {
            octets.extend_from_slice(attribute.name.of(&document.text).as_bytes());
            octets.extend_from_slice(attribute.value.of(&document.text).as_bytes());
        }
        for (_, spelling) in spellings() {
            octets.extend_from_slice(spelling.of(&document.text).as_bytes());
        }
        (Self { shape: from..middle, texts: middle..octets.len() as u32 }, last < end)
    }
}

/// A number as in [`Packed`](super::packing::Packed).
fn number(octets: &mut Vec<u8>, number: usize) {
    let mut rest = number;
    while rest >= 0x80 {
        octets.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    octets.push(rest as u8);
}

impl Outline {
    /// A tree that is packed somewhere in `octets`.
    pub fn new(vocabulary: Vocabulary, octets: Arc<[u8]>, packed: Packing) -> Self {
        Self { vocabulary, octets, packed, read: OnceLock::new() }
    }

    /// Its two runs, shape and texts: equal for equal trees.
    pub fn runs(&self) -> (&[u8], &[u8]) {
        let run = |range: &Range<u32>| self.octets.get(range.start as usize..range.end as usize).unwrap_or_default();
        (run(&self.packed.shape), run(&self.packed.texts))
    }

    fn unpack(&self) -> Option<Document> {
        let (shape, texts) = self.runs();
        let mut texts = Unpacker::of(texts);
        let mut document = Document::empty(self.vocabulary);
        let shape = shape.as_chunks().0;
        document.elements.reserve_exact(shape.len());
        let mut next = 0;
        let mut run = |len: u32| {
            let run = Run { start: next, len };
            next += len;
            run
        };
        for [name_high, name_low, depth_high, depth_low] in shape.iter().copied() {
            document.elements.push(Element {
                name: super::NameId(u16::from_be_bytes([name_high, name_low])),
                depth: u16::from_be_bytes([depth_high, depth_low]),
                parent: NodeId(document.elements.len().saturating_sub(1) as u32),
                text: run(texts.number()?),
                ..Element::default()
            });
        }
        document.find_parents();
        document.find_ends();
        for _ in 0..texts.number::<usize>()? {
            let (node, name, value) = (NodeId(texts.number()?), run(texts.number()?), run(texts.number()?));
            document.attributes.push(StoredAttribute { node, name, value });
        }
        for _ in 0..texts.number::<usize>()? {
            document.spellings.push((NodeId(texts.number()?), run(texts.number()?)));
        }
        document.text.push_str(std::str::from_utf8(texts.rest()).ok()?);
        Some(document)
    }
}

impl Deref for Outline {
    type Target = Document;

    fn deref(&self) -> &Document {
        self.read.get_or_init(|| {
            let document = self.unpack();
            debug_assert!(document.is_some(), "a tree that does not read back");
            Box::new(document.unwrap_or_else(|| Document::empty(self.vocabulary)))
        })
    }
}

impl PartialEq for Outline {
    fn eq(&self, other: &Self) -> bool {
        self.runs() == other.runs()
    }
}

impl std::fmt::Debug for Outline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        (**self).fmt(f)
    }
}
