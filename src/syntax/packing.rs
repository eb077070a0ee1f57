//! Packing: numbers, choices and trees in few octets, for what has to be held by the ten thousand.
//!
//! In: values. Out: octets that only [`Unpacker`] reads back. This is memory, never a file: nothing here has to be
//! understood by another release.

use super::document::{Element, Run, StoredAttribute};
use super::{Document, NameId, NodeId, Vocabulary};

/// Values one after the other in a run of octets.
#[derive(Debug)]
pub struct Packer<'o>(pub &'o mut Vec<u8>);

impl Packer<'_> {
    /// A number: seven bits an octet, the lowest first, the high bit set on all but the last.
    pub fn number(&mut self, number: impl Into<u64>) {
        let mut rest = number.into();
        while rest >= 0x80 {
            self.0.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        self.0.push(rest as u8);
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
        self.0.extend_from_slice(octets);
    }

    /// A text with its length.
    pub fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.octets(text.as_bytes());
    }

    /// A tree without the places of its elements.
    pub fn document(&mut self, document: &Document) {
        self.number(document.elements.len() as u64);
        for element in &document.elements {
            self.number(element.name.0);
            self.number(element.depth);
            self.number(element.text.len);
        }
        for element in &document.elements {
            self.octets(element.text.of(&document.text).as_bytes());
        }
        self.number(document.attributes.len() as u64);
        for attribute in &document.attributes {
            self.number(attribute.node.0);
            self.text(attribute.name.of(&document.text));
            self.text(attribute.value.of(&document.text));
        }
        self.number(document.spellings.len() as u64);
        for (node, spelling) in &document.spellings {
            self.number(node.0);
            self.text(spelling.of(&document.text));
        }
    }
}

/// What a [`Packer`] wrote, read in the same order. Everything is `None` where the octets end.
#[derive(Debug)]
pub struct Unpacker<'o>(pub &'o [u8]);

impl<'o> Unpacker<'o> {
    /// A number that fits the type wanted.
    pub fn number<N: TryFrom<u64>>(&mut self) -> Option<N> {
        let mut number = 0;
        let mut shift = 0;
        while let Some((octet, rest)) = self.0.split_first() {
            self.0 = rest;
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
        let (octets, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(octets)
    }

    /// A text of this length.
    fn text_of(&mut self, len: usize) -> Option<&'o str> {
        std::str::from_utf8(self.octets(len)?).ok()
    }

    /// A text.
    pub fn text(&mut self) -> Option<&'o str> {
        let len = self.number()?;
        self.text_of(len)
    }

    /// A tree of names of `vocabulary`.
    pub fn document(&mut self, vocabulary: Vocabulary) -> Option<Document> {
        let mut document = Document::empty(vocabulary);
        let elements: usize = self.number()?;
        let mut len = 0;
        document.elements.reserve_exact(elements.min(self.0.len()));
        for _ in 0..elements {
            let (name, depth) = (NameId(self.number()?), self.number()?);
            let text = Run { start: len, len: self.number()? };
            len = text.end();
            document.elements.push(Element { name, depth, end: 0, text });
        }
        document.text.push_str(self.text_of(len as usize)?);
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
    /// Sets the ends of all elements by their depths, the last first, so that each child is known before its parent.
    fn find_ends(&mut self) {
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

    /// One of `all`; whatever is not among them counts as the first.
    #[must_use]
    pub fn with<T: PartialEq, const N: usize>(mut self, all: &[T; N], chosen: &T) -> Self {
        let place = all.iter().position(|one| one == chosen).unwrap_or(0);
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
        let mut octets = Vec::new();
        Packer(&mut octets).document(document);
        Unpacker(&octets).document(document.vocabulary()).unwrap()
    }

    #[test]
    fn numbers_take_an_octet_for_seven_bits() {
        let mut octets = Vec::new();
        let mut packer = Packer(&mut octets);
        packer.number(127_u64);
        packer.number(128_u64);
        packer.signed(-1);
        packer.optional(None::<u16>);
        packer.optional(Some(0_u16));
        assert_eq!(octets, [0x7F, 0x80, 0x01, 0x01, 0x00, 0x01]);
        let mut unpacker = Unpacker(&octets);
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
        let mut octets = Vec::new();
        Packer(&mut octets).document(&read(text));
        for len in 0..octets.len() {
            assert!(Unpacker(&octets[..len]).document(VOCABULARY).is_none(), "{len}");
        }
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
