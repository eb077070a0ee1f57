//! Packing: numbers, choices and trees in few octets, for what has to be held by the ten thousand.
//!
//! In: values. Out: octets that only [`Unpacker`] reads back. This is memory, never a file: nothing here has to be
//! understood by another release.

use std::borrow::Cow;
use std::ops::Range;

use super::document::{Element, Kept, Run, StoredAttribute};
use super::{Document, MAX_DEPTH, NameId, Node, NodeId, Vocabulary};

/// Values one after the other, packed.
#[derive(Clone, Debug)]
pub struct Packed {
    octets: Vec<u8>,
    /// Where repeatable octets stand that were written lately, by their fingerprint.
    lately: [u32; LATELY],
}

/// How many repeatable runs of octets are found again.
const LATELY: usize = 32;

impl Default for Packed {
    fn default() -> Self {
        Self { octets: Vec::new(), lately: [0; LATELY] }
    }
}

impl Packed {
    /// How many octets they take.
    pub fn len(&self) -> usize {
        self.octets.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }

    /// The octets.
    pub fn as_octets(&self) -> &[u8] {
        &self.octets
    }

    /// The octets alone, to be read by [`Unpacker::of`].
    pub fn into_octets(self) -> Box<[u8]> {
        self.octets.into_boxed_slice()
    }

    /// Reads them from the first.
    pub fn read(&self) -> Unpacker<'_> {
        Unpacker::of(&self.octets)
    }

    /// Makes room, a quarter at a time: what is held ready and not used counts ten thousand times.
    fn reserve(&mut self, octets: usize) {
        if self.octets.capacity() - self.octets.len() < octets {
            self.octets.reserve_exact(octets.max(256 + self.octets.len() / 4));
        }
    }

    /// A number: seven bits an octet, the lowest first, the high bit set on all but the last.
    #[inline]
    pub fn number(&mut self, number: impl Into<u64>) {
        self.reserve(10);
        let number = number.into();
        if number < 0x80 { self.octets.push(number as u8) } else { self.long_number(number) }
    }

    fn long_number(&mut self, mut rest: u64) {
        while rest >= 0x80 {
            self.octets.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        self.octets.push(rest as u8);
    }

    /// A number that may be negative and is mostly near zero.
    pub fn signed(&mut self, number: i64) {
        self.number((number << 1 ^ number >> 63) as u64);
    }

    /// A number that may be absent.
    pub fn optional(&mut self, number: Option<impl Into<u64>>) {
        self.number(number.map_or(0, |n| n.into().saturating_add(1)));
    }

    /// Octets without their number.
    pub fn octets(&mut self, octets: &[u8]) {
        self.reserve(octets.len());
        self.octets.extend_from_slice(octets);
    }

    /// Octets that may have been written before; then it is told how far back.
    pub fn repeatable(&mut self, octets: &[u8]) {
        // What is about as short as the telling is written out.
        if octets.len() > 2 {
            let here = self.octets.len();
            if let Some(slot) = self.lately.get_mut(fingerprint(octets) as usize % LATELY) {
                let before = *slot as usize;
                let written = Unpacker { all: &self.octets, at: before }.written_out();
                if written.and_then(|range| self.octets.get(range)) == Some(octets) {
                    self.number((here - before) as u64 * 2 + 1);
                    return;
                }
                *slot = here as u32;
            }
        }
        self.number(octets.len() as u64 * 2);
        self.octets(octets);
    }

    /// A tree without the places of its elements.
    pub fn document(&mut self, document: &Document) {
        match document.root() {
            Some(root) => drop(self.outline(root, usize::MAX, |node| node.text().into())),
            None => (0..4).for_each(|_| self.number(0_u8)),
        }
    }

    /// The tree that [`Document::outline`] makes, which is not made for it. The flag says whether elements were left out.
    pub fn outline<'d>(&mut self, root: Node<'d>, most: usize, text: impl Fn(Node<'d>) -> Cow<'d, str>) -> bool {
        let kept = root.first(most);
        let Kept { first, elements, attributes, spellings, cut, .. } = kept;
        let all = &root.document().text;
        let texts: usize = kept.nodes().map(|node| text(node).len()).sum();
        let others = attributes.iter().flat_map(|a| [a.name, a.value]).chain(spellings.iter().map(|(_, run)| *run));
        self.number(elements.len() as u64);
        self.number(texts as u64 + others.map(|run| u64::from(run.len)).sum::<u64>());
        // Documents of the same shape come again and again.
        let mut shape = [0; 4 * SHAPED];
        let depth = root.depth() as u16;
        for elements in elements.chunks(SHAPED) {
            for (packed, element) in shape.chunks_exact_mut(4).zip(elements) {
                let [name_high, name_low] = element.name.0.to_be_bytes();
                let [depth_high, depth_low] = element.depth.saturating_sub(depth).to_be_bytes();
                packed.copy_from_slice(&[name_high, name_low, depth_high, depth_low]);
            }
            self.repeatable(shape.get(..4 * elements.len()).unwrap_or_default());
        }
        for node in kept.nodes() {
            self.repeatable(text(node).as_bytes());
        }
        self.number(attributes.len() as u64);
        for attribute in attributes {
            self.number(attribute.node.0 - first);
            self.repeatable(attribute.name.of(all).as_bytes());
            self.repeatable(attribute.value.of(all).as_bytes());
        }
        self.number(spellings.len() as u64);
        for (node, spelling) in spellings {
            self.number(node.0 - first);
            self.repeatable(spelling.of(all).as_bytes());
        }
        cut
    }
}

