//! The outline: a tree that is remembered, packed until somebody looks at it.
//!
//! Most of what is remembered is never looked at, or only at facts beside the tree. So a tree is held as two runs of
//! octets, which are cheap to write, to compare and to copy: its shape, which comes again and again, and its texts.

use std::borrow::Cow;
use std::fmt;
use std::ops::{Deref, Range};
use std::sync::{Arc, OnceLock};

use super::document::{Element, Kept, Run, StoredAttribute};
use super::{Document, NameId, Node, NodeId, Vocabulary};

/// A tree without the places of its elements. It is read when its [`Document`] is first asked for.
#[derive(Clone)]
pub struct Outline {
    vocabulary: Vocabulary,
    octets: Option<Arc<[u8]>>,
    packed: Packing,
    read: OnceLock<Box<Document>>,
}

/// Where the two runs of a packed tree are.
#[derive(Clone, Debug, Default)]
pub struct Packing {
    /// Names and depths of its elements, four octets each.
    pub shape: Range<u32>,
    /// Its texts, attributes and spellings, each behind its length; UTF-8 as a whole.
    pub texts: Range<u32>,
}

impl Packing {
    /// Appends the tree below `root` to `octets`, of a long one the first elements, `most` of them, and of each what
    /// `text` makes of it. The flag says whether elements were left out.
    pub fn append<'d>(
        octets: &mut Vec<u8>,
        root: Node<'d>,
        most: usize,
        text: impl Fn(Node<'d>) -> Cow<'d, str>,
    ) -> (Self, bool) {
        let Kept { first, elements, attributes, spellings, cut } = root.first(most);
        let document = root.document();
        let start = octets.len() as u32;
        for element in elements {
            let [name_high, name_low] = element.name.0.to_be_bytes();
            let [depth_high, depth_low] = element.depth.saturating_sub(root.depth() as u16).to_be_bytes();
            octets.extend_from_slice(&[name_high, name_low, depth_high, depth_low]);
        }
        let middle = octets.len() as u32;
        for node in (first..).take(elements.len()).filter_map(|id| document.node(NodeId(id))) {
            push(octets, &text(node));
        }
        number(octets, attributes.len());
        for attribute in attributes {
            number(octets, (attribute.node.0 - first) as usize);
            push(octets, attribute.name.of(&document.text));
            push(octets, attribute.value.of(&document.text));
        }
        number(octets, spellings.len());
        for (node, spelling) in spellings {
            number(octets, (node.0 - first) as usize);
            push(octets, spelling.of(&document.text));
        }
        (Self { shape: start..middle, texts: middle..octets.len() as u32 }, cut)
    }
}

fn push(octets: &mut Vec<u8>, text: &str) {
    number(octets, text.len());
    octets.extend_from_slice(text.as_bytes());
}

/// A number: six bits an octet, the lowest first, the seventh bit set on all but the last. So it is UTF-8.
fn number(octets: &mut Vec<u8>, number: usize) {
    let mut rest = number;
    while rest >= 0x40 {
        octets.push(rest as u8 & 0x3F | 0x40);
        rest >>= 6;
    }
    octets.push(rest as u8);
}

impl Outline {
    /// A tree that is packed somewhere in octets, which are shown later.
    pub fn new(vocabulary: Vocabulary, packed: Packing) -> Self {
        Self { vocabulary, octets: None, packed, read: OnceLock::new() }
    }

    /// The tree, in these octets.
    #[must_use]
    pub fn with(mut self, octets: &Arc<[u8]>) -> Self {
        self.show(octets);
        self
    }

    /// These are the octets in which it is packed.
    pub fn show(&mut self, octets: &Arc<[u8]>) {
        self.octets = Some(Arc::clone(octets));
    }

    /// Its two runs, shape and texts.
    pub fn runs(&self) -> (&[u8], &[u8]) {
        let octets = self.octets.as_deref().unwrap_or_default();
        let run = |range: &Range<u32>| octets.get(range.start as usize..range.end as usize).unwrap_or_default();
        (run(&self.packed.shape), run(&self.packed.texts))
    }

