//! Packing: numbers, choices and trees in few octets, for what has to be held by the ten thousand.
//!
//! In: values. Out: octets that only [`Unpacker`] reads back. This is memory, never a file: nothing here has to be
//! understood by another release.

use std::ops::Range;

use super::document::{Element, Run, StoredAttribute};
use super::{Document, NameId, NodeId, Vocabulary};

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
    pub fn number(&mut self, number: impl Into<u64>) {
        self.reserve(10);
        let mut rest = number.into();
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
        // Documents of the same shape come again and again.
        let mut shape = [0; 4 * SHAPED];
        self.number(document.elements.len() as u64);
        self.number(document.text.len() as u64);
        for elements in document.elements.chunks(SHAPED) {
            for (packed, element) in shape.chunks_exact_mut(4).zip(elements) {
                let [name_high, name_low] = element.name.0.to_be_bytes();
                let [depth_high, depth_low] = element.depth.to_be_bytes();
                packed.copy_from_slice(&[name_high, name_low, depth_high, depth_low]);
            }
            self.repeatable(shape.get(..4 * elements.len()).unwrap_or_default());
        }
        for element in &document.elements {
            self.repeatable(element.text.of(&document.text).as_bytes());
        }
        self.number(document.attributes.len() as u64);
        for attribute in &document.attributes {
            self.number(attribute.node.0);
            self.repeatable(attribute.name.of(&document.text).as_bytes());
            self.repeatable(attribute.value.of(&document.text).as_bytes());
        }
        self.number(document.spellings.len() as u64);
        for (node, spelling) in &document.spellings {
            self.number(node.0);
            self.repeatable(spelling.of(&document.text).as_bytes());
        }
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
    pub fn number<N: TryFrom<u64>>(&mut self) -> Option<N> {
        let mut number = 0_u64;
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
                let (name, depth) = (u16::from_be_bytes([name_high, name_low]), [depth_high, depth_low]);
                let depth = u16::from_be_bytes(depth);
                let parent = NodeId(document.elements.len().saturating_sub(1) as u32);
                document.elements.push(Element { name: NameId(name), depth, parent, end: 0, text: Run::default() });
            }
        }
        for element in &mut document.elements {
            element.text = self.run(&mut document.text)?;
        }
        document.find_parents();
        document.find_ends();
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
    /// Sets the parents of all elements, each the one before so far: of those around that one, the first less deep.
    pub(super) fn find_parents(&mut self) {
        for id in 1..self.elements.len() {
            let Some(element) = self.elements.get(id).copied() else { return };
            let mut parent = element.parent;
            while let Some(above) = self.elements.get(parent.0 as usize).filter(|e| e.depth >= element.depth)
                && above.parent != parent
            {
                parent = above.parent;
            }
            if let Some(element) = self.elements.get_mut(id) {
                element.parent = parent;
            }
        }
    }

    /// Sets the ends of all elements by their depths, the last first, so that each child is known before its parent.
    pub(super) fn find_ends(&mut self) {
        for id in (0..self.elements.len()).rev() {
            let Some(depth) = self.elements.get(id).map(|e| e.depth) else { return };
            let mut end = id + 1;
            while let Some(inside) = self.elements.get(end).filter(|e| e.depth > depth) {
                end = inside.end as usize;
            }
            if let Some(element) = self.elements.get_mut(id) {
                element.end = end as u32;
            }
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
        xml::parse(text.as_bytes().to_vec(), VOCABULARY, None).document
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
            for (a, b) in back.nodes().zip(document.nodes()) {
                prop_assert_eq!(a.descendants().count(), b.descendants().count());
            }
        }
    }
}