/// How many elements have their shape packed together.
const SHAPED: usize = 32;

/// Mixes all octets.
fn fingerprint(octets: &[u8]) -> u64 {
    let mix = |state: u64, word: u64| (state ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29);
    let (words, rest) = octets.as_chunks();
    let state = words.iter().fold(octets.len() as u64, |state, word| mix(state, u64::from_le_bytes(*word)));
    rest.iter().fold(state, |state, octet| mix(state, u64::from(*octet)))
}

/// Reads what was [`Packed`], in the same order. Everything is `None` where the octets end.
#[derive(Clone, Debug)]
pub struct Unpacker<'o> {
    all: &'o [u8],
    at: usize,
}

impl<'o> Unpacker<'o> {
    /// Reads the octets of a [`Packed`].
    pub fn of(octets: &'o [u8]) -> Self {
        Self { all: octets, at: 0 }
    }

    /// A number that fits the type wanted.
    #[inline]
    pub fn number<N: TryFrom<u64>>(&mut self) -> Option<N> {
        match *self.all.get(self.at)? {
            octet @ ..0x80 => {
                self.at += 1;
                N::try_from(u64::from(octet)).ok()
            }
            _ => self.long_number(),
        }
    }

    fn long_number<N: TryFrom<u64>>(&mut self) -> Option<N> {
        let mut number = 0;
        let mut shift = 0;
        while let Some(octet) = self.all.get(self.at) {
            self.at += 1;
            number |= u64::from(octet & 0x7F).checked_shl(shift)?;
            shift += 7;
            if octet & 0x80 == 0 {
                return N::try_from(number).ok();
            }
        }
        None
    }

    /// A number that may be negative.
    pub fn signed(&mut self) -> Option<i64> {
        let number: u64 = self.number()?;
        Some((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    /// A number that may be absent.
    pub fn optional<N: TryFrom<u64>>(&mut self) -> Option<Option<N>> {
        let number: u64 = self.number()?;
        number.checked_sub(1).map_or(Some(None), |n| N::try_from(n).ok().map(Some))
    }

    /// This many octets.
    pub fn octets(&mut self, len: usize) -> Option<&'o [u8]> {
        let octets = self.all.get(self.at..self.at.checked_add(len)?)?;
        self.at += len;
        Some(octets)
    }

    /// All octets that are left.
    pub fn rest(&mut self) -> &'o [u8] {
        let octets = self.all.get(self.at..).unwrap_or_default();
        self.at = self.all.len();
        octets
    }

    /// Octets that may have been written before.
    pub fn repeatable(&mut self) -> Option<&'o [u8]> {
        let range = self.repeatable_range()?;
        self.all.get(range)
    }

    /// Where the octets are that may have been written before.
    pub fn repeatable_range(&mut self) -> Option<Range<usize>> {
        let here = self.at;
        let number: usize = self.number()?;
        match number % 2 {
            0 => {
                let end = self.at.checked_add(number / 2).filter(|end| *end <= self.all.len())?;
                Some(std::mem::replace(&mut self.at, end)..end)
            }
            _ => Self { all: self.all, at: here.checked_sub(number / 2)? }.written_out(),
        }
    }

    /// Where repeatable octets are that stand here themselves.
    fn written_out(&mut self) -> Option<Range<usize>> {
        let number: usize = self.number()?;
        let end = self.at.checked_add(number / 2).filter(|end| *end <= self.all.len())?;
        number.is_multiple_of(2).then_some(self.at..end)
    }

