//! The shapes of messages: names and nesting, of which a capture has few. What follows from them is looked up once.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::judge::Traits;
use crate::csp::model::Shape;
use crate::csp::namespace::Version;
use crate::syntax::{Document, NameId};

/// How many shapes of messages are remembered; a power of two. What comes later is looked at each time anew.
pub const SHAPES_KEPT: usize = 1024;

/// How many elements the remembered shapes may have together.
pub const SHAPE_ELEMENTS_KEPT: usize = 65_536;

/// What does not depend on the texts of a message, looked up once for all messages of the same version, names and
/// nesting. Each shape has two places to be at; what is once there stays, so that threads may share it.
#[derive(Debug, Default)]
pub(super) struct Shapes {
    places: OnceLock<Box<[OnceLock<Box<Known>>]>>,
    /// Elements of all remembered shapes.
    elements: AtomicUsize,
}

/// A message's shape, and what of it rules ask for.
#[derive(Debug)]
pub(super) struct Known {
    version: Option<Version>,
    /// Name and depth of each element.
    steps: Box<[u32]>,
    pub(super) traits: Traits,
    pub(super) shape: Shape,
}

impl Known {
    fn is_of(&self, version: Option<Version>, document: &Document) -> bool {
        self.version == version && self.steps.len() == document.len() && self.steps.iter().copied().eq(steps(document))
    }
}

fn steps(document: &Document) -> impl Iterator<Item = u32> {
    document.nodes().map(|node| u32::from(node.name().0) << 16 | node.depth() as u32)
}

impl Shapes {
    /// Whether so many elements more may be remembered; then they count.
    fn has_room(&self, elements: usize) -> bool {
        let before = self.elements.load(Relaxed);
        let fits = before.saturating_add(elements) <= SHAPE_ELEMENTS_KEPT;
        fits && self.elements.compare_exchange(before, before + elements, Relaxed, Relaxed).is_ok()
    }

    /// What is known of the shape of a document; made anew where it is not remembered.
    /// Its traits are `any` and that of each name.
    pub(super) fn known(
        &self,
        version: Option<Version>,
        document: &Document,
        any: Traits,
        trait_of: impl Fn(NameId) -> Traits,
    ) -> Result<&Known, Box<Known>> {
        let new = || {
            let traits = document.nodes().fold(any, |traits, node| traits | trait_of(node.name()));
            let shape = version.map(|version| Shape::of(version, document)).unwrap_or_default();
            Box::new(Known { version, steps: steps(document).collect(), traits, shape })
        };
        let seed = version.map_or(0, |version| 1 + version as u64);
        let hash = steps(document)
            .fold(seed, |state, step| (state.rotate_left(5) ^ u64::from(step)).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let places = self.places.get_or_init(|| (0..SHAPES_KEPT).map(|_| OnceLock::new()).collect());
        let first = (hash >> 32) as usize % SHAPES_KEPT;
        for place in [first, first ^ 1].into_iter().filter_map(|place| places.get(place)) {
            let known = match place.get() {
                Some(known) => known,
                None if self.has_room(document.len()) => place.get_or_init(new),
                None => break,
            };
            if known.is_of(version, document) {
                return Ok(known);
            }
        }
        Err(new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csp::name::{self, VOCABULARY};

    fn document(xml: &str) -> Document {
        crate::syntax::xml::parse(xml, VOCABULARY, None).document
    }

    fn trait_of(name: NameId) -> Traits {
        if name == name::CODE { 2 } else { 0 }
    }

    #[test]
    fn documents_of_one_shape_share_it_and_others_do_not() {
        let shapes = Shapes::default();
        let known = |version, xml: &str| shapes.known(Some(version), &document(xml), 1, trait_of).unwrap();
        let first = known(Version::V12, "<Result><Code>200</Code></Result>");
        assert_eq!(first.traits, 3);
        assert!(std::ptr::eq(first, known(Version::V12, "<Result><Code>404</Code></Result>")));
        assert!(!std::ptr::eq(first, known(Version::V11, "<Result><Code>200</Code></Result>")));
        let nested = known(Version::V12, "<Result><Description><Code/></Description></Result>");
        let beside = known(Version::V12, "<Result><Description/><Code/></Result>");
        assert!(!std::ptr::eq(nested, beside));
    }

    #[test]
    fn beyond_the_limit_shapes_are_made_anew_and_are_the_same() {
        let shapes = Shapes::default();
        let long = document(&format!("<Result>{}</Result>", "<Code/>".repeat(SHAPE_ELEMENTS_KEPT / 2)));
        assert!(shapes.known(None, &long, 1, trait_of).is_ok());
        let next = document(&format!("<Result>{}</Result>", "<Code/>".repeat(SHAPE_ELEMENTS_KEPT / 2 - 1)));
        let anew = shapes.known(None, &next, 1, trait_of).unwrap_err();
        assert_eq!(anew.traits, 3);
        let small = document("<Result/>");
        assert_eq!(shapes.known(None, &small, 1, trait_of).unwrap().traits, 1);
    }
}