    fn unpack(&self) -> Option<Document> {
        let (shape, texts) = self.runs();
        let mut document = Document::empty(self.vocabulary);
        if shape.is_empty() {
            return Some(document);
        }
        std::str::from_utf8(texts).ok()?.clone_into(&mut document.text);
        let mut texts = Texts { octets: texts, at: 0 };
        let shape = shape.as_chunks().0;
        document.elements.reserve_exact(shape.len());
        for [name_high, name_low, depth_high, depth_low] in shape.iter().copied() {
            let name = NameId(u16::from_be_bytes([name_high, name_low]));
            let depth = u16::from_be_bytes([depth_high, depth_low]);
            document.elements.push(Element { name, depth, text: texts.run()?, ..Element::default() });
        }
        document.find_relations();
        for _ in 0..texts.number()? {
            let (node, name, value) = (NodeId(texts.number()?), texts.run()?, texts.run()?);
            document.attributes.push(StoredAttribute { node, name, value });
        }
        for _ in 0..texts.number()? {
            document.spellings.push((NodeId(texts.number()?), texts.run()?));
        }
        Some(document)
    }
}

/// Reads the second run of a packed tree.
struct Texts<'o> {
    octets: &'o [u8],
    at: usize,
}

impl Texts<'_> {
    fn number(&mut self) -> Option<u32> {
        let (mut number, mut shift) = (0_u32, 0);
        loop {
            let octet = *self.octets.get(self.at)?;
            self.at += 1;
            number |= u32::from(octet & 0x3F).checked_shl(shift)?;
            if octet & 0x40 == 0 {
                return Some(number);
            }
            shift += 6;
        }
    }

    fn run(&mut self) -> Option<Run> {
        let run = Run { len: self.number()?, start: self.at as u32 };
        self.at = run.end() as usize;
        Some(run)
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

impl fmt::Debug for Outline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::syntax::xml;

    const NAMES: [&str; 3] = ["", "Status", "Code"];
    const VOCABULARY: Vocabulary = Vocabulary {
        number: |spelling| NameId(NAMES.iter().position(|n| n.as_bytes() == spelling).unwrap_or(0) as u16),
        spelling: |name| NAMES[usize::from(name.0)],
    };

    #[test]
    fn lengths_of_any_size_come_back() {
        for wanted in [0, 1, 0x3F, 0x40, 0xFFF, 0x1000, 200_000, u32::MAX as usize] {
            let mut octets = Vec::new();
            number(&mut octets, wanted);
            assert!(octets.is_ascii());
            assert_eq!(Texts { octets: &octets, at: 0 }.number(), Some(wanted as u32));
        }
    }

    #[test]
    fn a_tree_without_octets_is_empty() {
        assert!(Outline::new(VOCABULARY, Packing::default()).is_empty());
    }

    proptest! {
        #[test]
        fn outlines_read_as_the_documents_they_are_of(tags in prop::collection::vec(0_usize..7, 0..60)) {
            let pieces = ["<Status>", "<a:Code b='1'>", "<odd/>", "</x>", "200 \u{e9}", "<Result a='' c='d'>", "</Status>"];
            let text: String = tags.iter().map(|i| pieces[*i]).collect();
            let document = xml::parse(text.into_bytes(), VOCABULARY, None).document;
            let mut octets = b"before".to_vec();
            let shown = |node: Node<'_>| Cow::Owned(format!("{}!", node.text()));
            let packed: Vec<_> = document
                .nodes()
                .zip([1, 2, 3, 60])
                .map(|(root, most)| (Packing::append(&mut octets, root, most, shown), document.outline(root, most, shown)))
                .collect();
            let octets: Arc<[u8]> = octets.into();
            for ((packed, cut), (wanted, wanted_cut)) in packed {
                let outline = Outline::new(VOCABULARY, packed).with(&octets);
                prop_assert_eq!(cut, wanted_cut);
                prop_assert_eq!(&*outline, &wanted);
                for (a, b) in outline.nodes().zip(wanted.nodes()) {
                    prop_assert_eq!(a.descendants().count(), b.descendants().count());
                    prop_assert_eq!(a.parent().map(Node::id), b.parent().map(Node::id));
                }
            }
        }
    }
}