    /// A text that may have been written before.
    pub fn text(&mut self) -> Option<&'o str> {
        std::str::from_utf8(self.repeatable()?).ok()
    }

    /// A tree of names of `vocabulary`.
    pub fn document(&mut self, vocabulary: Vocabulary) -> Option<Document> {
        let mut document = Document::empty(vocabulary);
        let elements: usize = self.number()?;
        document.elements.reserve_exact(elements.min(self.all.len()));
        document.text.reserve_exact(self.number()?);
        for _ in 0..elements.div_ceil(SHAPED) {
            for packed in self.repeatable()?.as_chunks().0 {
                let [name_high, name_low, depth_high, depth_low] = *packed;
                let name = NameId(u16::from_be_bytes([name_high, name_low]));
                let depth = u16::from_be_bytes([depth_high, depth_low]);
                document.elements.push(Element { name, depth, ..Element::default() });
            }
        }
        for element in &mut document.elements {
            element.text = self.run(&mut document.text)?;
        }
        document.find_relations();
        for _ in 0..self.number::<usize>()? {
            let node = NodeId(self.number()?);
            let (name, value) = (self.run(&mut document.text)?, self.run(&mut document.text)?);
            document.attributes.push(StoredAttribute { node, name, value });
        }
        for _ in 0..self.number::<usize>()? {
            let node = NodeId(self.number()?);
            let spelling = self.run(&mut document.text)?;
            document.spellings.push((node, spelling));
        }
        Some(document)
    }

    fn run(&mut self, texts: &mut String) -> Option<Run> {
        let text = self.text()?;
        let start = texts.len() as u32;
        texts.push_str(text);
        Some(Run { start, len: text.len() as u32 })
    }
}

impl Document {
    /// Sets the parents and the ends of all elements by their depths.
    pub(super) fn find_relations(&mut self) {
        // The elements around the one looked at, by their depths.
        let mut around = [0_u32; MAX_DEPTH + 1];
        let mut depth = 0;
        for id in 0..=self.elements.len() {
            let this = self.elements.get(id).map_or(0, |e| usize::from(e.depth).min(MAX_DEPTH));
            for over in around.get(this..depth).unwrap_or_default() {
                if let Some(element) = self.elements.get_mut(*over as usize) {
                    element.end = id as u32;
                }
            }
            let parent = this.checked_sub(1).and_then(|above| around.get(above)).copied();
            if let (Some(element), Some(slot)) = (self.elements.get_mut(id), around.get_mut(this)) {
                element.parent = NodeId(parent.unwrap_or(id as u32));
                *slot = id as u32;
            }
            depth = this + 1;
        }
    }
}

/// A tree held as octets: one that is kept long and looked at seldom.
#[derive(Clone, Debug)]
pub struct PackedDocument {
    vocabulary: Vocabulary,
    octets: Box<[u8]>,
}

impl PackedDocument {
    /// Packs a tree, the places of its elements left out.
    pub fn of(document: &Document) -> Self {
        let mut packed = Packed::default();
        packed.document(document);
        Self { vocabulary: document.vocabulary, octets: packed.octets.into_boxed_slice() }
    }

    /// The same tree with other texts.
    pub fn with_texts<'t>(&self, text: impl Fn(Node<'_>) -> Cow<'t, str>) -> Self {
        let document = self.read();
        let Some(root) = document.root() else { return self.clone() };
        let mut packed = Packed::default();
        packed.outline(root, usize::MAX, |node| text(node).into_owned().into());
        Self { vocabulary: self.vocabulary, octets: packed.octets.into_boxed_slice() }
    }

    /// The tree.
    pub fn read(&self) -> Document {
        let document = Unpacker::of(&self.octets).document(self.vocabulary);
        document.unwrap_or_else(|| Document::empty(self.vocabulary))
    }
}

/// Choices among a few values each, in one number: the position of each, times how many the ones before could be.
#[derive(Debug)]
pub struct Choices {
    number: u64,
    factor: u64,
}

impl Choices {
    /// No choice yet.
    pub fn none() -> Self {
        Self { number: 0, factor: 1 }
    }

    /// One of `all`; what is not among them is a mistake, and counts as the last.
    #[must_use]
    pub fn with<T: PartialEq, const N: usize>(mut self, all: &[T; N], chosen: &T) -> Self {
        let place = all.iter().position(|one| one == chosen);
        debug_assert!(place.is_some(), "a choice that is not on the list");
        let place = place.unwrap_or(N.saturating_sub(1));
        self.number += place as u64 * self.factor;
        self.factor *= N as u64;
        self
    }

    /// The number of all choices.
    pub fn number(&self) -> u64 {
        self.number
    }
}

/// Reads the next of the [`Choices`] out of their number.
pub fn chosen<T: Copy, const N: usize>(number: &mut u64, all: &[T; N]) -> Option<T> {
    let place = (*number % N as u64) as usize;
    *number /= N as u64;
    all.get(place).copied()
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

    fn read(text: &str) -> Document {
        xml::parse(text, VOCABULARY, None).document
    }

    fn again(document: &Document) -> Document {
        let mut packed = Packed::default();
        packed.number(7_u8);
        packed.document(document);
        packed.document(document);
        let mut unpacker = packed.read();
        unpacker.number::<u8>().unwrap();
        let first = unpacker.document(document.vocabulary()).unwrap();
        assert_eq!(unpacker.document(document.vocabulary()).unwrap(), first);
        let parents = |document: &Document| document.elements.iter().map(|e| e.parent).collect::<Vec<_>>();
        assert_eq!(parents(&first), parents(document));
        first
    }

    #[test]
    fn numbers_take_an_octet_for_seven_bits() {
        let mut packer = Packed::default();
        packer.number(127_u64);
        packer.number(128_u64);
        packer.signed(-1);
        packer.optional(None::<u16>);
        packer.optional(Some(0_u16));
        assert_eq!(packer.octets, [0x7F, 0x80, 0x01, 0x01, 0x00, 0x01]);
        let mut unpacker = packer.read();
        assert_eq!((unpacker.number(), unpacker.number()), (Some(127_u8), Some(128_u8)));
        assert_eq!((unpacker.signed(), unpacker.optional::<u16>()), (Some(-1), Some(None)));
        assert_eq!((unpacker.optional(), unpacker.number::<u8>()), (Some(Some(0_u16)), None));
    }

    #[test]
    fn choices_share_a_number() {
        let choices = Choices::none().with(&['a', 'b', 'c'], &'c').with(&[false, true], &true);
        assert_eq!(choices.number(), 2 + 3);
        let mut number = choices.number();
        assert_eq!(chosen(&mut number, &['a', 'b', 'c']), Some('c'));
        assert_eq!(chosen(&mut number, &[false, true]), Some(true));
    }

    #[test]
    fn octets_that_end_early_give_nothing() {
        let text = "<Status xmlns='x'><Result><Code>200</Code></Result></Status>";
        let mut packed = Packed::default();
        packed.document(&read(text));
        for len in 0..packed.len() {
            let mut cut = Unpacker { all: &packed.octets[..len], at: 0 };
            assert!(cut.document(VOCABULARY).is_none(), "{len}");
        }
    }

    #[test]
    fn what_was_written_before_is_told_by_its_distance() {
        let mut packed = Packed::default();
        packed.repeatable(b"wv:anna");
        packed.repeatable(b"wv:anna");
        packed.repeatable(b"");
        assert_eq!(packed.octets, b"\x0Ewv:anna\x11\x00");
        packed.repeatable(b"wv:anna");
        let mut unpacker = packed.read();
        let texts: Vec<_> = std::iter::from_fn(|| unpacker.text()).collect();
        assert_eq!(texts, ["wv:anna", "wv:anna", "", "wv:anna"]);
    }

    proptest! {
        #[test]
        fn trees_come_back(tags in prop::collection::vec(0_usize..7, 0..60)) {
            let pieces = ["<Status>", "<a:Code b='1'>", "<odd/>", "</x>", "200 \u{e9}", "<Result a='' c='d'>", "</Status>"];
            let text: String = tags.iter().map(|i| pieces[*i]).collect();
            let document = read(&text);
            let back = again(&document);
            prop_assert_eq!(&back, &document);
            for (root, most) in document.nodes().zip([1, 2, 3, 60]) {
                let shown = |node: Node<'_>| Cow::Owned(format!("{}!", node.text()));
                let (outline, cut) = document.outline(root, most, shown);
                let (mut straight, mut made) = (Packed::default(), Packed::default());
                prop_assert_eq!(straight.outline(root, most, shown), cut);
                made.document(&outline);
                prop_assert_eq!(straight.octets, made.octets);
            }
            for (a, b) in back.nodes().zip(document.nodes()) {
                prop_assert_eq!(a.descendants().count(), b.descendants().count());
            }
        }
    }
}
